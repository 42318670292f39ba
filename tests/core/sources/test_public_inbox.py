"""public-inbox archives: their current mails, newest first, after any change of history."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from threading import Event

import pygit2
import pytest

from core.errors import Cancelled, SourceError, TargetError
from core.model import RawMessage
from core.sources.archive_folder import is_archive
from core.sources.public_inbox import PublicInboxSource, open_archive
from tests.core.archives import Change, commit, make_epoch, make_v1


def mail(number: int) -> bytes:
    return b"Subject: mail %d\nMessage-ID: <%d@example.org>\n\nFrom here on\n" % (number, number)


def added(*numbers: int) -> list[Change]:
    return [("m", mail(number)) for number in numbers]


def read_all(source: PublicInboxSource) -> list[RawMessage]:
    return list(source.mails(stop=Event(), report=lambda _progress: None))


def numbers(source: PublicInboxSource) -> list[int]:
    return [int(one.raw.split()[2]) for one in read_all(source)]


HISTORIES: dict[str, tuple[list[list[Change]], list[int]]] = {
    "one epoch": ([added(1, 2, 3)], [3, 2, 1]),
    "several": ([added(1, 2), added(3), added(4, 5)], [5, 4, 3, 2, 1]),
    "removed": ([[*added(1, 2, 3), ("d", mail(2))]], [3, 1]),
    "removed in a later epoch": ([added(1, 2), [*added(3), ("d", mail(1)), *added(4)]], [4, 3, 2]),
    "removed and back": ([[*added(1, 2), ("d", mail(1)), *added(3, 1)]], [1, 3, 2]),
    "removed, back and removed": ([[*added(1), ("d", mail(1)), *added(1), ("d", mail(1)), *added(2)]], [2]),
    "the same in a row": ([[*added(1), *added(1), *added(2)]], [2, 1]),
    "purged": ([[*added(1), ("m", b""), *added(3)]], [3, 1]),
    "nothing but a removal": ([[("d", mail(1))]], []),
    "an epoch that has just begun": ([added(1), []], [1]),
}  # fmt: skip


@pytest.mark.parametrize("case", HISTORIES)
def test_a_v2_folder_gives_what_is_in_it_now(case: str, tmp_path: Path) -> None:
    epochs, expected = HISTORIES[case]
    for number, changes in enumerate(epochs):
        make_epoch(tmp_path / "list" / "git" / f"{number}.git", changes)
    source = open_archive(tmp_path / "list")
    assert numbers(source) == expected
    assert source.name == "list"
    assert source.notes == ()
    for one in read_all(source):
        assert source.read(one.key) == one.raw


def test_epochs_are_ordered_as_numbers_and_some_may_be_missing(tmp_path: Path) -> None:
    for number in (2, 9, 10):
        make_epoch(tmp_path / "git" / f"{number}.git", added(number))
    make_epoch(tmp_path / "all.git", [])
    assert numbers(open_archive(tmp_path)) == [10, 9, 2]


def test_one_bare_epoch_is_an_archive(tmp_path: Path) -> None:
    make_epoch(tmp_path / "list" / "git" / "0.git", added(1, 2))
    source = open_archive(tmp_path / "list" / "git" / "0.git")
    assert numbers(source) == [2, 1]
    assert source.name == "list"


def test_a_clone_of_an_epoch_with_a_work_tree_is_one_too(tmp_path: Path) -> None:
    make_epoch(tmp_path / "0.git", added(1, 2))
    subprocess.run(
        ["git", "clone", "--quiet", str(tmp_path / "0.git"), str(tmp_path / "clone")],
        check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
    )  # fmt: skip
    assert numbers(open_archive(tmp_path / "clone")) == [2, 1]


def test_a_shallow_clone_gives_what_it_has(tmp_path: Path) -> None:
    make_epoch(tmp_path / "0.git", added(1, 2, 3))
    url = (tmp_path / "0.git").as_uri()
    subprocess.run(
        ["git", "clone", "--quiet", "--bare", "--depth=2", url, str(tmp_path / "shallow")],
        check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
    )  # fmt: skip
    assert numbers(open_archive(tmp_path / "shallow")) == [3, 2]


def test_a_v1_repository_gives_all_its_mails(tmp_path: Path) -> None:
    make_v1(tmp_path / "old.git", [mail(number) for number in range(40)])
    source = open_archive(tmp_path / "old.git")
    assert sorted(numbers(source)) == list(range(40))
    assert source.name == "old"
    one = read_all(source)[7]
    assert source.read(one.key) == one.raw


def test_a_removal_that_came_since_is_noticed(tmp_path: Path) -> None:
    make_epoch(tmp_path / "git" / "0.git", added(1))
    source = open_archive(tmp_path)
    with pytest.raises(SourceError, match="no longer in"):
        source.read("0" * 40)


def test_other_repositories_are_called_what_they_are(tmp_path: Path) -> None:
    repository = pygit2.init_repository(str(tmp_path / "code"), initial_head="master")
    builder = repository.TreeBuilder()
    builder.insert("README", repository.create_blob(b"code"), pygit2.enums.FileMode.BLOB)
    commit(repository, builder.write())
    assert is_archive(tmp_path / "code")
    with pytest.raises(TargetError, match="no public-inbox archive"):
        open_archive(tmp_path / "code")


def test_a_repository_that_is_broken_says_so(tmp_path: Path) -> None:
    make_epoch(tmp_path / "git" / "0.git", added(1))
    (tmp_path / "git" / "0.git" / "refs" / "heads" / "master").write_text("0" * 39 + "1\n")
    with pytest.raises(
        TargetError, match="cannot be opened as a git repository: an object is missing"
    ):
        open_archive(tmp_path)


def remove_object(repository: pygit2.Repository, oid: pygit2.Oid) -> None:
    name = str(oid)
    (Path(repository.path) / "objects" / name[:2] / name[2:]).unlink()


def test_a_missing_mail_is_noted_and_the_others_come(tmp_path: Path) -> None:
    repository = make_epoch(tmp_path / "0.git", added(1, 2, 3))
    remove_object(repository, pygit2.hash(mail(2)))
    source = open_archive(tmp_path / "0.git")
    assert numbers(source) == [3, 1]
    assert source.notes[0].startswith("A mail of")
    assert "missing" in source.notes[0]


def test_a_history_with_a_hole_gives_what_is_newer(tmp_path: Path) -> None:
    repository = make_epoch(tmp_path / "0.git", added(1, 2, 3))
    tip = repository.head.peel(pygit2.Commit)
    remove_object(repository, tip.parents[0].parents[0].id)
    source = open_archive(tmp_path / "0.git")
    assert numbers(source) == [3, 2]
    assert "older mails are missing" in source.notes[0]


def test_a_mail_too_large_is_left_out_and_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.sources.public_inbox.MAIL_CAP", 100)
    make_epoch(tmp_path / "0.git", [*added(1), ("m", mail(2) + b"x" * 200), *added(3)])
    source = open_archive(tmp_path / "0.git")
    assert numbers(source) == [3, 1]
    assert "too large" in source.notes[0]


def test_a_running_read_stops_when_told_and_when_closed(tmp_path: Path) -> None:
    make_epoch(tmp_path / "0.git", added(1, 2, 3))
    source = open_archive(tmp_path / "0.git")
    stop = Event()
    running = source.mails(stop=stop, report=lambda _progress: None)
    next(running)
    stop.set()
    with pytest.raises(Cancelled):
        next(running)
    source.close()
    with pytest.raises(Cancelled):
        read_all(source)


def test_what_a_repository_configures_is_not_run(tmp_path: Path) -> None:
    repository = make_epoch(tmp_path / "0.git", added(1))
    trap = tmp_path / "trapped"
    config = Path(repository.path) / "config"
    config.write_text(
        config.read_text()
        + f"[core]\n\tfsmonitor = touch {trap}\n\tsshCommand = touch {trap}\n\thooksPath = {tmp_path}\n"
        + f'[filter "x"]\n\tsmudge = touch {trap}\n\tclean = touch {trap}\n'
    )
    (tmp_path / "0.git" / "info").mkdir(exist_ok=True)
    (tmp_path / "0.git" / "info" / "attributes").write_text("* filter=x\n")
    assert numbers(open_archive(tmp_path / "0.git")) == [1]
    assert not trap.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_another_users_archive_can_be_read(tmp_path: Path) -> None:
    make_epoch(tmp_path / "0.git", added(1))
    for path in (tmp_path / "0.git", *(tmp_path / "0.git").rglob("*")):
        os.chown(path, 12345, 12345)
    assert numbers(open_archive(tmp_path / "0.git")) == [1]
