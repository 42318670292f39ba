"""Mails made to be slow: each costs time in its size alone, and names every cut."""

from __future__ import annotations

import base64
import time

import pytest

from core.mail.message import parse_mail, parse_message

HEAD = b"From: a@b\nSubject: [PATCH] x\nMessage-ID: <a@b>\n"
DIFF = b"---\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"
MB = 1_000_000


def body(text: bytes, *headers: bytes) -> bytes:
    return HEAD + b"".join(each + b"\n" for each in headers) + b"\n" + text


def fill(piece: bytes, size: int = MB) -> bytes:
    return piece * (size // len(piece))


def multipart(piece: bytes, size: int) -> bytes:
    return body(fill(piece, size), b"Content-Type: multipart/mixed; boundary=x")


def nested(depth: int) -> bytes:
    levels = (
        b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (at, at + 1)
        for at in range(depth)
    )
    return body(b"".join(levels), b"Content-Type: multipart/mixed; boundary=b0")


HTML = b"Content-Type: text/html"
FLOWED = b"Content-Type: text/plain; format=flowed"
BASE64 = b"Content-Transfer-Encoding: base64"

CASES: dict[str, tuple[bytes, str]] = {
    # Headers
    "a subject of brackets": (b"Subject: " + fill(b"[ ", 40_000) + b"\n\n", "subject too long"),
    "a huge subject of brackets": (b"Subject: " + fill(b"[ ") + b"\n\n", "Subject header too long"),
    "a subject of word beginnings": (b"Subject: " + fill(b"=?u?q?") + b"\n\n", "Subject header too long"),
    "a million header lines": (b"a: b\n" * MB + b"\nx", "too many header lines"),
    "a million folded lines": (b"References:\n" + b" <a@b>\n" * MB + b"\nx", "too many header lines"),
    "many references": (
        b"References: " + b" ".join(b"<%d@x>" % at for at in range(100_000)) + b"\n\n",
        "too many references",
    ),
    "a From of commas": (b"From: " + fill(b"a,") + b"\n\n", "From header too long"),
    "a From of quotes": (b"From: " + fill(b'"\\') + b"\n\n", "From header too long"),
    "a From of brackets": (b"From: " + fill(b"<(") + b"\n\n", "From header too long"),
    "a From of encoded words": (b"From: " + fill(b"=?utf-8?q?a") + b"\n\n", "From header too long"),
    "a type of parameters": (b"Content-Type: x/y" + fill(b'; a="\\') + b"\n\n", "Content-Type header too long"),
    "a header that nobody wants": (b"Received: x;" + fill(b" 1 jan") + b"\n\n", ""),
    "a date of numbers": (b"Date: " + fill(b"1 jan ") + b"\n\n", "Date header too long"),
    # Parts
    "deep parts": (nested(10_000), "parts nested too deep"),
    "deep mails": (body(fill(b"Content-Type: message/rfc822\n\n"), b"Content-Type: message/rfc822"), "parts nested too deep"),
    "many parts": (multipart(b"--x\n\na\n", 100_000 * 7), "too many parts"),
    "parts in parts": (multipart(b"--x\nContent-Type: multipart/mixed; boundary=x\n\n", MB), "too many parts"),
    "boundaries that are none": (multipart(b"--xy", 2 * MB), "line too long"),
    "dashes for a boundary": (multipart(b"-", 2 * MB), "line too long"),
    # Text
    "a long line": (body(b"x" * (10 * MB)), "line too long"),
    "more text than is kept": (body(fill(b"x" * 99 + b"\n", 20 * MB)), "text too large"),
    "key: value": (body(fill(b"key: value\n", 154_000)), ""),
    "much key: value": (body(fill(b"key: value\n", 2 * MB)), ""),
    "names without an address": (body(fill(b"Acked-by: a\n", 2 * MB)), ""),
    "trailers in paragraphs": (body(fill(b"Acked-by: a <a@b>\n\n", 2 * MB) + DIFF), ""),
    "a trailer folded for ever": (body(b"x\n\nAcked-by: a <a@b>\n" + fill(b" x\n") + DIFF), ""),
    "blank lines": (body(b"\n" * (10 * MB)), ""),
    "carriage returns": (b"\r" * (10 * MB), ""),
    "dashes": (body(fill(b"---\n", 2 * MB)), ""),
    "file names": (body(fill(b"--- x\n", 2 * MB)), ""),
    "diffs that are none": (body(fill(b"diff -\nIndex: \n", 2 * MB)), ""),
    "hunks": (body(DIFF + fill(b"@@ -1 +1 @@\n-a\n+b\n", 2 * MB) + b"-- \n2.49\n"), ""),
    "in-body headers": (body(b"From: a\n" + fill(b" a\n", 2 * MB) + DIFF), ""),
    "bytes that are no UTF-8": (body(fill(b"\xff" * 99 + b"\n", 2 * MB)), ""),
    "quotes to unflow": (body(fill(b"> a \n", 2 * MB), FLOWED), "line too long"),
    "html of openings": (body(fill(b"<a ", 2 * MB), HTML), ""),
    "html of comments": (body(fill(b"<!--", 2 * MB), HTML), ""),
    "html of huge numbers": (body(fill(b"&#" + b"9" * 5000 + b";<p>", 2 * MB), HTML), ""),
    "html of blocks": (body(fill(b"<div>", 2 * MB), HTML), ""),
    "quoted-printable": (body(fill(b"=\n=3D=3", 2 * MB), b"Content-Transfer-Encoding: quoted-printable"), "line too long"),
    "base64 of paddings": (body(fill(b"QUJD=\n", 2 * MB), BASE64), "line too long"),
    "base64 with junk": (body(fill(b"Q*=\n", 2 * MB), BASE64), "line too long"),
    "base64 of a long line": (body(base64.b64encode(b"x" * (2 * MB)) + b"\n", BASE64), "line too long"),
}  # fmt: skip

SECONDS_FOR_A_MEGABYTE = 2.0
"""About five times the slowest on an idle machine; cost that is not linear needs a hundred times as much."""


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_mail_costs_linear_time(name: str) -> None:
    raw, truncations = CASES[name]
    allowed = 0.3 + SECONDS_FOR_A_MEGABYTE * len(raw) / MB
    began = time.process_time()
    message = parse_message(raw)
    facts = time.process_time() - began
    opened = parse_mail(raw)
    whole = time.process_time() - began - facts
    assert facts < allowed
    assert whole < 2 * allowed
    assert opened.message == message
    assert (truncations in message.truncations) if truncations else message.truncations == ()
