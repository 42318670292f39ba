"""How many lines a patch adds to and removes from each file, without taking it apart where it is plain.

A plain diff is one that git wrote: one file after the other, each with its names and hunks. Its lines are counted, not
looked at; that the hunks' headers account for every one of them shows that nothing else is among them. Any other diff
is read by `core.diff.parse`.
"""

from __future__ import annotations

import re
import zlib
from base64 import b85decode
from collections.abc import Sequence
from typing import Final

from core.diff.parse import file_changes

_START: Final = "\ndiff --git a/"
_RANGES: Final = re.compile(r"-\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_ODD_LINE: Final = re.compile(
    r"\n(?!index |new file mode |deleted file mode |old mode |new mode |similarity index |rename (?:from|to) )"
)
_ODD_NAME: Final = re.compile(r'["\t\r]')


def diffstat(diff: str) -> list[tuple[str, int, int]]:
    """Return the path, added and removed lines of each file of a diff, as `core.diff.parse.file_changes` counts them;
    never raises.

    The counts of `core.diff.parse.file_changes`.
    """
    plain = _plain(diff)
    if plain is not None:
        return plain
    return [(file.path, file.added, file.removed) for file in file_changes(diff)]


def _plain(diff: str) -> list[tuple[str, int, int]] | None:
    """Count a plain diff; None for any other kind."""
    before, *parts = ("\n" + diff).split(_START)
    if before or not parts:
        return None
    end = parts[-1].rfind("\n-- \n")  # git's version stands below it
    parts[-1] = parts[-1][:end] if end >= 0 else parts[-1].rstrip("\n")
    found = []
    for part in parts:
        counted = _file(part)
        if counted is None:
            return None
        found.append(counted)
    return found


def _file(part: str) -> tuple[str, int, int] | None:
    """Count the lines of a plain diff of one file; `part` ends without its last line end."""
    head, *hunks = part.split("\n@@ ")
    path = _path(head)
    if not path or not hunks:
        return None
    added = removed = 0
    for hunk in hunks:
        ranges = _RANGES.match(hunk)
        if ranges is None:
            return None
        old, new = (int(count) if count else 1 for count in ranges.groups())
        plus, minus = hunk.count("\n+"), hunk.count("\n-")
        remarks = hunk.count("\n\\") if "\\" in hunk else 0
        lines = hunk.count("\n") - remarks
        if lines != old + plus or lines != new + minus:
            return None
        added += plus
        removed += minus
    return path, added, removed


def _path(head: str) -> str:
    """Return the path that a file's header names; "" where it is not plain."""
    at = head.find("\n--- ")
    old, _, new = head[at + 5 :].partition("\n+++ ")
    if at < 0 or not new or "\n" in new or "\n" in old or _ODD_NAME.search(head, at):
        return ""
    if _ODD_LINE.search(head, 0, at):
        return ""
    if new == "/dev/null":
        return old[2:] if old.startswith("a/") else ""
    if old == "/dev/null" or old.startswith("a/"):
        return new[2:] if new.startswith("b/") else ""
    return ""


_BINARY_BLOCK: Final = re.compile(r"(literal|delta) ([0-9]{1,12})\r?$")
_DELTA_LINES: Final = 2
"""Lines of a delta that are looked at: 52 bytes each."""
_DELTA_BYTES: Final = 40
"""Bytes of it that are unpacked: two numbers, of up to ten bytes."""


def binary_patch_sizes(header: Sequence[str]) -> tuple[int | None, int | None]:
    """Return the bytes of a file before and after, None where the lines of its patch do not say; never raises."""
    blocks: list[tuple[int | None, int | None]] = []
    for at, line in enumerate(header):
        if line[:1] in {"l", "d"} and (block := _BINARY_BLOCK.match(line)) and len(blocks) < 2:
            if block[1] == "literal":
                blocks.append((None, int(block[2])))
            else:
                blocks.append(_delta_sizes(header[at + 1 : at + 1 + _DELTA_LINES]))
    if not blocks:
        return None, None
    (before, after), back = blocks[0], blocks[1] if len(blocks) > 1 else (None, None)
    # The second block, if any, leads back.
    return (back[1] if back[1] is not None else before), (after if after is not None else back[0])


def _delta_sizes(lines: Sequence[str]) -> tuple[int | None, int | None]:
    """Return the sizes of a delta's source and result."""
    packed = b""
    for line in lines:
        try:
            packed += b85decode(line.rstrip("\r")[1:].encode("ascii"))
        except ValueError:  # UnicodeEncodeError among them
            break
    try:
        unpacked = zlib.decompressobj().decompress(packed, _DELTA_BYTES)
    except zlib.error:
        return None, None
    source, rest = _varint(unpacked)
    result, _ = _varint(rest)
    return source, result


def _varint(data: bytes) -> tuple[int | None, bytes]:
    """Read a number of seven bits a byte, the lowest first."""
    value = 0
    for at, byte in enumerate(data[:10]):
        value |= (byte & 0x7F) << (7 * at)
        if not byte & 0x80:
            return value, data[at + 1 :]
    return None, b""
