"""Trailers (`Reviewed-by: A B <a@example.org>`) of commit messages and of replies.

A commit message's trailer block is that of git-interpret-trailers(1): the last paragraph, mostly trailers. Paragraphs
of nothing but trailers above it count, too. A reply's are b4's follow-up trailers: unquoted lines that name a person,
and `Fixes:` with a commit.
"""

from __future__ import annotations

import re
from typing import Final

from core.mail.body import header_block_lines
from core.model import Trailer

MAX_TRAILERS: Final = 500
MAX_TRAILER: Final = 1000
"""Characters kept of one trailer's value."""

_LINE: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]?:[ \t]*([^ \t].*)")
_NAME_ALONE: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]*")
# What may follow a trailer, indented, and is no part of its value: a diffstat, a note.
_NOT_FOLDED: Final = re.compile(
    r"[ \t]+(?:[^|]{1,300}\|[ \t]+(?:\d|Bin|Unmerged).*|\d+ files? changed.*|\[.*\]|(?:create|delete|rename|copy|mode).*)"
)
_FOLLOWUP: Final = re.compile(
    r"[ \t]{0,8}(?:([A-Za-z][A-Za-z-]{1,40}-[Bb][Yy])[ \t]?:[ \t]*([^\n]*)"
    r"|((?i:fixes)):[ \t]+([0-9a-f]{6,64}\b[^\n]*(?:(?<=[^)\n])\n[^\n:>]{1,200}\))?))"
)
_ADDRESS_LINE: Final = re.compile(r"[ \t]*<[^<>\s]{1,300}@[^<>\s]{1,300}>[ \t]*")
_KNOWN: Final = re.compile(
    r"(?i:(?:[a-z]+(?:-[a-z]+){0,3}-by|cc|fixes|link|closes|buglink|bug|references|depends-on|change-id"
    r"|message-id|base-commit|stable|upstream|backport))"
)
# Words that stand before a colon in prose.
_PROSE: Final = frozenset(
    {"http", "https", "ftp", "git", "from", "subject", "date", "note", "todo"}
)
_NOTE: Final = re.compile(r"\[.*|\(cherry picked from commit .*")
_DATE_HEADER: Final = re.compile(
    r"\n\*?(?:Sent|Gesendet|Envoyé|Enviado|Inviato|Verzonden|Skickat|Sendt|Date|Datum|Отправлено|发送时间|送信日時)\*? ?[:：]"
)
_HEADER_BLOCK_SIZE: Final = 2000
_FORWARD: Final = re.compile(r"\n-{2,20} ?(?:Original|Forwarded|Ursprüngliche)")


def find_trailers(text: str) -> tuple[Trailer, ...]:
    """Return the trailers of a commit message, folded values joined. Linear."""
    lines = text.rstrip().split("\n")
    found: list[Trailer] = []
    end = len(lines)
    is_last = True
    while end > 0 and len(found) < MAX_TRAILERS:
        begin = end
        while begin > 0 and lines[begin - 1].strip():
            begin -= 1
        if lines[begin : begin + 1] != ["Conflicts:"]:  # git ignores what merging left
            block = _block(lines[begin:end], is_last=is_last)
            if not block:
                break
            found = block + found
            is_last = False
        while begin > 0 and not lines[begin - 1].strip():
            begin -= 1
        end = begin
    return tuple(found[:MAX_TRAILERS])


def is_trailer_block(lines: list[str]) -> bool:
    """Whether a paragraph holds nothing but trailers and the notes of maintainers among them."""
    return bool(_block(lines, is_last=False)) or all(_NOTE.match(line) for line in lines)


