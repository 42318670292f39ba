"""Streams that close, interrupts at any stage, an archive that is repacked while it is read, and any umask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.end_to_end.program import Program
from tests.torture.large import FULL

POINTS = 100 if FULL else 5


PRINTING = {
    "series": ("series", "ARCHIVE", "--all"),
    "series as JSON": ("series", "ARCHIVE", "--all", "--json"),
    "one mail": ("show", "m1", "--in", "ARCHIVE"),
    "raw": ("show", "m1", "--in", "ARCHIVE", "--raw"),
    "mbox": ("show", "m1", "--in", "ARCHIVE", "--mbox"),
    "digest": ("digest", "2000-01-01..", "ARCHIVE"),
    "config": ("config",),
    "lists": ("lists",),
    "help": ("--help",),
    "doctor": ("doctor",),
}


@pytest.mark.parametrize("name", PRINTING)
def test_a_closed_pipe_is_silent_and_a_full_device_is_said(
    name: str, archive: Path, program: Program
) -> None:
    program.do("follow", "list", str(archive))
    arguments = [word.replace("ARCHIVE", str(archive)) for word in PRINTING[name]]
    command = [sys.executable, "-P", "-m", "tui.cli.main", *arguments]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            command,
            env=program.environment,
            cwd=program.home,
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.stderr == b""
    assert done.returncode in {0, 1 if name == "doctor" else 0}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command,
            env=program.environment,
            cwd=program.home,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert b"Traceback" not in done.stderr
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1), done.stderr


INTERRUPTED = {
    "series": ("series", "ARCHIVE", "--all", "--json"),
    "one mail": ("show", "m1", "--in", "ARCHIVE"),
    "digest": ("digest", "2000-01-01..", "ARCHIVE", "--format", "html"),
    "sync": ("sync",),
    "follow": ("follow", "other", "ARCHIVE"),
}


@pytest.mark.parametrize("name", INTERRUPTED)
def test_an_interrupt_at_any_stage_is_no_crash(name: str, archive: Path, program: Program) -> None:
    program.do("follow", "list", str(archive))
    arguments = [word.replace("ARCHIVE", str(archive)) for word in INTERRUPTED[name]]
    program_file = Path(sys.executable).with_name("patchdesk")
    for at in range(POINTS * 2):
        child = subprocess.Popen(
            [program_file, *arguments],
            env=program.environment,
            cwd=program.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            child.wait(0.03 + at / (POINTS * 2) * 0.6)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
        # Python itself answers an interrupt before it has begun to read the program.
        assert b"Traceback" not in said or b"tui/" not in said, said[-1500:]
        assert child.returncode in {0, 130, -signal.SIGINT, 1}, said


def test_an_archive_that_is_repacked_while_it_is_read(
    archive: Path, tmp_path: Path, program: Program
) -> None:
    folder = tmp_path / "copy" / "git"
    folder.mkdir(parents=True)
    bare = str(folder / "0.git")
    git = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(
        ["git", "clone", "-q", "--mirror", str(archive / "git" / "0.git"), bare],
        check=True,
        env=git,
    )
    whole = program.records("series", str(folder.parent), "--all")
    stop = threading.Event()

    def repack() -> None:
        while not stop.is_set():
            for how in (["-adq"], ["-Adq", "--unpack-unreachable=now", "-f"]):
                subprocess.run(
                    ["git", "-C", bare, "repack", *how], check=False, env=git, capture_output=True
                )
            subprocess.run(["git", "-C", bare, "pack-refs", "--all"], check=False, env=git)

    worker = threading.Thread(target=repack)
    worker.start()
    try:
        for _ in range(POINTS):
            status, out, err = program.run("series", str(folder.parent), "--all", "--json")
            found = [json.loads(line) for line in out.splitlines()]
            assert found == whole or status == 1 or "missing" in err or "cannot be read" in err
            assert err.count("\n") <= 1
    finally:
        stop.set()
        worker.join()
    assert program.records("series", str(folder.parent), "--all") == whole


def test_what_is_made_is_private_whatever_the_umask(archive: Path, program: Program) -> None:
    box = program.home / "x.mbox"
    box.write_bytes(
        b"From a@b Mon Jun  2 12:00:00 2025\nFrom: a@b\nSubject: x\nMessage-ID: <x@y>\n\nx\n"
    )
    box.chmod(0o600)
    for arguments in (
        ("follow", "list", str(archive)),
        ("sync",),
        ("series", "--all"),
        ("search", "part"),
        ("triage", "done", "m0"),
        ("digest", "2000-01-01..", "list", "-o", "page"),
        ("show", "a@b.invalid"),
        ("doctor",),
    ):
        subprocess.run(
            [sys.executable, "-P", "-m", "tui.cli.main", *arguments],
            env={**program.environment, "https_proxy": "http://127.0.0.1:1"},
            cwd=program.home,
            capture_output=True,
            preexec_fn=lambda: os.umask(0) and None,
            check=False,
        )
    assert program.do("series", "--all")
    ours = [
        path for path in program.home.rglob("*") if "patchdesk" in path.parts or path.name == "page"
    ]
    modes = {str(path.relative_to(program.home)): path.stat().st_mode & 0o777 for path in ours}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
    assert len(modes) > 5
