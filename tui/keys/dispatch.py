"""A screen whose keys are the commands of `tui.keys.commands`, sequences such as `gg` and `za` included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from textual import events
from textual.content import Content
from textual.reactive import var
from textual.screen import Screen
from textual.widget import Widget

from core.errors import PatchdeskError
from core.text import SafeText, shown
from tui.keys.commands import Command, Pane
from tui.keys.keymap import Keymap, format_keys
from tui.timings import DEFAULT_TIMINGS

_MARGINS: Final = 2
"""Columns of the status line beside its text."""


class MessageLine(Protocol):
    """The line of a screen that shows sentences and the keys of a sequence."""

    def show_message(self, text: SafeText, severity: str = ...) -> None:
        """Show one sentence."""

    def clear_message(self) -> None:
        """Remove the sentence."""

    def show_pending_keys(self, begun: str, continuations: list[tuple[str, Command]] = ...) -> None:
        """Show the pending key sequence and its possible next keys."""


class CommandScreen(Screen[None]):
    """Turns key presses into commands, and runs the screen's handler of each."""

    status: MessageLine
    focused = var[Widget | None](None)
    """As Textual's own, which repaints the whole screen at each change: here the two widgets repaint themselves."""

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self.keymap = keymap
        self._begun: tuple[str, ...] = ()

    # What a screen says of itself.

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of commands, by name."""
        return {}

    @property
    def active_pane(self) -> Pane:
        """Return which pane the keys go to now."""
        return Pane.WELCOME

    def disabled_reason(self, command: Command) -> str:
        """Return why a command cannot be run now, as a sentence; "" where it can."""
        del command
        return ""

    # The rest.

    def show_pending_keys(self, begun: str, ways: list[tuple[str, Command]]) -> None:
        """Show a pending key sequence and its possible next keys; an empty one clears it."""
        keys = [(format_keys((stroke,)), command) for stroke, command in ways]
        self.status.show_pending_keys(begun, keys)

    def show_text(self, text: SafeText, severity: str) -> None:
        """Show one sentence until the next key, as it is."""
        self.status.show_message(text, severity)

    def clear_message(self) -> None:
        """Take back the sentence."""
        self.status.clear_message()

    def show_message(self, template: str, severity: str = "information", **values: object) -> None:
        """Show one sentence until the next key: `template` with keys and values filled in."""
        self.show_text(shown(self.keymap.fill(template, **values)), severity)

    def show_error(self, error: PatchdeskError, severity: str = "error") -> None:
        """Show an error and its hint until the next key; what is too long for one line also as a toast."""
        text = shown(f"{error.message} {error.hint}".strip())
        self.show_text(text, severity)
        if Content(text).cell_length > self.size.width - _MARGINS:
            # The line cuts it, most often the hint.
            self.notify(
                text,
                severity="error" if severity == "error" else "warning",
                timeout=DEFAULT_TIMINGS.error_shown,
                markup=False,
            )

    def run_command(self, command: Command, stroke: str = "") -> None:
        """Run a command, as `stroke`, the last of its key presses, does."""
        del stroke
        self.command_handlers()[command.name]()

    async def prepare_keys(self) -> None:
        """Mount the line inputs that a key may need; awaited before each key."""

    def take_key(self, event: events.Key) -> bool:
        """Run the command of a key, or remember the beginning of a sequence; say whether it was taken."""
        stroke = self.keymap.stroke(event.key, event.character)
        self.clear_message()
        sequence = (*self._begun, stroke)
        if self._begun and stroke in ("escape", "ctrl+c"):
            self.end_sequence()
        elif command := self.keymap.command(self.active_pane, sequence):
            self.end_sequence()
            self.run_command(command, stroke)
        elif ways := self.keymap.continuations(self.active_pane, sequence):
            self._begun = sequence
            self.show_pending_keys(format_keys(sequence), list(ways.items()))
        elif self._begun:
            known = self.keymap.continuations(self.active_pane, self._begun)
            keys = " ".join(format_keys((*self._begun, last)) for last in known)
            self.end_sequence()
            typed = format_keys(sequence)
            self.show_message(
                "No such key: {typed}. Keys: {keys}", "warning", typed=typed, keys=keys
            )
        else:
            self.report_unbound_key(stroke)
        return True

    def report_unbound_key(self, stroke: str) -> None:
        """Say that a key has no meaning here, and where those are that have."""
        self.show_message(
            "{typed} is not bound here ({app.help} lists the keys).", typed=format_keys((stroke,))
        )

    def end_sequence(self) -> None:
        """Forget a sequence that was begun."""
        if self._begun:
            self._begun = ()
            self.show_pending_keys("", [])

    def on_mouse_down(self) -> None:
        """Let a click end a sequence."""
        self.end_sequence()
