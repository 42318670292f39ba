"""The one judge of what may be shown: every character that could act on a terminal becomes visible."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NewType

SafeText = NewType("SafeText", str)
"""Text that may go to a terminal; only this module makes it."""

MARKS_PER_LETTER: Final = 8
"""Combining marks kept on one letter; more only smear over the lines above and below."""

TAB_WIDTH: Final = 8

# Categories Cc, Cf, Zl, Zp and Cs, with fillers, non-characters and the supplement's variation selectors:
# controls, bidi overrides and isolates, zero widths, U+2028/9, tags, lone surrogates. ZWJ and ZWNJ stay, since
# scripts and emoji need them.
CONTROLS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
)
"""What must not reach a terminal: `shown` makes it visible, and `tui.safety`'s net lets nothing of it through."""
# Joiners beside a Latin letter join nothing, and terminals disagree about their width.
_JOINERS: Final = re.compile("[\u200c\u200d]+")
_LAST_LATIN: Final = "\u024f"
_BEYOND_LATIN: Final = re.compile("[\u0300-\U0010ffff]")
_BLANKS: Final = re.compile(r"[ \t\r\n\f\v]+")


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # ESC becomes U+241B, SYMBOL FOR ESCAPE
    return "\u2421" if code == 0x7F else f"<U+{code:04X}>"


def _joiners(match: re.Match[str]) -> str:
    """Keep joiners between letters that they may join."""
    text, start, end = match.string, match.start(), match.end()
    if start and end < len(text) and text[start - 1] > _LAST_LATIN < text[end]:
        return match[0]
    return "".join([f"<U+{ord(char):04X}>" for char in match[0]])


def _thin_marks(text: str) -> str:
    """Drop combining marks beyond `MARKS_PER_LETTER`, and joiners in a row."""
    kept: list[str] = []
    marks = 0
    for char in text:
        if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
            marks += 1
            if marks > MARKS_PER_LETTER:
                continue
        else:
            marks = 0
        kept.append(char)
    return "".join(kept)


def shown(text: str) -> SafeText:
    """Return `text` as one safe line: runs of blanks and line ends become a space, the rest of the controls visible."""
    if not (text.isascii() and text.isprintable() and "  " not in text):
        text = _visible_line(_BLANKS.sub(" ", text))
    return SafeText(text)


def shown_lines(text: str, *, first_column: int = 0) -> list[SafeText]:
    """Return the lines of `text`, split at `\\n` alone, tabs expanded and every other control made visible.

    `first_column` is the column that tab stops count from: 1 for a diff line, whose first character is its kind.
    """
    return [shown_line(line, first_column=first_column) for line in text.split("\n")]


def shown_line(line: str, *, first_column: int = 0) -> SafeText:
    """Return one line with tabs expanded and every other control made visible."""
    if "\t" in line:
        line = line[:first_column] + line[first_column:].expandtabs(TAB_WIDTH)
    if line.isascii() and line.isprintable():
        return SafeText(line)
    return SafeText(_visible_line(line))


def _visible_line(line: str) -> str:
    line = _JOINERS.sub(_joiners, CONTROLS.sub(_visible, line))
    return _thin_marks(line) if _BEYOND_LATIN.search(line) else line
