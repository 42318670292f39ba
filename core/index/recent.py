"""The ids of the latest rows, for a shell's completion: read at once, without the machinery of `core.index.index`."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


def recent_ids(path: Path, count: int) -> list[str]:
    """Return the ids of the series and threads with the latest activity; none where the index cannot be read at once."""
    if not path.exists():
        return []
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.05)
        ) as connection:
            rows = connection.execute(
                "SELECT name FROM list_row JOIN node ON node.id = lead ORDER BY active DESC LIMIT ?",
                (count,),
            ).fetchall()
    except sqlite3.Error:
        return []
    return [bytes(name).decode("utf-8", "replace") for (name,) in rows]
