"""The applications that wait for the user, or that a killed process left: none is lost, none is left behind."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from core.apply.records import ApplyRecord, ApplyRecords, ApplyState
from core.apply.repository import Repository
from core.apply.worktree import PREFIX, Worktree
from core.errors import PatchdeskError
from core.system.paths import cache_dir

_STALE: Final = 86_400.0
"""Seconds after which nobody is making a worktree in an empty folder any more."""


class Progress(StrEnum):
    """How far an application has come that is not at its end."""

    RUNNING = "running"
    """A process is at work on it."""
    CONFLICT = "conflict"
    """`git am` stopped at a patch."""
    RESOLVED = "resolved"
    """The user ended `git am`; the branch is not made yet."""
    INTERRUPTED = "interrupted"
    """Its process was killed, or nothing of it is applied: it can only be aborted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """An application that is not at its end."""

    record: ApplyRecord
    progress: Progress
    stopped_at: int = 0
    """The place of the patch at which `git am` stopped, from 1; 0 where it did not."""
    unmerged: tuple[str, ...] = ()
    """Files with a conflict that is not resolved."""


def unfinished(
    records: ApplyRecords, opened: Callable[[Path], Repository] = Repository
) -> Iterator[Unfinished]:
    """Yield the applications that wait, oldest first; those that ended while nobody saw it are recorded as such.

    Raises PatchdeskError and Cancelled.
    """
    everything = records.all()
    for record in everything:
        if record.is_open and (one := _look_at(record, records, opened)) is not None:
            yield one
    _sweep({one.worktree for one in everything if one.is_open})


def _look_at(
    record: ApplyRecord, records: ApplyRecords, opened: Callable[[Path], Repository]
) -> Unfinished | None:
    if records.is_held(record):
        return Unfinished(record=record, progress=Progress.RUNNING)
    try:
        repository = opened(Path(record.repo))
    except PatchdeskError:  # it may be on a disk that is not there now
        return Unfinished(record=record, progress=Progress.INTERRUPTED)
    if record.commits and repository.commit(f"refs/heads/{record.branch}") == record.commits[-1]:
        records.update(replace(record, state=ApplyState.APPLIED))
        return None
    worktree = Worktree(repository, Path(record.worktree))
    if not record.worktree or not worktree.exists:
        if record.worktree:
            worktree.remove()
        records.update(replace(record, state=ApplyState.ABORTED))
        return None
    at = worktree.stopped_at()
    if at is not None:
        ended = record.state is ApplyState.CONFLICT
        return Unfinished(
            record=record,
            progress=Progress.CONFLICT if ended else Progress.INTERRUPTED,
            stopped_at=at,
            unmerged=worktree.unmerged(),
        )
    done = len(worktree.commits_since(record.base))
    wanted = len(record.patches) if record.state is ApplyState.APPLYING else 1
    progress = Progress.RESOLVED if done >= max(wanted, 1) else Progress.INTERRUPTED
    return Unfinished(record=record, progress=progress)


def _sweep(kept: set[str]) -> None:
    """Remove empty folders of the cache in which a killed process was about to make a worktree."""
    for folder in (cache_dir() / "apply").glob(f"{PREFIX}*"):
        with suppress(OSError):
            is_old = time.time() - folder.stat().st_mtime > _STALE
            if is_old and str(folder / "tree") not in kept and not (folder / "tree").exists():
                shutil.rmtree(folder, ignore_errors=True)
