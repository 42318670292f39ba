"""A database file of the cache: made where there is none, and made anew where it is damaged or of another version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from core.errors import PatchdeskError
from core.system.paths import private_dir

BUSY_FOR: Final = 10.0
"""Seconds to wait for another process that writes."""


class _OtherVersionError(sqlite3.DatabaseError):
    pass


class CacheConnection(sqlite3.Connection):
    """A connection whose statements raise PatchdeskError, which names the file and says what to do."""

    path = Path()

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """Run a statement. Raises PatchdeskError."""
        with _faults(self.path):
            return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        """Run a statement with each of several rows. Raises PatchdeskError."""
        with _faults(self.path):
            return super().executemany(*arguments)


def open_cache_file(
    path: Path, schema: str, version: int, busy_for: float = BUSY_FOR
) -> CacheConnection:
    """Return a connection to a file with `schema`; one that is damaged or of another `version` is made anew.

    Raises PatchdeskError where that cannot be, and where another process keeps it locked for `busy_for` seconds: then
    the file is good, and left as it is.
    """
    private_dir(path.parent)
    with _faults(path):
        try:
            return _opened(path, schema, version, busy_for)
        except sqlite3.DatabaseError as error:
            if not _is_useless(error):
                raise
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            return _opened(path, schema, version, busy_for)


def _opened(path: Path, schema: str, version: int, busy_for: float) -> CacheConnection:
    database = sqlite3.connect(path, timeout=busy_for, factory=CacheConnection)
    run = super(CacheConnection, database).execute  # its own errors tell whether it is damaged
    try:
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA foreign_keys = ON")
        (found,) = run("PRAGMA user_version").fetchone()
        if found == 0:
            database.executescript(f"BEGIN;{schema}PRAGMA user_version = {version};COMMIT;")
        elif found != version:
            raise _OtherVersionError
    except sqlite3.Error:
        database.close()
        raise
    path.chmod(0o600)
    database.path = path
    return database


def _is_useless(error: sqlite3.DatabaseError) -> bool:
    return isinstance(error, _OtherVersionError) or _code(error) in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
    )


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Raise what SQLite raises as a PatchdeskError."""
    try:
        yield
    except sqlite3.Error as error:
        if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise PatchdeskError(
                f"Another process keeps {path} busy.", "Try again once its sync has ended."
            ) from error
        raise PatchdeskError(
            f"{path} cannot be used: {error}.",
            "Free space on its disk, or delete it: it is built again.",
        ) from error
