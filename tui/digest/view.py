"""A digest on the screen: bars, and below them lists whose lines expand and open."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from core.digest.values import Digest
from core.model import MessageId
from tui.digest.rows import DigestRow, lines_of
from tui.styles import RowStyles
from tui.widgets.cursor_list import CursorList
from tui.widgets.row_text import StyledText

_MORE: Final = {
    "title": "bold $foreground",
    "heading": "bold $text-primary",
    "bar": "$primary",
    "day": "$secondary",
    "warning": "$text-warning",
}


class DigestView(CursorList, can_focus=True, inherit_bindings=False):
    """Shows a digest; posts `Opened` on a double click."""

    DEFAULT_CSS = """
    DigestView { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; }
    """

    @dataclass
    class RowSelected(Message):
        """The line under the cursor is to be opened."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._digest: Digest | None = None
        self._lines: list[DigestRow] = []
        self._stops: list[int] = []
        """The lines that the cursor stands on."""
        self._unfolded: set[str] = set()
        self._wanted: re.Pattern[str] | None = None
        self._styles = RowStyles(self, _MORE)

    # ------------------------------------------------------------- what it holds

    def show(self, digest: Digest | None) -> None:
        """Show a digest from its top; None: nothing."""
        self._digest = digest
        self._unfolded.clear()
        self.cursor = 0
        self._lay_out()
        self.cursor = self._stops[0] if self._stops else 0
        self.scroll_to(y=0, animate=False, force=True)

    def _lay_out(self) -> None:
        """Make the rows anew, with the cursor where it was."""
        key = self.line.key if self.line is not None else ""
        size = self.scrollable_content_region
        self._lines = (
            lines_of(self._digest, size.width, size.height, self._unfolded)
            if self._digest is not None and size.width
            else []
        )
        self._stops = [at for at, line in enumerate(self._lines) if line.key]
        self.virtual_size = Size(0, len(self._lines))
        same = (at for at in self._stops if self._lines[at].key == key)
        self.place_cursor(next(same, self._stops[0] if self._stops else 0))

    def on_resize(self) -> None:
        """Make the rows for the new width."""
        self._lay_out()

    @property
    def line(self) -> DigestRow | None:
        """The line under the cursor."""
        return self._lines[self.cursor] if self.cursor < len(self._lines) else None

    # ------------------------------------------------------------- the cursor

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._lines)

    def move_cursor(self, delta: int) -> None:
        """Move the cursor to the stop at or, in the direction of `delta`, beyond a row."""
        to = max(0, min(self.cursor + delta, self.row_count))
        if not self._stops:
            self.scroll_to_row(to)
            return
        at = bisect_left(self._stops, to)
        if delta < 0 and (at == len(self._stops) or self._stops[at] > to):
            at -= 1
        self.cursor = self._stops[max(0, min(at, len(self._stops) - 1))]

    def show_cursor(self) -> None:
        """Bring the cursor into sight; at the first stop, the bars above it too."""
        if self._stops and self.cursor == self._stops[0] and self.cursor < self.height:
            self.scroll_to_row(0)
        else:
            super().show_cursor()

    def action_top(self) -> None:
        """Move to the top."""
        super().action_top()
        self.scroll_to_row(0)

    def section(self, direction: int) -> None:
        """Move to the next (1) or previous (-1) heading; from the last one to the first."""
        heads = [at for at in self._stops if self._lines[at].key.startswith("section ")]
        if not heads:
            return
        ahead = [at for at in heads if (at - self.cursor) * direction > 0]
        if ahead:
            self.cursor = ahead[0] if direction > 0 else ahead[-1]
        else:
            self.cursor = heads[0] if direction > 0 else heads[-1]
        # With what stands below it.
        self.scroll_to_row(min(self.cursor, max(0, len(self._lines) - self.height)))
        self.refresh()

    # ------------------------------------------------------------- folds

    def fold(self, *, expanded: bool | None) -> bool:
        """Expand or collapse the line under the cursor; None toggles. Return whether it can be."""
        line = self.line
        if line is None or not line.folds:
            return False
        wanted = not line.open if expanded is None else expanded
        if wanted:
            self._unfolded.add(line.folds)
        else:
            self._unfolded.discard(line.folds)
        self._lay_out()
        return True

    def unfold(self) -> None:
        """Unfold the line, or go to the first one inside."""
        line = self.line
        if line is not None and line.folds and not line.open:
            self.fold(expanded=True)
        else:
            self.action_line(1)

    def collapse(self) -> None:
        """Fold the line, or go to the one that holds it."""
        line = self.line
        if line is not None and line.folds and line.open:
            self.fold(expanded=False)
            return
        for at in reversed(self._stops[: bisect_left(self._stops, self.cursor)]):
            if self._lines[at].folds or self._lines[at].key.startswith("section "):
                self.cursor = at
                return

    def fold_all(self, *, expanded: bool) -> None:
        """Fold or unfold everything."""
        self._unfolded.clear()
        if expanded and self._digest is not None:
            self._unfolded.update(("newcomers", "discussed", "unanswered"))
            self._unfolded.update(f"series {news.id}" for news in self._digest.series)
        self._lay_out()

    # ------------------------------------------------------------- find

    def find(self, text: str) -> bool:
        """Go to the next line with `text`, from the cursor on, "" ends that; say whether there is one."""
        self._wanted = re.compile(re.escape(text), re.IGNORECASE) if text else None
        return self._wanted is None or self._go_to_match(0, 1)

    def find_next(self, direction: int) -> bool:
        """Go to the next (1) or previous (-1) line that matches; say whether there is one."""
        return self._wanted is not None and self._go_to_match(1, direction)

    def _go_to_match(self, first: int, direction: int) -> bool:
        if self._wanted is None or not self._stops:
            return False
        here = bisect_left(self._stops, self.cursor)
        for step in range(first, len(self._stops) + 1):
            at = self._stops[(here + step * direction) % len(self._stops)]
            if self._wanted.search(self._lines[at].words()):
                self.cursor = at
                return True
        return False

    # ------------------------------------------------------------- drawing

    def notify_style_update(self) -> None:
        """Forget the colours: they have changed."""
        super().notify_style_update()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        width = self.scrollable_content_region.width
        at = self.scroll_offset.y + y
        pieces: list[StyledText] = []
        state = "plain"
        if at < len(self._lines):
            line = self._lines[at]
            pieces = line.draw(width)
            if at == self.cursor and line.key:
                state = "cursor" if self.has_focus else "cursor-blurred"
        segments = [Segment(text, self._styles.style(look, state)) for text, look in pieces if text]
        strip = Strip(segments)
        if (used := strip.cell_length) < width:
            strip = Strip([*segments, Segment(" " * (width - used), self._styles.style("", state))])
        return strip.crop(0, width)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; twice, open."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        at = self.scroll_offset.y + offset.y
        if at not in self._stops:
            return
        self.cursor = at
        if event.chain == 2:
            self.post_message(self.RowSelected())

    @property
    def opens(self) -> MessageId | None:
        """The mail that is read from the line under the cursor."""
        return self.line.opens if self.line is not None else None
