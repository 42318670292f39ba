"""What every source of mail can do, whatever it reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Final, Protocol

from core.errors import Cancelled
from core.model import Progress, RawMessage

Report = Callable[[Progress], None]
"""Told, from the thread that works, how far it has come."""

REPORT_EVERY: Final = 0.1
"""Seconds between two reports of one job."""


class Source(Protocol):
    """Somewhere mail comes from. Calls block; run them off the UI thread."""

    @property
    def name(self) -> str:
        """What to call it on screen: a file's name, a list's."""
        ...

    @property
    def is_list(self) -> bool:
        """Whether it is a mailing list's archive, so that what its mails name are lists they came through."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read so far, each as a sentence; what `mails` gave stands."""
        ...

    def mails(self, *, stop: Event, report: Report) -> Iterator[RawMessage]:
        """Yield every mail, in no promised order.

        Raises Cancelled soon after `stop` is set, SourceError or FetchError where it cannot be read.
        """
        ...

    def read(self, key: str) -> bytes:
        """Return the bytes of the mail that `mails` gave `key` for.

        Raises SourceError where it is gone since.
        """
        ...

    def close(self) -> None:
        """Abort what is in flight and let go of files. Any thread; terminal."""
        ...


class Job:
    """One run of `mails`: whether to go on, and when to report again."""

    def __init__(
        self, doing: str, unit: str, *, stop: Event, closed: Event, report: Report
    ) -> None:
        """Count in `unit`: the words will be "DOING, UNIT 3 of 7"."""
        self._doing = doing
        self._counting = f"{doing}, {unit}"
        self._stop = stop
        self._closed = closed
        self._report = report
        self._due = 0.0

    def step(self, done: int, total: int | None = None) -> None:
        """Say how far it is, not too often. Raises Cancelled where the job is to end."""
        if self._stop.is_set() or self._closed.is_set():
            raise Cancelled
        now = time.monotonic()
        if now >= self._due:
            self._due = now + REPORT_EVERY
            self._report(Progress(self._counting, done, total) if done else Progress(self._doing))
