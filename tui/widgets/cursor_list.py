"""Rows with a cursor: the list under the tree, the digest and the files of a patch."""

from __future__ import annotations

from typing import Final

from textual.reactive import reactive

from tui.widgets.line_scroll import LineScroll

_MARGIN: Final = 2
"""Rows kept in sight above and below the cursor."""


class CursorList(LineScroll):
    """A view of rows of which one has the cursor; it moves by lines and pages and stays in sight."""

    cursor: reactive[int] = reactive(0, repaint=False, init=False)
    """The row that has it, from 0."""

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return self.virtual_size.height

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(cursor, self.row_count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two rows that changed, and show and report the new one."""
        self.refresh_line(old)
        self.refresh_line(new)
        self.show_cursor()
        self.cursor_moved()

    def cursor_moved(self) -> None:
        """Report that the cursor is on another row."""

    def place_cursor(self, row: int) -> None:
        """Set the cursor without a report: the rows under it are others."""
        self.set_reactive(CursorList.cursor, self.validate_cursor(row))
        self.show_cursor()
        self.refresh()

    def show_cursor(self) -> None:
        """Scroll as little as brings the cursor into sight, with a margin."""
        height, top = self.scrollable_content_region.height, self.scroll_offset.y
        if height <= 0:
            return
        margin = min(_MARGIN, (height - 1) // 2)
        if self.cursor < top + margin:
            self.scroll_to_row(self.cursor - margin)
        elif self.cursor > top + height - 1 - margin:
            self.scroll_to_row(self.cursor - height + 1 + margin)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.show_cursor()

    def move_cursor(self, delta: int) -> None:
        """Move the cursor by rows, to the last one at most."""
        self.cursor += delta

    def action_line(self, delta: int) -> None:
        """Move the cursor by rows."""
        self.move_cursor(delta)

    def action_half_page(self, direction: int) -> None:
        """Move the cursor half a page."""
        self.move_cursor(direction * max(1, self.height // 2))

    def action_page(self, direction: int) -> None:
        """Move the cursor a page, less the margin to read on from."""
        self.move_cursor(direction * max(1, self.height - _MARGIN))

    def action_top(self) -> None:
        """Move the cursor to the first row."""
        self.move_cursor(-self.row_count)

    def action_bottom(self) -> None:
        """Move the cursor to the last row."""
        self.move_cursor(self.row_count)
