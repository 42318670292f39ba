"""A page with review comments inserted between its rows, and with hunks folded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tui.reader.page import Page
from tui.reader.row import Block, PageRow, RowsBlock

_NONE: Final = -1

Anchor = tuple[tuple[int, int], int, int]
"""A layout-independent row position: (page anchor, key of the inserted block or -1, row in that block)."""


class Inserted(NamedTuple):
    """Rows put in between."""

    below: int
    """The page's own row that they stand under."""
    key: int
    """The key of a block, from 0; -1 for blocks that are never asked for."""
    block: Block


class Folded(NamedTuple):
    """Rows of the page that are folded away; those put in between them are too."""

    start: int
    end: int
    row: PageRow
    """Stands in their place."""


class _Segment(NamedTuple):
    start: int
    """The row it begins at."""
    base: int
    """The page's own row that it begins at, or that follows it."""
    size: int
    block: Block | None
    """None: rows of the page's own."""
    key: int


class FoldedPage:
    """A page as it is shown. Of the inserts under one row those given first come first; folds do not overlap."""

    def __init__(
        self, base: Page, inserts: Iterable[Inserted] = (), folds: Iterable[Folded] = ()
    ) -> None:
        self.base = base
        self.count = 0
        """How many rows there are."""
        self._runs: list[_Segment] = []
        self._keys: dict[int, _Segment] = {}
        self._folded: set[int] = set()
        """The rows that replace folded ones."""
        below = sorted(inserts, key=lambda insert: insert.below)
        at = place = 0
        for fold in [
            *sorted(folds, key=lambda fold: fold.start),
            Folded(base.count, base.count, PageRow()),
        ]:
            while place < len(below) and below[place].below < fold.start:
                insert = below[place]
                at = self._own(at, insert.below + 1)
                self._add(at, insert.block.count, insert.block, insert.key)
                place += 1
            at = self._own(at, fold.start)
            if fold.end > fold.start:
                self._folded.add(self.count)
                self._add(at, 1, RowsBlock([fold.row]), _NONE)
                at = fold.end
                while place < len(below) and below[place].below < fold.end:
                    place += 1
        for insert in below[place:]:
            self._add(base.count, insert.block.count, insert.block, insert.key)
        self._starts = [run.start for run in self._runs]
        self._bases = [run.base for run in self._runs]

    def _own(self, start: int, end: int) -> int:
        """Add rows of the page itself (not of inserted blocks), and return their end."""
        if end > start:
            self._add(start, end - start, None, _NONE)
        return max(start, end)

    def _add(self, base: int, count: int, block: Block | None, key: int) -> None:
        run = _Segment(self.count, base, count, block, key)
        self._runs.append(run)
        self.count += count
        if key >= 0:
            self._keys[key] = run

    def _find(self, at: int) -> tuple[_Segment, int]:
        run = self._runs[max(0, bisect_right(self._starts, at) - 1)]
        return run, at - run.start

    def row(self, at: int) -> PageRow:
        """Make one row."""
        run, offset = self._find(at)
        return self.base.row(run.base + offset) if run.block is None else run.block.row(offset)

    def texts(self) -> list[str]:
        """Return the text of each row."""
        return self._spliced(
            self.base.texts(),
            [None if run.block is None else run.block.texts() for run in self._runs],
        )

    def separators(self) -> list[str]:
        """Return the text between each row and the next."""
        return self._spliced(
            self.base.separators(),
            [None if run.block is None else run.block.separators() for run in self._runs],
        )

    def _spliced(self, own: list[str], between: list[list[str] | None]) -> list[str]:
        if len(self._runs) == 1 and between[0] is None:
            return own
        whole: list[str] = []
        for run, texts in zip(self._runs, between, strict=True):
            whole += own[run.base : run.base + run.size] if texts is None else texts
        return whole

    # ------------------------------------------------------------- between the page's own rows and those shown

    def shown_at(self, own: int) -> int:
        """Return the row that shows one of the page's own, or the fold it is in."""
        if not self._runs:
            return 0
        place = max(0, bisect_right(self._bases, own) - 1)
        while place and self._runs[place].block is not None and self._runs[place].base > own:
            place -= 1
        run = self._runs[place]
        return run.start + (min(own - run.base, run.size - 1) if run.block is None else 0)

    def own_at(self, at: int) -> int:
        """Return the page's own row that a row shows, or the nearest above one put in between."""
        run, offset = self._find(at)
        if run.block is None:
            return run.base + offset
        return max(0, min(run.base - (run.key >= 0), self.base.count - 1))

    def own_rows(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield which of the page's own rows stand on the rows from `first` to before `last`: from, to."""
        place = max(0, bisect_right(self._starts, first) - 1)
        for run in self._runs[place:]:
            if run.start >= last:
                return
            if run.block is None:
                start = run.base + max(0, first - run.start)
                end = run.base + min(run.size, last - run.start)
                if start < end:
                    yield start, end

    def is_fold(self, at: int) -> bool:
        """Whether a row replaces folded rows."""
        run = self._find(at)[0]
        return run.block is not None and run.key < 0 and run.start in self._folded

    def key_at(self, at: int) -> int:
        """Return the key of the block inserted at a row, -1 for none."""
        return self._find(at)[0].key if self._runs else _NONE

    def inserted_at(self, at: int) -> tuple[Block | None, int]:
        """Return the block inserted at a row, None for none, and the row's in it."""
        run, offset = self._find(at) if self._runs else (None, 0)
        return (None, 0) if run is None else (run.block, offset)

    def start_of(self, key: int) -> int | None:
        """Return the first row of an inserted block; None where it is folded."""
        run = self._keys.get(key)
        return None if run is None else run.start

    def end_of(self, key: int) -> int | None:
        """Return the last row of an inserted block; None where it is folded."""
        run = self._keys.get(key)
        return None if run is None else run.start + run.size - 1

    def next_key(self, at: int, direction: int) -> int:
        """Return the key of the first thing put in that begins below a row, or with -1 the last above it; or -1."""
        starts = sorted((run.start, key) for key, run in self._keys.items())
        place = (
            bisect_right(starts, (at, 1 << 60))
            if direction > 0
            else bisect_left(starts, (at, -1)) - 1
        )
        return starts[place][1] if 0 <= place < len(starts) else _NONE

    def anchor(self, at: int) -> Anchor:
        """Return a row's position that holds in every layout of the same mail."""
        run, offset = self._find(at)
        own = self.base.anchor(min(self.own_at(at), max(0, self.base.count - 1)))
        return own, run.key, offset if run.key >= 0 else 0

    def row_of(self, anchor: Anchor) -> int:
        """Return the row at an anchor."""
        own, key, offset = anchor
        if (run := self._keys.get(key)) is not None:
            return run.start + min(offset, run.size - 1)
        return self.shown_at(self.base.row_of(own))

    def heading(self, at: int) -> PageRow | None:
        """Return the bar of the file that a row is inside of."""
        own = self.own_at(at)
        return self.base.heading(own) if own < self.base.count else None
