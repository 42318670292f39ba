"""Lines that are selected by keys: from where that began to where the keys have moved."""

from __future__ import annotations

from textual.geometry import Offset
from textual.selection import Selection

from tui.reader.page_view import PageView


class LineSelection:
    """The whole lines of a view that are selected; shown as Textual's own selection."""

    def __init__(self, view: PageView) -> None:
        self._view = view
        self._lines: tuple[int, int] | None = None

    @property
    def lines(self) -> tuple[int, int] | None:
        """The first and the last row that are selected; None where selecting is not going on."""
        return None if self._lines is None else (min(self._lines), max(self._lines))

    def forget(self) -> None:
        """End it: another mail is shown."""
        self._lines = None

    def begin(self, row: int) -> None:
        """Select one row, and go on from there."""
        self._lines = row, row
        self.show()

    def stop(self) -> bool:
        """Select nothing; return whether anything was."""
        selecting, self._lines = self._lines is not None, None
        if selecting:
            self._view.screen.clear_selection()
        return selecting

    def move(self, delta: int) -> bool:
        """Move its end; return whether that is at the edge of the screen, so that the view is to scroll."""
        if self._lines is None:
            return False
        start, end = self._lines
        end = max(0, min(end + delta, self._view.page.count - 1))
        self._lines = start, end
        top = self._view.scroll_offset.y
        return end <= top or end >= top + self._view.height

    def show(self) -> None:
        """Give the rows to Textual as the screen's selection."""
        if self.lines is not None:
            first, last = self.lines
            end = Offset(len(self._view.page.row(last).text), last)
            self._view.screen.selections = {self._view: Selection(Offset(0, first), end)}
