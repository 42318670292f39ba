"""`git patch-id --stable` of commits and of mailed diffs, many in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha1

from core.apply.repository import GitProgram, Repository
from core.errors import PatchdeskError
from core.model import MessageId


def commit_patch_ids(repository: Repository, commits: Sequence[str]) -> dict[str, str]:
    """Return the patch-id of each commit; a merge, or one that changes nothing, has none. Raises PatchdeskError."""
    diffs = repository.git(
        "log", "--no-walk=unsorted", "--stdin", "-p", "--no-ext-diff", "--no-textconv",
        "--no-show-signature", "--format=commit %H",
        given="\n".join(commits).encode(),
    )  # fmt: skip
    if diffs.status:
        return _of_readable(repository, commits, diffs.error)
    return {commit: patch_id for patch_id, commit in _patch_ids(repository, diffs.out)}


def _of_readable(repository: Repository, commits: Sequence[str], said: str) -> dict[str, str]:
    """Return the patch-ids of those commits whose files are all here: a damaged clone lacks some, a partial one most."""
    if not commits or repository.git("config", "--get-regexp", r"^remote\..*\.promisor$").text:
        return {}
    if repository.git("cat-file", "-t", commits[0]).text != "commit":
        raise PatchdeskError(f"git log failed: {said[:300]}")
    if len(commits) == 1:
        return {}
    middle = len(commits) // 2
    return commit_patch_ids(repository, commits[:middle]) | commit_patch_ids(
        repository, commits[middle:]
    )


def mail_patch_ids(git: GitProgram, diffs: Mapping[MessageId, bytes]) -> dict[MessageId, str]:
    """Return the patch-id of each mailed diff that has one. Raises PatchdeskError."""
    # git names what it prints by an object id; a hash of the Message-ID serves.
    names = {
        sha1(one.encode(errors="replace"), usedforsecurity=False).hexdigest(): one for one in diffs
    }
    given = b"".join(
        b"commit " + name.encode() + b"\n\n" + diffs[one] + b"\n" for name, one in names.items()
    )
    return {names[name]: patch_id for patch_id, name in _patch_ids(git, given) if name in names}


def _patch_ids(program: GitProgram, diffs: bytes) -> list[tuple[str, str]]:
    done = program.git("patch-id", "--stable", given=diffs)
    if done.status:
        raise PatchdeskError(f"git patch-id failed: {done.error[:300]}")
    pairs = [line.partition(" ") for line in done.text.split("\n") if line]
    return [(patch_id, name) for patch_id, _, name in pairs]
