"""Which words of a changed line changed: removed and added lines held against each other, pair by pair.

A run of removed lines and the added ones after it are paired in their order, where they are as many and alike; else
so that the lines of a pair have most words in common (the alignment of Needleman and Wunsch). Lines that share too little are
no change of each other, and have no marks. All is bounded: longer runs, and longer lines, stay unmarked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

MOST_LINES: Final = 60
"""Lines of a run; a longer one is a rewrite."""
LONGEST_LINE: Final = 1_000
"""Characters."""
_MOST_WORDS: Final = 80
"""Words between the beginning and the end that two lines share; more are marked as a whole."""
_ALIKE: Final = 0.4
"""The least share of characters that two lines have in common."""

_WORD: Final = re.compile(r"\w+|\s+|[^\w\s]")

Span = tuple[int, int]
"""From and to, in characters of a line."""


def change_block_at(kinds: str, at: int) -> tuple[int, int, int] | None:
    """Return where the removed lines around line `at` begin, where the added ones after them do, and where those end.

    `kinds` is that of `core.diff.hunks.Hunk.kinds`. None where there are not both, or they are too many.
    """
    middle = at
    if kinds[at] in "-\\":
        while middle < len(kinds) and kinds[middle] in "-\\" and middle - at <= MOST_LINES:
            middle += 1
    elif kinds[at] == "+":
        while middle > 0 and kinds[middle - 1] == "+" and at - middle <= MOST_LINES:
            middle -= 1
    else:
        return None
    start = end = middle
    while start > 0 and kinds[start - 1] in "-\\" and middle - start <= MOST_LINES:
        start -= 1
    while end < len(kinds) and kinds[end] == "+" and end - middle <= MOST_LINES:
        end += 1
    if not 0 < middle - start <= MOST_LINES or not 0 < end - middle <= MOST_LINES:
        return None
    return start, middle, end


def word_diff(old: Sequence[str], new: Sequence[str]) -> tuple[list[list[Span]], list[list[Span]]]:
    """Return the spans that changed in each removed and each added line of a run."""
    old_spans: list[list[Span]] = [[] for _ in old]
    new_spans: list[list[Span]] = [[] for _ in new]
    words = [[split_words(line) for line in side] for side in (old, new)]
    for left, right in pair_lines(words[0], words[1]):
        found = _changes(words[0][left], words[1][right])
        if found is not None:
            old_spans[left], new_spans[right] = found
    return old_spans, new_spans


def differs_only_in_whitespace(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether two runs hold the same lines, but for white space."""
    return len(old) == len(new) and all(
        "".join(left.split()) == "".join(right.split())
        for left, right in zip(old, new, strict=True)
    )


def split_words(line: str) -> list[str]:
    """Return a line as words, blanks and signs; none of one that is too long."""
    return _WORD.findall(line) if len(line) <= LONGEST_LINE else []


def pair_lines(old: Sequence[list[str]], new: Sequence[list[str]]) -> list[tuple[int, int]]:
    """Return which lines, given as words, are a change of which."""
    sets = [
        [frozenset(word for word in line if not word.isspace()) for line in side]
        for side in (old, new)
    ]
    rows, columns = len(old), len(new)
    if rows == columns and all(map(_are_alike, *sets)):
        return list(zip(range(rows), range(columns), strict=True))
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            alike = _alike(sets[0][i], sets[1][j])
            best[i][j] = max(
                best[i + 1][j],
                best[i][j + 1],
                best[i + 1][j + 1] + (alike if alike > _ALIKE else 0),
            )
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < rows and j < columns:
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            found.append((i, j))
            i, j = i + 1, j + 1
    return found


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of words that two lines have in common."""
    return len(one & other) / max(len(one), len(other), 1)


def _are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return one == other or _alike(one, other) > _ALIKE


def _changes(old: list[str], new: list[str]) -> tuple[list[Span], list[Span]] | None:
    """Return the differences of two lines; None where there are too many."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    if len(a) <= _MOST_WORDS and len(b) <= _MOST_WORDS:
        blocks = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    else:
        blocks = [("replace", 0, len(a), 0, len(b))]
    common = sum(len(word.strip()) for word in old[:start] + old[len(old) - end :])
    common += sum(
        len(word.strip()) for kind, i, j, _, _ in blocks if kind == "equal" for word in a[i:j]
    )
    longest = max(sum(len(word.strip()) for word in line) for line in (old, new))
    if not longest or common < _ALIKE * longest:
        return None
    changed = [block for block in blocks if block[0] != "equal"]
    return (
        _spans(old, [(start + i, start + j) for _, i, j, _, _ in changed]),
        _spans(new, [(start + i, start + j) for _, _, _, i, j in changed]),
    )


def _spans(words: list[str], runs: list[tuple[int, int]]) -> list[Span]:
    """Return runs of words as spans of characters; those with only blanks between them become one."""
    places = [0]
    for word in words:
        places.append(places[-1] + len(word))
    spans: list[Span] = []
    before = 0
    for start, end in runs:
        if start == end:
            continue
        if spans and not "".join(words[before:start]).strip():
            spans[-1] = (spans[-1][0], places[end])
        else:
            spans.append((places[start], places[end]))
        before = end
    return spans
