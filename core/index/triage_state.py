"""Where the rows stand, as it follows from the triage journal: a cache, made again whenever rows or events change.

A row that nothing was done to has none. Whether a time that a row was put off until has come is seen when it is
asked, so that nothing need be written for it to come back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from core.index.codec import restored
from core.index.loader import StoredPhrases
from core.index.row_summary import Role, unpacked
from core.index.rows import next_generation
from core.model import MessageId
from core.triage import schema as tables
from core.triage import when
from core.triage.event_tables import AppliedEvents, EventTables
from core.triage.events import to_datetime, to_microseconds
from core.triage.state import (
    INITIAL_STATE,
    EventEffect,
    ReplyInfo,
    SeriesFacts,
    TriageState,
    fold_events,
)
from core.triage.transitions import ORDER, Status

TABLES: Final = (
    tables.TABLES
    + """\
-- Where rows stand (core.index.triage_state); those that nothing was done to are not here.
CREATE TABLE standing (
    item INTEGER PRIMARY KEY,
    status TEXT NOT NULL,              -- a core.triage.transitions.Status; of one whose time has come still `later`
    wake REAL,                         -- when its time comes
    opened INTEGER NOT NULL,           -- then it is `reading`, else `new`
    flagged INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    decided REAL,                      -- when it was last decided
    until TEXT NOT NULL,               -- what it waits for, see core.triage.when
    labels TEXT NOT NULL,              -- a JSON array
    data BLOB NOT NULL                 -- all of it
);
CREATE INDEX standing_wake ON standing (wake) WHERE wake IS NOT NULL;
CREATE INDEX standing_tag ON standing (until) WHERE until LIKE 'tag:%';
CREATE INDEX standing_decided ON standing (decided) WHERE decided IS NOT NULL;
-- Tags that are waited for and have come, by the list whose repository has them.
CREATE TABLE reached (list TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (list, tag)) WITHOUT ROWID;
CREATE INDEX item_unread ON item (id) WHERE unread > 0;
"""
)
"""The statements that make the tables of triage, each of which ends a line."""

_REFERENCES: Final = 13
_SENDER: Final = 10
_STAMP: Final = 0
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def status_at(now: float) -> str:
    """Return what of `fold_events` is a row's status at a moment, as SQL; NULL for a row that has none, which is new."""
    return (
        f"CASE WHEN standing.wake <= {now!r} THEN iif(standing.opened, 'reading', 'new')"
        " ELSE standing.status END"
    )


def rank_at(now: float) -> str:
    """Return a row's place among the states, as SQL."""
    ranks = " ".join(f"WHEN '{status}' THEN {at}" for at, status in enumerate(ORDER))
    return f"CASE {status_at(now)} {ranks} ELSE 0 END"


def packed(one: TriageState) -> bytes:
    """Return a standing as it is stored."""
    values = [
        one.status, one.why, None if one.since is None else to_microseconds(one.since), one.flagged, one.priority,
        one.labels, one.note, "" if one.until is None else one.until.packed(), one.patches, one.opened,
    ]  # fmt: skip
    return _encode(values).encode("ascii")


def restored_standing(data: bytes | None) -> TriageState:
    """Return the standing that was stored; that of a row that has none."""
    if data is None:
        return INITIAL_STATE
    status, why, since, flagged, priority, labels, note, until, patches, opened = json.loads(data)
    return TriageState(
        status=Status(status),
        why=why,
        since=None if since is None else to_datetime(since),
        flagged=flagged,
        priority=priority,
        labels=tuple(labels),
        note=note,
        until=when.decode_snooze(until) if until else None,
        patches=tuple((MessageId(name), Status(of)) for name, of in patches),
        opened=opened,
    )


# ------------------------------------------------------------------- making them


def take(connection: sqlite3.Connection, taken: AppliedEvents) -> int:
    """Let what events changed have its effect on the rows; return how many changed. Within a transaction."""
    items: set[int] = set()
    if taken.read:
        from core.index.seen import set_seen

        for seen in (True, False):
            items |= set_seen(
                connection, [one for one, read in taken.read.items() if read is seen], seen=seen
            )
    about = {
        item
        for (item,) in connection.execute(
            "SELECT DISTINCT item FROM json_each(?) CROSS JOIN node ON hash = value WHERE item IS NOT NULL",
            (json.dumps(list(taken.mails)),),
        )
    }
    changed = items | refresh(connection, about)
    touch(connection, changed)
    return len(changed)


def touch(connection: sqlite3.Connection, items: Collection[int]) -> None:
    """Say that rows show something else."""
    if items:
        connection.execute(
            "UPDATE item SET generation = ? WHERE id IN (SELECT value FROM json_each(?))",
            (next_generation(connection), json.dumps(list(items))),
        )


def stand_anew(
    connection: sqlite3.Connection, nodes: Collection[int], old: Collection[int]
) -> None:
    """Make the standings anew of the rows that hold some mails, and of those that they replaced. Within a transaction."""
    if EventTables(connection).is_empty:
        return
    items = {
        item
        for (item,) in connection.execute(
            "SELECT DISTINCT item FROM json_each(?) CROSS JOIN node ON node.id = value"
            " WHERE item IS NOT NULL",
            (json.dumps(list(nodes)),),
        )
    }
    touch(connection, refresh(connection, items.union(old)))


