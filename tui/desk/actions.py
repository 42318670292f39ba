"""The menu of a series: try it, apply it, where it landed, its coverage, its comments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.model import Series, Version
from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.external import raw_of
from tui.desk.requests import Session
from tui.desk.series_reports import (
    comment_lines,
    coverage_lines,
    landed_lines,
    trial_lines,
    version_label,
)
from tui.tree.rows import Kind

if TYPE_CHECKING:
    from core.apply.records import ApplyRecord
    from core.apply.values import AppliedBranch
    from core.config import Config
    from core.desk.apply_service import ApplyOutcome, ApplyService
    from core.model import Message, OpenedMessage
    from tui.tasks import Task, Tasks

_ACTIONS: Final = (
    ("a", "try", "Check whether it applies (writes nothing)"),
    ("b", "apply", "Apply to a new branch"),
    ("W", "worktree", "Apply to a new branch in a worktree of its own"),
    ("p", "patches", "Apply some of its patches"),
    ("l", "landed", "Find the commits that it landed in"),
    ("M", "mbox", "Write its patches to an mbox"),
)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The version that is to be applied."""

    session: Session
    series: Series
    version: Version


class SessionOpener:
    """Opens mails of a session, as use cases ask for them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail. Raises PatchdeskError."""
        return self._session.desk.mail(message)

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        return raw_of(self._session, message)


class SeriesActions(Controller):
    """The menu of a series, and the reports on it."""

    def __init__(self, desk: DeskView, tasks: Tasks) -> None:
        super().__init__(desk, tasks)
        self._running: Task | None = None
        self._what = ""
        self._last: AppliedBranch | None = None
        """The branch that was made last, which undo offers to take back."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "series.actions": self._ask,
            "series.coverage": partial(self._report, "reading who reviewed it", _coverage),
            "series.comments": partial(self._report, "following the comments", _comments),
        }

    def cancel(self) -> bool:
        """Stop the job that runs for a series."""
        if self._running is None:
            return False
        self._running.cancel()
        self._running = None
        self._desk.show_work()
        self._desk.show_message("Stopped.")
        return True

    @property
    def work_text(self) -> SafeText | None:
        """The job that runs for a series."""
        return shown(self._what) if self._running is not None else None

    # ------------------------------------------------------------- the menu

    def _ask(self) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        chosen = self._chosen()
        if chosen is None:
            return
        choices = [
            Choice(key, SafeText(label), shown(about), key) for key, label, about in _ACTIONS
        ]
        if self._last is not None:
            about = shown(f"Delete the branch {self._last.branch}")
            choices.append(Choice("u", SafeText("take back"), about, "u"))
        title = shown(_title(chosen))
        dialog = ChooseDialog(self._desk.keymap, title[:70], choices)
        self._desk.app.push_screen(dialog, partial(self._do, chosen))

    def _do(self, chosen: _Chosen, key: str | None) -> None:
        if key == "a":
            self._run(
                "trying to apply", partial(_try, self._open(), chosen), partial(self._tried, chosen)
            )
        elif key == "b":
            self._apply(chosen, "", None)
        elif key == "W":
            self._desk.prompt.ask(
                "worktree", then=lambda line: self._apply(chosen, line.strip(), None),
                placeholder="a new folder",
            )  # fmt: skip
        elif key == "p":
            self._desk.prompt.ask(
                "patches", then=partial(self._apply_some, chosen), placeholder="1-3,5"
            )
        elif key == "l":
            self._report("looking for its commits", partial(_landed, self._desk.settings.config))
        elif key == "M":
            self._desk.prompt.ask(
                "mbox", then=partial(self._write_mbox, chosen), placeholder="a new file"
            )
        elif key == "u" and self._last is not None:
            self._take_back(self._last)

    def _open(self) -> Callable[[], ApplyService]:
        config = self._desk.settings.config

        def opened() -> ApplyService:
            from core.desk.apply_service import ApplyService

            return ApplyService(_checked(config))

        return opened

    # ------------------------------------------------------------- try and apply

    def _apply_some(self, chosen: _Chosen, line: str) -> None:
        from core.apply.values import parse_patch_list

        numbers = parse_patch_list(line)
        if numbers is None:
            self._desk.show_message(
                "“{text}” is not a list of patches like 1-3,5.", "warning", text=line
            )
            return
        self._apply(chosen, "", numbers)

    def _apply(self, chosen: _Chosen, worktree: str, numbers: frozenset[int] | None) -> None:
        self._run(
            "applying",
            partial(_apply, self._open(), chosen, worktree, numbers),
            partial(self._tried, chosen),
        )

    def _tried(self, chosen: _Chosen, outcome: ApplyOutcome) -> None:
        lines = trial_lines(outcome.trial.base, outcome.patches, chosen.version.total)
        applied = outcome.applied
        if applied is not None and applied.branch:
            self._last = applied
            lines.insert(0, shown(f"branch {applied.branch} in {applied.repo}"))
            self._desk.show_message("Applied to {branch}", branch=applied.branch)
        elif applied is not None:
            mend = f"Conflict: resolve it in {applied.worktree}, then git am --continue"
            lines.insert(0, shown(mend))
        self._note(_title(chosen), lines)

    def _take_back(self, applied: AppliedBranch) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(True, SafeText("delete it"), shown(applied.branch), "y"),
            Choice(False, SafeText("keep it"), key="n"),
        ]
        dialog = ChooseDialog(self._desk.keymap, "Delete the branch?", choices)

        def chosen(sure: bool | None) -> None:
            if sure:
                self._run(
                    "taking back", partial(_undo, self._open(), applied.record), self._taken_back
                )

        self._desk.app.push_screen(dialog, chosen)

    def _taken_back(self, record: ApplyRecord) -> None:
        self._last = None
        self._desk.show_message("Deleted the branch {branch}", branch=record.branch)

    def _write_mbox(self, chosen: _Chosen, line: str) -> None:
        if line.strip():
            self._run(
                "writing the mbox",
                partial(_write, chosen, line.strip()),
                lambda path: self._desk.show_message("Wrote {path}", path=path),
            )

    # ------------------------------------------------------------- reports

    def _report(
        self, what: str, work: Callable[[_Chosen, Task], tuple[str, list[SafeText]]]
    ) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._run(what, partial(work, chosen), lambda found: self._note(*found))

    def _note(self, title: str, lines: Sequence[SafeText]) -> None:
        self._desk.show_report(shown(title), lines)

    # ------------------------------------------------------------- what runs

    def _chosen(self) -> _Chosen | None:
        row, session = self._desk.series_tree.row, self._desk.session
        if row is None or session is None or not isinstance(row.item, Series):
            self._desk.show_message("No series here.", "warning")
            return None
        newest = row.item.versions[-1]
        is_series = row.kind is Kind.SERIES or row.version is None
        return _Chosen(session, row.item, newest if is_series else row.version or newest)

    def _run(self, what: str, work: Callable[[Task], object], then: Callable[..., object]) -> None:
        def done(result: object) -> None:
            self._running = None
            self._desk.show_work()
            then(result)

        def failed(error: PatchdeskError) -> None:
            self._running = None
            self._desk.show_work()
            self._desk.show_error(error)

        if self._running is not None:
            self._desk.show_message(f"Busy: {self._what}; {{app.cancel}} stops it", "warning")
            return
        self._what = what
        self._running = self._tasks.start("apply", work, then=done, failed=failed)
        self._desk.show_work()


# ------------------------------------------------------------- in a thread


def _try(open_service: Callable[[], ApplyService], chosen: _Chosen, task: Task) -> ApplyOutcome:
    service = open_service()
    repository = service.repository(lists=chosen.series.lists, stop=task.stop)
    return service.try_version(repository, SessionOpener(chosen.session), chosen.version)


def _apply(
    open_service: Callable[[], ApplyService],
    chosen: _Chosen,
    worktree: str,
    numbers: frozenset[int] | None,
    task: Task,
) -> ApplyOutcome:
    from core.desk.apply_service import ApplyOptions

    service = open_service()
    repository = service.repository(lists=chosen.series.lists, stop=task.stop)
    options = ApplyOptions(patches=numbers, worktree=worktree)
    opener = SessionOpener(chosen.session)
    return service.apply(repository, opener, chosen.series, chosen.version, options, task.stop)


def _undo(open_service: Callable[[], ApplyService], record_id: str, _: Task) -> ApplyRecord:
    return open_service().undo(record_id)


def _write(chosen: _Chosen, line: str, _: Task) -> str:
    """Write a version's patches with their fresh trailers to a new file, and return its path."""
    from pathlib import Path

    from core.desk.mbox_export import version_as_mbox
    from core.model import TargetListing

    path = Path(line).expanduser()
    if path.exists():
        raise PatchdeskError(f"{path} is there already.", "Name a new file.")
    listing = TargetListing(name="", items=(chosen.series,), mails=0, done=True)
    first = chosen.version.cover or chosen.version.patches[0]
    mbox = version_as_mbox(
        SessionOpener(chosen.session), listing, first.message.message_id, trailers="fresh"
    )
    try:
        path.write_bytes(mbox)
    except OSError as error:
        raise PatchdeskError(f"{path} cannot be written: {error.strerror}.") from error
    return str(path)


