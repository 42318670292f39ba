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

from tui.reader.row import PageRow, StyleSpan
from tui.styles import CODE, StyleSheet
from tui.themes import THEMES, add_diff_colours

_OWN: Final = frozenset(theme.name for theme in THEMES)
_TO_EDGE: Final = 1 << 30
"""The end of an overlay up to the edge of the screen."""

_CELLS: Final = 10
"""Characters that may stand on one cell: a letter and its marks."""


class Painter:
    """Paints rows in the colours of a theme, on the ground of a widget."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[tuple[str, str, str], Style] = {}
        self._looks: StyleSheet | None = None

    @property
    def looks(self) -> StyleSheet:
        """The looks in the colours of now."""
        if self._looks is None:
            app = self._widget.app
            self._looks = StyleSheet(
                add_diff_colours(app.theme_variables),
                self._widget.visual_style,
                # Our own light theme has colours that are dark enough.
                dark=app.current_theme.dark or app.theme in _OWN,
                ansi=app.native_ansi_color,
            )
        return self._looks

    def forget(self) -> None:
        """Ask for the colours anew: the theme has changed."""
        self._styles.clear()
        self._looks = None

    def blank(self, width: int) -> Strip:
        """Return an empty row."""
        return Strip.blank(width, self._style("", "", ""))

    def paint(
        self,
        row: PageRow,
        width: int,
        pan: int = 0,
        at: int | None = None,
        overlays: Sequence[StyleSpan] = (),
    ) -> Strip:
        """Return a row of exactly `width` cells; as row `at` of its page its text can be selected."""
        base = row.base
        plain = self._style(base, "", "")
        # What lies over a whole row goes to the edge.
        to_edge = next((name for _, end, name in overlays if end >= _TO_EDGE), "")
        segments = [Segment(text, self._style(base, look, "")) for text, look in row.gutter]
        note = [Segment(text, self._style(base, look, "")) for text, look in row.note]
        room = width - sum(cell_len(text) for text, _ in (*row.gutter, *row.note))
        start = 0
        if pan and row.pans:
            if row.fixed:
                signs = Strip(self._segments(row, 0, row.fixed, overlays))
                segments += signs if at is None else signs.apply_offsets(0, at)
                room -= row.fixed
            hidden, fill = _skipped(row.text[row.fixed :], pan)
            start = row.fixed + hidden
            segments.append(Segment(" " * fill, plain))
            room -= fill
        room = max(0, room)
        body = Strip(self._segments(row, start, start + room * _CELLS, overlays))
        more = row.pans and body.cell_length > room
        body = body.crop(0, room - 1 if more else room)
        used = body.cell_length
        segments += body if at is None else body.apply_offsets(start, at)
        rest = " " * max(0, room - used - more)
        segments.append(Segment(rest, self._style(base, "", to_edge)))
        if more:
            segments.append(Segment("›", self._style(base, "muted", "")))
        segments += note
        return Strip(segments).crop(0, width)

    def _segments(
        self, row: PageRow, first: int, last: int, overlays: Sequence[StyleSpan]
    ) -> Iterator[Segment]:
        """Yield a row's text from one character to another, cut where looks change."""
        overlays = [*overlays, *row.marks]
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
            if (
                look in CODE
                and base.partition("/")[0] != "context"
                and self._widget.app.native_ansi_color
            ):
                look = ""  # there the colour of the text says whether it comes or goes
            names = [
                name for name in dict.fromkeys((*base.split("/"), *look.split("/"), over)) if name
            ]
            style = self.looks.style(*names)
            self._styles[key] = style
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
