"""Lines that are selected by keys: from where that began to the cursor."""

from __future__ import annotations

from textual.geometry import Offset
from textual.selection import Selection

from tui.reader.folded_page import Anchor
from tui.reader.page_view import PageView


class LineSelection:
    """The whole lines of a view that are selected; shown as Textual's own selection."""

    def __init__(self, view: PageView) -> None:
        self._view = view
        self._begun: Anchor | None = None
        """The row that it began on."""

    @property
    def lines(self) -> tuple[int, int] | None:
        """The first and the last row that are selected; None where selecting is not going on."""
        if self._begun is None:
            return None
        start, end = self._view.page.row_of(self._begun), self._view.cursor
        return min(start, end), max(start, end)

    def forget(self) -> None:
        """End it: another mail is shown."""
        self._begun = None

    def begin(self) -> None:
        """Begin a selection with the cursor's row."""
        self._begun = self._view.page.anchor(self._view.cursor)
        self.show()

    def stop(self) -> bool:
        """Select nothing; return whether anything was."""
        selecting, self._begun = self._begun is not None, None
        if selecting:
            self._view.screen.clear_selection()
        return selecting

    def show(self) -> None:
        """Give the rows to Textual as the screen's selection."""
        if self.lines is not None:
            first, last = self.lines
            end = Offset(len(self._view.page.row(last).text), last)
            self._view.screen.selections = {self._view: Selection(Offset(0, first), end)}
