"""The quality of the search: required shares of right answers over a real list and a made-up one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from core.search.fuzzy.index import FuzzyEntry, FuzzyIndex
from tests.core.search.search_archive import BUNDLE, kvm_ppc, nothing, questions
from tests.core.search.search_corpus import Asker, Question, corpus

FIRST = 0.90
IN_TEN = 0.99
NOTHING = 0.95


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[FuzzyEntry]:
    if not BUNDLE.exists():
        pytest.skip(f"{BUNDLE.name} is not beside the project")
    return kvm_ppc(tmp_path_factory.mktemp("kvm-ppc"))


def shares(index: FuzzyIndex, asked: list[Question]) -> tuple[float, float, list[str]]:
    """Return how many questions have their row first, and in the first ten, and those that have not."""
    missed = []
    first = in_ten = 0
    for question in asked:
        rows = [hit.row for hit in index.search(question.query, limit=10)]
        first += rows[:1] == [question.row]
        in_ten += question.row in rows
        if rows[:1] != [question.row]:
            missed.append(f"{question.kind}: {question.query!r}")
    return first / len(asked), in_ten / len(asked), missed


def found(index: FuzzyIndex, queries: Iterable[str]) -> list[str]:
    return [query for query in queries if index.search(query)]


def test_a_real_list(real: list[FuzzyEntry]) -> None:
    index = FuzzyIndex.build(real)
    asked = questions(real)
    assert len(asked) >= 100
    first, in_ten, missed = shares(index, asked)
    assert first >= FIRST, missed
    assert in_ten >= IN_TEN, missed
    absent = nothing()
    assert len(absent) >= 30
    assert len(found(index, absent)) <= (1 - NOTHING) * len(absent), found(index, absent)


@pytest.mark.parametrize("seed", [1, 2025])
def test_a_made_up_list(seed: int) -> None:
    entries = corpus(seed)
    index = FuzzyIndex.build(entries)
    asked = Asker(entries, seed + 1).questions(14)
    assert len(asked) >= 120
    for kind in {question.kind for question in asked}:
        first, in_ten, missed = shares(index, [q for q in asked if q.kind == kind])
        assert first >= FIRST, missed
        assert in_ten >= IN_TEN, missed
    absent = nothing()
    assert len(found(index, absent)) <= (1 - NOTHING) * len(absent), found(index, absent)
