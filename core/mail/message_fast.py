"""Mails read in brief, for counting and grouping: at half the cost of `core.mail.message`.

Left out, since neither needs them: the recipients, the fingerprint, the trailers that a patch carries itself, and the
text of a reply that gives no trailer. Headers are found instead of all being looked at, where the block is plain ASCII
and nothing in it is odd; else the mail is read as every other. All other fields equal those of `core.mail.message`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from core.mail.dates import parse_date
from core.mail.headers import (
    Headers,
    any_header_name,
    decode_encoded_words,
    parse_addresses,
    parse_in_reply_to,
    parse_message_ids,
)
from core.mail.message import (
    FIRST_REFERENCES,
    LAST_REFERENCES,
    UNKNOWN_DATE,
    PatchReading,
    classify_patch,
    parse_mail,
    read_change_id,
)
from core.mail.mime import decode_content
from core.mail.subject import MAX_SUBJECT, parse_subject
from core.mail.trailers import find_followup_trailers
from core.mail.version_links import find_version_links
from core.model import Identity, Message, MessageId, Subject

_MAX_BLOCK: Final = 64 << 10
_HEADER: Final = re.compile(rb"[!-9;-~]+:")
_NO_HEADER: Final = re.compile(rb"\n(?![ \t]|[!-9;-~]+:)")
_NAMES: Final = any_header_name(
    (
        "message-id",
        "subject",
        "from",
        "date",
        "in-reply-to",
        "references",
        "list-id",
        "content-type",
        "content-transfer-encoding",
    )
)
_WANTED: Final = re.compile(rf"\n({_NAMES}):([^\n]*+(?:\n[ \t][^\n]*+)*+)")
_PLAIN_ENCODINGS: Final = frozenset({"", "7bit", "8bit", "binary"})
# Encoded line ends, hyphens and colons: the beginning of a trailer may be hidden by them.
_ENCODED_MARK: Final = re.compile(rb"=(?:0[AaDd]|2[Dd]|3[Aa])")
_MAY_GIVE: Final = re.compile(rb"\n[ \t]{0,8}(?:[A-Za-z][A-Za-z-]{1,40}-[Bb][Yy][ \t]?|[Ff]ixes):")


def parse_message_fast(raw: bytes, key: str = "", *, replies: bool = True) -> tuple[Message, str]:
    """Return a mail's facts in brief, and its text, "" where it was not needed. Never raises.

    Of a reply `has_diff` says nothing. With `replies` False nothing but the sender, subject and lists of a reply need
    be right.
    """
    brief = _read_plain(raw, key, replies)
    if brief is not None:
        return brief
    mail = parse_mail(raw, key)
    return mail.message, mail.text


def _read_plain(raw: bytes, key: str, replies: bool) -> tuple[Message, str] | None:
    """Read a mail with ordinary headers; None for any other."""
    values, end = _plain_headers(raw)
    get = values.get
    subject = _subject(get("subject", ""))
    sender = _sender(get("from", ""))
    if subject is None or sender is None or " via " in sender.name:
        return None
    lists = _list_ids(get("list-id", ""))
    if subject.is_reply and not replies:
        return _minimal_reply(subject, sender, lists, key), ""
    date = parse_date(get("date", ""))
    ids = parse_message_ids(get("message-id", ""))
    references = (
        dict.fromkeys(parse_message_ids(values["references"])) if "references" in values else {}
    )
    parent = parse_in_reply_to(values["in-reply-to"]) if "in-reply-to" in values else None
    if parent:
        references[parent] = None
    if date is None or not ids or len(references) > FIRST_REFERENCES + LAST_REFERENCES:
        return None
    text = ""
    weighed = None
    if not (subject.is_reply and _has_no_trailer(raw, end, values)):
        content = decode_content(raw, Headers(fields=list(values.items()), body_start=end + 2))
        if content.truncations:
            return None
        text = content.text
        weighed = classify_patch(subject, sender, text)
    in_body = weighed is not None and weighed.in_body
    has_diff = weighed is not None and weighed.patch is not None
    message = Message(
        message_id=ids[0],
        subject=weighed.subject if weighed else subject,
        sender=sender,
        author=weighed.author if weighed else sender,
        date=date,
        in_reply_to=parent,
        references=tuple(references),
        list_ids=lists,
        has_diff=has_diff,
        change_id=read_change_id(text) if in_body else None,
        version_links=_version_links(text, weighed),
        trailers=()
        if not text or (in_body and has_diff)
        else find_followup_trailers(text, own_patch=has_diff),
        key=key,
    )
    return message, text


def _version_links(text: str, read: PatchReading | None) -> tuple[tuple[int, MessageId], ...]:
    if read is None or not read.in_body:
        return ()
    return find_version_links(text[: read.patch[1] if read.patch else None])


def _plain_headers(raw: bytes) -> tuple[dict[str, str], int]:
    """Return the headers that are wanted, unfolded, and where their block ends; nothing where the block is odd."""
    stop = _NO_HEADER.search(raw, 0, _MAX_BLOCK)
    end = stop.start() if stop else 0
    head = raw[:end]
    if raw[end : end + 2] != b"\n\n" or not _HEADER.match(raw) or not head.isascii():
        return {}, 0
    block = "\n" + head.decode("ascii")
    values: dict[str, str] = {}
    for name, value in _WANTED.findall(block):
        lower = name.lower()
        if lower in values:
            return {}, 0
        values[lower] = _unfolded(value) if "\n" in value else value.strip()
    return ({}, 0) if "\r" in block else (values, end)


def _minimal_reply(subject: Subject, sender: Identity, lists: tuple[str, ...], key: str) -> Message:
    """Return a reply with these fields alone."""
    return Message(
        message_id=MessageId(""),
        subject=subject,
        sender=sender,
        author=sender,
        date=UNKNOWN_DATE,
        list_ids=lists,
        key=key,
    )


def _unfolded(value: str) -> str:
    return " ".join([part.strip() for part in value.split("\n")])


# The mails of a thread, and of a person, come together.
@lru_cache(maxsize=512)
def _subject(value: str) -> Subject | None:
    text = decode_encoded_words(value)
    return parse_subject(text) if value and len(text) <= MAX_SUBJECT else None


@lru_cache(maxsize=512)
def _sender(value: str) -> Identity | None:
    return next((person for person in parse_addresses(value) if person.address), None)


@lru_cache(maxsize=64)
def _list_ids(value: str) -> tuple[str, ...]:
    inner = value[value.rfind("<") + 1 :].partition(">")[0].strip().lower()
    return (inner[:255],) if inner else ()


def _has_no_trailer(raw: bytes, end: int, values: dict[str, str]) -> bool:
    """Whether a look at a reply's bytes is enough to see that there is no trailer in its text."""
    kind = values.get("content-type", "")
    if kind and kind[:10].lower() != "text/plain":
        return False
    encoding = values.get("content-transfer-encoding", "").lower()
    if encoding == "quoted-printable":
        if _ENCODED_MARK.search(raw, end):
            return False
    elif encoding not in _PLAIN_ENCODINGS:
        return False
    return not _MAY_GIVE.search(raw, end + 1)
