"""Series and threads → rows of the tree, and the counts of unread mails that rows carry.

The read flags follow from the triage journal; applying it to a rebuilt index gives the same. The flag of a mail that is
not here yet waits for it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from core.index.codec import to_blob
from core.index.database import transaction
from core.index.ids import IdAllocator
from core.index.row_summary import MessageRole, message_roles, row_head
from core.model import MessageId, Series, Thread

KEPT_GENERATIONS: Final = 2000
"""Generations for which it is known which rows were taken away."""

_FORGET_EVERY: Final = 100


@dataclass(slots=True)
class RowDraft:
    """A row to be written, with its messages and counts."""

    columns: tuple[object, ...]
    """All but its number and generation."""
    roles: dict[int, MessageRole]
    """Node → the role of its mail."""
    postings: tuple[int, ...]
    facets: tuple[int, ...] = ()
    """The columns of `facet` for it, without its number."""
    lists: dict[int, tuple[int, int]] = field(default_factory=dict)
    """List → (number of its mails there, number of these unread)."""


def draft_row(
    item: Series | Thread,
    postings: Iterable[int],
    nodes: dict[MessageId, int],
    seen: Collection[int],
    lists: dict[int, list[int]],
) -> RowDraft:
    """Return the row of a series or thread, given the facts of its mails' nodes."""
    roles: dict[int, MessageRole] = {}
    for message, role in message_roles(item):
        roles[nodes[message.message_id]] = role
    unread = [node for node in roles if node not in seen]
    news = MessageRole(0)
    for node in unread:
        news |= roles[node]
    head = row_head(item)
    author = (item.author.name or item.author.address).casefold()
    is_thread = isinstance(item, Thread)
    columns = (
        is_thread,
        nodes[item.id],
        head.active[0],
        head.posted[0],
        to_blob(author),
        len(roles),
        0 if isinstance(item, Thread) else sum(len(each.patches) for each in item.versions),
        len(item.replies) if isinstance(item, Thread) else item.replies,
        len(unread),
        int(news),
        head.encode(),
    )
    given = sum(count for _, count in head.given)
    facets = (is_thread, head.version, head.versions, head.have, head.total, given)
    draft = RowDraft(columns, roles, tuple(postings), facets)
    mails: Counter[int] = Counter()
    new: Counter[int] = Counter()
    for node in roles:
        for list_id in lists.get(node, ()):
            mails[list_id] += 1
            new[list_id] += node not in seen
    draft.lists = {list_id: (count, new[list_id]) for list_id, count in mails.items()}
    return draft


def write_rows(
    connection: sqlite3.Connection,
    drafts: list[RowDraft],
    old: set[int],
    items: dict[int, tuple[int, int]],
    generation: int,
) -> int:
    """Replace `old` rows by new ones; return the number written or removed.

    Each takes over the number of the row that held most of its mails, so that a reader of a row goes on to see the same
    mails. `items` is the row and the role that each node had.
    """
    numbers = _numbers(connection, drafts, old, items)
    before = _stored(connection, old)
    changed = 0
    rows: list[tuple[object, ...]] = []
    facets: list[tuple[int, ...]] = []
    lists: list[tuple[int, int, int, int]] = []
    nodes: list[tuple[int, int, int]] = []
    for draft, number in zip(drafts, numbers, strict=True):
        nodes += [
            (number, int(role), node)
            for node, role in draft.roles.items()
            if items.get(node) != (number, role)
        ]
        if before.get(number) == (draft.columns, draft.lists):
            continue
        changed += 1
        rows.append((number, *draft.columns[:-1], generation, draft.columns[-1]))
        facets.append((number, *draft.facets))
        lists += [(each, number, *counts) for each, counts in draft.lists.items()]
    _release(connection, drafts, old)
    gone = old.difference(numbers)
    _delete(connection, "row_list", "list_row", (*(row[0] for row in rows), *gone))
    _delete(connection, "list_row", "id", gone)
    _delete(connection, "series_facts", "list_row", gone)
    _insert_rows(connection, rows, facets, lists)
    connection.executemany("UPDATE node SET list_row = ?, role = ? WHERE id = ?", nodes)
    connection.executemany(
        "UPDATE posting SET list_row = ? WHERE id = ?",
        [
            (number, posting)
            for draft, number in zip(drafts, numbers, strict=True)
            for posting in draft.postings
        ],
    )
    connection.executemany(
        "INSERT INTO deleted_row VALUES (?, ?)", [(generation, item) for item in gone]
    )
    return changed + len(gone)


