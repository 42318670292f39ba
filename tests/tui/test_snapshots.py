"""Whole screens as pictures; `make snapshots` accepts them as they look now."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.errors import FetchError
from tests.tui.kit import (
    NOW,
    FakeDesk,
    app_with,
    desk_screen,
    idle,
    lantern,
    listing,
    ready,
    small_series,
    thread,
    until,
)
from tui.app import PatchdeskApp
from tui.desk.controller import ReaderContent

Steps = Callable[[Pilot[None]], Awaitable[None]]
Compare = Callable[..., bool]

SMALL, LARGE = (80, 24), (160, 50)


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    """Dates are shown in the reader's zone: let it be the same everywhere."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def press(*keys: str) -> Steps:
    """Return steps that wait for the first mail and press keys."""

    async def run(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await pilot.press(*keys)
        await idle(pilot)
        for line in pilot.app.screen.query(Input):
            line.cursor_blink = False
        await idle(pilot)
        await idle(pilot)

    return run


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("unfolded", ("l", "j", "j", "j")),
        ("reading", ("j", "enter")),
        ("full", ("enter", "t", "f")),
        ("copying", ("y",)),
        ("command", (":", "f", "o")),
        ("sequence", ("z",)),
    ],
)
def test_screen(
    snap_compare: Compare, size: tuple[int, int], name: str, keys: tuple[str, ...]
) -> None:
    assert snap_compare(app_with(), terminal_size=size, run_before=press(*keys))


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(app_with(), terminal_size=(100, 60), run_before=press("?"))


def test_hostile_subjects(snap_compare: Compare) -> None:
    app = app_with(
        small_series("a", "[@click=app.quit]press me[/] [/foo] arr[i]"),
        thread("b", "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u202egnorw \u200b"),
        thread(
            "c",
            "👩‍👩‍👧‍👦 wide 防風ガラス and a very long subject that has no room in any column of this pane",
        ),
    )
    assert snap_compare(app, terminal_size=SMALL, run_before=press("j"))


@pytest.mark.parametrize("theme", ["patchdesk-light", "patchdesk-contrast", "ansi-dark"])
def test_theme(snap_compare: Compare, theme: str) -> None:
    app = PatchdeskApp("x", lambda _: FakeDesk(listing(lantern())), theme=theme, clock=lambda: NOW)
    assert snap_compare(app, terminal_size=(120, 30), run_before=press("l", "j", "j"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_error(snap_compare: Compare, size: tuple[int, int]) -> None:
    error = FetchError(
        "lore.example.org does not answer.", "Is the network up? The archive may be down."
    )
    app = PatchdeskApp("x", lambda _: FakeDesk(error), clock=lambda: NOW)

    async def failed(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: desk_screen(app).content is not ReaderContent.MAIL)
        await idle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=failed)


def test_welcome(snap_compare: Compare) -> None:
    app = PatchdeskApp(None, lambda _: FakeDesk(), clock=lambda: NOW)
    assert snap_compare(app, terminal_size=SMALL)


@pytest.mark.parametrize("columns", [100, 120, 150])
def test_widths(snap_compare: Compare, columns: int) -> None:
    assert snap_compare(app_with(), terminal_size=(columns, 40), run_before=press("l", "j", "j"))
