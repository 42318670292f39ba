"""The arguments of the commands about lists, and their messages where there is nothing to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.core.inboxes import Epoch, mail
from tests.end_to_end.program import Program
from tests.end_to_end.test_cli import run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    return home


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("lists",), 0, "You follow no list yet"),
        (("lists", "--json"), 0, "You follow no list yet"),
        (("sync",), 0, "You follow no list yet"),
        (("series",), 0, "Nothing was synced yet"),
        (("sync", "kvm"), 1, "You follow no list called kvm. “patchdesk follow NAME TARGET”"),
        (("sync", "--since", "soon"), 2, "‘soon’ is not a date"),
        (("sync", "--since", "\x1b[2J"), 2, "is not a date"),
        (("sync", "--since", "yesterday", "--all"), 2, "exclude each other"),
        (("series", "--list", "kvm"), 1, "You follow no list called kvm"),
        (("follow", "kvm"), 1, "‘kvm’ is not a file or folder here, nor an address"),
        (("follow", "../kvm", "https://lore.kernel.org/kvm/"), 1, "not a valid name for a list"),
        (("follow", "kvm", "nowhere"), 1, "‘nowhere’ is not a file or folder here"),
        (("follow", "kvm", "-"), 1, "Standard input cannot be followed"),
        (("follow", "kvm", "a@example.org"), 1, "is one message, not a list"),
        (("unfollow", "kvm"), 1, "There is no list called kvm. You follow: none yet."),
    ],
)
def test_one_sentence_and_no_file(
    home: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    arguments: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    got, out, err = run(capfdbinary, *arguments)
    assert (got, out) == (status, b"")
    assert said in err
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_follow_records_and_lists_says_so(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    Epoch(tmp_path / "kvm").add(mail("one"))
    assert run(capfdbinary, "follow", "kvm", str(tmp_path / "kvm"))[0] == 0
    status, out, err = run(capfdbinary, "follow", "asked", "https://h/asked", "--no-clone")
    assert (status, err) == (0, "")
    assert b"\xe2\x80\x9cpatchdesk sync asked\xe2\x80\x9d fetches messages" in out
    status, out, err = run(capfdbinary, "lists", "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert [(record["name"], record["target"]) for record in records] == [
        ("kvm", str(tmp_path / "kvm")),
        ("asked", "https://h/asked"),
    ]
    assert run(capfdbinary, "lists")[1].decode().splitlines()[1] == (
        "asked  not synced yet  https://h/asked"
    )
    status, out, _ = run(capfdbinary, "config")
    assert b"lists.asked.clone = false # " in out
    status, _, err = run(capfdbinary, "follow", "kvm", "https://h/kvm")
    assert (status, "A list called kvm is followed already" in err) == (1, True)


def test_a_followed_name_is_a_target_and_a_path_wins(
    tmp_path: Path,
    home: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Epoch(tmp_path / "one").add(mail("One subject"))
    Epoch(tmp_path / "two").add(mail("Another"))
    run(capfdbinary, "follow", "two", str(tmp_path / "one"))
    monkeypatch.chdir(home)
    assert b"One subject" in run(capfdbinary, "series", "two", "--all")[1]
    monkeypatch.chdir(tmp_path)
    assert b"Another" in run(capfdbinary, "series", "two", "--all")[1]


def test_a_name_without_mail_here_says_what_to_do(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    run(capfdbinary, "follow", "cloned", "https://h/cloned")
    run(capfdbinary, "follow", "asked", "https://h/asked", "--no-clone")
    for arguments, said in (
        (("series", "cloned"), "cloned has no clone yet. “patchdesk sync cloned” makes it."),
        (("digest", "a..b", "cloned"), "cloned has no clone yet."),
        (("digest", "a..b", "asked"), "The mail of asked is in the index alone"),
    ):
        status, out, err = run(capfdbinary, *arguments)
        assert (status, out) == (1, b"")
        assert said in err
    assert run(capfdbinary, "series", "asked")[0] == 0


def test_a_home_that_cannot_be_written_is_said(
    home: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    Epoch(tmp_path / "kvm").add(mail("one"))
    run(capfdbinary, "follow", "kvm", str(tmp_path / "kvm"))
    (home / ".local").write_text("in the way")
    status, out, err = run(capfdbinary, "sync")
    assert (status, out) == (1, b"")
    assert "share/patchdesk" in err
    assert err.count("\n") == 1


def test_an_index_of_a_newer_version_does_not_keep_show_from_fetching(
    tmp_path: Path, home: Path
) -> None:
    import sqlite3
    from contextlib import closing

    Epoch(tmp_path / "kvm").add(mail("one", mid="one@example.org"))
    program = Program(home)
    program.do("follow", "kvm", str(tmp_path / "kvm"))
    program.do("sync")
    assert "Subject: one" in program.do("show", "one@example.org")
    with closing(sqlite3.connect(program.data / "index.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    for arguments in (("sync",), ("lists",), ("series",)):
        status, out, err = program.run(*arguments)
        assert (status, out, "newer patchdesk" in err) == (1, "", True)
    program.environment["http_proxy"] = "http://127.0.0.1:9"
    program.config.write_text(program.config.read_text() + '\n[fetch]\nserver = "http://h/all"\n')
    status, _, err = program.run("show", "one@example.org")
    assert status == 1
    assert "newer patchdesk" in err
    assert "proxy" in err  # it was asked for
