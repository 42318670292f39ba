"""Applying from the screen, as work for a thread: try, prepare, apply, go on after a conflict, take back."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.system.programs import run_in_terminal
from tui.desk.series_work import ChosenVersion, SessionOpener

if TYPE_CHECKING:
    from core.apply.records import ApplyRecord
    from core.apply.unfinished import Unfinished
    from core.apply.values import AppliedBranch
    from core.coverage.values import StaleTag
    from core.desk.apply_service import (
        ApplyOptions,
        ApplyOutcome,
        ApplyService,
        PreparedApply,
    )
    from tui.tasks import Task

    OpenService = Callable[[], ApplyService]


def repository_of(open_service: OpenService, chosen: ChosenVersion, task: Task) -> Path:
    """Return the folder of the repository that a series is for. Raises PatchdeskError."""
    return open_service().repository(lists=chosen.series.lists, stop=task.stop).path


def try_version(
    open_service: OpenService, chosen: ChosenVersion, options: ApplyOptions, task: Task
) -> ApplyOutcome:
    """Return whether a version applies. Raises PatchdeskError and Cancelled."""
    service = open_service()
    repository = service.repository(lists=chosen.series.lists, stop=task.stop)
    opener = SessionOpener(chosen.session)
    return service.try_version(repository, opener, chosen.series, chosen.version, options)


def prepare(
    open_service: OpenService, chosen: ChosenVersion, options: ApplyOptions, task: Task
) -> PreparedApply:
    """Try a version, and collect its trailers. Raises PatchdeskError and Cancelled."""
    service = open_service()
    repository = service.repository(lists=chosen.series.lists, stop=task.stop)
    opener = SessionOpener(chosen.session)
    return service.prepare(
        repository, opener, chosen.series, chosen.version, options, stop=task.stop
    )


def apply_prepared(
    open_service: OpenService, prepared: PreparedApply, stale: frozenset[StaleTag], task: Task
) -> ApplyOutcome:
    """Apply a version to a new branch. Raises PatchdeskError and Cancelled."""
    from core.apply.repository import Repository

    repository = Repository(prepared.repository.path, task.stop)  # the one before had another stop
    return open_service().apply(replace(prepared, repository=repository), stale)


def unfinished(open_service: OpenService, _: Task) -> list[Unfinished]:
    """Return the applications that wait for the user. Raises PatchdeskError."""
    return open_service().unfinished()


def resume(
    open_service: OpenService, record: ApplyRecord, action: str, task: Task
) -> AppliedBranch:
    """Continue, skip a patch, or abort. Raises PatchdeskError and Cancelled."""
    return open_service().resume(record, action, task.stop)


def undo(open_service: OpenService, record_id: str, _: Task) -> ApplyRecord:
    """Take an applied branch back. Raises PatchdeskError."""
    return open_service().undo(record_id)


def run_shell(folder: Path) -> int:
    """Run the user's shell in a worktree, with the terminal to itself. Raises PatchdeskError."""
    return run_in_terminal([os.environ.get("SHELL") or "/bin/sh"], folder)
