"""Writes triage into the journal, one operation after the other, in the order of the key presses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeVar, cast

from core.errors import PatchdeskError
from core.model import MessageId
from tui.desk.requests import Session
from tui.tasks import Task, Tasks
from tui.tree.marks import SeriesHandle

if TYPE_CHECKING:
    from core.desk.lists_desk import ListDesk
    from core.desk.triage_log import TriageLog
    from core.desk.triage_service import TriageService
    from core.diff.viewed_hunks import ViewedHunks
    from core.model import TargetListing
    from core.triage.events import AppliedStep
    from core.triage.landing import PatchLanding
    from core.triage.outcome import VerbResult
    from core.triage.state import TriageState
    from core.triage.transitions import Verb

T = TypeVar("T")

_GROUP: Final = "journal"
"""It is bounded to one thread, which makes it a queue."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TriageOperation:
    """A triage action on series, or an undo or redo."""

    session: Session
    kind: Literal["do", "undo", "redo"] = "do"
    verb: Verb | None = None
    handles: tuple[SeriesHandle, ...] = ()
    """The series that it is for."""
    mails: tuple[MessageId, ...] = ()
    """The mails that it is about, where it is not about whole series."""
    argument: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class StatesLoaded:
    """The triage states of the open target, and its viewed hunks."""

    session: Session
    states: Mapping[SeriesHandle, TriageState]
    viewed: ViewedHunks


@dataclass(frozen=True, slots=True)
class OperationWritten:
    """The result of an operation."""

    operation: TriageOperation
    outcome: VerbResult | None
    """None where there was nothing to undo."""
    states: Mapping[SeriesHandle, TriageState] = field(default_factory=dict)
    """The new states of the series that changed."""

    @property
    def first(self) -> SeriesHandle | None:
        """One of the series that have changed, to put the cursor on."""
        return next(iter(self.states), None)


