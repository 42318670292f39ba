"""Time expressions: `2025-05-01`, `yesterday`, `2.weeks.ago`, `fri`, `3d` → a moment.

The grammar is that of git's approxidate (date.c), as far as it has one meaning, and one for digests, queries, `sync
--since` and snoozes. Upper and lower case are the same; blanks, `.`, `_` and `-` separate parts.

    past   = date | "@" SECONDS | "now" | "today" | "yesterday" | [ "last" ] weekday | "last" unit | amount { amount } "ago"
    future = date | "tomorrow" | weekday | amount { amount }
    date   = YYYY-MM-DD [ ( "T" | " " ) HH:MM [ :SS ] [ "Z" | +HH:MM ] ]
    amount = NUMBER unit                  2.weeks, 2 weeks, 2w
    unit   = s second, min minute, h hour, d day, w week, month, year, and their plurals

A date without a time is its first second. A weekday is its midnight: in the past the latest one, today's included, in
the future the next one, never today's. Amounts up to hours count from this second; future days and longer end at
midnight.

**Time zones.** A time that names no zone is local time, with the offset that the zone has at that very moment: so a
person's own input (queries, snoozes, `sync --since`) and their screen (groups by day) agree. A
digest alone passes `zone=UTC`: the page goes to others and reads the same wherever it is made.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Their first three letters name them, too."""

SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_MONTHS: Final = {"month": 1, "year": 12}
_SHORT: Final = {
    "s": "second", "sec": "second", "min": "minute", "h": "hour", "d": "day", "w": "week"
}  # fmt: skip
_SEPARATORS: Final = re.compile(r"[ ._-]+")
_DATE: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ](\d{1,2}):(\d\d)(?::(\d\d))?\s?(z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_LATEST: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_EPOCH: Final = re.compile(r"@(\d{1,11})", re.ASCII)
_AMOUNT: Final = re.compile(r"(\d{1,6})([a-z]*)", re.ASCII)


def read_past(text: str, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Return the moment that `text` names, looking back from `now`; None where it names none.

    `now` is aware; `zone` is None for the local one.
    """
    expression = text.strip().lower()
    try:
        if match := _EPOCH.fullmatch(expression):
            return datetime.fromtimestamp(int(match[1]), UTC)
        return _read_date(expression, zone) or _read_past(_SEPARATORS.split(expression), now, zone)
    except (ValueError, OverflowError):  # a 30th of February, a million years ago
        return None


def read_future(text: str, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Return the moment that `text` names, looking ahead from `now`, in `zone`; None where it names none.

    Raises ValueError and OverflowError for dates that do not exist.
    """
    expression = text.strip().lower()
    return _read_date(expression, zone) or _read_future(_SEPARATORS.split(expression), now, zone)


def wall_clock(moment: datetime, zone: tzinfo | None = None) -> datetime:
    """Return the naive date and time that clocks in `zone` show at an aware moment."""
    return moment.astimezone(zone).replace(tzinfo=None)


def at_wall_clock(naive: datetime, zone: tzinfo | None = None) -> datetime:
    """Return the aware moment at which clocks in `zone` show a date and time."""
    return naive.astimezone() if zone is None else naive.replace(tzinfo=zone)


def midnight(day: date, zone: tzinfo | None = None) -> datetime:
    """Return the moment at which a day begins in `zone`."""
    return at_wall_clock(datetime.combine(day, time()), zone)


def utc_offsets(first: float, last: float, zone: tzinfo | None = None) -> list[tuple[int, int]]:
    """Return the periods between two seconds in which the offset from UTC is the same, the latest first.

    Each as the second it begins at and the offset in seconds. Zones that change twice within a week are taken as one change.
    """
    start, end = max(0, int(first)), min(int(last), _LATEST)
    found = [(start, _offset(start, zone))]
    while start < end:
        step = min(start + SECONDS["week"], end)
        if (offset := _offset(step, zone)) != found[-1][1]:
            low, high = start, step
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if _offset(middle, zone) == offset else (middle, high)
            found.append((high, offset))
        start = step
    return found[::-1]


def _offset(second: int, zone: tzinfo | None) -> int:
    moment = datetime.fromtimestamp(second, UTC).astimezone(zone)
    return round((moment.utcoffset() or timedelta()).total_seconds())


def _read_date(expression: str, zone: tzinfo | None) -> datetime | None:
    match = _DATE.fullmatch(expression)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    naive = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone follows
    if match[7] is None:
        return at_wall_clock(naive, zone)
    return naive.replace(tzinfo=datetime.strptime(match[7].upper(), "%z").tzinfo)


def _read_past(parts: Sequence[str], now: datetime, zone: tzinfo | None) -> datetime | None:
    today = wall_clock(now, zone).date()
    match parts:
        case ["now"]:
            return now
        case ["today"]:
            return midnight(today, zone)
        case ["yesterday"]:
            return midnight(today - timedelta(days=1), zone)
        case [day] | ["last", day] if (weekday := _weekday(day)) is not None:
            back = (today.weekday() - weekday) % 7
            return midnight(today - timedelta(days=back or 7 * (parts[0] == "last")), zone)
        case ["last", unit]:
            return _shift(now, [(-1, unit)], zone)
        case [*some, "ago"]:
            return _shift(now, [(-number, unit) for number, unit in _amounts(some)], zone)
    return None


def _read_future(parts: Sequence[str], now: datetime, zone: tzinfo | None) -> datetime | None:
    today = wall_clock(now, zone).date()
    match parts:
        case ["tomorrow"]:
            return midnight(today + timedelta(days=1), zone)
        case [day] if (weekday := _weekday(day)) is not None:
            return midnight(today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1), zone)
    amounts = _amounts(parts)
    found = _shift(now, amounts, zone)
    if found is None or all(SECONDS.get(_unit(unit), 86_400) < 86_400 for _, unit in amounts):
        return found
    return midnight(wall_clock(found, zone).date(), zone)


def _weekday(name: str) -> int | None:
    return next((at for at, day in enumerate(WEEKDAYS) if name in (day, day[:3])), None)


def _amounts(parts: Sequence[str]) -> list[tuple[int, str]]:
    """Return the duration of `2 days 6 hours`; None where a part is not an amount."""
    found: list[tuple[int, str]] = []
    rest = list(parts)
    while rest:
        match = _AMOUNT.fullmatch(rest.pop(0))
        unit = match and (match[2] or (rest.pop(0) if rest else ""))
        if not match or not unit:
            return []
        found.append((int(match[1]), unit))
    return found


def _unit(name: str) -> str:
    singular = name.removesuffix("s") or name
    return _SHORT.get(singular, singular)


def _shift(
    moment: datetime, amounts: Sequence[tuple[int, str]], zone: tzinfo | None
) -> datetime | None:
    """Return a moment moved by amounts, the first first; None for no amounts or an unknown unit.

    A month from the 31st is the last day of that month.
    """
    for number, name in amounts:
        unit = _unit(name)
        if seconds := SECONDS.get(unit):
            moment += timedelta(seconds=number * seconds)
        elif months := _MONTHS.get(unit):
            clock = wall_clock(moment, zone)
            year, month = divmod(clock.year * 12 + clock.month - 1 + number * months, 12)
            last = calendar.monthrange(year, month + 1)[1]
            clock = clock.replace(year=year, month=month + 1, day=min(clock.day, last))
            moment = at_wall_clock(clock, zone)
        else:
            return None
    return moment if amounts else None
