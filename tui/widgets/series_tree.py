"""The tree of series, versions, patches and replies, as a flat virtual list.

Only the lines in view are drawn, and moving the cursor draws two: 100,000 rows cost no more than a hundred.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from core.model import MessageId
from tui.themes import with_roles
from tui.widgets import tree_line
from tui.widgets.tree_looks import TreeLooks
from tui.widgets.tree_model import Items, Rows
from tui.widgets.tree_rows import Key, Kind, Row, Whole

_STRIPS: Final = 400
"""Drawn lines kept: some screens of them."""

_MARGIN: Final = 2
"""Lines kept in sight above and below the cursor."""


class SeriesTree(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a listing; posts `Highlighted` when the cursor stands on another row and `Opened` on a double click."""

    DEFAULT_CSS = """
    SeriesTree { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    cursor: reactive[int] = reactive(0, repaint=False, init=False)

    @dataclass
    class Highlighted(Message):
        """The cursor stands on another row, given as far as it is on the screen; None where there is none."""

        row: Row | None

    @dataclass
    class Opened(Message):
        """A row is to be read."""

        row: Row

    def __init__(self, *, clock: Callable[[], datetime], id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._rows = Rows()
        self._strips: OrderedDict[tuple[object, ...], Strip] = OrderedDict()
        self._looks: TreeLooks | None = None
        self._styles: dict[tuple[str, str], Style] = {}
        self._wanted: re.Pattern[str] | None = None
        self._told: Key | None = None
        self._before: tuple[Key, Mapping[Key, bool]] | None = None
        """The row, and what was folded, when finding began."""
        self.touched = False
        """The reader chose a place: from now on nothing but the reader moves the cursor."""

    # ------------------------------------------------------------- what it holds

    def show(
        self,
        items: Items | Sequence[Whole],
        *,
        keep: bool,
        anew: bool = False,
        hold: bool = False,
    ) -> None:
        """Show these series and threads.

        With `keep`, the row under the cursor stays where it is on the screen, whatever came above it, and what was
        unfolded stays so. Without, and as long as the reader has not touched it, all starts at the top, unless what
        is there already is to be held. With
        `anew`, the items were read anew: what is under the cursor is told even if it was told before.
        """
        self.touched = self.touched and keep
        if anew:
            self._told = None
        hold = self.touched or (hold and len(self._rows) > 0)
        row = self._shown_row if hold else None
        from_top = self.cursor - self.scroll_offset.y
        key = self._rows.replace(items, keep=hold, also=row.key if row else None)
        if key is not None:
            place = self._rows.find(key)
            place = self.cursor if place is None else place
        else:
            place = from_top = self._first_series()
            if len(items) == 1 and self._rows.all_in_memory:
                self._rows.fold(0, expanded=True)
        self._laid_out()
        self._put(place, from_top)

    def _first_series(self) -> int:
        top = range(min(len(self._rows), 50))
        return next((i for i in top if self._rows[i].kind is Kind.SERIES), 0)

    def _put(self, place: int, from_top: int) -> None:
        """Set the cursor with its row `from_top` lines below the upper edge."""
        self.scroll_to(y=max(0, place - from_top), animate=False, force=True)
        self.set_reactive(SeriesTree.cursor, max(0, min(place, len(self._rows) - 1)))
        self._show_cursor()
        self.refresh()
        self._tell()

    def _laid_out(self) -> None:
        self._strips.clear()
        self.virtual_size = Size(0, len(self._rows))
        self.refresh()

    @property
    def row(self) -> Row | None:
        """What is under the cursor, with all that it stands for."""
        return self._rows.whole(self.cursor) if self.cursor < len(self._rows) else None

    @property
    def unseen(self) -> Collection[MessageId]:
        """The mails of the series or thread under the cursor that were not read."""
        return self._rows.unseen(self.cursor) if self.cursor < len(self._rows) else ()

    @property
    def _shown_row(self) -> Row | None:
        """The same as far as it is on the screen."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def place(self) -> tuple[int, int]:
        """Which series or thread the cursor is in, counted from 1, of how many."""
        return self._rows.place(self.cursor)

    def __len__(self) -> int:
        """How many rows there are to be seen."""
        return len(self._rows)

    def __bool__(self) -> bool:
        return True

    def _tell(self) -> None:
        row = self._shown_row
        key = row.key if row else None
        if key != self._told:
            self._told = key
            self.post_message(self.Highlighted(row))

    # ------------------------------------------------------------- the cursor

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(cursor, len(self._rows) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two lines that changed."""
        self.touched = True
        self.refresh_line(old)
        self.refresh_line(new)
        self._show_cursor()
        self._tell()

    def _show_cursor(self) -> None:
        height = self.scrollable_content_region.height
        if height <= 0:
            return
        margin = min(_MARGIN, (height - 1) // 2)
        top = self.scroll_offset.y
        if self.cursor < top + margin:
            top = self.cursor - margin
        elif self.cursor > top + height - 1 - margin:
            top = self.cursor - height + 1 + margin
        else:
            return
        self.scroll_to(y=max(0, top), animate=False, force=True)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._show_cursor()

    def action_line(self, delta: int) -> None:
        """Move the cursor."""
        self.touched = True
        self.cursor += delta

    def action_half_page(self, direction: int) -> None:
        """Move the cursor half a page."""
        self.action_line(direction * max(1, self.scrollable_content_region.height // 2))

    def action_page(self, direction: int) -> None:
        """Move the cursor a page."""
        self.action_line(direction * max(1, self.scrollable_content_region.height - _MARGIN))

    def action_top(self) -> None:
        """Move the cursor to the first row."""
        self.action_line(-len(self._rows))

    def action_bottom(self) -> None:
        """Move the cursor to the last row."""
        self.action_line(len(self._rows))

    # ------------------------------------------------------------- folds

    def fold(self, *, expanded: bool | None) -> bool:
        """Fold or unfold the row under the cursor, None: the other way; say whether it could be done."""
        row = self._shown_row
        if row is None or not row.expandable:
            return False
        self.touched = True
        self._rows.fold(self.cursor, expanded=not row.expanded if expanded is None else expanded)
        self._laid_out()
        return True

    def fold_all(self, *, expanded: bool) -> None:
        """Fold or unfold everything; the cursor stays on its row or on what that was folded into."""
        row = self._shown_row
        if row is None:
            return
        self.touched = True
        from_top = self.cursor - self.scroll_offset.y
        self._rows.fold_all(expanded=expanded, around=self.cursor)
        self._laid_out()
        self._put(self._rows.find(row.key) or 0, from_top)

    def action_expand(self) -> None:
        """Unfold the row, or go to the first one inside."""
        row = self._shown_row
        if row is None or not row.expandable:
            return
        if row.expanded:
            self.cursor += 1
        else:
            self.fold(expanded=True)

    def action_collapse(self) -> None:
        """Fold the row, or go to the one that holds it."""
        row = self._shown_row
        if row is None:
            return
        if row.expanded:
            self.fold(expanded=False)
            return
        place = self.cursor
        while place > 0 and self._rows[place].depth >= row.depth > 0:
            place -= 1
        self.cursor = place

    # ------------------------------------------------------------- going through mails

    def move_to_patch(self, step: int) -> bool:
        """Go to the next (1) or previous (-1) cover letter or patch of the version; say whether there is one."""
        row = self.row
        if row is None or row.version is None:
            return False
        entries = list(row.version.entries())
        if row.entry is None:
            number = row.numbers[0] if step > 0 else row.numbers[1]
            later = [e for e in entries if (e.number - number) * step > 0]
            later.sort(key=lambda e: e.number * step)
            target = later[0] if later else None
        else:
            place = entries.index(row.entry) + step
            target = entries[place] if 0 <= place < len(entries) else None
        if target is None:
            return False
        self._reveal((row.item.id, target.message.message_id))
        return True

    def move_to_next_mail(self) -> bool:
        """Go to the next mail in the order of reading, folded or not; say whether there is one."""
        row = self.row
        if row is None:
            return False
        rows = self._rows.everything(self.cursor)
        place = next((i for i, other in enumerate(rows) if other.key == row.key), 0)
        if row.kind in (Kind.SERIES, Kind.VERSION) and row.message is not None:
            # These show the mail of their first patch: go on from there.
            key = (row.item.id, row.message.message_id)
            place = next((i for i, other in enumerate(rows) if other.key == key), place)
        # Of what is not there nothing can be read, and a version shows what its first row shows.
        readable = (Kind.COVER, Kind.PATCH, Kind.REPLY)
        after = next((other for other in rows[place + 1 :] if other.kind in readable), None)
        if after is not None:
            self._reveal(after.key)
            return True
        _, last = self._rows.block(self.cursor)
        if last >= len(self._rows):
            return False
        self.cursor = last
        return True

    def move_to(self, key: Key) -> bool:
        """Go to the row of a mail of the item the cursor is in, folded or not; say whether there is one."""
        if all(row.key != key for row in self._rows.everything(self.cursor)):
            return False
        self._reveal(key)
        return True

    # ------------------------------------------------------------- what is not read

    def move_to_unread(self, step: int, unread: Callable[[int], bool]) -> bool:
        """Go to the next (1) or previous (-1) mail that was not read; say whether there is one.

        `unread` says whether the series or thread at a place holds any.
        """
        row = self._shown_row
        if row is None:
            return False
        here = self._rows.item_place(self.cursor)
        if unread(here) and self._move_inside(row, step):
            return True
        place = here + step
        _, count = self._rows.place(self.cursor)
        while 0 <= place < count:
            if unread(place):
                first = self._rows.first_row(place)
                keys = self._unread_inside(first)
                if keys:
                    self.touched = True
                    before = self.cursor
                    self.set_reactive(SeriesTree.cursor, first)
                    self._reveal(keys[0] if step > 0 else keys[-1])
                    self.refresh_line(before)
                    return True
            place += step
        return False

    def _unread_inside(self, first: int) -> list[Key]:
        """Return the keys of the mails of a series or thread that were not read, in the order of reading."""
        keys: list[Key] = []
        unseen = self._rows.unseen(first)
        for row in self._rows.everything(first):
            readable = row.kind in (Kind.COVER, Kind.PATCH, Kind.REPLY) or row.kind is Kind.THREAD
            if readable and row.message is not None and row.message.message_id in unseen:
                keys.append(row.key)
        return keys

    def _move_inside(self, row: Row, step: int) -> bool:
        keys = self._unread_inside(self.cursor)
        order = [other.key for other in self._rows.everything(self.cursor)]
        at = order.index(row.key) if row.key in order else 0
        if row.kind in (Kind.SERIES, Kind.HEADING) and step < 0:
            return False
        later = [key for key in keys if (order.index(key) - at) * step > 0]
        if not later:
            return False
        self._reveal(later[0] if step > 0 else later[-1])
        return True

    # ------------------------------------------------------------- the place of the reader

    @property
    def folds(self) -> Mapping[Key, bool]:
        """What was unfolded or folded, by key."""
        return self._rows.folds

    def restore(self, folds: Mapping[Key, bool], key: Key) -> None:
        """Unfold, fold, and put the cursor where another run left them, as far as that is still there."""
        self._rows.restore(folds)
        self._laid_out()
        place = self._rows.find(key)
        if place is not None:
            self._put(place, self.scrollable_content_region.height // 3)

    def key_of(self, place: int) -> Key:
        """Return the key of the series or thread at a place."""
        return self._rows[self._rows.first_row(place)].key

    def go_to_mail(self, message_id: MessageId) -> bool:
        """Go to a mail, wherever it is, or to what holds it; say whether there is any."""
        place = self._rows.find_mail(message_id)
        if place is None:
            return False
        self.touched = True
        self.cursor = place
        if (row := self.row) is not None:
            self.move_to((row.item.id, message_id))
        return True

    def _reveal(self, key: Key) -> None:
        self.touched = True
        place = self._rows.reveal(self.cursor, key)
        self._laid_out()
        if place == self.cursor:
            self._tell()
        self.cursor = place

    # ------------------------------------------------------------- find

    def begin_find(self) -> None:
        """Remember place and folds: what is typed is looked for from here, and leaving comes back here."""
        row = self._shown_row
        self._before = (row.key, dict(self._rows.folds)) if row is not None else None

    def find(self, text: str) -> bool:
        """Set `text` off in subjects and names and go to its next place from where finding began; "" ends that.

        What is folded is looked at too, and unfolded where `text` is in it.
        """
        self._wanted = re.compile(re.escape(text), re.IGNORECASE) if text else None
        self._strips.clear()
        self.refresh()
        if self._wanted is None:
            return True
        self._go_back()
        return self._go_to_match(1, here=True)

    def find_next(self, direction: int) -> bool:
        """Go to the next (1) or previous (-1) row that matches; say whether there is one."""
        return self._go_to_match(direction, here=False)

    def leave_find(self) -> None:
        """Go back to where finding began."""
        self.find("")
        self._go_back()

    def _go_back(self) -> None:
        if self._before is None:
            return
        key, folds = self._before
        if folds != self._rows.folds:
            self._rows.restore(folds)
            self._laid_out()
        place = self._rows.find(key)
        if place is not None:
            self.cursor = place
            self._tell()

    def _go_to_match(self, direction: int, *, here: bool) -> bool:
        if self._wanted is None or not len(self._rows):
            return False
        found = self._rows.next_match(self.cursor, direction, self._wanted, here=here)
        if found is None:
            return False
        place, key = found
        first = self._rows.first_row(place)
        at = next((i for i in range(*self._rows.block(first)) if self._rows[i].key == key), None)
        if at is None:
            at = self._rows.reveal(first, key)
            self._laid_out()
        self.cursor = at
        self._tell()
        return True

    # ------------------------------------------------------------- drawing

    def notify_style_update(self) -> None:
        """Forget drawn lines: their colours have changed."""
        super().notify_style_update()
        self._looks = None
        self._styles.clear()
        self._strips.clear()

    def tick(self) -> None:
        """Draw the ages anew."""
        self._strips.clear()
        self.refresh()

    def watch_has_focus(self, focus: bool) -> None:
        """Show whether the keys go here."""
        super().watch_has_focus(focus)
        self.refresh_line(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        if index >= len(self._rows):
            return Strip.blank(width, self._style("", "plain"))
        state = "plain"
        if index == self.cursor:
            state = "cursor" if self.has_focus else "cursor-blurred"
        key = (index, width, state)
        if (strip := self._strips.get(key)) is None:
            pieces = tree_line.line(self._rows[index], width, self._clock(), self._wanted)
            segments = [Segment(text, self._style(look, state)) for text, look in pieces]
            strip = self._strips[key] = Strip(segments, width)
            if len(self._strips) > _STRIPS:
                self._strips.popitem(last=False)
        return strip

    def _style(self, look: str, state: str) -> Style:
        style = self._styles.get((look, state))
        if style is None:
            if self._looks is None:
                self._looks = TreeLooks(
                    with_roles(self.app.theme_variables),
                    self.visual_style,
                    dark=self.app.current_theme.dark,
                    ansi=self.app.native_ansi_color,
                )
            style = self._looks.style(*self._looks.names(look, state))
            self._styles[look, state] = style
        return style

    # ------------------------------------------------------------- mouse

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; on the expander fold or unfold; twice, read."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = self.scroll_offset.y + offset.y
        if index >= len(self._rows):
            return
        self.touched = True
        self.cursor = index
        row = self._rows[index]
        width = self.scrollable_content_region.width
        if row.expandable and 0 <= offset.x - tree_line.indent(row, width) < 2:
            self.fold(expanded=None)
        elif event.chain == 2:
            self.post_message(self.Opened(row))
