"""public-inbox archives on disk: the git repositories in which a list's mails lie.

Formats (public-inbox-v2-format(5), public-inbox-v1-format(5)): in v2 every commit of an epoch `git/N.git` has one file,
`m` (a mail that arrived) or `d` (one that was removed); in v1 the tree holds every mail as `2/38` of a SHA-1 in hex.
"""

from __future__ import annotations

import errno
import re
import stat
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Final

import pygit2
from pygit2.enums import ObjectType, Option, RepositoryOpenFlag

from core.errors import SourceError, TargetError
from core.model import RawMessage
from core.progress import ProgressCallback, ProgressJob
from core.sources.byte_store import error_reason
from core.sources.mbox import MAIL_CAP

# Reading costs 1.7 times as much where libgit2 hashes each object again; zlib's checksum still finds a broken disk.
pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, False)
# Every object is read once: kept ones only fill the memory.
pygit2.option(Option.ENABLE_CACHING, False)
# Packs are read here and there; what is mapped of them counts as this program's memory.
pygit2.settings.mwindow_size = 4 << 20
pygit2.settings.mwindow_mapped_limit = 32 << 20
# Archives on shared disks belong to another user. Only objects are read: nothing in a repository can be run by that.
pygit2.option(Option.SET_OWNER_VALIDATION, 0)

_EPOCH: Final = re.compile(r"(\d{1,6})\.git")
_FAN: Final = re.compile(r"[0-9a-f]{2}")
_BRANCH: Final = "refs/heads/master"
_MOST_FILES: Final = 20_000
_LARGEST_CONFIG: Final = 1 << 20
_INCLUDED: Final = re.compile(rb"\[include\]\s{1,9}path = \.\./\.\./all\.git/config\n")
"""What public-inbox-init writes into an epoch's configuration."""
GIT_ERRORS: Final = (pygit2.GitError, KeyError, ValueError, OSError)
"""What pygit2 raises where a repository is damaged, or not there."""


def is_archive(path: Path) -> bool:
    """Tell whether a folder is a git repository, or has public-inbox epochs in it."""
    return _is_repository(path) or bool(_epochs(path))


def open_archive(path: Path) -> PublicInboxSource:
    """Open a v2 folder, a v1 repository, or one epoch, bare or cloned. Raises TargetError."""
    epochs = [path] if _is_repository(path) else _epochs(path)
    for epoch in epochs:
        try:
            tip = newest_commit(open_repository(epoch))
        except GIT_ERRORS as error:
            raise TargetError(
                f"{epoch} cannot be opened as a git repository: {describe_git_error(error)}.",
                "Check it with git fsck, or clone it again.",
            ) from error
        if tip is not None and not (_is_v2(tip) or is_v1(tip)):
            raise TargetError(
                f"{path} is a git repository, but no public-inbox archive: it holds no mails.",
                "Open a list's archive: a folder with git/0.git in it, or a clone of one epoch.",
            )
    return PublicInboxSource(path, epochs)


class PublicInboxSource:
    """A list's archive; in v2 the newest mail comes first.

    A mail's key is the id of its blob.
    """

    is_list = True

    def __init__(self, path: Path, epochs: list[Path]) -> None:
        """Take the epochs' repositories, oldest first."""
        self.name = path.parent.parent.name if _EPOCH.fullmatch(path.name) else path.name
        self.name = self.name.removesuffix(".git") or str(path)
        self._epochs = epochs
        self._closed = Event()
        self._notes: list[str] = []
        self._unreadable: list[str] = []
        self._lock = threading.Lock()
        self._readers: list[pygit2.Repository] = []

    @property
    def epochs(self) -> tuple[Path, ...]:
        """The repositories, oldest first."""
        return tuple(self._epochs)

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read so far."""
        if not self._unreadable:
            return tuple(self._notes)
        count = len(self._unreadable)
        mails = "A mail" if count == 1 else f"{count} mails"
        return (*self._notes, f"{mails} of {self.name} cannot be read ({self._unreadable[0]}).")

    def mails(self, *, stop: Event, report: ProgressCallback) -> Iterator[RawMessage]:
        """Yield the mails that are in the archive now, without the removed and the purged."""
        job = ProgressJob(
            f"Reading {self.name}", "mail", stop=stop, closed=self._closed, report=report
        )
        self._notes.clear()
        self._unreadable.clear()
        removed: Counter[str] = Counter()
        done = 0
        for epoch in reversed(self._epochs):
            try:
                repository = open_repository(epoch)
                tip = newest_commit(repository)
            except GIT_ERRORS as error:
                raise SourceError(
                    f"{epoch} cannot be read: {describe_git_error(error)}."
                ) from error
            if tip is None:
                continue
            for blob in self._blobs(epoch, tip, removed):
                job.tick(done)
                raw = self._blob(repository, blob)
                if raw:  # a purged mail is an empty blob
                    done += 1
                    yield RawMessage(raw, str(blob))

    def read(self, key: str) -> bytes:
        """Return one mail's bytes."""
        with self._lock:  # a repository serves one thread at a time
            try:
                if not self._readers:
                    self._readers = [open_repository(epoch) for epoch in reversed(self._epochs)]
                for repository in self._readers:
                    if key in repository:
                        return repository.odb.read(pygit2.Oid(hex=key))[1]
            except GIT_ERRORS as error:
                raise SourceError(
                    f"A mail of {self.name} cannot be read: {describe_git_error(error)}."
                ) from error
        raise SourceError(
            f"This mail is no longer in {self.name}.", "It was edited or purged. Open it again."
        )

    def close(self) -> None:
        """End a running `mails`."""
        self._closed.set()

    def _blobs(
        self, epoch: Path, tip: pygit2.Commit, removed: Counter[str]
    ) -> Iterator[pygit2.Oid]:
        if is_v1(tip):
            yield from v1_blobs(tip.tree)
            return
        try:
            yield from _history_blobs(tip, removed)
        except GIT_ERRORS as error:
            self._notes.append(
                f"{epoch} is not whole, older mails are missing: {describe_git_error(error)}."
            )

    def _blob(self, repository: pygit2.Repository, blob: pygit2.Oid) -> bytes:
        try:
            kind, size = repository.odb.read_header(blob)
            if kind != ObjectType.BLOB or not size:
                return b""
            if size > MAIL_CAP:
                self._unreadable.append(f"{blob}: {size >> 20} MiB are too much")
                return b""
            return repository.odb.read(blob)[1]
        except GIT_ERRORS as error:
            self._unreadable.append(f"{blob}: {describe_git_error(error)}")
            return b""


