"""A new user's way: follow a list of the real server on the screen, sync, close, and see the news the next time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from core.config import load_config
from core.system.paths import config_file
from tests.end_to_end.letters import FROB, MOTH, letter, series
from tests.end_to_end.program import INBOX_OF_OLD_MAIL
from tests.end_to_end.server import Server, need_public_inbox
from tests.tui.kit import configure, controller, reader_of, ready, text_of, tree_of, until
from tui.app import PatchdeskApp
from tui.cli.reader import lists_desk
from tui.desk.lists import Lists
from tui.desk.requests import Desk
from tui.desk.sync import Sync

NEWS = [*series("news", "news: today", 1, 2, minute=500), letter("late@example.org", "A late word")]


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


async def line(pilot: Pilot[None], text: str) -> None:
    """Give a line to `:`."""
    await pilot.press(":")
    await pilot.pause()
    pilot.app.post_message(Paste(text))
    await pilot.press("enter")


async def follow(pilot: Pilot[None], text: str) -> None:
    """Follow a list, with the inbox that is offered first."""
    await line(pilot, f"follow {text}")
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    await until(pilot, lambda: "the last 14 days" in text_of(app), what="the question")
    await pilot.press("enter")


async def test_what_is_new_is_marked_the_next_time(server: Server) -> None:
    app = started()
    async with app.run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: "Follow a list" in text_of(app), what="the welcome")
        await follow(pilot, f"frob {server.url}/frob/")
        await until(pilot, lambda: "frob: teach it" in text_of(app), what="the list")
        await until(pilot, lambda: not controller(app, Sync).is_running, what="the end of the sync")
        assert f"frob: {len(FROB)} new messages" in text_of(app, "StatusBar")
        assert "unread" not in text_of(app, "TitleBar")  # it is all old
    server.add("frob", NEWS)
    app = started()
    async with app.run_test(size=(140, 40)) as pilot:
        await ready(pilot)
        await pilot.press("G")
        await pilot.pause(0.2)
        tree = tree_of(app)
        place, row, reading = tree.cursor, tree.row, text_of(app, "MessageView")
        rows = len(tree)
        await pilot.press("g", "s")
        await until(pilot, lambda: len(tree) == rows + 2, what="the new rows")
        await until(pilot, lambda: "4 unread" in text_of(app, "TitleBar"), what="the count")
        assert tree.row is not None
        assert row is not None
        assert tree.row.key == row.key
        assert tree.cursor == place + 2
        assert text_of(app, "MessageView") == reading
        await pilot.press("g", "g", "J")
        await until(pilot, lambda: "news: today" in text_of(app, "MessageView"), what="the news")
        assert reader_of(app) is not None
        marked = [one for one in text_of(app, "SeriesTree").splitlines() if "●" in one]
        assert any("news: today" in one for one in marked)
        assert any("A late word" in one for one in marked)


async def test_a_list_that_cannot_be_had_is_said_and_nothing_lost(
    server: Server, home: Path
) -> None:
    app = started()
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await until(pilot, lambda: "Follow a list" in text_of(app), what="the welcome")
        await follow(pilot, f"nobody {server.url}/nobody/")
        await until(pilot, lambda: controller(app, Sync).is_running, what="the sync")
        await until(pilot, lambda: not controller(app, Sync).is_running, what="its end")
        await pilot.pause(0.2)
        assert "No messages in" in text_of(app)
        assert "nobody" in text_of(app)
        shutil.rmtree(home / "cache", ignore_errors=True)
        await follow(pilot, f"moth {server.url}/moth/")
        await until(pilot, lambda: "A moth in the relay" in text_of(app), what="the other list")


async def test_the_configuration_syncs_by_itself(server: Server) -> None:
    config_file().write_text(
        f'{INBOX_OF_OLD_MAIL}[lists.moth]\ntarget = "{server.url}/moth"\nsync_every = "15m"\n'
    )
    app = started()
    configure(app, sync_every={"moth": 900.0})
    async with app.run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: controller(app, Lists).page is not None, what="the empty list")
        controller(app, Sync).sync_what_is_due()
        await until(pilot, lambda: "A moth in the relay" in text_of(app), what="the mail")
        await until(pilot, lambda: not controller(app, Sync).is_running, what="the end")
        controller(app, Sync).sync_what_is_due()
        assert not controller(app, Sync).is_running  # not yet due again
