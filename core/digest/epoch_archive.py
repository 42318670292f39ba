"""A public-inbox archive on disk as a digest sees it: commits in their order, across all epochs.

Formats: public-inbox-v2-format(5), public-inbox-v1-format(5). Each commit brings one mail or takes one away; the
history of an epoch is one line, and the next epoch begins with a root commit of its own, so `git log A..B` over both
would lose mails. Neither of a commit's dates tells when it came before another; the line does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import pygit2

from core.digest.archive import ArrivedMail, EarlierMail, earlier_from_headers
from core.digest.commit_lookup import EpochRepository, RangeResolver
from core.digest.range import (
    CommitBound,
    DigestRange,
    RangeEnd,
    TimeBound,
    check_order,
    reversed_range,
)
from core.errors import SourceError
from core.sources.mbox import MAIL_CAP
from core.sources.public_inbox import PublicInboxSource
from core.sources.repository import GIT_ERRORS, Repository, describe_git_error

_ASKED: Final = 64
"""Messages whose From is compared with their commit's author."""
_HEAD: Final = 64 << 10
_EPOCH: Final = re.compile(r"(\d{1,6})\.git")


_Step = tuple[EpochRepository, int, pygit2.Oid, bytes]
"""A mail's epoch, when it arrived, its blob, and of the first few the address that the commit names."""


