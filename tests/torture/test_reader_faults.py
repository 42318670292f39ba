"""The reader when servers misbehave, terminals shrink, hang up or close: a sentence, in time, and nothing stays behind."""

from __future__ import annotations

import fcntl
import os
import random
import re
import runpy
import signal
import struct
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.end_to_end.misbehaving import Misbehaving
from tests.end_to_end.program import ROOT, Program
from tests.end_to_end.test_fetch_faults import FAULTS
from tests.torture.hostile import mailbox
from tests.torture.large import FULL
from tests.tui.terminal import Terminal, running

DEADLINE = 2
SHARED = ROOT.parent / "shared" / "tools" / "faulty_server.py"
FAULTY = (
    *(
        "good",
        "400",
        "403",
        "404",
        "429",
        "500",
        "503",
        "429ra",
        "503ra",
        "slowhdr",
        "slowbody",
        "stall",
        "truncgz",
        "badcrc",
        "shortbody",
    ),
    *(
        "chunktrunc",
        "garbage",
        "html",
        "empty",
        "emptygz",
        "notmbox",
        "cegzip",
        "plainmbox",
        "loop",
        "othermsg",
        "nomid",
        "baddate",
    ),
    *("badcharset", "reset", "nothttp"),
)
TAKEN = {"good", "cegzip", "plainmbox", "baddate", "badcharset"}


def configured(folder: Path) -> Path:
    config = folder / ".config" / "patchdesk" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f"[fetch]\ndeadline = {DEADLINE}\nmax_size = 8388608\n")
    return folder


def leave(terminal: Terminal) -> None:
    for key in ("\x1b", "\x1b", "Q"):
        terminal.press(key)
        terminal.rest(0.25)
    end = time.monotonic() + 40
    while terminal.process.poll() is None and time.monotonic() < end:
        terminal.read(0.1)
    assert terminal.process.poll() == 0, terminal.output[-1500:]


def left_behind(home: Path) -> list[str]:
    """Return the processes that were started with a home, and still run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(home).encode() in (entry / "environ").read_bytes() and entry.name != str(
                os.getpid()
            ):
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z":
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def gone(home: Path) -> bool:
    end = time.monotonic() + 10
    while left_behind(home) and time.monotonic() < end:
        time.sleep(0.1)
    return left_behind(home) == []


@pytest.mark.timeout(600)
def test_each_fault_of_a_server_is_said_by_the_reader(
    misbehaving: Misbehaving, tmp_path: Path
) -> None:
    modes = list(FAULTS) if FULL else ["error", "page", "bomb", "drip", "circles", "reset"]
    with running(
        ["demo"], configured(tmp_path), size=(30, 200), environment={"no_proxy": "*"}
    ) as terminal:
        terminal.see("/")
        terminal.rest(0.3)
        for mode in modes:
            for keys in ("\x1b", "o"):
                terminal.press(keys)
                terminal.read(0.3)
            before = terminal.press(f"{misbehaving.url}/{mode}/a@example.org/\r")
            end = time.monotonic() + DEADLINE + 4
            while not re.search(FAULTS[mode], terminal.text(before)) and time.monotonic() < end:
                terminal.read(0.1)
            assert re.search(FAULTS[mode], terminal.text(before)), (
                mode,
                terminal.text(before)[-2000:],
            )
        leave(terminal)
    assert b"Traceback" not in terminal.output
    log = tmp_path / ".local" / "state" / "patchdesk" / "patchdesk.log"
    assert "Traceback" not in (log.read_text() if log.exists() else "")
    assert gone(tmp_path)


@pytest.fixture(scope="module")
def faulty() -> Iterator[str]:
    if not SHARED.exists():
        pytest.skip("the server that misbehaves lies beside the project")
    names = SimpleNamespace(**runpy.run_path(str(SHARED)))
    server = names.ThreadingHTTPServer(("127.0.0.1", 0), names.H)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("mode", FAULTY)
def test_every_mode_of_the_other_server(mode: str, faulty: str, tmp_path: Path) -> None:
    program = Program(configured(tmp_path))
    program.environment["no_proxy"] = "*"
    began = time.monotonic()
    status, out, err = program.run("show", f"{mode}@x", "--in", f"{faulty}/list/{mode}@x/")
    assert time.monotonic() - began < DEADLINE + 5
    assert (status == 0) == (mode in TAKEN), (mode, out, err)
    assert err.count("\n") == (status != 0), err
    for name, clone in (("mirrored", "true"), ("searched", "false")):
        program.config.write_text(
            f"[fetch]\ndeadline = {DEADLINE}\n[lists.{name}]\ntarget = '{faulty}/{mode}@x'\nclone = {clone}\n"
        )
        began = time.monotonic()
        status, _, err = program.run("sync", name)
        assert time.monotonic() - began < 3 * DEADLINE + 8
        assert status in {0, 1}, err
        assert status == 0 or err.startswith(f"patchdesk sync: {name}: "), err
        assert err.count("\n") <= 1
        assert [record["name"] for record in program.records("lists")] == [name]


def box(folder: Path) -> Path:
    path = folder / "box.mbox"
    path.write_bytes(mailbox({"a": "plain", "b": "words"}))
    return path


@pytest.mark.parametrize("size", [(5, 20), (1, 1), (2, 80), (24, 2), (100, 300)])
def test_a_terminal_of_any_size_from_the_beginning(size: tuple[int, int], tmp_path: Path) -> None:
    with running(["open", str(box(tmp_path))], tmp_path, size=size) as terminal:
        terminal.rest(0.5)
        for keys in ("j", "\r", "G", "q", "?", "\x1b", ":", "\x1b", "/x\r", "\x1b", "y", "\x1b"):
            terminal.press(keys)
            terminal.read(0.15)
        leave(terminal)
    assert b"Traceback" not in terminal.output


def test_a_storm_of_sizes(tmp_path: Path) -> None:
    chance = random.Random(3)
    with running(["open", str(box(tmp_path))], tmp_path) as terminal:
        terminal.see("plain")
        for number in range(300 if FULL else 80):
            size = (chance.randint(1, 90), chance.randint(1, 250))
            fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
            if number % 5 == 0:
                terminal.press(chance.choice("jk\r]qGg"))
            terminal.read(0.02)
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        terminal.rest(0.3)
        leave(terminal)
    assert b"Traceback" not in terminal.output


@pytest.mark.parametrize("how", ["SIGHUP", "SIGTERM", "SIGKILL", "closed"])
def test_nothing_stays_behind(how: str, misbehaving: Misbehaving, tmp_path: Path) -> None:
    target = f"{misbehaving.url}/silent/a@example.org/"
    with running(["open", target], tmp_path, environment={"no_proxy": "*"}) as terminal:
        terminal.read(1.5)  # it waits for the server
        assert left_behind(tmp_path)
        if how == "closed":
            os.close(os.dup(terminal.master))
            terminal.process.send_signal(signal.SIGHUP)  # what the terminal's end brings
        else:
            terminal.process.send_signal(signal.Signals[how])
        end = time.monotonic() + 10
        while terminal.process.poll() is None and time.monotonic() < end:
            terminal.read(0.05)
        assert terminal.process.poll() is not None
        assert gone(tmp_path)
    assert b"Traceback" not in terminal.output
