"""Syncs that end badly: each fault has its sentence, fetched mail is kept, and the next sync resumes."""

from __future__ import annotations

import gzip
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.letters import MOTH, letter
from tests.end_to_end.line import Line, Wall
from tests.end_to_end.misbehaving import Misbehaving, wait_until
from tests.end_to_end.program import Program
from tests.end_to_end.server import Server, need_public_inbox

CHANCE = random.Random(7)
LARGE = [
    letter(f"large-{number}@example.org", f"Large {number}", CHANCE.randbytes(2000).hex() + "\n")
    for number in range(150)
]
"""About 300 KB when packed: an answer that can be cut in its middle."""

KINDS = pytest.mark.parametrize("how", [(), ("--no-clone",)], ids=["clone", "windows"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    need_public_inbox()
    folder = tmp_path_factory.mktemp("lists") / "site"
    with Server(folder, {"large": LARGE, "moth": MOTH}) as server:
        server.add("large", MOTH, epoch=1)
        yield server


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    with Line(server.url) as line:
        yield line


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


def git_runs() -> bool:
    """Whether a git of ours still fetches something."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if arguments[0] == b"git" and b"http.userAgent=patchdesk" in b" ".join(arguments):
            return True
    return False


FAULTS = {
    "error": (r"failed (500)", r"failed (500)"),
    "gateway": ("failed (502)", "failed (502)"),
    "tired": ("too many requests (429)", "too many requests (429)"),
    "forbidden": ("refuses access (403)", "refuses access (403)"),
    "not-found": ("There is no public-inbox to clone at", "There is no list at"),
    "page": ("web page", "web page that admits only browsers"),
    "garbage": ("did not answer as a mail archive", "did not answer as a mail archive"),
    "truncated": ("was cut off", "was cut off"),
    "reset": ("broke the connection off", "broke the connection off"),
    "to-a-file": ("to an unsupported address", "to an unsupported address"),
    "bomb": ("is larger than", "is larger than"),
    "silent": ("complete its answer within 2 s", "complete its answer within 2 s"),
}


@KINDS
def test_each_fault_has_its_sentence(
    misbehaving: Misbehaving, program: Program, how: tuple[str, ...]
) -> None:
    program.config.parent.mkdir(parents=True)
    program.config.write_text("[fetch]\ndeadline = 2\nmax_size = 8388608\n")
    for mode in FAULTS:
        program.do("follow", mode, f"{misbehaving.url}/{mode}", *how)
    status, out, err = program.run("sync")
    assert (status, out, err.count("\n")) == (1, "", len(FAULTS)), (out, err)
    said = dict(line.removeprefix("patchdesk sync: ").split(": ", 1) for line in err.splitlines())
    for mode, messages in FAULTS.items():
        assert messages[1 if how else 0] in said[mode]
        assert not how or ("Clone the list instead" in said[mode]) == (
            mode in ("page", "forbidden")
        )


@KINDS
def test_one_fault_does_not_keep_the_other_lists_from_syncing(
    misbehaving: Misbehaving, server: Server, program: Program, how: tuple[str, ...]
) -> None:
    program.do("follow", "bad", f"{misbehaving.url}/error", *how)
    program.do("follow", "moth", f"{server.url}/moth", *how)
    status, out, err = program.run("sync")
    assert (status, out) == (1, "moth: 1 new message; 1 series and threads new or changed\n")
    assert "bad: " in err


def test_who_is_busy_is_asked_again_when_he_says(
    misbehaving: Misbehaving, program: Program
) -> None:
    misbehaving.seen.clear()
    program.do("follow", "soon", f"{misbehaving.url}/soon", "--no-clone")
    began = time.monotonic()
    assert "1 new message" in program.do("sync")
    assert time.monotonic() - began >= 1
    assert all(headers["User-Agent"].startswith("b4/") for _, _, headers in misbehaving.seen)


@pytest.mark.slow
@KINDS
def test_who_wants_to_be_left_alone_for_long_is_left_alone(
    misbehaving: Misbehaving, program: Program, how: tuple[str, ...]
) -> None:
    program.do("follow", "patience", f"{misbehaving.url}/patience", *how)
    status, _, err = program.run("sync")
    assert (status, "too many requests (429). Try again in 120 s." in err) == (1, True)
    misbehaving.seen.clear()
    status, _, err = program.run("sync")
    assert (status, "asked to wait another 1" in err) == (1, True)
    assert misbehaving.seen == []


@pytest.mark.slow
@KINDS
def test_a_server_that_is_down_leaves_what_is_here(
    server: Server, program: Program, how: tuple[str, ...]
) -> None:
    with Line(server.url) as line:
        program.do("follow", "moth", f"{line.url}/moth", *how)
        program.do("sync")
    status, out, err = program.run("sync")
    assert (status, out) == (1, "")
    assert f"127.0.0.1:{line.port} refuses the connection." in err
    assert program.list("moth")["messages"] == 1
    with Line(server.url, line.port):
        assert program.do("sync") == "moth: nothing new\n"


@pytest.mark.slow
def test_a_clone_is_indexed_again_while_the_server_is_down(
    server: Server, program: Program
) -> None:
    with Line(server.url) as line:
        program.do("follow", "moth", f"{line.url}/moth")
        program.do("sync")
    for path in program.data.glob("index.sqlite3*"):
        path.unlink()
    status, out, _ = program.run("sync")
    assert (status, out) == (1, "moth: 1 new message; 1 series and threads new or changed\n")
    assert program.list("moth")["messages"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_clone_cut_short_is_not_taken_for_whole(
    line: Line, program: Program, number: signal.Signals
) -> None:
    program.do("follow", "large", f"{line.url}/large")
    assert program.run("sync")[0] == 0  # the newest epoch, one mail
    line.budget = 100_000
    with program.start("sync", "--all") as child:
        assert line.stalled.wait(30)
        child.send_signal(number)
        began = time.monotonic()
        out, _ = child.communicate(timeout=30)
    epochs = program.data / "lists" / "large" / "git"
    assert not (epochs / "0.git").exists()
    if number != signal.SIGKILL:
        assert time.monotonic() - began < 5
        assert (child.returncode, out) == (
            130,
            "large: interrupted, the next sync resumes here\n",
        )
        assert not list(epochs.glob("*.partial"))
        assert not git_runs()
    line.cut()
    assert wait_until(lambda: not git_runs(), 20)
    assert program.list("large")["messages"] == 1
    # What was wanted is remembered.
    assert f"{len(LARGE)} new messages" in program.do("sync")
    assert program.list("large")["messages"] == len(LARGE) + 1
    assert sorted(path.name for path in epochs.iterdir()) == ["0.git", "1.git"]
    assert program.do("sync") == "large: nothing new\n"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_fetch_cut_short_is_made_up_for(
    server: Server, line: Line, program: Program, number: signal.Signals
) -> None:
    program.do("follow", "moth", f"{line.url}/moth")
    program.do("sync")
    there = program.list("moth")["messages"]
    server.add(
        "moth",
        [raw.replace(b"large-", b"%d-large-" % number.value) for raw in LARGE],
    )
    line.budget = 100_000
    with program.start("sync") as child:
        assert line.stalled.wait(30)
        epoch = program.data / "lists" / "moth" / "git" / "0.git"
        (epoch / "refs" / "heads" / "master.lock").touch()  # of a git that was ended by force
        child.send_signal(number)
        child.communicate(timeout=30)
    line.cut()
    assert f"{len(LARGE)} new messages" in program.do("sync")
    found = program.list("moth")
    assert (found["messages"], found["unread"]) == (there + len(LARGE), len(LARGE))


@pytest.mark.slow
def test_a_window_cut_short_is_asked_for_again(line: Line, program: Program) -> None:
    program.do("follow", "large", f"{line.url}/large", "--no-clone")
    line.budget = 100_000
    with program.start("sync") as child:
        assert line.stalled.wait(30)
        child.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, _ = child.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert (child.returncode, out) == (130, "large: interrupted, the next sync resumes here\n")
    line.cut()
    assert f"{len(LARGE) + 1} new messages" in program.do("sync")


@pytest.mark.slow
def test_an_answer_that_breaks_off_is_said_and_made_up_for(line: Line, program: Program) -> None:
    program.do("follow", "large", f"{line.url}/large")
    program.run("sync")
    line.budget = 100_000
    with program.start("sync", "--all") as child:
        assert line.stalled.wait(30)
        line.cut()
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out) == (1, "")
    assert "broke the connection off" in err
    assert f"{len(LARGE)} new messages" in program.do("sync")


@pytest.mark.slow
def test_a_wall_before_the_pages_does_not_keep_git_out(
    server: Server, program: Program, tmp_path: Path
) -> None:
    with Wall(server.url) as wall:
        program.do("follow", "large", f"{wall.url}/large")
        status, out, err = program.run("sync")
        assert (status, out) == (0, "large: 1 new message; 1 series and threads new or changed\n")
        assert "older epoch is on the server" in err
        program.do("sync", "--all")
        assert program.list("large")["messages"] == len(LARGE) + 1
        program.do("follow", "none", f"{wall.url}/none")
        status, _, err = program.run("sync", "none")
        assert (status, "answered with a web page" in err) == (1, True)


@pytest.mark.slow
def test_a_page_is_not_taken_for_an_empty_epoch(server: Server, program: Program) -> None:
    with Wall(server.url) as wall:
        program.do("follow", "moth", f"{wall.url}/moth")
        program.do("sync")
        epoch = program.data / "lists" / "moth" / "git" / "0.git"
        before = (epoch / "packed-refs").read_text()
        wall.lets_git_pass = False
        wall.page = gzip.compress(b'{"/moth/git/0.git": {}, "/moth/git/1.git": {}}')
        for _ in range(2):
            status, _, err = program.run("sync")
            assert (status, "or shows git a web page" in err) == (1, True), err
        assert [path.name for path in epoch.parent.glob("*.git")] == ["0.git"]
        # An old epoch is fetched where a new one cannot be.
        wall.page = gzip.compress(b'{"/moth/git/0.git": {}}')
        status, _, err = program.run("sync")
        assert (status, "has nothing in epoch 0 of moth" in err) == (1, True), err
        assert (epoch / "packed-refs").read_text() == before
        assert program.list("moth")["messages"] > 0


@pytest.mark.slow
def test_a_full_sync_of_a_damaged_clone_says_what_to_do(server: Server, program: Program) -> None:
    program.do("follow", "moth", f"{server.url}/moth")
    program.do("sync")
    epoch = program.data / "lists" / "moth" / "git" / "0.git"
    for pack in (epoch / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[: pack.stat().st_size // 2])
    (epoch / "HEAD").write_text("nonsense\n")
    status, _, err = program.run("sync")
    assert status == 1
    assert str(epoch) in err
    assert err.count("\n") == 1
