"""Text for the terminal: controls become visible, and everything else is unchanged."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import shown, shown_line, shown_lines, spacing_mark_widths


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("plain", "plain"),
        ("Krčmář 山田 שלום", "Krčmář 山田 שלום"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b[2J", "␛[2J"),
        ("a\x9b31mb", "a<U+009B>31mb"),
        ("a\x7fb", "a␡b"),
        ("a\x00b", "a␀b"),
        ("\u202egnp.exe", "<U+202E>gnp.exe"),
        ("a\u2066b\u2069", "a<U+2066>b<U+2069>"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("line\u2028end\u2029", "line<U+2028>end<U+2029>"),
        ("nel\x85", "nel<U+0085>"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("half \udc80", "half <U+DC80>"),
        ("a\u200db", "a<U+200D>b"),
        ("\u200cend\u200d", "<U+200C>end<U+200D>"),
        ("\u200d\u200c\u0633", "<U+200D><U+200C>\u0633"),
        ("\u0633\u200d\u200ca", "\u0633<U+200D><U+200C>a"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("[red]not markup[/]", "[red]not markup[/]"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
        ("folded\n\theader", "folded header"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d\U0001f3fd"),
        ("a\U0001f3fd\U0001f3fd", "a<U+1F3FD><U+1F3FD>"),
        ("\U0001f44d\U0001f3fd\U0001f3fd", "\U0001f44d\U0001f3fd<U+1F3FD>"),
        ("\u0378", "<U+0378>"),
        ("\u2602\u200d\U0001f3fd\u200d\u2602", "\u2602<U+200D><U+1F3FD><U+200D>\u2602"),
        ("\U0001fae8", "\U0001fae8"),
        ("\u2602\u200d\u200d\u2602", "\u2602<U+200D><U+200D>\u2602"),
        # Variation selectors hide text, and make emoji as wide as each terminal pleases.
        ("a\ufe0fb\ufe01", "a<U+FE0F>b<U+FE01>"),
        ("\u2764\ufe0f", "\u2764"),
        ("\u2764\ufe0f\ufe0f", "\u2764<U+FE0F>"),
        ("1\ufe0f\u20e3", "1\u20e3"),
        ("हिन्दी தமிழ்", "हिन्दी தமிழ்"),
        ("\u2630 \u4dc0", "<U+2630> <U+4DC0>"),
        (
            "\U0001f468\u200d" * 5 + "\U0001f468",
            "\U0001f468\u200d\U0001f468\u200d\U0001f468\u200d\U0001f468<U+200D>\U0001f468\u200d\U0001f468",
        ),
    ],
)
def test_shown_makes_controls_visible(raw: str, safe: str) -> None:
    assert shown(raw) == safe


@pytest.mark.parametrize("mark", ["\u0301", "\u0489", "\u1715", "\u093f"])
def test_a_flood_of_marks_is_thinned(mark: str) -> None:
    assert shown("Z" + mark * 500 + "a") == "Z" + mark * 8 + "a"


def test_tabs_are_expanded_from_the_first_column() -> None:
    assert shown_line("+\tx", first_column=1) == "+        x"
    assert shown_line("\tx") == "        x"
    assert shown_line("abc\tx") == "abc     x"


def test_lines_are_split_at_line_feeds_alone() -> None:
    assert shown_lines("a\u2028b\nc\r\nd") == ["a<U+2028>b", "c␍", "d"]


def test_all_spacing_marks_have_a_width() -> None:
    marks = {code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Mc"}
    assert {code for code, _ in spacing_mark_widths()} == marks


def test_no_character_acts_or_hides() -> None:
    kept_formats = {"\u200c", "\u200d"}  # scripts and emoji need the joiners
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs"} - kept_formats:
            assert char in kept_formats or char not in shown_line(char) or char == "\t", hex(code)


@given(st.text())
def test_nothing_that_acts_is_left(raw: str) -> None:
    for line in (shown(raw), *shown_lines(raw)):
        for char in line:
            assert unicodedata.category(char) not in {"Cc", "Zl", "Zp", "Cs"}
            assert unicodedata.bidirectional(char) not in {
                "LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI",
            }  # fmt: skip


@given(st.text())
def test_what_is_safe_stays_safe(raw: str) -> None:
    assert shown(shown(raw)) == shown(raw)
