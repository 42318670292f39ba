"""The ladder and the grid as text: every line as wide as its pane, what changed beside each patch."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from core.desk.versions import VersionComparer
from core.versions.choose import Choice, choose, postings
from core.versions.comparison import Comparison
from tests.core.versions.series import Mails, raw_mail, raw_patch
from tui.versions.rows import LadderRow, chains, grid_rows, ladder_rows

ROWS = [f"+line {at}();" for at in range(9)]
ARCHIVE = Mails(
    [
        raw_mail("c1", "[PATCH 0/2] lamp: light"),
        raw_patch("a1", "[PATCH 1/2] lamp: wick", ROWS, answers="c1"),
        raw_patch("a2", "[PATCH 2/2] lamp: drop this", ["+gone"], answers="c1"),
        raw_mail("c2", "[PATCH v2 0/2] lamp: light", "v2:\n- patch 1: trim it\n", day=2),
        raw_patch("b1", "[PATCH v2 1/2] lamp: wick", [*ROWS, "+more"], day=2, answers="c2"),
        raw_patch("b2", "[PATCH v2 2/2] lamp: 灯 oil", ["+oil"], day=2, answers="c2"),
        raw_mail("c3", "[PATCH v3 0/2] lamp: light", day=3),
        raw_patch("d1", "[PATCH v3 1/2] lamp: wick", [*ROWS, "+more"], day=3, answers="c3"),
        raw_patch("d2", "[PATCH v3 2/2] lamp: 灯 oil", ["+oil", "+well"], day=3, answers="c3"),
    ]
)


def compared(old: str, new: str) -> tuple[Choice, Comparison]:
    choice = choose(ARCHIVE.series(), old, new)
    return choice, VersionComparer(ARCHIVE).compare(choice)


def text(row: LadderRow) -> str:
    return "".join(piece for piece, _ in row.pieces).rstrip()


def test_a_pair_a_line_with_its_kind_and_what_there_is_to_say() -> None:
    lines = [text(row) for row in ladder_rows(*compared("1", "2"), 80)]
    assert lines[0] == " lamp: light"
    assert lines[1].startswith(" v1 → v2 → v3")
    assert "v1 → v2: 1 code, 1 new, 1 gone" in lines[1]
    assert lines[2].startswith("   1 c   1  lamp: wick")
    assert lines[2].endswith("code +1 -0")
    assert lines[3].startswith("   – +   2  lamp: 灯 oil")
    assert lines[4].startswith("   2 -   –  lamp: drop this")
    assert lines[6] == " v2 patch 1: patch 1: trim it"


def test_in_linear_mode_a_pair_is_a_sentence() -> None:
    lines = [text(row) for row in ladder_rows(*compared("2", "3"), 100, linear=True)]
    assert " v2 patch 1, v3 patch 1, lamp: wick: as in v2" in lines


def test_the_grid_has_a_patch_a_line_and_a_version_a_column() -> None:
    known = postings(ARCHIVE.series())
    comparer = VersionComparer(ARCHIVE)
    steps = [comparer.compare(Choice(old=old, new=new)) for old, new in pairwise(known)]
    lines = [text(row) for row in grid_rows(known, chains(known, steps), 60)]
    assert lines[1:5] == [
        "   v1   v2   v3",
        "    +    c    =  lamp: wick",
        "         +    c  lamp: 灯 oil",
        "    +    -       lamp: drop this",
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.booleans())
def test_no_line_is_wider_than_its_pane(width: int, linear: bool) -> None:
    for row in ladder_rows(*compared("1", "2"), max(30, width), linear=linear):
        assert cell_len(text(row)) <= max(30, width)


@pytest.mark.parametrize("width", [24, 40, 80])
def test_the_cursor_stands_on_pairs_alone(width: int) -> None:
    choice, comparison = compared("1", "2")
    stops = [row.pair for row in ladder_rows(choice, comparison, width) if row.pair is not None]
    assert stops == list(range(len(comparison.pairs)))
