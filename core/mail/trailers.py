"""`Reviewed-by: A B <a@example.org>`: trailers that a commit message carries, or that a reply gives.

What a trailer block is follows `git interpret-trailers` (the last paragraph, mostly trailers), but for paragraphs
of trailers above it, which count too; what counts as given in a reply follows b4: unquoted lines naming a person.
"""

from __future__ import annotations

import re
from typing import Final

from core.model import Trailer

MAX_TRAILERS: Final = 500
MAX_TRAILER: Final = 1000
"""Characters kept of one trailer's value."""

_LINE: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]?:[ \t]*([^ \t].*)")
_GIVEN: Final = re.compile(r"[ \t]{0,8}([A-Za-z][A-Za-z-]{1,40}-[Bb][Yy])[ \t]?:[ \t]*([^\n]*)")
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
_FORWARD: Final = re.compile(r"\n-{2,20} ?(?:Original|Forwarded|Ursprüngliche)")


def find_trailers(text: str) -> tuple[Trailer, ...]:
    """Return the trailers of a commit message: those of its last paragraphs, folded values joined. Linear."""
    lines = text.rstrip().split("\n")
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
    in_note = False
    for line in lines:
        if in_note:
            in_note = "]" not in line
            continue
        match = _LINE.fullmatch(line)
        if match and match[1].lower() not in _PROSE:
            found.append(Trailer(match[1], match[2].rstrip()[:MAX_TRAILER]))
            known += bool(_KNOWN.fullmatch(match[1]))
        elif _NOTE.match(line):
            in_note = line[0] == "[" and "]" not in line  # [mpe: Fix the build]
        elif found and line[0] in " \t<":
            last = found[-1]
            found[-1] = Trailer(last.name, f"{last.value} {line.strip()}"[:MAX_TRAILER])
        else:
            prose += 1
    # git's rule: one name is known, and they are a quarter of the lines at least.
    if not known or prose > 3 * len(found):
        return []
    return [each for each in found if not prose or _KNOWN.fullmatch(each.name)]


def find_followup_trailers(text: str, *, own_patch: bool = False) -> tuple[Trailer, ...]:
    """Return the trailers that a reply gives: unquoted `...-by:` lines with an address, up to the signature.

    `Cc:`, `Link:` and `Fixes:` give nothing. With `own_patch` the reply carries a patch of its own, and lines that
    stand together with a sign-off are that patch's. Linear.
    """
    matches = _given_lines(text)
    if not matches:
        return ()
    end = text.find("\n-- \n")
    if forward := _FORWARD.search(text, 0, end if end >= 0 else len(text)):
        end = forward.start()
    found: list[Trailer] = []
    block: list[Trailer] = []
    block_end = -1
    for match in matches:
        if 0 <= end < match.start():
            break
        if match.start() != block_end + 1:
            found += _without_own(block, own_patch)
            block = []
        block_end = match.end()
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


def _given_lines(text: str) -> list[re.Match[str]]:
    """Return the lines that give a trailer. Looking for `-by` first is what makes this fast."""
    starts: set[int] = set()
    for mark in ("-by", "-By", "-BY"):
        after = 0
        at = text.find(mark)
        while at >= 0:
            starts.add(text.rfind("\n", after, at) + 1 or after)
            after = text.find("\n", at)
            at = text.find(mark, after) if after >= 0 else -1
    return [match for start in sorted(starts) if (match := _GIVEN.match(text, start))]


def _without_own(block: list[Trailer], own_patch: bool) -> list[Trailer]:
    if own_patch and any(each.name.lower() == "signed-off-by" for each in block):
        return []
    return block
