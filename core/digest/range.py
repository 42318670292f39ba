"""FROM..TO: where a digest begins and ends.

FROM is excluded and TO included, as in git's `A..B`; either end may be open. An end is a commit in the history of an
archive (`CommitBound`), which only the archive can look up (`core.digest.epoch_archive`), or a moment (`TimeBound`),
which `core.approxidate` reads in UTC, so that a page comes out the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from core.approxidate import read_past
from core.errors import PatchdeskError

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
    """A second of the Unix epoch: arrivals up to it are before the moment."""

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
        raise RangeError(f"‘{text}’ is not a range.", _HINT)
    if end.startswith("."):
        raise RangeError(f"‘{text}’ has three dots, which mean something else in git.", _HINT)
    if ".." in end or len(text) > _LONGEST:
        raise RangeError(f"‘{text[:_LONGEST]}’ is not a range: it has more than two ends.", _HINT)
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


def read_time_bound(text: str, now: datetime) -> TimeBound | None:
    """Return the moment that `text` names, None where it names none. `now` is aware."""
    moment = read_past(text, now, UTC)
    return None if moment is None else TimeBound(int(moment.timestamp()))


_LATEST: Final = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class AdjacentRanges:
    """A range as an archive understood it; an open end lasts until `now`, in seconds of the Unix epoch."""

    start: RangeEnd
    end: RangeEnd
    now: int

    @property
    def until(self) -> int:
        """When it ends."""
        return self.now if self.end is None else self.end.time

    def before(self) -> str | None:
        """Return the FROM..TO of the window before, None where this one begins with the archive."""
        if self.start is None:
            return None
        length = max(1, self.until - self.start.time)
        return f"{format_moment(max(0, self.start.time - length))}..{format_bound(self.start)}"

    def after(self) -> str | None:
        """Return the FROM..TO of the window after, None where this one lasts until now or has no beginning."""
        if self.start is None or self.end is None or self.end.time >= self.now:
            return None
        length = max(1, self.end.time - self.start.time)
        end = self.end.time + length
        return f"{format_bound(self.end)}..{format_moment(end) if end < self.now else ''}"


def format_bound(bound: CommitBound | TimeBound) -> str:
    """Return words that mean an end again, whenever they are read."""
    if isinstance(bound, CommitBound):
        return bound.commit[:16]  # without its epoch's number, which the place does not know
    return format_moment(bound.time)


def format_moment(time: int) -> str:
    """Return a second of the Unix epoch as words of a range; a whole day without its time."""
    moment = datetime.fromtimestamp(min(time, _LATEST), UTC)
    if moment.hour == moment.minute == moment.second == 0:
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
