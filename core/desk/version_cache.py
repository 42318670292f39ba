"""A cache of comparisons, keyed by the content compared: bounded, and safe to delete."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Final

from core.errors import PatchdeskError
from core.model import Version
from core.system.paths import cache_dir, private_dir
from core.versions.comparison import RULES, Comparison, from_record, to_record

log = logging.getLogger(__name__)

MOST_KEPT: Final = 5_000
"""Comparisons; beyond, those that were used longest ago go. Some kilobytes each."""
_LARGEST: Final = 1 << 20
"""Largest comparison that is cached, in characters of JSON."""
_BUSY: Final = 0.2
"""Seconds to wait for another process that writes."""


def cache_key(old: Version, new: Version, steps: Iterable[Version] = ()) -> bytes:
    """Return the cache key of a comparison: the numbers and fingerprints of all messages it reads."""
    digest = blake2b(f"rules {RULES}".encode(), digest_size=20)
    for version in (old, new, *steps):
        digest.update(f"\nversion {version.version}".encode())
        for entry in version.entries():
            digest.update(
                f"\n{entry.number} {entry.message.fingerprint} {entry.message.message_id}".encode(
                    "utf-8", "surrogatepass"
                )
            )
    return digest.digest()


class ComparisonCache:
    """A file of comparisons; every fault of it counts as nothing found."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, key: bytes) -> Comparison | None:
        """Return the comparison kept under a key."""
        try:
            with closing(self._open()) as connection, connection:
                found = connection.execute(
                    "UPDATE comparison SET used = (SELECT max(used) + 1 FROM comparison)"
                    " WHERE key = ? RETURNING record",
                    (key,),
                ).fetchone()
            return None if found is None else from_record(json.loads(found[0]))
        except (
            sqlite3.Error,
            OSError,
            PatchdeskError,
            KeyError,
            TypeError,
            ValueError,
            RecursionError,
        ) as error:
            self._forget(error)
            return None

    def put(self, key: bytes, comparison: Comparison) -> None:
        """Keep a comparison; one that is too large is not kept."""
        record = json.dumps(to_record(comparison), separators=(",", ":"))
        if len(record) > _LARGEST:
            return
        try:
            with closing(self._open()) as connection, connection:
                connection.execute(
                    "INSERT OR REPLACE INTO comparison (key, record, used)"
                    " VALUES (?, ?, (SELECT coalesce(max(used), 0) + 1 FROM comparison))",
                    (key, record),
                )
                connection.execute(
                    "DELETE FROM comparison WHERE used <= (SELECT used FROM comparison"
                    " ORDER BY used DESC LIMIT 1 OFFSET ?)",
                    (MOST_KEPT,),
                )
        except (sqlite3.Error, OSError, PatchdeskError) as error:
            self._forget(error)

    def _open(self) -> sqlite3.Connection:
        private_dir(self._file.parent)
        self._file.touch(mode=0o600)
        connection = sqlite3.connect(self._file, timeout=_BUSY)
        try:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS comparison"
                " (key BLOB PRIMARY KEY, record TEXT NOT NULL, used INTEGER NOT NULL)"
            )
            connection.execute("CREATE INDEX IF NOT EXISTS by_use ON comparison (used)")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _forget(self, error: Exception) -> None:
        """Start a damaged file anew; one that is only busy or read-only stays."""
        log.warning("versions cache: %s", error)
        if isinstance(error, sqlite3.OperationalError | OSError | PatchdeskError):
            return
        try:
            self._file.unlink(missing_ok=True)
        except OSError as fault:
            log.warning("versions cache: %s", fault)


def shared_cache() -> ComparisonCache:
    """Return the cache that the reader and all commands share; the file is opened once something is asked."""
    return ComparisonCache(cache_dir() / "versions.sqlite3")
