"""The reader: a mail of any size, of which only the rows on the screen are ever made."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual import events, on, work
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.selection import Selection
from textual.strip import Strip

from core.model import Mail
from tui.widgets.message_looks import CSS, Looks
from tui.widgets.page import Page, PageStyle
from tui.widgets.row_paint import Overlay, Painter
from tui.widgets.row_scroll import RowScroll

if TYPE_CHECKING:
    # What reads mail and diffs is imported with the first mail: the first frame does not wait for it.
    from tui.widgets.diff_block import DiffBlock, Slice
    from tui.widgets.mail_page import MailParts
    from tui.widgets.text_search import Matches

_PAN: Final = 8
"""Cells that a key pans."""

_FIRST_LINES: Final = 2_000
"""Lines of each part of a mail that are shown at once; the rest follows when it is laid out."""


class MessageView(RowScroll, can_focus=True):
    """Shows one mail, or a note of ours in its place.

    `clock` tells the time that ages count from; `zone` is the reader's, None the system's.
    """

    DEFAULT_CSS = CSS
    ALLOW_SELECT = True

    all_headers: reactive[bool] = reactive(False, repaint=False, init=False)
    """All headers, of mail and diff, and not the few that matter."""
    numbers: reactive[bool] = reactive(False, repaint=False, init=False)
    """Line numbers before the lines of a diff."""
    fold_quotes: reactive[bool] = reactive(False, repaint=False, init=False)
    """Longer quotes as one row each."""
    syntax: reactive[bool] = reactive(True, repaint=False, init=False)
    """Code in colours."""
    pan: reactive[int] = reactive(0, repaint=False, init=False)
    """Cells that diffs are moved to the left."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        zone: tzinfo | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._clock = clock
        self._zone = zone
        self._parts: MailParts | None = None
        self._note: tuple[str, tuple[str, ...]] | None = None
        self._page = Page([])
        self._laid_out = 0
        """The width that the page was made for."""
        self._index: Matches | None = None
        """The page's text, once it was searched; made beforehand for a large mail."""
        self._matches: Matches | None = None
        """The same, while something is looked for."""
        self._needle = ""
        self._strips: LRUCache[tuple[int, int], Strip] = LRUCache(512)
        self._painter = Painter(self)
        self._colouring = False

    @dataclass
    class WholeLaidOut(Message):
        """The whole of a large mail is there, of which only the beginning was shown at first."""

        parts: MailParts
        style: PageStyle
        page: Page
        matches: Matches

    # ------------------------------------------------------------- what it shows

    def show(self, mail: Mail) -> None:
        """Show a mail from its top; the one shown already stays where it is."""
        if self._parts is not None and self._parts.mail == mail:
            return
        from tui.widgets.mail_page import take_apart

        self._note = None
        self._parts = take_apart(mail, _FIRST_LINES)
        self._renew(keep=False)
        if not self._parts.whole:
            self._lay_out_whole(mail, self._page_style)

    def show_note(self, title: str, lines: Sequence[str]) -> None:
        """Show words of ours: what is missing, what went wrong, what can be done."""
        self._parts, self._note = None, (title, tuple(lines)) if title or lines else None
        self._renew(keep=False)

    def clear(self) -> None:
        """Show nothing."""
        self._parts = self._note = None
        self._renew(keep=False)

    @property
    def _page_style(self) -> PageStyle:
        width = self.scrollable_content_region.width
        return PageStyle(width, self.all_headers, self.numbers, self.fold_quotes)

    # Without a description Textual would write one, with the whole mail in it.
    @work(thread=True, group="layout", exit_on_error=False, description="lay out a mail")
    def _lay_out_whole(self, mail: Mail, style: PageStyle) -> None:
        """Lay out the whole of a large mail, off the thread that paints."""
        from tui.widgets.mail_page import mail_page, take_apart
        from tui.widgets.text_search import Matches

        parts = take_apart(mail)
        page = mail_page(parts, style, self._clock(), self._zone)
        self.post_message(self.WholeLaidOut(parts, style, page, Matches(page)))

    @on(WholeLaidOut)
    def _take_whole(self, event: WholeLaidOut) -> None:
        """Show the whole in the place of its beginning, which has the same rows."""
        event.stop()
        if self._parts is not None and self._parts.mail is event.parts.mail:
            self._parts = event.parts
            ended = self.at_end and self.scroll_offset.y > 0
            if event.style == self._page_style:
                self._renew(keep=True, page=event.page, matches=event.matches)
            else:
                self._renew(keep=True)
            if ended:
                self.action_bottom()

    def _renew(
        self, *, keep: bool, page: Page | None = None, matches: Matches | None = None
    ) -> None:
        """Lay out again, or take `page`; with `keep` it is the same mail, and the top row stays at the top."""
        style = self._page_style
        top = self.scroll_offset.y
        anchor = self._page.anchor(top) if keep and self._page.count else None
        self._laid_out = style.width
        before = self._page.diff
        self._page = page if page is not None else self._made_page(style)
        self._strips.clear()
        self._index = matches
        self._matches = None
        if not keep:
            self._needle = ""
            self.set_reactive(MessageView.pan, 0)
            self.screen.clear_selection()
        elif self._page.diff is not None and before is not None:
            self._page.diff.adopt_colours(before)
        self.virtual_size = Size(style.width, self._page.count)
        self.go_to(self._page.row_of(anchor) if anchor is not None and top else 0)
        if self._needle:
            self.find(self._needle, move=False)
        self.refresh()
        self._colour_soon()

    def _made_page(self, style: PageStyle) -> Page:
        """Return what is to be shown, laid out."""
        if not style.width or (self._parts is None and self._note is None):
            return Page([])
        from tui.widgets.mail_page import mail_page, note_page

        if self._parts is not None:
            return mail_page(self._parts, style, self._clock(), self._zone)
        return note_page(*self._note, style.width) if self._note is not None else Page([])

    def on_resize(self) -> None:
        """Lay out for the new width."""
        width = self.scrollable_content_region.width
        if width and width != self._laid_out:  # it has none while it is hidden
            self._renew(keep=True)
        else:
            self._colour_soon()

    def watch_all_headers(self) -> None:
        """Lay out again."""
        self._renew(keep=True)

    def watch_numbers(self) -> None:
        """Lay out again, if there is a diff."""
        if self._page.diff is not None:
            self._renew(keep=True, matches=self._index)  # the text stays the same

    def watch_fold_quotes(self) -> None:
        """Lay out again."""
        self._renew(keep=True)

    def watch_syntax(self) -> None:
        """Repaint, with or without colours."""
        if self._page.diff is not None:
            self._page.diff.drop_colours()
            self._repaint()
            self._colour_soon()

    # ------------------------------------------------------------- moving

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint, and colour what came into view."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._colour_soon()

    def action_next_file(self, direction: int) -> None:
        """Move to the next file of the diff, or with -1 to the one before."""
        self._jump(self._page.file_rows(), direction, 0)

    def action_next_hunk(self, direction: int) -> None:
        """Move to the next hunk of the diff, or with -1 to the one before."""
        self._jump(self._page.hunk_rows(), direction, 1)

    def _jump(self, rows: list[int], direction: int, above: int) -> None:
        """Bring the next of `rows` to the top, `above` rows left above it for the bar of its file."""
        here = self.scroll_offset.y + above
        place = bisect_right(rows, here) if direction > 0 else bisect_left(rows, here) - 1
        if 0 <= place < len(rows):
            self.go_to(rows[place] - above)

    def action_pan(self, direction: int) -> None:
        """Move the lines of diffs left or right, as far as those on the screen go."""
        self.pan = self.pan + direction * _PAN

    def validate_pan(self, pan: int) -> int:
        """Keep the longest line on the screen in sight."""
        longest = 0
        for at in self._visible():
            row = self._page.row(at)
            if row.pans:
                before = sum(cell_len(text) for text, _ in row.gutter)
                longest = max(longest, before + cell_len(row.text))
        furthest = max(0, longest - self._laid_out)
        # From further right, where other lines were, going left comes before going in bounds.
        return max(0, pan if pan < self.pan else max(self.pan, min(pan, furthest)))

    def watch_pan(self) -> None:
        """Repaint."""
        self._repaint()

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Pan with a wheel that tilts."""
        event.stop()
        self.action_pan(1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Pan with a wheel that tilts."""
        event.stop()
        self.action_pan(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Pan with Shift and the wheel."""
        if event.shift:
            event.stop()
            event.prevent_default()
            self.action_pan(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Pan with Shift and the wheel."""
        if event.shift:
            event.stop()
            event.prevent_default()
            self.action_pan(-1)

    def action_toggle_all_headers(self) -> None:
        """Show all headers, or the few that matter."""
        self.all_headers = not self.all_headers

    def action_toggle_numbers(self) -> None:
        """Show or hide line numbers in diffs."""
        self.numbers = not self.numbers

    def action_toggle_quotes(self) -> None:
        """Fold or unfold quotes."""
        self.fold_quotes = not self.fold_quotes

    def action_toggle_syntax(self) -> None:
        """Show code in colours, or plain."""
        self.syntax = not self.syntax

    # ------------------------------------------------------------- finding

    def find(self, text: str, *, move: bool = True) -> int:
        """Light up `text` wherever it stands, go to the first place from here on; return how many there are.

        Capitals count only where `text` has some. An empty one ends it.
        """
        self._needle = text
        if not text:
            self._matches = None
        else:
            if self._index is None:
                from tui.widgets.text_search import Matches

                self._index = Matches(self._page)
            self._matches = self._index
            self._matches.search(text)
            self._matches.start_at(self.scroll_offset.y)
            if move:
                self._show_match()
        self._repaint()
        return self._matches.count if self._matches is not None else 0

    def find_next(self, direction: int) -> bool:
        """Go to the next match, or with -1 to the one before, past the end on from the start; say if there is one."""
        if self._matches is None or not self._matches.step(direction):
            return False
        self._show_match()
        self._repaint()
        return True

    def _show_match(self) -> None:
        """Bring the current match into view."""
        if self._matches is None or (place := self._matches.current) is None:
            return
        row, start, end = place
        top, height = self.scroll_offset.y, self.height
        if not top + 1 <= row < top + height:
            self.go_to(row - height // 3)
        line = self._page.row(row)
        if line.pans:
            before = sum(cell_len(text) for text, _ in line.gutter)
            room = max(1, self._laid_out - before)
            left, right = cell_len(line.text[:start]), cell_len(line.text[:end])
            if left < self.pan + line.fixed or right >= self.pan + room:
                wanted = right - room + _PAN if right > room else 0
                self.set_reactive(MessageView.pan, min(wanted, max(0, cell_len(line.text) - room)))

    # ------------------------------------------------------------- painting

    def _visible(self) -> range:
        top = self.scroll_offset.y
        return range(top, min(top + self.height, self._page.count))

    def _repaint(self) -> None:
        self._strips.clear()
        self.refresh()

    @property
    def looks(self) -> Looks:
        """The looks in the colours of now."""
        return self._painter.looks

    def notify_style_update(self) -> None:
        """Forget what was painted in other colours."""
        self._strips.clear()
        self._painter.forget()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Paint one line of the screen."""
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        if row >= self._page.count:
            return self._painter.blank(width)
        key = (row, y == 0)
        strip = self._strips.get(key)
        if strip is None:
            heading = self._page.heading(row) if y == 0 and row else None
            if heading is not None:
                strip = self._painter.paint(heading, width)
            else:
                line = self._page.row(row)
                strip = self._painter.paint(line, width, self.pan, row, list(self._overlays(row)))
            self._strips[key] = strip
        return strip

    def _overlays(self, at: int) -> Iterator[Overlay]:
        """Yield what lies over a row's own looks, the uppermost first: from, to, look."""
        if (selection := self.text_selection) is not None:
            span = selection.get_span(at)
            if span is not None:
                yield span[0], span[1] if span[1] >= 0 else 1 << 30, "selected"
        if self._matches is not None:
            yield from self._matches.in_row(at)

    # ------------------------------------------------------------- selecting

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text, lines that were wrapped for the screen in one piece again."""
        if not self._page.count:
            return None
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self._page.count - 1
        texts, joints = self._page.texts(), self._page.joints()
        parts: list[str] = []
        for at in range(max(0, first), min(last, self._page.count - 1) + 1):
            start, end = selection.get_span(at) or (0, 0)
            parts.append(texts[at][start:] if end < 0 else texts[at][start:end])
            parts.append(joints[at])
        return "".join(parts[:-1]), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Repaint with what is selected."""
        del selection
        self._repaint()

    # ------------------------------------------------------------- colouring code

    def _colour_soon(self) -> None:
        """Start colouring the code in view, unless that is going on."""
        if self.syntax and not self._colouring and self._next_slice() is not None:
            self._colouring = True
            self._colour()

    def _next_slice(self) -> tuple[DiffBlock, Slice] | None:
        """Return what is to be coloured next: what is in view, then what a page down shows."""
        page = self._page
        if page.diff is None or not self.syntax:
            return None
        top = self.scroll_offset.y - page.diff_start
        for start in (top, top + self.height):
            if found := page.diff.uncoloured(max(0, start), max(0, start + self.height)):
                return page.diff, found[0]
        return None

    @work(group="colours", exit_on_error=False)
    async def _colour(self) -> None:
        """Colour slice after slice, with a look at the keyboard every few milliseconds."""
        from tui.widgets.diff_block import read_colours

        try:
            while (wanted := self._next_slice()) is not None:
                diff, piece = wanted
                spans = await read_colours(diff, piece)
                if not self.syntax:
                    break
                diff.colour(piece, spans)
                if diff is self._page.diff:
                    self._repaint()
        finally:
            self._colouring = False
