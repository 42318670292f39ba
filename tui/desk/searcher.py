"""Runs queries off the screen's thread, one at a time, over the followed lists or the open target.

Queries are not queued: a new one stops the one before, and takes the place of one that was not begun.
"""

from __future__ import annotations

import gc
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from core.errors import Cancelled, PatchdeskError
from tui.desk.controller import DeskView
from tui.desk.lists import Lists
from tui.desk.opening import Opening
from tui.desk.requests import Desk, Session
from tui.desk.target_search import search_of
from tui.tasks import Task, Tasks
from tui.tree.items import InMemoryItems, Items
from tui.tree.marks import SeriesHandle
from tui.tree.rows import Highlights, Key, MatchingPatches, SearchMarks

if TYPE_CHECKING:
    from core.desk.lists_desk import ListDesk
    from core.model import TargetListing
    from core.search.hits import SearchHit, SearchResult
    from core.search.list_search import ListSearch
    from core.search.search import Search
    from core.triage.state import TriageState

_READ_AHEAD: Final = 60
"""Rows of an answer that are read before it is told: more than a screen shows."""


MOST: Final = 10_000
"""Rows of a whole answer: more than anybody decides at once."""

_PATCHES: Final = {True: 1, False: 3}
"""Most patch rows shown under a hit: of a series that matches itself, and of one found by its patches alone."""


class SearchScope(Protocol):
    """The place searched: one opened target, or the followed lists."""

    def finder(self) -> Search:
        """Return the search. Raises PatchdeskError."""
        ...

    def items(self, hits: Sequence[SearchHit]) -> Items:
        """Return the results as items of the tree."""
        ...


class ListsScope:
    """The followed lists."""

    def __init__(self, desk: ListDesk) -> None:
        self.desk = desk

    def finder(self) -> ListSearch:
        """Return the search. Raises PatchdeskError."""
        return self.desk.views.search

    def items(self, hits: Sequence[SearchHit]) -> Items:
        """Return the rows of the index, those in view read already."""
        from core.desk.list_rows import LazyRows

        items = LazyRows(self.desk.rows, array("q", [hit.row for hit in hits]))
        items.read(0, _READ_AHEAD)
        for hit in hits[: _READ_AHEAD // 2]:
            if hit.patches:
                self.desk.rows.item(hit.row)
        return items


class ListingScope:
    """One opened target, as far as it is read."""

    def __init__(
        self,
        listing: TargetListing,
        desk: Desk | None,
        states: Callable[[], Mapping[SeriesHandle, TriageState]],
    ) -> None:
        """Take the listing, the desk that reads its mails, and a function that returns the triage states."""
        self.listing = listing
        self._desk = desk
        self._states = states
        self._finder: Search | None = None

    def finder(self) -> Search:
        """Return the search, made from the listing on the first call."""
        if self._finder is None:
            self._finder = search_of(self.listing, self._desk, self._states)
        return self._finder

    def items(self, hits: Sequence[SearchHit]) -> Items:
        """Return the results as items of the listing."""
        return InMemoryItems([self.listing.items[hit.row] for hit in hits])


@dataclass(frozen=True, slots=True, eq=False)
class SearchRequest:
    """A query to be answered; only the very same object is the same question."""

    session: Session
    text: str
    lists: tuple[str, ...]
    scope: SearchScope
    again: bool = False
    """The same search ran before with fewer rows: keep the cursor where it is."""
    is_whole: bool = False
    """All that is found is wanted, not only the best."""


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The results of a query, ready to be shown."""

    found: SearchResult
    items: Items
    matches: SearchMarks


class Searcher:
    """Runs the latest query, and prepares the search engine."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        opening: Opening,
        lists: Lists,
        *,
        answered: Callable[[SearchRequest, SearchAnswer], object],
        failed: Callable[[SearchRequest, PatchdeskError], object],
        improved: Callable[[], object],
    ) -> None:
        """`improved` is called once an answer given without the fuzzy engine can be improved."""
        self._desk = desk
        self._tasks = tasks
        self._opening = opening
        self._lists = lists
        self._answered = answered
        self._failed = failed
        self._improved = improved
        self._scope: SearchScope | None = None
        self.request: SearchRequest | None = None
        """The latest: no other is answered."""
        self._done: SearchRequest | None = None
        """The latest that was answered, or could not be."""
        self._preparing: Session | None = None
        self._prepares_again = False
        self._is_frozen = False

    @property
    def is_answered(self) -> bool:
        """Whether the latest query was answered, or could not be."""
        return self._done is self.request

    @property
    def is_prepared(self) -> bool:
        """Whether the search exists, and is up to date."""
        return self._is_frozen and self._preparing is None

    def search(
        self, text: str, lists: tuple[str, ...], *, again: bool = False, is_whole: bool = False
    ) -> None:
        """Have a query answered, unless it is being answered; by the best that is found, or by all."""
        before, session, scope = self.request, self._desk.session, self.scope()
        is_same = before is not None and (before.text, before.lists) == (text, lists)
        if session is None or scope is None or (is_same and not again):
            return
        request = self.request = SearchRequest(session, text, lists, scope, again, is_whole)
        self._tasks.start(
            "search",
            partial(_search, request),
            then=partial(self._finish, request),
            failed=partial(self._give_up, request),
            current=lambda: request is self.request,
            replace=True,
        )

    def cancel(self) -> None:
        """Answer nothing any more."""
        self.request = self._done = None
        self._tasks.cancel("search")

    def forget(self) -> None:
        """Ask the same query anew, should it come."""
        self.request = self._done = None

    def _finish(self, request: SearchRequest, answer: SearchAnswer) -> None:
        self._done = request
        self._answered(request, answer)

    def _give_up(self, request: SearchRequest, error: PatchdeskError) -> None:
        self._done = request
        self._failed(request, error)

    # ------------------------------------------------------------- what answers

    def scope(self) -> SearchScope | None:
        """Return the scope of the search; prepare the engine of an opened target."""
        before = self._scope
        if (desk := self._lists.desk) is not None:
            if not (isinstance(before, ListsScope) and before.desk is desk):
                self._scope = ListsScope(desk)
        elif (listing := self._opening.listing) is not None and not (
            isinstance(before, ListingScope) and before.listing is listing
        ):
            session = self._desk.session
            target = session.desk if session is not None else None
            self._scope = ListingScope(listing, target, lambda: self._desk.series_tree.standings)
            self.prepare()
        return self._scope

    def prepare(self) -> None:
        """Rebuild the search index; run again if new mail arrived during the rebuild."""
        scope, session = self.scope(), self._desk.session
        if scope is None or session is None:
            return
        self._prepares_again = self._preparing is session
        if not self._prepares_again:
            self._preparing = session
            self._tasks.start(
                "search index",
                lambda task: _prepare(scope, session, task),
                then=partial(self._prepared, session),
                failed=lambda _: self._prepared(session, False),
                current=lambda: session is self._preparing,
            )

    def _prepared(self, session: Session, is_ready: bool) -> None:
        self._preparing = None
        if not self._is_frozen:
            # What is in memory now stays: looking through it for garbage would hold up a key now and then.
            self._is_frozen = True
            gc.freeze()
        if session is self._desk.session and self._prepares_again:
            self.prepare()
        elif is_ready:
            self._improved()


