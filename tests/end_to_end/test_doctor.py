"""`patchdesk doctor`: each line ok, warning or error, with its fix; only an error makes it fail."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.system.user_git import has_send_email
from tests.core.inboxes import Epoch, mail
from tests.end_to_end.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A home with one list on disk that was synced; nothing can be fetched."""
    home = tmp_path / "home"
    home.mkdir()
    program = Program(home)
    Epoch(tmp_path / "kvm").add(mail("one"))
    program.do("follow", "kvm", str(tmp_path / "kvm"))
    program.do("sync")
    with program.config.open("a") as file:
        file.write('\n[fetch]\nserver = "http://127.0.0.1:9/all"\n')
    return program


def examine(program: Program) -> tuple[int, dict[str, list[str]]]:
    """Return the status, and the messages by level."""
    status, out, err = program.run("doctor")
    assert err == ""
    said: dict[str, list[str]] = {"ok": [], "warning": [], "error": []}
    for line in out.splitlines():
        level, _, message = line.partition(":")
        said[level].append(message.strip())
    return status, said


def test_a_sound_home_is_all_ok_but_for_a_server_that_is_down(program: Program) -> None:
    status, said = examine(program)
    assert (status, said["error"]) == (0, [])
    assert [message.partition(". ")[0] for message in said["warning"]] == [
        "127.0.0.1:9 refuses the connection"
    ]
    whole = "\n".join(said["ok"])
    for part in ("Python 3", "textual ", "b4 ", "pygit2 ", "tomlkit ", "git 2", "config.toml",
                 "share/patchdesk can be written", "the index is intact", "kvm can be read from",
                 "not a terminal", "locale in UTF-8", "the fetch process starts and has b4"):  # fmt: skip
        assert part in whole
    # Looking changes nothing.
    assert examine(program)[1] == said


@pytest.mark.parametrize(
    ("toml", "level", "words"),
    [
        ('command = "no-such-mailer"', "warning", "there is no program no-such-mailer"),
        ('with = "maildir:/dev/null/x"', "warning", "replies cannot be written to /dev/null/x"),
        ('command = "true"', "ok", "replies leave from rex@example.com through [send] command"),
        pytest.param(
            'with = "git"',
            "warning",
            "git send-email has no password for the server",
            marks=pytest.mark.skipif(
                not has_send_email(), reason="git send-email is not installed"
            ),
        ),
    ],
)
def test_the_way_that_replies_leave(program: Program, toml: str, level: str, words: str) -> None:
    (program.home / ".gitconfig").write_text(
        "[user]\n\temail = rex@example.com\n[sendemail]\n\tsmtpServer = x\n\tsmtpUser = rex\n"
    )
    with program.config.open("a") as file:
        file.write(f"\n[send]\n{toml}\n")
    assert words in "\n".join(examine(program)[1][level])


def break_index(program: Program) -> None:
    index = program.data / "index.sqlite3"
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(index.read_bytes())
    content[4096 * 3 : 4096 * 5] = b"\xff" * 8192
    index.write_bytes(content)


def make_newer(program: Program) -> None:
    with closing(sqlite3.connect(program.data / "index.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")


def make_foreign(program: Program) -> None:
    for path in program.data.glob("index.sqlite3*"):
        path.unlink()
    with closing(sqlite3.connect(program.data / "index.sqlite3")) as connection:
        connection.execute("CREATE TABLE shopping (thing)")


def make_garbage(program: Program) -> None:
    (program.data / "index.sqlite3").write_bytes(b"no database\n" * 999)


def lose_list(program: Program) -> None:
    (program.home.parent / "kvm").rename(program.home.parent / "elsewhere")


def break_clone(program: Program) -> None:
    epoch = program.data / "lists" / "linux" / "git" / "0.git"
    (epoch / "objects").mkdir(parents=True)
    (epoch / "refs").mkdir()
    (epoch / "HEAD").write_text("nonsense\n")
    program.do("follow", "linux", "http://127.0.0.1:9/linux")


def put_file_in_the_way(program: Program) -> None:
    (program.home / ".local" / "state").write_text("")


@pytest.mark.parametrize(
    ("spoil", "message", "mend"),
    [
        (break_index, "the index cannot be read: database disk image is malformed", "Move "),
        (make_newer, "the index was written by a newer patchdesk", "Use the newer patchdesk"),
        (make_foreign, "the index is another program's file", "Move "),
        (make_garbage, "the index cannot be read", "Move "),
        (lose_list, "kvm: ", "Open an mbox"),
        (break_clone, "linux: ", "clone it again"),
        (put_file_in_the_way, "state/patchdesk cannot be written", "XDG"),
    ],
)
def test_what_is_broken_is_an_error_and_said_with_its_mend(
    program: Program, spoil: object, message: str, mend: str
) -> None:
    assert callable(spoil)
    spoil(program)
    before = {path: path.stat().st_mtime_ns for path in program.data.iterdir() if path.is_file()}
    status, said = examine(program)
    assert status == 1
    (error,) = said["error"]
    assert message in error
    assert mend in error.partition(message)[2]
    # It mends nothing by itself: that may take what somebody wants to look at first.
    assert {path for path in program.data.iterdir() if path.is_file()} >= set(before)
    assert not list(program.data.glob("*.aside"))


def open_to_others(program: Program) -> None:
    program.config.chmod(0o644)


def open_folder(program: Program) -> None:
    program.data.chmod(0o755)


def mistake(program: Program) -> None:
    with program.config.open("a") as file:
        file.write("speed = 3\n")


def stray(program: Program) -> None:
    program.config.write_text('[fetch]\nserver = "http://127.0.0.1:9/all"\n')


def not_synced(program: Program) -> None:
    program.do("follow", "linux", "http://127.0.0.1:9/linux")


@pytest.mark.parametrize(
    ("spoil", "message", "mend"),
    [
        (open_to_others, "config.toml can be read by others", "chmod 600 "),
        (open_folder, "share/patchdesk can be read by others", "chmod 700 "),
        (mistake, "fetch.speed: unknown key", "Fix that line"),
        (stray, "the index holds kvm, which you do not follow", "patchdesk unfollow kvm"),
        (not_synced, "linux has no clone yet", "patchdesk sync linux"),
    ],
)
def test_what_is_odd_is_a_warning(program: Program, spoil: object, message: str, mend: str) -> None:
    assert callable(spoil)
    spoil(program)
    status, said = examine(program)
    assert (status, said["error"]) == (0, [])
    (warning,) = [each for each in said["warning"] if "refuses the connection" not in each]
    assert message in warning
    assert mend in warning.partition(message)[2]


def test_without_git_it_says_so(program: Program, tmp_path: Path) -> None:
    program.environment["PATH"] = str(tmp_path)
    status, said = examine(program)
    assert status == 1
    assert any(message.startswith("git is not installed. Install it") for message in said["error"])


def test_first_run_has_nothing_to_complain_of(tmp_path: Path) -> None:
    program = Program(tmp_path)
    folder = tmp_path / ".config" / "patchdesk"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "config.toml").write_text('[fetch]\nserver = "http://127.0.0.1:9/all"\n')
    (folder / "config.toml").chmod(0o600)
    status, said = examine(program)
    assert (status, said["error"], len(said["warning"])) == (0, [], 1)
    assert "no index yet: the first sync creates it" in said["ok"]
    assert not (tmp_path / ".local").exists()
    assert os.listdir(tmp_path / ".config") == ["patchdesk"]  # noqa: PTH208
