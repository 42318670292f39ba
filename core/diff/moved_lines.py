"""Lines that a patch takes away in one place and puts in another: removed and added runs held against each other.

A block counts as moved where at least three lines that say something stand in a row on both sides, the same but for
one indentation that all of them gained or lost, with as many letters and digits as git asks for (`--color-moved`).
What only changed its indent where it stands was not moved; and each line moves once, so a second copy is new.
Time is linear: runs are found by three lines in a row, and few places of the same three are tried.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from core.diff.hunks import Hunk
from core.text import TAB_WIDTH

FEWEST_LINES: Final = 3
FEWEST_CHARACTERS: Final = 20
"""Letters and digits: less is found anywhere."""
MOST_LINES: Final = 200_000
"""Changed lines of a patch; in a larger one nothing is looked for."""
_TRIED: Final = 8
"""Places of the same three lines that are held against a block."""

_END: Final = -1
"""Stands between runs, where a line's hash would: no hash of Python's is -1."""
_BLANK: Final = 0


class MovedBlock(NamedTuple):
    """A block of lines that moved; lines are counted in their hunk, hunks through the diff."""

    old_hunk: int
    old_line: int
    new_hunk: int
    new_line: int
    size: int


class MovedBlocks:
    """All moves of a diff, found by the lines of either side."""

    def __init__(self, moves: Sequence[MovedBlock] = ()) -> None:
        self.all = tuple(moves)
        self._old = sorted((move.old_hunk, move.old_line, at) for at, move in enumerate(moves))
        self._new = sorted((move.new_hunk, move.new_line, at) for at, move in enumerate(moves))

    def at(self, hunk: int, line: int, kind: str) -> MovedBlock | None:
        """Return the move that a line of a kind, `-` or `+`, is part of."""
        starts = self._old if kind == "-" else self._new if kind == "+" else ()
        place = bisect_right(starts, (hunk, line, len(self.all))) - 1
        if place < 0:
            return None
        begun_in, begun, at = starts[place]
        within = begun_in == hunk and line < begun + self.all[at].size
        return self.all[at] if within else None


def find_moved_blocks(hunks: Sequence[Hunk]) -> MovedBlocks:
    """Find what moved within one diff, whose `hunks` come in order."""
    if sum(hunk.added + hunk.removed for hunk in hunks) > MOST_LINES:
        return MovedBlocks()
    old, new = _Side(hunks, "-"), _Side(hunks, "+")
    if len(old.hashes) < FEWEST_LINES or len(new.hashes) < FEWEST_LINES:
        return MovedBlocks()
    return MovedBlocks(_Search(hunks, old, new).moves())


class _Side:
    """The lines of one kind, run after run; `hunk`, `line` and `change` of each, its hash."""

    def __init__(self, hunks: Sequence[Hunk], kind: str) -> None:
        self.hashes = array("q")
        self.hunk = array("l")
        self.line = array("l")
        self.change = array("l")
        """The changed lines in a row that it is among: of both kinds, in one hunk."""
        change = 0
        for number, hunk in enumerate(hunks):
            change += 1
            if hunk.parents > 1:
                continue
            last = ""
            for at, row in enumerate(hunk.rows):
                first = row[:1]
                if first == kind:
                    text = row[1:].strip()
                    self._add((hash(text) or 1) if text else _BLANK, number, at, change)
                elif last == kind:
                    self._add(_END, number, at, change)
                change += first not in {"-", "+", "\\"}
                last = first
            self._add(_END, number, len(hunk.rows), change)

    def _add(self, value: int, hunk: int, line: int, change: int) -> None:
        self.hashes.append(value)
        self.hunk.append(hunk)
        self.line.append(line)
        self.change.append(change)


class _Search:
    def __init__(self, hunks: Sequence[Hunk], old: _Side, new: _Side) -> None:
        self._hunks = hunks
        self._old = old
        self._new = new
        self._taken = bytearray(len(old.hashes))
        """The removed lines that a move has."""
        self._first: dict[int, int] = {}
        """Three lines in a row → where they stand last on the old side, and `_before` where before that."""
        self._before = array("l", [_END]) * len(old.hashes)

    def moves(self) -> list[MovedBlock]:
        for at in range(len(self._old.hashes) - FEWEST_LINES + 1):
            if three := self._trigram(self._old.hashes, at):
                self._before[at] = self._first.get(three, _END)
                self._first[three] = at
        found: list[MovedBlock] = []
        hashes, at = self._new.hashes, 0
        while at < len(hashes) - FEWEST_LINES + 1:
            three = self._trigram(hashes, at)
            start, count = self._best(three, at) if three in self._first else (_END, 0)
            if count:
                self._taken[start : start + count] = b"\1" * count
                old, new = self._old, self._new
                found.append(
                    MovedBlock(old.hunk[start], old.line[start], new.hunk[at], new.line[at], count)
                )
            at += max(1, count)
        return found

    def _trigram(self, hashes: array[int], at: int) -> int:
        """Return the hash of three lines in a row; 0 where a run ends in them, or the first is blank."""
        a, b, c = hashes[at], hashes[at + 1], hashes[at + 2]
        return 0 if a in {_BLANK, _END} or b == _END or c == _END else hash((a, b, c))

    def _best(self, three: int, at: int) -> tuple[int, int]:
        """Return where the longest block stands that the lines from `at` on came from, and its lines; 0 for none."""
        best, longest = _END, 0
        place, tried = self._first[three], 0
        while place != _END and tried < _TRIED:
            tried += 1
            if (count := self._count(place, at)) > longest:
                best, longest = place, count
            place = self._before[place]
        return best, longest

    def _count(self, old: int, new: int) -> int:
        """Return how many lines from `old` on moved to `new`; 0 where they are too few, or stand where they stood."""
        if self._old.change[old] == self._new.change[new]:
            return 0
        ours, theirs = self._old.hashes, self._new.hashes
        count = said = letters = 0
        shift: int | None = None
        while ours[old + count] == theirs[new + count] != _END and not self._taken[old + count]:
            if ours[old + count]:
                left, right = self._text(self._old, old + count), self._text(self._new, new + count)
                moved = _indent(right) - _indent(left)
                if left.strip() != right.strip() or moved != (
                    shift if shift is not None else moved
                ):
                    break
                shift = moved
                said += 1
                letters += sum(map(str.isalnum, left)) if letters < FEWEST_CHARACTERS else 0
            count += 1
        while count and not ours[old + count - 1]:
            count -= 1  # blank lines at its end belong to nothing
        return count if said >= FEWEST_LINES and letters >= FEWEST_CHARACTERS else 0

    def _text(self, side: _Side, at: int) -> str:
        return self._hunks[side.hunk[at]].rows[side.line[at]][1:]


def _indent(line: str) -> int:
    """Return how many columns a line is indented."""
    blanks = line[: len(line) - len(line.lstrip())]
    return len(blanks.expandtabs(TAB_WIDTH)) if "\t" in blanks else len(blanks)
