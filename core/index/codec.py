"""A message ↔ the facts that are stored of it.

Facts are a JSON array; people, trailers and list ids stand in it as numbers of phrases, Message-IDs as numbers of
nodes. Unpacked, a message equals the one that was packed, but for its key, which becomes its blob id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Protocol

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
    """Return a number for texts: the same everywhere, and nobody can make others have it on purpose."""
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


def encode_facts(message: Message, names: IdSource) -> bytes:
    """Return the facts of a message."""
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
    facts: list[Any] = [
        _number(message.date.timestamp()),
        _number(offset.total_seconds() / 60),
        subject.text,
        title,
        subject.is_reply | subject.is_patch << 1 | message.has_diff << 2,
        subject.tags,
        subject.version,
        subject.minor,
        subject.number,
        subject.total,
        sender,
        author,
        node(message.in_reply_to) if message.in_reply_to is not None else 0,
        [node(each) for each in message.references],
        names.people(message.to),
        names.people(message.cc),
        [phrase(each) for each in message.list_ids],
        message.change_id,
        [_pack_trailer(each, phrase) for each in message.trailers],
        message.fingerprint,
        message.truncations,
        message.version_links,
    ]
    return _encode(facts).encode("ascii")


def decode_facts(
    facts: bytes,
    message_id: MessageId,
    key: str,
    message_ids: Mapping[int, MessageId],
    phrases: PhraseSource,
) -> Message:
    """Return the message that `encode_facts` packed."""
    (
        stamp,
        minutes,
        text,
        title,
        flags,
        tags,
        version,
        minor,
        number,
        total,
        sender,
        author,
        in_reply_to,
        references,
        to,
        cc,
        list_ids,
        change_id,
        trailers,
        fingerprint,
        truncations,
        version_links,
    ) = json.loads(facts)
    person = phrases.person
    if isinstance(title, int):
        title = text[len(text) - title :]
    return Message(
        message_id=message_id,
        subject=Subject(
            text=text,
            title=title,
            is_reply=bool(flags & 1),
            tags=tuple(tags),
            is_patch=bool(flags & 2),
            version=version,
            minor=minor,
            number=number,
            total=total,
        ),
        sender=person(sender),
        author=person(author),
        date=datetime_at(stamp, minutes),
        in_reply_to=message_ids[in_reply_to] if in_reply_to else None,
        references=tuple([message_ids[each] for each in references]),
        to=tuple([person(each) for each in to]),
        cc=tuple([person(each) for each in cc]),
        list_ids=tuple([phrases.text(each) for each in list_ids]),
        has_diff=bool(flags & 4),
        change_id=change_id,
        trailers=tuple(
            [
                phrases.trailer(each) if isinstance(each, int) else Trailer(*each)
                for each in trailers
            ]
        ),
        fingerprint=fingerprint,
        key=key,
        truncations=tuple(truncations),
        version_links=tuple([(number, each) for number, each in version_links]),
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
    """Return a trailer that names a person as a phrase: it comes again; a link does not."""
    if "@" in trailer.value:
        return phrase(join_pair(trailer.name, trailer.value))
    return (trailer.name, trailer.value)
