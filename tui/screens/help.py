"""All keys, from the registry of commands, and the meaning of the signs; filtered by typing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.keys.commands import COMMANDS, Command, Pane
from tui.keys.dispatch import CommandScreen
from tui.keys.keymap import Keymap
from tui.tree.badges import FLAG, MARK, STATES
from tui.tree.columns import GLYPHS, UNREAD
from tui.tree.rows import Kind
from tui.widgets.dialog import Dialog
from tui.widgets.line_input import LineInput

_HEADINGS: Final = {
    Pane.TREE: "In the tree",
    Pane.READER: "In the reader",
    Pane.LADDER: "In the versions",
    Pane.DIGEST: "In a digest",
    Pane.DIALOG: "In a dialog",
    Pane.ANY: "Everywhere",
}

_SIGNS: Final[Sequence[tuple[str, str]]] = (
    (GLYPHS[Kind.SERIES], "A patch series"),
    (GLYPHS[Kind.THREAD], "A discussion without patches"),
    (GLYPHS[Kind.COVER], "A cover letter"),
    (GLYPHS[Kind.PATCH], "A patch"),
    (GLYPHS[Kind.MISSING], "Missing patches"),
    (GLYPHS[Kind.REPLY], "A reply; at the right ↳3: 3 replies"),
    (UNREAD, "Unread, or not all of it read"),
    ("▸ ▾", "Collapsed, expanded"),
    ("≠", "Different messages carry this Message-ID"),
    ("v2", "The newest version"),
    ("16/17", "Patches here, of how many"),
    ("R A T N", "Reviewed-by, Acked-by, Tested-by, Nacked-by; R3: from 3 people"),
    ("2h 3d 6w", "Age: hours, days, weeks; mo: months, y: years"),
    ("✓", "A viewed hunk; before a subject: done"),
    (
        " ".join(glyph for glyph, _ in list(STATES.values())[1:]),
        "Skipped, waiting, snoozed, accepted",
    ),
    (f"{MARK} {FLAG} ✎ #", "Marked, flagged, has a note, has a label"),
    ("┃", "A review comment on the lines above it; in the tree 💬3: 3 comments"),
)

_KEYS_WIDE: Final = 10
_NAMES_WIDE: Final = max(len(command.name) for command in COMMANDS)


def push_help(screen: CommandScreen) -> None:
    """Show the keys of a screen on top of it, and run the chosen command there."""

    def run(command: Command | None) -> None:
        if command is not None:
            screen.run_command(command)

    screen.app.push_screen(HelpScreen(screen.active_pane, screen.keymap), run)


class HelpScreen(Dialog[Command]):
    """Lists the commands and returns the chosen one. The pane that had the focus stands first.

    As long as nothing is looked for, the keys that move and leave elsewhere do so here; any other letter begins to look.
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

    def __init__(self, pane: Pane, keymap: Keymap) -> None:
        super().__init__(keymap)
        self._commands = keymap.commands
        first = pane if pane in _HEADINGS else Pane.ANY
        self._order = sorted(_HEADINGS, key=lambda one: one != first)
        self._text = ""
        self._listed: list[Command | None] = []
        self._width = 0
        """Columns of the terminal that the list was laid out for."""

    def compose(self) -> ComposeResult:
        """Lay out the line to type into and the list."""
        with Vertical() as frame:
            frame.border_title = Content("Keys")
            frame.border_subtitle = Content("type to filter · Enter run · Esc close")
            yield LineInput(
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
            self._list(self._line.value)

    def _section(self, command: Command) -> Pane:
        """Return the pane under which a command is listed: of several the first."""
        if command.pane == Pane.ANY:
            return Pane.ANY
        return next(pane for pane in self._order if pane & command.pane)

    def _list(self, text: str) -> None:
        """List the commands and signs that contain every word of `text`; None for a command that cannot run."""
        self._text = text
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
        signs = [(sign, says) for sign, says in _SIGNS if _is_sign(sign, says, words)]
        if signs:
            head("Signs")
        for sign, says in signs:
            add(_sign(sign, says, room))
        if not self._listed:
            add(Content.assemble(("No match. Esc clears the filter.", "$text-warning")))
        runs = (at for at, command in enumerate(self._listed) if command is not None)
        options.highlighted = next(runs, None)
        options.scroll_home(animate=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if event.value != self._text:  # pasted
            self._list(event.value)

    def accept(self) -> None:
        """Run the command that is highlighted."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(self._listed[at])

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._listed[event.option_index])

    # ------------------------------------------------------------- keys

    @property
    def _line(self) -> LineInput:
        return self.query_one(LineInput)

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of the help's commands, by name."""
        options = self.query_one(OptionList)
        return {
            **super().command_handlers(),
            "app.help": self.leave,
            "find.start": self._line.focus,
            "move.down": self._down,
            "move.up": self._up,
            "move.page_down": options.action_page_down,
            "move.page_up": options.action_page_up,
        }

    def press_key(self, event: events.Key) -> bool:
        """Run a command, or begin a search; during a search, characters are its text."""
        line = self._line
        if event.key == "escape" and line.value:
            line.value = ""
            self.set_focus(None)
            self._list("")
        elif event.key in ("up", "down", "ctrl+n", "ctrl+p"):
            (self._down if event.key in ("down", "ctrl+n") else self._up)()
        elif line.has_focus and event.is_printable:
            self._type(event)
        elif super().press_key(event):
            pass
        elif event.is_printable:
            line.focus()
            self._type(event)
        else:
            return line.has_focus and line.feed(event)
        return True

    def _type(self, event: events.Key) -> None:
        self._line.feed(event)
        self._list(self._line.value)

    def _down(self) -> None:
        """Move down; from the last command on only scroll, to the signs below it."""
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
    """Return a command's keys, help and name, wrapped."""
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


def _is_sign(sign: str, says: str, words: Sequence[str]) -> bool:
    """Whether all words describe a sign; one with digits does where its letters are in the sign: `R12`, `↳3`, `v10`."""
    letters = [re.sub(r"[0-9]+", "", word) for word in words]
    parts = re.sub(r"[0-9]+", "", f"{sign} {says}".casefold()).split()
    return all(
        word in f"{sign} {says} signs".casefold() or (bool(bare) and bare != word and bare in parts)
        for word, bare in zip(words, letters, strict=True)
    )


def _has(text: str, words: Sequence[str]) -> bool:
    return all(word in text.casefold() for word in words)


def _haystack(command: Command) -> str:
    return f"{' '.join(command.keys)} {command.name} {command.label} {command.help}"
