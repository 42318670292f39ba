"""Each file of somebody else's repository as a pipe that nobody writes to: every command ends, and other lists go on."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.core.inboxes import Epoch, mail, patch
from tests.end_to_end.program import Program

MISSING = (
    "commondir",
    "config.worktree",
    "index",
    "info/grafts",
    "info/attributes",
    "objects/info/alternates",
    "objects/info/commit-graph",
    "objects/info/packs",
    "objects/pack/multi-pack-index",
    "packed-refs",
    "refs/replace/0000000000000000000000000000000000000000",
    "shallow",
)
"""Files that git looks for and a small repository does not have."""
OF_A_REPOSITORY = (
    ("landed", "one@example.org"),
    ("apply", "one@example.org", "--check"),
    ("apply", "one@example.org", "--branch", "one"),
    ("doctor",),
    ("digest", "2025-05-01..2025-07-01", "list"),
)
"""Commands that read, or write to, the repository of a list."""
PATIENCE = 100.0
"""Seconds that a call may take: more than the program gives a repository."""


def _git_files(folder: Path) -> list[str]:
    """Return the files of a repository; of its objects one of each kind will do."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    objects = sorted(name for name in names if name.startswith("objects/"))
    hooks = {name for name in names if name.startswith("hooks/")}
    return sorted((names - set(objects) - hooks) | set(objects[:3]) | set(MISSING))


def _block(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def _ends(program: Program, *arguments: str) -> tuple[int, str, str]:
    """Run a command that has to end; its child processes have to end with it."""
    with program.start(*arguments) as child:
        try:
            out, err = child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            pytest.fail(f"{arguments} hangs")
    assert "Traceback" not in err
    return child.returncode, out, err


@pytest.mark.timeout(3600)
def test_a_followed_repository_that_blocks(tmp_path: Path) -> None:
    names = _git_files(_archive(tmp_path / "names").path)
    assert {"HEAD", "config", "refs/heads/master"} <= set(names)
    for number, name in enumerate(names):
        home = tmp_path / str(number)
        home.mkdir()
        program = Program(home)
        bad, good = _archive(home / "bad"), _archive(home / "good")
        program.do("follow", "bad", str(bad.path.parent.parent))
        program.do("follow", "good", str(good.path.parent.parent))
        _block(bad.path, name)
        began = time.monotonic()
        status, out, err = _ends(program, "sync")
        assert "good: 2 new messages" in out, (name, out, err)
        assert status == 0 or "bad: " in err, (name, out, err)
        assert _ends(program, "digest", "2025-05-01..2025-07-01", str(home / "bad"))[0] in {0, 1}
        assert _ends(program, "series", str(home / "bad"), "--all")[0] in {0, 1}
        assert time.monotonic() - began < 2 * PATIENCE, name


@pytest.mark.timeout(3600)
def test_the_own_repository_that_blocks(tmp_path: Path) -> None:
    for number, name in enumerate(_git_files(_repository(tmp_path / "names"))):
        home = tmp_path / str(number)
        home.mkdir()
        program = Program(home)
        _archive(home / "list")
        program.do("follow", "list", str(home / "list"))
        folder = _repository(home / "repository")
        text = program.config.read_text()
        program.config.write_text(
            text.replace("[lists.list]\n", f'[lists.list]\nrepo = "{folder}"\n')
        )
        _block(folder, name)
        assert _ends(program, "sync")[0] in {0, 1}
        for command in OF_A_REPOSITORY:
            status, out, err = _ends(program, *command)
            assert status in {0, 1}, (name, command, out, err)


def _archive(folder: Path) -> Epoch:
    made = Epoch(folder)
    made.add(patch("[PATCH] one", mid="one@example.org"))
    made.add(mail("two"))
    return made


def _repository(folder: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    (folder / "file").write_text("one\n")
    git = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "add", "file"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "one"], check=True)
    return folder / ".git"
