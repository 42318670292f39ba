"""A list of things to switch on and off, over the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.keys.keymap import Keymap
from tui.widgets.choose import Choice
from tui.widgets.dialog import Dialog, list_handlers

Value = TypeVar("Value")


class ToggleDialog(Dialog[frozenset[Value]]):
    """Offers things to switch on and off by Space; gives those that are on, once they are accepted.

    Textual's SelectionList tells on from off by color alone, which not every terminal has.
    """

    DEFAULT_CSS = """
    ToggleDialog {
        align: center middle; background: $background 40%;
        & > OptionList {
            width: auto; min-width: 40; max-width: 95%; height: auto; max-height: 95%;
            border: round $border; background: $surface; padding: 0 1;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & > OptionList:focus { border: round $border; }
    }
    """

    def __init__(
        self, keymap: Keymap, title: str, choices: Sequence[Choice[Value]], on: frozenset[Value]
    ) -> None:
        """`on` are the values that are switched on at first."""
        super().__init__(keymap)
        self._title = title
        self._choices = choices
        self._on = set(on)

    def compose(self) -> ComposeResult:
        """Lay out the list: mark, label and description."""
        options = OptionList(
            *(Option(self._line(choice)) for choice in self._choices), markup=False
        )
        options.border_title = Content(self._title)
        accept = self.keymap.key("dialog.accept")
        options.border_subtitle = Content(f"Space switches, {accept} goes on")
        options.highlighted = 0
        yield options

    def _line(self, choice: Choice[Any]) -> Content:
        width = max(len(one.label) for one in self._choices)
        return Content.assemble(
            "[x] " if choice.value in self._on else "[ ] ",
            f"{choice.label:<{width + 2}}",
            (choice.about, "$foreground-muted"),
        )

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of the dialog's commands, by name."""
        return {**super().command_handlers(), **list_handlers(self.query_one(OptionList))}

    def accept(self) -> None:
        """Take the values that are switched on."""
        self.dismiss(frozenset(self._on))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._switch(event.option_index)

    def press_key(self, event: events.Key) -> bool:
        """Switch the highlighted choice, or run a command."""
        at = self.query_one(OptionList).highlighted
        if event.key == "space" and not self._pending and at is not None:
            self._switch(at)
            return True
        return super().press_key(event)

    def _switch(self, at: int) -> None:
        self._on ^= {self._choices[at].value}
        line = self._line(self._choices[at])
        self.query_one(OptionList).replace_option_prompt_at_index(at, line)
