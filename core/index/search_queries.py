"""Queries of a search: the rows of a query, and the rows and patches for the fuzzy engine."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from threading import Event
from typing import TYPE_CHECKING

from core.index.query_sql import IndexQuery
from core.index.search_rows import SearchRow, all_search_rows, search_rows, search_rows_of_messages
from core.triage.event_tables import EventTables

if TYPE_CHECKING:
    from core.index.connection_pool import ConnectionPool


class SearchQueries:
    """Asks for a search. Any thread may ask; all raise IndexFileError."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def rows(self, query: IndexQuery, stop: Event | None = None, limit: int = -1) -> array[int]:
        """Return the rows that a query means, the latest activity first. Raises Cancelled."""
        with self._pool.borrow() as held:
            return held.queries.rows(query, stop, limit)

    def count(self, query: IndexQuery, stop: Event | None = None) -> int:
        """Return how many rows a query means. Raises Cancelled."""
        with self._pool.borrow() as held:
            return held.queries.count(query, stop)

    def matching(
        self, query: IndexQuery, rows: Collection[int], stop: Event | None = None
    ) -> dict[int, tuple[int, bool]]:
        """Return which mails of rows meet a tree about mails, as `SqlQueryRunner.matching` has it."""
        with self._pool.borrow() as held:
            return held.queries.matching(query, rows, stop)

    def search_rows(self, rows: Collection[int]) -> list[SearchRow]:
        """Return some rows and their patches, as the fuzzy search takes them."""
        with self._pool.connection() as connection:
            return search_rows(connection, rows)

    def all_search_rows(self) -> Iterator[SearchRow]:
        """Yield all rows and their patches. To be read to the end."""
        with self._pool.connection() as connection:
            yield from all_search_rows(connection)

    def search_rows_of(self, nodes: Iterable[int]) -> dict[int, SearchRow]:
        """Return patches by their nodes."""
        with self._pool.connection() as connection:
            return search_rows_of_messages(connection, nodes)

    def last_visit(self) -> int | None:
        """Return the time of the last visit to the lists, in seconds of the Unix epoch; None where unknown."""
        with self._pool.connection() as connection:
            looked = EventTables(connection).get_meta("looked")
        return None if looked is None else int(looked) // 1_000_000
