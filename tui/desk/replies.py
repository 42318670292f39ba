"""Replies to a whole mail in the editor; the reply is a draft on disk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from core.model import Series
from core.reply.draft import Draft
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.own_drafts import AnsweredMessage
from tui.desk.ready_replies import ReadyReplies

if TYPE_CHECKING:
    from tui.tasks import Task, Tasks


class Replies(Controller):
    """Opens the editor on a reply to the message under the cursor."""

    def __init__(self, desk: DeskView, tasks: Tasks, ready: ReadyReplies) -> None:
        super().__init__(desk, tasks)
        self._ready = ready

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"reply.whole": self._edit_reply}

    def _edit_reply(self) -> None:
        tree, session = self._desk.series_tree, self._desk.session
        row = tree.row
        if session is None or row is None or row.message is None:
            self._desk.show_message("No message to answer here.", "warning")
            return
        series = row.item.id if isinstance(row.item, Series) else ""
        target = AnsweredMessage(session, row.message, series)
        self._ready.start(
            partial(self._prepare, target), lambda prepared: self._ready.edit(*prepared)
        )

    def _prepare(self, target: AnsweredMessage, _: Task) -> tuple[Draft, str]:
        """Return a draft that is on disk, with the text that the editor begins with."""
        own = self._ready.own
        draft = own.draft_for(target)
        text = own.service().text_to_edit(draft, target.session.mail(target.message))
        return own.service().keep(draft), text
