"""Raw bytes to a message: bounded in time and size, whatever the bytes are.

`parse_message` gives the facts that an index keeps of a mail, `parse_mail` the mail opened for reading. Both read a
mail the same way; parsing is this package's own since the standard library's is slow, and raises, on hostile mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from core.mail.body import find_patch, read_in_body_headers, split_body
from core.mail.dates import parse_date
from core.mail.headers import (
    Headers,
    decode_encoded_words,
    parse_addresses,
    parse_headers,
    parse_in_reply_to,
    parse_message_ids,
)
from core.mail.mime import DecodedContent, decode_content
from core.mail.subject import MAX_SUBJECT, parse_subject
from core.mail.trailers import find_followup_trailers, find_trailers
from core.mail.version_links import find_version_links
from core.model import Identity, Message, MessageId, OpenedMessage, Subject, Trailer

UNKNOWN_DATE: Final = datetime.fromtimestamp(0, UTC)
"""Stands where a mail does not say when it was sent."""

FIRST_REFERENCES: Final = 100
LAST_REFERENCES: Final = 400
"""Number of references kept from the end of a longer list, besides `FIRST_REFERENCES` from its beginning."""

_FACTS: Final = frozenset(
    {
        "message-id",
        "subject",
        "from",
        "date",
        "in-reply-to",
        "references",
        "to",
        "cc",
        "list-id",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "sender",
    }
)
_CONTENT_FACTS: Final = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition"}
)
_MADE_UP: Final = "@missing.invalid"
_RECEIVED: Final = frozenset({"received"})
_TRUE_SENDER: Final = frozenset({"x-original-from", "reply-to"})
_CHANGE_ID: Final = re.compile(r"\nchange-id:[ \t]+([^\s]{1,200})")
_BLANKS: Final = re.compile(rb"\s*")
_MAX_LIST_IDS: Final = 20
_MAX_KNOWN: Final = 300


@dataclass(frozen=True, slots=True)
class _ParsedMail:
    message: Message
    content: DecodedContent
    in_body: bool
    patch: tuple[int, int] | None
    """The result of `find_patch` in its text."""


def parse_message(raw: bytes, key: str = "") -> Message:
    """Return the facts of a mail. Never raises; `key` is handed through."""
    return _parse(raw, key).message


def parse_message_and_diff(raw: bytes, key: str = "") -> tuple[Message, str]:
    """Return `parse_message`'s result, and the mail's text from the beginning of its diff, "" without one. Never raises."""
    opened = _parse(raw, key)
    return opened.message, opened.content.text[opened.patch[1] :] if opened.patch else ""


def parse_mail(raw: bytes, key: str = "") -> OpenedMessage:
    """Open a mail for reading; its `message` is `parse_message`'s result. Never raises."""
    opened = _parse(raw, key)
    source, start = _mail_start(raw)
    all_headers = parse_headers(source, start, len(source))
    headers = tuple(
        (name, decode_encoded_words(value))
        for name, (_, value) in zip(all_headers.names, all_headers.fields, strict=True)
    )
    return OpenedMessage(
        message=opened.message,
        headers=headers,
        text=opened.content.text,
        body=split_body(opened.content.text, in_body_headers=opened.in_body),
        attachments=tuple(opened.content.attachments),
    )


def mail_text(raw: bytes) -> str:
    """Return the `text` of `parse_mail`, and read nothing else of the mail. Never raises."""
    source, start = _mail_start(raw)
    headers = parse_headers(source, start, len(source), _CONTENT_FACTS)
    return decode_content(source, headers).text


def message_id_of(raw: bytes) -> MessageId | None:
    """Return a mail's Message-ID, or None where it has none; reads no more than the headers."""
    raw, start = _mail_start(raw)
    ids = parse_message_ids(
        parse_headers(raw, start, len(raw), frozenset({"message-id"})).get("message-id")
    )
    return ids[0] if ids else None


def _mail_start(raw: bytes) -> tuple[bytes, int]:
    """Return the bytes with readable line ends, and where the headers begin."""
    if b"\r" in raw and b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    blanks = _BLANKS.match(raw)
    return raw, blanks.end() if blanks else 0


@dataclass(frozen=True, slots=True)
class PatchReading:
    """A mail's kind and author as its text corrects its headers."""

    subject: Subject
    author: Identity
    begin: int
    """Where the text begins after its in-body headers."""
    patch: tuple[int, int] | None
    """The result of `find_patch`."""
    in_body: bool
    """The text is a patch's or cover letter's, so that headers in it count."""


def classify_patch(subject: Subject, sender: Identity, text: str) -> PatchReading:
    """Decide by subject, sender and text whether a mail is a patch, and find its author."""
    found: tuple[tuple[str, str], ...] = ()
    begin = 0
    if not subject.is_reply:
        found, begin = read_in_body_headers(text)
    patch = find_patch(text, begin)
    if not subject.is_reply and subject.is_patch != (
        is_patch := _is_patch(subject, patch is not None)
    ):
        subject = replace(subject, is_patch=is_patch)
    in_body = not subject.is_reply and (patch is not None or subject.is_patch)
    author = sender
    if in_body:
        author = _in_body_author(found) or sender
        if not subject.text:
            subject = parse_subject(next((value for name, value in found if name == "Subject"), ""))
    return PatchReading(subject, author, begin, patch, in_body)


