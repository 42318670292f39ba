"""Several words written as one: `kvmpmupart` for "KVM: PMU partitioning", `kpbh` for "KVM: PPC: Book3S HV".

A run is cut into pieces that are beginnings of words, in the order of the subject. Pieces of three letters may stand
apart; shorter ones say so little that their words have to be neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.search.fuzzy.segment import Bytes, Segment, encoded
from core.search.fuzzy.vocabulary import ABBREVIATION, TYPO

MIN_RUN: Final = 4
MAX_RUN: Final = 24
_WITH_LONE_LETTERS: Final = 5
"""Letters of a run from which on pieces of one letter stand among longer ones."""
_MAX_PIECES: Final = 6
_LONE: Final = 3
"""Letters of a piece that may stand apart from its neighbours."""
_SAYS_ENOUGH: Final = 7
"""Letters of a run that may be of two pieces, one of them of one or two letters."""
_MOST_SKIPPED: Final = 4
_LONE_RUN: Final = 5
"""A run of up to so many letters may skip no word of the subject, a longer one a word more for each letter."""
_MAX_INITIALS: Final = 2000
_ONE_BY_ONE: Final = 5000
"""Rows that are looked through sooner than all text."""
_MAX_STEPS: Final = 300

Piece = tuple[int, int]
"""Which word, and how many of its letters."""


def can_be_abbreviation(letters: str) -> bool:
    """Whether a typed word may be several."""
    return MIN_RUN <= len(letters) <= MAX_RUN


def weight_of(pieces: int, skipped: int = 0) -> int:
    """Return the weight of a run of initials: always more than a word with a typo."""
    return max(ABBREVIATION - pieces - skipped, TYPO + 2)


def abbreviation_weight(pieces: Sequence[Piece]) -> int:
    """Return the weight of such a run in a subject."""
    words = pieces[-1][0] - pieces[0][0] + 1
    return weight_of(len(pieces), words - len(pieces))


def rows_with_run(
    segment: Segment, letters: str, beginning: Callable[[str], Bytes]
) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Yield the rows that may hold a run, with its weight.

    `beginning` gives the rows with a word that begins so, as packed bits. The order of the words is not looked at:
    `split_abbreviation` does that for one row.
    """
    for pieces, bits in _rows_with_pieces(letters, beginning):
        yield _rows(bits), weight_of(pieces)
    yield _rows_with_initials(segment, letters, beginning), weight_of(len(letters))


def _rows_with_pieces(
    letters: str, beginning: Callable[[str], Bytes]
) -> Iterator[tuple[int, Bytes]]:
    """Yield the rows with all pieces of a cut, for the cuts into two, into three..."""
    size = len(letters)
    least = 1 if size >= _WITH_LONE_LETTERS else 2
    holds: dict[tuple[int, int], Bytes] = {}
    for start in range(size):
        for end in range(start + least, size + 1):
            bits = beginning(letters[start:end])
            if not bits.any():
                break  # nor does a word begin with more
            holds[start, end] = bits
    reached = {end: bits for (start, end), bits in holds.items() if start == 0}
    for pieces in range(2, _MAX_PIECES + 1):
        further: dict[int, Bytes] = {}
        for (start, end), bits in holds.items():
            if start not in reached:
                continue
            both = reached[start] & bits
            if end in further:
                further[end] |= both
            elif both.any():
                further[end] = both
        if size in further:
            yield pieces, further.pop(size)
        reached = further


def _rows_with_initials(
    segment: Segment, letters: str, beginning: Callable[[str], Bytes]
) -> NDArray[np.intp]:
    """Return rows in whose subject neighbouring words begin with these letters."""
    bits = beginning(letters[0])
    for letter in letters[1:]:
        bits = bits & beginning(letter)
    needle = encoded(letters)
    rows = _rows(bits)
    if len(rows) <= _ONE_BY_ONE:
        return rows[[needle in segment.initials_of(row) for row in rows.tolist()]]
    places: list[int] = []
    text = segment.initials_text
    place = text.find(needle)
    while place >= 0 and len(places) < _MAX_INITIALS:
        places.append(place)
        place = text.find(needle, place + 1)
    return np.unique(np.searchsorted(segment.initials_at, places, side="right") - 1)


def _rows(bits: Bytes) -> NDArray[np.intp]:
    """Return the numbers of the set bits."""
    some = np.flatnonzero(bits)
    which, offset = np.nonzero(np.unpackbits(bits[some, np.newaxis], axis=1))
    return some[which] * 8 + offset


def split_abbreviation(letters: str, words: Sequence[str]) -> list[Piece]:
    """Return the cut of a run over the words of one subject with the fewest pieces, or nothing.

    Of two the one that skips fewer words. Its steps are bounded; a subject of one letter over and over ends them.
    """
    steps = 0
    most = min(_MOST_SKIPPED, max(0, len(letters) - _LONE_RUN))
    # From (letters used, next word, whether words may be skipped) to the words skipped and the pieces so far.
    reached: dict[tuple[int, int, bool], tuple[int, list[Piece]]] = {}
    for word in range(len(words)):
        for size in range(1, _common(letters, 0, words[word]) + 1):
            reached[size, word + 1, size >= _LONE] = 0, [(word, size)]
    while reached:
        whole = [
            cut
            for (at, _, _), cut in reached.items()
            if at == len(letters) and _says_enough(cut[1], words)
        ]
        if whole:
            return min(whole)[1]
        further: dict[tuple[int, int, bool], tuple[int, list[Piece]]] = {}
        for (at, following, free), (skipped, pieces) in reached.items():
            last = following + most - skipped if free else following
            for word in range(following, min(last + 1, len(words))):
                common = _common(letters, at, words[word])
                steps += 1 + common
                if steps > _MAX_STEPS:
                    return []
                least = 1 if word == following else _LONE
                for size in range(least, common + 1):
                    key = at + size, word + 1, size >= _LONE
                    cut = skipped + word - following, [*pieces, (word, size)]
                    if key not in further or cut[0] < further[key][0]:
                        further[key] = cut
        reached = further
    return []


def _says_enough(pieces: Sequence[Piece], words: Sequence[str]) -> bool:
    """Tell whether a run is no chance hit: a short one has three pieces, or whole words, or long pieces."""
    letters = sum(size for _, size in pieces)
    return (
        letters >= _SAYS_ENOUGH
        or len(pieces) > 2
        or all(size >= min(_LONE, len(words[word])) for word, size in pieces)
    )


def _common(letters: str, at: int, word: str) -> int:
    size = 0
    while size < len(word) and at + size < len(letters) and word[size] == letters[at + size]:
        size += 1
    return size
