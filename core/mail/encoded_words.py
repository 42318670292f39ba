"""Encoded words in headers (RFC 2047), and the broken forms of them that mails carry.

Broken forms that are read: blanks within a word, a missing `?=`, a `?` within, any case, several words without a
blank between, a character split over two words, unknown charsets, words in quoted strings.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from core.mail.charsets import decode_bytes

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
