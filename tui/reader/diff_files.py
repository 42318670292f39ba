"""The files of the diff that a reader shows: their names, the one being read, and the way to each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.text import SafeText
from tui.reader.files import FileEntry, entry_of, path_shown
from tui.reader.folds import Folds
from tui.reader.jumps import Jumps, ReadingPlace
from tui.reader.page_view import PageView

if TYPE_CHECKING:
    from tui.reader.diff import DiffBlock


class DiffFiles:
    """The files of the diff in a view, numbered from 0 in its order."""

    def __init__(self, view: PageView, jumps: Jumps, folds: Callable[[], Folds]) -> None:
        self._view = view
        self._jumps = jumps
        self._folds = folds

    @property
    def _diff(self) -> DiffBlock | None:
        return self._view.page.base.diff

    @property
    def paths(self) -> list[SafeText]:
        """The paths, as they are listed."""
        diff = self._diff
        return [path_shown(file.path) for file in diff.files] if diff is not None else []

    @property
    def here(self) -> int:
        """The number of the file that is being read."""
        page, diff = self._view.page, self._diff
        if diff is None or not page.count:
            return 0
        own = page.own_at(self._view.cursor) - page.base.diff_start
        return max(0, bisect_right(diff.file_rows, own) - 1)

    def entry(self, number: int) -> FileEntry:
        """Return the facts of a file for the file list."""
        return entry_of(self._diff, self._folds(), number)

    def go_to(self, number: int) -> None:
        """Jump to a file."""
        if (row := self._row_of(number)) is not None:
            self._jumps.to(row)

    def peek_at(self, number: int | None, back: ReadingPlace | None = None) -> ReadingPlace | None:
        """Show a file without a jump, None: where `back` says that one was; return where one was before."""
        if self._diff is None:
            return None
        here = self._jumps.place
        if number is None:
            if back is not None:
                self._jumps.show(back)
        elif (row := self._row_of(number)) is not None:
            self._view.go_to(row)
        return here

    def _row_of(self, number: int) -> int | None:
        """Return the row that a file begins at; None where there is no such file."""
        page, diff = self._view.page, self._diff
        if diff is None or not 0 <= number < len(diff.files):
            return None
        return page.shown_at(diff.file_rows[number] + page.base.diff_start)
