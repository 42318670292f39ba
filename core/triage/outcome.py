"""What a verb, an undo or a redo came to, and the lines in which one looks back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from core.model import MessageId
from core.triage.event_tables import UndoStep
from core.triage.events import UNDO, EventSeries, TriageEvent, to_datetime
from core.triage.state import TriageState
from core.triage.transitions import VERB_TEXTS, VERBS, Argument, Status, Verb, next_status
from core.triage.when import decode_snooze


@dataclass(frozen=True, slots=True)
class StateChange:
    """One series (or patch) that stands otherwise now."""

    id: MessageId
    """The Message-ID that it was asked by; of an undo, what it is known by."""
    before: TriageState
    after: TriageState


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbResult:
    """What was done, to be said and shown at once."""

    words: str
    """`done × 37`, `undone: done × 37`; of one series, `done`. May hold a label: pass it through `core.text.shown`."""
    changes: tuple[StateChange, ...] = ()
    left: int = 0
    """Series that the verb does nothing to, since they stood so already or it is not possible there."""
    unknown: tuple[MessageId, ...] = ()
    """Mails that nobody knows yet; what was done to them is recorded, and holds once they come."""
    notes: tuple[str, ...] = ()
    """What was odd about the journal, each as a sentence; said once."""
    lines: tuple[LogLine, ...] = ()
    """What the journal says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A series in a line of the log."""

    ids: tuple[MessageId, ...]
    before: str | None
    after: str | None
    entry: EventSeries | None = None
    """As the journal has it; None of an undo."""


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
    def words(self) -> str:
        """What was done, as words: `done × 37`, `labelled needs-test`."""
        return describe_verb(self.verb, self.argument, len(self.series) or len(self.ids))


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
    """Yield events as one looks back on them, undos with the series of what they undo.

    `undone` are the ids of events that are not in force, `targets` the steps that anything undoes.
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
    """Return a line of an undo (or redo, which undoes that) with the series of what it undoes, the other way round."""
    series = tuple(
        LogEntry(ids=one.ids, before=one.after, after=one.before) for one in undone.series
    )
    return replace(line, series=series, ids=undone.ids)


def log_line_of_undo(event: TriageEvent, step: UndoStep, entries: Iterable[EventSeries]) -> LogLine:
    """Return the line of an undo or redo that was just written, given what the step was about in the first place."""
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


def describe_verb(verb: str, argument: str, count: int) -> str:
    """Return what was done as words: `done × 37`; `put off until Fri 2026-11-27`; of one, without a number."""
    words = VERB_TEXTS[Verb(verb)] if verb in VERBS else None
    said = words.done if words is not None else verb
    if words is not None and argument:
        until = decode_snooze(argument) if words.argument is Argument.UNTIL else None
        said = f"{said} {until or argument.removeprefix('=')}"
    return said if count <= 1 else f"{said} × {count:,}"


def describe_step(step: UndoStep) -> str:
    """Return what a key press did, as words."""
    return describe_verb(step.verb, step.argument, step.count)


def _common(values: Iterable[str | None]) -> str | None:
    """Return what all values are; None where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else None
