"""Where the rows stand, as it follows from the triage journal: a cache, made again whenever rows or events change.

A row that nothing was done to has none. Whether a time that a row was put off until has come is seen when it is
asked, so that nothing need be written for it to come back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from core.index.codec import StoredFacts, from_blob, read_facts
from core.index.loader import PhraseReader
from core.index.row_summary import MessageRole, decode_row_head
from core.index.rows import bump_generation, set_read_flag
from core.model import MessageId
from core.triage.arguments import decode_snooze
from core.triage.event_tables import AppliedEvents, EventTables
from core.triage.events import to_datetime, to_microseconds
from core.triage.landing import PatchLanding, TreeLanding, tree_landings
from core.triage.state import (
    INITIAL_STATE,
    EventEffect,
    ReplyInfo,
    SeriesFacts,
    TriageState,
    fold_events,
)
from core.triage.transitions import ORDER, Status

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def status_sql(now: float) -> str:
    """Return the status part of `fold_events` at a moment, as SQL; NULL for a row without events, which is new."""
    return (
        f"CASE WHEN triage_state.wake <= {now!r} THEN iif(triage_state.opened, 'reading', 'new')"
        " ELSE triage_state.status END"
    )


def status_rank_sql(now: float) -> str:
    """Return a row's place among the states, as SQL."""
    ranks = " ".join(f"WHEN '{status}' THEN {at}" for at, status in enumerate(ORDER))
    return f"CASE {status_sql(now)} {ranks} ELSE 0 END"


def encode_state(one: TriageState) -> bytes:
    """Return a state as it is stored."""
    values = [
        one.status, one.why, None if one.since is None else to_microseconds(one.since), one.flagged, one.priority,
        one.labels, one.note, "" if one.until is None else one.until.encode(), one.patches, one.opened,
        [[each.tree, each.patches, each.total, each.changed, each.reverted] for each in one.landed], one.branch,
        one.settled,
    ]  # fmt: skip
    return _encode(values).encode("ascii")


def decode_state(data: bytes | None) -> TriageState:
    """Return the state that was stored; the initial one of a row that has none."""
    if data is None:
        return INITIAL_STATE
    status, why, since, flagged, priority, labels, note, until, patches, opened, *rest = json.loads(
        data
    )
    landed, branch = rest[:2] or ((), "")  # version 1 had neither, nor what comes after
    settled = rest[2] if len(rest) > 2 else ()
    return TriageState(
        status=Status(status),
        why=why,
        since=None if since is None else to_datetime(since),
        flagged=flagged,
        priority=priority,
        labels=tuple(labels),
        note=note,
        until=decode_snooze(until) if until else None,
        patches=tuple((MessageId(name), Status(of)) for name, of in patches),
        opened=opened,
        landed=tuple(TreeLanding(*each) for each in landed),
        branch=branch,
        settled=tuple((key, is_settled) for key, is_settled in settled),
    )


# ------------------------------------------------------------------- making them


_MESSAGES_AT_ONCE: Final = 1000
"""Stale messages whose rows' states are computed in one transaction."""


def note_events(connection: sqlite3.Connection, applied: AppliedEvents) -> int:
    """Apply the read marks of events, and mark the states of their rows as stale; return the number of changed rows.

    The states follow in `refresh_stale`, once for all events: to compute them after each batch would cost a row with
    many events the square of their number. Within a transaction.
    """
    rows: set[int] = set()
    if applied.read:
        for seen in (True, False):
            rows |= set_read_flag(
                connection, [one for one, read in applied.read.items() if read is seen], seen=seen
            )
    bump_rows(connection, rows)
    connection.executemany(
        "INSERT OR IGNORE INTO stale_state VALUES (?)", [(hash_,) for hash_ in applied.hashes]
    )
    return len(rows)


def has_stale(connection: sqlite3.Connection) -> bool:
    """Whether any row's state is to be computed anew."""
    return connection.execute("SELECT 1 FROM stale_state LIMIT 1").fetchone() is not None


