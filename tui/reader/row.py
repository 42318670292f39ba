"""The parts of a page: rows, in blocks that make each row only when it is painted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from rich.cells import cell_len, get_character_cell_size

from core.text import SafeText

StyledText = tuple[SafeText, str]
"""Text, and the name of its look (see `tui.styles`), or of several, `/` between them, the last on top;
"" is plain text."""

StyleSpan = tuple[int, int, str]
"""From and to in a row's text, and the look that lies over its own there."""


@dataclass(frozen=True, slots=True)
class PageRow:
    """One line of the screen."""

    pieces: tuple[StyledText, ...] = ()
    """Its text, which can be found, selected and copied."""
    gutter: tuple[StyledText, ...] = ()
    """Line numbers and margins before the text. They stay when the text is panned."""
    base: str = ""
    """The look of the whole row, to the right edge."""
    pans: bool = False
    fixed: int = 0
    """Characters of its text that stay when the rest is panned: the sign of a diff's line."""
    marks: tuple[StyleSpan, ...] = ()
    more: int = 0
    """Cells that it has beyond the right edge and cuts off itself."""
    note: tuple[StyledText, ...] = ()
    """A note at the right edge, which is neither found nor copied."""

    @property
    def text(self) -> str:
        """The text without looks."""
        return "".join([text for text, _ in self.pieces])


class Block(Protocol):
    """A part of a page. Rows are counted from 0; a *line* stays the same when the width changes."""

    @property
    def count(self) -> int:
        """How many rows it has."""
        ...

    def row(self, at: int) -> PageRow:
        """Make one row."""
        ...

    def texts(self) -> list[str]:
        """Return the text of each row, as `row` shows it."""
        ...

    def separators(self) -> list[str]:
        """Return the text between each row and the next: a line end, or the blanks removed by a soft wrap."""
        ...

    def line_of(self, at: int) -> int:
        """Return the line that a row belongs to."""
        ...

    def row_of(self, line: int) -> int:
        """Return the first row of a line, or of the nearest that is shown."""
        ...


class RowsBlock:
    """Rows that are few, and made beforehand."""

    def __init__(self, rows: Iterable[PageRow]) -> None:
        self._rows = list(rows)

    @property
    def count(self) -> int:
        """How many rows it has."""
        return len(self._rows)

    def row(self, at: int) -> PageRow:
        """Return one row."""
        return self._rows[at]

    def texts(self) -> list[str]:
        """Return the text of each row."""
        return [row.text for row in self._rows]

    def separators(self) -> list[str]:
        """Return line ends."""
        return ["\n"] * len(self._rows)

    def line_of(self, at: int) -> int:
        """Return the row itself."""
        return at

    def row_of(self, line: int) -> int:
        """Return the line itself."""
        return min(line, len(self._rows) - 1)


def slice_pieces(pieces: Iterable[StyledText], start: int, end: int) -> tuple[StyledText, ...]:
    """Cut the characters from `start` to `end` out of pieces."""
    kept: list[StyledText] = []
    at = 0
    for text, look in pieces:
        if at < end and at + len(text) > start:
            kept.append((SafeText(text[max(0, start - at) : end - at]), look))
        at += len(text)
    return tuple(kept)


def wrap_words(text: str, width: int, hang: int = 0) -> list[tuple[int, int]]:
    """Return the parts that fit `width` cells, at blanks where there are any: from, to, in characters.

    The parts after the first have `hang` cells less. Blanks at a break belong to no part.
    """
    first, later = max(1, width), max(1, width - hang)
    if text.isascii():
        if len(text) <= first:
            return [(0, len(text))]
    elif cell_len(text) <= first:
        return [(0, len(text))]
    parts: list[tuple[int, int]] = []
    start, room, count = 0, first, len(text)
    while start < count:
        end = fit_cells(text, start, room)
        if end >= count:
            parts.append((start, count))
            break
        stop, following = end, end
        if text[end] != " ":
            blank = text.rfind(" ", start, end)
            # A blank so early that it only indents is no place to break.
            if blank > start and text[start:blank].strip():
                stop = following = blank
        while following < count and text[following] == " ":
            following += 1
        while stop > start and text[stop - 1] == " ":
            stop -= 1
        parts.append((start, stop) if stop > start else (start, end))
        start, room = max(following, start + 1), later
    return parts or [(0, 0)]


_NEAR: Final = 3
"""Into so many parts a row is divided: a blank in the last of them is near its edge."""


def break_code(text: str, room: int) -> list[int]:
    """Return where the parts of a line of code begin that have `room` cells each: at a blank that is near the edge, if any."""
    starts = [0]
    while (end := fit_cells(text, starts[-1], max(1, room))) < len(text):
        blank = text.rfind(" ", end - (end - starts[-1]) // _NEAR, end)
        starts.append(blank + 1 if blank > 0 and text[end] != " " else end)
    return starts


def fit_cells(text: str, start: int, room: int) -> int:
    """Return the end of the longest part from `start` that fits `room` cells, one character at least."""
    piece = text[start : start + room]
    if piece.isascii():
        return start + len(piece)
    at = start
    while at < len(text):
        room -= get_character_cell_size(text[at])
        if room < 0 and at > start:
            return at
        at += 1
    return at
