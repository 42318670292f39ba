"""A public-inbox epoch as a feed: its commits, from where the last run stopped.

The newest mails are wanted first, so the first run goes back from the tip; where it is interrupted, the next reads
the commits that came meanwhile, forward, and then resumes going back. A position is thus two commits: `top`, up to
which all is known, and
`next`, from which to go further back. An edited or purged history has neither: then messages that the new history
lacks are removed, and it is walked back from its tip; stored messages are not read again.

Format: public-inbox-v2-format(5): each commit has one file, `m` (a mail that came) or `d` (one that was removed). Of
several of one mail the last counts. In v1 the tree holds the mails: two trees are compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType

from core.errors import SourceError
from core.progress import ProgressJob
from core.sources.mbox import MAIL_CAP
from core.sources.repository import (
    GIT_ERRORS,
    Repository,
    describe_git_error,
    is_v1,
    v1_blobs,
)
from core.sources.source import MailChange, StoredPart


class EpochFeed:
    """One epoch of a list, or a v1 archive."""

    def __init__(self, path: Path, part_name: str, order: int) -> None:
        self.part_name = part_name
        self.order = order
        self.path = str(path.resolve())
        self._repository: Repository | None = None
        self._top = ""
        self._next = ""
        self._held: set[bytes] = set()
        self._notes: list[str] = []
        self._unread = 0

    @property
    def cursor(self) -> str:
        """The position to resume from, once everything yielded so far is stored."""
        return json.dumps({"top": self._top, "next": self._next}) if self._top else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far."""
        if not self._unread:
            return tuple(self._notes)
        mails = "1 mail" if self._unread == 1 else f"{self._unread} mails"
        return (*self._notes, f"{mails} of epoch {self.part_name} could not be read.")

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:
        """Yield the changes since `position`; of older messages, the newest first."""
        self._top, self._next = _read_cursor(cursor)
        self._held = set()
        try:
            repository = self._opened()
            tip = repository.newest_commit()
            if tip is None:
                return
            if is_v1(tip):
                yield from self._tree_changes(tip, held, job)
                return
            if self._top and self._top != str(tip.id):
                yield from self._since(tip, held, job)
            elif not self._top:
                self._top = self._next = str(tip.id)
            yield from self._back(job)
        except GIT_ERRORS as error:
            raise SourceError(
                f"{self.path} cannot be read: {describe_git_error(error)}."
            ) from error

    def read(self, blob: bytes) -> bytes:
        """Return a mail's bytes; of one that was purged none."""
        try:
            odb = self._opened().odb
            oid = pygit2.Oid(raw=blob)
            kind, size = odb.read_header(oid)
            if kind == ObjectType.BLOB and 0 < size <= MAIL_CAP:
                return odb.read(oid)[1]
            self._unread += size > 0
        except GIT_ERRORS:
            self._unread += 1
        return b""

    def _opened(self) -> Repository:
        if self._repository is None:
            self._repository = Repository(Path(self.path))
        return self._repository

    def _since(
        self, tip: pygit2.Commit, held: StoredPart, job: ProgressJob
    ) -> Iterator[MailChange]:
        """Yield the commits after `top`, in order; where `top` is no longer in the history, the removed messages."""
        later: list[tuple[str, bytes, bool]] = []
        for commit in self._history(tip):
            if str(commit.id) == self._top:
                break
            job.tick(0)
            if (change := self._change(commit)) is not None:
                later.append((str(commit.id), *change))
        else:
            self._top = "rewritten"  # no commit: whoever is stopped here begins here again
            yield from self._gone(later, held)
            self._top = self._next = str(tip.id)
            return
        for name, blob, added in reversed(later):
            self._top = name
            yield MailChange(blob, added)
        self._top = str(tip.id)

    def _gone(
        self, history: list[tuple[str, bytes, bool]], held: StoredPart
    ) -> Iterator[MailChange]:
        """Yield the mails that a rewritten history has no longer."""
        last: dict[bytes, bool] = {}
        for _, blob, added in history:
            last.setdefault(blob, added)
        held.history_rewritten({blob for blob, added in last.items() if not added})
        repository = self._opened()
        self._held = held.blobs()
        for blob in self._held:
            # Of a shallow clone's history nobody knows the beginning; but what is gone from it is gone.
            stays = repository.is_shallow and pygit2.Oid(raw=blob) in repository.odb
            if not last.get(blob, stays):
                yield MailChange(blob, added=False, vanished=True)

    def _back(self, job: ProgressJob) -> Iterator[MailChange]:
        """Yield the commits before all that are stored, the newest first."""
        if not self._next:
            return
        repository = self._opened()
        if self._next not in repository.objects:
            return  # a shallow clone ends here, and was not deepened since
        for commit in self._history(repository.commit(self._next)):
            job.tick(0)
            self._next = str(commit.parent_ids[0]) if commit.parent_ids else ""
            if (change := self._change(commit)) is not None:
                blob, added = change
                yield MailChange(blob, added, is_backfill=True, is_stored=blob in self._held)
        if self._next and not repository.is_shallow:
            self._notes.append(f"Epoch {self.part_name} is incomplete: older mails are missing.")

    def _history(self, commit: pygit2.Commit) -> Iterator[pygit2.Commit]:
        """Yield a commit and those before it, as far as they are there."""
        try:
            yield from self._opened().history(commit)
        except GIT_ERRORS:
            return

    def _change(self, commit: pygit2.Commit) -> tuple[bytes, bool] | None:
        """Return the mail that a commit added, or (False) removed; None where it did neither."""
        try:
            tree = commit.tree
        except GIT_ERRORS:
            self._unread += 1
            return None
        if "m" in tree:
            return tree["m"].id.raw, True
        if "d" in tree:
            return tree["d"].id.raw, False
        return None

    def _tree_changes(
        self, tip: pygit2.Commit, held: StoredPart, job: ProgressJob
    ) -> Iterator[MailChange]:
        if self._top == str(tip.id):
            return
        there = {oid.raw for oid in v1_blobs(tip.tree)}
        known = held.blobs()
        self._top = ""
        for blob in known - there:
            yield MailChange(blob, added=False, vanished=True)
        for blob in there - known:
            job.tick(0)
            yield MailChange(blob, added=True)
        self._top = str(tip.id)


def _read_cursor(cursor: str) -> tuple[str, str]:
    try:
        read = json.loads(cursor) if cursor else {}
        return str(read.get("top", "")), str(read.get("next", ""))
    except (ValueError, AttributeError):
        return cursor, ""  # no commit of any history: as if that had been rewritten
