"""A mail read for the index: its facts and the files that it touches, without its text."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from core.diff.stat import diffstat
from core.mail.message import parse_message_and_diff
from core.model import Message

_FILES_KEPT: Final = 2000
"""Files of one patch that are kept; a tree-wide rename has more."""


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail read and ready to be stored."""

    message: Message
    files: list[tuple[str, int, int]]
    """The paths of those that it touches, lines added and removed."""
    packed: bytes | None
    """Its bytes, where the index is to keep them."""


def parse_for_storage(raw: bytes, blob: bytes, *, keep: bool) -> ParsedMail:
    """Read a mail's facts; with `keep` its bytes are to be stored too."""
    message, diff = parse_message_and_diff(raw, blob.hex())
    files = diffstat(diff)[:_FILES_KEPT] if diff and not message.subject.is_reply else []
    return ParsedMail(message, files, zlib.compress(raw, 6) if keep else None)
