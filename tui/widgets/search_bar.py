"""The search bar, in place of the title, with a line of help under it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive, reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from core.text import SafeText, shown
from tui.keys.dispatch import CommandScreen
from tui.textual_private import set_suggestion, skip_initial_value
from tui.widgets.line_input import LineInput

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_EARLIER: Final = 100
"""Queries that can be gone back to."""

_LONGEST_CARET: Final = 24
"""Cells that are pointed at; the words need room, too."""

_MOVES: Final = {
    "down": ("line", 1), "ctrl+n": ("line", 1), "up": ("line", -1), "ctrl+p": ("line", -1),
    "pagedown": ("page", 1), "pageup": ("page", -1),
}  # fmt: skip
"""Keys that move the cursor through the results."""


def _clean(text: str) -> str:
    """Return typed text with controls made visible."""
    return shown(_CONTROLS.sub(" ", text))


def _again(event: events.Key) -> events.Key:
    """Return a key that can be given to another widget."""
    again = events.Key(event.key, event.character)
    again.time = event.time
    return again


class QueryLine(LineInput):
    """The line input of the bar. The bar's own keys come first; keys after the closing one go to the screen."""

    virtual_size = Reactive(Size(0, 0), layout=False)
    """Constant, so that typing moves nothing else."""

    def on_mount(self) -> None:
        """Show the end of the first query, as of any other."""
        skip_initial_value(self)

    def feed(self, event: events.Key) -> bool:
        """Take a key; return whether it has a meaning here."""
        return self.query_ancestor(SearchBar).take_key(event) or super().feed(event)

    def replace(self, text: str, start: int, end: int) -> None:
        """Put text into the line as it can be shown: nothing is found by a control character."""
        super().replace(_clean(text), start, end)

    def suggest(self, text: str) -> None:
        """Show a faint completion; → takes it."""
        set_suggestion(self, text)


class OneLineLabel(Widget):
    """A line of words; other ones take their place without anything being laid out anew."""

    words: reactive[Content] = reactive(Content(""))

    def render(self) -> Content:
        """Draw the line."""
        return self.words


