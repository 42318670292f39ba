"""The header block of a mail or MIME part, scanned without believing any of it.

The syntax is RFC 5322's, read as leniently as `git mailinfo` reads it: the block ends at the first empty line,
or at the first line that is neither a header nor the continuation of one.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from core.mail.charsets import decode_bytes
from core.model import Identity, MessageId

MAX_HEADER_BYTES: Final = 4 << 20
MAX_HEADER_LINES: Final = 10_000
MAX_VALUE: Final = 64 << 10
"""Characters kept of one header's value; of a longer one its first and last half of that."""
MAX_ADDRESSES: Final = 1000
MAX_ID: Final = 998
"""Characters of a Message-ID: RFC 5322's longest line."""

_MAX_KNOWN: Final = 200
_MAX_KNOWN_LIST: Final = 2000
# A header's name may have blanks before its colon: they were allowed once.
_HEADER_LINE: Final = re.compile(rb"[ \t]|[!-9;-~]++[ \t]*+:|>?From ")
_NO_HEADER: Final = re.compile(rb"\n(?![ \t]|[!-9;-~]++[ \t]*+:)")
_EMPTY_LINE: Final = re.compile(rb"\r?\n")
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_MBOX_FROM: Final = re.compile(rb">?From ")  # what an mbox puts before a mail
_ADDRESS_MARKS: Final = re.compile(r'["(),<>\\;:]')
_ODD: Final = re.compile(r'["(\\;:]')
_QUOTED_PAIR: Final = re.compile(r"\\(.)")
_COMMENT: Final = re.compile(r"\([^()]*\)")
_BLANK: Final = re.compile(r"\s+")
# 'A Person' via A List: how lists quote the name of whom they send for.
_QUOTED_SENDER: Final = re.compile(r"'([^']*(?:'[^']+)*)'(?= via |$)")
_BRACKETED: Final = re.compile(r"<([^<>]*)>")


@dataclass(slots=True)
class Headers:
    """The wanted headers, unfolded but not decoded, and the truncations."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    """Name in lower case and value, in their order; encoded words still encoded."""
    names: list[str] = field(default_factory=list)
    """The names as written."""
    body_start: int = 0
    """Where, in the bytes given, the body begins."""
    truncations: list[str] = field(default_factory=list)
    _values: dict[str, list[str]] | None = None

    def get(self, name: str) -> str:
        """Return the first value of that name that is not blank, else ""."""
        for value in self.get_all(name):
            if value:
                return value
        return ""

    def get_all(self, name: str) -> list[str]:
        """Return all values of that name."""
        if self._values is None:
            self._values = {}
            for key, value in self.fields:
                self._values.setdefault(key, []).append(value)
        return self._values.get(name, _NONE)


_NONE: Final[list[str]] = []


def parse_headers(
    raw: bytes, start: int, end: int, wanted: frozenset[str] | None = None
) -> Headers:
    """Scan the header block of `raw[start:end]`, keeping the `wanted` names (lower case), or all.

    Never raises; time is linear in the block, of which at most `MAX_HEADER_BYTES` and `MAX_HEADER_LINES` are read.
    """
    headers = Headers()
    limit = min(end, start + MAX_HEADER_BYTES)
    stop, headers.body_start = _block_end(raw, start, limit)
    if stop == limit < end:
        headers.truncations.append("headers too large")
        blank = _BLANK_LINE.search(raw, limit - 1, end)
        headers.body_start = blank.end() if blank else end
    if stop - start > MAX_HEADER_LINES < raw.count(b"\n", start, stop):
        headers.truncations.append("too many header lines")
        stop = _line_start(raw, start, MAX_HEADER_LINES)
    first, others = _patterns(wanted)
    match = first.match(raw, start, stop)
    found = others.findall(raw, start, stop)
    plain = raw[start:stop].isascii()
    for name, value in [match.groups(), *found] if match else found:
        text = value.decode("ascii") if plain else decode_bytes(value)
        _keep(headers, name.decode("ascii"), text)
    return headers


def _block_end(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the header block ends, and where the body begins behind it."""
    if not _HEADER_LINE.match(raw, start, end):
        blank = _EMPTY_LINE.match(raw, start, end)
        return start, blank.end() if blank else start
    match = _NO_HEADER.search(raw, start, end)
    while match is not None and _MBOX_FROM.match(raw, match.end(), end):
        match = _NO_HEADER.search(raw, match.end(), end)
    if match is None:
        return end, end
    blank = _EMPTY_LINE.match(raw, match.end(), end)
    return match.start(), blank.end() if blank else match.end()


