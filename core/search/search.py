"""The search of a screen or a command: a query as typed, evaluated over a backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Collection
from threading import Event

from core.search.backend import SearchBackend
from core.search.evaluate import evaluate, exact_query
from core.search.hits import LIMIT, SearchResult


class Search(ABC):
    """Searches followed lists (`ListSearch`) or one opened target (`TargetSearch`). Over an index all calls raise IndexFileError."""

    def __init__(self, backend: SearchBackend) -> None:
        self._queries = backend

    @property
    @abstractmethod
    def ready(self) -> bool:
        """Whether the fuzzy engine answers."""

    @abstractmethod
    def ensure_ready(self, stop: Event) -> bool:
        """Bring the fuzzy engine up to date; return whether it answers now. Blocks meanwhile; raises Cancelled."""

    @abstractmethod
    def close(self) -> None:
        """Stop building the engine. Any thread; does not wait."""

    def check(self, query: str) -> None:
        """Raise QueryError where a query cannot be parsed, or not be asked here; costs nothing else."""
        self._queries.read(query)

    def find(
        self,
        query: str,
        lists: Collection[str] = (),
        *,
        limit: int = LIMIT,
        stop: Event | None = None,
    ) -> SearchResult:
        """Return the best matches in some lists, in all if none is named. Raises QueryError and Cancelled."""
        return evaluate(self._queries, query, self._queries.read(query), lists, limit, stop)

    def rows(self, query: str, lists: Collection[str] = ()) -> array[int]:
        """Return all matching rows, the latest activity first; words match exactly. Raises QueryError."""
        return self._queries.rows(exact_query(self._queries.read(query)), lists, None)

    def count(self, query: str, lists: Collection[str] = ()) -> int:
        """Return how many rows match. Raises QueryError."""
        return self._queries.count(exact_query(self._queries.read(query)), lists)