def refresh(connection: sqlite3.Connection, items: Collection[int]) -> set[int]:
    """Make the standings of rows anew; return the rows whose changed. Within a transaction."""
    if not items:
        return set()
    wanted = json.dumps(list(items))
    before = dict(
        connection.execute(
            "SELECT item, data FROM standing WHERE item IN (SELECT value FROM json_each(?))",
            (wanted,),
        ).fetchall()
    )
    found = _standings(connection, wanted)
    after = {item: packed(one) for item, one in found.items() if one != INITIAL_STATE}
    changed = {item for item in items if before.get(item) != after.get(item)}
    connection.executemany(
        "DELETE FROM standing WHERE item = ?", [(item,) for item in changed if item not in after]
    )
    connection.executemany(
        "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(item, found[item], after[item]) for item in changed if item in after],
    )
    return changed


def _row(item: int, one: TriageState, data: bytes) -> tuple[object, ...]:
    until = one.until
    return (
        item,
        str(one.status),
        None if until is None or until.moment is None else until.moment.timestamp(),
        one.opened,
        one.flagged,
        one.priority,
        None if one.since is None else one.since.timestamp(),
        "" if until is None else until.packed(),
        _encode(one.labels),
        data,
    )


def _standings(connection: sqlite3.Connection, wanted: str) -> dict[int, TriageState]:
    """Return where rows stand, of those that anything was done to."""
    book = EventTables(connection)
    if book.is_empty:
        return {}
    entries: dict[int, set[int]] = {}
    for item, entry in connection.execute(
        "SELECT item, entry FROM json_each(?) AS wanted CROSS JOIN node ON node.item = wanted.value"
        " CROSS JOIN entry_of ON entry_of.hash = node.hash",
        (wanted,),
    ):
        entries.setdefault(item, set()).add(entry)
    opened = dict(
        connection.execute(
            "SELECT item, max(time) FROM json_each(?) AS wanted CROSS JOIN node ON node.item = wanted.value"
            " CROSS JOIN read_mark ON read_mark.hash = node.hash WHERE is_read GROUP BY item",
            (wanted,),
        ).fetchall()
    )
    deeds: dict[int, EventEffect] = dict(book.deeds(set().union(*entries.values())))
    facts = _Facts(connection, book, opened)
    return {
        item: fold_events(
            [deeds[entry] for entry in entries.get(item, ()) if entry in deeds], facts.of(item)
        )
        for item in entries.keys() | opened.keys()
    }


class _Facts:
    """What is known of rows, as standings take it."""

    def __init__(
        self, connection: sqlite3.Connection, book: EventTables, opened: dict[int, int]
    ) -> None:
        self._connection = connection
        self._opened = opened
        self._me = frozenset(json.loads(book.value("me") or "[]"))
        self._phrases = StoredPhrases(connection)
        self._has_tags = connection.execute("SELECT 1 FROM reached LIMIT 1").fetchone() is not None

    def of(self, item: int) -> SeriesFacts:
        """Return those of one row."""
        (thread, data) = self._connection.execute(
            "SELECT thread, head FROM item WHERE id = ?", (item,)
        ).fetchone()
        head = unpacked(data)
        nodes: dict[MessageId, tuple[int, int]] = {
            MessageId(restored(name)): (node, role)
            for node, name, role in self._connection.execute(
                "SELECT id, name, role FROM node WHERE item = ?", (item,)
            )
        }
        newest = {one for one, (_, role) in nodes.items() if role & Role.VERSION} or {
            one for one, (_, role) in nodes.items() if role & Role.PATCH
        }
        number = f"{head.version}.{head.minor}" if head.minor else f"{head.version}"
        return SeriesFacts(
            ids=frozenset(nodes),
            newest=frozenset() if thread else frozenset(newest),
            version=f"v{number}",
            name=head.name,
            address=head.address,
            replies=frozenset(one for one, (_, role) in nodes.items() if role & Role.REPLY),
            said=lambda wanted: self._said([nodes[one][0] for one in wanted]),
            opened=self._opened.get(item),
            me=self._me,
            tags=self._tags(item) if self._has_tags else frozenset(),
        )

    def _said(self, nodes: Iterable[int]) -> Iterator[ReplyInfo]:
        for facts in self._read(nodes):
            person = self._phrases.person(facts[_SENDER])
            above = facts[_REFERENCES][-1:]
            to = {self._phrases.person(each[_SENDER]).address for each in self._read(above)}
            addresses = frozenset(address.casefold() for address in to)
            yield ReplyInfo(person.name, person.address, addresses, facts[_STAMP])

    def _read(self, nodes: Iterable[int]) -> Iterator[list[Any]]:
        """Yield the facts of mails, as `core.index.codec.pack` orders them."""
        rows = self._connection.execute(
            "SELECT facts FROM json_each(?) CROSS JOIN message ON node = value ORDER BY message.id",
            (json.dumps(list(nodes)),),
        ).fetchall()
        for (facts,) in rows:
            yield json.loads(facts)

    def _tags(self, item: int) -> frozenset[str]:
        rows = self._connection.execute(
            "SELECT tag FROM item_list JOIN list ON list.id = item_list.list"
            " JOIN reached ON reached.list = list.name WHERE item = ?",
            (item,),
        )
        return frozenset(tag for (tag,) in rows)
