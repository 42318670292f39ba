"""Searches of an index and in memory: each term, the ranking of words, and the reason of an empty answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config import Config, FollowedList
from core.errors import Cancelled, QueryError
from core.index.index import Index, open_index
from core.search.hits import SearchHit
from core.search.list_search import ListSearch
from core.search.maintenance import index_new_bodies
from core.search.search import Search
from core.search.target_search import TargetSearch
from core.sources.source import git_blob_id
from tests.core.indexing import NOBODY, Log, bring, quiet
from tests.core.search.finding import MAILS, letter, listing

ME = ("ann@example.org",)
RAWS = {git_blob_id(raw).hex(): raw for raw in MAILS}
ALL = {"pmu1-0", "mem-0", "one", "two", "bug", "talk"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("finding")


@pytest.fixture(scope="module")
def index(folder: Path) -> Iterator[Index]:
    index = open_index(folder / "index.sqlite3")
    log = Log("letters")
    log.entries = [(raw, True) for raw in MAILS]
    bring(index, log)
    index_new_bodies(
        index.mails, index.identity, folder / "bodies.sqlite3", stop=NOBODY, report=quiet
    )
    yield index
    index.close()


@pytest.fixture(scope="module")
def indexed(index: Index, folder: Path) -> ListSearch:
    config = Config(
        me_addresses=ME, index_bodies=True, lists={"letters": FollowedList(target="/x")}
    )
    finder = ListSearch(index, config, cache=folder / "search", bodies=folder / "bodies.sqlite3")
    assert finder.ensure_ready(NOBODY)
    return finder


@pytest.fixture(scope="module")
def plain(index: Index, folder: Path) -> ListSearch:
    """Without the engine."""
    return ListSearch(index, Config(me_addresses=ME), bodies=folder / "bodies.sqlite3")


@pytest.fixture(scope="module")
def memory() -> TargetSearch:
    finder = TargetSearch(listing(), me=ME, read=lambda message: RAWS[message.key])
    assert finder.ensure_ready(NOBODY)
    return finder


def ids(finder: Search, query: str) -> set[str]:
    """Return which rows a query finds, by the letters' names, after a look at whether all that says so agrees."""
    found = finder.find(query)
    names = {hit.id.partition("@")[0] for hit in found.hits}
    assert len(names) == len(found.hits) == found.total
    assert bool(found.empty_reason) == (not names)
    return names


TERMS = [
    ("s:pmu", {"pmu1-0", "bug"}),
    ("s:pm", {"pmu1-0", "bug"}),
    ('s:"pm"', set()),
    ("s:mu", set()),
    ("s:cpufeature", {"pmu1-0"}),
    ('s:"PMU partitioning"', {"pmu1-0"}),
    ('s:"partitioning PMU"', set()),
    ("s:guest_memfd", {"mem-0"}),
    ("s:naive", {"talk"}),
    ("s:100", {"one"}),
    ("f:ann", {"pmu1-0"}),
    ("f:rex", {"talk"}),
    ("f:example.com", {"talk", "bug", "mem-0"}),
    ("f:rex@example.com", {"talk"}),
    ('f:"Ann Author"', {"pmu1-0"}),
    ('f:"Ann Auth"', set()),
    ("f:krcmar", {"one"}),
    ("f:Krčmář", {"one"}),
    ("f:schlameuss", {"mem-0"}),
    ("f:schlameuß", {"mem-0"}),
    ("f:李", {"two"}),
    ("f:li.ming", {"two"}),
    ("with:rex", {"pmu1-0", "talk"}),
    ("with:ann", {"pmu1-0", "mem-0", "bug"}),
    ("by:rex", {"pmu1-0"}),
    ("by:ann", set()),
    ("t:linux-mm", {"mem-0"}),
    ("c:maz", {"pmu1-0"}),
    ("c:netdev", {"two"}),
    ("tc:ann", {"two"}),
    ("a:ann", {"pmu1-0", "mem-0", "two", "bug"}),
    ("d:2024", {"one"}),
    ("d:2025-06-05..", {"bug"}),
    ("d:2025-06..", {"pmu1-0", "bug"}),
    ("d:..2025-01-10", {"one", "mem-0"}),
    ("d:2025-05-03..2025-06-01", {"pmu1-0"}),
    ("d:2025-05-04..2025-06-01", set()),
    ("m:pmu2-1@example.org", {"pmu1-0"}),
    ("m:<pmu2-r@example.org>", {"pmu1-0"}),
    ("m:bug-", {"bug"}),
    ("m:nothing", set()),
    ("v:2", {"pmu1-0"}),
    ("v:>=2", {"pmu1-0"}),
    ("v:1", {"mem-0", "one", "two"}),
    ("n:2", {"pmu1-0"}),
    ("n:>2", {"mem-0"}),
    ("n:..1", {"one", "two"}),
    ("is:unread", ALL),
    ("is:read", set()),
    ("is:new", ALL),
    ("is:open", ALL),
    ("is:done", set()),
    ("is:flagged", set()),
    ("is:landed", set()),
    ("is:applied", set()),
    ("is:back", set()),
    ("tree:next", set()),
    ("is:complete", {"pmu1-0", "one", "two"}),
    ("is:incomplete", {"mem-0"}),
    ("is:reviewed", {"pmu1-0"}),
    ("is:series", {"pmu1-0", "mem-0", "one", "two"}),
    ("is:thread", {"bug", "talk"}),
    ("is:mine", {"pmu1-0"}),
    ("has:replies", {"pmu1-0", "mem-0", "bug"}),
    ("has:trailers", {"pmu1-0"}),
    ("has:versions", {"pmu1-0"}),
    ("has:labels", set()),
    ("label:x", set()),
    # Together.
    ("f:ann d:2025-05", {"pmu1-0"}),
    ("f:ann d:2025-01", set()),  # that month she only answered
    ("with:ann d:2025-01", {"mem-0"}),
    ("with:rex d:2025-05-03 s:partitioning", {"pmu1-0"}),
    ("with:rex d:2025-05-03 s:counters", set()),  # that is another mail
    ("-f:ann", ALL - {"pmu1-0"}),
    ("-is:series -s:pmu", {"talk"}),
    ("NOT (is:thread OR v:1)", {"pmu1-0"}),
    ("f:ann OR f:rex", {"pmu1-0", "talk"}),
    ("(f:ann OR f:schlameuss) is:complete", {"pmu1-0"}),
    ("f:ann OR is:incomplete", {"pmu1-0", "mem-0"}),
    ("--is:thread", {"bug", "talk"}),
    ('"PMU partitioning"', {"pmu1-0"}),
    ("(arm64 OR docs)", {"pmu1-0", "one", "bug"}),
    ("-arm64 -docs", {"mem-0", "two", "talk"}),
    ("", ALL),
]  # fmt: skip