class EpochArchive:
    """A v2 folder, a v1 repository, or one bare epoch."""

    def __init__(self, source: PublicInboxSource) -> None:
        """Take the result of `core.sources.public_inbox.open_archive`. Raises SourceError."""
        self.name = source.name
        self._epochs: list[EpochRepository] = []
        self._notes: list[str] = []
        self._unreadable = 0
        self._known: tuple[DigestRange, list[_Step]] | None = None
        self._met = False
        self._asked = self._agreed = 0
        for path in source.epochs:
            try:
                repository = Repository(path)
                tip = repository.newest_commit()
            except GIT_ERRORS as error:
                raise SourceError(f"{path} cannot be read: {describe_git_error(error)}.") from error
            if tip is not None:
                match = _EPOCH.fullmatch(path.name)
                number = int(match[1]) if match else len(self._epochs)
                self._epochs.append(EpochRepository(number, repository, tip.id))

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far."""
        if not self._unreadable:
            return tuple(self._notes)
        mails = "1 mail" if self._unreadable == 1 else f"{self._unreadable} mails"
        return (*self._notes, f"{mails} of the range could not be read, and are not counted.")

    def close(self) -> None:
        """Let go of the repositories."""
        self._epochs.clear()

    def resolve_range(self, start: str, end: str, now: datetime) -> DigestRange:
        """Return the bounds that a range names here."""
        places = RangeResolver(self.name, self._epochs, now)
        words = (start, end)
        try:
            first, last = places.resolve(start), places.resolve(end)
            if isinstance(last, CommitBound):
                last = places.in_history(last, end)
            if not (isinstance(first, CommitBound) and isinstance(last, CommitBound)):
                check_order(first, last, words)
            elif first.epoch > last.epoch:
                raise reversed_range(words)
            span = DigestRange(first, last)
            # The way back to FROM is gone once, to see that it leads there and to know the mails on it.
            self._known = (span, list(self._walk(span))) if isinstance(first, CommitBound) else None
            if isinstance(first, CommitBound) and not self._met:
                span = DigestRange(places.in_history(first, start), last)
                self._known = (span, list(self._walk(span)))
                if not self._met:
                    raise reversed_range(words)
        except GIT_ERRORS as error:
            raise SourceError(
                f"{self.name} is incomplete: {describe_git_error(error)}.", "Clone it again."
            ) from error
        return span

    def title_ends(self, start: str, end: str) -> tuple[str, str]:
        """Return the ends as given; an open end is the newest commit, so that the next page can begin there."""
        if not end and self._epochs:
            end = self._epochs[-1].short(self._epochs[-1].tip)
        return start, end

    def arrivals(self, span: DigestRange) -> Iterator[ArrivedMail]:
        """Yield the mails of a range, the last to arrive first."""
        walk: Iterable[_Step] = self._walk(span)
        if self._known is not None and self._known[0] == span:
            walk = self._known[1]
        for count, (epoch, time, blob, address) in enumerate(walk):
            raw = self._blob(epoch, blob)
            if raw:
                if address:
                    self._asked += 1
                    self._agreed += address.lower() in raw[:_HEAD].lower()
                yield ArrivedMail(str(blob), (0, -count), time, raw)

    def _walk(self, span: DigestRange) -> Iterator[_Step]:
        """Yield the blobs of the mails of a range, the last to arrive first; then `_met` says whether FROM was met."""
        removed: Counter[pygit2.Oid] = Counter()
        self._met = False
        count = 0
        for epoch, history in self._back_from(span.end):
            stop = self._id_in(span.start, epoch)
            last: pygit2.Oid | None = None
            try:
                for commit in history:
                    if commit.id == stop:
                        self._met = True
                        return
                    time = commit.commit_time
                    if not span.holds(time):
                        continue
                    for blob, is_removal in self._changes(commit):
                        if is_removal:
                            removed[blob] += 1
                            last = None
                        elif removed and removed[blob]:
                            removed[blob] -= 1
                        elif blob != last:  # else the commit changed nothing
                            last = blob
                            count += 1
                            address = commit.author.raw_email if count <= _ASKED else b""
                            yield epoch, time, blob, address
            except GIT_ERRORS as error:
                self._notes.append(
                    f"Epoch {epoch.number} is incomplete: older mails are missing: {describe_git_error(error)}."
                )
            if stop is not None:
                return

    def mails_before(self, span: DigestRange) -> Iterator[EarlierMail]:
        """Yield the messages before a range.

        A commit of public-inbox has its mail's From as author and its Subject as message, so the mails need not be read;
        where `arrivals` found that those of other programs do not, they are.
        """
        if span.start is None:
            return
        believed = 2 * self._agreed >= self._asked
        for epoch, history in self._back_from(span.start):
            try:
                for commit in history:
                    time = commit.commit_time
                    if isinstance(span.start, TimeBound) and time > span.start.time:
                        continue
                    if not believed:
                        yield from self._read_heads(epoch, commit)
                        continue
                    author = commit.author
                    subject = commit.raw_message
                    if b"\n" in subject:
                        subject = subject[: subject.index(b"\n")]
                    yield EarlierMail(commit.id, time, author.raw_name, author.raw_email, subject)
            except GIT_ERRORS:
                continue  # what is missing is told below
        first = self._epochs[0] if self._epochs else None
        if first is not None and (first.number or first.repository.is_shallow):
            what = "a shallow clone" if first.repository.is_shallow else f"epoch {first.number}"
            self._notes.append(
                f"This copy of {self.name} begins with {what}: people who wrote before that count as newcomers."
            )

    def _read_heads(self, epoch: EpochRepository, commit: pygit2.Commit) -> Iterator[EarlierMail]:
        for blob, is_removal in self._changes(commit):
            raw = b"" if is_removal else self._blob(epoch, blob)
            if raw:
                yield earlier_from_headers(raw, commit.id, commit.commit_time)

    def read(self, key: object) -> bytes:
        """Return the mail of a commit that `before` yielded."""
        for epoch in reversed(self._epochs):
            try:
                if isinstance(key, pygit2.Oid) and key in epoch.repository.objects:
                    commit = epoch.repository.commit(key)
                    added = [blob for blob, gone in self._changes(commit) if not gone]
                    return self._blob(epoch, added[0]) if added else b""
            except GIT_ERRORS:
                return b""
        return b""

    def _back_from(
        self, end: RangeEnd
    ) -> Iterator[tuple[EpochRepository, Iterator[pygit2.Commit]]]:
        """Yield the epochs, the newest first, each with its history from `end` back."""
        last = end.epoch if isinstance(end, CommitBound) else len(self._epochs) - 1
        for at in range(last, -1, -1):
            epoch = self._epochs[at]
            yield epoch, epoch.history(self._id_in(end, epoch))

    def _id_in(self, bound: RangeEnd, epoch: EpochRepository) -> pygit2.Oid | None:
        if isinstance(bound, CommitBound) and self._epochs[bound.epoch] is epoch:
            return pygit2.Oid(hex=bound.commit)
        return None

    @staticmethod
    def _changes(commit: pygit2.Commit) -> list[tuple[pygit2.Oid, bool]]:
        """Return the blobs that a commit added, or (True) removed."""
        tree = commit.tree
        if "m" in tree:
            return [(tree["m"].id, False)]
        if "d" in tree:
            return [(tree["d"].id, True)]
        return _v1_changes(commit)

    def _blob(self, epoch: EpochRepository, blob: pygit2.Oid) -> bytes:
        try:
            odb = epoch.repository.odb
            size = odb.read_header(blob)[1]
            if size > MAIL_CAP:
                self._unreadable += 1
                return b""
            return odb.read(blob)[1]  # of a purged mail empty
        except GIT_ERRORS:
            self._unreadable += 1
            return b""


def _v1_changes(commit: pygit2.Commit) -> list[tuple[pygit2.Oid, bool]]:
    """Compare a commit of a v1 archive, whose tree holds all messages, with the one before it."""
    parents = commit.parents
    if parents:
        difference = commit.tree.diff_to_tree(parents[0].tree, swap=True)
    else:
        difference = commit.tree.diff_to_tree(swap=True)
    found = []
    for delta in difference.deltas:
        if delta.status_char() == "D":
            found.append((delta.old_file.id, True))
        elif delta.status_char() == "A":  # else it was edited: nothing arrived
            found.append((delta.new_file.id, False))
    return found
