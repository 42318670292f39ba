"""The preview of a reply: its headers, recipients and text exactly as they will leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.reply.draft import Draft
from core.text import SafeText, shown, shown_lines
from tui.keys.keymap import Keymap
from tui.widgets.dialog import Dialog


class PreviewAction(Enum):
    """The action chosen for the draft that was shown."""

    SEND = "send"
    EDIT = "edit"
    HOLD = "hold"
    """Take back that it is ready."""
    DELETE = "delete"


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


_KEYS: Final = {
    "ctrl+y": PreviewAction.SEND,
    "e": PreviewAction.EDIT,
    "minus": PreviewAction.HOLD,
    "X": PreviewAction.DELETE,
}
_HELP: Final = "   ".join(
    f"{key} {label}"
    for key, label in (
        ("C-y", "send"),
        ("Enter", "next"),
        ("e", "edit"),
        ("-", "hold"),
        ("X", "delete"),
        ("|", "call"),
        ("Esc", "close"),
    )
)
"""The keys of the preview itself, which no configuration changes."""


class MailPreview(Dialog[PreviewAnswer]):
    """Shows one draft after the other; ends with an action for one of them."""

    DEFAULT_CSS = """
    MailPreview {
        align: center middle; background: $background 40%;
        & > VerticalScroll {
            width: 100%; max-width: 100; height: 90%; border: round $border; background: $surface;
            padding: 0 1;
        }
    }
    """

    def __init__(self, keymap: Keymap, drafts: Sequence[PreviewedDraft], at: int = 0) -> None:
        """Take also the draft that is shown first, counted from 0."""
        super().__init__(keymap)
        self._drafts = drafts
        self._at = min(at, len(drafts) - 1)
        self._shows_call = False

    def compose(self) -> ComposeResult:
        """Lay out the mail, which scrolls."""
        with VerticalScroll():
            yield Static(self._content(), markup=False)

    def on_mount(self) -> None:
        """Show the first draft."""
        super().on_mount()
        self._show()

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of the preview's commands, by name."""
        scroll = self.query_one(VerticalScroll)
        return {
            **super().command_handlers(),
            "move.down": scroll.action_scroll_down,
            "move.up": scroll.action_scroll_up,
            "move.half_down": scroll.action_page_down,
            "move.half_up": scroll.action_page_up,
            "move.page_down": scroll.action_page_down,
            "move.page_up": scroll.action_page_up,
            "move.top": scroll.action_scroll_home,
            "move.bottom": scroll.action_scroll_end,
        }

    def accept(self) -> None:
        """Go to the next draft, from the last one to the first."""
        self._at = (self._at + 1) % len(self._drafts)
        self._show()

    def press_key(self, event: events.Key) -> bool:
        """Take the action with this key, or run a command."""
        if event.key == "vertical_line":
            self._shows_call = not self._shows_call
            self._show()
            return True
        action = _KEYS.get(event.character or "") or _KEYS.get(event.key)
        if action is None:
            return super().press_key(event)
        self.dismiss(PreviewAnswer(action, self._at))
        return True

    def _show(self) -> None:
        scroll = self.query_one(VerticalScroll)
        scroll.border_title = Content(f"mail {self._at + 1} of {len(self._drafts)}")
        scroll.border_subtitle = Content(_HELP)
        self.query_one(Static).update(self._content())
        scroll.scroll_home(animate=False)

    def _content(self) -> Content:
        one = self._drafts[self._at]
        lines: list[SafeText] = [shown(f"{one.draft.state.value}: {one.draft.subject}")]
        if one.problem:
            lines.append(shown(f"It cannot be sent: {one.problem}"))
        people = (*one.draft.to, *one.draft.cc)
        lines += [shown(f"{number:>3} {person}") for number, person in enumerate(people, 1)]
        if self._shows_call:
            lines.append(shown(f"$ {' '.join(one.call)}"))
        lines += [shown("─" * 60), *shown_lines(one.text)]
        return Content("\n".join(lines))