def refresh_stale(connection: sqlite3.Connection) -> int:
    """Compute the states of some of the stale rows; return the number that changed. Within a transaction."""
    stale = json.dumps(
        [
            hash_
            for (hash_,) in connection.execute(
                "SELECT hash FROM stale_state LIMIT ?", (_MESSAGES_AT_ONCE,)
            )
        ]
    )
    rows = {
        row
        for (row,) in connection.execute(
            "SELECT DISTINCT list_row FROM json_each(?) CROSS JOIN node ON node.hash = value"
            " WHERE list_row IS NOT NULL",
            (stale,),
        )
    }
    changed = recompute_states(connection, rows)
    bump_rows(connection, changed)
    connection.execute(
        "DELETE FROM stale_state WHERE hash IN (SELECT value FROM json_each(?))"
        " OR hash IN (SELECT hash FROM node WHERE list_row IN (SELECT value FROM json_each(?)))",
        (stale, json.dumps(list(rows))),
    )
    return len(changed)


def bump_rows(connection: sqlite3.Connection, items: Collection[int]) -> None:
    """Say that rows show something else."""
    if items:
        connection.execute(
            "UPDATE list_row SET generation = ? WHERE id IN (SELECT value FROM json_each(?))",
            (bump_generation(connection), json.dumps(list(items))),
        )


def refresh_after_regroup(
    connection: sqlite3.Connection, nodes: Collection[int], old: Collection[int]
) -> None:
    """Compute the states anew of the rows that hold some mails, and of those that they replaced. Within a transaction."""
    if EventTables(connection).is_empty and not _has_landed(connection):
        return
    items = {
        item
        for (item,) in connection.execute(
            "SELECT DISTINCT list_row FROM json_each(?) CROSS JOIN node ON node.id = value"
            " WHERE list_row IS NOT NULL",
            (json.dumps(list(nodes)),),
        )
    }
    bump_rows(connection, recompute_states(connection, items.union(old)))


