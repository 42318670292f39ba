"""All keys, made from the list of commands, and what the signs mean; found by typing."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.keys.commands import COMMANDS, Command, Pane
from tui.tree.badges import FLAG, MARK, STATES
from tui.tree.columns import GLYPHS, UNREAD
from tui.tree.rows import Kind

_HEADINGS: Final = {
    Pane.TREE: "In the tree",
    Pane.READER: "In the reader",
    Pane.DIGEST: "In a digest",
    Pane.ANY: "Everywhere",
}

_SIGNS: Final[Sequence[tuple[str, str]]] = (
    (GLYPHS[Kind.SERIES], "A patch series"),
    (GLYPHS[Kind.THREAD], "A discussion that is no series"),
    (GLYPHS[Kind.COVER], "A cover letter"),
    (GLYPHS[Kind.PATCH], "A patch"),
    (GLYPHS[Kind.MISSING], "Patches that are not here"),
    (GLYPHS[Kind.REPLY], "A reply; ↳3 at the right: so many"),
    (UNREAD, "Not read yet, or not all of it"),
    ("▸ ▾", "Folded, unfolded"),
    ("≠", "Different mails carry this Message-ID"),
    ("16/17", "Patches that are here, of how many"),
    ("R A T N", "Reviewed-by, Acked-by, Tested-by, Nacked-by: by so many people"),
    ("2h 3d 6w", "How long ago: hours, days, weeks; mo: months, y: years"),
    ("✓", "A hunk that was viewed; before a subject: done"),
    (
        " ".join(glyph for glyph, _ in list(STATES.values())[1:]),
        "Skipped, waiting for its author, put off, accepted",
    ),
    (f"{MARK} {FLAG} ✎ #", "Marked, flagged, with a note, a label"),
    ("┃", "What a reviewer said of the lines above it; 💬3 in the tree: so many remarks"),
)

_KEYS_WIDE: Final = 10
_NAMES_WIDE: Final = max(len(command.name) for command in COMMANDS)


class HelpScreen(ModalScreen[Command | None]):
    """Lists what can be done; gives the command that was chosen. The pane one comes from stands first.

    As long as nothing is looked for, j and k move, and q and ? leave; any other letter, or /, begins to look.
    """

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle; background: $background 40%;
        & > Vertical {
            width: 100; max-width: 100%; height: 90%;
            border: round $border; background: $surface; padding: 0 1;
        }
        & Input { background: $surface; }
        & OptionList { height: 1fr; border: none; background: $surface; padding: 0;
            text-wrap: nowrap; text-overflow: ellipsis; scrollbar-size-vertical: 1;
        }
    }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "dismiss(None)", "Back")]

    def __init__(self, pane: Pane, commands: Sequence[Command] = COMMANDS) -> None:
        super().__init__()
        self._commands = commands
        first = pane if pane in _HEADINGS else Pane.ANY
        self._order = sorted(_HEADINGS, key=lambda one: one != first)
        self._listed: list[Command | None] = []
        self._width = 0
        """Columns of the terminal that the list was laid out for."""

    def compose(self) -> ComposeResult:
        """Lay out the line to type into and the list."""
        with Vertical() as frame:
            frame.border_title = Content("Keys")
            frame.border_subtitle = Content("type to filter · Enter run · Esc close")
            yield Input(
                placeholder="find a key, a command or a sign", compact=True, select_on_focus=False
            )
            options = OptionList(markup=False)
            options.can_focus = False
            yield options

    def on_mount(self) -> None:
        """List all: at once, since the next key may wait already."""
        self._list("")

    def on_resize(self) -> None:
        """Lay the list out in the room that there is now."""
        if self.app.size.width != self._width:
            self._list(self.query_one(Input).value)

    def _section(self, command: Command) -> Pane:
        """Return the pane under which a command is listed: of several the first."""
        if command.pane == Pane.ANY:
            return Pane.ANY
        return next(pane for pane in self._order if pane & command.pane)

    def _list(self, text: str) -> None:
        """List the commands and signs with every word of `text`; None stands for what cannot be run."""
        words = text.casefold().split()
        options = self.query_one(OptionList)
        options.clear_options()
        self._listed = []
        self._width = self.app.size.width
        room = min(100, self._width) - 5

        def add(content: Content, command: Command | None = None) -> None:
            self._listed.append(command)
            options.add_option(Option(content, disabled=command is None))

        def head(heading: str) -> None:
            add(Content.assemble((heading, "bold $text-primary")))

        for pane in self._order:
            found = [
                c for c in self._commands if self._section(c) is pane and _has(_haystack(c), words)
            ]
            if found:
                head(_HEADINGS[pane])
            for command in found:
                add(_lines(command, room), command)
        signs = [(sign, says) for sign, says in _SIGNS if _has(f"{sign} {says} signs", words)]
        if signs:
            head("Signs")
        for sign, says in signs:
            add(_sign(sign, says, room))
        if not self._listed:
            add(Content.assemble(("Nothing is called so. Esc shows all again.", "$text-warning")))
        runs = (at for at, command in enumerate(self._listed) if command is not None)
        options.highlighted = next(runs, None)
        options.scroll_home(animate=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._list(event.value)

    @on(Input.Submitted)
    def _run(self) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None:
            self.dismiss(self._listed[place])

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._listed[event.option_index])

    def on_key(self, event: events.Key) -> None:
        """Move, leave, run, or begin to look for something."""
        line = self.query_one(Input)
        looking = line.has_focus
        action = self._moves().get(event.key)
        if action is None and not looking:
            action = {"j": self._down, "k": self._up, "enter": self._run}.get(event.key)
        if action is not None:
            action()
        elif event.key == "escape" and line.value:
            line.value = ""
            self.set_focus(None)
        elif event.key == "escape" or (not looking and event.character in ("q", "?")):
            self.dismiss(None)
        elif looking:
            return
        elif event.character is not None and event.character.isprintable():
            line.focus()
            if event.character != "/":
                line.insert_text_at_cursor(event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def _moves(self) -> Mapping[str, Callable[[], object]]:
        options = self.query_one(OptionList)
        return {
            "down": self._down,
            "ctrl+n": self._down,
            "up": self._up,
            "ctrl+p": self._up,
            "pagedown": options.action_page_down,
            "pageup": options.action_page_up,
            "ctrl+f": options.action_page_down,
            "ctrl+b": options.action_page_up,
        }

    def _down(self) -> None:
        """Move down; from the last command on only scroll, to what stands below it."""
        options = self.query_one(OptionList)
        last = max((at for at, c in enumerate(self._listed) if c is not None), default=-1)
        if options.highlighted is None or options.highlighted >= last:
            options.scroll_down(animate=False)
        else:
            options.action_cursor_down()

    def _up(self) -> None:
        options = self.query_one(OptionList)
        first = next((at for at, c in enumerate(self._listed) if c is not None), None)
        if options.highlighted is None or options.highlighted == first:
            options.scroll_up(animate=False)
        else:
            options.action_cursor_up()


def _lines(command: Command, room: int) -> Content:
    """Return a command's keys, what it does, and its name; what has no room goes on below."""
    keys = " ".join(command.keys)
    wide = max(20, room - _KEYS_WIDE - _NAMES_WIDE - 4)
    first, *others = textwrap.wrap(command.help, wide)
    return Content.assemble(
        (f"  {keys:<{_KEYS_WIDE}} ", "bold $footer-key-foreground"),
        f"{first:<{wide}}",
        (f" {command.name}", "$foreground-muted"),
        *(f"\n{'':<{_KEYS_WIDE + 3}}{more}" for more in others),
    )


def _sign(sign: str, says: str, room: int) -> Content:
    first, *others = textwrap.wrap(says, max(20, room - _KEYS_WIDE - 4))
    return Content.assemble(
        (f"  {sign:<{_KEYS_WIDE}} ", "bold"),
        first,
        *(f"\n{'':<{_KEYS_WIDE + 3}}{more}" for more in others),
    )


def _has(text: str, words: Sequence[str]) -> bool:
    return all(word in text.casefold() for word in words)


def _haystack(command: Command) -> str:
    return f"{' '.join(command.keys)} {command.name} {command.label} {command.help}"
