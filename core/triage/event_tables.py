"""The journal's events as tables of SQLite: which are in force, and which are about a mail.

The tables stand in the index, or in memory where there is none; they can always be made again from the journal.
A Message-ID is known here by its `message_key` as a number, as the index's nodes are.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import insort
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from core.model import MessageId
from core.triage.events import (
    UNVIEWED,
    VIEWED,
    VISITED,
    EventSeries,
    TriageEvent,
    message_key,
)
from core.triage.journal import JOURNAL_START, JournalCursor
from core.triage.schema import NAMES
from core.triage.state import EventEffect
from core.triage.transitions import Verb

_KEY: Final = 8


def message_hash(message_id: str) -> int:
    """Return the hash of a Message-ID: its `message_key` as a number."""
    return int.from_bytes(message_key(message_id), "little", signed=True)


@dataclass(slots=True)
class AppliedEvents:
    """The changes that events make."""

    events: int = 0
    """How many were new."""
    hashes: set[int] = field(default_factory=set)
    """Hashes of the Message-IDs of mails whose series may have changed state."""
    read: dict[MessageId, bool] = field(default_factory=dict)
    """Mails that are read, or unread, from now on."""


class EventTables:
    """The tables over a connection. Whoever calls it sees to transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------------- applying events

    @property
    def cursor(self) -> JournalCursor:
        """How far the journal was applied."""
        found = self.get_meta("position")
        if found is None:
            return JOURNAL_START
        offset, checkpoint = json.loads(found)
        return JournalCursor(offset, checkpoint)

    @cursor.setter
    def cursor(self, cursor: JournalCursor) -> None:
        self.set_meta("position", json.dumps([cursor.offset, cursor.checkpoint]))

    def get_meta(self, name: str) -> str | None:
        """Return the value stored under a name."""
        found = self._connection.execute(
            "SELECT value FROM journal_meta WHERE name = ?", (name,)
        ).fetchone()
        return None if found is None else str(found[0])

    def set_meta(self, name: str, value: str) -> None:
        """Remember a text under a name."""
        self._connection.execute("INSERT OR REPLACE INTO journal_meta VALUES (?, ?)", (name, value))

    def clear(self) -> None:
        """Forget all events, and how far they were read."""
        for table in NAMES:
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608

    def insert(self, events: Collection[TriageEvent]) -> AppliedEvents:
        """Take in events; those that are here already change nothing."""
        applied = AppliedEvents()
        self._insert_read_flags(events, applied)
        self._insert_viewed_hunks(events)
        looked = [event.time for event in events if event.verb == VISITED]
        if looked:
            self.set_meta("looked", str(max([*looked, int(self.get_meta("looked") or 0)])))
        new = self._new({e.id: e for e in events if e.series or e.undoes}.values())
        applied.events += len(new)
        self._insert_events(new, applied)
        self._update_in_force(
            {e.undoes for e in new if e.undoes} | self._undone_before(new), applied
        )
        return applied

    def _insert_read_flags(self, events: Iterable[TriageEvent], applied: AppliedEvents) -> None:
        latest: dict[int, tuple[int, str, bool, MessageId]] = {}
        for event in events:
            if event.verb in (Verb.READ, Verb.UNREAD):
                for one in event.ids:
                    mark = (event.time, event.id, event.verb == Verb.READ, one)
                    hash_ = message_hash(one)
                    latest[hash_] = max(latest.get(hash_, mark), mark)
        known = {
            hash_: (time, name)
            for hash_, time, name in self._connection.execute(
                "SELECT hash, time, event FROM json_each(?) CROSS JOIN read_flag ON hash = value",
                (json.dumps(list(latest)),),
            )
        }
        new = {
            hash_: mark
            for hash_, mark in latest.items()
            if hash_ not in known or mark[:2] > known[hash_]
        }
        self._connection.executemany(
            "INSERT OR REPLACE INTO read_flag VALUES (?, ?, ?, ?)",
            [(hash_, time, name, is_read) for hash_, (time, name, is_read, _) in new.items()],
        )
        applied.events += len(new)
        applied.read.update((one, is_read) for _, _, is_read, one in new.values())
        applied.hashes.update(new)

    def _insert_viewed_hunks(self, events: Iterable[TriageEvent]) -> None:
        self._connection.executemany(
            "INSERT INTO viewed_hunk VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET time = excluded.time,"
            " event = excluded.event, is_viewed = excluded.is_viewed"
            " WHERE (excluded.time, excluded.event) > (time, event)",
            [
                (key, event.time, event.id, event.verb == VIEWED)
                for event in events
                if event.verb in (VIEWED, UNVIEWED)
                for key in event.keys
            ],
        )

    def _new(self, events: Collection[TriageEvent]) -> list[TriageEvent]:
        """Return those that are not here."""
        names = json.dumps([event.id for event in events])
        here = {
            name
            for (name,) in self._connection.execute(
                "SELECT name FROM event WHERE name IN (SELECT value FROM json_each(?))", (names,)
            )
        }
        return [event for event in events if event.id not in here]

    def _insert_events(self, events: Iterable[TriageEvent], applied: AppliedEvents) -> None:
        number, entry_number = self._last("event"), self._last("event_series")
        rows: list[tuple[object, ...]] = []
        entries: list[tuple[object, ...]] = []
        mails: list[tuple[int, int]] = []
        for event in events:
            number += 1
            rows.append(
                (
                    number, event.id, event.step, event.host, event.time, event.verb, event.argument, event.note,
                    event.patch, event.undoes, 1,
                )
            )  # fmt: skip
            for entry in event.series:
                entry_number += 1
                keys = b"".join(map(message_key, dict.fromkeys(entry.ids)))
                entries.append((entry_number, number, *_entry_row(entry, keys)))
                mails += [(hash_, entry_number) for hash_ in split_hashes(keys)]
        marks = ", ".join("?" * 11)
        self._connection.executemany(f"INSERT INTO event VALUES ({marks})", rows)  # noqa: S608
        self._connection.executemany(
            "INSERT INTO event_series VALUES (?, ?, ?, ?, ?, ?, ?)", entries
        )
        self._connection.executemany("INSERT INTO event_message VALUES (?, ?)", sorted(mails))
        applied.hashes.update(hash_ for hash_, _ in mails)

    def _last(self, table: str) -> int:
        (last,) = self._connection.execute(f"SELECT max(id) FROM {table}").fetchone()  # noqa: S608
        return int(last or 0)

    # ------------------------------------------------------------------- what is in force

    def _undone_before(self, events: Iterable[TriageEvent]) -> set[str]:
        """Return the steps among these events whose undo is already in the tables: another machine's journal came later."""
        steps = json.dumps([event.step for event in events])
        rows = self._connection.execute(
            "SELECT DISTINCT undoes FROM event"
            " WHERE undoes != '' AND undoes IN (SELECT value FROM json_each(?))",
            (steps,),
        )
        return {step for (step,) in rows}

    def _update_in_force(self, steps: set[str], applied: AppliedEvents) -> None:
        """Update whether steps are in force: no later event in force undoes them. The latest steps come first."""
        pending = {step: when for step in steps if (when := self._order_of(step))}
        order = sorted((when, step) for step, when in pending.items())
        while pending:
            while (step := order.pop()[1]) not in pending:
                pass
            when = pending.pop(step)
            undone = self._connection.execute(
                "SELECT 1 FROM event WHERE undoes = ? AND undoes != ''"  # the index has only these
                " AND in_force AND (time, name) > (?, ?)",
                (step, *when),
            ).fetchone()
            changed = self._connection.execute(
                "UPDATE event SET in_force = ? WHERE step = ? AND in_force != ?",
                (undone is None, step, undone is None),
            )
            if not changed.rowcount:
                continue
            for keys, undoes in self._connection.execute(
                "SELECT keys, undoes FROM event LEFT JOIN event_series ON event = event.id WHERE step = ?",
                (step,),
            ).fetchall():
                applied.hashes.update(split_hashes(keys or b""))
                if undoes and (earlier := self._order_of(undoes)):
                    if undoes not in pending:
                        insort(order, (earlier, undoes))
                    pending[undoes] = earlier

    def _order_of(self, step: str) -> tuple[int, str] | None:
        """Return the order of a step."""
        found: tuple[int, str] | None = self._connection.execute(
            "SELECT time, name FROM event WHERE step = ? ORDER BY time, name LIMIT 1", (step,)
        ).fetchone()
        return found

    # ------------------------------------------------------------------- asking

    @property
    def is_empty(self) -> bool:
        """Whether there is no event and no read mark."""
        found = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM event_message) OR EXISTS (SELECT 1 FROM read_flag)"
        ).fetchone()
        return not found[0]

    def message_hashes(self) -> Iterator[int]:
        """Yield the hashes of the mails that events or read marks name."""
        rows = self._connection.execute(
            "SELECT hash FROM event_message UNION SELECT hash FROM read_flag"
        )
        return (hash_ for (hash_,) in rows)

    def entries_naming(self, mails: Iterable[int]) -> set[int]:
        """Return the entries that name any of some mails."""
        rows = self._connection.execute(
            "SELECT DISTINCT event_series FROM json_each(?) CROSS JOIN event_message ON hash = value",
            (json.dumps(list(mails)),),
        )
        return {entry for (entry,) in rows}

    def effects_of(
        self, entries: Iterable[int], *, undone: bool = False
    ) -> Iterator[tuple[int, EventEffect]]:
        """Yield the effects of entries that are in force; with `undone`, of all."""
        for row in self._connection.execute(
            "SELECT event_series.id, time, name, verb, argument, note, patch, keys, replies, active FROM json_each(?)"
            " CROSS JOIN event_series ON event_series.id = value CROSS JOIN event ON event.id = event"
            " WHERE in_force OR ?",
            (json.dumps(list(entries)), undone),
        ):
            entry, time, name, verb, argument, note, patch, keys, replies, active = row
            effect = EventEffect(
                time=time, id=name, verb=verb, argument=argument, note=note, patch=bool(patch),
                keys=frozenset(_cut(keys, _KEY)), replies=None if replies is None else frozenset(_cut(replies, 4)),
                active=active,
            )  # fmt: skip
            yield entry, effect

    def last_read(self, mails: Iterable[int]) -> int | None:
        """Return when one of some mails was last marked as read that is read."""
        (time,) = self._connection.execute(
            "SELECT max(time) FROM json_each(?) CROSS JOIN read_flag ON hash = value WHERE is_read",
            (json.dumps(list(mails)),),
        ).fetchone()
        return None if time is None else int(time)

    def read_messages(self) -> set[int]:
        """Return the hashes of the mails that are marked as read."""
        rows = self._connection.execute("SELECT hash FROM read_flag WHERE is_read")
        return {number for (number,) in rows}


def split_hashes(keys: bytes) -> list[int]:
    """Return the hashes in a concatenation of keys."""
    return [int.from_bytes(key, "little", signed=True) for key in _cut(keys, _KEY)]


def _entry_row(entry: EventSeries, keys: bytes) -> tuple[object, ...]:
    replies = None if entry.replies is None else b"".join(sorted(entry.replies))
    lead = entry.ids[0].encode("utf-8", "surrogatepass")
    return lead, keys, replies, entry.active, None if entry.before is None else str(entry.before)


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]
