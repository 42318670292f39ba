"""Which words of a changed line are marked, and that it stays bounded."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diff.word_diff import MOST_LINES, change_block_at, differs_only_in_whitespace, word_diff


def marked(line: str, spans: list[tuple[int, int]]) -> list[str]:
    return [line[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("old", "new", "gone", "come"),
    [
        ("wick_trim(wick);", "wick_trim(wick, 1);", [], [", 1"]),
        ("int a = 1;", "int a = 2;", ["1"], ["2"]),
        ("return old_name(x, y);", "return new_name(x, z);", ["old_name", "y"], ["new_name", "z"]),
        ("\tfoo(bar);", "\t\tfoo(bar);", ["\t"], ["\t\t"]),
        ("nothing of this", "is alike to that", [], []),
        ("", "", [], []),
    ],
)
def test_what_changed(old: str, new: str, gone: list[str], come: list[str]) -> None:
    (left,), (right,) = word_diff([old], [new])
    assert (marked(old, left), marked(new, right)) == (gone, come)


def test_lines_find_each_other() -> None:
    old = ["int height;", "wick->height -= 1;"]
    new = ["/* Trim it. */", "int height;", "if (by > wick->height)", "wick->height -= by;"]
    left, right = word_diff(old, new)
    assert [marked(line, spans) for line, spans in zip(old, left, strict=True)] == [[], ["1"]]
    assert [marked(line, spans) for line, spans in zip(new, right, strict=True)] == [
        [],
        [],
        [],
        ["by"],
    ]


@pytest.mark.parametrize(
    ("kinds", "at", "found"),
    [
        (" --++ ", 1, (1, 3, 5)),
        (" --++ ", 4, (1, 3, 5)),
        (" --++--+ ", 6, (5, 7, 8)),
        ("-+", 0, (0, 1, 2)),
        (" -- ", 1, None),
        (" ++ ", 1, None),
        (" -+ ", 0, None),
        ("-\\+\\", 2, (0, 2, 3)),
        ("-" * (MOST_LINES + 1) + "+", 0, None),
        ("-" + "+" * 100_000, 50_000, None),
    ],
)
def test_the_run_around_a_line(kinds: str, at: int, found: tuple[int, int, int] | None) -> None:
    assert change_block_at(kinds, at) == found


def test_white_space_can_be_left_aside() -> None:
    assert differs_only_in_whitespace(["\tif (a)", "b"], ["if  (a )", "b "])
    assert not differs_only_in_whitespace(["a"], ["b"])
    assert not differs_only_in_whitespace(["a"], ["a", "b"])


@given(st.lists(st.text(max_size=40), max_size=5), st.lists(st.text(max_size=40), max_size=5))
def test_marks_lie_in_their_lines(old: list[str], new: list[str]) -> None:
    for lines, spans in zip((old, new), word_diff(old, new), strict=True):
        for line, found in zip(lines, spans, strict=True):
            ends = [place for span in found for place in span]
            assert ends == sorted(set(ends))
            assert all(0 <= place <= len(line) for place in ends)


def test_what_is_not_marked_is_the_same_on_both_sides() -> None:
    old, new = "a = b + c(d, e) ;", "a = b - c(d, f, g);"
    (left,), (right,) = word_diff([old], [new])

    def rest(line: str, spans: list[tuple[int, int]]) -> str:
        return "".join(
            char for at, char in enumerate(line) if not any(s <= at < e for s, e in spans)
        )

    assert rest(old, left).replace(" ", "") == rest(new, right).replace(" ", "")


def test_the_worst_run_costs_little() -> None:
    old = ["a b " * 240 + str(n) for n in range(MOST_LINES)]
    new = ["b a " * 240 + str(n) for n in range(MOST_LINES - 1)]
    started = time.process_time()
    word_diff(old, new)
    assert time.process_time() - started < 1.0


def test_as_many_lines_need_not_be_changes_of_each_other_in_their_order() -> None:
    old = ["\tint height = trim(wick);", "\tdone();"]
    new = ["\tlong by = 1;", "\tint height = trim(wick, by);"]
    assert word_diff(old, new) == ([[], []], [[], [(23, 27)]])
    assert new[1][23:27] == ", by"
