"""An mbox or maildir as a digest sees it: mails that only their dates put in order.

A mail arrived when its first Received header says (which the list's own server wrote), else when its Date does:
the rule by which public-inbox dates its commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event
from typing import Final

from core.digest.archive import ArrivedMail, EarlierMail, earlier_from_headers
from core.digest.range import DigestRange, RangeEnd, TimeBound, check_order, read_time_bound
from core.errors import PatchdeskError, SourceError
from core.mail.dates import parse_date
from core.mail.headers import parse_headers
from core.sources.source import Source

_WANTED: Final = frozenset({"received", "date"})


class MailboxArchive:
    """The mails of a source that has no history."""

    def __init__(self, source: Source) -> None:
        """Take any source that yields all it has."""
        self.name = source.name.removesuffix(".gz").removesuffix(".mbox")
        self._source = source
        self._earlier: list[EarlierMail] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read so far."""
        return self._source.notes

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def resolve_range(self, start: str, end: str, now: datetime) -> DigestRange:
        """Return what the words of a range mean: dates alone."""
        span = DigestRange(self._bound(start, now), self._bound(end, now))
        check_order(span.start, span.end, (start, end))
        return span

    def title_ends(self, start: str, end: str) -> tuple[str, str]:
        """Return the ends as given."""
        return start, end

    def _bound(self, words: str, now: datetime) -> RangeEnd:
        if not words:
            return None
        moment = read_time_bound(words, now)
        if moment is None:
            raise PatchdeskError(
                f"{words} is no date, and {self.name} has no commits: its mails are found by their dates.",
                "Write it like 2025-05-01 or 1.week.ago.",
            )
        return moment

    def arrivals(self, span: DigestRange) -> Iterator[ArrivedMail]:
        """Yield the mails of a range, in the order of the file."""
        self._earlier.clear()
        for at, mail in enumerate(self._source.mails(stop=Event(), report=lambda _: None)):
            headers = parse_headers(mail.raw, 0, len(mail.raw), _WANTED)
            time = _arrival(headers.get("received"), headers.get("date"))
            if span.holds(time):
                yield ArrivedMail(mail.key, (time, at), time, mail.raw)
            elif isinstance(span.start, TimeBound) and time <= span.start.time:
                self._earlier.append(earlier_from_headers(mail.raw, mail.key, time))

    def mails_before(self, span: DigestRange) -> Iterator[EarlierMail]:
        """Yield what `arrivals` came by that was before the range, the last first."""
        if span.start is not None:
            self._earlier.sort(key=lambda earlier: earlier.time)
            yield from reversed(self._earlier)

    def read(self, key: object) -> bytes:
        """Return the bytes of a mail, empty where they cannot be had."""
        try:
            return self._source.read(str(key))
        except SourceError:
            return b""


def _arrival(received: str, date: str) -> int:
    moment = parse_date(received.rpartition(";")[2]) or parse_date(date)
    return int((moment or datetime.fromtimestamp(0, UTC)).timestamp())
