"""Reads patches: review comments, jumps, and hunks that were viewed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual.message import Message

from core.errors import PatchdeskError
from core.model import MessageId, OpenedMessage, Patch, Reply, Series
from tui.desk.carried import CarriedComments
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.mail import MailLoader
from tui.desk.read_marks import ReadMarks
from tui.desk.reply_reading import find_comments
from tui.reader.message_view import MessageView
from tui.tasks import Task, Tasks
from tui.tree.rows import Key

if TYPE_CHECKING:
    from core.series.review_comments import ReviewComment

log = logging.getLogger(__name__)

MOST_REPLIES: Final = 1_000
"""Replies to one mail that are read to show the comments in them under its lines."""

_JUMPS_KEPT: Final = 20


class Review(Controller):
    """Gives the reader the comments on the mail it shows, and runs the commands of the reader."""

    def __init__(
        self, desk: DeskView, tasks: Tasks, mail: MailLoader, read_marks: ReadMarks
    ) -> None:
        super().__init__(desk, tasks)
        self._loader = mail
        self._read_marks = read_marks
        self._came_from: list[Key] = []
        """The rows of the mails from which a reply was opened."""
        self._open_here: Callable[[], bool] = lambda: False
        """Opens the source of the reader's content where there is no comment; returns whether there is one."""
        self._jump_back_here: Callable[[], bool] = lambda: False
        """Goes back to that part; says whether there is one."""

        self._with_own: Callable[[OpenedMessage, Sequence[ReviewComment]], Sequence[ReviewComment]]
        self._with_own = lambda _, comments: comments
        self._carried = CarriedComments(desk)
        self._settle_key: Callable[[str], object] = lambda _: None
        self._settle: Callable[[Sequence[ReviewComment], int], object] = lambda _, __: None
        self._found: tuple[OpenedMessage, Sequence[ReviewComment]] | None = None
        """The mail on the screen, and the review comments on it."""

        self._is_placed = False
        """All review comments on that mail were found."""

        self._discussion: Callable[[OpenedMessage], Sequence[Reply] | None] = lambda _: None
        """Returns the replies that stand below a mail as one discussion, None where comments go under their lines."""
        self._go_to: MessageId | None = None
        """The reply to go to, once it is there."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        reader = self._desk.reader
        return {
            "reader.page_or_next": self._page_or_next,
            "reader.scroll_left": partial(reader.action_pan, -1),
            "reader.scroll_right": partial(reader.action_pan, 1),
            "reader.next_hunk": lambda: self._say_unless(reader.action_next_hunk(1), "hunks"),
            "reader.previous_hunk": lambda: self._say_unless(
                reader.action_next_hunk(-1), "earlier hunks"
            ),
            "reader.next_file": lambda: self._say_unless(reader.action_next_file(1), "files"),
            "reader.previous_file": lambda: self._say_unless(
                reader.action_next_file(-1), "earlier files"
            ),
            "reader.next_comment": lambda: self._say_unless(
                reader.action_next_comment(1), "review comments"
            ),
            "reader.previous_comment": lambda: self._say_unless(
                reader.action_next_comment(-1), "earlier review comments"
            ),
            "reader.open": self._open,
            "reader.open_reply": self._open_reply,
            "reader.jump_back": self._jump_back,
            "reader.files": self._list_files,
            "reader.select": self._select_lines,
            "hunk.viewed": self._mark_viewed,
        }

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Return the listeners of the reader's messages."""
        return {
            MessageView.ReplyRequested: lambda event: self.open_mail(event.message.message_id),
            MessageView.ViewedChanged: lambda _: self._desk.update_reader_title(),
        }

    def set_openers(self, open_here: Callable[[], bool], jump_back: Callable[[], bool]) -> None:
        """Set the handlers of `open` and `back` for a reader that shows a part of something, where there is no comment."""
        self._open_here, self._jump_back_here = open_here, jump_back

    def back(self) -> bool:
        """Select no lines any more."""
        return self._desk.reader.stop_selecting()

    def _say_unless(self, is_done: bool, what: str) -> None:
        if not is_done:
            self._desk.show_message(f"No more {what}.")

    def _page_or_next(self) -> None:
        reader = self._desk.reader
        if not reader.at_end:
            reader.mark_passed_hunks_viewed()
            reader.action_page(1)
        elif self._read_marks.next_unread_at_end():
            reader.mark_passed_hunks_viewed()
        elif self._desk.series_tree.move_to_next_mail():
            reader.mark_passed_hunks_viewed()
            self._loader.read_here()
        else:
            self._desk.show_message("No more messages.")

    # ------------------------------------------------------------- review comments

    def set_own_comments(
        self,
        merge: Callable[[OpenedMessage, Sequence[ReviewComment]], Sequence[ReviewComment]],
    ) -> None:
        """Let `merge` put the user's own comments among those on a mail; it is called off the screen's thread."""
        self._with_own = merge

    def on_mail(self, mail: OpenedMessage) -> None:
        """Place the review comments on a mail, once it is on the screen."""
        request, entry = self._loader.request, self._entry_of(mail)
        self._found = mail, ()
        self._is_placed = request is None
        if request is None:
            return
        discussed = self._discussion(mail)
        carried = self._carried.of(mail) if discussed is None else None
        replies = (discussed or (entry.replies if entry is not None else ()))[:MOST_REPLIES]

        def work(task: Task) -> tuple[Sequence[ReviewComment], Sequence[ReviewComment]]:
            found = find_comments(request, mail, replies, task, whole=discussed is not None)
            if carried is None:
                return found, self._with_own(mail, found)
            from core.comments.carried import with_carried

            task.tell(self._show_found, mail, (found, self._with_own(mail, found)))
            found = with_carried(found, carried(task))
            return found, self._with_own(mail, found)

        self._show_comments(mail, work)

    def set_settle(
        self,
        settle: Callable[[Sequence[ReviewComment], int], object],
        settle_key: Callable[[str], object],
    ) -> None:
        """Let `settle` settle a comment: it takes all comments on the mail, and the place of the one.

        `settle_key` takes the key of a comment that was carried on from an older posting.
        """
        self._settle, self._settle_key = settle, settle_key

    def set_discussion(self, replies: Callable[[OpenedMessage], Sequence[Reply] | None]) -> None:
        """Show below a mail the replies that `replies` returns, as one discussion."""
        self._discussion = replies

    def show_again(self, go_to: MessageId | None) -> None:
        """Place the comments on the mail anew, and go to a reply once it is there."""
        self._go_to = go_to
        if (mail := self._loader.mail) is not None:
            self.on_mail(mail)

    def show_own_comments(self) -> None:
        """Show the user's own comments on the mail as they are now."""
        if self._found is None:
            return
        mail, found = self._found
        if self._is_placed:
            self._show_comments(mail, lambda _: (found, self._with_own(mail, found)))
        else:  # the work that finds the others is replaced by this: it begins again
            self.on_mail(mail)

    def _show_comments(
        self,
        mail: OpenedMessage,
        work: Callable[[Task], tuple[Sequence[ReviewComment], Sequence[ReviewComment]]],
    ) -> None:
        """Show the comments that work finds: those of the replies, and all."""
        self._tasks.start(
            "comments",
            work,
            then=partial(self._comments_found, mail),
            current=lambda: mail is self._loader.mail,
            replace=True,
            failed=self._placing_failed,
        )

    def _placing_failed(self, error: PatchdeskError) -> None:
        """Go on with the comments there are, so that the user's own ones are shown all the same."""
        self._is_placed = True
        log.warning("review comments: %s %s", error.message, error.hint)

    def _comments_found(
        self,
        mail: OpenedMessage,
        found: tuple[Sequence[ReviewComment], Sequence[ReviewComment]],
    ) -> None:
        self._is_placed = True
        self._show_found(mail, found)

    def _show_found(
        self,
        mail: OpenedMessage,
        found: tuple[Sequence[ReviewComment], Sequence[ReviewComment]],
    ) -> None:
        self._found = mail, found[0]
        is_discussion = self._discussion(mail) is not None
        self._desk.reader.show_comments(mail, found[1], unfolded=is_discussion)
        if is_discussion:
            self._desk.update_reader_title()
            if len({one.message.message_id for one in found[0]}) >= MOST_REPLIES:
                self._desk.show_message(f"The first {MOST_REPLIES:,} replies; the tree has all.")
            go_to, self._go_to = self._go_to, None
            self._desk.reader.go_to_comment_of(go_to)

    def _entry_of(self, mail: OpenedMessage) -> Patch | None:
        """Return the patch or cover letter that a mail is, where the cursor is in its series."""
        row = self._desk.series_tree.row
        if row is None or not isinstance(row.item, Series):
            return None
        name = mail.message.message_id
        if row.entry is not None and row.entry.message.message_id == name:
            return row.entry
        entries = (entry for version in row.item.versions for entry in version.entries())
        return next((entry for entry in entries if entry.message.message_id == name), None)

    # ------------------------------------------------------------- jumps

    def _open(self) -> None:
        if not self._desk.reader.action_toggle_quote():
            self._open_reply()

    def _open_reply(self) -> None:
        if not self._desk.reader.action_open_reply() and not self._open_here():
            self._desk.show_message(
                "No comment here ({reader.next_comment} and {reader.previous_comment} jump between comments)."
            )

    def open_mail(self, message_id: MessageId) -> None:
        """Open a mail of the series here; `reader.jump_back` leads back."""
        tree = self._desk.series_tree
        row = tree.row
        if row is not None and tree.move_to((row.item.id, message_id)):
            self._came_from = [*self._came_from[-_JUMPS_KEPT:], row.key]
            self._loader.open_here()

    def _jump_back(self) -> None:
        """Go back to where a jump in the mail began, or to the mail from which this reply was opened."""
        if self._jump_back_here() or self._desk.reader.action_back():
            return
        while self._came_from:
            if self._desk.series_tree.move_to(self._came_from.pop()):
                self._loader.read_here()
                return
        self._desk.show_message("Nothing to jump back to.")

    def _list_files(self) -> None:
        from tui.reader.files import FilePicker

        reader, files = self._desk.reader, self._desk.reader.files
        if not (paths := files.paths):
            self._desk.show_message("No diff in this message.")
            return
        here = files.here
        back = files.peek_at(here)
        done, of = reader.viewed
        text = f"{done:,} of {of:,} hunks viewed" if done else f"{of:,} hunks"

        def chosen(file: int | None) -> None:
            files.peek_at(None, back)
            if file is not None:
                files.go_to(file)

        pane = FilePicker(
            self._desk.keymap,
            paths,
            files.entry,
            files.peek_at,
            at=here,
            words=text,
            below=self._desk.has_class("-full"),
        )
        self._desk.app.push_screen(pane, chosen)

    def _select_lines(self) -> None:
        if self._desk.reader.action_select_lines():
            text = "Selecting lines: {move.down} and {move.up} extend, {mail.copy} copies, {reader.select} stops."
            self._desk.show_message(text)

    def _mark_viewed(self) -> None:
        """Mark the hunk here as viewed, or not; on a review comment settle that, or open it again."""
        from core.comments.values import CarriedComment

        reader = self._desk.reader
        if (key := reader.comment_here) is not None and self._found is not None:
            mail, comments = self._found
            comment = reader.comments[key]
            if isinstance(comment, CarriedComment):
                self._settle_key(comment.key)
                return
            comments = [one for one in comments if not isinstance(one, CarriedComment)]
            if self._discussion(mail) is None and comment in comments and not comment.depth:
                self._settle(comments, comments.index(comment))
                return
        marked = self._desk.reader.action_mark_viewed()
        if marked is None:
            self._desk.show_message("There is no hunk here.")
            return
        done, of = self._desk.reader.viewed
        text = "Hunk viewed" if marked else "Hunk not viewed"
        self._desk.show_message(f"{text} ({done:,} of {of:,}).")
