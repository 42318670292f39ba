"""The tree of series, versions, patches and replies, as a flat virtual list.

Only the lines in view are drawn, and moving the cursor draws two: 100,000 rows cost no more than a hundred.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from core.model import MessageId
from tui.styles import RowStyles
from tui.textual_private import resize_rows
from tui.timings import DEFAULT_TIMINGS, Timings
from tui.tree import columns as tree_line
from tui.tree.annotations import RowAnnotations, WantedFacts
from tui.tree.badges import with_comment_count
from tui.tree.items import Items
from tui.tree.model import Rows
from tui.tree.rows import Key, Kind, Row, SearchMarks, Whole
from tui.widgets.cursor_list import CursorList
from tui.widgets.row_text import StyledText

_STRIPS: Final = 400
"""Drawn lines kept: some screens of them."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """The user's position in a list: the row, its line in the pane, and the folds."""

    key: Key | None
    from_top: int
    folds: Mapping[Key, bool]
    all_open: bool
    user_moved: bool


class TreeView(CursorList, can_focus=True, inherit_bindings=False):
    """Shows a listing and keeps a cursor in it; posts `Highlighted` where it moves, `Opened` on a double click."""

    DEFAULT_CSS = """
    TreeView { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Highlighted(Message):
        """The cursor moved to another row, passed as far as it is on the screen; None without rows."""

        row: Row | None

    @dataclass
    class RowSelected(Message):
        """A row is to be read."""

        row: Row

    @dataclass
    class FactsRequested(Message):
        """Rows came into view that want facts out of their mails."""

        wanted: WantedFacts

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        timings: Timings = DEFAULT_TIMINGS,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._timings = timings
        self._rows = Rows()
        self._strips: OrderedDict[tuple[object, ...], Strip] = OrderedDict()
        self._styles = RowStyles(self)
        self.list_shown: str | None = None
        """The list whose rows do not name it; "" where all rows name their lists, None where none does."""
        self._names = False
        """Search results are shown: author names come before counts."""
        self._remote_focus = False
        """Another widget has the keys, and moves the cursor."""
        self._told: Key | None = None
        self.annotations = RowAnnotations(self._redraw, self._want_facts)
        self.user_moved = False
        """The reader chose a place: from now on nothing but the reader moves the cursor."""

    # ------------------------------------------------------------- what it holds

    def show(
        self,
        items: Items | Sequence[Whole],
        *,
        keep: bool,
        anew: bool = False,
        hold: bool = False,
    ) -> None:
        """Show these series and threads.

        With `keep`, the row under the cursor stays where it is on the screen, whatever came above it, and folds stay.
        Without, and as long as the user has not moved, the list starts at the top, unless `hold`. With `anew`, the
        items were read again: the item under the cursor is announced even if it was before.
        """
        self.user_moved = self.user_moved and keep
        if anew:
            self._told = None
        hold = self.user_moved or (hold and len(self._rows) > 0)
        row = self._shown_row if hold else None
        from_top = self.cursor - self.scroll_offset.y
        key = self._rows.replace(items, keep=hold, also=row.key if row else None)
        self._names = False
        if key is not None:
            place = self._rows.find(key)
            place = self.cursor if place is None else place
        else:
            place = from_top = self._first_series()
            if len(items) == 1 and self._rows.all_in_memory:
                self._rows.fold(0, expanded=True)
        self._laid_out()
        self._put(place, from_top)

    def set_transform(self, name: str, transform: Callable[[Whole], Whole] | None) -> None:
        """Pass every series and thread through `transform` before it is shown; the cursor keeps its row."""
        self._rows.set_transform(name, transform)
        self.restore_view(self._rows.items, self.view_state)

    def show_found(self, items: Items, matches: SearchMarks, *, keep: bool = False) -> None:
        """Show search results with the cursor on the best; with `keep`, the cursor and the folds stay."""
        row = self._shown_row if keep else None
        from_top = self.cursor - self.scroll_offset.y
        key = self._rows.replace(items, keep=keep, also=row.key if row else None, matches=matches)
        place = self._rows.find(key) if key is not None else None
        self._names = True
        self._laid_out()
        if place is not None:
            self._put(place, from_top)
        else:  # a series may be there for the sake of a patch
            best = (
                at for at in range(min(2, len(self._rows))) if self._rows[at].highlights is not None
            )
            first = next(best, 0)
            self._put(first, first)

    @property
    def view_state(self) -> ViewState:
        """The state of the view: cursor, scroll and folds."""
        row = self._shown_row
        return ViewState(
            row.key if row is not None else None,
            self.cursor - self.scroll_offset.y,
            dict(self._rows.folds),
            self._rows.all_open,
            self.user_moved,
        )

    def restore_view(
        self, items: Items | Sequence[Whole], place: ViewState, matches: SearchMarks | None = None
    ) -> None:
        """Show items as they were when `kept_place` gave `place`; `matches` are lit."""
        self._rows.set_folds(place.folds, all_open=place.all_open)
        key = self._rows.replace(
            items, keep=True, also=place.key, matches=matches or SearchMarks(highlights={})
        )
        self._names = matches is not None and bool(matches.inside)
        found = self._rows.find(key) if key is not None else None
        self._laid_out()
        self.set_reactive(TreeView.cursor, found if found is not None else self._first_series())
        self.scroll_to(y=max(0, self.cursor - place.from_top), animate=False, force=True)
        self.user_moved = place.user_moved
        self.refresh()
        self.cursor_moved()

    def _first_series(self) -> int:
        top = range(min(len(self._rows), 50))
        return next((i for i in top if self._rows[i].kind is Kind.SERIES), 0)

    def _put(self, place: int, from_top: int) -> None:
        """Set the cursor with its row `from_top` lines below the upper edge."""
        self.scroll_to(y=max(0, place - from_top), animate=False, force=True)
        self.place_cursor(place)
        self.cursor_moved()

    def _laid_out(self) -> None:
        self._strips.clear()
        size, height = Size(0, len(self._rows)), self.container_size.height
        if height and (size.height > height) == self.show_vertical_scrollbar:
            # Nothing else moves: laying out the whole screen anew would cost as much as drawing the tree.
            resize_rows(self, size)
        else:
            self.virtual_size = size
        self.refresh()

    @property
    def row(self) -> Row | None:
        """The row under the cursor, completely read."""
        return self._rows.whole(self.cursor) if self.cursor < len(self._rows) else None

    @property
    def unseen(self) -> Collection[MessageId]:
        """The mails of the series or thread under the cursor that were not read."""
        return self._rows.unseen(self.cursor) if self.cursor < len(self._rows) else ()

    @property
    def _shown_row(self) -> Row | None:
        """The row at the cursor, as far as it is on the screen."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def position(self) -> tuple[int, int]:
        """Which series or thread the cursor is in, counted from 1, of how many."""
        return self._rows.position(self.cursor)

    def __len__(self) -> int:
        """How many rows there are to be seen."""
        return len(self._rows)

    def __bool__(self) -> bool:
        return True

    # ------------------------------------------------------------- the cursor

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def watch_cursor(self, old: int, new: int) -> None:
        """Remember that the reader moved it."""
        self.user_moved = True
        super().watch_cursor(old, new)

    def cursor_moved(self) -> None:
        """Report the row under the cursor, unless it was reported."""
        row = self._shown_row
        key = row.key if row else None
        if key != self._told:
            self._told = key
            self.post_message(self.Highlighted(row))

    def set_remote_focus(self, *, focused: bool) -> None:
        """Show the cursor as if the keys went here, since another widget moves it, or no longer."""
        self._remote_focus = focused
        self.refresh_line(self.cursor)

    def move_cursor(self, delta: int) -> None:
        """Move the cursor."""
        self.user_moved = True
        super().move_cursor(delta)

    # ------------------------------------------------------------- folds

    def fold(self, *, expanded: bool | None) -> bool:
        """Fold or unfold the row under the cursor, None toggles; return whether that was possible."""
        row = self._shown_row
        if row is None or not row.expandable:
            return False
        self.user_moved = True
        self._rows.fold(self.cursor, expanded=not row.expanded if expanded is None else expanded)
        self._laid_out()
        return True

    def fold_all(self, *, expanded: bool) -> None:
        """Expand or collapse everything; the cursor stays on its row, or on the row it was folded into."""
        row = self._shown_row
        if row is None:
            return
        self.user_moved = True
        from_top = self.cursor - self.scroll_offset.y
        self._rows.fold_all(expanded=expanded, around=self.cursor)
        self._laid_out()
        self._put(self._rows.find(row.key) or 0, from_top)

    def action_expand(self) -> None:
        """Unfold the row, or go to the first one inside."""
        row = self._shown_row
        if row is None or not row.expandable:
            return
        if row.expanded:
            self.cursor += 1
        else:
            self.fold(expanded=True)

    def action_collapse(self) -> None:
        """Fold the row, or go to the one that holds it."""
        row = self._shown_row
        if row is None:
            return
        if row.expanded:
            self.fold(expanded=False)
            return
        place = self.cursor
        if row.depth == 0:
            place = self._rows.heading_of(place)
        while place > 0 and self._rows[place].depth >= row.depth > 0:
            place -= 1
        self.cursor = place

    # ------------------------------------------------------------- drawing

    def notify_style_update(self) -> None:
        """Forget drawn lines: their colours have changed."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    def refresh_ages(self) -> None:
        """Redraw the ages."""
        self._redraw()

    def watch_has_focus(self, focus: bool) -> None:
        """Show whether the keys go here."""
        super().watch_has_focus(focus)
        self.refresh_line(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        if index >= len(self._rows):
            return Strip.blank(width, self._styles.style("", "plain"))
        state = "plain"
        if index == self.cursor:
            state = "cursor" if self.has_focus or self._remote_focus else "cursor-blurred"
        key = (index, width, state)
        if (strip := self._strips.get(key)) is None:
            pieces = self._pieces(self._row_at(index), width)
            segments = [Segment(text, self._styles.style(look, state)) for text, look in pieces]
            strip = self._strips[key] = Strip(segments, width)
            if len(self._strips) > _STRIPS:
                self._strips.popitem(last=False)
        return strip

    def _pieces(self, row: Row, width: int) -> list[StyledText]:
        """Return a row as styled pieces of text, with its comments counted once they are known."""
        now, home = self._clock(), self.list_shown
        pieces = tree_line.line(row, width, now, names=self._names, list_shown=home)
        count = self.annotations.comment_count(row)
        return with_comment_count(pieces, count) if count else pieces

    def _row_at(self, index: int) -> Row:
        """Return a row as it is drawn."""
        return self.annotations.annotated(self._rows[index])

    def _want_facts(self) -> None:
        """Ask for facts once the rows stand there for a moment."""
        self.set_timer(self._timings.facts_read, self._request_facts)

    def _request_facts(self) -> None:
        self.post_message(self.FactsRequested(self.annotations.take_wanted()))

    def _redraw(self) -> None:
        self._strips.clear()
        self.refresh()

    # ------------------------------------------------------------- mouse

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; on the expander fold or unfold; twice, read."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = self.scroll_offset.y + offset.y
        if index >= len(self._rows):
            return
        self.user_moved = True
        self.cursor = index
        row = self._rows[index]
        width = self.scrollable_content_region.width
        if row.expandable and 0 <= offset.x - tree_line.indent(row, width) < 2:
            self.fold(expanded=None)
        elif event.chain == 2:
            self.post_message(self.RowSelected(row))
