"""The part of the main screen that marks series: one by one, in a range, by a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from textual import on

from core.errors import PatchdeskError
from core.text import shown
from tui.desk.journal_writer import Marked, find_rows
from tui.desk.lists import ListScreen
from tui.tree.triage_tree import TriageTree
from tui.widgets.prompt import Prompt


class MarkingScreen(ListScreen):
    """Marks series for the next verb."""

    def mark_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each of these commands does, by its name."""
        tree = self.series_tree
        return {
            "mark.toggle": tree.mark_here,
            "mark.range": self._mark_range,
            "mark.query": self._ask_query,
            "mark.clear": tree.unmark,
        }

    def argument_handlers(self) -> Mapping[str, Callable[[str], object]]:
        """Return what the commands do that can be told more on their line."""
        return {**super().argument_handlers(), "mark.query": self._mark_by}

    def _mark_range(self) -> None:
        self.series_tree.begin_range()
        if self.series_tree.marks.selecting:
            self.show_message(
                "Marking a range: it grows with the cursor. {mark.range} keeps it, Esc leaves it."
            )

    def _ask_query(self) -> None:
        self.ask("mark", "*", placeholder="mark what this finds; nothing: all that is shown")

    @on(Prompt.Submitted)
    def _query_given(self, event: Prompt.Submitted) -> None:
        if event.kind == "mark":
            self._mark_by(event.text.strip())

    def _mark_by(self, query: str) -> None:
        tree, session = self.series_tree, self._shown
        if not query:
            self._say_marked(tree.mark(tree.handles(0, tree.count)))
            return
        if session is None:
            return
        page = self._page if self._list_desk is not None else None
        lists = page.wanted.lists if page is not None else ()
        listing = self._listing if page is None else None
        self.run_worker(
            partial(
                find_rows, session, listing, query, lists, lambda: tree.standings, self.post_message
            ),
            group="marking",
            exclusive=True,
            thread=True,
            exit_on_error=False,
        )

    @on(Marked)
    def _rows_found(self, event: Marked) -> None:
        if event.session is not self._shown:
            return
        if isinstance(event.found, PatchdeskError):
            self.show_message(shown(f"{event.found.message} {event.found.hint}"), "warning")
        else:
            self._say_marked(self.series_tree.mark(event.found))

    def _say_marked(self, more: int) -> None:
        self.show_message(f"{more:,} more marked." if more else "Nothing more to mark.")

    @on(TriageTree.MarksChanged)
    def _marks_told(self, event: TriageTree.MarksChanged) -> None:
        words = f"{event.count:,} marked" if event.count else ""
        self.title_bar.marked = f"{words}…" if event.selecting else words
