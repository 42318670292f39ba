"""The triage journal → the index: what was appended since the last time is taken in, in transactions of their own.

Where the journal was replaced or cut, all that is known of it is made anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable

from core.index.database import transaction
from core.index.triage_state import (
    bump_rows,
    has_stale,
    note_events,
    recompute_states,
    refresh_stale,
)
from core.triage.event_tables import EventTables
from core.triage.journal import JOURNAL_START, EventBatch, Journal, JournalCursor
from core.triage.store import JournalUpdate


def has_unapplied_events(connection: sqlite3.Connection, journal: Journal) -> bool:
    """Whether there is something in the journal that was not taken in, as its size tells."""
    return EventTables(connection).cursor.offset != journal.size() or has_stale(connection)


def apply_new_events(connection: sqlite3.Connection, journal: Journal) -> JournalUpdate:
    """Take in what the journal has; raises JournalError, and sqlite3.OperationalError where another process writes.

    What another process takes in meanwhile is left to it.
    """
    done = JournalUpdate()
    while True:
        position = EventTables(connection).cursor
        if not journal.continues_from(position):
            _begin_anew(connection, position, done)
            continue
        if all(
            _take(connection, position, batch, done) for position, batch in _from(journal, position)
        ):
            while has_stale(connection):
                with transaction(connection):
                    done.changed += refresh_stale(connection)
            return done


def _from(journal: Journal, position: JournalCursor) -> Iterable[tuple[JournalCursor, EventBatch]]:
    """Yield batches, each with the position that it begins at."""
    for batch in journal.read_from(position):
        yield position, batch
        position = batch.cursor


def _take(
    connection: sqlite3.Connection, position: JournalCursor, batch: EventBatch, done: JournalUpdate
) -> bool:
    """Take in a batch; False where another process got in between."""
    with transaction(connection):
        tables = EventTables(connection)
        if tables.cursor != position:
            return False
        done.changed += note_events(connection, tables.insert(batch.events))
        tables.cursor = batch.cursor
    done.invalid_lines += batch.invalid_lines
    return True


def _begin_anew(
    connection: sqlite3.Connection, position: JournalCursor, done: JournalUpdate
) -> None:
    with transaction(connection):
        tables = EventTables(connection)
        if tables.cursor != position:
            return
        me = tables.get_meta("me")
        tables.clear()
        if me is not None:
            tables.set_meta("me", me)
        rows = [item for (item,) in connection.execute("SELECT list_row FROM triage_state")]
        changed = recompute_states(connection, rows)
        bump_rows(connection, changed)
        tables.cursor = JOURNAL_START
    done.changed += len(changed)
    done.is_rebuilt = True


def set_my_addresses(connection: sqlite3.Connection, addresses: Collection[str]) -> None:
    """Remember the user's addresses; where they are others than before, what they brought back is looked at again."""
    me = json.dumps(sorted({address.casefold() for address in addresses}))
    if EventTables(connection).get_meta("me") == me:
        return
    with transaction(connection):
        EventTables(connection).set_meta("me", me)
        rows = [
            item
            for (item,) in connection.execute("SELECT list_row FROM triage_state WHERE decided")
        ]
        bump_rows(connection, recompute_states(connection, rows))


def pending_tag_waits(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the tags that rows wait for, each with a list whose repository may have it."""
    return connection.execute(
        "SELECT DISTINCT list.name, substr(until, 5) FROM triage_state JOIN row_list USING (list_row)"
        " JOIN list ON list.id = list WHERE until LIKE 'tag:%'"
    ).fetchall()


def record_tags(connection: sqlite3.Connection, tags: Collection[tuple[str, str]]) -> int:
    """Remember that lists' repositories have tags; return how many rows that brings back."""
    with transaction(connection):
        connection.executemany("INSERT OR IGNORE INTO tag_seen VALUES (?, ?)", tags)
        waiting = [
            item
            for (item,) in connection.execute(
                "SELECT list_row FROM triage_state WHERE until LIKE 'tag:%'"
                " AND substr(until, 5) IN (SELECT value FROM json_each(?))",
                (json.dumps([tag for _, tag in tags]),),
            )
        ]
        changed = recompute_states(connection, waiting)
        bump_rows(connection, changed)
    return len(changed)
