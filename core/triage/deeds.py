"""Series as a verb meets them → the events that say what was done to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from core.model import MessageId
from core.triage.events import EventSeries, TriageEvent
from core.triage.state import TriageState
from core.triage.store import TriageTarget
from core.triage.transitions import DECISION_VERBS, Status, Verb, next_status
from core.triage.when import Snooze

VERSION: Final = Snooze().packed()
"""The argument of what waits for a new version."""

_ENTRIES: Final = 1000
MOST_IDS: Final = 40_000
"""Series and Message-IDs of one line of the journal; a larger batch goes on in the next."""


def has_effect(
    event: TriageEvent, status: Status, before: TriageState, stands: TriageState
) -> bool:
    """Whether there is anything for an event to do to a series."""
    if event.patch:
        return stands.patches != before.patches
    if Verb(event.verb) in DECISION_VERBS:
        if next_status(status, Verb(event.verb)) is not None:
            return True
        return event.note is not None and event.note != before.note
    return stands != before


def target_messages(
    found: Sequence[TriageTarget], ids: Collection[MessageId]
) -> list[tuple[TriageTarget, MessageId | None]]:
    """Return the mails themselves, each with its series."""
    holder = {mail: known for known in found for mail in known.mails}
    return [(holder[one], one) for one in dict.fromkeys(ids)]


def can_end_snooze(event: TriageEvent, known: TriageTarget) -> bool:
    """Whether what a series is put off until can come: a discussion has no versions."""
    return not (event.verb == Verb.LATER and known.is_thread and event.argument == VERSION)


def event_entry(known: TriageTarget, mail: MessageId | None, status: Status) -> EventSeries:
    """Return what an event names of a series, or of one mail of it; `status` is that before."""
    if mail is not None:
        return EventSeries(ids=(mail,), before=status)
    entry = known.entry
    return EventSeries(ids=entry.ids, before=status, replies=entry.replies, active=entry.active)


def split_into_lines(event: TriageEvent, entries: Sequence[EventSeries]) -> list[TriageEvent]:
    """Return an event about some series, divided where that is too much for one line."""
    divided: list[list[EventSeries]] = []
    ids = MOST_IDS + 1
    for entry in entries:
        size = len(entry.ids) + len(entry.replies or ()) // 8
        if ids + size > MOST_IDS or len(divided[-1]) >= _ENTRIES:
            divided.append([])
            ids = 0
        divided[-1].append(entry)
        ids += size
    return [replace(event, series=tuple(part)) for part in divided]
