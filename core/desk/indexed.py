"""Followed lists as commands print them: what the index holds, without asking where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core.index.index import Index, ListView, open_index
from core.model import Message, MessageId, OpenedMessage, Series, TargetListing, Thread

if TYPE_CHECKING:
    from pathlib import Path


class IndexedMail:
    """The mails of followed lists, opened as a desk opens those of a target."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def items(self, lists: Sequence[str], *, threads: bool) -> Iterator[Series | Thread]:
        """Yield the series of lists, the latest activity first; with `threads`, what is no series, too."""
        view = ListView(lists=tuple(lists), threads=threads)
        for row in self.index.order(view):
            item = self.index.series(row)
            if item is not None:  # taken away meanwhile
                yield item

    def message(self, message_id: MessageId) -> Message | None:
        """Return a mail, None where no list has it."""
        return self.index.message(message_id)

    def listing(self, message_id: MessageId) -> TargetListing:
        """Return the series or thread that holds a mail, as a listing of that alone."""
        row = self.index.find(message_id)
        item = None if row is None else self.index.series(row)
        items = () if item is None else (item,)
        return TargetListing(name="the lists you follow", items=items, mails=0, done=True)

    def lists_of(self, message_id: MessageId) -> tuple[str, ...]:
        """Return the names of the lists that a mail came through."""
        return self.index.lists_of(message_id)

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        from core.mail.message import parse_mail

        return parse_mail(self.raw(message), message.key)

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        return self.index.raw(message)

    def close(self) -> None:
        """Close the index."""
        self.index.close()


def open_for_commands(path: Path) -> IndexedMail | None:
    """Open the index at a path; None where nothing was synced yet. Raises IndexFileError."""
    return IndexedMail(open_index(path)) if path.exists() else None
