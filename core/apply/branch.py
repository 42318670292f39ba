"""Apply a version for real: a new branch, made by `git am -3` in a worktree of its own.

The user's checkout, index and `am` state are never touched. A record stands on disk before git begins; a conflict
leaves the worktree, to be mended, skipped or aborted; a branch is taken back only while it points where it was left.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from core.apply.mails import patches_mbox
from core.apply.records import ApplyRecord, ApplyRecords, ApplyState
from core.apply.repository import QUIET, GitOutput, Repository
from core.apply.values import AppliedBranch, Base, ConflictingFile, Fit, PatchFit, PatchSource
from core.errors import PatchdeskError
from core.system.paths import cache_dir, private_dir

TEMPLATE: Final = "pd/{author}/{slug}-v{version}"
"""The name of a branch: the author's local part, the subject, the version."""
_DEADLINE: Final = 900.0
"""Seconds for `git am`, which may run the user's hooks."""
_SETTINGS: Final = ("gc.auto=0", "maintenance.auto=false", "core.autocrlf=false")
_LONGEST_SLUG: Final = 40
_NOT_PLAIN: Final = re.compile(r"[^a-z0-9]+")
_ZEROS: Final = "0" * 40


def branch_name(template: str, address: str, subject: str, version: int) -> str:
    """Return the branch name of a version: plain ASCII for every subject."""
    author = _plain(address.partition("@")[0]) or "author"
    slug = _plain(subject)[:_LONGEST_SLUG].rstrip("-") or "series"
    return (
        template.replace("{author}", author)
        .replace("{slug}", slug)
        .replace("{version}", str(version))
    )


