"""A database file of the cache: made where there is none, and made anew where it cannot be used."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from core.errors import PatchdeskError
from core.system.paths import private_dir

_BUSY: Final = 10.0
"""Seconds to wait for another process that writes."""


def open_cache_file(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """Return a connection to a file with `schema`; one that is damaged or of another `version` is made anew.

    Raises PatchdeskError where that cannot be.
    """
    private_dir(path.parent)
    try:
        try:
            return _opened(path, schema, version)
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            return _opened(path, schema, version)
    except sqlite3.Error as error:
        raise PatchdeskError(f"{path} cannot be used: {error}.") from error


def _opened(path: Path, schema: str, version: int) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA foreign_keys = ON")
        (found,) = database.execute("PRAGMA user_version").fetchone()
        if found == 0:
            database.executescript(schema)
            database.execute(f"PRAGMA user_version = {version}")
        elif found != version:
            raise sqlite3.DatabaseError("it belongs to another version")
    except sqlite3.Error:
        database.close()
        raise
    path.chmod(0o600)
    return database
