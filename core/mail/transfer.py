"""Transfer encodings of MIME parts (RFC 2045, 6), undone as far as broken ones allow."""

from __future__ import annotations

import binascii
import re
from typing import Final

_MAX_RUNS: Final = 10_000
_BLANKS: Final = b" \t\r\n\x0b\x0c"
_WHOLE: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_RUN: Final = re.compile(rb"[A-Za-z0-9+/]+")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/=]+")
_BASE64_LINES: Final = re.compile(rb"[A-Za-z0-9+/=\s]*")
_BLANK_LINE: Final = re.compile(rb"\n[ \t\r]*\n")
_BASE64_LINE: Final = re.compile(rb"^[A-Za-z0-9+/]{40,}={0,2}\s*$", re.MULTILINE)


def decode_transfer_encoding(data: bytes, encoding: str) -> bytes:
    """Return a part's bytes without the transfer encoding that its header names; an unknown one is none.

    Never raises; linear.
    """
    encoding = encoding.lower()
    if "quoted-printable" in encoding:
        return binascii.a2b_qp(data)
    if "base64" in encoding:
        return _decode_base64(data)
    return data


def _decode_base64(data: bytes) -> bytes:
    """Decode base64; the lines after it that are none of it (a list's footer) follow as they are."""
    flat = data.translate(None, _BLANKS)
    if len(flat) % 4 == 0 and _WHOLE.fullmatch(flat):
        return binascii.a2b_base64(flat)
    data = data.lstrip()
    match = _BASE64_LINES.match(data)
    end = match.end() if match else 0
    footer = b""
    if end < len(data) and not _BASE64_LINE.search(data, end):
        blank = _BLANK_LINE.search(data, 0, end)
        end = blank.end() if blank else data.rfind(b"\n", 0, end) + 1
        if end or b" " in data.partition(b"\n")[0]:  # words: it was never base64
            data, footer = data[:end], data[end:]
    return _decode_runs(_NOT_BASE64.sub(b"", data)) + footer


def _decode_runs(flat: bytes) -> bytes:
    """Decode what lies between the paddings: several encoded texts in a row."""
    out: list[bytes] = []
    at = 0
    while at < len(flat) and len(out) < _MAX_RUNS:
        match = _RUN.search(flat, at)
        if match is None:
            break
        out.append(_decode_run(match[0]))
        at = match.end()
    if len(out) >= _MAX_RUNS:
        out.append(_decode_run(flat[at:].replace(b"=", b"")))
    return b"".join(out)


def _decode_run(run: bytes) -> bytes:
    if len(run) % 4 == 1:
        run = run[:-1]  # six bits are no byte
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))
