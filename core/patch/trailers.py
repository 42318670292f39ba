"""`Reviewed-by: A B <a@example.org>`: trailers that a commit message carries, or that a reply gives.

What a trailer block is follows `git interpret-trailers` (the last paragraph, mostly trailers); what counts as
given in a reply follows b4: unquoted lines that name a person.
"""

from __future__ import annotations

import re
from typing import Final

from core.model import Trailer

MAX_TRAILERS: Final = 500
MAX_TRAILER: Final = 1000
"""Characters of one trailer's value."""

_LINE: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]?:[ \t]*([^ \t].*)")
_GIVEN: Final = re.compile(
    r"^[ \t]{0,8}([A-Za-z][A-Za-z-]{1,40}-[Bb][Yy])[ \t]?:[ \t]*([^\n]*)", re.MULTILINE
)
_ADDRESS_LINE: Final = re.compile(r"[ \t]*<[^<>\s]{1,300}@[^<>\s]{1,300}>[ \t]*")
_KNOWN: Final = re.compile(
    r"(?i:(?:[a-z]+(?:-[a-z]+){0,3}-by|cc|fixes|link|closes|buglink|bug|references|depends-on|change-id"
    r"|message-id|base-commit|reported-and-tested|stable|upstream|backport))"
)
_NOTE: Final = re.compile(r"\[.*\]?|\(cherry picked from commit .*")
_NOT_TRAILERS: Final = frozenset(
    {"http", "https", "ftp", "git", "from", "subject", "date", "note", "todo"}
)
_FORWARD: Final = re.compile(r"^-{2,20} ?(?:Original|Forwarded|Ursprüngliche)", re.MULTILINE)


def find_trailers(text: str, *, given: bool = False) -> tuple[Trailer, ...]:
    """Return the trailers of a commit message or, with `given`, those that a reply gives.

    Of a commit message: the lines of the last paragraphs that are trailers, folded values joined. Of a reply:
    unquoted `…-by:` lines with an address, up to the signature; `Cc:`, `Link:` and `Fixes:` give nothing. Linear.
    """
    return _given(text) if given else _carried(text)


def _carried(message: str) -> tuple[Trailer, ...]:
    lines = message.rstrip().split("\n")
    found: list[Trailer] = []
    end = len(lines)
    while end > 0 and len(found) < MAX_TRAILERS:
        begin = end
        while begin > 0 and lines[begin - 1].strip():
            begin -= 1
        block = _block(lines[begin:end])
        if not block:
            break
        found = block + found
        while begin > 0 and not lines[begin - 1].strip():
            begin -= 1
        end = begin
    return tuple(found[:MAX_TRAILERS])


def _block(lines: list[str]) -> list[Trailer]:
    """Return the trailers of a paragraph, or nothing where it is prose."""
    found: list[Trailer] = []
    prose = known = 0
    for line in lines:
        match = _LINE.fullmatch(line)
        if match and match[1].lower() not in _NOT_TRAILERS:
            found.append(Trailer(match[1], match[2].rstrip()[:MAX_TRAILER]))
            known += bool(_KNOWN.fullmatch(match[1]))
        elif found and line[:1] in {" ", "\t", "<"}:
            last = found[-1]
            found[-1] = Trailer(last.name, f"{last.value} {line.strip()}"[:MAX_TRAILER])
        elif not _NOTE.fullmatch(line):
            prose += 1
    # git: all lines are trailers, or one is known and a quarter of them all.
    if found and known and (not prose or prose <= 3 * len(found)):
        return [each for each in found if not prose or _KNOWN.fullmatch(each.name)]
    return []


def _given(text: str) -> tuple[Trailer, ...]:
    if "-by" not in text.lower():
        return ()
    signature = text.find("\n-- \n")
    if signature >= 0:
        text = text[:signature]
    if forward := _FORWARD.search(text):
        text = text[: forward.start()]
    found: list[Trailer] = []
    for match in _GIVEN.finditer(text):
        value = match[2].strip()
        if "@" not in value and value:
            line_end = text.find("\n", match.end() + 1)
            following = text[match.end() + 1 : line_end if line_end >= 0 else len(text)]
            if _ADDRESS_LINE.fullmatch(following):
                value = f"{value} {following.strip()}"
        if "@" in value:
            found.append(Trailer(match[1], value[:MAX_TRAILER]))
            if len(found) >= MAX_TRAILERS:
                break
    return tuple(found)
