"""What was read: a flag of each Message-ID, and the counts of unread mails that rows carry.

The flags repeat what the triage journal says; replaying it over an index that was built anew gives the same. A mail that is
not here yet keeps its flag for when it comes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from core.index.database import transaction
from core.index.ids import IdAllocator
from core.index.rows import bump_generation
from core.model import MessageId


def mark_read(
    connection: sqlite3.Connection, message_ids: Iterable[MessageId], *, seen: bool
) -> int:
    """Count mails as read or unread; return how many rows changed by that."""
    with transaction(connection):
        return len(set_read_flag(connection, message_ids, seen=seen))


def set_read_flag(
    connection: sqlite3.Connection, message_ids: Iterable[MessageId], *, seen: bool
) -> set[int]:
    """Do so within a transaction; return the rows that changed."""
    numbers = IdAllocator(connection, {})
    nodes = [numbers.node(message_id) for message_id in message_ids]
    numbers.store()
    wanted = json.dumps(nodes)
    items = {
        item
        for (item,) in connection.execute(
            "SELECT DISTINCT list_row FROM node WHERE id IN (SELECT value FROM json_each(?))"
            " AND list_row IS NOT NULL AND is_read != ?",
            (wanted, seen),
        )
    }
    connection.execute(
        "UPDATE node SET is_read = ? WHERE id IN (SELECT value FROM json_each(?))", (seen, wanted)
    )
    if items:
        generation = bump_generation(connection)
        for item in items:
            recount_unread(connection, item, generation)
    return items


def recount_unread(connection: sqlite3.Connection, item: int, generation: int) -> None:
    """Count the unread mails of a row anew."""
    unread = news = 0
    for role, mails in connection.execute(
        "SELECT role, count(*) FROM node WHERE list_row = ? AND NOT is_read GROUP BY role", (item,)
    ):
        unread += mails
        news |= role
    connection.execute(
        "UPDATE list_row SET unread = ?, unread_roles = ?, generation = ? WHERE id = ?",
        (unread, news, generation, item),
    )
    connection.execute(
        "UPDATE row_list SET unread ="
        " (SELECT count(DISTINCT node.id) FROM node CROSS JOIN message ON node = node.id"
        "  CROSS JOIN part_message ON message = message.id CROSS JOIN list_part ON list_part.id = list_part"
        "  WHERE node.list_row = row_list.list_row AND NOT is_read AND list_part.list = row_list.list)"
        " WHERE list_row = ?",
        (item,),
    )
