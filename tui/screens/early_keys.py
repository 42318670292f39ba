"""Keys that are pressed before the first rows are there: triage waits for its row instead of being lost."""

from __future__ import annotations

from typing import Final

from textual import events

from tui.keys.commands import Command

MOST: Final = 64
"""Keys that are held."""


class EarlyKeys:
    """Holds the first triage key, and all keys after it, until there are rows to press them on."""

    def __init__(self) -> None:
        self._held: list[events.Key] = []

    def hold(self, event: events.Key, command: Command | None, *, is_opening: bool) -> bool:
        """Hold a key that runs `command`, where it has to wait; return whether it was. Esc drops those that are held."""
        if event.key == "escape" and self._held:
            self._held.clear()
            return True
        begins = is_opening and command is not None and command.name.startswith("triage.")
        if not (self._held or begins):
            return False
        if len(self._held) < MOST:
            self._held.append(event)
        return True

    def release(self) -> list[events.Key]:
        """Return the keys that were held, in order, and hold them no more."""
        held, self._held = self._held, []
        return held