def _coverage(chosen: _Chosen, task: Task) -> tuple[str, list[SafeText]]:
    from core.desk.coverage import series_coverage

    found = series_coverage(SessionOpener(chosen.session), chosen.series, stop=task.stop)
    return f"Coverage of {_title(chosen)}", coverage_lines(found)


def _comments(chosen: _Chosen, task: Task) -> tuple[str, list[SafeText]]:
    from core.desk.comments import series_comments

    ledger = series_comments(SessionOpener(chosen.session), chosen.series, stop=task.stop)
    return f"Comments on {chosen.series.subject}", comment_lines(ledger)


def _landed(config: Config | None, chosen: _Chosen, task: Task) -> tuple[str, list[SafeText]]:
    from core.desk.landed_service import LandedService, configured_trees

    service = LandedService(configured_trees(_checked(config)))
    try:
        service.update(chosen.series, stop=task.stop, report=lambda _: None)
        found = service.landed(SessionOpener(chosen.session), chosen.series)
    finally:
        service.close()
    return f"Where {_title(chosen)} landed", landed_lines(chosen.series, found)


def _title(chosen: _Chosen) -> str:
    return f"{chosen.series.subject} {version_label(chosen.version.version)}"


def _checked(config: Config | None) -> Config:
    if config is None:
        raise PatchdeskError("The demo applies nothing.", "Open a list or a file of your own.")
    return config
