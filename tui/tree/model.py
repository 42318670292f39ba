"""The tree as a list of visible rows, with folds. Knows no widget.

Unfolded rows are kept by key (an item's id, a version's number, a Message-ID), never by place, so that a longer listing
changes no fold.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from operator import add
from typing import Final

from core.model import MessageId
from tui.tree.groups import Groups
from tui.tree.items import InMemoryItems, Items
from tui.tree.rows import (
    Item,
    Key,
    Kind,
    Row,
    SearchMarks,
    Whole,
    child_count,
    child_rows,
    group_row,
    match_rows,
    series_row,
    with_unread,
)

_BLOCKS_KEPT: Final = 200
"""Expanded items whose rows are kept: more than a screen shows."""

_NOTHING_FOUND: Final = SearchMarks(highlights={})

_GROUPS: Final[Key] = ("",)
"""Stands in the folds for all groups that are not there by their heading's key."""


def _every(key: Key, at_first: bool) -> bool:
    del key, at_first
    return True


class Rows:
    """The visible rows, in order.

    The number of rows is stored only of items with more than one; rows are made when they are drawn. So 100,000 folded
    ones cost nothing.
    """

    def __init__(self) -> None:
        self._items: Items = InMemoryItems()
        self._blocks: OrderedDict[int, list[Row]] = OrderedDict()
        self._open: dict[Key, bool] = {}
        self._all_open = False
        self._matches = _NOTHING_FOUND
        self._transforms: dict[str, Callable[[Whole], Whole]] = {}
        self._groups = Groups({}, 0, bool)
        self._more: dict[int, int] = {}
        """How many rows an item has beside its own, by its place."""
        self._at: list[int] = []
        """The ranks of expanded items among the visible ones, in order, and their first rows."""
        self._firsts: list[int] = []
        self._sums: list[int] = [0]
        """How many rows more there are before each of them, and after the last how many in all."""

    def __len__(self) -> int:
        return len(self._groups) + self._sums[-1]

    def set_transform(self, name: str, transform: Callable[[Whole], Whole] | None) -> None:
        """Pass every series and thread through `transform` before its rows are made, in place of the one of that name."""
        self._transforms.pop(name, None)
        if transform is not None:
            self._transforms[name] = transform
        self._count_rows()

    def _transformed(self, item: Whole) -> Whole:
        for transform in self._transforms.values():
            item = transform(item)
        return item

    def _load(self, place: int) -> Whole | None:
        whole = self._items.load_item(place)
        return None if whole is None else self._transformed(whole)

    def _summary(self, place: int) -> Item:
        item = self._items.summary(place)
        return self._transformed(item) if isinstance(item, Whole) else item

    def __getitem__(self, index: int) -> Row:
        if not 0 <= index < len(self):
            raise IndexError(index)
        place = self._place_of(index)
        return self._block(place)[index - self._start(place)]

    def _start(self, place: int) -> int:
        """Return the first row of the item at `place`, or the heading that it is folded into."""
        rank = self._groups.rank(place)
        return rank + self._sums[bisect_left(self._at, rank)]

    def _place_of(self, index: int) -> int:
        """Return the place of the item that a row belongs to."""
        nth = bisect_right(self._firsts, index) - 1
        if nth < 0:
            rank = index
        elif index - self._firsts[nth] <= self._sums[nth + 1] - self._sums[nth]:
            rank = self._at[nth]
        else:
            rank = index - self._sums[nth + 1]
        return self._groups.place(rank)

    def _is_open(self, key: Key, at_first: bool) -> bool:
        return self._open.get(key, at_first or self._all_open)

    def _is_group_open(self, text: str) -> bool:
        # What is found is shown, wherever it is.
        return bool(self._matches.highlights) or self._open.get(
            ("", text), self._open.get(_GROUPS, True)
        )

    def _block(self, place: int) -> list[Row]:
        """Return the rows of the item at `place` among the items, with the heading above it."""
        block = self._blocks.get(place)
        if block is None:
            item = self._summary(place)
            first = series_row(item, expanded=self._is_open((item.id,), False))
            block = [first]
            if text := self._items.headings.get(place):
                block.insert(0, self._heading(place, item, text))
            if self._groups.hides(place):
                return block[:1]
            found = self._matches.inside.get(place)
            rows: Iterable[Row] = ()
            if first.expanded or found:
                whole = self._load(place)
                if first.expanded:
                    rows = child_rows(whole, self._is_open) if whole is not None else ()
                elif found:
                    rows = match_rows(item, whole, found)
                unseen = self._items.unseen(place)
                block += (with_unread(row, unseen) for row in rows) if unseen else rows
            if highlights := self._matches.highlights:
                block = [
                    replace(row, highlights=highlights[row.key]) if row.key in highlights else row
                    for row in block
                ]
            self._blocks[place] = block
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return block

    def _heading(self, place: int, item: Item, text: str) -> Row:
        count = self._groups.end(place) - place
        is_open = not self._groups.hides(place)
        return group_row(
            item, text, count, expanded=is_open, expandable=not self._matches.highlights
        )

    def _count_rows(self) -> None:
        """Count the rows anew after folds or items have changed."""
        self._blocks.clear()
        self._groups = Groups(self._items.headings, len(self._items), self._is_group_open)
        self._more = dict.fromkeys(self._items.headings, 1)
        for place, found in self._matches.inside.items():
            self._more[place] = len(found) + self._more.get(place, 0)
        if self._all_open:
            for place in range(len(self._items)):
                if (whole := self._load(place)) is not None:
                    self._more[place] = child_count(whole) + (place in self._items.headings)
        for item_id in {key[0] for key in self._open if key[0]}:
            if (place_now := self._items.place(item_id)) is not None:
                self._more[place_now] = len(self._block(place_now)) - 1
        self._sum_up()

    def _sum_up(self) -> None:
        groups = self._groups
        places = sorted(p for p, more in self._more.items() if more and not groups.hides(p))
        self._at = list(map(groups.rank, places))
        self._sums = list(accumulate(map(self._more.__getitem__, places), initial=0))
        self._firsts = list(map(add, self._at, self._sums))

    # ------------------------------------------------------------- the items

    def replace(
        self,
        items: Items | Sequence[Whole],
        *,
        keep: bool,
        also: Key | None = None,
        matches: SearchMarks = _NOTHING_FOUND,
    ) -> Key | None:
        """Show `items` with the matches in them; with `keep`, folds stay.

        Returns where `also`, a key of the list before, is now: an item's id changes when an earlier version of
        it turns up.
        """
        moved: Mapping[str, str] = {}
        self._items = InMemoryItems(items) if isinstance(items, Sequence) else items
        self._matches = matches
        if keep:
            moved = self._items.renamed_ids(
                {key[0] for key in self._open if key[0]}
                | ({also[0]} if also and also[0] else set())
            )
            if moved:
                self._open = {_moved_key(key, moved): value for key, value in self._open.items()}
        else:
            self._open = {}
            self._all_open = False
        self._count_rows()
        return None if also is None else _moved_key(also, moved)

    @property
    def items(self) -> Items:
        """The series and threads that are listed."""
        return self._items

    def whole(self, index: int) -> Row:
        """Return a row with all its content, also where it is folded."""
        row = self[index]
        if isinstance(row.item, Whole):
            return row
        whole = self._load(self._place_of(index))
        if whole is None:
            return row
        if row.kind is Kind.HEADING:
            return replace(row, item=whole)
        mine = series_row(whole, expanded=row.expanded)
        return replace(mine, key=row.key, unread=row.unread, news=row.news)

    @property
    def all_in_memory(self) -> bool:
        """Whether everything may be looked at."""
        return isinstance(self._items, InMemoryItems)

    def unseen(self, index: int) -> Collection[MessageId]:
        """Return the mails that were not read of the series or thread that a row belongs to."""
        return self._items.unseen(self._place_of(index))

    def item_place(self, index: int) -> int:
        """Return the place of the series or thread that a row belongs to, from 0."""
        return self._place_of(index)

    def first_row(self, place: int) -> int:
        """Return the row of the series or thread at a place, or the heading that it is folded into."""
        is_below = place in self._items.headings and not self._groups.hides(place)
        return self._start(place) + is_below

    def position(self, index: int) -> tuple[int, int]:
        """Return which series or thread a row belongs to, counted from 1, and of how many."""
        return self._place_of(index) + 1 if len(self._items) else 0, len(self._items)

    def block(self, index: int) -> tuple[int, int]:
        """Return where the rows of one series or thread begin and end (exclusive), given one of them."""
        place = self._place_of(index)
        start = self._start(place)
        return start, start + len(self._block(place))

    def unfolded_rows(self, index: int) -> list[Row]:
        """Return all rows of the series or thread at `index`, as if unfolded, its own first."""
        item = self._load(self._place_of(index))
        if item is None:
            return [self[index]]
        return [series_row(item, expanded=True), *child_rows(item, _every)]

    def find(self, key: Key) -> int | None:
        """Return the row of `key`, or the row that it is folded into; None where that is gone."""
        if not key[0]:
            above = (p for p, text in self._items.headings.items() if key[1:] == (text,))
            return next(map(self._start, above), None)
        place = self._items.place(key[0])
        if place is None:
            return None
        start = self._start(place)
        if self._groups.hides(place):
            return start
        return next(
            (start + i for i, row in enumerate(self._block(place)) if row.key == key),
            self.first_row(place),
        )

    def show_mail(self, message_id: MessageId) -> int | None:
        """Return the row of the series or thread that holds a mail, out of a folded group; None where there is none."""
        place = self._items.place(message_id)
        if place is None and (item_id := self._items.renamed_ids({message_id}).get(message_id)):
            place = self._items.place(item_id)
        if place is None:
            return None
        self.show_group(place)
        return self.first_row(place)

    # ------------------------------------------------------------- folds

    @property
    def folds(self) -> Mapping[Key, bool]:
        """Explicit folds, by key."""
        return self._open

    @property
    def all_open(self) -> bool:
        """Whether everything was unfolded that was not folded since."""
        return self._all_open

    def set_folds(self, folds: Mapping[Key, bool], *, all_open: bool = False) -> None:
        """Unfold and fold as `folds` of another time had it."""
        self._open = dict(folds)
        self._all_open = all_open
        self._count_rows()

    def set_highlights(self, matches: SearchMarks) -> None:
        """Highlight the matches of a search."""
        self._matches = matches
        self._count_rows()

    def next_highlighted(self, index: int, direction: int) -> int | None:
        """Return the next highlighted row, wrapping round; None where there is none."""
        count = len(self)
        for step in range(1, count + 1):
            at = (index + step * direction) % count
            if self[at].highlights is not None:
                return at
        return None

    def fold(self, index: int, *, expanded: bool) -> None:
        """Fold or unfold one row."""
        row = self[index]
        if row.expandable and row.expanded != expanded:
            self._open[row.key] = expanded
            if row.kind is Kind.HEADING:
                self._count_rows()
            else:
                self._recount(self._place_of(index))

    def show_group(self, place: int) -> None:
        """Unfold the group that the series or thread at a place is folded into."""
        first = self._groups.first(place) if self._groups.hides(place) else None
        if first is not None:
            self._open["", self._items.headings[first]] = True
            self._count_rows()

    def heading_of(self, index: int) -> int:
        """Return the row of the heading above a row; where there is none, the row itself."""
        first = self._groups.first(self._place_of(index))
        return index if first is None else self._start(first)

    def fold_all(self, *, expanded: bool, around: int = 0) -> None:
        """Expand or collapse everything, groups too; of a list that is not in memory, expand the items near row `around`."""
        self._open = {} if expanded or not self._items.headings else {_GROUPS: False}
        if not self.all_in_memory and expanded:
            self._count_rows()
            near = range(max(0, around - 50), min(len(self._items), around + 50))
            for place in near:
                self._open[self._items.summary(place).id,] = True
            self._count_rows()
            return
        self._all_open = expanded
        self._count_rows()

    def unfold_to(self, index: int, key: Key) -> int:
        """Expand the rows above `key` in the series or thread at `index`, and return its row."""
        place = self._place_of(index)
        self.show_group(place)
        item = self._load(place)
        path: list[Row] = []
        for row in child_rows(item, _every) if item is not None else ():
            while path and path[-1].depth >= row.depth:
                path.pop()
            path.append(row)
            if row.key == key:
                self._open[row.item.id,] = True
                self._open |= {above.key: True for above in path[:-1]}
                self._recount(place)
                break
        return self.find(key) or 0

    def _recount(self, place: int) -> None:
        """Recount the rows of one item, and move those below."""
        self._blocks.pop(place, None)
        self._more[place] = len(self._block(place)) - 1
        self._sum_up()


def _moved_key(key: Key, moved: Mapping[str, str]) -> Key:
    return (moved.get(key[0], key[0]), *key[1:])
