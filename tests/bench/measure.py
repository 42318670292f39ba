"""Clocks: a command until a text stands on its screen, a function's CPU, and medians of both."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RUNS = 5
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds, and the largest resident set in MiB where it was asked."""

    wall: float
    cpu: float
    memory: float = 0.0


def median(runs: Sequence[Took]) -> Took:
    """Return the medians, each of its own."""
    return Took(
        statistics.median(run.wall for run in runs),
        statistics.median(run.cpu for run in runs),
        statistics.median(run.memory for run in runs),
    )


def until_shown(
    command: Sequence[str],
    texts: Sequence[bytes],
    *,
    size: tuple[int, int] = (120, 40),
    deadline: float = 60.0,
    environment: dict[str, str] | None = None,
    typed: bytes = b"",
) -> list[Took]:
    """Run a command in a pseudo-terminal and return when each text had been written, in their order; `typed` is typed at the start.

    Colours between the letters do not count; CPU is the process's own with its waited-for children, at the end.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(
            command[0],
            list(command),
            {**os.environ, "TERM": "xterm-256color", **(environment or {})},
        )
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    os.write(terminal, typed)
    poll = select.poll()  # select() knows no descriptor above 1023
    poll.register(terminal, select.POLLIN)
    started = time.monotonic()
    written = b""
    took: list[Took] = []
    try:
        while len(took) < len(texts) and time.monotonic() - started < deadline:
            if not poll.poll(50):
                continue
            try:
                written += os.read(terminal, 1 << 16)
            except OSError:
                break
            plain = _ESCAPE.sub(b"", written)
            while len(took) < len(texts) and texts[len(took)] in plain:
                took.append(Took(time.monotonic() - started, *_usage(child)))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)
    if len(took) < len(texts):
        raise RuntimeError(f"{command[0]} never showed {texts[len(took)]!r}")
    return took


_BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("a bare first frame")
Bare().run()
"""


def bare_once() -> Took:
    """Return the time until a bare Textual application shows its first frame: the peer of all that starts a screen."""
    return until_shown([sys.executable, "-c", _BARE], [b"a bare first frame"])[0]


@cache
def bare_frame() -> Took:
    """Return the medians of a bare Textual application's first frame, measured once in a run."""
    return median([bare_once() for _ in range(RUNS)])


def _usage(process: int) -> tuple[float, float]:
    """Return the CPU seconds and the resident MiB of a running process (Linux's /proc)."""
    fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    return (int(fields[11]) + int(fields[12])) / ticks, resident


def cpu_of(function: Callable[[], object], runs: int = RUNS) -> Took:
    """Return the median time of calling a function."""
    took = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        function()
        took.append(Took(time.perf_counter() - wall, time.process_time() - cpu))
    return median(took)


def row(what: str, ours: float, peer: str, theirs: float, asked: str, unit: str = "ms") -> str:
    """Return one line of the table: ours, theirs, and how many times one is the other."""
    scale = 1000 if unit == "ms" else 1
    return (
        f"{what:<46} {ours * scale:9.1f} {unit}   {peer:<28} {theirs * scale:9.1f} {unit}"
        f"   ours/theirs {ours / theirs:6.3f}   theirs/ours {theirs / ours:7.1f}   asked: {asked}"
    )
