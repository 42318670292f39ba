"""Keys that hand mail to other programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.kit import (
    FakeDesk,
    app_on,
    app_with,
    desk_screen,
    lantern,
    listing,
    reader_of,
    ready,
    text_of,
    until,
)


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
        assert screen._noted
        assert any(row.strip() == "2" for row in reader_of(app)._page.texts())


async def test_a_running_command_is_stopped() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("|", *"sleep 60", "enter")
        await until(pilot, lambda: "Running sleep" in text_of(app))
        await pilot.press("ctrl+c")
        assert "Stopped the command." in text_of(app)
        await app.workers.wait_for_complete()


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
        await until(pilot, lambda: "cannot be lent" in text_of(app), what="the reason")
