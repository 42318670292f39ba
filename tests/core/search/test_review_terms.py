"""Query terms about reviews: a followed list and an opened target find the same, and counts follow what comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import Config
from core.desk.review_counts import fill_review_counts, review_summary
from core.desk.triage_service import TriageService
from core.index.index import Index, open_index
from core.index.review_counts import ReviewCounts
from core.index.review_summary import ReviewSummary
from core.model import MessageId, Series
from core.search.list_search import ListSearch
from core.search.search import Search
from core.search.target_search import TargetSearch, TargetStates
from core.triage.journal import Journal
from core.triage.transitions import Verb
from tests.core.indexing import NOBODY, Log, bring, quiet
from tests.core.versions.series import Mails, raw_mail, raw_patch

REX = "Rex Reviewer <rex@example.com>"
QUIN = "Quin Queue <quin@example.com>"
ROWS = [" int main(void)", " {", "+\tcall_1();", "+\tcall_2();", " }"]
CHANGED = [row.replace("call_2", "other_2") for row in ROWS]
GIVEN = f"Reviewed-by: {REX}\n"


def reply(local: str, title: str, answers: str, body: str, sender: str, day: int = 2) -> str:
    return raw_mail(local, f"Re: [PATCH] x: {title}", body, day=day, answers=answers, sender=sender)


def patches(title: str, new: list[str], notes: str = "") -> list[str]:
    """Return two versions of a patch; the second has other rows."""
    return [
        raw_patch(f"{title}1", f"[PATCH] x: {title}", ROWS),
        raw_patch(
            f"{title}2", f"[PATCH v2] x: {title}", new, day=5, answers=f"{title}1", notes=notes
        ),
    ]


RAWS = [
    *patches("stale", CHANGED),
    reply("s-r", "stale", "stale1", GIVEN, REX),
    *patches("forgotten", ROWS),
    reply("f-r", "forgotten", "forgotten1", GIVEN, REX),
    *patches("asked", CHANGED),
    reply("a-c", "asked", "asked1", "> +\tcall_1();\n\nShould this not be checked?\n", QUIN),
    raw_patch("fresh1", "[PATCH] x: fresh", ROWS),
    reply("n-r", "fresh", "fresh1", f"Acked-by: {QUIN}\n", QUIN),
    reply("n-t", "fresh", "fresh1", GIVEN, REX, day=3),
    raw_mail("talk", "no patch at all"),
]
SERIES = {"stale", "forgotten", "asked", "fresh"}
TERMS = [
    ("is:stale", {"stale"}),
    ("is:forgotten", {"forgotten"}),
    ("has:open-comments", {"asked"}),
    ("missing:R", {"stale", "asked"}),
    ("missing:a", SERIES - {"fresh"}),
    ("-missing:R is:series", {"forgotten", "fresh"}),
    ("tag:R", {"stale", "forgotten", "fresh"}),
    ("tag:A", {"fresh"}),
    ("tag:N", set()),
    ("by:rex tag:R", {"stale", "forgotten", "fresh"}),
    ("by:quin tag:R", set()),  # he acked that one, another reviewed it
    ("by:quin tag:A", {"fresh"}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reviews")


@pytest.fixture(scope="module")
def index(folder: Path) -> Iterator[Index]:
    index = open_index(folder / "index.sqlite3")
    log = Log("letters")
    log.entries = [(raw.encode(), True) for raw in RAWS]
    bring(index, log)
    assert fill(index, folder) == len(SERIES)
    yield index
    index.close()


def fill(index: Index, folder: Path) -> int:
    return fill_review_counts(
        index, folder / "reviews.sqlite3", stop=NOBODY, report=quiet, most_seconds=60
    )


@pytest.fixture(scope="module")
def lists(index: Index, folder: Path) -> ListSearch:
    return ListSearch(
        index, Config(), bodies=folder / "bodies.sqlite3", reviews=folder / "reviews.sqlite3"
    )


def opened(states: TargetStates | None = None) -> TargetSearch:
    mails = Mails(RAWS)

    def review(series: Series) -> ReviewSummary:
        return review_summary(mails, series)

    return TargetSearch(
        mails.listing(), read=mails.raw, review=review, states=lambda: states or TargetStates()
    )


def names(finder: Search, query: str) -> set[str]:
    return {hit.id.partition("@")[0].rstrip("12") for hit in finder.find(query).hits}


def test_a_list_and_an_opened_target_find_the_same(lists: ListSearch) -> None:
    target = opened()
    for query, wanted in TERMS:
        assert (query, names(lists, query)) == (query, wanted)
        assert (query, names(target, query)) == (query, wanted)


def test_counts_are_filled_in_once_and_again_where_a_mail_came(folder: Path) -> None:
    index = open_index(folder / "again.sqlite3")
    log = Log("letters")
    log.entries = [(raw.encode(), True) for raw in RAWS]
    bring(index, log)
    place = folder / "again"
    try:
        before = index.generation()
        assert fill(index, place) == len(SERIES)
        assert index.generation() > before  # so that a screen reads these rows again
        assert fill(index, place) == 0
        answer = reply("a-t", "asked", "asked2", f"Reviewed-by: {QUIN}\n", QUIN, day=6)
        log.entries = [*log.entries, (answer.encode(), True)]
        bring(index, log)
        assert fill(index, place) == 1
        finder = ListSearch(index, Config(), reviews=place / "reviews.sqlite3")
        assert names(finder, "has:open-comments") == set()  # a tag settles what its giver asked
    finally:
        index.close()


def test_a_comment_that_a_person_settles(index: Index, lists: ListSearch, folder: Path) -> None:
    counts = ReviewCounts(folder / "reviews.sqlite3", index.identity)
    (row,) = [row for row, one in counts.all().items() if one.comments]
    ((key, is_open),) = counts.all()[row].comments
    assert is_open
    assert counts.row_of_comment(key) == row
    triage = TriageService(index, Journal(folder / "triage.jsonl"))
    asked = MessageId("asked1@x.example")
    triage.apply(Verb.SETTLE, [asked], argument=key)
    assert names(lists, "has:open-comments") == set()
    states = TargetStates({asked: triage.state_of(asked)})
    assert names(opened(states), "has:open-comments") == set()
    triage.undo()
    assert names(lists, "has:open-comments") == {"asked"}
    triage.redo()
    assert names(lists, "has:open-comments") == set()
    triage.apply(Verb.UNSETTLE, [asked], argument=key)
    assert names(lists, "has:open-comments") == {"asked"}


def test_a_file_that_is_damaged_or_of_another_index_counts_as_empty(
    index: Index, folder: Path
) -> None:
    file = folder / "damaged.sqlite3"
    counts = ReviewCounts(file, index.identity)
    counts.put([(1, "x", ReviewSummary(missing="R"))], [])
    assert counts.all()
    assert not ReviewCounts(file, "another").all()
    file.write_bytes(b"no database" * 1000)
    assert not counts.all()
    counts.put([(1, "x", ReviewSummary(missing="R"))], [])
    counts.put([(1, "x", ReviewSummary(missing="R"))], [])
    assert counts.all()
