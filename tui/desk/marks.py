"""Marks series for the next verb: one by one, in a range, by a query."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from textual.message import Message

from core.errors import PatchdeskError
from tui.desk import phrases
from tui.desk.controller import ArgumentHandler, Controller, DeskView, Handler
from tui.desk.journal_writer import find_marked
from tui.desk.lists import Lists
from tui.desk.opening import Opening
from tui.desk.search import Search
from tui.keys.commands import Command, Pane
from tui.tasks import Tasks
from tui.tree.marks import SeriesHandle
from tui.tree.triage_tree import TriageTree


class Marking(Controller):
    """Marks series for the next triage key."""

    def __init__(
        self, desk: DeskView, tasks: Tasks, opening: Opening, lists: Lists, search: Search
    ) -> None:
        super().__init__(desk, tasks)
        self._opening = opening
        self._lists = lists
        self._search = search

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        tree = self._desk.series_tree
        return {
            "mark.toggle": tree.mark_here,
            "mark.range": self._mark_range,
            "mark.query": self._ask_query,
            "mark.clear": tree.unmark,
        }

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handlers of commands that take an argument."""
        return {"mark.query": self._mark_by}

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Return the listeners of changed marks."""
        return {TriageTree.MarksChanged: self._show_count}

    def disabled_reason(self, command: Command) -> str:
        """Return why nothing can be marked."""
        is_mark = command.name.startswith("mark.")
        return phrases.NO_SERIES if is_mark and not len(self._desk.series_tree) else ""

    def back(self) -> bool:
        """Leave the range, or take all marks away."""
        return self._desk.active_pane is Pane.TREE and self._desk.series_tree.unmark()

    def _mark_range(self) -> None:
        tree = self._desk.series_tree
        tree.begin_range()
        if tree.marks.selecting:
            self._desk.show_message(
                "Marking a range: it grows with the cursor. {mark.range} keeps it, Esc leaves it."
            )

    def _ask_query(self) -> None:
        placeholder = "a query; empty: all shown series"
        self._desk.prompt.ask("*", then=self._mark_by, placeholder=placeholder)

    def _mark_by(self, line: str) -> None:
        tree, session, query = self._desk.series_tree, self._desk.session, line.strip()
        if not query:
            self._search.show_all_found(then=self._mark_all)
            return
        if session is None:
            return
        page = self._lists.page
        lists = page.wanted.lists if page is not None else ()
        listing = self._opening.listing if page is None else None
        self._tasks.start(
            "mark query",
            lambda _: find_marked(session, listing, query, lists, lambda: tree.standings),
            then=self._mark,
            failed=self._show_error,
            current=lambda: session is self._desk.session,
            replace=True,
        )

    def _mark_all(self) -> None:
        """Mark all that is shown."""
        tree = self._desk.series_tree
        self._show_marked(tree.mark(tree.handles(0, tree.count)))

    def _mark(self, found: Collection[SeriesHandle]) -> None:
        self._show_marked(self._desk.series_tree.mark(found))

    def _show_error(self, error: PatchdeskError) -> None:
        self._desk.show_error(error, "warning")

    def _show_marked(self, more: int) -> None:
        self._desk.show_message(f"{more:,} marked." if more else "Already marked.")

    def _show_count(self, event: TriageTree.MarksChanged) -> None:
        text = f"{event.count:,} marked" if event.count else ""
        self._desk.title_bar.marked = f"{text}…" if event.selecting else text
