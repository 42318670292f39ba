"""A git repository as a store of objects: nothing in it is run, obeyed, followed elsewhere or waited for.

libgit2 is given the folder of the objects and nothing else, so that it reads neither configuration nor grafts; refs are
read by `core.sources.git_refs`. Faults that no check can exclude (a disk that hangs, a file that changes meanwhile)
block libgit2 with the interpreter locked: open a stranger's repository in a child process.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pygit2
from pygit2.enums import Option

from core.sources.byte_store import error_reason
from core.sources.git_refs import RefFiles

# Reading costs 1.7 times as much where libgit2 hashes each object again; zlib's checksum still finds a broken disk.
pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, False)
# Every object is read once: kept ones only fill the memory.
pygit2.option(Option.ENABLE_CACHING, False)
# Packs are read here and there; what is mapped of them counts as this program's memory.
pygit2.settings.mwindow_size = 4 << 20
pygit2.settings.mwindow_mapped_limit = 32 << 20

GIT_ERRORS: Final = (pygit2.GitError, KeyError, ValueError, OSError)
"""The exceptions of pygit2 for a damaged or missing repository."""

_BRANCH: Final = "refs/heads/master"
_FAN: Final = re.compile(r"[0-9a-f]{2}")
_MOST_FILES: Final = 50_000


class Repository:
    """One repository, opened for reading. All raise `GIT_ERRORS`."""

    def __init__(self, path: Path) -> None:
        """Open the repository in a folder, bare or with a working tree.

        A repository that borrows objects, is a link, or leads outside its folder is refused.
        """
        folder = path / ".git" if (path / ".git").exists() else path
        _check_files(folder)
        self.refs = RefFiles(folder)
        self.objects = pygit2.Repository()
        """pygit2's repository, which has the objects alone."""
        where = str(folder / "objects")
        store = pygit2.Odb()
        store.add_backend(pygit2.OdbBackendPack(where), 2)
        store.add_backend(pygit2.OdbBackendLoose(where, -1, False), 1)
        self.objects.set_odb(store)
        self.odb = store
        self._shallow = self.refs.shallow

    @property
    def is_shallow(self) -> bool:
        """Whether it was cloned from a date on."""
        return bool(self._shallow)

    def newest_commit(self) -> pygit2.Commit | None:
        """Return the newest commit of the branch that public-inbox writes, else of HEAD; None where nothing came yet."""
        tip = self.refs.lookup(_BRANCH) or self.refs.lookup("HEAD")
        return None if tip is None else self.commit(tip)

    def commit(self, name: str | pygit2.Oid) -> pygit2.Commit:
        """Return the commit with an id, or that a tag with that id names."""
        found: Any = self.objects[name]
        return found if isinstance(found, pygit2.Commit) else found.peel(pygit2.Commit)

    def history(self, commit: pygit2.Commit) -> Iterator[pygit2.Commit]:
        """Yield a commit and those before it along first parents, to where a shallow clone ends."""
        while True:
            yield commit
            parents = commit.parent_ids
            if not parents or str(commit.id) in self._shallow:
                return
            commit = self.commit(parents[0])


def describe_git_error(error: Exception) -> str:
    """Return the reason of one of `GIT_ERRORS`, as words for the end of a sentence."""
    return "an object is missing" if isinstance(error, KeyError) else error_reason(error)


def is_v2(tip: pygit2.Commit) -> bool:
    """Tell whether a repository's newest commit is that of a v2 epoch."""
    names = [entry.name for entry in _first_entries(tip)]
    return bool(names) and set(names) <= {"m", "d"}


def is_v1(tip: pygit2.Commit) -> bool:
    """Tell whether a repository's newest commit is that of a v1 archive."""
    entries = _first_entries(tip)
    return bool(entries) and all(
        isinstance(entry, pygit2.Tree) and _FAN.fullmatch(entry.name or "") for entry in entries
    )


def _first_entries(tip: pygit2.Commit) -> list[pygit2.Object]:
    return [entry for _, entry in zip(range(300), tip.tree, strict=False)]


def v1_blobs(tree: pygit2.Tree, depth: int = 0) -> Iterator[pygit2.Oid]:
    """Yield the mails of a v1 archive, given its newest tree."""
    for entry in tree:
        if isinstance(entry, pygit2.Blob) and depth:
            yield entry.id
        elif isinstance(entry, pygit2.Tree) and depth < 2:
            yield from v1_blobs(entry, depth + 1)


def _check_files(folder: Path) -> None:
    """Raise OSError where a file that libgit2 would open is a pipe or device, or leads elsewhere."""
    if not folder.is_dir() or (folder / "commondir").exists():
        raise OSError(errno.ENOTSUP, "it is a link to another repository")
    objects = folder / "objects"
    if os.path.lexists(objects / "info" / "alternates"):
        raise OSError(
            errno.ENOTSUP, "it borrows objects from another one (git repack -ad copies them)"
        )
    inside = os.path.realpath(folder)
    _check_folder(folder, objects, inside)
    for entry in _entries(objects):
        if entry.is_dir(follow_symlinks=True):
            _check_folder(folder, Path(entry.path), inside)


def _check_folder(repository: Path, folder: Path, inside: str) -> None:
    """Check a folder and the files right in it."""
    if os.path.commonpath([inside, os.path.realpath(folder)]) != inside:
        raise OSError(errno.ENOTSUP, f"its {folder.relative_to(repository)} leads out of it")
    for entry in _entries(folder):
        try:
            mode = entry.stat(follow_symlinks=True).st_mode
        except FileNotFoundError:  # it is gone meanwhile, or a link to nothing
            continue
        name = Path(entry.path).relative_to(repository)
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise OSError(errno.ENOTSUP, f"its {name} is not a file")
        if (
            entry.is_symlink()
            and os.path.commonpath([inside, os.path.realpath(entry.path)]) != inside
        ):
            raise OSError(errno.ENOTSUP, f"its {name} leads out of it")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(islice(found, _MOST_FILES))
    except FileNotFoundError:
        return []
