"""Counts of the reviews of rows, in a file of its own beside the index's other caches.

A row's counts take the reading of all its mails, so that they are filled in after a sync (`core.desk.review_counts`) and are
missing until then. The file can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from core.index.review_summary import ReviewSummary, decode
from core.system.paths import private_dir

log = logging.getLogger(__name__)

_VERSION: Final = 1
_BUSY: Final = 2.0
"""Seconds to wait for another process that writes."""
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS known (identity TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS review (list_row INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, record TEXT NOT NULL)",
    f"PRAGMA user_version = {_VERSION}",
)


class ReviewCounts:
    """The file of the counts of one index. Any thread; a file that cannot be used counts as empty."""

    def __init__(self, file: Path, identity: str) -> None:
        """Take the path and the identity of the index: counts of another index are dropped."""
        self._file = file
        self._identity = identity

    def of(self, rows: Iterable[int]) -> dict[int, ReviewSummary]:
        """Return the counts of rows, of those that have any."""
        wanted = json.dumps(list(rows))
        return dict(
            self._read(
                "SELECT list_row, record FROM review WHERE list_row IN (SELECT value FROM json_each(?))",
                (wanted,),
            )
        )

    def all(self) -> dict[int, ReviewSummary]:
        """Return the counts of all rows that have any."""
        return dict(self._read("SELECT list_row, record FROM review", ()))

    def row_of_comment(self, key: str) -> int | None:
        """Return the row that has a review comment."""
        found = self._read("SELECT list_row, record FROM review WHERE instr(record, ?)", (key,))
        return next((row for row, one in found if key in dict(one.comments)), None)

    def fingerprints(self) -> dict[int, str]:
        """Return what each row was like when it was counted."""
        with contextlib.suppress(sqlite3.Error, OSError), self._opened() as connection:
            return dict(connection.execute("SELECT list_row, fingerprint FROM review"))
        return {}

    def put(self, found: Iterable[tuple[int, str, ReviewSummary]], gone: Iterable[int]) -> None:
        """Store the counts of rows with their fingerprints, and drop those of rows that are gone."""
        try:
            private_dir(self._file.parent)
            self._file.touch(mode=0o600)
            with contextlib.closing(self._connect()) as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    connection.execute(statement)
                if not self._is_mine(connection):
                    connection.execute("DELETE FROM review")
                    connection.execute("DELETE FROM known")
                    connection.execute("INSERT INTO known VALUES (?)", (self._identity,))
                connection.executemany(
                    "INSERT OR REPLACE INTO review VALUES (?, ?, ?)",
                    [(row, fingerprint, one.encode()) for row, fingerprint, one in found],
                )
                connection.executemany(
                    "DELETE FROM review WHERE list_row = ?", [(row,) for row in gone]
                )
        except sqlite3.DatabaseError as error:
            log.warning("%s is made anew: %s", self._file, error)
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._file, error)

    def _read(self, query: str, values: tuple[object, ...]) -> Iterator[tuple[int, ReviewSummary]]:
        rows: list[tuple[int, str]] = []
        with contextlib.suppress(sqlite3.Error, OSError), self._opened() as connection:
            rows = connection.execute(query, values).fetchall()
        for row, record in rows:
            with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
                yield row, decode(record)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for reading. Raises sqlite3.Error where the file is missing or of another index."""
        if not self._file.exists():
            raise sqlite3.OperationalError("there is no file")
        with contextlib.closing(self._connect()) as connection:
            if not self._is_mine(connection):
                raise sqlite3.OperationalError("it is of another index")
            yield connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=_BUSY, isolation_level=None)

    def _is_mine(self, connection: sqlite3.Connection) -> bool:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        found = connection.execute("SELECT identity FROM known").fetchone()
        return version == _VERSION and found is not None and found[0] == self._identity
