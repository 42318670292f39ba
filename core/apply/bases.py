"""The commits that a version may have been made on, best guess first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.apply.repository import Repository
from core.apply.values import Base, BaseSource, PatchSource
from core.diff.parse import read_diff

_BASE_COMMIT: Final = re.compile(rb"^base-commit: ([0-9a-f]{7,64})\s*$", re.MULTILINE)
_PREREQUISITE: Final = re.compile(rb"^prerequisite-patch-id: ([0-9a-f]{40,64})\s*$", re.MULTILINE)
_INDEX: Final = re.compile(r"index ([0-9a-f]{7,64})\.\.[0-9a-f]{7,64}")
_ZERO: Final = re.compile(r"0+")
_MOST_BRANCHES: Final = 15
"""Branches that are looked at, of the newest and of those nearest to the version's date."""
_MOST_REFS: Final = 5_000
_MOST_COMMITS: Final = 500
"""Commits above a base that are searched for prerequisites."""
_MOST_BLOBS: Final = 12
"""Blobs whose history is searched."""
_WINDOW: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PreImage:
    """A file as a version found it."""

    path: str
    blob: str
    """The beginning of its object id."""


def pre_images(patches: Sequence[PatchSource], texts: Sequence[str]) -> tuple[PreImage, ...]:
    """Return the blob of each file before the version, as the first patch that touches it names it.

    `texts` are the patches' diffs, decoded.
    """
    found: dict[str, str] = {}
    for _, text in zip(patches, texts, strict=True):
        for file in read_diff(text).files:
            path = file.change.old_path or file.path
            known = path in found or file.path in found
            match = next((m for line in file.header if (m := _INDEX.match(line))), None)
            if not known:
                blob = match[1] if match and not _ZERO.fullmatch(match[1]) else ""
                found[path] = blob if file.change.status != "added" else ""
            found.setdefault(file.path, "")
    return tuple(PreImage(path, blob) for path, blob in found.items() if blob)


def named_bases(mails: Sequence[bytes]) -> list[str]:
    """Return the commits that `git format-patch --base` wrote into mails."""
    return [name.decode() for raw in mails for name in _BASE_COMMIT.findall(raw)]


