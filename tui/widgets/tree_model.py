"""The tree as a list of rows: what is folded and what is to be seen. Knows no widget.

What is unfolded is kept by key (an item's id, a version's number, a Message-ID), never by place, so that a listing
with more in it leaves everything as the reader had it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from tui.widgets.tree_rows import Item, Key, Row, head, inside, size

_BLOCKS_KEPT: Final = 200
"""Unfolded items whose rows are kept: more than a screen shows."""


def _every(key: Key, at_first: bool) -> bool:
    del key, at_first
    return True


class Rows:
    """The rows that are to be seen, in order.

    Of each series and thread only the number of its rows is held; the rows are made when they are looked at. So
    100,000 of them, folded or not, cost a list of numbers.
    """

    def __init__(self) -> None:
        self._items: Sequence[Item] = ()
        self._places: dict[str, int] = {}
        self._starts: list[int] = [0]
        """The first row of each item, and after the last how many rows there are."""
        self._blocks: OrderedDict[int, list[Row]] = OrderedDict()
        self._open: dict[Key, bool] = {}
        self._all_open = False

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: int) -> Row:
        if not 0 <= index < len(self):
            raise IndexError(index)
        place = bisect_right(self._starts, index) - 1
        return self._block(place)[index - self._starts[place]]

    def _is_open(self, key: Key, at_first: bool) -> bool:
        return self._open.get(key, at_first or self._all_open)

    def _block(self, place: int) -> list[Row]:
        """Return the rows of the item at `place` among the items."""
        block = self._blocks.get(place)
        if block is None:
            item = self._items[place]
            block = [head(item, expanded=self._is_open((item.id,), False))]
            if block[0].expanded:
                block += inside(item, self._is_open)
            self._blocks[place] = block
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return block

    def _count_rows(self) -> None:
        """Count the rows anew after folds or items have changed."""
        self._blocks.clear()
        counts = (
            [1 + size(item) for item in self._items] if self._all_open else [1] * len(self._items)
        )
        for item_id in {key[0] for key in self._open}:
            if (place := self._places.get(item_id)) is not None:
                counts[place] = len(self._block(place))
        self._starts = list(accumulate(counts, initial=0))

    # ------------------------------------------------------------- the items

    def replace(self, items: Sequence[Item], *, keep: bool, also: Key | None = None) -> Key | None:
        """Show `items`; with `keep` what was unfolded stays so.

        Returns where `also`, a key of the list before, is now: an item's id changes when an earlier version of
        it turns up.
        """
        moved: dict[str, str] = {}
        self._places = {item.id: place for place, item in enumerate(items)}
        if keep:
            moved = self._moved(items, also)
            self._open = {_moved_key(key, moved): value for key, value in self._open.items()}
        else:
            self._open = {}
            self._all_open = False
        self._items = items
        self._count_rows()
        return None if also is None else _moved_key(also, moved)

    def _moved(self, items: Sequence[Item], also: Key | None) -> dict[str, str]:
        known = {key[0] for key in self._open} | ({also[0]} if also else set())
        lost = {item_id for item_id in known if item_id not in self._places}
        if not lost:
            return {}
        return {old: item.id for item in items for old in lost & item.message_ids}

    def place(self, index: int) -> tuple[int, int]:
        """Return which series or thread a row belongs to, counted from 1, and of how many."""
        return bisect_right(self._starts, index) if self._items else 0, len(self._items)

    def block(self, index: int) -> tuple[int, int]:
        """Return where the rows of one series or thread begin and end (exclusive), given one of them."""
        place = bisect_right(self._starts, index) - 1
        return self._starts[place], self._starts[place + 1]

    def everything(self, index: int) -> list[Row]:
        """Return all rows of the series or thread at `index`, as if unfolded, its own first."""
        item = self[index].item
        return [head(item, expanded=True), *inside(item, _every)]

    def find(self, key: Key) -> int | None:
        """Return where the row of `key` is, or that of what it is folded into; None where that is gone."""
        place = self._places.get(key[0])
        if place is None:
            return None
        first = self._starts[place]
        return next(
            (first + i for i, row in enumerate(self._block(place)) if row.key == key), first
        )

    # ------------------------------------------------------------- folds

    def fold(self, index: int, *, expanded: bool) -> None:
        """Fold or unfold one row."""
        row = self[index]
        if row.expandable and row.expanded != expanded:
            self._open[row.key] = expanded
            self._recount(bisect_right(self._starts, index) - 1)

    def fold_all(self, *, expanded: bool) -> None:
        """Fold or unfold everything."""
        self._open = {}
        self._all_open = expanded
        self._count_rows()

    def reveal(self, index: int, key: Key) -> int:
        """Unfold what hides the row of `key` in the series or thread at `index`, and return where it is."""
        item = self[index].item
        path: list[Row] = []
        for row in inside(item, _every):
            while path and path[-1].depth >= row.depth:
                path.pop()
            path.append(row)
            if row.key == key:
                self._open[(item.id,)] = True
                self._open |= {above.key: True for above in path[:-1]}
                self._recount(bisect_right(self._starts, index) - 1)
                break
        return self.find(key) or 0

    def _recount(self, place: int) -> None:
        """Count the rows of one item anew, and move what follows."""
        self._blocks.pop(place, None)
        more = len(self._block(place)) - (self._starts[place + 1] - self._starts[place])
        if more:
            self._starts[place + 1 :] = [start + more for start in self._starts[place + 1 :]]

    # ------------------------------------------------------------- find

    def words(self, index: int) -> str:
        """Return what finding looks at in a row: subject and name."""
        place = bisect_right(self._starts, index) - 1
        item = self._items[place]
        if index == self._starts[place]:
            return f"{item.subject} {item.author.name or item.author.address}"
        message = self[index].message
        if message is None:
            return ""
        return f"{message.subject.title} {message.author.name or message.author.address}"


def _moved_key(key: Key, moved: dict[str, str]) -> Key:
    return (moved.get(key[0], key[0]), *key[1:])
