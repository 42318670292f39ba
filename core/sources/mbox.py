"""The mbox format: where one mail ends and the next begins, how a body line `From ` is written, and a writer of mboxrd.

Formats: RFC 4155 and the mboxrd, mboxo variants of
https://www.loc.gov/preservation/digital/formats/fdd/fdd000383.shtml. The separators agree with `git mailsplit` on every
mailbox of git's own tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.mail.line_ends import with_plain_line_ends

MAIL_CAP: Final = 64 << 20
"""Bytes kept of one mail; the rest is dropped. Far more than the parser reads, so that the parser says it."""

_LINE_CAP: Final = 2048
"""Bytes looked at of a separator line and of the line after it."""

_FROM: Final = b"\nFrom "
_DAY: Final = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? {1,4}"
    rb"(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,4}\d{1,2}"
    rb"|\d{1,2} {1,4}(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)) "
)
_CLOCK: Final = re.compile(rb"\b\d{1,2}:\d\d\b")
_YEAR: Final = re.compile(rb"\b\d{4}\b")
_HEADER: Final = re.compile(rb">?From |[!-9;-~]{1,100}[ \t]{0,4}:")
_BLANK: Final = re.compile(rb"[ \t\r\n]*")
_ESCAPED: Final = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_KNOWN: Final = re.compile(
    rb"^(?:From|To|Cc|Subject|Date|Message-ID|Received|Return-Path|Delivered-To|MIME-Version|Content-Type|List-Id):",
    re.MULTILINE | re.IGNORECASE,
)

_MBOXRD_SEPARATOR: Final = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
_NEEDS_ESCAPE: Final = re.compile(rb"^(>*From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MboxEntry:
    """One mail in an mbox: where its bytes lie (without separator), and as much of them as is kept."""

    offset: int
    length: int
    escaped: bytes


def is_separator(line: bytes) -> bool:
    """Tell whether `line` is a `From ` line with a date: weekday, month, day, time and year."""
    day = _DAY.search(line) if line.startswith(b"From ") else None
    if day is None:
        return False
    rest = line[day.end() : day.end() + 60]
    return _CLOCK.search(rest) is not None and _YEAR.search(rest) is not None


def is_header(line: bytes) -> bool:
    """Tell whether `line` could begin a mail's header."""
    return _HEADER.match(line) is not None


def sniff_format(head: bytes) -> str:
    """Return the format of a file beginning with `head`: "mbox", "mail" (one message) or "" for neither.

    The first `From ` line of a file needs no date, since nothing can stand before it.
    """
    begin = _blank_end(head)
    first, _, rest = head[begin:].partition(b"\n")
    if first.startswith(b"From "):
        dated = is_separator(first[:_LINE_CAP]) or not rest
        return "mbox" if dated or is_header(rest[:_LINE_CAP]) else ""
    if not is_header(first[:_LINE_CAP]):
        return ""
    fields = re.split(rb"\r?\n\r?\n", head[begin:], maxsplit=1)[0]
    return "mail" if _KNOWN.search(fields) else ""


def unescape_from(escaped: bytes) -> bytes:
    """Return the mail that an mbox holds as `escaped`: one `>` less before each `>…>From `.

    That is mboxrd, and right for mboxo too but where a mail had `>From ` itself, which mboxo cannot tell apart.
    """
    return _ESCAPED.sub(b"", escaped) if b">From " in escaped else escaped


def to_mboxrd(mails: Iterable[bytes]) -> bytes:
    """Return the mails as one mboxrd with `\\n` line ends.

    Blank lines at a mail's end stay: they may be the last of a hunk.
    """
    parts: list[bytes] = []
    for mail in mails:
        # Line ends of the transport go; a carriage return that is part of a patch stays.
        transport_crlf = mail.partition(b"\n")[0].endswith(b"\r")
        lines = mail.replace(b"\r\n", b"\n") if transport_crlf else mail
        lines = _NEEDS_ESCAPE.sub(rb">\1", with_plain_line_ends(lines))
        parts += [_MBOXRD_SEPARATOR, lines, b"\n" if lines.endswith(b"\n") else b"\n\n"]
    return b"".join(parts)


def split(chunks: Iterable[bytes], *, cap: int = MAIL_CAP) -> Iterator[MboxEntry]:
    """Yield the mails of an mbox that comes in `chunks`, in bounded memory.

    Mails begin after a `From ` line with a date that a header line follows; other `From ` lines are text. A blank line
    before it is not asked for: many writers leave it out. The blank line before a separator belongs to the format.
    """
    splitter = _Splitter(cap)
    for chunk in chunks:
        yield from splitter.feed(chunk)
    yield from splitter.finish()


