"""The MIME tree of a mail, walked into one text and a list of attachments.

Which part is text (RFC 2045-2049, with what patch senders do): plain text comes before its HTML alternative; the
text parts of a mixed mail are joined; a patch is text however it was attached; a forwarded mail is text, quoted;
all else is an attachment.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from core.model import Attachment
from core.patch.charsets import decode_bytes
from core.patch.encoded_words import decode_words
from core.patch.flowed import unflow
from core.patch.headers import Headers, read_headers
from core.patch.html_text import html_to_text

MAX_BODY: Final = 16 << 20
"""Bytes of text kept of one mail."""
MAX_PARTS: Final = 1000
MAX_DEPTH: Final = 20
MAX_LINE: Final = 100_000
"""Characters kept of one line."""

_MAX_CONTENT_TYPE: Final = 2000
_MAX_BOUNDARY: Final = 200
_PARAMETER: Final = re.compile(r';\s*([\w*!#$&.^-]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;\s]*))')
_CONTINUED: Final = re.compile(r"(.+?)\*(?:(\d{1,3})(\*?))?")
_PATCH_NAME: Final = re.compile(r"\.(?:patch|diff)(?:\.txt)?$", re.IGNORECASE)
_DIFF_BYTES: Final = re.compile(rb"^(?:diff --git |--- [^\r\n]+\r?\n\+\+\+ )", re.MULTILINE)
_PART_HEADERS: Final = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition", "content-description"}
)
_FORWARD_HEADERS: Final = _PART_HEADERS | {"from", "date", "subject"}
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_BASE64_BLANKS: Final = b" \t\r\n\x0b\x0c"


@dataclass(slots=True)
class Content:
    """What a mail holds."""

    text: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    capped: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """A part still to be read: its headers, and where its body lies in the mail's bytes."""

    headers: Headers
    start: int
    end: int
    depth: int
    alternative: int = 0
    """The number of the multipart/alternative that it stands in, 0 for none."""
    quoted: bool = False
    """It lies in a forwarded mail."""
    default: str = "text/plain"


def read_content(raw: bytes, headers: Headers) -> Content:
    """Walk the parts of a mail whose headers were read. Never raises; all sizes are capped, and said."""
    walker = _Walker(raw)
    waiting = [_Part(headers, headers.body_start, len(raw), 0)]
    count = 0
    while waiting:
        count += 1
        if count > MAX_PARTS:
            walker.cap("too many parts")
            break
        waiting.extend(reversed(walker.read(waiting.pop())))
    return walker.content()


