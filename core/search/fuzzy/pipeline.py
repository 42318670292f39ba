"""One search in stages, from exact to approximate matches; each stage runs only where those before found little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled
from core.search.fuzzy.abbreviations import can_be_abbreviation, rows_with_run
from core.search.fuzzy.builder import FuzzyEntry
from core.search.fuzzy.columns import ScoreColumns
from core.search.fuzzy.scorer import NO_MATCH, RowScorer, ScoredRow
from core.search.fuzzy.segment import Bytes, Segment, encoded
from core.search.fuzzy.typed_query import TypedQuery
from core.search.fuzzy.vocabulary import EXACT, PREFIX, PREFIX_MOST, STRONG, WEAK

ENOUGH: Final = 10
"""Answers that need no guesses beside them."""

LOOKED_AT: Final = 160
"""Rows that are looked at whole, or as many as are wanted."""

_FEW_WORDS: Final = 2
"""A query of more words that finds something is not read as runs."""
_MANY_WORDS: Final = 5
"""From so many words on typos are tried only where nothing matches exactly; if they find nothing either, one word may miss."""

_BY_MESSAGE_ID: Final = 100
_PART_OF_ID: Final = 10
_CHUNK: Final = 2**22
"""Bytes of Message-IDs between two looks at `stop`."""

Columned = Sequence[Bytes]
"""A column for each word of the query."""


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """A segment, its deleted rows, and its columns."""

    segment: Segment
    columns: ScoreColumns
    deleted: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.segment) - (int(self.deleted.sum()) if self.deleted is not None else 0)

    def has(self, row: int) -> bool:
        """Whether a row is still there."""
        return self.deleted is None or not self.deleted[row]

    def excluding(self, numbers: Iterable[int]) -> LiveSegment:
        """Return this part without the rows of those numbers of the caller's."""
        wanted = np.unique(np.array(list(numbers), np.int64))
        if not len(wanted):
            return self
        ids = self.segment.ids
        deleted = wanted[np.searchsorted(wanted, ids).clip(max=len(wanted) - 1)] == ids
        if self.deleted is not None:
            deleted |= self.deleted
        return replace(self, deleted=deleted if deleted.any() else None)

    def within(self, allowed: Callable[[NDArray[np.int64]], NDArray[np.bool_]]) -> LiveSegment:
        """Return this segment without the rows outside of the allowed numbers."""
        deleted = ~allowed(self.segment.ids)
        if self.deleted is not None:
            deleted |= self.deleted
        return replace(self, deleted=deleted)

    def alive(self) -> NDArray[np.bool_]:
        """Return which rows are still there."""
        if self.deleted is None:
            return np.ones(len(self.segment), np.bool_)
        return ~self.deleted

    def entries(self) -> Iterator[FuzzyEntry]:
        """Yield the entries of this segment; Message-IDs come in lower case."""
        segment = self.segment
        for row in range(len(segment)):
            if self.has(row):
                name, address = segment.person(int(segment.people[row]))
                yield FuzzyEntry(
                    row=segment.ids[row].item(),
                    subject=segment.subject(row),
                    name=name,
                    address=address,
                    message_id=segment.message_id(row),
                    date=segment.dates[row].item(),
                    version=segment.versions[row].item(),
                    is_series=bool(segment.kinds[row]),
                )


