"""The odd mails and archives that lie beside the repository (`../shared`), for the tests that read them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pygit2
import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


def shared(path: str) -> Path:
    """Return a file or folder of ../shared, or skip the test where that is not there."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"../shared/{path} is not here")
    return found


def expectations(source: str) -> dict[str, Any]:
    """Return the stated expectations for a collection of mails: `patchwork`, `git-t`, ..."""
    loaded: dict[str, Any] = json.loads(shared(f"mails/{source}/expectations.json").read_bytes())
    return loaded


def git(*arguments: str, folder: Path, stdin: bytes = b"") -> bytes:
    """Run git without any configuration; return its output."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["git", *arguments],
        input=stdin,
        capture_output=True,
        check=True,
        cwd=folder,
        env=environment,
        timeout=60,
    )
    return done.stdout


def split_mbox(path: Path, folder: Path) -> list[bytes]:
    """Return the mails of an mbox as `git mailsplit` divides it; a file that is none is one mail."""
    if not path.read_bytes().lstrip().startswith(b"From "):
        return [path.read_bytes()]
    folder.mkdir(parents=True, exist_ok=True)
    git("mailsplit", f"-o{folder}", str(path), folder=folder)
    return [piece.read_bytes() for piece in sorted(folder.iterdir())]


def kvm_ppc(folder: Path) -> list[bytes]:
    """Return all mails of the kvm-ppc archive, oldest first; `folder` takes its clone."""
    bundle = shared("archives/kvm-ppc.bundle")
    git("clone", "-q", "--mirror", str(bundle), str(folder / "0.git"), folder=folder)
    repository = pygit2.Repository(str(folder / "0.git"))
    order = pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.REVERSE
    mails: list[bytes] = []
    for commit in repository.walk(repository.head.target, order):
        if "m" in commit.tree:
            blob = commit.tree["m"]
            assert isinstance(blob, pygit2.Blob)
            mails.append(blob.data)
    return mails
