"""The layout of the panes, beside or below each other: by the width of the terminal, or as the user has chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from core.system.ui_state import UiState

if TYPE_CHECKING:
    from textual.screen import Screen

PaneLayout = Literal["auto", "beside", "below"]

WIDE: Final = 154
"""Columns from which on the panes stand side by side by themselves: then a mail has 80, and the tree its authors."""

LEAST: Final = 80
"""Columns that two panes side by side need."""

_SECTION: Final = "panes"


def chosen_panes(remembered: UiState, configured: str) -> PaneLayout:
    """Return the layout chosen by a key in an earlier run, else the configured one."""
    for choice in (remembered.get(_SECTION).get("layout"), configured):
        if choice in get_args(PaneLayout):
            return choice  # type: ignore[return-value]
    return "auto"


def remember_panes(remembered: UiState, choice: PaneLayout) -> None:
    """Remember a choice; the caller writes the file."""
    remembered.set(_SECTION, {"layout": choice})


def stand_beside(columns: int, choice: PaneLayout) -> bool:
    """Whether the panes stand side by side on so many columns."""
    if choice == "auto":
        return columns >= WIDE
    return choice == "beside" and columns >= LEAST


def lay_out_panes(screen: Screen[None], choice: PaneLayout) -> None:
    """Give a screen the style class of its layout, now and whenever its width changes."""
    wide = {"auto": WIDE, "beside": LEAST}.get(choice)
    classes = [(0, "-narrow"), *([(wide, "-wide")] if wide is not None else [])]
    screen.HORIZONTAL_BREAKPOINTS = classes  # Textual asks the object
    beside = stand_beside(screen.app.size.width, choice)
    screen.set_class(beside, "-wide")  # at once, or all would be styled twice
    screen.set_class(not beside, "-narrow")
