"""Writes of a sync: add mails, group them, forget a list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from core.index.database import transaction
from core.model import MessageId

if TYPE_CHECKING:
    from core.index.connection_pool import ConnectionPool
    from core.index.list_ingest import IngestResult
    from core.progress import ProgressCallback
    from core.sources.source import Source
    from core.triage.landing import PatchLanding


class IndexWriter:
    """Writes the index. Any thread may ask, and any process: one writes at a time. All raise IndexFileError."""

    def __init__(self, pool: ConnectionPool, path: Path) -> None:
        self._pool = pool
        self._path = path

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
        """Store the messages of a source that the list lacks, and group them; with `catches_up`, the list is complete
        then.

        Of a new list, mails dated before `read_before` (seconds of the Unix epoch) count as read: now, and later when
        more of its past comes; a new arrival is unread, whatever its date. Raises Cancelled (the messages so far are
        kept; `regroup` groups the rest), SourceError, FetchError.
        """
        from core.index.list_ingest import ListIngest

        with self._pool.connection() as connection:
            run = ListIngest(connection, self._path, list_name, stop=stop, report=report)
            return run.run(source, read_before, catches_up=catches_up)

    def regroup(self, *, stop: Event, report: ProgressCallback) -> int:
        """Group the conversations that an interrupted run left dirty; return the number of changed rows. Raises
        Cancelled.
        """
        from core.index.regroup import regroup_dirty

        with self._pool.connection() as connection:
            return regroup_dirty(connection, stop=stop, report=report)

    def touch_rows(self, rows: Collection[int]) -> None:
        """Say that rows show something else, so that who has them on the screen reads them again."""
        from core.index.triage_state import bump_rows

        with self._pool.connection() as connection, transaction(connection):
            bump_rows(connection, rows)

    def pending_conversations(self) -> int:
        """Return how many conversations wait to be grouped."""
        from core.index.regroup import pending_conversations

        with self._pool.connection() as connection:
            return pending_conversations(connection)

    def is_complete(self) -> bool:
        """Whether all rows are as today's rules make them; else `core.index.rebuild` has work, in a process of its own."""
        from core.index.rebuild import is_complete

        with self._pool.connection() as connection:
            return is_complete(connection, self._path)

    def forget(self, list_name: str, *, stop: Event, report: ProgressCallback) -> int:
        """Take a list out of the index, with its mails that are in no other; return how many rows changed."""
        from core.index.forget import forget

        with self._pool.connection() as connection:
            return forget(connection, list_name, stop=stop, report=report)

    def mark_read(self, message_ids: Iterable[MessageId], read: bool) -> int:
        """Count mails as read or unread, whether they are here yet or not; return how many rows changed."""
        from core.index.rows import mark_read

        with self._pool.connection() as connection:
            return mark_read(connection, message_ids, seen=read)

    def record_landed(self, landed: Mapping[MessageId, Iterable[PatchLanding]]) -> int:
        """Know these landed patches, in the place of those before; return how many rows show something else."""
        from core.index.landed import record_landed

        with self._pool.connection() as connection:
            return record_landed(connection, landed)

    def set_inbox_boundary(self, list_name: str, setting: str, moment: int) -> None:
        """Let a list's inbox begin at a moment (seconds of the Unix epoch) that follows from a setting."""
        from core.index.inbox import set_boundary

        with self._pool.connection() as connection:
            set_boundary(connection, list_name, setting, moment)

    def inbox_setting(self, list_name: str) -> str | None:
        """Return the setting by which a list's inbox begins; None where that was never set."""
        from core.index.inbox import boundary_setting

        with self._pool.connection() as connection:
            return boundary_setting(connection, list_name)
