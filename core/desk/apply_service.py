"""Apply as screens and commands do it: choose the repository, the patches and their trailers; try, apply, undo, landed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

from core.apply.bases import BaseFinder, pre_images
from core.apply.branch import BranchMaker, branch_name
from core.apply.records import ApplyRecord, ApplyRecords, ApplyState
from core.apply.repository import Repository
from core.apply.trial import try_version
from core.apply.values import AppliedBranch, Base, PatchFit, PatchSource, Trial
from core.config import Config, with_git
from core.coverage.trailer_states import lines_to_add
from core.desk.coverage import series_coverage
from core.diff.trojan_source import DIRECTION, HIDDEN, find_suspicious
from core.errors import PatchdeskError
from core.model import MessageId, OpenedMessage, Series, Version

if TYPE_CHECKING:
    from core.coverage.values import Coverage
    from core.desk.export import MailOpener

_REFUSED = frozenset({DIRECTION, HIDDEN})
"""Kinds of characters with which a patch does not read as it compiles."""

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
        version: Version,
        options: ApplyOptions = _DEFAULT,
    ) -> ApplyOutcome:
        """Return whether a version applies, and to which base; writes nothing.

        Raises PatchdeskError where there is no base or none of the wanted patches, and Cancelled.
        """
        patches, mails = sources_of(opener, version, options.patches)
        trial = self._trial(repository, opener, version, patches, mails, options.base)
        return ApplyOutcome(repo=str(repository.path), trial=trial)

    def apply(
        self,
        repository: Repository,
        opener: MailOpener,
        series: Series,
        version: Version,
        options: ApplyOptions = _DEFAULT,
        stop: Event | None = None,
    ) -> ApplyOutcome:
        """Apply a version to a new branch where it fits, with the trailers that are wanted.

        Raises PatchdeskError, having changed nothing, also where characters of a patch hide or reorder text; and Cancelled.
        """
        patches, mails = sources_of(opener, version, options.patches)
        trial = self._trial(repository, opener, version, patches, mails, options.base)
        if not trial.applies:
            return ApplyOutcome(repo=str(repository.path), trial=trial)
        if deceiving := list(suspicious_lines(mails)):
            raise PatchdeskError(
                "The patches hold characters that hide or reorder text; nothing was applied.",
                "\n".join(deceiving[:5]),
            )
        covered = None
        if options.trailers != "none":
            covered = series_coverage(opener, series, stop=stop, version=version)
        ready = [
            replace(one, trailers=self._trailers(covered, one.number, one.message_id, options))
            for one in patches
            if one.message_id is not None
        ]
        record = self._record(repository, series, version, trial.base, options)
        applied = BranchMaker(repository, self._records).apply(ready, trial.base, record)
        return ApplyOutcome(repo=str(repository.path), trial=trial, applied=applied)

    def _trial(
        self,
        repository: Repository,
        opener: MailOpener,
        version: Version,
        patches: Sequence[PatchSource],
        mails: Sequence[OpenedMessage],
        base: str,
    ) -> Trial:
        if not patches:
            raise PatchdeskError("None of these patches is in the version.", "Name others.")
        images = pre_images(patches, [mail.body.diff for mail in mails])
        finder = BaseFinder(repository, images, version.date)
        cover = [] if version.cover is None else [opener.raw(version.cover.message)]
        named = [*cover, *(patch.raw for patch in patches)]
        trial = try_version(
            repository, patches, finder.bases(base, self._config.apply_base, "", named)
        )
        if trial is None:
            if base:
                raise PatchdeskError(f"{base!r} names no commit of {repository.path}.")
            raise PatchdeskError(
                f"{repository.path} has no commit to apply to.", "Name one with --base."
            )
        return trial

    def _record(
        self,
        repository: Repository,
        series: Series,
        version: Version,
        base: Base,
        options: ApplyOptions,
    ) -> ApplyRecord:
        name = options.branch or branch_name(
            self._config.apply_branch, series.author.address, series.subject, version.version
        )
        return ApplyRecord(
            id="",
            state=ApplyState.APPLYING,
            series=series.id,
            version=version.version,
            subject=series.subject,
            repo=str(repository.path),
            base=base.commit,
            branch=name,
            worktree=options.worktree,
            keep_worktree=bool(options.worktree),
        )

    def undo(self, record_id: str) -> ApplyRecord:
        """Take an applied branch back. Raises PatchdeskError where it is not as it was left."""
        record = self._records.get(record_id)
        BranchMaker(Repository(Path(record.repo)), self._records).undo(record)
        return record

    def _trailers(
        self,
        covered: Coverage | None,
        number: int,
        message_id: MessageId,
        options: ApplyOptions,
    ) -> tuple[str, ...]:
        """Return the lines to add to a patch's message: collected trailers, Link, then the user's Signed-off-by.

        Raises PatchdeskError where the user's name or address is not set and a sign-off is wanted.
        """
        lines: list[str] = []
        if covered is not None:
            lines += lines_to_add(covered, number, stale=options.trailers == "all")
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


def sources_of(
    opener: MailOpener, version: Version, wanted: Collection[int] | None = None
) -> tuple[list[PatchSource], list[OpenedMessage]]:
    """Return a version's patches as they came, missing ones too, and those that are there opened.

    `wanted` are the numbers to take, None for all. Raises PatchdeskError.
    """
    there = {patch.number: patch for patch in version.patches}
    sources: list[PatchSource] = []
    mails: list[OpenedMessage] = []
    for number in sorted({*there, *version.missing}):
        if wanted is not None and number not in wanted:
            continue
        patch = there.get(number)
        if patch is None:
            sources.append(PatchSource(number=number, message_id=None))
            mails.append(_nothing(version))
            continue
        message = patch.message
        sources.append(
            PatchSource(
                number=number,
                message_id=message.message_id,
                title=message.subject.title,
                raw=opener.raw(message),
            )
        )
        mails.append(opener.mail(message))
    return sources, mails


def suspicious_lines(mails: Sequence[OpenedMessage]) -> Iterator[str]:
    """Yield the added lines that hold characters which hide or reorder text; such a version is not applied unasked."""
    for mail in mails:
        for line in mail.body.diff.split("\n"):
            if line.startswith("+") and any(
                span.why in _REFUSED for span in find_suspicious(line[1:])
            ):
                yield line


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


def _nothing(version: Version) -> OpenedMessage:
    """Return an empty mail in place of a missing patch."""
    from core.model import Body

    first = (version.cover or version.patches[0]).message
    return OpenedMessage(message=first, headers=(), text="", body=Body())
