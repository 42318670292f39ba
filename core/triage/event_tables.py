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
    UNDO,
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
from core.triage.transitions import Status, Verb

_KEY: Final = 8


def number_of(message_id: str) -> int:
    """Return the number that a Message-ID is known by."""
    return int.from_bytes(message_key(message_id), "little", signed=True)


@dataclass(slots=True)
class AppliedEvents:
    """What events changed."""

    events: int = 0
    """How many were new."""
    mails: set[int] = field(default_factory=set)
    """The numbers of mails whose series may stand otherwise."""
    read: dict[MessageId, bool] = field(default_factory=dict)
    """Mails that are read, or unread, from now on."""


@dataclass(frozen=True, slots=True)
class UndoStep:
    """A key press that can be taken back or done again."""

    name: str
    """What an undo or redo of it undoes."""
    origin: str
    """What was done in the first place; the same, unless that was an undo."""
    verb: str
    argument: str
    count: int
    """Of how many series or patches."""


class EventTables:
    """The tables over a connection. Whoever calls it sees to transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------------- taking in

    @property
    def position(self) -> JournalCursor:
        """How far the journal was taken in."""
        found = self.value("position")
        if found is None:
            return JOURNAL_START
        offset, probe = json.loads(found)
        return JournalCursor(offset, probe)

    @position.setter
    def position(self, position: JournalCursor) -> None:
        self.remember("position", json.dumps([position.offset, position.probe]))

    def value(self, name: str) -> str | None:
        """Return what was remembered under a name."""
        found = self._connection.execute(
            "SELECT value FROM journal_meta WHERE name = ?", (name,)
        ).fetchone()
        return None if found is None else str(found[0])

    def remember(self, name: str, value: str) -> None:
        """Remember a text under a name."""
        self._connection.execute("INSERT OR REPLACE INTO journal_meta VALUES (?, ?)", (name, value))

    def empty(self) -> None:
        """Forget all events, and how far they were read."""
        for table in NAMES:
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608

    def take(self, events: Collection[TriageEvent]) -> AppliedEvents:
        """Take in events; those that are here already change nothing."""
        taken = AppliedEvents()
        self._take_marks(events, taken)
        self._take_views(events)
        looked = [event.time for event in events if event.verb == VISITED]
        if looked:
            self.remember("looked", str(max([*looked, int(self.value("looked") or 0)])))
        new = self._new({e.id: e for e in events if e.series or e.undoes}.values())
        taken.events += len(new)
        self._store(new, taken)
        self._weigh({e.undoes for e in new if e.undoes} | self._undone_before(new), taken)
        return taken

    def _take_marks(self, events: Iterable[TriageEvent], taken: AppliedEvents) -> None:
        marks = [
            (number_of(one), event.time, event.id, event.verb == Verb.READ, one)
            for event in events
            if event.verb in (Verb.READ, Verb.UNREAD)
            for one in event.ids
        ]
        for hash_, time, name, is_read, one in marks:
            changed = self._connection.execute(
                "INSERT INTO read_flag VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET time = excluded.time,"
                " event = excluded.event, is_read = excluded.is_read"
                " WHERE (excluded.time, excluded.event) > (time, event)",
                (hash_, time, name, is_read),
            )
            if changed.rowcount:
                taken.events += 1
                taken.read[one] = is_read
                taken.mails.add(hash_)

    def _take_views(self, events: Iterable[TriageEvent]) -> None:
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

    def _store(self, events: Iterable[TriageEvent], taken: AppliedEvents) -> None:
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
                mails += [(hash_, entry_number) for hash_ in numbers(keys)]
        marks = ", ".join("?" * 11)
        self._connection.executemany(f"INSERT INTO event VALUES ({marks})", rows)  # noqa: S608
        self._connection.executemany(
            "INSERT INTO event_series VALUES (?, ?, ?, ?, ?, ?, ?)", entries
        )
        self._connection.executemany("INSERT INTO event_message VALUES (?, ?)", mails)
        taken.mails.update(hash_ for hash_, _ in mails)

    def _last(self, table: str) -> int:
        (last,) = self._connection.execute(f"SELECT max(id) FROM {table}").fetchone()  # noqa: S608
        return int(last or 0)

    # ------------------------------------------------------------------- what is in force

    def _undone_before(self, events: Iterable[TriageEvent]) -> set[str]:
        """Return the steps of events that were undone before they came: their journal was appended later."""
        steps = json.dumps([event.step for event in events])
        rows = self._connection.execute(
            "SELECT DISTINCT undoes FROM event"
            " WHERE undoes != '' AND undoes IN (SELECT value FROM json_each(?))",
            (steps,),
        )
        return {step for (step,) in rows}

    def _weigh(self, steps: set[str], taken: AppliedEvents) -> None:
        """See whether steps are in force: no later event that is in force undoes them. The latest are seen to first."""
        pending = {step: when for step in steps if (when := self._when(step))}
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
                taken.mails.update(numbers(keys or b""))
                if undoes and (earlier := self._when(undoes)):
                    if undoes not in pending:
                        insort(order, (earlier, undoes))
                    pending[undoes] = earlier

    def _when(self, step: str) -> tuple[int, str] | None:
        """Return the order of a step."""
        found: tuple[int, str] | None = self._connection.execute(
            "SELECT time, name FROM event WHERE step = ? ORDER BY time, name LIMIT 1", (step,)
        ).fetchone()
        return found

    def to_undo(self, host: str) -> UndoStep | None:
        """Return the last thing that a machine did and that is in force."""
        return self._step(
            "SELECT step FROM event WHERE host = ? AND undoes = '' AND in_force"
            " ORDER BY time DESC, name DESC LIMIT 1",
            (host,),
        )

    def to_redo(self, host: str) -> UndoStep | None:
        """Return the last undo of a machine that is in force, where it did nothing else since."""
        found = self._connection.execute(
            "SELECT step, time FROM event WHERE host = ? AND undoes != '' AND verb = ? AND in_force"
            " ORDER BY time DESC, name DESC LIMIT 1",
            (host, UNDO),
        ).fetchone()
        if found is None:
            return None
        since = self._connection.execute(
            "SELECT 1 FROM event WHERE host = ? AND undoes = '' AND time > ?", (host, found[1])
        ).fetchone()
        return None if since else self._step("SELECT ?", (found[0],))

    def _step(self, query: str, values: tuple[object, ...]) -> UndoStep | None:
        """Return the step that a query names; of an undo, what it undid in the first place."""
        found = self._connection.execute(query, values).fetchone()
        if found is None:
            return None
        name = step = str(found[0])
        seen: set[str] = set()
        while step not in seen:
            seen.add(step)
            above = self._connection.execute(
                "SELECT undoes FROM event WHERE step = ? AND undoes != ''", (step,)
            ).fetchone()
            step = above[0] if above else step
        verb, argument, count = self._connection.execute(
            "SELECT max(verb), max(argument), count(event_series.id) FROM event LEFT JOIN event_series ON event = event.id"
            " WHERE step = ?",
            (step,),
        ).fetchone()
        return UndoStep(name, step, verb or UNDO, argument or "", count)

    # ------------------------------------------------------------------- asking

    def last_time(self, host: str) -> int:
        """Return the time of a machine's latest event; 0 where there is none."""
        (time,) = self._connection.execute(
            "SELECT max(coalesce((SELECT max(time) FROM event WHERE host = ? AND undoes = ''), 0),"
            " coalesce((SELECT max(time) FROM event WHERE host = ? AND undoes != ''), 0))",
            (host, host),
        ).fetchone()
        return int(time)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever decided or read."""
        found = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM event_message) OR EXISTS (SELECT 1 FROM read_flag)"
        ).fetchone()
        return not found[0]

    def mails(self) -> Iterator[int]:
        """Yield the numbers of the mails that anything was said of."""
        rows = self._connection.execute(
            "SELECT hash FROM event_message UNION SELECT hash FROM read_flag"
        )
        return (hash_ for (hash_,) in rows)

    def entries_of(self, step: str) -> list[tuple[EventSeries, list[int]]]:
        """Return what a key press was about: each series by its first Message-ID, and the numbers of its mails."""
        rows = self._connection.execute(
            "SELECT lead, before, keys FROM event CROSS JOIN event_series ON event = event.id"
            " WHERE step = ? ORDER BY event_series.id",
            (step,),
        )
        return [(_named(lead, before), numbers(keys)) for lead, before, keys in rows]

    def entries_about(self, mails: Iterable[int]) -> set[int]:
        """Return the entries that name any of some mails."""
        rows = self._connection.execute(
            "SELECT DISTINCT event_series FROM json_each(?) CROSS JOIN event_message ON hash = value",
            (json.dumps(list(mails)),),
        )
        return {entry for (entry,) in rows}

    def deeds(
        self, entries: Iterable[int], *, undone: bool = False
    ) -> Iterator[tuple[int, EventEffect]]:
        """Yield what entries say was done, those that are in force; with `undone` all."""
        for row in self._connection.execute(
            "SELECT event_series.id, time, name, verb, argument, note, patch, keys, replies, active FROM json_each(?)"
            " CROSS JOIN event_series ON event_series.id = value CROSS JOIN event ON event.id = event"
            " WHERE in_force OR ?",
            (json.dumps(list(entries)), undone),
        ):
            entry, time, name, verb, argument, note, patch, keys, replies, active = row
            deed = EventEffect(
                time=time, id=name, verb=verb, argument=argument, note=note, patch=bool(patch),
                keys=frozenset(_cut(keys, _KEY)), replies=None if replies is None else frozenset(_cut(replies, 4)),
                active=active,
            )  # fmt: skip
            yield entry, deed

    def undone(self) -> set[str]:
        """Return the ids of events that are not in force."""
        rows = self._connection.execute("SELECT name FROM event WHERE NOT in_force")
        return {name for (name,) in rows}

    def targets(self) -> set[str]:
        """Return the steps that anything undoes."""
        rows = self._connection.execute("SELECT DISTINCT undoes FROM event WHERE undoes != ''")
        return {step for (step,) in rows}

    def told(self, message_ids: Iterable[MessageId]) -> list[tuple[TriageEvent, bool]]:
        """Return the events that name any of some mails, and what undid them, with whether they are in force.

        Of the series in each there is only the one that was meant, by its first Message-ID.
        """
        entries = self.entries_about(map(number_of, message_ids))
        rows = self._connection.execute(
            "SELECT event.id, step, event_series.lead, before FROM json_each(?) CROSS JOIN event_series ON event_series.id = value"
            " CROSS JOIN event ON event.id = event",
            (json.dumps(list(entries)),),
        ).fetchall()
        named = {event: (lead, before) for event, _, lead, before in rows}
        events: set[int] = set(named)
        steps = {step for _, step, *_ in rows}
        while steps:
            found = self._connection.execute(
                "SELECT id, step FROM event WHERE undoes != ''"
                " AND undoes IN (SELECT value FROM json_each(?))",
                (json.dumps(list(steps)),),
            ).fetchall()
            steps = {step for event, step in found if event not in events}
            events.update(event for event, _ in found)
        told = []
        for (
            event,
            name,
            host,
            time,
            verb,
            argument,
            note,
            patch,
            undoes,
            in_force,
        ) in self._connection.execute(
            "SELECT id, name, host, time, verb, argument, note, patch, undoes, in_force FROM event"
            " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY time, name",
            (json.dumps(list(events)),),
        ):
            series: tuple[EventSeries, ...] = ()
            if event in named:
                series = (_named(*named[event]),)
            one = TriageEvent(
                time=time, host=host, id=name, verb=verb, series=series, argument=argument, note=note,
                patch=bool(patch), undoes=undoes,
            )  # fmt: skip
            told.append((one, bool(in_force)))
        return told

    def opened(self, mails: Iterable[int]) -> int | None:
        """Return when one of some mails was last marked as read that is read."""
        (time,) = self._connection.execute(
            "SELECT max(time) FROM json_each(?) CROSS JOIN read_flag ON hash = value WHERE is_read",
            (json.dumps(list(mails)),),
        ).fetchone()
        return None if time is None else int(time)

    def read(self) -> set[int]:
        """Return the numbers of the mails that are marked as read."""
        rows = self._connection.execute("SELECT hash FROM read_flag WHERE is_read")
        return {number for (number,) in rows}

    def viewed(self) -> set[str]:
        """Return the hunks that were viewed."""
        rows = self._connection.execute("SELECT key FROM viewed_hunk WHERE is_viewed")
        return {key for (key,) in rows}


def numbers(keys: bytes) -> list[int]:
    """Return the numbers of keys that stand one after another."""
    return [int.from_bytes(key, "little", signed=True) for key in _cut(keys, _KEY)]


def _entry_row(entry: EventSeries, keys: bytes) -> tuple[object, ...]:
    replies = None if entry.replies is None else b"".join(sorted(entry.replies))
    lead = entry.ids[0].encode("utf-8", "surrogatepass")
    return lead, keys, replies, entry.active, None if entry.before is None else str(entry.before)


def _named(lead: bytes, before: str | None) -> EventSeries:
    """Return a series by its first Message-ID alone."""
    id_ = MessageId(lead.decode("utf-8", "surrogatepass"))
    return EventSeries(ids=(id_,), before=None if before is None else Status(before))


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]
