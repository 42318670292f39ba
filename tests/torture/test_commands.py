"""Every command on hostile mail, names, configuration, servers and git, into a pipe and onto a terminal: no byte acts."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.sources.mbox import split, unescape_from
from tests.core.inboxes import Epoch
from tests.torture.hostile import EVERY, escapes, mailbox
from tests.tui.terminal import running

ROOT = Path(__file__).resolve().parents[2]
NAME = "ev\x1b[31337m\u202e\u200b[@click=app.quit]\x07.mbox"
RANGE = "2025-05-01..2025-07-01"
NO_JUDGE = "import core.text; core.text._visible_line = lambda line: line"
NO_ESCAPE = "import re, core.json_records; core.json_records._ACTIVE = re.compile('(?!)')"
GIT = """#!/bin/sh
case "$*" in version) echo "git version 2.\\033[31337m"; exit 0;; esac
printf 'remote: \\033[31337m\\033]0;owned\\007\\302\\23331337m\\342\\200\\256\\nfatal: \\033[31337m \\342\\200\\256 owned\\n' >&2
exit 128
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a hostile mailbox of a hostile name, an archive, and a configuration full of mistakes."""
    home = tmp_path_factory.mktemp("home")
    (home / NAME).write_bytes(mailbox(EVERY))
    epoch = Epoch(home / "archive")
    for piece in split([mailbox(EVERY)]):
        epoch.add(unescape_from(piece.escaped))
    config = home / ".config" / "patchdesk" / "config.toml"
    config.parent.mkdir(parents=True)
    (home / "bin").mkdir()
    (home / "bin" / "git").write_text(GIT)
    (home / "bin" / "git").chmod(0o755)
    text = json.dumps("\x1b[31337m\u202e\u200b")
    config.write_text(
        f"{text} = 1\n[me]\nname = {text}\n{text} = {text}\n[keys]\n{text} = {text}\n[display]\ntheme = {text}\n[views]\n{text} = {text}\n"
        f"[identity]\nmailmap = {text}\nbots = [{text}]\n[fetch]\nserver = {text}\n"
        f"[lists.evil]\ntarget = {json.dumps(str(home / 'archive'))}\nweb = {text}\nsync_every = {text}\n[lists.gone]\ntarget = {text}\n"
    )
    return home


class Hostile:
    """A server whose every answer is one long insult."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                asked = connection.recv(65536)
                what = b"503" if b"busy" in asked else b"302" if b"away" in asked else b"500"
                hostile = "\x1b[31337m\x1b]0;owned\x07\x9b31337m\u202e".encode()
                connection.sendall(
                    b"HTTP/1.1 %s %s\r\nRetry-After: %s\r\nLocation: http://%s/\r\nContent-Type: text/%s\r\nConnection: close\r\n\r\n%s"
                    % (what, hostile, hostile, hostile, hostile, hostile)
                )

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    hostile = Hostile()
    yield hostile.url
    hostile.close()


COMMANDS: dict[str, tuple[str, ...]] = {
    "series": ("series", NAME),
    "series of all": ("series", NAME, "--all"),
    "series as JSON": ("series", NAME, "--all", "--json"),
    "one mail": ("show", "raw0@x", "--in", NAME),
    "one mail as JSON": ("show", "r5@x", "--in", NAME, "--json"),
    "a mail that is not there": ("show", "\x1b[31337m@\u202ex", "--in", NAME),
    "no such command": ("\x1b[31337m\u202e",),
    "no such option": ("series", "--\x1b[31337m\u202e"),
    "no such file": ("series", "/nowhere/\x1b[31337m\u202e"),
    "no mailbox": ("series", "bin"),
    "the digest": ("digest", RANGE, NAME),
    "the digest in markdown": (
        "digest",
        RANGE,
        NAME,
        "--format",
        "markdown",
        "--name",
        "\x1b[31337m",
    ),
    "the digest as a page": (
        "digest",
        RANGE,
        NAME,
        "--format",
        "html",
        "--name",
        "\x1b[31337m\u202e",
    ),
    "the digest as JSON": ("digest", RANGE, NAME, "--format", "json"),
    "the seed": ("digest", RANGE, NAME, "--layout", "seed", "--explain"),
    "the digest of an archive": ("digest", RANGE, "archive", "--explain"),
    "a range that is none": ("digest", "\x1b[31337m..\u202e", NAME),
    "the configuration": ("config",),
    "the doctor": ("doctor",),
    "a sync": ("sync",),
    "the lists": ("lists",),
    "the lists as JSON": ("lists", "--json"),
    "the index": ("series", "--all"),
    "the index as JSON": ("series", "--all", "--json"),
    "a search": ("search", "evil"),
    "a search as JSON": ("search", "evil", "--json"),
    "a search that is none": ("search", "\x1b[31337m\u202e:("),
    "a note": ("triage", "note", "r0@x", "--note", "\x1b[31337m\u202e"),
    "a label": ("triage", "label", "r0@x", "--label", "\x1b[31337m\u202e"),
    "a priority": ("triage", "priority", "r0@x", "--priority", "\x1b[31337m"),
    "until when": ("triage", "later", "r0@x", "--until", "\x1b[31337m\u202e"),
    "another journal": ("triage", "log", "--import", NAME),
    "the log of triage": ("triage", "log"),
    "the log as JSON": ("triage", "log", "--json"),
    "triage of nothing": ("triage", "done", "\x1b[31337m\u202e@x"),
    "a name that is none": ("follow", "\x1b[31337m\u202e", "archive"),
    "a target that is none": ("follow", "odd", "\x1b[31337m\u202e"),
    "who is not followed": ("unfollow", "\x1b[31337m\u202e"),
    "a server that fails": ("show", "a@b", "--in", "SERVER/x/a@b/"),
    "a server that is busy": ("show", "a@b", "--in", "SERVER/busy/a@b/"),
    "a server that leads away": ("show", "a@b", "--in", "SERVER/away/a@b/"),
}
QUIET = frozenset(
    {
        *(
            "the doctor",
            "a sync",
            "the lists",
            "the lists as JSON",
            "a range that is none",
            "no mailbox",
            "no such command",
            "no such option",
        ),
        *(
            "the digest as JSON",
            "a note",
            "triage of nothing",
            "the log of triage",
            "the log as JSON",
            "a label",
            "a priority",
            "until when",
            "another journal",
            "a search that is none",
            "a name that is none",
        ),
        *(
            "a server that fails",
            "a server that is busy",
            "a server that leads away",
            "who is not followed",
            "the digest of an archive",
        ),
        *("a target that is none", "one mail as JSON", "a search", "a search as JSON"),
    }
)
"""Those that clean what they quote in other ways, or say none of it."""


