"""Following and unfollowing a list on the screen: the name comes from the address, and unfollowing is asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import PatchdeskError
from tests.tui.kit import (
    NOW,
    FakeDesk,
    app_with,
    configure,
    controller,
    idle,
    listing,
    ready,
    text_of,
)
from tui.app import PatchdeskApp
from tui.desk import sync
from tui.desk.lists import Lists


async def test_an_address_is_enough_to_follow_a_list(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[str, str, str]] = []

    def refuse(*arguments: str) -> None:
        asked.append(arguments)  # type: ignore[arg-type]
        raise PatchdeskError("It is only a test.")

    monkeypatch.setattr(sync, "follow_list", refuse)
    app = PatchdeskApp(None, lambda _: FakeDesk(listing(())), clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        for line in ("https://lore.kernel.org/kvm/", "mine /srv/a list"):
            await pilot.press("f", *line, "enter", "enter")
            await idle(pilot)
        assert asked == [("kvm", "https://lore.kernel.org/kvm/", ""), ("mine", "/srv/a list", "")]
        monkeypatch.chdir(tmp_path)
        (tmp_path / "archives" / "moth lamps").mkdir(parents=True)
        (tmp_path / "archives" / "odd\x1b").mkdir()
        await pilot.press("f", *"./arc", "tab")
        await idle(pilot)
        await pilot.press("tab")
        await idle(pilot)
        assert "archives/moth lamps/" in text_of(app, "Prompt")
        await pilot.press("enter")
        await idle(pilot)
        assert "Inbox of moth-lamps: series of" in text_of(app)
        await pilot.press("escape")
        await idle(pilot)
        assert "Not followed." in text_of(app)
        await pilot.press("f", "up", "escape", ":", *"follow moth ./archives/m", "tab")
        await idle(pilot)
        await pilot.press("enter", "4")
        await idle(pilot)
        assert asked.pop() == ("moth", "./archives/moth lamps/", "all")
        await pilot.press("f", *"kvm", "enter")
        await idle(pilot)
        assert "Write the list's address or folder" in text_of(app)
        assert len(asked) == 2


async def test_unfollowing_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    monkeypatch.setattr(sync, "unfollow_list", lambda name, _: gone.append(name))
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        configure(app, lists=("kvm", "lamps"))
        controller(app, Lists).followed = ("kvm", "lamps")
        await pilot.press(":", *"unfollow nonesuch", "enter")
        await idle(pilot)
        assert "Name a list that you follow: kvm, lamps." in text_of(app)
        await pilot.press(":", *"unfollow kvm", "enter")
        await idle(pilot)
        assert "Unfollow kvm?" in text_of(app)
        await pilot.press("n", "enter")
        await idle(pilot)
        assert not gone
        await pilot.press(":", *"unfollow kvm", "enter", "y", "enter")
        await idle(pilot)
        assert gone == ["kvm"]
        assert controller(app, Lists).followed == ("lamps",)
        assert "No longer following kvm." in text_of(app)
