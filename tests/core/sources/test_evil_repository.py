"""A followed repository is data: nothing in it runs, leads elsewhere or keeps anybody waiting."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from unittest.mock import Mock

import pytest

from core.config import FollowedList
from core.errors import ChildError, PatchdeskError, SourceError
from core.fetch.options import FetchOptions
from core.progress import ProgressJob
from core.sources import isolated_archive
from core.sources.parsed_mail import parse_for_storage
from core.sources.public_inbox import open_archive
from core.sync.list_folder import DataDirs, SyncDepth
from core.sync.sync import sync
from core.system import child_process
from tests.core.inboxes import Epoch, mail

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def epoch(tmp_path: Path) -> Path:
    """An archive of one mail; beside it another repository, which holds a secret."""
    made = Epoch(tmp_path / "list")
    made.add(mail("hello"))
    Epoch(tmp_path / "secret").add(mail("secret"))
    return made.path


def mails(epoch: Path) -> list[bytes]:
    archive = open_archive(epoch.parent.parent)
    found = archive.mails(stop=Event(), report=lambda _progress: None)
    return [raw.raw for raw in found]


def borrow_objects(epoch: Path) -> None:
    secret = epoch.parents[2] / "secret" / "git" / "0.git"
    (epoch / "objects" / "info").mkdir(exist_ok=True)
    (epoch / "objects" / "info" / "alternates").write_text(f"{secret}/objects\n")


def borrow_a_tip(epoch: Path) -> None:
    borrow_objects(epoch)
    secret = epoch.parents[2] / "secret" / "git" / "0.git"
    (epoch / "refs/heads/master").write_text((secret / "refs/heads/master").read_text())


def link(epoch: Path) -> None:
    (epoch / "commondir").write_text(str(epoch.parents[2] / "secret" / "git" / "0.git"))


def include_a_pipe(epoch: Path) -> None:
    os.mkfifo(epoch / "pipe")
    with (epoch / "config").open("a") as config:
        config.write(f"[include]\n\tpath = {epoch}/pipe\n")


def include_by_the_common_file(epoch: Path) -> None:
    common = epoch.parent.parent / "all.git" / "config"
    common.parent.mkdir()
    os.mkfifo(common)
    with (epoch / "config").open("a") as config:
        config.write("[include]\n\tpath = ../../all.git/config\n")


def include_if(epoch: Path) -> None:
    with (epoch / "config").open("a") as config:
        config.write('[InClUdeIf "gitdir:/"]\n\tpath = /dev/zero\n')


def pipe(name: str) -> Callable[[Path], None]:
    def make(epoch: Path) -> None:
        (epoch / name).parent.mkdir(parents=True, exist_ok=True)
        (epoch / name).unlink(missing_ok=True)
        os.mkfifo(epoch / name)

    return make


def device(epoch: Path) -> None:
    (epoch / "packed-refs").symlink_to("/dev/zero")


def without_a_loose_tip(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """Let the tip be looked for in packed-refs."""

    def both(epoch: Path) -> None:
        (epoch / "refs/heads/master").unlink()
        make(epoch)

    return both


def sparse(name: str) -> Callable[[Path], None]:
    def make(epoch: Path) -> None:
        (epoch / name).touch()
        os.truncate(epoch / name, 20 << 30)

    return make


def a_loose_object_that_blocks(epoch: Path) -> None:
    blob = next(path for path in epoch.glob("objects/??/*") if path.is_file())
    blob.unlink()
    os.mkfifo(blob)


def led_out(name: str) -> Callable[[Path], None]:
    """Let a file or folder be a link to a copy outside of the repository."""

    def make(epoch: Path) -> None:
        outside = epoch.parents[2] / "outside"
        (epoch / name).parent.mkdir(parents=True, exist_ok=True)
        if (epoch / name).exists():
            (epoch / name).rename(outside)
        else:
            outside.write_text("")
        (epoch / name).symlink_to(outside)

    return make


def a_cycle_of_grafts(epoch: Path) -> None:
    tip = (epoch / "refs/heads/master").read_text().strip()
    (epoch / "info").mkdir(exist_ok=True)
    (epoch / "info" / "grafts").write_text(f"{tip} {tip}\n")


REFUSED: dict[str, Callable[[Path], None]] = {
    "objects of another": borrow_objects,
    "a tip of another": borrow_a_tip,
    "a link to another": link,
    "a pipe for a branch": pipe("refs/heads/master"),
    "a pipe for packed refs": without_a_loose_tip(pipe("packed-refs")),
    "a pipe for shallow": pipe("shallow"),
    "a pipe for a pack": pipe("objects/pack/pack-x.idx"),
    "a pipe for a loose object": a_loose_object_that_blocks,
    "a pipe for what all packs hold": pipe("objects/pack/multi-pack-index"),
    "a device for packed refs": without_a_loose_tip(device),
    "packed refs of 20 GB": without_a_loose_tip(sparse("packed-refs")),
    "a shallow of 20 GB": sparse("shallow"),
    "objects that lie elsewhere": led_out("objects"),
    "packs that lie elsewhere": led_out("objects/pack"),
    "a pack that lies elsewhere": led_out("objects/pack/pack-x.pack"),
    "a branch that lies elsewhere": led_out("refs/heads/master"),
    "all branches elsewhere": led_out("refs/heads"),
}
IGNORED: dict[str, Callable[[Path], None]] = {
    "a pipe that is included": include_a_pipe,
    "a pipe that all epochs include": include_by_the_common_file,
    "a device that is included": include_if,
    "a pipe for its configuration": pipe("config"),
    "a pipe for that of a worktree": pipe("config.worktree"),
    "a pipe for a tag": pipe("refs/tags/x"),
    "a pipe for packed refs that nobody needs": pipe("packed-refs"),
    "a pipe for grafts": pipe("info/grafts"),
    "a cycle of grafts": a_cycle_of_grafts,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", IGNORED)
def test_what_is_never_opened_keeps_nobody_waiting(name: str, epoch: Path) -> None:
    IGNORED[name](epoch)
    assert len(mails(epoch)) == 1


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", REFUSED)
def test_what_leads_elsewhere_is_refused_with_a_sentence(name: str, epoch: Path) -> None:
    assert len(mails(epoch)) == 1
    REFUSED[name](epoch)
    with pytest.raises(PatchdeskError) as caught:
        mails(epoch)
    assert "secret" not in caught.value.message


def evil_configuration(epoch: Path, marker: Path) -> None:
    """Let everything that git can be told to run write a marker."""
    run = f"touch {marker}"
    script = f"#!/bin/sh\n{run}\n"
    hooks = epoch / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        *(
            "post-checkout",
            "pre-auto-gc",
            "reference-transaction",
            "post-update",
            "update",
            "pre-receive",
        ),
        *("fsmonitor-watchman", "post-index-change", "post-rewrite", "proc-receive"),
    ):
        (hooks / name).write_text(script)
        (hooks / name).chmod(0o755)
    with (epoch / "config").open("a") as config:
        config.write(
            f'[core]\n\tfsmonitor = "{run}"\n\tsshCommand = "{run}"\n\tpager = "{run}"\n\teditor = "{run}"\n\thooksPath = "{hooks}"\n'
            f'\taskPass = "{run}"\n\tgitProxy = "{run}"\n\tattributesFile = {epoch}/attributes\n\talternateRefsCommand = "{run}"\n'
            f'[diff "x"]\n\ttextconv = "{run}"\n\tcommand = "{run}"\n[filter "x"]\n\tsmudge = "{run}"\n\tclean = "{run}"\n'
            f'[credential]\n\thelper = "!{run}"\n[uploadpack]\n\tpackObjectsHook = "{run}"\n[gpg]\n\tprogram = "{run}"\n'
            f'[alias]\n\tlog = "!{run}"\n\tversion = "!{run}"\n[b4]\n\tmidmask = http://evil.example/%s\n[remote "origin"]\n\turl = "ext::{run}"\n'
            f'[url "ext::{run} "]\n\tinsteadOf = http\n[safe]\n\tdirectory = *\n'
        )
    (epoch / "attributes").write_text("* diff=x filter=x\n")
    (epoch / "info").mkdir(exist_ok=True)
    (epoch / "info" / "attributes").write_text("* diff=x filter=x\n")
    for place in (epoch, epoch.parent, epoch.parent.parent):
        (place / ".b4-config").write_text("[b4]\n\tmidmask = http://evil.example/%s\n")
        (place / ".gitattributes").write_text("* diff=x filter=x\n")
        (place / "core").mkdir(exist_ok=True)
        (place / "core" / "__init__.py").write_text(f"open({str(marker)!r}, 'w')\n")
        (place / "sitecustomize.py").write_text(f"open({str(marker)!r}, 'w')\n")


def test_nothing_that_a_repository_says_is_run(epoch: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    evil_configuration(epoch, marker)
    home = tmp_path / "home"
    home.mkdir()
    folder = epoch.parent.parent
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    for words in (
        ("series", str(folder), "--all", "--json"),
        ("digest", "2000-01-01..", str(folder)),
        ("follow", "evil", str(folder)),
        ("sync",),
        ("sync",),
        ("series", "--all"),
        ("config",),
        ("doctor",),
    ):
        done = subprocess.run(
            [Path(sys.executable).with_name("patchdesk"), *words],
            cwd=epoch,
            env=environment,
            capture_output=True,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        assert b"evil.example" not in done.stdout
        if words[0] not in {"doctor"}:
            assert done.returncode == 0, (words, done.stderr)
        assert not marker.exists(), words


# ------------------------------------------------------------------- in a process with a deadline


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch, epoch: Path) -> Path:
    """An archive on which whoever opens it waits for ever with the interpreter locked, as on a disk that hangs."""
    os.mkfifo(epoch / "pipe")
    blocks = (
        "import ctypes, sys\n"
        "from core.sources import archive_process, repository\n"
        "def hang(folder):\n"
        f"    if str(folder) == {str(epoch)!r}:\n"
        f"        ctypes.PyDLL(None).open({os.fsencode(epoch / 'pipe')!r}, 0)\n"
        "repository._check_files = hang\n"
        "from core.system import child_process\n"
        "child_process.run_child(*sys.argv[1:])\n"
    )
    isolated_archive.close_idle_child()
    monkeypatch.setattr(
        child_process, "command", lambda module: [sys.executable, "-P", "-c", blocks, module]
    )
    monkeypatch.setattr(isolated_archive, "PATIENCE", 2.0)
    monkeypatch.setattr(isolated_archive, "DEADLINE", 2.0)
    return epoch


def test_a_disk_that_hangs_ends_in_a_sentence(hung: Path) -> None:
    with pytest.raises(ChildError, match="took too long"):
        isolated_archive.open_isolated(hung.parent.parent)
    with pytest.raises(ChildError, match="took too long"):
        isolated_archive.read_blob(str(hung), bytes(20))


def test_a_list_that_hangs_stops_no_other(hung: Path, tmp_path: Path) -> None:
    good = Epoch(tmp_path / "good")
    good.add(mail("good"))
    lists = {
        "bad": FollowedList(target=str(hung.parent.parent)),
        "good": FollowedList(target=str(tmp_path / "good")),
    }
    results = list(
        sync(
            lists,
            DataDirs(tmp_path / "data", tmp_path / "cache"),
            SyncDepth(),
            options=FetchOptions(),
            stop=Event(),
            report=lambda _: None,
        )
    )
    assert [result.name for result in results] == ["bad", "good"]
    assert results[0].error is not None
    assert "took too long" in results[0].error.message
    assert (results[1].error, results[1].added) == (None, 1)


def test_reading_apart_finds_what_reading_here_finds(epoch: Path) -> None:
    here = open_archive(epoch.parent.parent)
    apart = isolated_archive.open_isolated(epoch.parent.parent)
    assert apart.name == here.name
    there = [raw.raw for raw in apart.mails(stop=Event(), report=lambda _: None)]
    assert there == mails(epoch)
    (only,) = here.mails(stop=Event(), report=lambda _: None)
    assert apart.read(only.key) == here.read(only.key) == only.raw
    assert isolated_archive.read_blob(str(epoch), bytes.fromhex(only.key)) == only.raw
    assert isolated_archive.read_blob(str(epoch), bytes(20)) == b""
    with pytest.raises(SourceError, match="no longer"):
        apart.read("0" * 40)
    job = ProgressJob("", "", stop=Event(), closed=Event(), report=lambda _: None)
    (part,) = apart.incremental_parts()
    (change,) = part.changes("", Mock(), job)
    assert (change.blob.hex(), change.raw) == (only.key, None)
    assert change.parsed == parse_for_storage(only.raw, change.blob, keep=False)
