"""The use cases a screen or a command asks for. Blocking, without UI."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from core.config import Config
from core.errors import Cancelled, FetchError, PatchdeskError, SourceError
from core.model import Mail, Message, MessageId, Progress, RawMail, Series, Thread, Version
from core.patch.diff import file_changes
from core.patch.mboxrd import to_mboxrd
from core.patch.message import read_mail, read_message
from core.patch.series import group
from core.records import Record, mail_record
from core.sources.lore import LoreSource, change_id_query, series_query
from core.sources.source import Report, Source
from core.sources.target import FetchOptions, open_target

log = logging.getLogger(__name__)

_FIRST_LISTING: Final = 50
"""Mails before the first listing: a screenful, so that something shows at once."""

_OTHER_VERSIONS_OF: Final = 6
"""Series of one thread whose other versions are looked for: each costs a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is known of a target so far; each later one replaces the one before."""

    name: str
    """What to call the target."""
    items: tuple[Series | Thread, ...]
    """Latest activity first."""
    mails: int
    """How many mails were read."""
    done: bool
    """Nothing more will come."""
    note: str = ""
    """What could not be had, as a sentence; what is listed stands."""


class Desk:
    """One opened target: reads it, groups it, and opens its mails."""

    def __init__(self, open_source: Callable[[], Source], *, name: str = "") -> None:
        """Take what opens the source, and what to call it where not as the source does."""
        self._open_source = open_source
        self._name = name
        self._source: Source | None = None
        self._closed = False

    def listings(self, *, stop: Event, report: Report) -> Iterator[Listing]:
        """Read the target and yield what is known, growing: first rows soon, the whole at the end.

        Raises PatchdeskError and Cancelled.
        """
        source = self._connected()
        online = isinstance(source, LoreSource)
        for messages, whole in self._growing(source, stop, report):
            listing = Listing(
                name=self._name or source.name,
                items=tuple(group(messages)),
                mails=len(messages),
                done=whole and not online,
                note=" ".join(source.notes),
            )
            yield listing
        if isinstance(source, LoreSource):
            yield self._with_other_versions(source, messages, listing, stop, report)

    def mail(self, message: Message) -> Mail:
        """Open one mail for reading. Raises PatchdeskError."""
        return read_mail(self.raw(message), message.key)

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        return self._connected().read(message.key)

    def close(self) -> None:
        """Abort what is in flight. Any thread; terminal."""
        self._closed = True
        if self._source is not None:
            self._source.close()

    def _connected(self) -> Source:
        if self._closed:
            raise SourceError("This target was closed.", "Open it again.")
        if self._source is None:
            self._source = self._open_source()
        return self._source

    @staticmethod
    def _growing(
        source: Source, stop: Event, report: Report
    ) -> Iterator[tuple[list[Message], bool]]:
        """Yield the messages so far whenever there are four times as many, so that grouping stays linear.

        The second value says whether these are all.
        """
        messages: list[Message] = []
        due = _FIRST_LISTING
        told = time.monotonic()
        for raw in source.mails(stop=stop, report=report):
            messages.append(read_message(raw.raw, raw.key))
            if stop.is_set():
                raise Cancelled
            if (now := time.monotonic()) - told > 0.1:
                report(Progress("reading mails", len(messages)))
                told = now
            if len(messages) == due:
                yield messages, False
                due *= 4
        yield messages, True

    @staticmethod
    def _with_other_versions(
        source: LoreSource, messages: list[Message], listing: Listing, stop: Event, report: Report
    ) -> Listing:
        """Return the listing with what the server has of the series' versions in other threads."""
        raws: list[RawMail] = []
        note = listing.note
        series = [item for item in listing.items if isinstance(item, Series)]
        for one in series[:_OTHER_VERSIONS_OF]:
            report(Progress("looking for other versions"))
            query = (
                change_id_query(one.change_id)
                if one.change_id
                else series_query(one.subject, one.author.address)
            )
            try:
                raws += source.search(query, stop=stop, report=report)
            except FetchError as error:
                if error.status != 404:  # which means that there is none
                    log.warning("other versions: %s", error.message)
                    note = f"Other versions could not be looked for. {error.message}"
                    break
        everything = [*messages, *(read_message(raw.raw, raw.key) for raw in raws)]
        return Listing(
            name=listing.name,
            items=tuple(group(everything)),
            mails=len(everything),
            done=True,
            note=note,
        )


def read_all(desk: Desk) -> Listing:
    """Return a target's last listing, for commands that print it. Raises PatchdeskError."""
    *_, last = desk.listings(stop=Event(), report=lambda _: None)
    return last


def find_message(listing: Listing, message_id: MessageId) -> Message | None:
    """Return the mail of that id among those of a listing."""
    for item in listing.items:
        if message_id in item.message_ids:
            for message in messages_of(item):
                if message.message_id == message_id:
                    return message
    return None


def messages_of(item: Series | Thread) -> Iterator[Message]:
    """Yield every mail of a series or thread, in the order of reading."""
    if isinstance(item, Thread):
        yield item.root
        yield from (reply.message for reply in item.replies)
        return
    for version in item.versions:
        for patch in version.entries():
            yield patch.message
            yield from patch.doubles
            yield from (reply.message for reply in patch.replies)


def version_of(listing: Listing, message_id: MessageId) -> Version | None:
    """Return the version of a series that holds that mail, as one of its own or as a reply to one."""
    for item in listing.items:
        if isinstance(item, Series) and message_id in item.message_ids:
            for version in item.versions:
                for patch in version.entries():
                    mine = [patch.message, *patch.doubles, *(r.message for r in patch.replies)]
                    if any(message.message_id == message_id for message in mine):
                        return version
    return None


def open_desk(
    target: str, *, config: Config, cache: Path, stdin: bytes | None = None, name: str = ""
) -> Desk:
    """Return a desk for a TARGET of the command line; nothing is read yet.

    A path that exists comes before a list's name. `stdin` is what `-` stands for.
    """
    if target in config.lists and not Path(target).exists():
        target = config.lists[target].target
    options = FetchOptions(
        deadline=config.deadline,
        max_size=config.max_size,
        server=config.server,
        cache=cache,
        git_config=config.git,
    )
    return Desk(lambda: open_target(target, stdin=stdin, fetch=options), name=name)


def mbox_of(desk: Desk, listing: Listing, message_id: MessageId, *, partial: bool) -> bytes:
    """Return the patches of the version that holds a mail, in order, as an mboxrd for `git am`.

    Raises PatchdeskError where the mail is in no series, and, unless `partial`, where patches are missing.
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
            "--partial gives the patches that are there.",
        )
    return to_mboxrd(desk.raw(patch.message) for patch in version.patches)


def show_record(desk: Desk, message: Message) -> Record:
    """Return one mail as the JSON object of `patchdesk show --json`. Raises PatchdeskError."""
    mail = desk.mail(message)
    lists = [list_id.partition(".")[0] for list_id in message.list_ids]
    return mail_record(mail, lists, file_changes(mail.body.diff))
