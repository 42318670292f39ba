"""No query and no subject makes the search fail, or take long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.query.tokens import fold, fold_with_offsets
from core.search.fuzzy.abbreviations import split_abbreviation
from core.search.fuzzy.index import FuzzyEntry, FuzzyIndex
from core.search.fuzzy.typed_query import MAX_QUERY, MAX_WORDS, parse_typed_query
from tests.core.search.search_corpus import corpus

LONG = 10_000
SOON = 2.0
"""Seconds; each takes a few hundredths of one where nothing else runs."""


def entry(row: int, subject: str, name: str = "A B", address: str = "a@b.example") -> FuzzyEntry:
    return FuzzyEntry(row, subject, name, address, f"{row}@c.example", row)


@pytest.fixture(scope="module")
def hostile() -> FuzzyIndex:
    letters = [
        entry(row, " ".join("a" * (1 + (row + k) % 12) for k in range(64))) for row in range(1500)
    ]
    pairs = [
        entry(5000 + row, " ".join("ab" * (k % 9 + 1) for k in range(64))) for row in range(500)
    ]
    odd = [
        "x" * 1_000_000,
        "word " * 200_000,
        "\ufdfa" * 10_000,
        "e\u0301" * 10_000,
        "\x00\x1b[31m\r\n",
        "",
        "\udc80 lone \ud800",
        "Z\u0336" * 5000,
    ]
    rows = letters + pairs + [entry(9000 + row, text, text, text) for row, text in enumerate(odd)]
    return FuzzyIndex.build([*rows, *(corpus(3, titles=200))])


@pytest.mark.parametrize(
    "query",
    [
        "a" * LONG,
        "a" * 24,
        "a" * 23 + "b",
        "ab" * 12,
        "ab" * 12 + " " + "a" * 24 + " " + "ba" * 12,
        " ".join("a" * size for size in range(1, 140)),
        " " * LONG,
        "\t\r\n\v\f\u00a0\u2003" * 1000,
        "😀👩‍👩‍👧" * 1000,
        "\x00" * LONG,
        "ker\x00nel",
        "(a+)+$" * 1600,
        ".*[^]{1,9}\\" * 900,
        "'; DROP TABLE x; --%_" * 500,
        "[" * LONG,
        "[PATCH " * 1400,
        "[a] " * 2500,
        "Re: " * 2500,
        "@" * LONG,
        "a@" * 5000,
        "a.b." * 2500,
        "a@b " * 2500,
        "v" * LONG,
        "v1 v2 v3 " * 1100,
        "\ufdfa" * LONG,
        "e\u0301" * 5000,
        "\udc80\ud800",
        "<" * LONG,
        "http://" + "/a@b" * 2500,
        "http://[",
        "1" * LONG,
        "%41" * 3000,
        "ﬁﬃ" * 3000,
        "İ" * LONG,
    ],
    ids=lambda query: repr(query[:12]),
)
def test_any_query_is_answered_soon(hostile: FuzzyIndex, query: str) -> None:
    started = time.perf_counter()
    hits = hostile.search(query)
    assert time.perf_counter() - started < SOON
    assert len(hits) <= 100


def test_a_flood_in_one_row_costs_as_little_as_its_first_words() -> None:
    index = FuzzyIndex.build([entry(1, "zebra " + "x" * 5_000_000), entry(2, "lion " * 1_000_000)])
    assert [hit.row for hit in index.search("zebra")] == [1]
    assert [hit.row for hit in index.search("lion")] == [2]
    assert sum(array.nbytes for _, array in index._parts[0].segment.arrays()) < 20_000


def test_numbers_out_of_range_are_brought_in() -> None:
    far = FuzzyEntry(2**62, "zebra", "", "", "", date=10**15, version=10**9)
    early = FuzzyEntry(-5, "zebra", "", "", "", date=-(10**15), version=-1)
    assert [hit.row for hit in FuzzyIndex.build([early, far]).search("zebra")] == [2**62, -5]


text = st.text(st.characters(codec=None), max_size=60)


@settings(max_examples=150, deadline=None)
@given(subjects=st.lists(text, max_size=5), name=text, query=text)
def test_no_text_makes_it_fail_and_lit_letters_are_of_the_text(
    subjects: list[str], name: str, query: str
) -> None:
    rows = [entry(row, subject, name, query) for row, subject in enumerate(subjects)]
    index = FuzzyIndex.build(rows)
    for asked in (query, name, *subjects, query[::-1], query[:7] + "x" + query[7:]):
        for hit in index.search(asked):
            assert 0 <= hit.score <= 100
            for whole, spans in (
                (rows[hit.row].subject, hit.subject),
                (name, hit.name),
                (query, hit.address),
            ):
                ends = [end for span in spans for end in span]
                assert ends == sorted(ends)
                assert not ends or (ends[0] >= 0 and ends[-1] <= len(whole))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_a_folded_text_knows_where_its_letters_come_from(whole: str) -> None:
    folded, places = fold_with_offsets(whole)
    assert len(places) == len(folded) + 1
    assert list(places) == sorted(places)
    assert fold(folded) == folded
    assert folded == "".join(fold(char) for char in whole)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Schlameuß", "schlameuss"),
        ("Krčmář", "krcmar"),
        ("Łódź", "lodz"),
        ("Ørsted Æbler", "orsted aebler"),
        ("Đorđe", "dorde"),
        ("İstanbul ılık", "istanbul ilik"),
        ("Þórr", "thorr"),
        ("ﬁne ＷＩＤＥ", "fine wide"),
        ("Μαρία", "μαρια"),
    ],
)
def test_text_is_folded_to_what_people_type(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=2000))
def test_terms_are_few_and_short(query: str) -> None:
    terms = parse_typed_query(query)
    assert len(terms.words) <= MAX_WORDS
    assert all(0 < len(word.text) <= 40 for word in terms.words)


def test_of_a_long_query_the_beginning_counts() -> None:
    assert len(parse_typed_query(" ".join(map(str, range(50)))).words) == MAX_WORDS
    assert len(parse_typed_query("a@b " * 5000).addresses) <= MAX_WORDS
    assert not parse_typed_query(" " * MAX_QUERY + "zebra")
    assert parse_typed_query("zebra " * LONG)


@settings(max_examples=150, deadline=None)
@given(st.text("ab", min_size=4, max_size=24), st.lists(st.text("ab", min_size=1), max_size=12))
def test_pieces_are_beginnings_of_words_in_their_order(letters: str, words: list[str]) -> None:
    pieces = split_abbreviation(letters, words)
    if pieces:
        assert "".join(words[word][:size] for word, size in pieces) == letters
        assert all(size <= len(words[word]) for word, size in pieces)
        order = [word for word, _ in pieces]
        assert order == sorted(set(order))
