"""The header block of a mail or MIME part, scanned without believing any of it.

The syntax is RFC 5322's, read as leniently as `git mailinfo` reads it: the block ends at the first empty line,
or at the first line that is neither a header nor the continuation of one.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from core.model import Identity, MessageId
from core.patch.charsets import decode_bytes
from core.patch.encoded_words import decode_words

MAX_HEADER_BYTES: Final = 4 << 20
MAX_HEADER_LINES: Final = 10_000
MAX_VALUE: Final = 64 << 10
"""Characters kept of one header's value; of a longer one its first and last half of that."""
MAX_ADDRESSES: Final = 1000
MAX_ID: Final = 998
"""Characters of a Message-ID: RFC 5322's longest line."""

_MAX_KNOWN: Final = 200
_NAME: Final = re.compile(r"[!-9;-~]+")
_ADDRESS_MARKS: Final = re.compile(r'["(),<>\\;:]')
_ODD: Final = re.compile(r'["(\\;:]')
_QUOTED_PAIR: Final = re.compile(r"\\(.)")
_COMMENT: Final = re.compile(r"\([^()]*\)")
_BLANK: Final = re.compile(r"\s+")
_BRACKETED: Final = re.compile(r"<([^<>]*)>")


@dataclass(slots=True)
class Headers:
    """The headers that were asked for, as written but unfolded, and what was cut off."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    """Name in lower case and value, in their order; encoded words still encoded."""
    names: list[str] = field(default_factory=list)
    """The names as written."""
    body_start: int = 0
    """Where, in the bytes given, the body begins."""
    capped: list[str] = field(default_factory=list)

    def first(self, name: str) -> str:
        """Return the first value of that name that is not blank, else ""."""
        for key, value in self.fields:
            if key == name and value:
                return value
        return ""

    def every(self, name: str) -> list[str]:
        """Return all values of that name."""
        return [value for key, value in self.fields if key == name]


def read_headers(raw: bytes, start: int, end: int, wanted: Container[str] | None = None) -> Headers:
    """Scan the header block of `raw[start:end]`, keeping the `wanted` names (lower case), or all.

    Never raises; time is linear in the block, of which at most `MAX_HEADER_BYTES` and `MAX_HEADER_LINES` are read.
    """
    headers = Headers()
    stop, headers.body_start = _block_end(raw, start, end)
    if stop == start:
        return headers
    if stop - start > MAX_HEADER_BYTES:
        stop = start + MAX_HEADER_BYTES
        headers.capped.append("headers too large")
    block = raw[start:stop]
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").rstrip(b"\r")
    lines = decode_bytes(block).split("\n", MAX_HEADER_LINES)
    if len(lines) > MAX_HEADER_LINES:
        headers.capped.append("too many header lines")
        lines.pop()
    broken = _collect(lines, headers, wanted)
    if broken is not None:
        headers.body_start = _line_offset(raw, start, broken)
    return headers


def _block_end(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the header block ends and where the body begins."""
    if raw.startswith((b"\n", b"\r\n"), start):
        return start, start + (1 if raw[start : start + 1] == b"\n" else 2)
    plain = raw.find(b"\n\n", start, end)
    limit = end if plain < 0 else plain
    if raw.find(b"\r", start, limit) >= 0 and (crlf := raw.find(b"\n\r\n", start, limit)) >= 0:
        return crlf, crlf + 3
    if plain >= 0:
        return plain, plain + 2
    return end, end


def _line_offset(raw: bytes, start: int, count: int) -> int:
    for _ in range(count):
        start = raw.index(b"\n", start) + 1
    return start


def _collect(lines: list[str], headers: Headers, wanted: Container[str] | None) -> int | None:
    """Fill `headers`; return the number of the line that is no header, where there is one."""
    parts: list[str] | None = None
    name = key = ""
    for at, line in enumerate(lines):
        first = line[:1]
        if first == " " or first == "\t":
            if parts is not None:
                parts.append(line.strip())
            continue
        if parts is not None:
            _keep(headers, name, key, parts)
            parts = None
        name, colon, value = line.partition(":")
        if not (colon and name.isascii() and name.isprintable() and " " not in name):
            if line.startswith(("From ", ">From ")):
                continue  # what an mbox puts before a mail
            name = name.rstrip(" \t")  # blanks before the colon were allowed once
            if not (colon and _NAME.fullmatch(name)):
                return at
        key = name.lower()
        if wanted is None or key in wanted:
            parts = [value.strip()]
    if parts is not None:
        _keep(headers, name, key, parts)
    return None


def _keep(headers: Headers, name: str, key: str, parts: list[str]) -> None:
    value = parts[0] if len(parts) == 1 else " ".join(parts)
    if len(value) > MAX_VALUE:
        half = MAX_VALUE // 2
        value = f"{value[:half]} ... {value[-half:]}"
        headers.capped.append(f"{name[:40]} header too long")
    headers.names.append(name)
    headers.fields.append((key, value))


def read_ids(value: str) -> list[MessageId]:
    """Return the message-ids of a Message-ID, In-Reply-To or References value, in their order.

    Ids stand in angle brackets; blanks within (folding) are dropped. Where there are no brackets, or nothing in
    them, each word with an `@` is taken for one, else the first word.
    """
    ids = ["".join(each.split()) for each in _BRACKETED.findall(value)] if "<" in value else []
    if not any(ids):
        words = [word.strip("<>,;\0") for word in _COMMENT.sub(" ", value).split()]
        ids = [word for word in words if "@" in word] or [word for word in words if word][:1]
    return [MessageId(each[:MAX_ID]) for each in ids if each]


def read_parent(value: str) -> MessageId | None:
    """Return the id that an In-Reply-To value names, from among the prose and addresses some programs add to it."""
    ids = read_ids(value)
    if len(ids) > 1 and "(" in value:
        # <id> (message from Joe <joe@example.org> on ...)
        ids = read_ids(_COMMENT.sub(" ", value)) or ids
    return next((each for each in ids if "@" in each), ids[0] if ids else None)


def read_addresses(value: str) -> list[Identity]:
    """Return the people of an address list (From, To, Cc): linear, tolerant, never raises.

    Reads `Name <a@b>`, `"Name, With Comma" <a@b>`, `a@b (Name)`, groups, a comma in an unquoted name, and a
    name alone. Names come decoded; at most `MAX_ADDRESSES`.
    """
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
                return people
    if waiting:
        person, _ = _person(waiting)
        if person is not None:
            people.append(person)
    return people


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
    if '"' in name:
        name = name.replace('\\"', "\0").replace('"', "").replace("\0", '"')
    if "\\" in name:
        name = _QUOTED_PAIR.sub(r"\1", name)
    if "=?" in name:
        name = decode_words(name)
    return _BLANK.sub(" ", name).strip(" '") if not name.isalnum() else name
