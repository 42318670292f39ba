"""Apply a version for real: a new branch, made by `git am -3` in a worktree of its own, or from an index alone.

The user's checkout, index and `am` state are never touched. A record stands on disk before git begins; a conflict
leaves the worktree, to be mended, skipped or aborted; a branch is taken back only while it points where it was left.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from core.apply.fast import make_commits
from core.apply.mails import patches_mbox
from core.apply.records import ApplyRecord, ApplyRecords, ApplyState, RecordedPatch
from core.apply.repository import QUIET, GitOutput, Repository, first_line
from core.apply.values import AppliedBranch, Base, ConflictingFile, Fit, PatchFit, PatchSource
from core.apply.worktree import DEADLINE, PREFIX, Worktree
from core.errors import PatchdeskError
from core.system.paths import cache_dir, private_dir

TEMPLATE: Final = "pd/{author}/{slug}-v{version}"
"""The name of a branch: the author's local part, the subject, the version."""
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
        self, patches: Sequence[PatchSource], base: Base, record: ApplyRecord, *, fast: bool = False
    ) -> AppliedBranch:
        """Apply patches to a new branch; `record` has the version, the target and whether the worktree stays.

        `fast` makes the commits without `git am`, its hooks and signatures. A conflict is a result, with the worktree to
        mend it in. Raises PatchdeskError and Cancelled, having left nothing.
        """
        self._check_branch(record.branch)
        folder = "" if fast and not record.worktree else str(self._new_folder(record))
        record = self._records.add(
            replace(
                record,
                state=ApplyState.APPLYING,
                worktree=folder,
                base=base.commit,
                patches=tuple(
                    RecordedPatch(one.number, one.message_id, one.title)
                    for one in patches
                    if one.message_id is not None
                ),
            )
        )
        with self._records.hold(record):
            worktree = Worktree(self._repository, Path(folder))
            try:
                if fast:
                    return _not_empty(self._apply_fast(record, base, patches))
                mbox = patches_mbox(self._repository, patches)
                worktree.add(base.commit)
                options = ("-3", "--patch-format=mboxrd", "--keep-cr", "--keep-non-patch")
                done = worktree.am(*options, mbox=mbox)
            except BaseException:
                self._abort(record, worktree, base)
                raise
            return _not_empty(self._finish(record, base, done))

    def _apply_fast(
        self, record: ApplyRecord, base: Base, patches: Sequence[PatchSource]
    ) -> AppliedBranch:
        commits = make_commits(self._repository, patches, base.commit)
        worktree = Worktree(self._repository, Path(record.worktree))
        if not commits:
            return self._abort(record, worktree, base)
        if record.worktree:
            worktree.add(commits[-1])
        record = self._point_branch(record, commits)
        if record.worktree:
            worktree.switch(record.branch)
        return self._applied(record, base)

    def resume(self, record: ApplyRecord, action: str, base: Base) -> AppliedBranch:
        """Go on after a conflict: `action` is continue, skip or abort; where the user ended `git am`, continue makes the branch.

        Raises PatchdeskError and Cancelled.
        """
        if not record.is_open:
            raise PatchdeskError("No conflict is waiting to be resolved.")
        with self._records.hold(record):
            worktree = Worktree(self._repository, Path(record.worktree))
            if action == "abort":
                return self._abort(record, worktree, base)
            if not worktree.exists:
                raise PatchdeskError(f"{record.worktree} is gone.", "Abort, and apply it again.")
            self._check_branch(record.branch)
            if worktree.stopped_at() is None:
                if not worktree.commits_since(base.commit):
                    raise PatchdeskError(
                        f"No patch is applied in {record.worktree}.", "Abort, and apply it again."
                    )
                done = GitOutput(0, b"", "")
            else:
                done = worktree.am(f"--{action}")
            return self._finish(record, base, done)

    def _abort(self, record: ApplyRecord, worktree: Worktree, base: Base) -> AppliedBranch:
        if record.worktree:
            worktree.remove()
        self._records.update(replace(record, state=ApplyState.ABORTED))
        return AppliedBranch(
            repo=record.repo, branch="", commits=(), base=base, patches=(), worktree=""
        )

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

    def _finish(self, record: ApplyRecord, base: Base, done: GitOutput) -> AppliedBranch:
        """Make the branch after `git am` ended, or keep the worktree where it stopped."""
        worktree = Worktree(self._repository, Path(record.worktree))
        commits = worktree.commits_since(base.commit)
        if done.status:
            fits = _conflict_fits(worktree, record.patches, self._titles(commits), done)
            self._records.update(replace(record, state=ApplyState.CONFLICT))
            return AppliedBranch(
                repo=record.repo,
                branch="",
                commits=commits,
                base=base,
                patches=fits,
                worktree=record.worktree,
                record=record.id,
            )
        if not commits:  # every patch was skipped
            return self._abort(record, worktree, base)
        record = self._point_branch(record, commits)
        if record.keep_worktree:
            worktree.switch(record.branch)
        else:
            worktree.remove()
        return self._applied(record, base)

    def _point_branch(self, record: ApplyRecord, commits: Sequence[str]) -> ApplyRecord:
        """Create the branch; its commits are recorded first, so that a crash leaves no unrecorded branch."""
        record = self._records.update(replace(record, commits=tuple(commits)))
        ref = f"refs/heads/{record.branch}"
        self._must("update-ref", "-m", "patchdesk: apply", ref, commits[-1], _ZEROS)
        return record

    def _applied(self, record: ApplyRecord, base: Base) -> AppliedBranch:
        kept = record.worktree if record.keep_worktree else ""
        self._records.update(replace(record, state=ApplyState.APPLIED, worktree=kept))
        return AppliedBranch(
            repo=record.repo,
            branch=record.branch,
            commits=record.commits,
            base=base,
            patches=_ended_fits(record.patches, self._titles(record.commits)),
            worktree=kept,
            record=record.id,
        )

    def _titles(self, commits: Sequence[str]) -> dict[str, str]:
        """Return commits with their titles, in their order. Raises PatchdeskError."""
        if not commits:
            return {}
        titles = self._repository.answer(
            "log", "--no-walk=unsorted", "--no-show-signature", "--format=%s", *commits
        )
        return dict(zip(commits, titles.split("\n"), strict=True))

    def _check_branch(self, branch: str) -> None:
        done = self._repository.git("check-ref-format", "--branch", branch)
        if done.status or branch.startswith("-"):
            raise PatchdeskError(f"{branch!r} is not a valid branch name.", "Name another.")
        if self._repository.commit(f"refs/heads/{branch}") is not None:
            raise PatchdeskError(
                f"There is a branch {branch} already.", "Name another with --branch."
            )

    @staticmethod
    def _new_folder(record: ApplyRecord) -> Path:
        if record.worktree:
            path = Path(record.worktree).expanduser().absolute()
            if path.exists():
                raise PatchdeskError(f"{path} is there already.", "Name a new folder.")
            return path
        parent = private_dir(cache_dir() / "apply")
        return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent)) / "tree"

    def _worktrees(self) -> list[tuple[str, str]]:
        """Return each worktree's folder and the ref that it has checked out, "" where it has none."""
        found = []
        for block in self._repository.answer("worktree", "list", "--porcelain").split("\n\n"):
            facts = dict(line.partition(" ")[::2] for line in block.split("\n"))
            found.append((facts.get("worktree", ""), facts.get("branch", "")))
        return found

    def _must(self, *arguments: str) -> None:
        done = self._repository.git(*arguments, settings=QUIET, deadline=DEADLINE)
        if done.status:
            raise PatchdeskError(f"git {arguments[0]} failed: {first_line(done.error)}.")


