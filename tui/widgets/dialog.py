"""A dialog over the screen, with the user's own keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual import events
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import OptionList

from tui.keys.commands import Pane
from tui.keys.keymap import Keymap


class Dialog(ModalScreen[ScreenResultType | None]):
    """Asks for one thing; its result is None where it is left. Esc and C-c always leave it."""

    def __init__(self, keymap: Keymap, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.keymap = keymap
        self._pending: tuple[str, ...] = ()
        self._early: list[events.Key] | None = []
        """Keys that were pressed before the dialog stood; None once it does."""

    def on_mount(self) -> None:
        """Take the keys that were pressed meanwhile, once all is laid out."""
        self.call_after_refresh(self._take_early)

    def _take_early(self) -> None:
        early, self._early = self._early or [], None
        for event in early:
            if self.is_current:
                self.press_key(event)

    def take_key(self, event: events.Key) -> bool:
        """Run a key's command, as soon as the dialog is mounted; return whether it has one."""
        if self._early is not None:
            self._early.append(event)
            return True
        return self.press_key(event)

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of a dialog's commands, by name."""
        return {"app.back": self.leave, "dialog.accept": self.accept}

    def accept(self) -> None:
        """Take the highlighted choice."""
        raise NotImplementedError

    def leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)

    def press_key(self, event: events.Key) -> bool:
        """Run the command of a key; say whether the key meant anything."""
        stroke = self.keymap.stroke(event.key, event.character)
        if stroke in ("escape", "ctrl+c"):
            if not self._pending:
                self.leave()
            self._pending = ()
            return True
        command, self._pending = self.keymap.press(Pane.DIALOG, self._pending, stroke)
        handler = self.command_handlers().get(command.name) if command is not None else None
        if handler is not None:
            handler()
        return handler is not None or bool(self._pending)


def list_handlers(options: OptionList) -> Mapping[str, Callable[[], object]]:
    """Return the handlers of movement commands for a list of options."""
    return {
        "move.down": options.action_cursor_down,
        "move.up": options.action_cursor_up,
        "move.half_down": options.action_page_down,
        "move.half_up": options.action_page_up,
        "move.page_down": options.action_page_down,
        "move.page_up": options.action_page_up,
        "move.top": options.action_first,
        "move.bottom": options.action_last,
    }