class _Splitter:
    """The bytes read and not yet yielded.

    `_buffer` holds the file from `_base` on; the mail being read began at `_start` (-1: none yet), and `_kept` is its
    beginning where it grew over the cap and its middle was dropped.
    """

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._buffer = bytearray()
        self._base = 0
        self._start = -1
        self._kept: bytes | None = None
        self._scanned = 0

    def feed(self, chunk: bytes) -> Iterator[MboxEntry]:
        self._buffer += chunk
        if self._start < 0 and not self._skip_first(final=False):
            return
        while (found := self._next(final=False)) is not None:
            yield self._cut(*found)
        self._drop_middle()

    def finish(self) -> Iterator[MboxEntry]:
        if self._start < 0 and not self._skip_first(final=True):
            return
        while (found := self._next(final=True)) is not None:
            yield self._cut(*found)
        end = self._base + len(self._buffer)
        yield self._piece(end)

    def _skip_first(self, *, final: bool) -> bool:
        """Pass the first separator; False while it is not all there (or, at the end, nothing is)."""
        begin = _blank_end(self._buffer)
        newline = self._buffer.find(b"\n", begin, begin + _LINE_CAP)
        whole = newline >= 0 or len(self._buffer) - begin < _LINE_CAP
        if newline < 0 and whole and not final:
            return False
        if begin == len(self._buffer):
            return False
        # A line that is longer than any separator is none, however much of it has come.
        has_line = whole and self._buffer.startswith(b"From ", begin)
        begin = (newline + 1 or len(self._buffer)) if has_line else 0
        self._start = self._base + begin
        self._scanned = max(0, begin - 1)
        return True

    def _next(self, *, final: bool) -> tuple[int, int] | None:
        """Find the next separator: where its line begins and ends in the buffer."""
        buffer = self._buffer
        while (at := buffer.find(_FROM, self._scanned)) >= 0:
            line = at + 1
            newline = buffer.find(b"\n", line, line + _LINE_CAP)
            if newline < 0 and not final and len(buffer) - line < _LINE_CAP:
                self._scanned = at
                return None
            if newline >= 0 and is_separator(bytes(buffer[line:newline])):
                after = bytes(buffer[newline + 1 : newline + 1 + _LINE_CAP])
                if b"\n" not in after and not final and len(after) < _LINE_CAP:
                    self._scanned = at
                    return None
                if is_header(after):
                    return line, newline + 1
            self._scanned = line
        self._scanned = max(self._scanned, len(buffer) - len(_FROM))
        return None

    def _cut(self, line: int, after: int) -> MboxEntry:
        piece = self._piece(self._base + line)
        self._base += after
        del self._buffer[:after]
        self._start, self._kept, self._scanned = self._base, None, 0
        # The newline that ends the separator is gone: a separator right behind it could not be seen, and its mail
        # would be empty; `is_header` has ruled that out.
        return piece

    def _piece(self, end: int) -> MboxEntry:
        """Make the mail that ends where, in the whole file, `end` is."""
        length = end - self._start
        if self._kept is not None:
            return MboxEntry(self._start, length, self._kept)
        begin = self._start - self._base
        escaped = bytes(self._buffer[begin : begin + min(length, self._cap)])
        trimmed = _without_blank_end(escaped) if length <= self._cap else escaped
        return MboxEntry(self._start, length - (len(escaped) - len(trimmed)), trimmed)

    def _drop_middle(self) -> None:
        begin = self._start - self._base
        if self._kept is None and len(self._buffer) - begin > self._cap + 2 * _LINE_CAP:
            self._kept = bytes(self._buffer[begin : begin + self._cap])
        if self._kept is not None:
            gone = max(0, min(self._scanned, len(self._buffer) - 2 * _LINE_CAP))
            self._base += gone
            self._scanned -= gone
            del self._buffer[:gone]


def _blank_end(text: bytes | bytearray) -> int:
    """Where the blank lines at the beginning end; a first line that is indented begins with its blanks."""
    match = _BLANK.match(text)
    end = match.end() if match is not None else 0
    return text.rfind(b"\n", 0, end) + 1


def _without_blank_end(escaped: bytes) -> bytes:
    for blank in (b"\r\n\r\n", b"\n\n"):
        if escaped.endswith(blank):
            return escaped[: -len(blank) // 2]
    return escaped
