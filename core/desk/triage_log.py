"""The triage history of a series, and the whole journal as lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from core.triage.outcome import LogLine, log_line, log_lines
from core.triage.transitions import VERBS

if TYPE_CHECKING:
    from core.desk.applied_journal import AppliedJournal
    from core.model import MessageId
    from core.triage.events import TriageEvent

MOST_SUBJECTS: Final = 20
"""Series of an event that are named."""


class TriageLog:
    """Looks back on the journal. Raises JournalError and IndexFileError."""

    def __init__(self, applied: AppliedJournal) -> None:
        self._applied = applied

    def of_series(self, message_id: MessageId) -> list[LogLine]:
        """Return the history of the series that holds a message, latest last."""
        with self._applied.lock:
            self._applied.apply_new_events()
            store = self._applied.store
            (target,) = store.find((message_id,))
            events = store.query(lambda history: history.history_of(target.mails))
            return [log_line(event, in_force=in_force) for event, in_force in events]

    def lines(self, *, marks: bool = False) -> Iterator[LogLine]:
        """Yield the events in the order of the file; with `marks`, read marks too.

        An undo or redo has the series of the event that it reverts.
        """
        self._applied.apply_new_events()
        undone = self._applied.store.query(lambda history: history.undone_events())
        targets = self._applied.store.query(lambda history: history.undone_steps())
        for line in log_lines(self._events(), undone, targets):
            if line.series or line.undoes or (marks and line.verb in VERBS):
                yield line

    def since(self, moment: datetime) -> list[tuple[LogLine, tuple[str, ...]]]:
        """Return the actions since a moment, latest last, each with the subjects of its first `MOST_SUBJECTS` series.

        An undo is no line of its own: the action is then not in force.
        """
        with self._applied.lock:
            self._applied.apply_new_events()
            store = self._applied.store
            return [
                (
                    log_line(event, in_force=in_force),
                    tuple(
                        store.subject(one.ids[0], own=event.patch) or one.ids[0]
                        for one in event.series[:MOST_SUBJECTS]
                    ),
                )
                for event, in_force in store.query(lambda history: history.actions_since(moment))
            ]

    def _events(self) -> Iterator[TriageEvent]:
        """Yield all events of the file, and count the lines that are no events."""
        count = 0
        self._applied.count_invalid_lines(0)
        for batch in self._applied.journal.read_from():
            count += batch.invalid_lines
            self._applied.count_invalid_lines(count)
            yield from batch.events