@pytest.mark.parametrize(("query", "wanted"), TERMS, ids=[query or "nothing" for query, _ in TERMS])
def test_what_a_term_means(
    query: str, wanted: set[str], indexed: ListSearch, memory: TargetSearch, plain: ListSearch
) -> None:
    finders: tuple[Search, ...] = (indexed, memory, plain)
    for finder in finders:
        assert ids(finder, query) == wanted
        assert finder.count(query) == len(finder.rows(query)) == len(wanted)


IN_BODIES = [
    ("l:letters", ALL),
    ("l:Letters", ALL),
    ("l:letters.example.org", ALL),
    ("dfn:arch/arm64/kvm/pmu.c", {"pmu1-0"}),
    ("dfn:arch/arm64", {"pmu1-0"}),
    ("dfn:pmu", {"pmu1-0"}),
    ("dfn:mu.c", set()),
    ("dfn:*.rst", {"one"}),
    ("dfn:arch/*/kvm", {"pmu1-0"}),
    ("dfn:kvm/*.c", {"pmu1-0", "mem-0"}),
    ("dfn:[m]m", {"mem-0"}),
    ("dfn:a*b[[]c]?.c", {"two"}),
    ('b:"use after free"', {"pmu1-0"}),
    ("b:leaks", {"pmu1-0"}),
    ("b:quoted", set()),  # it is nobody's own word
    ('b:"quite so"', {"talk"}),
    ("b:100", {"mem-0"}),
    ("b:two", set()),  # it stands in a diff alone
    ('with:rex b:"use after"', {"pmu1-0"}),
    ("with:ann b:leaks", set()),
]  # fmt: skip


@pytest.mark.parametrize(("query", "wanted"), IN_BODIES)
def test_what_lists_files_and_texts_mean(
    query: str, wanted: set[str], indexed: ListSearch, memory: TargetSearch
) -> None:
    assert ids(indexed, query) == wanted
    if not query.startswith("l:"):
        assert ids(memory, query) == wanted


def test_bytes_that_cannot_be_had_are_found_by_nothing() -> None:
    without = TargetSearch(listing())
    for query in ("dfn:arch", "b:leaks", "dfhh:main", "rt:2025", "has:attachments"):
        assert not without.find(query).hits


