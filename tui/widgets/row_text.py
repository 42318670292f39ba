"""Text of rows in all panes: fitted to cells, ages, counts of trailers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from types import MappingProxyType
from typing import Final

from rich.cells import cell_len, set_cell_size

from core.text import shown

StyledText = tuple[str, str]
"""Text, and the name of its look."""

LONGEST: Final = 400
"""Characters of a text that are looked at: the widest line has room for fewer."""

_UNCERTAIN: Final = {0x200C: None, 0x200D: None, 0xFE0E: None, 0xFE0F: None}
"""Joiners and variation selectors: terminals disagree on the width of joined characters."""

TRAILER_LETTERS: Final = MappingProxyType(
    {"reviewed-by": "R", "acked-by": "A", "tested-by": "T", "nacked-by": "N"}
)
"""Trailers that rows count, by their names in small letters, in the order that they are shown."""


def plain(text: str) -> str:
    """Return text as one safe line whose width is certain.

    Terminals disagree on how wide a joined emoji is, or one with a variation selector; a row must not.
    """
    return shown(text).translate(_UNCERTAIN)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells: cut with an ellipsis, or padded behind it, or with `right` before it."""
    if width <= 0:
        return ""
    cells = cell_len(text)
    if cells <= width:
        return " " * (width - cells) + text if right else set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def fit_safe(text: str, width: int, *, right: bool = False) -> str:
    """Return untrusted `text` as one safe line of exactly `width` cells."""
    return fit(plain(text[:LONGEST]), width, right=right)


def age(then: datetime, now: datetime) -> str:
    """Return how long ago something was, in at most four cells: `now`, `5m`, `2h`, `3d`, `6w`, `5mo`, `12y`."""
    if then.year < 1990:
        return "?"
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 0:
        # A clock that is a little fast is common, a date far ahead is wrong or a lie: both are said.
        return "now" if minutes > -90 else "fut"
    for limit, unit, size in (
        (1, "", 0),
        (60, "m", 1),
        (48 * 60, "h", 60),
        (14 * 1440, "d", 1440),
        (63 * 1440, "w", 7 * 1440),
        (365 * 1440, "mo", 30 * 1440),
    ):
        if minutes < limit:
            return f"{minutes // size}{unit}" if size else "now"
    return f"{minutes // (365 * 1440)}y"


def trailer_counts(trailers: Iterable[tuple[str, str]]) -> str:
    """Return trailers, given as name and value, as `R3 A1 T2`: each person counts once."""
    people = {(TRAILER_LETTERS.get(name.casefold(), ""), value) for name, value in trailers}
    counts = Counter(letter for letter, _ in people if letter)
    return join_counts(counts)


def join_counts(counts: Counter[str] | dict[str, int], stale: Collection[str] = ()) -> str:
    """Return counts by letter as `R3 A1 T2`, `R3!` where one of them is among those `stale`."""
    letters = [letter for letter in TRAILER_LETTERS.values() if counts.get(letter)]
    return " ".join(f"{one}{counts[one]}{'!' if one in stale else ''}" for one in letters)
