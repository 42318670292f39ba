"""The real program on a real terminal: what bytes it writes, and that the keyboard is heard."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

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


class Terminal:
    """The far side of a program's terminal."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self.master = master
        self.process = process
        self.output = b""

    def read(self, seconds: float) -> None:
        """Take in what comes within some time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                return
            try:
                chunk = os.read(self.master, 65536)
            except OSError:  # the program has closed it
                return
            self.output += chunk

    def see(self, words: str, *, since: int = 0) -> None:
        """Wait until words have been written, whatever control sequences stand between them."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            text = re.sub(rb"\x1b\[[0-9;?>$<]*[a-zA-Z]", b"", self.output[since:])
            if words.encode() in text:
                return
            if self.process.poll() is not None:
                break
            self.read(0.2)
        raise AssertionError(f"{words!r} never came; the end of what did: {self.output[-3000:]!r}")

    def press(self, keys: str) -> int:
        """Type keys; return how much had been written before."""
        before = len(self.output)
        os.write(self.master, keys.encode())
        return before

    def quit(self) -> None:
        """Leave the program; it must end by itself and well."""
        self.press("Q")
        end = time.monotonic() + 15
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        assert self.process.poll() == 0, self.output[-2000:]


@contextmanager
def running(arguments: list[str], home: Path, stdin: bytes | None = None) -> Iterator[Terminal]:
    """Start the program on a terminal of its own, 24 lines of 100 columns; its standard input may be a pipe."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    env = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "NO_COLOR")
    } | {
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }
    code = (  # the terminal becomes the one that /dev/tty names
        "import fcntl, os, sys, termios; fcntl.ioctl(1, termios.TIOCSCTTY, 0);"
        "from tui.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE if stdin is not None else slave,
        stdout=slave,
        stderr=slave,
        env=env,
        start_new_session=True,
    )
    os.close(slave)
    try:
        if stdin is not None:
            assert process.stdin is not None
            process.stdin.write(stdin)
            process.stdin.close()
        yield Terminal(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)


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
