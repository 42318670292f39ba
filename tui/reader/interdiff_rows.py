"""The rows that an interdiff puts into the page of a patch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.reader.interdiff import InterdiffView
    from tui.reader.page import Page
    from tui.reader.row import RowsBlock


def interdiff_rows(view: InterdiffView, page: Page, width: int) -> Iterator[tuple[int, RowsBlock]]:
    """Yield (the row of the page that they stand below, rows) for the head of an interdiff and each removed line."""
    if view.head and page.blocks:
        yield page.blocks[0].count - 1, view.head_rows(width)
    diff = page.diff
    if diff is None:
        return
    for hunk, line in view.gone:
        if hunk < len(diff.hunk_rows):
            below = page.last_row_of("diff", diff.hunk(hunk).start + 1 + line)
            if below is not None:
                yield below, view.gone_rows((hunk, line))
