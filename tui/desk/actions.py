"""The menu of a series: try it, apply it, where it landed, its coverage, its comments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from core.model import Series
from core.text import SafeText, shown
from core.triage.events import THANKED
from core.triage.transitions import Status
from tui.desk.apply_work import repository_of
from tui.desk.applying import Applying
from tui.desk.conflicts import Conflicts
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.external import lend_terminal
from tui.desk.journal_writer import JournalWriter
from tui.desk.opening import Opening
from tui.desk.own_drafts import OwnDrafts
from tui.desk.series_job import SeriesJob
from tui.desk.series_work import (
    ChosenVersion,
    b4_command,
    comments_report,
    first_mail,
    landed_report,
    proposed_patches,
    thank,
    title_of,
    write_mbox,
)
from tui.keys.commands import COMMANDS
from tui.tree.rows import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from core.reply.draft import Draft
    from tui.tasks import Task, Tasks


Result = TypeVar("Result")


class SeriesActions(Controller):
    """The menu of a series, and the reports on it."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        opening: Opening,
        own: OwnDrafts,
        writer: JournalWriter | None,
        job: SeriesJob,
        applying: Applying,
        conflicts: Conflicts,
    ) -> None:
        """`writer` is None where triage has no journal."""
        super().__init__(desk, tasks)
        self._opening = opening
        self._own = own
        self._writer = writer
        self._job = job
        self._only_open = False
        """Reports list only open comments."""
        self._applying = applying
        self._conflicts = conflicts

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "series.actions": self._ask,
            "series.comments": self._report_comments,
            "comments.open_only": self._toggle_open_only,
        }

    def cancel(self) -> bool:
        """Stop the job that runs for a series."""
        return self._job.cancel()

    @property
    def work_text(self) -> SafeText | None:
        """The job that runs for a series."""
        return self._job.text

    # ------------------------------------------------------------- the menu

    def _ask(self) -> None:
        from tui.desk.series_menu import MenuState, menu_choices
        from tui.widgets.choose import ChooseDialog

        chosen = self._chosen()
        if chosen is None:
            return
        options, last = self._applying.options, self._applying.last
        state = MenuState(
            missing=len(chosen.version.missing),
            options=options.names(chosen),
            base=options.base(chosen),
            branch="" if last is None else last.branch,
        )
        choices = list(menu_choices(self._desk.keymap, state))
        title = shown(title_of(chosen))
        dialog = ChooseDialog(self._desk.keymap, title[:70], choices)
        self._desk.app.push_screen(dialog, partial(self._do, chosen))

    def _do(self, chosen: ChosenVersion, key: str | None) -> None:
        applying = self._applying
        if key == "a":
            applying.try_it(chosen)
        elif key == "b":
            applying.apply(chosen)
        elif key == "W":
            self._desk.prompt.ask(
                "worktree", then=partial(self._apply_in_worktree, chosen),
                placeholder="a new folder",
            )  # fmt: skip
        elif key == "p":
            self._desk.prompt.ask(
                "patches", then=partial(self._apply_some, chosen), placeholder="1-3,5",
                value=proposed_patches(chosen),
            )  # fmt: skip
        elif key == "=":
            applying.ask_base(chosen)
        elif key == "o":
            applying.ask_options(chosen, self._ask)
        elif key == "c":
            self._conflicts.show()
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
            self._job.run(
                "looking for the repository",
                partial(repository_of, applying.service, chosen),
                partial(self._hand_to_b4, chosen, words),
            )
        elif key == "f":
            self._opening.open_target(first_mail(chosen).message_id)
        elif key == "y":
            self._thank(chosen)
        elif key == "u" and applying.last is not None:
            applying.ask_take_back(applying.last)
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

    # ------------------------------------------------------------- apply

    def _apply_in_worktree(self, chosen: ChosenVersion, line: str) -> None:
        if line.strip():
            self._applying.apply(chosen, worktree=line.strip(), keep_conflict=True)

    def _apply_some(self, chosen: ChosenVersion, line: str) -> None:
        from core.apply.values import parse_patch_list

        numbers = parse_patch_list(line)
        if numbers is None:
            self._desk.show_message(
                "“{text}” is not a list of patches like 1-3,5.", "warning", text=line
            )
            return
        self._applying.apply(chosen, patches=numbers)

    def _write_mbox(self, chosen: ChosenVersion, line: str) -> None:
        if line.strip():
            self._job.run(
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
        self._job.run(
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
        self.run_for_series(what, work, lambda _, found: self._note(*found))

    def run_for_series(
        self,
        what: str,
        work: Callable[[ChosenVersion, Task], Result],
        then: Callable[[ChosenVersion, Result], object],
    ) -> None:
        """Do work for the series here, off the screen's thread; `then` gets its result."""
        chosen = self._chosen()
        if chosen is not None:
            self._job.run(what, partial(work, chosen), partial(then, chosen))

    def _report_comments(self) -> None:
        config = self._desk.settings.config
        work = partial(comments_report, config, only_open=self._only_open)
        self._report("following the comments", work)

    def _toggle_open_only(self) -> None:
        """Show the comments again, all of them or only open ones."""
        self._only_open = not self._only_open
        self._report_comments()

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
        return ChosenVersion(
            session,
            row.item,
            version,
            settled={} if state is None else dict(state.settled),
            left_out=frozenset(
                name
                for name, status in (() if state is None else state.patches)
                if status in (Status.DONE, Status.SKIPPED)
            ),
            number=row.entry.number if row.kind is Kind.PATCH and row.entry else None,
        )
