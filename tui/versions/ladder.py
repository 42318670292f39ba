"""The ladder: the pane that pairs the patches of two versions, in place of the tree."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from core.text import shown
from tui.styles import RowStyles
from tui.versions.rows import Chain, LadderRow, grid_rows, ladder_rows
from tui.widgets.cursor_list import CursorList

if TYPE_CHECKING:
    from core.versions.choose import Choice, Posting
    from core.versions.compare import PairChange
    from core.versions.comparison import Comparison


class VersionLadder(CursorList, can_focus=True, inherit_bindings=False):
    """Shows a comparison with a cursor on its pairs, or the grid of all versions."""

    DEFAULT_CSS = """
    VersionLadder { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; }
    """

    linear = False
    """Say the pairs in words."""

    @dataclass
    class Highlighted(Message):
        """The cursor moved to another pair."""

        pair: PairChange

    @dataclass
    class PairSelected(Message):
        """The pair under the cursor is to be read."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._choice: Choice | None = None
        self._comparison: Comparison | None = None
        self._grid: tuple[Sequence[Posting], Sequence[Chain]] | None = None
        self._lines: list[LadderRow] = []
        self._hidden: frozenset[int] = frozenset()
        """The places of pairs that are not shown."""
        self._stops: list[int] = []
        """The lines that the cursor stands on."""
        self._wanted = 0
        """The pair on which the cursor is to stand, once there are lines."""
        self._room = 0
        """Cells for its lines, as far as that is known before it is on the screen."""
        self._styles = RowStyles(self)

    # ------------------------------------------------------------- what it holds

    def expect_width(self, cells: int) -> None:
        """Lay out for a pane of so many cells until it is on the screen: the first picture of it has its lines."""
        self._room = max(0, cells - self.gutter.width)

    def show(self, choice: Choice, comparison: Comparison, at: int = 0) -> None:
        """Show a comparison, the cursor on the pair at a place."""
        self._choice, self._comparison, self._grid = choice, comparison, None
        self._hidden = frozenset()
        self.border_title = shown(f"versions {choice.old.name} → {choice.new.name}")
        self._wanted = at
        self._lay_out()
        self._tell()

    def hide_pairs(self, places: Collection[int]) -> None:
        """Hide the pairs at these places, and no others; the cursor goes to the next one that is shown."""
        if places == self._hidden or self._grid is not None:
            return
        before = self._wanted = self._place or 0
        self._hidden = frozenset(places)
        self._lay_out()
        if self._place != before:
            self._tell()

    def show_grid(self, known: Sequence[Posting], found: Sequence[Chain]) -> None:
        """Show all versions of a series beside each other."""
        self._grid = known, found
        self.border_title = shown("all versions")
        self._wanted = 0
        self._lay_out()

    @property
    def is_grid(self) -> bool:
        """Whether all versions are shown."""
        return self._grid is not None

    @property
    def pair(self) -> PairChange | None:
        """The pair under the cursor; in the grid the newest of its patch."""
        place = self._place
        if place is None:
            return None
        if self._grid is not None:
            cells = [cell for cell in self._grid[1][place].cells if cell is not None]
            return cells[-1] if cells else None
        return self._comparison.pairs[place] if self._comparison is not None else None

    @property
    def _place(self) -> int | None:
        """The place of the pair under the cursor."""
        return self._lines[self.cursor].pair if self.cursor < len(self._lines) else None

    def _lay_out(self) -> None:
        """Make the lines for this width, the cursor on the pair that is wanted."""
        width = self._room = self.scrollable_content_region.width or self._room
        if self._grid is not None and width:
            self._lines = list(grid_rows(*self._grid, width))
        elif self._choice is not None and self._comparison is not None and width:
            rows = ladder_rows(
                self._choice,
                self._comparison,
                width,
                linear=self.linear,
                hidden=self._hidden,
            )
            self._lines = list(rows)
        self._stops = [at for at, line in enumerate(self._lines) if line.pair is not None]
        self.virtual_size = Size(0, len(self._lines))
        if self._stops:  # while it is hidden there are no lines
            places = [self._lines[at].pair or 0 for at in self._stops]
            at = bisect_left(places, self._wanted)
            self.place_cursor(self._stops[min(at, len(self._stops) - 1)])
        self.refresh()

    def on_resize(self) -> None:
        """Lay out for the new width."""
        if self.scrollable_content_region.width == self._room and self._lines:
            self.show_cursor()
            return
        is_first = not self._lines
        if (place := self._place) is not None:
            self._wanted = place
        self._lay_out()
        if is_first:
            self._tell()

    # ------------------------------------------------------------- the cursor

    def move_cursor(self, delta: int) -> None:
        """Move the cursor by pairs."""
        if self._stops:
            at = bisect_left(self._stops, self.cursor) + delta
            self.cursor = self._stops[max(0, min(at, len(self._stops) - 1))]

    def move_to_changed(self, step: int) -> bool:
        """Go to the next (1) or previous (-1) pair in which something changed; say whether there is one."""
        if self._comparison is None or self._grid is not None or self._place is None:
            return False
        here = bisect_left(self._stops, self.cursor)
        at = here + step
        while 0 <= at < len(self._stops):
            place = self._lines[self._stops[at]].pair
            if place is not None and self._comparison.pairs[place].is_changed:
                self.move_cursor(at - here)
                return True
            at += step
        return False

    def cursor_moved(self) -> None:
        """Tell which pair it is on."""
        self._tell()

    def _tell(self) -> None:
        if (pair := self.pair) is not None and self._grid is None:
            self.post_message(self.Highlighted(pair))

    def show_cursor(self) -> None:
        """Scroll to the cursor; with the first pair, to the lines above it."""
        if self._stops and self.cursor == self._stops[0] < self.height:
            self.scroll_to_row(0)
        else:
            super().show_cursor()

    def action_bottom(self) -> None:
        """Move to the last pair, and show the lines below it."""
        super().action_bottom()
        self.scroll_to_row(self.virtual_size.height)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; twice, read."""
        offset = event.get_content_offset(self)
        line = self.scroll_offset.y + offset.y if offset is not None else -1
        if line in self._stops:
            self.cursor = line
            if event.chain == 2:
                self.post_message(self.PairSelected())

    # ------------------------------------------------------------- drawing

    def notify_style_update(self) -> None:
        """Forget the colours: they have changed."""
        super().notify_style_update()
        self._styles.clear()

    def watch_has_focus(self, focus: bool) -> None:
        """Show whether the keys go here."""
        super().watch_has_focus(focus)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        width = self.scrollable_content_region.width
        at = self.scroll_offset.y + y
        line = self._lines[at] if at < len(self._lines) else LadderRow(())
        state = "plain"
        if at == self.cursor and line.pair is not None:
            state = "cursor" if self.has_focus else "cursor-blurred"
        segments = [
            Segment(text, self._styles.style(look, state)) for text, look in line.pieces if text
        ]
        used = sum(segment.cell_length for segment in segments)
        segments.append(Segment(" " * max(0, width - used), self._styles.style("", state)))
        return Strip(segments).crop(0, width)
