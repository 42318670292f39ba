"""The connections to one index file: borrowed for a question, given back, and a few kept open for the next.

Caches over a connection (phrases, paths of patterns, prepared statements) live as long as the connection, so their size
is bounded by the number of connections. Numbers of phrases and paths are never given twice (`core.index.forget`), so
none of it grows wrong.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from core.index.database import connect, faults
from core.index.loader import ConversationLoader
from core.index.query_sql import SqlQueryRunner

MOST_IDLE: Final = 3
"""Idle connections that are kept open; each has a cache of pages."""


class IndexConnection:
    """A connection and its readers. For one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.loader = ConversationLoader(connection)
        self.queries = SqlQueryRunner(connection)


class ConnectionPool:
    """Lends connections to any thread. Errors of SQLite meanwhile become an IndexFileError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[IndexConnection] = []
        self._is_closed = False

    @contextmanager
    def borrow(self) -> Iterator[IndexConnection]:
        """Lend a connection exclusively, the last returned first: its caches are warm."""
        with faults(self._path):
            with self._lock:
                held = self._idle.pop() if self._idle else None
            if held is None:
                held = IndexConnection(connect(self._path))
            try:
                yield held
            finally:
                self._give_back(held)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection as `borrow` does."""
        with self.borrow() as held:
            yield held.connection

    def _give_back(self, held: IndexConnection) -> None:
        with self._lock:
            # A generator that was left in the midst of a transaction must not hold it on.
            if (
                not self._is_closed
                and len(self._idle) < MOST_IDLE
                and not held.connection.in_transaction
            ):
                self._idle.append(held)
                return
        held.connection.close()

    def close(self) -> None:
        """Close the connections that nobody uses; those in use are closed when they are given back.

        A later borrower, such as a search that still runs, gets one that is closed after it.
        """
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for held in idle:
            held.connection.close()
