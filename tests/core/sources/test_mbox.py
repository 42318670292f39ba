"""Where one mail of an mbox ends and the next begins."""

from __future__ import annotations

import subprocess
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.sources import mbox

SEPARATOR = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "mails"


def split(data: bytes, *, size: int = 1 << 20, cap: int = mbox.MAIL_CAP) -> list[bytes]:
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    return [mbox.unescape_from(piece.escaped) for piece in mbox.split(chunks, cap=cap)]


def write_mboxrd(mails: list[bytes]) -> bytes:
    """Write as the format asks for: one more `>` before each `>…>From `, and a blank line after each mail."""
    written = bytearray()
    for mail in mails:
        written += SEPARATOR
        for line in mail.splitlines(keepends=True):
            escaped = line.lstrip(b">").startswith(b"From ")
            written += (b">" if escaped else b"") + line
        written += b"\n"
    return bytes(written)


@pytest.mark.parametrize(
    "line",
    [
        b"From nobody Mon Sep 17 00:00:00 2001",
        b"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001",
        b"From author@example.org Thu Jan  1 00:00:00 1970",
        b"From author@example.org  Thu Jan 1 0:00 1970",
        b"From - Tue Jan 01 00:00:00 2013",
        b"From 1234@xxx Mon Sep 17 00:00:00 +0000 2001",
        b"From author at example.org  Fri Feb  1 10:00:00 2008",
        b"From author@example.org Fri Feb  1 10:00:00 CET 2008",
        b"From author@example.org Fri, 01 Feb 2008 10:00:00 +0100",
        b"From author@example.org Fri Feb  1 10:00:00 2008\r",
    ],
)
def test_a_dated_from_line_separates(line: bytes) -> None:
    assert mbox.is_separator(line)


@pytest.mark.parametrize(
    "line",
    [
        b"From here on it is easy",
        b"From: author@example.org",
        b">From nobody Mon Sep 17 00:00:00 2001",
        b" From nobody Mon Sep 17 00:00:00 2001",
        b"From 10:30 to 2019",
        b"From Monday on, as of 2019",
        b"From Mon Sep to the 17th",
        b"From Mon Sep 17 on, in the year 2001",
        b"From Mon Sep 17 10:00 on",
        b"from nobody Mon Sep 17 00:00:00 2001",
    ],
)
def test_other_lines_do_not(line: bytes) -> None:
    assert not mbox.is_separator(line)


HEAD = b"Subject: s\n\n"
SPLITS = {
    "two mails": (
        SEPARATOR + HEAD + b"a\n\n" + SEPARATOR + HEAD + b"b\n",
        [HEAD + b"a\n", HEAD + b"b\n"],
    ),
    "no blank line before": (
        SEPARATOR + HEAD + b"a\n" + SEPARATOR + HEAD,
        [HEAD + b"a\n", HEAD[:-1]],
    ),
    "text that begins with From": (
        SEPARATOR + HEAD + b"\nFrom here on\n",
        [HEAD + b"\nFrom here on\n"],
    ),
    "a separator that no header follows": (
        SEPARATOR + HEAD + b"quoted:\n\n" + SEPARATOR + b"\nand more\n",
        [HEAD + b"quoted:\n\n" + SEPARATOR + b"\nand more\n"],
    ),
    "a separator at the very end": (
        SEPARATOR + HEAD + b"a\n\n" + SEPARATOR,
        [HEAD + b"a\n\n" + SEPARATOR],
    ),
    "mboxrd": (
        SEPARATOR + HEAD + b">From a\n>>From b\n>> From c\n",
        [HEAD + b"From a\n>From b\n>> From c\n"],
    ),
    "CRLF": (
        (SEPARATOR + HEAD + b"a\n\n" + SEPARATOR + HEAD + b">From b\n").replace(b"\n", b"\r\n"),
        [b"Subject: s\r\n\r\na\r\n", b"Subject: s\r\n\r\nFrom b\r\n"],
    ),
    "blank lines first": (b"\n  \n\n" + SEPARATOR + HEAD + b"a\n", [HEAD + b"a\n"]),
    "an undated first line": (b"From somebody\n" + HEAD + b"a\n", [HEAD + b"a\n"]),
    "a From line out of UUCP's times": (
        SEPARATOR + HEAD + b"\n" + SEPARATOR + b">From uucp Mon Sep 17 00:00:00 2001\n" + HEAD,
        [HEAD + b"", b"From uucp Mon Sep 17 00:00:00 2001\n" + HEAD[:-1]],
    ),
    "nothing": (b"", []),
    "blank lines only": (b"\n\n \n", []),
    "only a separator": (SEPARATOR, [b""]),
}


@pytest.mark.parametrize("case", SPLITS)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_mails_are_told_apart(case: str, size: int) -> None:
    data, expected = SPLITS[case]
    assert split(data, size=size) == expected


LINE = st.sampled_from(
    [b"", b"text", b"From here on", b">From there", b">>From", b"From: me", b">From x Mon Sep 17 00:00:00 2001",
     b"From x Mon Sep 17 00:00:00 2001", b"Subject: [PATCH]", b"\xff\x00", b"\r", b"-- "]
)  # fmt: skip
MAIL = st.lists(LINE, max_size=12).map(
    lambda lines: b"Subject: s\n" + b"".join(line + b"\n" for line in lines)
)


