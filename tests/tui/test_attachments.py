"""Attachments: listed, shown, given to a viewer under a name of ours, saved without overwriting."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from core.mail.message import parse_mail
from core.model import Message, OpenedMessage
from tests.tui.kit import FakeDesk, app_on, idle, listing, ready, small_series, text_of, until

RAW = b"""\
From: Ada <ada@lantern.example.org>
Subject: [PATCH 1/2] glass
Message-ID: <glass-v1-1@x>
Content-Type: multipart/mixed; boundary=b

--b

Look.
--b
Content-Type: text/x-log; name="../the.log"
Content-Disposition: attachment; filename="../the.log"

burned \x1b[2J low
--b
Content-Type: image/png; name="evil.desktop"

PNG
--b--
"""


class AttachedDesk(FakeDesk):
    """Each of its mails has two attachments."""

    def mail(self, message: Message) -> OpenedMessage:
        return parse_mail(self.raw(message), message.key)

    def raw(self, message: Message) -> bytes:
        del message
        return RAW


async def test_attachments_are_shown_opened_and_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    viewed: list[tuple[str, bytes]] = []
    monkeypatch.setattr(
        "core.system.browser.open_file",
        lambda path, _: viewed.append((path.name, path.read_bytes())),
    )
    app = app_on(lantern=AttachedDesk(listing([small_series("glass", "glass")])))
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await pilot.press("v")
        await idle(pilot)
        assert "../the.log" in text_of(app)
        await pilot.press("1", "o")
        await until(pilot, lambda: "burned" in text_of(app), what="the log")
        assert "\x1b" not in text_of(app)
        await pilot.press("q", "v", "2", "o")
        await until(pilot, lambda: bool(viewed), what="the viewer")
        assert viewed == [("attachment.png", b"PNG")]
        await pilot.press("v", "1", "s")
        await idle(pilot)
        assert "the.log" in text_of(app, "Prompt")
        await pilot.press("enter")
        await until(pilot, lambda: "Saved: the.log" in text_of(app), what="the file")
        saved = tmp_path / "the.log"
        assert saved.read_bytes() == b"burned \x1b[2J low"
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        saved.write_bytes(b"mine")
        await pilot.press("v", "1", "s", "enter", "n", "enter")
        await idle(pilot)
        assert saved.read_bytes() == b"mine"

        def broken(*_: object) -> bytes:
            raise ValueError("injected")

        monkeypatch.setattr("tui.desk.attachments.read_attachment", broken)
        await pilot.press("v", "1", "o")
        await until(pilot, lambda: "Something went wrong" in text_of(app), what="the error")
        assert "injected" in caplog.text