class BranchMaker:
    """Applies versions in one repository, and takes them back."""

    def __init__(self, repository: Repository, records: ApplyRecords) -> None:
        self._repository = repository
        self._records = records

    def apply(
        self, patches: Sequence[PatchSource], base: Base, record: ApplyRecord
    ) -> AppliedBranch:
        """Apply patches to a new branch; `record` has the version, the target and whether the worktree stays.

        A conflict is a result, with the worktree to mend it in. Raises PatchdeskError and Cancelled.
        """
        self._check_branch(record.branch)
        mbox = patches_mbox(self._repository, patches)
        worktree = self._new_worktree(record.worktree)
        record = self._records.add(
            replace(record, state=ApplyState.APPLYING, worktree=str(worktree), base=base.commit)
        )
        try:
            self._must("worktree", "add", "--quiet", "--detach", str(worktree), base.commit)
        except BaseException:
            self._records.update(replace(record, state=ApplyState.ABORTED))
            raise
        done = self._am(worktree, ["--patch-format=mboxrd", "--keep-cr", "--keep-non-patch"], mbox)
        return self._finish(record, base, patches, done)

    def resume(
        self, record: ApplyRecord, action: str, patches: Sequence[PatchSource], base: Base
    ) -> AppliedBranch:
        """Go on after a conflict: `action` is continue, skip or abort. Raises PatchdeskError."""
        if not record.is_open:
            raise PatchdeskError("No conflict is waiting to be resolved.")
        worktree = Path(record.worktree)
        done = self._am(worktree, [f"--{action}"])
        if action == "abort":
            self._remove_worktree(worktree)
            self._records.update(replace(record, state=ApplyState.ABORTED))
            return AppliedBranch(
                repo=record.repo, branch="", commits=(), base=base, patches=(), worktree=""
            )
        return self._finish(record, base, patches, done)

    def undo(self, record: ApplyRecord) -> None:
        """Delete the branch, and the worktree that was made for it, if both are as they were left.

        Raises PatchdeskError, having changed nothing, where the branch moved or another worktree uses it.
        """
        if record.state is not ApplyState.APPLIED or not record.commits:
            raise PatchdeskError("This was not applied, or was undone already.")
        ref = f"refs/heads/{record.branch}"
        tip = self._repository.commit(ref)
        if tip is None:
            raise PatchdeskError(f"The branch {record.branch} is gone already.")
        if tip != record.commits[-1]:
            raise PatchdeskError(
                f"{record.branch} has moved since.", "Delete it yourself if you do not need it."
            )
        users = [where for where, branch in self._worktrees() if branch == ref]
        others = [where for where in users if where != record.worktree]
        if others:
            raise PatchdeskError(
                f"{others[0]} has {record.branch} checked out.",
                "Check out another branch there first.",
            )
        if users:
            done = self._repository.git("worktree", "remove", record.worktree)
            if done.status:
                raise PatchdeskError(
                    f"{record.worktree} has uncommitted changes.", "Commit or discard them first."
                )
        self._must("update-ref", "-d", "-m", "patchdesk: undo apply", ref, tip)
        self._records.update(replace(record, state=ApplyState.UNDONE))

    def _finish(
        self, record: ApplyRecord, base: Base, patches: Sequence[PatchSource], done: GitOutput
    ) -> AppliedBranch:
        worktree = Path(record.worktree)
        commits = self._repository.answer(
            "rev-list", "--reverse", f"{base.commit}..{self._head(worktree)}"
        ).split()
        if done.status:
            fits = self._conflict_fits(worktree, patches, commits, done)
            self._records.update(replace(record, state=ApplyState.CONFLICT))
            return AppliedBranch(
                repo=record.repo,
                branch="",
                commits=tuple(commits),
                base=base,
                patches=fits,
                worktree=record.worktree,
                record=record.id,
            )
        tip = commits[-1] if commits else base.commit
        ref = f"refs/heads/{record.branch}"
        self._must("update-ref", "-m", "patchdesk: apply", ref, tip, _ZEROS)
        if record.keep_worktree:
            self._repository.git("checkout", "--quiet", record.branch, folder=worktree)
        else:
            self._remove_worktree(worktree)
        kept = record.worktree if record.keep_worktree else ""
        self._records.update(
            replace(record, state=ApplyState.APPLIED, commits=tuple(commits), worktree=kept)
        )
        return AppliedBranch(
            repo=record.repo,
            branch=record.branch,
            commits=tuple(commits),
            base=base,
            patches=_applied_fits(patches, commits),
            worktree=kept,
            record=record.id,
        )

    def _conflict_fits(
        self,
        worktree: Path,
        patches: Sequence[PatchSource],
        commits: Sequence[str],
        done: GitOutput,
    ) -> tuple[PatchFit, ...]:
        """Return the outcome of each patch, from the number at which `git am` stopped."""
        state = self._repository.git("rev-parse", "--git-path", "rebase-apply", folder=worktree)
        number = _number_in(worktree / state.text / "next")
        unmerged = self._repository.git(
            "diff", "--name-only", "-z", "--diff-filter=U", folder=worktree
        )
        names = [name for name in unmerged.out.decode("utf-8", "replace").split("\0") if name]
        reason = done.error.splitlines()[0][:200] if done.error else "it does not apply"
        files = tuple(
            ConflictingFile(path=name, hunks=0, failing=0, reason="it conflicts") for name in names
        ) or (ConflictingFile(path="", hunks=0, failing=0, reason=reason),)
        fits = []
        for at, one in enumerate(patches, 1):
            fit = Fit.APPLIED if at < number else Fit.CONFLICT if at == number else Fit.SKIPPED
            fits.append(
                PatchFit(
                    number=one.number,
                    message_id=one.message_id,
                    title=one.title,
                    fit=fit,
                    files=files if fit is Fit.CONFLICT else (),
                    commit=commits[at - 1] if at <= len(commits) and fit is Fit.APPLIED else "",
                )
            )
        return tuple(fits)

    def _check_branch(self, branch: str) -> None:
        done = self._repository.git("check-ref-format", "--branch", branch)
        if done.status or branch.startswith("-"):
            raise PatchdeskError(f"{branch!r} is not a valid branch name.", "Name another.")
        if self._repository.commit(f"refs/heads/{branch}") is not None:
            raise PatchdeskError(
                f"There is a branch {branch} already.", "Name another with --branch."
            )

    def _new_worktree(self, asked: str) -> Path:
        if asked:
            path = Path(asked).expanduser().absolute()
            if path.exists():
                raise PatchdeskError(f"{path} is there already.", "Name a new folder.")
            return path
        parent = private_dir(cache_dir() / "apply")
        folder = Path(tempfile.mkdtemp(prefix="worktree-", dir=parent))
        return folder / "tree"

    def _remove_worktree(self, worktree: Path) -> None:
        self._repository.git("worktree", "remove", "--force", str(worktree))
        shutil.rmtree(worktree, ignore_errors=True)
        if worktree.name == "tree" and worktree.parent.name.startswith("worktree-"):
            shutil.rmtree(worktree.parent, ignore_errors=True)
        self._repository.git("worktree", "prune")

    def _worktrees(self) -> list[tuple[str, str]]:
        """Return each worktree's folder and the ref that it has checked out, "" where it has none."""
        found = []
        for block in self._repository.answer("worktree", "list", "--porcelain").split("\n\n"):
            facts = dict(line.partition(" ")[::2] for line in block.split("\n"))
            found.append((facts.get("worktree", ""), facts.get("branch", "")))
        return found

    def _am(self, worktree: Path, options: Sequence[str], mbox: bytes = b"") -> GitOutput:
        return self._repository.git(
            "am",
            *(("-3",) if mbox else ()),
            *options,
            given=mbox,
            folder=worktree,
            settings=_SETTINGS,
            deadline=_DEADLINE,
        )

    def _head(self, worktree: Path) -> str:
        return self._repository.git("rev-parse", "HEAD", folder=worktree).text

    def _must(self, *arguments: str) -> None:
        done = self._repository.git(*arguments, settings=QUIET, deadline=_DEADLINE)
        if done.status:
            raise PatchdeskError(f"git {arguments[0]} failed: {done.error[:300]}")


def _applied_fits(patches: Sequence[PatchSource], commits: Sequence[str]) -> tuple[PatchFit, ...]:
    """Return each patch with its commit, where there are as many of them (a skipped one has none)."""
    pairs = commits if len(commits) == len(patches) else [""] * len(patches)
    return tuple(
        PatchFit(
            number=one.number,
            message_id=one.message_id,
            title=one.title,
            fit=Fit.APPLIED,
            commit=commit,
        )
        for one, commit in zip(patches, pairs, strict=True)
    )


def _number_in(path: Path) -> int:
    try:
        return int(path.read_text().strip())
    except (OSError, ValueError):
        return 1


def _plain(text: str) -> str:
    return _NOT_PLAIN.sub("-", text.lower()).strip("-")
