"""The real program on a real terminal: what bytes it writes, and that the keyboard is heard."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import struct
import termios
import time
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal, running

HOSTILE = (
    "Subject: [PATCH] \x1b]52;c;ZXZpbA==\x07\x1b[31337mcolour \u009b31mwipe \u202egnorw [@click=app.quit]x[/] [/foo]",
    "\x1b]0;title\x07\x1b[2J\x1b[31337mbody \u009b31337m\u202e\u2066bidi\u2069 \u200bzero [@click=app.quit]y[/]",
)
PAYLOADS = {
    "a clipboard": b"\x1b]52;c;ZXZpbA",
    "a title": b"\x1b]0;title",
    "a colour": b"\x1b[31337m",
    "a C1 control": "\u009b".encode(),
    "a bidi override": "\u202e".encode(),
    "a bidi isolate": "\u2066".encode(),
    "a zero width": "\u200b".encode(),
}


def mbox() -> bytes:
    """Return two mails; the second's every part is hostile."""
    subject, body = HOSTILE
    return (
        "From a@x Mon Jun  2 12:00:00 2025\n"
        "From: Ada Wren <ada@lantern.example.org>\n"
        "Date: Mon, 2 Jun 2025 12:00:00 +0000\n"
        "Message-ID: <wick@lantern.example.org>\n"
        "Subject: [PATCH] wick: trim before lighting\n"
        "\n"
        "Trim first.\n"
        "---\n wick.c | 2 +-\n\n"
        "diff --git a/wick.c b/wick.c\n--- a/wick.c\n+++ b/wick.c\n@@ -1 +1 @@\n-light();\n+trim_and_light();\n"
        "\n"
        "From m@x Mon Jun  2 11:00:00 2025\n"
        f"From: \"Mallory \x1b[31337m\u202e\" <m@lantern.example.org>\n"
        "Date: Mon, 2 Jun 2025 11:00:00 +0000\n"
        "Message-ID: <evil\x1b[31337m@lantern.example.org>\n"
        f"{subject}\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
        "\n"
        f"{body}\n"
        "---\n wick.c | 2 +-\n\n"
        f"diff --git a/wick.c b/wick.c\n--- a/wick.c\n+++ b/wick.c\n@@ -1 +1 @@\n-{body}\n+{body}\n"
    ).encode()  # fmt: skip


def test_no_byte_of_a_mail_acts_on_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil.mbox"
    path.write_bytes(mbox())
    with running(["open", str(path)], tmp_path) as terminal:
        terminal.see("Trim first.")
        before = terminal.press("j")
        terminal.see("␛[31337mbody", since=before)
        terminal.press("th")  # all headers
        terminal.press("zR")
        terminal.press("\r")
        terminal.press("/wipe\r")
        terminal.press("G")
        terminal.press("y")
        terminal.see("b4 am")
        terminal.press("\x1b")
        terminal.read(1)
        terminal.quit()
    for name, payload in PAYLOADS.items():
        assert payload not in terminal.output, name


def test_slow_standard_input_is_waited_for_aloud(tmp_path: Path) -> None:
    slow = "import time, tui.cli.reader as c; read = c.read_stdin; c.read_stdin = lambda: (time.sleep(1.5), read())[1]"
    with running(["open", "-"], tmp_path, stdin=mbox(), before=slow) as terminal:
        terminal.see("reading standard input")
        assert "Trim first." not in terminal.text()
        terminal.see("Trim first.")
        terminal.quit()


def test_standard_input_is_read_and_the_keyboard_is_heard(tmp_path: Path) -> None:
    with running(["open", "-"], tmp_path, stdin=mbox()) as terminal:
        terminal.see("Trim first.")
        before = terminal.press("?")
        terminal.see("In the tree", since=before)
        terminal.press("\x1b")
        terminal.read(1)
        terminal.quit()


def test_the_terminal_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox())
    with running(["open", str(path)], tmp_path) as terminal:
        terminal.see("Trim first.")
        terminal.quit()
    end = terminal.output[-400:]
    assert b"\x1b[?1049l" in end  # back from the alternate screen
    assert b"\x1b[?25h" in end  # and the cursor is shown


def test_no_color_means_no_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox())
    with running(["open", str(path)], tmp_path) as terminal:
        terminal.see("Trim first.")
        terminal.press("jl/wick\r\r?")
        terminal.see("In the reader")
        terminal.press("\x1b")
        terminal.read(1)
        terminal.quit()
    codes: set[int] = set()
    for sequence in re.findall(rb"\x1b\[([0-9;]*)m", terminal.output):
        codes.update(int(code or 0) for code in sequence.split(b";"))
    assert 7 in codes  # the cursor
    assert not {c for c in codes if 30 <= c <= 49 or 90 <= c <= 107}


def test_an_error_stays_on_the_screen(tmp_path: Path) -> None:
    with running(["open", str(tmp_path / "nothing-here")], tmp_path) as terminal:
        terminal.see("C-r tries again")
        path = tmp_path / "late.mbox"
        path.write_bytes(mbox())
        terminal.press(f"o{path}\r")
        terminal.see("Trim first.")
        terminal.quit()


@pytest.mark.parametrize("size", [(24, 80), (60, 200), (5, 20)])
def test_it_bears_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "a.mbox"
    path.write_bytes(mbox())
    with running(["open", str(path)], tmp_path) as terminal:
        terminal.see("Trim first.")
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        terminal.read(0.5)
        terminal.press("jkl\r")
        terminal.read(0.5)
        terminal.quit()


def test_keys_typed_while_the_editor_has_the_terminal_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "lantern.mbox"
    path.write_bytes(mbox())
    editor, is_open, may_end = tmp_path / "editor", tmp_path / "open", tmp_path / "end"
    editor.write_text(
        f"#!/bin/sh\ntouch {is_open}\nwhile ! test -e {may_end}; do sleep 0.05; done\necho edited\n"
    )
    editor.chmod(0o755)
    environment = {"GIT_EDITOR": str(editor)}
    with running(["open", str(path)], tmp_path, environment=environment) as terminal:
        terminal.see("Trim first.")
        before = terminal.press("e")
        end = time.monotonic() + 30
        while not is_open.exists() and time.monotonic() < end:
            terminal.read(0.05)
        assert is_open.exists()
        terminal.press("gQQ")  # a chord that is begun, and two that would leave
        may_end.touch()
        terminal.see("edited", since=before)
        after = len(terminal.output)
        terminal.rest(1)
        assert "g…" not in terminal.text(after)
        assert terminal.process.poll() is None
        terminal.press("j")
        terminal.rest(0.3)
        assert "No such key" not in terminal.text(after)
        terminal.quit()


def test_a_terminal_is_read_whatever_its_descriptor(tmp_path: Path) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= 2000:
        pytest.skip("this process may not have so many descriptors")
    with running(["--version"], tmp_path) as term:
        high = fcntl.fcntl(term.master, fcntl.F_DUPFD, 1500)
        try:
            Terminal(high, term.process).see("patchdesk ")
        finally:
            os.close(high)
