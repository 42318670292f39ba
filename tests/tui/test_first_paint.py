"""The first rows, drawn before there is a screen: they stand where the tree has them, and the terminal comes back whole."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import termios
from collections.abc import Iterable
from pathlib import Path
from threading import Event

import pytest

from core.config import Config
from core.demo import demo_path
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.desk.row_reader import RowReader
from core.desk.target_desk import open_target_desk
from core.errors import PatchdeskError
from core.index.index import SeriesSummary, open_index
from core.sources.mailbox import open_file
from core.system.ui_state import UiState
from tests.end_to_end.program import INBOX_OF_OLD_MAIL
from tests.tui.kit import ready, tree_of
from tests.tui.terminal import running
from tests.tui.test_lists import app_on_index, ingest
from tests.tui.test_lists import made as made
from tui.cli.first_paint import FirstPaint, Region, first_paint, paint, tree_region

HOSTILE = b"""From x Mon Jun  2 12:00:00 2025
From: =?utf-8?b?G1tbMTszMW1FdmUbWzBt?= <eve@example.org>
Subject: [PATCH] =?utf-8?b?G10wO3duZWQHIOKAriBcZTw=?= x\x1b[2J
Message-ID: <one@example.org>
Date: Mon, 2 Jun 2025 12:00:00 +0000

Hello.
"""


@pytest.mark.parametrize("size", [(80, 24), (99, 30), (100, 30), (120, 40), (160, 50), (250, 60)])
async def test_the_rows_stand_where_the_tree_has_them(made: Path, size: tuple[int, int]) -> None:
    app = app_on_index(made, open_index(made))
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        inside = tree_of(app).content_region
        at = tree_region(*size)
        assert (at.line - 1, at.column - 1) == (inside.y, inside.x)
        assert at.height == inside.height
        # The scrollbar's column is the tree's, or nobody's.
        assert inside.width - 1 <= at.width <= inside.width


def test_a_picture_has_as_many_rows_as_there_is_room_for() -> None:
    rows = [[("one", "subject")], [("two", "unread"), (" 2h", "age")], [("three", "subject")]]
    drawn = paint(rows, Region(3, 2, 10, 2))
    assert "\x1b[3;2Hone" in drawn
    assert "\x1b[4;2H\x1b[1mtwo\x1b[22m 2h" in drawn
    assert "three" not in drawn


def test_no_mail_writes_to_the_terminal_by_itself(tmp_path: Path) -> None:
    mbox = tmp_path / "hostile.mbox"
    mbox.write_bytes(HOSTILE)
    ingest(tmp_path / "index.sqlite3", "list", open_file(mbox), read_before=0)
    desk = ListDesk(tmp_path / "index.sqlite3", ListQuery())
    master, slave = pty.openpty()
    try:
        termios.tcsetwinsize(slave, (24, 80))
        rows = FirstPaint(slave)
        rows.draw(desk, UiState())
        written = os.read(master, 1 << 16)
    finally:
        os.close(master)
        os.close(slave)
        desk.close()
    assert rows.is_shown
    assert b"[1;31m" in written  # as letters
    assert b"\x1b[1;31m" not in written
    assert b"\x1b]" not in written
    assert b"\x07" not in written
    assert "\u202e".encode() not in written


def test_the_rows_of_a_file_are_drawn_while_the_application_is_imported_and_come_again(
    tmp_path: Path,
) -> None:
    mbox = tmp_path / "hostile.mbox"
    mbox.write_bytes(HOSTILE)
    desk = open_target_desk(str(mbox), config=Config(), cache=tmp_path, apart=True)
    master, slave = pty.openpty()
    try:
        termios.tcsetwinsize(slave, (24, 80))
        rows = FirstPaint(slave)
        rows.draw_when_read(desk, UiState())
        written = b""
        while b"Eve" not in written and b"eve" not in written:
            assert select.select([master], [], [], 60)[0], written
            written += os.read(master, 1 << 16)
        assert b"\x1b[1;31m" not in written
        rows.hand_over()
        (listing,) = desk.listings(stop=Event(), report=lambda _: None)
        assert [item.id for item in listing.items] == ["one@example.org"]
        assert listing.done

        late = open_target_desk(str(mbox), config=Config(), cache=tmp_path, apart=True)
        rows = FirstPaint(slave)
        rows.hand_over()
        rows.draw_when_read(late, UiState())
        (again,) = late.listings(stop=Event(), report=lambda _: None)
        assert again.items == listing.items
        assert not rows.is_shown
    finally:
        os.close(master)
        os.close(slave)
        desk.close()


def test_the_keyboard_is_given_back_and_so_is_a_screen_that_nobody_took() -> None:
    master, slave = pty.openpty()
    try:
        before = termios.tcgetattr(slave)
        with first_paint(slave, slave) as rows:
            assert not termios.tcgetattr(slave)[3] & termios.ECHO
            rows.is_shown = True
        assert termios.tcgetattr(slave) == before
        assert os.read(master, 100).startswith(b"\x1b[?1049l")
    finally:
        os.close(master)
        os.close(slave)


def test_what_cannot_be_read_is_left_to_the_application(made: Path) -> None:
    class Broken(RowReader):
        def summaries(self, rows: Iterable[int]) -> list[SeriesSummary]:
            raise PatchdeskError("The index is damaged.", "Start again.")

    desk = ListDesk(made, ListQuery())
    page = desk.first_page(10)
    assert page is not None
    page.items._summaries.clear()
    page.items._reader = Broken(lambda: desk.index)
    master, slave = pty.openpty()
    try:
        rows = FirstPaint(slave)
        rows.draw(desk, UiState())
        assert not rows.is_shown
    finally:
        os.close(master)
        os.close(slave)


def test_what_is_no_terminal_is_left_alone() -> None:
    reading, writing = os.pipe()
    with first_paint(reading, writing) as rows:
        rows.draw(None, UiState())
    os.close(writing)
    assert os.read(reading, 10) == b""
    os.close(reading)


def test_keys_pressed_before_there_is_a_screen_are_not_shown_and_not_lost(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    config = home / ".config" / "patchdesk" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(INBOX_OF_OLD_MAIL)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    with demo_path() as demo:
        mbox = shutil.copy(demo, tmp_path / "lantern.mbox")
    for words in (["follow", "lantern", str(mbox)], ["sync"]):
        subprocess.run(
            [sys.executable, "-m", "tui.cli.main", *words],
            check=True,
            env=environment,
            capture_output=True,
        )
    # The screen's modules take their time.
    slow = "import builtins, time\nfind = builtins.__import__\ndef slow(name, *a, **k):\n"
    slow += "    if name == 'tui.app': time.sleep(2)\n    return find(name, *a, **k)\n"
    with running([], home, before=slow + "builtins.__import__ = slow") as terminal:
        terminal.see("Welcome to patchdesk")
        assert b"\x1b[?1000h" not in terminal.output  # the application has not begun
        terminal.press("?")
        terminal.see("type to filter")
        terminal.press("\x1b")
        terminal.rest(0.5)
        terminal.quit()
