"""The first and the last line of the screen: the open target, messages, hints and running work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar, Final

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from core.text import SafeText
from tui.keys.commands import Command
from tui.timings import DEFAULT_TIMINGS, Timings
from tui.widgets.title_bar import Tab, draw_tabs

SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ALWAYS: Final = frozenset({"find.start", "triage.undo", "app.help"})
"""Commands whose hints stay in a narrow footer."""


class TitleBar(Widget):
    """Shows the program's name and the open target; at the right, counts and the cursor's position."""

    DEFAULT_CSS = """
    TitleBar { height: 1; background: $panel; color: $foreground; }
    """

    name_shown: reactive[str] = reactive("")
    flag: reactive[str] = reactive("")
    """A word on the listing's state, such as `stopped`."""
    counts: reactive[str] = reactive("")
    position: reactive[tuple[int, int]] = reactive((0, 0))
    """Which series or thread the cursor is in, counted from 1, of how many."""
    marked: reactive[str] = reactive("")
    """How many are marked, as `37 marked`."""
    query_text: reactive[str] = reactive("")
    """The query, where its results are shown."""
    found: reactive[int] = reactive(0)
    """How many results it has."""
    tabs: reactive[tuple[Tab, ...]] = reactive(())
    """The views there are."""

    @dataclass
    class TabChosen(Message):
        """A view was clicked."""

        number: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._places: list[tuple[int, int, int]] = []

    def render(self) -> Content:
        """Draw the line."""
        marked = f"{self.marked} · " if self.marked else ""
        counts, position = "" if self.query_text else self.counts, self._position_text
        between = " · " if counts and position else ""
        right = Content.assemble(
            (marked, "bold $text-accent"), (counts, "$foreground-muted"), between, position, " "
        )
        flag = Content.assemble("  ", (self.flag, "$text-warning")) if self.flag else Content("")
        left = Content.assemble(" ", ("patchdesk", "bold $text-primary"), "  ", self.name_shown)
        query = (
            Content.assemble("  ", (self.query_text, "$text-accent"))
            if self.query_text
            else Content("")
        )
        left += query + flag
        self._places = []
        if self.tabs and not self.query_text:
            room = self.size.width - left.cell_length - right.cell_length - 4
            tabs, places = draw_tabs(self.tabs, room)
            at = left.cell_length + 2
            self._places = [(begin + at, end + at, number) for begin, end, number in places]
            left += Content("  ") + tabs
        return _between(left, right, self.size.width)

    @property
    def _position_text(self) -> str:
        place, of = self.position
        if not of and not self.query_text:
            return ""
        more = f" of {self.found:,}" if self.found > of else ""
        return f"{place:,} of {of:,} found{more}" if self.query_text else f"{place:,} of {of:,}"

    def on_click(self, event: events.Click) -> None:
        """Choose the view that was clicked."""
        for begin, end, number in self._places:
            if begin <= event.x < end:
                self.post_message(self.TabChosen(number))


