"""The lists in the index, and their parts: their names, and how far they were read."""

from __future__ import annotations

import sqlite3
from collections.abc import Set as AbstractSet

from core.index.database import transaction
from core.index.message_writer import StoredSource


def read_cursor(connection: sqlite3.Connection, part: int) -> str:
    """Return how far a part of a list was read, in its feed's words."""
    (position,) = connection.execute(
        "SELECT position FROM list_part WHERE id = ?", (part,)
    ).fetchone()
    return str(position)


def ensure_list(
    connection: sqlite3.Connection, name: str, read_before: int
) -> tuple[int, int, bool]:
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


def ensure_part(connection: sqlite3.Connection, list_id: int, feed: StoredSource) -> int:
    """Return the number of a part (an epoch, a file, a server's windows); it is made where it is new."""
    with transaction(connection):
        connection.execute(
            "INSERT INTO list_part (list, name, rank, path, position) VALUES (?, ?, ?, ?, '')"
            " ON CONFLICT DO UPDATE SET path = excluded.path, rank = excluded.rank",
            (list_id, feed.part_name, feed.order, feed.path),
        )
        (part,) = connection.execute(
            "SELECT id FROM list_part WHERE list = ? AND name = ?", (list_id, feed.part_name)
        ).fetchone()
    return int(part)


class StoredListPart:
    """The stored record of one part of a list."""

    def __init__(self, connection: sqlite3.Connection, list_id: int, part: int, rank: int) -> None:
        self._connection = connection
        self._list = list_id
        self._part = part
        self._rank = rank

    def blobs(self) -> set[bytes]:
        """Return the blob ids of its mails."""
        rows = self._connection.execute(
            "SELECT blob FROM part_message JOIN message ON message.id = message WHERE list_part = ?",
            (self._part,),
        )
        return {blob for (blob,) in rows}

    def names(self) -> dict[str, bytes]:
        """Return the blob ids by the names that the part gave its mails."""
        return dict(
            self._connection.execute(
                "SELECT name, blob FROM part_message JOIN message ON message.id = message"
                " WHERE list_part = ? AND name IS NOT NULL",
                (self._part,),
            )
        )

    def history_rewritten(self, removed: AbstractSet[bytes]) -> None:
        """Forget the removals of the part, but for `removed`, those of its rewritten history.

        Where those are fewer than before, the older parts are to be read again: the others have come back in them.
        """
        with transaction(self._connection):
            before = self._connection.execute(
                "SELECT blob FROM tombstone WHERE list = ? AND rank = ?", (self._list, self._rank)
            ).fetchall()
            back = [blob for (blob,) in before if blob not in removed]
            if not back:
                return
            self._connection.executemany(
                "DELETE FROM tombstone WHERE list = ? AND rank = ? AND blob = ?",
                [(self._list, self._rank, blob) for blob in back],
            )
            older = (self._list, self._rank)
            self._connection.execute("DELETE FROM tombstone WHERE list = ? AND rank < ?", older)
            self._connection.execute(
                "UPDATE list_part SET position = 'again' WHERE list = ? AND rank < ? AND position != ''",
                older,
            )
