"""Statements in a reply about its trailers: the patches they are for, and retractions.

Only exact phrases count; anything else changes nothing.
"""

from __future__ import annotations

import re
from typing import Final

from core.series.quoting import reply_blocks

_RETRACT: Final = re.compile(
    r"\b(?:please )?(?:drop|remove|ignore) my (?P<name>reviewed-by|acked-by|tested-by|r-?b|a-?b|tags?)\b"
    r"|\bI (?:retract|withdraw|take back) my (?P<other>reviewed-by|acked-by|tested-by|r-?b|a-?b|tags?)\b",
    re.IGNORECASE,
)
_ONLY: Final = re.compile(
    r"\s*(?:for )?(?:patch(?:es)?\s*#?)?\s*(?P<list>\d{1,4}(?:\s*(?:,|and|&|-|–|to)\s*#?\d{1,4})*)"
    r"(?:\s*/\s*\d{1,4})?\s*:?\s*$",
    re.IGNORECASE,
)
_NUMBERS: Final = r"#?\d{1,4}(?:\s*(?:,\s*and\b|,|and\b|&|-|–|to\b)\s*#?\d{1,4})*"
_SENTENCE: Final = re.compile(
    rf"\b(?:for|to) (?:the )?patch(?:es)?\s*(?P<list>{_NUMBERS})[^.;\d]{{0,40}}$", re.IGNORECASE
)
"""Matches the end of a line above a trailer, in prose: `so for patches 1 - 4 and 6 feel free to add`."""
_BELOW: Final = re.compile(
    rf"\s*(?:for|to) (?:the )?patch(?:es)?\s*(?P<list>{_NUMBERS})(?![\w/])", re.IGNORECASE
)
"""Matches the line below a trailer: `to patches 4 and 5.`"""
_BUT: Final = re.compile(
    r"\b(?:but|except|apart|besides|comments?|nits?|questions?|issues?)\b", re.IGNORECASE
)
"""A word with which a line speaks of other patches than the trailer is for."""
_GIVEN: Final = re.compile(r"\s*[A-Z][A-Za-z-]{1,40}-by:\s")
_FOR: Final = re.compile(r"\bfor\b|\bpatch", re.IGNORECASE)
_PART: Final = re.compile(
    r"\b(?:for|on) [^:;]{1,100} (?:bits?|parts?|pieces?|portions?|sides?|changes|hunks?|drivers?)\s*[:,]?\s*$"
    r"|(?:^|[.!] )for [\w./*-]{1,80}/[\w./*-]{0,80}\s*[:,]?\s*$",
    re.IGNORECASE,
)
_RANGE: Final = re.compile(r"(\d{1,4})\s*(?:-|–|to)\s*#?(\d{1,4})|(\d{1,4})")
_NAMES: Final = {
    "rb": ("reviewed-by",),
    "ab": ("acked-by",),
    "tag": ("reviewed-by", "acked-by", "tested-by"),
    "tags": ("reviewed-by", "acked-by", "tested-by"),
}
_MOST: Final = 1_000
"""Patches that a range may name."""


def retracted_names(text: str) -> frozenset[str]:
    """Return the trailers, in lower case, that the sender of a reply takes back in it."""
    found: set[str] = set()
    if "my" not in text:
        return frozenset()
    for block in reply_blocks(text):
        for match in _RETRACT.finditer(" ".join(block.lines)[:20_000]):
            name = (match["name"] or match["other"]).casefold()
            found.update(_NAMES.get(name.replace("-", ""), (name,)))
    return frozenset(found)


def named_patches(text: str, trailer: str) -> frozenset[int] | None:
    """Return the patches that the line above or below a trailer names (`For patches 1-3:`); None where neither names any."""
    above, below = _lines_beside(text, trailer)
    match = _ONLY.match(above) if _FOR.search(above) else None
    if match is None and not _BUT.search(above):
        match = _SENTENCE.search(above)
    match = match or _BELOW.match(below)
    return frozenset(_numbers(match["list"])) if match else None


def names_part(text: str, trailer: str) -> bool:
    """Whether a trailer is for a part of the code: so says the line above it (`For the x86 bits:`), or a note in it (`# mm`)."""
    return " #" in trailer or bool(_PART.search(_lines_beside(text, trailer)[0]))


def _lines_beside(text: str, trailer: str) -> tuple[str, str]:
    """Return the lines of prose above and below a trailer and those beside it, "" for none."""
    lines = [line for block in reply_blocks(text) for line in block.lines if line.strip()]
    for at, line in enumerate(lines):
        if line.strip().casefold() == trailer.casefold():
            above = (one for one in reversed(lines[:at]) if not _GIVEN.match(one))
            below = (one for one in lines[at + 1 :] if not _GIVEN.match(one))
            return next(above, "")[:200], next(below, "")[:200]
    return "", ""


def _numbers(text: str) -> set[int]:
    found: set[int] = set()
    for first, last, single in _RANGE.findall(text):
        if single:
            found.add(int(single))
        elif int(first) <= int(last) < int(first) + _MOST:
            found.update(range(int(first), int(last) + 1))
    return found
