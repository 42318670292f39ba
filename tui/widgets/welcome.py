"""The screen while nothing is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.keys.commands import Command

_OFFERS: Final[Sequence[tuple[str, str]]] = (
    ("list.follow", "Follow a list: fetch and keep its messages"),
    ("app.open", "Open a thread, a list's archive, a mailbox"),
    ("app.demo", "Look around in the demo"),
    ("app.help", "See all keys"),
    ("app.quit", "Leave"),
)


_OWN_KEYS: Final[Mapping[str, str]] = {"d": "app.demo", "f": "list.follow"}
"""Keys of offers whose commands have none elsewhere."""


class Offers(OptionList):
    """The things to begin with; an option's id is the command it runs."""

    def take_key(self, event: events.Key) -> bool:
        """Take the offer with this key, and leave Enter to the list."""
        if event.key == "enter":
            self.action_select()
        elif (name := _OWN_KEYS.get(event.character or "")) is not None:
            self.highlighted = self.get_option_index(name)
            self.action_select()
        else:
            return False
        return True

    def action_line(self, delta: int) -> None:
        """Move the highlight."""
        if delta > 0:
            self.action_cursor_down()
        else:
            self.action_cursor_up()

    def action_half_page(self, direction: int) -> None:
        """Move the highlight to the end."""
        self.action_page(direction)

    def action_page(self, direction: int) -> None:
        """Move the highlight to the end."""
        if direction > 0:
            self.action_last()
        else:
            self.action_first()

    def action_top(self) -> None:
        """Move the highlight to the first."""
        self.action_first()

    def action_bottom(self) -> None:
        """Move the highlight to the last."""
        self.action_last()


class Welcome(Container):
    """Introduces the program and offers targets to open."""

    DEFAULT_CSS = """
    Welcome {
        display: none; align: center middle;
        & > Static { width: 60; max-width: 100%; height: auto; text-align: center; margin-bottom: 1; }
        & > #welcome-title { color: $text-primary; text-style: bold; }
        & > #welcome-hint { color: $foreground-muted; margin-top: 1; }
        & > Offers { width: 60; max-width: 100%; height: auto; border: round $border-blurred; }
        & > Offers, & > Offers:focus { background: $background; }
        & > Offers:focus { border: round $border; }
    }
    """

    def __init__(self, commands: Mapping[str, Command]) -> None:
        super().__init__()
        self._commands = commands

    def compose(self) -> ComposeResult:
        """Lay out the words and the list."""
        yield Static("patchdesk", id="welcome-title", markup=False)
        yield Static("A desk for reading patch series from mailing lists.", markup=False)
        yield Offers(
            *(_option(self._commands[name], words) for name, words in _OFFERS), markup=False
        )
        yield Static(
            "A target is a Message-ID, the address of a thread on any public-inbox, "
            "an mbox, a maildir, or a public-inbox folder.",
            id="welcome-hint",
            markup=False,
        )


def _option(command: Command, words: str) -> Option:
    own = (key for key, name in _OWN_KEYS.items() if name == command.name)
    key = next(iter(command.keys), "") or next(own, "")
    return Option(
        Content.assemble((f" {key or '·':<3}", "bold $footer-key-foreground"), words),
        id=command.name,
    )
