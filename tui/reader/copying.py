"""What is copied of rows on which old and new stand side by side: the lines of the diff, as one below the other."""

from __future__ import annotations

from collections.abc import Iterator

from tui.reader.folding import FoldedPage


def unified_lines(page: FoldedPage, first: int, last: int) -> Iterator[str]:
    """Yield the lines that the rows from `first` to before `last` show, removed ones before added ones; no remarks."""
    base, diff = page.base, page.base.diff
    waiting: set[int] = set()
    for start, end in page.own_rows(first, last):
        for own in range(start, end):
            lines = diff.lines_beside(own - base.diff_start) if diff is not None else ()
            if lines:
                waiting.update(lines)
                continue
            yield from _texts(page, waiting)
            waiting.clear()
            yield base.row(own).text
    yield from _texts(page, waiting)


def _texts(page: FoldedPage, lines: set[int]) -> Iterator[str]:
    diff = page.base.diff
    if diff is not None:
        yield from [diff.code.text(line, 1) for line in sorted(lines)]
