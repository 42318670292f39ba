"""The history of triage: the steps to undo and redo, and the events of a series."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.model import MessageId
from core.triage.event_tables import EventTables, message_hash, split_hashes
from core.triage.events import (
    APPLIED,
    THANKED,
    UNDO,
    AppliedStep,
    EventSeries,
    TriageEvent,
    to_microseconds,
)
from core.triage.transitions import Status


@dataclass(frozen=True, slots=True)
class UndoStep:
    """A key press that can be taken back or done again."""

    name: str
    """The step that an undo or redo of it names."""
    origin: str
    """The original step: the same, unless this one is an undo."""
    verb: str
    argument: str
    patch: bool
    """It was applied to patches, not to whole series."""
    count: int
    """Number of these patches or series."""


class EventHistory:
    """Asks the tables of `core.triage.event_tables` over a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tables = EventTables(connection)

    def next_undo(self, host: str) -> UndoStep | None:
        """Return the last thing that a machine did and that is in force."""
        return self._step(
            "SELECT step FROM event WHERE host = ? AND undoes = '' AND in_force"
            " AND verb NOT IN (?, ?) ORDER BY time DESC, name DESC LIMIT 1",
            (host, APPLIED, THANKED),  # branches and mails are taken back elsewhere
        )

    def next_redo(self, host: str) -> UndoStep | None:
        """Return the last undo of a machine that is in force, where it did nothing else since."""
        found = self._connection.execute(
            "SELECT step, time FROM event WHERE host = ? AND undoes != '' AND verb = ? AND in_force"
            " AND undoes NOT IN (SELECT step FROM event WHERE verb = ?) ORDER BY time DESC, name DESC LIMIT 1",
            (host, UNDO, APPLIED),
        ).fetchone()
        if found is None:
            return None
        since = self._connection.execute(
            "SELECT 1 FROM event WHERE host = ? AND undoes = '' AND time > ?", (host, found[1])
        ).fetchone()
        return None if since else self._step("SELECT ?", (found[0],))

    def last_applied(self, host: str) -> AppliedStep | None:
        """Return a machine's last application, where it decided nothing since."""
        found = self._connection.execute(
            "SELECT step, verb, argument FROM event WHERE host = ? AND undoes = '' AND in_force"
            " AND verb != ? ORDER BY time DESC, name DESC LIMIT 1",
            (host, THANKED),
        ).fetchone()
        if found is None or found[1] != APPLIED:
            return None
        branch, _, rest = str(found[2]).partition(" ")
        return AppliedStep(str(found[0]), branch, rest.rpartition(" ")[2])

    def step_of_record(self, record: str) -> str | None:
        """Return the step that applied the patches of a record of `core.apply.records`."""
        found = self._connection.execute(
            "SELECT step FROM event WHERE verb = ? AND in_force AND argument LIKE '% ' || ?",
            (APPLIED, record),
        ).fetchone()
        return None if found is None else str(found[0])

    def is_thanked(self, message_ids: Iterable[MessageId]) -> bool:
        """Whether thanks were written for a series that holds any of some mails."""
        entries = self._tables.entries_naming(map(message_hash, message_ids))
        found = self._connection.execute(
            "SELECT 1 FROM json_each(?) CROSS JOIN event_series ON event_series.id = value"
            " CROSS JOIN event ON event.id = event WHERE verb = ? AND in_force LIMIT 1",
            (json.dumps(list(entries)), THANKED),
        ).fetchone()
        return found is not None

    def _step(self, query: str, values: tuple[object, ...]) -> UndoStep | None:
        """Return the step that a query names; of an undo, with the verb and argument of the original step."""
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
        verb, argument, patch, count = self._connection.execute(
            "SELECT max(verb), max(argument), max(patch), count(event_series.id) FROM event LEFT JOIN event_series ON event = event.id"
            " WHERE step = ?",
            (step,),
        ).fetchone()
        return UndoStep(name, step, verb or UNDO, argument or "", bool(patch), count)

    def last_time(self, host: str) -> int:
        """Return the time of a machine's latest event; 0 where there is none."""
        (time,) = self._connection.execute(
            "SELECT max(coalesce((SELECT max(time) FROM event WHERE host = ? AND undoes = ''), 0),"
            " coalesce((SELECT max(time) FROM event WHERE host = ? AND undoes != ''), 0))",
            (host, host),
        ).fetchone()
        return int(time)

    def series_of_step(self, step: str) -> list[tuple[EventSeries, list[int]]]:
        """Return the series of a step, each by its first Message-ID, and the hashes of its mails."""
        rows = self._connection.execute(
            "SELECT lead, before, keys FROM event CROSS JOIN event_series ON event = event.id"
            " WHERE step = ? ORDER BY event_series.id",
            (step,),
        )
        return [(_named(lead, before), split_hashes(keys)) for lead, before, keys in rows]

    def undone_events(self) -> set[str]:
        """Return the ids of events that are not in force."""
        rows = self._connection.execute("SELECT name FROM event WHERE NOT in_force")
        return {name for (name,) in rows}

    def undone_steps(self) -> set[str]:
        """Return the steps that an undo or redo names."""
        rows = self._connection.execute("SELECT DISTINCT undoes FROM event WHERE undoes != ''")
        return {step for (step,) in rows}

    def history_of(self, message_ids: Iterable[MessageId]) -> list[tuple[TriageEvent, bool]]:
        """Return the events that name any of some mails, and their undos and redos, each with whether it is in force.

        Each has only the series of those mails, by its first Message-ID.
        """
        entries = self._tables.entries_naming(map(message_hash, message_ids))
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
        series = {event: (_named(*found),) for event, found in named.items()}
        return self._events(events, series)

    def actions_since(self, moment: datetime) -> list[tuple[TriageEvent, bool]]:
        """Return the events since a moment that are no undo or redo, latest last, each with whether it is in force."""
        time = to_microseconds(moment)
        found = self._connection.execute(
            "SELECT id FROM event WHERE undoes = '' AND time >= ?", (time,)
        )
        events = [event for (event,) in found]
        series: dict[int, list[EventSeries]] = {}
        for event, lead, before in self._connection.execute(
            "SELECT event, lead, before FROM event CROSS JOIN event_series ON event = event.id"
            " WHERE undoes = '' AND time >= ? ORDER BY event_series.id",
            (time,),
        ):
            series.setdefault(event, []).append(_named(lead, before))
        return self._events(events, series)

    def _events(
        self, events: Iterable[int], series: Mapping[int, Sequence[EventSeries]]
    ) -> list[tuple[TriageEvent, bool]]:
        """Return events in order of time, each with whether it is in force; `series` maps an event's row to its series."""
        rows = self._connection.execute(
            "SELECT id, name, host, time, verb, argument, note, patch, undoes, in_force FROM event"
            " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY time, name",
            (json.dumps(list(events)),),
        )
        return [
            (
                TriageEvent(
                    time=time, host=host, id=name, verb=verb, series=tuple(series.get(event, ())),
                    argument=argument, note=note, patch=bool(patch), undoes=undoes,
                ),
                bool(in_force),
            )
            for event, name, host, time, verb, argument, note, patch, undoes, in_force in rows
        ]  # fmt: skip

    def viewed_hunks(self) -> set[str]:
        """Return the hunks that were viewed."""
        rows = self._connection.execute("SELECT key FROM viewed_hunk WHERE is_viewed")
        return {key for (key,) in rows}


def _named(lead: bytes, before: str | None) -> EventSeries:
    """Return a series by its first Message-ID alone."""
    id_ = MessageId(lead.decode("utf-8", "surrogatepass"))
    return EventSeries(ids=(id_,), before=None if before is None else Status(before))
