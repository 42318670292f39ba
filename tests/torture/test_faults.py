"""Faults of the machine: killed at any moment, no room, no rights, no home, no git, two at once. Nothing is lost."""

from __future__ import annotations

import ctypes
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.program import ROOT, Program
from tests.torture.large import FULL

POINTS = 100 if FULL else 5
CHANCE = random.Random(11)


@pytest.fixture(scope="module")
def expected(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The content of the index after an undisturbed sync."""
    program = Program(tmp_path_factory.mktemp("undisturbed"))
    program.do("follow", "list", str(archive))
    program.do("sync")
    return program.records("series", "--all")


def killed(program: Program, *arguments: str, within: float, number: int = signal.SIGKILL) -> int:
    """Start a command and end it, and all that it has started, at a random moment; return its status."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "tui.cli.main", *arguments],
        cwd=program.home,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        child.wait(CHANCE.uniform(0, within))
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, number)
    _, said = child.communicate(timeout=60)
    assert b"Traceback" not in said or number != signal.SIGKILL, said[-2000:]
    return child.returncode


def seconds(run: Callable[[], object]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began


def test_a_sync_killed_anywhere_loses_nothing(
    archive: Path, tmp_path: Path, expected: list[dict[str, Any]]
) -> None:
    (tmp_path / "first").mkdir()
    first = Program(tmp_path / "first")
    first.do("follow", "list", str(archive))
    whole = seconds(lambda: first.do("sync"))
    ended = 0
    for point in range(POINTS):
        home = tmp_path / str(point)
        home.mkdir()
        program = Program(home)
        program.do("follow", "list", str(archive))
        for _ in range(1 + point % 3):
            ended += killed(program, "sync", within=whole) == -signal.SIGKILL
        program.do("sync")
        assert program.records("series", "--all") == expected
        assert program.do("sync") == "list: nothing new\n"
    assert ended


def test_a_page_killed_anywhere_is_the_old_one_or_the_new(archive: Path, program: Program) -> None:
    page = program.home / "page.html"
    arguments = ("digest", "2000-01-01..", str(archive), "--format", "html", "-o", str(page))
    whole = seconds(lambda: program.do(*arguments))
    new = page.read_bytes()
    old = b"the page before\n"
    ended = 0
    for _ in range(POINTS):
        page.write_bytes(old)
        ended += killed(program, *arguments, within=whole) == -signal.SIGKILL
        assert page.read_bytes() in {old, new}
    assert ended


def test_a_list_followed_is_there_whole_or_not_at_all(archive: Path, program: Program) -> None:
    program.do("follow", "first", str(archive))
    whole = seconds(lambda: program.do("follow", "second", str(archive)))
    ended = 0
    for point in range(POINTS):
        name = f"list{point}"
        status = killed(program, "follow", name, str(archive), within=whole)
        ended += status == -signal.SIGKILL
        names = {record["name"] for record in program.records("lists")}
        assert {"first", "second"} <= names
        assert status != 0 or name in names
        program.do("follow", name, str(archive))
    assert ended


def test_triage_killed_anywhere_keeps_what_was_said_to_be_done(
    archive: Path, program: Program
) -> None:
    program.do("follow", "list", str(archive))
    program.do("sync")
    whole = seconds(lambda: program.do("triage", "done", "m0"))
    ended = 0
    told = ["m0"]
    for point in range(1, POINTS + 1):
        one = f"m{4 * (point % 100)}"
        status = killed(program, "triage", "flag", one, within=whole)
        ended += status == -signal.SIGKILL
        if status == 0:
            told.append(one)
        events = program.records("triage", "log")
        done = {each for event in events for each in event["ids"]}
        assert set(told) <= done
    assert ended
    program.do("triage", "undo")
    assert program.do("triage", "log")


LIMITS = (0, 4096, 40_000)
WRITING: dict[str, tuple[str, ...]] = {
    "sync": ("sync",),
    "follow": ("follow", "other", "ARCHIVE"),
    "digest -o": ("digest", "2000-01-01..", "ARCHIVE", "-o", "page"),
    "triage": ("triage", "done", "m0"),
    "series": ("series", "ARCHIVE"),
}


@pytest.mark.parametrize("room", LIMITS)
@pytest.mark.parametrize("name", WRITING)
def test_no_room_is_said_and_loses_nothing(
    name: str, room: int, archive: Path, program: Program, expected: list[dict[str, Any]]
) -> None:
    program.do("follow", "list", str(archive))
    if name in {"triage", "digest -o"}:
        program.do("sync")
    before = program.config.read_bytes()
    arguments = [word.replace("ARCHIVE", str(archive)) for word in WRITING[name]]
    with (program.home / "said").open("w+b") as said:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tui.cli.main", *arguments],
            cwd=program.home,
            env=program.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
            check=False,
            timeout=60,
        )
        said.write(done.stderr)
    assert b"Traceback" not in done.stderr
    assert done.returncode in {0, 1}, done.stderr
    if done.returncode:
        assert done.stderr.count(b"\n") == 1, done.stderr
        assert done.stderr.startswith(b"patchdesk")
    if done.returncode or name != "follow":
        assert program.config.read_bytes() == before
    program.do("sync")
    found = [{**record, "lists": ["list"]} for record in program.records("series", "--all")]
    assert found == expected
    assert "error" not in program.run("doctor")[1].replace("no error", "")