def _search(request: SearchRequest, task: Task) -> SearchAnswer:
    """Answer a query. Raises PatchdeskError and Cancelled."""
    if task.is_cancelled:
        raise Cancelled
    from core.search.hits import LIMIT

    limit = MOST if request.is_whole else LIMIT
    found = request.scope.finder().find(request.text, request.lists, limit=limit, stop=task.stop)
    return SearchAnswer(found, request.scope.items(found.hits), matches_of(found.hits))


def _prepare(scope: SearchScope, session: Session, task: Task) -> bool:
    """Bring the engine up to date; return whether its answers improved. Raises PatchdeskError and Cancelled."""
    del task
    return scope.finder().ensure_ready(session.stop)


def matches_of(hits: Sequence[SearchHit]) -> SearchMarks:
    """Return which letters of which rows were looked for, and which patches of a folded series are shown."""
    lit: dict[Key, Highlights] = {}
    for hit in hits:
        if hit.matched:
            lit[hit.series,] = _lit(hit)
        for patch in hit.patches:
            lit[hit.series, patch.id] = _lit(patch)
    inside = {}
    for place, hit in enumerate(hits):
        # What is found as its series is, by the same words or its author, would only say the same again.
        patches = [
            one.id
            for one in hit.patches
            if not hit.matched or (one.subject_spans and one.subject != hit.subject)
        ]
        if patches:
            most = _PATCHES[hit.matched]
            inside[place] = MatchingPatches(
                patches=tuple(patches[:most]),
                more=max(0, len(patches) - most),
                beside=hit.matched,
            )
    return SearchMarks(highlights=lit, inside=inside)


def _lit(hit: SearchHit) -> Highlights:
    return Highlights(subject=hit.subject_spans, name=hit.name_spans, address=hit.address_spans)
