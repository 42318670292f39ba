"""Finding text in a page: all its rows as one string, which is searched as a whole."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from operator import add
from typing import Final

from tui.reader.folded_page import FoldedPage
from tui.reader.page import Page

_MOST_SHOWN: Final = 200
"""Most matches highlighted in one row."""


class TextIndex:
    """The text of a page with the offsets of its rows.

    Wrapped rows are joined by the characters that stood between them, so a match may cross the end of a row.
    """

    def __init__(self, page: Page | FoldedPage) -> None:
        parts = list(map(add, page.texts(), page.separators()))
        self._text = "".join(parts)
        self._starts = array("Q", accumulate(map(len, parts), initial=0))
        self._folded: str | None = None
        self._haystack = self._text
        self._needle = ""
        self._at = -1
        self.count = 0
        """How many matches there are, none of them over another."""

    def search(self, needle: str) -> None:
        """Look for `needle`; the current match is none."""
        if needle == needle.lower():
            if self._folded is None:
                self._folded = _folded(self._text)
            self._haystack, self._needle = self._folded, _folded(needle)
        else:
            self._haystack, self._needle = self._text, needle
        self.count = self._haystack.count(self._needle)
        self._at = -1

    def start_at(self, row: int) -> None:
        """Make the first match from `row` on the current one; past the end, the first of all."""
        self._at = self._haystack.find(self._needle, self._starts[row])
        if self._at < 0:
            self._at = self._haystack.find(self._needle)

    def step(self, direction: int) -> bool:
        """Go to the next match, or with -1 the one before, round the ends; say whether there is one."""
        text, needle = self._haystack, self._needle
        if direction > 0:
            at = text.find(needle, self._at + len(needle) if self._at >= 0 else 0)
            self._at = at if at >= 0 else text.find(needle)
        else:
            at = text.rfind(needle, 0, self._at) if self._at > 0 else -1
            self._at = at if at >= 0 else text.rfind(needle)
        return self._at >= 0

    @property
    def current(self) -> tuple[int, int, int] | None:
        """The current match: its row, from and to in that row's text."""
        if self._at < 0:
            return None
        row = bisect_right(self._starts, self._at) - 1
        start = self._at - self._starts[row]
        return row, start, start + len(self._needle)

    def in_row(self, row: int) -> Iterator[tuple[int, int, str]]:
        """Yield the matches that lie in a row, or reach into it: from, to, look."""
        if row + 1 >= len(self._starts):
            return
        begin, end = self._starts[row], self._starts[row + 1]
        size = len(self._needle)
        at = self._haystack.find(self._needle, max(0, begin - size + 1), end + size - 1)
        for _ in range(_MOST_SHOWN):
            if at < 0:
                return
            look = "match-current" if at == self._at else "match"
            yield max(0, at - begin), at + size - begin, look
            at = self._haystack.find(self._needle, at + size, end + size - 1)


def _folded(text: str) -> str:
    """Return `text` with capitals and small letters the same, and each character in its place."""
    if text.isascii():
        return text.lower()
    # A dotted capital I has a small form of two characters; a sigma's depends on its place.
    return text.replace("\u0130", "I").lower().replace("\u03c2", "\u03c3")
