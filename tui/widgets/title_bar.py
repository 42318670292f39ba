"""The views as tabs in the title: as much of them as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from core.text import SafeText

MOST: Final = 9
"""Views that have a digit."""

_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class Tab:
    """A view: the digit that chooses it, its name, and how many rows it has, None where that is not known."""

    number: int
    name: SafeText
    count: int | None
    chosen: bool = False


def draw_tabs(tabs: Sequence[Tab], room: int) -> tuple[Content, list[tuple[int, int, int]]]:
    """Return the tabs in at most `room` cells, and where each begins and ends, with its number.

    All with their names where there is room; else the chosen one and those with something in them; else of these but
    the digit and the count; else the chosen one alone.
    """
    chosen = [tab for tab in tabs if tab.chosen]
    some = [tab for tab in tabs if tab.chosen or tab.count]
    for fitting, names in ((tabs, True), (some, True), (some, False), (chosen, False)):
        words = [_tab_text(tab, name=names or tab.chosen) for tab in fitting]
        if fitting and sum(cell_len(text) + _GAP for text in words) - _GAP <= room:
            return _drawn(fitting, words)
    return Content(""), []


def _tab_text(tab: Tab, *, name: bool) -> str:
    count = "" if tab.count is None else f"{tab.count:,}"
    if name:
        return f"{tab.number} {tab.name} {count}".rstrip()
    return f"{tab.number}:{count}"


def _drawn(tabs: Sequence[Tab], words: Sequence[str]) -> tuple[Content, list[tuple[int, int, int]]]:
    parts: list[tuple[str, str]] = []
    places = []
    at = 0
    for tab, text in zip(tabs, words, strict=True):
        if parts:
            parts.append((" " * _GAP, ""))
            at += _GAP
        digit, rest = text[:1], text[1:]
        look = "bold underline $text-primary" if tab.chosen else "$foreground-muted"
        parts += [(digit, "bold $footer-key-foreground"), (rest[:1], ""), (rest[1:], look)]
        places.append((at, at + cell_len(text), tab.number))
        at += cell_len(text)
    return Content.assemble(*parts), places
