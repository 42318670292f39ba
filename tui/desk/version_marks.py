"""Marks the patches of the newest version in the tree that are as they were in the version before."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from core.model import MessageId, OpenedMessage, Series
from tui.desk.controller import Controller, DeskView
from tui.desk.requests import Session
from tui.tasks import Task, Tasks

if TYPE_CHECKING:
    from core.desk.versions import VersionComparer

_GROUP: Final = "version marks"


def new_comparer(session: Session) -> VersionComparer:
    """Return a comparer of the versions of the open target, with results cached on disk."""
    from core.desk.version_cache import shared_cache
    from core.desk.versions import VersionComparer

    return VersionComparer(session.desk, shared_cache())


class VersionMarks(Controller):
    """Compares the newest version of the series that is read with the one before, for the tree."""

    def __init__(self, desk: DeskView, tasks: Tasks) -> None:
        super().__init__(desk, tasks)
        self._comparer: VersionComparer | None = None

    def on_session(self, session: Session, before: Session | None, /) -> None:
        """Read the mails of another target from now on."""
        del session, before
        self._comparer = None
        self._desk.series_tree.annotations.clear_versions()

    def on_mail(self, mail: OpenedMessage) -> None:
        """Mark the patches of the series here, once."""
        del mail
        from core.versions.choose import Choice, postings

        tree, session = self._desk.series_tree, self._desk.session
        row = tree.row
        if row is None or session is None or not isinstance(row.item, Series):
            return
        known = postings(row.item)
        if len(known) < 2 or tree.annotations.is_compared(known[-1].id):
            return
        choice = Choice(old=known[-2], new=known[-1])
        comparer = self._comparer = self._comparer or new_comparer(session)

        def unchanged(task: Task) -> Mapping[MessageId, str]:
            return {
                pair.new.message_id: choice.old.name
                for pair in comparer.compare(choice, task.stop).pairs
                if pair.new is not None and not pair.is_changed
            }

        self._tasks.start(
            _GROUP,
            unchanged,
            then=partial(tree.annotations.add_unchanged, choice.new.id),
            failed=lambda _: None,
            current=lambda: session is self._desk.session,
            replace=True,
        )
