"""The data that commands print: a target's last listing, a message, a version as an mbox for `git am`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from core.desk.current_index import open_current_index
from core.desk.target_desk import TargetDesk
from core.diff.parse import file_changes
from core.index.index import Index, RowView
from core.json_records import Record, mail_record
from core.model import Message, MessageId, OpenedMessage, Series, TargetListing, Thread, Version
from core.progress import ProgressCallback

if TYPE_CHECKING:
    from pathlib import Path


@runtime_checkable
class MailOpener(Protocol):
    """Opens messages: a desk, or the index."""

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        ...

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        ...


def read_all(desk: TargetDesk) -> TargetListing:
    """Return a target's last listing, for commands that print it. Raises PatchdeskError."""
    *_, last = desk.listings(stop=Event(), report=lambda _: None)
    return last


def find_message(listing: TargetListing, message_id: MessageId) -> Message | None:
    """Return the mail of that id among those of a listing."""
    for item in listing.items:
        if message_id in item.message_ids:
            for message in item.messages():
                if message.message_id == message_id:
                    return message
    return None


def version_of(listing: TargetListing, message_id: MessageId) -> Version | None:
    """Return the version of a series that holds that mail, as one of its own or as a reply to one."""
    for item in listing.items:
        if isinstance(item, Series) and message_id in item.message_ids:
            for version in item.versions:
                for patch in version.entries():
                    mine = [patch.message, *patch.duplicates, *(r.message for r in patch.replies)]
                    if any(message.message_id == message_id for message in mine):
                        return version
    return None


def message_record(
    desk: MailOpener, message: Message, lists: Sequence[str] | None = None
) -> Record:
    """Return one mail as the JSON object of `patchdesk show --json`. Raises PatchdeskError.

    `lists` are those that it came through, where that is known; else those that it names.
    """
    mail = desk.mail(message)
    if lists is None:
        lists = [list_id.partition(".")[0] for list_id in message.list_ids]
    return mail_record(mail, lists, file_changes(mail.body.diff))


class IndexedMail:
    """The mails of followed lists, opened as a desk opens those of a target."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def items(self, lists: Sequence[str], *, threads: bool) -> Iterator[Series | Thread]:
        """Yield the series of lists, the latest activity first; with `threads`, threads too."""
        view = RowView(lists=tuple(lists), threads=threads)
        for row in self.index.rows.order(view):
            item = self.index.mails.series(row)
            if item is not None:  # taken away meanwhile
                yield item

    def message(self, message_id: MessageId) -> Message | None:
        """Return a mail, None where no list has it."""
        return self.index.mails.message(message_id)

    def listing(self, message_id: MessageId) -> TargetListing:
        """Return the series or thread that holds a mail, as a listing of that alone."""
        row = self.index.mails.find_row(message_id)
        item = None if row is None else self.index.mails.series(row)
        items = () if item is None else (item,)
        return TargetListing(name="the lists you follow", items=items, mails=0, done=True)

    def lists_of(self, message_id: MessageId) -> tuple[str, ...]:
        """Return the names of the lists that a mail came through."""
        return self.index.mails.lists_of(message_id)

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        from core.mail.message import parse_mail

        return parse_mail(self.raw(message), message.key)

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        return self.index.mails.raw(message)

    def close(self) -> None:
        """Close the index."""
        self.index.close()


def open_for_commands(
    path: Path, *, report: ProgressCallback = lambda _: None
) -> IndexedMail | None:
    """Open the index at a path; None where nothing was synced yet. Raises IndexFileError.

    `report` is told how much of a large journal was read.
    """
    index = open_current_index(path, report=report)
    return None if index is None else IndexedMail(index)
