"""The outcome of a verb: its events, its result, and its lines in the log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from core.model import MessageId
from core.triage.arguments import Snooze, decode_snooze
from core.triage.event_history import UndoStep
from core.triage.events import UNDO, EventSeries, TriageEvent, to_datetime
from core.triage.state import TriageState
from core.triage.store import TriageTarget
from core.triage.transitions import (
    DECISION_VERBS,
    VERB_TEXTS,
    VERBS,
    Argument,
    Status,
    Verb,
    next_status,
)


@dataclass(frozen=True, slots=True)
class StateChange:
    """A series (or patch) whose state changed."""

    id: MessageId
    """The Message-ID in the request; of an undo, the first one of the series."""
    before: TriageState
    after: TriageState


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbResult:
    """The result of a verb, to be told and shown at once."""

    text: str
    """`done: 37 series`, `undone: done (37 series)`; a single series by its subject: pass it through `core.text.shown`."""
    changes: tuple[StateChange, ...] = ()
    unchanged: int = 0
    """Series that the verb does nothing to, since they have that state already or it is not possible there."""
    unknown: tuple[MessageId, ...] = ()
    """Mails that are not here yet; the event is recorded, and applies once they come."""
    notes: tuple[str, ...] = ()
    """Problems of the journal, each a sentence; told once."""
    lines: tuple[LogLine, ...] = ()
    """Its lines in the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A series in a line of the log."""

    ids: tuple[MessageId, ...]
    before: str | None
    after: str | None
    entry: EventSeries | None = None
    """The entry in the journal; None for an undo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """An event, as one looks back on it."""

    time: datetime
    host: str
    id: str
    verb: str
    series: tuple[LogEntry, ...] = ()
    ids: tuple[MessageId, ...] = ()
    """All mails that it names."""
    argument: str = ""
    note: str | None = None
    patch: bool = False
    undoes: str | None = None
    """The id of the event that an undo takes back; of a redo, of the undo."""
    in_force: bool = True
    """It was not undone."""

    @property
    def before(self) -> str | None:
        """The status before, where it was the same for all."""
        return _common(entry.before for entry in self.series)

    @property
    def after(self) -> str | None:
        """The status after, where it was the same for all."""
        return _common(entry.after for entry in self.series)

    @property
    def text(self) -> str:
        """The state it gave: `done (37 series)`, `labelled needs-test`."""
        count = len(self.series) or len(self.ids)
        text = describe_verb(self.verb, self.argument)
        if count <= 1:
            return text
        if not self.series:
            return f"{text} ({count:,} messages)"
        return f"{text} ({describe_targets(count, patch=self.patch)})"


def log_line(event: TriageEvent, *, in_force: bool = True) -> LogLine:
    """Return an event as one looks back on it."""
    return LogLine(
        time=to_datetime(event.time),
        host=event.host,
        id=event.id,
        verb=event.verb,
        series=tuple(
            LogEntry(
                ids=entry.ids,
                before=entry.before,
                after=status_after(entry.before, event.verb),
                entry=entry,
            )
            for entry in event.series
        ),
        ids=tuple(one for entry in event.series for one in entry.ids) or event.ids,
        argument=event.argument,
        note=event.note,
        patch=event.patch,
        undoes=event.undoes or None,
        in_force=in_force,
    )


def log_lines(
    events: Iterable[TriageEvent], undone: Collection[str], targets: Collection[str]
) -> Iterator[LogLine]:
    """Yield the lines of the log, undos with the series of the events that they undo.

    `undone` are the ids of events that are not in force, `targets` the steps that undos name.
    """
    kept: dict[str, LogLine] = {}
    for event in events:
        line = log_line(event, in_force=event.id not in undone)
        if event.undoes in kept:
            line = invert(line, kept[event.undoes])
        if event.step in targets:
            first = kept.get(event.step, replace(line, series=(), ids=()))
            series, ids = (*first.series, *line.series), (*first.ids, *line.ids)
            kept[event.step] = replace(line, series=series, ids=ids)
        yield line


def invert(line: LogLine, undone: LogLine) -> LogLine:
    """Return a line of an undo (or of a redo, which undoes that) with the series of the event it undoes, `before` and
    `after` swapped.
    """
    series = tuple(
        LogEntry(ids=one.ids, before=one.after, after=one.before) for one in undone.series
    )
    return replace(line, series=series, ids=undone.ids)


