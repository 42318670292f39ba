"""Fuzzy search over authors and subjects, fast enough for every key.

A query's words are matched against the vocabulary, each distinct word once: exactly, by their beginning, by a part, and
only where that finds too little with slips (rapidfuzz) and as runs of several words. Which rows hold those words is read
from tables into columns of weights (numpy), kept from key to key; the few rows that come out best are then looked at
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Event, RLock
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from core.search.fuzzy.builder import FuzzyEntry, build
from core.search.fuzzy.columns import ScoreColumns
from core.search.fuzzy.match_spans import FuzzyHit, with_match_spans
from core.search.fuzzy.pipeline import LiveSegment, SearchPipeline
from core.search.fuzzy.segment import Segment, load_segment, save_segment
from core.search.fuzzy.typed_query import parse_typed_query

__all__ = ["FuzzyEntry", "FuzzyHit", "FuzzyIndex"]

_TAIL: Final = 5000
"""Rows added before a merge is due, or a fiftieth of all where that is more."""


class FuzzyIndex:
    """The searchable entries: one large segment, and a small one with the newest.

    Searching and changing may happen in different threads: each search works on the parts as they were when it began,
    and changes wait for each other.
    """

    def __init__(self, main: Segment, stamp: str = "") -> None:
        self.stamp = stamp
        """The caller's mark of the data the index was made from."""
        self._parts: tuple[LiveSegment, ...] = (LiveSegment(main, ScoreColumns(main)),)
        self._changing = RLock()

    @classmethod
    def build(
        cls, entries: Iterable[FuzzyEntry], stamp: str = "", stop: Event | None = None
    ) -> Self:
        """Return an index of the entries, about 10 us for each. Raises Cancelled."""
        return cls(build(entries, stop), stamp)

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Return the saved index, mapped into memory; None where there is none, or of another format."""
        saved = load_segment(folder)
        return None if saved is None else cls(*saved)

    def save(self, folder: Path, stamp: str | None = None) -> None:
        """Merge, and write the index beside the one saved before, which it then replaces. Raises OSError."""
        with self._changing:
            self.merge()
            if stamp is not None:
                self.stamp = stamp
            save_segment(self._parts[0].segment, folder, self.stamp)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def needs_merge(self) -> bool:
        """Whether so much was added that each `add` and `search` gets slower by it."""
        main, *tail = self._parts
        return any(len(part.segment) > max(_TAIL, len(main.segment) // 50) for part in tail)

    def add(self, entries: Sequence[FuzzyEntry]) -> None:
        """Add entries; those with a known row number take its place."""
        latest = {entry.row: entry for entry in entries}
        with self._changing:
            main, *tail = self._parts
            kept = [entry for part in tail for entry in part.excluding(latest).entries()]
            added = build([*kept, *latest.values()])
            self._parts = main.excluding(latest), LiveSegment(added, ScoreColumns(added))

    def remove(self, rows: Iterable[int]) -> None:
        """Remove entries by their row numbers; unknown numbers are ignored."""
        numbers = list(rows)
        with self._changing:
            self._parts = tuple(part.excluding(numbers) for part in self._parts)

    def merge(self, stop: Event | None = None) -> None:
        """Make one part of all, about 10 us for each row. Raises Cancelled."""
        with self._changing:
            if len(self._parts) > 1 or self._parts[0].deleted is not None:
                merged = build((entry for part in self._parts for entry in part.entries()), stop)
                self._parts = (LiveSegment(merged, ScoreColumns(merged)),)

    def numbers(self) -> NDArray[np.int64]:
        """Return the row numbers of all entries, in no order."""
        return np.concatenate([part.segment.ids[part.alive()] for part in self._parts])

    def search(
        self,
        query: str,
        limit: int = 100,
        stop: Event | None = None,
        within: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
    ) -> list[FuzzyHit]:
        """Return the best hits, best first, of two equal ones the newer; nothing where nothing comes near.

        `within` filters the row numbers that may be found (default: all). Bounded for any query. Raises
        Cancelled soon after `stop` is set.
        """
        terms = parse_typed_query(query)
        parts = self._parts
        if within is not None:
            parts = tuple(part.within(within) for part in parts)
        answers = SearchPipeline(parts, terms, limit, stop).answers()
        return [with_match_spans(answer, terms) for answer in answers[:limit]]
