"""Following lists of a real public-inbox server: messages that arrive, are new, and are removed."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from threading import Event

import pytest

from core.fetch import client as fetch_process
from core.fetch.options import FetchOptions
from core.sources.inbox_server import InboxServer
from tests.end_to_end.letters import FROB, MOTH, letter, series
from tests.end_to_end.program import Program, complaints
from tests.end_to_end.server import Server, need_public_inbox

CLONE = ()
WINDOWS = ("--no-clone",)
KINDS = pytest.mark.parametrize("how", [CLONE, WINDOWS], ids=["clone", "windows"])

NEWS = [*series("news", "news: today", 1, 2, minute=500), letter("late@example.org", "A late word")]

Serve = Callable[[str, list[bytes]], str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    need_public_inbox()
    names = ("plain-clone", "plain-windows", "epochs", "since", "gone-clone", "fresh")
    folder = tmp_path_factory.mktemp("lists") / "site"
    with Server(folder, {**dict.fromkeys(names, FROB), "moth": MOTH}) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


def of_now(raw: bytes) -> bytes:
    """Date a mail of this day."""
    return raw.replace(b"Mon, 02 Jun 2025 10:00:00 +0000", formatdate().encode())


def ids(program: Program, *arguments: str) -> set[str]:
    return {record["id"] for record in program.records("series", "--all", *arguments)}


def is_whole(program: Program) -> bool:
    with closing(sqlite3.connect(program.data / "index.sqlite3")) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def tip(server: Server, name: str, epoch: int = 0) -> str:
    path = server.inbox(name) / "git" / f"{epoch}.git"
    command = ["git", "-C", str(path), "rev-parse", "master"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


@KINDS
def test_only_what_is_new_comes_and_is_unread(
    server: Server, program: Program, how: tuple[str, ...]
) -> None:
    name = "plain-windows" if how else "plain-clone"
    url = f"{server.url}/{name}"
    program.do("follow", "frob", f"{url}/", *how)
    assert program.list("frob") == {
        "name": "frob", "target": url, "messages": 0, "series": 0, "unread": 0, "synced": None, "at": [],
    }  # fmt: skip
    assert f"{len(FROB)} new messages" in program.do("sync")
    first = program.list("frob")
    assert (first["messages"], first["unread"]) == (len(FROB), 0)
    assert first["synced"]
    before = ids(program)

    server.add(name, NEWS)
    assert f"{len(NEWS)} new messages" in program.do("sync", "frob")
    after = program.list("frob")
    assert (after["messages"], after["unread"]) == (len(FROB) + len(NEWS), len(NEWS))
    assert ids(program) - before == {"news-v1-0@example.org", "late@example.org"}
    assert after["at"] == ([] if how else [{"epoch": 0, "commit": tip(server, name)}])
    assert program.do("sync") == "frob: nothing new\n"
    assert program.list("frob")["unread"] == len(NEWS)
    assert is_whole(program)


def test_both_kinds_and_the_archive_itself_make_the_same(server: Server, program: Program) -> None:
    program.do("follow", "cloned", f"{server.url}/fresh")
    program.do("follow", "asked", f"{server.url}/fresh", "--no-clone")
    program.do("follow", "disk", str(server.inbox("fresh")))
    program.do("sync")
    records = [
        sorted(program.records("series", "--all", *arguments), key=lambda record: str(record["id"]))
        for arguments in (
            ("--list", "cloned"),
            ("--list", "asked"),
            ("--list", "disk"),
            ("cloned",),
        )
    ]
    for found in records:
        for record in found:
            record.pop("lists")
    assert records[0] == records[1] == records[2] == records[3]
    assert len(records[0]) == 6


@KINDS
def test_at_first_what_came_lately_is_unread(
    server: Server, program: Program, how: tuple[str, ...]
) -> None:
    number = len(how)  # both kinds see the mail of the one that was tried first
    server.add("moth", [of_now(letter(f"fresh-{number}@example.org", "Just now"))])
    program.do("follow", "moth", f"{server.url}/moth", *how)
    program.do("sync")
    found = program.list("moth")
    assert (found["messages"], found["unread"]) == (2 + number, 1 + number)


def test_a_window_gives_what_arrived_in_it_and_not_its_threads(server: Server) -> None:
    inbox = InboxServer(f"{server.url}/fresh", FetchOptions(deadline=30))
    try:
        at = int(datetime(2025, 6, 2, 11, 9, tzinfo=UTC).timestamp())
        found = inbox.messages_received_between(at, at + 61, stop=Event(), report=lambda _: None)
        assert sorted(re.findall(rb"Message-ID: <(.*)>", b"".join(found))) == [
            b"reply-10@example.org",
            b"reply-9@example.org",
        ]
        assert (
            inbox.messages_received_between(at, at + 60, stop=Event(), report=lambda _: None)
            != found
        )
        assert (
            inbox.messages_received_between(
                at + 60 * 60 * 24, None, stop=Event(), report=lambda _: None
            )
            == []
        )
    finally:
        inbox.close()
        fetch_process.close_idle_client()


@pytest.mark.slow
def test_epochs_come_newest_first_and_older_ones_on_demand(
    server: Server, program: Program
) -> None:
    server.add("epochs", NEWS[:1], epoch=1)
    program.do("follow", "frob", f"{server.url}/epochs")
    status, out, err = program.run("sync")
    assert (status, out) == (0, "frob: 1 new message; 1 series and threads new or changed\n")
    assert complaints(err) == [
        "patchdesk sync: frob: An older epoch is on the server: “patchdesk sync frob --all” fetches them all."
    ]
    assert program.do("sync") == "frob: nothing new\n"
    assert f"{len(FROB)} new messages" in program.do("sync", "--all")
    assert (program.list("frob")["messages"], program.list("frob")["unread"]) == (len(FROB) + 1, 0)

    server.add("epochs", NEWS[1:], epoch=2)
    assert "3 new messages" in program.do("sync")
    found = program.list("frob")
    assert found["unread"] == 3
    assert found["at"] == [
        {"epoch": number, "commit": tip(server, "epochs", number)} for number in (0, 1, 2)
    ]
    assert "news-v1-0@example.org" in ids(program)


@pytest.mark.slow
def test_a_clone_from_a_date_on_grows_back_on_demand(server: Server, program: Program) -> None:
    program.do("follow", "frob", f"{server.url}/since")
    count = subprocess.run(
        ["git", "-C", server.inbox("since") / "git" / "0.git", "log", "--format=%ct", "master"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    for back in (0, 10, 30):
        program.do("sync", "--since", f"@{count[back]}")
        assert program.list("frob")["messages"] == back + 1
    # A later date takes nothing away, and new mail comes as ever.
    assert program.do("sync", "--since", f"@{count[5]}") == "frob: nothing new\n"
    clone = program.data / "lists" / "frob" / "git" / "0.git"
    commits = ["git", "-C", str(clone), "rev-list", "--count", "master"]
    assert subprocess.run(commits, capture_output=True, check=True).stdout == b"31\n"
    server.add("since", NEWS[:2])
    assert "2 new messages" in program.do("sync")
    program.do("sync", "--all")
    found = program.list("frob")
    assert (found["messages"], found["unread"]) == (len(FROB) + 2, 2)
    assert len(ids(program)) == 7
    assert is_whole(program)


def test_a_date_after_all_mail_brings_the_newest(server: Server, program: Program) -> None:
    program.do("follow", "frob", f"{server.url}/fresh")
    program.do("sync", "--since", "yesterday")
    assert program.list("frob")["messages"] == 1


@pytest.mark.slow
def test_removed_and_purged_mails_go_and_nothing_doubles(server: Server, program: Program) -> None:
    name = "gone-clone"
    program.do("follow", "frob", f"{server.url}/{name}")
    program.do("sync")
    server.remove(name, FROB[40])
    assert "1 message removed" in program.do("sync")
    server.purge(name, FROB[3])
    server.add(name, [of_now(letter("late@example.org", "A late word"))])
    assert program.do("sync").startswith("frob: 1 new message; 1 message removed;")
    found = program.list("frob")
    assert (found["messages"], found["unread"]) == (len(FROB) - 1, 1)
    # The same as if it had been followed only now.
    program.do("follow", "again", f"{server.url}/{name}")
    program.do("sync", "again")
    assert program.list("again")["messages"] == len(FROB) - 1
    assert ids(program, "--list", "frob") == ids(program, "--list", "again")
    assert is_whole(program)


@pytest.mark.slow
def test_several_syncs_at_once_wait_for_each_other(server: Server, program: Program) -> None:
    for name, how in (("a", CLONE), ("b", WINDOWS)):
        program.do("follow", name, f"{server.url}/fresh", *how)
    children = [program.start("sync") for _ in range(3)]
    for child in children:
        with child:
            out, err = child.communicate(timeout=100)
        assert (child.returncode, complaints(err)) == (0, [])
        assert out.count("\n") == 2
    for name in ("a", "b"):
        assert program.list(name)["messages"] == len(FROB)
    assert is_whole(program)


def test_what_was_synced_is_shown_without_the_server(
    server: Server, program: Program, tmp_path: Path
) -> None:
    program.do("follow", "frob", f"{server.url}/fresh")
    program.do("follow", "asked", f"{server.url}/moth", "--no-clone")
    program.do("sync")
    program.environment["http_proxy"] = "http://127.0.0.1:9"  # nothing can be fetched any more
    (shown,) = program.records("show", "frob-v1-2@example.org")
    assert (shown["message_id"], shown["lists"]) == ("frob-v1-2@example.org", ["frob"])
    assert shown["files"][0]["path"] == "frob.c"
    assert "A moth in the relay" in program.do("show", "<moth@example.org>")
    assert "[PATCH v2 5/5]" in program.do("show", "frob-v2-1@example.org", "--mbox")
    assert program.do("show", "frob-v1-2@example.org", "--raw").encode() == FROB[2]
    assert program.records("series", "asked") == []
    assert [record["id"] for record in program.records("series", "asked", "--all")][-1:] == [
        "moth@example.org"
    ]


def test_a_list_on_disk_grows(program: Program, tmp_path: Path) -> None:
    mbox = tmp_path / "frob.mbox"
    escaped = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n%s\n"
    mbox.write_bytes(b"".join(escaped % raw for raw in MOTH))
    program.do("follow", "frob", str(mbox))
    assert "1 new message" in program.do("sync")
    assert program.list("frob")["unread"] == 0
    with mbox.open("ab") as file:
        file.write(b"".join(escaped % raw for raw in NEWS))
    assert "4 new messages" in program.do("sync")
    assert program.list("frob")["unread"] == 4
    mbox.unlink()
    status, out, err = program.run("sync")
    assert (status, out) == (1, "")
    assert "frob.mbox" in err
    assert program.list("frob")["messages"] == 5


@pytest.mark.slow
def test_what_comes_from_elsewhere_begins_anew(
    server: Server, program: Program, tmp_path: Path
) -> None:
    program.do("follow", "list", f"{server.url}/fresh", "--no-clone")
    program.do("sync")
    program.do("unfollow", "list")
    assert program.run("lists", "--json")[:2] == (0, "")
    program.do("follow", "list", f"{server.url}/fresh")
    program.do("sync")
    assert program.list("list")["messages"] == len(FROB)
    config = program.config.read_text()
    program.config.write_text(config.replace("/fresh", "/moth") + "clone = false\n")
    program.do("sync")
    assert ids(program) <= {"moth@example.org", "fresh-0@example.org", "fresh-1@example.org"}
    assert is_whole(program)


@pytest.mark.slow
def test_unfollowing_keeps_the_clone_unless_told(server: Server, program: Program) -> None:
    program.do("follow", "frob", f"{server.url}/fresh")
    program.do("sync")
    clone = program.data / "lists" / "frob" / "git" / "0.git"
    status, out, err = program.run("unfollow", "frob")
    assert (status, out) == (0, "No longer following frob; removed 53 messages from the index.\n")
    assert f"Its clone stays in {clone.parent}" in err
    assert clone.is_dir()
    assert ids(program) == set()
    program.do("follow", "frob", f"{server.url}/fresh")
    program.do("sync")
    assert program.list("frob")["messages"] == len(FROB)
    program.do("unfollow", "frob", "--delete-clone")
    assert not clone.parent.parent.exists()
    status, _, err = program.run("unfollow", "frob")
    assert (status, "no list called frob" in err) == (1, True)


def test_files_are_private(server: Server, program: Program) -> None:
    program.do("follow", "frob", f"{server.url}/fresh")
    program.do("sync", "--all")
    for top in (program.data, program.config.parent, program.home / ".cache" / "patchdesk"):
        for path in (top, *top.rglob("*")):
            assert not path.stat().st_mode & 0o077, path


@pytest.mark.slow
def test_the_users_git_and_a_repository_have_no_say(
    server: Server, program: Program, tmp_path: Path
) -> None:
    evil = '[url "http://127.0.0.1:9/"]\n\tinsteadOf = http://\n[core]\n\thooksPath = {}\n'
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    touched = tmp_path / "touched"
    for hook in ("post-checkout", "reference-transaction", "post-update"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {touched}\n")
        (hooks / hook).chmod(0o755)
    (program.home / ".gitconfig").write_text(evil.format(hooks))
    (program.home / ".git").mkdir()
    (program.home / ".git" / "config").write_text(evil.format(hooks))
    program.environment |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(hooks),
        "GIT_DIR": str(tmp_path / "elsewhere"),
    }
    program.do("follow", "frob", f"{server.url}/fresh")
    assert "53 new messages" in program.do("sync")
    program.do("sync")
    assert not touched.exists()
