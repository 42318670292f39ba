"""Finding: a query → the series, patches and threads that it means, best first; and views, which are queries by name.

`IndexFinder` searches followed lists, `ListingFinder` one opened target in memory; a screen takes them as `Finder`.
All calls block and may be made from any thread; each raises Cancelled soon after its `stop` is set.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final, Literal, Protocol

from core.errors import Cancelled
from core.model import Identity, Listing, MessageId, Series, Thread
from core.search.query import QueryError

if TYPE_CHECKING:
    from core.config import Config
    from core.index.index import Index

__all__ = ["Found", "Hit", "IndexFinder", "ListingFinder", "QueryError", "View", "views"]

Kind = Literal["series", "patch", "thread"]
Span = tuple[int, int]
"""Where lit letters begin and end in a text, in characters."""

LIMIT: Final = 200
"""Hits that an answer has where nobody says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A series, patch or thread that was found."""

    kind: Kind
    row: int
    """Of its series or thread: its number in the index, or its place in the listing's items."""
    id: MessageId
    """Of a patch its Message-ID, else that of the series or thread."""
    series: MessageId
    """The id of the series or thread that holds it."""
    subject: str
    author: Identity
    date: datetime
    """Of a patch when it was sent, else the latest activity."""
    lists: tuple[str, ...] = ()
    score: float = 0.0
    """0 to 100; 0 where the query has no words to match."""
    subject_lit: tuple[Span, ...] = ()
    name_lit: tuple[Span, ...] = ()
    address_lit: tuple[Span, ...] = ()
    """The matched letters of `subject`, `author.name` and `author.address`."""
    patches: tuple[Hit, ...] = ()
    """Of a series those of its patches that match, best first."""
    matched: bool = True
    """It matches itself; False of a series that is here for its patches alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a query has found."""

    query: str
    hits: tuple[Hit, ...]
    """One a series or thread, best first."""
    total: int
    """How many there are, of which `hits` are the first."""
    why_none: str = ""
    """Where nothing was found, why, as a sentence; else ""."""
    fuzzy: bool = True
    """False where the words were looked up plainly, since the fuzzy engine is not ready yet: asking again later may find more."""
    note: str = ""
    """What else is to be said, as a sentence; else ""."""


@dataclass(frozen=True, slots=True)
class View:
    """A query with a name."""

    name: str
    query: str
    shipped: bool = True
    """It comes with the program, and the user's configuration says nothing of it."""


class Finder(Protocol):
    """What a screen asks."""

    def find(
        self,
        query: str,
        lists: Collection[str] = (),
        *,
        limit: int = LIMIT,
        stop: Event | None = None,
    ) -> Found:
        """Return what a query finds in some lists; none named stands for all. Raises QueryError and Cancelled."""
        ...

    def check(self, query: str) -> None:
        """Raise QueryError where a query cannot be read; costs nothing else."""
        ...

    def rows(self, query: str, lists: Collection[str] = ()) -> array[int]:
        """Return all rows that a query means, the latest activity first; words are looked up plainly. Raises QueryError."""
        ...

    def count(self, query: str, lists: Collection[str] = ()) -> int:
        """Return how many rows a query means. Raises QueryError."""
        ...


SHIPPED: Final[Mapping[str, str]] = {
    "Inbox": "is:open",
    "New versions": "is:unread v:>=2",
    "Needs review": "is:open is:complete -is:reviewed",
    "Waiting": "is:waiting",
    "Flagged": "is:flagged",
    "Mine": "is:mine",
    "All": "",
}
"""The views that come with the program, in the order of their tabs."""


def views(configured: Mapping[str, str]) -> tuple[View, ...]:
    """Return the views: the shipped ones, as the configuration has them where it names them, and then its own.

    One that the configuration gives an empty query, other than All, is left out.
    """
    known = {name.casefold(): name for name in SHIPPED}
    said = {known.get(name.casefold(), name): query for name, query in configured.items()}
    found = [
        View(name, said.get(name, query), name not in said)
        for name, query in SHIPPED.items()
        if said.get(name, query) or name == "All"
    ]
    found += [
        View(n, query, shipped=False) for n, query in said.items() if n not in SHIPPED and query
    ]
    return tuple(found)


def save_view(name: str, query: str, file: Path) -> None:
    """Write a view into the user's configuration, whose other words and comments stay. Raises ConfigError."""
    raise NotImplementedError(name, query, file)


