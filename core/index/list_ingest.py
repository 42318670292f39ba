"""A source → the index: in batches that are all there or not at all, from where the last run stopped.

A batch's mails and the position after them are stored in one transaction, so that a run that is killed loses at most a
batch and doubles nothing. Where another process has brought the same part further meanwhile, the batch is
dropped, and this one goes on from there.
"""

from __future__ import annotations

import gc
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Final

from core.errors import Cancelled, PatchdeskError
from core.index.database import transaction
from core.index.ids import PhraseMemory
from core.index.message_writer import (
    MessageWriter,
    PendingChange,
    message_id_for_blob,
)
from core.index.parts import StoredListPart, ensure_list, ensure_part, read_cursor
from core.index.rebuild import remove_taken_over, take_over
from core.index.regroup import regroup_dirty
from core.mail.rethread import FormatPatchThreader
from core.model import Message
from core.progress import ProgressCallback, ProgressJob
from core.sources.parsed_mail import parse_for_storage
from core.sources.source import IncrementalSource, MailChange, Source
from core.sources.target import incremental_parts_of

BATCH: Final = 2000
"""Mails of one transaction."""

BATCH_BYTES: Final = 32 << 20
"""Most bytes of mail in one transaction, or little more, so that memory stays small where mails are large."""

FIRST_REGROUP_AT: Final = 500
"""Number of mails after which a first run groups them, so that the list soon shows something."""

REGROUP_GROWTH: Final[float] = 3
"""It groups again whenever there are so many times as many: grouping stays linear, whatever the mails are."""

_FRESH: Final = 6000
"""Mails kept in memory from storing to grouping, which spares reading them back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """The changes of a run."""

    added: int
    """Mails that came to the list."""
    removed: int
    series_changed: int
    """Rows of the tree that were written or taken away."""
    notes: tuple[str, ...] = ()
    """Messages that could not be read, a sentence each."""


class ListIngest:
    """One run over the feeds of a source."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        list_name: str,
        *,
        stop: Event,
        report: ProgressCallback,
    ) -> None:
        """Take a connection to the index at `path`."""
        self._connection = connection
        self._path = path
        self._name = list_name
        self._stop = stop
        self._report = report
        self._phrases = PhraseMemory()
        self._fresh: dict[bytes, Message] = {}
        self._list = 0
        self._read_before = 0
        self._is_first = True
        self._added = self._removed = self._changed = 0
        self._due = FIRST_REGROUP_AT
        self._threader = FormatPatchThreader()

    def run(self, source: Source, read_before: float, *, catches_up: bool = True) -> IngestResult:
        """Store the new messages of a source, and group them; with `catches_up`, the list is up to date then.

        Raises Cancelled (the messages so far are stored, not all of them grouped), SourceError and FetchError.
        """
        take_over(self._connection, self._path, self._name, stop=self._stop, report=self._report)
        found = ensure_list(self._connection, self._name, int(read_before))
        self._list, self._read_before, self._is_first = found
        incremental_parts = incremental_parts_of(source)
        with _fewer_collections():
            for feed in incremental_parts:
                part = ensure_part(self._connection, self._list, feed)
                while not self._follow(part, feed):
                    pass
            self._settle()
        remove_taken_over(self._connection, self._path)
        if catches_up:
            with transaction(self._connection):
                self._connection.execute(
                    "UPDATE list SET synced = ? WHERE id = ?", (int(time.time()), self._list)
                )
        return IngestResult(
            added=self._added,
            removed=self._removed,
            series_changed=self._changed,
            notes=tuple(note for feed in incremental_parts for note in feed.notes),
        )

    def _follow(self, part: int, feed: IncrementalSource) -> bool:
        """Store the changes of a feed; False where another process got in between."""
        position = read_cursor(self._connection, part)
        limits = self._read_limits(feed, position)
        job = ProgressJob("", "", stop=self._stop, closed=Event(), report=lambda _: None)
        told = ProgressJob(
            f"Indexing {self._name}", "mail", stop=Event(), closed=Event(), report=self._report
        )
        held = StoredListPart(self._connection, self._list, part, feed.order)
        batch: list[PendingChange] = []
        size = 0
        try:
            for change in feed.changes(position, held, job):
                told.tick(self._added + len(batch))
                prepared, length = self._prepare(change, feed)
                if prepared is None:
                    continue
                batch.append(prepared)
                size += length
                if len(batch) >= BATCH or size >= BATCH_BYTES:
                    if not self._store(part, feed, position, batch, limits):
                        return False
                    position, batch, size = feed.cursor, [], 0
                    self._settle_when_due()
        except (Cancelled, PatchdeskError):
            if batch:
                self._store(part, feed, position, batch, limits)
            raise
        return self._store(part, feed, position, batch, limits)

    def _read_limits(self, feed: IncrementalSource, position: str) -> tuple[int, int]:
        """Return the dates before which mails of the past, and those that just came, count as read.

        A list that was up to date before has no limit (0): a new message is unread whatever its Date.
        """
        if self._is_first:
            return self._read_before, self._read_before
        (newest,) = self._connection.execute(
            "SELECT max(rank) FROM list_part WHERE list = ? AND position != ''", (self._list,)
        ).fetchone()
        begins = not position and newest is not None and feed.order > newest
        return 0 if begins else self._read_before, 0

    def _prepare(
        self, change: MailChange, feed: IncrementalSource
    ) -> tuple[PendingChange | None, int]:
        """Read a mail, unless it is here already; return its size too. None for one that was purged."""
        if not change.added or change.is_stored or self._is_here(change):
            return PendingChange(change, None), 0
        draft, size = change.parsed, 0
        if draft is None:
            raw = feed.read(change.blob) if change.raw is None else change.raw
            if not raw:
                return None, 0
            draft, size = parse_for_storage(raw, change.blob, keep=not feed.path), len(raw)
        threaded = self._threader.thread(draft.message)
        if threaded is not draft.message:
            draft = replace(draft, message=threaded)
        kept = change if change.raw is None else replace(change, raw=None)
        return PendingChange(kept, draft), size

    def _is_here(self, change: MailChange) -> bool:
        """Whether a mail that came with its bytes is stored already: these come again and again."""
        return (
            change.raw is not None
            and message_id_for_blob(self._connection, change.blob) is not None
        )

    def _store(
        self,
        part: int,
        feed: IncrementalSource,
        position: str,
        batch: list[PendingChange],
        read_limits: tuple[int, int],
    ) -> bool:
        if not batch and feed.cursor == position:
            return True
        with transaction(self._connection):
            if read_cursor(self._connection, part) != position:
                return False
            storing = MessageWriter(self._connection, self._list, part, feed, self._phrases)
            storing.store(batch, read_limits)
            self._connection.execute(
                "UPDATE list_part SET position = ? WHERE id = ?", (feed.cursor, part)
            )
        storing.numbers.remember()
        for each in batch:
            if each.draft is not None and len(self._fresh) < _FRESH:
                self._fresh[each.change.blob] = each.draft.message
        self._added += storing.added
        self._removed += storing.removed
        return True

    def _settle_when_due(self) -> None:
        if self._added >= self._due:
            self._settle()
            self._due = int(self._added * REGROUP_GROWTH)

    def _settle(self) -> None:
        self._changed += regroup_dirty(
            self._connection, stop=self._stop, report=self._report, fresh=self._fresh
        )
        self._fresh.clear()


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Let Python look for circles of garbage less often: mails have none, and are many."""
    thresholds = gc.get_threshold()
    gc.set_threshold(400_000, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