class _Walker:
    """Collects text and attachments while the parts come by in their order."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._texts: list[str] = []
        self._size = 0
        self._attachments: list[Attachment] = []
        self._capped: list[str] = []
        self._alternatives = 0
        self._plain_in: set[int] = set()
        self._has_plain = False

    def cap(self, words: str) -> None:
        """Note that something was cut off."""
        if words not in self._capped:
            self._capped.append(words)

    def content(self) -> Content:
        """Return what was collected."""
        text = "".join(self._texts)
        if len(text) > MAX_LINE:
            lines = text.split("\n")
            if max(map(len, lines)) > MAX_LINE:
                self.cap("line too long")
                text = "\n".join(line[:MAX_LINE] for line in lines)
        return Content(text, self._attachments, self._capped)

    def read(self, part: _Part) -> list[_Part]:
        """Take one part in; return its children."""
        for words in part.headers.capped:
            self.cap(words)
        kind, parameters = read_content_type(part.headers.first("content-type") or part.default)
        if kind.startswith("multipart/"):
            boundary = parameters.get("boundary", "")[:_MAX_BOUNDARY].rstrip()
            children = self._children(part, kind, boundary) if boundary else []
            if children:
                return children
            kind = "text/plain"  # no boundary, or none of it: the text is better than nothing
        if kind == "message/rfc822":
            return self._forwarded(part)
        self._leaf(part, kind, parameters)
        return []

    def _children(self, part: _Part, kind: str, boundary: str) -> list[_Part]:
        if part.depth >= MAX_DEPTH:
            self.cap("parts nested too deep")
            return []
        alternative = part.alternative
        if kind == "multipart/alternative":
            self._alternatives += 1
            alternative = self._alternatives
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        children: list[_Part] = []
        for start, end in self._slices(part, boundary.encode("utf-8", "replace")):
            if len(children) >= MAX_PARTS:
                self.cap("too many parts")
                break
            headers = read_headers(self._raw, start, end, _PART_HEADERS)
            children.append(
                _Part(
                    headers,
                    min(headers.body_start, end),
                    end,
                    part.depth + 1,
                    alternative,
                    part.quoted,
                    default,
                )
            )
        return children

    def _slices(self, part: _Part, boundary: bytes) -> list[tuple[int, int]]:
        """Return where the parts lie between the lines that hold the boundary."""
        raw, delimiter = self._raw, b"--" + boundary
        slices: list[tuple[int, int]] = []
        begin = -1
        at = part.start
        while len(slices) <= MAX_PARTS:
            found = raw.find(delimiter, at, part.end)
            if found < 0:
                break
            after = found + len(delimiter)
            line_end = raw.find(b"\n", after, part.end)
            line_end = part.end if line_end < 0 else line_end
            tail = raw[after : min(line_end, after + 100)].rstrip()
            at = after
            if (found > part.start and raw[found - 1] not in b"\r\n") or tail not in (b"", b"--"):
                continue
            if begin >= 0:
                stop = found - 1 if found > begin else found
                stop -= raw[stop - 1 : stop] == b"\r"
                slices.append((begin, max(stop, begin)))
            begin = min(line_end + 1, part.end)
            at = begin
            if tail == b"--":
                return slices
        if begin >= 0:
            slices.append((begin, part.end))  # the closing line is missing
        return slices

    def _forwarded(self, part: _Part) -> list[_Part]:
        """Read a mail within the mail: its words are somebody else's, so they come quoted."""
        data = self._raw
        start, end = part.start, part.end
        encoding = part.headers.first("content-transfer-encoding").lower()
        headers = read_headers(data, start, end, _FORWARD_HEADERS)
        subject = decode_words(headers.first("subject"))
        self._attachments.append(
            Attachment(name=subject, content_type="message/rfc822", size=end - start)
        )
        if part.depth >= MAX_DEPTH:
            self.cap("parts nested too deep")
            return []
        if "base64" in encoding or "quoted" in encoding:
            return []  # RFC 2046 forbids it; whoever needs it has the raw mail
        shown = (
            f"{name}: {decode_words(value)}\n"
            for name, value in zip(
                headers.names, (value for _, value in headers.fields), strict=True
            )
            if not name.lower().startswith("content-")
        )
        self._add("".join(shown) + "\n", quoted=True)
        return [_Part(headers, min(headers.body_start, end), end, part.depth + 1, quoted=True)]

    def _leaf(self, part: _Part, kind: str, parameters: dict[str, str]) -> None:
        disposition, more = read_content_type(part.headers.first("content-disposition"))
        name = decode_words(more.get("filename") or parameters.get("name") or "")
        attached = disposition == "attachment" and part.depth > 0
        data: bytes | None = None
        if kind == "text/html":
            if part.alternative in self._plain_in:
                return
            if not attached and not self._has_plain:
                data = self._decoded(part)
                self._add(
                    html_to_text(decode_bytes(data, parameters.get("charset", ""))), part.quoted
                )
                return
        elif kind.startswith("text/") and not attached and (kind != "text/calendar"):
            self._plain(part, self._decoded(part), parameters)
            return
        elif self._may_be_patch(kind, name):
            data = self._decoded(part)
            if b"\0" not in data[:512] and (_is_patch_type(kind) or _DIFF_BYTES.search(data)):
                self._plain(part, data, parameters)
                return
        size = len(data) if data is not None else _decoded_size(part)
        self._attachments.append(Attachment(name=name, content_type=kind, size=size))

    @staticmethod
    def _may_be_patch(kind: str, name: str) -> bool:
        return (
            kind.startswith("text/")
            or kind == "application/octet-stream"
            or (_is_patch_type(kind) or bool(_PATCH_NAME.search(name)))
        )

    def _plain(self, part: _Part, data: bytes, parameters: dict[str, str]) -> None:
        text = decode_bytes(data, parameters.get("charset", ""))
        if "\r" in text:
            text = _line_ends(text)
        if parameters.get("format", "").lower() == "flowed":
            text = unflow(text, delsp=parameters.get("delsp", "").lower() == "yes")
        if text and not text.isspace():
            self._has_plain = True
            if part.alternative:
                self._plain_in.add(part.alternative)
        self._add(text, part.quoted)

    def _add(self, text: str, quoted: bool) -> None:
        room = MAX_BODY - self._size
        if len(text) > room:
            self.cap("text too large")
            text = text[:room]
        if not text:
            return
        if quoted:
            text = "".join(f"> {line}\n" for line in text.removesuffix("\n").split("\n"))
        if self._texts and not self._texts[-1].endswith("\n"):
            self._texts.append("\n")
        self._texts.append(text)
        self._size += len(text)

    def _decoded(self, part: _Part) -> bytes:
        """Return a part's bytes without their transfer encoding."""
        start, end = part.start, part.end
        if end - start > 2 * MAX_BODY:
            self.cap("text too large")
            end = start + 2 * MAX_BODY
        data = self._raw[start:end]
        encoding = part.headers.first("content-transfer-encoding").lower()
        if "quoted-printable" in encoding:
            return binascii.a2b_qp(data)
        if "base64" in encoding:
            return decode_base64(data)
        return data


