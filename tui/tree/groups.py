"""Groups of a list that are folded into their headings, and the places of the rows left visible. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import accumulate


class Groups:
    """Items by place, and by rank: their place among the visible ones.

    `headings` stand above the first item of each group; `is_open` is asked by a heading's text. A folded group has one
    rank, its heading's, whose place is that of its first item.
    """

    def __init__(
        self, headings: Mapping[int, str], count: int, is_open: Callable[[str], bool]
    ) -> None:
        self._firsts = sorted(headings)
        self._count = count
        folded = [
            (first, self.end(first)) for first in self._firsts if not is_open(headings[first])
        ]
        self._folded = [first for first, _ in folded]
        self._ends = [end for _, end in folded]
        self._hidden = list(accumulate((end - first - 1 for first, end in folded), initial=0))
        """How many items are hidden before each folded group, and in all."""
        self._ranks = [
            first - before for first, before in zip(self._folded, self._hidden, strict=False)
        ]

    def __len__(self) -> int:
        """How many ranks there are."""
        return self._count - self._hidden[-1]

    def first(self, place: int) -> int | None:
        """Return the place of the first item of the group that an item is in; None where there are no groups."""
        at = bisect_right(self._firsts, place) - 1
        return self._firsts[at] if at >= 0 else None

    def end(self, first: int) -> int:
        """Return the place after the last item of the group that begins at `first`."""
        after = bisect_right(self._firsts, first)
        return self._firsts[after] if after < len(self._firsts) else self._count

    def hides(self, place: int) -> bool:
        """Whether an item is in a folded group."""
        at = bisect_right(self._folded, place) - 1
        return at >= 0 and place < self._ends[at]

    def rank(self, place: int) -> int:
        """Return the rank of an item, or of the heading that it is folded into."""
        at = bisect_right(self._folded, place) - 1
        if at >= 0 and place < self._ends[at]:
            return self._ranks[at]
        return place - self._hidden[at + 1]

    def place(self, rank: int) -> int:
        """Return the place of the item at a rank; for a folded group, the place of its first item."""
        at = bisect_right(self._ranks, rank) - 1
        if at >= 0 and rank == self._ranks[at]:
            return self._folded[at]
        return rank + self._hidden[at + 1]
