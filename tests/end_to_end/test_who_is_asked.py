"""The hosts that are asked: the target's, those the user configured, and at most five redirects on; never one that a
mail names.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.fetch.worker import is_downgrade
from tests.end_to_end.letters import DIFF, letter
from tests.end_to_end.program import Program
from tests.end_to_end.server import Server, need_public_inbox
from tests.end_to_end.witness import Relay, Witness

LINKS = (
    "Link: http://evil.example/a\nCloses: https://evil.example/b\nX: https://lore.kernel.org/r/x@y\n"
    "<img src=http://evil.example/pixel.png> http://evil.example/%s\nchange-id: http://evil.example/\n"
)
HEADERS = (
    "Archived-At: <http://evil.example/1>\nList-Archive: <http://evil.example/2>\nList-Unsubscribe: <http://evil.example/3>\n"
    "Content-Location: http://evil.example/4\nX-Archive-Upstream: https://lore.kernel.org/all/\nMessage-ID: "
)
MAILS = [
    letter(
        f"m{at}@evil.example",
        f"[PATCH {at}/3] http://evil.example/s",
        LINKS + DIFF % at,
        answers="m0@evil.example" if at else "",
    ).replace(b"Message-ID: ", HEADERS.encode(), 1)
    for at in range(4)
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    need_public_inbox()
    with Server(tmp_path_factory.mktemp("lists") / "site", {"pond": MAILS}) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


@pytest.fixture
def witness(program: Program) -> Iterator[Witness]:
    with Witness() as witness:
        program.environment |= witness.environment
        yield witness


def host(url: str) -> str:
    return url.removeprefix("http://")


@pytest.mark.slow
@pytest.mark.parametrize("how", [(), ("--no-clone",)], ids=["clone", "windows"])
def test_only_the_list_s_server_is_asked(
    server: Server, program: Program, witness: Witness, how: tuple[str, ...]
) -> None:
    program.do("follow", "pond", f"{server.url}/pond", *how)
    assert "4 new messages" in program.do("sync")
    program.do("sync")
    assert set(witness.asked) == {host(server.url)}
    witness.asked.clear()
    for arguments in (
        ("series", "--all"),
        ("series", "--all", "--json"),
        ("show", "m1@evil.example"),
        ("show", "m1@evil.example", "--json"),
        ("lists",),
        ("config",),
    ):
        program.do(*arguments)
    if not how:
        program.do("digest", "2000-01-01..", "pond", "--format", "html")
    assert witness.asked == []


def test_a_thread_on_a_server_asks_that_server(
    server: Server, program: Program, witness: Witness
) -> None:
    program.do("show", "m1@evil.example", "--in", f"{server.url}/pond/m1@evil.example/")
    program.do("series", f"{server.url}/pond/m0@evil.example/", "--json")
    assert set(witness.asked) == {host(server.url)}


def test_a_bare_message_id_asks_lore_or_who_is_configured(
    server: Server, program: Program, witness: Witness
) -> None:
    assert program.run("show", "nobody@evil.example")[0] == 1
    assert set(witness.asked) == {"lore.kernel.org:443"}
    witness.asked.clear()
    program.config.parent.mkdir(parents=True)
    program.config.write_text(f'[fetch]\nserver = "{server.url}/all"\n')
    program.do("show", "m1@evil.example")
    assert set(witness.asked) == {host(server.url)}


@pytest.mark.slow
@pytest.mark.parametrize("what", ["show", "clone"])
def test_five_redirects_are_followed_and_a_sixth_is_not(
    server: Server, program: Program, witness: Witness, what: str
) -> None:
    with Relay(server.url) as relay:
        for number, right in ((0, True), (4, True), (5, False), (9, False)):
            if what == "show":
                arguments = [
                    "show",
                    "m1@evil.example",
                    "--in",
                    f"{relay.url}/{number}/pond/m1@evil.example/",
                ]
            else:
                program.do("follow", f"l{number}", f"{relay.url}/{number}/pond")
                arguments = ["sync", f"l{number}"]
            witness.asked.clear()
            status, out, err = program.run(*arguments)
            assert (status == 0) is right, (number, out, err)
            assert set(witness.asked) <= {host(relay.url), host(server.url)}
            assert right or "circle, or to an unsupported address" in err


def test_a_search_is_not_sent_on_to_a_host_that_was_not_named(
    server: Server, program: Program, witness: Witness
) -> None:
    with Relay(server.url) as relay:
        for number, message in (
            (0, f"redirects the search to {host(server.url)}, a server that you did not name"),
            (4, f"redirects the search to {host(server.url)}, a server that you did not name"),
            (5, "circle, or to an unsupported address"),
        ):
            program.do("follow", f"l{number}", f"{relay.url}/{number}/pond", "--no-clone")
            witness.asked.clear()
            status, out, err = program.run("sync", f"l{number}")
            assert (status, out) == (1, ""), (number, err)
            assert message in err
            assert set(witness.asked) == {host(relay.url)}


def test_a_safe_connection_is_not_given_up() -> None:
    assert is_downgrade("https://a/", "http://a/")
    assert is_downgrade("https://a/", None)
    assert not is_downgrade("https://a/", "https://b/")
    assert not is_downgrade("http://a/", "http://b/")


def test_reading_connects_to_nothing(tmp_path: Path) -> None:
    """With no proxy in between: the process itself opens no connection."""
    box = tmp_path / "links.mbox"
    box.write_bytes(
        b"".join(b"From a@b Mon Jun  2 12:00:00 2025\n" + mail + b"\n" for mail in MAILS)
    )
    code = (
        "import socket, sys\n"
        "def connect(self, address): raise SystemExit(f'connects to {address}')\n"
        "class Socket(socket.socket):\n    connect = connect_ex = connect\n"
        "socket.socket = Socket; socket.create_connection = connect; socket.getaddrinfo = connect\n"
        "from tui.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    for arguments in (
        ("series", str(box), "--json", "--all"),
        ("show", "m1@evil.example", "--in", str(box)),
        ("digest", "2000-01-01..", str(box), "--format", "html"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={
                "HOME": str(tmp_path),
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(Path(__file__).parents[2]),
            },
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert b"connects to" not in done.stderr