def log_line_of_undo(event: TriageEvent, step: UndoStep, entries: Iterable[EventSeries]) -> LogLine:
    """Return the line of an undo or redo that was just written, given the series of the original step."""
    series = tuple(
        LogEntry(ids=one.ids, before=one.before, after=status_after(one.before, step.verb))
        for one in entries
    )
    ids = tuple(one for entry in series for one in entry.ids)
    line = replace(log_line(event), series=series, ids=ids)
    return invert(line, line) if event.verb == UNDO else line


def status_after(before: Status | None, verb: str) -> Status | None:
    """Return where an event's verb led."""
    if before is None or verb not in VERBS:
        return before
    return next_status(before, Verb(verb)) or before


def describe_verb(verb: str, argument: str) -> str:
    """Return the state that a verb gives: `done`, `labelled needs-test`, `snoozed until Fri 2026-11-27`."""
    return _with_argument(VERB_TEXTS[Verb(verb)].done if verb in VERBS else verb, verb, argument)


def describe_applied(verb: str, argument: str, targets: str) -> str:
    """Return the message after a verb: `done: erofs: modernize device IDR`."""
    return f"{describe_verb(verb, argument)}: {targets}"


def describe_undone(kind: str, step: UndoStep, targets: str) -> str:
    """Return the message after an undo or redo: `undone: skip (411 series)`."""
    name = "snooze" if step.verb == Verb.LATER else step.verb
    done = "undone" if kind == UNDO else "redone"
    return f"{done}: {_with_argument(name, step.verb, step.argument)} ({targets})"


def describe_targets(count: int, *, patch: bool, subject: str = "") -> str:
    """Return the subject of a single series or patch, else their number: `411 series`."""
    if count == 1 and subject:
        return subject
    return f"{count:,} {'patch' if patch and count == 1 else 'patches' if patch else 'series'}"


def _with_argument(text: str, verb: str, argument: str) -> str:
    if verb not in VERBS or not argument:
        return text
    if VERB_TEXTS[Verb(verb)].argument is Argument.COMMENT:
        return text  # nobody reads a key
    is_until = VERB_TEXTS[Verb(verb)].argument is Argument.UNTIL
    until = decode_snooze(argument) if is_until else None
    return f"{text} {until or argument.removeprefix('=')}"


def _common(values: Iterable[str | None]) -> str | None:
    """Return the value that all are; None where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


_NEXT_VERSION: Final = Snooze().encode()
"""The argument of a snooze until the next version."""

_MOST_SERIES: Final = 1000
MOST_IDS: Final = 40_000
"""Series and Message-IDs of one line of the journal; a larger batch goes on in the next."""


def has_effect(event: TriageEvent, status: Status, before: TriageState, after: TriageState) -> bool:
    """Whether there is anything for an event to do to a series."""
    if event.patch:
        return after.patches != before.patches
    if Verb(event.verb) in DECISION_VERBS:
        if next_status(status, Verb(event.verb)) is not None:
            return True
        return event.note is not None and event.note != before.note
    return after != before


def target_messages(
    targets: Sequence[TriageTarget], ids: Collection[MessageId]
) -> list[tuple[TriageTarget, MessageId | None]]:
    """Return the mails themselves, each with its series."""
    holder = {mail: target for target in targets for mail in target.mails}
    return [(holder[one], one) for one in dict.fromkeys(ids)]


def can_end_snooze(event: TriageEvent, target: TriageTarget) -> bool:
    """Whether the end of a snooze can come: a discussion has no versions."""
    return not (event.verb == Verb.LATER and target.is_thread and event.argument == _NEXT_VERSION)


def event_entry(target: TriageTarget, mail: MessageId | None, status: Status) -> EventSeries:
    """Return the entry of an event for a series, or for one mail of it; `status` is the one before."""
    if mail is not None:
        return EventSeries(ids=(mail,), before=status)
    entry = target.entry
    return EventSeries(ids=entry.ids, before=status, replies=entry.replies, active=entry.active)


def split_into_lines(event: TriageEvent, entries: Sequence[EventSeries]) -> list[TriageEvent]:
    """Return an event about some series, divided where that is too much for one line."""
    divided: list[list[EventSeries]] = []
    ids = MOST_IDS + 1
    for entry in entries:
        size = len(entry.ids) + len(entry.replies or ()) // 8
        if ids + size > MOST_IDS or len(divided[-1]) >= _MOST_SERIES:
            divided.append([])
            ids = 0
        divided[-1].append(entry)
        ids += size
    return [replace(event, series=tuple(part)) for part in divided]
