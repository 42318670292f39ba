"""The Date header, as RFC 5322 has it and as programs write it.

The standard library reads nearly all; the patterns here are for dates that it refuses or reads without a zone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

from core.mail.headers import parse_headers

_ARRIVAL: Final = frozenset({"received", "date"})
_MAX_RECEIVED: Final = 20

_MONTHS: Final = {
    name: at + 1
    for at, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    )
}
_ZONES: Final = {"est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360}
_ZONES_MORE: Final = {
    "pst": -480,
    "pdt": -420,
    "cet": 60,
    "cest": 120,
    "bst": 60,
    "jst": 540,
    "ist": 330,
}
_MAIL: Final = re.compile(
    r"(\d{1,2})[ -]([a-z]{3})[a-z]{0,6}[ ,-]+(\d{2,4}),?[ ]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?(?:[.,]\d{1,9})?"
    r"(?: ?(am|pm)\b)?(?: *(?:(?:gmt|utc)?([+-]\d{1,2}:?\d\d)|([a-z]{1,5})))?",
    re.IGNORECASE,
)
_CTIME: Final = re.compile(
    r"([a-z]{3})[a-z]{0,6} +(\d{1,2})(?: +|, *)(?:(\d{4})[ ,]+)?(\d{1,2}):(\d\d)(?::(\d\d))?"
    r"(?: +(?:([+-]\d{4})|([a-z]{1,5})))?(?: +(\d{4}))?(?: +([+-]\d{4}))?",
    re.IGNORECASE,
)
_ISO: Final = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ]+(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,]\d{1,9})?"
    r" ?(?:([+-]\d\d:?\d\d)|([a-z]{1,5}))?",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-3]?[0-9]) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([12][0-9]{3})"
    r" ([0-9]{2}):([0-9]{2}):([0-9]{2}) (?!-0000)([+-])([01][0-9]|2[0-3])([0-5][0-9])(?: \([A-Z]{1,5}\))?"
)
_MAX_DATE: Final = 200


def parse_date(value: str) -> datetime | None:
    """Return the moment that a Date header names, with its zone (UTC where it names none), or None.

    Reads RFC 5322 dates, the older forms with two-digit years and zone names, ctime's and ISO 8601.
    """
    value = value[:_MAX_DATE]
    return _plain(value) or _standard(value) or _lenient(value)


def _plain(value: str) -> datetime | None:
    """Return what the standard library reads too, in a fifth of its time: a date as nearly all mails have it."""
    match = _PLAIN.fullmatch(value)
    if match is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    offset = int(hours) * 60 + int(minutes)
    zone = _zone(-offset if sign == "-" else offset)
    try:
        return datetime(
            int(year), _MONTHS[month.lower()], int(day), int(hour), int(minute), int(second),
            tzinfo=zone,
        )  # fmt: skip
    except ValueError:  # such as the 31st of June
        return None


def _standard(value: str) -> datetime | None:
    """Return the standard library's reading of a date with a numeric or RFC 822 zone."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    offset = moment.utcoffset()
    # Years of fewer than four digits have a rule of their own (RFC 5322, 4.3).
    if offset is None or str(moment.year) not in value or not 1 < moment.year < 9999:
        return None
    return moment.replace(tzinfo=_zone(round(offset.total_seconds() / 60)))


def _lenient(value: str) -> datetime | None:
    if match := _MAIL.search(value):
        day, month_name, year, hour, minute, second, half, offset, zone = match.groups()
        month = _MONTHS.get(month_name.lower(), 0)
        hours = int(hour) % 12 + 12 * (half.lower() == "pm") if half else int(hour)
        return _moment(_year(year), month, int(day), hours, minute, second, _minutes(offset, zone))
    if match := _ISO.search(value):
        year, number, day, hour, minute, second, offset, zone = match.groups()
        offset_minutes = _minutes(offset, zone)
        return _moment(int(year), int(number), int(day), int(hour), minute, second, offset_minutes)
    for match in _CTIME.finditer(value):
        name, day, early, hour, minute, second, offset, zone, late, last = match.groups()
        if name.lower() in _MONTHS and (early or late):
            month = _MONTHS[name.lower()]
            offset_minutes = _minutes(offset or last, zone)
            return _moment(
                int(early or late), month, int(day), int(hour), minute, second, offset_minutes
            )
    return None


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) < 4:  # RFC 5322, 4.3
        year += 2000 if year < 50 and len(digits) == 2 else 1900
    return year


def _minutes(offset: str | None, zone: str | None) -> int:
    if offset:
        digits = offset[1:].replace(":", "").zfill(4)
        total = int(digits[:2]) * 60 + int(digits[2:])
        return -total if offset[0] == "-" else total
    if zone:
        name = zone.lower()
        return _ZONES.get(name, _ZONES_MORE.get(name, 0))
    return 0


@lru_cache(maxsize=128)
def _zone(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def _moment(
    year: int, month: int, day: int, hour: int, minute: str, second: str | None, offset: int
) -> datetime | None:
    if abs(offset) >= 24 * 60:
        offset = 0
    try:
        moment = datetime(
            year, month, day, hour, int(minute), min(int(second or 0), 59), tzinfo=_zone(offset)
        )
        if not 1 < year < 9999:
            moment.astimezone(UTC)  # the first and the last hours of all have no such moment
    except (ValueError, OverflowError):
        return None
    return moment


def received_time(raw: bytes) -> int | None:
    """Return when a mail arrived, in seconds of the Unix epoch; None where nothing says.

    public-inbox's clock: the newest Received header that has a date, and Date only where none has.
    """
    headers = parse_headers(raw, 0, len(raw), _ARRIVAL)
    dates = [value.rpartition(";")[2] for value in headers.get_all("received")]
    for value in (*dates[:_MAX_RECEIVED], *headers.get_all("date")[:1]):
        if (moment := parse_date(value)) is not None:
            return int(moment.timestamp())
    return None
