"""The place of a comment being written: the lines it is about, and the free rows under them for the editor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Protocol

from tui.reader.folded_page import FoldedPage
from tui.reader.folds import Folds, Gap
from tui.reader.line_selection import LineSelection


class QuotedLines(NamedTuple):
    """Lines of a part of a mail."""

    part: str
    """As `core.model.Body` has it."""
    line: int
    """The last of them."""
    span: int
    """How many there are."""


class CommentedView(Protocol):
    """The part of the reader that this needs."""

    cursor: int

    @property
    def page(self) -> FoldedPage:
        """The page that is shown."""
        ...

    @property
    def comment_here(self) -> int | None:
        """The number of the comment that the cursor is on."""
        ...

    @property
    def visible_rows(self) -> range:
        """The rows of the page that are on the screen."""
        ...

    @property
    def height(self) -> int:
        """How many rows the screen has room for."""
        ...

    def scroll_to_row(self, row: int) -> None:
        """Bring a row to the top."""
        ...


class WritingPlace:
    """At most one place of a view; it moves with the page, and goes with the mail."""

    def __init__(
        self,
        view: CommentedView,
        selection: LineSelection,
        folds: Callable[[], Folds],
        refold: Callable[[], object],
    ) -> None:
        """`folds` returns the folds of the shown mail; `refold` lays the mail out again after they changed."""
        self._view = view
        self._selection = selection
        self._folds = folds
        self._refold = refold

    @property
    def quoted_lines(self) -> QuotedLines | None:
        """The lines selected, else the cursor's; None where that is on no line of the mail's text."""
        view, page = self._view, self._view.page
        first, last = self._selection.lines or (view.cursor, view.cursor)
        if not page.count:
            return None
        end = page.base.part_line(page.own_at(last))
        if end is None:
            return None
        part, line = end
        start = page.base.part_line(page.own_at(first))
        begin = start[1] if start is not None and start[0] == part else line
        return QuotedLines(part, line, max(1, line - begin + 1))

    @property
    def line(self) -> int | None:
        """The line of the view that the free rows begin at; None where there are none."""
        folds = self._folds()
        row = self._view.page.start_of(folds.gap_key) if folds.gap is not None else None
        return None if row is None else row - self._view.visible_rows.start

    def open(self, height: int) -> None:
        """Leave rows free under the cursor's line, or the comment it is on, and bring them into sight."""
        page = self._view.page
        if page.count:
            anchor = page.base.anchor(page.own_at(self._view.cursor))
            self._folds().gap = Gap(anchor, self._view.comment_here, height)
        self._show()

    def resize(self, height: int) -> None:
        """Leave more or fewer rows free."""
        gap = self._folds().gap
        if gap is not None and gap.height != height:
            self._folds().gap = replace(gap, height=height)
            self._show()

    def close(self) -> None:
        """Leave no rows free any more."""
        if self._folds().gap is not None:
            self._folds().gap = None
            self._refold()

    def _show(self) -> None:
        self._refold()
        gap, line = self._folds().gap, self.line
        if gap is not None and line is not None:
            below = line + gap.height - self._view.height
            if below > 0:
                self._view.scroll_to_row(self._view.visible_rows.start + below)
