"""Small questions over the screen."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from core.model import Message
from core.text import SafeText, shown


class Menu(ModalScreen[SafeText | None]):
    """Offers some lines, each with a key of its own; gives the one that was taken."""

    DEFAULT_CSS = """
    Menu {
        align: center middle; background: $background 40%;
        & > OptionList {
            width: auto; min-width: 40; max-width: 90%; height: auto; max-height: 80%;
            border: round $border; background: $surface; padding: 0 1;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & > OptionList:focus { border: round $border; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "dismiss(None)", "Back"),
        Binding("j", "down", "Down"),
        Binding("k", "up", "Up"),
    ]

    def __init__(self, title: str, entries: Sequence[tuple[str, str, SafeText]]) -> None:
        super().__init__()
        self._title = title
        self._entries = entries

    def compose(self) -> ComposeResult:
        """Lay out the list: key, word, and what would be taken."""
        options = OptionList(
            *(
                Option(
                    Content.assemble(
                        (f"{key}  ", "bold $footer-key-foreground"),
                        f"{word:<12}",
                        (_short(shown(value)), "$foreground-muted"),
                    )
                )
                for key, word, value in self._entries
            ),
            markup=False,
        )
        options.border_title = Content(self._title)
        yield options

    def action_down(self) -> None:
        """Move the highlight down."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Move the highlight up."""
        self.query_one(OptionList).action_cursor_up()

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index][2])

    def on_key(self, event: events.Key) -> None:
        """Take the entry whose key was pressed."""
        for key, _, value in self._entries:
            if event.character == key:
                event.stop()
                self.dismiss(value)


def _short(value: str, most: int = 60) -> str:
    return value if len(value) <= most else f"{value[: most - 1]}…"


def copy_menu(
    message: Message, link: SafeText, more: Sequence[tuple[str, str, SafeText]] = ()
) -> Menu:
    """Return the menu of what can be copied of a mail, its `link`, and `more`: key, word, text.

    A stranger chose the Message-ID: it is made visible, and quoted in the command.
    """
    message_id = shown(message.message_id)
    dashes = "-- " if message_id.startswith("-") else ""  # or it would be read as an option
    return Menu(
        "Copy",
        [
            ("m", "Message-ID", message_id),
            ("s", "subject", shown(message.subject.text)),
            ("l", "link", link),
            ("b", "b4 command", shown(f"b4 am {dashes}{shlex.quote(message_id)}")),
            *more,
        ],
    )