@given(mails=st.lists(MAIL, min_size=1, max_size=5), size=st.integers(1, 200))
@example(mails=[b"Subject: s\n\n", b"Subject: s\n\n\n"], size=3)
@settings(max_examples=150, deadline=None)
def test_what_is_written_as_mboxrd_is_read_again(mails: list[bytes], size: int) -> None:
    assert split(write_mboxrd(mails), size=size) == mails


@given(data=st.lists(LINE, max_size=40).map(b"\n".join), size=st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_pieces_say_where_they_lie_whatever_the_chunks(data: bytes, size: int) -> None:
    whole = list(mbox.split([data]))
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert list(mbox.split(chunks)) == whole
    for piece in whole:
        assert data[piece.offset : piece.offset + piece.length] == piece.escaped


@pytest.mark.parametrize("size", [1, 100, 2047, 2048, 2049, 10_000])
def test_a_first_line_that_is_longer_than_a_separator_is_none(size: int) -> None:
    data = b"From " + b"9" * 5000 + b"\nSubject: x\n\ntext\n"
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    (only,) = mbox.split(chunks)
    assert (only.offset, only.escaped) == (0, data)


def test_a_mail_over_the_cap_keeps_its_beginning_and_the_next_is_found() -> None:
    big = HEAD + b"x" * 79 + b"\n" * 1 + b"line\n" * 20_000
    data = SEPARATOR + big + b"\n" + SEPARATOR + HEAD + b"next\n"
    first, second = mbox.split([data[at : at + 999] for at in range(0, len(data), 999)], cap=1000)
    assert first.escaped == big[:1000]
    assert (first.offset, first.length) == (len(SEPARATOR), len(big) + 1)
    assert second.escaped == HEAD + b"next\n"
    assert data[second.offset :] == second.escaped


def test_memory_is_bounded_by_the_cap_not_by_the_mail() -> None:

    def endless() -> Iterator[bytes]:
        yield SEPARATOR + HEAD
        for _ in range(200):
            yield b"a line of a mail that does not end\n" * 8000

    tracemalloc.start()
    (piece,) = mbox.split(endless(), cap=1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert piece.length > 50 << 20
    assert peak < 6 << 20


@pytest.mark.parametrize(
    "data",
    [
        b"From x\n" * 700_000,
        b"From Mon Sep 17 " * 300_000,
        b">" * 5_000_000,
        (b">" * 5000 + b"From\n") * 1000,
        b" " * 5_000_000,
        b"\n" * 5_000_000,
        SEPARATOR * 120_000,
    ],
    ids=[
        "From lines",
        "one long From line",
        "one long quote",
        "quotes",
        "blanks",
        "blank lines",
        "separators",
    ],
)
def test_hostile_mailboxes_take_linear_time(data: bytes) -> None:
    started = time.process_time()
    split(data, size=64 << 10)
    split(SEPARATOR + HEAD + data, size=64 << 10)
    assert time.process_time() - started < 3


KINDS = {
    "mbox": (SEPARATOR + HEAD, "mbox"),
    "an undated From and a header": (b"From me\nSubject: s\n", "mbox"),
    "blank lines, then an mbox": (b"\n   \n" + SEPARATOR + HEAD, "mbox"),
    "a mail": (b"Received: from x\n\tby y\nSubject: s\n\ntext", "mail"),
    "a mail with CRLF": (b"X-Odd: 1\r\nSubject: s\r\n\r\ntext", "mail"),
    "prose": (b"From me to you.\nNothing else.\n", ""),
    "prose with a colon": (b"Note: this is no mail.\n\nSubject: neither\n", ""),
    "a diff": (b"diff --git a/a b/a\n", ""),
    "an address": (b"https://example.org/\n", ""),
    "binary": (b"\x7fELF\0\0\0", ""),
    "nothing": (b"", ""),
}


@pytest.mark.parametrize("case", KINDS)
def test_the_kind_of_a_file_shows_at_its_beginning(case: str) -> None:
    data, kind = KINDS[case]
    assert mbox.sniff_format(data) == kind


def shared_mailboxes() -> list[Path]:
    found = [*SHARED.glob("git-t/data/t5100/*.mbox*"), *SHARED.glob("patchwork/data/series/*.mbox")]
    return sorted(found)


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the collection of odd mails is not beside the project"
)
def test_git_mailsplit_splits_the_same(tmp_path: Path) -> None:
    mailboxes = shared_mailboxes()
    assert len(mailboxes) > 20
    for path in mailboxes:
        out = tmp_path / path.name
        out.mkdir()
        subprocess.run(
            ["git", "mailsplit", "--mboxrd", "--keep-cr", f"-o{out}", str(path)],
            check=True,
            capture_output=True,
        )
        theirs = [file.read_bytes().partition(b"\n")[2] for file in sorted(out.iterdir())]
        ours = split(path.read_bytes())
        # git keeps the blank line before a separator.
        assert [mail.rstrip(b"\n") for mail in ours] == [mail.rstrip(b"\n") for mail in theirs], (
            path
        )
