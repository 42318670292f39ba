"""public-inbox archives on disk: the git repositories in which a list's mails lie.

Formats (public-inbox-v2-format(5), public-inbox-v1-format(5)): in v2 every commit of an epoch `git/N.git` has one file,
`m` (a mail that arrived) or `d` (one that was removed); in v1 the tree holds every mail as `2/38` of a SHA-1 in hex.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pygit2
from pygit2.enums import ObjectType

from core.errors import SourceError, TargetError
from core.model import RawMessage
from core.progress import ProgressCallback, ProgressJob, byte_size
from core.sources.archive_folder import archive_name, epoch_number, repositories_in
from core.sources.mbox import MAIL_CAP
from core.sources.public_inbox_feed import EpochFeed
from core.sources.repository import (
    GIT_ERRORS,
    Repository,
    describe_git_error,
    is_v1,
    is_v2,
    v1_blobs,
)
from core.sources.source import IncrementalSource


def open_archive(path: Path) -> PublicInboxSource:
    """Open a v2 folder, a v1 repository, or one epoch, bare or cloned. Raises TargetError."""
    epochs = repositories_in(path)
    for epoch in epochs:
        try:
            tip = Repository(epoch).newest_commit()
        except GIT_ERRORS as error:
            raise TargetError(
                f"{epoch} cannot be opened as a git repository: {describe_git_error(error)}.",
                "Check it with git fsck, or clone it again.",
            ) from error
        if tip is not None and not (is_v2(tip) or is_v1(tip)):
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
        self.name = archive_name(path)
        self._epochs = epochs
        self._closed = Event()
        self._notes: list[str] = []
        self._unreadable: list[str] = []
        self._lock = threading.Lock()
        self._readers: list[Repository] = []

    @property
    def epochs(self) -> tuple[Path, ...]:
        """The repositories, oldest first."""
        return tuple(self._epochs)

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far."""
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
                repository = Repository(epoch)
                tip = repository.newest_commit()
            except GIT_ERRORS as error:
                raise SourceError(
                    f"{epoch} cannot be read: {describe_git_error(error)}."
                ) from error
            if tip is None:
                continue
            for blob in self._blobs(epoch, repository, tip, removed):
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
                    self._readers = [Repository(epoch) for epoch in reversed(self._epochs)]
                for repository in self._readers:
                    if key in repository.objects:
                        return repository.odb.read(pygit2.Oid(hex=key))[1]
            except GIT_ERRORS as error:
                raise SourceError(
                    f"A mail of {self.name} cannot be read: {describe_git_error(error)}."
                ) from error
        raise SourceError(
            f"This mail is no longer in {self.name}.", "It was edited or purged. Open it again."
        )

    def incremental_parts(self) -> list[IncrementalSource]:
        """Return the epochs, the newest first."""
        parts: list[IncrementalSource] = []
        for place, path in enumerate(self._epochs):
            number = epoch_number(path, place)
            parts.append(EpochFeed(path, str(number), number))
        return parts[::-1]

    def close(self) -> None:
        """End a running `mails`."""
        self._closed.set()

    def _blobs(
        self, epoch: Path, repository: Repository, tip: pygit2.Commit, removed: Counter[str]
    ) -> Iterator[pygit2.Oid]:
        if is_v1(tip):
            yield from v1_blobs(tip.tree)
            return
        try:
            yield from _history_blobs(repository, tip, removed)
        except GIT_ERRORS as error:
            self._notes.append(
                f"{epoch} is incomplete: older mails are missing: {describe_git_error(error)}."
            )

    def _blob(self, repository: Repository, blob: pygit2.Oid) -> bytes:
        try:
            kind, size = repository.odb.read_header(blob)
            if kind != ObjectType.BLOB or not size:
                return b""
            if size > MAIL_CAP:
                self._unreadable.append(f"{blob}: {byte_size(size)} are too large")
                return b""
            return repository.odb.read(blob)[1]
        except GIT_ERRORS as error:
            self._unreadable.append(f"{blob}: {describe_git_error(error)}")
            return b""


def _history_blobs(
    repository: Repository, tip: pygit2.Commit, removed: Counter[str]
) -> Iterator[pygit2.Oid]:
    """Follow an epoch's commits back from its tip; `removed` is carried over from the later epochs."""
    last = None
    for commit in repository.history(tip):
        tree = commit.tree
        if "d" in tree:
            removed[str(tree["d"].id)] += 1
        elif "m" in tree and (blob := tree["m"].id) != last:
            last = blob
            if removed and removed[str(blob)]:
                removed[str(blob)] -= 1
            else:
                yield blob
