"""The terminal of a command: its standard streams, messages on standard error, and a line of progress."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Final, TextIO

from core.errors import PatchdeskError
from core.text import shown

if TYPE_CHECKING:
    from core.config import Config
    from core.progress import Progress, ProgressCallback

_REDRAW: Final = 0.1
"""Seconds between two updates of the progress line."""
_RATE_AFTER: Final = 1.0
"""Seconds after which a rate is steady enough to show."""
_STDIN_MAX: Final = 512 << 20
"""Bytes of standard input that are held in memory."""


# ------------------------------------------------------------------- messages


def print_error(message: str, hint: str = "", *, command: str = "") -> None:
    """Write one line to standard error: program, command, error and hint."""
    prefix = f"patchdesk {command}:" if command else "patchdesk:"
    sys.stderr.write(shown(f"{prefix} {message} {hint}".rstrip()) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output, as UTF-8 in every locale."""
    for line in lines:
        sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def load_config() -> Config:
    """Return the user's configuration; `problems` lists its errors."""
    from core.config import load_config
    from core.system.paths import config_file

    return load_config(config_file())


def load_config_and_warn() -> Config:
    """Return the user's configuration, after printing its errors."""
    config = load_config()
    for problem in config.problems:
        print_error(problem)
    return config


# ------------------------------------------------------------------- streams


def ensure_streams() -> bool:
    """Replace a closed stdin or stderr by /dev/null; return whether there is a stdout."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    return sys.stdout is not None


def discard_output() -> None:
    """Send stdout to /dev/null, so that flushing it at exit cannot fail a second time."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def read_stdin() -> bytes:
    """Return all of standard input. Raises PatchdeskError where it is over 512 MiB."""
    content = sys.stdin.buffer.read(_STDIN_MAX + 1)
    if len(content) > _STDIN_MAX:
        raise PatchdeskError(
            f"More than {_STDIN_MAX >> 20} MiB came on standard input.",
            "Save it to a file and open that.",
        )
    return content


def attach_tty(descriptor: int) -> bool:
    """Put the controlling terminal in place of a descriptor that is no terminal; return whether it is one now."""
    if os.isatty(descriptor):
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return False
    os.dup2(terminal, descriptor)
    os.close(terminal)
    return True


# ------------------------------------------------------------------- progress


class ProgressLine:
    """One line on a terminal with a count and a rate; nothing where the output is no terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._visible = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._due = 0.0
        self._doing = ""
        self._began = (0.0, 0)
        self._drawn = False

    def report(self, progress: Progress) -> None:
        """Draw the line, at most ten times a second."""
        if not self._visible:
            return
        now = time.monotonic()
        if progress.doing != self._doing:
            self._doing = progress.doing
            self._began = (now, progress.done)
        elif now < self._due:
            return
        self._due = now + _REDRAW
        width = shutil.get_terminal_size().columns - 1
        self._out.write(f"\r\x1b[K{shown(self.line(progress, now))[:width]}")
        self._out.flush()
        self._drawn = True

    def line(self, progress: Progress, now: float) -> str:
        """Return the text for some progress at a monotonic time in seconds."""
        if not progress.done:
            return progress.doing
        text = f"{progress.doing} {progress.done:,}"
        if progress.total is not None:
            text += f" of {progress.total:,}"
        began, first = self._began
        if now - began >= _RATE_AFTER and progress.done > first:
            text += f", {(progress.done - first) / (now - began):,.0f}/s"
        return text

    def clear(self) -> None:
        """Erase the line, before something else is printed."""
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._drawn = False


def reading_progress() -> ProgressCallback:
    """Return a callback that draws the reading progress, and erases it at the end."""
    line = ProgressLine(sys.stderr)

    def report(progress: Progress) -> None:
        line.report(progress)
        if progress.done == progress.total:
            line.clear()

    return report


@contextmanager
def interruptible() -> Iterator[tuple[ProgressLine, Event]]:
    """Yield a progress line and an event that the first Ctrl-C or SIGTERM sets; the second Ctrl-C ends at once."""
    stop = Event()
    progress = ProgressLine(sys.stderr)

    def interrupted(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.default_int_handler)

    before = {}
    if current_thread() is main_thread():
        before = {
            number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)
        }
    try:
        yield progress, stop
    finally:
        progress.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
