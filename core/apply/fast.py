"""Commits made from an index, without a worktree: the trees of `git am -3`, no hook, no signature, nothing checked out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from core.apply.mails import MailParts, mail_with_trailers, split_mail
from core.apply.repository import QUIET, Repository, first_line
from core.apply.trial import TrialIndex, trial_index
from core.apply.values import PatchSource
from core.errors import PatchdeskError

_PERSON: Final = re.compile(r"(.*?) ?<([^<>]*)> ")


def make_commits(
    repository: Repository, patches: Sequence[PatchSource], base: str
) -> tuple[str, ...]:
    """Commit patches above a base, and return the commits, which no branch has yet.

    A patch that the base has already makes none, as with `git am`. All is made in a folder of the cache, and put into the
    repository once the last patch fits. Raises PatchdeskError, having written nothing, where one does not; and Cancelled.
    """
    committer = _PERSON.match(repository.answer("var", "GIT_COMMITTER_IDENT"))
    if committer is None:
        raise PatchdeskError("git knows no committer.", "Set git's user.name and user.email.")
    commits: list[str] = []
    with trial_index(repository) as index:
        index.reset(base)
        tree = index.tree()
        for one in patches:
            parts = split_mail(repository, mail_with_trailers(repository, one))
            if not parts.diff.strip() or index.apply(parts.diff):
                raise PatchdeskError(f"Patch {one.number} does not apply: {one.title}")
            before, tree = tree, index.tree()
            if tree != before:
                parent = commits[-1] if commits else base
                commits.append(_commit(index, parts, parent, committer))
        if not commits:
            return ()
        objects = index.pack(commits[-1], base)
    done = repository.git("unpack-objects", "-q", given=objects, settings=QUIET)
    if done.status:
        raise PatchdeskError(f"git unpack-objects failed: {first_line(done.error)}.")
    return tuple(commits)


def _commit(index: TrialIndex, parts: MailParts, parent: str, committer: re.Match[str]) -> str:
    """Commit the tree of an index with the author and message of a mail, as `git am` writes them."""
    message = parts.facts.get("Subject", "").encode() + b"\n\n" + parts.message
    return index.commit(
        message,
        parent,
        {
            "GIT_AUTHOR_NAME": parts.facts.get("Author", ""),
            "GIT_AUTHOR_EMAIL": parts.facts.get("Email", ""),
            "GIT_AUTHOR_DATE": parts.facts.get("Date", ""),
            "GIT_COMMITTER_NAME": committer[1],
            "GIT_COMMITTER_EMAIL": committer[2],
        },
    )
