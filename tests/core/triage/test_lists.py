"""Lists filter, group and sort by how rows stand; a page follows the journal and the time; tags bring back."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from core.config import Config
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk, ListPage
from core.desk.triage_service import TriageService
from core.errors import PatchdeskError
from core.index.database import transaction
from core.index.index import RowView, open_index
from core.model import MessageId
from core.search.list_search import ListSearch
from core.sources.git_refs import has_tag
from core.triage.arguments import SnoozeError
from core.triage.events import EventSeries, to_microseconds
from core.triage.events import TriageEvent as Written
from core.triage.journal import Journal
from core.triage.memory_store import InMemoryTriageStore
from core.triage.state import INITIAL_STATE, TriageState
from core.triage.transitions import Status, Verb
from tests.core.triage.triage_kit import NOW, Desk, series

NAMES = ("lamp", "wick", "oil", "brass", "soot")
LAMP, WICK, OIL, BRASS, SOOT = (MessageId(f"{name}-v1-0@x") for name in NAMES)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    mails = [raw for day, name in enumerate(NAMES) for raw in series(name, day=day)]
    one = Desk(tmp_path, *mails)
    yield one
    one.close()


def order(desk: Desk, view: RowView) -> list[str]:
    return [str(one.id) for one in desk.index.rows.summaries(desk.index.rows.order(view))]


def test_rows_by_state_and_priority_and_without_what_is_decided(desk: Desk) -> None:
    soon = datetime.now(UTC) + timedelta(days=2)
    desk.clock.now = datetime.now(UTC)
    desk.triage.apply(Verb.DONE, [LAMP])
    desk.triage.apply(Verb.LATER, [WICK], argument=soon.astimezone().strftime("%Y-%m-%d"))
    desk.triage.apply(Verb.ACCEPT, [OIL])
    desk.triage.mark_read([BRASS])
    desk.triage.apply(Verb.PRIORITY, [BRASS], argument="2")
    desk.triage.apply(Verb.PRIORITY, [LAMP], argument="-2")
    by_state = RowView(sort="state", ascending=True)
    assert order(desk, by_state) == [SOOT, BRASS, OIL, WICK, LAMP]
    assert desk.index.rows.count_by_status(by_state) == [
        (Status.NEW, 1),
        (Status.READING, 1),
        (Status.ACCEPTED, 1),
        (Status.LATER, 1),
        (Status.DONE, 1),
    ]
    assert order(desk, RowView(sort="priority")) == [BRASS, SOOT, OIL, WICK, LAMP]
    assert order(desk, ListQuery(decided=False).view) == [SOOT, BRASS, OIL]
    assert order(desk, RowView(statuses=(Status.DONE, Status.LATER))) == [WICK, LAMP]
    assert order(desk, RowView(since=NOW.timestamp() - 7.5 * 86_400)) == [SOOT, BRASS]
    for status in Status:
        shown = order(desk, RowView(statuses=(status,)))
        assert shown == [one for one, state in desk.shown().items() if state.status is status]


def test_done_and_skipped_series_leave_the_unread_count(desk: Desk) -> None:
    desk.triage.apply(Verb.DONE, [LAMP])
    desk.triage.apply(Verb.SKIP, [WICK])
    desk.triage.apply(Verb.WAIT, [OIL])
    (stats,) = desk.index.rows.lists()
    assert stats.unread == 3 * 3
    desk.triage.undo()
    desk.triage.undo()
    (stats,) = desk.index.rows.lists()
    assert stats.unread == 3 * 4


def test_a_new_version_is_new_until_one_of_its_mails_was_opened(desk: Desk) -> None:
    desk.come(*series("lamp", 2, day=9))
    search = ListSearch(desk.index, Config())

    def opened() -> InMemoryTriageStore:
        memory = InMemoryTriageStore()
        memory.set_items(desk.items())
        memory.apply_new_events(desk.journal)
        return memory

    assert [hit.id for hit in search.find("has:newversion").hits] == [LAMP]
    desk.triage.mark_read([LAMP])
    assert [hit.id for hit in search.find("has:newversion").hits] == [LAMP]
    assert opened().read_items() == (frozenset(), frozenset())
    desk.triage.mark_read([MessageId("lamp-v2-1@x")])
    assert search.find("has:newversion").hits == ()
    assert search.find("is:unread s:lamp").hits
    assert LAMP in opened().read_items().opened


def test_its_time_comes_without_a_write(desk: Desk) -> None:
    desk.clock.now = datetime.now(UTC)
    desk.triage.apply(Verb.LATER, [LAMP, WICK], argument="1h")
    desk.triage.mark_read([WICK])
    row = desk.index.mails.find_row(LAMP)
    assert row is not None
    with desk.index.connection() as connection, transaction(connection):
        connection.execute("UPDATE triage_state SET wake = ?", (time.time() - 1,))
    assert order(desk, RowView(statuses=(Status.NEW,))) == [SOOT, BRASS, OIL, LAMP]
    assert order(desk, RowView(statuses=(Status.READING,))) == [WICK]
    assert desk.index.rows.due_between(time.time() - 5, time.time()) == {
        row,
        desk.index.mails.find_row(WICK),
    }
    assert desk.index.rows.due_between(time.time(), time.time() + 9) == set()


def next_page(pages: Iterator[ListPage], lists: ListDesk) -> ListPage:
    lists.refresh_now()
    return next(pages)


def test_a_page_follows_the_journal_and_the_time(desk: Desk) -> None:
    desk.clock.now = datetime.now(UTC)
    desk.triage.apply(Verb.DONE, [OIL])
    lists = ListDesk(desk.index.path, ListQuery(group="state"))
    pages = lists.pages(Event())
    first = next(pages)
    assert [first.items.summary(place).id for place in range(len(first.items))] == [
        SOOT,
        BRASS,
        WICK,
        LAMP,
    ]
    assert not first.whole
    page = next(pages)
    assert dict(page.items.headings) == {0: "new", 4: "done"}
    # Another machine's journal is laid in by hand.
    line = Written(
        time=to_microseconds(datetime.now(UTC)), host="laptop", id="ab", verb="skip",
        series=(EventSeries(ids=(LAMP,)),),
    ).line()  # fmt: skip
    with desk.journal.path.open("ab") as file:
        file.write(line)
    page = next_page(pages, lists)
    assert dict(page.items.headings) == {0: "new", 3: "done", 4: "skipped"}
    assert page.items.summary(4).state.status is Status.SKIPPED
    # What was put off until a moment ago is back, and nothing was written.
    later = TriageService(
        desk.index,
        Journal(desk.journal.path),
        clock=lambda: datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=1.5),
    )
    later.apply(Verb.LATER, [SOOT], argument="1h")
    page = next_page(pages, lists)
    assert page.items.summary(2).state.status is Status.LATER
    time.sleep(1.5)
    page = next_page(pages, lists)
    back = page.items.summary(0).state
    assert (back.status, back.why[:14]) == (Status.NEW, "snoozed until ")
    lists.mark_read([WICK], read=True)
    assert lists.triage.state_of(WICK).status is Status.READING
    lists.close()


def test_a_view_without_what_is_decided(desk: Desk) -> None:
    desk.triage.apply(Verb.DONE, [OIL])
    lists = ListDesk(desk.index.path, ListQuery(decided=False))
    pages = lists.pages(Event())
    next(pages)
    assert len(next(pages).items) == 4
    lists.request(ListQuery())
    assert len(next(pages).items) == 5
    lists.close()


def test_what_is_known_of_all_follows_every_change(desk: Desk) -> None:
    def check() -> None:
        shown = {one: state for one, state in desk.shown().items() if state != INITIAL_STATE}
        known = desk.triage.states()
        assert {
            desk.index.rows.summaries([int(row)])[0].id: one for row, one in known.items()
        } == shown

    check()
    for one, verb in ((LAMP, Verb.DONE), (WICK, Verb.SKIP), (OIL, Verb.FLAG)):
        desk.triage.apply(verb, [one])
        check()
    desk.triage.mark_read([BRASS])
    check()
    desk.triage.apply(Verb.LATER, [SOOT], argument="3d")
    check()
    desk.clock.go(days=4)
    check()
    desk.come(*series("lamp", 2, day=11))
    check()
    for raw in series("wick"):
        desk.go(raw)
    check()
    while desk.triage.undo():
        check()
    assert set(desk.triage.states().values()) == {TriageState(status=Status.READING, opened=True)}


# ------------------------------------------------------------------- tags


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    git(path, "init", "--quiet", str(path))
    git(
        path,
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@x",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "x",
    )
    git(path, "tag", "v6.18")
    return path


def git(path: Path, *words: str) -> None:
    path.mkdir(exist_ok=True)
    subprocess.run(["git", *words], cwd=path, check=True)


def test_what_waits_for_a_tag(desk: Desk, repository: Path) -> None:
    triage = TriageService(
        desk.index, Journal(desk.journal.path), repos={"list": str(repository)}, clock=desk.clock
    )
    with pytest.raises(SnoozeError, match="there already"):
        triage.apply(Verb.LATER, [LAMP], argument="v6.18")
    assert (
        triage.apply(Verb.LATER, [LAMP], argument="v6.19").text
        == "snoozed until v6.19: lamp: all of it"
    )
    desk.clock.go(days=1000)
    assert not triage.tags.check()
    assert triage.state_of(LAMP).status is Status.LATER
    git(repository, "tag", "v6.19")
    assert triage.tags.check()
    state = triage.state_of(LAMP)
    assert (state.status, state.why) == (Status.NEW, "v6.19 is tagged")
    assert not triage.tags.check()
    git(repository, "pack-refs", "--all")
    desk.anew()
    assert triage_over(desk, repository).tags.check()


def triage_over(desk: Desk, repository: Path) -> TriageService:
    return TriageService(desk.index, Journal(desk.journal.path), repos={"list": str(repository)})


def test_a_list_without_a_repository_waits_for_no_tag(desk: Desk, repository: Path) -> None:
    triage = TriageService(desk.index, Journal(desk.journal.path), repos={"other": str(repository)})
    with pytest.raises(SnoozeError, match="list's repository"):
        triage.apply(Verb.LATER, [LAMP], argument="v6.19")


def test_one_target_waits_for_a_tag_too(desk: Desk, repository: Path) -> None:
    triage = TriageService(None, Journal(desk.journal.path), repos={"any": str(repository)})
    triage.set_items(desk.items())
    triage.apply(Verb.LATER, [LAMP], argument="v6.19")
    assert not triage.tags.check()
    git(repository, "tag", "v6.19")
    assert triage.tags.check()
    assert triage.state_of(LAMP).why == "v6.19 is tagged"


@pytest.mark.parametrize("where", ["nowhere", "file", ".git/objects"])
def test_what_is_no_repository_is_said(repository: Path, where: str) -> None:
    (repository / "file").touch()
    with pytest.raises(PatchdeskError, match="cannot be read"):
        has_tag(str(repository / where / "x"), "v6.18")


# ------------------------------------------------------------------- beside a sync


def test_a_verb_waits_for_no_sync(desk: Desk) -> None:
    desk.triage.refresh()
    other = open_index(desk.index.path)
    with other.connection() as connection, transaction(connection):
        connection.execute("UPDATE list SET synced = 1")
        took = []
        for one, verb in ((LAMP, Verb.DONE), (WICK, Verb.SKIP), (OIL, Verb.WAIT)):
            begun = time.monotonic()
            outcome = desk.triage.apply(verb, [one])
            took.append(time.monotonic() - begun)
            assert outcome.changes[0].after.status is not Status.NEW
        assert sorted(took)[1] < 0.25
        assert len(next(iter(Journal(desk.journal.path).read_from())).events) == 3
        assert desk.shown()[LAMP].status is Status.NEW
    assert desk.triage.refresh()
    assert [desk.shown()[one].status for one in (LAMP, WICK, OIL)] == [
        Status.DONE,
        Status.SKIPPED,
        Status.WAITING,
    ]
    other.close()


def test_an_undo_waits_until_it_knows_what_was_done(desk: Desk) -> None:
    desk.triage.apply(Verb.DONE, [LAMP])
    other = open_index(desk.index.path)
    begun, end = threading.Event(), threading.Event()

    def sync() -> None:
        with other.connection() as connection, transaction(connection):
            connection.execute("UPDATE list SET synced = 1")
            begun.set()
            end.wait(5)

    thread = threading.Thread(target=sync)
    thread.start()
    begun.wait(5)
    desk.triage.apply(Verb.SKIP, [WICK])
    threading.Timer(0.3, end.set).start()
    outcome = desk.triage.undo()
    thread.join()
    assert outcome is not None
    assert outcome.text.startswith("undone: skip (")
    assert outcome.changes[0].id == WICK
    other.close()
