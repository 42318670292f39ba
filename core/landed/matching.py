"""Which commit a patch became: by its Message-ID, by its patch-id, by title and author, by a mail that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, Protocol

from core.landed.values import AppliedNotice, Evidence, LandedPatch, SentPatch, TreeCommit
from core.mail.subject import parse_subject
from core.model import MessageId

_EARLIER: Final = timedelta(days=2)
"""A commit may be this much older than the mail: clocks differ, and a maintainer may post patches already applied."""
_BLANKS: Final = re.compile(r"\s+")


class CommitLookup(Protocol):
    """The commits of all trees, by the keys of a patch."""

    def by_link(self, message_id: MessageId) -> Sequence[TreeCommit]:
        """Return the commits whose trailers name a mail."""
        ...

    def by_patch_id(self, patch_id: str) -> Sequence[TreeCommit]:
        """Return the commits with that patch-id."""
        ...

    def by_title(self, key: str) -> Sequence[TreeCommit]:
        """Return the commits whose title has that key."""
        ...

    def by_id(self, prefix: str) -> Sequence[TreeCommit]:
        """Return the commits whose id begins with this prefix."""
        ...

    def reverts_of(self, commit: str) -> Sequence[TreeCommit]:
        """Return the commits that take a commit back."""
        ...


def title_key(title: str) -> str:
    """Return a title as it is compared: without brackets and Re:, case and blanks folded."""
    return _BLANKS.sub(" ", parse_subject(title).title).strip().casefold()


def landed_patches(
    patch: SentPatch, commits: CommitLookup, notices: Iterable[AppliedNotice] = ()
) -> tuple[LandedPatch, ...]:
    """Return where a patch landed, the strongest evidence of each tree; none where nothing says so."""
    found: dict[str, LandedPatch] = {}
    for evidence, candidates in (
        (Evidence.LINK, commits.by_link(patch.message_id)),
        (Evidence.PATCH_ID, commits.by_patch_id(patch.patch_id) if patch.patch_id else ()),
        (Evidence.TITLE, _same_title(patch, commits)),
        (Evidence.MAIL, _named(patch, commits, notices)),
    ):
        for commit in candidates:
            if evidence is not Evidence.LINK and commit.date < patch.date - _EARLIER:
                continue
            known = found.get(commit.tree)
            if known is None or (known.reverted_by and not _revert(commit, commits)):
                found[commit.tree] = _landed(patch, commit, evidence, commits)
    if not found:
        for notice in _notices_of(patch, notices):
            found[""] = LandedPatch(
                message_id=patch.message_id,
                tree="",
                commit=notice.commit,
                evidence=Evidence.MAIL,
                code_changed=False,
            )
    return tuple(found.values())


def _landed(
    patch: SentPatch, commit: TreeCommit, evidence: Evidence, commits: CommitLookup
) -> LandedPatch:
    changed = bool(patch.patch_id and commit.patch_id and patch.patch_id != commit.patch_id)
    return LandedPatch(
        message_id=patch.message_id,
        tree=commit.tree,
        commit=commit.id,
        evidence=evidence,
        code_changed=changed,
        reverted_by=_revert(commit, commits),
    )


def _revert(commit: TreeCommit, commits: CommitLookup) -> str:
    """Return the commit that takes a commit back, "" where none does or that one was taken back itself."""
    seen = {commit.id}
    for revert in commits.reverts_of(commit.id):
        if revert.tree == commit.tree and revert.id not in seen:
            seen.add(revert.id)
            again = [one for one in commits.reverts_of(revert.id) if one.id not in seen]
            if not again:
                return revert.id
    return ""


def _same_title(patch: SentPatch, commits: CommitLookup) -> list[TreeCommit]:
    return [
        commit
        for commit in commits.by_title(title_key(patch.title))
        if _is_same_person(commit, patch)
    ]


def _is_same_person(commit: TreeCommit, patch: SentPatch) -> bool:
    same_address = commit.author_address.casefold() == patch.author_address.casefold()
    name = patch.author_name.strip().casefold()
    same_name = bool(name) and commit.author_name.strip().casefold() == name
    return (bool(patch.author_address) and same_address) or same_name


def _notices_of(patch: SentPatch, notices: Iterable[AppliedNotice]) -> list[AppliedNotice]:
    key = title_key(patch.title)
    return [one for one in notices if title_key(one.title) == key]


def _named(
    patch: SentPatch, commits: CommitLookup, notices: Iterable[AppliedNotice]
) -> list[TreeCommit]:
    return [
        commit for notice in _notices_of(patch, notices) for commit in commits.by_id(notice.commit)
    ]
