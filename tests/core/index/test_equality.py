"""However mails come, in whatever batches, lists and order, interrupted or taken away again: the index ends as one built at once."""

from __future__ import annotations

import random
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Cancelled
from core.index import list_ingest as ingest
from core.index import regroup, series_candidates
from core.index.codec import join_pair
from core.index.database import transaction
from core.index.ids import IdAllocator, PhraseMemory
from core.index.index import Index, open_index
from core.series import features
from tests.core.indexing import NOBODY, Log, bring, check_whole, grouped, held, quiet

START = 1_748_700_000
HOUR, DAY = 3600, 86400
DIFF = "---\n f.c | 2 +-\n\ndiff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n@@ -1 +1 @@\n-a\n+b\n"
PEOPLE = (
    "Ann Author <ann@example.org>",
    "Ann Author <ann@home.example>",
    "Rex Reviewer <rex@example.com>",
    "Rex via Some List <list@lists.example>",
)
TITLES = ("mm: all", "mm: one", "mm: two", "mm: one thing", "board x4 fix", "board x7 fix", "")
TAGS = ("PATCH", "PATCH RFC", "PATCH RESEND", "PATCH net", "PATCH 5.10", "PATCH 6.1.y", "RFC", "")
COUNTERS = ("", "", "0/2", "1/2", "2/2", "1/1", "0/3", "3/3", "8/7")
BODIES = ("Hello.", DIFF, DIFF, "Signed-off-by: Ann Author <ann@example.org>\n" + DIFF)
GIVEN = (
    "",
    "",
    "Reviewed-by: Rex Reviewer <rex@example.com>",
    "Acked-by: Ann Author <ann@example.org>",
)


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    """Draw a mail that is likely to have to do with others."""
    ids = st.integers(0, 24)
    tag = draw(st.sampled_from(TAGS))
    version = draw(st.sampled_from(("", "", " v2", " v3", " v2.1")))
    counter = draw(st.sampled_from(COUNTERS))
    brackets = f"[{tag}{version}{' ' if counter else ''}{counter}] " if tag else ""
    reply = draw(st.sampled_from(("", "", "Re: ")))
    subject = f"{reply}{brackets}{draw(st.sampled_from(TITLES))}"
    when = START + draw(
        st.sampled_from((0, 1, 2, 30, HOUR, 2 * HOUR, DAY, 9 * DAY, 200 * DAY, 500 * DAY))
    )
    above = draw(st.lists(ids, max_size=2 if reply or draw(st.booleans()) else 0))
    body = draw(st.sampled_from(BODIES))
    if reply:
        body = f"> quoted\n{draw(st.sampled_from(GIVEN))}\n"
    if change := draw(st.sampled_from(("", "", "", "c1", "c2"))):
        body = f"Words.\n\nchange-id: {change}\n{body}"
    lines = [
        f"From: {draw(st.sampled_from(PEOPLE))}",
        f"Subject: {subject}",
        f"Date: {formatdate(when)}",
        f"Message-ID: <m{draw(ids)}@example.org>",
        "To: Some List <list@example.org>",
    ]
    if above:
        lines.append("References: " + " ".join(f"<m{one}@example.org>" for one in above))
        if draw(st.booleans()):
            lines.append(f"In-Reply-To: <m{above[-1]}@example.org>")
    return ("\n".join(lines) + f"\n\n{body}\n").encode()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few mails be many: batches, groupings and first rows come after very few."""
    monkeypatch.setattr(ingest, "BATCH", 4)
    monkeypatch.setattr(ingest, "FIRST_REGROUP_AT", 3)
    monkeypatch.setattr(ingest, "REGROUP_GROWTH", 1.3)
    monkeypatch.setattr(regroup, "AT_ONCE", 3)
    for module in (features, series_candidates):
        monkeypatch.setattr(module, "SIMILARITY_WINDOW", 2)


@contextmanager
def new_index() -> Iterator[Index]:
    with tempfile.TemporaryDirectory() as folder:
        index = open_index(Path(folder) / "index.sqlite3")
        try:
            yield index
        finally:
            index.close()


ANY = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@ANY
@given(raws=st.lists(mails(), min_size=1, max_size=25), seed=st.randoms(use_true_random=False))
def test_any_order_any_batches_two_lists_and_interruptions(
    raws: list[bytes], seed: random.Random
) -> None:
    came = [(seed.choice(("one", "two")), raw) for raw in raws]
    came += seed.sample(came, len(came) // 4)
    came += [("two", raw) for _, raw in seed.sample(came, len(came) // 4)]
    seed.shuffle(came)
    expected = grouped(came)
    with new_index() as index:
        logs = {"one": Log("one"), "two": Log("two")}
        for name, raw in came:
            logs[name].entries.append((raw, True))
        for _ in range(seed.randrange(4)):
            log = logs[seed.choice(("one", "two"))]
            log.fails_after = seed.randrange(len(log.entries) + 1)
            with suppress(Cancelled):
                bring(index, log)
            log.fails_after = None
        for name in seed.sample(("one", "two"), 2):
            bring(index, logs[name])
        assert held(index) == expected
        check_whole(index)


@ANY
@given(raws=st.lists(mails(), min_size=1, max_size=20), seed=st.randoms(use_true_random=False))
def test_what_is_taken_away_again_leaves_nothing(raws: list[bytes], seed: random.Random) -> None:
    log = Log()
    there: set[bytes] = set()
    with new_index() as index:
        for raw in [*raws, *seed.sample(raws, len(raws) // 2)]:
            log.entries.append((raw, True))
            there.add(raw)
            if seed.random() < 0.4:
                gone = seed.choice(sorted(there))
                log.entries.append((gone, False))
                there.discard(gone)
            if seed.random() < 0.3:
                bring(index, log)
                assert held(index) == grouped(("list", one) for one in there)
        bring(index, log)
        assert held(index) == grouped(("list", one) for one in there)
        check_whole(index)


@ANY
@given(raws=st.lists(mails(), min_size=2, max_size=20), seed=st.randoms(use_true_random=False))
def test_a_list_that_is_forgotten_leaves_the_others(raws: list[bytes], seed: random.Random) -> None:
    logs = {"one": Log("one"), "two": Log("two")}
    came = [(seed.choice(("one", "two", "both")), raw) for raw in raws]
    with new_index() as index:
        for name, log in logs.items():
            log.entries = [(raw, True) for where, raw in came if where in (name, "both")]
            bring(index, log)
        index.writer.forget("one", stop=NOBODY, report=quiet)
        assert held(index) == grouped(("two", raw) for where, raw in came if where != "one")
        assert [each.name for each in index.rows.lists()] == ["two"]
        check_whole(index)
        bring(index, logs["one"])
        assert held(index) == grouped(
            (name, raw) for where, raw in came for name in logs if where in (name, "both")
        )


def test_forgetting_gives_back_people_words_and_paths() -> None:
    def patch(name: str, path: str) -> bytes:
        return (
            f"From: {name} <{name}@example.org>\nTo: {name}-to@example.org\nSubject: [PATCH] {name}\n"
            f"Message-ID: <{name}@x>\nDate: Mon, 2 Jun 2025 12:00:00 +0000\n\nWhy.\n\n"
            f"Signed-off-by: {name} <{name}-signs@example.org>\n---\n {path} | 2 +-\n\n"
            f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n"
        ).encode()

    logs = {"one": Log("one"), "two": Log("two")}
    logs["two"].entries = [(patch("bert", "b.c"), True), (patch("both", "both.c"), True)]
    logs["one"].entries = [(patch("anna", "a.c"), True), (patch("both", "both.c"), True)]
    with new_index() as index:
        bring(index, logs["one"])
        bring(index, logs["two"])
        with index.connection() as connection:
            before = words_of(connection)
            assert {"anna", "bert", "both"} <= before["people"]
            index.writer.forget("one", stop=NOBODY, report=quiet)
            left = words_of(connection)
            assert "anna" not in left["people"]
            assert {"bert", "both"} <= left["people"]
            assert left["paths"] == {"b.c", "both.c"}
            assert connection.execute(
                "SELECT count(*) FROM phrase_words WHERE phrase_words MATCH 'anna'"
            ).fetchone() == (0,)
        check_whole(index)
        bring(index, logs["one"])  # and with it they come back
        with index.connection() as connection:
            assert words_of(connection) == before


def test_a_list_that_is_forgotten_takes_the_begin_of_its_inbox_along() -> None:
    raw = b"From: Zoe <zoe@example.org>\nSubject: x\nMessage-ID: <%d@x>\n\nText.\n"
    with new_index() as index:
        for number, name in enumerate(("one", "two")):
            log = Log(name)
            log.entries = [(raw % number, True)]
            bring(index, log)
            index.writer.set_inbox_boundary(name, "all", 5)
        index.writer.forget("one", stop=NOBODY, report=quiet)
        with index.connection() as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM meta")}
        assert {name for name in names if name.startswith("inbox_")} == {
            "inbox_since two",
            "inbox_setting two",
        }


def words_of(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """Return the words of the phrases that are stored, and the paths."""
    phrases = [text.decode() for (text,) in connection.execute("SELECT text FROM phrase")]
    people = {word for text in phrases for word in re.findall("[a-z]+", text)}
    paths = {name.decode() for (name,) in connection.execute("SELECT name FROM path")}
    return {"people": people, "paths": paths}


def test_a_sync_goes_on_while_a_list_is_forgotten() -> None:
    """Its cache of people must not outlive them."""
    log, other = Log("log"), Log("other")
    mails = [
        f"From: Zoe <zoe@example.org>\nSubject: x\nMessage-ID: <{n}@x>\n\n{n}\n".encode()
        for n in range(2)
    ]
    last = b"From: Yan <yan@example.org>\nSubject: y\nMessage-ID: <y@x>\n\ny\n"
    memory = PhraseMemory()
    with new_index() as index, index.connection() as connection:
        for source, raws in ((log, mails[:1]), (other, [last])):
            source.entries = [(raw, True) for raw in raws]
            bring(index, source)
        with transaction(connection):
            number = IdAllocator(connection, memory).phrase(join_pair("Zoe", "zoe@example.org"))
        index.writer.forget("log", stop=NOBODY, report=quiet)
        with transaction(connection):
            allocator = IdAllocator(connection, memory)
            again = allocator.phrase(join_pair("Zoe", "zoe@example.org"))
            allocator.store()
        assert again != number
        assert connection.execute("SELECT 1 FROM phrase WHERE id = ?", (again,)).fetchone()
