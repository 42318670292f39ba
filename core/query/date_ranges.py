"""Dates of a query: `2025-01-01..`, `..2.weeks.ago`, `20250101..20250201`, `2025-05`, `yesterday`; in UTC."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from core.query.errors import QueryError

MomentReader = Callable[[str], int | None]
"""Gives the second of the Unix epoch that words like `2.weeks.ago` mean; None where they mean none."""

_DAY: Final = 86_400
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?", re.ASCII)
_DAYS: Final = re.compile(
    r"(?:last[ ._-])?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day)|today|yesterday"
)
_HINT: Final = "Write dates like 2025-05-01.., ..2025-05, 2.weeks.ago.., last.week..yesterday, or one day or month."

Second = tuple[int, int]
"""The first and the last second that a date stands for."""


def read_dates(value: str, read_moment: MomentReader, at: int) -> tuple[int | None, int | None]:
    """Return the first and the last second of a range, or of one date; None for an open end. Raises QueryError."""
    start, dots, end = value.partition("..")
    if not dots:
        return _date(value, read_moment, at)
    if not start.strip() and not end.strip():
        raise QueryError("Both ends are open.", _HINT, offset=at, length=len(value))
    low = _date(start, read_moment, at)[0] if start.strip() else None
    place = at + len(start) + 2
    high = _end(end, read_moment, place) if end.strip() else None
    if low is not None and high is not None and low > high:
        raise QueryError(
            f"{start} is later than {end}.", f"Try {end}..{start}.", offset=at, length=len(value)
        )
    return low, high


def _end(words: str, read_moment: MomentReader, at: int) -> int:
    return _date(words, read_moment, at, spread=False)[1]


def _date(words: str, read_moment: MomentReader, at: int, *, spread: bool = True) -> Second:
    """Return the seconds that a date stands for; with `spread`, a moment stands for its whole day."""
    text = words.strip().lower()
    try:
        found = _calendar(text)
    except ValueError:  # a 30th of February
        found = None
    if found is None:
        moment = None if _DATE.fullmatch(text) or _COMPACT.fullmatch(text) else read_moment(text)
        if moment is None:
            raise QueryError(f"‘{words}’ is no date.", _HINT, offset=at, length=len(words))
        day = moment - moment % _DAY
        if _DAYS.fullmatch(text):
            found = day, day + _DAY - 1
        else:
            found = moment, day + _DAY - 1 if spread else moment
    return found


def _calendar(text: str) -> Second | None:
    if match := _DATE.fullmatch(text):
        year, month, day = (int(part) if part else 0 for part in match.groups())
        first = datetime(year, month or 1, day or 1, tzinfo=UTC)
        last_month = month or 12
        last_day = day or monthrange(year, last_month)[1]
        last = datetime(year, last_month, last_day, tzinfo=UTC)
        return _second(first), _second(last) + _DAY - 1
    if match := _COMPACT.fullmatch(text):
        year, month, day, hour, minute, second = (
            int(part) if part else 0 for part in match.groups()
        )
        when = _second(datetime(year, month, day, hour, minute, second, tzinfo=UTC))
        return when, when if match[4] else when + _DAY - 1
    return None


def _second(when: datetime) -> int:
    return int(when.timestamp())
