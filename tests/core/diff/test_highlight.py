"""Colours of code: each line from its own side, for known languages, within bounds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name

from core.diff.highlight import (
    _LANGUAGES,
    _LANGUAGES_BY_NAME,
    LONGEST_LINE,
    MOST_CHARACTERS,
    MOST_LINES,
    Token,
    highlight,
    highlight_steps,
    language,
)

C, K, T, F, S, N, P = (
    Token.COMMENT, Token.KEYWORD, Token.TYPE, Token.FUNCTION, Token.STRING, Token.NUMBER, Token.PREPROCESSOR,
)  # fmt: skip


def told(path: str, hunk: str) -> list[list[tuple[str, Token]]]:
    rows = hunk.split("\n")
    lines = [row[1:] for row in rows]
    spans = highlight(path, "".join(row[:1] for row in rows), lines)
    return [
        [(line[a:b], token) for a, b, token in row] for line, row in zip(lines, spans, strict=True)
    ]


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("kvm/x.c", "return foo(0x10); // c", [("return", K), ("foo", F), ("0x10", N), ("// c", C)]),
        ("x.h", '#include "a.h"', [("#include", P), ('"a.h"', S)]),
        ("x.c", "u32 *p = NULL;", [("u32", None), ("NULL", T)]),
        ("x.py", "def f(): return 'a'", [("def", K), ("f", F), ("return", K), ("'a'", S)]),
        ("a/Makefile", "# c", [("# c", C)]),
        ("a/Makefile.build", "# c", [("# c", C)]),
        ("drivers/Kconfig", "config KVM", [("config", K)]),
        ("x.rs", "pub fn f() {}", [("pub", K), ("fn", K), ("f", F)]),
        ("x.unknown", "return foo(0x10);", []),
        ("", "return foo(0x10);", []),
    ],
)  # fmt: skip
def test_tokens(path: str, line: str, expected: list[tuple[str, Token | None]]) -> None:
    assert told(path, "+" + line) == [[pair for pair in expected if pair[1] is not None]]


def test_each_line_takes_its_colours_from_its_own_side() -> None:
    # The old side opens a comment that the new one does not: only the removed line is inside it.
    rows = told("x.c", "-/* old\n-return 1;\n+return 2;\n return 3;\n-*/")
    assert rows == [
        [("/* old", C)],
        [("return 1;", C)],
        [("return", K), ("2", N)],
        [("return", K), ("3", N)],
        [("*/", C)],
    ]


def test_a_comment_opened_in_context_colours_added_lines() -> None:
    rows = told("x.c", " /* a\n+return 1;\n b */\n return 2;")
    assert rows == [[("/* a", C)], [("return 1;", C)], [("b */", C)], [("return", K), ("2", N)]]


@pytest.mark.parametrize(
    "hunk",
    [
        "  * words return\n+ * more\n  */\n int x;",
        "  words return\n+ more\n  */\n int x;",
        "  *\n+ * return\n  * x",
    ],
)
def test_a_hunk_that_begins_inside_a_comment(hunk: str) -> None:
    rows = told("x.c", hunk)
    assert [token for _, token in rows[0]] == [C]
    assert [token for _, token in rows[1]] == [C]
    if len(rows) == 4:
        assert rows[3] == [("int", T)]


def test_a_dereference_is_no_comment() -> None:
    assert told("x.c", " *p = 1;\n+return 1;")[1] == [("return", K), ("1", N)]


def test_deleted_file_has_colours_in_context_too() -> None:
    assert told("x.c", " return;\n-return;") == [[("return", K)], [("return", K)]]


def test_remarks_and_broken_lines_have_none() -> None:
    assert told("x.c", "+return;\n\\ No newline return\n?return") == [[("return", K)], [], []]


@pytest.mark.parametrize(
    ("kinds", "lines"),
    [
        ("+" * (MOST_LINES + 1), ["return;"] * (MOST_LINES + 1)),
        ("+" * 50, ["return" + " " * (MOST_CHARACTERS // 50)] * 50),
    ],
)
def test_what_is_too_large_stays_plain(kinds: str, lines: list[str]) -> None:
    assert not any(highlight("x.c", kinds, lines))


def test_a_long_line_stays_plain_alone() -> None:
    rows = highlight("x.c", "++", ["return " * LONGEST_LINE, "return;"])
    assert [bool(row) for row in rows] == [False, True]


def test_every_language_has_a_lexer() -> None:
    for name in {*_LANGUAGES.values(), *_LANGUAGES_BY_NAME.values()}:
        get_lexer_by_name(name)
    assert language("A/B.C/readme") is None
    assert language("Makefile.am") == "make"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["x.c", "x.py", "Makefile", "x.rst", "x.sh", "x.rs", "x.yaml", "x.json"]),
    st.lists(
        st.tuples(
            st.sampled_from(" +-\\?"),
            st.text(st.characters(exclude_characters="\n"), max_size=20)
            | st.sampled_from(["/*", "*/", '"""', "int x;", "'", "\\", "#if 0", "\r", "R\"(", "<<EOF"]),
        ),
        max_size=20,
    ),
)  # fmt: skip
def test_spans_lie_in_their_lines_in_order(path: str, rows: list[tuple[str, str]]) -> None:
    kinds = "".join(kind for kind, _ in rows)
    lines = [line for _, line in rows]
    found = highlight(path, kinds, lines)
    assert len(found) == len(lines)
    for line, spans in zip(lines, found, strict=True):
        end = 0
        for start, stop, _ in spans:
            assert end <= start < stop <= len(line)
            end = stop


@pytest.mark.parametrize(
    "path", ["x.c", "x.py", "x.rst", "x.sh", "Makefile", "x.yaml", "x.rs", "x.js"]
)
@pytest.mark.parametrize("unit", ["(", '"', "\\", "/*", " ", "a ", "<", "`", "'", "a(", "{"])
def test_steps_are_short_on_hostile_lines(path: str, unit: str) -> None:
    line = unit * (LONGEST_LINE // len(unit))
    longest, last = 0.0, time.process_time()
    for _ in highlight_steps(path, "+" * 10, [line] * 10):
        now = time.process_time()
        longest, last = max(longest, now - last), now
    assert longest < 0.5  # a key waits for one step at most; measured: 0.05 s
