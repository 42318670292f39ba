"""How well each row answers one typed word: a column of weights, one byte a row.

A key pressed changes one word, so columns are kept: the others are there already.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.query.tokens import DOMAIN
from core.search.fuzzy.segment import Bytes, Segment, spread
from core.search.fuzzy.typed_query import TypedWord
from core.search.fuzzy.vocabulary import (
    ADDRESS,
    EXACT,
    PREFIX,
    PREFIX_MOST,
    SUBSTRING,
    containing,
    typo_candidates,
)

DOMAIN_WEIGHT: Final = {EXACT: 74, PREFIX_MOST: 73, PREFIX: 72, SUBSTRING: 57}
"""The weight of a match in the domain of an address: half a list writes from the same few."""

_COLUMNS: Final = 24 * 2**20
_BEGINNINGS: Final = 16 * 2**20
"""Cache budgets in bytes for byte and bit columns; and the fewest and most columns, whatever their size."""
_FEWEST_COLUMNS, _MOST_COLUMNS = 8, 64
_FEWEST_BEGINNINGS, _MOST_BEGINNINGS = 32, 256
_SLIPS: Final = 256

Value = TypeVar("Value")

PatchReading = list[tuple[NDArray[Any] | slice, int]]
"""Words of the vocabulary with their weights, in rising order."""


def weight_in_domain(weight: int) -> int:
    """Return the weight of a match in a domain."""
    return DOMAIN_WEIGHT.get(weight, weight - 8)


class _LruCache(Generic[Value]):
    """A cache of the values used last. Safe for several threads."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._values: OrderedDict[object, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object, make: Callable[[], Value]) -> Value:
        """Return the value kept for a key, or make it."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
                return value
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._room:
                self._values.popitem(last=False)
        return value


class ScoreColumns:
    """The columns of one segment. Safe for several threads."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        rows = max(len(segment), 1)
        columns = min(max(_FEWEST_COLUMNS, _COLUMNS // rows), _MOST_COLUMNS)
        beginnings = min(max(_FEWEST_BEGINNINGS, 8 * _BEGINNINGS // rows), _MOST_BEGINNINGS)
        self._columns: _LruCache[Bytes] = _LruCache(columns)
        self._beginnings: _LruCache[Bytes] = _LruCache(beginnings)
        self._slips: _LruCache[list[tuple[int, int]]] = _LruCache(_SLIPS)

    def exact(self, word: TypedWord) -> Bytes:
        """Return a column of rows with the word, or with words that begin with or contain it."""
        return self._columns.get(("strong", word), lambda: self._strong(word))

    def with_typos(self, word: TypedWord) -> Bytes:
        """Return the same column, with words that it may be a slip of."""
        return self._columns.get(("fuzzy", word), lambda: self._fuzzy(word))

    def typos(self, word: TypedWord) -> list[tuple[int, int]]:
        """Return the words of the vocabulary that may be misspelt so, with their weights."""
        return self._slips.get(word.text, lambda: typo_candidates(self._segment, word.text))

    def prefix_bits(self, letters: str) -> Bytes:
        """Return the rows with a subject word that begins so, as packed bits."""
        return self._beginnings.get(letters, lambda: self._beginning(letters))

    def _strong(self, word: TypedWord) -> Bytes:
        segment = self._segment
        first, last = segment.words_from(word.text)
        lengths = segment.word_lengths[first:last]
        size = len(word.text)
        most = np.flatnonzero(5 * size >= 3 * lengths) + first
        whole = np.arange(first, min(first + 1, last))
        if len(whole) and lengths[0] != size:
            whole = whole[:0]
        column = self._column(
            [
                (containing(segment, word.text), SUBSTRING),
                (slice(first, last), PREFIX),
                (most, PREFIX_MOST),
                (whole, EXACT),
            ]
        )
        if word.address:
            people = np.zeros(len(segment.person_rows_at) - 1, np.uint8)
            people[segment.with_address(word.address)] = ADDRESS
            self._to_rows(people, column)
        if word.version is not None:
            column[segment.versions == word.version] = EXACT
        return column

    def _fuzzy(self, word: TypedWord) -> Bytes:
        strong = self.exact(word)
        if word.version is not None:
            return strong
        by_weight: dict[int, list[int]] = {}
        for number, weight in self.typos(word):
            by_weight.setdefault(weight, []).append(number)
        if not by_weight:
            return strong
        return np.maximum(
            strong,
            self._column([(np.array(by_weight[weight]), weight) for weight in sorted(by_weight)]),
        )

    def _column(self, weighed: PatchReading) -> Bytes:
        """Return the best weight of each row; larger weights overwrite smaller ones."""
        segment = self._segment
        column = np.zeros(len(segment), np.uint8)
        people = np.zeros(len(segment.person_rows_at) - 1, np.uint8)
        somebody = False
        for numbers, weight in weighed:
            rows = _entries(segment.subject_rows_at, segment.subject_rows, numbers)
            column[rows] = weight
            persons = _entries(segment.word_persons_at, segment.word_persons, numbers)
            if len(persons):
                somebody = True
                fields = _entries(segment.word_persons_at, segment.word_fields, numbers)
                worth = np.where(fields == DOMAIN, weight_in_domain(weight), weight).astype(
                    np.uint8
                )
                self._raise(people, persons, worth)
        if somebody:
            self._to_rows(people, column)
        return column

    @staticmethod
    def _raise(people: Bytes, persons: NDArray[np.uint32], worth: Bytes) -> None:
        order = np.argsort(worth, kind="stable")  # of one index's several values the last one stays
        best = np.zeros_like(people)
        best[persons[order]] = worth[order]
        np.maximum(people, best, out=people)

    def _to_rows(self, people: Bytes, column: Bytes) -> None:
        """Raise the rows of people to these people's weights."""
        segment = self._segment
        some = np.flatnonzero(people != 0)
        places, counts = spread(segment.person_rows_at, some)
        if 4 * len(places) < len(column):
            rows = segment.person_rows[places]
            column[rows] = np.maximum(column[rows], np.repeat(people[some], counts))
        else:
            np.maximum(column, people.take(segment.people, mode="clip"), out=column)

    def _beginning(self, letters: str) -> Bytes:
        segment = self._segment
        first, last = segment.words_from(letters)
        marks = np.zeros(len(segment), np.bool_)
        marks[_entries(segment.subject_rows_at, segment.subject_rows, slice(first, last))] = True
        return np.packbits(marks)


def _entries(
    places: NDArray[Any], data: NDArray[Any], numbers: NDArray[Any] | slice
) -> NDArray[Any]:
    """Return the entries of a table for some words; for a slice of words they are contiguous."""
    if isinstance(numbers, slice):
        return data[places[numbers.start] : places[numbers.stop]]
    if len(numbers) == 0:
        return data[:0]
    return data[spread(places, numbers)[0]]
