"""Moving over rows by keys: at once, without animation, by lines, pages and to the ends."""

from __future__ import annotations

from textual.scroll_view import ScrollView


class LineScroll(ScrollView):
    """A view of `virtual_size.height` rows, each a line of the screen."""

    @property
    def height(self) -> int:
        """How many rows the screen has room for."""
        return max(1, self.scrollable_content_region.height)

    @property
    def at_end(self) -> bool:
        """Whether the last row is on the screen."""
        return self.scroll_offset.y >= self.virtual_size.height - self.height

    def scroll_to_row(self, row: int) -> None:
        """Bring a row to the top, as far as there are rows below it."""
        self.scroll_to(y=max(0, row), animate=False, force=True)

    def action_line(self, delta: int) -> None:
        """Move by lines."""
        self.scroll_to_row(self.scroll_offset.y + delta)

    def action_half_page(self, direction: int) -> None:
        """Move by half a page."""
        self.scroll_to_row(self.scroll_offset.y + direction * max(1, self.height // 2))

    def action_page(self, direction: int) -> None:
        """Move by a page less two rows: one to read on from, one that a heading may cover."""
        self.scroll_to_row(self.scroll_offset.y + direction * max(1, self.height - 2))

    def action_top(self) -> None:
        """Move to the top."""
        self.scroll_to_row(0)

    def action_bottom(self) -> None:
        """Move to the end."""
        self.scroll_to_row(self.virtual_size.height)
