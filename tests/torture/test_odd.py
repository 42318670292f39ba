"""Small mails with odd claims: charsets that are none, dates beyond all calendars, NULs in names, counters without end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.end_to_end.program import ROOT, Program
from tests.torture.hostile import escapes

MAILS = ROOT.parent / "shared" / "mails"
CHARSETS = (
    "../../etc/passwd", "/dev/zero", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "rot13", "rot_13", "undefined", "base64_codec", "zlib_codec",
    "bz2", "hex", "uu", "quopri", "utf-7", "utf-16", "utf-32", "mbcs", "oem", "charmap", "string_escape", "x" * 5000, "utf-8\0", "", "é", "utf_8_sig", "hz", "iso2022_jp_ext",
)  # fmt: skip
DATES = (
    "Mon, 2 Jun 99999 10:00:00 +0000", "Mon, 2 Jun 2025 10:00:00 +9999", "Mon, 2 Jun 2025 10:00:00 -9999", "Mon, 2 Jun 0000 10:00:00 +0000", "Mon, 31 Feb 2025 99:99:99 +0000",
    "1 Jan 1 00:00:00 +2359", "31 Dec 9999 23:59:60 -2359", "2 Jun 2025", "now", "", "\0", "Mon, 2 Jun 2025 10:00:00 " + "x" * 9999, "٢ Jun 2025 10:00:00 +0000",
)  # fmt: skip
SUBJECTS = (
    "[PATCH 1/1000000] x", "[PATCH 0/999999999999999999999] x", "[PATCH v99999999999 1/2] x", "[PATCH -1/-2] x", "[PATCH 2/1] x", "[PATCH 1/0] x", "[PATCH ²/³] x",
    "[PATCH\0 1/2] x", "=?utf-8?b?AA==?=", "=?idna?q?xn--?=", "=?unicode_escape?q?\\x41?=", "=?utf-8?q?=00=01=02?=", "Re: " * 5000, "[" * 5000, "[PATCH] " + "é" * 20_000,
)  # fmt: skip


def mail(
    number: int,
    *,
    charset: str = "utf-8",
    date: str = "Mon, 2 Jun 2025 10:00:00 +0000",
    subject: str = "[PATCH] x",
) -> bytes:
    return (
        f'From: "A\0B" <a\0@b.example>\nSubject: {subject}\nDate: {date}\nMessage-ID: <{number}@odd>\n'
        f'Content-Type: text/plain; charset="{charset}"\n\nText +AGE- =?utf-8?q?a?= \\x41 éèà\n---\n'
        "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"
    ).encode()


def boxes() -> dict[str, bytes]:
    found = {
        "charsets": [mail(at, charset=charset) for at, charset in enumerate(CHARSETS)],
        "dates": [mail(at, date=date) for at, date in enumerate(DATES)],
        "subjects": [mail(at, subject=subject) for at, subject in enumerate(SUBJECTS)],
    }
    return {
        name: b"".join(b"From a@b Mon Jun  2 12:00:00 2025\n" + one + b"\n" for one in mails)
        for name, mails in found.items()
    }


def look(program: Program, path: Path) -> int:
    """Run everything that reads on a file; return how many mails there were."""
    status, out, err = program.run("series", str(path), "--all", "--json")
    assert status in {0, 1}
    assert escapes((out + err).encode(), screen=False) == [] or status == 0
    ids = []
    for line in out.splitlines():
        record = json.loads(line)
        ids.append(record["id"])
        ids += [
            patch["message_id"]
            for version in record.get("versions", ())
            for patch in version["patches"]
        ]
    for one in ids[:4]:
        status, out, err = program.run("show", one, "--in", str(path), "--json")
        assert status == 0, (one, err)
        json.loads(out)
        assert program.run("show", one, "--in", str(path))[0] == 0
    for form in ("html", "json"):
        status, out, err = program.run("digest", "1970-01-01..", str(path), "--format", form)
        assert status in {0, 1}, err
        assert err.count("\n") <= 3
    return len(ids)


@pytest.mark.parametrize("name", ["charsets", "dates", "subjects"])
def test_odd_claims_are_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.mbox"
    path.write_bytes(boxes()[name])
    program = Program(tmp_path)
    assert look(program, path) >= {"charsets": 1, "dates": 1, "subjects": 5}[name]
    program.do("follow", "odd", str(path))
    program.do("sync")
    assert program.records("series", "--all")


@pytest.mark.timeout(600)
def test_odd_mails_of_other_projects_are_read(tmp_path: Path) -> None:
    if not MAILS.exists():
        pytest.skip("the mails lie beside the project")
    files = sorted(path for path in MAILS.rglob("*") if path.is_file() and path.suffix != ".json")
    step = 1 if os.environ.get("TORTURE_FULL") == "1" else 40
    program = Program(tmp_path)
    assert sum(look(program, path) for path in files[::step]) > 0
