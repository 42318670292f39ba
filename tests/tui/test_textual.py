"""The names of Textual that the program leans on though nobody promised them: where one moves, this fails by name."""

from __future__ import annotations

import inspect

import pytest
from textual.app import App
from textual.command import CommandPalette
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen

from tui.screens.frame import FrameScreen


@pytest.mark.parametrize("name", ["_enable_mouse_support", "_disable_mouse_support"])
def test_the_driver_switches_the_mouse(name: str) -> None:
    method = getattr(LinuxDriver, name, None)
    assert method is not None, (
        f"Textual's LinuxDriver has no {name} any more: see PatchdeskApp.watch_mouse"
    )
    assert list(inspect.signature(method).parameters) == ["self"]


def test_the_screen_draws_where_the_first_picture_is_held_back() -> None:
    method = getattr(Screen, "_compositor_refresh", None)
    assert method is not None, (
        "Textual's Screen has no _compositor_refresh any more: see FrameScreen"
    )
    assert FrameScreen._compositor_refresh is not method
    assert list(inspect.signature(method).parameters) == ["self"]
    assert "_compositor_refresh()" in inspect.getsource(Screen), "nothing calls it any more"


def test_the_app_has_a_driver() -> None:
    assert isinstance(App().__dict__.get("_driver", ...), Driver | None), "see watch_mouse"


def test_the_palette_is_an_action_of_the_app() -> None:
    # PatchdeskApp.check_action turns the binding off by the action's name.
    bound = [binding for key, binding in App()._bindings if key == App.COMMAND_PALETTE_BINDING]
    assert [binding.action for binding in bound] == ["command_palette"]
    assert CommandPalette is not None