def ordinary() -> None:
    """Let a process of root's obey the rights of files, as everybody else's does."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def run_odd(
    program: Program, *arguments: str, environment: dict[str, str] | None = None
) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui.cli.main", *arguments],
        cwd=program.home,
        env=program.environment if environment is None else environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=ordinary,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def read_only(archive: Path, program: Program) -> Iterator[Program]:
    program.do("follow", "list", str(archive))
    program.do("sync")
    program.do("triage", "done", "m0")
    folders = [program.home, *(path for path in program.home.rglob("*") if path.is_dir())]
    files = [path for path in program.home.rglob("*") if path.is_file()]
    for path in files:
        path.chmod(0o400)
    for path in folders:
        path.chmod(0o500)
    yield program
    for path in folders:
        path.chmod(0o700)


def test_a_home_that_may_only_be_read(
    read_only: Program, archive: Path, expected: list[dict[str, Any]]
) -> None:
    reading: list[tuple[str, ...]] = [
        ("series", str(archive)),
        ("show", "m1", "--in", str(archive)),
        ("config",),
    ]
    for arguments in reading:
        status, out, err = run_odd(read_only, *arguments)
        assert (status, bool(out)) == (0, True), (arguments, err)
    status, out, err = run_odd(read_only, "series", "--all", "--json")
    assert status == 1 or [json.loads(line) for line in out.splitlines()] == expected
    writing: list[tuple[str, ...]] = [
        ("follow", "x", str(archive)),
        ("sync",),
        ("triage", "done", "m4"),
        ("digest", "2000-01-01..", str(archive), "-o", "x"),
    ]
    for arguments in writing:
        status, _, err = run_odd(read_only, *arguments)
        assert status == 1, arguments
        assert err.count("\n") == 1, err
        assert (
            "ermission" in err or "cannot be written" in err or "rights" in err or "only" in err
        ), err
    status, out, _ = run_odd(read_only, "doctor")
    assert status == 1
    assert "error" in out


@pytest.mark.parametrize("missing", ["HOME", "git", "LC_ALL", "all"])
def test_what_is_not_there(missing: str, archive: Path, program: Program) -> None:
    environment = dict(program.environment)
    if missing in {"HOME", "all"}:
        environment |= {
            f"XDG_{name}_HOME": str(program.home / name)
            for name in ("CONFIG", "DATA", "CACHE", "STATE")
        }
        del environment["HOME"]
    if missing in {"git", "all"}:
        environment["PATH"] = str(program.home)
    if missing in {"LC_ALL", "all"}:
        del environment["LC_ALL"]
    for arguments in (
        ("follow", "list", str(archive)),
        ("sync",),
        ("series",),
        ("lists",),
        ("config",),
        ("digest", "2000-01-01..", str(archive)),
    ):
        status, _, err = run_odd(program, *arguments, environment=environment)
        assert (status, err) == (0, ""), arguments
    run_odd(program, "doctor", environment=environment)


def test_a_clock_that_was_set_back(
    archive: Path, program: Program, expected: list[dict[str, Any]]
) -> None:
    program.do("follow", "list", str(archive))
    for shift in (10**9, -(10**9), 0):
        code = (
            f"import time; now = time.time; time.time = lambda: now() + {shift}\n"
            "import sys; from tui.cli.main import main; sys.exit(main(sys.argv[1:]))"
        )
        for arguments in (
            ("sync",),
            ("lists",),
            ("triage", "flag", "m0"),
            ("triage", "log"),
            ("series", "--all"),
        ):
            done = subprocess.run(
                [sys.executable, "-c", code, *arguments],
                env=program.environment,
                cwd=ROOT,
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, arguments
            assert done.stderr in {b"", b"patchdesk triage: 1 stays as it is.\n"}, arguments
    assert program.records("series", "--all") == expected


def test_two_at_once_lose_nothing(
    archive: Path, program: Program, expected: list[dict[str, Any]]
) -> None:
    program.do("follow", "list", str(archive))
    syncs = [program.start("sync") for _ in range(3)]
    for child in syncs:
        _, err = child.communicate(timeout=60)
        assert "Traceback" not in err
        assert child.returncode == 0 or err.count("\n") == 1
    program.do("sync")
    assert program.records("series", "--all") == expected
    ids = [f"m{4 * at}" for at in range(24)]
    failed: list[str] = []

    def decide(some: list[str]) -> None:
        for one in some:
            status, _, err = program.run("triage", "flag", one)
            if status:
                failed.append(err)

    workers = [threading.Thread(target=decide, args=(ids[at::4],)) for at in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failed == []
    done = {each for event in program.records("triage", "log") for each in event["ids"]}
    assert set(ids) <= done
