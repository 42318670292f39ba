"""Triage as screens and commands use it: do something to series, undo it, and ask where they stand.

With an index, where series stand is cached there; without (one opened target), it follows from the journal in memory.
The journal holds what was done before anything is answered; the cache follows, at once where no other process writes it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final

from core.diff.viewed_hunks import JournaledViewedHunks
from core.errors import PatchdeskError
from core.model import MessageId, Series, Thread
from core.triage.arguments import check_note, encode_argument
from core.triage.deeds import (
    MOST_IDS,
    can_end_snooze,
    event_entry,
    has_effect,
    split_into_lines,
    target_messages,
)
from core.triage.events import (
    REDO,
    UNDO,
    UNVIEWED,
    VIEWED,
    VISITED,
    EventSeries,
    TriageEvent,
    to_microseconds,
)
from core.triage.journal import Journal
from core.triage.memory_store import InMemoryTriageStore
from core.triage.outcome import (
    LogLine,
    StateChange,
    VerbResult,
    describe_step,
    describe_verb,
    log_line,
    log_line_of_undo,
    log_lines,
)
from core.triage.state import INITIAL_STATE, EventEffect, TriageState, after_event
from core.triage.store import JournalUpdate, TriageStore, TriageTarget
from core.triage.transitions import VERB_TEXTS, VERBS, Status, Verb, next_status
from core.triage.when import ArgumentError, HasTag

if TYPE_CHECKING:
    from core.diff.viewed_hunks import ViewedHunks
    from core.index.index import Index
    from core.index.triage_store import IndexTriageStore

__all__ = [
    "Journal",
    "LogLine",
    "StateChange",
    "TriageService",
    "TriageState",
    "Verb",
    "VerbResult",
]

log = logging.getLogger(__name__)

UNDO_PATIENCE: Final = 10.0
"""Seconds that an undo waits for another process, since it must know all that was done."""


def _now() -> datetime:
    return datetime.now(UTC)


class TriageService:
    """What was decided. Any thread may call it; all but `viewed` may block for a moment: not from the UI thread.

    All raise JournalError where the journal cannot be used, and IndexFileError where the index cannot.
    """

    def __init__(
        self,
        index: Index | None,
        journal: Journal,
        me: Collection[str] | None = None,
        *,
        repos: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Take the index of followed lists (None for an opened target), the user's addresses (None: as last time), and lists' repositories.

        Nothing is opened or read yet.
        """
        self.journal = journal
        self._index = index
        self._me = me
        self._repos = dict(repos or {})
        self._clock = clock
        self._lock = threading.RLock()
        self._made: TriageStore | None = None
        self._memory = InMemoryTriageStore(me or ()) if index is None else None
        self._indexed: IndexTriageStore | None = None
        self._first = JournalUpdate()
        """What was taken in when it was opened."""
        self._passed = 0
        self._said = 0
        self._views = JournaledViewedHunks(self._viewed, self._write_views)

    @property
    def _book(self) -> TriageStore:
        with self._lock:
            if self._made is None:
                self._made = self._memory or self._of_index()
                self.journal.mend()
                self._first = self._made.catch_up(self.journal)
                self._passed += self._first.passed
            return self._made

    def _of_index(self) -> IndexTriageStore:
        from core.index.triage_store import IndexTriageStore

        assert self._index is not None  # noqa: S101 - or there is a book in memory
        self._indexed = IndexTriageStore(self._index)
        if self._me is not None:
            self._indexed.know_me(self._me)
        return self._indexed

    def hold(self, items: Iterable[Series | Thread]) -> None:
        """Know the series of an opened target, in the place of those held before."""
        if self._memory is not None:
            self._memory.hold(items)

    # ------------------------------------------------------------------- doing

    def do(
        self,
        verb: Verb,
        ids: Collection[MessageId],
        *,
        argument: str | None = None,
        note: str | None = None,
        patch: bool = False,
    ) -> VerbResult:
        """Do something to the series that hold some mails, or with `patch` to these mails alone, as one step.

        `argument` is the label, the priority (`+1`, `-1`, `=3`), or until when as a person writes it; `note` becomes the
        series' note, whatever the verb. Once this returns, it is on the disk. Raises ArgumentError for an argument that
        cannot be (SnoozeError for a time), and JournalError where it cannot be written.
        """
        with self._lock:
            self._catch_up()
            found = self._book.find(ids)
            if verb in (Verb.READ, Verb.UNREAD):
                return self._mark(verb, ids if patch else None, found)
            if note is not None:
                check_note(note)
            now = self._clock()
            argument = encode_argument(verb, argument, note, now, lambda: self._tags_of(found))
            if patch and not VERB_TEXTS[verb].on_patch:
                raise ArgumentError(
                    f"“{verb}” is for whole series.",
                    f"A patch alone takes {', '.join(verb for verb in Verb if VERB_TEXTS[verb].on_patch)}.",
                )
            met = target_messages(found, ids) if patch else [(known, None) for known in found]
            event = TriageEvent(
                time=0, host="", id="", verb=verb, argument=argument, note=note, patch=patch
            )
            if found and not any(can_end_snooze(event, known) for known in found):
                raise ArgumentError(
                    "A discussion has no versions to wait for.", "Put it off until a time: 3d, fri."
                )
            return self._do(event, met)

    def _do(
        self, event: TriageEvent, met: Sequence[tuple[TriageTarget, MessageId | None]]
    ) -> VerbResult:
        now = self._clock()
        entries: list[EventSeries] = []
        changes: list[StateChange] = []
        unknown: list[MessageId] = []
        deed = EventEffect(
            time=to_microseconds(now), id="", verb=event.verb, argument=event.argument, note=event.note, patch=event.patch,
        )  # fmt: skip
        for known, mail in met:
            before = known.standing.at(now)
            status = before.status if mail is None else before.patch(mail) or Status.NEW
            stands = after_event(before, deed, mail)
            if not (can_end_snooze(event, known) and has_effect(event, status, before, stands)):
                continue
            entries.append(event_entry(known, mail, status))
            changes.append(StateChange(known.asked if mail is None else mail, before, stands))
            if not known.is_here:
                unknown.append(known.asked)
        written = self._append(split_into_lines(event, entries)) if entries else []
        return VerbResult(
            words=describe_verb(event.verb, event.argument, len(changes)),
            changes=tuple(changes),
            left=len(met) - len(changes),
            unknown=tuple(unknown),
            notes=self.notes(),
            lines=tuple(map(log_line, written)),
        )

    def _mark(
        self, verb: Verb, mails: Collection[MessageId] | None, found: Sequence[TriageTarget]
    ) -> VerbResult:
        """Count mails as read or unread, and say of which series."""
        now = self._clock()
        if mails is None:
            mails = [mail for known in found for mail in known.mails]
        written = self.mark_read(mails, read=verb is Verb.READ)
        changes = []
        for known in found:
            before = known.standing.at(now)
            status = next_status(before.status, verb) or before.status
            changes.append(StateChange(known.asked, before, replace(before, status=status)))
        return VerbResult(
            words=describe_verb(verb, "", len(changes)),
            changes=tuple(changes),
            unknown=tuple(known.asked for known in found if not known.is_here),
            notes=self.notes(),
            lines=tuple(map(log_line, written)),
        )

    def undo(self) -> VerbResult | None:
        """Take back the last thing this machine did and did not take back yet; None where there is none."""
        return self._take_back(UNDO)

    def redo(self) -> VerbResult | None:
        """Do again what the last undo took back; None where nothing was, or something was done since."""
        return self._take_back(REDO)

    def _take_back(self, verb: str) -> VerbResult | None:
        with self._lock:
            self._catch_up(UNDO_PATIENCE)
            host = self.journal.host
            step = self._book.ask(
                lambda ledger: ledger.to_undo(host) if verb == UNDO else ledger.to_redo(host)
            )
            if step is None:
                return None
            entries = self._book.ask(lambda ledger: ledger.entries_of(step.origin))
            mails = {mail for _, numbers in entries for mail in numbers}
            now = self._clock()
            before = {known.entry.ids[0]: known for known in self._book.about(mails)}
            written = self._append(
                [TriageEvent(time=0, host="", id="", verb=verb, undoes=step.name)]
            )
            stands = {known.entry.ids[0]: known.standing for known in self._book.about(mails)}
            changes = tuple(
                StateChange(one, known.standing.at(now), stands.get(one, INITIAL_STATE).at(now))
                for one, known in before.items()
            )
            said = "undone" if verb == UNDO else "done again"
            line = log_line_of_undo(written[0], step, [entry for entry, _ in entries])
            return VerbResult(
                words=f"{said}: {describe_step(step)}",
                changes=changes,
                notes=self.notes(),
                lines=(line,),
            )

    def mark_read(
        self, message_ids: Collection[MessageId], *, read: bool = True
    ) -> Sequence[TriageEvent]:
        """Count mails as read or unread, outside of what undo takes back; return what was written."""
        if message_ids:
            verb = Verb.READ if read else Verb.UNREAD
            ids = list(dict.fromkeys(message_ids))
            events = [
                TriageEvent(time=0, host="", id="", verb=verb, ids=tuple(ids[at : at + MOST_IDS]))
                for at in range(0, len(ids), MOST_IDS)
            ]
            return self._append(events, sync=False)
        return ()

    # ------------------------------------------------------------------- the journal

    def _append(self, events: Sequence[TriageEvent], *, sync: bool = True) -> Sequence[TriageEvent]:
        with self._lock:
            host = self.journal.host
            last = self._book.ask(lambda ledger: ledger.last_time(host))
            now = max(to_microseconds(self._clock()), last + 1)
            written = self.journal.append(events, now=now, sync=sync)
            self._catch_up()
            return written

    def _catch_up(self, patience: float | None = None) -> JournalUpdate:
        book = self._book
        if not book.is_behind(self.journal):
            return JournalUpdate()
        done = (
            book.catch_up(self.journal)
            if patience is None
            else book.catch_up(self.journal, patience=patience)
        )
        self._passed += done.passed
        if done.busy and patience is not None:
            raise PatchdeskError(
                "Another process keeps the index busy.", "Try again once its sync has ended."
            )
        return done

    def notes(self) -> tuple[str, ...]:
        """Return what is odd about the journal and was not said yet."""
        notes = self.journal.notes[self._said :]
        self._said = len(self.journal.notes)
        if self._passed:
            one = self._passed == 1
            what = (
                "line of the triage journal that is not an event"
                if one
                else "lines of the triage journal that are not events"
            )
            notes += (f"Ignored {self._passed:,} {what}.",)
            self._passed = 0
        return notes

    def refresh(self) -> bool:
        """Take in what others have written to the journal; return whether there was any of it."""
        with self._lock:
            done = self._catch_up()
            first, self._first = self._first, JournalUpdate()
            return bool(done.rows or done.anew or first.rows or first.anew)

    def take_over(self, lines: BinaryIO) -> tuple[int, int]:
        """Append the events of another journal that are not here; return how many, and how many lines were none."""
        with self._lock:
            self._catch_up(UNDO_PATIENCE)
            names = {event.id for batch in self.journal.batches() for event in batch.events}
            done = self.journal.take_over(lines, names.__contains__)
            self._catch_up()
            return done

    # ------------------------------------------------------------------- asking

    def standing(self, message_id: MessageId) -> TriageState:
        """Return where the series stands that holds a mail."""
        with self._lock:
            return self._book.find((message_id,))[0].standing.at(self._clock())

    def standings(self, message_ids: Iterable[MessageId]) -> dict[MessageId, TriageState]:
        """Return where the series stand that hold some mails; of mails of one series, by the first of them."""
        with self._lock:
            now = self._clock()
            return {known.asked: known.standing.at(now) for known in self._book.find(message_ids)}

    def known(self) -> dict[int | MessageId, TriageState]:
        """Return where all series stand that anything was ever done to, or that came back.

        By their rows in the index; without an index by the ids of those that are held. The summaries of an index's rows
        have it already, for those that are on the screen.
        """
        with self._lock:
            now = self._clock()
            known = self._book.standings()
            later = [key for key, stands in known.items() if stands.status is Status.LATER]
            return known | {key: known[key].at(now) for key in later}

    def read_items(self) -> frozenset[MessageId]:
        """Return the ids of the items of an opened target of which every mail is marked as read."""
        with self._lock:
            _ = self._book
            return frozenset() if self._memory is None else self._memory.read_items()

    def history(self, message_id: MessageId) -> list[LogLine]:
        """Return what was done to the series that holds a mail, latest last."""
        with self._lock:
            self._catch_up()
            (known,) = self._book.find((message_id,))
            events = self._book.ask(lambda ledger: ledger.told(known.mails))
            return [log_line(event, in_force=in_force) for event, in_force in events]

    def log(self, *, marks: bool = False) -> Iterator[LogLine]:
        """Yield what was done, in the order of the file; with `marks` also which mails were read.

        An undo or redo has the series of what it takes back.
        """
        self._catch_up()
        undone = self._book.ask(lambda ledger: ledger.undone())
        targets = self._book.ask(lambda ledger: ledger.targets())
        self._passed = 0
        for line in log_lines(self._events(), undone, targets):
            if line.series or line.undoes or (marks and line.verb in VERBS):
                yield line

    def _events(self) -> Iterator[TriageEvent]:
        """Yield all events of the file, and count the lines that are none for `notes`."""
        for batch in self.journal.batches():
            self._passed += batch.passed
            yield from batch.events

    def today(self) -> tuple[int, int]:
        """Return how many series were decided since midnight, and of how many there were to decide."""
        with self._lock:
            now = self._clock()
            midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
            return self._book.today(midnight, now)

    # ------------------------------------------------------------------- hunks, sessions, tags

    @property
    def viewed(self) -> ViewedHunks:
        """What remembers viewed hunks; from the UI thread, written in batches."""
        return self._views

    def _viewed(self) -> set[str]:
        return self._book.ask(lambda ledger: ledger.viewed())

    def _write_views(self, marks: Mapping[str, bool]) -> None:
        events = [
            TriageEvent(time=0, host="", id="", verb=verb, keys=keys)
            for verb, viewed in ((VIEWED, True), (UNVIEWED, False))
            if (keys := tuple(key for key, is_so in marks.items() if is_so is viewed))
        ]
        try:
            self._append(events, sync=False)
        except PatchdeskError as error:
            log.warning("viewed hunks: %s", error.message)

    def looked(self) -> None:
        """Remember that the lists were looked at until now; for the end of a session."""
        self._append([TriageEvent(time=0, host="", id="", verb=VISITED)], sync=False)

    def look_for_tags(self) -> bool:
        """See whether tags that series wait for are there; return whether any is."""
        from core.sources.git_refs import has_tag

        with self._lock:
            _ = self._book
            if self._memory is not None:
                repos = set(self._repos.values())
                return self._memory.look_for_tags(
                    lambda tag: any(has_tag(one, tag) for one in repos)
                )
            if self._indexed is None:
                return False
            there = [
                (name, tag)
                for name, tag in self._indexed.awaited_tags()
                if name in self._repos and has_tag(self._repos[name], tag)
            ]
            return bool(there and self._indexed.note_tags(there))

    def _tags_of(self, found: Sequence[TriageTarget]) -> HasTag | None:
        """Return what tells whether a tag is in the repositories of all these series; None where one has none."""
        from core.sources.git_refs import has_tag

        names = [
            [name for name in known.lists if name in self._repos]
            if self._memory is None
            else list(self._repos)
            for known in found
        ]
        if not names or not all(names):
            return None
        repos = {self._repos[name] for each in names for name in each}
        return lambda tag: any(has_tag(repo, tag) for repo in sorted(repos))

    def close(self) -> None:
        """Write what waits to be written."""
        self._views.flush()
