"""FROM..TO: where a digest begins and ends.

FROM is excluded and TO included, as in git's `A..B`; one end, or both, may be left open. An end is a place in the
history of an archive (`CommitBound`) or a moment (`TimeBound`); which words mean a place only the archive can tell
(`core.digest.epoch_archive`), those that mean a moment are read here.

A moment is written as in git's dates, always in UTC, so that a page comes out the same everywhere: `2025-05-01` (its
first second), `2025-05-01T18:00`, with a zone `2025-05-01T18:00+02:00`, `@1746057600`, `now`, `today`, `yesterday`, `monday` (the
latest one), `1.week.ago`, `2.days.6.hours.ago`, `last.month`.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from core.errors import PatchdeskError

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_MONTHS: Final = {"month": 1, "year": 12}
_SEPARATORS: Final = re.compile(r"[ ._-]+")
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?")
_HINT: Final = (
    "Write FROM..TO, such as 57d1cd1e0..d6f868dfe, 2025-05-01..2025-06-01 or 1.week.ago.. ."
)
_LONGEST: Final = 1000


class RangeError(PatchdeskError):
    """The words of a range cannot be read."""


@dataclass(frozen=True, slots=True)
class CommitBound:
    """A commit: all mails up to it are before the place."""

    epoch: int
    commit: str
    time: int
    """When the commit was made: when its mail arrived, in seconds of the Unix epoch."""


@dataclass(frozen=True, slots=True)
class TimeBound:
    """A second of the Unix epoch: what arrived up to it is before the moment."""

    time: int


RangeEnd = CommitBound | TimeBound | None
"""None: the archive's own beginning or end."""


@dataclass(frozen=True, slots=True)
class DigestRange:
    """A range that an archive has understood."""

    start: RangeEnd
    end: RangeEnd

    def holds(self, time: int) -> bool:
        """Whether a mail that arrived at `time` is in the range, as far as its moments say."""
        return not (
            (isinstance(self.start, TimeBound) and time <= self.start.time)
            or (isinstance(self.end, TimeBound) and time > self.end.time)
        )


def split_range(text: str) -> tuple[str, str]:
    """Return FROM and TO of `FROM..TO`, "" for an open end. Raises RangeError."""
    start, dots, end = text.strip().partition("..")
    if not dots:
        raise RangeError(f"‘{text}’ is no range.", _HINT)
    if end.startswith("."):
        raise RangeError(f"‘{text}’ has three dots, which mean something else in git.", _HINT)
    if ".." in end or len(text) > _LONGEST:
        raise RangeError(f"‘{text[:_LONGEST]}’ is no range: it has more than two ends.", _HINT)
    return start.strip(), end.strip()


def check_order(start: RangeEnd, end: RangeEnd, words: tuple[str, str]) -> None:
    """Raise PatchdeskError where the moments, or a moment and the time of a place, are in the wrong order."""
    if start is not None and end is not None and start.time > end.time:
        raise reversed_range(words)


def reversed_range(words: tuple[str, str]) -> PatchdeskError:
    """Return the error that says that FROM comes after TO."""
    start, end = words
    return PatchdeskError(
        f"The range is reversed: {start} is later than {end}.", f"Try {end}..{start}."
    )


def read_moment(words: str, now: datetime) -> TimeBound | None:
    """Return the moment that words name, None where they name none. `now` must have a zone."""
    lower = words.strip().lower()
    now = now.astimezone(UTC)
    try:
        if _ISO.fullmatch(words.strip()):
            moment = datetime.fromisoformat(words.strip())
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        elif re.fullmatch(r"@\d{1,11}", lower):
            return TimeBound(int(lower[1:]))
        else:
            found = _relative(_SEPARATORS.split(lower), now)
            if found is None:
                return None
            moment = found
        return TimeBound(int(moment.timestamp()))
    except (ValueError, OverflowError):  # a 30th of February, a million years ago
        return None


def _relative(words: list[str], now: datetime) -> datetime | None:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    match words:
        case ["now"]:
            return now
        case ["today"]:
            return today
        case ["yesterday"]:
            return today - timedelta(days=1)
        case [day] | ["last", day] if day in _DAYS:
            back = (today.weekday() - _DAYS.index(day)) % 7
            return today - timedelta(days=back or 7 * (words[0] == "last"))
        case ["last", unit]:
            return _before(now, 1, unit)
        case [*pairs, "ago"] if pairs and len(pairs) % 2 == 0:
            moment: datetime | None = now
            for number, unit in zip(pairs[::2], pairs[1::2], strict=True):
                if moment is None or not re.fullmatch(r"\d{1,6}", number):
                    return None
                moment = _before(moment, int(number), unit)
            return moment
    return None


def _before(moment: datetime, number: int, unit: str) -> datetime | None:
    """Return the moment so many units earlier; a month earlier than the 31st is the last day of that month."""
    unit = unit.removesuffix("s")
    if seconds := _SECONDS.get(unit):
        return moment - timedelta(seconds=number * seconds)
    if months := _MONTHS.get(unit):
        at = moment.year * 12 + moment.month - 1 - number * months
        year, month = divmod(at, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
    return None
