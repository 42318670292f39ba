"""The private parts of Textual that the program uses, each in one function.

Textual has no public way for these, and may change them in any release: `tests/tui/test_textual.py` says by name which
one moved. `Screen._compositor_refresh`, which the main screen overrides, is the only other.
"""

from __future__ import annotations

from typing import Any

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS as KEY_SEQUENCES
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget
from textual.widgets import Input

__all__ = ["KEY_SEQUENCES", "XTermParser"]
"""The private parts of Textual for `tui.terminal`: key sequences, and the parser of a terminal's bytes."""


def resize_rows(view: ScrollView, size: Size) -> None:
    """Give a view as many rows as `size` has without laying out the screen: only its scrollbars follow."""
    view.set_reactive(Widget.virtual_size, size)
    view._scroll_update(size)


def skip_initial_value(line: Input) -> None:
    """Scroll to the end of the first value as of any other: Textual shows the beginning of that one."""
    line._initial_value = False


def set_suggestion(line: Input, text: str) -> None:
    """Show `text` faint behind the typed text, at once; a `Suggester` would answer later."""
    line._suggestion = text


def enable_mouse(app: App[Any], *, enabled: bool) -> None:
    """Turn the reports of the mouse on or off while the app runs; nothing happens with a driver that has no mouse."""
    name = "_enable_mouse_support" if enabled else "_disable_mouse_support"
    if (switch := getattr(app._driver, name, None)) is not None:
        switch()


def show_terminal_cursor(app: App[Any]) -> None:
    """Show the terminal's own cursor, which Textual hides."""
    if app._driver is not None:
        app._driver.write("\x1b[?25h")
