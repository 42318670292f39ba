"""Dialogs, pickers and the help hear the user's keys, in whatever preset."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App
from textual.events import Key
from textual.widgets import OptionList

from core.text import SafeText, shown
from tests.tui.kit import NOW, FakeDesk, app_with, desk_screen, lantern, listing, ready, until
from tui.app import PatchdeskApp
from tui.keys.keymap import Keymap, keymap_for
from tui.screens.help import HelpScreen
from tui.widgets.choose import Choice, ChooseDialog

LABELS = ("one", "two", "three", *(f"more {number}" for number in range(20)))


def dialog(keymap: Keymap) -> ChooseDialog[str]:
    return ChooseDialog(keymap, "Which", [Choice(label, SafeText(label)) for label in LABELS])


async def choose(keymap: Keymap, *keys: str) -> str | None:
    """Return what is chosen by keys that come all at once, before the dialog stands."""
    app = app_with()
    taken: list[str | None] = []
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        app.push_screen(dialog(keymap), taken.append)
        for key in keys:
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: bool(taken), what="a choice")
    return taken[0]


@pytest.mark.parametrize(
    ("preset", "own", "keys", "chosen"),
    [
        ("default", {}, ("j", "enter"), "two"),
        ("default", {}, ("j", "j", "k", "ctrl+y"), "two"),
        ("default", {}, ("G", "enter"), LABELS[-1]),
        ("default", {}, ("G", "g", "g", "enter"), "one"),
        ("default", {}, ("3",), "three"),
        ("default", {}, ("q",), None),
        ("default", {}, ("j", "escape"), None),
        ("default", {}, ("ctrl+c",), None),
        ("mutt", {}, ("*", "enter"), LABELS[-1]),
        ("mutt", {}, ("*", "=", "enter"), "one"),
        ("mutt", {}, ("x",), None),
        ("default", {"move.down": "C-n", "dialog.accept": "F5"}, ("ctrl+n", "f5"), "two"),
        ("default", {"app.back": "F6"}, ("f6",), None),
        ("default", {"app.back": "F6"}, ("j", "escape"), None),
    ],
)
async def test_a_dialog_hears_the_users_keys(
    preset: str, own: dict[str, str], keys: tuple[str, ...], chosen: str | None
) -> None:
    keymap, problems = keymap_for(preset, own)
    assert problems == ()
    assert await choose(keymap, *keys) == chosen


def app_of(preset: str, own: dict[str, str]) -> PatchdeskApp:
    keymap, _ = keymap_for(preset, own)
    return PatchdeskApp(
        "x", lambda _: FakeDesk(listing(lantern())), clock=lambda: NOW, keymap=keymap
    )


async def test_the_help_hears_the_users_keys() -> None:
    app = app_of("mutt", {"move.down": "C-n", "app.help": "F1"})
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen), what="the help")
        options = app.screen.query_one(OptionList)
        first = options.highlighted
        await pilot.press("ctrl+n")
        assert options.highlighted != first
        await pilot.press("i")  # goes back in mutt
        await until(pilot, lambda: app.screen is desk_screen(app), what="the screen again")


async def test_keys_that_come_before_the_help_stands_are_not_lost() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for key in ("?", *"expand", "enter"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: len(desk_screen(app).series_tree) > 4, what="rows inside")
        assert app.screen is desk_screen(app)


async def test_a_click_chooses() -> None:
    taken: list[str | None] = []

    class Host(App[Any]):
        def on_mount(self) -> None:
            self.push_screen(dialog(Keymap()), taken.append)

    async with Host().run_test(size=(80, 30)) as pilot:
        await pilot.pause()
        await pilot.click(OptionList, offset=(5, 2))
        await until(pilot, lambda: taken == ["two"], what="what was clicked")


def test_what_is_said_of_a_choice_is_safe() -> None:
    assert Choice(1, SafeText("x"), shown("\x1b[31m")).about == "␛[31m"
