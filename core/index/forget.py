"""Taking a list out of the index."""

from __future__ import annotations

import sqlite3
from threading import Event
from typing import Final

from core.errors import Cancelled
from core.index.database import transaction
from core.index.message_writer import remove_from_part
from core.index.rebuild import leave_out
from core.index.regroup import regroup_dirty
from core.progress import ProgressCallback

_AT_ONCE: Final = 2000


def forget(
    connection: sqlite3.Connection, list_name: str, *, stop: Event, report: ProgressCallback
) -> int:
    """Take out a list and the mails that are in no other; return how many rows changed.

    Raises Cancelled; then a part of it is gone, and forgetting it again takes the rest.
    """
    changed = 0
    leave_out(connection, list_name)
    found = connection.execute("SELECT id FROM list WHERE name = ?", (list_name,)).fetchone()
    if found is None:
        return 0
    (list_id,) = found
    left = True
    while left:
        if stop.is_set():
            raise Cancelled
        with transaction(connection):
            # Whoever syncs it meanwhile begins anew.
            connection.execute("UPDATE list_part SET position = '' WHERE list = ?", (list_id,))
            connection.execute("DELETE FROM tombstone WHERE list = ?", (list_id,))
            mails = connection.execute(
                "SELECT list_part, message, node FROM list_part JOIN part_message ON list_part = list_part.id"
                " JOIN message ON message.id = message WHERE list = ? LIMIT ?",
                (list_id, _AT_ONCE),
            ).fetchall()
            for part, message, node in mails:
                remove_from_part(connection, part, message)
                connection.execute(
                    "INSERT OR IGNORE INTO dirty_conversation SELECT conversation FROM node WHERE id = ?",
                    (node,),
                )
            left = bool(mails)
            if not left:
                for table, column in (("list_part", "list"), ("list", "id")):
                    connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (list_id,))  # noqa: S608
        changed += regroup_dirty(connection, stop=stop, report=report)
    return changed
