"""The marked series, by handles that stay valid while rows arrive and move. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

SeriesHandle = int | str
"""The stable handle of a series or thread: its row's number in the index, or its id in memory."""


class Marks:
    """A set of handles, and at most one range of places that still grows with the cursor."""

    def __init__(self) -> None:
        self._set: set[SeriesHandle] = set()
        self._anchor: SeriesHandle | None = None
        self._range: range = range(0)
        self._order: Callable[[int, int], Sequence[SeriesHandle]] = lambda *_: ()

    def show(self, order: Callable[[int, int], Sequence[SeriesHandle]]) -> None:
        """Set the handles of the shown rows, by place: `order(first, end)`."""
        self._order = order

    # ------------------------------------------------------------- asking

    def __bool__(self) -> bool:
        return bool(self._set or self._range)

    @property
    def selecting(self) -> bool:
        """Whether a range grows with the cursor."""
        return self._anchor is not None

    @property
    def anchor(self) -> SeriesHandle | None:
        """The start of that range."""
        return self._anchor

    def is_marked(self, place: int, handle: SeriesHandle) -> bool:
        """Whether the row at a place is marked."""
        return place in self._range or handle in self._set

    def count(self, rows_shown: int) -> int:
        """Return how many of the `rows_shown` are marked, without checking each where nothing is marked."""
        if not self._set:
            return len(self._range)
        return len(self.visible(rows_shown)) if self._range or self._set else 0

    def visible(self, rows_shown: int) -> set[SeriesHandle]:
        """Return the handles of marked rows that are shown."""
        found = self._set.intersection(self._order(0, rows_shown)) if self._set else set()
        return found.union(self._order(self._range.start, self._range.stop))

    # ------------------------------------------------------------- marking

    def toggle(self, handles: Iterable[SeriesHandle]) -> bool:
        """Mark these, or unmark them where all are marked; say which."""
        wanted = set(handles)
        marked = not wanted <= self._set
        if marked:
            self._set |= wanted
        else:
            self._set -= wanted
        return marked

    def add(self, handles: Iterable[SeriesHandle]) -> None:
        """Mark these."""
        self._set.update(handles)

    def clear(self) -> None:
        """Unmark all."""
        self._set.clear()
        self.end_range(keep=False)

    # ------------------------------------------------------------- a range

    def begin_range(self, place: int, handle: SeriesHandle) -> None:
        """Begin a range at a place."""
        self._anchor = handle
        self._range = range(place, place + 1)

    def stretch(self, anchor: int, cursor: int) -> None:
        """Let the range go from its anchor's place to the cursor's."""
        self._range = range(min(anchor, cursor), max(anchor, cursor) + 1)

    def end_range(self, *, keep: bool) -> None:
        """End the range, and keep its rows marked, or not."""
        if keep:
            self._set.update(self._order(self._range.start, self._range.stop))
        self._anchor = None
        self._range = range(0)

    def rename(self, names: Mapping[str, str]) -> None:
        """Replace handles by their new ids."""
        for before, now in names.items():
            if before in self._set:
                self._set.remove(before)
                self._set.add(now)

    @property
    def ids(self) -> set[str]:
        """The handles that are ids."""
        return {handle for handle in self._set if isinstance(handle, str)}
