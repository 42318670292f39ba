"""The menu of a series: try it, apply it, where it landed, its coverage, its comments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from core.errors import PatchdeskError
from core.model import Series
from core.text import SafeText, shown
from core.triage.events import APPLIED, THANKED, AppliedStep, applied_argument
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.external import lend_terminal
from tui.desk.journal_writer import JournalWriter
from tui.desk.opening import Opening
from tui.desk.own_drafts import OwnDrafts
from tui.desk.requests import Session
from tui.desk.series_reports import trial_lines
from tui.desk.series_work import (
    ChosenVersion,
    apply_version,
    b4_command,
    checked_config,
    comments_report,
    coverage_report,
    first_mail,
    landed_report,
    repository_of,
    thank,
    title_of,
    try_version,
    undo,
    write_mbox,
)
from tui.keys.commands import COMMANDS
from tui.tree.rows import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from core.apply.records import ApplyRecord
    from core.apply.values import AppliedBranch
    from core.desk.apply_service import ApplyOutcome, ApplyService
    from core.reply.draft import Draft
    from tui.tasks import Task, Tasks


class SeriesActions(Controller):
    """The menu of a series, and the reports on it."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        opening: Opening,
        own: OwnDrafts,
        writer: JournalWriter | None,
        reload: Callable[[Session], object],
    ) -> None:
        """`writer` is None where triage has no journal; `reload` shows the states of a session again."""
        super().__init__(desk, tasks)
        self._opening = opening
        self._own = own
        self._writer = writer
        self._reload = reload
        if writer is not None:
            writer.set_take_back(self._ask_take_back)
        self._running: Task | None = None
        self._what = ""
        self._last: AppliedStep | None = None
        """The branch that was made last, which undo offers to take back."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "series.actions": self._ask,
            "series.coverage": self._report_coverage,
            "series.comments": self._report_comments,
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
        from tui.desk.series_menu import menu_choices
        from tui.widgets.choose import ChooseDialog

        chosen = self._chosen()
        if chosen is None:
            return
        branch = "" if self._last is None else self._last.branch
        choices = list(menu_choices(self._desk.keymap, chosen.version.missing, branch))
        title = shown(title_of(chosen))
        dialog = ChooseDialog(self._desk.keymap, title[:70], choices)
        self._desk.app.push_screen(dialog, partial(self._do, chosen))

    def _do(self, chosen: ChosenVersion, key: str | None) -> None:
        if key == "a":
            self._run(
                "trying to apply",
                partial(try_version, self._open(), chosen),
                partial(self._tried, chosen),
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
            self._report(
                "looking for its commits", partial(landed_report, self._desk.settings.config)
            )
        elif key == "M":
            self._desk.prompt.ask(
                "mbox", then=partial(self._write_mbox, chosen), placeholder="a new file"
            )
        elif key in ("B", "T"):
            words = ("shazam",) if key == "B" else ("review", "track")
            self._run(
                "looking for the repository",
                partial(repository_of, self._open(), chosen),
                partial(self._hand_to_b4, chosen, words),
            )
        elif key == "f":
            self._opening.open_target(first_mail(chosen).message_id)
        elif key == "y":
            self._thank(chosen)
        elif key == "u" and self._last is not None:
            self._ask_take_back(self._last)
        elif key is not None:
            self._desk.run_command(next(one for one in COMMANDS if one.name == key))

    def _hand_to_b4(self, chosen: ChosenVersion, words: Sequence[str], folder: Path) -> None:
        """Let b4 have the terminal, in the user's repository; it gets a Message-ID and nothing else of the mail."""
        from core.system.programs import run_in_terminal

        command = b4_command(words, first_mail(chosen).message_id)
        status = lend_terminal(
            self._desk, lambda: run_in_terminal(command, folder, wait=True), "b4"
        )
        if status is not None:
            name = f"b4 {' '.join(words)}"
            text = "{name} is done" if status == 0 else "{name} ended with status {status}"
            self._desk.show_message(text, name=name, status=status)

    def _open(self) -> Callable[[], ApplyService]:
        config = self._desk.settings.config

        def opened() -> ApplyService:
            from core.desk.apply_service import ApplyService

            return ApplyService(checked_config(config))

        return opened

    # ------------------------------------------------------------- try and apply

    def _apply_some(self, chosen: ChosenVersion, line: str) -> None:
        from core.apply.values import parse_patch_list

        numbers = parse_patch_list(line)
        if numbers is None:
            self._desk.show_message(
                "“{text}” is not a list of patches like 1-3,5.", "warning", text=line
            )
            return
        self._apply(chosen, "", numbers)

    def _apply(self, chosen: ChosenVersion, worktree: str, numbers: frozenset[int] | None) -> None:
        self._run(
            "applying",
            partial(apply_version, self._open(), chosen, worktree, numbers),
            partial(self._tried, chosen),
        )

    def _tried(self, chosen: ChosenVersion, outcome: ApplyOutcome) -> None:
        lines = trial_lines(outcome.trial.base, outcome.patches, chosen.version.total)
        applied = outcome.applied
        if applied is not None and applied.branch:
            self._own.undo.forget()  # what was done last is taken back first
            self._record(chosen, applied)
            lines.insert(0, shown(f"branch {applied.branch} in {applied.repo}"))
            self._desk.show_message("Applied to {branch}", branch=applied.branch)
        elif applied is not None:
            mend = f"Conflict: resolve it in {applied.worktree}, then git am --continue"
            lines.insert(0, shown(mend))
        self._note(title_of(chosen), lines)

    def _record(self, chosen: ChosenVersion, applied: AppliedBranch) -> None:
        """Write into the journal that a version was applied."""
        self._last = AppliedStep("", applied.branch, applied.record)
        if self._writer is not None:
            session = chosen.session
            self._writer.record(
                session, APPLIED, first_mail(chosen).message_id,
                applied_argument(applied.branch, applied.commits, applied.record),
                then=lambda: self._reload(session),
            )  # fmt: skip

    def _ask_take_back(self, applied: AppliedStep) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(True, SafeText("delete it"), shown(applied.branch), "y"),
            Choice(False, SafeText("keep it"), key="n"),
        ]
        dialog = ChooseDialog(self._desk.keymap, "Delete the branch?", choices)

        def chosen(sure: bool | None) -> None:
            if sure:
                self._run(
                    "taking back",
                    partial(undo, self._open(), applied.record),
                    partial(self._undone, self._desk.session),
                )

        self._desk.app.push_screen(dialog, chosen)

    def _undone(self, session: Session | None, record: ApplyRecord) -> None:
        self._last = None
        if self._writer is not None and session is not None:
            self._writer.record_undone(session, record.id, then=lambda: self._reload(session))
        self._desk.show_message("Deleted the branch {branch}", branch=record.branch)

    def _write_mbox(self, chosen: ChosenVersion, line: str) -> None:
        if line.strip():
            self._run(
                "writing the mbox",
                partial(write_mbox, chosen, line.strip()),
                lambda path: self._desk.show_message("Wrote {path}", path=path),
            )

    # ------------------------------------------------------------- thanks

    def _thank(self, chosen: ChosenVersion) -> None:
        """Write thanks for the commits that a version became, unless that was done already."""
        if self._writer is None:
            self._desk.show_message("There is no triage journal here.", "warning")
            return
        message_id = first_mail(chosen).message_id
        self._writer.is_thanked(
            chosen.session, message_id, then=lambda done: self._thank_once(chosen, done=done)
        )

    def _thank_once(self, chosen: ChosenVersion, *, done: bool) -> None:
        if done:
            self._desk.show_message("Thanks for this series were written already.", "warning")
            return
        self._run(
            "writing thanks",
            partial(thank, self._desk.settings.config, self._own, chosen),
            partial(self._thanked, chosen),
        )

    def _thanked(self, chosen: ChosenVersion, draft: Draft) -> None:
        if self._writer is not None:
            self._writer.record(
                chosen.session, THANKED, first_mail(chosen).message_id, draft.id, then=lambda: None
            )
        self._desk.show_message("Thanks are ready; {reply.review} shows and sends them")

    # ------------------------------------------------------------- reports

    def _report(
        self, what: str, work: Callable[[ChosenVersion, Task], tuple[str, list[SafeText]]]
    ) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._run(what, partial(work, chosen), lambda found: self._note(*found))

    def _report_coverage(self) -> None:
        config = self._desk.settings.config
        self._report("reading who reviewed it", partial(coverage_report, config))

    def _report_comments(self) -> None:
        config = self._desk.settings.config
        self._report("following the comments", partial(comments_report, config))

    def _note(self, title: str, lines: Sequence[SafeText]) -> None:
        self._desk.show_report(shown(title), lines)

    # ------------------------------------------------------------- what runs

    def _chosen(self) -> ChosenVersion | None:
        row, session = self._desk.series_tree.row, self._desk.session
        if row is None or session is None or not isinstance(row.item, Series):
            self._desk.show_message("No series here.", "warning")
            return None
        newest = row.item.versions[-1]
        is_series = row.kind is Kind.SERIES or row.version is None
        version = newest if is_series else row.version or newest
        here = self._desk.series_tree.here
        state = self._desk.series_tree.standings.get(here) if here is not None else None
        settled = {} if state is None else dict(state.settled)
        return ChosenVersion(session, row.item, version, settled)

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
