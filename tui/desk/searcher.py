"""What finds things in a worker thread, and what it tells the screen.

Questions are not queued: a new one stops the one before, and takes the place of one that was not begun.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TYPE_CHECKING, Final, Protocol

from textual.message import Message

from core.errors import Cancelled, PatchdeskError
from tui.desk.requests import Desk, Session
from tui.tree.items import InMemoryItems, Items
from tui.tree.marks import SeriesHandle
from tui.tree.rows import Highlights, Key, MatchingPatches, SearchMarks

if TYPE_CHECKING:
    from core import model
    from core.desk.lists_desk import ListDesk
    from core.model import TargetListing
    from core.search.backend import Search
    from core.search.hits import SearchHit, SearchResult, ServerSearchResult
    from core.search.list_search import ListSearch
    from core.triage.state import TriageState

log = logging.getLogger(__name__)

Post = Callable[[Message], object]

_READ_AHEAD: Final = 60
"""Rows of an answer that are read before it is told: more than a screen shows."""


_PATCHES: Final = {True: 1, False: 3}
"""Patches shown of a series that matches itself, and of one that is there for their sake: more would push others out."""


class Searched(Protocol):
    """What something is looked for in: one opened target, or the followed lists."""

    def finder(self) -> Search:
        """Return what finds. Raises PatchdeskError."""
        ...

    def items(self, hits: Sequence[SearchHit]) -> Items:
        """Return what was found as the tree shows it."""
        ...

    def busy(self) -> AbstractContextManager[object]:
        """Keep what is searched open meanwhile."""
        ...


class SearchedLists:
    """The followed lists."""

    def __init__(self, desk: ListDesk) -> None:
        self.desk = desk

    def finder(self) -> ListSearch:
        """Return what finds. Raises PatchdeskError."""
        return self.desk.finder

    def items(self, hits: Sequence[SearchHit]) -> Items:
        """Return the rows of the index, those in view read already."""
        from core.desk.list_rows import LazyRows

        items = LazyRows(self.desk, array("q", [hit.row for hit in hits]))
        items.read(0, _READ_AHEAD)
        for hit in hits[: _READ_AHEAD // 2]:
            if hit.patches:
                self.desk.item(hit.row)
        return items

    def busy(self) -> AbstractContextManager[object]:
        """Keep the index open meanwhile."""
        return self.desk.in_use


class SearchedListing:
    """What was opened alone, as far as it is read."""

    def __init__(
        self,
        listing: TargetListing,
        desk: Desk | None = None,
        standings: Callable[[], Mapping[SeriesHandle, TriageState]] = dict,
    ) -> None:
        """Take what is listed, the desk that reads its mails, and what gives the triage states."""
        self.listing = listing
        self._desk = desk
        self._standings = standings
        self._finder: Search | None = None

    def finder(self) -> Search:
        """Return what finds, which is made from the listing when it is first asked."""
        if self._finder is None:
            self._finder = search_of(self.listing, self._desk, self._standings)
        return self._finder

    def items(self, hits: Sequence[SearchHit]) -> Items:
        """Return what of the listing was found."""
        return InMemoryItems([self.listing.items[hit.row] for hit in hits])

    def busy(self) -> AbstractContextManager[object]:
        """Do nothing: what is in memory stays."""
        return nullcontext()


def search_of(
    listing: TargetListing,
    desk: Desk | None,
    standings: Callable[[], Mapping[SeriesHandle, TriageState]],
) -> Search:
    """Return the search of an opened target. Reads the configuration, for `is:mine`."""
    from core.config import load_config, with_git
    from core.model import MessageId
    from core.search.target_search import TargetSearch, TargetStates, no_bytes
    from core.system.paths import config_file

    def states() -> TargetStates:
        known = standings().items()
        return TargetStates({MessageId(str(handle)): state for handle, state in known})

    me = with_git(load_config(config_file())).me_addresses
    read: Callable[[model.Message], bytes] | None = getattr(desk, "raw", None)
    return TargetSearch(listing, me=me, read=read or no_bytes, states=states)


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A query to be answered; only the very same object is the same question."""

    session: Session
    text: str
    lists: tuple[str, ...]
    searched: Searched
    again: bool = False
    """It was asked before, of less: the cursor is to stay where it is."""
    stop: Event = field(default_factory=Event)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, ready to be shown."""

    found: SearchResult
    items: Items
    matches: SearchMarks


@dataclass
class Answered(Message):
    """A question is answered, or cannot be."""

    question: Question
    answer: Answer | None = None
    error: PatchdeskError | None = None


@dataclass
class Warmed(Message):
    """What finds is up to date."""

    session: Session
    ready: bool


@dataclass
class ServerAnswered(Message):
    """A list's server was asked, or could not be; `ender` is what would have ended it."""

    ender: Event
    list_name: str
    found: ServerSearchResult | None = None
    error: PatchdeskError | None = None


class Asker:
    """Answers the latest question of all; to be run in a worker thread of its own."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._lock = Lock()
        self._wake = Event()
        self._next: Question | None = None
        self._now: Question | None = None
        self._closed = False

    def ask(self, question: Question | None) -> None:
        """Answer this, and nothing that was asked before; None: nothing any more."""
        with self._lock:
            for old in (self._next, self._now):
                if old is not None:
                    old.stop.set()
            self._next = question
        self._wake.set()

    def close(self) -> None:
        """End `run`, soon."""
        self._closed = True
        self.ask(None)

    def run(self) -> None:
        """Answer questions until this is closed."""
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._closed:
                return
            with self._lock:
                question = self._now = self._next
                self._next = None
            if question is not None:
                self._answer(question)

    def _answer(self, question: Question) -> None:
        try:
            with question.searched.busy():
                if question.stop.is_set():
                    return
                found = question.searched.finder().find(
                    question.text, question.lists, stop=question.stop
                )
                answer = Answer(found, question.searched.items(found.hits), matches_of(found.hits))
        except Cancelled:
            return
        except PatchdeskError as error:
            if not question.stop.is_set():
                self._post(Answered(question, error=error))
        else:
            if not question.stop.is_set():
                self._post(Answered(question, answer))


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


def ensure_ready(session: Session, searched: Searched, post: Post) -> None:
    """Bring what finds up to date; that it cannot be is only logged, since a plainer way is there."""
    try:
        with searched.busy():
            ready = searched.finder().ensure_ready(session.stop)
    except Cancelled:
        return
    except PatchdeskError as error:
        log.warning("finding: %s", error.message)
        ready = False
    post(Warmed(session, ready))


def ask_server(desk: ListDesk, query: str, list_name: str, stop: Event, post: Post) -> None:
    """Let a list's server find, and take what it finds into the index."""
    from core.sync.server_search import ask_server as ask

    try:
        with desk.in_use:
            found = ask(desk.index, desk.config, query, list_name, stop=stop)
    except Cancelled:
        post(ServerAnswered(stop, list_name))
    except PatchdeskError as error:
        post(ServerAnswered(stop, list_name, error=error))
    else:
        post(ServerAnswered(stop, list_name, found))
