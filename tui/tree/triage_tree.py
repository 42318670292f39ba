"""The tree with marks and triage states: marked rows, hidden rows, the state of each row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Final

from textual.geometry import Offset
from textual.message import Message

from core.index.row_summary import SeriesSummary
from tui.timings import DEFAULT_TIMINGS, Timings
from tui.tree.items import Items
from tui.tree.marks import Marks, SeriesHandle
from tui.tree.rows import Kind, Row, SearchMarks, Whole
from tui.tree.series_tree import SeriesTree
from tui.tree.view import ViewState
from tui.widgets.row_text import StyledText

if TYPE_CHECKING:
    from core.triage.state import TriageState

_NOTHING: Final[Mapping[SeriesHandle, TriageState]] = {}


class TriageTree(SeriesTree, can_focus=True, inherit_bindings=False):
    """A `SeriesTree` whose series can be marked, and hidden once they are decided."""

    @dataclass
    class MarksChanged(Message):
        """Other series are marked; `count` of those that are shown."""

        count: int
        selecting: bool

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        timings: Timings = DEFAULT_TIMINGS,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(clock=clock, timings=timings, id=id)
        self.linear = False
        """Rows are words, for screen readers and plain terminals."""
        self.marks: Final = Marks()
        self.standings: Mapping[SeriesHandle, TriageState] = _NOTHING
        """How series stand that anything was decided on."""
        self.standings_known = False
        """Until then rows say themselves how they stand."""

    # ------------------------------------------------------------- what it holds

    def show(
        self,
        items: Items | Sequence[Whole],
        *,
        keep: bool,
        anew: bool = False,
        hold: bool = False,
    ) -> None:
        """Show these series and threads; marks stay on their series."""
        ids = self.marks.ids if keep else set()
        if not keep:
            self.marks.clear()
        super().show(items, keep=keep, anew=anew, hold=hold)
        if ids:
            self.marks.rename(self._rows.items.renamed_ids(ids))
        self._marks_moved()

    def show_found(self, items: Items, matches: SearchMarks, *, keep: bool = False) -> None:
        """Show the results of a search."""
        super().show_found(items, matches, keep=keep)
        self._marks_moved()

    def restore_view(
        self, items: Items | Sequence[Whole], place: ViewState, matches: SearchMarks | None = None
    ) -> None:
        """Show items as they were."""
        super().restore_view(items, place, matches)
        self._marks_moved()

    # ------------------------------------------------------------- series by place

    @property
    def count(self) -> int:
        """How many series and threads are shown."""
        return len(self._rows.items)

    def handle(self, place: int) -> SeriesHandle:
        """Return the handle of the series or thread at a place."""
        return self.handles(place, place + 1)[0]

    def handles(self, first: int, end: int) -> Sequence[SeriesHandle]:
        """Return the same of some, by their places."""
        items = self._rows.items
        rows: Sequence[int] | None = getattr(items, "rows", None)
        if rows is not None:
            return rows[first:end]
        shown = map(items.summary, range(first, min(end, len(items))))
        return [getattr(item, "row", item.id) for item in shown]

    def place_of(self, handle: SeriesHandle) -> int | None:
        """Return where a series or thread is shown; None where it is not."""
        items = self._rows.items
        if isinstance(handle, str):
            return items.place(handle)
        try:
            return self.handles(0, len(items)).index(handle)
        except ValueError:
            return None

    def load(self, handle: SeriesHandle) -> Whole | None:
        """Return all of a series or thread; None where it is not shown, or gone."""
        place = self.place_of(handle)
        return None if place is None else self._rows.items.load_item(place)

    @property
    def here(self) -> SeriesHandle | None:
        """The handle of the series or thread under the cursor; None on a group's heading."""
        row = self._shown_row
        if row is None or row.kind is Kind.HEADING:
            return None
        return self.handle(self._rows.item_place(self.cursor))

    def next_handle(self, wanted: Callable[[SeriesHandle], bool]) -> SeriesHandle | None:
        """Return the next series that `wanted` accepts, from the cursor's downwards, then upwards; None where there is
        none.
        """
        place = self._rows.item_place(self.cursor) if len(self._rows) else 0
        for at in chain(range(place + 1, self.count), range(place - 1, -1, -1)):
            if wanted(handle := self.handle(at)) and not self._is_folded_away(at):
                return handle
        return None

    def _is_folded_away(self, place: int) -> bool:
        """Whether the group of a series or thread is folded."""
        return self._rows[self._rows.first_row(place)].kind is Kind.HEADING

    def move_to_patch_where(self, wanted: Callable[[Row], bool]) -> bool:
        """Go to the next patch of the version that is wanted, or to one before; say whether there is one."""
        row = self.row
        if row is None or row.version is None or row.entry is None:
            return False
        rows = [
            other
            for other in self._rows.unfolded_rows(self.cursor)
            if other.kind is Kind.PATCH and other.version is row.version
        ]
        here = next((i for i, other in enumerate(rows) if other.key == row.key), 0)
        for other in (*rows[here + 1 :], *rows[:here]):
            if wanted(other):
                self._reveal(other.key)
                return True
        return False

    def move_to_handle(self, handle: SeriesHandle) -> bool:
        """Go to a series or thread; say whether it is shown."""
        place = self.place_of(handle)
        if place is None:
            return False
        self.user_moved = True
        if self._is_folded_away(place):
            self._rows.show_group(place)
            self._laid_out()
        self.cursor = self._rows.first_row(place)
        return True

    # ------------------------------------------------------------- marks

    @property
    def marked(self) -> set[SeriesHandle]:
        """The handles of marked rows that are shown."""
        return self.marks.visible(self.count)

    def mark_here(self) -> None:
        """Mark the series the cursor is in, or unmark it, and move to the next; on a heading, its whole group."""
        if not len(self._rows):
            return
        self.user_moved = True
        if self.marks.selecting:
            self.end_range()
            return
        place = self._rows.item_place(self.cursor)
        first, end = place, place + 1
        row = self._shown_row
        if row is not None and row.kind is Kind.HEADING:
            end = min((at for at in self._rows.items.headings if at > place), default=self.count)
        self.marks.toggle(self.handles(first, end))
        self._tell_marks()
        if end < self.count:
            self.cursor = self._rows.first_row(end)

    def begin_range(self) -> None:
        """Start a range of marks at the cursor, or end it."""
        if self.marks.selecting:
            self.end_range()
        elif len(self._rows):
            self.user_moved = True
            place = self._rows.item_place(self.cursor)
            self.marks.begin_range(place, self.handle(place))
            self._tell_marks()

    def end_range(self) -> None:
        """End the range and keep its marks."""
        self.marks.end_range(keep=True)
        self._tell_marks()

    def mark(self, handles: Collection[SeriesHandle]) -> int:
        """Mark series; return how many of them are shown and were not marked before."""
        before = self.marks.count(self.count)
        self.marks.add(handles)
        self._tell_marks()
        return self.marks.count(self.count) - before

    def unmark(self) -> bool:
        """Leave the range, or take all marks away; say whether there were any."""
        if not self.marks:
            return False
        if self.marks.selecting:
            self.marks.end_range(keep=False)
        else:
            self.marks.clear()
        self._tell_marks()
        return True

    def unmark_all(self) -> None:
        """Take all marks away, the range's too."""
        if self.marks:
            self.marks.clear()
            self._tell_marks()

    def watch_cursor(self, old: int, new: int) -> None:
        """Let a range grow with the cursor."""
        super().watch_cursor(old, new)
        if self.marks.selecting:
            self._marks_moved()
        if self.linear:
            self.put_terminal_cursor()

    def put_terminal_cursor(self) -> None:
        """Put the terminal's own cursor on the row, where screen readers and braille displays look for it."""
        line = max(0, min(self.cursor - self.scroll_offset.y, self.content_region.height - 1))
        self.app.cursor_position = self.content_region.offset + Offset(0, line)

    def _marks_moved(self) -> None:
        """Know again where things are after rows, or the cursor, have moved."""
        self.marks.show(self.handles)
        if (anchor := self.marks.anchor) is not None:
            place = self.place_of(anchor)
            if place is None or not len(self._rows):
                self.marks.end_range(keep=False)
            else:
                self.marks.stretch(place, self._rows.item_place(self.cursor))
        self._tell_marks()

    def _tell_marks(self) -> None:
        self.marks.show(self.handles)
        self.redraw()
        self.post_message(self.MarksChanged(self.marks.count(self.count), self.marks.selecting))

    # ------------------------------------------------------------- drawing

    def redraw(self) -> None:
        """Draw the rows that are to be seen anew."""
        self._strips.clear()
        self.refresh()

    def _pieces(self, row: Row, width: int) -> list[StyledText]:
        """Return a row as it is written: in columns, or as words."""
        if not self.linear:
            return super()._pieces(row, width)
        from tui.tree import spoken as linear_line

        return linear_line.line(row, width, self._clock(), list_shown=self.list_shown)

    def _row_at(self, index: int) -> Row:
        """Return a row with its mark and triage state."""
        row = super()._row_at(index)
        if row.kind is Kind.HEADING:
            return row
        place = self._rows.item_place(index)
        handle = self.handle(place)
        standing = self.standings.get(handle)
        if not self.standings_known and isinstance(row.item, SeriesSummary):
            standing = row.item.state
        marked = row.depth == 0 and self.marks.is_marked(place, handle)
        if not marked and standing is None:
            return row
        return replace(row, marked=marked, standing=standing)
