"""A mail as a digest reads it, once: the facts to count and group, and the little of its text that is printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from core.diff.parse import file_changes
from core.digest.entries import is_seed_entry, seed_text
from core.mail.body import find_patch
from core.mail.message_fast import parse_message_fast
from core.model import Identity, Message

_HUNK: Final = re.compile(r"\n@@ -\d{1,9}(,\d{1,9})? \+\d{1,9}(,\d{1,9})? @@")


@dataclass(frozen=True, slots=True)
class PatchChanges:
    """What a patch changes."""

    paths: tuple[str, ...]
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What is kept of a mail."""

    message: Message
    author: Identity
    """Who wrote it: an in-body `From:` counts in patches alone, as for `git mailinfo`, not in cover letters."""
    changes: PatchChanges | None
    """Of a patch."""
    text: str
    """Of a cover letter or patch that stands for its series."""
    announced: bool
    """It is one of the seed's entries."""


def read_mail_facts(raw: bytes, key: str, *, replies: bool = True, sizes: bool = True) -> MailFacts:
    """Read a mail. Never raises.

    With `replies` False a reply is good for counting alone; with `sizes` False nobody asks what patches change.
    """
    message, text = parse_message_fast(raw, key, replies=replies)
    subject = message.subject
    author = message.author if message.has_diff and not subject.is_reply else message.sender
    if subject.is_reply or not (message.has_diff or subject.is_patch):
        announced = is_seed_entry(message)
        return MailFacts(message, author, None, seed_text(text) if announced else "", announced)
    announced = is_seed_entry(message)
    leads = announced or subject.number in (None, 0, 1)
    return MailFacts(
        message,
        author,
        _changes(text) if sizes and message.has_diff else None,
        seed_text(text) if leads else "",
        announced,
    )


def _changes(text: str) -> PatchChanges:
    patch = find_patch(text)
    diff = text[patch[1] :] if patch else ""
    plain = _plain_changes(diff)
    if plain is not None:
        return plain
    files = file_changes(diff)
    return PatchChanges(
        tuple(file.path for file in files),
        sum(file.added for file in files),
        sum(file.removed for file in files),
    )


def _plain_changes(diff: str) -> PatchChanges | None:
    """Count what git wrote by its marks alone, at a third of the cost; None where that could go wrong.

    Every file must be named twice alike, have one `---` and one `+++` line, and the lines counted must be as many more
    or fewer as the hunks' headers say.
    """
    body, signature, tail = diff.partition("\n-- \n")
    if signature and ("\n-- \n" in tail or "\n@@ -" in tail or "\ndiff -" in tail):
        return None
    before, *files = f"\n{body}".split("\ndiff --git a/")
    paths = tuple(file[: (file.find("\n") - 3) // 2] for file in files)
    for path, file in zip(paths, files, strict=True):
        if not file.startswith(f"{path} b/{path}\n") or '"' in path:
            return None
        if not file.count("\n--- ") == file.count("\n+++ ") == 1:
            return None
    added = body.count("\n+") - len(files)
    removed = body.count("\n-") - len(files)
    announced = 0
    for old, new in _HUNK.findall(body):
        announced += (int(new[1:]) if new else 1) - (int(old[1:]) if old else 1)
    return (
        PatchChanges(paths, added, removed)
        if files and not before and announced == added - removed
        else None
    )
