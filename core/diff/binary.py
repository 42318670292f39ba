"""The sizes of a binary file, before and after, as far as its patch tells them.

A `literal` names its size; a `delta` begins, compressed and in base 85, with those of its source and its result
(git's patch-delta.c): its first bytes are enough.
"""

from __future__ import annotations

import re
import zlib
from base64 import b85decode
from collections.abc import Sequence
from typing import Final

_BLOCK: Final = re.compile(r"(literal|delta) ([0-9]{1,12})\r?$")
_LINES: Final = 2
"""Lines of a delta that are looked at: 52 bytes each."""
_MOST_BYTES: Final = 40
"""Bytes of it that are unpacked: two numbers, of up to ten bytes."""


def binary_patch_sizes(header: Sequence[str]) -> tuple[int | None, int | None]:
    """Return the bytes of a file before and after, None where the lines of its patch do not say; never raises."""
    blocks: list[tuple[int | None, int | None]] = []
    for at, line in enumerate(header):
        if line[:1] in {"l", "d"} and (block := _BLOCK.match(line)) and len(blocks) < 2:
            if block[1] == "literal":
                blocks.append((None, int(block[2])))
            else:
                blocks.append(_delta_sizes(header[at + 1 : at + 1 + _LINES]))
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
        unpacked = zlib.decompressobj().decompress(packed, _MOST_BYTES)
    except zlib.error:
        return None, None
    source, rest = _number(unpacked)
    result, _ = _number(rest)
    return source, result


def _number(data: bytes) -> tuple[int | None, bytes]:
    """Read a number of seven bits a byte, the lowest first."""
    value = 0
    for at, byte in enumerate(data[:10]):
        value |= (byte & 0x7F) << (7 * at)
        if not byte & 0x80:
            return value, data[at + 1 :]
    return None, b""