def describe_git_error(error: Exception) -> str:
    """Return the reason of one of `FAULTS`, as words for the end of a sentence."""
    return "an object is missing" if isinstance(error, KeyError) else error_reason(error)


def _history_blobs(commit: pygit2.Commit, removed: Counter[str]) -> Iterator[pygit2.Oid]:
    """Follow an epoch's commits back from its tip; `removed` goes on from the epochs after it."""
    last = None
    while True:
        tree = commit.tree
        if "d" in tree:
            removed[str(tree["d"].id)] += 1
        elif "m" in tree and (blob := tree["m"].id) != last:
            last = blob
            if removed and removed[str(blob)]:
                removed[str(blob)] -= 1
            else:
                yield blob
        parents = commit.parents
        if not parents:
            return
        commit = parents[0]


def v1_blobs(tree: pygit2.Tree, depth: int = 0) -> Iterator[pygit2.Oid]:
    """Yield the mails of a v1 archive, given its newest tree."""
    for entry in tree:
        if isinstance(entry, pygit2.Blob) and depth:
            yield entry.id
        elif isinstance(entry, pygit2.Tree) and depth < 2:
            yield from v1_blobs(entry, depth + 1)


def _is_v2(tip: pygit2.Commit) -> bool:
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


def _is_repository(path: Path) -> bool:
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()
    return bare or (path / ".git").exists()


def _epochs(path: Path) -> list[Path]:
    """Return the epochs of a v2 folder (or of its `git` folder), oldest first."""
    found = []
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
            break
    return [child for _, child in sorted(found)]


def open_repository(path: Path) -> pygit2.Repository:
    """Open the repository that a folder is: as data, which leads nowhere else. Raises one of `FAULTS`.

    What borrows from, includes or is a link to something else is refused, and what would have to be waited for.
    """
    folder = path / ".git" if (path / ".git").exists() else path
    _check_files(folder)
    repository = pygit2.Repository(str(folder), RepositoryOpenFlag.NO_SEARCH)
    objects = str(folder / "objects")
    store = pygit2.Odb()
    store.add_backend(pygit2.OdbBackendPack(objects), 2)
    store.add_backend(pygit2.OdbBackendLoose(objects, -1, False), 1)
    repository.set_odb(store)
    return repository


def _check_files(folder: Path) -> None:
    """Raise OSError where a file that libgit2 reads on its own is a pipe or device, or leads elsewhere."""
    if not folder.is_dir() or (folder / "commondir").exists():
        raise OSError(errno.ENOTSUP, "it is a link to another repository")
    if (folder / "objects" / "info" / "alternates").exists():
        raise OSError(errno.ENOTSUP, "it borrows from another one (git repack -ad makes it whole)")
    config = folder / "config"
    files = [config, folder / "HEAD", folder / "packed-refs", folder / "shallow"]
    for where in (folder / "refs", folder / "objects" / "pack"):
        files += islice(where.rglob("*"), _MOST_FILES)
    for file in files:
        with suppress(FileNotFoundError):
            mode = file.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise OSError(errno.ENOTSUP, f"its {file.name} is no file")
    with suppress(FileNotFoundError):
        _check_configuration(config)


def _check_configuration(config: Path) -> None:
    """Raise OSError where a configuration includes another file than the one that public-inbox keeps for all epochs."""
    with config.open("rb") as file:
        text = file.read(_LARGEST_CONFIG + 1)
    if len(text) > _LARGEST_CONFIG:
        raise OSError(errno.EFBIG, "its configuration is too large")
    if b"include" not in text.lower():
        return
    common = config.parent.parent.parent / "all.git" / "config"
    if _INCLUDED.sub(b"", text).lower().count(b"include") or (
        common.exists() and (not common.is_file() or b"include" in common.read_bytes().lower())
    ):
        raise OSError(errno.ENOTSUP, "its configuration includes other files")


def newest_commit(repository: pygit2.Repository) -> pygit2.Commit | None:
    """Return the newest commit, None in an epoch that has just begun."""
    if _BRANCH in repository.references:
        return repository.references[_BRANCH].peel(pygit2.Commit)
    return None if repository.head_is_unborn else repository.head.peel(pygit2.Commit)