def _parse(raw: bytes, key: str) -> _ParsedMail:
    source, start = _mail_start(raw)
    headers = parse_headers(source, start, len(source), _FACTS)
    content = decode_content(source, headers)
    text = content.text
    truncations = list(dict.fromkeys([*headers.truncations, *content.truncations]))
    sender = _sender(headers)
    author = _true_sender(sender, source, start)
    weighed = classify_patch(_subject(headers, truncations), author, text)
    subject, patch, in_body = weighed.subject, weighed.patch, weighed.in_body
    references, in_reply_to = _references(headers, truncations)
    ids = parse_message_ids(headers.get("message-id"))
    message = Message(
        message_id=ids[0] if ids else _synthetic_message_id(raw),
        subject=subject,
        sender=sender,
        author=weighed.author,
        date=_date(headers, source, start),
        in_reply_to=in_reply_to,
        references=references,
        to=_people(headers, "to"),
        cc=_people(headers, "cc"),
        list_ids=_list_ids(headers),
        has_diff=patch is not None,
        change_id=read_change_id(text) if in_body else None,
        version_links=find_version_links(text[: patch[1] if patch else None]) if in_body else (),
        trailers=_trailers(text, weighed.begin, patch, in_body),
        fingerprint=_fingerprint(sender, subject, text),
        key=key,
        truncations=tuple(truncations),
    )
    return _ParsedMail(message, content, in_body, patch)


def _subject(headers: Headers, truncations: list[str]) -> Subject:
    value = headers.get("subject")
    subject, is_long = (_known_subject if len(value) <= _MAX_KNOWN else _read_subject)(value)
    if is_long:
        truncations.append("subject too long")
    return subject


def _read_subject(value: str) -> tuple[Subject, bool]:
    text = decode_encoded_words(value)
    return parse_subject(text), len(text) > MAX_SUBJECT


# The mails of a thread have the same.
_known_subject: Final = lru_cache(maxsize=1024)(_read_subject)


def _is_patch(subject: Subject, has_diff: bool) -> bool:
    """Decide, by brackets and body, whether it is a patch: without the word PATCH, a diff decides."""
    names = [tag.lower() for tag in subject.tags]
    if subject.is_patch:
        said = any(name.startswith("patch") for name in names)
        return said or has_diff or subject.number == 0
    return has_diff and (subject.version > 1 or not {"rfc", "rft"}.isdisjoint(names))


def _sender(headers: Headers) -> Identity:
    for name in ("from", "sender"):
        people = parse_addresses(headers.get(name))
        if people:
            return next((person for person in people if person.address), people[0])
    return Identity("", "")


def _true_sender(sender: Identity, source: bytes, start: int) -> Identity:
    """Return the sender of a mail whose From a list has replaced (`A Person via A List <list@…>`, for DMARC's sake)."""
    name, via, _ = sender.name.partition(" via ")
    if not via:
        return sender
    headers = parse_headers(source, start, len(source), _TRUE_SENDER)
    for header in ("x-original-from", "reply-to"):
        for person in parse_addresses(headers.get(header)):
            is_named = person.name.casefold() in {"", name.casefold()} or header != "reply-to"
            if "@" in person.address and person.address != sender.address and is_named:
                return Identity(person.name or name, person.address)
    return sender


def _in_body_author(found: tuple[tuple[str, str], ...]) -> Identity | None:
    for name, value in found:
        if name == "From":
            return next(
                (person for person in parse_addresses(value) if "@" in person.address), None
            )
    return None


def _people(headers: Headers, name: str) -> tuple[Identity, ...]:
    values = headers.get_all(name)
    if len(values) == 1:
        return parse_addresses(values[0])
    return tuple(person for value in headers.get_all(name) for person in parse_addresses(value))


def _references(
    headers: Headers, truncations: list[str]
) -> tuple[tuple[MessageId, ...], MessageId | None]:
    known: dict[MessageId, None] = {}
    for value in headers.get_all("references"):
        known.update(dict.fromkeys(parse_message_ids(value)))
    parents = [
        each for value in headers.get_all("in-reply-to") if (each := parse_in_reply_to(value))
    ]
    known.update(dict.fromkeys(parents))
    ids = list(known)
    if len(ids) > FIRST_REFERENCES + LAST_REFERENCES:
        ids = ids[:FIRST_REFERENCES] + ids[-LAST_REFERENCES:]
        truncations.append("too many references")
    return tuple(ids), parents[0] if parents else None


def _list_ids(headers: Headers) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in headers.get_all("list-id")[:_MAX_LIST_IDS]:
        inner = value[value.rfind("<") + 1 :].partition(">")[0].strip().lower()
        if inner:
            found[inner[:255]] = None
    return tuple(found)


def _date(headers: Headers, source: bytes, start: int) -> datetime:
    moment = parse_date(headers.get("date"))
    if moment is None:  # when the last server had it will do
        received = parse_headers(source, start, len(source), _RECEIVED).get("received")
        moment = parse_date(received.rpartition(";")[2])
    return UNKNOWN_DATE if moment is None else moment


def read_change_id(text: str) -> str | None:
    """Return b4's `change-id:` in the text of a cover letter or patch."""
    match = _CHANGE_ID.search(text) if "\nchange-id:" in text else None
    return match[1] if match else None


def _trailers(
    text: str, begin: int, patch: tuple[int, int] | None, in_body: bool
) -> tuple[Trailer, ...]:
    if patch is not None and in_body:
        return find_trailers(text[begin : patch[0]])
    return find_followup_trailers(text, own_patch=patch is not None)


def _fingerprint(sender: Identity, subject: Subject, text: str) -> str:
    content = f"{sender.address.lower()}\n{subject.text}\n{text.rstrip()}"
    return blake2b(content.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _synthetic_message_id(raw: bytes) -> MessageId:
    return MessageId(f"{blake2b(raw, digest_size=20).hexdigest()}{_MADE_UP}")


def is_made_up(message_id: MessageId) -> bool:
    """Whether a Message-ID was made up here, for a mail that has none."""
    return message_id.endswith(_MADE_UP)
