"""Leaving a server alone for as long as it wants, within a sync and between syncs."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from core.errors import Cancelled, FetchError, PatchdeskError
from core.progress import Progress, ProgressCallback
from core.system.paths import write_atomically

PATIENCE: Final = 60.0
"""Seconds that a server is waited for within a sync, where it says when to come again."""

LONGEST: Final = 86_400.0
"""Seconds that a server is left alone at most."""

_TRIES: Final = 3
_ODD: Final = re.compile(r"[^A-Za-z0-9.-]")
_Answer = TypeVar("_Answer")


class RateLimiter:
    """The limits of one server; those that outlive a sync are in a small file for each host."""

    def __init__(self, host: str, folder: Path, *, stop: Event, report: ProgressCallback) -> None:
        """Take the folder for such files, which need not exist."""
        self._host = host
        self._file = folder / _ODD.sub("_", host)[:200]
        self._stop = stop
        self._report = report

    def call(self, question: Callable[[], _Answer]) -> _Answer:
        """Send a request, and repeat it where the server asks to retry soon.

        Raises FetchError, also where a server's earlier Retry-After has not passed yet, and Cancelled.
        """
        self._check()
        tries = 1
        while True:
            try:
                return question()
            except FetchError as error:
                if error.wait is None:
                    raise
                if error.wait > PATIENCE or tries == _TRIES:
                    self._remember_retry_after(error.wait)
                    raise
                tries += 1
                self._wait(error.wait)

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + max(1.0, seconds)
        while (left := end - time.monotonic()) > 0:
            self._report(Progress(f"{self._host} asked to wait {left:.0f} s"))
            if self._stop.wait(min(left, 1.0)):
                raise Cancelled

    def _remember_retry_after(self, seconds: float) -> None:
        with contextlib.suppress(PatchdeskError):  # then the next sync is told again
            until = time.time() + min(seconds, LONGEST)
            write_atomically(self._file, f"{until:.0f}\n".encode())

    def _check(self) -> None:
        try:
            left = float(self._file.read_text("ascii")[:20]) - time.time()
        except (OSError, ValueError):
            return
        if 0 < left <= LONGEST:
            raise FetchError(
                f"{self._host} asked to wait another {left:.0f} s.",
                "Sync again then; the messages already here can be read.",
            )
