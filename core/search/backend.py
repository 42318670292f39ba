"""The two protocols of search: `Search`, which a screen asks, and `SearchBackend`, which evaluating a query asks.

Each has one implementation for followed lists (`core.search.list_search`) and one for an opened target
(`core.search.target_search`).
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, Protocol

from core.model import MessageId
from core.query.fields import FieldTerm
from core.query.query import Node
from core.search.hits import LIMIT, SearchHit, SearchResult

if TYPE_CHECKING:
    from core.search.fuzzy.index import FuzzyHit

Matching = tuple[bool, Sequence[SearchHit]]
"""Whether the row itself matches, by its cover letter or first mail, and those of its patches that do."""


class Search(Protocol):
    """What a screen asks."""

    @property
    def ready(self) -> bool:
        """Whether the fuzzy engine answers."""
        ...

    def ensure_ready(self, stop: Event) -> bool:
        """Bring the fuzzy engine up to date; whether it answers now. Blocks meanwhile; raises Cancelled."""
        ...

    def close(self) -> None:
        """End what is being built. Any thread; does not wait."""
        ...

    def check(self, query: str) -> None:
        """Raise QueryError where a query cannot be read; costs nothing else."""
        ...

    def find(
        self,
        query: str,
        lists: Collection[str] = (),
        *,
        limit: int = LIMIT,
        stop: Event | None = None,
    ) -> SearchResult:
        """Return what a query finds in some lists; none named stands for all. Raises QueryError and Cancelled."""
        ...

    def rows(self, query: str, lists: Collection[str] = ()) -> array[int]:
        """Return all rows that a query means, the latest activity first; words are looked up plainly. Raises QueryError."""
        ...

    def count(self, query: str, lists: Collection[str] = ()) -> int:
        """Return how many rows a query means. Raises QueryError."""
        ...


class SearchBackend(Protocol):
    """Where to look: an index, or a listing."""

    def rows(self, tree: Node, lists: Collection[str], stop: Event | None) -> array[int]:
        """Return what a tree means, the latest activity first. Raises Cancelled."""
        ...

    def search(
        self, text: str, limit: int, stop: Event | None, rows: Sequence[int] | None
    ) -> list[tuple[int, int, FuzzyHit]] | None:
        """Return the best rows and patches (row, number of the patch or 0, hit); None while that is not ready."""
        ...

    def hits(self, rows: Collection[int]) -> Mapping[int, SearchHit]:
        """Return rows as hits that nothing is lit in."""
        ...

    def patches(self, patches: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], SearchHit]:
        """Return patches, by row and number, as hits that nothing is lit in."""
        ...

    def matching(
        self, tree: Node, rows: Collection[int], stop: Event | None
    ) -> Mapping[int, Matching]:
        """Return which of their mails make rows meet a tree about mails; the patches as hits that nothing is lit in.

        Raises Cancelled.
        """
        ...

    def row_holding(self, message_id: MessageId) -> int | None:
        """Return the row that holds a mail."""
        ...

    def why_empty(self, term: FieldTerm) -> str:
        """Return why a term finds nothing, as a sentence, where more is known than that; else ""."""
        ...
