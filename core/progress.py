"""Progress of a job, and its cancellation.

Whoever works reports through a `ProgressCallback`; a `ProgressJob` does so at most ten times a second, and ends the job
where the user has asked for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Final

from core.errors import Cancelled

REPORT_EVERY: Final = 0.1
"""Seconds between two reports of one job."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a job; `total` is None where unknown."""

    doing: str
    done: int = 0
    total: int | None = None


ProgressCallback = Callable[[Progress], None]
"""Called with how far the job has come, from the thread that works."""


class ProgressJob:
    """One job that counts: whether to go on, and when to report again."""

    def __init__(
        self, doing: str, unit: str, *, stop: Event, closed: Event, report: ProgressCallback
    ) -> None:
        """Count in `unit`: the report will read "DOING, UNIT 3 of 7"."""
        self._doing = doing
        self._counting = f"{doing}, {unit}"
        self.stop = stop
        """Set where the user has asked for an end."""
        self._closed = closed
        self._report = report
        self._due = 0.0

    def tick(self, done: int, total: int | None = None) -> None:
        """Report how far the job has come, not too often. Raises Cancelled where it is to end."""
        if self.stop.is_set() or self._closed.is_set():
            raise Cancelled
        now = time.monotonic()
        if now >= self._due:
            self._due = now + REPORT_EVERY
            self._report(Progress(self._counting, done, total) if done else Progress(self._doing))


def byte_size(count: int) -> str:
    """Return a number of bytes in words: "512 bytes", "12 KiB", "3 MiB"."""
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << shift:
            return f"{count >> shift:,} {unit}"
    return "1 byte" if count == 1 else f"{count} bytes"
