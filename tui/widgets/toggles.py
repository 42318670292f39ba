"""A list of things to switch on and off, over the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import SelectionList
from textual.widgets.selection_list import Selection

from tui.keys.keymap import Keymap
from tui.widgets.choose import Choice
from tui.widgets.dialog import Dialog, list_handlers

Value = TypeVar("Value")


class ToggleDialog(Dialog[frozenset[Value]]):
    """Offers things to switch on and off by Space; gives those that are on, once they are accepted."""

    DEFAULT_CSS = """
    ToggleDialog {
        align: center middle; background: $background 40%;
        & > SelectionList {
            width: auto; min-width: 40; max-width: 95%; height: auto; max-height: 95%;
            border: round $border; background: $surface; padding: 0 1;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & > SelectionList:focus { border: round $border; }
    }
    """

    def __init__(
        self, keymap: Keymap, title: str, choices: Sequence[Choice[Value]], on: frozenset[Value]
    ) -> None:
        """`on` are the values that are switched on at first."""
        super().__init__(keymap)
        self._title = title
        self._choices = choices
        self._on = on

    def compose(self) -> ComposeResult:
        """Lay out the list: mark, label and description."""
        width = max((len(choice.label) for choice in self._choices), default=0)
        listed: SelectionList[Value] = SelectionList(
            *(
                Selection(
                    Content.assemble(
                        f"{choice.label:<{width + 2}}", (choice.about, "$foreground-muted")
                    ),
                    choice.value,
                    choice.value in self._on,
                )
                for choice in self._choices
            )
        )
        listed.border_title = Content(self._title)
        listed.border_subtitle = Content(
            f"Space switches, {self.keymap.key('dialog.accept')} goes on"
        )
        yield listed

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of the dialog's commands, by name."""
        return {**super().command_handlers(), **list_handlers(self.query_one(SelectionList))}

    def accept(self) -> None:
        """Take the values that are switched on."""
        self.dismiss(frozenset(self.query_one(SelectionList).selected))
