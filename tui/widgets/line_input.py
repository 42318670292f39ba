"""A line input that the screen gives its keys to, at once and in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual import events
from textual.actions import parse
from textual.binding import Binding
from textual.widgets import Input

EDITS: Final[Mapping[str, str]] = {
    key: binding.action
    for binding in Input.BINDINGS
    if isinstance(binding, Binding) and binding.action != "submit"
    for key in binding.key.split(",")
}
"""Keys that edit the line → Textual's action for each."""


class LineInput(Input):
    """An input that takes keys synchronously: none is on its way when the focus moves."""

    def feed(self, event: events.Key) -> bool:
        """Edit the line by a key; say whether the key means anything here."""
        if event.key in EDITS:
            _, name, arguments = parse(EDITS[event.key])
            getattr(self, f"action_{name}")(*arguments)
        elif event.is_printable and event.character is not None:
            self.replace(event.character, *self.selection)
        else:
            return False
        return True