def run(
    home: Path, arguments: tuple[str, ...], server: str, before: str = "", path: str = ""
) -> tuple[int, bytes, bytes]:
    """Run a command; return its status, standard output and standard error."""
    code = (
        f"exec({before!r}); import sys; from tui.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *(word.replace("SERVER", server) for word in arguments)],
        cwd=home,
        env={
            "PATH": path + os.environ["PATH"],
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "no_proxy": "*",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=100,
    )
    return done.returncode, done.stdout, done.stderr


def acts(name: str, answer: bytes) -> list[str]:
    """Return the control characters of an answer; JSON carries marks and letters as they came."""
    found = escapes(answer, screen=False)
    if name.endswith("JSON"):
        found = [
            each
            for each in found
            if any(unicodedata.category(char) in ACTIVE for char in ast.literal_eval(each))
        ]
    return found


ACTIVE = {"Cc", "Cf", "Zl", "Zp", "Cs"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_writes_nothing_that_acts(name: str, home: Path, server: str) -> None:
    status, answer, complaint = run(home, COMMANDS[name], server)
    assert b"Traceback" not in complaint
    assert status in {0, 1, 2}
    assert complaint or answer or status == 0
    assert acts(name, answer) == []
    assert escapes(complaint, screen=False) == []
    for line in answer.splitlines() if name.endswith("JSON") else ():
        json.loads(line)


@pytest.mark.parametrize("name", COMMANDS)
def test_nor_on_a_terminal(name: str, home: Path, server: str) -> None:
    arguments = [word.replace("SERVER", server) for word in COMMANDS[name]]
    before = f"import os; os.chdir({str(home)!r})"
    with running(
        arguments, home, size=(24, 60), environment={"no_proxy": "*"}, before=before
    ) as terminal:
        end = time.monotonic() + 60
        while terminal.process.poll() is None and time.monotonic() < end:
            terminal.read(0.05)
        terminal.read(0.2)
    assert b"Traceback" not in terminal.output
    found = escapes(terminal.output, screen=True)
    if name.endswith("JSON"):
        found = [
            each
            for each in found
            if "\\x1b" in each or "\\u202" in each or "\\x07" in each or "\\x9" in each
        ]
    assert found == []


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - QUIET))
def test_without_its_guard_it_would(name: str, home: Path, server: str) -> None:
    _, answer, complaint = run(
        home, COMMANDS[name], server, NO_ESCAPE if name.endswith("JSON") else NO_JUDGE
    )
    assert acts(name, answer) or escapes(complaint, screen=False)


@pytest.mark.parametrize("arguments", [("sync", "away"), ("doctor",)])
def test_what_git_says_acts_neither(arguments: tuple[str, ...], home: Path, server: str) -> None:
    run(home, ("follow", "away", f"{server}/git"), server)
    status, answer, complaint = run(home, arguments, server, path=f"{home}/bin:")
    assert status in {0, 1}
    assert b"Traceback" not in complaint
    assert escapes(answer + complaint, screen=False) == []
