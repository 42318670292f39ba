"""Looks for the patches of an opened target in the user's trees; followed lists have theirs from the sync."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui.desk.controller import Controller, DeskView, Refresh
from tui.desk.journal_writer import JournalWriter
from tui.desk.opening import Opening
from tui.desk.requests import Session
from tui.desk.series_work import SessionOpener
from tui.desk.triage_state import TriageState
from tui.tasks import Task, Tasks

if TYPE_CHECKING:
    from core.config import Config
    from core.model import MessageId, TargetListing
    from core.triage.landing import PatchLanding
    from tui.tree.items import Items
    from tui.tree.rows import Whole

Landed = Mapping["MessageId", Sequence["PatchLanding"]]


class LandedPatches(Controller):
    """Looks for landed patches once a target is read, and updates the states of its series."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        opening: Opening,
        states: TriageState,
        writer: JournalWriter | None,
    ) -> None:
        super().__init__(desk, tasks)
        self._opening = opening
        self._states = states
        self._writer = writer
        self._looked_at: TargetListing | None = None

    def on_items(
        self, items: Items | Sequence[Whole], refresh: Refresh
    ) -> Items | Sequence[Whole] | None:
        """Look for the patches of a listing that is complete, once."""
        del refresh
        listing, session, config = (
            self._opening.listing, self._desk.session, self._desk.settings.config,
        )  # fmt: skip
        if (
            self._writer is not None
            and config is not None
            and config.trees
            and session is not None
            and session.lists is None
            and listing is not None
            and listing.done
            and listing is not self._looked_at
        ):
            self._looked_at = listing
            writer = self._writer
            self._tasks.start(
                "landed",
                lambda task: landed_in(config, session, listing, task),
                then=lambda found: writer.set_landed(
                    session, found, then=lambda: self._states.load(session)
                ),
                failed=lambda error: self._desk.show_error(error, "warning"),
                current=lambda: session is self._desk.session,
                replace=True,
            )
        return items


def landed_in(config: Config, session: Session, listing: TargetListing, task: Task) -> Landed:
    """Return the trees that have each patch of a listing. Raises PatchdeskError and Cancelled."""
    from core.desk.landed_service import LandedService, configured_trees

    service = LandedService(configured_trees(config))
    try:
        return service.landings(SessionOpener(session), listing.items, stop=task.stop)
    finally:
        service.close()
