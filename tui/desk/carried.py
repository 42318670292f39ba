"""Reads the open comments on older postings, for the patch of the newest one that is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from core.errors import PatchdeskError
from core.model import OpenedMessage, Series
from tui.desk.series_work import SessionOpener

if TYPE_CHECKING:
    from core.comments.values import CarriedComment, FollowedComment
    from tui.desk.controller import DeskView
    from tui.tasks import Task


class CarriedComments:
    """Follows the comments of a series once, until another series is read or one of them is settled."""

    def __init__(self, desk: DeskView) -> None:
        self._desk = desk
        self._kept: tuple[Series, Mapping[str, bool], Sequence[FollowedComment]] | None = None

    def of(self, mail: OpenedMessage) -> Callable[[Task], Sequence[CarriedComment]] | None:
        """Return the work that finds the comments for a mail; None where there can be none."""
        tree, session = self._desk.series_tree, self._desk.session
        row, here = tree.row, tree.here
        if session is None or row is None or not isinstance(row.item, Series):
            return None
        series, older = row.item, row.item.versions[:-1]
        newest = {patch.message.message_id for patch in row.item.versions[-1].patches}
        if mail.message.message_id not in newest or not any(
            entry.replies for version in older for entry in version.entries()
        ):
            return None
        state = tree.standings.get(here) if here is not None else None
        settled = {} if state is None else dict(state.settled)
        opener = SessionOpener(session)

        def work(task: Task) -> Sequence[CarriedComment]:
            from core.comments.carried import carried_comments

            kept = self._kept
            if kept is None or kept[0] is not series or kept[1] != settled:
                kept = self._kept = series, settled, self._followed(opener, series, settled, task)
            return carried_comments(series, kept[2], mail)

        return work

    def _followed(
        self, opener: SessionOpener, series: Series, settled: Mapping[str, bool], task: Task
    ) -> Sequence[FollowedComment]:
        from core.comments.ledger import LedgerOptions
        from core.desk.comments import SeriesComments
        from core.desk.version_cache import shared_cache
        from core.series.identities import Bots

        config = self._desk.settings.config
        options = LedgerOptions(bots=Bots(() if config is None else config.bots), settled=settled)
        comments = SeriesComments(
            opener, series, cache=shared_cache(), options=options, stop=task.stop
        )
        try:
            ledgers = comments.carried()
        except (
            PatchdeskError
        ):  # a mail is gone: the comments on the patch itself are shown all the same
            return ()
        return [one for ledger in ledgers if ledger.seen_in is not None for one in ledger.comments]
