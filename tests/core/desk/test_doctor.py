"""The doctor's checks of terminal and versions; the others are in `tests/end_to_end/test_doctor.py`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Event

import pytest

from core.config import Config
from core.desk.check import Check, Level
from core.desk.doctor import DoctorContext, run_checks
from core.errors import Cancelled
from core.fetch.options import FetchOptions
from core.sync.list_folder import DataDirs


def surroundings(
    folder: Path, environment: Mapping[str, str], *, is_terminal: bool = True
) -> DoctorContext:
    return DoctorContext(
        config=Config(),
        config_file=folder / "etc" / "config.toml",
        log_file=folder / "state" / "log",
        home=DataDirs(folder / "data", folder / "cache"),
        fetch=FetchOptions(),
        environment=environment,
        is_terminal=is_terminal,
    )


def terminal_check(about: DoctorContext) -> Check:
    """Return the first check that speaks of the terminal; the servers come later and are not asked."""
    for check in run_checks(about, stop=Event()):
        if "terminal" in check.finding or "TERM" in check.finding:
            return check
    raise AssertionError("nothing said of the terminal")


@pytest.mark.parametrize(
    ("environment", "is_terminal", "level", "words"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, True, Level.OK, "all colours"),
        ({"TERM": "xterm-direct"}, True, Level.OK, "all colours"),
        ({"TERM": "tmux-256color"}, True, Level.OK, "256 colours"),
        ({"TERM": "linux"}, True, Level.WARNING, "few colours"),
        ({"TERM": "dumb"}, True, Level.WARNING, "TERM is “dumb”"),
        ({}, True, Level.WARNING, "TERM is “”"),
        ({}, False, Level.OK, "not a terminal"),
    ],
)
def test_what_is_said_of_a_terminal(
    tmp_path: Path, environment: dict[str, str], is_terminal: bool, level: Level, words: str
) -> None:
    check = terminal_check(surroundings(tmp_path, environment, is_terminal=is_terminal))
    assert check.level is level
    assert words in check.finding
    assert bool(check.fix) == (level is not Level.OK)


def test_looking_makes_no_files(tmp_path: Path) -> None:
    terminal_check(surroundings(tmp_path, {}))
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_ended(tmp_path: Path) -> None:
    stop = Event()
    checks = run_checks(surroundings(tmp_path, {}), stop=stop)
    assert next(checks).finding.startswith("Python 3")
    stop.set()
    with pytest.raises(Cancelled):
        next(checks)
