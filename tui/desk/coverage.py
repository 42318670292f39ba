"""The table of who stands behind which patch, and the ways from its cells: to the mail, and to the changes since."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from core.text import shown
from tui.desk.actions import SeriesActions
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.review import Review
from tui.desk.series_reports import coverage_lines
from tui.desk.series_work import ChosenVersion, coverage_of, title_of
from tui.desk.versions import Versions

if TYPE_CHECKING:
    from core.coverage.ready import ReadyRule
    from core.coverage.values import Coverage
    from tui.tasks import Tasks
    from tui.versions.coverage_table import ChosenCell

Found = tuple["Coverage", "ReadyRule | None"]


class CoverageCells(Controller):
    """Shows the coverage of a series, in the linear mode as lines, and goes where a cell leads."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        actions: SeriesActions,
        review: Review,
        versions: Versions,
    ) -> None:
        super().__init__(desk, tasks)
        self._actions = actions
        self._review = review
        self._versions = versions

    def commands(self) -> Mapping[str, Handler]:
        """Return the handler of the command."""
        return {"series.coverage": self._ask}

    def _ask(self) -> None:
        config = self._desk.settings.config
        self._actions.run_for_series(
            "reading who reviewed it", partial(coverage_of, config), self._show
        )

    def _show(self, chosen: ChosenVersion, found: Found) -> None:
        title = shown(f"Coverage of {title_of(chosen)}")
        if self._desk.settings.linear:
            self._desk.show_report(title, coverage_lines(*found))
            return
        from tui.versions.coverage_table import CoverageDialog

        dialog = CoverageDialog(self._desk.keymap, title, *found)
        self._desk.app.push_screen(dialog, self._chosen)

    def _chosen(self, cell: ChosenCell | None) -> None:
        if cell is None:
            return
        if cell.compare:
            self._versions.compare(cell.posting, at=cell.patch)
        else:
            self._review.open_mail(cell.mail)
