"""The layout of a hunk's lines in rows: unified, side by side, or the old side above the new; wrapped."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Final, Literal, NamedTuple

Layout = Literal["unified", "sides", "stacked"]
LAYOUTS: Final[tuple[Layout, ...]] = ("unified", "sides", "stacked")

SIDES_FROM: Final = 140
"""Columns from which on two sides have room."""

NOTHING: Final = -1

_BLOCK: Final = re.compile(r"((?:-\\?)*)((?:\+\\?)*)")


Pairs = Callable[[int, int, int], Sequence[tuple[int, int]]]
"""Where removed lines begin, where the added ones after them do, where those end → which of the first are a change of
which of the second, both counted from 0 and in order."""


class Rows(NamedTuple):
    """For each row the line on its left and on its right, or -1. Where there is one side only, `right` is empty."""

    left: Sequence[int]
    right: Sequence[int]
    parts: Sequence[int] = ()
    """Of each row, where lines are wrapped: which part of its lines it shows, from 0."""

    def line(self, row: int) -> int:
        """Return the line that a row shows, the left one of two; of a row that separates, the one after it."""
        if row >= len(self.left):
            return 0
        if self.parts:
            row -= self.parts[row]
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


def lay_out(kinds: str, layout: Layout, pairs: Pairs | None = None) -> Rows:
    """Return the rows of a hunk whose lines have these kinds (`core.diff.hunks.Hunk.kinds`).

    Side by side, `pairs` has the pairs of lines; without it, lines stand beside each other in their order.
    """
    if layout == "sides":
        return _sides(kinds, pairs)
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


def wrapped(rows: Rows, heights: Sequence[int]) -> Rows:
    """Return rows in which each line has as many as `heights` says."""
    left, right, parts = array("i"), array("i"), array("i")
    for one, other in zip_longest(rows.left, rows.right, fillvalue=NOTHING):
        high = heights[one] if one >= 0 else 1
        beside = heights[other] if other >= 0 else 0
        for part in range(max(high, beside)):
            left.append(one if part < high else NOTHING)
            if rows.right:
                right.append(other if part < beside else NOTHING)
            parts.append(part)
    return Rows(left, right, parts)


def _sides(kinds: str, pairs: Pairs | None) -> Rows:
    """Put the old side left of the new one; a removed line stands beside the one added in its place."""
    left, right = array("i"), array("i")
    at = 0
    while at < len(kinds):
        block = _BLOCK.match(kinds, at)
        gone, come = (len(block[1]), len(block[2])) if block is not None else (0, 0)
        if gone or come:
            middle, end = at + gone, at + gone + come
            beside = pairs(at, middle, end) if pairs is not None and gone and come else ()
            old, new = at, middle
            for one, other in [*beside, (gone, come)]:
                # What is no change of each other stands beside each other too, above the next pair.
                size = max(at + one - old, middle + other - new)
                for side, first, last in ((left, old, at + one), (right, new, middle + other)):
                    side.extend(range(first, last))
                    side.extend([NOTHING] * (size - (last - first)))
                if one < gone:
                    left.append(at + one)
                    right.append(middle + other)
                old, new = at + one + 1, middle + other + 1
            at = end
            continue
        end = at + 1
        while end < len(kinds) and kinds[end] not in "-+":
            end += 1
        left.extend(range(at, end))
        right.extend(range(at, end))
        at = end
    return Rows(left, right)
