"""A reply as the bytes that leave: RFC 5322 headers, RFC 2047 names, RFC 2045 encodings; lines end in `\\n`.

No header is written by `email.message`: it turns an id longer than its line into an encoded word, and the thread
is lost.
"""

from __future__ import annotations

import quopri
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from core import __version__
from core.errors import PatchdeskError
from core.mail.header_encoding import encode_header
from core.model import Identity, Message, MessageId
from core.reply.draft import Draft
from core.reply.recipients import is_address

MAX_REFERENCES: Final = 20
MAX_LINE: Final = 998
"""Bytes of a line that mail servers must take (RFC 5322 2.1.1)."""
_FOLD_AT: Final = 76
_MAX_NAME: Final = 200
"""Characters of a display name that are written."""
_MAX_WORD: Final = 900
"""Characters of a subject's word from which on the subject is encoded, since nothing can be folded within it."""

_ID: Final = re.compile(r"[!-;=?-~]{1,990}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPECIALS: Final = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]")
_REPLY: Final = re.compile(r"(?:re|aw|sv|antw)\s*(?:\[\d+\])?:\s*", re.IGNORECASE)


def new_message_id(sender: Identity, now: datetime) -> MessageId:
    """Return an id for a reply that is begun now, in the sender's domain."""
    domain = sender.address.rpartition("@")[2] or "localhost"
    return MessageId(f"{now:%Y%m%d%H%M%S}.{secrets.token_hex(6)}-patchdesk@{domain}")


def reply_subject(subject: str) -> str:
    """Return the subject of a reply: the whole old one, after a single `Re: `."""
    rest = " ".join(subject.split())
    while match := _REPLY.match(rest):
        rest = rest[match.end() :]
    return f"Re: {rest}"


def reply_references(answered: Message) -> tuple[MessageId, ...]:
    """Return the References of a reply: the answered mail's, then its id; of more than 20 the first and the last 19.

    Raises PatchdeskError where the answered mail has no id that a header can carry.
    """
    if not is_message_id(answered.message_id) or answered.message_id.endswith("@missing.invalid"):
        raise PatchdeskError(
            "This message has no usable Message-ID, so a reply would not be threaded under it.",
            "Answer another message of the thread.",
        )
    ids = [one for one in answered.references if is_message_id(one)]
    ids = [*dict.fromkeys(one for one in ids if one != answered.message_id), answered.message_id]
    if len(ids) > MAX_REFERENCES:
        ids = [ids[0], *ids[1 - MAX_REFERENCES :]]
    return tuple(ids)


def is_message_id(message_id: str) -> bool:
    """Whether an id can go into a header unchanged: printable ASCII, no blank and no bracket."""
    return _ID.fullmatch(message_id) is not None


def build_message(draft: Draft, text: str, date: datetime) -> bytes:
    """Return the mail of a draft, with `text` as its body.

    Raises PatchdeskError where a header would hold a line end, a NUL, or an address that is not plain ASCII.
    """
    people = [("From", (draft.sender,)), ("To", draft.to), ("Cc", draft.cc)]
    lines = [_address_header(name, who) for name, who in people if who]
    lines.append(_text_header("Subject", draft.subject))
    lines.append(f"Date: {format_datetime(date)}")
    lines.append(_id_header("Message-ID", [draft.message_id]))
    lines.append(_id_header("In-Reply-To", draft.references[-1:]))
    lines.append(_id_header("References", draft.references))
    encoding, body = _encoded_body(text)
    lines += [
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Transfer-Encoding: {encoding}",
        f"User-Agent: patchdesk/{__version__}",
    ]
    return "\n".join(lines).encode("ascii") + b"\n\n" + body


def clean_text(text: str) -> str:
    """Return a text as it may leave: `\\n` line ends, one at its end, no control character but tabs.

    Raises PatchdeskError for a character that UTF-8 cannot hold.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PatchdeskError(
            f"The text holds a character that no mail can carry, at position {error.start}.",
            "Write it again in UTF-8.",
        ) from error
    return text.rstrip("\n") + "\n"


def _encoded_body(text: str) -> tuple[str, bytes]:
    body = clean_text(text).encode("utf-8")
    if any(len(line) > MAX_LINE for line in body.split(b"\n")):
        return "quoted-printable", quopri.encodestring(body)
    return ("7bit" if body.isascii() else "8bit"), body


def _checked(name: str, value: str) -> str:
    if any(char in value for char in "\r\n\0"):
        raise PatchdeskError(
            f"The {name} header would hold a line end or a NUL.", f"Change it: {value!r}"
        )
    return value


def _text_header(name: str, value: str) -> str:
    _checked(name, value)
    plain = value.isascii() and value.isprintable() and "=?" not in value
    if plain and max(map(len, value.split(" ")), default=0) <= _MAX_WORD:
        return _folded(f"{name}:", value.split(" "))
    return f"{name}: {encode_header(value, name)}"


def _address_header(name: str, people: Iterable[Identity]) -> str:
    written = []
    for one in people:
        _checked(name, f"{one.name}{one.address}")
        if not is_address(one.address):
            raise PatchdeskError(
                f"{one.address!r} is not an address that mail can be sent to.",
                "Addresses are plain ASCII: name@host.",
            )
        written.append(mailbox(one, name))
    return f"{name}: " + ",\n ".join(written)


def mailbox(one: Identity, header: str) -> str:
    """Return a person as an address header has it: the name quoted or encoded where it must be."""
    name = " ".join(one.name.split())[:_MAX_NAME]
    if not name:
        return one.address
    if not name.isascii() or not name.isprintable() or "=?" in name:
        name = encode_header(name, header)
    elif _SPECIALS.search(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{one.address}>"


def _id_header(name: str, ids: Sequence[MessageId]) -> str:
    for one in ids:
        if not is_message_id(one):
            raise PatchdeskError(f"{one!r} is not a Message-ID that a header can carry.")
    return f"{name}: " + "\n ".join(f"<{one}>" for one in ids)


def _folded(start: str, words: Sequence[str]) -> str:
    """Join words with blanks, on lines of at most 76 characters where they fit."""
    lines, line = [], start
    for word in words:
        # A line of blanks alone would end a header for some readers.
        if len(line) + 1 + len(word) > _FOLD_AT and line.strip() and word and line != start:
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\n".join([*lines, line])