def _has_landed(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM landed_patch LIMIT 1").fetchone() is not None


def recompute_states(connection: sqlite3.Connection, items: Collection[int]) -> set[int]:
    """Compute the states of rows anew; return the rows whose changed. Within a transaction."""
    if not items:
        return set()
    wanted = json.dumps(list(items))
    before = dict(
        connection.execute(
            "SELECT list_row, data FROM triage_state WHERE list_row IN (SELECT value FROM json_each(?))",
            (wanted,),
        ).fetchall()
    )
    found = _compute_states(connection, wanted)
    after = {item: encode_state(one) for item, one in found.items() if one != INITIAL_STATE}
    changed = {item for item in items if before.get(item) != after.get(item)}
    connection.executemany(
        "DELETE FROM triage_state WHERE list_row = ?",
        [(item,) for item in changed if item not in after],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO triage_state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        "" if until is None else until.encode(),
        _encode(one.labels),
        data,
        2 if one.is_landed else int(any(each.patches for each in one.landed)),
        bool(one.branch),
    )


def _compute_states(connection: sqlite3.Connection, wanted: str) -> dict[int, TriageState]:
    """Return the states of rows, of those that anything was done to."""
    tables = EventTables(connection)
    landed = _landed_patches(connection, wanted)
    if tables.is_empty and not landed:
        return {}
    entries: dict[int, set[int]] = {}
    for item, entry in connection.execute(
        "SELECT list_row, event_series FROM json_each(?) AS wanted CROSS JOIN node ON node.list_row = wanted.value"
        " CROSS JOIN event_message ON event_message.hash = node.hash",
        (wanted,),
    ):
        entries.setdefault(item, set()).add(entry)
    opened = dict(
        connection.execute(
            "SELECT list_row, max(time) FROM json_each(?) AS wanted CROSS JOIN node ON node.list_row = wanted.value"
            " CROSS JOIN read_flag ON read_flag.hash = node.hash WHERE read_flag.is_read GROUP BY list_row",
            (wanted,),
        ).fetchall()
    )
    effects: dict[int, EventEffect] = dict(tables.effects_of(set().union(*entries.values())))
    facts = _RowFacts(connection, tables, opened, landed)
    return {
        item: fold_events(
            [effects[entry] for entry in entries.get(item, ()) if entry in effects], facts.of(item)
        )
        for item in entries.keys() | opened.keys() | landed.keys()
    }


def _landed_patches(
    connection: sqlite3.Connection, wanted: str
) -> dict[int, dict[MessageId, list[PatchLanding]]]:
    """Return the landed patches of rows, by their Message-IDs."""
    found: dict[int, dict[MessageId, list[PatchLanding]]] = {}
    for item, name, tree, is_changed, is_reverted in connection.execute(
        "SELECT list_row, name, tree, is_changed, is_reverted FROM json_each(?) AS wanted"
        " CROSS JOIN node ON node.list_row = wanted.value"
        " CROSS JOIN landed_patch ON landed_patch.hash = node.hash",
        (wanted,),
    ):
        landing = PatchLanding(tree, bool(is_changed), bool(is_reverted))
        found.setdefault(item, {}).setdefault(MessageId(from_blob(name)), []).append(landing)
    return found


class _RowFacts:
    """The facts of rows that triage states depend on."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        tables: EventTables,
        opened: dict[int, int],
        landed: dict[int, dict[MessageId, list[PatchLanding]]],
    ) -> None:
        self._connection = connection
        self._last_read = opened
        self._landed = landed
        self._me = frozenset(json.loads(tables.get_meta("me") or "[]"))
        self._phrases = PhraseReader(connection)
        self._has_tags = connection.execute("SELECT 1 FROM tag_seen LIMIT 1").fetchone() is not None

    def of(self, item: int) -> SeriesFacts:
        """Return those of one row."""
        (thread, data) = self._connection.execute(
            "SELECT thread, head FROM list_row WHERE id = ?", (item,)
        ).fetchone()
        head = decode_row_head(data)
        nodes: dict[MessageId, tuple[int, int]] = {
            MessageId(from_blob(name)): (node, role)
            for node, name, role in self._connection.execute(
                "SELECT id, name, role FROM node WHERE list_row = ?", (item,)
            )
        }
        newest = {one for one, (_, role) in nodes.items() if role & MessageRole.VERSION} or {
            one for one, (_, role) in nodes.items() if role & MessageRole.PATCH
        }
        number = f"{head.version}.{head.minor}" if head.minor else f"{head.version}"
        return SeriesFacts(
            ids=frozenset(nodes),
            newest=frozenset() if thread else frozenset(newest),
            version=f"v{number}",
            name=head.name,
            address=head.address,
            replies=frozenset(one for one, (_, role) in nodes.items() if role & MessageRole.REPLY),
            read_replies=lambda wanted: self._read_replies([nodes[one][0] for one in wanted]),
            last_read=self._last_read.get(item),
            me=self._me,
            tags=self._tags(item) if self._has_tags else frozenset(),
            landed=tree_landings(self._landed.get(item, {}), newest, head.total),
        )

    def _read_replies(self, nodes: Iterable[int]) -> Iterator[ReplyInfo]:
        for facts in self._read(nodes):
            person = self._phrases.person(facts.sender)
            above = facts.references[-1:]
            to = {self._phrases.person(each.sender).address for each in self._read(above)}
            addresses = frozenset(address.casefold() for address in to)
            yield ReplyInfo(person.name, person.address, addresses, facts.timestamp)

    def _read(self, nodes: Iterable[int]) -> Iterator[StoredFacts]:
        """Yield the facts of messages."""
        rows = self._connection.execute(
            "SELECT facts FROM json_each(?) CROSS JOIN message ON node = value ORDER BY message.id",
            (json.dumps(list(nodes)),),
        ).fetchall()
        for (facts,) in rows:
            yield read_facts(facts)

    def _tags(self, item: int) -> frozenset[str]:
        rows = self._connection.execute(
            "SELECT tag FROM row_list JOIN list ON list.id = row_list.list"
            " JOIN tag_seen ON tag_seen.list = list.name WHERE list_row = ?",
            (item,),
        )
        return frozenset(tag for (tag,) in rows)
