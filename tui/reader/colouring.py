"""Colours for the code of a page, slice by slice: first the rows in view, then those of the next page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from textual.widget import Widget

from tui.tasks import Tasks

if TYPE_CHECKING:
    # What reads diffs is imported with the first mail: the first frame does not wait for it.
    from tui.reader.diff import DiffBlock
    from tui.reader.diff_code import HighlightChunk
    from tui.reader.folded_page import FoldedPage


class ColouredView(Protocol):
    """A view of a page as the colouring sees it."""

    syntax: bool
    """Whether code is to have colours."""

    @property
    def page(self) -> FoldedPage:
        """The page that is shown."""
        ...

    @property
    def visible_rows(self) -> range:
        """The rows of the page that are on the screen."""
        ...


class CodeColouring:
    """Colours the code of one view; a worker of `widget`, with a look at the keyboard every few milliseconds."""

    def __init__(
        self, widget: Widget, view: ColouredView, tasks: Tasks, repaint: Callable[[], object]
    ) -> None:
        self._widget = widget
        self._view = view
        self._tasks = tasks
        self._repaint = repaint
        self._is_running = False

    def start(self) -> None:
        """Start colouring the code in view, unless that is going on."""
        if not self._is_running and self._next_slice() is not None:
            self._is_running = True
            self._widget.run_worker(self._colour(), group="colours", exit_on_error=False)

    def _next_slice(self) -> tuple[DiffBlock, HighlightChunk] | None:
        """Return the next part to colour."""
        page = self._view.page
        base, diff = page.base, page.base.diff
        if diff is None or not self._view.syntax:
            return None
        rows = self._view.visible_rows
        height = max(1, len(rows))
        for start in (rows.start, rows.start + height):
            for first, last in page.own_rows(start, start + height):
                first, last = first - base.diff_start, last - base.diff_start
                if last > 0 and (found := diff.unhighlighted(max(0, first), last)):
                    return diff, found[0]
        return None

    async def _colour(self) -> None:
        from tui.reader.diff_code import read_colours

        try:
            while (wanted := self._next_slice()) is not None:
                diff, piece = wanted
                spans = await read_colours(diff.source(piece))
                if not self._view.syntax:
                    break
                diff.colour(piece, spans)
                if diff is self._view.page.base.diff:
                    self._repaint()
        except Exception as error:
            self._tasks.report_crash("colours", error)
            self._view.syntax = False  # or it would crash with every page
        finally:
            self._is_running = False
