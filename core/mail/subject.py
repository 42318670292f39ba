"""A subject line taken apart: `[PATCH RFC net-next v2 03/17] net: mend it` and its many variants.

The forms follow what list tools accept: git (`cleanup_subject` of mailinfo strips every leading bracket),
patchwork and b4. A pull request (`[GIT PULL]`, and QEMU's `[PULL 00/12]` with the patches it carries,
`[PULL 01/12]`) claims no patch: its patches were posted for review before.
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
# One word of a bracket, with what people glue onto it: PATCHv3, v2PATCH1/4, RFC-v2, PATCHv2.1, 3/7, 1of2, 3/4/5.
_WORD: Final = re.compile(
    r"(?:v(\d{1,4})(?:\.(\d{1,4}))?)?[-_:]?"
    r"(patch(?:es|set)?|rfc|rft|rfh|(?:re){1,3}send|(?:re){1,3}post|pull)?[-_:#]?"
    r"(?:v(?:er)?[.#]?(\d{1,4})(?:\.(\d{1,4}))?)?[-_:]?"
    r"(?:(\d{1,4})(?:/|of)(\d{1,4})(/\d{1,3})?)?[:.]?",
    re.IGNORECASE,
)
_JOINTS: Final = re.compile(r"(?<=[A-Za-z])[/-](?=[A-Za-z])")
# v6-rebased: a version, and a word about it.
_VERSION_AND_WORD: Final = re.compile(r"(v\d{1,2})[-_]([a-z]{2,20})", re.IGNORECASE)
# v6.6-v6.1, v5.10+: the releases that a patch is for.
_RELEASES: Final = re.compile(
    r"v?\d{1,2}\.\d{1,4}(?:\.[\dyx]{1,4})?(?:[-,+]++v?\d{0,2}(?:\.[\dyx]{1,4}){0,2})+",
    re.IGNORECASE,
)
_STABLE_WORDS: Final = frozenset({"stable", "backport", "lts", "autosel"})
_LONG_TERM: Final = frozenset({(4, 1), (6, 1)})
"""Kernels whose number could also be a minor of v4 or v6, as it is beside a counter."""
_TITLE_VERSION: Final = re.compile(r"\([vV](\d{1,2})\)$")
_TITLE_VER: Final = re.compile(r" ?\[ver #?(\d{1,3})\]$", re.IGNORECASE)
_COVER_VERSION: Final = re.compile(r"[ ,-]{1,3}[vV](\d{1,2})$")


class _Reading:
    """The facts of the brackets read so far."""

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
        if "." in word and _RELEASES.fullmatch(word):
            self.tags.append(word)
            return
        match = _WORD.fullmatch(word)
        if match is not None and match[8] and "patch" not in map(str.casefold, self.tags):
            match = None  # a date, not patch 3 of 4
        if match is None:
            both = _VERSION_AND_WORD.fullmatch(word)
            parts = list(both.groups()) if both else _JOINTS.split(word)
            if both and not _WORD.fullmatch(parts[1]):
                self._word(parts[0])
                self.tags.append(parts[1])
                return
            if len(parts) == 2 and all(part and _WORD.fullmatch(part) for part in parts):
                self._word(parts[0])  # PATCH/RFC, RFC-PATCHv2
                self._word(parts[1])
            else:
                self.tags.append(word)
            return
        before, before_minor, name, after, after_minor, number, total, _ = match.groups()
        if name:
            self.tags.append(name)
        if before:
            self.versions.append((int(before), _number(before_minor), word))
        if after:
            self.versions.append((int(after), _number(after_minor), word))
        if number and self.number is None:
            self.number, self.total = int(number), int(total)

    def version(self) -> tuple[int, int] | None:
        """Return version and minor; a release (`v5.10`, or any dotted one beside a plain `v2`) becomes a tag."""
        has_plain = any(minor is None for _, minor, _ in self.versions)
        of_stable = not _STABLE_WORDS.isdisjoint(tag.casefold() for tag in self.tags)
        found: tuple[int, int] | None = None
        for major, minor, word in self.versions:
            is_lone = self.total is None or self.total <= 1
            if minor is not None and (has_plain or of_stable or _is_release(major, minor, is_lone)):
                self.tags.append(word)
            elif found is None:
                found = major, minor or 0
        return found


def _is_release(major: int, minor: int, is_lone: bool) -> bool:
    """Whether a dotted number is a kernel's: `v2.1` is a part of v2 sent again, `v5.10` a release."""
    if (major, minor) in _LONG_TERM:
        return is_lone
    return minor >= 10 or (major >= 4 and minor > 3)


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None


def parse_subject(text: str) -> Subject:
    """Take a decoded subject line apart, the one place that knows the forms in use.

    Never raises; linear in its length, which is capped at `MAX_SUBJECT`. `is_patch` is true where the leading brackets
    hold the word PATCH or a counter (`[net,v2,1/2]`); not so in a pull request, nor in the report of a bot that names a
    tree (`[tip:x86/mm 3/7]`). Whether a bare `[RFC]` is a patch only its body can tell.
    """
    return _read(text[:MAX_SUBJECT])


# The mails of a thread have one subject.
@lru_cache(maxsize=1024)
def _read(text: str) -> Subject:
    flat = _BLANKS.sub(" ", text.lstrip("\ufeff")).strip()
    reading = _Reading()
    at = _read_prefixes(flat, reading)
    title = flat[at:].strip()
    version = reading.version()
    is_patch = _claims_patch(reading)
    if is_patch and version is None:
        title, version = title_version(
            title, is_cover=reading.number == 0, is_one_of_many=(reading.total or 1) > 1
        )
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


def title_version(
    title: str, *, is_cover: bool, is_one_of_many: bool = False
) -> tuple[str, tuple[int, int] | None]:
    """Return a title without `[ver #2]` at its end, and the version that its end tells: `[ver #2]`, `(v2)`, a cover's ` v2`.

    A patch among others counts with `(v2)` its own versions, which says nothing of the series.
    """
    if match := _TITLE_VER.search(title):
        return title[: match.start()].rstrip(), (int(match[1]), 0)
    match = _COVER_VERSION.search(title) if is_cover else None
    if match is None and (is_cover or not is_one_of_many):
        match = _TITLE_VERSION.search(title)
    return title, (int(match[1]), 0) if match else None


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
