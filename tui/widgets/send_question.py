"""The question before mails leave: every recipient, and a key each for yes and no."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.content import Content

from core.text import SafeText
from tui.keys.keymap import Keymap
from tui.widgets.dialog import Dialog
from tui.widgets.mail_preview import PreviewText, scroll_handlers

_HELP: Final = "y send  n keep"


class SendQuestion(Dialog[bool]):
    """Shows lines, however many, and gives whether they were agreed to; None where it is left."""

    DEFAULT_CSS = "SendQuestion { background: $surface; }"

    def __init__(self, keymap: Keymap, title: SafeText, lines: Sequence[SafeText]) -> None:
        super().__init__(keymap)
        self._title, self._lines = title, lines
        self._text = PreviewText()

    def compose(self) -> ComposeResult:
        """Lay out the lines, which scroll."""
        yield self._text

    def on_mount(self) -> None:
        """Show the lines."""
        super().on_mount()
        self._text.border_title = Content(self._title)
        self._text.border_subtitle = Content(_HELP)
        self._text.show(self._lines)

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of the dialog's commands, by name."""
        return {**super().command_handlers(), **scroll_handlers(self._text)}

    def accept(self) -> None:
        """Do nothing: a key that goes on elsewhere sends no mail."""

    def press_key(self, event: events.Key) -> bool:
        """Take the answer, or scroll."""
        if event.character in ("y", "n"):
            self.dismiss(event.character == "y")
            return True
        return super().press_key(event)