# ------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("query", "first", "patch"),
    [
        ("pmu part", "pmu1-0", None),
        ("counters", "pmu1-0", "pmu2-2"),
        ("cpucap hpmn", "pmu1-0", "pmu2-1"),
        ("gest_memdf huge", "mem-0", None),
        ("guest_memfd use", "mem-0", "mem-2"),
        ("schlameus", "mem-0", None),
        ("krcmar docs", "one", None),
        ("li.ming@example.cn", "two", None),
        ("robot unused", "bug", None),
        ("v2 pmu", "pmu1-0", None),
        ("pmu2-2@example.org", "pmu1-0", "pmu2-2"),
        ("https://lore.kernel.org/x/mem-1@example.org/T/#u", "mem-0", "mem-1"),
        ("pmu2-r@example.org", "pmu1-0", None),
        ("-EINVAL", "two", None),
        ("arm64 is:thread", "bug", None),
        ("arm64 -is:thread", "pmu1-0", None),
    ],
)
def test_words_rank(
    query: str, first: str, patch: str | None, indexed: ListSearch, memory: TargetSearch
) -> None:
    finders: tuple[Search, ...] = (indexed, memory)
    for finder in finders:
        found = finder.find(query)
        assert found.fuzzy
        best = found.hits[0]
        assert best.id == best.series == f"{first}@example.org"
        assert best.score > 0
        if patch is not None:
            assert best.patches[0].id == f"{patch}@example.org"
            assert best.patches[0].series == best.id
            assert best.patches[0].kind == "patch"


def test_matched_letters_are_lit(
    indexed: ListSearch, memory: TargetSearch, plain: ListSearch
) -> None:
    finders: tuple[Search, ...] = (indexed, memory, plain)
    for finder in finders:
        hit = finder.find("part ann").hits[0]
        assert [hit.subject[a:b].casefold() for a, b in hit.subject_spans] == ["part"]
        assert [hit.author.name[a:b] for a, b in hit.name_spans] == ["Ann"]
        hit = finder.find("s:folio").hits[0]
        assert (hit.matched, hit.subject_spans) == (False, ())
        assert [each.subject[a:b] for each in hit.patches for a, b in each.subject_spans] == [
            "folio"
        ]


@pytest.mark.parametrize(
    ("query", "itself", "patches"),
    [
        ("s:folio", False, ["mem-1"]),
        ("s:cpucap", False, ["pmu2-1"]),
        ("s:PMU", True, ["pmu2-2"]),
        ("f:ann", True, ["pmu2-2", "pmu2-1"]),
        ("d:2025-06-02", True, []),
        ('"docs"', True, ["one"]),
        ("f:schlameuss s:guest_memfd", True, ["mem-2"]),
    ],
)
def test_a_series_says_which_of_its_patches_a_term_means(
    query: str, itself: bool, patches: list[str], memory: TargetSearch, plain: ListSearch
) -> None:
    finders: tuple[Search, ...] = (memory, plain)
    for finder in finders:
        hit = next(hit for hit in finder.find(query).hits if hit.kind == "series")
        assert hit.matched == itself
        assert sorted(patch.id.partition("@")[0] for patch in hit.patches) == sorted(patches)
        assert all(patch.series == hit.id for patch in hit.patches)


def test_a_file_is_told_by_its_patch(indexed: ListSearch) -> None:
    (hit,) = indexed.find("dfn:virt/kvm").hits
    assert (hit.matched, [patch.id for patch in hit.patches]) == (False, ["mem-2@example.org"])


def test_without_the_engine_words_are_looked_up_plainly(plain: ListSearch) -> None:
    found = plain.find("part pmu")
    assert not found.fuzzy
    assert [hit.id for hit in found.hits] == ["pmu1-0@example.org"]
    assert found.hits[0].score > 0
    assert not plain.find("gest_memdf").hits
    assert not plain.ensure_ready(NOBODY)


def test_the_limit_holds_and_the_total_says_more(indexed: ListSearch) -> None:
    found = indexed.find("is:open", limit=2)
    assert (len(found.hits), found.total) == (2, len(ALL))
    assert [hit.id for hit in found.hits] == ["bug@example.org", "pmu1-0@example.org"]


# ------------------------------------------------------------------- why there is nothing


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("f:ann d:2031..", "d:2031.. finds nothing."),
        ("f:nobody is:open", "f:nobody finds nothing."),
        ("f:ann v:1", "f:ann finds 1, v:1 none of them."),
        ("is:series is:complete s:folio", "is:series is:complete finds 3, s:folio none of them."),
        ("xyzzyq", "No match for “xyzzyq”."),
        ("is:thread guest_memfd", "is:thread finds 2, none of which matches “guest_memfd”."),
        ("f:nobody guest_memfd", "f:nobody finds nothing."),
        ("-is:unread", "-is:unread finds nothing."),
        ("(f:nobody OR f:noone)", "(f:nobody OR f:noone) finds nothing."),
        ("***", "“***” has no letter or digit to look for."),
        ("😀", "“😀” has no letter or digit to look for."),
    ],
)
def test_an_empty_answer_says_why(query: str, reason: str, indexed: ListSearch) -> None:
    found = indexed.find(query)
    assert not found.hits
    assert found.empty_reason == reason