def _line_start(raw: bytes, start: int, count: int) -> int:
    for _ in range(count):
        start = raw.index(b"\n", start) + 1
    return start


@lru_cache(maxsize=32)
def _patterns(wanted: frozenset[str] | None) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return the patterns of the wanted headers, folded lines included: on the first line, and below it."""
    names = any_header_name(wanted) if wanted else "[!-9;-~]+"
    header = rf"({names})[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)".encode("ascii")
    return re.compile(header), re.compile(rb"\n" + header)


def any_header_name(names: Iterable[str]) -> str:
    """Return a pattern of header names, in any case: one branch a first letter, so that most lines end at it."""
    by_letter: dict[str, list[str]] = {}
    for name in sorted(names):
        by_letter.setdefault(name[0], []).append(name[1:])
    branches = [
        f"[{letter}{letter.upper()}](?i:{'|'.join(rest)})" for letter, rest in by_letter.items()
    ]
    return "|".join(branches)


def _keep(headers: Headers, name: str, value: str) -> None:
    if "\n" in value:
        value = " ".join([line.strip() for line in value.split("\n")])
    value = value.strip()
    if len(value) > MAX_VALUE:
        half = MAX_VALUE // 2
        value = f"{value[:half]} ... {value[-half:]}"
        headers.truncations.append(f"{name[:40]} header too long")
    headers.names.append(name)
    headers.fields.append((name.lower(), value))


def parse_message_ids(value: str) -> list[MessageId]:
    """Return the message-ids of a Message-ID, In-Reply-To or References value, in their order.

    Ids stand in angle brackets; blanks within (folding) are dropped. Where there are no brackets, or nothing in
    them, each word with an `@` is taken for one, else the first word.
    """
    ids = ["".join(each.split()) for each in _BRACKETED.findall(value)] if "<" in value else []
    if not any(ids):
        words = [word.strip("<>,;\0") for word in _COMMENT.sub(" ", value).split()]
        ids = [word for word in words if "@" in word] or [word for word in words if word][:1]
    return [MessageId(each[:MAX_ID]) for each in ids if each]


def parse_in_reply_to(value: str) -> MessageId | None:
    """Return the id that an In-Reply-To value names, from among the prose and addresses some programs add to it."""
    ids = parse_message_ids(value)
    if len(ids) > 1 and "(" in value:
        # <id> (message from Joe <joe@example.org> on ...)
        ids = parse_message_ids(_COMMENT.sub(" ", value)) or ids
    return next((each for each in ids if "@" in each), ids[0] if ids else None)


def parse_addresses(value: str) -> tuple[Identity, ...]:
    """Return the people of an address list (From, To, Cc): linear, tolerant, never raises.

    Reads `Name <a@b>`, `"Name, With Comma" <a@b>`, `a@b (Name)`, groups, a comma in an unquoted name, and a
    name alone. Names come decoded; at most `MAX_ADDRESSES`.
    """
    return (_known_people if len(value) < _MAX_KNOWN_LIST else _people)(value)


def _people(value: str) -> tuple[Identity, ...]:
    people: list[Identity] = []
    waiting = ""
    for piece in _pieces(value):
        entry = f"{waiting},{piece}" if waiting else piece
        person, complete = (_known_person if len(entry) < _MAX_KNOWN else _person)(entry)
        if not complete and len(entry) < 200:
            # "Doe, John <john@example.org>" without quotes: the comma was in the name.
            waiting = entry
            continue
        waiting = ""
        if person is not None:
            people.append(person)
            if len(people) >= MAX_ADDRESSES:
                return tuple(people)
    if waiting:
        person, _ = _person(waiting)
        if person is not None:
            people.append(person)
    return tuple(people)


# The mails of a thread go to the same people.
_known_people: Final = lru_cache(maxsize=512)(_people)


def _pieces(value: str) -> list[str]:
    """Split an address list at the commas that are not within quotes, comments or angle brackets."""
    if not _ODD.search(value):
        return value.split(",")
    pieces: list[str] = []
    begin = 0
    quoted = False
    depth = 0
    escaped_at = -1
    has_group = ";" in value
    for match in _ADDRESS_MARKS.finditer(value):
        at, mark = match.start(), match[0]
        if at == escaped_at:
            continue
        if mark == "\\":
            escaped_at = at + 1
        elif quoted:
            quoted = mark != '"'
        elif mark == '"' and not depth:
            quoted = True
        elif mark == "(":
            depth += 1
        elif mark == ")":
            depth = max(depth - 1, 0)
        elif depth:
            pass
        elif mark in ",;":
            pieces.append(value[begin:at])
            begin = at + 1
        elif mark == ":" and has_group:
            begin = at + 1  # after the name of a group
    pieces.append(value[begin:])
    return pieces


def _person(piece: str) -> tuple[Identity | None, bool]:
    """Read one entry; the flag is False where it has no address yet."""
    opening = piece.rfind("<")
    if opening >= 0:
        closing = piece.find(">", opening)
        address = piece[opening + 1 : closing if closing >= 0 else len(piece)]
        name = piece[:opening].strip()
        if not name and closing >= 0:
            name = _unparenthesised(piece[closing + 1 :].strip())
        return Identity(_clean_name(name), _BLANK.sub("", address)), True
    text = piece.strip()
    if not text:
        return None, True
    if "@" not in text and "=?" in text:
        text = _BLANK.sub(" ", decode_encoded_words(text)).strip()
        if "<" in text:  # the address, too, is within the encoded word
            return _person(text.replace("=?", "= ?"))
    if "@" not in text:
        return Identity(_clean_name(text), ""), False
    comment = text.find("(")
    if comment >= 0:
        name = _unparenthesised(text[comment:])
        return Identity(_clean_name(name), _BLANK.sub("", text[:comment])), True
    words = text.split()
    address = next(word for word in words if "@" in word)
    name = " ".join(word for word in words if word is not address)
    return Identity(_clean_name(name), address.strip("<>")), True


# The same people stand on mail after mail.
_known_person: Final = lru_cache(maxsize=8192)(_person)


def _unparenthesised(text: str) -> str:
    return text[1:-1] if text.startswith("(") and text.endswith(")") else ""


def _clean_name(name: str) -> str:
    if name.isalnum():
        return name
    if '"' in name:
        name = name.replace('\\"', "\0").replace('"', "").replace("\0", '"')
    if "\\" in name:
        name = _QUOTED_PAIR.sub(r"\1", name)
    if "=?" in name:
        name = decode_encoded_words(name)
    name = _BLANK.sub(" ", name).strip()
    if name[:1] == "'" and (quoted := _QUOTED_SENDER.match(name)):
        name = f"{quoted[1]}{name[quoted.end() :]}"
    return name.strip(" '")


MAX_WORDS: Final = 2000
"""Encoded words that are decoded in one header; later ones stay as written."""

# The language tag of RFC 2231 (`=?utf-8*en?q?`) is read over.
_OPENING: Final = re.compile(r"=\?([\w.:()+-]{1,40})(?:\*[\w-]{0,20})?\? ?([bBqQ]) ?\?")
_HEX: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_encoded_words(value: str) -> str:
    """Return a header's value with its encoded words decoded. Never raises; linear in its length."""
    if "=?" not in value:
        return value
    out: list[str] = []
    pending = b""  # of words in the same charset: a character may begin in one and end in the next
    pending_charset = ""
    at = 0
    for _ in range(MAX_WORDS):
        match = _OPENING.search(value, at)
        if match is None:
            break
        between = value[at : match.start()]
        # Blanks between two encoded words are no text.
        if pending_charset and not between.isspace() and between:
            out.append(decode_bytes(pending, pending_charset))
            pending, pending_charset = b"", ""
        if not pending_charset:
            out.append(between)
        charset, encoding = match[1].lower(), match[2].lower()
        if pending_charset and pending_charset != charset:
            out.append(decode_bytes(pending, pending_charset))
            pending = b""
        end = value.find("?=", match.end())
        if end < 0:  # never closed: the word is all there is left
            content, at = value[match.end() :], len(value)
        else:
            content, at = value[match.end() : end], end + 2
        pending += _word_bytes(content, encoding)
        pending_charset = charset
    if pending_charset:
        out.append(decode_bytes(pending, pending_charset))
    out.append(value[at:])
    return "".join(out)


def _word_bytes(content: str, encoding: str) -> bytes:
    data = content.encode("utf-8", "surrogateescape")
    if encoding == "q":
        return _HEX.sub(lambda match: bytes((int(match[1], 16),)), data.replace(b"_", b" "))
    data = _NOT_BASE64.sub(b"", data)
    if len(data) % 4 == 1:
        data = data[:-1]
    try:
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return content.encode("utf-8", "surrogateescape")
