"""One line to type into, above the status line, with a list of proposals over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.widgets.line_input import LineInput

Proposal = tuple[str, str]
"""What to put into the line, and a word on it; both safe to show."""

_MOST: Final = 200
"""Proposals that can be gone through; some of them are to be seen at a time."""


class Line(LineInput):
    """The line itself."""


class Prompt(Vertical):
    """Asks for one line. `kind` says what for, and comes back with each message."""

    DEFAULT_CSS = """
    Prompt {
        height: auto; display: none; background: $panel;
        &.-asking { display: block; }
        & > Horizontal { height: 1; }
        & #prompt-label { width: auto; padding: 0 1; color: $text-accent; text-style: bold; }
        & #prompt-state { width: auto; padding: 0 1; color: $foreground-muted; }
        & Input { width: 1fr; background: $panel; }
        & OptionList {
            height: auto; max-height: 8; display: none; border: none; background: $surface; padding: 0 1;
            text-wrap: nowrap; text-overflow: ellipsis;
            &.-filled { display: block; }
        }
    }
    """

    @dataclass
    class Changed(Message):
        """The line is another."""

        kind: str
        text: str

    @dataclass
    class Submitted(Message):
        """The line was confirmed."""

        kind: str
        text: str

    @dataclass
    class Left(Message):
        """The prompt was left without confirming."""

        kind: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.kind = ""
        self._propose: Callable[[str], Sequence[Proposal]] | None = None
        self._proposals: Sequence[Proposal] = ()
        self._completing = False
        """Tab has put a proposal into the line, and goes on through the others."""
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        """Lay out the list and the line."""
        proposals = OptionList(markup=False, compact=True)
        proposals.can_focus = False
        yield proposals
        with Horizontal():
            yield Static("", id="prompt-label", markup=False)
            yield Line(compact=True, select_on_focus=False)
            yield Static("", id="prompt-state", markup=False)

    @property
    def asking(self) -> bool:
        """Whether it is open."""
        return bool(self.kind)

    def ask(
        self,
        kind: str,
        label: str,
        *,
        placeholder: str = "",
        propose: Callable[[str], Sequence[Proposal]] | None = None,
        value: str = "",
    ) -> None:
        """Open with `value` in the line; `propose` gives what could stand in it, the likeliest first."""
        self.kind = kind
        self._propose = propose
        self.query_one("#prompt-label", Static).update(label)
        self.state("")
        line = self.query_one(Line)
        with self.prevent(Input.Changed):
            line.value = value
        line.cursor_position = len(value)
        line.placeholder = placeholder
        self._fill(value)
        self.add_class("-asking")
        self.screen.add_class("-asking")
        self._before = self.screen.focused
        self.screen.set_focus(line)

    def feed(self, event: events.Key) -> bool:
        """Do what a key means here; say whether it was taken."""
        return self.take_key(event) or self.query_one(Line).feed(event)

    def state(self, words: str) -> None:
        """Show a word on what was typed, such as how many matches it has."""
        self.query_one("#prompt-state", Static).update(words)

    def leave(self) -> None:
        """Close without confirming."""
        if self.asking:
            kind = self._close()
            self.post_message(self.Left(kind))

    def _close(self) -> str:
        kind, self.kind = self.kind, ""
        self.remove_class("-asking")
        self.screen.remove_class("-asking")
        if self.screen.focused is self.query_one(Line):
            self.screen.set_focus(self._before)
        return kind

    def _fill(self, text: str) -> None:
        self._completing = False
        self._proposals = self._propose(text)[:_MOST] if self._propose is not None else ()
        options = self.query_one(OptionList)
        options.clear_options()
        wide = max((Content(value).cell_length for value, _ in self._proposals), default=0)
        options.add_options(
            Option(Content.assemble(Content(value).pad_right(wide - Content(value).cell_length), "  ",
                                    (word, "$foreground-muted")))
            for value, word in self._proposals
        )  # fmt: skip
        options.set_class(bool(self._proposals), "-filled")
        options.highlighted = None

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if not self.asking:
            return
        self._fill(event.value)
        self.post_message(self.Changed(self.kind, event.value))

    def _confirm(self) -> None:
        chosen = self.query_one(OptionList).highlighted
        text = self.query_one(Line).value if chosen is None else self._proposals[chosen][0]
        self.post_message(self.Submitted(self._close(), text))

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.asking:
            self.post_message(self.Submitted(self._close(), self._proposals[event.option_index][0]))

    def take_key(self, event: events.Key) -> bool:
        """Leave, confirm, choose among the proposals, take one over; say whether the key was one of these."""
        options = self.query_one(OptionList)
        if event.key in ("escape", "ctrl+c"):
            self.leave()
        elif event.key == "enter":
            self._confirm()
        elif event.key in ("down", "ctrl+n"):
            options.action_cursor_down()
        elif event.key in ("up", "ctrl+p"):
            options.action_cursor_up()
        elif event.key in ("tab", "shift+tab"):
            self._complete(1 if event.key == "tab" else -1)
        else:
            return False
        return True

    def _complete(self, step: int) -> None:
        """Put a proposal into the line: the one that is chosen, else the first, and each time another."""
        options = self.query_one(OptionList)
        if not self._proposals:
            return
        place = options.highlighted
        if place is None:
            place = 0 if step > 0 else len(self._proposals) - 1
        elif self._completing:
            place = (place + step) % len(self._proposals)
        text = self._proposals[place][0]
        line = self.query_one(Line)
        with self.prevent(Input.Changed):
            line.value = text
        line.cursor_position = len(text)
        self.post_message(self.Changed(self.kind, text))
        if len(self._proposals) == 1:
            self._fill(text)  # there may be more to say after it
        else:
            options.highlighted = place
            self._completing = True
