"""Series as a verb meets them → the events that say what was done to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from core.model import MessageId
from core.triage.events import Entry, Event
from core.triage.state import Standing
from core.triage.store import Known
from core.triage.transitions import VERDICTS, Status, Verb, after
from core.triage.when import Until

VERSION: Final = Until().packed()
"""The argument of what waits for a new version."""

_ENTRIES: Final = 1000
MOST_IDS: Final = 40_000
"""Series and Message-IDs of one line of the journal; a larger batch goes on in the next."""


def is_possible(event: Event, status: Status, before: Standing, stands: Standing) -> bool:
    """Whether there is anything for an event to do to a series."""
    if event.patch:
        return stands.patches != before.patches
    if Verb(event.verb) in VERDICTS:
        if after(status, Verb(event.verb)) is not None:
            return True
        return event.note is not None and event.note != before.note
    return stands != before


def mails_of(
    found: Sequence[Known], ids: Collection[MessageId]
) -> list[tuple[Known, MessageId | None]]:
    """Return the mails themselves, each with its series."""
    holder = {mail: known for known in found for mail in known.mails}
    return [(holder[one], one) for one in dict.fromkeys(ids)]


def can_wake(event: Event, known: Known) -> bool:
    """Whether what a series is put off until can come: a discussion has no versions."""
    return not (event.verb == Verb.LATER and known.is_thread and event.argument == VERSION)


def entry_of(known: Known, mail: MessageId | None, status: Status) -> Entry:
    """Return what an event names of a series, or of one mail of it; `status` is that before."""
    if mail is not None:
        return Entry(ids=(mail,), before=status)
    entry = known.entry
    return Entry(ids=entry.ids, before=status, replies=entry.replies, active=entry.active)


def parts(event: Event, entries: Sequence[Entry]) -> list[Event]:
    """Return an event about some series, divided where that is too much for one line."""
    divided: list[list[Entry]] = []
    ids = MOST_IDS + 1
    for entry in entries:
        size = len(entry.ids) + len(entry.replies or ()) // 8
        if ids + size > MOST_IDS or len(divided[-1]) >= _ENTRIES:
            divided.append([])
            ids = 0
        divided[-1].append(entry)
        ids += size
    return [replace(event, series=tuple(part)) for part in divided]
