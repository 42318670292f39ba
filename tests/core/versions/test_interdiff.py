"""The interdiff by rows: the two signs of each row, and that large files stay cheap."""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from dataclasses import replace
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Cancelled
from core.versions.content import FileContent
from core.versions.interdiff import FileInterdiff, Row, interdiff, pair_files
from tests.core.versions.patches import diff, lines, patch


def file_of(*rows: str, path: str = "a.c") -> FileContent:
    signs = "".join(row[0] for row in rows)
    return FileContent(path=path, signs=signs, texts=tuple(row[1:] for row in rows))


def compare(old: list[str], new: list[str]) -> FileInterdiff:
    (found,) = interdiff(patch("t", diff("a.c", *old)), patch("t", diff("a.c", *new)))
    return found


@pytest.mark.parametrize(
    ("was", "now", "effect"),
    [
        ("+", "+", 0),
        ("+", "", -1),
        ("", "+", 1),
        ("-", "", 1),
        ("", "-", -1),
        ("+", " ", 0),
        (" ", "+", 0),
        ("-", "-", 0),
        ("-", " ", 1),
        (" ", "-", -1),
        (" ", "", 0),
        ("", " ", 0),
        (" ", " ", 0),
        ("-", "+", 1),
        ("+", "-", -1),
    ],
)
def test_the_two_signs_of_a_row_say_what_the_version_did(was: str, now: str, effect: int) -> None:
    assert Row(was, now, "x", 0, 0).effect == effect


def test_a_line_that_kept_its_text_and_changed_its_sign_is_one_row() -> None:
    found = compare([" a", "-b", " c"], [" a", " b", " c"])
    assert [(row.was, row.now, row.text) for row in found.rows] == [
        (" ", " ", "a"),
        ("-", " ", "b"),
        (" ", " ", "c"),
    ]
    assert (found.added, found.removed) == (1, 0)


def test_other_context_counts_for_nothing() -> None:
    found = compare([" a", " b", "+new", " c"], [" x", " b", "+new", " y"])
    assert (found.added, found.removed) == (0, 0)


def test_a_line_that_moved_within_the_file_counts_for_nothing_and_is_marked() -> None:
    found = compare(["+one", "+two", "+three", "+four"], ["+four", "+one", "+two", "+three"])
    assert (found.added, found.removed) == (0, 0)
    assert {found.rows[at].text for at in found.moved} == {"four"}


def test_a_line_of_which_only_the_blanks_changed_is_known() -> None:
    found = compare(["+one", "+\ttwo;", "+three"], ["+one", "+  two; ", "+other"])
    assert {found.rows[at].text for at in found.respaced} == {"\ttwo;", "  two; "}


def test_carriage_returns_and_hunk_numbers_are_left_out() -> None:
    old = patch("t", diff("a.c", " a\r", "+b\r"))
    new = patch("t", diff("a.c", " a", "+b", start=900))
    assert old.diff_digest() == new.diff_digest()


def test_a_renamed_file_is_found_by_what_changed_in_it() -> None:
    old = patch("t", diff("test/one.c", *lines("a", 20)), diff("b.c", "+b"))
    new = patch("t", diff("b.c", "+b"), diff("test/two.c", *lines("a", 20), "+more"))
    found = interdiff(old, new)
    assert [(file.path, file.old_path, file.added, file.removed) for file in found] == [
        ("b.c", None, 0, 0),
        ("test/two.c", "test/one.c", 1, 0),
    ]


def test_the_same_lines_in_another_file_are_no_rename() -> None:
    old = patch("t", diff("a.c", " int a;", *lines("a", 20), " return a;"))
    new = patch("t", diff("z.c", " int z;", *lines("a", 20), " return z;"))
    found = interdiff(old, new)
    assert [(file.path, file.added, file.removed) for file in found] == [
        ("z.c", 20, 0),
        ("a.c", 0, 20),
    ]


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        (["+one();", "+}"], [" two();", " }"], (0, 2)),
        (["+one();", "+goto out;"], [" goto out;", "+three();", " goto out;"], (1, 2)),
        (["+\tone();", "+}"], [" \tone();", " }"], (0, 0)),
        (["+one();", "+}"], [" one();", " }", "-}", " }"], (0, 1)),
    ],
)
def test_only_a_line_that_is_once_in_the_file_is_said_to_be_in_the_base_now(
    old: list[str], new: list[str], counts: tuple[int, int]
) -> None:
    found = compare(old, new)
    assert (found.added, found.removed) == counts


