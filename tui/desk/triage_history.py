"""Looks back on triage: the history of a series, and everything that was triaged today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from core.model import MessageId
from core.text import SafeText, shown, shown_line
from tui.desk import phrases
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.journal_writer import JournalWriter
from tui.desk.triage_state import TriageState
from tui.tasks import Tasks

if TYPE_CHECKING:
    from core.desk.triage_log import TriageLog
    from core.errors import PatchdeskError
    from core.triage.outcome import LogLine

T = TypeVar("T")


class TriageHistory(Controller):
    """Shows lines of the triage log in the reader."""

    def __init__(
        self, desk: DeskView, tasks: Tasks, states: TriageState, writer: JournalWriter | None
    ) -> None:
        """`writer` is None where triage has no journal."""
        super().__init__(desk, tasks)
        self._states = states
        self._writer = writer

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"triage.history": self._read_series, "triage.today": self._read_today}

    def _read_series(self) -> None:
        row = self._desk.series_tree.row
        if row is None:
            self._desk.show_message(phrases.NO_SERIES, "warning")
            return
        name = MessageId(row.item.id)
        self._read(lambda log: log.of_series(name), partial(self._show_series, row.item.subject))

    def _read_today(self) -> None:
        now = self._desk.settings.clock().astimezone()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        self._read(lambda log: log.since(midnight), self._show_today)

    def _read(self, read: Callable[[TriageLog], T], then: Callable[[T], object]) -> None:
        session = self._desk.session
        if self._writer is None or session is None:
            self._desk.show_message(phrases.NO_JOURNAL, "warning")
            return
        self._writer.read_log(
            session,
            read,
            then=then,
            failed=self._show_error,
            current=lambda: session is self._desk.session,
        )

    def _show_error(self, error: PatchdeskError) -> None:
        self._desk.show_error(error)

    def _show_series(self, subject: str, lines: Sequence[LogLine]) -> None:
        text: list[SafeText] = phrases.history_lines(lines) or [shown("No triage yet.")]
        here, now = self._desk.series_tree.here, self._desk.settings.clock()
        states = phrases.describe_state(self._states.of(here), now) if here is not None else []
        title = shown(f"Triage history of {subject}")
        self._desk.show_report(title, [*text, shown(""), shown("; ".join(states))])

    def _show_today(self, found: Sequence[tuple[LogLine, Sequence[str]]]) -> None:
        lines: list[SafeText] = []
        for line, subjects in reversed(found):  # the latest first: undo takes it back
            lines += phrases.history_lines([line])
            lines += [shown_line(f"      {shown(subject)}") for subject in subjects]
            left = len(line.series) - len(subjects)
            lines += [shown_line(f"      {left:,} more series")] * bool(left)
        if not lines:
            lines = [shown("Nothing was triaged today.")]
        else:
            text = self._desk.keymap.fill(
                "{triage.undo} takes the latest action back, {triage.redo} repeats it."
            )
            lines = [shown(text), shown(""), *lines]
        self._desk.show_report(shown("Triaged today"), lines)
