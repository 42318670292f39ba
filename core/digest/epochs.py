"""A public-inbox archive on disk as a digest sees it: commits in their order, across all epochs.

Formats: public-inbox-v2-format(5), public-inbox-v1-format(5). Each commit brings one mail or takes one away; the
history of an epoch is one line, and the next epoch begins with a root commit of its own, so `git log A..B` over both
would lose mails. Neither of a commit's dates tells when it came before another; the line does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ObjectType, SortMode

from core.digest.archive import Arrival, Earlier
from core.digest.range import (
    Bound,
    Moment,
    Place,
    Span,
    check_order,
    read_moment,
    reversed_range,
)
from core.errors import PatchdeskError, SourceError
from core.sources.mbox import MAIL_CAP
from core.sources.public_inbox import PublicInboxSource
from core.sources.stores import reason

# Histories are walked once and packs read here and there: neither a cache nor large windows would be of use again.
pygit2.settings.cache_max_size(8 << 20)
pygit2.settings.mwindow_size = 4 << 20
pygit2.settings.mwindow_mapped_limit = 32 << 20

_FAULTS: Final = (pygit2.GitError, KeyError, ValueError, OSError)
_EPOCH: Final = re.compile(r"(\d{1,6})\.git")
_IN_EPOCH: Final = re.compile(r"(\d{1,6}):(.+)")
_HEX: Final = re.compile(r"[0-9a-fA-F]{4,64}")
_STEPS: Final = re.compile(r"[~^][~^0-9]*$")


@dataclass(frozen=True, slots=True)
class _Epoch:
    number: int
    path: Path
    repository: pygit2.Repository
    tip: pygit2.Oid


class EpochArchive:
    """A v2 folder, a v1 repository, or one bare epoch."""

    def __init__(self, source: PublicInboxSource) -> None:
        """Take what `core.sources.public_inbox.open_archive` opened. Raises SourceError."""
        self.name = source.name
        self._epochs: list[_Epoch] = []
        self._notes: list[str] = []
        self._unreadable = 0
        for path in source.epochs:
            try:
                repository = pygit2.Repository(str(path))
                tip = _tip(repository)
            except _FAULTS as error:
                raise SourceError(f"{path} cannot be read: {_why(error)}.") from error
            if tip is not None:
                match = _EPOCH.fullmatch(path.name)
                number = int(match[1]) if match else len(self._epochs)
                self._epochs.append(_Epoch(number, path, repository, tip))

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read so far."""
        if not self._unreadable:
            return tuple(self._notes)
        mails = "1 mail" if self._unreadable == 1 else f"{self._unreadable} mails"
        return (*self._notes, f"{mails} of the range could not be read, and are not counted.")

    def close(self) -> None:
        """Let go of the repositories."""
        self._epochs.clear()

    # ------------------------------------------------------------------- what words mean

    def span(self, start: str, end: str, now: datetime) -> Span:
        """Return what the words of a range mean here."""
        words = (start, end)
        span = Span(
            self._bound(start, now) if start else None, self._bound(end, now) if end else None
        )
        if isinstance(span.start, Place) and isinstance(span.end, Place):
            self._check_places(span.start, span.end, words)
        else:
            check_order(span.start, span.end, words)
        return span

    def words(self, start: str, end: str) -> tuple[str, str]:
        """Return the ends as given; an open end is the newest commit, so that the next page can begin there."""
        if not end and self._epochs:
            end = self._short(self._epochs[-1], self._epochs[-1].tip)
        return start, end

    def _bound(self, words: str, now: datetime) -> Bound:
        epochs = self._epochs
        inner = words
        if match := _IN_EPOCH.fullmatch(words):
            epochs = [epoch for epoch in self._epochs if epoch.number == int(match[1])]
            inner = match[2]
            if not epochs:
                raise PatchdeskError(f"There is no epoch {match[1]} in {self.name}.", self._there())
        steps = _STEPS.search(inner)
        base = inner[: steps.start()] if steps else inner
        found = self._named(base, epochs) or self._by_id(base, epochs)
        if found is None:
            moment = read_moment(words, now)
            if moment is None:
                raise PatchdeskError(
                    f"{words} is neither a commit or tag of {self.name} nor a date.", self._there()
                )
            return moment
        epoch, commit = found
        try:
            if steps:
                found = (
                    epoch,
                    epoch.repository.revparse_single(f"{commit.id}{steps[0]}").peel(pygit2.Commit),
                )
        except _FAULTS as error:
            raise PatchdeskError(
                f"{words} goes back too far: {base} has not so many before it in its epoch."
            ) from error
        return self._in_history(words, *found)

    def _named(self, name: str, epochs: list[_Epoch]) -> tuple[_Epoch, pygit2.Commit] | None:
        """Return what a tag or branch of that name points at: it comes before an id, as in git.

        Every epoch has the same branches: the newest counts. A tag in two epochs is one too many.
        """
        found: dict[str, tuple[_Epoch, pygit2.Commit]] = {}
        is_tag = False
        for epoch in epochs:
            try:
                reference = epoch.repository.lookup_reference_dwim(name)
                commit = reference.peel(pygit2.Commit)
            except _FAULTS:
                continue
            is_tag = is_tag or reference.name.startswith("refs/tags/")
            found[str(commit.id)] = epoch, commit
        if is_tag and len(found) > 1:
            numbers = ", ".join(f"{epoch.number}:{name}" for epoch, _ in found.values())
            raise PatchdeskError(
                f"The tag {name} is in several epochs.", f"Write one of {numbers}."
            )
        return list(found.values())[-1] if found else None

    def _by_id(self, prefix: str, epochs: list[_Epoch]) -> tuple[_Epoch, pygit2.Commit] | None:
        """Return the commit whose id begins so."""
        if not _HEX.fullmatch(prefix):
            return None
        found: list[tuple[_Epoch, pygit2.Commit]] = []
        for epoch in epochs:
            try:
                one = epoch.repository[prefix.lower()]
            except ValueError:  # ambiguous: among the objects, not necessarily among the commits
                found += [
                    (epoch, commit)
                    for commit in self._history(epoch, epoch.tip)
                    if str(commit.id).startswith(prefix.lower())
                ]
            except _FAULTS:
                continue
            else:
                if one.type == ObjectType.COMMIT:
                    found.append((epoch, one.peel(pygit2.Commit)))
        if len(found) > 1:
            names = ", ".join(f"{epoch.number}:{str(commit.id)[:12]}" for epoch, commit in found)
            raise PatchdeskError(f"{prefix} begins several commits.", f"Write one of {names}.")
        return found[0] if found else None

    def _in_history(self, words: str, epoch: _Epoch, commit: pygit2.Commit) -> Place:
        """Return a commit's place in the history of its epoch.

        An edit or purge gives the commits after it new ids; a mirror still has the old ones for a while. Such a commit
        has its twin in the history, which brings the same mail at the same time.
        """
        if commit.id == epoch.tip or epoch.repository.descendant_of(epoch.tip, commit.id):
            return Place(self._epochs.index(epoch), str(commit.id), commit.commit_time)
        for other in self._history(epoch, epoch.tip):
            if (
                other.tree_id == commit.tree_id
                and other.commit_time == commit.commit_time
                and other.raw_message == commit.raw_message
            ):
                return Place(self._epochs.index(epoch), str(other.id), other.commit_time)
        raise PatchdeskError(
            f"{words} is no longer in the history of {self.name}: the archive was edited since.",
            f"Give a date instead, such as {_iso(commit.commit_time)}. {self._there()}",
        )

    def _check_places(self, start: Place, end: Place, words: tuple[str, str]) -> None:
        if start.epoch > end.epoch:
            raise reversed_range(words)
        if start.epoch == end.epoch and start.commit != end.commit:
            repository = self._epochs[start.epoch].repository
            if not repository.descendant_of(
                pygit2.Oid(hex=end.commit), pygit2.Oid(hex=start.commit)
            ):
                raise reversed_range(words)

    def _there(self) -> str:
        """Say what commits and times there are."""
        if not self._epochs:
            return "It is empty."
        newest = self._epochs[-1]
        tip = newest.repository[newest.tip].peel(pygit2.Commit)
        numbers = [str(epoch.number) for epoch in self._epochs]
        there = f"epoch {numbers[0]}" if len(numbers) == 1 else f"epochs {', '.join(numbers)}"
        return (
            f"There is {there}; the newest commit is {self._short(newest, newest.tip)}"
            f" of {_iso(tip.commit_time)}."
        )

    @staticmethod
    def _short(epoch: _Epoch, oid: pygit2.Oid) -> str:
        return epoch.repository[oid].short_id

    # ------------------------------------------------------------------- what arrived

    def arrivals(self, span: Span) -> Iterator[Arrival]:
        """Yield the mails of a range, the last to arrive first."""
        removed: Counter[pygit2.Oid] = Counter()
        count = 0
        for epoch, history in self._back_from(span.end):
            stop = self._id_in(span.start, epoch)
            last: pygit2.Oid | None = None
            try:
                for commit in history:
                    if commit.id == stop:
                        return
                    if not span.holds(commit.commit_time):
                        continue
                    for blob, is_removal in self._changes(commit):
                        if is_removal:
                            removed[blob] += 1
                            last = None
                        elif blob == last:
                            continue  # a commit that changed nothing
                        elif removed and removed[blob]:
                            removed[blob] -= 1
                        else:
                            last = blob
                            raw = self._blob(epoch, blob)
                            if raw:
                                count += 1
                                yield Arrival(str(blob), (0, -count), commit.commit_time, raw)
            except _FAULTS as error:
                self._notes.append(
                    f"Epoch {epoch.number} is not whole, older mails are missing: {_why(error)}."
                )
            if isinstance(span.start, Place) and self._epochs[span.start.epoch] is epoch:
                return

    def before(self, span: Span) -> Iterator[Earlier]:
        """Yield what arrived before a range, from the commits alone: author and subject are the mail's."""
        if span.start is None:
            return
        for _, history in self._back_from(span.start):
            try:
                for commit in history:
                    time = commit.commit_time
                    if isinstance(span.start, Moment) and time > span.start.time:
                        continue
                    author = commit.author
                    yield Earlier(
                        str(commit.id),
                        time,
                        author.raw_name.decode("utf-8", "replace"),
                        author.raw_email.decode("utf-8", "replace"),
                        commit.raw_message.decode("utf-8", "replace").partition("\n")[0],
                    )
            except _FAULTS:
                continue  # a shallow clone: nobody knows what was before

    def read(self, key: str) -> bytes:
        """Return the mail of a commit that `before` yielded, or of a blob."""
        oid = pygit2.Oid(hex=key)
        for epoch in reversed(self._epochs):
            try:
                if oid not in epoch.repository:
                    continue
                one = epoch.repository[oid]
                if isinstance(one, pygit2.Blob):
                    return one.data if one.size <= MAIL_CAP else b""
                added = [blob for blob, gone in self._changes(one.peel(pygit2.Commit)) if not gone]
                return epoch.repository.odb.read(added[0])[1] if added else b""
            except _FAULTS:
                return b""
        return b""

    def _back_from(self, end: Bound) -> Iterator[tuple[_Epoch, Iterator[pygit2.Commit]]]:
        """Yield the epochs, the newest first, each with its history from `end` back."""
        last = end.epoch if isinstance(end, Place) else len(self._epochs) - 1
        for at in range(last, -1, -1):
            epoch = self._epochs[at]
            tip = self._id_in(end, epoch) or epoch.tip
            yield epoch, self._history(epoch, tip)

    def _id_in(self, bound: Bound, epoch: _Epoch) -> pygit2.Oid | None:
        if isinstance(bound, Place) and self._epochs[bound.epoch] is epoch:
            return pygit2.Oid(hex=bound.commit)
        return None

    @staticmethod
    def _history(epoch: _Epoch, tip: pygit2.Oid) -> Iterator[pygit2.Commit]:
        walker = epoch.repository.walk(tip, SortMode.NONE)
        walker.simplify_first_parent()
        return walker

    @staticmethod
    def _changes(commit: pygit2.Commit) -> list[tuple[pygit2.Oid, bool]]:
        """Return the blobs that a commit brought, or (True) took away."""
        tree = commit.tree
        if "m" in tree:
            return [(tree["m"].id, False)]
        if "d" in tree:
            return [(tree["d"].id, True)]
        return _v1_changes(commit)

    def _blob(self, epoch: _Epoch, blob: pygit2.Oid) -> bytes:
        try:
            odb = epoch.repository.odb
            size = odb.read_header(blob)[1]
            if size > MAIL_CAP:
                self._unreadable += 1
                return b""
            return odb.read(blob)[1]  # of a purged mail empty
        except _FAULTS:
            self._unreadable += 1
            return b""


def _v1_changes(commit: pygit2.Commit) -> list[tuple[pygit2.Oid, bool]]:
    """Compare a commit of a v1 archive, whose tree holds all mails, with the one before it."""
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


def _tip(repository: pygit2.Repository) -> pygit2.Oid | None:
    """Return the newest commit of the branch that public-inbox writes, else of HEAD; None where nothing came yet."""
    branch = repository.references.get("refs/heads/master")
    if branch is not None:
        return branch.peel(pygit2.Commit).id
    return None if repository.head_is_unborn else repository.head.peel(pygit2.Commit).id


def _why(error: Exception) -> str:
    return "an object is missing" if isinstance(error, KeyError) else reason(error)


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
