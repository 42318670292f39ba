"""Cell widths as terminals have them, where Rich's table differs: a spacing mark takes a cell of its own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cache

from rich import cells

from core.text import spacing_mark_widths

_load = getattr(cells, "load_cell_table")  # noqa: B009 - Rich does not export it


@cache
def _corrected(unicode_version: str = "auto") -> cells.CellTable:
    """Return Rich's table with the spacing marks in it as terminals draw them."""
    table: cells.CellTable = _load(unicode_version)
    marks = dict(spacing_mark_widths())
    codes = sorted(marks)
    widths: list[tuple[int, int, int]] = []
    for first, last, width in table.widths:
        start = first
        for code in codes[bisect_left(codes, first) : bisect_right(codes, last)]:
            if code > start:
                widths.append((start, code - 1, width))
            start = code + 1
        if start <= last:
            widths.append((start, last, width))
    widths += [(code, code, width) for code, width in marks.items()]
    return table._replace(widths=sorted(widths))


def install() -> None:
    """Let Rich, and Textual with it, measure by the corrected table; once is enough.

    `rich.cells.load_cell_table` is no public name: a test sees that measuring still asks it.
    """
    setattr(cells, "load_cell_table", _corrected)  # noqa: B010 - see `_load`
    cells.get_character_cell_size.cache_clear()
    cells.cached_cell_len.cache_clear()


install()