def _insert_rows(
    connection: sqlite3.Connection,
    rows: list[tuple[object, ...]],
    facets: list[tuple[int, ...]],
    lists: list[tuple[int, int, int, int]],
) -> None:
    marks = ", ".join("?" * 13)
    connection.executemany(f"INSERT OR REPLACE INTO list_row VALUES ({marks})", rows)  # noqa: S608
    connection.executemany(
        "INSERT OR REPLACE INTO series_facts VALUES (?, ?, ?, ?, ?, ?, ?)", facets
    )
    connection.executemany("INSERT INTO row_list VALUES (?, ?, ?, ?)", lists)


def _release(connection: sqlite3.Connection, drafts: list[RowDraft], old: set[int]) -> None:
    """Take out of their rows the mails and postings that are in none now: removed ones, and those that wait their turn."""
    for table, kept in (
        ("node", {node for draft in drafts for node in draft.roles}),
        ("posting", {posting for draft in drafts for posting in draft.postings}),
    ):
        held = connection.execute(
            f"SELECT id FROM {table} WHERE list_row IN (SELECT value FROM json_each(?))",  # noqa: S608
            (json.dumps(list(old)),),
        ).fetchall()
        connection.executemany(
            f"UPDATE {table} SET list_row = NULL WHERE id = ?",  # noqa: S608
            [one for one in held if one[0] not in kept],
        )


def _numbers(
    connection: sqlite3.Connection,
    drafts: list[RowDraft],
    old: set[int],
    items: dict[int, tuple[int, int]],
) -> list[int]:
    """Return the number of each row: an old one's, or a new one."""
    (last,) = connection.execute(
        "SELECT max(coalesce((SELECT max(id) FROM list_row), 0), coalesce((SELECT max(list_row) FROM deleted_row), 0))"
    ).fetchone()
    claims: list[tuple[int, int, int]] = []
    for at, draft in enumerate(drafts):
        held = Counter(items[node][0] for node in draft.roles if node in items)
        claims += [(-count, at, item) for item, count in held.items() if item in old]
    taken: set[int] = set()
    numbers: dict[int, int] = {}
    for _, at, item in sorted(claims):
        if at not in numbers and item not in taken:
            numbers[at] = item
            taken.add(item)
    for at in range(len(drafts)):
        if at not in numbers:
            last += 1
            numbers[at] = last
    return [numbers[at] for at in range(len(drafts))]


def _stored(
    connection: sqlite3.Connection, rows: Collection[int]
) -> dict[int, tuple[tuple[object, ...], dict[int, tuple[int, int]]]]:
    """Return rows as they are: their columns, and their counts by list."""
    wanted = json.dumps(list(rows))
    lists: dict[int, dict[int, tuple[int, int]]] = {}
    for list_id, item, mails, unread in connection.execute(
        "SELECT list, list_row, mails, unread FROM row_list"
        " WHERE list_row IN (SELECT value FROM json_each(?))",
        (wanted,),
    ):
        lists.setdefault(item, {})[list_id] = (mails, unread)
    found: dict[int, tuple[tuple[object, ...], dict[int, tuple[int, int]]]] = {}
    for row in connection.execute(
        "SELECT * FROM list_row WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
    ):
        number, *columns, _, head = row
        found[number] = ((*columns, head), lists.get(number, {}))
    return found


def _delete(
    connection: sqlite3.Connection, table: str, column: str, values: Collection[object]
) -> None:
    connection.execute(
        f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))",  # noqa: S608
        (json.dumps(list(values)),),
    )


def bump_generation(connection: sqlite3.Connection) -> int:
    """Count one change of the rows; return its number."""
    (generation,) = connection.execute(
        "UPDATE meta SET value = value + 1 WHERE name = 'generation' RETURNING value"
    ).fetchall()[0]
    if generation % _FORGET_EVERY == 0:
        connection.execute(
            "DELETE FROM deleted_row WHERE generation <= ?", (generation - KEPT_GENERATIONS,)
        )
    return int(generation)


def mark_read(
    connection: sqlite3.Connection, message_ids: Iterable[MessageId], *, seen: bool
) -> int:
    """Count mails as read or unread; return how many rows changed by that."""
    with transaction(connection):
        return len(set_read_flag(connection, message_ids, seen=seen))


def set_read_flag(
    connection: sqlite3.Connection, message_ids: Iterable[MessageId], *, seen: bool
) -> set[int]:
    """Set the read flag of mails within a transaction; return the rows that changed."""
    numbers = IdAllocator(connection)
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
