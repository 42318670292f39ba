"""A version as an mbox: its patches for `git am`, with the collected trailers in them; or its whole thread for b4."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.desk.export import version_of
from core.errors import PatchdeskError
from core.model import Message, MessageId, Patch, Series, TargetListing, Version
from core.sources.mbox import to_mboxrd

if TYPE_CHECKING:
    from core.coverage.values import Coverage
    from core.desk.export import MailOpener

TrailerChoice = Literal["fresh", "all", "none"]


def version_as_mbox(
    opener: MailOpener,
    listing: TargetListing,
    message_id: MessageId,
    *,
    partial: bool = False,
    trailers: TrailerChoice = "none",
    with_replies: bool = False,
) -> bytes:
    """Return the patches of the version that holds a mail, in order, as an mboxrd for `git am`.

    `trailers` are those of replies to write into the patches: `fresh` ones, given to this code, or all. `with_replies`
    gives the whole thread as it came, cover letter first, for `b4 shazam -m`. Raises PatchdeskError where the mail is
    in no series, and, unless `partial`, where patches are missing.
    """
    version = version_of(listing, message_id)
    if version is None:
        raise PatchdeskError(
            f"{message_id} belongs to no patch series.", "--raw gives the message itself."
        )
    if version.missing and not partial:
        names = ", ".join(f"{number}/{version.total}" for number in version.missing)
        raise PatchdeskError(
            f"The series is incomplete: {names} is missing.",
            "--partial prints the patches that are here.",
        )
    if with_replies:
        return to_mboxrd(opener.raw(message) for message in _thread(version))
    if trailers == "none":
        return to_mboxrd(opener.raw(patch.message) for patch in version.patches)
    covered = _coverage(opener, listing, message_id, version)
    return to_mboxrd(_amended(opener, patch, covered, trailers) for patch in version.patches)


def _thread(version: Version) -> Iterator[Message]:
    for entry in version.entries():
        yield entry.message
        yield from (reply.message for reply in entry.replies)


def _coverage(
    opener: MailOpener, listing: TargetListing, message_id: MessageId, version: Version
) -> Coverage:
    from core.desk.coverage import series_coverage

    for item in listing.items:
        if isinstance(item, Series) and message_id in item.message_ids:
            return series_coverage(opener, item, version=version)
    raise AssertionError("the version is of a series")


def _amended(opener: MailOpener, patch: Patch, covered: Coverage, trailers: TrailerChoice) -> bytes:
    from core.apply.mails import mail_with_trailers
    from core.apply.repository import GitProgram
    from core.apply.values import PatchSource
    from core.coverage.trailer_states import lines_to_add, stale_tags

    return mail_with_trailers(
        GitProgram(Path("/")),
        PatchSource(
            number=patch.number,
            message_id=patch.message.message_id,
            title=patch.message.subject.title,
            raw=opener.raw(patch.message),
            trailers=lines_to_add(
                covered, patch.number, stale_tags(covered) if trailers == "all" else ()
            ),
        ),
    )
