"""A page: blocks below each other, and the style of their layout."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.reader.row import Block, PageRow

if TYPE_CHECKING:
    # What reads diffs is not needed to draw the first frame.
    from tui.reader.diff import DiffBlock
    from tui.reader.diff_layout import Layout


@dataclass(frozen=True, slots=True)
class PageStyle:
    """The options of a mail's layout."""

    width: int
    all_headers: bool = False
    numbers: bool = False
    fold_quotes: bool = False
    layout: Layout = "unified"
    words: bool = True
    """Mark the words that changed."""
    ignore_blanks: bool = False
    """Lines in which only white space changed look like those that did not."""
    wrap: bool = False
    """No line of code is cut at the right edge."""
    margin: int = 0
    """Cells in front of each line of a diff, for the signs of an interdiff."""


class Page:
    """Blocks below each other, their rows counted through."""

    def __init__(
        self,
        blocks: Iterable[Block],
        diff: DiffBlock | None = None,
        parts: Mapping[str, tuple[Block, int]] | None = None,
    ) -> None:
        """Take the blocks; `diff` is the one among them that is a diff.

        `parts` says which block shows a part of `core.model.Body`, and how many of its first lines are left out.
        """
        self._parts = dict(parts or {})
        self.blocks = [block for block in blocks if block.count]
        self.starts: list[int] = []
        self.count = 0
        """How many rows there are."""
        for block in self.blocks:
            self.starts.append(self.count)
            self.count += block.count
        self.diff = diff if diff is not None and diff.count else None
        self.diff_start = (
            self.starts[self.blocks.index(diff)]
            if self.diff is not None and diff is not None
            else 0
        )

    def find(self, at: int) -> tuple[int, int]:
        """Return the number of the block that holds a row, and the row's in it."""
        place = max(0, bisect_right(self.starts, at) - 1)
        return place, at - self.starts[place]

    def row(self, at: int) -> PageRow:
        """Make one row."""
        place, offset = self.find(at)
        return self.blocks[place].row(offset)

    def texts(self) -> list[str]:
        """Return the text of each row."""
        return [text for block in self.blocks for text in block.texts()]

    def separators(self) -> list[str]:
        """Return the text between each row and the next."""
        return [joint for block in self.blocks for joint in block.separators()]

    def anchor(self, at: int) -> tuple[int, int]:
        """Return a row's position that holds in every layout of the same mail."""
        place, offset = self.find(at)
        return place, self.blocks[place].line_of(offset)

    def row_of(self, anchor: tuple[int, int]) -> int:
        """Return the row at an anchor."""
        place, line = anchor
        if place >= len(self.blocks):
            return 0
        return self.starts[place] + self.blocks[place].row_of(line)

    def last_row_of(self, part: str, line: int) -> int | None:
        """Return the last row of a line of a part; None where that is not shown."""
        block, left_out = self._parts.get(part, (None, 0))
        if block is None or block not in self.blocks:
            return None
        line -= left_out
        at = block.row_of(max(0, line))
        if block.line_of(at) < line and at == block.count - 1:
            return None
        shown = block.line_of(at)
        while at + 1 < block.count and block.line_of(at + 1) == shown:
            at += 1
        return self.starts[self.blocks.index(block)] + at

    def part_line(self, at: int) -> tuple[str, int] | None:
        """Return the part that a row shows a line of, and the line; None where it shows none."""
        if not self.count:
            return None
        place, offset = self.find(at)
        for part, (block, left_out) in self._parts.items():
            if block is self.blocks[place]:
                beside = self.diff.lines_beside(offset) if part == "diff" and self.diff else ()
                return part, (beside[-1] if beside else block.line_of(offset)) + left_out
        return None

    def file_of_stat(self, at: int) -> int | None:
        """Return the file of the diff that a row of the diffstat is about: both name them in the same order."""
        block, _ = self._parts.get("diffstat", (None, 0))
        if self.diff is None or block is None or block not in self.blocks:
            return None
        place, row = self.find(at)
        if self.blocks[place] is not block:
            return None
        before = [block.row(number) for number in range(row + 1)]
        is_stat = [any(look.endswith("-sign") for _, look in made.pieces) for made in before]
        return (
            is_stat.count(True) - 1
            if is_stat[-1] and is_stat.count(True) <= len(self.diff.files)
            else None
        )

    def heading(self, at: int) -> PageRow | None:
        """Return the bar of the file that a row is inside of, with its hunk's section."""
        if self.diff is None or not self.diff_start <= at < self.diff_start + self.diff.count:
            return None
        file = self.diff.file_at(at - self.diff_start)
        return (
            None if file is None else self.diff.bar(file, self.diff.hunk_at(at - self.diff_start))
        )
