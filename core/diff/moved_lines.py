"""Blocks of lines that a patch removes in one place and adds in another.

After `git diff --color-moved`: a block counts where at least three lines with text stand in a row on both sides, equal
but for one change of indentation that all of them share, and with as many letters and digits as git asks for. Lines
that only changed their indentation in place did not move, and a removed line moves once: a second copy is new.

Linear in the size of the diff: blocks are found by three lines in a row, few places of the same three are tried, a run
of lines that was too poor is not walked twice, and the steps that all comparisons take together are bounded.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from core.diff.hunks import Hunk
from core.errors import Cancelled
from core.text import TAB_WIDTH

FEWEST_LINES: Final = 3
FEWEST_CHARACTERS: Final = 20
"""Letters and digits of a block: git's number."""
MOST_LINES: Final = 200_000
"""Changed lines of a patch; in a larger one nothing is looked for."""
STEPS_PER_LINE: Final = 32
"""Lines compared for each changed line, on average; beyond that the search ends with the moves found so far."""
_TRIED: Final = 8
"""Places of the same three lines that are compared with a block."""
_STEPS_PER_CHECK: Final = 4096
"""Steps between two questions whether to stop."""

_END: Final = -1
"""Stands between runs, where the number of a line's text would."""
_BLANK: Final = 0
_UNKNOWN: Final = -1


class MovedBlock(NamedTuple):
    """A block of lines that moved; lines are counted in their hunk, hunks through the diff."""

    old_hunk: int
    old_line: int
    new_hunk: int
    new_line: int
    size: int


class MovedBlocks:
    """All moved blocks of a diff, found by the lines of either side."""

    def __init__(self, blocks: Sequence[MovedBlock] = ()) -> None:
        self.all = tuple(blocks)
        self._old = sorted((block.old_hunk, block.old_line, at) for at, block in enumerate(blocks))
        self._new = sorted((block.new_hunk, block.new_line, at) for at, block in enumerate(blocks))

    def at(self, hunk: int, line: int, kind: str) -> MovedBlock | None:
        """Return the block that holds a line of kind `-` or `+`."""
        starts = self._old if kind == "-" else self._new if kind == "+" else ()
        place = bisect_right(starts, (hunk, line, len(self.all))) - 1
        if place < 0:
            return None
        first_hunk, first_line, at = starts[place]
        is_within = first_hunk == hunk and line < first_line + self.all[at].size
        return self.all[at] if is_within else None


def find_moved_blocks(
    hunks: Sequence[Hunk], *, stop: Callable[[], bool] | None = None
) -> MovedBlocks:
    """Find the blocks that moved within one diff, whose `hunks` come in order.

    Raises `Cancelled` soon after `stop` returns True.
    """
    if sum(hunk.added + hunk.removed for hunk in hunks) > MOST_LINES:
        return MovedBlocks()
    texts: dict[str, int] = {"": _BLANK}
    old, new = _Side(hunks, "-", texts), _Side(hunks, "+", texts)
    if len(old.texts) < FEWEST_LINES or len(new.texts) < FEWEST_LINES:
        return MovedBlocks()
    return MovedBlocks(_Search(old, new, stop).blocks())


class _Side:
    """The changed lines of one kind, run after run, each with `_END` behind it."""

    def __init__(self, hunks: Sequence[Hunk], kind: str, texts: dict[str, int]) -> None:
        """Number each line's text by `texts`, which both sides share."""
        self.texts = array("l")
        self.hunk = array("l")
        self.line = array("l")
        self.change = array("l")
        """The change that a line is part of: changed lines of both kinds in a row, in one hunk."""
        self._hunks = hunks
        change = 0
        for number, hunk in enumerate(hunks):
            change += 1
            if hunk.parents > 1:
                continue
            last = ""
            for at, row in enumerate(hunk.rows):
                first = row[:1]
                if first == kind:
                    self._add(texts.setdefault(row[1:].strip(), len(texts)), number, at, change)
                elif last == kind:
                    self._add(_END, number, at, change)
                change += first not in {"-", "+", "\\"}
                last = first
            self._add(_END, number, len(hunk.rows), change)
        self._indents = array("l", [_UNKNOWN]) * len(self.texts)
        self._letters = array("b", [_UNKNOWN]) * len(self.texts)

    def _add(self, text: int, hunk: int, line: int, change: int) -> None:
        self.texts.append(text)
        self.hunk.append(hunk)
        self.line.append(line)
        self.change.append(change)

    def trigram(self, at: int) -> tuple[int, int, int] | None:
        """Return three lines in a row; None where a run ends in them, or the first is blank."""
        a, b, c = self.texts[at : at + FEWEST_LINES]
        return None if a in {_BLANK, _END} or b == _END or c == _END else (a, b, c)

    def indent(self, at: int) -> int:
        """Return how many columns a line is indented."""
        if self._indents[at] == _UNKNOWN:
            row = self._row(at)
            blanks = row[: len(row) - len(row.lstrip())]
            self._indents[at] = len(blanks.expandtabs(TAB_WIDTH))
        return self._indents[at]

    def letters(self, at: int) -> int:
        """Return how many letters and digits a line has, up to as many as a block needs."""
        if self._letters[at] == _UNKNOWN:
            found = islice(filter(str.isalnum, self._row(at)), FEWEST_CHARACTERS)
            self._letters[at] = sum(1 for _ in found)
        return self._letters[at]

    def _row(self, at: int) -> str:
        return self._hunks[self.hunk[at]].rows[self.line[at]][1:]