class JournalWriter:
    """Writes and reads the journal in the tasks of one group, in order, and calls back with the results."""

    def __init__(self, tasks: Tasks, make: Callable[[Session], TriageService]) -> None:
        """`make` returns the triage of a session; it is called in a task."""
        self._tasks = tasks
        self._make = make
        self._is_leaving = False
        """The program ends: only pending writes are still done."""
        # All else is touched by the tasks alone, of which one runs at a time.
        self._session: Session | None = None
        self._triage: TriageService | None = None
        self._listing: TargetListing | None = None
        self._take_back: Callable[[AppliedStep], object] | None = None
        self._holders: dict[MessageId, MessageId] | None = None
        """Message-ID → series id, for listings held in memory."""

    def close(self, seconds: float) -> None:
        """Finish pending writes, for at most `seconds`."""
        if self._session is None and self._tasks.wait(_GROUP, 0):
            return  # nothing was ever asked
        self._is_leaving = True
        self._tasks.start(_GROUP, lambda _: self._leave())
        self._tasks.wait(_GROUP, seconds)

    def _leave(self) -> None:
        """Write the viewed hunks and the time of this visit to the lists."""
        if self._triage is None or self._session is None:
            return
        with suppress(PatchdeskError):
            self._triage.close()
            if self._session.lists is not None:
                self._triage.record_visit()

    def _triage_of(self, session: Session) -> TriageService:
        if self._triage is None or self._session is not session:
            self._leave()
            self._triage, self._session = self._make(session), session
        return self._triage

    # ------------------------------------------------------------- what it does

    def load_states(
        self,
        session: Session,
        listing: TargetListing | None,
        *,
        then: Callable[[StatesLoaded], object],
        failed: Callable[[PatchdeskError], object],
        today: Callable[[tuple[int, int]], object],
    ) -> None:
        """Load the triage states of the open target; `today` gets the series triaged today, and their total."""

        def work(task: Task) -> StatesLoaded | None:
            if self._is_leaving:
                return None
            triage = self._triage_of(session)
            self._listing, self._holders = listing, None
            if listing is not None:
                triage.set_items(listing.items)
            else:
                triage.refresh()
            states = cast("Mapping[SeriesHandle, TriageState]", triage.states())
            task.tell(then, StatesLoaded(session, states, triage.viewed))
            self._count(session, task, today)
            return None

        self._tasks.start(_GROUP, work, failed=failed)

    def look_for_tags(self, session: Session) -> None:
        """Check for tags that snoozed series wait for; the lists then show these series."""

        def work(_: Task) -> None:
            if not self._is_leaving and self._triage_of(session).tags.check():
                _refresh(session)

        self._tasks.start(_GROUP, work)

    def set_take_back(self, ask: Callable[[AppliedStep], object]) -> None:
        """Let `ask` be called in place of an undo where the last thing done was to apply a series."""
        self._take_back = ask

    def record(
        self,
        session: Session,
        verb: str,
        message_id: MessageId,
        argument: str,
        *,
        then: Callable[[], object],
    ) -> None:
        """Write that the series of a mail was applied or thanked for."""

        def work(task: Task) -> None:
            self._triage_of(session).record(verb, message_id, argument)
            _refresh(session)
            task.tell(then)

        self._tasks.start(_GROUP, work)

    def record_undone(self, session: Session, record: str, *, then: Callable[[], object]) -> None:
        """Write that an applied branch was taken back."""

        def work(task: Task) -> None:
            self._triage_of(session).record_undone(record)
            _refresh(session)
            task.tell(then)

        self._tasks.start(_GROUP, work)

    def is_thanked(
        self, session: Session, message_id: MessageId, *, then: Callable[[bool], object]
    ) -> None:
        """Say whether thanks were written for the series of a mail."""
        self._tasks.start(
            _GROUP, lambda _: self._triage_of(session).is_thanked(message_id), then=then
        )

    def set_landed(
        self,
        session: Session,
        landed: Mapping[MessageId, Collection[PatchLanding]],
        *,
        then: Callable[[], object],
    ) -> None:
        """Set the landed patches of an opened target; `then` is called where they changed."""

        def work(task: Task) -> None:
            memory = self._triage_of(session).applied.memory
            if not self._is_leaving and memory is not None and memory.set_landed(landed):
                task.tell(then)

        self._tasks.start(_GROUP, work)

    def write(
        self,
        operation: TriageOperation,
        *,
        then: Callable[[OperationWritten], object],
        failed: Callable[[PatchdeskError], object],
        today: Callable[[tuple[int, int]], object],
    ) -> None:
        """Write an operation; `then` is called once it is on disk."""

        def work(task: Task) -> None:
            if operation.kind == "undo" and self._take_back is not None:
                applied = self._triage_of(operation.session).last_applied()
                if applied is not None:
                    task.tell(self._take_back, applied)
                    return
            task.tell(then, self._write(operation))
            if operation.kind != "do":
                _refresh(operation.session)  # what is back may not be in the list
            self._count(operation.session, task, today)

        self._tasks.start(_GROUP, work, failed=failed)

    def set_read(self, session: Session, mails: Collection[MessageId], *, read: bool) -> None:
        """Mark mails read or unread."""

        def work(_: Task) -> None:
            names = _unseen(session, mails) if read else mails
            if names:
                self._triage_of(session).mark_read(names, read=read)
                _refresh(session)

        self._tasks.start(_GROUP, work)

    def read_log(
        self,
        session: Session,
        read: Callable[[TriageLog], T],
        *,
        then: Callable[[T], object],
        failed: Callable[[PatchdeskError], object],
        current: Callable[[], bool],
    ) -> None:
        """Read the triage log, once what is to be written before is written."""
        self._tasks.start(
            _GROUP,
            lambda _: read(self._triage_of(session).log),
            then=then,
            failed=failed,
            current=current,
        )

    # ------------------------------------------------------------- in the task

    def _count(
        self, session: Session, task: Task, today: Callable[[tuple[int, int]], object]
    ) -> None:
        """Tell how far today has come, unless there is more to do first."""
        if not self._tasks.waits(_GROUP) and not self._is_leaving:
            task.tell(today, self._triage_of(session).today())

    def _write(self, operation: TriageOperation) -> OperationWritten:
        triage = self._triage_of(operation.session)
        asked: dict[MessageId, SeriesHandle] = {}
        outcome: VerbResult | None
        if operation.kind != "do" or operation.verb is None:
            outcome = triage.undo() if operation.kind == "undo" else triage.redo()
        else:
            asked = _ids(operation)
            outcome = triage.apply(
                operation.verb,
                operation.mails or tuple(asked),
                argument=operation.argument,
                note=operation.note,
                patch=bool(operation.mails),
            )
        states: dict[SeriesHandle, TriageState] = {}
        for change in outcome.changes if outcome is not None else ():
            handle = operation.handles[0] if operation.mails else asked.get(change.id)
            if handle is None:
                handle = self._handle(operation.session, change.id)
            states[handle] = change.after
        return OperationWritten(operation, outcome, states)

    def _handle(self, session: Session, message_id: MessageId) -> SeriesHandle:
        """Return the tree's handle of the series that holds a mail."""
        if (desk := session.lists) is not None:
            row = desk.rows.find(message_id)
            return message_id if row is None else row
        if self._holders is None:
            items = self._listing.items if self._listing is not None else ()
            self._holders = {mail: item.id for item in items for mail in item.message_ids}
        return self._holders.get(message_id, message_id)


def _refresh(session: Session) -> None:
    """Let the lists read the changed rows again."""
    if (desk := session.lists) is not None:
        desk.refresh_now()


def _ids(operation: TriageOperation) -> dict[MessageId, SeriesHandle]:
    """Return the ids of an operation's series, each with its handle in the tree."""
    rows = [handle for handle in operation.handles if isinstance(handle, int)]
    found: dict[MessageId, SeriesHandle] = {
        MessageId(handle): handle for handle in operation.handles if isinstance(handle, str)
    }
    if rows and (desk := operation.session.lists) is not None:
        found.update((summary.id, summary.row) for summary in desk.rows.summaries(rows))
    return found


def _unseen(session: Session, mails: Collection[MessageId]) -> list[MessageId]:
    """Return those of some mails that are unread."""
    desk: ListDesk | None = session.lists
    if desk is None:
        return []
    found: list[MessageId] = []
    unseen: dict[int, Collection[MessageId]] = {}
    for name in mails:
        row = desk.rows.find(name)
        if row is not None and name in unseen.setdefault(row, desk.rows.unread(row)):
            found.append(name)
    return found


def find_marked(
    session: Session,
    listing: TargetListing | None,
    query: str,
    lists: Sequence[str],
    states: Callable[[], Mapping[SeriesHandle, TriageState]],
) -> Collection[SeriesHandle]:
    """Return all series that match a query, in lists or in the open target. Raises PatchdeskError."""
    from core.search.list_search import ListSearch
    from tui.desk.target_search import search_of

    if listing is not None:
        places = search_of(listing, session.desk, states).rows(query)
        return [listing.items[place].id for place in places]
    from core.config import load_config
    from core.system.paths import config_file

    desk = session.lists
    if desk is None:
        return []
    return ListSearch(desk.index, load_config(config_file())).rows(query, lists)
