"""The files of the demo's project that are computed: a long table, and a picture."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from typing import Final

FIRST_YEAR: Final = 1990
YEARS: Final = 84


def nodal_table() -> bytes:
    """Return a C header of 1,008 months of nodal factors: how the moon's node strengthens each constituent."""
    lines = [
        "/* Made by tools/make-nodal-table.py. Do not edit. */",
        "static const struct nodal_month nodal_months[] = {",
        "\t/*           M2      O1      K1      K2   */",
    ]
    for month in range(YEARS * 12):
        # Longitude of the moon's ascending node: it goes once around in 18.61 years.
        node = math.radians(125.0445 - 1934.1363 * (month / 1200 - 0.1))
        factors = (
            1.0 - 0.037 * math.cos(node),
            1.009 + 0.187 * math.cos(node),
            1.006 + 0.115 * math.cos(node),
            1.024 + 0.286 * math.cos(node) + 0.008 * math.cos(2 * node),
        )
        row = ", ".join(f"{factor:.4f}" for factor in factors)
        lines.append(f"\t/* {FIRST_YEAR + month // 12}-{month % 12 + 1:02} */ {{ {row} }},")
    lines += ["};", ""]
    return "\n".join(lines).encode()


def tide_curve(width: int = 96, height: int = 48) -> bytes:
    """Return a PNG, black on white, of a day's tide."""
    rows = [bytearray(width) for _ in range(height)]
    for x in range(width):
        phase = 2 * math.pi * x / width
        wave = math.cos(2 * phase - 1.1) + 0.25 * math.cos(phase)
        rows[round((height - 5) * (0.5 - wave / 2.6)) + 2][x] = 1
    packed = b"".join(
        b"\0" + bytes(_bits(row[i : i + 8]) for i in range(0, width, 8)) for row in rows
    )
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    # Stored, not deflated: every zlib then gives the same bytes.
    data = zlib.compress(packed, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _bits(pixels: bytearray) -> int:
    return sum(0 if on else 0x80 >> i for i, on in enumerate(pixels))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


GENERATED: Final[dict[str, Callable[[], bytes]]] = {
    "nodal-table": nodal_table,
    "tide-curve": tide_curve,
}
