"""Mails that say that patches were applied: those of `b4 ty`, of patchwork-bot, and others in the form of b4's.

b4 ty (b4 0.16, ty.py): `[1/3] title` and on the next line `commit: ID` or a URL that ends in an id. patchwork-bot:
`  - [net-next,v2,1/3] title` and on the next line a URL, or `(no matching commit)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.landed.values import AppliedNotice
from core.model import MessageId

_MOST_LINES: Final = 5_000
_LINE: Final = re.compile(
    r"\s{0,8}(?:- )?\[(?P<tags>[^\[\]\n]{0,80})\]\s{1,4}(?P<title>\S[^\n]{0,300})$"
)
_NUMBER: Final = re.compile(r"(?:^|[,\s])(\d{1,4})/\d{1,4}$")
_COMMIT: Final = re.compile(
    r"\s{0,8}(?:commit:\s{0,4}|https?://\S{1,400}[/=])(?P<id>[0-9a-f]{7,64})\s*$"
)
_WORDS: Final = re.compile(r"\bapplied\b|\bqueued\b|\bmerged\b|\bpatchwork-bot\b", re.IGNORECASE)


def applied_notices(text: str, message_id: MessageId) -> tuple[AppliedNotice, ...]:
    """Return the patches that a mail says were applied, each with its commit; linear in the mail."""
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    if not any(_WORDS.search(line[:400]) for line in lines if not line.startswith(">")):
        return ()
    return tuple(_notices(lines, message_id))


def _notices(lines: list[str], message_id: MessageId) -> Iterator[AppliedNotice]:
    at = 0
    while at < len(lines):
        match = _LINE.match(lines[at][:400])
        at += 1
        if match is None:
            continue
        title = match["title"]
        # A long title goes on in the next line, indented further.
        while (
            at < len(lines) and lines[at].startswith("    ") and not _COMMIT.match(lines[at][:500])
        ):
            title = f"{title} {lines[at].strip()}"[:400]
            at += 1
        if at < len(lines) and (commit := _COMMIT.match(lines[at][:500])) is not None:
            number = _NUMBER.search(match["tags"].strip())
            yield AppliedNotice(
                message_id=message_id,
                number=int(number[1]) if number else None,
                title=title.strip(),
                commit=commit["id"],
            )
            at += 1