class _Search:
    def __init__(self, old: _Side, new: _Side, stop: Callable[[], bool] | None) -> None:
        self._old = old
        self._new = new
        self._stop = stop
        self._steps = 0
        self._most_steps = STEPS_PER_LINE * (len(old.texts) + len(new.texts))
        self._taken = bytearray(len(old.texts))
        """The removed lines that a block has."""
        self._latest: dict[tuple[int, int, int], int] = {}
        """Trigram -> its last place on the old side; `_before` links to earlier ones."""
        self._before = array("l", [_END]) * len(old.texts)
        self._poor_until: dict[int, int] = {}
        """Old minus new place -> where, on the new side, the run ends that held too little there."""

    def blocks(self) -> list[MovedBlock]:
        for at in range(len(self._old.texts) - FEWEST_LINES + 1):
            self._step()
            if trigram := self._old.trigram(at):
                self._before[at] = self._latest.get(trigram, _END)
                self._latest[trigram] = at
        found: list[MovedBlock] = []
        old, new, at = self._old, self._new, 0
        while at < len(new.texts) - FEWEST_LINES + 1 and self._steps < self._most_steps:
            self._step()
            trigram = new.trigram(at)
            start = self._latest.get(trigram, _END) if trigram else _END
            start, count = self._longest(start, at)
            if count:
                self._taken[start : start + count] = b"\1" * count
                place = old.hunk[start], old.line[start], new.hunk[at], new.line[at]
                found.append(MovedBlock(*place, count))
            at += max(1, count)
        return found

    def _step(self) -> None:
        self._steps += 1
        if self._steps % _STEPS_PER_CHECK == 0 and self._stop is not None and self._stop():
            raise Cancelled

    def _longest(self, place: int, at: int) -> tuple[int, int]:
        """Return the start of the longest block that the lines from `at` on were moved from, and its length; 0 for
        none.

        `place` is the last that has the same three lines.
        """
        best, longest = _END, 0
        tried = 0
        while place != _END and tried < _TRIED:
            tried += 1
            if (count := self._count(place, at)) > longest:
                best, longest = place, count
            place = self._before[place]
        return best, longest

    def _count(self, old: int, new: int) -> int:
        """Return how many lines from `old` on moved to `new`; 0 where they hold too little, or stand where they stood."""
        if self._old.change[old] == self._new.change[new]:
            return 0
        # What a run holds that begins further on is less, and it ends where this one does.
        if new < self._poor_until.get(old - new, 0):
            return 0
        ours, theirs = self._old.texts, self._new.texts
        count = with_text = letters = 0
        shift: int | None = None
        while ours[old + count] == theirs[new + count] != _END and not self._taken[old + count]:
            self._step()
            if ours[old + count]:
                moved = self._new.indent(new + count) - self._old.indent(old + count)
                if shift is not None and moved != shift:
                    break
                shift = moved
                with_text += 1
                letters += self._old.letters(old + count) if letters < FEWEST_CHARACTERS else 0
            count += 1
        if with_text < FEWEST_LINES or letters < FEWEST_CHARACTERS:
            self._poor_until[old - new] = new + count
            return 0
        while not ours[old + count - 1]:
            count -= 1  # blank lines at its end belong to nothing
        return count
