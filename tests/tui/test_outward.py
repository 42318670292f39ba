"""Keys that hand mail to other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from textual.widgets import OptionList

from core.demo import demo_path
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.index.index import open_index
from core.sources.mailbox import open_file
from core.text import shown
from tests.tui.kit import (
    FakeDesk,
    app_on,
    app_with,
    desk_screen,
    lantern,
    listing,
    message,
    reader_of,
    ready,
    text_of,
    until,
)
from tui.app import PatchdeskApp
from tui.desk.controller import ReaderContent
from tui.keys.keymap import Keymap
from tui.widgets.choose import copy_dialog


async def test_a_pipe_reads_the_mail_and_what_it_writes_is_shown() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("enter", "|")
        await pilot.press(*"tr a-z A-Z; exit 2", "enter")
        await until(pilot, lambda: "MESSAGE-ID: <" in text_of(app), what="what the command wrote")
        assert "It ended with status 2." in text_of(app)
        await pilot.press("q")
        await until(pilot, lambda: "line 1 of" in text_of(app), what="the mail again")


async def test_in_the_tree_a_series_goes_as_an_mbox() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("|")
        await pilot.press(*"grep -c '^From '", "enter")
        await until(pilot, lambda: "| grep" in text_of(app), what="the answer")
        screen = desk_screen(app)
        assert screen.content is not ReaderContent.MAIL
        assert any(row.strip() == "2" for row in reader_of(app)._page.texts())


async def test_a_running_command_is_stopped() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("|", *"sleep 60", "enter")
        await until(pilot, lambda: "Running sleep" in text_of(app))
        await pilot.press("ctrl+c")
        assert "Stopped the command." in text_of(app)
        await until(pilot, lambda: app.tasks.is_idle, what="the end of the command")


async def test_the_browser_gets_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, out = tmp_path / "browser", tmp_path / "out"
    tool.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{out}.new && mv {out}.new {out}\n')
    tool.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(tool))
    app = app_on(lantern=FakeDesk(listing(lantern())))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("g", "b")
        await until(pilot, out.exists, what="the browser")
    assert out.read_text().startswith("https://lore.kernel.org/r/wick-v")


async def test_a_terminal_that_cannot_be_lent_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "true")
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("e")
        await until(
            pilot, lambda: "Cannot suspend this terminal" in text_of(app), what="the reason"
        )


async def test_mails_of_followed_lists_go_out_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.sqlite3"
    index = open_index(path)
    with demo_path() as mbox:
        index.writer.ingest("lantern", open_file(mbox), stop=Event(), report=lambda _: None)
    index.close()
    monkeypatch.setenv("VISUAL", "true")
    now = datetime(2026, 11, 16, 19, 30, tzinfo=UTC)
    app = PatchdeskApp("", lambda _: ListDesk(path, ListQuery()), clock=lambda: now)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: reader_of(app).mail is not None, what="the first mail")
        await pilot.press("enter", "|", *"grep -ci '^message-id: <'", "enter")
        await until(pilot, lambda: "| grep" in text_of(app), what="the answer")
        assert any(row.strip() == "1" for row in reader_of(app)._page.texts())
        await pilot.press("q", "e")
        await until(
            pilot, lambda: "Cannot suspend this terminal" in text_of(app), what="the reason"
        )


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("a@example.org", "b4 am a@example.org"),
        ("-rf@example.org", "b4 am -- -rf@example.org"),
        ("$(reboot)@x", "b4 am '$(reboot)@x'"),
        ("a'; reboot #@x", "b4 am 'a'\"'\"'; reboot #@x'"),
    ],
)
async def test_a_copied_command_takes_any_message_id(name: str, command: str) -> None:
    one = message(name, "x")
    copied: list[str | None] = []
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app.push_screen(copy_dialog(Keymap(), one, shown("https://x")), copied.append)
        await until(pilot, lambda: bool(app.screen.query(OptionList)), what="the menu")
        await pilot.press("b")
        await until(pilot, lambda: bool(copied), what="what was taken")
    assert copied == [command]