def _not_empty(applied: AppliedBranch) -> AppliedBranch:
    """Return a branch, or a conflict. Raises PatchdeskError where there is neither."""
    if not applied.branch and not applied.worktree:
        raise PatchdeskError(
            f"{applied.base.commit[:12]} has these patches already.", "Name an older base."
        )
    return applied


def _conflict_fits(
    worktree: Worktree,
    patches: Sequence[RecordedPatch],
    commits: Mapping[str, str],
    done: GitOutput,
) -> tuple[PatchFit, ...]:
    """Return the outcome of each patch, from the place at which `git am` stopped; `commits` have their titles."""
    at = (worktree.stopped_at() or 1) - 1
    reason = first_line(done.error or done.text)[:200]
    files = tuple(
        ConflictingFile(path=name, hunks=0, failing=0, reason="it conflicts")
        for name in worktree.unmerged()
    ) or (ConflictingFile(path="", hunks=0, failing=0, reason=reason),)
    ended = _ended_fits(patches[:at], commits)
    stopped = tuple(_fit(one, Fit.CONFLICT, files=files) for one in patches[at : at + 1])
    return ended + stopped + tuple(_fit(one, Fit.SKIPPED) for one in patches[at + 1 :])


def _ended_fits(
    patches: Sequence[RecordedPatch], commits: Mapping[str, str]
) -> tuple[PatchFit, ...]:
    """Return each patch with its commit; where there are fewer of them, those whose title none has were skipped."""
    if len(commits) == len(patches):
        pairs = zip(patches, commits, strict=True)
        return tuple(_fit(one, Fit.APPLIED, commit) for one, commit in pairs)
    fits = []
    left = list(commits.items())
    for one in patches:
        if left and left[0][1].endswith(one.title):
            fits.append(_fit(one, Fit.APPLIED, left.pop(0)[0]))
        else:
            fits.append(_fit(one, Fit.SKIPPED))
    # With titles that the user wrote anew nobody can tell which was skipped.
    return tuple(_fit(one, Fit.APPLIED) for one in patches) if left else tuple(fits)


def _fit(
    one: RecordedPatch, fit: Fit, commit: str = "", files: tuple[ConflictingFile, ...] = ()
) -> PatchFit:
    return PatchFit(
        number=one.number,
        message_id=one.message_id,
        title=one.title,
        fit=fit,
        files=files,
        commit=commit,
    )


def _plain(text: str) -> str:
    return _NOT_PLAIN.sub("-", text.lower()).strip("-")
