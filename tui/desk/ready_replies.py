"""Tells that replies are ready, and lets the undo key take that back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from tui.desk.controller import DeskView
from tui.desk.external import lend_terminal
from tui.desk.own_drafts import OwnDrafts

if TYPE_CHECKING:
    from core.reply.draft import Draft
    from tui.tasks import Task, Tasks

T = TypeVar("T")

SENT: Final = "This reply was sent, or may have been: it can no longer be changed."


class Outcome(NamedTuple):
    """The result of a change of drafts: a sentence, and the drafts that are ready by it."""

    sentence: str
    ready: Sequence[Draft] = ()


class ReadyReplies:
    """Makes replies ready, in the editor or by work of the controllers. No widget."""

    def __init__(self, desk: DeskView, tasks: Tasks, own: OwnDrafts) -> None:
        self._desk = desk
        self._tasks = tasks
        self.own = own

    def start(self, work: Callable[[Task], T], then: Callable[[T], object]) -> None:
        """Read or change drafts off the screen's thread, then handle the result."""
        self.own.run(self._tasks, work, then, self._desk.show_error)

    def edit(self, draft: Draft, text: str) -> None:
        """Lend the terminal to the editor for a draft on disk, and keep the edited text."""
        from core.reply.draft import EDITABLE
        from core.reply.editing import edit_text

        if draft.state not in EDITABLE:
            self._desk.show_message(SENT, "warning")
            return
        service = self.own.service()

        def edit() -> str:
            with service.editing(draft):
                return edit_text(service.editor_file(draft), text)

        edited = lend_terminal(self._desk, edit)
        if edited is None:
            return

        def kept(_: Task) -> Outcome:
            found = service.keep_edited(draft, text, edited)
            if found is None:
                return Outcome("Nothing written: draft deleted")
            if found is draft:
                return Outcome(f"Unchanged: {draft.subject}")
            return Outcome(f"Reply ready; :review sends it: {draft.subject}", [found])

        self.start(kept, self.show)

    def show(self, outcome: Outcome) -> None:
        """Say the sentence, and let undo make the ready drafts drafts again."""
        if outcome.ready:
            self.own.undo.offer(partial(self._take_back, outcome.ready))
        self._desk.show_message("{sentence}", sentence=outcome.sentence)

    def _take_back(self, drafts: Sequence[Draft]) -> None:
        """Make ready drafts drafts again; one that was sent meanwhile is refused by the service."""

        def take_back(_: Task) -> None:
            for draft in drafts:
                self.own.service().take_back(draft.id)

        subject = drafts[0].subject if len(drafts) == 1 else f"{len(drafts)} replies"
        self.start(
            take_back,
            lambda _: self._desk.show_message("No longer ready: {subject}", subject=subject),
        )
