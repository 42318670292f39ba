"""The main screen over followed lists: unread rows, their order, and arrivals while it is open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot

from core.config import FollowedList
from core.config_keys import read_interval
from core.demo import demo_path
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.errors import PatchdeskError
from core.index.database import connect
from core.index.index import Index, RowView, open_index
from core.index.mail_queries import MailQueries
from core.model import MessageId, Series, Thread
from core.sources.mailbox import open_file
from core.sources.source import Source
from core.sync.list_folder import DataDirs, SyncResult, list_lock, save_sync_error
from core.sync.process import sync_intervals
from core.text import shown
from tests.tui.kit import (
    configure,
    controller,
    desk_screen,
    idle,
    reader_of,
    ready,
    text_of,
    tree_of,
    until,
)
from tui.app import PatchdeskApp
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.desk.opening import Opening
from tui.desk.requests import Desk
from tui.desk.sync import Sync
from tui.timings import Timings

NOTHING = Event()


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Dates are shown in the reader's zone: let it be the same everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def ingest(path: Path, name: str, source: Source, *, read_before: float) -> None:
    index = open_index(path)
    index.writer.ingest(name, source, stop=NOTHING, report=lambda _: None, read_before=read_before)
    index.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's mails in an index, all of them read but those of the third and the fifth row."""
    path = tmp_path_factory.mktemp("index") / "index.sqlite3"
    with demo_path() as mbox:
        ingest(path, "lantern", open_file(mbox), read_before=4e9)
    index = open_index(path)
    rows = index.rows.order(RowView())
    for row in (rows[2], rows[4]):
        item = index.mails.series(row)
        assert item is not None
        index.writer.mark_read(sorted(item.message_ids)[-1:], False)
    index.close()
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "index.sqlite3"))


@pytest.fixture
def index(path: Path) -> Index:
    return open_index(path)


@pytest.fixture
def app(path: Path, index: Index) -> PatchdeskApp:
    return app_on_index(path, index)


def app_on_index(path: Path, index: Index) -> PatchdeskApp:
    """Return the application on an index, an hour after its last mail."""
    newest = index.rows.summaries(index.rows.order(RowView(), 1))[0].date

    def opened(target: str) -> Desk:
        return ListDesk(path, ListQuery(lists=(target,) if target else ()))

    return PatchdeskApp("", opened, lists=("lantern",), clock=lambda: newest + timedelta(hours=1))


async def settled(pilot: Pilot[None]) -> None:
    """Let the application run until all rows are there, and the first mail."""
    await ready(pilot)
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    await until(pilot, lambda: controller(app, Opening).pending is None, what="all rows")
    # The title counts once the whole page has come, after its first rows.
    await until(pilot, lambda: " 0 series" not in text_of(app, "TitleBar"), what="the counts")

    def counted() -> bool:
        tabs = desk_screen(app).title_bar.tabs
        return bool(tabs) and all(tab.count is not None for tab in tabs)

    await until(pilot, counted, what="how many rows each view has")


def unread(index: Index) -> int:
    return sum(info.unread for info in index.rows.lists())


def here(app: PatchdeskApp) -> str:
    row = tree_of(app).row
    assert row is not None
    assert row.message is not None
    return row.message.message_id


# ----------------------------------------------------------------- rows


