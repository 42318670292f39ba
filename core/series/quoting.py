"""A reply taken apart: its own text, block by block, each with the lines quoted above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from core.mail.body import header_block_lines

MOST_LINES: Final = 20_000
"""Lines of a reply that are looked at for quotes; those after them are the text of its last passage."""

_QUOTE: Final = re.compile(r" ?(?:> ?){1,60}")
_LEFT_OUT: Final = re.compile(
    r"[-=\s]*[\[<({]?[.\s]*(?:\.\.|…|snip(?:ped)?|cut|skip(?:ped)?|trimmed)[.\s]*[\])>}]?[-=\s]*$",
    re.IGNORECASE,
)
_WROTE: Final = re.compile(
    r"\b(?:wrote|writes|said|schrieb|escreveu|escribió|message of) .{0,80}:$"
    r"|\S's on [A-Z][a-z]{2,8} [0-9]{1,2}, [0-9]{4} [0-9:]{4,8} ?(?:[ap]m)?:$"
    r"|\b(?:wrote|writes|said|schrieb|escreveu|escribió):$|écrit.{0,80}:$|(?:写道|寫道)[:：]$",
    re.IGNORECASE,
)
_ORIGINAL: Final = re.compile(
    r"-{2,20} ?(?:Original|Forwarded) Message ?-{2,20}\s*$", re.IGNORECASE
)
_FOOTER: Final = re.compile(r"_{20,100}\s*$")
_FOOTER_LINES: Final = 8
_SIGNATURE_LINES: Final = 12
"""Most lines of a signature."""
_ATTRIBUTION_LINES: Final = 4
_BEGIN: Final = ("On ", "Am ", "Le ", "El ", "Em ", "Il ", "At ", "Excerpts ")
"""Beginnings of attribution lines."""


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A quoted line."""

    level: int
    """The depth of quoting: 1 is the message that the reply answers."""
    text: str
    """Without its marks."""


@dataclass(frozen=True, slots=True)
class ReplyBlock:
    """A block of a reply's own text."""

    quoted: tuple[QuotedLine, ...]
    """The lines between the passage before and this one; none where a mail begins with text."""
    lines: tuple[str, ...]
    follows_quote_directly: bool
    """There is no blank line between the quote and its text: a mailer may have broken a quoted line here."""


def reply_blocks(text: str) -> Iterator[ReplyBlock]:
    """Yield the blocks of a reply's text, in order; linear in its size.

    Left out: signatures and list footers, lines such as `[...]` that stand for omitted text, and attribution lines. A
    mail quoted whole without marks, as some mailers do, counts as quoted.
    """
    lines = text.split("\n")
    over = lines[MOST_LINES:]
    quoted: list[QuotedLine] = []
    runs = [
        (is_quote, list(run))
        for is_quote, run in groupby(
            lines[:MOST_LINES], lambda line: _QUOTE.match(line) is not None
        )
    ]
    for at, (is_quote, run) in enumerate(runs):
        if is_quote:
            quoted += map(_quoted, run)
            continue
        last = at == len(runs) - 1
        before, original = _without_original(run)
        kept = _trimmed(_without_ending(before, last=last and not original))
        if not last or original:
            kept = _trimmed(_without_attribution(kept))
        if any(line.strip() and not _LEFT_OUT.match(line) for line in kept):
            yield ReplyBlock(tuple(quoted), tuple(kept), bool(run[0].strip()))
            quoted = []
        quoted += [QuotedLine(1, line) for line in original]
    if any(line.strip() for line in over):
        yield ReplyBlock(tuple(quoted), tuple(over), follows_quote_directly=False)


def _quoted(line: str) -> QuotedLine:
    match = _QUOTE.match(line)
    marks = match[0] if match is not None else ""
    return QuotedLine(marks.count(">"), line[len(marks) :])


def _without_original(lines: list[str]) -> tuple[list[str], list[str]]:
    """Split lines where a mail begins that is quoted without marks: at words that say so, or a header block."""
    for at, line in enumerate(lines):
        if line.startswith("-") and _ORIGINAL.match(line):
            return lines[:at], lines[at + 1 :]
        if ":" in line[:12] and (count := header_block_lines(lines, at)):
            return _without_rule(lines[:at]), lines[at + count :]
    return lines, []


def _without_rule(lines: list[str]) -> list[str]:
    """Remove the line of underscores above a header block."""
    while lines and (not lines[-1].strip() or _FOOTER.match(lines[-1])):
        lines = lines[:-1]
    return lines


def _without_ending(lines: list[str], *, last: bool) -> list[str]:
    """Take the signature away, and at the end of a mail the list's footer."""
    for at, line in enumerate(lines):
        if line.startswith("--") and line.strip() == "--" and len(lines) - at <= _SIGNATURE_LINES:
            return lines[:at]
        if (
            last
            and line.startswith("____")
            and len(lines) - at <= _FOOTER_LINES
            and _FOOTER.match(line)
        ):
            return lines[:at]
    return lines


def _without_attribution(lines: list[str]) -> list[str]:
    """Remove attribution lines, with a greeting in between or not."""
    first = next((at for at, line in enumerate(lines[:_ATTRIBUTION_LINES]) if not line.strip()), 0)
    if first and lines[0].startswith(_BEGIN) and _WROTE.search(_joined(lines[:first])):
        lines = lines[first:]
    if not lines or not lines[-1].rstrip().endswith((":", "：")):
        return lines
    start = len(lines) - 1
    while start > 0 and lines[start - 1].strip() and len(lines) - start < _ATTRIBUTION_LINES:
        start -= 1
    for first in range(start, len(lines)):
        begins = lines[first].lstrip("* ").startswith(_BEGIN)
        # Some mailers break the very word.
        wrote = _WROTE.search(_joined(lines[first:])) or _WROTE.search(_joined(lines[first:], ""))
        if wrote and (begins or first == len(lines) - 1 or first == 0):
            return lines[:first]
    return lines


def _joined(lines: list[str], between: str = " ") -> str:
    """Return the end of an attribution that runs over several lines."""
    return between.join([line.strip() for line in lines])[-200:].rstrip()


def _trimmed(lines: list[str]) -> list[str]:
    """Return lines without blank ones, and without marks of omission, at their ends."""
    start, end = 0, len(lines)
    while start < end and (not lines[start].strip() or _LEFT_OUT.match(lines[start])):
        start += 1
    while end > start and (not lines[end - 1].strip() or _LEFT_OUT.match(lines[end - 1])):
        end -= 1
    return lines[start:end]
