"""Triage as screens and commands use it: apply a verb to series, undo it, and ask for their states.

With an index, the states of series are cached there; without (one opened target), they follow from the journal in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.desk.applied_journal import UNDO_PATIENCE, AppliedJournal
from core.desk.awaited_tags import AwaitedTags
from core.desk.triage_log import TriageLog
from core.diff.viewed_hunks import JournaledViewedHunks
from core.errors import PatchdeskError
from core.model import MessageId, Series, Thread
from core.triage.arguments import ArgumentError, check_note, encode_argument
from core.triage.events import (
    REDO,
    UNDO,
    UNVIEWED,
    VIEWED,
    VISITED,
    AppliedStep,
    EventSeries,
    TriageEvent,
    to_microseconds,
)
from core.triage.journal import Journal
from core.triage.outcome import (
    MOST_IDS,
    LogLine,
    StateChange,
    VerbResult,
    can_end_snooze,
    describe_applied,
    describe_targets,
    describe_undone,
    event_entry,
    has_effect,
    log_line,
    log_line_of_undo,
    split_into_lines,
    target_messages,
)
from core.triage.state import INITIAL_STATE, EventEffect, TriageState, after_event
from core.triage.store import TriageTarget
from core.triage.transitions import VERB_TEXTS, Status, Verb, next_status

if TYPE_CHECKING:
    from core.diff.viewed_hunks import ViewedHunks
    from core.index.index import Index
    from core.triage.memory_store import ReadItems

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


def _now() -> datetime:
    return datetime.now(UTC)


class TriageService:
    """The decisions on series. Any thread may call it; all but `viewed` may block for a moment: not from the UI thread.

    A process makes one for a journal. All raise JournalError where the journal cannot be used, and IndexFileError where the
    index cannot.
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
        self.applied = AppliedJournal(index, journal, me, clock)
        """The journal, and the store that has it applied."""
        self.log = TriageLog(self.applied)
        self.tags = AwaitedTags(self.applied, repos or {})
        self._clock = clock
        self._viewed = JournaledViewedHunks(self._read_viewed, self._write_viewed)

    def set_items(self, items: Iterable[Series | Thread]) -> None:
        """Know the series of an opened target, in the place of those known before."""
        if self.applied.memory is not None:
            self.applied.memory.set_items(items)

    def refresh(self) -> bool:
        """Apply events that others have written to the journal; return whether there were any."""
        return self.applied.refresh()

    # ------------------------------------------------------------------- verbs

    def apply(
        self,
        verb: Verb,
        ids: Collection[MessageId],
        *,
        argument: str | None = None,
        note: str | None = None,
        patch: bool = False,
    ) -> VerbResult:
        """Apply a verb to the series that hold some mails, or with `patch` to these mails alone, as one step.

        `argument` is the label, the priority (`+1`, `-1`, `=3`), or until when as a person writes it; `note` becomes the
        series' note, whatever the verb. Once this returns, it is on the disk. Raises ArgumentError for an argument that
        cannot be (SnoozeError for a time), and JournalError where it cannot be written.
        """
        with self.applied.lock:
            self.applied.apply_new_events()
            targets = self.applied.store.find(ids)
            if verb in (Verb.READ, Verb.UNREAD):
                return self._apply_read(verb, ids if patch else None, targets)
            if note is not None:
                check_note(note)
            argument = encode_argument(
                verb, argument, note, self._clock(), lambda: self.tags.lookup_for(targets)
            )
            if patch and not VERB_TEXTS[verb].on_patch:
                raise ArgumentError(
                    f"“{verb}” is for whole series.",
                    f"A single patch takes only {', '.join(verb for verb in Verb if VERB_TEXTS[verb].on_patch)}.",
                )
            event = TriageEvent(
                time=0, host="", id="", verb=verb, argument=argument, note=note, patch=patch
            )
            if targets and not any(can_end_snooze(event, target) for target in targets):
                raise ArgumentError(
                    "A discussion has no versions to wait for.", "Snooze it until a time: 3d, fri."
                )
            wanted = target_messages(targets, ids) if patch else [(one, None) for one in targets]
            return self._apply_event(event, wanted)

    def _apply_event(
        self, event: TriageEvent, wanted: Sequence[tuple[TriageTarget, MessageId | None]]
    ) -> VerbResult:
        now = self._clock()
        entries: list[EventSeries] = []
        changes: list[StateChange] = []
        unknown: list[MessageId] = []
        effect = EventEffect(
            time=to_microseconds(now), id="", verb=event.verb, argument=event.argument, note=event.note, patch=event.patch,
        )  # fmt: skip
        for target, mail in wanted:
            before = target.state.at(now)
            status = before.status if mail is None else before.patch(mail) or Status.NEW
            after = after_event(before, effect, mail)
            if not (can_end_snooze(event, target) and has_effect(event, status, before, after)):
                continue
            entries.append(event_entry(target, mail, status))
            changes.append(
                StateChange(target.requested_id if mail is None else mail, before, after)
            )
            if not target.is_known:
                unknown.append(target.requested_id)
        written = self.applied.append(split_into_lines(event, entries)) if entries else []
        return VerbResult(
            text=describe_applied(
                event.verb, event.argument, self._targets_text(changes, patch=event.patch)
            ),
            changes=tuple(changes),
            unchanged=len(wanted) - len(changes),
            unknown=tuple(unknown),
            notes=self.applied.notes(),
            lines=tuple(map(log_line, written)),
        )

    def _apply_read(
        self, verb: Verb, mails: Collection[MessageId] | None, targets: Sequence[TriageTarget]
    ) -> VerbResult:
        """Count mails (None: all of the series) as read or unread, and say of which series."""
        now = self._clock()
        if mails is None:
            mails = [mail for target in targets for mail in target.mails]
        written = self.mark_read(mails, read=verb is Verb.READ)
        changes = []
        for target in targets:
            before = target.state.at(now)
            status = next_status(before.status, verb) or before.status
            changes.append(StateChange(target.requested_id, before, replace(before, status=status)))
        return VerbResult(
            text=describe_applied(verb, "", self._targets_text(changes, patch=False)),
            changes=tuple(changes),
            unknown=tuple(target.requested_id for target in targets if not target.is_known),
            notes=self.applied.notes(),
            lines=tuple(map(log_line, written)),
        )

    def undo(self) -> VerbResult | None:
        """Undo this machine's last action that is not undone yet; None without one."""
        return self._undo_or_redo(UNDO)

    def redo(self) -> VerbResult | None:
        """Redo the last undo; None without one, or where something else was done since."""
        return self._undo_or_redo(REDO)

    def _undo_or_redo(self, verb: str) -> VerbResult | None:
        with self.applied.lock:
            self.applied.apply_new_events(UNDO_PATIENCE)
            host, store = self.applied.journal.host, self.applied.store
            step = store.query(
                lambda history: history.next_undo(host) if verb == UNDO else history.next_redo(host)
            )
            if step is None:
                return None
            origin = step.origin
            entries = store.query(lambda history: history.series_of_step(origin))
            mails = {mail for _, hashes in entries for mail in hashes}
            now = self._clock()
            before = {one.entry.ids[0]: one.state for one in store.series_holding(mails)}
            written = self.applied.append(
                [TriageEvent(time=0, host="", id="", verb=verb, undoes=step.name)]
            )
            after = {one.entry.ids[0]: one.state for one in store.series_holding(mails)}
            changes = tuple(
                StateChange(one, state.at(now), after.get(one, INITIAL_STATE).at(now))
                for one, state in before.items()
            )
            single = entries[0][0].ids[0] if step.count == 1 and entries else None
            subject = store.subject(single, own=step.patch) if single is not None else ""
            targets = describe_targets(step.count, patch=step.patch, subject=subject)
            line = log_line_of_undo(written[0], step, [entry for entry, _ in entries])
            return VerbResult(
                text=describe_undone(verb, step, targets),
                changes=changes,
                notes=self.applied.notes(),
                lines=(line,),
            )

    # ------------------------------------------------------------------- applied, thanked

    def record(self, verb: str, message_id: MessageId, argument: str) -> None:
        """Write that a series was applied or thanked for (`core.triage.events`); once this returns, it is on the disk."""
        with self.applied.lock:
            self.applied.apply_new_events()
            now = self._clock()
            entries = [
                event_entry(target, None, target.state.at(now).status)
                for target in self.applied.store.find((message_id,))
            ]
            event = TriageEvent(
                time=0, host="", id="", verb=verb, argument=argument, series=tuple(entries)
            )
            self.applied.append([event])

    def last_applied(self) -> AppliedStep | None:
        """Return the last application of this machine, where it decided nothing since."""
        host = self.applied.journal.host
        with self.applied.lock:
            self.applied.apply_new_events()
            return self.applied.store.query(lambda history: history.last_applied(host))

    def record_undone(self, record: str) -> None:
        """Record that applied patches were undone; `record` is the id in `core.apply.records`."""
        with self.applied.lock:
            step = self.applied.store.query(lambda history: history.step_of_record(record))
            if step is not None:
                event = TriageEvent(time=0, host="", id="", verb=UNDO, undoes=step)
                self.applied.append([event])

    def is_thanked(self, message_id: MessageId) -> bool:
        """Whether thanks were written for the series that holds a mail."""
        with self.applied.lock:
            self.applied.apply_new_events()
            (target,) = self.applied.store.find((message_id,))
            return self.applied.store.query(lambda history: history.is_thanked(target.mails))

    def _targets_text(self, changes: Sequence[StateChange], *, patch: bool) -> str:
        """Return the subject of a single series or patch, else their number."""
        single = changes[0].id if len(changes) == 1 else None
        subject = self.applied.store.subject(single, own=patch) if single is not None else ""
        return describe_targets(len(changes), patch=patch, subject=subject)

    def mark_read(
        self, message_ids: Collection[MessageId], *, read: bool = True
    ) -> Sequence[TriageEvent]:
        """Mark messages read or unread, which undo does not revert; return the written events."""
        if message_ids:
            verb = Verb.READ if read else Verb.UNREAD
            ids = list(dict.fromkeys(message_ids))
            events = [
                TriageEvent(time=0, host="", id="", verb=verb, ids=tuple(ids[at : at + MOST_IDS]))
                for at in range(0, len(ids), MOST_IDS)
            ]
            return self.applied.append(events, sync=False)
        return ()

    # ------------------------------------------------------------------- states

    def states(self) -> dict[int | MessageId, TriageState]:
        """Return the states of all series that anything was ever done to, or that came back.

        By their rows in the index; without an index by the ids of those that are known. The summaries of an index's rows
        have it already, for those that are on the screen.
        """
        with self.applied.lock:
            now = self._clock()
            states = self.applied.store.states()
            later = [key for key, state in states.items() if state.status is Status.LATER]
            return states | {key: states[key].at(now) for key in later}

    def states_of(self, message_ids: Iterable[MessageId]) -> dict[MessageId, TriageState]:
        """Return the states of the series that hold some mails; of mails of one series, by the first of them."""
        with self.applied.lock:
            now = self._clock()
            targets = self.applied.store.find(message_ids)
            return {target.requested_id: target.state.at(now) for target in targets}

    def series_of_comment(self, key: str) -> MessageId | None:
        """Return the id of the series that has a review comment, as far as reviews of followed lists were counted."""
        from core.index.review_counts import ReviewCounts
        from core.search.maintenance import review_counts_file

        index = self.applied.index
        if index is None:
            return None
        row = ReviewCounts(review_counts_file(), index.identity).row_of_comment(key)
        found = index.rows.summaries([] if row is None else [row])
        return found[0].id if found else None

    def state_of(self, message_id: MessageId) -> TriageState:
        """Return the state of the series that holds a mail."""
        return self.states_of((message_id,))[message_id]

    def read_items(self) -> ReadItems:
        """Return which items of an opened target were read."""
        with self.applied.lock:
            _ = self.applied.store
            memory = self.applied.memory
            return ReadItems() if memory is None else memory.read_items()

    def today(self) -> tuple[int, int]:
        """Return how many series were decided since midnight, and of how many there were to decide."""
        with self.applied.lock:
            now = self._clock()
            midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
            return self.applied.store.today(midnight, now)

    # ------------------------------------------------------------------- hunks, sessions

    @property
    def viewed(self) -> ViewedHunks:
        """The hunks that were viewed; from the UI thread, written in batches."""
        return self._viewed

    def _read_viewed(self) -> set[str]:
        return self.applied.store.query(lambda history: history.viewed_hunks())

    def _write_viewed(self, marks: Mapping[str, bool]) -> None:
        events = [
            TriageEvent(time=0, host="", id="", verb=verb, keys=keys)
            for verb, viewed in ((VIEWED, True), (UNVIEWED, False))
            if (keys := tuple(key for key, is_so in marks.items() if is_so is viewed))
        ]
        try:
            self.applied.append(events, sync=False)
        except PatchdeskError as error:
            log.warning("viewed hunks: %s", error.message)

    def record_visit(self) -> None:
        """Remember that the lists were looked at until now; for the end of a session."""
        self.applied.append([TriageEvent(time=0, host="", id="", verb=VISITED)], sync=False)

    def close(self) -> None:
        """Write the viewed hunks."""
        self._viewed.flush()
