"""The lists in the index, and their parts: what they are called, and how far they were read."""

from __future__ import annotations

import sqlite3

from core.index.database import transaction
from core.sources.feed import Feed


def position_of(connection: sqlite3.Connection, part: int) -> str:
    """Return how far a part of a list was read, in its feed's words."""
    (position,) = connection.execute("SELECT position FROM part WHERE id = ?", (part,)).fetchone()
    return str(position)


def list_of(connection: sqlite3.Connection, name: str, read_before: int) -> tuple[int, int, bool]:
    """Return a list's number, from when on its mails are unread at first, and whether it never came to its end.

    It is made where it is new.
    """
    with transaction(connection):
        connection.execute(
            "INSERT OR IGNORE INTO list (name, read_before) VALUES (?, ?)", (name, read_before)
        )
        found: tuple[int, int, bool] = connection.execute(
            "SELECT id, read_before, synced IS NULL FROM list WHERE name = ?", (name,)
        ).fetchone()
    return found


def part_of(connection: sqlite3.Connection, list_id: int, feed: Feed) -> int:
    """Return the number of a part (an epoch, a file, a server's windows); it is made where it is new."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO part (list, name, rank, path, position) VALUES (?, ?, ?, ?, '')"
            " ON CONFLICT DO UPDATE SET path = excluded.path, rank = excluded.rank",
            (list_id, feed.part, feed.rank, feed.path),
        )
        (part,) = connection.execute(
            "SELECT id FROM part WHERE list = ? AND name = ?", (list_id, feed.part)
        ).fetchone()
    return int(part)
