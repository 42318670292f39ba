"""Jumps in a mail: to the next hunk or file of its diff, and back to where they began."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

from tui.reader.folding import Anchor
from tui.reader.page_view import PageView

_MOST: Final = 50
"""Jumps that are remembered."""


class Jumps:
    """The jumps in the page that a view shows."""

    def __init__(self, view: PageView) -> None:
        self._view = view
        self._begun: list[Anchor] = []
        """Where jumps began, the latest last."""
        self._target = (-1, 0)
        """(scroll offset, page row) of the last jump whose target could not be scrolled to the top."""

    def clear(self) -> None:
        """Forget all: another mail is shown."""
        self._begun.clear()
        self._target = (-1, 0)

    @property
    def target(self) -> int | None:
        """The page's own row that was jumped to but is not at the top, until the view is scrolled."""
        scroll, row = self._target
        return row if scroll == self._view.scroll_offset.y else None

    @property
    def here(self) -> int:
        """The page's own row that was jumped to, else the one at the top."""
        target = self.target
        return target if target is not None else self._view.page.own_at(self._view.scroll_offset.y)

    def to(self, row: int) -> None:
        """Scroll to a row, and remember where that began."""
        page = self._view.page
        if page.count:
            self._begun = [*self._begun[1 - _MOST :], page.anchor(self._view.scroll_offset.y)]
        self._view.scroll_to_row(row)

    def back(self) -> bool:
        """Scroll back to where the last jump began; return whether there was one."""
        if not self._begun:
            return False
        self._view.scroll_to_row(self._view.page.row_of(self._begun.pop()))
        return True

    def to_next(self, rows: list[int], direction: int, above: int) -> bool:
        """Jump to the next of the diff's `rows`, or with -1 the one before; return whether there is one.

        `above` rows are left above it for the bar of its file.
        """
        view, page = self._view, self._view.page
        begin, here = page.base.diff_start, view.scroll_offset.y + above
        own = page.own_at(min(here, page.count - 1)) if self.target is None else self.target
        if self.target is not None:
            here = page.shown_at(own)
        own -= begin
        at = bisect_right(rows, own) if direction > 0 else bisect_left(rows, own) - 1
        while 0 <= at < len(rows):
            row = page.shown_at(rows[at] + begin)
            if (row - here) * direction > 0:  # and not the fold that we are on
                self.to(row - above)
                top = view.scroll_offset.y
                self._target = (top if top != row - above else -1), rows[at] + begin
                return True
            at += direction
        return False
