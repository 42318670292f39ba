"""Dates of a query: `2025-01-01..`, `..2.weeks.ago`, `20250101..20250201`, `2025-05`, `yesterday` → seconds.

A date that names a day, a month or a year stands for all of it; `core.approxidate` reads everything else and says in which
time zone. `YYYYMMDD` and `YYYYMMDDhhmmss` are public-inbox's.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Final

from core.approxidate import WEEKDAYS, at_wall_clock, midnight, read_past, wall_clock
from core.errors import QueryError

VISITED: Final = "looked"
"""Stands in a query for the last visit of the lists: `d:looked..`."""

_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?", re.ASCII)
_DAYS: Final = re.compile(rf"(?:last[ ._-])?(?:{'|'.join(WEEKDAYS)})|today|yesterday")
_HINT: Final = "Write dates like 2025-05-01.., ..2025-05, 2.weeks.ago.., last.week..yesterday, or one day or month."

Seconds = tuple[int, int]
"""The first and the last second of a date, in the Unix epoch."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time that the dates of a query are read at."""

    now: datetime
    """Aware."""
    zone: tzinfo | None = None
    """None for the local one."""
    visited: int | None = None
    """The second of the last visit of the lists, for `d:looked..`; None where there was none."""

    def read(self, text: str) -> datetime | None:
        """Return the moment that `text` names; None where it names none."""
        if text == VISITED:
            return datetime.fromtimestamp(self.visited or 0, self.now.tzinfo)
        return read_past(text, self.now, self.zone)


def read_dates(value: str, clock: Clock, at: int) -> tuple[int | None, int | None]:
    """Return the first and the last second of a range, or of one date; None for an open end. Raises QueryError."""
    start, dots, end = value.partition("..")
    if not dots:
        return _read_date(value, clock, at)
    if not start.strip() and not end.strip():
        raise QueryError("Both ends are open.", _HINT, offset=at, length=len(value))
    low = _read_date(start, clock, at)[0] if start.strip() else None
    end_at = at + len(start) + 2
    high = _read_date(end, clock, end_at, whole_day=False)[1] if end.strip() else None
    if low is not None and high is not None and low > high:
        raise QueryError(
            f"{start} is later than {end}.", f"Try {end}..{start}.", offset=at, length=len(value)
        )
    return low, high


def _read_date(text: str, clock: Clock, at: int, *, whole_day: bool = True) -> Seconds:
    """Return the first and last second of a date; with `whole_day`, a moment lasts until the end of its day."""
    words = text.strip().lower()
    try:
        found = _read_calendar(words, clock.zone)
    except ValueError:  # a 30th of February
        found = None
    if found is None:
        is_calendar = _DATE.fullmatch(words) or _COMPACT.fullmatch(words)
        moment = None if is_calendar else clock.read(words)
        if moment is None:
            raise QueryError(f"‘{text}’ is not a date.", _HINT, offset=at, length=len(text))
        first = _second(moment)
        last = first
        if whole_day or _DAYS.fullmatch(words):
            last = _last_second(wall_clock(moment, clock.zone).date(), clock.zone)
        found = first, last
    return found


def _read_calendar(words: str, zone: tzinfo | None) -> Seconds | None:
    if match := _DATE.fullmatch(words):
        year, month, day = (int(part) if part else 0 for part in match.groups())
        last_month = month or 12
        last = date(year, last_month, day or monthrange(year, last_month)[1])
        return _second(midnight(date(year, month or 1, day or 1), zone)), _last_second(last, zone)
    if match := _COMPACT.fullmatch(words):
        year, month, day, hour, minute, second = (
            int(part) if part else 0 for part in match.groups()
        )
        clock = datetime.combine(date(year, month, day), time(hour, minute, second))
        when = _second(at_wall_clock(clock, zone))
        return when, when if match[4] else _last_second(date(year, month, day), zone)
    return None


def _last_second(day: date, zone: tzinfo | None) -> int:
    return _second(at_wall_clock(datetime.combine(day, time(23, 59, 59)), zone))


def _second(moment: datetime) -> int:
    return int(moment.timestamp())
