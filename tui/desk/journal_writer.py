"""Who writes down what was decided: one thread, in the order of the key presses, and what it tells the screen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final, Literal, cast

from textual.message import Message

from core.errors import PatchdeskError
from core.model import MessageId
from tui.desk.list_jobs import Post
from tui.desk.requests import Session
from tui.tree.marks import SeriesHandle

if TYPE_CHECKING:
    from core.desk.lists_desk import ListDesk
    from core.desk.triage_service import TriageService
    from core.diff.viewed_hunks import ViewedHunks
    from core.model import TargetListing
    from core.triage.outcome import LogLine, VerbResult
    from core.triage.state import TriageState
    from core.triage.transitions import Verb

log = logging.getLogger(__name__)

_LONGEST_WAIT: Final = 10.0
"""Seconds that quitting waits for what is not written yet: a disk that hangs must not hold the terminal."""


def _lists(session: Session) -> ListDesk | None:
    """Return the followed lists, where these are what was opened."""
    return cast("ListDesk", session.desk) if hasattr(session.desk, "pages") else None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Deed:
    """Something to be done to series, or taken back."""

    session: Session
    kind: Literal["do", "undo", "redo"] = "do"
    verb: Verb | None = None
    handles: tuple[SeriesHandle, ...] = ()
    """The series that it is for."""
    mails: tuple[MessageId, ...] = ()
    """The mails that it is for, where these alone are meant."""
    argument: str | None = None
    note: str | None = None


@dataclass
class Known(Message):
    """Where series stand, and what remembers viewed hunks."""

    session: Session
    standings: Mapping[SeriesHandle, TriageState] | None
    viewed: ViewedHunks | None
    """Both None where nothing could be known: what was known before holds."""


@dataclass
class Counted(Message):
    """How many series were decided today, and of how many."""

    session: Session
    today: tuple[int, int]


@dataclass
class DeedDone(Message):
    """A deed is written down."""

    deed: Deed
    outcome: VerbResult | None
    """None where there was nothing to take back."""
    standings: Mapping[SeriesHandle, TriageState] = field(default_factory=dict)
    """How those stand now that stood otherwise before."""
    first: SeriesHandle | None = None
    """One of them, to put the cursor on."""


@dataclass
class DeedFailed(Message):
    """A deed could not be written down: nothing has changed."""

    deed: Deed
    error: PatchdeskError


@dataclass
class HistoryRead(Message):
    """What was done to a series."""

    session: Session
    subject: str
    lines: Sequence[LogLine] | PatchdeskError


@dataclass
class Marked(Message):
    """What a query means, to be marked; or why it cannot be."""

    session: Session
    found: Collection[SeriesHandle] | PatchdeskError


class Clerk:
    """Does what it is told, one after the other, in a thread of its own, and posts what came of it."""

    def __init__(self, make: Callable[[Session], TriageService], post: Post) -> None:
        """`make` gives what remembers the decisions on what was opened; it is called in the thread."""
        self._make = make
        self._post = post
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._leaving = False
        """Nobody asks any more: only what is to be written is done."""
        self._of: Session | None = None
        self._triage: TriageService | None = None
        self._listing: TargetListing | None = None
        self._holders: dict[MessageId, MessageId] | None = None
        """Of what is in memory, the series of each mail."""

    def put(self, job: Callable[[], object]) -> None:
        """Let something be done after all that came before."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="triage", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def close(self) -> None:
        """Write what waits to be written, and end."""
        if self._thread is not None:
            self._leaving = True
            self._jobs.put(None)
            self._thread.join(_LONGEST_WAIT)
            self._thread = None

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:
                log.exception("triage")
        if self._triage is not None:
            with suppress(PatchdeskError):
                self._leave(self._triage)

    def _leave(self, triage: TriageService) -> None:
        """Write what waits to be written, and until when lists were looked at."""
        triage.close()
        if self._of is not None and _lists(self._of) is not None:
            triage.looked()

    def _triage_of(self, session: Session) -> TriageService:
        if self._triage is None or self._of is not session:
            if self._triage is not None:
                with suppress(PatchdeskError):
                    self._leave(self._triage)
            self._triage, self._of = self._make(session), session
        return self._triage

    # ------------------------------------------------------------- jobs

    def know(self, session: Session, listing: TargetListing | None) -> None:
        """Post where the series of what is open stand."""

        def job() -> None:
            if self._leaving:
                return
            try:
                triage = self._triage_of(session)
                self._listing, self._holders = listing, None
                if listing is not None:
                    triage.hold(listing.items)
                else:
                    triage.refresh()
                known = cast("Mapping[SeriesHandle, TriageState]", triage.known())
                self._post(Known(session, known, triage.viewed))
                self._count(session)
            except PatchdeskError as error:
                log.warning("triage: %s", error.message)
                self._post(Known(session, None, None))
            except Exception:  # the list must not wait for ever
                log.exception("triage")
                self._post(Known(session, None, None))

        self.put(job)

    def look_for_tags(self, session: Session) -> None:
        """See whether tags are there that series wait for; the lists then show them."""

        def job() -> None:
            with suppress(PatchdeskError):
                if self._leaving:
                    return
                desk = _lists(session)
                if self._triage_of(session).look_for_tags() and desk is not None:
                    desk.look()

        self.put(job)

    def do(self, deed: Deed) -> None:
        """Write a deed down, and post that it is."""

        def job() -> None:
            try:
                self._post(self._done(deed))
                if deed.kind != "do" and (desk := _lists(deed.session)) is not None:
                    desk.look()  # what is back may not be in the list
                self._count(deed.session)
            except PatchdeskError as error:
                self._post(DeedFailed(deed, error))
            except Exception:
                log.exception("triage")
                words = "That could not be done.", "The log has the details."
                self._post(DeedFailed(deed, PatchdeskError(*words)))

        self.put(job)

    def _count(self, session: Session) -> None:
        """Post how far today has come, unless there is more to do first."""
        if self._jobs.empty() and not self._leaving:
            self._post(Counted(session, self._triage_of(session).today()))

    def _done(self, deed: Deed) -> DeedDone:
        triage = self._triage_of(deed.session)
        asked: dict[MessageId, SeriesHandle] = {}
        outcome: VerbResult | None
        if deed.kind != "do" or deed.verb is None:
            outcome = triage.undo() if deed.kind == "undo" else triage.redo()
        else:
            asked = _ids(deed)
            outcome = triage.do(
                deed.verb,
                deed.mails or tuple(asked),
                argument=deed.argument,
                note=deed.note,
                patch=bool(deed.mails),
            )
        standings: dict[SeriesHandle, TriageState] = {}
        for change in outcome.changes if outcome is not None else ():
            handle = deed.handles[0] if deed.mails else asked.get(change.id)
            standings[self._handle(deed.session, change.id) if handle is None else handle] = (
                change.after
            )
        return DeedDone(deed, outcome, standings, next(iter(standings), None))

    def _handle(self, session: Session, message_id: MessageId) -> SeriesHandle:
        """Return what the screen knows the series by that holds a mail."""
        if (desk := _lists(session)) is not None:
            row = desk.find(message_id)
            return message_id if row is None else row
        if self._holders is None:
            items = self._listing.items if self._listing is not None else ()
            self._holders = {mail: item.id for item in items for mail in item.message_ids}
        return self._holders.get(message_id, message_id)

    def mark_read(self, session: Session, mails: Collection[MessageId], *, read: bool) -> None:
        """Count mails as read or unread."""

        def job() -> None:
            try:
                names = _unseen(session, mails) if read else mails
                if names:
                    self._triage_of(session).mark_read(names, read=read)
                if names and (desk := _lists(session)) is not None:
                    desk.look()
            except PatchdeskError as error:
                log.warning("read marks: %s", error.message)

        self.put(job)

    def read_history(self, session: Session, subject: str, message_id: MessageId) -> None:
        """Post what was done to a series."""

        def job() -> None:
            try:
                lines = self._triage_of(session).history(message_id)
                self._post(HistoryRead(session, subject, lines))
            except PatchdeskError as error:
                self._post(HistoryRead(session, subject, error))

        self.put(job)


