"""The ends of a range in a public-inbox archive: a commit of an epoch, or a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pygit2

from core.digest.range import CommitBound, RangeEnd, read_time_bound
from core.errors import PatchdeskError
from core.sources.repository import GIT_ERRORS, Repository

_IN_EPOCH: Final = re.compile(r"(\d{1,6}):(.+)")
_HEX: Final = re.compile(r"[0-9a-fA-F]{4,64}")
_STEPS: Final = re.compile(r"[~^][~^0-9]*$")


@dataclass(frozen=True, slots=True)
class EpochRepository:
    """One repository of an archive."""

    number: int
    repository: Repository
    tip: pygit2.Oid

    def history(self, tip: pygit2.Oid | None = None) -> Iterator[pygit2.Commit]:
        """Yield its commits, the last first, from its tip or another commit on."""
        return self.repository.history(self.repository.commit(tip or self.tip))

    def short(self, oid: pygit2.Oid) -> str:
        """Return a commit's id as short as it may be."""
        return self.repository.objects[oid].short_id


_Found = tuple[int, pygit2.Commit]
"""Which epoch, counted from the oldest, and the commit."""


class RangeResolver:
    """Resolves the ends of a range. All raise PatchdeskError, which names the existing commits."""

    def __init__(self, name: str, epochs: list[EpochRepository], now: datetime) -> None:
        self._name = name
        self._epochs = epochs
        self._now = now

    def resolve(self, words: str) -> RangeEnd:
        """Return the bound of one end, "" an open one; a commit need not be in the history (`require_in_history`).

        Tags and branches come before ids, as in git, and ids before dates.
        """
        if not words:
            return None
        among = range(len(self._epochs))
        inner = words
        if match := _IN_EPOCH.fullmatch(words):
            number, inner = int(match[1]), match[2]
            among = range(*_places_of(number, self._epochs))
            if not among:
                raise PatchdeskError(f"There is no epoch {number} in {self._name}.", self._there())
        steps = _STEPS.search(inner)
        base = inner[: steps.start()] if steps else inner
        found = self._named(base, among) or self._by_id(base, among)
        if found is None:
            moment = read_time_bound(words, self._now)
            if moment is None:
                raise self._unknown(words)
            return moment
        at, commit = found
        if steps:
            try:
                before = self._epochs[at].repository.objects.revparse_single(
                    f"{commit.id}{steps[0]}"
                )
                commit = before.peel(pygit2.Commit)
            except GIT_ERRORS as error:
                raise PatchdeskError(
                    f"{words} goes back too far: {base} has fewer commits before it in its epoch."
                ) from error
        return CommitBound(at, str(commit.id), commit.commit_time)

    def _named(self, name: str, among: range) -> _Found | None:
        """Return the target of a tag or branch.

        Every epoch has the same branches: the newest counts. A tag in two epochs is an error.
        """
        found: dict[str, _Found] = {}
        is_tag = False
        for at in among:
            try:
                repository = self._epochs[at].repository
                reference = repository.refs.find(name)
                if reference is None:
                    continue
                commit = repository.commit(reference[1])
            except GIT_ERRORS:
                continue
            is_tag = is_tag or reference[0].startswith("refs/tags/")
            found[str(commit.id)] = at, commit
        if is_tag and len(found) > 1:
            names = ", ".join(f"{self._epochs[at].number}:{name}" for at, _ in found.values())
            raise PatchdeskError(f"The tag {name} is in several epochs.", f"Write one of {names}.")
        return list(found.values())[-1] if found else None

    def _by_id(self, prefix: str, among: range) -> _Found | None:
        """Return the commit whose id begins with this prefix."""
        if not _HEX.fullmatch(prefix):
            return None
        found: list[_Found] = []
        for at in among:
            epoch = self._epochs[at]
            try:
                found.append((at, epoch.repository.commit(prefix.lower())))
            except pygit2.InvalidSpecError:
                continue  # a mail's blob
            except ValueError:  # ambiguous: among all objects, not necessarily among the commits
                found += [
                    (at, commit)
                    for commit in epoch.history()
                    if str(commit.id).startswith(prefix.lower())
                ]
            except GIT_ERRORS:
                continue
        if len(found) > 1:
            names = ", ".join(
                f"{self._epochs[at].number}:{str(commit.id)[:12]}" for at, commit in found[:10]
            )
            raise PatchdeskError(
                f"{prefix} is ambiguous: several commits begin with it.", f"Write one of {names}."
            )
        return found[0] if found else None

    def in_history(self, place: CommitBound, words: str) -> CommitBound:
        """Return a place that is in the history of its epoch.

        An edit or purge gives the commits after it new ids; a mirror still has the old ones for a while. Such a commit
        has its twin in the history, which brings the same mail at the same time.
        """
        epoch = self._epochs[place.epoch]
        if any(str(commit.id) == place.commit for commit in epoch.history()):
            return place
        lost = epoch.repository.commit(place.commit)
        for twin in epoch.history():
            if (
                twin.commit_time == lost.commit_time
                and twin.tree_id == lost.tree_id
                and twin.raw_message == lost.raw_message
            ):
                return CommitBound(place.epoch, str(twin.id), twin.commit_time)
        raise PatchdeskError(
            f"{words} is no longer in the history of {self._name}: the archive was edited since.",
            f"Give a date instead, such as {_iso(lost.commit_time)}. {self._there()}",
        )

    def _unknown(self, words: str) -> PatchdeskError:
        edited = ""
        if _HEX.fullmatch(words):
            edited = " A commit gets a new id when a mail before it is edited or purged; a date keeps its meaning."
        return PatchdeskError(
            f"{words} is neither a commit or tag of {self._name} nor a date.",
            f"{self._there()}{edited}",
        )

    def _there(self) -> str:
        """Describe the first and last commits."""
        if not self._epochs:
            return "It is empty."
        newest = self._epochs[-1]
        tip = newest.repository.commit(newest.tip)
        numbers = [str(epoch.number) for epoch in self._epochs]
        there = f"epoch {numbers[0]}" if len(numbers) == 1 else f"epochs {', '.join(numbers)}"
        return f"It has {there}; the newest commit is {newest.short(newest.tip)} of {_iso(tip.commit_time)}."


def _places_of(number: int, epochs: list[EpochRepository]) -> tuple[int, int]:
    at = next((at for at, epoch in enumerate(epochs) if epoch.number == number), -1)
    return (at, at + 1) if at >= 0 else (0, 0)


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
