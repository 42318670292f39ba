"""Deciding over followed lists: what comes back, what others decide meanwhile, what is read, and views."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot

from core.demo import demo_path
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.desk.triage_service import Journal, TriageService
from core.index.index import Index, RowView, open_index
from core.sources.mailbox import open_file
from core.triage.journal import FILE
from core.triage.transitions import Verb
from tests.tui.kit import controller, desk_screen, idle, ready, text_of, until
from tests.tui.triage_kit import make, said, told, tree
from tui.app import PatchdeskApp
from tui.desk.lists import Lists
from tui.desk.opening import Opening
from tui.desk.triage_state import TriageState
from tui.desk.views import Views

NOTHING = Event()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's mails in an index, all unread."""
    path = tmp_path_factory.mktemp("index") / "index.sqlite3"
    index = open_index(path)
    with demo_path() as mbox:
        index.writer.ingest(
            "lantern", open_file(mbox), stop=NOTHING, report=lambda _: None, read_before=0
        )
    index.close()
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "index.sqlite3"))


@pytest.fixture
def index(path: Path) -> Iterator[Index]:
    index = open_index(path)
    yield index
    index.close()


def app_on(path: Path, index: Index) -> PatchdeskApp:
    """Return the application on an index, an hour after its last mail."""
    newest = index.rows.summaries(index.rows.order(RowView(), 1))[0].date

    def clock() -> datetime:
        return newest + timedelta(hours=1)

    return PatchdeskApp(
        "",
        lambda _: ListDesk(path, ListQuery()),
        lists=("lantern",),
        clock=clock,
        triage=make(path.parent, clock),
    )


async def settled(pilot: Pilot[None]) -> None:
    """Let the application run until all rows are there, and how they stand."""
    await ready(pilot)
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    await until(pilot, lambda: tree(app).standings_known, what="how they stand")
    await until(pilot, lambda: controller(app, Opening).pending is None, what="all rows")
    await until(pilot, lambda: controller(app, TriageState).is_idle, what="all rows")


async def test_what_is_done_is_gone_and_undone_is_back(path: Path, index: Index) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        count = tree(app).count
        here = tree(app).here
        await pilot.press("d")
        await told(pilot, "done")
        assert tree(app).count == count - 1
        assert tree(app).here != here
        await idle(pilot)  # the list comes anew, and it stays away
        assert tree(app).count == count - 1
        await pilot.press("G", "u")
        await told(pilot, "undone: done")
        assert tree(app).count == count
        assert tree(app).here == here


async def test_what_is_decided_is_not_shown_from_the_first(path: Path, index: Index) -> None:
    triage = TriageService(index, Journal(path.with_name(FILE)), ())
    rows = index.rows.order(RowView(), 3)
    triage.apply(Verb.DONE, [one.id for one in index.rows.summaries(rows)])
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert not set(rows) & set(tree(app).handles(0, tree(app).count))


async def test_what_another_process_decides_is_seen(path: Path, index: Index) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        row = tree(app).handles(0, 5)[4]
        (summary,) = index.rows.summaries([int(row)])
        TriageService(index, Journal(path.with_name(FILE)), ()).apply(Verb.SKIP, [summary.id])
        await until(pilot, lambda: tree(app).place_of(row) is None, what="it gone")


async def test_marked_series_are_read_as_one(path: Path, index: Index) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        before = sum(info.unread for info in index.rows.lists())
        await pilot.press("V", "j", "j", "m")
        await told(pilot, "marked read: 3 series")
        rows = [int(row) for row in tree(app).handles(0, 3)]
        await until(pilot, lambda: not any(map(index.mails.unread_of, rows)), what="them read")
        assert sum(info.unread for info in index.rows.lists()) < before


async def test_m_counts_what_is_here_as_read_and_it_is_in_the_journal(
    path: Path, index: Index
) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        row = int(tree(app).handle(0))
        await pilot.press("m")
        await until(pilot, lambda: not index.mails.unread_of(row), what="it read")
        await pilot.press("m")
        await until(pilot, lambda: bool(index.mails.unread_of(row)), what="it unread")
    journal = path.with_name(FILE).read_text()
    assert '"verb":"read"' in journal
    assert '"verb":"unread"' in journal


async def test_a_query_marks_over_all_rows(path: Path, index: Index) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        author = index.rows.summaries(index.rows.order(RowView(), 1))[0].author.name
        wanted = {
            one.row
            for one in index.rows.summaries(index.rows.order(RowView()))
            if one.author.name == author
        }
        await pilot.press("*", *f"f:{author.split()[0].strip(',')}", "enter")
        await until(pilot, lambda: "marked" in text_of(app, "TitleBar"), what="marks")
        assert wanted <= tree(app).marked
        await pilot.press("*", *"from:x", "enter")
        await until(pilot, lambda: "Unknown prefix from:" in said(app), what="what is wrong")


async def test_viewed_hunks_outlive_the_program(path: Path, index: Index) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: desk_screen(app).reader._viewed is not None, what="a store")
        desk_screen(app).reader._viewed.mark("ab" * 16, True)  # type: ignore[union-attr]
    again = app_on(path, index)
    async with again.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        store = desk_screen(again).reader._viewed
        assert store is not None
        assert store.is_viewed("ab" * 16)


async def test_the_end_of_a_session_is_remembered(path: Path, index: Index) -> None:
    assert index.search.last_visit() is None
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
    TriageService(index, Journal(path.with_name(FILE)), ()).refresh()
    assert index.search.last_visit() is not None


