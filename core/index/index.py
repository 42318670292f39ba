"""The index of followed lists: what has come, grouped, and found again at once.

One file, one writer at a time, any number of readers. Every thread that asks gets its own connection.
"""

from __future__ import annotations

import sqlite3
import threading
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from core.index.database import connect, faults, open_database
from core.index.query_sql import IndexQuery, SqlQueryRunner
from core.index.reader import IndexReader
from core.index.row_summary import SeriesSummary
from core.index.search_rows import SearchRow, all_search_rows, search_rows, search_rows_of_messages
from core.index.views import ListStats, RowChanges, RowView
from core.model import Message, MessageId, Series, Thread

if TYPE_CHECKING:
    from core.index.list_ingest import IngestResult
    from core.progress import ProgressCallback
    from core.sources.source import Source
    from core.triage.transitions import Status

T = TypeVar("T")

__all__ = ["Index", "ListStats", "RowChanges", "RowView", "SeriesSummary", "open_index"]


def open_index(path: Path) -> Index:
    """Open the index at a path, made where there is none.

    One that is damaged, or no index, is set aside and an empty one made; `notes` says so. Raises IndexFileError where
    that cannot be, and for an index that a newer patchdesk wrote.
    """
    return Index(path, open_database(path))


class Index:
    """An open index. Its methods may be called from any thread, and raise IndexFileError where the file fails."""

    def __init__(self, path: Path, notes: tuple[str, ...] = ()) -> None:
        """Take what `open_database` has seen to; use `open_index`."""
        self.path = path
        self.notes = notes
        """What happened at the opening, each as a sentence."""
        self._local = threading.local()
        self._lock = threading.Lock()
        self._connections: list[sqlite3.Connection] = []
        self._busy: Counter[sqlite3.Connection] = Counter()

    def close(self) -> None:
        """Close all connections; one that is in use closes once it is not."""
        with self._lock:
            for connection in self._connections:
                if not self._busy[connection]:
                    connection.close()
            self._connections.clear()
            self._local = threading.local()

    # ------------------------------------------------------------------- writing

    def ingest(
        self,
        list_name: str,
        source: Source,
        *,
        stop: Event,
        report: ProgressCallback,
        read_before: float = 0,
        catches_up: bool = True,
    ) -> IngestResult:
        """Bring in what a source has that the list has not, and group it; with `catches_up`, that is all there is now.

        Of a list that is new, mails dated before `read_before` (seconds of the Unix epoch) count as read: now, and later
        when more of its past comes; what just came to a list is unread, whatever its date. Raises Cancelled (what came is kept; `regroup_dirty` groups what is not grouped yet), SourceError, FetchError.
        """
        from core.index.list_ingest import ListIngest

        with self._using() as (connection, _):
            run = ListIngest(connection, self.path, list_name, stop=stop, report=report)
            return run.run(source, read_before, catches_up=catches_up)

    def settle(self, *, stop: Event, report: ProgressCallback) -> int:
        """Group what an interrupted run has left; return how many rows changed. Raises Cancelled."""
        from core.index.regroup import regroup_dirty

        with self._using() as (connection, _):
            return regroup_dirty(connection, stop=stop, report=report)

    def pending(self) -> int:
        """Return how many threads wait to be grouped."""
        from core.index.regroup import pending_conversations

        with self._using() as (connection, _):
            return pending_conversations(connection)

    def is_complete(self) -> bool:
        """Whether all rows are as today's rules make them; else `core.index.rebuild` has work, in a process of its own."""
        from core.index.rebuild import is_complete

        with self._using() as (connection, _):
            return is_complete(connection, self.path)

    def forget(self, list_name: str, *, stop: Event, report: ProgressCallback) -> int:
        """Take a list out of the index, with its mails that are in no other; return how many rows changed."""
        from core.index.forget import forget

        with self._using() as (connection, _):
            return forget(connection, list_name, stop=stop, report=report)

    def mark_seen(self, message_ids: Iterable[MessageId], seen: bool) -> int:
        """Count mails as read or unread, whether they are here yet or not; return how many rows changed."""
        from core.index.seen import mark_read

        with self._using() as (connection, _):
            return mark_read(connection, message_ids, seen=seen)

    def set_inbox_boundary(self, list_name: str, setting: str, moment: int) -> None:
        """Let a list's inbox begin at a moment (seconds of the Unix epoch) that follows from a setting."""
        from core.index.inbox import set_boundary

        with self._using() as (connection, _):
            set_boundary(connection, list_name, setting, moment)

    # ------------------------------------------------------------------- reading

    def inbox_setting(self, list_name: str) -> str | None:
        """Return the setting by which a list's inbox begins; None where that was never set."""
        from core.index.inbox import boundary_setting

        with self._using() as (connection, _):
            return boundary_setting(connection, list_name)

    def count_outside_inbox(self, list_name: str) -> tuple[int, int]:
        """Return how many rows of a list start outside the inbox, and how many it has."""
        from core.index.inbox import count_outside

        with self._using() as (connection, _):
            return count_outside(connection, list_name)

    def lists(self) -> list[ListStats]:
        """Return the lists, by name."""
        return self._ask(lambda reader: reader.lists())

    def order(self, view: RowView, limit: int = -1) -> array[int]:
        """Return the numbers of a view's rows, in order; with `limit`, of the first so many."""
        return self._ask(lambda reader: reader.order(view, limit))

    def days(self, view: RowView, zone: tzinfo | None = None) -> list[tuple[int, int]]:
        """Return how many rows of a view were last active on each day, as `IndexReader.days` has it."""
        return self._ask(lambda reader: reader.days(view, zone))

    def authors(self, view: RowView) -> list[tuple[str, int]]:
        """Return how many rows of a view each author has, in the view's order when sorted by author."""
        return self._ask(lambda reader: reader.authors(view))

    def states(self, view: RowView) -> list[tuple[Status, int]]:
        """Return how many rows of a view stand how, in the view's order when sorted by state."""
        return self._ask(lambda reader: reader.states(view))

    def woken(self, since: float, until: float) -> set[int]:
        """Return the rows that were put off until after one moment and not after another."""
        return self._ask(lambda reader: reader.woken(since, until))

    def unread_rows(self, lists: Collection[str] = ()) -> set[int]:
        """Return the rows with an unread mail, in these lists; none named stands for all."""
        return self._ask(lambda reader: reader.unread_rows(lists))

    def summaries(self, rows: Iterable[int]) -> list[SeriesSummary]:
        """Return what rows show, in the order asked for; rows that are gone are left out."""
        return self._ask(lambda reader: reader.summaries(rows))

    def changes_since(self, generation: int) -> RowChanges:
        """Return which rows were written or taken away since a generation; 0 is before all."""
        return self._ask(lambda reader: reader.changes_since(generation))

    def find(self, message_id: MessageId) -> int | None:
        """Return the row that holds a mail."""
        return self._ask(lambda reader: reader.find(message_id))

    def series(self, row: int) -> Series | Thread | None:
        """Return a whole series or thread, as grouping makes it; None where the row is gone."""
        return self._ask(lambda reader: reader.series(row))

    def message(self, message_id: MessageId) -> Message | None:
        """Return a mail."""
        return self._ask(lambda reader: reader.message(message_id))

    def lists_of(self, message_id: MessageId) -> tuple[str, ...]:
        """Return the names of the lists that a mail came through."""
        return self._ask(lambda reader: reader.lists_of(message_id))

    def raw(self, message: Message) -> bytes:
        """Return a mail's bytes as they came. Raises SourceError where they cannot be had."""
        return self._ask(lambda reader: reader.raws.raw(message))

    def last_number(self) -> int:
        """Return the highest number that a mail has or had; mails that come later have higher ones."""
        return self._ask(lambda reader: reader.last_number())

    def unread_since(self, number: int) -> list[tuple[int, MessageId]]:
        """Return the unread mails that came after the one of a number, each after its row, in the order they came."""
        return self._ask(lambda reader: reader.unread_since(number))

    def unseen(self, row: int) -> set[MessageId]:
        """Return the unread mails of a row."""
        return self._ask(lambda reader: reader.unseen(row))

    # ------------------------------------------------------------------- finding

    @property
    def identity(self) -> str:
        """What tells this index from one that is built anew in its place."""
        with self._using() as (connection, _):
            return str(
                connection.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()[0]
            )

    def raw_after(self, number: int, limit: int) -> list[tuple[int, bytes]]:
        """Return the first mails after a number, each with its own and its bytes; b"" where these cannot be had."""
        return self._ask(lambda reader: reader.raws.raw_after(number, limit))

    def mails_after(self, number: int) -> int:
        """Return how many mails have a larger number."""
        return self._ask(lambda reader: reader.raws.mails_after(number))

    def generation(self) -> int:
        """Return the number of the last change of any row."""
        with self._using() as (connection, _):
            return int(
                connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()[0]
            )

    def looked(self) -> int | None:
        """Return when the lists were looked at last, in seconds of the Unix epoch; None where nobody knows."""
        from core.triage.event_tables import EventTables

        with self._using() as (connection, _):
            looked = EventTables(connection).get_meta("looked")
        return None if looked is None else int(looked) // 1_000_000

    def chosen(self, choice: IndexQuery, stop: Event | None = None, limit: int = -1) -> array[int]:
        """Return the rows that a query means, the latest activity first. Raises Cancelled."""
        with self._using() as (connection, _):
            return self._chooser(connection).rows(choice, stop, limit)

    def count_chosen(self, choice: IndexQuery, stop: Event | None = None) -> int:
        """Return how many rows a query means. Raises Cancelled."""
        with self._using() as (connection, _):
            return self._chooser(connection).count(choice, stop)

    def matching(
        self, choice: IndexQuery, rows: Collection[int], stop: Event | None = None
    ) -> dict[int, tuple[int, bool]]:
        """Return which mails of rows meet a tree about mails, as `SqlQueryRunner.matching` has it."""
        with self._using() as (connection, _):
            return self._chooser(connection).matching(choice, rows, stop)

    def posted(self, rows: Collection[int]) -> list[SearchRow]:
        """Return some rows and their patches, as they are found by what is typed."""
        with self._using() as (connection, _):
            return search_rows(connection, rows)

    def all_posted(self) -> Iterator[SearchRow]:
        """Yield all rows and their patches. To be read to the end by one thread."""
        with self._using() as (connection, _):
            yield from all_search_rows(connection)

    def posted_mails(self, nodes: Iterable[int]) -> dict[int, SearchRow]:
        """Return patches by their nodes."""
        with self._using() as (connection, _):
            return search_rows_of_messages(connection, nodes)

    def _chooser(self, connection: sqlite3.Connection) -> SqlQueryRunner:
        """Return this thread's."""
        kept: tuple[sqlite3.Connection, SqlQueryRunner] | None = getattr(
            self._local, "chooser", None
        )
        if kept is None or kept[0] is not connection:
            kept = self._local.chooser = (connection, SqlQueryRunner(connection))
        return kept[1]

    def _ask(self, question: Callable[[IndexReader], T]) -> T:
        with self._using() as (_, reader):
            return question(reader)

    @contextmanager
    def _using(self) -> Iterator[tuple[sqlite3.Connection, IndexReader]]:
        """Give this thread its connection, and say for a person what SQLite raises."""
        with faults(self.path):
            held = self._taken()
            try:
                yield held
            finally:
                self._give_back(held[0])

    def _taken(self) -> tuple[sqlite3.Connection, IndexReader]:
        """Return this thread's connection, in use from now on: SQLite crashes where one is closed in the midst of a call."""
        with self._lock:
            held: tuple[sqlite3.Connection, IndexReader] | None = getattr(self._local, "held", None)
            if held is not None:
                self._busy[held[0]] += 1
                return held
        connection = connect(self.path)
        held = (connection, IndexReader(connection))
        with self._lock:
            self._local.held = held
            self._connections.append(connection)
            self._busy[connection] += 1
        return held

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._busy[connection] -= 1
            if not self._busy[connection]:
                del self._busy[connection]
                if connection not in self._connections:
                    connection.close()
