"""A page on the screen, of which only the rows that are seen are ever made: painted, panned, searched, selected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual import events
from textual.cache import LRUCache
from textual.geometry import Offset, Size
from textual.message import Message
from textual.reactive import reactive
from textual.selection import Selection
from textual.strip import Strip

from tui.reader.colouring import CodeColouring
from tui.reader.folded_page import FoldedPage
from tui.reader.page import Page
from tui.reader.painter import Painter
from tui.reader.row import StyleSpan
from tui.reader.selected_text import selected_text
from tui.styles import StyleSheet
from tui.tasks import Tasks
from tui.widgets.cursor_list import CursorList

if TYPE_CHECKING:
    # What reads mail and diffs is imported with the first mail: the first frame does not wait for it.
    from core.errors import PatchdeskError
    from tui.reader.text_search import TextIndex


_PAN: Final = 8
"""Cells that a key pans."""

_ROWS_BELOW: Final = 2
"""Rows kept in sight below the cursor."""

_MOST_INDEXED: Final = 50_000
"""Rows of a page whose text is kept for the next search."""


class PageView(CursorList):
    """Shows a page, which `set_page` gives it, with a cursor on one of its rows."""

    ALLOW_SELECT = True

    syntax: reactive[bool] = reactive(True, repaint=False, init=False)
    """Code in colours."""
    pan: reactive[int] = reactive(0, repaint=False, init=False)
    """Cells that diffs are moved to the left."""
    linear = False
    """The mode for screen readers: the terminal's own cursor follows."""

    @dataclass
    class Found(Message):
        """The number of matches of a search in a large page."""

        count: int

    def __init__(
        self,
        *,
        tasks: Tasks | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        """`tasks` runs slow work; without it the view has its own."""
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
        """The page whose search index is being built."""
        self._strips: LRUCache[tuple[int, bool, bool], Strip] = LRUCache(512)
        self._painter = Painter(self)
        self._colouring = CodeColouring(self, self, self._tasks, self._repaint)

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
        is_kept = keep and bool(self._page.count)
        anchor = self._page.anchor(top) if is_kept else None
        here = self._page.anchor(self.cursor) if is_kept else None
        before = self._page.base.diff
        self._page, self._laid_out = page, width
        self._strips.clear()
        self._index, self._matches = index, None
        if (diff := page.base.diff) is not None:
            diff.pan = self.pan if keep else 0
        if not keep:
            self._needle = ""
            self.set_reactive(PageView.pan, 0)
            self.screen.clear_selection()
        elif diff is not None and before is not None and diff is not before:
            diff.copy_state_from(before)
        self.virtual_size = Size(width, page.count)
        self.put_cursor(page.row_of(here) if here is not None and self.cursor else 0)
        self.scroll_to_row(page.row_of(anchor) if anchor is not None and top else 0)
        self.show_cursor()
        if self._needle:
            self.find(self._needle, move=False)
        self.refresh()
        self._colouring.start()

    def watch_syntax(self) -> None:
        """Repaint, with or without colours."""
        if self._page.base.diff is not None:
            self._page.base.diff.clear_highlights()
            self._repaint()
            self._colouring.start()

    # ------------------------------------------------------------- moving

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint, colour the rows that came into view, and move the cursor into view where a wheel left it behind."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            rows = self.visible_rows
            if rows and self.cursor not in rows:
                edge = rows.start + bool(rows.start) if self.cursor < rows.start else rows.stop - 1
                self.put_cursor(min(edge, rows.stop - 1))
            self._colouring.start()

    def put_cursor(self, row: int) -> None:
        """Set the cursor where it is, or will be, in sight: nothing scrolls."""
        before = self.cursor
        self.set_reactive(CursorList.cursor, self.validate_cursor(row))
        if self.cursor != before:
            self.refresh_line(before)
            self.refresh_line(self.cursor)
            self.cursor_moved()

    def go_to(self, row: int, *, above: int = 0) -> None:
        """Set the cursor on a row, and bring that to the top as far as there are rows below, `above` rows over it."""
        self.put_cursor(row)
        self.scroll_to_row(row - above)

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two rows, and keep the new one in sight, below the bar of its file."""
        super().watch_cursor(old, new)
        top = self.scroll_offset.y
        if new < old and top and new <= top:
            self.scroll_to_row(new - 1)

    def show_cursor(self) -> None:
        """Scroll as little as brings the cursor into sight, with rows to read on below it."""
        height, top = self.scrollable_content_region.height, self.scroll_offset.y
        below = min(_ROWS_BELOW, (height - 1) // 2)
        if height <= 0:
            return
        if self.cursor < top:
            self.scroll_to_row(self.cursor - 1)
        elif self.cursor > top + height - 1 - below:
            self.scroll_to_row(self.cursor - height + 1 + below)

    def cursor_moved(self) -> None:
        """Take the terminal's own cursor along where screen readers follow it."""
        if self.linear and self.has_focus:
            self.put_terminal_cursor()

    def put_terminal_cursor(self) -> None:
        """Put the terminal's own cursor on the cursor's row, where screen readers and braille displays look."""
        line = max(0, min(self.cursor - self.scroll_offset.y, self.content_region.height - 1))
        self.app.cursor_position = self.content_region.offset + Offset(0, line)

    def action_half_page(self, direction: int) -> None:
        """Move by half a page, and the cursor with it."""
        self._scroll_by(direction * max(1, self.height // 2))

    def action_page(self, direction: int) -> None:
        """Move by a page less two rows: one to read on from, one that a heading may cover."""
        self._scroll_by(direction * max(1, self.height - 2))

    def _scroll_by(self, rows: int) -> None:
        """Scroll, and keep the cursor's line on the screen; at an end of the page only the cursor moves."""
        wanted = self.cursor + rows
        self.scroll_to_row(self.scroll_offset.y + rows)
        seen = self.visible_rows
        self.put_cursor(max(seen.start + bool(seen.start), min(wanted, seen.stop - 1)))

    def action_pan(self, direction: int) -> None:
        """Move the lines of diffs left or right, as far as those on the screen go."""
        self.pan = self.pan + direction * _PAN

    def validate_pan(self, pan: int) -> int:
        """Keep the longest line on the screen in sight."""
        longest = 0
        for at in self.visible_rows:
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

    def on_mouse_scroll_right(self, event: events.MouseEvent) -> None:
        """Pan with a wheel that tilts."""
        event.stop()
        self.action_pan(1)

    def on_mouse_scroll_left(self, event: events.MouseEvent) -> None:
        """Pan with a wheel that tilts."""
        event.stop()
        self.action_pan(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Pan with Shift and the wheel."""
        if event.shift:
            event.prevent_default()
            self.on_mouse_scroll_right(event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Pan with Shift and the wheel."""
        if event.shift:
            event.prevent_default()
            self.on_mouse_scroll_left(event)

    # ------------------------------------------------------------- finding

    def find(self, text: str, *, move: bool = True) -> int:
        """Highlight each `text`, go to the next one from here; return their number.

        Capitals count only where `text` has some. An empty one ends it. In a large page that was not searched yet there
        are none until `Found` says so.
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
            self._matches.start_at(self.cursor)
            if move:
                self._show_match()
        self._repaint()
        return self._matches.count if self._matches is not None else 0

    @property
    def indexing(self) -> bool:
        """Whether the search index of the page is being built for a pending search."""
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
        """Run the pending search."""
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
        if row in self.visible_rows[1:]:
            self.put_cursor(row)
        else:
            self.go_to(row, above=self.height // 3)
        line = self._page.row(row)
        if line.pans:
            before = sum(cell_len(text) for text, _ in line.gutter)
            room = max(1, self._laid_out - before)
            left, right = cell_len(line.text[:start]), cell_len(line.text[:end])
            if left < self.pan + line.fixed or right >= self.pan + room:
                wanted = right - room + _PAN if right > room else 0
                self.set_reactive(PageView.pan, min(wanted, max(0, cell_len(line.text) - room)))

    # ------------------------------------------------------------- painting

    @property
    def visible_rows(self) -> range:
        """The rows of the page that are on the screen."""
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
        """Discard rows painted in the colours before."""
        self._strips.clear()
        self._painter.forget()
        super().notify_style_update()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show the cursor while the keys go here."""
        super().watch_has_focus(has_focus)
        self.refresh_line(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Paint one line of the screen."""
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        if row >= self._page.count:
            return self._painter.blank(width)
        is_here = row == self.cursor and self.has_focus
        key = (row, y == 0, is_here)
        strip = self._strips.get(key)
        if strip is None:
            heading = self._page.heading(row) if y == 0 and row and not is_here else None
            if heading is not None:
                strip = self._painter.paint(heading, width)
            else:
                line = self._page.row(row)
                if is_here:
                    line = replace(line, base=f"{line.base}/cursor-line")
                strip = self._painter.paint(line, width, self.pan, row, list(self._overlays(row)))
            self._strips[key] = strip
        return strip

    def _overlays(self, at: int) -> Iterator[StyleSpan]:
        """Yield styles over a row's own, the uppermost first: start, end, style."""
        if (selection := self.text_selection) is not None:
            span = selection.get_span(at)
            if span is not None:
                yield span[0], span[1] if span[1] >= 0 else 1 << 30, "selected"
        if self._matches is not None:
            yield from self._matches.in_row(at)

    # ------------------------------------------------------------- selecting

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text, lines that were wrapped for the screen in one piece again."""
        if not self._page.count:
            return None
        return selected_text(self._page, selection), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Repaint with the new selection."""
        del selection
        self._repaint()
