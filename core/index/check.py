"""Looking whether an index is whole, without changing it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from core.index.database import APPLICATION_ID
from core.index.migrations import MIGRATIONS

_FEW: Final = 5


def problems(path: Path) -> list[str]:
    """Return what is wrong with the index at a path, each as words that follow "The index"; nothing where it is whole.

    An older version is no problem: it is brought up to date when it is opened. Takes a while for a large index.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if application != APPLICATION_ID:
                return ["is somebody else's file"]
            if version > len(MIGRATIONS) + 1:
                return ["was written by a newer patchdesk"]
            said = connection.execute(f"PRAGMA integrity_check({_FEW})").fetchall()
    except sqlite3.Error as error:
        return [f"cannot be read: {error}"]
    return [f"is damaged: {words}" for (words,) in said if words != "ok"]