class BaseFinder:
    """Finds bases in one repository."""

    def __init__(
        self, repository: Repository, images: Sequence[PreImage], date: datetime | None
    ) -> None:
        """`date` is when the version was sent; None where unknown."""
        self._repository = repository
        self._images = images
        self._date = date

    def bases(
        self, given: str, configured: str, previous: Sequence[str], mails: Sequence[bytes]
    ) -> Iterator[Base]:
        """Yield bases: the one that was given (then no other), the configured, base-commit, the version before's, guesses.

        A version that was rebased has its base elsewhere: where some of its files differ at the base of the version
        before, a guess that has more of them comes first.
        """
        if given:
            if (commit := self._repository.commit(given)) is not None:
                yield self._base(commit, BaseSource.GIVEN, given)
            return
        if configured and (commit := self._repository.commit(configured)) is not None:
            yield self._base(commit, BaseSource.GIVEN, configured)
        yield from self._named_bases(mails)
        before = [found for name in previous if (found := self._repository.commit(name))]
        yield from (
            self._base(commit, BaseSource.PREVIOUS) for commit in before if self._has_all(commit)
        )
        yield from self._guesses(before)

    def _has_all(self, commit: str) -> bool:
        return self.matched(commit) == len(self._images)

    def matched(self, commit: str) -> int:
        """Return how many of the files are in a commit as the version found them."""
        if not self._images:
            return 0
        done = self._repository.git(
            "--literal-pathspecs", "ls-tree", "-r", "-z", commit, "--",
            *(image.path for image in self._images),
        )  # fmt: skip
        there: dict[str, str] = {}
        for entry in done.out.decode("utf-8", "replace").split("\0"):
            facts, tab, path = entry.partition("\t")
            if tab:
                there[path] = facts.split(" ")[2]
        return sum(there.get(image.path, "").startswith(image.blob) for image in self._images)

    def _base(self, commit: str, source: BaseSource, name: str = "", note: str = "") -> Base:
        matched = (self.matched(commit), len(self._images)) if self._images else None
        return Base(commit=commit, source=source, name=name, matched=matched, note=note)

    def _named_bases(self, mails: Sequence[bytes]) -> Iterator[Base]:
        """Yield the base that `git format-patch --base` wrote into a mail, with its prerequisites where they are found."""
        for raw in mails:
            for name in named_bases([raw]):
                commit = self._repository.commit(name)
                if commit is None:
                    continue
                wanted = {one.decode() for one in _PREREQUISITE.findall(raw)}
                above = self._with_prerequisites(commit, wanted) if wanted else None
                if above is not None:
                    yield self._base(above, BaseSource.BASE_COMMIT)
                missing = len(wanted) if above is None else 0
                note = (
                    f"{missing} prerequisite patches are not in this repository" if missing else ""
                )
                yield self._base(commit, BaseSource.BASE_COMMIT, note=note)

    def _with_prerequisites(self, base: str, wanted: set[str]) -> str | None:
        """Return the first commit above a base below which all prerequisite patches are."""
        for tip in self._tips(f"--contains={base}"):
            log = self._repository.git(
                "log", "-p", "--reverse", f"--max-count={_MOST_COMMITS}", "--no-ext-diff",
                "--no-textconv", "--no-merges", f"{base}..{tip}",
            )  # fmt: skip
            ids = self._repository.git("patch-id", "--stable", given=log.out)
            left = set(wanted)
            for line in ids.text.split("\n"):
                patch_id, _, commit = line.partition(" ")
                left.discard(patch_id)
                if not left and commit:
                    return commit
        return None

    def _tips(self, *options: str) -> list[str]:
        """Return the tips of branches: the newest, and those nearest to the version's date, on which it may be made."""
        done = self._repository.git(
            "for-each-ref", "--sort=-committerdate", f"--count={_MOST_REFS}",
            "--format=%(committerdate:unix) %(objectname)", *options, "refs/heads", "refs/remotes",
        )  # fmt: skip
        if done.status:
            return []
        tips = [
            (int(date or 0), tip)
            for date, _, tip in (line.partition(" ") for line in done.text.split("\n"))
            if tip
        ]
        near = []
        if self._date is not None:
            moment = self._date.timestamp()
            near = sorted(tips, key=lambda one: abs(one[0] - moment))[:_MOST_BRANCHES]
        return list(dict.fromkeys(tip for _, tip in (*tips[:_MOST_BRANCHES], *near)))

    def _guesses(self, previous: Sequence[str]) -> Iterator[Base]:
        """Yield guesses: the version before's, commits before the version's date, then those found by the history of blobs."""
        tips = self._tips()
        head = self._repository.commit("HEAD")
        tips = list(dict.fromkeys([*([head] if head else []), *tips]))
        candidates = [commit for tip in tips if (commit := self._before(tip)) is not None]
        known = dict.fromkeys([*previous, *candidates, *tips])
        scored = {commit: self.matched(commit) for commit in known}
        best = max(scored.values(), default=0)
        if self._images and best < len(self._images):
            for commit in self._by_blobs(tips):
                if commit not in scored:
                    scored[commit] = self.matched(commit)
        order = list(scored)
        ranked = sorted(order, key=lambda commit: (-scored[commit], order.index(commit)))
        for commit in ranked:
            if commit in previous:
                source = BaseSource.PREVIOUS
            elif scored[commit]:
                source = BaseSource.BLOBS
            else:
                source = BaseSource.DATE if commit in candidates else BaseSource.TIP
            matched = (scored[commit], len(self._images)) if self._images else None
            yield Base(commit=commit, source=source, matched=matched)

    def _before(self, tip: str) -> str | None:
        """Return the newest commit of a branch that is older than the version."""
        if self._date is None:
            return None
        done = self._repository.git(
            "rev-list", "--max-count=1", f"--before={self._date.isoformat()}", tip
        )
        return done.text or None

    def _by_blobs(self, tips: Sequence[str]) -> Iterator[str]:
        """Yield commits around which a file had the content that the version found."""
        since = () if self._date is None else (f"--since={(self._date - _WINDOW).isoformat()}",)
        until = () if self._date is None else (f"--until={(self._date + _WINDOW).isoformat()}",)
        for image in self._images[:_MOST_BLOBS]:
            blob = self._repository.git("rev-parse", "--verify", "--quiet", image.blob)
            if blob.status:
                continue
            done = self._repository.git(
                "log", "--format=%H %P", "--max-count=20", f"--find-object={blob.text}",
                *since, *until, *tips, "--",
            )  # fmt: skip
            for line in done.text.split("\n"):
                yield from line.split()[:2]
