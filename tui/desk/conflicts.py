"""Applications that wait for the user: lists them, opens a shell in their worktree, continues, skips a patch, aborts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.text import SafeText, shown
from tui.desk.apply_work import resume, run_shell, unfinished
from tui.desk.applying import Applying
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.external import lend_terminal
from tui.desk.series_job import SeriesJob
from tui.desk.series_reports import trial_lines

if TYPE_CHECKING:
    from core.apply.unfinished import Unfinished
    from core.apply.values import AppliedBranch
    from tui.tasks import Tasks

_ACTIONS: Final = {
    "conflict": (
        ("s", "shell", "Open a shell in its worktree"),
        ("c", "continue", "Its files are resolved and added: apply the rest"),
        ("k", "skip", "Leave this patch out: apply the rest"),
        ("x", "abort", "Delete the worktree, and what is resolved in it"),
    ),
    "resolved": (
        ("c", "continue", "Make the branch"),
        ("s", "shell", "Open a shell in its worktree"),
        ("x", "abort", "Delete the worktree, and what is resolved in it"),
    ),
    "interrupted": (
        ("x", "abort", "Delete the worktree"),
        ("s", "shell", "Open a shell in its worktree"),
    ),
    "running": (),
}
_TITLE: Final = 60
"""Cells of a title, as wide as the choices below it."""
_NAMES: Final = {"c": "continue", "k": "skip", "x": "abort"}


class Conflicts(Controller):
    """The list of applications that wait, and what can be done with each."""

    def __init__(self, desk: DeskView, tasks: Tasks, job: SeriesJob, applying: Applying) -> None:
        super().__init__(desk, tasks)
        self._job = job
        self._applying = applying
        applying.set_open_conflict(self._open)

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"apply.conflicts": self.show}

    def show(self) -> None:
        """List the applications that wait."""
        self._look(self._choose)

    def _look(self, then: Callable[[list[Unfinished]], object]) -> None:
        self._job.run("looking for conflicts", partial(unfinished, self._applying.service), then)

    def _open(self, record: str) -> None:
        """Offer what can be done with one of them, by its record."""

        def found(waiting: Sequence[Unfinished]) -> None:
            one = next((one for one in waiting if one.record.id == record), None)
            if one is not None:
                self._ask(one)

        self._look(found)

    def _choose(self, waiting: Sequence[Unfinished]) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        if not waiting:
            self._desk.show_message("No conflict waits to be resolved.")
            return
        choices = [
            Choice(one, shown(f"{_progress(one)}, {one.record.branch}"), shown(one.record.worktree))
            for one in reversed(waiting)
        ]
        dialog = ChooseDialog(self._desk.keymap, "Conflicts to resolve", choices)
        self._desk.app.push_screen(dialog, self._ask)

    def _ask(self, one: Unfinished | None) -> None:
        if one is None:
            return
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(key, SafeText(label), _about(one, key, about), key)
            for key, label, about in _ACTIONS[one.progress.value]
        ]
        if not choices:
            self._desk.show_message("Another patchdesk is at work on it.")
            return
        title = shown(f"{_progress(one)}, {one.record.branch}")
        dialog = ChooseDialog(self._desk.keymap, title[:_TITLE], choices)
        self._desk.app.push_screen(dialog, partial(self._act, one))

    def _act(self, one: Unfinished, key: str | None) -> None:
        if key == "s":
            folder = Path(one.record.worktree)
            lend_terminal(self._desk, lambda: run_shell(folder), "a shell")
            self._open(one.record.id)  # it may be resolved now
        elif key == "x":
            self._ask_abort(one)
        elif key is not None:
            self._resume(one, _NAMES[key])

    def _ask_abort(self, one: Unfinished) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(True, SafeText("delete it"), shown(one.record.worktree), "y"),
            Choice(False, SafeText("keep it"), key="n"),
        ]
        dialog = ChooseDialog(self._desk.keymap, "Delete the worktree?", choices)

        def answered(sure: bool | None) -> None:
            if sure:
                self._resume(one, "abort")

        self._desk.app.push_screen(dialog, answered)

    def _resume(self, one: Unfinished, action: str) -> None:
        self._job.run(
            f"git am --{action}",
            partial(resume, self._applying.service, one.record, action),
            partial(self._resumed, one),
        )

    def _resumed(self, one: Unfinished, applied: AppliedBranch) -> None:
        record, session = one.record, self._desk.session
        if not applied.patches:
            self._desk.show_message("Deleted the worktree {path}", path=record.worktree)
            return
        lines = trial_lines(applied.base, applied.patches, len(record.patches))
        where = (
            f"branch {applied.branch} in {applied.repo}"
            if applied.branch
            else f"conflict to resolve in {applied.worktree}"
        )
        title = shown(f"{record.subject} v{record.version}")
        self._desk.show_report(title, [shown(where), *lines])
        if applied.branch and session is not None:
            self._applying.record(session, record.patches[0].message_id, applied)
        elif not applied.branch:
            self._open(record.id)


def _about(one: Unfinished, key: str, about: str) -> SafeText:
    if key == "c" and one.unmerged:
        return shown(f"Apply the rest; resolve and add first: {', '.join(one.unmerged)}")
    return SafeText(about)


def _progress(one: Unfinished) -> str:
    if one.stopped_at and one.progress.value == "conflict":
        return f"conflict at {one.stopped_at}/{len(one.record.patches)}"
    return one.progress.value
