"""The windows before and after a digest's own: as long as it, and joined to it without a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from core.digest.range import CommitBound, RangeEnd, TimeBound

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
