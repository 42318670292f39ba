"""Applies a version from the screen: try, the questions before, the branch, conflicts to be resolved, taking back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from core.text import SafeText, shown
from core.triage.events import APPLIED, AppliedStep, applied_argument
from tui.desk.apply_options import RememberedOptions
from tui.desk.apply_work import apply_prepared, prepare, try_version, undo
from tui.desk.controller import Controller, DeskView
from tui.desk.journal_writer import JournalWriter
from tui.desk.own_drafts import OwnDrafts
from tui.desk.requests import Session
from tui.desk.series_job import SeriesJob
from tui.desk.series_reports import trial_lines
from tui.desk.series_work import ChosenVersion, checked_config, first_mail, title_of

if TYPE_CHECKING:
    from core.apply.records import ApplyRecord
    from core.apply.values import AppliedBranch
    from core.coverage.values import StaleTag
    from core.desk.apply_service import ApplyOptions, ApplyOutcome, ApplyService, PreparedApply
    from core.model import MessageId
    from tui.tasks import Tasks

_KEEP: Final = SafeText("Nothing is written")


class Applying(Controller):
    """Tries and applies versions; what waits for the user after a conflict is `Conflicts`' part."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        job: SeriesJob,
        own: OwnDrafts,
        writer: JournalWriter | None,
        reload: Callable[[Session], object],
    ) -> None:
        """`writer` is None where triage has no journal; `reload` shows the states of a session again."""
        super().__init__(desk, tasks)
        self._job = job
        self._own = own
        self._writer = writer
        self._reload = reload
        self._open_conflict: Callable[[str], object] = lambda _: None
        self.options = RememberedOptions(desk.settings.ui_state, tasks)
        self.last: AppliedStep | None = None
        """The branch that was made last, which undo offers to take back."""
        if writer is not None:
            writer.set_take_back(self.ask_take_back)

    def set_open_conflict(self, open_conflict: Callable[[str], object]) -> None:
        """Let `open_conflict` offer what can be done with the conflict of a record."""
        self._open_conflict = open_conflict

    def service(self) -> ApplyService:
        """Return a service; called in a task. Raises PatchdeskError in the demo."""
        from core.desk.apply_service import ApplyService

        return ApplyService(checked_config(self._desk.settings.config))

    # ------------------------------------------------------------- try and apply

    def try_it(self, chosen: ChosenVersion) -> None:
        """Show whether a version applies; nothing is written."""
        self._job.run(
            "trying to apply",
            partial(try_version, self.service, chosen, self.options.of(chosen)),
            partial(self._tried, chosen),
        )

    def apply(
        self,
        chosen: ChosenVersion,
        *,
        worktree: str = "",
        patches: frozenset[int] | None = None,
        keep_conflict: bool = False,
    ) -> None:
        """Apply a version, or some of its patches, to a new branch; ask first where something is to be decided."""
        options = replace(
            self.options.of(chosen),
            worktree=worktree,
            patches=patches,
            keep_conflict=keep_conflict,
        )
        self._prepare(chosen, options)

    def _prepare(self, chosen: ChosenVersion, options: ApplyOptions) -> None:
        self._job.run(
            "trying to apply",
            partial(prepare, self.service, chosen, options),
            partial(self._prepared, chosen),
        )

    def _prepared(self, chosen: ChosenVersion, prepared: PreparedApply) -> None:
        missing = [one.number for one in prepared.trial.patches if one.message_id is None]
        if missing:
            self._ask_missing(chosen, prepared, missing)
        elif not prepared.trial.applies and not prepared.options.keep_conflict:
            self._ask_conflict(chosen, prepared)
        elif prepared.stale:
            self._ask_stale(chosen, prepared)
        else:
            self._make_branch(chosen, prepared, frozenset())

    def _make_branch(
        self, chosen: ChosenVersion, prepared: PreparedApply, stale: frozenset[StaleTag] | None
    ) -> None:
        if stale is None:
            self._desk.show_message("Nothing was applied.")
            return
        self._job.run(
            "applying",
            partial(apply_prepared, self.service, prepared, stale),
            partial(self._applied, chosen),
        )

    def _ask_missing(
        self, chosen: ChosenVersion, prepared: PreparedApply, missing: Sequence[int]
    ) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        self._show_trial(chosen, prepared)
        here = frozenset(one.number for one in prepared.patches if one.message_id is not None)
        numbers = ", ".join(str(one) for one in missing)
        choices = [
            Choice(True, SafeText("apply"), SafeText("Apply the patches that are here"), "h"),
            Choice(False, SafeText("leave it"), _KEEP, "n"),
        ]

        def answered(sure: bool | None) -> None:
            if sure:
                self._prepare(chosen, replace(prepared.options, patches=here))

        title = f"Not here: patch {numbers} of {chosen.version.total}"
        self._desk.app.push_screen(
            ChooseDialog(self._desk.keymap, title, choices if here else choices[1:]), answered
        )

    def _ask_conflict(self, chosen: ChosenVersion, prepared: PreparedApply) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        self._show_trial(chosen, prepared)
        choices = [
            Choice(True, SafeText("resolve"), SafeText("Apply in a worktree, and resolve the conflict there"), "w"),
            Choice(False, SafeText("leave it"), _KEEP, "n"),
        ]  # fmt: skip

        def answered(sure: bool | None) -> None:
            if sure:
                wanted = replace(prepared.options, keep_conflict=True)
                self._prepared(chosen, replace(prepared, options=wanted))

        self._desk.app.push_screen(
            ChooseDialog(self._desk.keymap, "It does not apply", choices), answered
        )

    def _ask_stale(self, chosen: ChosenVersion, prepared: PreparedApply) -> None:
        from tui.widgets.choose import Choice
        from tui.widgets.toggles import ToggleDialog

        choices = [
            Choice(
                one,
                shown(f"{one.number}/{chosen.version.total} {one.tag.name}"),
                shown(f"{one.tag.person.name or one.tag.person.address}, given on {_given(one)}"),
            )
            for one in prepared.stale
        ]
        dialog = ToggleDialog(
            self._desk.keymap, "The code changed since: add all the same?", choices, frozenset()
        )
        self._desk.app.push_screen(dialog, partial(self._make_branch, chosen, prepared))

    def _show_trial(self, chosen: ChosenVersion, prepared: PreparedApply) -> None:
        trial = prepared.trial
        lines = trial_lines(trial.base, trial.patches, chosen.version.total)
        self._desk.show_report(shown(title_of(chosen)), lines)

    def _tried(self, chosen: ChosenVersion, outcome: ApplyOutcome) -> None:
        lines = trial_lines(outcome.trial.base, outcome.patches, chosen.version.total)
        self._desk.show_report(shown(title_of(chosen)), lines)
        text = "It applies" if outcome.trial.applies else "It does not apply"
        self._desk.show_message(text, "information" if outcome.trial.applies else "warning")

    def _applied(self, chosen: ChosenVersion, outcome: ApplyOutcome) -> None:
        lines = trial_lines(outcome.trial.base, outcome.patches, chosen.version.total)
        applied = outcome.applied
        if applied is not None and applied.branch:
            lines.insert(0, shown(f"branch {applied.branch} in {applied.repo}"))
            self.record(chosen.session, first_mail(chosen).message_id, applied)
        elif applied is not None:
            lines.insert(0, shown(f"conflict to resolve in {applied.worktree}"))
        self._desk.show_report(shown(title_of(chosen)), lines)
        if applied is not None and not applied.branch:
            self._open_conflict(applied.record)

    def record(self, session: Session, message_id: MessageId, applied: AppliedBranch) -> None:
        """Write into the journal that a version was applied, and say so."""
        self._own.undo.forget()  # what was done last is taken back first
        self.last = AppliedStep("", applied.branch, applied.record)
        if self._writer is not None:
            self._writer.record(
                session, APPLIED, message_id,
                applied_argument(applied.branch, applied.commits, applied.record),
                then=lambda: self._reload(session),
            )  # fmt: skip
        self._desk.show_message("Applied to {branch}", branch=applied.branch)

    # ------------------------------------------------------------- options and taking back

    def ask_options(self, chosen: ChosenVersion, then: Callable[[], object]) -> None:
        """Ask for the trailers to write, and remember the answer for the list; then call `then`."""
        from tui.widgets.toggles import ToggleDialog

        def answered(on: frozenset[str] | None) -> None:
            if on is not None:
                self.options.set(chosen, on)
            then()

        dialog = ToggleDialog(
            self._desk.keymap, "Write into the messages", self.options.choices, self.options.on(chosen)
        )  # fmt: skip
        self._desk.app.push_screen(dialog, answered)

    def ask_base(self, chosen: ChosenVersion) -> None:
        """Ask for the commit to apply this series to, and try it."""

        def answered(line: str) -> None:
            self.options.set_base(chosen, line.strip())
            self.try_it(chosen)

        self._desk.prompt.ask(
            "base", then=answered, value=self.options.base(chosen),
            placeholder="a branch or commit; empty: look for it",
        )  # fmt: skip

    def ask_take_back(self, applied: AppliedStep) -> None:
        """Ask whether to delete an applied branch, and do so."""
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(True, SafeText("delete it"), shown(applied.branch), "y"),
            Choice(False, SafeText("keep it"), key="n"),
        ]

        def answered(sure: bool | None) -> None:
            if sure:
                self._job.run(
                    "taking back",
                    partial(undo, self.service, applied.record),
                    partial(self._undone, self._desk.session),
                )

        self._desk.app.push_screen(
            ChooseDialog(self._desk.keymap, "Delete the branch?", choices), answered
        )

    def _undone(self, session: Session | None, record: ApplyRecord) -> None:
        self.last = None
        if self._writer is not None and session is not None:
            self._writer.record_undone(session, record.id, then=lambda: self._reload(session))
        self._desk.show_message("Deleted the branch {branch}", branch=record.branch)


def _given(one: StaleTag) -> str:
    since = f"; since then: {', '.join(one.tag.since)}" if one.tag.since else ""
    return f"v{one.tag.version}{since}"
