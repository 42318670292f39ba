"""Header values as encoded words (RFC 2047), whatever other code did to the standard library's table of charsets."""

from __future__ import annotations

from email.charset import QP, Charset
from email.header import Header
from typing import Final

_WIDTH: Final = 76
"""Characters of a line."""


def encode_header(value: str, name: str) -> str:
    """Return a value in UTF-8 encoded words, folded for a header of that name; a lone surrogate becomes `?`."""
    charset = Charset("utf-8")
    charset.header_encoding = QP  # b4 sets the table's entry to no encoding at all
    text = value.encode("utf-8", "replace").decode("utf-8")
    return Header(text, charset, maxlinelen=_WIDTH, header_name=name).encode()
