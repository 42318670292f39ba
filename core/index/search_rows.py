"""The searchable parts of rows for the fuzzy search: the series or thread itself, and its patches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.index.codec import StoredFacts, from_blob, read_facts, split_pair
from core.index.row_summary import decode_row_head

_AT_ONCE: Final = 2000
"""Rows read with one question."""


@dataclass(frozen=True, slots=True)
class SearchRow:
    """A row, or a patch of it."""

    row: int
    node: int
    """The node of a patch; 0 for the row itself."""
    subject: str
    """Without tags."""
    name: str
    address: str
    message_id: str
    date: int
    """Of a patch when it was sent, else the row's latest activity; seconds of the Unix epoch."""
    version: int
    is_series: bool


def all_search_rows(connection: sqlite3.Connection) -> Iterator[SearchRow]:
    """Yield all rows and their patches."""
    first = 0
    while True:
        rows = [
            row
            for (row,) in connection.execute(
                "SELECT id FROM list_row WHERE id > ? ORDER BY id LIMIT ?", (first, _AT_ONCE)
            )
        ]
        if not rows:
            return
        yield from search_rows(connection, rows)
        first = rows[-1]


def search_rows(connection: sqlite3.Connection, rows: Collection[int]) -> list[SearchRow]:
    """Return some rows and their patches. Of patches with the same subject only the newest version's is returned."""
    found: list[SearchRow] = []
    patches: dict[int, list[SearchRow]] = {}
    asked = json.dumps(list(rows))
    people = _People(connection)
    for row, node, name, packed in connection.execute(
        "SELECT node.list_row, node.id, node.name, facts FROM node CROSS JOIN message ON node = node.id"
        " WHERE node.list_row IN (SELECT value FROM json_each(?)) AND role & 3",
        (asked,),
    ):
        patch = _patch(row, node, from_blob(name), read_facts(packed), people)
        if patch is not None:
            patches.setdefault(row, []).append(patch)
    for row, is_thread, name, head in connection.execute(
        "SELECT list_row.id, thread, name, head FROM list_row CROSS JOIN node ON node.id = lead"
        " WHERE list_row.id IN (SELECT value FROM json_each(?))",
        (asked,),
    ):
        looks = decode_row_head(head)
        found.append(
            SearchRow(
                row, 0, looks.subject, looks.name, looks.address, from_blob(name), int(looks.active[0]),
                1 if is_thread else looks.version, not is_thread,
            )
        )  # fmt: skip
        told = set()
        for patch in sorted(patches.get(row, ()), key=lambda one: (-one.version, -one.date)):
            if (key := (patch.subject, patch.address)) not in told:
                told.add(key)
                found.append(patch)
    return found


def search_rows_of_messages(
    connection: sqlite3.Connection, nodes: Iterable[int]
) -> dict[int, SearchRow]:
    """Return patches by their nodes."""
    people = _People(connection)
    found = {}
    for row, node, name, packed in connection.execute(
        "SELECT node.list_row, node.id, node.name, facts FROM node CROSS JOIN message ON node = node.id"
        " WHERE node.id IN (SELECT value FROM json_each(?)) AND list_row IS NOT NULL",
        (json.dumps(list(nodes)),),
    ):
        patch = _patch(row, node, from_blob(name), read_facts(packed), people)
        if patch is not None:
            found[node] = patch
    return found


class _People:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[int, tuple[str, str]] = {}

    def __getitem__(self, number: int) -> tuple[str, str]:
        person = self._known.get(number)
        if person is None:
            (text,) = self._connection.execute(
                "SELECT text FROM phrase WHERE id = ?", (number,)
            ).fetchone()
            person = self._known[number] = split_pair(from_blob(text))
        return person


def _patch(row: int, node: int, name: str, facts: StoredFacts, people: _People) -> SearchRow | None:
    """Return a patch; None for a cover letter, which its series represents."""
    if facts.number == 0:
        return None
    author, address = people[facts.author]
    return SearchRow(
        row,
        node,
        facts.subject_title,
        author,
        address,
        name,
        int(facts.timestamp),
        facts.version,
        is_series=False,
    )
