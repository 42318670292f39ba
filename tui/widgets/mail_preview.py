"""The preview of a reply: its headers, recipients and text exactly as they will leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip

from core.reply.draft import Draft
from core.reply.recipient_edit import SYNTAX
from core.text import SafeText, shown, shown_lines
from tui.keys.keymap import Keymap
from tui.widgets.dialog import Dialog
from tui.widgets.line_input import LineInput
from tui.widgets.line_scroll import LineScroll


class PreviewAction(Enum):
    """The action chosen for the draft that was shown."""

    SEND = "send"
    EDIT = "edit"
    HOLD = "hold"
    """Take back that it is ready."""
    DELETE = "delete"
    RECIPIENTS = "recipients"
    """Change them as `PreviewAnswer.line` says."""
    COMMAND = "command"
    """Leave, and type a command."""


@dataclass(frozen=True, slots=True)
class PreviewedDraft:
    """A draft as it would leave, or why it cannot."""

    draft: Draft
    text: str
    """The whole mail; the draft's text where it is not ready."""
    call: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PreviewAnswer:
    """The user's choice, and the draft it is for."""

    action: PreviewAction
    at: int
    line: str = ""


_KEYS: Final = {
    "ctrl+y": PreviewAction.SEND,
    "e": PreviewAction.EDIT,
    "minus": PreviewAction.HOLD,
    "X": PreviewAction.DELETE,
    ":": PreviewAction.COMMAND,
}
_HELP: Final = "  ".join(
    f"{key} {label}"
    for key, label in (
        ("C-y", "send"),
        ("Enter", "next"),
        ("e", "edit"),
        ("t", "to/cc"),
        ("-", "hold"),
        ("X", "delete"),
        ("|", "call"),
        ("Esc", "close"),
    )
)
"""The keys of the preview itself, which no configuration changes."""


class PreviewText(LineScroll):
    """The lines of a mail, wrapped; it paints the ones in sight, however long the mail is."""

    COMPONENT_CLASSES = {"preview--quote"}
    DEFAULT_CSS = """
    PreviewText {
        width: 100%; height: 100%; border: round $border; background: $surface; padding: 0 1;
        scrollbar-size-vertical: 1;
        & > .preview--quote { color: $foreground-muted; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[SafeText] = ()
        self._rows: list[str] = []
        self._width = 0
        """Cells for which the rows are wrapped; 0 where they are not yet."""

    def show(self, lines: Sequence[SafeText]) -> None:
        """Show other lines, from the first."""
        self._lines = lines
        self._width = 0
        self.on_resize()
        self.action_top()

    def on_resize(self) -> None:
        """Wrap for the new width, once there is one."""
        width = self.scrollable_content_region.width
        if width > 0:
            self.virtual_size = Size(width, len(self._wrapped(width)))
            self.refresh()

    def _wrapped(self, width: int) -> Sequence[str]:
        """Return the rows; the first paint comes before the first resize."""
        if width != self._width:
            self._width = width
            self._rows = [
                row for line in self._lines for row in self._rows_of(line.expandtabs(), width)
            ]
        return self._rows

    @staticmethod
    def _rows_of(text: str, width: int) -> Sequence[str]:
        return [text] if cell_len(text) <= width else chop_cells(text, width)

    def render_line(self, y: int) -> Strip:
        """Paint one line of the screen."""
        width, at = self.scrollable_content_region.width, self.scroll_offset.y + y
        rows = self._wrapped(width)
        text = rows[at] if at < len(rows) else ""
        name = "preview--quote" if text.startswith(">") else ""
        style = self.get_component_rich_style(name) if name else self.rich_style
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)


def scroll_handlers(text: PreviewText) -> Mapping[str, Callable[[], object]]:
    """Return the handlers of movement commands for a text."""
    return {
        "move.down": partial(text.action_line, 1),
        "move.up": partial(text.action_line, -1),
        "move.half_down": partial(text.action_half_page, 1),
        "move.half_up": partial(text.action_half_page, -1),
        "move.page_down": partial(text.action_page, 1),
        "move.page_up": partial(text.action_page, -1),
        "move.top": text.action_top,
        "move.bottom": text.action_bottom,
    }


class MailPreview(Dialog[PreviewAnswer]):
    """Shows one draft after the other over the whole screen; ends with an action for one of them."""

    DEFAULT_CSS = """
    MailPreview {
        background: $surface;
        & > LineInput { dock: bottom; background: $panel; }
    }
    """
    """Opaque: under a dialog that can be seen through, Textual paints the whole screen again."""

    def __init__(
        self,
        keymap: Keymap,
        drafts: Sequence[PreviewedDraft],
        at: int = 0,
        *,
        seen: Callable[[Draft], object],
    ) -> None:
        """Show draft `at` first, counted from 0; `seen` is called with each draft that is shown."""
        super().__init__(keymap)
        self._drafts = drafts
        self._seen = seen
        self._at = min(at, len(drafts) - 1)
        self._shows_call = False
        self._text = PreviewText()
        self._line: LineInput | None = None
        """There while recipients are edited."""

    def compose(self) -> ComposeResult:
        """Lay out the mail, which scrolls."""
        yield self._text

    def on_mount(self) -> None:
        """Show the first draft."""
        super().on_mount()
        self._show()

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of the preview's commands, by name."""
        return {**super().command_handlers(), **scroll_handlers(self._text)}

    def accept(self) -> None:
        """Go to the next draft, from the last one to the first."""
        self._at = (self._at + 1) % len(self._drafts)
        self._show()

    def press_key(self, event: events.Key) -> bool:
        """Take the action with this key, or run a command."""
        if self._line is not None:
            return self._edit_recipients(self._line, event)
        if event.character == "t":
            self._ask_recipients()
            return True
        if event.key == "vertical_line":
            self._shows_call = not self._shows_call
            self._show()
            return True
        action = _KEYS.get(event.character or "") or _KEYS.get(event.key)
        if action is None:
            return super().press_key(event)
        self.dismiss(PreviewAnswer(action, self._at))
        return True

    def _ask_recipients(self) -> None:
        self._line = LineInput(compact=True, placeholder=SYNTAX)
        self._text.action_top()
        self._text.border_subtitle = Content("Enter changes them  Esc leaves them")
        self.mount(self._line)
        self.set_focus(self._line)

    def _edit_recipients(self, line: LineInput, event: events.Key) -> bool:
        if event.key == "enter" and line.value.strip():
            self.dismiss(PreviewAnswer(PreviewAction.RECIPIENTS, self._at, line.value))
        elif event.key in ("enter", "escape", "ctrl+c"):
            self._line = None
            line.remove()
            self._show()
        else:
            line.feed(event)
        return True

    def _show(self) -> None:
        self._seen(self._drafts[self._at].draft)
        self._text.border_title = Content(f"mail {self._at + 1} of {len(self._drafts)}")
        self._text.border_subtitle = Content(_HELP)
        self._text.show(self._content())

    def _content(self) -> list[SafeText]:
        one = self._drafts[self._at]
        lines = [shown(f"{one.draft.state.value}: {one.draft.subject}")]
        if one.problem:
            lines.append(shown(f"It cannot be sent: {one.problem}"))
        people = (*one.draft.to, *one.draft.cc)
        lines += [shown(f"{number:>3} {person}") for number, person in enumerate(people, 1)]
        if self._shows_call:
            lines.append(shown(f"$ {' '.join(one.call)}"))
        return [*lines, shown("─" * 60), *shown_lines(one.text)]
