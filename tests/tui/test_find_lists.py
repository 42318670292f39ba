"""Finding in followed lists, and their views."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from core.config import Config, load_config
from core.demo import demo_path
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.index.index import Index, RowView, open_index
from core.model import MessageId
from core.search.list_search import ListSearch
from core.sources.mailbox import open_file
from core.system.paths import config_file
from core.text import shown
from tests.tui.kit import controller, desk_screen, idle, text_of, tree_of, until
from tests.tui.test_find import answered, bar, find, rows_of, where
from tests.tui.test_lists import ingest
from tui.app import PatchdeskApp
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.desk.requests import Desk
from tui.desk.search import Search
from tui.desk.views import Views
from tui.widgets.title_bar import Tab, draw_tabs


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's mails as two lists: all of them, and those of its first half."""
    folder = tmp_path_factory.mktemp("index")
    path = folder / "index.sqlite3"
    with demo_path() as mbox:
        ingest(path, "lantern", open_file(mbox), read_before=4e9)
        mails = mbox.read_bytes().split(b"\nFrom ")
    half = folder / "half.mbox"
    half.write_bytes(b"\nFrom ".join(mails[: len(mails) // 2]) + b"\n")
    ingest(path, "half", open_file(half), read_before=4e9)
    index = open_index(path)
    index.writer.mark_read(_last_of(index, 2), False)
    index.close()
    return path


def _last_of(index: Index, place: int) -> list[MessageId]:
    item = index.mails.series(index.rows.order(RowView())[place])
    assert item is not None
    return sorted(item.message_ids)[-1:]


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    target = tmp_path / "index.sqlite3"
    target.write_bytes(made.read_bytes())
    return target


@pytest.fixture
def index(path: Path) -> Index:
    return open_index(path)


CONFIG = Config(views={"Stations": "station", "Big": "n:>=3", "Wrong": "is:nowhere"})


@pytest.fixture
def app(path: Path, index: Index) -> PatchdeskApp:
    newest = index.rows.summaries(index.rows.order(RowView(), 1))[0].date

    def opened(target: str) -> Desk:
        return ListDesk(path, ListQuery(lists=(target,) if target else ()), CONFIG)

    return PatchdeskApp(
        "", opened, lists=("lantern", "half"), clock=lambda: newest + timedelta(hours=1)
    )


async def counted(pilot: Pilot[None]) -> None:
    """As `settled`, where one view cannot be counted."""
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    await until(
        pilot,
        lambda: (page := controller(app, Lists).page) is not None and page.whole,
        what="all rows",
    )
    await until(
        pilot, lambda: "Wrong" in controller(app, Views).counts, what="how many rows each view has"
    )
    await until(
        pilot,
        lambda: (
            controller(app, MailLoader).mail is not None
            and not controller(app, MailLoader).is_reading
        ),
    )
    await pilot.pause()


def names_of(app: PatchdeskApp) -> list[str]:
    return [view.name for view in controller(app, Views).views]


async def press_view(pilot: Pilot[None], name: str) -> None:
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    desk_screen(app).controllers.argument_handlers["view.switch"](name)
    await until(pilot, lambda: wanted(app).name == name, what=name)


def wanted(app: PatchdeskApp) -> ListQuery:
    page = controller(app, Lists).page
    assert page is not None
    return page.wanted


async def test_lists_are_searched_and_left_as_they_were(app: PatchdeskApp, index: Index) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        rows = len(tree_of(app))
        await pilot.press("j", "j", "j")
        before = where(app)
        await find(pilot, "station")
        finder = ListSearch(index, Config())
        assert 0 < len(finder.find("station").hits) < rows
        assert len(rows_of(app)) < rows
        assert any("station" in row.casefold() for row in rows_of(app) if "◆" in row)
        await pilot.press("escape")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        assert where(app) == before
        assert len(tree_of(app)) == rows


async def test_tab_switches_between_the_list_and_all(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        desk_screen(app).controllers.argument_handlers["list.switch"]("half")
        await until(pilot, lambda: wanted(app).lists == ("half",))
        await find(pilot, "a")
        screen = desk_screen(app)
        assert "in half" in bar(app)

        def found() -> int:
            result = controller(app, Search).result
            return result.answer.found.total if result is not None else -1

        here = found()
        await pilot.press("tab")

        def in_all_lists() -> bool:
            request = controller(app, Search).request
            return request is not None and not request.lists

        await until(pilot, in_all_lists)
        await answered(pilot)
        everywhere = found()
        assert everywhere > here
        await pilot.press("tab")
        await until(pilot, lambda: found() == here, what="the one list again")
        assert screen.bar.asking


async def test_tab_says_where_there_is_nothing_to_switch_to(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        await find(pilot, "station")
        await pilot.press("tab")
        await until(pilot, lambda: "Already searching all lists" in bar(app))


async def test_views_stand_in_the_title_and_have_keys(app: PatchdeskApp, index: Index) -> None:
    async with app.run_test(size=(160, 40)) as pilot:
        await counted(pilot)
        title = text_of(app, "TitleBar")
        every = len(tree_of(app))
        names = names_of(app)
        assert names[0] == "Inbox"
        assert f"1 Inbox {every}" in title
        place = names.index("Stations") + 1
        assert place == 9
        await pilot.press(str(place))
        await until(pilot, lambda: wanted(app).name == "Stations")
        some = ListSearch(index, CONFIG).count("station")
        assert len(tree_of(app)) == some
        assert f"{place} Stations {some}" in text_of(app, "TitleBar")
        await pilot.press("0")
        await until(pilot, lambda: wanted(app).query == "")
        assert len(tree_of(app)) == every
        await pilot.press("g", "i")
        await until(pilot, lambda: wanted(app).name == "Inbox")


async def test_a_view_without_rows_says_what_it_shows(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        place = names_of(app).index("Flagged") + 1
        await pilot.press(str(place))
        await until(pilot, lambda: "No series in Flagged" in text_of(app), what="the words")
        assert "is:flagged" in text_of(app)
        await pilot.press("0")
        await until(pilot, lambda: len(tree_of(app)) > 0)
        assert tree_of(app).has_focus


async def test_a_view_that_cannot_be_read_says_why_and_shows_everything(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        every = len(tree_of(app))
        await press_view(pilot, "Wrong")
        await until(pilot, lambda: "nowhere" in text_of(app, "StatusBar"), what="why")
        assert len(tree_of(app)) == every
        assert app.is_running


async def test_views_can_be_chosen_from_a_list(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        await pilot.press("g", "v")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "Stations" in text_of(app)
        assert "n:>=3" in text_of(app)
        await pilot.press("G", "k", "enter")
        await until(pilot, lambda: wanted(app).name == "Big")


async def test_a_click_on_a_tab_shows_the_view(app: PatchdeskApp) -> None:
    async with app.run_test(size=(160, 40)) as pilot:
        await counted(pilot)
        line = text_of(app, "TitleBar")
        await pilot.click("TitleBar", offset=(line.index("3 Needs") + 3, 0))
        await until(pilot, lambda: wanted(app).name == "Needs review")


async def test_what_was_found_is_left_for_a_view(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        await find(pilot, "station")
        await pilot.press("enter")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        await pilot.press("1")
        await until(pilot, lambda: wanted(app).name == "Inbox")
        assert "/ station" not in text_of(app, "TitleBar")


async def test_a_query_is_saved_as_a_view(app: PatchdeskApp) -> None:
    async with app.run_test(size=(160, 40)) as pilot:
        await counted(pilot)
        await pilot.press("\\", *"s:station n:>=2")
        await answered(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        found = controller(app, Search).result
        assert found is not None
        desk_screen(app).controllers.argument_handlers["view.save"]("Two stations")
        await until(pilot, lambda: "Saved view" in text_of(app, "StatusBar"), what="the word")
        assert load_config(config_file()).views["Two stations"] == "s:station n:>=2"
        await press_view(pilot, "Two stations")
        assert len(tree_of(app)) == found.answer.found.total


async def test_nothing_to_save_is_said(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        desk_screen(app).command_handlers()["view.save"]()
        await pilot.pause()
        assert "No query to save" in text_of(app, "StatusBar")


async def test_n_goes_through_the_list_after_it(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        await find(pilot, "station")
        hits = controller(app, Search).result
        assert hits is not None
        expected = {hit.series for hit in hits.answer.found.hits}
        await pilot.press("enter")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        await pilot.press("escape")
        visited = set()
        places = []
        for _ in expected:
            await pilot.press("n")
            row = tree_of(app).row
            assert row is not None
            visited.add(row.item.id)
            places.append(tree_of(app).cursor)
        assert visited == expected
        assert places[1:] == sorted(places[1:]) or places == sorted(places)


async def test_completions_are_offered_and_taken(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        await pilot.press("\\")
        await answered(pilot)
        assert "dfn:" in bar(app)
        await pilot.press(*"is:unr")
        await idle(pilot)
        assert "is:unread" in bar(app).splitlines()[1]
        assert "^" not in bar(app)  # it is only begun
        await pilot.press("right")
        assert desk_screen(app).bar.text == "is:unread"
        await answered(pilot)
        assert len(rows_of(app)) == 1
        await pilot.press(*" f:")
        await idle(pilot)
        assert "a name or address" in bar(app)
        await pilot.press(*["backspace"] * 3, *"x")
        await answered(pilot)
        line, note = bar(app).splitlines()
        assert note.index("^") == line.index("unreadx")
        assert "There is no is:unreadx" in note


async def test_the_server_is_asked_only_of_a_list_that_has_one(app: PatchdeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await counted(pilot)
        await find(pilot, "station")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "followed over HTTP" in bar(app))


# ----------------------------------------------------------------- tabs

TABS = tuple(
    Tab(number, shown(name), count, number == 2)
    for number, (name, count) in enumerate(
        [("Inbox", 12), ("New versions", 3), ("Waiting", 0), ("Mine", None), ("All", 5965)], 1
    )
)


@pytest.mark.parametrize(
    ("room", "text"),
    [
        (80, "1 Inbox 12  2 New versions 3  3 Waiting 0  4 Mine  5 All 5,965"),
        (62, "1 Inbox 12  2 New versions 3  3 Waiting 0  4 Mine  5 All 5,965"),
        (61, "1 Inbox 12  2 New versions 3  5 All 5,965"),
        (40, "1:12  2 New versions 3  5:5,965"),
        (31, "1:12  2 New versions 3  5:5,965"),
        (30, "2 New versions 3"),
        (16, "2 New versions 3"),
        (15, ""),
        (0, ""),
    ],
)
def test_tabs_take_what_room_there_is(room: int, text: str) -> None:
    content, places = draw_tabs(TABS, room)
    assert content.plain == text
    for begin, end, number in places:
        assert content.plain[begin:end].startswith(str(number))


def test_tabs_show_names_as_they_are() -> None:
    content, _ = draw_tabs([Tab(1, shown("[b]x[/b]\x1b"), 1)], 80)
    assert "[b]x[/b]" in content.plain
    assert "\x1b" not in content.plain


# ----------------------------------------------------------------- as pictures


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["small", "large"])
@pytest.mark.parametrize("name", ["found", "kept", "wrong", "nothing", "query"])
def test_screen(
    snap_compare: Callable[..., bool], app: PatchdeskApp, size: tuple[int, int], name: str
) -> None:
    keys = {
        "found": "stat",
        "kept": "stat",
        "wrong": "station is:lost",
        "nothing": "qqqqq",
        "query": "is:",
    }

    async def run(pilot: Pilot[None]) -> None:
        await counted(pilot)
        screen = desk_screen(app)
        await until(pilot, lambda: controller(app, Search).is_prepared, what="the engine")
        await pilot.press("\\" if name == "query" else "/")
        await answered(pilot)
        screen.bar.line.cursor_blink = False
        screen.bar.line._pause_blink(visible=True)
        app.post_message(Paste(keys[name]))  # at once: what is found on the way may be read, or not
        await until(pilot, lambda: screen.bar.text == keys[name], what="the query")
        await answered(pilot)
        if name == "kept":
            await pilot.press("enter")
            await until(pilot, lambda: not screen.bar.asking)
        await idle(pilot)
        await until(pilot, lambda: not controller(app, MailLoader).is_reading)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=run)
