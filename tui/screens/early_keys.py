"""Keys that are pressed before the first rows are there: triage waits for its row instead of being lost."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.app import App

from tui.keys.dispatch import CommandScreen

MOST: Final = 64
"""Keys that are held."""


class EarlyKeys:
    """Holds the first triage key, and all keys after it, until there are rows to press them on."""

    def __init__(self) -> None:
        self._held: list[events.Key] = []

    def hold(self, event: events.Key, screen: CommandScreen, *, is_opening: bool) -> bool:
        """Hold a key of a screen, where it has to wait; return whether it was. Esc drops those that are held."""
        if event.key == "escape" and self._held:
            self._held.clear()
            return True
        if not (self._held or is_opening):
            return False
        stroke = screen.keymap.stroke(event.key, event.character)
        command = screen.keymap.command(screen.active_pane, (stroke,))
        begins = command is not None and command.name.startswith("triage.")
        if not (self._held or begins):
            return False
        if len(self._held) < MOST:
            self._held.append(event)
        return True

    def press(self, app: App[object]) -> None:
        """Press the held keys, in order, on the screen that is then on top."""
        held, self._held = self._held, []
        for event in held:
            if isinstance(screen := app.screen, CommandScreen):
                screen.take_key(event)

    def drop(self) -> None:
        """Forget the keys that were held."""
        self._held.clear()
