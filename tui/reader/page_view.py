"""A page on the screen, of which only the rows that are seen are ever made: painted, panned, searched, selected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual import events, work
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.selection import Selection
from textual.strip import Strip

from tui.reader.folding import FoldedPage
from tui.reader.page import Page
from tui.reader.painter import Painter
from tui.reader.row import StyleSpan
from tui.styles import StyleSheet
from tui.tasks import Tasks
from tui.widgets.line_scroll import LineScroll

if TYPE_CHECKING:
    # What reads mail and diffs is imported with the first mail: the first frame does not wait for it.
    from core.errors import PatchdeskError
    from tui.reader.diff import DiffBlock
    from tui.reader.diff_code import HighlightChunk
    from tui.reader.text_search import TextIndex


_PAN: Final = 8
"""Cells that a key pans."""

_MOST_INDEXED: Final = 50_000
"""Rows of a page whose text is kept for the next search."""


class PageView(LineScroll):
    """Shows a page; `set_page` gives it one."""

    ALLOW_SELECT = True

    syntax: reactive[bool] = reactive(True, repaint=False, init=False)
    """Code in colours."""
    pan: reactive[int] = reactive(0, repaint=False, init=False)
    """Cells that diffs are moved to the left."""

    @dataclass
    class Found(Message):
        """So many matches there are of what was looked for in a large page."""

        count: int

    def __init__(
        self,
        *,
        tasks: Tasks | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        """`tasks` runs what would hold up the screen; without it the view has its own."""
        super().__init__(id=id, classes=classes)
        self._tasks = tasks if tasks is not None else Tasks(self.call_later)
        self._page = FoldedPage(Page([]))
        self._laid_out = 0
        """The width that the page was made for."""
        self._index: TextIndex | None = None
        """The page's text, once it was searched; made beforehand for a large mail."""
        self._matches: TextIndex | None = None
        """The same, while something is looked for."""
        self._needle = ""
        self._indexed: FoldedPage | None = None
        """The page whose text is being made ready."""
        self._strips: LRUCache[tuple[int, int], Strip] = LRUCache(512)
        self._painter = Painter(self)
        self._colouring = False

    @property
    def page(self) -> FoldedPage:
        """The page that is shown."""
        return self._page

    def set_page(
        self, page: FoldedPage, width: int, *, keep: bool, index: TextIndex | None = None
    ) -> None:
        """Show `page`, made for `width` cells; with `keep` it is the same mail, and the top row stays at the top.

        `index` is its text, where that is at hand.
        """
        top = self.scroll_offset.y
        anchor = self._page.anchor(top) if keep and self._page.count else None
        before = self._page.base.diff
        self._page, self._laid_out = page, width
        self._strips.clear()
        self._index, self._matches = index, None
        diff = page.base.diff
        if diff is not None:
            diff.pan = self.pan if keep else 0
        if not keep:
            self._needle = ""
            self.set_reactive(PageView.pan, 0)
            self.screen.clear_selection()
        elif diff is not None and before is not None and diff is not before:
            diff.copy_state_from(before)
        self.virtual_size = Size(width, page.count)
        self.scroll_to_row(page.row_of(anchor) if anchor is not None and top else 0)
        if self._needle:
            self.find(self._needle, move=False)
        self.refresh()
        self._colour_soon()

    def watch_syntax(self) -> None:
        """Repaint, with or without colours."""
        if self._page.base.diff is not None:
            self._page.base.diff.clear_highlights()
            self._repaint()
            self._colour_soon()

    # ------------------------------------------------------------- moving

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint, and colour what came into view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._colour_soon()

    def action_pan(self, direction: int) -> None:
        """Move the lines of diffs left or right, as far as those on the screen go."""
        self.pan = self.pan + direction * _PAN

    def validate_pan(self, pan: int) -> int:
        """Keep the longest line on the screen in sight."""
        longest = 0
        for at in self._visible():
            row = self._page.row(at)
            if row.pans:
                before = sum(cell_len(text) for text, _ in row.gutter)
                longest = max(longest, before + cell_len(row.text))
            elif row.more:
                longest = max(longest, self._laid_out + row.more)
        furthest = max(0, longest - self._laid_out)
        # From further right, where other lines were, going left comes before going in bounds.
        return max(0, pan if pan < self.pan else max(self.pan, min(pan, furthest)))

    def watch_pan(self) -> None:
        """Repaint."""
        diff = self._page.base.diff
        if diff is not None and diff.pan != self.pan:
            diff.pan = self.pan
            if diff.has_sides:
                self._index = None  # another part of its lines is in its rows
        self._repaint()

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Pan with a wheel that tilts."""
        event.stop()
        self.action_pan(1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Pan with a wheel that tilts."""
        event.stop()
        self.action_pan(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Pan with Shift and the wheel."""
        if event.shift:
            event.stop()
            event.prevent_default()
            self.action_pan(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Pan with Shift and the wheel."""
        if event.shift:
            event.stop()
            event.prevent_default()
            self.action_pan(-1)

    # ------------------------------------------------------------- finding

    def find(self, text: str, *, move: bool = True) -> int:
        """Light up `text` wherever it stands, go to the first place from here on; return how many there are.

        Capitals count only where `text` has some. An empty one ends it. In a large page that was not searched yet
        there are none until `Found` says so.
        """
        self._needle = text
        if not text:
            self._matches = None
            if self._page.count > _MOST_INDEXED:
                self._index = None
        elif self._index is None and self._page.count > _MOST_INDEXED:
            if self._indexed is not self._page:
                self._indexed = self._page
                self._make_index(self._page)
        else:
            if self._index is None:
                from tui.reader.text_search import TextIndex

                self._index = TextIndex(self._page)
            self._matches = self._index
            self._matches.search(text)
            self._matches.start_at(self.scroll_offset.y)
            if move:
                self._show_match()
        self._repaint()
        return self._matches.count if self._matches is not None else 0

    @property
    def indexing(self) -> bool:
        """Whether the text of the page is being made ready for what was looked for."""
        return bool(self._needle) and self._matches is None and self._indexed is self._page

    def _make_index(self, page: FoldedPage) -> None:
        """Make the text of a large page ready, off the thread that paints."""
        from tui.reader.text_search import TextIndex

        self._tasks.start(
            "text index",
            lambda _: TextIndex(page),
            then=self._take_index,
            failed=self._give_up_index,
            current=lambda: page is self._page,
        )

    def _take_index(self, index: TextIndex) -> None:
        """Look for what was wanted meanwhile."""
        self._index, self._indexed = index, None
        if self._needle:
            self.post_message(self.Found(self.find(self._needle)))

    def _give_up_index(self, _: PatchdeskError) -> None:
        """Look for nothing: the next search makes the text ready anew."""
        self._indexed = None

    def find_next(self, direction: int) -> bool:
        """Go to the next match, or with -1 to the one before, past the end on from the start; say if there is one."""
        if self._matches is None or not self._matches.step(direction):
            return False
        self._show_match()
        self._repaint()
        return True

    def _show_match(self) -> None:
        """Bring the current match into view."""
        if self._matches is None or (place := self._matches.current) is None:
            return
        row, start, end = place
        top, height = self.scroll_offset.y, self.height
        if not top + 1 <= row < top + height:
            self.scroll_to_row(row - height // 3)
        line = self._page.row(row)
        if line.pans:
            before = sum(cell_len(text) for text, _ in line.gutter)
            room = max(1, self._laid_out - before)
            left, right = cell_len(line.text[:start]), cell_len(line.text[:end])
            if left < self.pan + line.fixed or right >= self.pan + room:
                wanted = right - room + _PAN if right > room else 0
                self.set_reactive(PageView.pan, min(wanted, max(0, cell_len(line.text) - room)))

    # ------------------------------------------------------------- painting

    def _visible(self) -> range:
        top = self.scroll_offset.y
        return range(top, min(top + self.height, self._page.count))

    def _repaint(self) -> None:
        self._strips.clear()
        self.refresh()

    @property
    def looks(self) -> StyleSheet:
        """The looks in the colours of now."""
        return self._painter.looks

    def notify_style_update(self) -> None:
        """Forget what was painted in other colours."""
        self._strips.clear()
        self._painter.forget()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Paint one line of the screen."""
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        if row >= self._page.count:
            return self._painter.blank(width)
        key = (row, y == 0)
        strip = self._strips.get(key)
        if strip is None:
            heading = self._page.heading(row) if y == 0 and row else None
            if heading is not None:
                strip = self._painter.paint(heading, width)
            else:
                line = self._page.row(row)
                strip = self._painter.paint(line, width, self.pan, row, list(self._overlays(row)))
            self._strips[key] = strip
        return strip

    def _overlays(self, at: int) -> Iterator[StyleSpan]:
        """Yield what lies over a row's own looks, the uppermost first: from, to, look."""
        if (selection := self.text_selection) is not None:
            span = selection.get_span(at)
            if span is not None:
                yield span[0], span[1] if span[1] >= 0 else 1 << 30, "selected"
        if self._matches is not None:
            yield from self._matches.in_row(at)
        yield from self._highlights(at)

    def _highlights(self, at: int) -> Iterator[StyleSpan]:  # noqa: ARG002 - what a page of more kinds has
        """Yield what else lies over a row's own looks."""
        return iter(())

    # ------------------------------------------------------------- selecting

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text, lines that were wrapped for the screen in one piece again."""
        if not self._page.count:
            return None
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self._page.count - 1
        texts, separators = self._page.texts(), self._page.separators()
        parts: list[str] = []
        for at in range(max(0, first), min(last, self._page.count - 1) + 1):
            start, end = selection.get_span(at) or (0, 0)
            parts.append(texts[at][start:] if end < 0 else texts[at][start:end])
            parts.append(separators[at])
        return "".join(parts[:-1]), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Repaint with what is selected."""
        del selection
        self._repaint()

    # ------------------------------------------------------------- colouring code

    def _colour_soon(self) -> None:
        """Start colouring the code in view, unless that is going on."""
        if self.syntax and not self._colouring and self._next_slice() is not None:
            self._colouring = True
            self._colour()

    def _next_slice(self) -> tuple[DiffBlock, HighlightChunk] | None:
        """Return what is to be coloured next: what is in view, then what a page down shows."""
        base, diff = self._page.base, self._page.base.diff
        if diff is None or not self.syntax:
            return None
        top = self.scroll_offset.y
        for start in (top, top + self.height):
            for first, last in self._page.own_rows(start, start + self.height):
                first, last = first - base.diff_start, last - base.diff_start
                if last > 0 and (found := diff.unhighlighted(max(0, first), last)):
                    return diff, found[0]
        return None

    @work(group="colours", exit_on_error=False)
    async def _colour(self) -> None:
        """Colour slice after slice, with a look at the keyboard every few milliseconds."""
        from tui.reader.diff_code import read_colours

        try:
            while (wanted := self._next_slice()) is not None:
                diff, piece = wanted
                spans = await read_colours(diff.source(piece))
                if not self.syntax:
                    break
                diff.colour(piece, spans)
                if diff is self._page.base.diff:
                    self._repaint()
        except Exception as error:
            self._tasks.report_crash("colours", error)
            self.syntax = False  # or it would crash with every page
        finally:
            self._colouring = False


def unified_lines(page: FoldedPage, first: int, last: int) -> Iterator[str]:
    """Yield the lines that the rows from `first` to before `last` show, removed ones before added ones; no comments."""
    base, diff = page.base, page.base.diff
    waiting: set[int] = set()
    for start, end in page.own_rows(first, last):
        for own in range(start, end):
            lines = diff.lines_beside(own - base.diff_start) if diff is not None else ()
            if lines:
                waiting.update(lines)
                continue
            yield from _texts(page, waiting)
            waiting.clear()
            yield base.row(own).text
    yield from _texts(page, waiting)


def _texts(page: FoldedPage, lines: set[int]) -> Iterator[str]:
    diff = page.base.diff
    if diff is not None:
        yield from [diff.code.text(line, 1) for line in sorted(lines)]
