"""Deceptive code: letters that look like others, and characters that reorder or hide text.

After Boucher and Anderson, “Trojan Source: Invisible Vulnerabilities” (2021), and Unicode's UTS 39; but only
look-alikes of ASCII count, since code is written in ASCII: Δx, μs and comments in other scripts are no trick.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

DIRECTION: Final = "direction"
HIDDEN: Final = "hidden"
LOOKALIKE: Final = "look-alike"

_LONGEST: Final = 4_000
"""Characters of a line that are looked at; more are not shown either."""

_TURNS: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HIDES: Final = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2060-\u2064\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
_HIDING: Final = re.compile(
    f"([{_TURNS}]+)|[{_HIDES}]+|(?<=[!-~])[\u200c\u200d]|[\u200c\u200d](?=[!-~])"
)
_WORD: Final = re.compile(r"\w+")
_SIGNS: Final = re.compile(
    "[\u01c0\u01c3\u037e\u2044\u2212\u2215-\u2217\u2223\u2236\u223c\u2571\u2758\u29f8\ua789](?=[\x20-\x7e]|$)"
    "|(?<=[\x20-\x7e])[\ufe50-\ufe6b\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff5e](?=[\x20-\x7e]|$)"
)
"""Characters that look like an ASCII sign (| ! ; / - * : ~ and full-width forms), suspicious outside of other scripts."""
_BLANKS: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]+")
"""Characters that look like a blank, but are not one to a compiler."""

# Letters of other scripts that look like ASCII ones, as Unicode's confusables.txt has them.
_CYRILLIC: Final = "аеорсухіјѕһԁԛԝѵҽАВЕЅІЈКМНОРСТУХҮԌԚԜ"
_GREEK: Final = "ονυιϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ"
_OTHERS: Final = "ոսցզօհՍՏՕᎪᏴᏟᎠᎬᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃɑɡɩʋᴏᴠᴡᴢⅼⅰⅴⅹⅽⅾⅿ"
_ALIKE: Final = frozenset(_CYRILLIC + _GREEK + _OTHERS)


class SuspiciousSpan(NamedTuple):
    """The characters of a line that deceive, and how."""

    start: int
    end: int
    why: str


def find_suspicious(line: str) -> list[SuspiciousSpan]:
    """Return the deceptive characters of a line of code, in order. Linear; never raises."""
    if line.isascii():
        return []
    line = line[:_LONGEST]
    found = [
        SuspiciousSpan(match.start(), match.end(), DIRECTION if match[1] else HIDDEN)
        for match in _HIDING.finditer(line)
    ]
    words = [match for match in _WORD.finditer(line) if not match[0].isascii()]
    plain = {script for match in words if (script := _own_script(match[0]))}
    found += [
        SuspiciousSpan(match.start(), match.end(), LOOKALIKE)
        for match in words
        if _looks_alike(match[0], plain)
    ]
    found += [
        SuspiciousSpan(match.start(), match.end(), LOOKALIKE)
        for pattern in (_SIGNS, _BLANKS)
        for match in pattern.finditer(line)
    ]
    return sorted(found)


def describe_suspicious(lines: Iterable[str]) -> str:
    """Describe the deceptive characters of some lines of code, "" for none."""
    counts = dict.fromkeys((DIRECTION, HIDDEN, LOOKALIKE), 0)
    for line in lines:
        for why in {deceit.why for deceit in find_suspicious(line)}:
            counts[why] += 1
    said = {
        DIRECTION: "text that runs backwards",
        HIDDEN: "hidden characters",
        LOOKALIKE: "look-alike characters",
    }
    found = [
        f"{said[why]} in {count} line{'s' if count > 1 else ''}"
        for why, count in counts.items()
        if count
    ]
    return ", ".join(found)


@lru_cache(maxsize=4096)
def _is_alike(char: str) -> bool:
    """Whether a character that is not ASCII looks like a letter or digit that is."""
    if char in _ALIKE:
        return True
    # Full-width, mathematical and circled letters are ASCII ones in another dress.
    flat = unicodedata.normalize("NFKC", char)
    return len(flat) == 1 and flat.isascii() and flat.isalnum() and char not in "ªº²³¹"


def _own_script(word: str) -> str:
    """Return the script of the word's letters that resemble no ASCII letter, "" where all do."""
    for char in word:
        if not char.isascii() and not _is_alike(char) and char.isalpha():
            return _script(char)
    return ""


def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


def _looks_alike(word: str, plain: set[str]) -> bool:
    """Whether a word is mixed of ASCII letters and their doubles, or all doubles in a line without words of that script."""
    doubles = [char for char in word if not char.isascii() and _is_alike(char)]
    if not doubles:
        return False
    if any(char.isascii() and char.isalpha() for char in word):
        return not all(_script(char) == "LATIN" and char not in _ALIKE for char in doubles)
    others = [char for char in word if not char.isascii() and char not in doubles]
    scripts = {_script(char) for char in doubles}
    # One Greek letter alone is mathematics.
    return not others and (len(word) > 1 or "CYRILLIC" in scripts) and not scripts & plain
