"""Deceptive code is told from other scripts."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diff.trojan_source import describe_suspicious, find_suspicious


@pytest.mark.parametrize(
    ("line", "found"),
    [
        # The paper's own.
        ("/*\u202e } \u2066if (isAdmin)\u2069 \u2066 begin admins only */", [("direction", "\u202e"), ("direction", "\u2066"), ("direction", "\u2069"), ("direction", "\u2066")]),
        ("void sayНello() {", [("look-alike", "sayНello")]),
        ('if (access != "user\u200b") {', [("hidden", "\u200b")]),
        ("сору(x);", [("look-alike", "сору")]),
        ("for (і = 0;", [("look-alike", "і")]),
        ("ｉｎｔ x;", [("look-alike", "ｉｎｔ")]),
        ("if (x ǃ= 3)", [("look-alike", "ǃ")]),
        ("return 0\u037e", [("look-alike", "\u037e")]),
        ("int\u3164 = 1;", [("hidden", "\u3164")]),
        ("int a\ufe00;", [("hidden", "\ufe00")]),
        ("if (a ∣ b)", [("look-alike", "∣")]),
        ("a ∗ b ∕ c", [("look-alike", "∗"), ("look-alike", "∕")]),
        ("x = 1；", [("look-alike", "；")]),
        ("case A：", [("look-alike", "：")]),
        ("f（a", [("look-alike", "（")]),
        ("a ＝ b", [("look-alike", "＝")]),
        ("int\u00a0a;\u3000b\u2800c", [("look-alike", "\u00a0"), ("look-alike", "\u3000"), ("look-alike", "\u2800")]),
        ("// 中文：说明；", []),
        ("a\u200db", [("hidden", "\u200d")]),
        ("\ufeff#include", [("hidden", "\ufeff")]),
        ("tag\U000e0041", [("hidden", "\U000e0041")]),
        ("АΒ", [("look-alike", "АΒ")]),
        ("// Проверка сору данных", []),
        ("// Ελλάδα και ο κόσμος", []),
        ("µs = 5; μs; Δx; ν = c / λ", []),
        ("naïve façade ñandú İstanbul ışık groß", []),
        ("x² + y³, 1ª", []),
        ("// 王小明 さん 한국어", []),
        ("# می\u200cخواهم", []),
        ("‘quotes’ — dashes… ✓ \U0001f468\u200d\U0001f469", []),
        ("int plain = 0;", []),
    ],
)  # fmt: skip
def test_what_deceives(line: str, found: list[tuple[str, str]]) -> None:
    assert [
        (deceit.why, line[deceit.start : deceit.end]) for deceit in find_suspicious(line)
    ] == found


def test_each_character_that_turns_a_line_around_is_told() -> None:
    turning = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    for code in range(sys.maxunicode + 1):
        if unicodedata.bidirectional(chr(code)) in turning:
            assert [deceit.why for deceit in find_suspicious(chr(code))] == ["direction"], hex(code)


def test_the_words_count_lines() -> None:
    lines = ["a\u202eb\u202ec", "\u202e сору", "plain", "\u200b"]
    assert (
        describe_suspicious(lines)
        == "text that runs backwards in 2 lines, hidden characters in 1 line, look-alike characters in 1 line"
    )
    assert describe_suspicious(["plain", "Проверка"]) == ""


@given(st.text())
def test_places_are_in_the_line_and_in_order(line: str) -> None:
    found = find_suspicious(line)
    assert found == sorted(found)
    assert all(0 <= deceit.start < deceit.end <= len(line) for deceit in found)