def _ids(deed: Deed) -> dict[MessageId, SeriesHandle]:
    """Return the ids of a deed's series, with what the screen knows them by."""
    rows = [handle for handle in deed.handles if isinstance(handle, int)]
    found: dict[MessageId, SeriesHandle] = {
        MessageId(handle): handle for handle in deed.handles if isinstance(handle, str)
    }
    if rows:
        desk = cast("ListDesk", deed.session.desk)
        found.update((summary.id, summary.row) for summary in desk.summaries(rows))
    return found


def _unseen(session: Session, mails: Collection[MessageId]) -> list[MessageId]:
    """Return those of some mails that count as unread."""
    desk = cast("ListDesk", session.desk)
    found: list[MessageId] = []
    unseen: dict[int, Collection[MessageId]] = {}
    for name in mails:
        row = desk.find(name)
        if row is not None and name in unseen.setdefault(row, desk.unseen(row)):
            found.append(name)
    return found


def find_rows(
    session: Session,
    listing: TargetListing | None,
    query: str,
    lists: Sequence[str],
    standings: Callable[[], Mapping[SeriesHandle, TriageState]],
    post: Post,
) -> None:
    """Post all that a query means, in lists, or in what is open."""
    from core.search.list_search import ListSearch
    from tui.desk.searcher import search_of

    try:
        if listing is not None:
            places = search_of(listing, session.desk, standings).rows(query)
            post(Marked(session, [listing.items[place].id for place in places]))
            return
        from core.config import load_config
        from core.system.paths import config_file

        desk = cast("ListDesk", session.desk)
        finder = ListSearch(desk.index, load_config(config_file()))
        post(Marked(session, finder.rows(query, lists)))
    except PatchdeskError as error:
        post(Marked(session, error))
