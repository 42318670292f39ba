"""The protocol by which a query is evaluated: over followed lists (`list_search`) or an opened target (`target_search`)."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, Protocol

from core.model import MessageId
from core.query.fields import FieldTerm
from core.query.query import Node
from core.search.hits import SearchHit

if TYPE_CHECKING:
    from core.search.fuzzy.index import FuzzyHit

Matching = tuple[bool, Sequence[SearchHit]]
"""Whether the row itself matches, by its cover letter or first mail, and those of its patches that do."""


class SearchBackend(Protocol):
    """Evaluates parsed queries over an index, or over a listing."""

    def read(self, query: str) -> Node:
        """Parse a query. Raises QueryError, also for terms that are not supported here."""
        ...

    def rows(self, tree: Node, lists: Collection[str], stop: Event | None) -> array[int]:
        """Return the rows that match a tree, the latest activity first. Raises Cancelled."""
        ...

    def count(self, tree: Node, lists: Collection[str]) -> int:
        """Return how many rows match a tree."""
        ...

    def search(
        self, text: str, limit: int, stop: Event | None, rows: Sequence[int] | None
    ) -> list[tuple[int, int, FuzzyHit]] | None:
        """Return the best rows and patches (row, number of the patch or 0, hit); None while that is not ready."""
        ...

    def hits(self, rows: Collection[int]) -> Mapping[int, SearchHit]:
        """Return rows as hits without highlights."""
        ...

    def patches(self, patches: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], SearchHit]:
        """Return patches, by row and number, as hits without highlights."""
        ...

    def matching(
        self, tree: Node, rows: Collection[int], stop: Event | None
    ) -> Mapping[int, Matching]:
        """Return the patches of rows whose mails meet a tree about mails, as hits without highlights.

        Raises Cancelled.
        """
        ...

    def row_holding(self, message_id: MessageId) -> int | None:
        """Return the row that holds a mail."""
        ...

    def why_empty(self, term: FieldTerm) -> str:
        """Return why a term finds nothing, as a sentence, where more is known than that; else ""."""
        ...
