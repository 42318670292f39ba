"""The protocol of a store that the journal is applied to: the index of followed lists, or memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from core.model import MessageId
from core.triage.event_history import EventHistory
from core.triage.events import EventSeries
from core.triage.journal import Journal
from core.triage.state import TriageState

T = TypeVar("T")

PATIENCE = 0.02
"""Seconds that a key press waits for another process before the journal is applied later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageTarget:
    """A series (or thread, or a mail that is not here) as a verb meets it."""

    requested_id: MessageId
    """The mail that it was asked for by."""
    entry: EventSeries
    """Its entry for the journal."""
    state: TriageState
    mails: tuple[MessageId, ...]
    """All of it, replies too."""
    row: int | None = None
    """In the index."""
    lists: tuple[str, ...] = ()
    is_thread: bool = False
    """It has no versions."""
    is_known: bool = True
    """False for a mail that is not here yet."""


@dataclass(slots=True)
class JournalUpdate:
    """The result of applying new events of the journal."""

    changed: int = 0
    """How many series changed, or may have."""
    invalid_lines: int = 0
    """Lines of the journal that are no events."""
    is_rebuilt: bool = False
    """The journal was another than before: all of it was applied again."""
    is_busy: bool = False
    """Another process was writing: there may be more."""


class TriageStore(Protocol):
    """Applies the journal, and knows the facts of series."""

    def apply_new_events(self, journal: Journal, *, patience: float = PATIENCE) -> JournalUpdate:
        """Apply the events appended since the last time. Raises JournalError."""
        ...

    def has_new_events(self, journal: Journal) -> bool:
        """Whether there is something in the journal that was not taken in."""
        ...

    def query(self, question: Callable[[EventHistory], T]) -> T:
        """Ask the journal's history."""
        ...

    def find(self, message_ids: Iterable[MessageId]) -> list[TriageTarget]:
        """Return the series that hold some mails, each once, and the mails that no series holds."""
        ...

    def series_holding(self, mails: Collection[int]) -> list[TriageTarget]:
        """Return the series that hold mails with some hashes; each is asked for by its own id."""
        ...

    def subject(self, message_id: MessageId, *, own: bool) -> str:
        """Return the subject, without tags, of the series that holds a message, with `own` the message's; "" if unknown."""
        ...

    def states(self) -> dict[int | MessageId, TriageState]:
        """Return the states of all series that anything was done to; by row, else by id."""
        ...

    def today(self, midnight: datetime, now: datetime) -> tuple[int, int]:
        """Return how many series were decided since midnight, and of how many there were to decide."""
        ...