class ListingFinder:
    """Searches one listing, in memory."""

    def __init__(self, listing: Listing, *, me: Sequence[str] = ()) -> None:
        self.listing = listing
        self._me = tuple(me)

    def find(
        self,
        query: str,
        lists: Collection[str] = (),  # noqa: ARG002
        *,
        limit: int = LIMIT,
        stop: Event | None = None,
    ) -> Found:
        """Return what a query finds. Raises QueryError and Cancelled."""
        if stop is not None and stop.is_set():
            raise Cancelled
        words = query.casefold().split()
        hits = []
        for row, item in enumerate(self.listing.items):
            text = f"{item.subject} {item.author}".casefold()
            if all(word in text for word in words):
                hits.append(_hit(row, item))
        return _found(query, hits, limit)

    def check(self, query: str) -> None:
        """Raise QueryError where a query cannot be read."""

    def rows(self, query: str, lists: Collection[str] = ()) -> array[int]:
        """Return the places of all items that a query means, in the listing's order."""
        return array("q", [hit.row for hit in self.find(query, lists, limit=1 << 62).hits])

    def count(self, query: str, lists: Collection[str] = ()) -> int:
        """Return how many items a query means."""
        return len(self.rows(query, lists))


class IndexFinder:
    """Searches followed lists. `close` it before the index."""

    def __init__(self, index: Index, config: Config, *, cache: Path | None = None) -> None:
        """Take the open index. `cache` is the folder of the fuzzy engine's arrays; without one, words are looked up plainly."""
        self._index = index
        self._config = config
        self._cache = cache

    @property
    def ready(self) -> bool:
        """Whether the fuzzy engine answers."""
        return False

    def warm(self, stop: Event) -> bool:
        """Bring the fuzzy engine up to date, building it in another process where it is not there; whether it answers now.

        To be called in a worker once the first frame is drawn, and again whenever the index has changed. Raises Cancelled.
        """
        return not stop.is_set() and self.ready

    def close(self) -> None:
        """End what is being built. Any thread; does not wait."""

    def find(
        self,
        query: str,
        lists: Collection[str] = (),
        *,
        limit: int = LIMIT,
        stop: Event | None = None,
    ) -> Found:
        """Return what a query finds in some lists; none named stands for all. Raises QueryError, IndexFileError and Cancelled."""
        if stop is not None and stop.is_set():
            raise Cancelled
        hits = []
        rows = self.rows(query, lists)
        for one in self._index.summaries(rows[:limit]):
            kind: Kind = "thread" if one.is_thread else "series"
            hits.append(
                Hit(
                    kind=kind, row=one.row, id=one.id, series=one.id, subject=one.subject,
                    author=one.author, date=one.date, lists=one.lists,
                )
            )  # fmt: skip
        return Found(
            query=query,
            hits=tuple(hits),
            total=len(rows),
            why_none="" if rows else f"Nothing has “{query}”.",
            fuzzy=False,
        )

    def check(self, query: str) -> None:
        """Raise QueryError where a query cannot be read."""

    def rows(self, query: str, lists: Collection[str] = ()) -> array[int]:
        """Return all rows that a query means, the latest activity first. Raises QueryError and IndexFileError."""
        from core.index.index import ListView

        words = query.casefold().split()
        found = array("q")
        for one in self._index.summaries(self._index.order(ListView(lists=tuple(lists)))):
            text = f"{one.subject} {one.author}".casefold()
            if all(word in text for word in words if ":" not in word):
                found.append(one.row)
        return found

    def count(self, query: str, lists: Collection[str] = ()) -> int:
        """Return how many rows a query means. Raises QueryError and IndexFileError."""
        return len(self.rows(query, lists))

    def find_on_server(self, query: str, list_name: str, *, stop: Event) -> ServerFound:
        """Ask the server of a list that is followed over HTTP, and put what it finds into the index.

        `lists` with a server say so by `can_ask_server`. Raises QueryError, FetchError, PatchdeskError and Cancelled.
        """
        raise NotImplementedError(query, list_name, stop)

    def can_ask_server(self, list_name: str) -> bool:
        """Whether a list is followed over HTTP, so that its server can be asked."""
        followed = self._config.lists.get(list_name)
        return followed is not None and followed.target.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFound:
    """What came of asking a server."""

    mails: int
    """How many mails it found."""
    added: int
    """How many of them are new here."""
    asked: str
    """The query as it was sent."""
    note: str = ""
    """What of the query it could not be asked, as a sentence; else ""."""


def _hit(row: int, item: Series | Thread) -> Hit:
    kind: Kind = "series" if isinstance(item, Series) else "thread"
    return Hit(
        kind=kind, row=row, id=item.id, series=item.id, subject=item.subject, author=item.author,
        date=item.date, lists=item.lists,
    )  # fmt: skip


def _found(query: str, hits: list[Hit], limit: int) -> Found:
    why = "" if hits else f"Nothing has “{query}”."
    return Found(query=query, hits=tuple(hits[:limit]), total=len(hits), why_none=why)
