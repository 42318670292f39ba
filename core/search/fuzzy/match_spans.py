"""Which letters of an answer to light up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from core.query.tokens import (
    DOMAIN,
    MAX_PERSON_WORDS,
    MAX_WORD,
    NAME,
    WORD,
    fold,
    fold_with_offsets,
    tokenize,
)
from core.search.fuzzy.scorer import ScoredRow
from core.search.fuzzy.typed_query import TypedQuery

Span = tuple[int, int]
"""Start and end of matched letters in a text, in characters."""


@dataclass(frozen=True, slots=True)
class FuzzyHit:
    """A row that was found."""

    row: int
    """The caller's number."""
    score: float
    """0 to 100; from 70 on every word matches exactly or as a prefix, below 55 one was guessed."""
    subject: tuple[Span, ...]
    name: tuple[Span, ...]
    address: tuple[Span, ...]
    """The matched letters of each."""


class _SpanCollector:
    """Collects the spans of a text to highlight."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lit: list[Span] = []

    @cached_property
    def _folded(self) -> tuple[str, Sequence[int]]:
        return fold_with_offsets(self.text)

    @cached_property
    def _words(self) -> list[re.Match[str]]:
        return list(WORD.finditer(self._folded[0]))

    def word(self, number: int) -> str:
        """Return a folded word."""
        return self._words[number][0][:MAX_WORD]

    def light(self, word: int, letters: Iterable[Span]) -> None:
        """Light up letters of a word, by their numbers in the folded word."""
        start = self._words[word].start()
        self._lit += [(start + first, start + last) for first, last in letters]

    def light_text(self, folded: str) -> None:
        """Highlight a folded text at its place."""
        at = self._folded[0].find(folded)
        if at >= 0:
            self._lit.append((at, at + len(folded)))

    def spans(self) -> tuple[Span, ...]:
        """Return the runs of highlighted letters."""
        if not self._lit:
            return ()
        places = self._folded[1]
        found: list[Span] = []
        for first, last in sorted(self._lit):
            begin = places[first]
            end = max(places[last], places[last - 1] + 1)  # a part of a letter lights all of it
            if found and begin <= found[-1][1]:
                found[-1] = found[-1][0], max(end, found[-1][1])
            else:
                found.append((begin, end))
        return tuple(found)


def with_match_spans(answer: ScoredRow, terms: TypedQuery) -> FuzzyHit:
    """Return an answer as a hit, with its matched letters."""
    segment = answer.segment
    person = segment.people.item(answer.row)
    subject = _SpanCollector(segment.subject(answer.row))
    name, address = map(_SpanCollector, segment.person(person))
    for word, meant in zip(terms.words, answer.meant, strict=True):
        if meant.place < 0:
            continue
        if meant.pieces:
            for at, size in meant.pieces:
                subject.light(at, [(0, size)])
        elif meant.place < answer.words:
            subject.light(meant.place, _matched(word.text, subject.word(meant.place)))
        else:
            number = meant.place - answer.words
            _light_person(name, address, segment.person_words(person), number, word.text)
    for typed in terms.addresses:
        address.light_text(typed)
    return FuzzyHit(
        segment.ids[answer.row].item(),
        answer.score,
        subject.spans(),
        name.spans(),
        address.spans(),
    )


def _light_person(
    name: _SpanCollector,
    address: _SpanCollector,
    person: list[tuple[int, str]],
    number: int,
    typed: str,
) -> None:
    """Light up the word of that number among a person's."""
    field, word = person[number]
    at = number - next(at for at, (other, _) in enumerate(person) if other == field)
    letters = _matched(typed, word)
    if field == NAME:
        named = tokenize(name.text, MAX_PERSON_WORDS)
        if at < len(named):
            name.light(at, letters)
        else:  # the whole name, written without blanks
            places = [(at, letter) for at, part in enumerate(named) for letter in range(len(part))]
            for first, last in letters:
                for part, letter in places[first:last]:
                    name.light(part, [(letter, letter + 1)])
    elif field == DOMAIN:
        local = fold(address.text.rpartition("@")[0])
        address.light(len(WORD.findall(local)) + at, letters)
    else:
        address.light(at, letters)


def _matched(typed: str, word: str) -> list[Span]:
    """Return the letters of a word that were typed."""
    at = word.find(typed)
    if at >= 0:
        return [(at, at + len(typed))]
    begun = word[: len(typed) + 1]
    blocks = Levenshtein.editops(typed, begun).as_matching_blocks()
    return [(block.b, block.b + block.size) for block in blocks if block.size]
