"""A mail as a digest reads it, once: the facts to count and group, and the little of its text that is printed."""

from __future__ import annotations

from dataclasses import dataclass

from core.digest.entries import is_announced, printed_text
from core.model import Message
from core.patch.body import find_patch
from core.patch.diff import file_changes
from core.patch.message import read_brief


@dataclass(frozen=True, slots=True)
class Changes:
    """What a patch changes."""

    paths: tuple[str, ...]
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept of a mail."""

    message: Message
    changes: Changes | None
    """Of a patch."""
    text: str
    """Of a cover letter or patch that stands for its series."""
    announced: bool
    """It is one of the seed's entries."""


def read_facts(raw: bytes, key: str) -> Facts:
    """Read a mail. Never raises."""
    message, text = read_brief(raw, key)
    subject = message.subject
    if subject.is_reply or not (message.has_diff or subject.is_patch):
        announced = is_announced(message)
        return Facts(message, None, printed_text(text) if announced else "", announced)
    announced = is_announced(message)
    leads = announced or subject.number in (None, 0, 1)
    return Facts(
        message,
        _changes(text) if message.has_diff else None,
        printed_text(text) if leads else "",
        announced,
    )


def _changes(text: str) -> Changes:
    patch = find_patch(text)
    files = file_changes(text[patch[1] :]) if patch else ()
    return Changes(
        tuple(file.path for file in files),
        sum(file.added for file in files),
        sum(file.removed for file in files),
    )
