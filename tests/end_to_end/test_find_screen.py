"""Finding on the screen in a list of the real server: as it is typed, and on the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.config import load_config
from core.system.paths import config_file
from tests.end_to_end.letters import FROB, MOTH, letter, series
from tests.end_to_end.program import INBOX_OF_OLD_MAIL
from tests.end_to_end.server import Server, need_public_inbox
from tests.tui.kit import controller, desk_screen, ready, text_of, tree_of, until
from tests.tui.test_find import answered, bar, find, rows_of
from tui.app import PatchdeskApp
from tui.cli.reader import lists_desk
from tui.desk.opening import Opening
from tui.desk.requests import Desk
from tui.desk.search import Search
from tui.desk.sync import Sync

NEWS = [
    *series("lens", "lens: grind it finer", 1, 2, minute=500),
    letter("lens-talk@example.org", "Which lens shows the most whistles?"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    need_public_inbox()
    folder = tmp_path_factory.mktemp("lists") / "site"
    with Server(folder, {"frob": FROB, "moth": MOTH}) as server:
        yield server


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("HOME", str(tmp_path))
    config_file().parent.mkdir(parents=True)
    config_file().write_text(INBOX_OF_OLD_MAIL)
    return tmp_path


def started() -> PatchdeskApp:
    """Return the application as `patchdesk` with no command starts it."""

    def opened(target: str) -> Desk:
        desk = lists_desk(target, load_config(config_file()))
        assert desk is not None
        return desk

    lists = tuple(load_config(config_file()).lists)
    return PatchdeskApp("" if lists else None, opened, lists=lists)


async def followed(pilot: Pilot[None], server: Server, *names: str) -> None:
    """Follow lists of the server and wait until they are synced."""
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    for name in names:
        desk_screen(app).controllers.argument_handlers["list.follow"](
            f"{name} {server.url}/{name}/"
        )
        await until(pilot, lambda: "the last 14 days" in text_of(app), what="the question")
        await pilot.press("enter")
        await until(pilot, lambda: controller(app, Sync).is_running, what="the sync")
        await until(pilot, lambda: not controller(app, Sync).is_running, what="the end of the sync")
    await until(pilot, lambda: len(tree_of(app)) > 0, what="the rows")


@pytest.mark.slow
async def test_a_followed_list_is_searched_while_it_grows(server: Server) -> None:
    app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Follow a list" in text_of(app), what="the welcome")
        await followed(pilot, server, "frob", "moth")
        await ready(pilot)
        screen = desk_screen(app)
        everything = len(tree_of(app))
        await find(pilot, "relay")
        found = rows_of(app)
        assert any("A moth in the relay" in row for row in found)
        result = controller(app, Search).result
        assert result is not None
        assert 0 < result.answer.found.total < everything
        await pilot.press("enter")
        await until(pilot, lambda: not screen.bar.asking)
        assert "/ relay" in text_of(app, "TitleBar")
        server.add("moth", [letter("more@example.org", "One more moth in the relay", minute=600)])
        await pilot.press("g", "s")
        await until(pilot, lambda: any("One more moth" in row for row in rows_of(app)), what="it")
        await pilot.press("q")
        await until(pilot, lambda: len(tree_of(app)) == everything + 1, what="the whole list")


async def test_the_next_start_has_the_engine_and_finds_with_slips(server: Server) -> None:
    app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Follow a list" in text_of(app), what="the welcome")
        await followed(pilot, server, "moth")
        await until(pilot, lambda: controller(app, Search).is_prepared, what="the engine")
    app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: controller(app, Search).is_prepared, what="the engine")
        await find(pilot, "mtoh realy")
        assert any("A moth in the relay" in row for row in rows_of(app))


async def test_the_server_is_asked_and_what_comes_is_found(server: Server) -> None:
    app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Follow a list" in text_of(app), what="the welcome")
        await followed(pilot, server, "frob")
        await ready(pilot)
        server.add("frob", NEWS)
        await find(pilot, "s:lens")
        assert rows_of(app) == []
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "The server of frob has" in text_of(app), what="the answer")
        await until(pilot, lambda: any("grind it finer" in row for row in rows_of(app)), what="it")
        assert "of them new" in text_of(app, "StatusBar")
        assert bar(app).startswith(" / s:lens")
        await answered(pilot)
        await pilot.press("escape")


async def test_a_server_that_does_not_answer_is_said(server: Server, home: Path) -> None:
    app = started()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Follow a list" in text_of(app), what="the welcome")
        await followed(pilot, server, "frob")
        await ready(pilot)
        text = config_file().read_text().replace(server.url, "http://127.0.0.1:9")
        config_file().write_text(text)
        controller(app, Opening).open_target("")
        await until(pilot, lambda: controller(app, Opening).pending is None, what="the lists again")
        before = len(tree_of(app))
        await find(pilot, "s:whistle")
        await pilot.press("ctrl+r")
        await until(
            pilot,
            lambda: "server search" not in app.tasks.busy_groups and "127.0.0.1" in text_of(app),
            what="what is wrong",
        )
        await pilot.press("escape")
        await until(pilot, lambda: len(tree_of(app)) == before)
