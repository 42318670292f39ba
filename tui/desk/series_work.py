"""Actions on a series from the screen, as work for a thread: try, apply, undo, report, thank."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.apply.values import format_patch_list
from core.errors import PatchdeskError
from core.model import MessageId, Series, Version
from core.text import SafeText, shown
from tui.desk.external import raw_of
from tui.desk.requests import Session
from tui.desk.series_reports import (
    comment_lines,
    landed_lines,
    version_label,
)

if TYPE_CHECKING:
    from core.config import Config
    from core.coverage.ready import ReadyRule
    from core.coverage.values import Coverage
    from core.model import Message, OpenedMessage
    from core.reply.draft import Draft
    from tui.desk.own_drafts import OwnDrafts
    from tui.tasks import Task


@dataclass(frozen=True, slots=True)
class ChosenVersion:
    """The version that is to be applied."""

    session: Session
    series: Series
    version: Version
    settled: Mapping[str, bool] = field(default_factory=dict)
    """Key of a review comment → whether somebody settled it, or opened it again."""
    left_out: frozenset[MessageId] = frozenset()
    """The patches that were triaged as done or skipped."""
    number: int | None = None
    """The number of the patch under the cursor; None for the whole version."""


class SessionOpener:
    """Opens mails of a session, as use cases ask for them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail. Raises PatchdeskError."""
        return self._session.desk.mail(message)

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        return raw_of(self._session, message)


def first_mail(chosen: ChosenVersion) -> Message:
    """Return the cover letter of a version, or its first patch where it has none."""
    return (chosen.version.cover or chosen.version.patches[0]).message


def b4_command(words: Sequence[str], message_id: MessageId) -> list[str]:
    """Return the call of b4 for a mail: the user's own b4, else the one that this program came with."""
    own = Path(sys.executable).with_name("b4")
    return [shutil.which("b4") or str(own), *words, "--", message_id]


def thank(config: Config | None, own: OwnDrafts, chosen: ChosenVersion, task: Task) -> Draft:
    """Write the draft that thanks for the commits of a version. Raises PatchdeskError and Cancelled."""
    from core.desk.landed_service import LandedService, configured_trees
    from core.desk.thanks import thanks_draft

    service = LandedService(configured_trees(checked_config(config)))
    try:
        service.update(chosen.series, stop=task.stop, report=lambda _: None)
        return thanks_draft(
            service, own.service(), SessionOpener(chosen.session), chosen.series, chosen.version
        )
    finally:
        service.close()


def write_mbox(chosen: ChosenVersion, line: str, _: Task) -> str:
    """Write a version's patches with their fresh trailers to a new file, and return its path."""
    from core.desk.mbox_export import version_as_mbox
    from core.model import TargetListing

    path = Path(line).expanduser()
    if path.exists():
        raise PatchdeskError(f"{path} is there already.", "Name a new file.")
    listing = TargetListing(name="", items=(chosen.series,), mails=0, done=True)
    first = chosen.version.cover or chosen.version.patches[0]
    mbox = version_as_mbox(
        SessionOpener(chosen.session), listing, first.message.message_id, trailers="fresh"
    )
    try:
        path.write_bytes(mbox)
    except OSError as error:
        raise PatchdeskError(f"{path} cannot be written: {error.strerror}.") from error
    return str(path)


def coverage_of(
    config: Config | None, chosen: ChosenVersion, task: Task
) -> tuple[Coverage, ReadyRule | None]:
    """Return the review trailers of each patch, and the rule for a series that is ready. Raises PatchdeskError and Cancelled."""
    from core.config import ready_rule
    from core.desk.coverage import series_coverage
    from core.desk.version_cache import shared_cache

    rule = None if config is None else ready_rule(config, chosen.series.lists)
    opener = SessionOpener(chosen.session)
    return series_coverage(opener, chosen.series, shared_cache(), stop=task.stop), rule


def comments_report(
    config: Config | None, chosen: ChosenVersion, task: Task, *, only_open: bool = False
) -> tuple[str, list[SafeText]]:
    """Return the comments of every posting that are followed, with a title. Raises PatchdeskError and Cancelled."""
    from core.comments.ledger import LedgerOptions
    from core.desk.comments import SeriesComments
    from core.desk.comments import only_open as open_comments
    from core.desk.version_cache import shared_cache
    from core.series.identities import Bots

    bots = Bots(() if config is None else config.bots)
    comments = SeriesComments(
        SessionOpener(chosen.session),
        chosen.series,
        cache=shared_cache(),
        options=LedgerOptions(bots=bots, settled=chosen.settled),
        stop=task.stop,
    )
    ledgers = comments.ledgers()
    if only_open:
        ledgers = tuple(open_comments(ledger) for ledger in ledgers)
    lines = [line for ledger in ledgers for line in (*comment_lines(ledger), shown(""))]
    which = "Open comments" if only_open else "Comments"
    return f"{which} on {chosen.series.subject}", lines


def landed_report(
    config: Config | None, chosen: ChosenVersion, task: Task
) -> tuple[str, list[SafeText]]:
    """Return the commits of each patch, with a title. Raises PatchdeskError and Cancelled."""
    from core.desk.landed_service import LandedService, configured_trees

    service = LandedService(configured_trees(checked_config(config)))
    try:
        service.update(chosen.series, stop=task.stop, report=lambda _: None)
        opener = SessionOpener(chosen.session)
        found = service.landed(opener, chosen.series)
        changes = service.changes(opener, chosen.series, found, task.stop)
    finally:
        service.close()
    return f"Where {title_of(chosen)} landed", landed_lines(chosen.series, found, changes)


def proposed_patches(chosen: ChosenVersion) -> str:
    """Return the list of patches to propose: the one under the cursor, else all but those done or skipped; "" for all."""
    if chosen.number is not None:
        return str(chosen.number)
    patches = chosen.version.patches
    numbers = [one.number for one in patches if one.message.message_id not in chosen.left_out]
    if len(numbers) == len(patches):
        return ""
    return format_patch_list(numbers)


def title_of(chosen: ChosenVersion) -> str:
    """Return the subject and version as a title."""
    return f"{chosen.series.subject} {version_label(chosen.version.version)}"


def checked_config(config: Config | None) -> Config:
    """Return the configuration. Raises PatchdeskError for the demo, which has none."""
    if config is None:
        raise PatchdeskError("The demo applies nothing.", "Open a list or a file of your own.")
    return config
