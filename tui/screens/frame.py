"""The frame of the main screen: its panes, its titles, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.content import Content

from core.model import Series
from core.text import SafeText, shown
from tui.keys.commands import Command, Pane
from tui.keys.dispatch import CommandScreen
from tui.keys.keymap import Keymap, format_keys
from tui.reader.message_view import MessageView
from tui.tree.columns import version_name
from tui.tree.rows import Kind, Row
from tui.tree.triage_tree import TriageTree
from tui.widgets.status_bar import StatusBar, TitleBar

if TYPE_CHECKING:
    from core.model import TargetListing

CURTAIN: Final = 0.1
"""Seconds that the first picture may wait for the first rows."""

WIDE: Final = 100
"""Columns from which on the panes stand side by side."""


class FrameScreen(CommandScreen):
    """Title, tree, reader and status line. `clock` is what ages count from."""

    def __init__(self, keymap: Keymap, clock: Callable[[], datetime]) -> None:
        super().__init__(keymap)
        self._clock = clock
        from tui.widgets.prompt import Prompt
        from tui.widgets.search_bar import SearchBar

        self.prompt, self.bar = Prompt(), SearchBar()
        self._place = Pane.TREE
        """The pane that has the keys."""
        self._curtain = ExitStack()
        """Holds the first picture back, for a moment, until there is something on it."""
        self._held = False
        self._noted = False
        """The reader shows a note, such as an error or the log, and no mail."""
        self._aside = False
        """That note was asked for: going back leads to the mail."""

    def compose(self) -> ComposeResult:
        """Lay out the panes between the title and the status line."""
        self.set_class(self.app.size.width >= WIDE, "-wide")  # or all would be styled twice
        yield TitleBar()
        yield self.bar
        yield TriageTree(clock=self._clock)
        yield MessageView(clock=self._clock)
        yield self.prompt
        yield StatusBar()

    def on_mount(self) -> None:
        """Keep the ages true."""
        self.set_interval(60, self.series_tree.refresh_ages)

    @property
    def series_tree(self) -> TriageTree:
        """The tree."""
        return self.query_one(TriageTree)

    @property
    def reader(self) -> MessageView:
        """The reader."""
        return self.query_one(MessageView)

    @property
    def title_bar(self) -> TitleBar:
        """The first line."""
        return self.query_one(TitleBar)

    @property
    def status(self) -> StatusBar:
        """The last line."""
        return self.query_one(StatusBar)

    def focus_pane(self, place: Pane) -> None:
        """Give the keys to a pane."""
        self._place = place

    def show_message(self, text: str, severity: str = "information") -> None:
        """Say one sentence until the next key."""
        self.status.show_message(shown(self.keymap.fill(text)), severity)

    def clear_message(self) -> None:
        """Take back what was said."""
        self.status.clear_message()

    def show_pending_keys(self, begun: str, ways: list[tuple[str, Command]]) -> None:
        """Show a key sequence that was begun."""
        self.status.show_pending_keys(
            begun, [(format_keys((stroke,)), command) for stroke, command in ways]
        )

    # ------------------------------------------------------------- the first picture

    def hold_first_picture(self) -> None:
        """Draw nothing until the first rows come, or a moment has passed: an empty picture takes as long as a full one."""
        self._curtain.enter_context(self.app.batch_update())
        self._held = True
        self.set_timer(CURTAIN, self._show_first_picture)

    def _show_first_picture(self) -> None:
        if self._held:
            self._held = False
            self._curtain.close()
            self.refresh(layout=True)

    def _compositor_refresh(self) -> None:
        # Textual would draw the picture that is held back, only to throw it away.
        if not self._held:
            super()._compositor_refresh()

    # ------------------------------------------------------------- notes

    def _show_empty(self) -> None:
        """Leave the screen to the reader as long as there are no rows."""
        self.add_class("-empty")
        self.focus_pane(Pane.READER)

    def _note(self, title: str, lines: Sequence[str]) -> None:
        """Show words of ours in the reader."""
        self._noted = True
        self.reader.show_note(title, [self.keymap.fill(line) for line in lines])
        self._entitle_reader()

    # ------------------------------------------------------------- titles

    def _entitle(self, listing: TargetListing) -> None:
        series = sum(isinstance(item, Series) for item in listing.items)
        threads = len(listing.items) - series
        counts = [_many(series, "series", "series"), _many(listing.mails, "mail")]
        if threads:
            counts.insert(1, _many(threads, "thread"))
        self.title_bar.name_shown = shown(listing.name)
        self.title_bar.flag = "incomplete" if listing.done and listing.note else ""
        self.title_bar.counts = " · ".join(counts)
        self._entitle_place()

    def _entitle_place(self) -> None:
        place, of = self.series_tree.position
        self.title_bar.place = f"{place:,} of {of:,}" if of else ""

    def _entitle_reader(self) -> None:
        row = self.series_tree.row
        self.reader.border_title = Content("" if self._noted or row is None else place_words(row))


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def place_words(row: Row) -> SafeText:
    """Return where in its series the mail of a row stands: `v2 3/17`, `reply to v2 3/17`."""
    if row.version is None or row.entry is None:
        return shown("reply" if row.kind is Kind.REPLY else "thread")
    place = f"{version_name(row)} {row.entry.number}/{row.version.total}"
    return shown(f"reply to {place}" if row.kind is Kind.REPLY else place)
