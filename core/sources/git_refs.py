"""The refs of a git repository, read as plain files: nothing in it is run, obeyed or waited for.

Formats: gitrepository-layout(5), git-pack-refs(1). Files that libgit2 and git read on their own (the configuration and
its includes, grafts, hooks) are never opened.
"""

from __future__ import annotations

import errno
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Final

from core.errors import PatchdeskError
from core.sources.byte_store import error_reason, open_regular

_OID: Final = re.compile(r"[0-9a-f]{40}")
_NAME: Final = re.compile(r"(?:HEAD|refs/[^\x00-\x20\x7f~^:?*\[\\]{1,500})")
_LINE_CAP: Final = 1000
_FILE_CAP: Final = 16 << 20
"""Bytes of packed-refs or shallow; linux.git has less than one million."""
_LINKS: Final = 5
_FORMS: Final = ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}")
"""Where git looks for a name, in its order (gitrevisions(7))."""


class RefFiles:
    """The refs in a repository's folder (.git in a working tree). All methods raise OSError."""

    def __init__(self, folder: Path, *, tag_folder: Path | None = None) -> None:
        """Take the folder, and the one of the refs that worktrees share where that is another."""
        self._folders = [folder] if tag_folder is None else [folder, tag_folder]

    def lookup(self, name: str) -> str | None:
        """Return the id, in hex, of a full name ("refs/heads/master", "HEAD"); None where there is none.

        One that holds neither an id nor a name is damaged: an OSError, not an empty repository.
        """
        for _ in range(_LINKS):
            if not _NAME.fullmatch(name) or ".." in name:
                return None
            value = self._loose(name) or self._packed.get(name, "")
            if not value or _OID.fullmatch(value):
                return value or None
            if not value.startswith("ref:"):
                raise OSError(errno.EINVAL, f"its {name} is damaged")
            name = value[4:].strip()
        return None

    def find(self, name: str) -> tuple[str, str] | None:
        """Return the full name and the id of a short name, by git's rules."""
        for form in _FORMS:
            full = form.format(name)
            if (found := self.lookup(full)) is not None:
                return full, found
        return None

    @cached_property
    def shallow(self) -> frozenset[str]:
        """The commits at which a shallow clone ends."""
        return frozenset(_OID.findall(_read(self._folders[-1] / "shallow", _FILE_CAP)))

    @cached_property
    def _packed(self) -> dict[str, str]:
        found = {}
        for line in _read(self._folders[-1] / "packed-refs", _FILE_CAP).split("\n"):
            oid, _, name = line.partition(" ")
            if _OID.fullmatch(oid):
                found[name] = oid
        return found

    def _loose(self, name: str) -> str:
        for folder in self._folders:
            path = folder / name
            inside = os.path.realpath(folder)
            if os.path.commonpath([inside, os.path.realpath(path)]) != inside:
                raise OSError(errno.ENOTSUP, f"its {name} leads out of it")
            if value := _read(path, _LINE_CAP).strip():
                return value
        return ""


def _read(path: Path, cap: int) -> str:
    """Return a file's text, "" where there is none."""
    try:
        handle = open_regular(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
    except OSError as error:
        raise OSError(
            error.errno, f"its {path.name} cannot be read: {error_reason(error)}"
        ) from error
    with os.fdopen(handle, "rb") as file:
        if os.fstat(handle).st_size > cap:
            raise OSError(errno.EFBIG, f"its {path.name} is too large")
        return file.read(cap).decode("utf-8", "surrogateescape")


def has_tag(repository: str, tag: str) -> bool:
    """Tell whether the git repository at a path (`~` is the home folder) has a tag. Raises PatchdeskError."""
    try:
        path = Path(repository).expanduser()
        return _refs_of(path).lookup(f"refs/tags/{tag}") is not None
    except (ValueError, OSError, RuntimeError) as error:
        raise PatchdeskError(
            f"The repository {repository} cannot be read.", "Mend repo in the list's [lists.NAME]."
        ) from error


def _refs_of(path: Path) -> RefFiles:
    """Find the refs of a working tree, a bare repository or a linked worktree."""
    folder = path / ".git"
    if folder.is_file():  # a linked worktree, or a submodule
        link = _read(folder, 10 * _LINE_CAP)
        folder = path / link.removeprefix("gitdir:").strip()
    elif not folder.exists():
        folder = path
    if not (folder / "HEAD").exists():
        raise OSError(errno.ENOTDIR, "it is not a git repository")
    if common := _read(folder / "commondir", 10 * _LINE_CAP).strip():
        return RefFiles(folder, tag_folder=folder / common)
    return RefFiles(folder)
