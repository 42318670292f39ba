"""What a digest needs of an archive, whatever it is: which mails a range holds, and what came before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from core.digest.range import DigestRange
from core.mail.headers import decode_encoded_words, parse_addresses, parse_headers
from core.model import Identity


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
    """What `Archive.read` takes."""
    time: int
    name: bytes
    address: bytes
    subject: bytes
    """In one line."""


class Archive(Protocol):
    """An archive that can say what arrived when. Calls block; close it from the thread that uses it."""

    @property
    def name(self) -> str:
        """What to call it: a list's name, a file's."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read so far, each as a sentence."""
        ...

    def resolve_range(self, start: str, end: str, now: datetime) -> DigestRange:
        """Return what the words of a range mean here; "" is an open end.

        Raises PatchdeskError, which names what is there, for words that mean nothing and a reversed range.
        """
        ...

    def title_ends(self, start: str, end: str) -> tuple[str, str]:
        """Return the two ends as a title names them: as they were given; an open one by what is there, or ""."""
        ...

    def arrivals(self, span: DigestRange) -> Iterator[ArrivedMail]:
        """Yield the mails of a range, in no promised order.

        A mail that was removed within the range is none of them. Raises SourceError.
        """
        ...

    def mails_before(self, span: DigestRange) -> Iterator[EarlierMail]:
        """Yield what arrived before a range, the last first; of a range that is open there, nothing.

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
    """Return what a mail's own headers tell."""
    headers = parse_headers(raw, 0, len(raw), _HEADERS)
    people = parse_addresses(headers.get("from"))
    sender = people[0] if people else Identity("", "")
    texts = (sender.name, sender.address, decode_encoded_words(headers.get("subject")))
    return EarlierMail(key, time, *(text.encode("utf-8", "replace") for text in texts))