async def test_a_view_that_asks_for_states_shows_them(path: Path, index: Index) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        here = tree(app).here
        await pilot.press("w")
        await told(pilot, "waiting")
        await pilot.press("4")  # Waiting
        await until(pilot, lambda: tree(app).count == 1, what="the view")
        assert tree(app).here == here
        await pilot.press("d")
        await told(pilot, "done")
        await until(pilot, lambda: tree(app).count == 0, what="it gone from the view")
        await pilot.press("u")
        await told(pilot, "undone")
        await until(pilot, lambda: tree(app).count == 1, what="it back")
        assert said(app).startswith("undone: done (")


async def test_in_the_inbox_too_undo_and_td_bring_back(path: Path, index: Index) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        count, here = tree(app).count, tree(app).here
        await pilot.press("1")  # Inbox: is:open
        await until(pilot, lambda: "is:open" in controller(app, Views).query, what="the inbox")
        page = controller(app, Lists).page
        await pilot.press("d")
        await told(pilot, "done")
        await until(
            pilot, lambda: controller(app, Lists).page is not page, what="a list without it"
        )
        assert tree(app).count == count - 1
        await pilot.press("G", "u")
        await told(pilot, "undone: done")
        await until(pilot, lambda: tree(app).here == here, what="the cursor back on it")
        await pilot.press("U")
        await told(pilot, "redone: done (")
        await until(pilot, lambda: tree(app).count == count - 1, what="it gone again")
        await pilot.press("t", "d")
        await until(pilot, lambda: tree(app).count == count, what="what is done")
        await pilot.press("2", "1")
        await until(pilot, lambda: tree(app).count == count, what="it in the inbox too")
        await pilot.press("t", "d")
        await until(pilot, lambda: tree(app).count == count - 1, what="it hidden again")
        assert controller(app, Views).query == "is:open"


async def test_a_heading_marks_its_group_and_states_make_groups(path: Path, index: Index) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("A", "A", "F")
        await told(pilot, "flagged")
        await pilot.press(":", *"group state", "enter")
        await until(pilot, lambda: bool(tree(app)._rows.items.headings), what="groups")
        headings = list(tree(app)._rows.items.headings.values())
        states = [words.split()[0].casefold() for words in headings]
        assert states[0] == "new"
        assert states[-1] == "accepted"
        await pilot.press("G", "k", "k", "space")
        await until(pilot, lambda: "2 marked" in text_of(app, "TitleBar"), what="the last group")
        assert all(str(tree(app).standings[one].status) == "accepted" for one in tree(app).marked)


async def test_a_journal_that_cannot_be_read_keeps_no_row_back(path: Path, index: Index) -> None:
    path.with_name(FILE).mkdir()
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        count = len(index.rows.order(RowView()))
        assert tree(app).count == count
        await pilot.press("d")
        await until(pilot, lambda: desk_screen(app).status._said is not None, what="why not")
        assert desk_screen(app).status._said[1] == "error"  # type: ignore[index]
        assert tree(app).count == count


async def test_folded_groups_are_passed_over_and_undo_opens_them(path: Path, index: Index) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press(":", *"group day", "enter")
        await until(pilot, lambda: bool(tree(app)._rows.items.headings), what="groups")
        await pilot.press("g", "g", "j")
        here = tree(app).here
        assert here is not None
        await pilot.press("d")
        await told(pilot, "done")
        await pilot.press("z", "M", "g", "g")
        assert tree(app).here is None  # a heading
        await pilot.press("d")
        assert "No series selected" in said(app)
        await pilot.press("u")
        await told(pilot, "undone: done")
        await until(pilot, lambda: tree(app).here == here, what="the cursor back on it")


async def test_a_view_whose_series_are_decided_says_so_and_shows_no_other_mail(
    path: Path, index: Index
) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        every = tree(app).count
        await pilot.press("F")
        await told(pilot, "flagged")
        await pilot.press("d")
        await told(pilot, "done")
        await pilot.press("0")
        await until(pilot, lambda: controller(app, Views).query == "", what="all")
        await until(
            pilot, lambda: controller(app, Views).counts.get("All") == every - 1, what="the count"
        )
        await pilot.press("5")  # Flagged
        await until(pilot, lambda: "Nothing is left in Flagged" in text_of(app), what="the reason")
        await idle(pilot)
        assert "1 series here is done" in text_of(app)
        assert controller(app, Views).counts["Flagged"] == 0
        await pilot.press("t", "d")
        await until(pilot, lambda: controller(app, Views).counts["Flagged"] == 1, what="it counted")
        await until(pilot, lambda: tree(app).count == 1, what="it shown")
        assert "Nothing is left" not in text_of(app)


async def test_catching_up_marks_as_done_what_is_old_and_can_be_undone(
    path: Path, index: Index
) -> None:
    app = app_on(path, index)
    async with app.run_test(size=(160, 40)) as pilot:
        await settled(pilot)
        count, rows = tree(app).count, tree(app)
        dates = [rows.items.summary(place).date for place in range(count)]
        limit = sorted(dates)[count // 2].date()
        await pilot.press(":", *f"catchup {limit}", "enter")
        await until(pilot, lambda: said(app).startswith("done: "), what="the verb")
        assert 0 < tree(app).count < count
        left = [tree(app).items.summary(place).date for place in range(tree(app).count)]
        assert min(left).date() >= limit - timedelta(days=1)  # in whatever zone
        await pilot.press("u")
        await until(pilot, lambda: tree(app).count == count, what="all again")
        await pilot.press(":", *"catchup soon", "enter")
        await told(pilot, "soon is not a time")
        await pilot.press(":", *"catchup 1970-01-02", "enter")
        await told(pilot, "Nothing in the inbox is that old.")
