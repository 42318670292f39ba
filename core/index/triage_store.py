"""The triage journal applied to the index, and triage's queries about rows."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from core.index.codec import from_blob, stable_hash
from core.index.database import BUSY_FOR, snapshot, transaction
from core.index.row_summary import MessageRole
from core.index.triage_state import (
    bump_rows,
    decode_state,
    has_stale,
    note_events,
    recompute_states,
    refresh_stale,
    status_sql,
)
from core.model import MessageId
from core.triage.event_history import EventHistory
from core.triage.event_tables import EventTables
from core.triage.events import EventSeries, short_message_key
from core.triage.journal import JOURNAL_START, EventBatch, Journal, JournalCursor
from core.triage.state import SeriesFacts, TriageState, fold_events
from core.triage.store import PATIENCE, JournalUpdate, TriageTarget
from core.triage.transitions import UNDECIDED

if TYPE_CHECKING:
    from core.index.index import Index

T = TypeVar("T")

_OPEN: Final = ", ".join(f"'{status}'" for status in UNDECIDED)


class IndexTriageStore:
    """Triage's side of an index. Any thread may call it; raises IndexFileError where the file fails."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._generation = 0
        self._states: dict[int | MessageId, TriageState] = {}
        """Those of all rows that have one, as of that generation."""

    # ------------------------------------------------------------------- the journal

    def apply_new_events(self, journal: Journal, *, patience: float = PATIENCE) -> JournalUpdate:
        """Apply the events appended since the last time. Raises JournalError."""
        with self._index.connection() as connection:
            connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
            try:
                return apply_new_events(connection, journal)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in (
                    sqlite3.SQLITE_BUSY,
                    sqlite3.SQLITE_LOCKED,
                ):
                    raise
                return JournalUpdate(is_busy=True)
            finally:
                connection.execute(f"PRAGMA busy_timeout = {int(BUSY_FOR * 1000)}")

    def has_new_events(self, journal: Journal) -> bool:
        """Whether there is something in the journal that was not taken in."""
        with self._index.connection() as connection:
            return has_unapplied_events(connection, journal)

    def query(self, question: Callable[[EventHistory], T]) -> T:
        """Ask the journal's events."""
        with self._index.connection() as connection:
            return question(EventHistory(connection))

    def set_my_addresses(self, addresses: Collection[str]) -> None:
        """Remember the user's addresses, by which replies to mails of his are known."""
        with self._index.connection() as connection:
            set_my_addresses(connection, addresses)

    # ------------------------------------------------------------------- rows

    def find(self, message_ids: Iterable[MessageId]) -> list[TriageTarget]:
        """Return the series that hold some mails, each once, and the mails that no series holds."""
        wanted = list(dict.fromkeys(message_ids))
        with self._index.connection() as connection, snapshot(connection):
            rows = _rows_of(connection, wanted)
            asked: dict[int, MessageId] = {}
            for one in wanted:
                if one in rows:
                    asked.setdefault(rows[one], one)
            known = _known_targets(connection, asked)
            return [
                known[rows[one]] if one in rows else _unknown_target(connection, one)
                for one in wanted
                if one not in rows or asked[rows[one]] == one
            ]

    def series_holding(self, mails: Collection[int]) -> list[TriageTarget]:
        """Return the series that hold mails with some numbers; each is asked for by its own id."""
        with self._index.connection() as connection, snapshot(connection):
            rows = connection.execute(
                "SELECT DISTINCT node.list_row, lead.name FROM json_each(?) CROSS JOIN node ON node.hash = value"
                " CROSS JOIN list_row ON list_row.id = node.list_row CROSS JOIN node AS lead ON lead.id = lead",
                (json.dumps(list(mails)),),
            ).fetchall()
            asked = {row: MessageId(from_blob(name)) for row, name in rows}
            return list(_known_targets(connection, asked).values())

    def subject(self, message_id: MessageId, *, own: bool) -> str:
        """Return the subject, without tags, of the row that holds a message, with `own` the message's; "" if unknown."""
        if own:
            message = self._index.mails.message(message_id)
            return message.subject.title if message is not None else ""
        row = self._index.mails.find_row(message_id)
        summaries = self._index.rows.summaries([row]) if row is not None else ()
        return summaries[0].subject if summaries else ""

    def states(self) -> dict[int | MessageId, TriageState]:
        """Return the states of all rows with events; unchanged ones are not read again."""
        query = "SELECT list_row, data FROM triage_state"
        with self._lock, self._index.connection() as connection:
            changes = self._index.rows.changes_since(self._generation)
            if changes.whole or not self._generation:
                self._states.clear()
                rows = connection.execute(query)
            else:
                changed = (*changes.written, *changes.gone)
                for row in changed:
                    self._states.pop(row, None)
                wanted = json.dumps(changed)
                where = " WHERE list_row IN (SELECT value FROM json_each(?))"
                rows = connection.execute(query + where, (wanted,))
            self._states.update((row, decode_state(data)) for row, data in rows)
            self._generation = changes.generation
            return dict(self._states)

    def today(self, midnight: datetime, now: datetime) -> tuple[int, int]:
        """Return how many rows were decided since midnight, and of how many there were to decide.

        To be decided are those with unread mail, and those that were opened.
        """
        status = status_sql(now.timestamp())
        with self._index.connection() as connection, snapshot(connection):
            (decided,) = connection.execute(
                f"SELECT count(*) FROM triage_state WHERE decided >= ? AND {status} NOT IN ({_OPEN})",  # noqa: S608
                (midnight.timestamp(),),
            ).fetchone()
            (unread,) = connection.execute(
                "SELECT count(*) FROM list_row LEFT JOIN triage_state ON triage_state.list_row = list_row.id"  # noqa: S608
                f" WHERE list_row.unread > 0 AND coalesce({status}, 'new') IN ({_OPEN})"
            ).fetchone()
            (opened,) = connection.execute(
                "SELECT count(*) FROM triage_state JOIN list_row ON list_row.id = list_row"  # noqa: S608
                f" WHERE triage_state.opened AND list_row.unread = 0 AND {status} = 'reading'"
            ).fetchone()
        return int(decided), int(decided + unread + opened)

    # ------------------------------------------------------------------- tags

    def pending_tag_waits(self) -> list[tuple[str, str]]:
        """Return the tags that rows wait for, each with a list whose repository may have it."""
        with self._index.connection() as connection:
            return pending_tag_waits(connection)

    def record_tags(self, tags: Collection[tuple[str, str]]) -> int:
        """Remember that lists' repositories have tags; return how many rows that brings back."""
        with self._index.connection() as connection:
            return record_tags(connection, tags)


