"""Answers from the screen: trailers, replies in the editor, the preview and the sending."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.config import Config
from core.desk.target_desk import open_target_desk
from core.reply.draft import Draft, DraftState
from core.reply.draft_store import DraftStore
from core.sources.mbox import to_mboxrd
from tests.core.reply.kit import PATCH, draft, fake_sendmail, numbered
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


async def test_a_trailer_for_marked_series_goes_to_the_cover_letters_or_to_each_patch(
    home: Path,
) -> None:
    def mail(subject: str, number: int, answers: str = "") -> bytes:
        above = f"In-Reply-To: <{answers}@x>\n" if answers else ""
        text = f"From: Ann <ann@x>\nTo: list@x\nSubject: [PATCH {number}/2] {subject}\n{above}"
        return f"{text}Date: Mon, 10 Jun 2024 10:40:1{number}\nMessage-ID: <{number}@x>\n\nText.\n".encode()

    mails = [mail("Cover", 0), mail("one", 1, "0"), mail("two", 2, "0"), PATCH.encode()]
    (home / "both.mbox").write_bytes(to_mboxrd(mails))
    app = app_at(home, "both.mbox")

    def answered() -> list[str]:
        return [one.answers for one in drafts() if one.state is DraftState.READY]

    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "*", "enter", "T", "r")
        assert "A trailer for a series goes to" in text_of(app), "asked once"
        assert drafts() == ()
        await press(pilot, "p")
        assert "Reviewed-by ready; :review sends it: 3 messages" in text_of(app)
        assert answered() == ["1@x", "2@x", "patch-4@example.org"]
        await press(pilot, "T")
        assert "✓ Reviewed-by" in text_of(app)
        await press(pilot, "a", "T", "r")
        assert [one.trailers for one in drafts()] == [
            ("Acked-by: Rex Reviewer <rex@example.com>",)
        ] * 3
        await press(pilot, "T", "s", "c")
        assert "to the cover letter" in text_of(app)
        assert "✓ Acked-by" not in text_of(app), "the cover letter has none"
        await press(pilot, "a")
        assert answered() == ["1@x", "2@x", "patch-4@example.org", "0@x"]
        await press(pilot, "u")
        assert answered() == ["1@x", "2@x"], "undo takes back the last act"
    assert app.settings.ui_state.get("trailers") == {"each_patch": False}


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
        monkeypatch.setenv("GIT_EDITOR", "true")
        await press(pilot, "u", "R")
        assert drafts()[0].state is DraftState.DRAFT, "an editor that changed nothing sends nothing"
        assert "Unchanged" in text_of(app)
        await command(pilot, "review")
        await press(pilot, "X", "R")
        assert "Nothing written" in text_of(app), "a quote alone is no reply"
        assert drafts() == ()


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


async def test_undo_takes_back_what_is_ready_and_never_a_sent_mail(home: Path) -> None:
    app = app_at(home, send_with=f"maildir:{home}/out")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "T", "a")
        assert drafts()[0].state is DraftState.READY
        await press(pilot, "u")
        assert drafts()[0].state is DraftState.DRAFT
        assert "No longer ready" in text_of(app)
        await press(pilot, "T", "t")
        await command(pilot, "review")
        await press(pilot, "ctrl+y", "y", "u")
        assert drafts()[0].state is DraftState.SENT


async def test_recipients_are_edited_by_number_in_the_preview(home: Path) -> None:
    app = app_at(home, send_with=f"maildir:{home}/out")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await press(pilot, "T", "a")
        await command(pilot, "review")
        assert "  2 Doe, John <john@example.net>" in text_of(app)
        await press(pilot, "t", *"-2 +q@example.org X", "enter")
        assert "no change" in text_of(app)
        await command(pilot, "review")
        await press(pilot, "t", "escape", "t", *"-2 +q@example.org", "enter")
        assert "  3 q@example.org" in text_of(app), "the preview comes back with the new ones"
        await press(pilot, "ctrl+y", "y")
    (mail,) = (home / "out" / "new").iterdir()
    assert "Cc: list@vger.kernel.org,\n q@example.org\n" in mail.read_text()


async def test_send_asks_once_for_all_that_was_previewed(home: Path) -> None:
    app = app_at(home, send_with=f"maildir:{home}/out")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await command(pilot, "send")
        assert "No reply is ready" in text_of(app)
        await press(pilot, "T", "a")
        DraftStore.default().save(replace(numbered(drafts()[0], 7), state=DraftState.READY))
        await command(pilot, "send")
        assert "mail 1 of 2" in text_of(app), "what nobody looked at is shown first"
        await press(pilot, "enter", ":", *"send", "enter")
        assert "2 replies" in text_of(app)
        assert text_of(app).count("Ann Author <ann@example.org>") == 2, "every recipient of each"
        await press(pilot, "enter", "n")
        assert not (home / "out").exists()
        await command(pilot, "send")
        await press(pilot, "y")
        assert [one.state for one in drafts()] == [DraftState.SENT] * 2
    assert len(list((home / "out" / "new").iterdir())) == 2


async def test_drafts_lists_what_an_editor_left_and_what_was_deleted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DraftStore.default()
    deleted, left = numbered(draft(text="Gone.\n"), 1), numbered(draft(text="Old.\n"), 2)
    for one in (deleted, left):
        store.save(one)
    store.delete(deleted.id)
    store.editor_file(left.id).write_text("Half a sent\n")
    monkeypatch.setenv("GIT_EDITOR", "true")
    monkeypatch.setattr(PatchdeskApp, "suspend", _no_suspend)
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await idle(pilot)
        assert any("1 reply was left" in one.message for one in app._notifications)
        await command(pilot, "drafts")
        assert "1  in editor" in text_of(app)
        assert "2  deleted" in text_of(app)
        await press(pilot, "1")
        assert [(one.id, one.body, one.state) for one in drafts()] == [
            (left.id, "Half a sent\n", DraftState.READY)
        ]
        await command(pilot, "drafts")
        await press(pilot, "2")
        assert {one.id for one in drafts()} == {left.id, deleted.id}
        await press(pilot, "Q")
        assert "1 reply is ready, not sent" in text_of(app)
        await press(pilot, "escape", "Q")
        assert not app.is_running or app._exit


async def test_a_failure_is_told_and_the_draft_stays(home: Path) -> None:
    folder = home / "mail"
    folder.mkdir()
    failing = fake_sendmail(folder, "print('550 no', 'for a reason ' * 6); sys.exit(1)")
    app = app_at(home, send_command=str(failing))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await press(pilot, "T", "a")
        await command(pilot, "review")
        await press(pilot, "ctrl+y", "y")
        assert "Not sent" in text_of(app)
        (toast,) = app._notifications
        assert "550 no for a reason" in toast.message, "whole, where the status line cuts it"
        assert toast.message.endswith("stripe-tree: add selftests)")
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
