"""The names of Textual that the program leans on though nobody promised them: where one moves, this fails by name."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from textual.app import App
from textual.command import CommandPalette
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.reactive import Reactive
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.widget import Widget
from textual.widgets import Input

from tui.screens.desk import DeskScreen
from tui.textual_private import KEY_SEQUENCES, XTermParser


@pytest.mark.parametrize("name", ["_enable_mouse_support", "_disable_mouse_support"])
def test_the_driver_switches_the_mouse(name: str) -> None:
    method = getattr(LinuxDriver, name, None)
    assert method is not None, (
        f"Textual's LinuxDriver has no {name} any more: see tui.textual_private.enable_mouse"
    )
    assert list(inspect.signature(method).parameters) == ["self"]


def test_the_screen_draws_where_the_first_picture_is_held_back() -> None:
    method = getattr(Screen, "_compositor_refresh", None)
    assert method is not None, (
        "Textual's Screen has no _compositor_refresh any more: see DeskScreen"
    )
    assert DeskScreen._compositor_refresh is not method
    assert list(inspect.signature(method).parameters) == ["self"]
    assert "_compositor_refresh()" in inspect.getsource(Screen), "nothing calls it any more"


def test_the_app_has_a_driver() -> None:
    assert isinstance(App().__dict__.get("_driver", ...), Driver | None), "see tui.textual_private"


def test_the_palette_is_an_action_of_the_app() -> None:
    # PatchdeskApp.check_action turns the binding off by the action's name.
    bound = [binding for key, binding in App()._bindings if key == App.COMMAND_PALETTE_BINDING]
    assert [binding.action for binding in bound] == ["command_palette"]
    assert CommandPalette is not None


def test_rows_are_resized_without_laying_out_the_screen() -> None:
    assert isinstance(Widget.__dict__["virtual_size"], Reactive)
    method = getattr(Widget, "_scroll_update", None)
    assert method is not None, "Widget has no _scroll_update: see tui.textual_private.resize_rows"
    assert list(inspect.signature(method).parameters) == ["self", "virtual_size"]


def test_an_input_shows_the_beginning_of_its_first_value() -> None:
    assert "self._initial_value" in inspect.getsource(Input), "see skip_initial_value"
    assert "self._initial_value = " in inspect.getsource(Input.__init__)


def test_an_input_shows_a_suggestion() -> None:
    assert isinstance(Input.__dict__.get("_suggestion"), Reactive), "see set_suggestion"


def test_an_input_has_a_width_that_lays_out_the_screen() -> None:
    # QueryLine has one of its own that does not.
    assert isinstance(Widget.__dict__["virtual_size"], Reactive)
    assert "self.virtual_size = " in inspect.getsource(Input)
    assert Size(0, 0) == Size()
    assert issubclass(ScrollView, Widget)


def test_a_terminal_is_read_as_the_driver_does() -> None:
    """TerminalDriver reads by itself, gives back the shell's modes, and knows a size where there is none."""
    source = inspect.getsource(LinuxDriver)
    for name in (
        "run_input_thread",
        "process_message",
        "start_application_mode",
        "_get_terminal_size",
    ):
        assert callable(getattr(LinuxDriver, name, None)), name
    assert "self.attrs_before = " in source
    assert "self.exit_event.is_set()" in source
    assert list(XTermParser().feed("")) == []
    assert "\x1b[A" in KEY_SEQUENCES


PRIVATE = {
    "_compositor_refresh", "_scroll_update", "_initial_value", "_suggestion", "_driver",
    "_enable_mouse_support", "_disable_mouse_support", "_restart_blink", "_pause_blink",
    "_compositor", "_screen_stack", "_bindings", "_css_has_errors", "_nodes",
}  # fmt: skip


def test_private_parts_of_textual_are_named_in_one_place() -> None:
    tui = Path(__file__).resolve().parents[2] / "tui"
    named = {
        (path.relative_to(tui).as_posix(), name)
        for path in tui.rglob("*.py")
        if path.name != "textual_private.py"
        for name in re.findall(r"(?<=[.\"\s])_[a-z_]+", path.read_text())
        if name in PRIVATE
    }
    assert {name for _, name in named} <= {"_compositor_refresh"}
    modules = {
        path.name
        for path in tui.rglob("*.py")
        if re.search(r"(from|import) textual\._", path.read_text())
    }
    assert modules == {"textual_private.py"}
    assert len({path for path, _ in named}) <= 1
