"""A subject line taken apart: `[PATCH RFC net-next v2 03/17] net: mend it` and its many kin.

The forms follow what list tools accept: git (`cleanup_subject` of mailinfo strips every leading bracket),
patchwork and b4. A pull request (`[GIT PULL]`, and QEMU's `[PULL 00/12]` with the patches it carries,
`[PULL 01/12]`) claims no patch: what it holds was posted for review before.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from core.model import Subject

MAX_SUBJECT: Final = 4096
"""Characters of a subject that are looked at; the rest is cut off."""

_BLANKS: Final = re.compile(r"[\s\0]+")
REPLY_PREFIX: Final = re.compile(
    r"(?:re|aw|sv|vs|antw|fwd?|wg|tr|rv|答复|回复|回覆|转发|轉寄)(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})? ?[:：]",
    re.IGNORECASE,
)
"""`Re:` and `Fwd:` in the languages that list mail has: the one table of them."""
_BARE_REPLY: Final = re.compile(r"(?:RE|Re|re) (?=\S)")
# Without brackets, or with the first one lost: "PATCH 1/2: mend it", "PATCH v2] mend it".
_BARE_PATCH: Final = re.compile(r"((?:RFC )?PATCH(?: [vV]\d{1,4})?(?: \d{1,4}/\d{1,4})?)[:\]] ?")
_SPACED_COUNTER: Final = re.compile(r"(\d) (?:of|/) ?(?=\d)|(\d)/ (?=\d)", re.IGNORECASE)
# A bracket with what is nested in it, one level deep: "[PATCH [RFC] 1/2]".
_BRACKET: Final = re.compile(r"\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]")
_SEPARATORS: Final = re.compile(r"[ ,;()\[\]]+")
# One word of a bracket, with what people glue onto it: PATCHv3, v2PATCH1/4, RFC-v2, PATCHv2.1, 3/7, 1of2.
_WORD: Final = re.compile(
    r"(?:v(\d{1,4})(?:\.(\d{1,4}))?)?[-_:]?"
    r"(patch(?:es|set)?|rfc|rft|rfh|resend|repost|pull)?[-_:#]?"
    r"(?:v(?:er)?[.#]?(\d{1,4})(?:\.(\d{1,4}))?)?[-_:]?"
    r"(?:(\d{1,4})(?:/|of)(\d{1,4}))?[:.]?",
    re.IGNORECASE,
)
_JOINTS: Final = re.compile(r"(?<=[A-Za-z])[/-](?=[A-Za-z])")
_TITLE_VERSION: Final = re.compile(r"\([vV](\d{1,2})\)$")


class _Reading:
    """What the brackets said so far."""

    def __init__(self) -> None:
        self.tags: list[str] = []
        self.versions: list[tuple[int, int | None, str]] = []
        self.number: int | None = None
        self.total: int | None = None
        self.is_reply = False

    def bracket(self, inner: str) -> None:
        """Take in the words of one bracket."""
        if "/ " in inner or " /" in inner or " of " in inner.lower():
            inner = _SPACED_COUNTER.sub(r"\1\2/", inner)
        for word in _SEPARATORS.split(inner):
            if word:
                self._word(word)

    def _word(self, word: str) -> None:
        match = _WORD.fullmatch(word)
        if match is None:
            parts = _JOINTS.split(word)
            if len(parts) == 2 and all(part and _WORD.fullmatch(part) for part in parts):
                self._word(parts[0])  # PATCH/RFC, RFC-PATCHv2
                self._word(parts[1])
            else:
                self.tags.append(word)
            return
        before, before_minor, name, after, after_minor, number, total = match.groups()
        if name:
            self.tags.append(name)
        if before:
            self.versions.append((int(before), _number(before_minor), word))
        if after:
            self.versions.append((int(after), _number(after_minor), word))
        if number and self.number is None:
            self.number, self.total = int(number), int(total)

    def version(self) -> tuple[int, int] | None:
        """Return version and minor; beside a plain `v2`, a dotted `v5.10` is the name of a branch."""
        plain = [entry for entry in self.versions if entry[1] is None]
        if plain:
            self.tags += [word for _, minor, word in self.versions if minor is not None]
            return plain[0][0], 0
        if self.versions:
            major, minor, _ = self.versions[0]
            return major, minor or 0
        return None


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None


def parse_subject(text: str) -> Subject:
    """Take a decoded subject line apart, so that nobody else needs to know how people write them.

    Never raises; linear in its length, which is capped at `MAX_SUBJECT`. `is_patch` is true where the leading
    brackets hold the word PATCH or a counter (`[net,v2,1/2]`); not so in a pull request, nor in the report of a bot
    that names a tree (`[tip:x86/mm 3/7]`). Whether a bare `[RFC]` is a patch only its body can tell.
    """
    return _read(text[:MAX_SUBJECT])


# The mails of a thread have one subject.
@lru_cache(maxsize=1024)
def _read(text: str) -> Subject:
    flat = _BLANKS.sub(" ", text).strip()
    reading = _Reading()
    at = _read_prefixes(flat, reading)
    title = flat[at:].strip()
    version = reading.version()
    is_patch = _claims_patch(reading)
    if is_patch and version is None and (match := _TITLE_VERSION.search(title)):
        version = int(match[1]), 0
    major, minor = version or (1, 0)
    return Subject(
        text=text,
        title=title,
        is_reply=reading.is_reply,
        tags=tuple(reading.tags),
        is_patch=is_patch,
        version=major,
        minor=minor,
        number=reading.number,
        total=reading.total,
    )


def _claims_patch(reading: _Reading) -> bool:
    names = [tag.lower() for tag in reading.tags]
    if any(name.startswith("patch") for name in names):
        return True
    return reading.number is not None and not any(":" in name or name == "pull" for name in names)


def _read_prefixes(flat: str, reading: _Reading) -> int:
    """Read every leading `Re:` and bracket; return where the title begins."""
    at = 0
    if match := _BARE_REPLY.match(flat):
        reading.is_reply = True
        at = match.end()
    while at < len(flat):
        char = flat[at]
        if char in " :":
            at += 1
        elif char == "[":
            whole = _BRACKET.match(flat, at)
            end = whole.end() if whole else flat.find("]", at) + 1
            if not end:
                break
            reading.bracket(flat[at + 1 : end - 1])
            at = end
        elif match := REPLY_PREFIX.match(flat, at):
            reading.is_reply = True
            at = match.end()
        elif match := _BARE_PATCH.match(flat, at):
            reading.bracket(match[1])
            at = match.end()
        else:
            break
    return at
