"""The names in a mail, of files, attachments, lists or itself, never become a path, an option or a command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.program import ROOT, Program
from tests.torture.large import FULL
from tests.tui.terminal import running

NAMES = (
    "../../../../../../etc/evil", "/etc/evil", "-oevil", "--output=evil", "--exec=evil", "CON.evil", "evil" + "x" * 4096, "\u202eevil", "a\0evil",
    "~/evil", "~root/evil", "$(touch evil)", "`touch evil`", ";touch evil;", "|touch evil", "&evil", "evil/", "evil//..", "file:///etc/evil", "ext::evil", "!evil",
)  # fmt: skip
WATCH = """
import os, sys
log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def watch(event, arguments):
    if event.split('.')[0] in ('open', 'os', 'subprocess', 'shutil', 'glob', 'pathlib', 'sqlite3', 'socket', 'tempfile', 'ctypes'):
        said = ascii(arguments)
        if 'evil' in said and event not in ('os.write',):
            os.write(log, f'{event} {said}\\n'.encode())
sys.addaudithook(watch)
"""


def mails() -> bytes:
    """Return a series whose every name is a trap; the paths of the mailbox itself are none."""
    out = b""
    for number, name in enumerate(NAMES):
        line = name.replace("\n", " ")
        out += (
            "From a@b Mon Jun  2 12:00:00 2025\n"
            f"From: {line} <{line}@evil>\nSubject: [PATCH {number + 1}/{len(NAMES)}] {line[:60]}\nMessage-ID: <{number}{line}>\n"
            f"In-Reply-To: <0{NAMES[0]}>\nList-Id: <{line}>\nDate: Mon, 2 Jun 2025 10:00:00 +0000\n"
            f"Content-Type: multipart/mixed; boundary=cut\n\n--cut\nContent-Type: text/plain\n\nText of {number}.\n---\n {line} | 2 +-\n\n"
            f"diff --git {line} {line}\nrename from {line}\nrename to {line}\n--- {line}\n+++ {line}\n@@ -1 +1 @@\n-a\n+b\n"
            f'--cut\nContent-Type: application/evil; name="{line}"\nContent-Disposition: attachment; filename="{line}"\n\nx\n--cut--\n\n'
        ).encode()
    return out


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    (home / "box.mbox").write_bytes(mails())
    return Program(home)


def test_no_command_takes_a_name_for_a_path(program: Program) -> None:
    log = program.home / "log"
    program.do("follow", "box", str(program.home / "box.mbox"))
    for arguments in (
        ("series", "box.mbox", "--json"),
        ("series", "box.mbox", "--all"),
        ("digest", "2025-06-01..2025-06-03", "box.mbox", "--format", "html", "-o", "page"),
        ("sync",),
        ("series", "--json"),
        ("search", "f:passwd"),
        ("search", "Text"),
    ):
        code = f"LOG = {str(log)!r}\n{WATCH}\nfrom tui.cli.main import main; sys.exit(main(sys.argv[1:]))"
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, *arguments],
            cwd=program.home,
            env=program.environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stderr)
    assert log.read_text() == ""
    for number, name in enumerate(NAMES):
        for how in ("--json", "--raw", "--mbox"):
            if "\0" not in name:
                program.run(
                    "show",
                    f"<{number}{name}>",
                    "--in",
                    "box.mbox",
                    how,
                    "--partial" if how == "--mbox" else how,
                )
    assert not list(program.home.rglob("*evil*"))


def test_nor_does_the_reader(program: Program) -> None:
    log, called = program.home / "log", program.home / "called"
    script = program.home / "tool"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {called}\n')
    script.chmod(0o755)
    environment = {"EDITOR": str(script), "BROWSER": str(script), "PYTHONPATH": str(ROOT)}
    path = str(program.home / "box.mbox")
    with running(
        ["open", path],
        program.home,
        size=(40, 160),
        before=f"LOG = {str(log)!r}\n{WATCH}",
        environment=environment,
    ) as terminal:
        terminal.see("evil")
        terminal.press("zR")
        for _ in range(len(NAMES) if FULL else 7):
            for keys in ("\r", "e", "q", "gb", "|cat\r", "\x1b", "j"):
                terminal.press(keys)
                terminal.rest(0.06)
        for key in ("\x1b", "\x1b", "Q"):
            terminal.press(key)
            terminal.read(0.3)
    arguments = called.read_text().splitlines()
    copies = [word for word in arguments if word.startswith("/")]
    pages = [word for word in arguments if not word.startswith("/")]
    assert copies
    assert pages
    assert all(
        Path(word).name.endswith((".eml", ".patch", ".mbox", ".txt")) and "evil" not in word
        for word in copies
    ), copies
    assert all(
        word.startswith("https://lore.kernel.org/") and not set(word) & set(" $`;|&\"'<>~!")
        for word in pages
    ), pages
    # A page's address holds the Message-ID, percent-encoded; nothing else of a mail goes anywhere.
    kept = [line for line in log.read_text().splitlines() if "https://lore.kernel.org/" not in line]
    assert kept == []
    assert not list(program.home.rglob("*evil*"))
    assert not (Path.cwd() / "evil").exists()
