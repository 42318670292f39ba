"""Text that is safe to show: every character that could act on a terminal, or upset its columns, becomes visible."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NewType

SafeText = NewType("SafeText", str)
"""Text that may go to a terminal; only this module makes it."""

MARKS_PER_LETTER: Final = 8
"""Combining marks kept on one letter; more only smear over the lines above and below."""

JOINED: Final = 3
"""Joiners kept in one emoji, so that a terminal that draws the parts singly uses at most four times the cells."""

TAB_WIDTH: Final = 8

# Categories Cc, Cf, Zl, Zp and Cs, with fillers, non-characters and the supplement's variation selectors:
# controls, bidi overrides and isolates, zero widths, U+2028/9, tags, lone surrogates. ZWJ and ZWNJ stay, since
# scripts and emoji need them.
CONTROLS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
)
"""Characters that must not reach a terminal: `shown` makes it visible, and `tui.filters`'s net lets nothing of it
through.
"""
# Joiners beside a Latin letter join nothing, and terminals disagree about their width.
_JOINERS: Final = re.compile("[\u200c\u200d]+")
_LAST_LATIN: Final = "\u024f"
_BEYOND_LATIN: Final = re.compile("[\u0300-\U0010ffff]")
_MARKS: Final = frozenset({"Mn", "Mc", "Me", "Cf"})
_EMOJI: Final = re.compile(
    "[\u261d\u26f9\u270a-\u270d\U0001f385-\U0001f3cc\U0001f442-\U0001f4aa\U0001f574-\U0001f6cc\U0001f90c-\U0001faff](?<![\U0001f3fb-\U0001f3ff])"
)
_BLANKS: Final = re.compile(r"[ \t\r\n\f\v]+")
_SELECTORS: Final = re.compile("[\ufe00-\ufe0f]")
# Signs that newer Unicode has two cells wide and terminals one, or the other way about.
_DISPUTED: Final = re.compile(
    "[\u2630-\u2637\u268a-\u268f\u3248-\u324f\u4dc0-\u4dff\U0001d300-\U0001d356\U0001d360-\U0001d376]"
)
_SPACING_MARK_BLOCKS: Final = (
    (0x0900, 0x1CFF), (0x302E, 0x302F), (0xA820, 0xABFF), (0x11000, 0x11FFF), (0x16A00, 0x16FFF), (0x1D160, 0x1D17F),
)  # fmt: skip
"""Blocks that hold all of category Mc."""
_WIDE_MARKS: Final = frozenset("\u302e\u302f\U00016ff0\U00016ff1")


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # ESC becomes U+241B, SYMBOL FOR ESCAPE
    return "\u2421" if code == 0x7F else f"<U+{code:04X}>"


def _code_of(char: str) -> str:
    return f"<U+{ord(char):04X}>"


def _joiners(match: re.Match[str]) -> str:
    """Keep a joiner between letters that it may join."""
    text, start, end = match.string, match.start(), match.end()
    if start and end == start + 1 < len(text) and text[start - 1] > _LAST_LATIN < text[end]:
        return match[0]
    return "".join(map(_code_of, match[0]))


def _true_widths(text: str) -> str:
    """Drop combining marks beyond `MARKS_PER_LETTER`; make visible the characters whose width differs between
    terminals.

    Those are unassigned characters, a skin tone on nothing, and emoji joined to a long chain.
    """
    kept: list[str] = []
    marks = chain = 0
    before = ""
    for char in text:
        category = unicodedata.category(char)
        if category in _MARKS:
            marks += 1
            if marks > MARKS_PER_LETTER:
                continue
            if category == "Cf":
                before = ""
            if char == "\u200d":
                chain += 1
                if chain > JOINED:
                    chain = 0
                    char = _code_of(char)
        else:
            if not kept or kept[-1] != "\u200d":
                chain = 0
            marks = 0
            if category == "Cn":
                if not "\U0001f000" <= char <= "\U0001faff":  # where later Unicodes add emoji
                    char = _code_of(char)
            elif "\U0001f3fb" <= char <= "\U0001f3ff" and not _EMOJI.match(before):
                char = _code_of(char)
            before = char
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


def spacing_mark_widths() -> list[tuple[int, int]]:
    """Return each spacing mark (category Mc), by its code, and the cells that terminals give it.

    tmux, xterm and VTE draw it in a cell of its own, as wcwidth(3) says, two for the wide ones of East Asia; tables
    made for text layout count it as a part of the letter before.
    """
    return [
        (code, 2 if chr(code) in _WIDE_MARKS else 1)
        for first, last in _SPACING_MARK_BLOCKS
        for code in range(first, last + 1)
        if unicodedata.category(chr(code)) == "Mc"
    ]


def _selector(match: re.Match[str]) -> str:
    """Leave a variation selector out after an emoji, whose width terminals make of it disagree; show any other."""
    before = match.string[match.start() - 1 : match.start()]
    is_emoji = before > "\u00a8" and unicodedata.category(before) in {"So", "Sm", "Po", "Sk"}
    is_keycap = match.string[match.end() : match.end() + 1] == "\u20e3"
    return "" if (is_emoji or is_keycap) and match[0] in "\ufe0e\ufe0f" else _code_of(match[0])


def _visible_line(line: str) -> str:
    line = CONTROLS.sub(_visible, line)
    if not _BEYOND_LATIN.search(line):
        return line
    line = _SELECTORS.sub(_selector, _DISPUTED.sub(_visible, line))
    # What is made visible of a width comes before joiners: beside it they join nothing.
    return _JOINERS.sub(_joiners, _true_widths(line))
