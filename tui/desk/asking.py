"""The part of the main screen that has questions answered: one at a time, the latest, by what searches lists or what is open."""

from __future__ import annotations

import gc
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.worker import Worker, WorkerState

from core.errors import PatchdeskError
from tui.desk.searcher import (
    Answer,
    Answered,
    Asker,
    Question,
    Searched,
    SearchedListing,
    SearchedLists,
    Warmed,
    ensure_ready,
)
from tui.desk.views import ViewingScreen

if TYPE_CHECKING:
    from core.desk.lists_desk import ListPage
    from tui.desk.requests import Session


class AskingScreen(ViewingScreen):
    """Tree and reader, and what answers questions about what they show."""

    _asker: Asker | None = None
    _searched: Searched | None = None
    _question: Question | None = None
    """The latest: no other is answered."""
    _replied: Question | None = None
    """The latest that was answered, or could not be."""
    _warming: Session | None = None
    _warm_again = False
    _frozen = False

    # What a screen does with answers.

    def answered(self, question: Question, answer: Answer | PatchdeskError) -> None:
        """Take the answer to the latest question, or why there is none."""

    def asking_failed(self, error: PatchdeskError) -> None:
        """Take note that a mistake of ours ended what answers."""

    def answers_better(self) -> None:
        """Take note that what was answered plainly could be answered better now."""

    # ------------------------------------------------------------- questions and answers

    def _put_question(self, text: str, lists: tuple[str, ...], *, again: bool) -> None:
        """Have a query answered, unless it is just that."""
        before, session, searched = self._question, self._shown, self._what_is_searched()
        same = before is not None and (before.text, before.lists) == (text, lists)
        if session is None or searched is None or (same and not again):
            return
        self._question = Question(session, text, lists, searched, again)
        if self._asker is None:
            self._asker = Asker(self.post_message)
            self.run_worker(self._asker.run, group="find", thread=True, exit_on_error=False)
        self._asker.ask(self._question)

    def _ask_nothing(self) -> None:
        self._question = self._replied = None
        if self._asker is not None:
            self._asker.ask(None)

    @on(Answered)
    def _take_answer(self, event: Answered) -> None:
        answer = event.answer or event.error
        if event.question is self._question and answer is not None:
            self._replied = event.question
            self.answered(event.question, answer)

    @on(Worker.StateChanged)
    def _finding_failed(self, event: Worker.StateChanged) -> None:
        """A mistake of ours ended what answers: the next question begins it anew."""
        if event.worker.group == "find" and event.state is WorkerState.ERROR:
            self._asker = None
            self._replied = self._question
            self.asking_failed(
                PatchdeskError("Something went wrong inside patchdesk.", "The log has the details.")
            )

    # ------------------------------------------------------------- what answers

    def _what_is_searched(self) -> Searched | None:
        before = self._searched
        if (desk := self._list_desk) is not None:
            if not (isinstance(before, SearchedLists) and before.desk is desk):
                self._searched = SearchedLists(desk)
        elif (listing := self._listing) is not None and not (
            isinstance(before, SearchedListing) and before.listing is listing
        ):
            target = None if self._shown is None else self._shown.desk
            self._searched = SearchedListing(listing, target, lambda: self.series_tree.standings)
            self._ensure_ready()
        return self._searched

    def _entitle_lists(self, page: ListPage) -> None:
        super()._entitle_lists(page)
        if page.whole:
            self._ensure_ready()

    def _ensure_ready(self) -> None:
        """Let what answers be brought up to date, and once more where more has come meanwhile."""
        searched, session = self._what_is_searched(), self._shown
        if searched is None or session is None:
            return
        self._warm_again = self._warming is session
        if not self._warm_again:
            self._warming = session
            self.run_worker(
                partial(ensure_ready, session, searched, self.post_message),
                group="warming",
                thread=True,
                exit_on_error=False,
            )

    @on(Warmed)
    def _warmed(self, event: Warmed) -> None:
        if event.session is not self._warming:
            return
        self._warming = None
        if not self._frozen:
            # What is in memory now stays: looking through it for garbage would hold up a key now and then.
            self._frozen = True
            gc.freeze()
        if event.session is self._shown and self._warm_again:
            self._ensure_ready()
        elif event.ready:
            self.answers_better()

    # ------------------------------------------------------------- the end

    def close_desks(self) -> None:
        """Abort all that is in flight, or the process would wait for it."""
        super().close_desks()
        if self._asker is not None:
            self._asker.close()

    def _close(self, session: Session) -> None:
        if self._question is not None and self._question.session is session:
            self._ask_nothing()
        super()._close(session)