class StatusBar(Widget):
    """Shows the last message, or the hints of keys; at the right, running work."""

    DEFAULT_CSS = """
    StatusBar {
        height: 1; background: $panel; color: $foreground;
        &.-covered { display: none; }
    }
    """
    _LOOKS: ClassVar = {
        "information": "$foreground",
        "warning": "$text-warning",
        "error": "$text-error",
    }

    @dataclass
    class Chosen(Message):
        """A hint was clicked."""

        command: Command

    def __init__(self, *, timings: Timings = DEFAULT_TIMINGS, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._timings = timings
        self._hints: tuple[tuple[str, Command], ...] = ()
        self._places: list[tuple[int, int, Command]] = []
        self._said: tuple[str, str] | None = None
        self._pending: list[Content] = []
        """A key sequence that was begun, and each key that may follow."""
        self._hesitating: Timer | None = None
        self._work = ""
        self._told = ""
        self._drawn_work = ""
        self.linear = False
        """Linear mode: no spinner, and no redraw without new text."""
        self._spin: Timer | None = None
        self._frame = 0
        self._since = 0.0
        """When the running work began."""

    def hint(self, hints: Iterable[tuple[str, Command]]) -> None:
        """Offer these keys, each with its command."""
        self._hints = tuple(hints)
        self.refresh()

    def show_message(self, text: SafeText, severity: str = "information") -> None:
        """Say one sentence in place of the hints, until the next key."""
        self._said = (text, severity)
        self.refresh()

    def clear_message(self) -> None:
        """Remove the message."""
        if self._said is not None:
            self._said = None
            self.refresh()

    def show_pending_keys(
        self, begun: str, continuations: Iterable[tuple[str, Command]] = ()
    ) -> None:
        """Show a pending key sequence and its possible next keys; an empty one clears it.

        Where a line has no room for all, the bar grows once the user hesitates.
        """
        if self._hesitating is not None:
            self._hesitating.stop()
            self._hesitating = None
            self.styles.height = 1
        self._pending = []
        if begun:
            ways = [
                Content.assemble((key, "bold $text-accent"), f" {command.label}")
                for key, command in continuations
            ]
            self._pending = [Content.assemble((f"{begun}…", "bold")), *ways]
            if len(self._pending_lines) > 1:
                after = self._timings.keys_hesitated
                self._hesitating = self.set_timer(after, self._show_all_keys)
        self.refresh()

    def _show_all_keys(self) -> None:
        self.styles.height = len(self._pending_lines)

    @property
    def _pending_lines(self) -> list[Content]:
        """The pending sequence and the keys that may follow, in lines of the bar's width."""
        lines = [Content(" ") + self._pending[0]]
        for way in self._pending[1:]:
            if lines[-1].cell_length + 3 + way.cell_length < self.size.width:
                lines[-1] += Content("   ") + way
            else:
                lines.append(Content(" " * (self._pending[0].cell_length + 4)) + way)
        return lines

    def work(self, text: SafeText | None) -> None:
        """Show the running work, after a moment; None for none."""
        if text is None:
            if self.working:
                self.refresh()
            self._work = ""
            self._frame = 0
            if self._spin is not None:
                self._spin.stop()
                self._spin = None
            return
        self._work = text
        if self._spin is None:
            self._since = monotonic()
            self._spin = self.set_interval(self._timings.spinner_turns, self._turn)

    def tell(self, text: SafeText) -> None:
        """Show a word on how far one has come, as long as nothing runs."""
        if text != self._told:
            self._told = text
            self.refresh()

    def _turn(self) -> None:
        self._frame += 1
        if not self.linear or self._frame == 1 or self._drawn_work != self._work:
            self.refresh()

    @property
    def working(self) -> bool:
        """Whether running work is being shown."""
        return bool(self._work) and self._frame > 0

    def render(self) -> Content:
        """Draw the line."""
        self._places = []
        right = (
            Content.assemble((f"{self._told} ", "$foreground-muted")) if self._told else Content("")
        )
        self._drawn_work = self._work
        if self.working and self.linear:
            right = Content(f"Running: {self._work}. Esc stops it. ")
        elif self.working:
            picture = SPINNER[self._frame % len(SPINNER)]
            seconds = int(monotonic() - self._since)
            lasted = f"· {seconds} s " if seconds else ""
            right = Content.assemble(
                (picture, "$text-accent"),
                f" {self._work} {lasted}",
                ("· Esc stops ", "$foreground-muted"),
            )
        if self._pending and self.size.height > 1:
            return Content("\n").join(self._pending_lines)
        if self._pending:
            left = Content("   ").join(self._pending)
            if not self.working:
                right = Content("")  # the keys matter more than a count
        elif self._said is not None:
            text, severity = self._said
            left = Content.assemble((text, self._LOOKS[severity]))
            if not self.working and left.cell_length + right.cell_length + 2 > self.size.width:
                right = Content("")
        else:
            left = self._drawn_hints(self.size.width - right.cell_length)
        return _between(Content(" ") + left, right, self.size.width)

    def _drawn_hints(self, room: int) -> Content:
        """Draw the hints that have room; those of `_ALWAYS` have it first, and the last of all before them."""
        parts: list[tuple[str, str]] = []
        column = 1
        widths = [len(f"{key} {command.label}") for key, command in self._hints]
        last = widths[-1] + 3 if widths else 0
        always = [command.name in _ALWAYS for _, command in self._hints]
        for number, (key, command) in enumerate(self._hints):
            width = widths[number]
            later = zip(widths[number + 1 :], always[number + 1 :], strict=True)
            kept = (
                last if always[number] else sum(wide + 3 for wide, is_always in later if is_always)
            )
            if column + width + (0 if number == len(widths) - 1 else kept) > room:
                continue
            self._places.append((column, column + width, command))
            parts += [
                (key, "bold $footer-key-foreground"),
                (f" {command.label}   ", "$foreground-muted"),
            ]
            column += width + 3
        return Content.assemble(*parts).rstrip()

    def on_click(self, event: events.Click) -> None:
        """Run the hint that was clicked."""
        for start, end, command in self._places:
            if start <= event.x < end:
                self.post_message(self.Chosen(command))


def _between(left: Content, right: Content, width: int) -> Content:
    """Return one line of `width` cells with `left` cut where `right` needs the room."""
    right = right.truncate(width)
    room = width - right.cell_length
    return left.truncate(room, ellipsis=True, pad=True) + right
