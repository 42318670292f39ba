"""Text pasted into a field of one line."""

from __future__ import annotations

import re
from typing import Final

_MESSAGE_ID: Final = re.compile(
    r"^\s*Message-ID:\s*(?:\r?\n\s+)?<([^<>\s]{1,998})>\s*$", re.I | re.M
)
_LONGEST: Final = 1 << 16
"""Characters of a paste that a field takes."""


def one_line(text: str) -> str:
    """Return pasted text as one line: of a mail's header its Message-ID, else newlines and tabs as blanks."""
    text = text[:_LONGEST]
    if found := _MESSAGE_ID.search(text):
        return found[1]
    return re.sub(r"[ \t]*[\r\n\t\v\f\x85\u2028\u2029]+[ \t]*", " ", text.strip())
