"""The rows of a diff's hunks: layout, wrapping, line numbers, notes on moved lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Final

from rich.cells import cell_len, get_character_cell_size

from core.diff.hunks import Hunk
from core.diff.parse import DiffFile
from core.text import SafeText, shown
from tui.reader.diff_code import CodeLine, HunkCode
from tui.reader.diff_layout import NOTHING, Layout, Rows, lay_out, wrapped
from tui.reader.row import PageRow, StyledText, break_code, slice_pieces

LONGEST_NAME: Final = 500
"""Characters of a path, or of a function's first line, that are looked at."""

_NOTE_FROM: Final = 50
"""Cells of a row from which on there is room to say where a line moved."""


class HunkRows:
    """Makes rows of `width` cells; `digits` is the width of line numbers, 0 for none; `align` pairs lines side by side by similarity."""

    def __init__(
        self,
        code: HunkCode,
        hunks: Sequence[Hunk],
        file_of: Callable[[int], DiffFile],
        width: int,
        digits: int,
        layout: Layout,
        *,
        wrap: bool,
        align: bool,
    ) -> None:
        self._code = code
        self._hunks = hunks
        self._file_of = file_of
        self._width = width
        self._digits = digits
        self._layout = layout
        self._wrap = wrap
        self._align = align
        self._rows: dict[int, Rows] = {}
        self.pan = 0
        """Cells that the text of two sides is moved to the left."""

    def of(self, number: int) -> Rows | None:
        """Return the rows of a hunk; None where each row is one line."""
        return self._rows.get(number)

    def count(self, number: int) -> int:
        """Return how many rows a hunk has below its header."""
        hunk = self._hunks[number]
        rows: Rows | None = None
        if self._layout != "unified" and hunk.parents == 1:
            pairs = partial(self._code.pair_lines, number) if self._align else None
            rows = lay_out(self._code.kinds(number), self._layout, pairs)
        if self._wrap and (heights := self._code.heights(number, self._room(hunk))) is not None:
            rows = wrapped(rows or Rows(range(len(hunk.rows)), ()), heights)
        if rows is None:
            return len(hunk.rows)
        self._rows[number] = rows
        return len(rows.left)

    def _room(self, hunk: Hunk) -> int:
        """Return how many cells a line's text has, beside its sign and number."""
        if self._layout == "sides" and hunk.parents == 1:
            return self._half - (self._digits + 1 if self._digits else 0) - hunk.parents
        return self._width - (2 * self._digits + 3 if self._digits else 0) - hunk.parents

    @property
    def _half(self) -> int:
        """How many cells the old side has, where there are two."""
        return max(8, (self._width - 1) // 2)

    def row(self, hunk: int, offset: int) -> PageRow:
        """Make one row of a hunk."""
        rows = self._rows.get(hunk)
        at, part = offset, 0
        if rows is not None:
            at, part = rows.left[offset], rows.parts[offset] if rows.parts else 0
            if rows.right:
                return self._sides(hunk, at, rows.right[offset], part)
        if at == NOTHING:
            rule = SafeText("─" * max(1, self._width - 2))
            return PageRow(((rule, "rule"),), ((SafeText(" "), ""),))
        code = self._code.line(hunk, at)
        numbers = self._numbers(hunk, at)
        if rows is not None and rows.parts:
            cut, left = part_of(code, self._room(self._hunks[hunk]), part)
            note = self._moved(hunk, at, left)
            if part:
                sign = SafeText(f"{'↪':>{max(1, code.signs)}}")
                numbers = (*self.blank_numbers(), (sign, "muted"))
            return PageRow(cut.pieces, numbers, code.base, marks=cut.marks, note=note)
        left = self._width
        if self._wrap:
            left = part_of(code, self._room(self._hunks[hunk]), 0)[1]
        note = self._moved(hunk, at, left)
        return PageRow(
            code.pieces,
            numbers,
            code.base,
            pans=True,
            fixed=code.signs,
            marks=code.marks,
            note=note,
        )

    def _sides(self, hunk: int, left: int, right: int, part: int) -> PageRow:
        """Return a row that shows a line, or a part of one, on either side."""
        old, more = self._side(hunk, left, self._half, 0, part)
        new, most = self._side(hunk, right, self._width - 1 - self._half, 1, part)
        divide: StyledText = (SafeText("│"), "rule")
        return PageRow((*old, divide, *new), more=max(more, most))

    def _side(
        self, hunk: int, at: int, room: int, side: int, part: int
    ) -> tuple[list[StyledText], int]:
        """Return one side of a row, 0 the old one, in exactly `room` cells, and how many more its line has."""
        if at == NOTHING:
            return [(SafeText(" " * room), "nothing")], 0
        number: list[StyledText] = []
        if self._digits:
            written = self._line_numbers(hunk, at)[side] if not part else ""
            number = [(SafeText(f"{written:>{self._digits}} "), "line-number")]
            room -= self._digits + 1
        code = self._code.line(hunk, at)
        left = room
        if self._wrap:
            code, left = part_of(code, self._room(self._hunks[hunk]), part)
            if part:
                number.append((SafeText("↪"), f"{code.base}/muted"))
                room -= 1
        note = self._moved(hunk, at, left)
        room -= sum(cell_len(text) for text, _ in note)
        pieces, over = in_room(code, room, 0 if self._wrap else self.pan)
        return [*number, *pieces, *note], over

    def _moved(self, number: int, at: int, room: int) -> tuple[StyledText, ...]:
        """Return words on where a block of lines moved, or came from, beside its first line; in `room` cells, if any."""
        move = self._code.move(number, at)
        if move is None or (number, at) not in {move[:2], move[2:4]}:
            return ()
        gone = (number, at) == move[:2]
        hunk, line = move[2:4] if gone else move[:2]
        there = self._file_of(hunk).path
        words = "moved" if room < _NOTE_FROM else "moved to" if gone else "moved from"
        if room >= _NOTE_FROM:
            name = path_tail(shown(there[-LONGEST_NAME:]), room // 3)
            numbered = self._line_numbers(hunk, line)[1 if gone else 0]
            words += (
                f" line {numbered}"
                if there == self._file_of(number).path
                else f" {name}:{numbered}"
            )
        base = self._code.line(number, at).base
        said = SafeText(f" {words} ")
        return ((said, f"{base}/moved-note"),) if cell_len(said) <= room else ()

    def blank_numbers(self) -> tuple[StyledText, ...]:
        """Return the blanks in place of line numbers."""
        if not self._digits:
            return ()
        return ((SafeText(" " * (2 * self._digits + 3)), "line-number"),)

    def _numbers(self, hunk: int, at: int) -> tuple[StyledText, ...]:
        if not self._digits:
            return ()
        old, new = self._line_numbers(hunk, at)
        width = self._digits
        return ((SafeText(f" {old:>{width}} {new:>{width}} "), "line-number"),)

    def _line_numbers(self, number: int, at: int) -> tuple[str, str]:
        """Return the numbers of a hunk's line in the old and the new file, "" where it is not in one."""
        hunk, kinds = self._hunks[number], self._code.kinds(number)
        kind, before = kinds[at], kinds[:at]
        same = before.count(" ")
        old = f"{hunk.old_start + same + before.count('-')}" if kind in " -" else ""
        new = f"{hunk.new_start + same + before.count('+')}" if kind in " +" else ""
        return old, new


def number_width(files: Sequence[DiffFile]) -> int:
    """Return how many digits the highest line number has."""
    highest = max(
        (
            max(hunk.old_start + hunk.old_count, hunk.new_start + hunk.new_count)
            for file in files
            for hunk in file.hunks
        ),
        default=0,
    )
    return max(3, len(str(highest)))


def path_tail(text: SafeText, room: int) -> SafeText:
    """Cut text to `room` cells at its beginning: of a path the end says most."""
    if cell_len(text) <= room:
        return text
    kept, cells = len(text), 1
    while kept and (cells := cells + cell_len(text[kept - 1])) <= room:
        kept -= 1
    return SafeText("…" + text[kept:])


def in_room(code: CodeLine, room: int, pan: int) -> tuple[list[StyledText], int]:
    """Return a line in exactly `room` cells, its text after the sign `pan` cells further, and how many more it has."""
    pieces = _with_marks(code)
    text = "".join([text for text, _ in pieces])
    room = max(0, room - cell_len(text[: code.signs]))
    over = max(0, cell_len(text[code.signs :]) - room)
    start, gap = _after(text, code.signs, pan)
    more = start < len(text) and cell_len(text[start:]) > room - gap > 0
    end, rest = _within(text, start, room - gap - more)
    cut: list[StyledText] = [(SafeText("›"), f"{code.base}/muted")] if more else []
    return [
        *slice_pieces(pieces, 0, code.signs),
        (SafeText(" " * gap), code.base),
        *slice_pieces(pieces, start, end),
        (SafeText(" " * rest), code.base),
        *cut,
    ], over


def part_of(code: CodeLine, room: int, number: int) -> tuple[CodeLine, int]:
    """Return one of the parts of a line that have `room` cells beside its sign, and how many cells the last leaves.

    The sign is in the first part; parts before the last leave none.
    """
    text = "".join([text for text, _ in code.pieces])
    starts = break_code(text[code.signs :], room)
    start = starts[number] + code.signs if number else 0
    end = starts[number + 1] + code.signs if number + 1 < len(starts) else len(text)
    marks = tuple(
        (max(a, start) - start, min(b, end) - start, look)
        for a, b, look in code.marks
        if a < end and b > start
    )
    shown = slice_pieces(code.pieces, start, end)
    left = room - cell_len(text[max(start, code.signs) :]) if end == len(text) else 0
    signs = 0 if number else code.signs
    return code._replace(pieces=shown, marks=marks, signs=signs), max(0, left)


def _after(text: str, start: int, cells: int) -> tuple[int, int]:
    """Return where `cells` cells after `start` end, and how many of a wide character's still show there."""
    while cells > 0 and start < len(text):
        cells -= get_character_cell_size(text[start])
        start += 1
    return start, max(0, -cells)


def _within(text: str, start: int, room: int) -> tuple[int, int]:
    """Return the end of the text that fits `room` cells from `start`, and the cells left over."""
    piece = text[start : start + room]
    if piece.isascii():
        return start + len(piece), room - len(piece)
    while start < len(text) and (size := get_character_cell_size(text[start])) <= room:
        room -= size
        start += 1
    return start, room


def _with_marks(code: CodeLine) -> list[StyledText]:
    """Return a line with its marks as looks of its pieces, and its ground in each."""
    pieces: list[StyledText] = []
    start = 0
    for text, look in code.pieces:
        end = start + len(text)
        cuts = {cut for a, b, _ in code.marks for cut in (a, b) if start < cut < end}
        places = sorted({start, end} | cuts)
        for first, last in pairwise(places):
            over = next((name for a, b, name in code.marks if a <= first < b), "")
            looks = "/".join(name for name in (code.base, look, over) if name)
            pieces.append((SafeText(text[first - start : last - start]), looks))
        start = end
    return pieces