@dataclass(slots=True)
class _Parts:
    """The messages of a row."""

    patches: list[MessageId] = field(default_factory=list)
    replies: list[MessageId] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)


def _rows_of(
    connection: sqlite3.Connection, message_ids: Collection[MessageId]
) -> dict[MessageId, int]:
    """Return the rows that hold mails, of those that are in any."""
    by_hash = {stable_hash(one): one for one in message_ids}
    found = connection.execute(
        "SELECT hash, name, list_row FROM json_each(?) CROSS JOIN node ON hash = value"
        " WHERE list_row IS NOT NULL",
        (json.dumps(list(by_hash)),),
    )
    return {
        by_hash[hash_]: item for hash_, name, item in found if from_blob(name) == by_hash[hash_]
    }


def _known_targets(
    connection: sqlite3.Connection, asked: dict[int, MessageId]
) -> dict[int, TriageTarget]:
    """Return rows as verbs take them; `asked` maps each to the mail it was named by."""
    wanted = json.dumps(list(asked))
    parts = {row: _Parts() for row in asked}
    for row, name, role in connection.execute(
        "SELECT list_row, name, role FROM json_each(?) AS wanted CROSS JOIN node ON list_row = wanted.value"
        " ORDER BY node.id",
        (wanted,),
    ):
        of = parts[row].replies if role & MessageRole.REPLY else parts[row].patches
        of.append(MessageId(from_blob(name)))
    for row, name in connection.execute(
        "SELECT list_row, name FROM json_each(?) AS wanted CROSS JOIN row_list ON list_row = wanted.value"
        " CROSS JOIN list ON list.id = list ORDER BY name",
        (wanted,),
    ):
        parts[row].lists.append(name)
    known: dict[int, TriageTarget] = {}
    for row, name, thread, active, data in connection.execute(
        "SELECT list_row.id, name, thread, active, data FROM json_each(?) AS wanted CROSS JOIN list_row ON list_row.id = wanted.value"
        " CROSS JOIN node ON node.id = lead LEFT JOIN triage_state ON triage_state.list_row = list_row.id",
        (wanted,),
    ):
        lead = MessageId(from_blob(name))
        known[row] = TriageTarget(
            requested_id=asked[row],
            entry=EventSeries(
                ids=tuple(dict.fromkeys((lead, *parts[row].patches))),
                replies=frozenset(map(short_message_key, parts[row].replies)),
                active=active,
            ),
            state=decode_state(data),
            mails=(*parts[row].patches, *parts[row].replies),
            row=row,
            lists=tuple(parts[row].lists),
            is_thread=bool(thread),
        )
    return known


def _unknown_target(connection: sqlite3.Connection, message_id: MessageId) -> TriageTarget:
    """Return a mail that no row holds, with the events that name it."""
    tables = EventTables(connection)
    effects = [
        effect for _, effect in tables.effects_of(tables.entries_naming((stable_hash(message_id),)))
    ]
    facts = SeriesFacts(
        ids=frozenset({message_id}), last_read=tables.last_read((stable_hash(message_id),))
    )
    return TriageTarget(
        requested_id=message_id,
        entry=EventSeries(ids=(message_id,)),
        state=fold_events(effects, facts),
        mails=(message_id,),
        is_known=False,
    )


# ------------------------------------------------------------------- applying the journal


def has_unapplied_events(connection: sqlite3.Connection, journal: Journal) -> bool:
    """Whether there is something in the journal that was not taken in, as its size tells."""
    return EventTables(connection).cursor.offset != journal.size() or has_stale(connection)


def apply_new_events(connection: sqlite3.Connection, journal: Journal) -> JournalUpdate:
    """Apply new events of the journal. Raises JournalError, and sqlite3.OperationalError where another process writes.

    Events that another process applies meanwhile are left to it.
    """
    done = JournalUpdate()
    while True:
        position = EventTables(connection).cursor
        if not journal.continues_from(position):
            _reset(connection, position, done)
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


def _reset(connection: sqlite3.Connection, position: JournalCursor, done: JournalUpdate) -> None:
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
    """Remember the user's addresses; where they changed, the states that depend on them are computed again."""
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
