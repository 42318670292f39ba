"""The triage journal and the store that has its events applied: the index's, or one in memory.

An action is in the journal before anything is answered; the store follows, at once where no other process writes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, Final

from core.errors import PatchdeskError
from core.triage.events import TriageEvent, to_microseconds
from core.triage.journal import Journal
from core.triage.memory_store import InMemoryTriageStore
from core.triage.store import PATIENCE, JournalUpdate, TriageStore

if TYPE_CHECKING:
    from core.index.index import Index
    from core.index.triage_store import IndexTriageStore

UNDO_PATIENCE: Final = 10.0
"""Seconds that an undo waits for another process, since it must know all that was done."""


class AppliedJournal:
    """One journal and its store; hold `lock` to read both and then write. Both are opened at the first use.

    All raise JournalError where the journal cannot be used, and IndexFileError where the index cannot.
    """

    def __init__(
        self,
        index: Index | None,
        journal: Journal,
        me: Collection[str] | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the index (None: a store in memory) and the user's addresses (None: those of the last time)."""
        self.journal = journal
        self.lock = threading.RLock()
        self.memory = InMemoryTriageStore(me or ()) if index is None else None
        """The store of an opened target; None over an index."""
        self.index = index
        """The index that the store is in; None of an opened target."""
        self._me = me
        self._clock = clock
        self._opened: TriageStore | None = None
        self._indexed: IndexTriageStore | None = None
        self._first = JournalUpdate()
        """The result of applying the journal at the opening."""
        self._invalid_lines = 0
        self._notes_told = 0

    @property
    def store(self) -> TriageStore:
        """The store, with the journal applied when it was opened."""
        with self.lock:
            if self._opened is None:
                self._opened = self.memory or self._open_indexed()
                self.journal.repair_tail()
                self._first = self._opened.apply_new_events(self.journal)
                self._invalid_lines += self._first.invalid_lines
            return self._opened

    @property
    def indexed(self) -> IndexTriageStore | None:
        """The store over an index, opened; None in memory."""
        _ = self.store
        return self._indexed

    def _open_indexed(self) -> IndexTriageStore:
        from core.index.triage_store import IndexTriageStore

        assert self.index is not None  # noqa: S101 - or the store is in memory
        self._indexed = IndexTriageStore(self.index)
        if self._me is not None:
            self._indexed.set_my_addresses(self._me)
        return self._indexed

    def append(self, events: Sequence[TriageEvent], *, sync: bool = True) -> Sequence[TriageEvent]:
        """Write events as one step and apply them; return them with their ids and times in the journal."""
        with self.lock:
            host = self.journal.host
            last = self.store.query(lambda history: history.last_time(host))
            now = max(to_microseconds(self._clock()), last + 1)
            written = self.journal.append(events, now=now, sync=sync)
            self.apply_new_events()
            return written

    def apply_new_events(self, patience: float | None = None) -> JournalUpdate:
        """Apply new events of the journal to the store.

        With `patience` it waits that many seconds for another process that writes the index, then raises
        PatchdeskError; without, events that cannot be applied at once are applied later.
        """
        with self.lock:
            store = self.store
            if not store.has_new_events(self.journal):
                return JournalUpdate()
            done = store.apply_new_events(
                self.journal, patience=PATIENCE if patience is None else patience
            )
            self._invalid_lines += done.invalid_lines
        if done.is_busy and patience is not None:
            raise PatchdeskError(
                "Another process keeps the index busy.", "Try again once its sync has ended."
            )
        return done

    def refresh(self) -> bool:
        """Apply events that others have written to the journal; return whether there were any."""
        with self.lock:
            done = self.apply_new_events()
            first, self._first = self._first, JournalUpdate()
            return bool(done.changed or done.is_rebuilt or first.changed or first.is_rebuilt)

    def import_events(self, lines: BinaryIO) -> tuple[int, int]:
        """Append the events of another journal that are not here; return how many, and how many lines were none."""
        with self.lock:
            self.apply_new_events(UNDO_PATIENCE)
            names = {event.id for batch in self.journal.read_from() for event in batch.events}
            done = self.journal.import_events(lines, names.__contains__)
            self.apply_new_events()
            return done

    def count_invalid_lines(self, count: int) -> None:
        """Let `notes` tell of lines that are no events: of these alone, since all lines were read again."""
        with self.lock:
            self._invalid_lines = count

    def notes(self) -> tuple[str, ...]:
        """Return new problems of the journal, each as a sentence."""
        with self.lock:
            notes = self.journal.notes[self._notes_told :]
            self._notes_told = len(self.journal.notes)
            count, self._invalid_lines = self._invalid_lines, 0
        if count == 1:
            notes += ("Ignored 1 line of the triage journal that is not an event.",)
        elif count:
            notes += (f"Ignored {count:,} lines of the triage journal that are not events.",)
        return notes
