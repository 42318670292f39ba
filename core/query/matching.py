"""Words that stand one after the other in a text: what `s:vhost` or `f:"Ann Lee"` ask of a subject or a person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from core.query.tokens import WORD, fold, fold_with_offsets

Span = tuple[int, int]

MOST_WORDS: Final = 256
"""Words of a text that are looked at."""


@lru_cache(maxsize=1 << 15)
def tokens_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a text."""
    return tuple(WORD.findall(fold(text))[:MOST_WORDS])


@lru_cache(maxsize=1 << 16)
def contains_phrase(text: str, words: tuple[str, ...], *, whole: bool) -> bool:
    """Whether words stand one after the other in a text; the last may go on there unless they are `whole`."""
    return _place(tokens_of(text), words, whole) >= 0


def phrase_spans(text: str, words: Sequence[str], *, whole: bool) -> tuple[Span, ...]:
    """Return where words stand in a text, first of all places."""
    at = _place(tokens_of(text), words, whole)
    if at < 0:
        return ()
    folded, places = fold_with_offsets(text)
    found = list(WORD.finditer(folded))[at : at + len(words)]
    spans = []
    for match, word in zip(found, words, strict=True):
        first, last = match.start(), match.start() + len(word)
        spans.append((places[first], max(places[last], places[last - 1] + 1)))
    return tuple(spans)


def _place(text: Sequence[str], words: Sequence[str], whole: bool) -> int:
    """Return which word of the text is the first of the run; -1 where there is none."""
    *first, last = words
    size = len(first)
    for at in range(len(text) - size):
        word = text[at + size]
        if (word == last or (not whole and word.startswith(last))) and all(
            text[at + number] == one for number, one in enumerate(first)
        ):
            return at
    return -1
