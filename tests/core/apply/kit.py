"""Small repositories, and the patches that `git format-patch` makes of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from core.apply.values import PatchSource
from core.mail.message import parse_message

_WHO = {
    "GIT_AUTHOR_NAME": "Ann Author",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Rex Reviewer",
    "GIT_COMMITTER_EMAIL": "rex@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": "2026-01-01T12:00:00+0000",
    "GIT_COMMITTER_DATE": "2026-01-01T12:00:00+0000",
}


def git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """Run git as an invented user, and return its output."""
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        input=given,
        env={**os.environ, **_WHO},
        check=True,
        capture_output=True,
    ).stdout


def text(folder: Path, *arguments: str) -> str:
    """Return git's output, without the line end."""
    return git(folder, *arguments).decode().rstrip("\n")


def commit(folder: Path, files: dict[str, str], title: str, body: str = "") -> str:
    """Commit files, and return the commit."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", title, "-m", body)
    return text(folder, "rev-parse", "HEAD")


def repository(folder: Path) -> Path:
    """Make a repository with two files and one commit."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Rex Reviewer")
    git(folder, "config", "user.email", "rex@example.com")
    lines = "".join(f"line {number}\n" for number in range(40))
    commit(folder, {"a.txt": lines, "dir/b.txt": "one\ntwo\nthree\n"}, "begin")
    return folder


def patches(folder: Path, revisions: str, *options: str) -> list[PatchSource]:
    """Return the output of `git format-patch` for commits, as the patches of a version."""
    mbox = git(folder, "format-patch", "--stdout", "--thread", "--full-index", *options, revisions)
    mails = [bytes(entry) for entry in raw_mails(mbox)]
    found = []
    for number, raw in enumerate(mails, 1):
        message = parse_message(raw)
        found.append(
            PatchSource(
                number=number,
                message_id=message.message_id,
                title=message.subject.title,
                raw=raw,
            )
        )
    return found


def raw_mails(mbox: bytes) -> Iterable[bytes]:
    """Split the output of format-patch."""
    parts = mbox.split(b"\nFrom ")
    for at, part in enumerate(parts):
        whole = part if at == 0 else b"From " + part
        yield whole.partition(b"\n")[2] + (b"\n" if at < len(parts) - 1 else b"")


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return everything that a trial must leave as it was."""
    refs = git(folder, "for-each-ref")
    status = git(folder, "status", "--porcelain=v2", "--branch")
    files = sorted(str(path) for path in folder.rglob("*"))
    return {"refs": refs, "status": status, "files": "\n".join(files).encode()}