def _decoded_size(part: _Part) -> int:
    size = part.end - part.start
    encoding = part.headers.first("content-transfer-encoding").lower()
    return size * 3 // 4 if "base64" in encoding else size


def _is_patch_type(kind: str) -> bool:
    return kind in {"text/x-patch", "text/x-diff", "application/x-patch", "application/x-diff"}


def _line_ends(text: str) -> str:
    """Make the line ends plain where they are the mail's; a lone `\\r\\n` among others is the content's."""
    if "\n" not in text:
        return text.replace("\r", "\n")
    if text.count("\r\n") == text.count("\n"):
        return text.replace("\r\n", "\n")
    return text


def decode_base64(data: bytes) -> bytes:
    """Return what a base64 body holds; lines that are none of it (a list's footer) follow as they are."""
    flat = data.translate(None, _BASE64_BLANKS)
    if len(flat) % 4 == 0 and _BASE64.fullmatch(flat):
        return binascii.a2b_base64(flat)
    out: list[bytes] = []
    pending = b""
    for line in data.split(b"\n"):
        word = line.strip()
        if not _BASE64.fullmatch(word):
            kept = re.sub(rb"[^A-Za-z0-9+/=]", b"", word)
            if len(word) - len(kept) > len(word) // 10 or b"=" in kept.rstrip(b"="):
                out.append(_lenient(pending))
                pending = b""
                out.append(line + b"\n")
                continue
            word = kept
        pending += word
        if len(pending) >= 4096 or word.endswith(b"="):
            cut = len(pending) if word.endswith(b"=") else len(pending) // 4 * 4
            out.append(_lenient(pending[:cut]))
            pending = pending[cut:]
    out.append(_lenient(pending))
    return b"".join(out)


def _lenient(word: bytes) -> bytes:
    word = word.rstrip(b"=")
    if len(word) % 4 == 1:
        word = word[:-1]
    return binascii.a2b_base64(word + b"=" * (-len(word) % 4)) if word else b""


@lru_cache(maxsize=256)
def _parsed(value: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    kind = value.partition(";")[0].strip().lower()
    plain: dict[str, str] = {}
    continued: dict[str, dict[int, bytes]] = {}
    charsets: dict[str, str] = {}
    for match in _PARAMETER.finditer(value):
        name = match[1].lower()
        content = match[3] if match[2] is None else match[2].replace("\\", "")
        parts = _CONTINUED.fullmatch(name)
        if parts is None:
            plain.setdefault(name, content)
            continue
        # RFC 2231: name*=utf-8''..., name*0=..., name*1*=...
        base, number, star = parts.groups()
        data = content.encode("utf-8", "replace")
        if number is None or star:
            if base not in charsets and content.count("'") >= 2:
                charsets[base], _, rest = content.split("'", 2)
                data = rest.encode("utf-8", "replace")
            data = unquote_to_bytes(data)
        continued.setdefault(base, {})[int(number or 0)] = data
    for base, pieces in continued.items():
        joined = b"".join(pieces[at] for at in sorted(pieces))
        plain[base] = decode_bytes(joined, charsets.get(base, ""))
    return kind, tuple(plain.items())


def read_content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return the type in lower case and the parameters of a Content-Type or Content-Disposition value."""
    kind, parameters = _parsed(value[:_MAX_CONTENT_TYPE])
    return kind, dict(parameters)
