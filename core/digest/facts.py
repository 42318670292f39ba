"""A mail as a digest reads it, once: the facts to count and group, and the little of its text that is printed."""

from __future__ import annotations

from dataclasses import dataclass

from core.digest.entries import is_announced, printed_text
from core.model import Message
from core.patch.diff import file_changes
from core.patch.message import read_mail, read_message


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
    message = read_message(raw, key)
    if message.subject.is_reply or not (message.has_diff or message.subject.is_patch):
        return Facts(message, None, "", is_announced(message))
    mail = read_mail(raw, key)
    changes = None
    if message.has_diff:
        files = file_changes(mail.body.diff)
        changes = Changes(
            tuple(file.path for file in files),
            sum(file.added for file in files),
            sum(file.removed for file in files),
        )
    announced = is_announced(message)
    leads = announced or message.subject.number in (None, 0, 1)
    return Facts(message, changes, printed_text(mail.text) if leads else "", announced)
