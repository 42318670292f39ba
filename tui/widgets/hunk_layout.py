"""Which lines of a hunk stand in which of its rows: unified, side by side, or the old side above the new."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Literal, NamedTuple

Layout = Literal["unified", "sides", "stacked"]
LAYOUTS: Final[tuple[Layout, ...]] = ("unified", "sides", "stacked")

SIDES_FROM: Final = 140
"""Columns from which on two sides have room."""

NOTHING: Final = -1

_BLOCK: Final = re.compile(r"((?:-\\?)*)((?:\+\\?)*)")


class Rows(NamedTuple):
    """For each row the line on its left and on its right, or -1. Where there is one side only, `right` is empty."""

    left: Sequence[int]
    right: Sequence[int]

    def line(self, row: int) -> int:
        """Return the line that a row shows, the left one of two; of a row that separates, the one after it."""
        if row >= len(self.left):
            return 0
        line = self.left[row]
        if line < 0:
            line = self.right[row] if self.right else self.left[min(row + 1, len(self.left) - 1)]
        return line

    def row(self, line: int) -> int:
        """Return the row that shows a line."""
        for side in (self.left, self.right):
            with suppress(ValueError):
                return side.index(line)
        return 0


def lay_out(kinds: str, layout: Layout) -> Rows:
    """Return the rows of a hunk whose lines have these kinds (`core.patch.diff_hunks.Hunk.kinds`)."""
    if layout == "sides":
        return _sides(kinds)
    if layout == "stacked" and "-" in kinds and "+" in kinds:
        return _stacked(kinds)
    return Rows(range(len(kinds)), ())


def _stacked(kinds: str) -> Rows:
    """Put the old side above the new one, with a row between them."""
    old, new = array("i"), array("i")
    last = " "
    for at, kind in enumerate(kinds):
        last = last if kind == "\\" else kind
        if last != "+":
            old.append(at)
        if last != "-":
            new.append(at)
    return Rows(old + array("i", [NOTHING]) + new, ())


def _sides(kinds: str) -> Rows:
    """Put the old side left of the new one; a removed line stands beside the one added in its place."""
    left, right = array("i"), array("i")
    at = 0
    while at < len(kinds):
        block = _BLOCK.match(kinds, at)
        gone, come = (len(block[1]), len(block[2])) if block is not None else (0, 0)
        if gone or come:
            rows = max(gone, come)
            left.extend(range(at, at + gone))
            left.extend([NOTHING] * (rows - gone))
            right.extend(range(at + gone, at + gone + come))
            right.extend([NOTHING] * (rows - come))
            at += gone + come
            continue
        end = at + 1
        while end < len(kinds) and kinds[end] not in "-+":
            end += 1
        left.extend(range(at, end))
        right.extend(range(at, end))
        at = end
    return Rows(left, right)
