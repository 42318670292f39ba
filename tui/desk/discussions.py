"""Discussions in one scroll: all replies to a message below it, in the order of reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.model import MessageId, OpenedMessage, Thread
from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler, ReaderContent
from tui.desk.mail import MailLoader
from tui.desk.review import Review
from tui.keys.commands import Pane
from tui.tasks import Tasks
from tui.tree.rows import Kind, Row

if TYPE_CHECKING:
    from core.model import Reply


class Discussions(Controller):
    """Says which messages are shown with all of their replies: threads always, patches and cover letters on demand."""

    def __init__(self, desk: DeskView, tasks: Tasks, mail: MailLoader, review: Review) -> None:
        super().__init__(desk, tasks)
        self._loader = mail
        self._review = review
        self._wanted: MessageId | None = None
        """The patch or cover letter whose replies are shown whole."""
        review.set_discussion(self.replies_to)

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"thread.read": self._read}

    def replies_to(self, mail: OpenedMessage) -> Sequence[Reply] | None:
        """Return the replies shown below a mail as a discussion; None where the mail has none."""
        row, name = self._desk.series_tree.row, mail.message.message_id
        found = None if row is None else _discussion_of(row)
        if row is None or found is None or found[0] != name:
            return None
        return found[1] if isinstance(row.item, Thread) or name == self._wanted else None

    @property
    def reader_title(self) -> SafeText | None:
        """How many messages the discussion in the reader has."""
        mail = self._loader.mail if self._desk.content is ReaderContent.MAIL else None
        replies = self.replies_to(mail) if mail is not None else None
        return shown(f"{1 + len(replies):,} messages") if replies else None

    def _read(self) -> None:
        """Read the discussion around the row under the cursor; a second time show comments under their lines again."""
        row = self._desk.series_tree.row
        found = None if row is None else _discussion_of(row)
        if row is None or found is None or not found[1]:
            self._desk.show_message("Nobody has answered here.")
            return
        root = found[0]
        is_shown = self._wanted == root and self._loader.mail is not None
        if is_shown and self._desk.active_pane is Pane.READER and not isinstance(row.item, Thread):
            self._wanted = None
            self._desk.show_message("Comments are under their lines again.")
            self._review.show_again(None)
            return
        self._wanted = root
        here = row.message.message_id if row.message is not None else root
        if here != root:
            is_head = isinstance(row.item, Thread)
            key = (row.item.id,) if is_head else (row.item.id, root)
            if not self._desk.series_tree.move_to(key):
                self._desk.show_message("This message is not in the tree.")
                return
        self._review.show_again(here if here != root else None)
        self._loader.open_here()


def _discussion_of(row: Row) -> tuple[MessageId, Sequence[Reply]] | None:
    """Return the message that the discussion of a row begins with, and its replies; None where that is not here.

    On a series, a version or a cover letter these are the replies to the cover letter and to every patch.
    """
    if isinstance(row.item, Thread):
        return row.item.root.message_id, row.item.replies
    entry, version = row.entry, row.version
    if entry is None:
        return None
    is_whole = row.kind in (Kind.SERIES, Kind.VERSION) or (version and entry is version.cover)
    if version is not None and is_whole and row.message in (None, entry.message):
        replies = tuple(reply for each in version.entries() for reply in each.replies)
        return entry.message.message_id, replies
    return entry.message.message_id, entry.replies
