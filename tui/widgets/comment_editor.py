"""A small editor for a comment, over the reader; the screen passes it the keys, at once and in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from textual import events
from textual.actions import parse
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import TextArea

MOST_PASTED: Final = 1 << 20
"""Characters of a paste that it takes."""
_FEWEST_LINES: Final = 3
_FRAME: Final = 2
"""Rows of its border."""

_OWN: Final = frozenset({"undo", "redo"})
_EDITS: Final[Mapping[str, str]] = {
    **{
        key: binding.action
        for binding in TextArea.BINDINGS
        if isinstance(binding, Binding) and binding.action not in _OWN
        for key in binding.key.split(",")
    },
    "ctrl+k": "delete_to_end_of_line",
    "ctrl+underscore": "undo",
    "alt+underscore": "redo",
    "alt+_": "redo",
}
"""Keys that edit → Textual's action for each."""

HELP: Final = "C-y keep   C-e editor   Esc leave"
"""The keys of the editor itself, which no configuration changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorActions:
    """Callbacks for the keys that leave the editor, and for a change."""

    keep: Callable[[], object]
    edit: Callable[[], object]
    """Go on in $EDITOR."""
    leave: Callable[[], object]
    suspend: Callable[[], object]
    resized: Callable[[], object]
    """Its height must change."""


class CommentEditor(TextArea):
    """Open while `asking`; the screen gives it every key then."""

    DEFAULT_CSS = """
    CommentEditor {
        layer: editor; position: absolute; visibility: hidden; padding: 0; border: round $border;
        width: 1; height: 1;
        &:focus { border: round $border; }
        border-title-color: $text-primary; border-subtitle-color: $foreground-muted;
    }
    """

    def __init__(self) -> None:
        super().__init__(soft_wrap=True, show_line_numbers=False, tab_behavior="indent")
        self._actions: EditorActions | None = None
        self._before: Widget | None = None
        self._height = 0

    @property
    def asking(self) -> bool:
        """Whether it is open."""
        return self._actions is not None

    def ask(self, title: Content, text: str, actions: EditorActions) -> None:
        """Open with a text, the cursor at its end."""
        self._actions = actions
        self.load_text(text)
        self.move_cursor(self.document.end)
        self.border_title, self.border_subtitle = title, Content(HELP)
        self._before = self.screen.focused
        self.visible = True  # unlike `display` it repaints nothing but this
        self.screen.set_focus(self)
        self._height = self.wanted_height

    def keep(self) -> None:
        """Keep the text, as its key does."""
        if self._actions is not None:
            self._actions.keep()

    def close(self) -> None:
        """Close, and give the keys back to where they were."""
        self._actions = None
        self.visible = False
        self.place(
            Region(0, 0, 1, 1)
        )  # hidden, it still takes room: none that makes the screen scroll
        if self.screen.focused is self:
            self.screen.set_focus(self._before)

    @property
    def wanted_height(self) -> int:
        """The rows that all of its text takes, with its border."""
        return max(_FEWEST_LINES, self.wrapped_document.height) + _FRAME

    def place(self, region: Region) -> None:
        """Stand in a part of the screen."""
        self.styles.offset = region.offset
        self.styles.width, self.styles.height = region.width, region.height

    def feed(self, event: events.Key) -> bool:
        """Handle a key; every key is taken."""
        actions = self._actions
        if actions is None:
            return False
        own = {
            "ctrl+y": actions.keep, "ctrl+e": actions.edit, "escape": actions.leave,
            "ctrl+z": actions.suspend,
        }.get(event.key)  # fmt: skip
        if own is not None:
            own()
        elif event.key in _EDITS:
            _, name, arguments = parse(_EDITS[event.key])
            getattr(self, f"action_{name}")(*arguments)
        elif event.key == "enter":
            self.replace("\n", *self.selection)
        elif event.key == "tab":
            self.replace("\t", *self.selection)
        elif event.is_printable and event.character is not None:
            self.replace(event.character, *self.selection)
        if self.asking and self.wanted_height != self._height:
            self._height = self.wanted_height
            actions.resized()
        return True
