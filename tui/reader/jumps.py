"""Jumps in a mail: to the next hunk or file of its diff, and back to where they began."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final, NamedTuple

from tui.reader.folded_page import Anchor
from tui.reader.page_view import PageView

_MOST: Final = 50
"""Jumps that are remembered."""


class ReadingPlace(NamedTuple):
    """The cursor's place: its anchor in the page, and the line of the screen that shows it."""

    anchor: Anchor
    line: int


class Jumps:
    """The jumps in the page that a view shows."""

    def __init__(self, view: PageView) -> None:
        self._view = view
        self._begun: list[ReadingPlace] = []
        """Starting places of jumps, the latest last."""

    def clear(self) -> None:
        """Forget all: another mail is shown."""
        self._begun.clear()

    @property
    def place(self) -> ReadingPlace:
        """The cursor's place, in a page that is not empty."""
        view = self._view
        return ReadingPlace(view.page.anchor(view.cursor), view.cursor - view.scroll_offset.y)

    def show(self, place: ReadingPlace) -> None:
        """Set the cursor where it was, on the same line of the screen."""
        self._view.go_to(self._view.page.row_of(place.anchor), above=place.line)

    def to(self, row: int, *, above: int = 0) -> None:
        """Set the cursor on a row, bring it to the top with `above` rows over it, and remember where that began."""
        if self._view.page.count:
            self._begun = [*self._begun[1 - _MOST :], self.place]
        self._view.go_to(row, above=above)

    def back(self) -> bool:
        """Go back to where the last jump began; return whether there was one."""
        if not self._begun:
            return False
        self.show(self._begun.pop())
        return True

    def to_next(self, rows: list[int], direction: int, above: int) -> bool:
        """Jump to the next of the diff's `rows`, or with -1 the one before; return whether there is one.

        `above` rows are left above it for the bar of its file.
        """
        page, here = self._view.page, self._view.cursor
        begin = page.base.diff_start
        own = page.own_at(min(here, page.count - 1)) - begin
        at = bisect_right(rows, own) if direction > 0 else bisect_left(rows, own) - 1
        while 0 <= at < len(rows):
            row = page.shown_at(rows[at] + begin)
            if (row - here) * direction > 0:  # and not the fold that we are on
                self.to(row, above=above)
                return True
            at += direction
        return False
