"""Mails read in brief, for whoever counts and groups many of them: at half the cost of `core.patch.message`.

What is not needed for that is left out: the recipients, the fingerprint, the trailers that a patch carries itself, and the text of
a reply that gives no trailer. Headers are found instead of all being looked at, where the block is plain ASCII and nothing in
it is odd; else the mail is read as every other. What is left is what `core.patch.message` says.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from core.model import Identity, Message, Subject
from core.patch.dates import read_date
from core.patch.encoded_words import decode_words
from core.patch.headers import Headers, read_addresses, read_ids, read_parent
from core.patch.message import (
    FIRST_REFERENCES,
    LAST_REFERENCES,
    read_change_id,
    read_mail,
    weigh,
)
from core.patch.mime import read_content
from core.patch.subject import MAX_SUBJECT, read_subject
from core.patch.trailers import find_given_trailers

_MAX_BLOCK: Final = 64 << 10
_HEADER: Final = re.compile(rb"[!-9;-~]+:")
_NO_HEADER: Final = re.compile(rb"\n(?![ \t]|[!-9;-~]+:)")
_WANTED: Final = re.compile(
    r"\n((?i:message-id|subject|from|date|in-reply-to|references|list-id|content-type"
    r"|content-transfer-encoding)):([^\n]*+(?:\n[ \t][^\n]*+)*+)"
)
_PLAIN_ENCODINGS: Final = frozenset({"", "7bit", "8bit", "binary"})
# Encoded line ends, hyphens and colons: the beginning of a trailer may be hidden by them.
_ENCODED_MARK: Final = re.compile(rb"=(?:0[AaDd]|2[Dd]|3[Aa])")
_MAY_GIVE: Final = re.compile(rb"\n[ \t]{0,8}[A-Za-z][A-Za-z-]{1,40}-[Bb][Yy][ \t]?:")


def read_brief(raw: bytes, key: str = "") -> tuple[Message, str]:
    """Return a mail's facts in brief, and its text, "" where nobody needed it. Never raises.

    Of a reply `has_diff` says nothing.
    """
    brief = _read_plain(raw, key)
    if brief is not None:
        return brief
    mail = read_mail(raw, key)
    return mail.message, mail.text


def _read_plain(raw: bytes, key: str) -> tuple[Message, str] | None:
    stop = _NO_HEADER.search(raw, 0, _MAX_BLOCK)
    end = stop.start() if stop else 0
    if raw[end : end + 2] != b"\n\n" or not _HEADER.match(raw):
        return None
    try:
        block = "\n" + raw[:end].decode("ascii")
    except UnicodeDecodeError:
        return None
    values: dict[str, str] = {}
    for name, value in _WANTED.findall(block):
        lower = name.lower()
        if lower in values:
            return None
        values[lower] = _unfolded(value) if "\n" in value else value.strip()
    get = values.get
    date = read_date(get("date", ""))
    ids = read_ids(get("message-id", ""))
    subject = _subject(get("subject", ""))
    sender = _sender(get("from", ""))
    if date is None or not ids or subject is None or sender is None or "\r" in block:
        return None
    references = dict.fromkeys(read_ids(values["references"])) if "references" in values else {}
    parent = read_parent(values["in-reply-to"]) if "in-reply-to" in values else None
    if parent:
        references[parent] = None
    if len(references) > FIRST_REFERENCES + LAST_REFERENCES:
        return None
    lists = _list_ids(get("list-id", ""))
    if subject.is_reply and _gives_nothing(raw, end, values):
        reply = Message(
            message_id=ids[0],
            subject=subject,
            sender=sender,
            author=sender,
            date=date,
            in_reply_to=parent,
            references=tuple(references),
            list_ids=lists,
            key=key,
        )
        return reply, ""
    content = read_content(raw, Headers(fields=list(values.items()), body_start=end + 2))
    if content.capped:
        return None
    text = content.text
    weighed = weigh(subject, sender, text)
    patch = weighed.patch
    carried = patch is not None and weighed.in_body
    message = Message(
        message_id=ids[0],
        subject=weighed.subject,
        sender=sender,
        author=weighed.author,
        date=date,
        in_reply_to=parent,
        references=tuple(references),
        list_ids=lists,
        has_diff=patch is not None,
        change_id=read_change_id(text) if weighed.in_body else None,
        trailers=() if carried else find_given_trailers(text, own_patch=patch is not None),
        key=key,
    )
    return message, text


def _unfolded(value: str) -> str:
    return " ".join([part.strip() for part in value.split("\n")])


# The mails of a thread, and of a person, come together.
@lru_cache(maxsize=512)
def _subject(value: str) -> Subject | None:
    text = decode_words(value)
    return read_subject(text) if value and len(text) <= MAX_SUBJECT else None


@lru_cache(maxsize=512)
def _sender(value: str) -> Identity | None:
    return next((person for person in read_addresses(value) if person.address), None)


@lru_cache(maxsize=64)
def _list_ids(value: str) -> tuple[str, ...]:
    inner = value[value.rfind("<") + 1 :].partition(">")[0].strip().lower()
    return (inner[:255],) if inner else ()


def _gives_nothing(raw: bytes, end: int, values: dict[str, str]) -> bool:
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