def test_files_of_one_side_alone_are_there() -> None:
    found = interdiff(patch("t", diff("a.c", "+a")), patch("t", diff("z.c", *lines("z", 2))))
    assert [(file.path, file.added, file.removed) for file in found] == [
        ("z.c", 2, 0),
        ("a.c", 0, 1),
    ]


def test_a_missing_newline_is_a_change_of_its_line() -> None:
    old = patch("t", diff("a.c", "+a", "\\ No newline at end of file"))
    assert [row.effect for row in interdiff(old, patch("t", diff("a.c", "+a")))[0].rows] == [0, -1]


rows = st.lists(
    st.tuples(st.sampled_from("+- "), st.sampled_from("abcd")).map("".join), min_size=1, max_size=12
)


@settings(max_examples=150, deadline=None)
@given(rows, rows)
def test_every_row_of_both_sides_is_there_once_in_order(old: list[str], new: list[str]) -> None:
    (left, right) = (file_of(*side) for side in (old, new))
    empty = patch("t")
    files = interdiff(replace(empty, files=(left,)), replace(empty, files=(right,)))
    (found,) = files
    assert [row.old for row in found.rows if row.old >= 0] == list(range(len(old)))
    assert [row.new for row in found.rows if row.new >= 0] == list(range(len(new)))
    for row in found.rows:
        if row.old >= 0:
            assert row.was + row.text == old[row.old]
        if row.new >= 0:
            assert row.now + row.text == new[row.new]


@settings(max_examples=60, deadline=None)
@given(rows)
def test_a_patch_against_itself_changes_nothing(same: list[str]) -> None:
    (found,) = interdiff(patch("t", diff("a.c", *same)), patch("t", diff("a.c", *same)))
    assert not any(row.effect for row in found.rows)


def test_pairs_of_files_are_found_by_their_old_path() -> None:
    old = FileContent(path="new.c", old_path="old.c", status="renamed")
    assert list(pair_files([old], [file_of("+x", path="old.c")])) == [
        (old, file_of("+x", path="old.c"))
    ]


def test_a_file_of_10000_rows_takes_100_ms_at_most() -> None:
    chance = random.Random(1)
    old = [f"+\tline {at} {chance.random()}" for at in range(10_000)]
    new = [row if chance.random() > 0.05 else row + " changed" for row in old]
    left, right = (patch("t", diff("a.c", *side)) for side in (old, new))
    interdiff(patch("t", diff("a.c", "+x", "+y")), patch("t", diff("a.c", "+y", "+z")))  # imports
    gc.freeze()  # what other tests left is not to be searched meanwhile
    started = time.process_time()
    (found,) = interdiff(left, right)
    took = time.process_time() - started
    gc.unfreeze()
    assert took < 0.1
    assert 300 < found.added < 700


@pytest.mark.parametrize("alphabet", [2, 100_000_000])
def test_100000_rows_are_bounded_in_time_and_memory(alphabet: int) -> None:
    chance = random.Random(2)
    sides = [
        patch("t", diff("a.c", *(f"+{chance.randrange(alphabet)}" for _ in range(100_000))))
        for _ in range(2)
    ]
    gc.freeze()  # what other tests left is not to be searched meanwhile
    started = time.process_time()
    (found,) = interdiff(sides[0], sides[1])
    took = time.process_time() - started
    gc.unfreeze()
    assert took < 2
    assert sum(row.new >= 0 for row in found.rows) == 100_000


@pytest.mark.torture
def test_50000_rows_take_100_mb_at_most() -> None:
    chance = random.Random(3)
    old = [f"+\tline {chance.randrange(40_000)}" for _ in range(50_000)]
    new = [row if chance.random() > 0.3 else "+other" for row in old]
    left, right = (patch("t", diff("a.c", *side)) for side in (old, new))
    tracemalloc.start()
    try:
        interdiff(left, right)
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


def test_it_stops() -> None:
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        interdiff(patch("t", diff("a.c", "+a")), patch("t", diff("a.c", "+b")), stop)
