"""The MIME tree of a mail, walked into one text and a list of attachments.

Which part is text (RFC 2045-2049, and the habits of patch senders): plain text comes before its HTML alternative; the
text parts of a mixed mail are joined; a patch is text however it was attached; a forwarded mail is text, quoted; all
else is an attachment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from core.mail.charsets import decode_bytes
from core.mail.headers import Headers, decode_encoded_words, parse_headers
from core.mail.part_decoding import (
    decode_format_flowed,
    decode_transfer_encoding,
    html_to_text,
    parse_content_type,
    parse_media_type,
)
from core.model import Attachment

MAX_BODY: Final = 16 << 20
"""Characters of text kept of one mail."""
MAX_PARTS: Final = 1000
MAX_DEPTH: Final = 20
MAX_LINE: Final = 100_000
"""Characters kept of one line."""

_MAX_BOUNDARY: Final = 200
_MAX_NAME: Final = 255
_MAX_SNIFFED: Final = 1 << 20
_PATCH_TYPES: Final = frozenset(
    {"text/x-patch", "text/x-diff", "application/x-patch", "application/x-diff"}
)
_PATCH_NAME: Final = re.compile(r"\.(?:patch|diff)(?:\.txt)?$", re.IGNORECASE)
_DIFF: Final = re.compile(rb"^(?:diff --git |--- [^\r\n]+\r?\n\+\+\+ )", re.MULTILINE)
_NO_TEXT: Final = (
    "image/",
    "audio/",
    "video/",
    "font/",
    "text/",
    "application/pdf",
    "application/pgp-",
    "application/pkcs7-",
)
_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_PART_HEADERS: Final = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition", "content-description"}
)
_FORWARD_HEADERS: Final = _PART_HEADERS | {"from", "date", "subject"}


@dataclass(slots=True)
class DecodedContent:
    """The decoded content of a mail."""

    text: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    truncations: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """A part still to be read: its headers, and where its body lies in the mail's bytes."""

    headers: Headers
    start: int
    end: int
    depth: int
    alternative: int = 0
    """The number of the multipart/alternative that holds it, 0 for none."""
    quoted: bool = False
    """It is part of a forwarded mail."""
    default: str = "text/plain"


def decode_content(raw: bytes, headers: Headers) -> DecodedContent:
    """Decode the parts of a mail whose headers were read. Never raises; sizes are capped, and each cut is reported."""
    text = _only_text(raw, headers)
    if text is not None:
        return DecodedContent(text)
    return _walked(raw, headers).content()


def _walked(raw: bytes, headers: Headers) -> _MimeWalker:
    """Return a walker that has read all parts of a mail."""
    walker = _MimeWalker(raw)
    waiting = [_Part(headers, headers.body_start, len(raw), 0)]
    count = 0
    while waiting:
        count += 1
        if count > MAX_PARTS:
            walker.cap("too many parts")
            break
        waiting.extend(reversed(walker.read(waiting.pop())))
    return walker


def attachment_bytes(raw: bytes, number: int) -> bytes | None:
    """Return the decoded bytes of an attachment, by its place among those that were read; None for none. Never raises."""
    headers = parse_headers(raw, 0, len(raw), _PART_HEADERS)
    parts = [] if _only_text(raw, headers) is not None else _walked(raw, headers).attached
    if not 0 <= number < len(parts):
        return None
    return decode_transfer_encoding(
        raw[parts[number].start : parts[number].end], _encoding(parts[number])
    )


def encoded_parts(raw: bytes) -> list[tuple[int, int, str]]:
    """Return where the text parts lie that are encoded, and how: `base64` or `quoted-printable`. Never raises."""
    walker = _MimeWalker(raw)
    headers = parse_headers(raw, 0, len(raw), _PART_HEADERS)
    waiting = [_Part(headers, headers.body_start, len(raw), 0)]
    found: list[tuple[int, int, str]] = []
    for _ in range(MAX_PARTS):
        if not waiting:
            break
        part = waiting.pop()
        kind, parameters = parse_media_type(part.headers.get("content-type"), part.default)
        children: list[_Part] = []
        if kind.startswith("multipart/") and part.depth <= MAX_DEPTH:
            children = walker.children(part, kind, parameters)
        encoding = _encoding(part).strip().lower()
        is_text = kind.startswith("text/") or kind in _PATCH_TYPES
        if not children and is_text and encoding in {"base64", "quoted-printable"}:
            found.append((part.start, part.end, encoding))
        waiting += children
    return sorted(found)