class SearchBar(Vertical):
    """Asks for a query. Every change of it comes as `Changed`."""

    DEFAULT_CSS = """
    SearchBar {
        height: 2; display: none; background: $panel;
        &.-asking { display: block; }
        & > Horizontal { height: 1; }
        & #query-label { width: auto; padding: 0 1; color: $text-accent; text-style: bold; }
        & #query-count { width: 22; height: 1; padding: 0 1; color: $foreground-muted; text-align: right; }
        & Input { width: 1fr; background: $panel; }
        & #query-note { height: 1; padding: 0 1; color: $foreground-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    @dataclass
    class Changed(Message):
        """Another query."""

        text: str

    @dataclass
    class Kept(Message):
        """The results are to be kept."""

    @dataclass
    class Left(Message):
        """Back to where finding began."""

    @dataclass
    class Moved(Message):
        """Move the cursor through the results, by a `line` or a `page`."""

        by: str
        direction: int

    @dataclass
    class ScopeSwitched(Message):
        """Look in the list shown, or in all."""

    @dataclass
    class ServerAsked(Message):
        """Ask the list's server, too."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.asking = False
        """Whether it is open."""
        self.passed: events.Key | None = None
        """The last key that was typed here."""
        self._before: Widget | None = None
        self._ending = False
        """The bar was confirmed or left: further keys are for the screen."""
        self._held: list[events.Key] = []
        self.gathering = False
        """It has just opened: keys are collected, then handled in the order they were pressed."""
        self._label = ""
        self.earlier: list[str] = []
        """Earlier queries, the latest last."""
        self._going_back = 0
        """How many queries back the line is; 0: a new one."""

    def compose(self) -> ComposeResult:
        """Lay out the line and the help under it."""
        with Horizontal():
            yield Static("/", id="query-label", markup=False)
            yield QueryLine(compact=True, select_on_focus=False)
            yield OneLineLabel(id="query-count")
        yield OneLineLabel(id="query-note")

    @property
    def label(self) -> str:
        """The key that it was opened with."""
        return self._label

    @property
    def line(self) -> QueryLine:
        """The line input."""
        return self.query_one(QueryLine)

    @property
    def text(self) -> str:
        """The query."""
        return self.line.value

    def ask(self, label: SafeText, text: str = "") -> None:
        """Open with a query."""
        self._label = label
        self.query_one("#query-label", Static).update(label)
        self.count("")
        self.put(text)
        self._going_back = 0
        self._ending = False
        self.asking = True
        self.add_class("-asking")
        self.screen.add_class("-finding")
        self._before = self.screen.focused
        self.screen.set_focus(self.line)

    def hold(self, event: events.Key) -> None:
        """Hold back a key typed after Enter, until the answer has come."""
        self._held.append(_again(event))

    def put(self, text: str) -> None:
        """Have another query on the line, without telling."""
        line, text = self.line, _clean(text)
        with self.prevent(Input.Changed):
            line.value = text
        line.cursor_position = len(text)

    def close(self) -> None:
        """Close, and return the focus."""
        if self.asking:
            self.asking = self._ending = False
            self.remove_class("-asking")
            self.screen.remove_class("-finding")
            if self.screen.focused is self.line:
                self.screen.set_focus(self._before)
            held, self._held = self._held, []
            for event in held:
                screen = self.app.screen  # one of them may open a dialog
                if not (
                    screen is self.screen
                    and isinstance(screen, CommandScreen)
                    and screen.take_key(event)
                ):
                    (screen.focused or screen).post_message(event)

    def confirm(self) -> None:
        """Keep the results, as Enter does."""
        if self.asking:
            self.post_message(self.Kept())

    def stay(self) -> None:
        """Keep the bar open although Enter was pressed, since the query cannot be answered."""
        self._ending = False
        self._held.clear()

    def remember(self, text: str) -> None:
        """Let ↑ on an empty line bring a query back."""
        self.earlier = [*(one for one in self.earlier if one != text), text][-_EARLIER:]

    # ------------------------------------------------------------- what it says

    def count(self, words: str) -> None:
        """Say at the right how many were found."""
        self.query_one("#query-count", OneLineLabel).words = Content(words)

    def note(self, words: SafeText, look: str = "") -> None:
        """Say something under the line."""
        self.query_one("#query-note", OneLineLabel).words = Content.assemble((words, look))

    def wrong(self, offset: int, length: int, words: SafeText) -> None:
        """Point at the error in the query, and show the allowed values."""
        line, label = self.line, self.query_one("#query-label", Static)
        before = cell_len(line.value[:offset]) - line.scroll_offset.x
        width = max(1, cell_len(line.value[offset : offset + length]))
        at = max(0, before + label.outer_size.width - 1)
        room = self.size.width - 2
        caret = "^" * min(width, _LONGEST_CARET, max(1, room - at))
        said, pointer = Content.assemble((words, "$text-warning")), (caret, "bold $text-error")
        if room - at - len(caret) >= min(said.cell_length, at):  # there is more room at the right
            text = Content.assemble(" " * at, pointer, "  ", said)
        else:
            text = said.truncate(at - 1, ellipsis=True, pad=True) + Content.assemble(" ", pointer)
        self.query_one("#query-note", OneLineLabel).words = text

    def offer(self, more: str) -> None:
        """Show a faint completion at the end of the line; → takes it."""
        line = self.line
        line.suggest(line.value + more if more and line.cursor_at_end else "")

    # ------------------------------------------------------------- keys

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.asking:
            self._going_back = 0
            self.post_message(self.Changed(event.value))

    def take_key(self, event: events.Key) -> bool:
        """Say whether a key was the bar's own."""
        key = event.key
        if self._ending and key not in ("escape", "ctrl+c"):
            self.hold(event)
            return True
        self._ending = key in ("escape", "ctrl+c", "enter")
        if key in ("escape", "ctrl+c"):
            self.post_message(self.Left())
        elif key == "enter":
            self.post_message(self.Kept())
        elif key == "tab":
            self.post_message(self.ScopeSwitched())
        elif key == "ctrl+r":
            self.post_message(self.ServerAsked())
        elif key in ("up", "ctrl+p") and (not self.text or self._going_back):
            self._go_back(1)
        elif key in ("down", "ctrl+n") and self._going_back:
            self._go_back(-1)
        elif key in _MOVES:
            self.post_message(self.Moved(*_MOVES[key]))
        else:
            return False
        return True

    def _go_back(self, step: int) -> None:
        place = self._going_back + step
        if 0 <= place <= len(self.earlier):
            self.put(self.earlier[-place] if place else "")
            self._going_back = place
            self.post_message(self.Changed(self.text))
