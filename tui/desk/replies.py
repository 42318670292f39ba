"""Replies to a whole mail in the editor; the reply is a draft on disk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from core.model import Message, Series
from core.reply.draft import Draft
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.external import lend_terminal
from tui.desk.own_drafts import AnsweredMessage
from tui.desk.ready_replies import Outcome, ReadyReplies
from tui.tree.rows import Kind, Row

if TYPE_CHECKING:
    from tui.tasks import Task, Tasks


class Replies(Controller):
    """Opens the editor on a reply to the message under the cursor."""

    def __init__(self, desk: DeskView, tasks: Tasks, ready: ReadyReplies) -> None:
        super().__init__(desk, tasks)
        self._ready = ready
        self._own = ready.own

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"reply.whole": self._edit_reply}

    def _edit_reply(self) -> None:
        tree, session = self._desk.series_tree, self._desk.session
        row = tree.row
        if session is None or row is None or row.message is None:
            self._desk.show_message("No message to answer here.", "warning")
            return
        message = _answered_message(row)
        series = row.item.id if isinstance(row.item, Series) else ""
        target = AnsweredMessage(session, message, series)
        self._ready.start(partial(self._prepare, target), self._open_editor)

    def _prepare(self, target: AnsweredMessage, _: Task) -> tuple[AnsweredMessage, Draft, str]:
        """Return a draft that is on disk, with the text that the editor begins with."""
        service = self._own.service()
        draft = self._own.draft_for(target)
        text = service.text_to_edit(draft, target.session.mail(target.message))
        return target, service.keep(draft), text

    def _open_editor(self, prepared: tuple[AnsweredMessage, Draft, str]) -> None:
        from core.reply.editing import edit_text

        target, draft, text = prepared
        file = self._own.service().editor_file(draft)

        def edit() -> str:
            with self._own.service().editing(draft):
                return edit_text(file, text)

        edited = lend_terminal(self._desk, edit)
        if edited is None:
            return
        self._ready.start(partial(self._keep_text, target, draft, edited), self._ready.show)

    def _keep_text(self, target: AnsweredMessage, draft: Draft, text: str, _: Task) -> Outcome:
        """Keep an edited text, ready to be sent; an empty one drops the draft."""
        service = self._own.service()
        file = service.editor_file(draft)
        if not text.strip():
            service.delete(draft.id)
            file.unlink(missing_ok=True)
            return Outcome("Empty reply: draft deleted")
        mail = target.session.mail(target.message)
        ready = service.make_ready(service.with_text(draft, text), mail)
        file.unlink(missing_ok=True)
        return Outcome(f"Reply ready: {draft.subject}; :review sends it", [ready])


def _answered_message(row: Row) -> Message:
    """Return the message of a row: of a series or version its cover letter, or its first patch."""
    if row.kind is Kind.SERIES and isinstance(row.item, Series):
        version = row.item.versions[-1]
        return (version.cover or version.patches[0]).message
    if row.message is None:
        raise ValueError("the row has no message")
    return row.message
