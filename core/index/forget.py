"""Taking a list out of the index, with the people, trailers and paths that only its mails named."""

from __future__ import annotations

import sqlite3
from threading import Event
from typing import Final

from core.errors import Cancelled
from core.index.codec import from_blob, phrases_of, read_facts
from core.index.database import get_meta, set_meta, transaction
from core.index.full_text import remove_phrases
from core.index.ids import CLEANUPS
from core.index.inbox import forget_boundary
from core.index.message_writer import remove_from_part
from core.index.rebuild import leave_out
from core.index.regroup import regroup_dirty
from core.progress import Progress, ProgressCallback

_AT_ONCE: Final = 2000
"""Mails of one transaction."""


def forget(
    connection: sqlite3.Connection, list_name: str, *, stop: Event, report: ProgressCallback
) -> int:
    """Take out a list and the mails that are in no other; return how many rows changed.

    Raises Cancelled; then a part of it is gone, and forgetting it again takes the rest.
    """
    changed = 0
    leave_out(connection, list_name)
    found = connection.execute("SELECT id FROM list WHERE name = ?", (list_name,)).fetchone()
    while found is not None:
        if stop.is_set():
            raise Cancelled
        with transaction(connection):
            if not _remove_some(connection, found[0], list_name):
                found = None
        changed += regroup_dirty(connection, stop=stop, report=report)
    _remove_unused(connection, stop, report)
    return changed


def _remove_some(connection: sqlite3.Connection, list_id: int, list_name: str) -> bool:
    """Remove some mails of a list, and where none is left the list itself; return whether there may be more."""
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
    if not mails:
        connection.execute("DELETE FROM list_part WHERE list = ?", (list_id,))
        connection.execute("DELETE FROM list WHERE id = ?", (list_id,))
        forget_boundary(connection, list_name)
    return bool(mails)


def _remove_unused(connection: sqlite3.Connection, stop: Event, report: ProgressCallback) -> None:
    """Remove the phrases and paths that no mail names any more.

    All mails are read for it, most of them outside of the write transaction: a stored mail never changes, and those
    that come meanwhile have higher numbers. The last phrase and path stay, so that no number is given twice. Raises
    Cancelled.
    """
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM phrase").fetchone()
    used = bytearray(last + 1)
    read = 0
    while (upto := _mark_used(connection, read, used)) != read:
        if stop.is_set():
            raise Cancelled
        report(Progress("Removing unused names, mail", upto, None))
        read = upto
    with transaction(connection):
        while (upto := _mark_used(connection, read, used)) != read:
            read = upto
        unused = [
            (number, from_blob(text))
            for number, text in connection.execute(
                "SELECT id, text FROM phrase WHERE id < ?", (last,)
            )
            if not used[number]
        ]
        remove_phrases(connection, unused)
        connection.execute(
            "DELETE FROM path WHERE id < (SELECT max(id) FROM path)"
            " AND NOT EXISTS (SELECT 1 FROM patch_file WHERE patch_file.path = path.id)"
        )
        # Tells a sync that runs meanwhile that numbers which it remembers may be gone.
        set_meta(connection, CLEANUPS, int(get_meta(connection, CLEANUPS) or 0) + 1)


def _mark_used(connection: sqlite3.Connection, after: int, used: bytearray) -> int:
    """Mark the phrases used by the next batch of mails after number `after`; return the number of the batch's last mail."""
    for number, packed in connection.execute(
        "SELECT id, facts FROM message WHERE id > ? ORDER BY id LIMIT ?", (after, _AT_ONCE)
    ).fetchall():
        after = number
        for phrase in phrases_of(read_facts(packed)):
            if phrase < len(used):
                used[phrase] = 1
    return after
