"""All keys, made from the list of commands, found by typing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.keys import COMMANDS, Command, Where

_HEADINGS: Final = {
    Where.TREE: "In the tree",
    Where.READER: "In the reader",
    Where.DIGEST: "In a digest",
    Where.EVERYWHERE: "Everywhere",
}


class HelpScreen(ModalScreen[Command | None]):
    """Lists what can be done; gives the command that was chosen. The pane one comes from stands first."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle; background: $background 40%;
        & > Vertical {
            width: 90; max-width: 100%; height: 90%;
            border: round $border; background: $surface; padding: 0 1;
        }
        & Input { background: $surface; }
        & OptionList { height: 1fr; border: none; background: $surface; padding: 0;
            text-wrap: nowrap; text-overflow: ellipsis; scrollbar-size-vertical: 1;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+c", "dismiss(None)", "Back")]

    def __init__(self, where: Where, commands: Sequence[Command] = COMMANDS) -> None:
        super().__init__()
        self._commands = commands
        self._order = sorted(
            Where, key=lambda place: (place is not where, list(_HEADINGS).index(place))
        )
        self._listed: list[Command | None] = []

    def compose(self) -> ComposeResult:
        """Lay out the line to type into and the list."""
        with Vertical() as frame:
            frame.border_title = Content("Keys")
            frame.border_subtitle = Content("type to find · Enter runs · Esc leaves")
            yield Input(placeholder="find a key or command", compact=True)
            options = OptionList(markup=False)
            options.can_focus = False
            yield options

    def on_mount(self) -> None:
        """List all."""
        self._list("")

    def _matching(self, text: str) -> Iterator[Command | None]:
        """Yield the commands with every word of `text` in them, after None for each heading."""
        words = text.casefold().split()
        for place in self._order:
            found = [
                command
                for command in self._commands
                if command.where is place and all(word in _haystack(command) for word in words)
            ]
            if found:
                yield None
                yield from found

    def _list(self, text: str) -> None:
        self._listed = list(self._matching(text))
        options = self.query_one(OptionList)
        options.clear_options()
        for place, command in enumerate(self._listed):
            if command is None:
                following = self._listed[place + 1]
                heading = _HEADINGS[following.where] if following else ""
                content = Content.assemble((heading, "bold $text-primary"))
                options.add_option(Option(content, disabled=True))
            else:
                options.add_option(Option(_line(command)))
        options.highlighted = 1 if len(self._listed) > 1 else None

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._list(event.value)

    @on(Input.Submitted)
    def _run(self) -> None:
        place = self.query_one(OptionList).highlighted
        self.dismiss(self._listed[place] if place is not None else None)

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._listed[event.option_index])

    def on_key(self, event: events.Key) -> None:
        """Move in the list while typing."""
        options = self.query_one(OptionList)
        moves: dict[str, Callable[[], object]] = {
            "down": options.action_cursor_down,
            "ctrl+n": options.action_cursor_down,
            "up": options.action_cursor_up,
            "ctrl+p": options.action_cursor_up,
            "pagedown": options.action_page_down,
            "pageup": options.action_page_up,
        }
        if (move := moves.get(event.key)) is not None:
            move()
            event.stop()
            event.prevent_default()


def _line(command: Command) -> Content:
    return Content.assemble(
        (f"  {' '.join(command.keys):<10}", "bold $footer-key-foreground"),
        f"{command.help:<49}",
        (f" {command.name}", "$foreground-muted"),
    )


def _haystack(command: Command) -> str:
    return f"{' '.join(command.keys)} {command.name} {command.word} {command.help}".casefold()
