"""One line to type into, above the status line, with a list of proposals over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.widgets.line_input import LineInput

Proposal = tuple[str, str]
"""A proposed line and its description; both safe to show."""

_MOST: Final = 200
"""Proposals that can be gone through; some of them are to be seen at a time."""


class PromptInput(LineInput):
    """The line itself."""


@dataclass(frozen=True, slots=True)
class _Question:
    """The callbacks of the open question."""

    then: Callable[[str], object]
    changed: Callable[[str], object] | None
    cancelled: Callable[[], object] | None


class Prompt(Vertical):
    """Asks for one line, and passes it to a callback."""

    DEFAULT_CSS = """
    Prompt {
        height: auto; display: none; background: $panel;
        &.-asking { display: block; }
        & > Horizontal { height: 1; }
        & #prompt-label { width: auto; padding: 0 1; color: $text-accent; text-style: bold; }
        & #prompt-hint { width: auto; padding: 0 1; color: $foreground-muted; }
        & Input { width: 1fr; background: $panel; }
        & OptionList {
            height: auto; max-height: 8; display: none; border: none; background: $surface; padding: 0 1;
            text-wrap: nowrap; text-overflow: ellipsis;
            &.-filled { display: block; }
        }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._question: _Question | None = None
        self._propose: Callable[[str], Sequence[Proposal]] | None = None
        self._proposals: Sequence[Proposal] = ()
        self._completing = False
        """Tab put a proposal into the line, and cycles through the others."""
        self._tab_step = 0
        """The step of a Tab that came before the proposals; 0: none did."""
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        """Lay out the list and the line."""
        proposals = OptionList(markup=False, compact=True)
        proposals.can_focus = False
        yield proposals
        with Horizontal():
            yield Static("", id="prompt-label", markup=False)
            yield PromptInput(compact=True, select_on_focus=False)
            yield Static("", id="prompt-hint", markup=False)

    @property
    def asking(self) -> bool:
        """Whether it is open."""
        return self._question is not None

    def ask(
        self,
        label: str,
        *,
        then: Callable[[str], object],
        changed: Callable[[str], object] | None = None,
        cancelled: Callable[[], object] | None = None,
        placeholder: str = "",
        propose: Callable[[str], Sequence[Proposal]] | None = None,
        value: str = "",
    ) -> None:
        """Open with `value` in the line; call `then` with the confirmed line.

        `changed` is called with each line on the way, `cancelled` where the prompt is left; `propose` returns
        proposals for the line, the likeliest first. A question that is open already is cancelled.
        """
        self.cancel()
        self._question = _Question(then, changed, cancelled)
        self._propose = propose
        self.query_one("#prompt-label", Static).update(label)
        self.set_hint("")
        line = self.query_one(PromptInput)
        with self.prevent(Input.Changed):
            line.value = value
        line.cursor_position = len(value)
        line.placeholder = placeholder
        self._fill(value)
        self.add_class("-asking")
        self._cover_status(True)
        self._before = self.screen.focused
        self.screen.set_focus(line)

    def feed(self, event: events.Key) -> bool:
        """Take a key; return whether it was used."""
        return self.take_key(event) or self.query_one(PromptInput).feed(event)

    def propose_again(self) -> None:
        """Ask for the proposals again, since there are more now; a Tab that came too early takes the first."""
        if self.asking and not self._completing:
            step = self._tab_step
            self._fill(self.query_one(PromptInput).value)
            if step:
                self._complete(step)

    def set_hint(self, text: str) -> None:
        """Show a text beside the line, such as how many matches it has."""
        self.query_one("#prompt-hint", Static).update(text)

    def cancel(self) -> None:
        """Close without an answer."""
        question = self._close()
        if question is not None and question.cancelled is not None:
            question.cancelled()

    def _answer(self, text: str) -> None:
        """Close, and pass the answer to the caller of `ask`."""
        question = self._close()
        if question is not None:
            question.then(text)

    def _close(self) -> _Question | None:
        question, self._question = self._question, None
        if question is not None:
            self.remove_class("-asking")
            self._cover_status(False)
            if self.screen.focused is self.query_one(PromptInput):
                self.screen.set_focus(self._before)
        return question

    def _cover_status(self, covered: bool) -> None:
        """Take the place of the status line. A class of the screen would have Textual style all widgets again."""
        self.screen.query("StatusBar").set_class(covered, "-covered")

    def _changed(self, text: str) -> None:
        if self._question is not None and self._question.changed is not None:
            self._question.changed(text)

    def _fill(self, text: str) -> None:
        self._completing, self._tab_step = False, 0
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
        if self.asking and event.value == self.query_one(PromptInput).value:
            self._fill(event.value)
            self._changed(event.value)

    def _confirm(self) -> None:
        chosen = self.query_one(OptionList).highlighted
        line = self.query_one(PromptInput).value
        self._answer(line if chosen is None else self._proposals[chosen][0])

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.asking:
            self._answer(self._proposals[event.option_index][0])

    def take_key(self, event: events.Key) -> bool:
        """Leave, confirm, choose among the proposals, take one over; say whether the key was one of these."""
        options = self.query_one(OptionList)
        if event.key in ("escape", "ctrl+c"):
            self.cancel()
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
            self._tab_step = step
            return
        place = options.highlighted
        if place is None:
            place = 0 if step > 0 else len(self._proposals) - 1
        elif self._completing:
            place = (place + step) % len(self._proposals)
        text = self._proposals[place][0]
        line = self.query_one(PromptInput)
        with self.prevent(Input.Changed):
            line.value = text
        line.cursor_position = len(text)
        self._changed(text)
        if len(self._proposals) == 1:
            self._fill(text)  # there may be more to say after it
        else:
            options.highlighted = place
            self._completing = True