def _block(lines: list[str], *, is_last: bool) -> list[Trailer]:
    """Return the trailers of a paragraph, or nothing where it is prose, as it may be in part where it `is_last`."""
    found: list[Trailer] = []
    prose = known = brackets = 0
    for at, line in enumerate(lines):
        if brackets > 0:  # a note of several lines
            brackets += line.count("[") - line.count("]")
            continue
        name, value = _trailer_of(line, lines[at + 1] if at + 1 < len(lines) else "")
        if name:
            found.append(Trailer(name, value[:MAX_TRAILER]))
            known += bool(_KNOWN.fullmatch(name))
        elif _NOTE.match(line):  # [mpe: Fix the build]
            brackets = line.count("[") - line.count("]")
        elif found and line[0] in " \t<":
            if len(found[-1].value) < MAX_TRAILER and not _NOT_FOLDED.fullmatch(line):
                found[-1] = Trailer(found[-1].name, _folded(found[-1].value, line))
        else:
            prose += 1
    # git's rule: one name is known, and they are a quarter of the lines at least.
    if not known or prose > (3 * len(found) if is_last else 0):
        return []
    return [each for each in found if each.value and (not prose or _KNOWN.fullmatch(each.name))]


def _trailer_of(line: str, following: str) -> tuple[str, str]:
    """Return the name and value of a trailer's first line, "" where it is not one; the value may begin on the next
    line.
    """
    match = _LINE.fullmatch(line)
    if match is None and (alone := _NAME_ALONE.fullmatch(line)) is not None:
        has_value = following[:1] in {" ", "\t"} and not _NOT_FOLDED.fullmatch(following)
        match = alone if has_value else None
    if match is None or match[1].lower() in _PROSE:
        return "", ""
    return match[1], match[2].rstrip() if match.lastindex == 2 else ""


def _folded(value: str, line: str) -> str:
    return f"{value} {line.strip()}".strip()[:MAX_TRAILER]


def find_followup_trailers(text: str, *, own_patch: bool = False) -> tuple[Trailer, ...]:
    """Return the trailers that a reply gives: unquoted `...-by:` lines with an address, and `Fixes:` with a commit.

    The signature, and a mail quoted below it without marks, are left out. With `own_patch` the reply carries a patch
    of its own, and lines that stand together with a sign-off are that patch's. Linear.
    """
    matches = _followup_lines(text)
    if not matches:
        return ()
    end = text.find("\n-- \n")
    end = len(text) if end < 0 else end
    if forward := _FORWARD.search(text, 0, end):
        end = forward.start()
    end = min(end, _header_block(text, end))
    found: list[Trailer] = []
    block: list[Trailer] = []
    block_end = -1
    for match in matches:
        if end < match.start():
            break
        if match.start() != block_end + 1:
            found += _without_own(block, own_patch)
            block = []
        block_end = match.end()
        if match[3]:
            block.append(Trailer(match[3], " ".join(match[4].split())[:MAX_TRAILER]))
            continue
        value = match[2].strip()
        if value and "@" not in value:
            line_end = text.find("\n", block_end + 1)
            following = text[block_end + 1 : line_end if line_end >= 0 else len(text)]
            if _ADDRESS_LINE.fullmatch(following):
                value = f"{value} {following.strip()}"
                block_end += 1 + len(following)
        if "@" in value:
            block.append(Trailer(match[1], value[:MAX_TRAILER]))
            if len(found) + len(block) >= MAX_TRAILERS:
                break
    return tuple(found + _without_own(block, own_patch))


def _header_block(text: str, end: int) -> int:
    """Return where in `text[:end]` a header block begins that quotes a mail without marks, else `end`."""
    for match in _DATE_HEADER.finditer(text, 0, end):
        start = text.rfind("\n", 0, match.start()) + 1
        lines = text[start : start + _HEADER_BLOCK_SIZE].split("\n")
        if header_block_lines(lines, 0):
            return start
    return end


def _followup_lines(text: str) -> list[re.Match[str]]:
    """Return the lines that give a trailer. Searching plain strings first makes this fast."""
    starts: set[int] = set()
    for mark in ("-by", "-By", "-BY", "ixes:"):
        after = 0
        at = text.find(mark)
        while at >= 0:
            starts.add(text.rfind("\n", after, at) + 1 or after)
            after = text.find("\n", at)
            at = text.find(mark, after) if after >= 0 else -1
    return [match for start in sorted(starts) if (match := _FOLLOWUP.match(text, start))]


def _without_own(block: list[Trailer], own_patch: bool) -> list[Trailer]:
    if own_patch and any(each.name.lower() == "signed-off-by" for each in block):
        return []
    return block
