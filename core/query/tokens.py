"""Text as it is compared: folded to plain lower-case letters, and cut into words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

MAX_SUBJECT_WORDS: Final = 64
MAX_PERSON_WORDS: Final = 12
"""Words of a subject, and each of a name, a local part and a domain, that are compared."""

NAME: Final = 0
LOCAL: Final = 1
DOMAIN: Final = 2
"""The place of a person's word: in the name, before the @ of the address, after it."""

MAX_WORD: Final = 40
"""Letters of a word that are compared; the rest is ignored."""

WORD: Final = re.compile(r"[^\W_]+")
"""A run of letters and digits of any script."""

# What Unicode's decomposition leaves as it is, though people type it as plain letters.
_LETTERS: Final = str.maketrans(
    {
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ħ": "h",
        "ı": "i",
        "ŋ": "n",
        "ŧ": "t",
        "ɐ": "a",
        "ə": "e",
        "\u2019": "'",
    }
)


def fold(text: str) -> str:
    """Return `text` without case and accents: NFKD, casefold (`ß` is `ss`), no marks, plain letters."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text).casefold()
    text = unicodedata.normalize("NFKD", text)
    return "".join(char for char in text if not unicodedata.combining(char)).translate(_LETTERS)


def tokenize(text: str, most: int) -> list[str]:
    """Return up to `most` folded words of a text, each cut to MAX_WORD."""
    return [word[:MAX_WORD] for word in WORD.findall(fold(text))[:most]]


def person_tokens(name: str, address: str) -> list[tuple[int, str]]:
    """Return the words of a name and an address, each with its field.

    A name of several words counts as one more, written without blanks: people type `coltonlewis`.
    """
    named = tokenize(name, MAX_PERSON_WORDS)
    found = [(NAME, word) for word in named]
    if len(named) > 1:
        found += [(NAME, word) for word in tokenize("".join(named), 1)]
    local, _, domain = address.rpartition("@")
    found += [(LOCAL, word) for word in tokenize(local, MAX_PERSON_WORDS)]
    found += [(DOMAIN, word) for word in tokenize(domain, MAX_PERSON_WORDS)]
    return found


def fold_with_offsets(text: str) -> tuple[str, Sequence[int]]:
    """Return the folded text, and for each of its letters where in `text` it comes from, with the end appended."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        letters = fold(char)
        folded.append(letters)
        places += [place] * len(letters)
    places.append(len(text))
    return "".join(folded), places


def letter_mask(word: str) -> int:
    """Return the letters of a word as bits: a-z, 0-9, and all else by its code, in 64."""
    mask = 0
    for char in word:
        mask |= 1 << _bit(char)
    return mask


def _bit(char: str) -> int:
    if "a" <= char <= "z":
        return ord(char) - ord("a")
    if "0" <= char <= "9":
        return 26 + ord(char) - ord("0")
    return 36 + ord(char) % 28


Span = tuple[int, int]

MAX_TEXT_WORDS: Final = 256
"""Words of a text that are looked at."""


@lru_cache(maxsize=1 << 15)
def tokens_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a text."""
    return tuple(WORD.findall(fold(text))[:MAX_TEXT_WORDS])


@lru_cache(maxsize=1 << 16)
def contains_phrase(text: str, words: tuple[str, ...], *, whole: bool) -> bool:
    """Whether a text has the words one after the other; the last may be a prefix unless they are `whole`."""
    return _place(tokens_of(text), words, whole) >= 0


def phrase_spans(text: str, words: Sequence[str], *, whole: bool) -> tuple[Span, ...]:
    """Return the spans of words in a text, at their first occurrence."""
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
    """Return the index of the word of the text that begins the run; -1 for none."""
    *first, last = words
    size = len(first)
    for at in range(len(text) - size):
        word = text[at + size]
        if (word == last or (not whole and word.startswith(last))) and all(
            text[at + number] == one for number, one in enumerate(first)
        ):
            return at
    return -1
