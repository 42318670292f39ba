"""The index of followed lists: messages, their series and threads, and the search over them.

One file, one writer at a time, any number of readers. Its parts are named for their users: `rows` for the tree, `mails`
for the reader, `search` for searches, `writer` for a sync; triage has `core.index.triage_store`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path

from core.index.connection_pool import ConnectionPool
from core.index.database import check_file, get_meta, open_database
from core.index.file_lock import IndexFileLock
from core.index.mail_queries import MailQueries
from core.index.row_queries import RowQueries
from core.index.row_summary import SeriesSummary
from core.index.search_queries import SearchQueries
from core.index.views import ListStats, RowChanges, RowView
from core.index.writer import IndexWriter

__all__ = ["Index", "ListStats", "RowChanges", "RowView", "SeriesSummary", "open_index"]


def open_index(path: Path) -> Index:
    """Open the index at a path, made where there is none.

    One that is damaged, or no index, is set aside and an empty one made; `notes` says so. Raises IndexFileError where
    that cannot be, and for an index that a newer patchdesk wrote.
    """
    with contextlib.suppress(OSError):  # which `open_database` tells
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = IndexFileLock(path)
    try:
        return Index(path, open_database(path, lock=lock), lock)
    except BaseException:
        lock.close()
        raise


class Index:
    """An open index. Its methods may be called from any thread, and raise IndexFileError where the file fails."""

    def __init__(
        self, path: Path, notes: tuple[str, ...] = (), lock: IndexFileLock | None = None
    ) -> None:
        """Use `open_index`, which calls `open_database` first."""
        self.path = path
        self.notes = notes
        """Notes on the opening, each a sentence."""
        self._lock = lock
        self._pool = ConnectionPool(path)
        self.rows = RowQueries(self._pool)
        self.mails = MailQueries(self._pool)
        self.search = SearchQueries(self._pool)
        self.writer = IndexWriter(self._pool, path)

    def connection(self) -> AbstractContextManager[sqlite3.Connection]:
        """Lend a connection to a module with tables of its own."""
        return self._pool.connection()

    @property
    def identity(self) -> str:
        """An id that tells this index from one rebuilt in its place."""
        with self._pool.connection() as connection:
            return str(get_meta(connection, "identity"))

    def generation(self) -> int:
        """Return the number of the last change of any row."""
        with self._pool.connection() as connection:
            return int(get_meta(connection, "generation") or 0)

    def check_file(self) -> None:
        """Raise IndexDamagedError where a read found damage, or the file lost its header."""
        check_file(self.path)

    def close(self) -> None:
        """Close all connections; one that is in use closes once it is not."""
        self._pool.close()
        if self._lock is not None:
            self._lock.close()
