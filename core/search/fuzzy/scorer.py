"""Scores the best rows as a whole: the word that each typed word matches, and the quality of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import mul
from typing import Final, NamedTuple

from rapidfuzz.fuzz import partial_ratio

from core.query.tokens import DOMAIN, MAX_SUBJECT_WORDS, tokenize
from core.search.fuzzy.abbreviations import (
    Piece,
    abbreviation_weight,
    can_be_abbreviation,
    split_abbreviation,
)
from core.search.fuzzy.columns import weight_in_domain
from core.search.fuzzy.segment import Segment
from core.search.fuzzy.typed_query import TypedQuery
from core.search.fuzzy.vocabulary import (
    ADDRESS,
    EXACT,
    MIN_PART,
    PREFIX,
    PREFIX_MOST,
    STRONG,
    SUBSTRING,
    TYPO,
    WEAK,
    covers_most_of,
)

_ADDRESS_ALIKE: Final = 80
"""Per cent of the typed text before the @ of an address, and after it, that must match."""

_QUALITY: Final = 0.75
_NEIGHBOURS: Final = 0.1
_COVERED: Final = 0.15
"""The parts of a score: quality of the matches, their adjacency, their share of the subject."""

_WISHED_VERSION: Final = 0.1

_BANDS: Final = ((25, 35), (35, 55), (55, 70), (70, 100))
"""The scores of answers with a word missing, with a guessed one, with one that is a part, and with none of these."""


class WordMatch(NamedTuple):
    """The match of a typed word in one row: `place` counts the subject's words, then the person's.

    A place of -1 is the version, or a part of the address that `Terms.addresses` has.
    """

    weight: int
    place: int
    pieces: tuple[Piece, ...] = ()
    """The words of the subject in a run, and the number of letters of each."""


NO_MATCH: Final = WordMatch(0, -1)


class ScoredRow(NamedTuple):
    """A row with its score, 0 to 100, and the match of each typed word."""

    segment: Segment
    row: int
    score: float
    meant: tuple[WordMatch, ...]
    words: int = 0
    """Number of words of the subject: places from here on are in the name and address."""

    @property
    def order(self) -> tuple[float, int, int, int]:
        """The larger the better: the score, then the newer, then the series before its patch."""
        segment = self.segment
        return (
            self.score,
            int(segment.dates[self.row]),
            int(segment.kinds[self.row]),
            int(segment.ids[self.row]),
        )


class RowScorer:
    """Scores rows of one segment for one query."""

    def __init__(
        self,
        segment: Segment,
        terms: TypedQuery,
        slips: Sequence[Mapping[str, int]],
        *,
        runs: bool = False,
        may_miss: int = 0,
    ) -> None:
        self._segment = segment
        self._terms = terms
        self._runs = runs
        self._may_miss = may_miss
        self._slips = slips
        self._sizes = [len(word.text) for word in terms.words]
        self._worth = EXACT * sum(self._sizes)
        self._in_people: dict[int, list[WordMatch]] = {}

    def answer(self, row: int) -> ScoredRow | None:
        """Return how well a row answers, or None where it does not."""
        segment = self._segment
        subject = tokenize(segment.subject(row), MAX_SUBJECT_WORDS)
        line = f" {' '.join(subject)} "
        person = segment.people.item(row)
        in_person = self._in_people.get(person)
        if in_person is None:
            in_person = self._in_people[person] = self._in_person(person)
        meant: list[WordMatch] = []
        place = -2
        missed = 0
        for number, found in enumerate(in_person):
            if found.weight and found.place >= 0:
                found = WordMatch(found.weight, found.place + len(subject))
            if found.weight < EXACT:
                found = max(found, self._in_subject(number, line, subject, place))
            if found.weight < STRONG or self._terms.words[number].version is not None:
                found = max(found, self._otherwise(number, row, subject))
            place = found.place
            if not found.weight:
                missed += 1
                if missed > self._may_miss:
                    return None
            meant.append(found)
        cap = self._address_cap(row, person)
        if cap == 0:
            return None
        score = self._score(row, line, len(subject), meant, cap)
        return ScoredRow(segment, row, score, tuple(meant), len(subject))

    def _in_subject(self, number: int, line: str, subject: list[str], before: int) -> WordMatch:
        """Return the match of a word in a subject, whose words `line` has between blanks.

        Of two equally good places it is the one next to `before`, the place of the word before.
        """
        typed = self._terms.words[number].text
        at = line.find(f" {typed} ")
        if at >= 0:
            following = before + 1
            if 0 < following < len(subject) and subject[following] == typed:
                return WordMatch(EXACT, following)
            return WordMatch(EXACT, line.count(" ", 0, at))
        at = line.find(f" {typed}")
        if at >= 0:
            whole = line.find(" ", at + 1) - at - 1
            most = covers_most_of(len(typed), whole)
            return WordMatch(PREFIX_MOST if most else PREFIX, line.count(" ", 0, at))
        if len(typed) >= MIN_PART:
            at = line.find(typed)
            if at >= 0:
                return WordMatch(SUBSTRING, line.count(" ", 0, at) - 1)
        slips = self._slips[number]
        if slips:
            weights = [slips.get(word, 0) for word in subject]
            best = max(weights, default=0)
            if best:
                return WordMatch(best, weights.index(best))
        return NO_MATCH

    def _in_person(self, person: int) -> list[WordMatch]:
        """Return the match of each typed word in a person's name and address; places count their words."""
        segment = self._segment
        known = segment.person_words(person)
        address = segment.address(person) if self._terms.addresses else ""
        found: list[WordMatch] = []
        for word, slips in zip(self._terms.words, self._slips, strict=True):
            best = NO_MATCH
            for at, (field, text) in enumerate(known):
                weight = _weigh(word.text, text) or slips.get(text, 0)
                if field == DOMAIN and weight:
                    weight = weight_in_domain(weight)
                if weight > best.weight:
                    best = WordMatch(weight, at)
            if best.weight < ADDRESS and word.address and word.address in address:
                best = WordMatch(ADDRESS, -1)
            found.append(best)
        return found

    def _otherwise(self, number: int, row: int, subject: list[str]) -> WordMatch:
        """Return the match of a word outside of the row's words: its version, or a run of initials."""
        word = self._terms.words[number]
        if word.version is not None and self._segment.versions.item(row) == word.version:
            return WordMatch(EXACT, -1)
        if self._runs and can_be_abbreviation(word.text):
            pieces = split_abbreviation(word.text, subject)
            if pieces:
                return WordMatch(abbreviation_weight(pieces), pieces[0][0], tuple(pieces))
        return NO_MATCH

    def _address_cap(self, row: int, person: int) -> int:
        """Return the highest weight of a word, since text typed with an @ must match literally."""
        cap = EXACT
        for typed in self._terms.addresses:
            if "@" not in typed:
                continue
            address = self._segment.address(person)
            if typed in address or typed in self._segment.message_id(row):
                continue
            if not _addresses_alike(typed, address):
                return 0
            cap = TYPO
        return cap

    def _score(self, row: int, line: str, count: int, meant: list[WordMatch], cap: int) -> float:
        weights = [min(found[0], cap) for found in meant]
        least = min(weights)
        worth: int = sum(map(mul, weights, self._sizes))
        covered = 0
        for size, found in zip(self._sizes, meant, strict=True):
            if 0 <= found[1] < count:
                covered += size
        band = 3 if least >= STRONG else 2 if least >= WEAK else 1 if least else 0
        # All letters of the subject; it is in `line` with a blank before each word, and one at the end.
        share = min(covered / (len(line) - count - 1), 1.0) if covered else 1.0
        part = (
            _QUALITY * worth / self._worth
            + _NEIGHBOURS * _neighbours(meant)
            # Small shares are alike: then the newer comes first.
            + _COVERED * round(share * share, 1)
        )
        wished = self._terms.version
        if wished is not None and self._segment.versions.item(row) == wished:
            part += _WISHED_VERSION
        low, high = _BANDS[band]
        return round(low + (high - low) * min(part, 1.0), 1)


def _addresses_alike(typed: str, address: str) -> bool:
    sides = zip(typed.split("@", 1), address.split("@", 1), strict=False)
    return all(not side or partial_ratio(side, its) >= _ADDRESS_ALIKE for side, its in sides)


def _weigh(typed: str, word: str) -> int:
    """Return the weight of a typed word against a word that it equals, begins, or is part of."""
    if word.startswith(typed):
        if word == typed:
            return EXACT
        return PREFIX_MOST if covers_most_of(len(typed), len(word)) else PREFIX
    return SUBSTRING if len(typed) >= MIN_PART and typed in word else 0


def _neighbours(meant: Sequence[WordMatch]) -> float:
    """Return how many of the words stand as typed: 1 for each next to the one before, half for one further on."""
    if len(meant) < 2:
        return 1.0
    places = [found.place for found in meant if found.place >= 0]
    if len(places) < 2:
        return 1.0
    points = 0.0
    for before, after in pairwise(places):
        if after == before + 1:
            points += 1
        elif after > before:
            points += 0.5
    return points / (len(places) - 1)
