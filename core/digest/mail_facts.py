"""The facts of one message for a digest: counts, groups, and the printed text.

Which mails are printed, and how much of them, follows the page that digests began with (the *seed*): of each series the
cover letter and the first patch, each single patch, and of their text all through the diffstat.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from core.diff.stat import diffstat
from core.mail.body import find_patch, read_in_body_headers
from core.mail.message_fast import parse_message_fast
from core.model import Identity, Message, Subject


@dataclass(frozen=True, slots=True)
class PatchChanges:
    """The changes of a patch."""

    paths: tuple[str, ...]
    added: int
    removed: int
    digest: bytes
    """A hash of its files and of the lines that it adds and removes, not of those around them."""


@dataclass(frozen=True, slots=True)
class MailFacts:
    """The facts kept of a message."""

    message: Message
    author: Identity
    """Its author: an in-body `From:` counts in patches alone, as for `git mailinfo`, not in cover letters."""
    changes: PatchChanges | None
    """Of a patch."""
    text: str
    """The text of a cover letter or lone patch, for its series."""
    announced: bool
    """It is one of the seed's entries."""


def read_mail_facts(raw: bytes, key: str, *, replies: bool = True, sizes: bool = True) -> MailFacts:
    """Read a message. Never raises.

    With `replies` False a reply is good for counting alone; with `sizes` False the changed lines of patches are not
    counted.
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
    files = diffstat(diff)
    return PatchChanges(
        tuple(path for path, _, _ in files),
        sum(added for _, added, _ in files),
        sum(removed for _, _, removed in files),
        _digest(diff) if files else b"",
    )


def _digest(diff: str) -> bytes:
    """Return a hash of a diff without context, hunk headers, blob ids and the signature below it."""
    end = diff.rfind(_SIGNATURE)
    rows = [row for row in diff[: end if end >= 0 else None].split("\n") if row[:1] not in _CONTEXT]
    return blake2b("\n".join(rows).encode("utf-8", "surrogatepass"), digest_size=8).digest()


MAX_TEXT: Final = 1 << 20
"""Characters of one text that are kept."""

_SUMMARY: Final = re.compile(
    r"\n \d+ files? changed(?:, \d+ insertions?\(\+\))?(?:, \d+ deletions?\(-\))?[ \t]*(?=\n|\Z)"
)
_SIGNATURE: Final = "\n-- \n"
_BASE: Final = "\nbase-commit:"
_CONTEXT: Final = frozenset({"", " ", "@", "i", "\\"})
"""First characters of lines that differ between versions of a patch in which nobody changed anything."""
_BRACKET: Final = re.compile(r"\[([^\[\]]*)\]\s*")
_VERSION: Final = re.compile(r"(?<![a-z0-9.])v(?:er)?[.#]?\d", re.IGNORECASE)
_PATCH_WORD: Final = re.compile(r"(?<![a-z])(?:patch|rfc)", re.IGNORECASE)


def is_seed_entry(message: Message) -> bool:
    """Whether a mail is printed as one of the seed's entries.

    Its subject's tag has PATCH, RFC or a version; it is no reply; it is a cover letter (number 0), or holds a diff and
    is a single patch or number 1.
    """
    subject = message.subject
    if subject.is_reply or not _has_tag(subject):
        return False
    if subject.number == 0:
        return True
    return message.has_diff and subject.number in (None, 1)


def _has_tag(subject: Subject) -> bool:
    if any(_PATCH_WORD.search(tag) for tag in subject.tags) or subject.version > 1:
        return True
    at = 0
    text = subject.text.lstrip()
    while match := _BRACKET.match(text, at):
        if _VERSION.search(match[1]):
            return True
        at = match.end()
    return False


def seed_text(text: str) -> str:
    """Return the printed part of a message's text, without trailing blanks.

    The in-body headers go; the rest is printed through the summary line of the diffstat (the last before the diff, should there be
    several), or, without a diffstat, up to the first of the diff, a `base-commit:` line and the `-- ` line.
    """
    _, start = read_in_body_headers(text)
    patch = find_patch(text, start)
    # With a line end before and after, each mark can be looked for together with those around it.
    region = "\n" + text[start : patch[1] if patch else len(text)].rstrip("\n") + "\n"
    region = region[: _before(region, _SIGNATURE)]
    summaries = list(_SUMMARY.finditer(region))
    printed = region[1 : summaries[-1].end() if summaries else _before(region, _BASE)].rstrip()
    if len(printed) > MAX_TEXT:
        printed = f"{printed[:MAX_TEXT]}\n[… the rest of {len(printed)} characters is cut]"
    return printed


def _before(text: str, mark: str) -> int:
    at = text.find(mark)
    return at if at >= 0 else len(text)
