"""Writes comments at the lines of a mail: a small editor under the cursor, whose text is a draft on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from textual.content import Content
from textual.geometry import Region

from core.errors import PatchdeskError
from core.model import Message, MessageId, OpenedMessage, Series
from core.series.review_comments import PatchLine
from core.text import SafeText
from tui.desk.comment_draft import CommentDraft, CommentSubject
from tui.desk.controller import Controller, DeskView, Handler, ReaderContent
from tui.desk.external import lend_terminal
from tui.desk.own_drafts import NOT_KEPT, AnsweredMessage, OwnDrafts
from tui.desk.ready_replies import SENT
from tui.keys.commands import BY_NAME

if TYPE_CHECKING:
    from textual.timer import Timer

    from core.reply.draft import Draft
    from core.reply.own_comments import OwnComment
    from core.series.review_comments import ReviewComment
    from tui.desk.mail import MailLoader
    from tui.desk.requests import Session
    from tui.desk.review import Review
    from tui.tasks import Task, Tasks
    from tui.widgets.comment_editor import CommentEditor

T = TypeVar("T")

_QUOTED: Final = 6
"""Lines of a comment that an answer to it is said to be about; its last ones."""


class CommentWriter(Controller):
    """Opens the editor, and saves its text: every few seconds, and when it is left."""

    def __init__(
        self, desk: DeskView, tasks: Tasks, mail: MailLoader, review: Review, own: OwnDrafts
    ) -> None:
        super().__init__(desk, tasks)
        self._mail = mail
        self._review = review
        self._own = own
        self._writing: CommentDraft | None = None
        self._saving: Timer | None = None
        self._sent: Sequence[Draft] = ()
        """The sent drafts that the tree shows."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"reply.comment": self._comment, "reply.delete_comment": self._delete}

    def start(self) -> None:
        """Place the editor on its free rows, and move it when they move."""
        reader = self._desk.reader
        for name in ("scroll_y", "virtual_size"):
            reader.watch(reader, name, self._place, init=False)
        self._review.set_own_comments(self._own.with_comments)
        self._own.set_show(self._show_drafts)

    def on_session(self, session: Session, before: Session | None, /) -> None:
        """Save the text in the editor, and read the drafts of the new session."""
        del session, before
        self.keep()
        self.refresh()

    def _show_drafts(self) -> None:
        """Show the comments under the mail that is read, and the sent replies in the tree."""
        from core.reply.draft import DraftState
        from core.reply.sent_replies import with_sent_replies

        sent = tuple(one for one in self._own.drafts if one.state is DraftState.SENT)
        if sent != self._sent:
            self._sent = sent
            self._desk.series_tree.set_transform(
                "sent replies", lambda item: with_sent_replies(item, sent)
            )
        self._review.show_own_comments()

    def refresh(self) -> None:
        """Read the drafts again, and show them under the mail that is read."""
        self._start(lambda _: None, lambda _: None)

    # ------------------------------------------------------------- what it is about

    def _comment(self) -> None:
        request, mail = self._mail.request, self._mail.mail
        if request is None or mail is None or self._desk.content is not ReaderContent.MAIL:
            self._desk.show_message("No message to answer here.", "warning")
            return
        if not self._own.are_kept:
            self._desk.show_message(" ".join(NOT_KEPT), "warning")
            return
        row = self._desk.series_tree.row
        series = row.item.id if row is not None and isinstance(row.item, Series) else ""
        target = AnsweredMessage(request.session, request.message, series)
        comment = self._desk.reader.current_comment
        if comment is not None:
            self._answer(target, comment)
            return
        lines = self._desk.reader.writing_place.quoted_lines
        place = PatchLine(lines.part, lines.line) if lines is not None else None  # type: ignore[arg-type]
        span = lines.span if lines is not None else 1
        self._open(CommentSubject(target=target, place=place, span=span))

    def _answer(self, target: AnsweredMessage, comment: ReviewComment) -> None:
        """Edit a comment of the user's, or answer another person's."""
        from core.reply.own_comments import OwnComment

        if not isinstance(comment, OwnComment):
            quoted = next((line for line in reversed(comment.lines) if line.strip()), "")
            answered = replace(target, message=comment.message)
            span = min(len(comment.lines), _QUOTED)
            self._open(CommentSubject(target=answered, span=span, quoted=quoted))
            return
        if comment.number is None or not self._is_editable(comment):
            return
        draft = next((one for one in self._own.drafts if one.id == comment.draft), None)
        if draft is None or comment.number >= len(draft.comments):
            return
        text = draft.comments[comment.number].text
        edited = (comment.draft, comment.number)
        self._open(CommentSubject(target=target, edited=edited), text)

    def _is_editable(self, comment: OwnComment) -> bool:
        from core.reply.draft import EDITABLE

        if comment.state in EDITABLE:
            return True
        self._desk.show_message(SENT, "warning")
        return False

    # ------------------------------------------------------------- the editor

    @property
    def _editor(self) -> CommentEditor:
        if self._desk.editor is None:
            raise LookupError("the editor is not mounted")
        return self._desk.editor

    def _open(self, subject: CommentSubject, text: str = "") -> None:
        from tui.widgets.comment_editor import EditorActions

        writing = self._writing = CommentDraft(self._own, subject, text, self._message)
        self._desk.reader.stop_selecting()
        actions = EditorActions(
            keep=self.keep,
            edit=self._edit,
            leave=self._leave,
            suspend=lambda: self._desk.run_command(BY_NAME["app.suspend"]),
            resized=self._resize,
        )
        self._editor.ask(Content("Comment"), text, actions)
        self._desk.reader.writing_place.open(self._height)
        self._place()
        self._tasks.start("reply", lambda _: writing.prepare(), failed=self._desk.show_error)
        every = self._desk.settings.timings.comment_saved
        self._saving = self._desk.set_interval(every, self._save)

    def _message(self, message_id: MessageId) -> Message:
        """Return a message whose comments are shown. Raises PatchdeskError."""
        for comment in self._desk.reader.comments:
            if comment.message.message_id == message_id:
                return comment.message
        raise PatchdeskError("The message that this answers is not here.", "Open that message.")

    @property
    def _height(self) -> int:
        return min(self._editor.wanted_height, max(5, self._desk.reader.height // 2))

    def _resize(self) -> None:
        self._desk.reader.writing_place.resize(self._height)
        self._place()

    def _place(self) -> None:
        """Put the editor where its rows are; at the bottom of the reader where they are not in sight."""
        if self._writing is None:
            return
        region, height = self._desk.reader.content_region, self._height
        line = self._desk.reader.writing_place.line
        last = max(0, region.height - height)
        at = last if line is None else max(0, min(line, last))
        self._editor.place(Region(region.x, region.y + at, region.width - 1, height))

    # ------------------------------------------------------------- keeping

    def _save(self) -> None:
        """Write the text to disk, unless it is saved already."""
        writing, text = self._writing, self._editor.text
        if writing is not None and not writing.is_saved(text):
            # Unlike a comment that is kept it is not shown in the diff: the editor stands there.
            self._tasks.start("reply", lambda _: writing.write(text), failed=self._desk.show_error)

    def keep(self) -> None:
        """Keep the comment, and close the editor once it is on disk."""
        if (writing := self._writing) is not None:
            text = self._editor.text
            kept = "Comment kept; :review sends it" if text.strip() else "No comment left"
            self._start(lambda _: writing.write(text), lambda _: self._kept(writing, kept))

    def _kept(self, writing: CommentDraft, sentence: str) -> None:
        if writing is self._writing:
            self._close()
        self._desk.show_message(sentence)

    def _close(self) -> None:
        self._writing = None
        if self._saving is not None:
            self._saving.stop()
            self._saving = None
        self._editor.close()
        self._desk.reader.writing_place.close()

    def _leave(self) -> None:
        """Close; ask whether to keep or drop the text."""
        writing = self._writing
        if writing is None:
            return
        if self._editor.text.strip() == writing.first.strip():
            self._put_back(writing)
            return
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice("keep", SafeText("keep it as a draft"), key="k"),
            Choice("drop", SafeText("drop what you wrote"), key="d"),
            Choice("write", SafeText("continue writing"), key="w"),
        ]
        dialog = ChooseDialog(self._desk.keymap, SafeText("Leave the comment"), choices)

        def chosen(answer: str | None) -> None:
            if answer == "keep":
                self.keep()
            elif answer == "drop":
                self._put_back(writing)

        self._desk.app.push_screen(dialog, chosen)

    def _put_back(self, writing: CommentDraft) -> None:
        """Close, with the draft as it was before."""
        self._close()
        if not writing.is_saved(writing.first):
            self._start(lambda _: writing.write(writing.first), lambda _: None)

    def _edit(self) -> None:
        """Continue in $EDITOR once the comment is on disk, and keep the edited text."""
        if (writing := self._writing) is not None:
            text = self._editor.text
            self._start(lambda _: writing.hold(text), partial(self._open_editor, writing, text))

    def _open_editor(self, writing: CommentDraft, text: str, held: tuple[Draft, int]) -> None:
        from core.reply.editing import edit_plain

        if writing is not self._writing:
            return
        service, (draft, number) = self._own.service(), held

        def edit() -> str:
            with service.editing(draft):
                return edit_plain(service.comment_file(draft, number), text)

        edited = lend_terminal(self._desk, edit)
        if edited is not None:
            self._editor.load_text(edited.rstrip("\n"))
            self.keep()

    # ------------------------------------------------------------- deleting

    def _delete(self) -> None:
        from core.reply.own_comments import OwnComment

        comment = self._desk.reader.current_comment
        if not isinstance(comment, OwnComment) or comment.number is None:
            self._desk.show_message("No comment of yours here.")
        elif self._is_editable(comment):
            self._start(partial(self._deleted, comment), self._desk.show_message)

    def _deleted(self, comment: OwnComment, _: Task) -> str:
        """Take a comment out of its draft; return the sentence that says so."""
        service = self._own.service()
        draft = service.draft(comment.draft)
        if comment.number is None or comment.number >= len(draft.comments):
            raise PatchdeskError("The draft was changed elsewhere meanwhile.", "Look again.")
        service.drop_comment(draft, draft.comments[comment.number])
        return "Comment deleted"

    # ------------------------------------------------------------- the rest

    def on_mail(self, mail: OpenedMessage) -> None:
        """Make the text of drafts that have none, since a comment was taken over from a crashed editor."""
        from core.reply.draft import DraftState

        for draft in self._own.drafts:
            is_of_mail = draft.answers == mail.message.message_id
            if is_of_mail and draft.state is DraftState.DRAFT and draft.comments and not draft.body:
                self._start(partial(self._compose, draft, mail), lambda _: None)

    def _compose(self, draft: Draft, mail: OpenedMessage, _: Task) -> None:
        self._own.service().keep_composed(draft, mail)

    def close(self) -> None:
        """Save the text before the program ends."""
        writing = self._writing
        if writing is not None and not writing.is_saved(self._editor.text):
            self._save()
            self._tasks.wait("reply", self._desk.settings.timings.quit)

    def _start(self, work: Callable[[Task], T], then: Callable[[T], object]) -> None:
        self._own.run(self._tasks, work, then, self._desk.show_error)
