"""The tree of series, versions, patches and replies: where its cursor can be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.model import MessageId
from tui.tree.items import Items
from tui.tree.rows import Key, Kind, Row, SearchMarks
from tui.tree.view import TreeView


class SeriesTree(TreeView, can_focus=True, inherit_bindings=False):
    """A `TreeView` with commands for patches, replies, unread messages and search results."""

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
        rows = self._rows.unfolded_rows(self.cursor)
        place = next((i for i, other in enumerate(rows) if other.key == row.key), 0)
        if row.kind in (Kind.SERIES, Kind.VERSION) and row.message is not None:
            # These show the mail of their first patch: go on from there.
            key = (row.item.id, row.message.message_id)
            place = next((i for i, other in enumerate(rows) if other.key == key), place)
        # Of what is not there nothing can be read, and a version shows what its first row shows.
        readable = (Kind.COVER, Kind.PATCH, Kind.REPLY)
        # Below a version stand the older ones, which one does not read on into.
        later = (other for other in rows[place + 1 :] if other.version is row.version)
        after = next((other for other in later if other.kind in readable), None)
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
        if all(row.key != key for row in self._rows.unfolded_rows(self.cursor)):
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
        _, count = self._rows.position(self.cursor)
        while 0 <= place < count:
            if unread(place):
                self._rows.show_group(place)
                first = self._rows.first_row(place)
                keys = self._unread_inside(first)
                if keys:
                    self.user_moved = True
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
        for row in self._rows.unfolded_rows(first):
            readable = row.kind in (Kind.COVER, Kind.PATCH, Kind.REPLY) or row.kind is Kind.THREAD
            if readable and row.message is not None and row.message.message_id in unseen:
                keys.append(row.key)
        return keys

    def _move_inside(self, row: Row, step: int) -> bool:
        keys = self._unread_inside(self.cursor)
        order = [other.key for other in self._rows.unfolded_rows(self.cursor)]
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
        """Explicit folds, by key."""
        return self._rows.folds

    def restore_position(self, folds: Mapping[Key, bool], key: Key, from_top: int) -> bool:
        """Unfold, fold, and put the cursor as an earlier run left them; return whether its row is there."""
        self._rows.set_folds(folds)
        self._laid_out()
        place = self._rows.find(key) if key else None
        if place is not None:
            self._put(place, min(from_top, place))
        return place is not None

    def key_of(self, place: int) -> Key:
        """Return the key of the series or thread at a place."""
        return self._rows[self._rows.first_row(place)].key

    def go_to_mail(self, message_id: MessageId) -> bool:
        """Go to a mail, or to the row that it is folded into; return whether there is one."""
        place = self._rows.show_mail(message_id)
        if place is None:
            return False
        self.user_moved = True
        self._laid_out()
        self.cursor = place
        if (row := self.row) is not None:
            self.move_to((row.item.id, message_id))
        return True

    def _reveal(self, key: Key) -> None:
        self.user_moved = True
        place = self._rows.unfold_to(self.cursor, key)
        self._laid_out()
        if place == self.cursor:
            self.cursor_moved()
        self.cursor = place

    # ------------------------------------------------------------- what was found

    def set_highlights(self, matches: SearchMarks) -> None:
        """Highlight the matches of a search in the list as it is."""
        self._rows.set_highlights(matches)
        self._laid_out()

    def move_to_match(self, direction: int) -> bool:
        """Go to the next (1) or previous (-1) highlighted row, wrapping round; return whether there is one."""
        place = self._rows.next_highlighted(self.cursor, direction) if len(self._rows) else None
        if place is None:
            return False
        self.user_moved = True
        self.cursor = place
        return True

    @property
    def items(self) -> Items:
        """The series and threads that are listed."""
        return self._rows.items

    @property
    def item_place(self) -> int:
        """The place of the series or thread the cursor is in, from 0."""
        return self._rows.item_place(self.cursor)

    def move_to_item(self, place: int, key: Key) -> None:
        """Go to the series or thread at a place, and to the row of `key` in it."""
        self.user_moved = True
        self._rows.show_group(place)
        self._laid_out()
        self.cursor = self._rows.first_row(place)
        if len(key) > 1:
            self._reveal(key)