class SearchPipeline:
    """One query over all parts."""

    def __init__(
        self, parts: Sequence[LiveSegment], terms: TypedQuery, most: int, stop: Event | None
    ) -> None:
        self._parts = parts
        self._terms = terms
        self._most = max(LOOKED_AT, most)
        self._stop = stop

    def answers(self) -> list[ScoredRow]:
        """Return the best answers, best first. Raises Cancelled."""
        found = self._by_message_id()
        if not any(answer.score == 100 for answer in found):
            have = {(id(answer.segment), answer.row) for answer in found}
            found += [
                answer
                for answer in self._by_words()
                if (id(answer.segment), answer.row) not in have
            ]
        if not found:
            found = self._by_part_of_message_id()
        return sorted(found, key=lambda answer: answer.order, reverse=True)

    def _go_on(self) -> None:
        if self._stop is not None and self._stop.is_set():
            raise Cancelled

    def _by_words(self) -> list[ScoredRow]:
        if not self._terms.words:
            return []
        none: list[dict[str, int]] = [{} for _ in self._terms.words]
        found: list[ScoredRow] = []
        for part in self._parts:
            columns = self._columns(part, fuzzy=False)
            found += self._ranked(
                RowScorer(part.segment, self._terms, none), _best(part, columns, self._most)
            )
        if len(found) >= ENOUGH or (found and len(self._terms.words) >= _MANY_WORDS):
            return found
        guesses = [
            (part, self._columns(part, fuzzy=True), self._slips(part)) for part in self._parts
        ]
        found = []
        for part, columns, slips in guesses:
            found += self._ranked(
                RowScorer(part.segment, self._terms, slips), _best(part, columns, self._most)
            )
        if len(found) >= ENOUGH or (found and len(self._terms.words) > _FEW_WORDS):
            return found
        with_runs = []
        for part, columns, slips in guesses:
            ranking = RowScorer(part.segment, self._terms, slips, runs=True)
            with_runs += self._ranked(
                ranking, _best(part, self._with_runs(part, columns), self._most)
            )
        found = with_runs or found
        if not found and len(self._terms.words) >= _MANY_WORDS:
            for part, columns, slips in guesses:
                ranking = RowScorer(part.segment, self._terms, slips, may_miss=1)
                found += self._ranked(ranking, _best(part, columns, self._most, may_miss=1))
        return found

    def _slips(self, part: LiveSegment) -> list[dict[str, int]]:
        """Return for each word the words of the vocabulary that it may be a slip of, with their weights."""
        return [
            {part.segment.word(number): weight for number, weight in part.columns.typos(word)}
            for word in self._terms.words
        ]

    def _columns(self, part: LiveSegment, *, fuzzy: bool) -> list[Bytes]:
        columns = []
        for word in self._terms.words:
            self._go_on()
            columns.append(part.columns.with_typos(word) if fuzzy else part.columns.exact(word))
        return columns

    def _with_runs(self, part: LiveSegment, columns: Columned) -> Columned:
        """Return the columns with those rows raised that may hold a word as a run."""
        raised = list(columns)
        # What nothing was found for comes first: where it is no run either, the rest need not be looked at.
        for number in sorted(range(len(columns)), key=lambda number: bool(columns[number].any())):
            self._go_on()
            word = self._terms.words[number]
            if can_be_abbreviation(word.text) and word.version is None:
                raised[number] = columns[number].copy()
                for rows, weight in rows_with_run(
                    part.segment, word.text, part.columns.prefix_bits
                ):
                    raised[number][rows] = np.maximum(raised[number][rows], weight)
            if not raised[number].any():
                break
        return raised

    def _ranked(self, ranking: RowScorer, rows: NDArray[np.intp]) -> list[ScoredRow]:
        found = []
        for number, row in enumerate(rows.tolist()):
            if not number % 32:
                self._go_on()
            if (answer := ranking.answer(row)) is not None:
                found.append(answer)
        return found

    def _by_message_id(self) -> list[ScoredRow]:
        typed = self._terms.message_id
        found: list[ScoredRow] = []
        if not typed:
            return found
        meant = (NO_MATCH,) * len(self._terms.words)
        for part in self._parts:
            for row in part.segment.rows_from_message_id(typed)[:_BY_MESSAGE_ID].tolist():
                if part.has(row):
                    score = 100.0 if part.segment.message_id(row) == typed else 95.0
                    found.append(ScoredRow(part.segment, row, score, meant))
        return found

    def _by_part_of_message_id(self) -> list[ScoredRow]:
        typed = self._terms.message_id
        found: list[ScoredRow] = []
        if len(typed) < _PART_OF_ID:
            return found
        needle = encoded(typed)
        meant = (NO_MATCH,) * len(self._terms.words)
        for part in self._parts:
            segment = part.segment
            rows: set[int] = set()
            for begin in range(0, len(segment.message_ids), _CHUNK):
                self._go_on()
                text = segment.message_ids[begin : begin + _CHUNK + len(needle) - 1].tobytes()
                at = text.find(needle)
                while at >= 0 and len(rows) < _BY_MESSAGE_ID:
                    row = int(np.searchsorted(segment.message_ids_at, begin + at, side="right")) - 1
                    # The ids lie one after the other: what was typed must not reach into the next.
                    if begin + at + len(needle) <= segment.message_ids_at[row + 1]:
                        rows.add(row)
                    at = text.find(needle, at + 1)
            found += [ScoredRow(segment, row, 90.0, meant) for row in rows if part.has(row)]
        return found


def _best(
    part: LiveSegment, columns: Columned, most: int, *, may_miss: int = 0
) -> NDArray[np.intp]:
    """Return the `most` promising rows: those with a strong weakest word first."""
    if may_miss:
        matched = np.zeros(len(part.segment), np.uint8)
        for column in columns:
            matched += column != 0
        least = (matched >= len(columns) - may_miss).view(np.uint8)
    else:
        least = columns[0]
        for column in columns[1:]:
            least = np.minimum(least, column)
    if part.deleted is not None:
        least = np.where(part.deleted, 0, least)
    rows = np.flatnonzero(least >= EXACT)
    # The worst word decides: of one word alone, its steps are the order of the answers.
    for floor in (PREFIX_MOST, PREFIX, STRONG, WEAK, 1) if len(columns) == 1 else (STRONG, WEAK, 1):
        if len(rows) >= most:
            break
        rows = np.flatnonzero(least >= floor)
    return rows if len(rows) <= most else _chosen(part.segment, columns, least, rows, most)


def _chosen(
    segment: Segment, columns: Columned, least: Bytes, rows: NDArray[np.intp], most: int
) -> NDArray[np.intp]:
    """Return `most` rows, those with the best words; of equal ones half the shortest subjects, half the newest."""
    tiers = (least[rows] >= WEAK).astype(np.uint16) + (least[rows] >= STRONG)
    worth = tiers * np.uint16(EXACT * len(columns))
    for column in columns:
        worth += column[rows]
    sure, equal = _highest(rows, worth, most)
    room = most - len(sure)
    shorter, alike = _highest(equal, ~segment.lengths[equal], room // 2)
    shortest = np.concatenate([shorter, _newest(segment, alike, room // 2 - len(shorter))])
    rest = np.setdiff1d(equal, shortest, assume_unique=True)
    return np.concatenate([sure, shortest, _newest(segment, rest, room - len(shortest))])


def _newest(segment: Segment, rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    newer, alike = _highest(rows, segment.dates[rows], most)
    return np.concatenate([newer, alike[: most - len(newer)]])


def _highest(
    rows: NDArray[np.intp], values: NDArray[Any], room: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows that find room for sure, by their values, and those with the last value that still finds some."""
    if len(rows) <= room:
        return rows, rows[:0]
    if room <= 0:
        return rows[:0], rows
    last = np.partition(values, len(values) - room)[len(values) - room]
    return rows[values > last], rows[values == last]
