"""Apply as screens and commands do it: choose the repository, the patches and their trailers; try, apply, undo, landed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

from core.apply.bases import BaseFinder, named_bases, pre_images
from core.apply.branch import BranchMaker, branch_name
from core.apply.records import ApplyRecord, ApplyRecords, ApplyState
from core.apply.repository import Repository
from core.apply.trial import try_version
from core.apply.unfinished import Unfinished, unfinished
from core.apply.values import AppliedBranch, Base, BaseSource, Fit, PatchFit, PatchSource, Trial
from core.config import Config, with_git
from core.coverage.trailer_states import lines_to_add, stale_tags
from core.desk.apply_sources import sources_of, suspicious_lines
from core.desk.coverage import series_coverage
from core.errors import PatchdeskError
from core.model import MessageId, OpenedMessage, Series, Version

if TYPE_CHECKING:
    from core.coverage.values import Coverage, StaleTag
    from core.desk.export import MailOpener

Trailers = Literal["fresh", "all", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """How a version is to be applied."""

    patches: Collection[int] | None = None
    """Numbers of the patches to take; None: all."""
    base: str = ""
    """The one revision to apply to; "": bases are looked for."""
    branch: str = ""
    worktree: str = ""
    """A folder in which the branch's worktree stays; "": none stays."""
    trailers: Trailers = "fresh"
    link: bool = False
    sign_off: bool = False
    keep_conflict: bool = False
    """Where a patch does not apply, make the worktree all the same, for the user to resolve the conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedApply:
    """A version that was tried, with the trailers that its patches can get."""

    repository: Repository
    series: Series
    version: Version
    options: ApplyOptions
    patches: Sequence[PatchSource]
    trial: Trial
    covered: Coverage | None
    """None where no review trailers are wanted."""

    @property
    def stale(self) -> tuple[StaleTag, ...]:
        """The trailers given to other code, of the patches that are to be taken."""
        numbers = {one.number for one in self.patches}
        found = () if self.covered is None else stale_tags(self.covered)
        return tuple(one for one in found if one.number in numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOutcome:
    """A trial, and the branch made after it."""

    repo: str
    trial: Trial
    applied: AppliedBranch | None = None
    """None where it was only tried, or does not apply."""

    @property
    def patches(self) -> Sequence[PatchFit]:
        """The final outcome of each patch."""
        return self.trial.patches if self.applied is None else self.applied.patches

    @property
    def branch(self) -> str:
        """The branch that was made, "" for none."""
        return "" if self.applied is None else self.applied.branch

    @property
    def worktree(self) -> str:
        """The worktree that stays, "" for none."""
        return "" if self.applied is None else self.applied.worktree


_DEFAULT = ApplyOptions()


class ApplyService:
    """Applies versions to the repositories that the user named; blocking, without UI."""

    def __init__(self, config: Config, records: ApplyRecords | None = None) -> None:
        self._config = with_git(config)
        self._records = records or ApplyRecords.default()

    def repository(
        self, named: str = "", lists: Sequence[str] = (), stop: Event | None = None
    ) -> Repository:
        """Return the repository: the named one, else that of the first list which has one, else `[apply] repo`.

        Raises PatchdeskError where there is none.
        """
        of_lists = [self._config.lists[name].repo for name in lists if name in self._config.lists]
        for path in (named, *of_lists, self._config.apply_repo):
            if path:
                return Repository(Path(path).expanduser().absolute(), stop)
        raise PatchdeskError(
            "No repository to apply to is set.",
            'Give --repo DIR, or set repo = "…" under [apply] or the list in config.toml.',
        )

    def try_version(
        self,
        repository: Repository,
        opener: MailOpener,
        series: Series,
        version: Version,
        options: ApplyOptions = _DEFAULT,
    ) -> ApplyOutcome:
        """Return whether a version applies, and to which base; writes nothing.

        Raises PatchdeskError where there is no base or none of the wanted patches, and Cancelled.
        """
        trial, _, _ = self._trial(repository, opener, series, version, options)
        return ApplyOutcome(repo=str(repository.path), trial=trial)

    def prepare(
        self,
        repository: Repository,
        opener: MailOpener,
        series: Series,
        version: Version,
        options: ApplyOptions = _DEFAULT,
        stop: Event | None = None,
    ) -> PreparedApply:
        """Try a version, and collect the trailers for it; writes nothing.

        Raises PatchdeskError, also where characters of a patch hide or reorder text; and Cancelled.
        """
        trial, patches, mails = self._trial(repository, opener, series, version, options)
        if deceiving := list(suspicious_lines(mails)):
            raise PatchdeskError(
                "The patches hold characters that hide or reorder text; nothing was applied.",
                "\n".join(deceiving[:5]),
            )
        covered = None
        if options.trailers != "none":
            covered = series_coverage(opener, series, stop=stop, version=version)
        return PreparedApply(
            repository=repository,
            series=series,
            version=version,
            options=options,
            patches=patches,
            trial=trial,
            covered=covered,
        )

    def apply(
        self, prepared: PreparedApply, stale: Collection[StaleTag] | None = None
    ) -> ApplyOutcome:
        """Apply a version to a new branch where it fits, with the trailers that are wanted.

        `stale` are the trailers given to other code that are to be added; None: those that the options want. Raises
        PatchdeskError, having changed nothing, and Cancelled.
        """
        trial, options = prepared.trial, prepared.options
        missing = any(one.fit is Fit.MISSING for one in trial.patches)
        if not trial.applies and (missing or not options.keep_conflict):
            return ApplyOutcome(repo=str(prepared.repository.path), trial=trial)
        if stale is None:
            stale = prepared.stale if options.trailers == "all" else ()
        ready = [
            replace(one, trailers=self._trailers(prepared, one.number, one.message_id, stale))
            for one in prepared.patches
            if one.message_id is not None
        ]
        applied = BranchMaker(prepared.repository, self._records).apply(
            ready,
            trial.base,
            self._record(prepared),
            fast=self._config.apply_fast and trial.applies,
        )
        return ApplyOutcome(repo=str(prepared.repository.path), trial=trial, applied=applied)

    def _trial(
        self,
        repository: Repository,
        opener: MailOpener,
        series: Series,
        version: Version,
        options: ApplyOptions,
    ) -> tuple[Trial, list[PatchSource], list[OpenedMessage]]:
        patches, mails = sources_of(opener, version, options.patches)
        if not patches:
            raise PatchdeskError("None of these patches is in the version.", "Name others.")
        images = pre_images(patches, [mail.body.diff for mail in mails])
        finder = BaseFinder(repository, images, version.date)
        cover = [] if version.cover is None else [opener.raw(version.cover.message)]
        named = [*cover, *(patch.raw for patch in patches)]
        previous = self._previous_bases(repository, opener, series, version)
        trial = try_version(
            repository,
            patches,
            finder.bases(options.base, self._config.apply_base, previous, named),
        )
        if trial is None:
            if options.base:
                raise PatchdeskError(f"{options.base!r} names no commit of {repository.path}.")
            raise PatchdeskError(
                f"{repository.path} has no commit to apply to.", "Name one with --base."
            )
        return trial, patches, mails

    def _previous_bases(
        self, repository: Repository, opener: MailOpener, series: Series, version: Version
    ) -> list[str]:
        """Return the bases of the version before: the one that it was applied to here, the one that its mails name."""
        if version not in series.versions[1:]:
            return []
        before = series.versions[series.versions.index(version) - 1]
        applied = [
            one.base
            for one in self._records.all()
            if (one.series, one.version, one.repo)
            == (series.id, before.version, str(repository.path))
        ]
        mails = [
            entry.message for entry in (before.cover, *before.patches[:1]) if entry is not None
        ]
        return [*reversed(applied), *named_bases([opener.raw(one) for one in mails])]

    def _record(self, prepared: PreparedApply) -> ApplyRecord:
        series, version, options = prepared.series, prepared.version, prepared.options
        name = options.branch or branch_name(
            self._config.apply_branch, series.author.address, series.subject, version.version
        )
        worktree = options.worktree
        if not worktree and not prepared.trial.applies:  # the user is to work there
            worktree = self.worktree_folder(prepared.repository, series, version)
        return ApplyRecord(
            id="",
            state=ApplyState.APPLYING,
            series=series.id,
            version=version.version,
            subject=series.subject,
            repo=str(prepared.repository.path),
            base=prepared.trial.base.commit,
            branch=name,
            worktree=worktree,
            keep_worktree=bool(options.worktree),
        )

    def unfinished(self) -> list[Unfinished]:
        """Return the applications that wait for the user, oldest first. Raises PatchdeskError."""
        return list(unfinished(self._records))

    def resume(self, record: ApplyRecord, action: str, stop: Event | None = None) -> AppliedBranch:
        """Go on after a conflict, as `BranchMaker.resume` does. Raises PatchdeskError and Cancelled."""
        base = Base(commit=record.base, source=BaseSource.GIVEN)
        maker = BranchMaker(Repository(Path(record.repo), stop), self._records)
        return maker.resume(record, action, base)

    def worktree_folder(self, repository: Repository, series: Series, version: Version) -> str:
        """Return a new folder for a version's worktree: in `[apply] worktrees`, else beside the repository."""
        set_folder = self._config.apply_worktrees
        parent = Path(set_folder).expanduser() if set_folder else repository.path.parent
        name = branch_name("{slug}-v{version}", "", series.subject, version.version)
        folder = parent / f"{repository.path.name}-{name}"
        number = 1
        while folder.exists():
            number += 1
            folder = folder.with_name(f"{repository.path.name}-{name}-{number}")
        return str(folder)

    def undo(self, record_id: str) -> ApplyRecord:
        """Take an applied branch back. Raises PatchdeskError where it is not as it was left."""
        record = self._records.get(record_id)
        BranchMaker(Repository(Path(record.repo)), self._records).undo(record)
        return record

    def _trailers(
        self,
        prepared: PreparedApply,
        number: int,
        message_id: MessageId,
        stale: Collection[StaleTag],
    ) -> tuple[str, ...]:
        """Return the lines to add to a patch's message: collected trailers, Link, then the user's Signed-off-by.

        Raises PatchdeskError where the user's name or address is not set and a sign-off is wanted.
        """
        options = prepared.options
        lines: list[str] = []
        if prepared.covered is not None:
            lines += lines_to_add(prepared.covered, number, stale)
        if options.link:
            lines.append(f"Link: {self._link(message_id)}")
        if options.sign_off:
            if not (self._config.me_name and self._config.me_addresses):
                raise PatchdeskError(
                    "A sign-off needs your name and address.",
                    "Set git's user.name and user.email.",
                )
            lines.append(f"Signed-off-by: {self._config.me_name} <{self._config.me_addresses[0]}>")
        return tuple(lines)

    @staticmethod
    def _link(message_id: MessageId) -> str:
        from urllib.parse import quote

        from core.system.user_git import read_global

        masks = [one for one in read_global().get("b4.linkmask", ()) if one.count("%s") == 1]
        mask = masks[-1] if masks else "https://lore.kernel.org/r/%s"
        return mask.replace("%s", quote(message_id, safe="@+"))


def apply_record(series: Series, version: Version, outcome: ApplyOutcome) -> dict[str, Any]:
    """Return a trial, or an applied branch, as the JSON object that scripts read."""
    base = outcome.trial.base
    return {
        "kind": "apply",
        "series": series.id,
        "version": version.version,
        "repo": outcome.repo,
        "base": {
            "commit": base.commit,
            "how": base.source.value,
            "matched": list(base.matched) if base.matched else None,
        },
        "patches": [_fit_record(one) for one in outcome.patches],
        "branch": outcome.branch or None,
        "worktree": outcome.worktree or None,
    }


def _fit_record(one: PatchFit) -> dict[str, Any]:
    return {
        "number": one.number,
        "message_id": one.message_id,
        "result": one.fit.value,
        "files": [
            {
                "path": file.path,
                "hunks": file.hunks,
                "failing": file.failing,
                "reason": file.reason,
            }
            for file in one.files
        ],
        "commit": one.commit or None,
    }
