"""Which patch of one version is which of another."""

from __future__ import annotations

import time
from threading import Event

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Cancelled
from core.versions.assignment import assign
from core.versions.content import PatchContent
from core.versions.increasing import longest_increasing
from core.versions.pairing import PatchPair, pair_patches
from tests.core.versions.patches import diff, lines, patch


def pairs(old: list[PatchContent], new: list[PatchContent]) -> list[tuple[int | None, int | None]]:
    return [(pair.old, pair.new) for pair in pair_patches(old, new)]


def test_equal_diffs_pair_whatever_their_titles_and_order() -> None:
    a, b = diff("a.c", *lines("a", 3)), diff("b.c", *lines("b", 3))
    old = [patch("one", a), patch("two", b)]
    new = [patch("another", b), patch("third", a)]
    found = pair_patches(old, new)
    assert {(pair.old, pair.new) for pair in found} == {(0, 1), (1, 0)}
    assert sum(pair.moved for pair in found) == 1


def test_of_several_equal_diffs_the_one_with_the_same_title_pairs() -> None:
    same = diff("a.c", *lines("a", 3))
    old = [patch("one", same), patch("two", same)]
    assert pairs(old, [patch("two", same), patch("one", same)]) == [(1, 0), (0, 1)]


def test_a_title_that_occurs_once_pairs_rewritten_code() -> None:
    old = [patch("mm: fix", diff("a.c", *lines("a", 30)))]
    new = [patch("MM:  fix.", diff("b.c", *lines("b", 30)))]
    assert pairs(old, new) == [(0, 0)]


def test_two_patches_of_one_title_pair_by_their_code() -> None:
    old = [
        patch("fix typo", diff("a.c", *lines("a", 9))),
        patch("fix typo", diff("b.c", *lines("b", 9))),
    ]
    new = [
        patch("fix typo", diff("b.c", *lines("b", 9), "+x")),
        patch("fix typo", diff("a.c", *lines("a", 9), "+y")),
    ]
    assert set(pairs(old, new)) == {(1, 0), (0, 1)}


def test_the_rest_pairs_by_common_lines() -> None:
    old = [patch(f"old {name}", diff(f"{name}.c", *lines(name, 20))) for name in "abc"]
    new = [patch(f"then {name}", diff(f"{name}.c", *lines(name, 20), "+more();")) for name in "cab"]
    assert set(pairs(old, new)) == {(0, 1), (1, 2), (2, 0)}


def test_what_has_nothing_in_common_stays_alone_where_it_stood() -> None:
    keep = diff("k.c", *lines("k", 5))
    old = [patch("keep", keep), patch("drop", diff("a.c", *lines("a", 9)))]
    new = [patch("keep", keep), patch("a new thing", diff("b.c", *lines("b", 9)))]
    assert pairs(old, new) == [(0, 0), (None, 1), (1, None)]


def test_a_lone_patch_whose_lines_another_took_is_merged_into_it() -> None:
    a, b = lines("a", 30), lines("b", 8)
    old = [patch("one", diff("a.c", *a)), patch("two", diff("b.c", *b))]
    found = pair_patches(old, [patch("one", diff("a.c", *a), diff("b.c", *b))])
    assert found == [PatchPair(old=0, new=0), PatchPair(old=1, new=None, merged_into=0)]


def test_a_line_that_its_partner_had_already_merges_nothing() -> None:
    a, b = lines("a", 30), lines("b", 8)
    both = patch("one", diff("a.c", *a), diff("b.c", *b))
    found = pair_patches([both, patch("two", diff("c.c", *b))], [both])
    assert found[1].merged_into is None


def test_a_lone_new_patch_is_split_from_the_one_that_lost_its_lines() -> None:
    a, b = lines("a", 30), lines("b", 8)
    new = [patch("one", diff("a.c", *a)), patch("two", diff("b.c", *b))]
    found = pair_patches([patch("one", diff("a.c", *a), diff("b.c", *b))], new)
    assert [pair.split_from for pair in found] == [(), (0,)]


def test_a_lone_new_patch_may_come_from_several() -> None:
    a, b, c, d = (lines(name, 30 if name in "ab" else 5) for name in "abcd")
    old = [patch("one", diff("a.c", *a, *c)), patch("two", diff("b.c", *b, *d))]
    new = [
        patch("one", diff("a.c", *a)),
        patch("two", diff("b.c", *b)),
        patch("helpers", diff("h.c", *c, *d)),
    ]
    assert pair_patches(old, new)[2].split_from == (0, 1)


def test_a_patch_that_shrank_to_a_part_is_the_same_one() -> None:
    large = lines("a", 100)
    old, new = (
        patch("revert that", diff("a.c", *large)),
        patch("bring it back", diff("a.c", *large[:10])),
    )
    assert pairs([old], [new]) == [(0, 0)]


def test_a_moved_patch_is_the_one_out_of_order() -> None:
    old = [patch(name, diff(f"{name}.c", *lines(name, 3))) for name in "abcde"]
    found = pair_patches(old, [old[4], *old[:4]])
    assert [pair.new for pair in found if pair.moved] == [0]


def test_500_against_500_hostile_patches_take_two_seconds_at_most() -> None:
    common = lines("same", 100)
    old = [patch("a", diff("a.c", *common, f"+{at}"), number=at) for at in range(500)]
    new = [patch("b", diff("a.c", *common, f"+x{at}"), number=at) for at in range(500)]
    started = time.process_time()
    found = pair_patches(old, new)
    assert time.process_time() - started < 2
    assert len(found) == 1000
    assert not any(pair.compared for pair in found)


def test_it_stops() -> None:
    stop = Event()
    stop.set()
    old = [patch("a", diff("a.c", *lines("a", 9)))]
    with pytest.raises(Cancelled):
        pair_patches(old, [patch("b", diff("a.c", *lines("a", 8)))], stop)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_patch_is_there_once(data: st.DataObject) -> None:
    names = st.lists(st.sampled_from("abcdef"), max_size=7)
    old, new = (
        [patch(f"t {name}", diff(f"{name}.c", *lines(name, 6))) for name in data.draw(names)]
        for _ in range(2)
    )
    found = pair_patches(old, new)
    assert sorted(pair.old for pair in found if pair.old is not None) == list(range(len(old)))
    assert [pair.new for pair in found if pair.new is not None] == list(range(len(new)))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_assignment_saves_as_much_as_any(data: st.DataObject) -> None:
    from itertools import permutations

    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    values = st.lists(st.integers(-5, 9), min_size=rows * columns, max_size=rows * columns)
    saving = np.array(data.draw(values), dtype=float).reshape(rows, columns)
    square = np.zeros((4, 4))
    square[:rows, :columns] = np.maximum(saving, 0)
    best = max(
        sum(square[at, to] for at, to in enumerate(order)) for order in permutations(range(4))
    )
    found = assign(saving)
    assert sum(saving[pair] for pair in found) == best
    assert len({row for row, _ in found}) == len({column for _, column in found}) == len(found)


@settings(max_examples=100)
@given(st.lists(st.integers(0, 12), max_size=12))
def test_the_longest_increasing_run_increases_and_is_longest(numbers: list[int]) -> None:
    kept = [numbers[at] for at in longest_increasing(numbers)]
    assert kept == sorted(set(kept))
    longest: list[int] = []
    for at, number in enumerate(numbers):
        longest.append(1 + max((longest[i] for i in range(at) if numbers[i] < number), default=0))
    assert len(kept) == max(longest, default=0)
