"""Whole screens of triage as pictures; `make snapshots` accepts them as they look now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.kit import controller, desk_screen, idle, lantern, ready, small_series, until
from tests.tui.triage_kit import known, triage_app
from tui.desk.mail import MailLoader
from tui.desk.triage_state import TriageState

SMALL, LARGE = (80, 24), (160, 50)


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Dates are shown in the reader's zone: let it be the same everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


STATES = (*"td", "d", "x", "w", "A", "s", "2", "w", "enter", "j", "F", "L", *"mm", "enter", "+", "i", *"ask", "enter")  # fmt: skip


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("states", STATES),
        ("marked", ("space", "space", "V", "j")),
        ("later", ("s", "f", "r", "i")),
        ("command", (":", *"triage.")),
        ("label", ("L", *"mm", "enter", "L")),
    ],
)
@pytest.mark.parametrize("linear", [False, True], ids=["columns", "linear"])
def test_screen(
    snap_compare: Callable[..., bool],
    tmp_path: Path,
    size: tuple[int, int],
    name: str,
    keys: tuple[str, ...],
    linear: bool,
) -> None:
    del name
    more = [small_series(f"s{n}", f"lamp {n}: hang it higher") for n in range(3)]
    app = triage_app(tmp_path, *lantern(), *more, linear=linear)

    async def run(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await known(pilot)
        for key in keys:
            await pilot.press(key)
        screen = desk_screen(app)
        for line in screen.query(Input):
            line.cursor_blink = False
            line._pause_blink(visible=True)
        await until(pilot, lambda: controller(app, TriageState).is_idle, what="all written")
        await idle(pilot)
        await until(pilot, lambda: not controller(app, MailLoader).is_reading)
        await idle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=run)
