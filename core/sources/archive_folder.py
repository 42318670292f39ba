"""Finds a public-inbox archive's repositories in a folder, without opening one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_EPOCH: Final = re.compile(r"(\d{1,6})\.git")


def is_archive(path: Path) -> bool:
    """Tell whether a folder is a git repository, or has public-inbox epochs in it."""
    return _is_repository(path) or bool(_epochs(path))


def repositories_in(path: Path) -> list[Path]:
    """Return the epochs of a v2 folder, the oldest first; a repository is its own."""
    return [path] if _is_repository(path) else _epochs(path)


def archive_name(path: Path) -> str:
    """Return the name of an archive."""
    name = path.parent.parent.name if _EPOCH.fullmatch(path.name) else path.name
    return name.removesuffix(".git") or str(path)


def epoch_number(path: Path, otherwise: int) -> int:
    """Return the number in the name of an epoch's repository."""
    match = _EPOCH.fullmatch(path.name)
    return int(match[1]) if match else otherwise


def _is_repository(path: Path) -> bool:
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()
    return bare or (path / ".git").exists()


def _epochs(path: Path) -> list[Path]:
    """Return the epochs of a v2 folder (or of its `git` folder), oldest first."""
    for folder in (path / "git", path):
        try:
            children = list(folder.iterdir())
        except OSError:
            continue
        found = [
            (int(match[1]), child) for child in children if (match := _EPOCH.fullmatch(child.name))
        ]
        found = [(number, child) for number, child in found if _is_repository(child)]
        if found:
            return [child for _, child in sorted(found)]
    return []
