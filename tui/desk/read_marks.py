"""Which mails of followed lists count as read: those that were read in the reader, or shown in full for a while."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.timer import Timer

from core.model import MessageId, OpenedMessage, Series, Thread
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.journal_writer import JournalWriter
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.keys.commands import Pane
from tui.tasks import Tasks
from tui.tree.rows import Kind, Row

if TYPE_CHECKING:
    from core.desk.lists_desk import ListDesk

_NOT_A_LIST: Final = "Read marks work on followed lists only."


class ReadMarks(Controller):
    """Marks mails read, and goes to those that are not.

    A mail in the reader that has the keys counts after a moment. A preview counts once it stood there in full for
    `[display] read_after`, but for a new version, which is news until it was opened.
    """

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        lists: Lists,
        mail: MailLoader,
        writer: JournalWriter | None,
    ) -> None:
        """`writer` writes that mails were read, where triage has a journal."""
        super().__init__(desk, tasks)
        self._lists = lists
        self._loader = mail
        self._writer = writer
        self._counting: Timer | None = None
        self._counts_in_reader = False
        """The timer is one of the reader with the keys."""
        self._counted: OpenedMessage | None = None
        """The mail that needs no more counting: it was counted, or marked by hand."""
        self._read_here: set[MessageId] = set()
        """Replies that were read below the mail in the reader."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "unread.next": partial(self._go_to_unread, 1),
            "unread.previous": partial(self._go_to_unread, -1),
        }

    def start(self) -> None:
        """Look again whenever the reader gets or loses the keys, or is scrolled."""
        reader = self._desk.reader
        reader.watch(reader, "has_focus", self._look, init=False)
        reader.watch(reader, "scroll_y", self._look, init=False)

    # ------------------------------------------------------------- what counts as read

    def on_mail(self, mail: OpenedMessage) -> None:
        """Begin to count for a mail that was opened."""
        del mail
        self._stop()
        self._counted = None
        self._read_here.clear()
        self._look()

    def _look(self) -> None:
        """Let time count where the mail is being read, and no more where it is not."""
        mail, in_reader = self._loader.mail, self._desk.active_pane is Pane.READER
        if mail is not None and in_reader and self._lists.desk is not None:
            self._count_replies()
        if mail is None or mail is self._counted or self._lists.desk is None:
            self._stop()
            return
        if self._counting is not None and self._counts_in_reader == in_reader:
            return
        self._stop()
        timings = self._desk.settings.timings
        after = timings.mail_read if in_reader else timings.preview_read
        if after or in_reader:
            self._counts_in_reader = in_reader
            self._counting = self._desk.set_timer(after, partial(self._was_read, mail))

    def _count_replies(self) -> None:
        """Mark the replies read that stand in full below the mail, and were read down to their end."""
        if new := self._desk.reader.read_comments - self._read_here:
            self._read_here |= new
            self.set_read(new, read=True)

    def _stop(self) -> None:
        if self._counting is not None:
            self._counting.stop()
            self._counting = None

    def _was_read(self, mail: OpenedMessage) -> None:
        """Mark a mail read that is still there."""
        self._counting = None
        if mail is self._loader.mail and (self._counts_in_reader or self._was_previewed(mail)):
            self._counted = mail
            self.set_read((mail.message.message_id,), read=True)

    def _was_previewed(self, mail: OpenedMessage) -> bool:
        """Whether a preview that stood there for a while is as good as reading."""
        tree, reader = self._desk.series_tree, self._desk.reader
        is_chosen = tree.user_moved  # it does not only happen to be the first
        in_full = bool(reader.page.count) and reader.at_end
        return is_chosen and in_full and not _is_new_version(tree.row, mail.message.message_id)

    # ------------------------------------------------------------- by hand

    def toggle_read(self) -> None:
        """Mark the mail in the reader, or the messages of the row, read; unread where all are read."""
        row = self._desk.series_tree.row
        if self._lists.desk is None or row is None:
            self._desk.show_message(_NOT_A_LIST)
            return
        names = self._mails_here(row)
        if not names:
            return
        self._stop()
        self._counted = self._loader.mail
        read = bool(set(self._desk.series_tree.unseen).intersection(names))
        self.set_read(names, read=read)
        what = "1 message" if len(names) == 1 else f"{len(names):,} messages"
        self._desk.show_message(f"Marked {'read' if read else 'unread'} ({what}).")

    def set_read(self, names: Collection[MessageId], *, read: bool) -> None:
        """Mark mails read or unread; that it cannot be is only logged, since reading goes on."""
        session, desk = self._desk.session, self._lists.desk
        if self._writer is not None and session is not None:
            self._writer.set_read(session, names, read=read)
        elif desk is not None:
            self._tasks.start("read marks", lambda _: _mark(desk, names, read=read))

    def _mails_here(self, row: Row) -> Collection[MessageId]:
        """Return the mails that a key about reading is meant for."""
        mail = self._loader.mail
        if self._desk.active_pane is Pane.READER and mail is not None:
            return (mail.message.message_id,)
        if row.kind in (Kind.SERIES, Kind.THREAD) and isinstance(row.item, Series | Thread):
            return row.item.message_ids
        if row.kind is Kind.VERSION and row.version is not None:
            return {
                message.message_id
                for entry in row.version.entries()
                for message in (entry.message, *(reply.message for reply in entry.replies))
            }
        return (row.message.message_id,) if row.message is not None else ()

    # ------------------------------------------------------------- going there

    def _go_to_unread(self, step: int) -> None:
        page = self._lists.page
        if page is None:
            self._desk.show_message(_NOT_A_LIST)
            return
        if self._desk.active_pane is Pane.READER:
            self._leave()
        tree, unread = self._desk.series_tree, page.unread
        if tree.move_to_unread(step, lambda place: tree.handle(place) in unread):
            self._loader.read_here()
        else:
            where = "below" if step > 0 else "above"
            self._desk.show_message(f"No unread messages {where}.")

    def next_unread_at_end(self) -> bool:
        """At the end of a mail of a list, go to the next unread one; say whether this is a list."""
        if self._lists.desk is None:
            return False
        self._leave()
        self._go_to_unread(1)
        return True

    def _leave(self) -> None:
        """Mark the mail in the reader read, since the user goes on from it."""
        mail = self._loader.mail
        if mail is not None and mail is not self._counted:
            self._counted = mail
            self.set_read((mail.message.message_id,), read=True)


def _is_new_version(row: Row | None, message_id: MessageId) -> bool:
    """Whether a mail is a patch or the cover letter of the newest of several versions."""
    if row is None or not isinstance(row.item, Series) or len(row.item.versions) < 2:
        return False
    return any(entry.message.message_id == message_id for entry in row.item.versions[-1].entries())


def _mark(desk: ListDesk, names: Collection[MessageId], *, read: bool) -> None:
    """Mark mails read that are not, or unread, where there is no journal. Raises PatchdeskError."""
    if read:
        found = ((name, desk.rows.find(name)) for name in names)
        names = [name for name, row in found if row is not None and name in desk.rows.unread(row)]
    if names:
        desk.mark_read(names, read=read)
