"""Answers from the screen: trailers, replies in the editor, the preview and the sending."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.config import Config
from core.desk.target_desk import open_target_desk
from core.reply.draft import Draft, DraftState
from core.reply.draft_store import DraftStore
from tests.core.reply.kit import PATCH, fake_sendmail
from tests.tui.kit import idle, reader_of, ready, text_of
from tests.tui.triage_kit import make
from tui.app import PatchdeskApp

ME = {"me_name": "Rex Reviewer", "me_addresses": ("rex@example.com",)}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    (tmp_path / "patch.eml").write_text(PATCH)
    return tmp_path


def app_at(
    home: Path, target: str = "patch.eml", *, triage: bool = False, **config: object
) -> PatchdeskApp:
    settings = Config(**{**ME, **config})  # type: ignore[arg-type]

    def opened(target: str) -> object:
        return open_target_desk(target, config=settings, cache=home / "cache")

    return PatchdeskApp(
        str(home / target),
        opened,  # type: ignore[arg-type]
        config=settings,
        triage=make(home) if triage else None,
    )


def drafts() -> tuple[Draft, ...]:
    return DraftStore.default().list().drafts


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await idle(pilot)


async def command(pilot: Pilot[None], name: str) -> None:
    await press(pilot, ":", *name, "enter")


async def test_a_trailer_is_ready_after_two_keys_and_taken_back_by_the_same(home: Path) -> None:
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "T", "r")
        (draft,) = drafts()
        assert draft.state is DraftState.READY
        assert draft.trailers == ("Reviewed-by: Rex Reviewer <rex@example.com>",)
        assert "Reviewed-by ready" in text_of(app)
        await press(pilot, "T", "t")
        (draft,) = drafts()
        assert [line.partition(":")[0] for line in draft.trailers] == ["Reviewed-by", "Tested-by"]
        await press(pilot, "T")
        assert "✓ Reviewed-by" in text_of(app)
        await press(pilot, "r", "T", "t")
        assert drafts() == ()


async def test_a_reply_is_written_in_the_editor(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = home / "editor"
    editor.write_text(f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'a').write('#mine\\n')\n")
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("GIT_EDITOR", str(editor))
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        monkeypatch.setattr(PatchdeskApp, "suspend", _no_suspend)
        await press(pilot, "R")
        (draft,) = drafts()
        assert draft.state is DraftState.READY
        assert draft.body.startswith("On Mon, 10 Jun 2024")
        assert draft.body.endswith("#mine\n")
        assert not list((home / ".local/share/patchdesk/drafts").glob("*.txt"))


class _no_suspend:  # noqa: N801 - stands for a method
    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


async def test_the_preview_shows_what_leaves_and_sends_it_once(home: Path) -> None:
    folder = home / "mail"
    folder.mkdir()
    app = app_at(home, send_command=str(fake_sendmail(folder)))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "T", "a")
        await command(pilot, "review")
        shown = text_of(app)
        assert "Re: [PATCH v2 4/7] stripe-tree: add selftests" in shown
        assert "1 Ann Author <ann@example.org>" in shown
        assert "Acked-by: Rex Reviewer <rex@example.com>" in shown
        await press(pilot, "|")
        assert "$ " in text_of(app)
        await press(pilot, "ctrl+y")
        assert "First mail through" in text_of(app)
        assert list(folder.glob("call-*")) == []
        await press(pilot, "y")
        (call,) = [json.loads(path.read_text()) for path in folder.glob("call-*.json")]
        assert call["argv"][0] == "-i"
        (draft,) = drafts()
        assert draft.state is DraftState.SENT
        await command(pilot, "review")
        assert "There is no draft" in text_of(app)
    assert len(list(folder.glob("call-*.json"))) == 1


async def test_a_draft_is_held_back_or_deleted(home: Path) -> None:
    app = app_at(home, send_with=f"maildir:{home}/out")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "T", "a")
        await command(pilot, "review")
        await press(pilot, "-")
        assert drafts()[0].state is DraftState.DRAFT
        await command(pilot, "review")
        await press(pilot, "-")
        assert drafts()[0].state is DraftState.READY, "the same key lets it leave again"
        await press(pilot, "T", "t")
        await command(pilot, "review")
        await press(pilot, "X")
        assert drafts() == ()


async def test_a_failure_is_told_and_the_draft_stays(home: Path) -> None:
    folder = home / "mail"
    folder.mkdir()
    failing = fake_sendmail(folder, "print('550 no'); sys.exit(1)")
    app = app_at(home, send_command=str(failing))
    async with app.run_test(size=(200, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "T", "a")
        await command(pilot, "review")
        await press(pilot, "ctrl+y", "y")
        assert "550 no" in text_of(app)
        assert drafts()[0].state is DraftState.FAILED


async def test_the_demo_keeps_no_replies(home: Path) -> None:
    app = app_at(home)
    app.settings = app._desk_screen.settings = __import__("dataclasses").replace(
        app.settings, config=None
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "T")
        assert "The demo keeps no replies" in text_of(app)
        await press(pilot, "enter", "r")
        assert "The demo keeps no replies" in text_of(app)
        assert app.focused is reader_of(app), "and nothing to type into"


async def test_a_crash_while_sending_is_told_and_sends_nothing_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Draft:
        raise ValueError("injected")

    app = app_at(home, send_with=f"maildir:{home}/out")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "T", "a")
        await command(pilot, "review")
        with monkeypatch.context() as patched:
            patched.setattr("core.desk.reply_service.ReplyService.send", broken)
            await press(pilot, "ctrl+y", "y")
        assert "ValueError: injected" in caplog.text
        assert any("ValueError in send;" in one.message for one in app._notifications)
        app.clear_notifications()
        await command(pilot, "review")
        await press(pilot, "ctrl+y")
        assert drafts()[0].state is DraftState.SENT
    assert len(list((home / "out" / "new").iterdir())) == 1
