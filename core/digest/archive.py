"""The archives that a digest reads: the protocol, and mailboxes; `core.digest.epoch_archive` has public-inbox's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Final, NamedTuple, Protocol

from core.digest.range import DigestRange, RangeEnd, TimeBound, check_order, read_time_bound
from core.errors import PatchdeskError, SourceError
from core.mail.dates import received_time
from core.mail.headers import decode_encoded_words, parse_addresses, parse_headers
from core.model import Identity
from core.sources.source import Source


@dataclass(frozen=True, slots=True)
class ArrivedMail:
    """A mail of the range."""

    key: str
    """How the archive finds it again."""
    place: tuple[int, int]
    """Larger, the later it came."""
    time: int
    """When it arrived, in seconds of the Unix epoch."""
    raw: bytes


class EarlierMail(NamedTuple):
    """A mail from before the range, as far as the archive tells of it without opening it; UTF-8, mostly."""

    key: object
    """The argument of `Archive.read`."""
    time: int
    name: bytes
    address: bytes
    subject: bytes
    """In one line."""


class Archive(Protocol):
    """An archive with the arrival times of its messages. Calls block; close it from the thread that uses it."""

    @property
    def name(self) -> str:
        """Its name: a list's or a file's."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far, each as a sentence."""
        ...

    def resolve_range(self, start: str, end: str, now: datetime) -> DigestRange:
        """Return the bounds that a range names here; "" is an open end.

        Raises PatchdeskError, which names the commits that exist, for unknown words and a reversed range.
        """
        ...

    def title_ends(self, start: str, end: str) -> tuple[str, str]:
        """Return both ends for the title: as given; an open one as found in the archive, or ""."""
        ...

    def arrivals(self, span: DigestRange) -> Iterator[ArrivedMail]:
        """Yield the mails of a range, in no promised order.

        A mail that was removed within the range is left out. Raises SourceError.
        """
        ...

    def mails_before(self, span: DigestRange) -> Iterator[EarlierMail]:
        """Yield the messages before a range, the last first; nothing where the range is open there.

        To be asked after `arrivals` has come to its end.
        """
        ...

    def read(self, key: object) -> bytes:
        """Return the bytes of a mail that `before` yielded, empty where they cannot be had."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


_HEADERS: Final = frozenset({"from", "subject"})


def earlier_from_headers(raw: bytes, key: object, time: int) -> EarlierMail:
    """Return the facts in a message's own headers."""
    headers = parse_headers(raw, 0, len(raw), _HEADERS)
    people = parse_addresses(headers.get("from"))
    sender = people[0] if people else Identity("", "")
    texts = (sender.name, sender.address, decode_encoded_words(headers.get("subject")))
    return EarlierMail(key, time, *(text.encode("utf-8", "replace") for text in texts))


class MailboxArchive:
    """An mbox or maildir, whose messages are ordered by date alone.

    A mail arrived when `core.mail.dates.received_time` says, as public-inbox dates its commits.
    """

    def __init__(self, source: Source) -> None:
        """Take any source that yields all it has."""
        self.name = source.name.removesuffix(".gz").removesuffix(".mbox")
        self._source = source
        self._earlier: list[EarlierMail] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far."""
        return self._source.notes

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def resolve_range(self, start: str, end: str, now: datetime) -> DigestRange:
        """Return the bounds that a range names: dates alone."""
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
                f"{words} is not a date, and {self.name} has no commits: its mails are found by their dates.",
                "Write it like 2025-05-01 or 1.week.ago.",
            )
        return moment

    def arrivals(self, span: DigestRange) -> Iterator[ArrivedMail]:
        """Yield the mails of a range, in the order of the file."""
        self._earlier.clear()
        for at, mail in enumerate(self._source.mails(stop=Event(), report=lambda _: None)):
            time = received_time(mail.raw) or 0
            if span.holds(time):
                yield ArrivedMail(mail.key, (time, at), time, mail.raw)
            elif isinstance(span.start, TimeBound) and time <= span.start.time:
                self._earlier.append(earlier_from_headers(mail.raw, mail.key, time))

    def mails_before(self, span: DigestRange) -> Iterator[EarlierMail]:
        """Yield the messages that `arrivals` passed before the range, the last first."""
        if span.start is not None:
            self._earlier.sort(key=lambda earlier: earlier.time)
            yield from reversed(self._earlier)

    def read(self, key: object) -> bytes:
        """Return the bytes of a mail, empty where they cannot be had."""
        try:
            return self._source.read(str(key))
        except SourceError:
            return b""
