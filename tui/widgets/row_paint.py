"""Rows to strips: pieces of text with the names of their looks become coloured segments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.message_looks import CODE, PREFIX
from tui.widgets.page_row import PageRow

Overlay = tuple[int, int, str]
"""From and to in a row's text, and the look that lies over its own there."""

_CELLS: Final = 10
"""Characters that may stand on one cell: a letter and its marks."""


class Painter:
    """Paints rows in the colours of a widget's component classes."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[tuple[str, str, str], Style] = {}

    def forget(self) -> None:
        """Ask for the colours anew: the theme has changed."""
        self._styles.clear()

    def blank(self, width: int) -> Strip:
        """Return an empty row."""
        return Strip.blank(width, self._style("", "", ""))

    def paint(
        self,
        row: PageRow,
        width: int,
        pan: int = 0,
        at: int | None = None,
        overlays: Sequence[Overlay] = (),
    ) -> Strip:
        """Return a row of exactly `width` cells; as row `at` of its page its text can be selected."""
        base = row.base
        segments = [Segment(text, self._style(base, look, "")) for text, look in row.gutter]
        room = width - sum(cell_len(text) for text, _ in row.gutter)
        skip, fill = _skipped(row.text, pan) if row.pans and pan else (0, 0)
        if fill:
            segments.append(Segment(" " * fill, self._style(base, "", "")))
            room -= fill
        room = max(0, room)
        body = Strip(self._segments(row, skip, skip + room * _CELLS, overlays)).crop(0, room)
        length = body.cell_length
        if at is not None:
            body = body.apply_offsets(skip, at)
        rest = Segment(" " * max(0, room - length), self._style(base, "", ""))
        return Strip([*segments, *body, rest]).crop(0, width)

    def _segments(
        self, row: PageRow, first: int, last: int, overlays: Sequence[Overlay]
    ) -> Iterator[Segment]:
        """Yield a row's text from one character to another, cut where looks change."""
        start = 0
        for text, look in row.pieces:
            stop = start + len(text)
            a, b = max(start, first), min(stop, last)
            if a < b:
                cuts = {cut for begin, end, _ in overlays for cut in (begin, end) if a < cut < b}
                for c, d in pairwise(sorted({a, b} | cuts)):
                    over = next((name for begin, end, name in overlays if begin <= c < end), "")
                    yield Segment(text[c - start : d - start], self._style(row.base, look, over))
            start = stop

    def _style(self, base: str, look: str, over: str) -> Style:
        """Return the colours of a look, on a row of another, with a third over it."""
        key = (base, look, over)
        style = self._styles.get(key)
        if style is None:
            if look in CODE and base != "context" and self._widget.app.native_ansi_color:
                look = ""  # there the colour of the text says whether it comes or goes
            names = [PREFIX + name for name in dict.fromkeys((base, look, over)) if name]
            style = self._styles[key] = self._widget.get_visual_style(*names).rich_style
        return style


def _skipped(text: str, cells: int) -> tuple[int, int]:
    """Return how many characters `cells` cells hide, and how many cells of the last of them still show."""
    if text.isascii():
        return min(cells, len(text)), 0
    at = 0
    while at < len(text) and cells > 0:
        cells -= get_character_cell_size(text[at])
        at += 1
    return at, max(0, -cells)