async def test_it_opens_on_the_newest_activity_with_what_is_new(
    app: PatchdeskApp, index: Index
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        first = index.rows.summaries(index.rows.order(RowView(), 1))[0]
        lines = text_of(app, "SeriesTree").splitlines()
        assert shown(first.subject)[:20] in lines[0]
        assert [number for number, line in enumerate(lines) if "●" in line] == [2, 4]
        assert "new" in lines[2]
        assert "2 unread" in text_of(app, "TitleBar")
        assert len(tree_of(app)) == len(index.rows.order(RowView()))


async def test_only_what_is_looked_at_is_read(
    app: PatchdeskApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[int] = []
    series = MailQueries.series

    def counted(self: MailQueries, row: int) -> object:
        loaded.append(row)
        return series(self, row)

    monkeypatch.setattr(MailQueries, "series", counted)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert len(set(loaded)) == 1  # the one under the cursor
        await pilot.press("j", "l")
        assert len(set(loaded)) == 2


async def test_unfolding_shows_which_mails_are_new(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        before = len(tree_of(app))
        await pilot.press("j", "j", "l", "z", "R")
        assert len(tree_of(app)) > before
        marked = [line for line in text_of(app, "SeriesTree").splitlines() if "●" in line]
        assert len(marked) >= 2  # the row, and the mail inside


# ----------------------------------------------------------------- read and unread


async def test_going_to_what_is_unread_and_reading_it(app: PatchdeskApp, index: Index) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        rows = index.rows.order(RowView())
        third, fifth = index.mails.unread_of(rows[2]), index.mails.unread_of(rows[4])
        await pilot.press("J", "enter")
        assert {here(app)} == third
        await until(pilot, lambda: unread(index) == 1, what="the mail read")
        await until(pilot, lambda: "1 unread" in text_of(app, "TitleBar"), what="the count")
        await pilot.press("J")
        assert {here(app)} == fifth
        await until(pilot, lambda: not controller(app, MailLoader).is_reading, what="the mail")
        await pilot.press("K")
        await until(pilot, lambda: "No unread messages above" in text_of(app, "StatusBar"))
        await until(pilot, lambda: unread(index) == 0, what="the other read, since it was left")
        await until(pilot, lambda: "1 unread" not in text_of(app, "TitleBar"), what="the count")
        await pilot.press("J")
        await until(pilot, lambda: "No unread messages below" in text_of(app, "StatusBar"))


@pytest.mark.parametrize(
    ("height", "after", "counts"), [(300, 0.02, True), (18, 0.02, False), (300, 0.0, False)]
)
async def test_a_preview_counts_where_it_stands_there_in_full(
    height: int, after: float, *, counts: bool, app: PatchdeskApp, index: Index
) -> None:
    configure(app, timings=Timings(preview_read=after, mail_read=0.02))
    async with app.run_test(size=(120, height)) as pilot:
        await settled(pilot)
        third = index.mails.unread_of(index.rows.order(RowView())[2])
        await pilot.press("J")
        assert {here(app)} == third
        if counts:
            await until(pilot, lambda: unread(index) == 1, what="the mail read")
            return
        await idle(pilot)
        assert unread(index) == 2
        await pilot.press("tab")
        await until(pilot, lambda: unread(index) == 1, what="the mail read in the reader")


async def test_a_reply_read_below_its_thread_counts(app: PatchdeskApp, index: Index) -> None:
    rows = list(index.rows.order(RowView()))
    items = ((place, index.mails.series(row)) for place, row in enumerate(rows))
    place, item = next((at, one) for at, one in items if isinstance(one, Thread) and one.replies)
    before = unread(index)
    index.writer.mark_read([one.message.message_id for one in item.replies], False)
    configure(app, timings=Timings(preview_read=0, mail_read=0.02))
    async with app.run_test(size=(120, 90)) as pilot:
        await settled(pilot)
        await pilot.press("j", "k", *["j"] * place)
        await until(pilot, lambda: len(reader_of(app).comments) == len(item.replies))
        assert unread(index) == before + len(item.replies)
        await pilot.press("enter")
        await until(pilot, lambda: unread(index) <= before, what="the replies read")


async def test_no_preview_makes_a_new_version_old(app: PatchdeskApp, index: Index) -> None:
    def newest(row: int) -> Series | None:
        item = index.mails.series(row)
        return item if isinstance(item, Series) and len(item.versions) > 1 else None

    rows = list(index.rows.order(RowView()))
    place = next(place for place, row in enumerate(rows) if newest(row))
    item = newest(rows[place])
    assert item is not None
    index.writer.mark_read([one.message.message_id for one in item.versions[-1].entries()], False)
    configure(app, timings=Timings(preview_read=0.02, mail_read=0.02))
    async with app.run_test(size=(120, 300)) as pilot:
        await settled(pilot)
        before = unread(index)
        await pilot.press("j", "k", *["j"] * place)
        await until(pilot, lambda: not controller(app, MailLoader).is_reading)
        assert reader_of(app).at_end
        await idle(pilot)
        assert unread(index) == before
        await pilot.press("enter")
        await until(pilot, lambda: unread(index) == before - 1, what="the cover letter read")


async def test_m_toggles_what_is_under_the_cursor(app: PatchdeskApp, index: Index) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        rows = index.rows.order(RowView())
        item = index.mails.series(rows[0])
        assert item is not None
        await pilot.press("m")
        await until(pilot, lambda: unread(index) == 2 + len(item.message_ids), what="all unread")
        await until(pilot, lambda: "●" in text_of(app, "SeriesTree").splitlines()[0])
        await pilot.press("m")
        await until(pilot, lambda: unread(index) == 2, what="all read")


async def test_space_at_the_end_reads_on_at_the_next_unread(
    app: PatchdeskApp, index: Index
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        third = index.mails.unread_of(index.rows.order(RowView())[2])
        await pilot.press("enter", "G", "space")
        assert {here(app)} == third


# ----------------------------------------------------------------- order and lists


@pytest.mark.parametrize("sort", ["date", "author", "size", "replies"])
async def test_sorting_keeps_the_place(app: PatchdeskApp, index: Index, sort: str) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("j", "j", "j")
        mail = here(app)
        await pilot.press(":", *"sort", "space", *sort, "enter")
        await until(pilot, lambda: f"by {sort}" in text_of(app, "TitleBar"), what=sort)
        assert here(app) == mail
        view = RowView(sort=sort, ascending=sort == "author")
        assert list(controller(app, Lists).page.items.rows) == list(index.rows.order(view))  # type: ignore[union-attr]


async def test_groups_have_headings(app: PatchdeskApp, index: Index) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        items = len(tree_of(app))
        await pilot.press(":", *"group", "space", *"author", "enter")
        await until(pilot, lambda: "by author" in text_of(app, "TitleBar"), what="groups")
        authors = len(index.rows.count_by_author(RowView(sort="author")))
        assert len(tree_of(app)) == items + authors
        await pilot.press(":", *"group", "space", *"none", "enter")
        await until(pilot, lambda: len(tree_of(app)) == items, what="no groups")


async def test_another_list_is_chosen_from_a_menu(path: Path, index: Index, tmp_path: Path) -> None:
    other = tmp_path / "other.mbox"
    other.write_bytes(mail(1, datetime(2025, 1, 1, tzinfo=UTC)))
    ingest(path, "other", open_file(other), read_before=0)
    app = app_on_index(path, index)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        everything = len(tree_of(app))
        assert " lantern " not in text_of(app, "SeriesTree")
        controller(app, Lists).followed = ("lantern", "other")
        await pilot.press("g", "l")
        await pilot.pause()
        assert "1 unread" in text_of(app)
        await pilot.press("3")
        await until(pilot, lambda: len(tree_of(app)) == 1, what="the other list")
        assert "other" in text_of(app, "TitleBar")
        assert "other snuffer" not in text_of(app, "SeriesTree")
        await pilot.press("g", "i")
        await until(pilot, lambda: len(tree_of(app)) == everything, what="all lists")
        assert "◆ lantern " in text_of(app, "SeriesTree")  # rows say which list they are from


# ----------------------------------------------------------------- what comes meanwhile


def mail(number: int, date: datetime) -> bytes:
    """Return a patch as an mbox has it."""
    return (
        f"From a@example.org Thu Jan  1 00:00:00 1970\nFrom: Nell Quill <nell@example.org>\n"
        f"Subject: [PATCH] snuffer: put out {number}\nDate: {date:%a, %d %b %Y %H:%M:%S +0000}\n"
        f"Message-ID: <snuffer-{number}@example.org>\n\nOut.\n\n---\n"
        f"diff --git a/s b/s\n--- a/s\n+++ b/s\n@@ -1 +1 @@\n-a\n+b\n\n"
    ).encode()


async def test_new_rows_come_above_without_moving_anything(
    app: PatchdeskApp, path: Path, index: Index, tmp_path: Path
) -> None:
    async with app.run_test(size=(120, 24)) as pilot:
        await settled(pilot)
        await pilot.press("j", "j", "l")
        tree = tree_of(app)
        before, screen = here(app), tree.cursor - tree.scroll_offset.y
        rows, reading = len(tree), text_of(app, "MessageView")
        more = tmp_path / "more.mbox"
        newest = index.rows.summaries(index.rows.order(RowView(), 1))[0].date
        more.write_bytes(b"".join(mail(n, newest + timedelta(minutes=n)) for n in range(1, 4)))
        ingest(path, "more", open_file(more), read_before=0)
        await until(pilot, lambda: len(tree) == rows + 3, what="the new rows")
        assert here(app) == before
        assert tree.cursor - tree.scroll_offset.y == screen
        assert text_of(app, "MessageView") == reading
        assert "3 unread" in text_of(app, "TitleBar") or "5 unread" in text_of(app, "TitleBar")
        await pilot.press("g", "g")
        assert "● snuffer: put out 3" in text_of(app, "SeriesTree").splitlines()[0]


async def test_the_row_under_the_cursor_goes_away(app: PatchdeskApp, index: Index) -> None:
    async with app.run_test(size=(120, 24)) as pilot:
        await settled(pilot)
        await pilot.press("j", "l")
        index.writer.forget("lantern", stop=NOTHING, report=lambda _: None)
        await until(pilot, lambda: "No messages in" in text_of(app), what="the empty list")


def test_a_series_is_known_by_any_of_its_mails(path: Path, index: Index) -> None:
    desk = ListDesk(path, ListQuery())
    pages = desk.pages(Event())
    page = next(pages)
    item = page.items.load_item(0)
    assert isinstance(item, Series) or item is not None
    for message_id in item.message_ids:
        assert page.items.place(message_id) == 0
    other = min(item.message_ids - {item.id}, default=None)
    if other is not None:
        assert page.items.renamed_ids([other]) == {other: item.id}
    assert page.items.renamed_ids([item.id, "nobody@example.org"]) == {}
    desk.close()


_BRINGS = """
import sys
from pathlib import Path
from threading import Event
from core.index.index import open_index
from core.sources.mailbox import open_file
index = open_index(Path(sys.argv[1]))
source = open_file(Path(sys.argv[2]))
index.writer.ingest("more", source, stop=Event(), report=lambda _: None)
index.close()
"""


def test_what_another_process_brings_is_seen_though_the_index_was_opened_twice(
    path: Path, index: Index, tmp_path: Path
) -> None:
    before = index.rows.changes_since(0).generation
    open_index(path).close()
    more = tmp_path / "more.mbox"
    more.write_bytes(mail(1, datetime(2025, 1, 1, tzinfo=UTC)))
    for _ in range(2):  # the first child to leave would take the log of changes away
        command = [sys.executable, "-c", _BRINGS, str(path), str(more)]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    assert len(index.rows.changes_since(before).written) == 1
    assert "more" in {info.name for info in index.rows.lists()}


def test_reading_marks_are_kept_for_what_is_not_here_yet(path: Path, index: Index) -> None:
    desk = ListDesk(path, ListQuery())
    desk.mark_read([MessageId("later@example.org")], read=True)
    assert unread(index) == 2
    desk.close()


# ----------------------------------------------------------------- as pictures


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["small", "large"])
def test_screen(
    snap_compare: Callable[..., bool], app: PatchdeskApp, size: tuple[int, int]
) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("j", "j", "l")
        await idle(pilot)
        await until(pilot, lambda: not controller(app, MailLoader).is_reading)

    assert snap_compare(app, terminal_size=size, run_before=run)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15m", 900.0), ("2h", 7200.0), ("90 s", 90.0), ("1d", 86_400.0), ("15", 900.0),
        ("", None), ("0m", None), ("soon", None), ("-5m", None), ("1w", None),
    ],
)  # fmt: skip
def test_intervals(text: str, seconds: float | None) -> None:
    assert read_interval(text) == seconds


def test_no_list_is_synced_by_itself_more_often_than_once_a_minute() -> None:
    lists = {
        "often": FollowedList(target="a", sync_every="5s"),
        "never": FollowedList(target="b"),
        "hourly": FollowedList(target="c", sync_every="1h"),
    }
    assert sync_intervals(lists) == {"often": 60.0, "hourly": 3600.0}


async def test_escape_stops_a_sync_and_keeps_what_came(
    app: PatchdeskApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    folder = tmp_path / "CONFIG" / "patchdesk"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(f'[lists.lantern]\ntarget = "{tmp_path}/a.mbox"\n')
    held = list_lock(
        DataDirs.default().folder("lantern"), "lantern", stop=Event(), report=lambda _: None
    )
    with held:  # so that the sync waits, for as long as it is let
        async with app.run_test(size=(120, 24)) as pilot:
            await settled(pilot)
            rows = len(tree_of(app))
            await pilot.press("g", "s")
            await until(pilot, lambda: "Waiting for another" in text_of(app), what="the sync")
            await pilot.press("escape")
            await until(pilot, lambda: not controller(app, Sync).is_running, what="its end")
            assert "stopped" in text_of(app, "StatusBar")
            assert len(tree_of(app)) == rows


async def test_the_error_of_a_sync_stays_with_its_list_and_reviews_are_counted_for_news(
    app: PatchdeskApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder, long_ago = DataDirs.default().folder("lantern"), datetime(2020, 1, 1, tzinfo=UTC)
    error = PatchdeskError("The server is asleep.", "Wake it.")
    nothing = SyncResult(name="lantern")
    coming = [replace(nothing, error=error), nothing, replace(nothing, added=3), nothing]
    left, counted = [2, 0, 0], list[int]()

    class FakeProcess:
        def __init__(self, _: object) -> None: ...

        def end(self) -> None: ...

        def results(self, **_: object) -> Iterator[SyncResult]:
            result = coming.pop(0)
            save_sync_error(folder, result.error, long_ago)
            yield result

    def count(_: object) -> int:
        counted.append(left[len(counted)])
        return counted[-1]

    monkeypatch.setattr("core.sync.process.SyncProcess", FakeProcess)
    monkeypatch.setattr("tui.desk.sync.count_reviews", count)
    folder.mkdir(parents=True)
    async with app.run_test(size=(120, 24)) as pilot:
        await settled(pilot)
        for times, is_failed in ((1, True), (2, False), (3, False), (3, False)):
            await pilot.press("g", "s")
            await idle(pilot)
            assert len(counted) == times
            await pilot.press("g", "l")
            await pilot.pause()
            assert ("y ago: The server is asleep." in text_of(app)) is is_failed
            await pilot.press("escape")


@pytest.mark.parametrize("what", ["pages", "header"])
async def test_an_index_damaged_under_the_screen_is_set_aside_and_rebuilt(
    path: Path, what: str
) -> None:
    newest = datetime(2026, 3, 1, tzinfo=UTC)
    app = PatchdeskApp("", lambda _: ListDesk(path, ListQuery()), clock=lambda: newest)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        rows = len(tree_of(app))
        connection = connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('node', 'item')"
        ).fetchall()
        connection.close()
        with path.open("r+b") as file:
            for (page,) in roots if what == "pages" else [(1,)]:
                file.seek((page - 1) * 4096)
                file.write(os.urandom(200))
        await pilot.press("j", "enter", "q", "j", "d")

        def is_told() -> bool:
            return any("was set aside" in toast.message for toast in app._notifications)

        await until(pilot, is_told, what="the sentence")
        assert len(list(path.parent.glob("*.aside"))) == 1
        if what == "pages":
            return
        # What could not be read comes with the next sync; the screen goes on.
        assert rows
        index = open_index(path)
        with demo_path() as mbox:
            index.writer.ingest(
                "lantern", open_file(mbox), stop=NOTHING, report=lambda _: None, read_before=0
            )
        index.close()
        await until(pilot, lambda: len(tree_of(app)) > 0, what="the rows")
