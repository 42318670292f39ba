"""Lines that moved within a patch: which count as that, and that finding them stays cheap."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.diff.hunks import Hunk
from core.diff.moved_lines import MOST_LINES, STEPS_PER_LINE, MovedBlock, find_moved_blocks
from core.diff.parse import read_diff
from core.errors import Cancelled

BODY = ["int trim(struct wick *wick)", "{", "\twick->height -= 1;", "", "\treturn wick->height;", "}"]  # fmt: skip


def hunks_of(*hunks: list[str]) -> list[Hunk]:
    """Return hunks with these rows, each in a file of its own."""
    text = ""
    for at, rows in enumerate(hunks):
        old = sum(row[:1] in {"-", " "} for row in rows)
        new = sum(row[:1] in {"+", " "} for row in rows)
        text += (
            f"diff --git a/{at}.c b/{at}.c\n--- a/{at}.c\n+++ b/{at}.c\n@@ -1,{old} +1,{new} @@\n"
        )
        text += "".join(f"{row}\n" for row in rows)
    diff = read_diff(text)
    assert not any(hunk.damaged for file in diff.files for hunk in file.hunks)
    return [hunk for file in diff.files for hunk in file.hunks]


def gone(lines: list[str]) -> list[str]:
    return [f"-{line}" for line in lines]


def come(lines: list[str], indent: str = "") -> list[str]:
    return [f"+{indent}{line}" if line else "+" for line in lines]


@pytest.mark.parametrize(
    ("hunks", "moves"),
    [
        # From one file to another, and within one.
        ([gone(BODY), come(BODY)], [MovedBlock(0, 0, 1, 0, 6)]),
        ([[*come(BODY), " same", *gone(BODY)]], [MovedBlock(0, 7, 0, 0, 6)]),
        # All of it indented by as much.
        ([gone(BODY), come(BODY, "\t")], [MovedBlock(0, 0, 1, 0, 6)]),
        # The lines around it are new or gone.
        ([["-old", *gone(BODY), "-older"], ["+new", *come(BODY), "+newer"]], [MovedBlock(0, 1, 1, 1, 6)]),
        # Only the part that is the same, and no blank lines at its end.
        ([gone([*BODY[:3], "other"]), come([*BODY[:3], "another"])], [MovedBlock(0, 0, 1, 0, 3)]),
        ([gone([*BODY[:3], "", "x"]), come([*BODY[:3], "", "y"])], [MovedBlock(0, 0, 1, 0, 3)]),
        # Where it stands it was only indented.
        ([[*gone(BODY), *come(BODY, "\t")]], []),
        ([[" a", *gone(BODY), "+{", *come(BODY, "\t"), " b"]], []),
        # Too few lines, or lines that say too little.
        ([gone(BODY[:2]), come(BODY[:2])], []),
        ([gone(["}", "}", "}", "}"]), come(["}", "}", "}", "}"])], []),
        # Each line was indented in another way.
        ([gone(BODY), come([*BODY[:2], "\t" + BODY[2], "", *BODY[4:]])], []),
        # It moved once; the second copy is new.
        ([gone(BODY), come(BODY), come(BODY)], [MovedBlock(0, 0, 1, 0, 6)]),
        ([gone(BODY), [*come(BODY), " x", *gone(BODY)], come(BODY)], [MovedBlock(1, 7, 1, 0, 6), MovedBlock(0, 0, 2, 0, 6)]),
        # The longer one of two that it may have been.
        ([gone(BODY[:4]), gone(BODY), come(BODY)], [MovedBlock(1, 0, 2, 0, 6)]),
    ],
)  # fmt: skip
def test_what_moved(hunks: list[list[str]], moves: list[MovedBlock]) -> None:
    assert list(find_moved_blocks(hunks_of(*hunks)).all) == moves


def test_a_line_knows_its_move() -> None:
    moves = find_moved_blocks(hunks_of(["-x", *gone(BODY), "-y"], ["+z", *come(BODY), "+z"]))
    (move,) = moves.all
    assert [moves.at(0, line, "-") is move for line in range(8)] == [False] + [True] * 6 + [False]
    assert [moves.at(1, line, "+") is move for line in range(8)] == [False] + [True] * 6 + [False]
    assert moves.at(0, 3, "+") is None
    assert moves.at(0, 3, " ") is None
    assert moves.at(1, 3, "-") is None


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("+- "), st.sampled_from(["", "return wick->height;", "\tint a_long_name;", "if (burns)", "}"])),
            min_size=1, max_size=30,
        ),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_whatever_moved_is_the_same_on_both_sides_and_moved_once(
    said: list[list[tuple[str, str]]],
) -> None:
    hunks = hunks_of(*[[kind + text for kind, text in rows] for rows in said])
    taken: set[tuple[str, int, int]] = set()
    for move in find_moved_blocks(hunks).all:
        old = hunks[move.old_hunk].rows[move.old_line : move.old_line + move.size]
        new = hunks[move.new_hunk].rows[move.new_line : move.new_line + move.size]
        assert [row[1:].strip() for row in old] == [row[1:].strip() for row in new]
        assert {row[0] for row in old} == {"-"}
        assert {row[0] for row in new} == {"+"}
        lines = {("-", move.old_hunk, move.old_line + at) for at in range(move.size)}
        lines |= {("+", move.new_hunk, move.new_line + at) for at in range(move.size)}
        assert not lines & taken
        taken |= lines


def steps(old: list[str], new: list[str] | None = None) -> int:
    """Return how many thousand steps finding takes, by how often it asks whether to stop."""
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return False

    find_moved_blocks(hunks_of(gone(old), come(old if new is None else new)), stop=stop)
    return asked * 4


def marks(at: int) -> str:
    """Return a line of signs that is like no other: a number in binary."""
    return f"{at:b}".replace("0", "{(").replace("1", ");")


@pytest.mark.parametrize(
    "line",
    [
        lambda at: "{(",
        lambda at: ["{(", ");"][at % 2],
        marks,
        lambda at: marks(at % 1000),
        lambda at: "",
        lambda at: "the very same line again and again",
        lambda at: f"line {at % 7} of many that are alike",
        lambda at: f"line {at} that is like no other",
        lambda at: "" if at % 2 else marks(at),
    ],
)
def test_it_is_linear_whatever_the_lines_are(line: Callable[[int], str]) -> None:
    counts = [steps([line(at) for at in range(size)]) for size in (10_000, 20_000, 40_000)]
    assert counts[2] <= 40_000 * 2 * 12 / 1000 + 4, counts
    assert counts[2] <= 2.5 * counts[1] + 8, counts
    assert counts[1] <= 2.5 * counts[0] + 8, counts


def test_the_largest_patch_of_one_line_is_looked_through() -> None:
    half = MOST_LINES // 2
    assert steps(["{("] * half) <= MOST_LINES * 12 / 1000


def test_work_is_bounded_where_many_beginnings_go_on_alike() -> None:
    """All endings of one text removed, and the text added again and again: each comparison is long, and a new one."""
    text = [marks(at) for at in range(150)]
    old = [line for at in range(150) for line in [*text[at:], f"end {at}"]]
    new = [line for _ in range(len(old) // 150) for line in [*text, "stop"]]
    assert steps(old, new) <= (STEPS_PER_LINE + 2) * (len(old) + len(new)) / 1000 + 4


def test_a_line_is_read_once_however_often_it_is_compared() -> None:
    started = time.process_time()
    find_moved_blocks(hunks_of(gone(["(" * 50_000, *["{("] * 60]), come(["(" * 50_000, "{("] * 30)))
    assert time.process_time() - started < 1


def test_it_stops_when_told() -> None:
    rows = [f"line {at} that is like no other" for at in range(20_000)]
    with pytest.raises(Cancelled):
        find_moved_blocks(hunks_of(gone(rows), come(rows)), stop=lambda: True)


def test_nothing_is_looked_for_in_what_is_too_large() -> None:
    half = MOST_LINES // 2 + 1
    rows = [f"line {at} that is like no other" for at in range(half)]
    assert find_moved_blocks(hunks_of(gone(rows), come(rows))).all == ()
