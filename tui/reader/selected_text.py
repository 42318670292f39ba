"""The text of selected rows, for copies and quotes: lines wrapped for the screen are whole again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.selection import Selection

from core.text import SafeText, shown_line
from tui.reader.folded_page import FoldedPage

if TYPE_CHECKING:
    from core.diff.hunks import Hunk


def selected_text(page: FoldedPage, selection: Selection) -> str:
    """Return the text that is selected in a page."""
    first = selection.start.y if selection.start is not None else 0
    last = selection.end.y if selection.end is not None else page.count - 1
    texts, separators = page.texts(), page.separators()
    parts: list[str] = []
    for at in range(max(0, first), min(last, page.count - 1) + 1):
        start, end = selection.get_span(at) or (0, 0)
        parts.append(texts[at][start:] if end < 0 else texts[at][start:end])
        parts.append(separators[at])
    return "".join(parts[:-1])


def unified_lines(page: FoldedPage, first: int, last: int) -> Iterator[str]:
    """Yield the lines that the rows from `first` to before `last` show, removed ones before added ones; no comments."""
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


def hunk_text(hunk: Hunk) -> SafeText:
    """Return a hunk with its header, as it is shown, but for its tabs: it is to be pasted."""
    header = f"{hunk.header} {hunk.section}".rstrip()
    return SafeText("\n".join(map(_with_tabs, [header, *hunk.rows])))


def _with_tabs(line: str) -> SafeText:
    return SafeText("\t".join(map(shown_line, line.rstrip("\r").split("\t"))))
