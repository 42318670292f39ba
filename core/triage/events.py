"""An event of the triage journal, and the line of JSON that it is written as.

    {"time": "2026-11-22T17:16:28.123456+00:00", "host": "desk", "id": "0f…", "verb": "done",
     "series": [{"ids": ["cover@x", "patch@x"], "before": "new", "replies": "9c01ab…", "active": 1763831788.0}],
     "argument": "…", "note": "…", "patch": true, "undoes": "ID OF AN EVENT", "ids": ["read@x"], "keys": ["hunk"]}

Verdicts have `series`, read marks `ids`, marks of viewed hunks `keys`; empty fields are left out. The lines are ASCII.
Unknown keys are ignored, so that the output of `triage log --json` is a journal, too. A batch that is too long for one
line goes on in events whose ids are the first one's with a number: `0f….1`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from core.model import MessageId
from core.triage.transitions import Status

UNDO: Final = "undo"
REDO: Final = "redo"
VIEWED: Final = "viewed"
UNVIEWED: Final = "unviewed"
VISITED: Final = "looked"
"""The lists were looked at until then."""
APPLIED: Final = "applied"
"""The series was applied to a branch: its argument is `BRANCH COMMIT RECORD`, see `core.apply.records`."""
THANKED: Final = "thanked"
"""Thanks were written for the commits that a series became."""

LONGEST: Final = 8 << 20
"""Bytes of a line; longer ones are skipped unread."""

NOTE_LENGTH: Final = 4000
"""Characters of a note."""

_LONGEST_BRANCH: Final = 100
_ID_LENGTH: Final = 4096
_LARGEST: Final = 1e12
_FIRST_YEAR: Final = 2
_LAST_YEAR: Final = 9998
"""Last year whose times are valid dates in every zone."""
_NAME: Final = re.compile(r"[0-9A-Za-z_-]{1,64}(?:\.[0-9]{1,6})?", re.ASCII)
_VIEW_KEY: Final = re.compile(r"[0-9a-f]{1,128}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_BOM: Final = b"\xef\xbb\xbf"
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_decode: Final = json.JSONDecoder().decode
"""`json.loads` would guess the encoding of each line, which takes as long as to read it."""


@dataclass(frozen=True, slots=True)
class AppliedStep:
    """An application that can be taken back."""

    step: str
    branch: str
    record: str
    """The id of its record in `core.apply.records`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeries:
    """One series that an event is about, as it was known then."""

    ids: tuple[MessageId, ...]
    """Its covers and patches, the one that it is called by first; of a thread its first mail; of a patch alone that."""
    before: Status | None = None
    replies: frozenset[bytes] | None = None
    """The `short_message_key`s of the replies that had come; None where unknown."""
    active: float | None = None
    """Its latest activity, in seconds of the Unix epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageEvent:
    """One line of the journal."""

    time: int
    """Microseconds since the Unix epoch."""
    host: str
    id: str
    verb: str
    """One of `Verb`, or of the words above; of a newer version's journal maybe another."""
    series: tuple[EventSeries, ...] = ()
    argument: str = ""
    note: str | None = None
    patch: bool = False
    undoes: str = ""
    """The step that an undo or redo takes back."""
    ids: tuple[MessageId, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def step(self) -> str:
        """The id of the batch: all events of one key press have the same."""
        return self.id.partition(".")[0]

    def line(self) -> bytes:
        """Return it as it is written, with its line end."""
        record: dict[str, Any] = {
            "time": to_datetime(self.time).isoformat(timespec="microseconds"),
            "host": self.host,
            "id": self.id,
            "verb": self.verb,
        }
        if self.series:
            record["series"] = [entry_record(entry) for entry in self.series]
        for name in ("argument", "patch", "undoes", "ids", "keys"):
            if value := getattr(self, name):
                record[name] = value
        if self.note is not None:
            record["note"] = self.note
        return _encode(record).encode("ascii") + b"\n"


def applied_argument(branch: str, commits: Sequence[str], record: str) -> str:
    """Return the argument of an event `applied`, cut to the length that a line of the journal takes."""
    commit = commits[-1] if commits else "-"
    return f"{branch[:_LONGEST_BRANCH]} {commit} {record}"


def message_key(message_id: str) -> bytes:
    """Return the short key of a Message-ID: 8 bytes of a BLAKE2b hash."""
    return blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def short_message_key(message_id: str) -> bytes:
    """Return half of `message_key`: enough to tell the replies of one series apart."""
    return message_key(message_id)[:4]


def to_datetime(to_microseconds: int) -> datetime:
    """Return an event's time as a date."""
    return _EPOCH + timedelta(microseconds=to_microseconds)


def to_microseconds(date: datetime) -> int:
    """Return a date as an event's time."""
    return (date - _EPOCH) // _MICROSECOND


def read_line(line: bytes) -> TriageEvent | None:
    """Return the event of a line; None for a torn line, wrong types or text that no database stores."""
    if len(line) > LONGEST:
        return None
    try:
        record = _decode(line.removeprefix(_BOM).decode("utf-8", "surrogatepass"))
        if not isinstance(record, dict):
            return None
        undoes = _text(record, "undoes", "", longest=80)
        series = () if undoes else tuple(_entry(each) for each in _list(record, "series"))
        return TriageEvent(
            time=_time(_text(record, "time")),
            host=_text(record, "host", longest=255),
            id=_matched(_NAME, _text(record, "id")),
            verb=_text(record, "verb", longest=40),
            series=series,
            argument=_text(record, "argument", "", longest=200),
            note=_text(record, "note") if record.get("note") is not None else None,
            patch=record.get("patch") is True,
            undoes=undoes,
            ids=() if series or undoes else _ids(record),
            keys=tuple(_matched(_VIEW_KEY, each) for each in _list(record, "keys")),
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def entry_record(entry: EventSeries) -> dict[str, Any]:
    """Return a series as a line of the journal has it."""
    record: dict[str, Any] = {"ids": entry.ids}
    if entry.before is not None:
        record["before"] = str(entry.before)
    if entry.replies is not None:
        record["replies"] = b"".join(sorted(entry.replies)).hex()
    if entry.active is not None:
        record["active"] = entry.active
    return record


def _entry(record: Any) -> EventSeries:
    if not isinstance(record, dict):
        raise TypeError
    ids = _ids(record)
    if not ids:
        raise ValueError
    replies = record.get("replies")
    active = record.get("active")
    before = record.get("before")
    return EventSeries(
        ids=ids,
        before=Status(before) if before in _STATUSES else None,
        replies=None if replies is None else _shorts(replies),
        active=float(active)
        if isinstance(active, int | float) and abs(active) < _LARGEST
        else None,
    )


_STATUSES: Final = frozenset(Status)


def _shorts(text: Any) -> frozenset[bytes]:
    if not isinstance(text, str):
        raise TypeError
    data = bytes.fromhex(text)
    return frozenset(data[at : at + 4] for at in range(0, len(data) - 3, 4))


def _text(
    record: dict[str, Any], name: str, default: str | None = None, *, longest: int = NOTE_LENGTH
) -> str:
    value = record[name] if default is None else record.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or len(value) > longest:
        raise TypeError(name)
    return _storable(value)


def _storable(text: str) -> str:
    """Return a text; raise UnicodeEncodeError for one with a lone surrogate, which no database takes."""
    if not text.isascii():
        text.encode()
    return text


def _list(record: dict[str, Any], name: str) -> list[Any]:
    value = record.get(name, [])
    if not isinstance(value, list):
        raise TypeError(name)
    return value


def _ids(record: dict[str, Any]) -> tuple[MessageId, ...]:
    ids = _list(record, "ids")
    for each in ids:
        if not isinstance(each, str) or not 0 < len(each) <= _ID_LENGTH:
            raise TypeError("ids")
        _storable(each)
    return tuple(ids)


def _matched(pattern: re.Pattern[str], text: Any) -> str:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def _time(text: str) -> int:
    date = datetime.fromisoformat(text)
    if date.tzinfo is None or not _FIRST_YEAR <= date.year <= _LAST_YEAR:
        raise ValueError(text)
    return to_microseconds(date)
