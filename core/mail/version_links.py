"""Earlier versions that a cover letter or patch links: `v1: https://lore.kernel.org/…/ID`, `- Link to v2: https://…`."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from core.model import MessageId

MAX_LINKS: Final = 20
_MAX_LINE: Final = 1000
_MAX_LABEL: Final = 80

_URL: Final = re.compile(
    r"https?://[^\s<>\"()\[\]/]{1,100}/[^\s<>\"()\[\]]{0,200}?([^\s<>\"()\[\]/]{1,300}(?:@|%40)[^\s<>\"()\[\]/]{1,300})"
)
_LABEL: Final = re.compile(
    r"(?:^|[\s\[(*-])(?:(?:link|changes)\s+(?:to|from|since|in)\s+|patch\s+)?"
    r"(?:v\s?(\d{1,2})|rfc(?:[\s-]*(?:patch\s*)?v?(\d{1,2}))?(?:\s+v(\d{1,2}))?)"
    r"(?:\s+(?:resend|rfc|patch|series|version|posting))?\s*(?:\[\d+\])?\s*[:)=\]-]*\s*(?:at|is|here|link)?[:\s<(\[]*$",
    re.IGNORECASE,
)


def find_version_links(text: str) -> tuple[tuple[int, MessageId], ...]:
    """Return number and Message-ID of each earlier version that unquoted lines link, the label before the link or above it.

    An RFC without a number is version 1. Linear.
    """
    if "://" not in text:
        return ()
    found: dict[tuple[int, MessageId], None] = {}
    before = ""
    for line in text.split("\n"):
        if "://" in line and line[:1] != ">" and len(line) <= _MAX_LINE:
            for match in _URL.finditer(line):
                lead = line[: match.start()]
                label = _LABEL.search(_end(lead))
                if label is None and not any(map(str.isalnum, lead)):
                    label = _LABEL.search(_end(before))
                if label is not None:
                    number = int(label[1] or label[2] or label[3] or 1)
                    message_id = unquote(match[1]).rstrip(".,;:")
                    found[number, MessageId(message_id)] = None
        if line.strip():
            before = line
    return tuple(found)[:MAX_LINKS]


def _end(line: str) -> str:
    """Return the end of a line, runs of blanks as one, so that a search in it is short."""
    return " ".join(line[-_MAX_LABEL:].split())