def _only_text(raw: bytes, headers: Headers) -> str | None:
    """Return the text of a mail that has but one part, and of no great size, as most have; None for any other."""
    kind, parameters = parse_media_type(headers.get("content-type"))
    if kind != "text/plain" or headers.truncations or len(raw) - headers.body_start > MAX_BODY:
        return None
    data = decode_transfer_encoding(
        raw[headers.body_start :], headers.get("content-transfer-encoding")
    )
    text = _text_of(data, parameters)
    return text if len(text) <= MAX_LINE else None


def _text_of(data: bytes, parameters: dict[str, str]) -> str:
    """Decode a plain text's bytes as the parameters of its type say."""
    text = decode_bytes(data, parameters.get("charset", "")).removeprefix("\ufeff")
    if "\r" in text:
        text = _line_ends(text)
    if parameters.get("format", "").lower() == "flowed":
        text = decode_format_flowed(text, delsp=parameters.get("delsp", "").lower() == "yes")
    return text


class _MimeWalker:
    """Collects text and attachments while the parts come by in their order."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._texts: list[str] = []
        self._size = 0
        self._attachments: list[Attachment] = []
        self.attached: list[_Part] = []
        """The part of each attachment."""
        self._capped: list[str] = []
        self._alternatives = 0
        self._plain_in: set[int] = set()
        self._has_plain = False
        self._fallback = ""  # an attached text, for a mail that has no other

    def cap(self, note: str) -> None:
        """Note that something was cut off."""
        if note not in self._capped:
            self._capped.append(note)

    def content(self) -> DecodedContent:
        """Return the content collected so far."""
        if not self._texts:
            self._add(self._fallback, quoted=False)
        text = "".join(self._texts)
        if len(text) > MAX_LINE:
            lines = text.split("\n")
            if max(map(len, lines)) > MAX_LINE:
                self.cap("line too long")
                text = "\n".join(line[:MAX_LINE] for line in lines)
        return DecodedContent(text, self._attachments, self._capped)

    def read(self, part: _Part) -> list[_Part]:
        """Take one part in; return its children."""
        for note in part.headers.truncations:
            self.cap(note)
        kind, parameters = parse_media_type(part.headers.get("content-type"), part.default)
        if part.depth > MAX_DEPTH:
            self.cap("parts nested too deep")
            self._attach(part, "", kind, part.end - part.start)
            return []
        if kind.startswith("multipart/"):
            children = self.children(part, kind, parameters)
            if children:
                return children
            kind = "text/plain"  # no boundary, or none of it: the text is better than nothing
        if kind == "message/rfc822":
            return self._forwarded(part)
        self._leaf(part, kind, parameters)
        return []

    def children(self, part: _Part, kind: str, parameters: dict[str, str]) -> list[_Part]:
        """Return the parts of a multipart one; none where its boundary is not there."""
        boundary = parameters.get("boundary", "")[:_MAX_BOUNDARY].rstrip()
        if not boundary:
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
            headers = parse_headers(self._raw, start, end, _PART_HEADERS)
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
        if kind == "multipart/alternative":  # the plain text decides about the others
            children.sort(key=lambda child: not _is_plain(child))
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
            at = found + len(delimiter)
            # Only blanks may follow on the line; looking no further keeps this linear.
            tail, newline, _ = raw[at : min(at + _MAX_BOUNDARY, part.end)].partition(b"\n")
            at_line = found == part.start or raw[found - 1] in b"\r\n"
            if not at_line or tail.rstrip() not in (b"", b"--"):
                continue
            if begin >= 0:
                slices.append((begin, max(begin, _without_line_end(raw, found))))
            if tail.startswith(b"--"):
                return slices
            at += len(tail) + len(newline)
            begin = at
        if begin >= 0:
            slices.append((begin, part.end))  # the closing line is missing
        return slices

    def _forwarded(self, part: _Part) -> list[_Part]:
        """Read a mail attached to the mail: its text is another author's, so it comes quoted."""
        headers = parse_headers(self._raw, part.start, part.end, _FORWARD_HEADERS)
        subject = decode_encoded_words(headers.get("subject"))
        self._attach(part, subject, "message/rfc822", part.end - part.start)
        if _encoding(part).lower() in {"base64", "quoted-printable"}:
            return []  # RFC 2046 forbids it; whoever needs it has the raw mail
        shown = (
            f"{name}: {decode_encoded_words(value)}\n"
            for name, value in zip(
                headers.names, (value for _, value in headers.fields), strict=True
            )
            if not name.lower().startswith("content-")
        )
        self._add("".join(shown) + "\n", quoted=True)
        start = min(headers.body_start, part.end)
        return [_Part(headers, start, part.end, part.depth + 1, quoted=True)]

    def _leaf(self, part: _Part, kind: str, parameters: dict[str, str]) -> None:
        disposition, more = parse_content_type(part.headers.get("content-disposition"))
        name = decode_encoded_words(more.get("filename") or parameters.get("name") or "")
        attached = disposition == "attachment" and part.depth > 0
        charset = parameters.get("charset", "")
        if part.alternative in self._plain_in and kind.startswith("text/") and kind != "text/plain":
            return
        data: bytes | None = None
        if kind == "text/html" and not attached and not self._has_plain:
            self._add(html_to_text(decode_bytes(self._decoded(part), charset)), part.quoted)
            return
        if kind.startswith("text/") and not attached and kind not in {"text/html", "text/calendar"}:
            self._plain(part, self._decoded(part), parameters)
            return
        if kind.startswith("text/") or part.depth == 0 or _may_be_patch(kind, name):
            data = self._decoded(part)
            sniffed = data[:_MAX_SNIFFED]
            if part.depth == 0 and disposition != "attachment" and _is_text(kind, sniffed):
                self._plain(part, data, parameters)
                return
            if b"\0" not in sniffed and (kind in _PATCH_TYPES or _DIFF.search(sniffed)):
                self._plain(part, data, parameters)
                return
            if kind == "text/plain" and not self._fallback:
                self._fallback = decode_bytes(data, charset).replace("\r\n", "\n")
        self._attach(part, name, kind, len(data) if data is not None else _decoded_size(part))

    def _attach(self, part: _Part, name: str, kind: str, size: int) -> None:
        self.attached.append(part)
        self._attachments.append(
            Attachment(name=name[:_MAX_NAME], content_type=kind[:_MAX_NAME], size=size)
        )

    def _plain(self, part: _Part, data: bytes, parameters: dict[str, str]) -> None:
        text = _text_of(data, parameters)
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
        end = part.end
        if end - part.start > 2 * MAX_BODY:
            self.cap("text too large")
            end = part.start + 2 * MAX_BODY
        return decode_transfer_encoding(self._raw[part.start : end], _encoding(part))


