"""Progress on one line of a terminal, with counts and rate; nothing where nobody sees it."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING, Final, TextIO

from core.text import shown

if TYPE_CHECKING:
    from core.progress import Progress

_EVERY: Final = 0.1
_STEADY: Final = 1.0
"""Seconds after which a rate says something."""


class Meter:
    """The line at the bottom of what a command prints."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._visible = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._due = 0.0
        self._doing = ""
        self._began = (0.0, 0)
        self._drawn = False

    def report(self, progress: Progress) -> None:
        """Show how far a job has come, not too often."""
        if not self._visible:
            return
        now = time.monotonic()
        if progress.doing != self._doing:
            self._doing = progress.doing
            self._began = (now, progress.done)
        elif now < self._due:
            return
        self._due = now + _EVERY
        width = shutil.get_terminal_size().columns - 1
        self._out.write(f"\r\x1b[K{shown(self.line(progress, now))[:width]}")
        self._out.flush()
        self._drawn = True

    def line(self, progress: Progress, now: float) -> str:
        """Return the words for a job's state at a moment."""
        if not progress.done:
            return progress.doing
        words = f"{progress.doing} {progress.done:,}"
        if progress.total is not None:
            words += f" of {progress.total:,}"
        began, first = self._began
        if now - began >= _STEADY and progress.done > first:
            words += f", {(progress.done - first) / (now - began):,.0f}/s"
        return words

    def clear(self) -> None:
        """Take the line away, before something else is printed."""
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._drawn = False
