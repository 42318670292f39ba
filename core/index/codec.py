"""A message ↔ the facts that are stored of it.

Facts are a JSON array (`StoredFacts`); people, trailers and list ids stand in it as numbers of phrases, Message-IDs as numbers of
nodes. Unpacked, a message equals the one that was packed, but for its key, which becomes its blob id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

from core.model import Identity, Message, MessageId, Subject, Trailer

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - made of it is local time
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def to_blob(text: str) -> bytes:
    """Return a mail's text as it is stored: UTF-8, whatever is in it."""
    return text.encode("utf-8", "surrogatepass")


def from_blob(data: bytes) -> str:
    """Return the text that `to_blob` made bytes of."""
    return data.decode("utf-8", "surrogatepass")


def stable_hash(*parts: str) -> int:
    """Return a number for texts: equal on all machines, and infeasible to collide on purpose."""
    digest = blake2b(to_blob("\0".join(parts)), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def join_pair(one: str, other: str) -> str:
    """Return one text for two."""
    return f"{len(one)}:{one}{other}"


def split_pair(text: str) -> tuple[str, str]:
    """Return the two texts that `join_pair` made one of."""
    length, _, rest = text.partition(":")
    return rest[: int(length)], rest[int(length) :]


class IdSource(Protocol):
    """Gives the numbers under which phrases and Message-IDs are stored."""

    def phrase(self, text: str) -> int:
        """Return the number of a phrase."""
        ...

    def people(self, people: tuple[Identity, ...]) -> list[int]:
        """Return the numbers of people's phrases."""
        ...

    def node(self, message_id: MessageId) -> int:
        """Return the number of a Message-ID."""
        ...


class PhraseSource(Protocol):
    """Gives phrases by their numbers."""

    def person(self, number: int) -> Identity:
        """Return a phrase that is a person."""
        ...

    def trailer(self, number: int) -> Trailer:
        """Return a phrase that is a trailer."""
        ...

    def text(self, number: int) -> str:
        """Return a phrase."""
        ...


class StoredFacts(NamedTuple):
    """The stored array of a message's facts. Never reorder: the indexes on disk are read by place; new ones go last."""

    timestamp: float
    """Seconds of the Unix epoch."""
    utc_offset: float
    """Minutes east of Greenwich."""
    subject: str
    title: int | str
    """The subject without tags: its length where it ends the subject, else itself."""
    flags: int
    """1 a reply, 2 a patch by its subject, 4 with a diff."""
    tags: Sequence[str]
    version: int
    minor: int
    number: int | None
    total: int | None
    sender: int
    author: int
    in_reply_to: int
    """A node, 0 for none."""
    references: Sequence[int]
    to: Sequence[int]
    cc: Sequence[int]
    list_ids: Sequence[int]
    change_id: str | None
    trailers: Sequence[int | tuple[str, str]]
    """Phrases; a trailer without a person is stored as text."""
    fingerprint: str
    truncations: Sequence[str]
    version_links: Sequence[tuple[int, MessageId]]

    @property
    def subject_title(self) -> str:
        """The subject without tags."""
        if isinstance(self.title, str):
            return self.title
        return self.subject[len(self.subject) - self.title :]


def read_facts(packed: bytes) -> StoredFacts:
    """Return the array that `pack_facts` packed."""
    return StoredFacts._make(json.loads(packed))


def phrases_of(facts: StoredFacts) -> Iterator[int]:
    """Yield the numbers of all phrases in a message's facts."""
    yield facts.sender
    yield facts.author
    yield from facts.to
    yield from facts.cc
    yield from facts.list_ids
    yield from (each for each in facts.trailers if isinstance(each, int))


def facts_of(message: Message, names: IdSource) -> StoredFacts:
    """Return the facts of a message as they are stored, its people and Message-IDs as numbers."""
    subject = message.subject
    phrase, node = names.phrase, names.node
    sender = phrase(join_pair(message.sender.name, message.sender.address))
    author = sender
    if message.author != message.sender:
        author = phrase(join_pair(message.author.name, message.author.address))
    offset = message.date.utcoffset() or timedelta()
    title: int | str = subject.title
    if subject.text.endswith(subject.title):
        title = len(subject.title)
    return StoredFacts(
        timestamp=_number(message.date.timestamp()),
        utc_offset=_number(offset.total_seconds() / 60),
        subject=subject.text,
        title=title,
        flags=subject.is_reply | subject.is_patch << 1 | message.has_diff << 2,
        tags=subject.tags,
        version=subject.version,
        minor=subject.minor,
        number=subject.number,
        total=subject.total,
        sender=sender,
        author=author,
        in_reply_to=node(message.in_reply_to) if message.in_reply_to is not None else 0,
        references=[node(each) for each in message.references],
        to=names.people(message.to),
        cc=names.people(message.cc),
        list_ids=[phrase(each) for each in message.list_ids],
        change_id=message.change_id,
        trailers=[_pack_trailer(each, phrase) for each in message.trailers],
        fingerprint=message.fingerprint,
        truncations=message.truncations,
        version_links=message.version_links,
    )


def pack_facts(facts: StoredFacts) -> bytes:
    """Return a message's facts as the bytes that `read_facts` reads."""
    return _encode(facts).encode("ascii")


def decode_facts(
    packed: bytes,
    message_id: MessageId,
    key: str,
    message_ids: Mapping[int, MessageId],
    phrases: PhraseSource,
) -> Message:
    """Return the message whose `facts_of` were packed."""
    facts = read_facts(packed)
    person = phrases.person
    return Message(
        message_id=message_id,
        subject=_subject(facts),
        sender=person(facts.sender),
        author=person(facts.author),
        date=datetime_at(facts.timestamp, facts.utc_offset),
        in_reply_to=message_ids[facts.in_reply_to] if facts.in_reply_to else None,
        references=tuple([message_ids[each] for each in facts.references]),
        to=tuple([person(each) for each in facts.to]),
        cc=tuple([person(each) for each in facts.cc]),
        list_ids=tuple([phrases.text(each) for each in facts.list_ids]),
        has_diff=bool(facts.flags & 4),
        change_id=facts.change_id,
        trailers=tuple(
            [
                phrases.trailer(each) if isinstance(each, int) else Trailer(*each)
                for each in facts.trailers
            ]
        ),
        fingerprint=facts.fingerprint,
        key=key,
        truncations=tuple(facts.truncations),
        version_links=tuple([(number, each) for number, each in facts.version_links]),
    )


def _subject(facts: StoredFacts) -> Subject:
    return Subject(
        text=facts.subject,
        title=facts.subject_title,
        is_reply=bool(facts.flags & 1),
        tags=tuple(facts.tags),
        is_patch=bool(facts.flags & 2),
        version=facts.version,
        minor=facts.minor,
        number=facts.number,
        total=facts.total,
    )


def references_of(message: Message) -> set[MessageId]:
    """Return all Message-IDs that a message names, its own too."""
    named = {message.message_id, *message.references}
    if message.in_reply_to is not None:
        named.add(message.in_reply_to)
    return named


def datetime_at(stamp: float, minutes: float) -> datetime:
    """Return a point in time, given in seconds of the Unix epoch, in the zone so many minutes east of Greenwich."""
    local = _EPOCH + timedelta(seconds=stamp, minutes=minutes)  # whatever the year
    return local.replace(tzinfo=_zone(minutes))


@lru_cache(maxsize=256)
def _zone(minutes: float) -> timezone:
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _pack_trailer(trailer: Trailer, phrase: Callable[[str], int]) -> int | tuple[str, str]:
    """Return a trailer; one that names a person as a phrase, since it recurs, a link as text."""
    if "@" in trailer.value:
        return phrase(join_pair(trailer.name, trailer.value))
    return (trailer.name, trailer.value)