def _encoding(part: _Part) -> str:
    return part.headers.get("content-transfer-encoding")


def _decoded_size(part: _Part) -> int:
    size = part.end - part.start
    return size * 3 // 4 if "base64" in _encoding(part).lower() else size


def _is_plain(part: _Part) -> bool:
    return parse_media_type(part.headers.get("content-type"), part.default)[0] == "text/plain"


def _is_text(kind: str, data: bytes) -> bool:
    """Whether the only part of a mail is text under another name: `application/text`, `utf-8/plain`."""
    return not kind.startswith(_NO_TEXT) and not _BINARY.search(data)


def _may_be_patch(kind: str, name: str) -> bool:
    """Whether a part that is no text is worth a look."""
    return (
        kind == "application/octet-stream" or kind in _PATCH_TYPES or bool(_PATCH_NAME.search(name))
    )


def _without_line_end(raw: bytes, end: int) -> int:
    """The line end before a boundary belongs to the boundary."""
    end -= raw[end - 1 : end] == b"\n"
    return end - (raw[end - 1 : end] == b"\r")


def _line_ends(text: str) -> str:
    """Make line ends plain, unless they are the content's: in a patch for a CRLF file some lines have them."""
    first = text.find("\n")
    if first < 0:
        return text.replace("\r", "\n")
    if text[first - 1 : first] == "\r" or "\ndiff -" not in text:
        return text.replace("\r\n", "\n")
    return text
