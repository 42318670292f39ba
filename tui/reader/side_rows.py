"""One side of a diff's row, in the room that it has."""

from __future__ import annotations

from itertools import pairwise

from rich.cells import cell_len, get_character_cell_size

from core.text import SafeText
from tui.reader.diff_code import CodeLine
from tui.reader.row import StyledText, break_code, slice_pieces


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
    """Return the end of what fits `room` cells from `start`, and how many cells are left."""
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
