"""`q` and Esc go one level back, from wherever one came."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import PatchdeskError
from tests.tui.kit import (
    NOW,
    FakeDesk,
    app_with,
    controller,
    desk_screen,
    idle,
    listing,
    reader_of,
    ready,
    text_of,
    tree_of,
    until,
)
from tests.tui.test_digest_screen import LARGE, app_of, begin
from tests.tui.test_digest_screen import _own_folders as _own_folders
from tests.tui.test_digest_screen import archive as archive
from tests.tui.test_find import find, rows_of
from tests.tui.triage_kit import triage_app
from tui.app import PatchdeskApp
from tui.desk.mail import MailLoader
from tui.keys.commands import Pane

BACK = ("q", "escape")


@pytest.mark.parametrize("back", BACK)
async def test_a_mail_out_of_the_results_leads_back_to_them(back: str) -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "glass")
        await pilot.press("enter", "enter")
        await idle(pilot)
        assert desk_screen(app).active_pane is Pane.READER
        before = rows_of(app)
        await pilot.press(back)
        await idle(pilot)
        assert desk_screen(app).active_pane is Pane.TREE
        assert rows_of(app) == before
        assert "/ glass" in text_of(app, "TitleBar")
        await pilot.press(back)
        await idle(pilot)
        assert len(rows_of(app)) == 4


async def test_a_search_in_the_mail_ends_in_the_mail_only() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "wick")
        await pilot.press("enter", "enter", "/", *"line", "enter", "tab", "q")
        await idle(pilot)
        assert "/ wick" not in text_of(app, "TitleBar")


@pytest.mark.parametrize("back", BACK)
async def test_a_mail_out_of_a_digest_leads_back_to_its_row(archive: Path, back: str) -> None:
    app = app_of(archive)
    async with app.run_test(size=LARGE) as pilot:
        digest = await begin(pilot, "2025-05-28..")
        await pilot.press("/", *"Which pump", "enter")
        await idle(pilot)
        at = digest.view.cursor
        for _ in range(2):  # each time to the same row
            await pilot.press("enter")
            await until(pilot, lambda: app.screen is desk_screen(app))
            await idle(pilot)
            mail = controller(app, MailLoader).mail
            assert mail is not None
            assert mail.message.message_id == "talk"
            await pilot.press(back)
            await until(pilot, lambda: app.screen is digest, what="the digest")
            assert digest.view.cursor == at
            assert digest.view.has_focus
        await pilot.press("q", "q")  # the search in it, then the digest
        await until(pilot, lambda: app.screen is desk_screen(app))
        await idle(pilot)
        assert desk_screen(app).active_pane is Pane.TREE
        assert not digest.is_attached
        await pilot.press("enter", "q", "q")
        await idle(pilot)
        assert app.screen is desk_screen(app)


async def test_a_digest_is_left_behind_once_one_reads_elsewhere(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=LARGE) as pilot:
        digest = await begin(pilot, "2025-05-28..")
        await pilot.press("/", *"Which pump", "enter", "enter")
        await until(pilot, lambda: app.screen is desk_screen(app))
        await idle(pilot)
        first = tree_of(app).row
        assert first is not None
        await pilot.press("tab", "g", "g", "G")
        await idle(pilot)
        if (row := tree_of(app).row) is not None and row.item.id == first.item.id:
            await pilot.press("k")
        await pilot.press("enter", "q")
        await idle(pilot)
        assert app.screen is desk_screen(app)
        assert desk_screen(app).active_pane is Pane.TREE
        await until(pilot, lambda: not digest.is_attached, what="the end of the digest")


@pytest.mark.parametrize("back", BACK)
async def test_a_failed_open_leads_back_to_the_welcome(back: str) -> None:
    def open_desk(target: str) -> FakeDesk:
        if target == "nonesuch":
            raise PatchdeskError("There is no nonesuch.", hint="Look again.")
        return FakeDesk(listing(()))

    app = PatchdeskApp(None, open_desk, clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("o", *"nonesuch", "enter")
        await idle(pilot)
        assert "There is no nonesuch." in text_of(app)
        await pilot.press(back)
        await idle(pilot)
        assert "Look around in the demo" in text_of(app)
        assert "nonesuch" not in text_of(app)
        await pilot.press("down", "down", "down", "enter")
        await idle(pilot)
        assert "Everywhere" in text_of(app)  # the fourth offer is help


async def test_history_asked_in_the_tree_leads_back_to_the_tree(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("g", "h")
        await idle(pilot)
        assert "Triage history" in text_of(app)
        await pilot.press("q")
        await idle(pilot)
        assert desk_screen(app).active_pane is Pane.TREE
        await pilot.press("|")
        await idle(pilot)
        assert "reads the series' patches" in text_of(app, "Prompt")
        await pilot.press("escape", "enter", "ctrl+f", "j")
        await idle(pilot)
        reader = reader_of(app)
        before = reader.cursor, reader.scroll_offset.y
        assert before[1] > 0
        await pilot.press("g", "A")
        await until(pilot, lambda: "Nothing was triaged today." in text_of(app), what="the report")
        await pilot.press("q")
        await idle(pilot)
        assert (reader.cursor, reader.scroll_offset.y) == before
        assert desk_screen(app).active_pane is Pane.READER