def test_a_list_that_is_not_there_is_named(indexed: ListSearch) -> None:
    assert indexed.find("l:kvm").empty_reason == "l:kvm is not a followed list. Lists: letters."
    assert indexed.find("f:rex", ["letters"]).hits
    assert (
        indexed.find("f:nobody", ["letters"]).empty_reason == "f:nobody finds nothing in letters."
    )


def test_texts_that_are_not_indexed_are_said(index: Index, folder: Path) -> None:
    off = ListSearch(index, Config(), bodies=folder / "bodies.sqlite3")
    assert "bodies = true" in off.find("b:leaks").empty_reason
    either = off.find("b:leaks OR f:rex")
    assert either.hits
    on = ListSearch(index, Config(index_bodies=True), bodies=folder / "no.sqlite3")
    assert "sync" in on.find("b:leaks").empty_reason


# ------------------------------------------------------------------- bounds


def test_a_set_stop_ends_it_at_once(indexed: ListSearch, memory: TargetSearch) -> None:
    stop = Event()
    stop.set()
    finders: tuple[Search, ...] = (indexed, memory)
    for finder in finders:
        for query in ("arm64", "is:open", "s:pmu words"):
            with pytest.raises(Cancelled):
                finder.find(query, stop=stop)


hostile = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["s:", "f:", "dfn:", "m:", "l:", "label:", "b:", "a:", "*", "%", "_", "'", '"', "[", "]", "^", "NEAR(", "\0", "\ud800", "😀",
             "ﬁ", "ß", "x", "pmu", " ", "-", "OR", "(", ")", "--", ";", "\\", "{", "}", ":", "+"]
        ),
        max_size=14,
    ).map("".join),
)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=hostile)
def test_index_and_memory_find_the_same_whatever_is_typed(
    query: str, indexed: ListSearch, plain: ListSearch, memory: TargetSearch
) -> None:
    try:
        indexed.check(query)
    except QueryError:
        for finder in (indexed, plain, memory):
            with pytest.raises(QueryError):
                finder.find(query)
        return
    found = indexed.find(query)
    assert bool(found.hits) != bool(found.empty_reason)
    for hit in [*found.hits, *(patch for top in found.hits for patch in top.patches)]:
        for text, spans in (
            (hit.subject, hit.subject_spans),
            (hit.author.name, hit.name_spans),
            (hit.author.address, hit.address_spans),
        ):
            assert all(0 <= first < last <= len(text) for first, last in spans)
    there = memory.find(query)
    assert rows(there.hits) == rows(found.hits) or "l:" in query
    there = plain.find(query)
    assert bool(there.hits) != bool(there.empty_reason)


def rows(hits: tuple[SearchHit, ...]) -> set[str]:
    return {hit.id for hit in hits}


@pytest.mark.parametrize(
    "query",
    [pytest.param(monster, id=repr(monster[:12])) for monster in ("x" * 10_000, "a b " * 2_500, "s:" + "x " * 4_000, "-x " * 3_000, "(a OR b) " * 1_000, "\0" * 10_000, "d:2025.. " * 50,
     "dfn:" + "*a" * 400, "dfn:" + "?" * 900, "dfn:" + "[a-z]*" * 150, "m:" + "x" * 900, '"' + "a " * 4_000 + '"')],
)  # fmt: skip
def test_a_monster_is_answered_in_bounded_time(
    query: str, indexed: ListSearch, plain: ListSearch
) -> None:
    start = time.process_time()
    for finder in (indexed, plain):
        with suppress(QueryError):
            finder.find(query)
    assert time.process_time() - start < 5


def test_mail_that_came_is_found_and_what_went_is_not(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index.sqlite3")
    log = Log("letters")
    first = letter("a", "[PATCH] apples and pears", files=["fruit.c"])
    log.entries = [(first, True)]
    bring(index, log)
    finder = ListSearch(index, Config(), cache=tmp_path / "search")
    finder.ensure_ready(NOBODY)
    assert ids(finder, "apples") == ids(finder, "s:apples") == {"a"}
    log.entries += [(letter("b", "[PATCH] plums"), True), (first, False)]
    bring(index, log)
    assert ids(finder, "s:plums") == {"b"}
    assert (
        ids(finder, "s:apples")
        == ids(finder, "dfn:fruit.c")
        == ids(finder, "f:ann d:2025 s:apples")
        == set()
    )
    finder.ensure_ready(NOBODY)
    assert ids(finder, "plums") == {"b"}
    assert ids(finder, "apples") == set()
    finder.close()
    index.close()
