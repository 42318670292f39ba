"""Tells that replies are ready, and lets the undo key take that back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tui.desk.controller import DeskView
from tui.desk.own_drafts import OwnDrafts

if TYPE_CHECKING:
    from core.reply.draft import Draft
    from tui.tasks import Task, Tasks

T = TypeVar("T")


class Outcome(NamedTuple):
    """The result of a change of drafts: a sentence, and the drafts that are ready by it."""

    sentence: str
    ready: Sequence[Draft] = ()


class ReadyReplies:
    """Runs work that makes replies ready, for the controllers that do so. No widget."""

    def __init__(self, desk: DeskView, tasks: Tasks, own: OwnDrafts) -> None:
        self._desk = desk
        self._tasks = tasks
        self.own = own

    def start(self, work: Callable[[Task], T], then: Callable[[T], object]) -> None:
        """Do work that reads or changes drafts off the screen's thread, and then what comes of it."""
        self.own.run(self._tasks, work, then, self._desk.show_error)

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
