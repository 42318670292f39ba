"""A list to choose one thing from, over the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from core.text import SafeText


class Choice(ModalScreen[int | None]):
    """Offers lines of a word and what is to say of it; gives the number of the one that was taken, from 0.

    The first nine can be taken by their digits.
    """

    DEFAULT_CSS = """
    Choice {
        align: center middle; background: $background 40%;
        & > OptionList {
            width: auto; min-width: 40; max-width: 95%; height: auto; max-height: 80%;
            border: round $border; background: $surface; padding: 0 1;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & > OptionList:focus { border: round $border; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "dismiss(None)", "Back"),
        Binding("j", "move(1)", "Down"),
        Binding("k", "move(-1)", "Up"),
        Binding("g", "end(-1)", "Top"),
        Binding("G", "end(1)", "Bottom"),
    ]

    def __init__(
        self, title: str, entries: Sequence[tuple[SafeText, SafeText]], *, at: int = 0
    ) -> None:
        super().__init__()
        self._title = title
        self._entries = entries
        self._at = at

    def compose(self) -> ComposeResult:
        """Lay out the list: digit, word, and what is to say of it."""
        width = max((len(word) for word, _ in self._entries), default=0)
        options = OptionList(
            *(
                Option(
                    Content.assemble(
                        (f"{number if number < 10 else '·'}  ", "bold $footer-key-foreground"),
                        f"{word:<{width + 2}}",
                        (words, "$foreground-muted"),
                    )
                )
                for number, (word, words) in enumerate(self._entries, 1)
            ),
            markup=False,
        )
        options.border_title = Content(self._title)
        options.highlighted = self._at
        yield options

    def action_move(self, step: int) -> None:
        """Move the highlight."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_end(self, step: int) -> None:
        """Move the highlight to an end."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_last()
        else:
            options.action_first()

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def on_key(self, event: events.Key) -> None:
        """Take the entry whose digit was pressed."""
        if event.character and event.character in "123456789":
            number = int(event.character)
            if number <= len(self._entries):
                event.stop()
                self.dismiss(number - 1)
