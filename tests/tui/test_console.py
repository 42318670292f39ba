"""The line of progress: for a terminal alone, one line, with counts and rate, and nothing in it that acts."""

from __future__ import annotations

import io
import re

import pytest

from core.progress import Progress
from tui.cli.console import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _term(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")


def test_nothing_is_written_where_nobody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for out, term in ((io.StringIO(), "xterm-256color"), (Terminal(), "dumb")):
        monkeypatch.setenv("TERM", term)
        progress = ProgressLine(out)
        progress.report(Progress("Reading", 3))
        progress.clear()
        assert out.getvalue() == ""


def test_one_line_is_drawn_over_and_taken_away() -> None:
    out = Terminal()
    progress = ProgressLine(out)
    progress.report(Progress("Cloning"))
    progress.report(Progress("Indexing kvm, mail", 1234, 5678))
    progress.clear()
    progress.clear()
    assert out.getvalue() == ("\r\x1b[KCloning\r\x1b[KIndexing kvm, mail 1,234 of 5,678\r\x1b[K")


def test_what_servers_say_cannot_act_and_fits_the_line() -> None:
    out = Terminal()
    ProgressLine(out).report(Progress("Fetching \x1b]0;x\x07\n\u202e" + "x" * 200))
    (line,) = re.findall(r"\r\x1b\[K([^\r]*)", out.getvalue())
    assert len(line) == 59
    assert not {"\x1b", "\x07", "\n", "\u202e"} & set(line)


def test_it_is_not_drawn_too_often() -> None:
    out = Terminal()
    progress = ProgressLine(out)
    for number in range(1, 10_000):
        progress.report(Progress("Indexing", number))
    assert 1 <= out.getvalue().count("\r") < 200


@pytest.mark.parametrize(
    ("first", "then", "seconds", "expected"),
    [
        (0, 5000, 2.5, "Indexing 5,000, 2,000/s"),
        (3000, 5000, 2.0, "Indexing 5,000, 1,000/s"),
        (0, 5000, 0.5, "Indexing 5,000"),
        (5000, 5000, 9.0, "Indexing 5,000"),
        (0, 0, 9.0, "Indexing"),
    ],
)
def test_the_rate_is_that_since_the_job_began(
    first: int, then: int, seconds: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.cli.console.time.monotonic", lambda: 100.0)
    progress = ProgressLine(Terminal())
    progress.report(Progress("Indexing", first))
    assert progress.line(Progress("Indexing", then), 100.0 + seconds) == expected
