"""The named monsters: files that are large, deep, many or packed in a way that nobody sends by accident.

Each is written in pieces, so that the test itself needs little memory, and at a size that `FULL` multiplies.
"""

from __future__ import annotations

import base64
import gzip
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FULL: Final = os.environ.get("TORTURE_FULL") == "1"
"""All of it, as `make torture` runs it; else a fiftieth."""

MB: Final = 1_000_000
HEAD: Final = b"From: A <a@b.example>\nDate: Mon, 02 Jun 2025 10:00:00 +0000\nSubject: [PATCH] x\nMessage-ID: <x@y>\n"
DIFF: Final = b"---\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n"


def scaled(number: int) -> int:
    return number if FULL else number // 50


@dataclass(frozen=True, slots=True)
class Monster:
    """One file, and its budget."""

    pieces: Callable[[], Iterator[bytes]]
    seconds: float
    """CPU time of a command at full size; a scaled one may take its share, and a second for starting."""
    says: str = ""
    """Text that the notes on cuts must have."""
    suffix: str = ".eml"
    found: str = "x@y"
    """The Message-ID to be found in it; "" where nothing must be."""


def fill(piece: bytes, size: int) -> Iterator[bytes]:
    """Yield so many bytes, in chunks of about a megabyte."""
    many = piece * max(1, MB // len(piece))
    for _ in range(size // len(many)):
        yield many
    yield many[: size % len(many)]


def body(piece: bytes, size: int, *headers: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield HEAD + b"".join(header + b"\n" for header in headers) + b"\n"
        yield from fill(piece, scaled(size))

    return pieces


def headers(
    piece: bytes, size: int, after: bytes = b"\n\nText.\n"
) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield HEAD
        yield from fill(piece, scaled(size))
        yield after

    return pieces


def nested() -> Iterator[bytes]:
    yield HEAD + b"Content-Type: multipart/mixed; boundary=b0\n\n"
    for at in range(scaled(10_000)):
        yield b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (at, at + 1)
    yield b"Text.\n"


def letters() -> Iterator[bytes]:
    yield HEAD + b"Content-Type: message/rfc822\n\n"
    for _ in range(scaled(10_000)):
        yield b"Subject: y\nContent-Type: message/rfc822\n\n"


def coded_again() -> Iterator[bytes]:
    data = b"x" * 1000
    for _ in range(20 if FULL else 12):  # each time a third larger
        data = base64.encodebytes(b"Content-Transfer-Encoding: base64\n\n" + data)
    yield HEAD + b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + data


def bomb(size: int) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield gzip.compress(b"From a@b Mon Jun  2 12:00:00 2025\n" + HEAD + b"\n")
        member = gzip.compress(bytes(16 * MB))
        for _ in range(scaled(size) // (16 * MB) + 1):
            yield member

    return pieces


def references() -> Iterator[bytes]:
    yield HEAD + b"References:"
    for at in range(scaled(100_000)):
        yield b"\n <%d@ref.example>" % at
    yield b"\n\nText.\n"


def mails(make: Callable[[int], bytes], count: int) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        for at in range(scaled(count)):
            yield b"From a@b Mon Jun  2 12:00:00 2025\n" + make(at) + b"\n"

    return pieces


def circle(at: int) -> bytes:
    count = scaled(50_000)
    return (
        b"From: a@b\nSubject: [PATCH %d/9] x\nMessage-ID: <%d@c>\nIn-Reply-To: <%d@c>\nReferences: <%d@c> <%d@c>\n\nText.\n"
        % (at % 9 + 1, at, (at + 1) % count, (at + 7) % count, at)
    )


def version(at: int) -> bytes:
    return (
        b"From: A <a@b.example>\nDate: Mon, 02 Jun 2025 10:00:00 +0000\nSubject: [PATCH v%d] x\nMessage-ID: <%d@v>\n\nText.\n%s@@ -1 +1 @@\n-a\n+b\n"
        % (at + 1, at, DIFF)
    )


def chain(at: int) -> bytes:
    return b"From: a@b\nSubject: Re: x\nMessage-ID: <%d@d>\nIn-Reply-To: <%d@d>\n\nText.\n" % (
        at,
        at - 1,
    )


MONSTERS: Final[dict[str, Monster]] = {
    "a mail of 1 GB": Monster(body(b"x" * 71 + b"\n", 1000 * MB), 25, "text too large"),
    "a header of 100 MB": Monster(headers(b"X-Long: " + b"x" * 60 + b"\n", 100 * MB), 12, "headers too large"),
    "a header line of 100 MB": Monster(headers(b"x" * 64, 100 * MB), 12, "too"),
    "1,000,000 header lines": Monster(headers(b"a: b\n", 5 * MB), 8, "too"),
    "1,000,000 folded lines": Monster(headers(b" x\n", 3 * MB), 8, "too"),
    "10,000 parts in parts": Monster(nested, 3, "parts nested too deep"),
    "10,000 mails in mails": Monster(letters, 3, "parts nested too deep"),
    "100,000 parts": Monster(body(b"--x\n\na\n", 700_000, b"Content-Type: multipart/mixed; boundary=x"), 3, "too many parts"),
    "base64 of base64": Monster(coded_again, 4, ""),
    "a packed mbox of 10 GB": Monster(bomb(10_000 * MB), 60, "", ".mbox.gz"),
    "100,000 references": Monster(references, 3, "too many references"),
    "50,000 mails that answer in circles": Monster(mails(circle, 50_000), 60, "", ".mbox", "0@c"),
    "50,000 mails each answering the one before": Monster(mails(chain, 50_000), 60, "", ".mbox", "0@d"),
    "a diff of 1,000,000 lines": Monster(body(DIFF + b"@@ -1,9 +1,9 @@\n" + b" a\n-b\n+c\n" * 200, 3 * MB), 15, ""),
    "a hunk of 1,000,000 lines": Monster(headers(b"+a\n", 3 * MB, b"-- \n"), 10, ""),
    "a line of 100 MB": Monster(body(b"x", 100 * MB), 10, "line too long"),
    "a flood of soft line breaks": Monster(body(b"=\n", 100 * MB, b"Content-Transfer-Encoding: quoted-printable"), 15, ""),
    "a subject of 1 MB": Monster(headers(b"[", MB), 3, ""),
    "5,000 versions": Monster(mails(version, 5000 if FULL else 50_000), 30, "", ".mbox", "0@v"),
}  # fmt: skip
MONSTERS["a hunk of 1,000,000 lines"] = Monster(
    body(b"+a\n", 3 * MB, b"", *DIFF.splitlines(), b"@@ -0,0 +1,999999999 @@"), 10
)
MONSTERS["a subject of 1 MB"] = Monster(
    lambda: iter(
        (b"Message-ID: <x@y>\nSubject: [PATCH] ", b"[a " * (scaled(MB) // 3), b"\n\nText.\n")
    ),
    3,
)


def write(monster: Monster, path: Path) -> int:
    """Write a monster's file; return its size."""
    size = 0
    with path.open("wb") as file:
        for piece in monster.pieces():
            size += file.write(piece)
    return size
