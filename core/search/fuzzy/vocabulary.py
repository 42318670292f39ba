"""Which words of a vocabulary a typed word may mean: by its beginning, by a part, or with a slip of the finger."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from core.query.tokens import letter_mask
from core.search.fuzzy.segment import HEAD, Segment, encoded

EXACT: Final = 100
PREFIX_MOST: Final = 92
"""The beginning of a word, and most of it."""
PREFIX: Final = 84
ADDRESS: Final = 80
"""Part of a piece of an address typed with its dots and its @."""
SUBSTRING: Final = 62
"""Letters from the middle of a word."""
ABBREVIATION: Final = 55
"""Beginnings of several words, written as one."""
TYPO: Final = 46
SLIP_PREFIX: Final = 42
"""One slip in a word, or in the beginning of one."""
_PER_SLIP: Final = 8
"""The cost of a second typo."""
_SHORT: Final = 4
"""The cost of a word so short that it could be many others."""
STRONG: Final = 70
"""Weight from which a word counts as typed without a mistake."""
WEAK: Final = 56
"""Below this it is a guess."""

MIN_PART: Final = 3
MIN_SLIP: Final = 4
_MIN_SLIP_PREFIX: Final = 6
_MIN_TWO_SLIPS: Final = 8
_MIN_TWO_SLIPS_PREFIX: Final = 9
_MIN_WRONG_START: Final = 7
_MAX_PARTS: Final = 1000
_MAX_COMPARED: Final = 6000
_MAX_SLIPS: Final = 300


def covers_most_of(typed: int, whole: int) -> bool:
    """Whether `typed` letters are most of a word of `whole` letters."""
    return 5 * typed >= 3 * whole


def containing(segment: Segment, typed: str) -> NDArray[np.uint32]:
    """Return the words that hold `typed` after their first letter, the most frequent first, up to a cap."""
    if len(typed) < MIN_PART:
        return np.empty(0, np.uint32)
    needle = encoded(typed)
    text = segment.frequent_text
    places: list[int] = []
    place = text.find(needle)
    while place >= 0 and len(places) < _MAX_PARTS:
        places.append(place)
        place = text.find(needle, place + len(needle))
    lines = np.searchsorted(segment.frequent_at, places, side="right") - 1
    inside = np.array(places, np.int64) != segment.frequent_at[lines]
    return np.unique(segment.frequent_words[lines[inside]])


def typo_candidates(segment: Segment, typed: str) -> list[tuple[int, int]]:
    """Return words that `typed` may be a typo of, each with its weight, the best first.

    A typo is a letter wrong, missing, too many or swapped (optimal string alignment); words from four letters on may
    have one, from eight two, and short ones not every kind. From six letters on, `typed` may be the beginning of the
    word meant. No digit stands for another, and the first letter is wrong in long words only.
    """
    most = allowed_slips(typed)
    if not most:
        return []
    found = [
        pair
        for pair in _alike(segment, typed, most)
        if _same_digits(typed, pair[1], most) and not _too_short(typed, pair[1])
    ]
    if not found:
        return []
    whole, begun = _distances(typed, [word for _, word in found], most)
    weighed = [
        (number, weight)
        for (number, word), as_whole, as_beginning in zip(found, whole, begun, strict=True)
        if (weight := _slip_weight(typed, word, as_whole, as_beginning, most))
    ]
    weighed.sort(key=lambda pair: -pair[1])
    return weighed[:_MAX_SLIPS]


def allowed_slips(typed: str) -> int:
    """Return how many slips a typed word may have."""
    if len(typed) < MIN_SLIP or sum(not char.isdigit() for char in typed) < MIN_SLIP - 1:
        return 0
    return 1 if len(typed) < _MIN_TWO_SLIPS else 2


def _slip_weight(typed: str, word: str, as_whole: int, as_beginning: int, most: int) -> int:
    """Return the weight of a word so many typos away, 0 beyond the limit."""
    slips_made = min(as_whole, as_beginning)
    if not 0 < slips_made <= most:
        return 0
    weight = TYPO if as_whole == slips_made else SLIP_PREFIX
    weight += len(word) == len(typed)  # swapped letters are what happens most
    return weight - _PER_SLIP * (slips_made - 1) - (_SHORT if len(typed) == MIN_SLIP else 0)


def _alike(segment: Segment, typed: str, most: int) -> list[tuple[int, str]]:
    """Return the words with nearly all the letters typed, that start with hardly any other; a superset."""
    size = len(typed)
    mask = np.uint64(letter_mask(typed))
    lengths = segment.word_lengths
    near = np.bitwise_count(mask & ~segment.masks) <= most
    # What stands beyond the letters typed may be any letter.
    near &= np.bitwise_count(segment.heads & ~mask) <= most + max(0, HEAD + most - size)
    near &= lengths >= size - most
    if size < _MIN_SLIP_PREFIX:
        near &= lengths <= size + most
    numbers = np.flatnonzero(near)
    numbers = numbers[_start_alike(segment, typed, numbers)]
    return [(number, segment.word(number)) for number in numbers[:_MAX_COMPARED].tolist()]


def _start_alike(segment: Segment, typed: str, numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which words start as typed, with the first letter wrong in long words only."""
    first, second, third = encoded(typed)[:3]
    at = segment.vocabulary_at[numbers]
    letters = segment.vocabulary
    starts = letters[at]
    follows = letters[
        at + 1
    ]  # each word has two letters at the least, being as long as what was typed
    near: NDArray[np.bool_] = (starts == first) | (starts == second) | (follows == first)
    if len(typed) >= _MIN_WRONG_START:
        near |= (follows == second) & (letters[at + 2] == third)
    return near


def _too_short(typed: str, word: str) -> bool:
    """Tell whether a word is a neighbour of so many that only some slips lead to it.

    Of up to five letters none is too many; of four none is wrong: `nvme` is no `name`, `modem` no `mode`.
    """
    if len(typed) > MIN_SLIP + 1:
        return False
    if len(word) == MIN_SLIP == len(typed):
        return sorted(word) != sorted(typed)
    return len(word) < len(typed)


def _same_digits(typed: str, word: str, most: int) -> bool:
    """Tell whether a word, or its beginning, has the digits typed, but for one more or less: none stands for another."""
    if typed.isalpha() and word.isalpha():
        return True
    digits = Counter(filter(str.isdigit, typed))
    size = len(typed)
    for length in (size, size + most):
        others = Counter(filter(str.isdigit, word[:length]))
        if (digits - others).total() + (others - digits).total() <= 1:
            return True
    return False


def _distances(typed: str, found: list[str], most: int) -> tuple[list[int], list[int]]:
    """Return for each word the slips to all of it, and to the nearest of its beginnings; `most` + 1 is too far."""
    size = len(typed)
    whole = cdist([typed], found, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8)[0]
    begun = np.full(len(found), most + 1, np.uint8)
    if size >= _MIN_SLIP_PREFIX:
        near = 1 if size < _MIN_TWO_SLIPS_PREFIX else most
        for length in range(size - near, size + near + 1):
            beginnings = [word[:length] for word in found]
            slips_made = cdist(
                [typed], beginnings, scorer=OSA.distance, score_cutoff=near, dtype=np.uint8
            )[0]
            slips_made[slips_made > near] = most + 1
            np.minimum(begun, slips_made, out=begun)
    return whole.tolist(), begun.tolist()
