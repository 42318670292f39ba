"""`git am` makes the same commits from an mboxrd as from the original mails."""

from __future__ import annotations

import base64
import binascii
import subprocess
from pathlib import Path

import pytest

from core.sources.mbox import to_mboxrd

HEAD = "From: Ann <ann@example.org>\nSubject: [PATCH] a: b\nDate: Mon, 04 Mar 2024 10:00:00 +0000\n"
DIFF = "diff --git a/t b/t\n--- a/t\n+++ b/t\n@@ -1,5 +1,5 @@\n one\n-two\n+TWO\n three\n\n\n"
TEXT = f"Why.\n---\n{DIFF}"
MULTIPART = "Content-Type: multipart/mixed; boundary=B\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository whose file `t` ends in two blank lines."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "t").write_bytes(b"one\ntwo\nthree\n\n\n")
    git(folder, "add", "t")
    git(folder, "commit", "-qm", "first")
    return folder


def git(folder: Path, *words: str, data: bytes | None = None) -> str:
    who = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def encoded(text: bytes, how: str) -> bytes:
    body = base64.encodebytes(text) if how == "base64" else binascii.b2a_qp(text, istext=False)
    return f"Content-Type: text/plain\nContent-Transfer-Encoding: {how}\n\n".encode() + body


CRLF = TEXT.replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    "mail",
    [
        f"{HEAD}\n{TEXT}".encode(),
        f"{HEAD}\n{TEXT}".replace("\n", "\r\n").encode(),
        HEAD.encode() + encoded(CRLF, "base64"),
        HEAD.encode() + encoded(CRLF, "quoted-printable"),
        f"{HEAD}{MULTIPART}\n--B\n".encode() + encoded(CRLF, "base64") + b"--B--\n",
    ],
    ids=["blank lines at the end", "CRLF", "base64", "quoted-printable", "in a part"],
)
def test_it_applies(repository: Path, mail: bytes) -> None:
    git(
        repository,
        "am",
        "-q",
        "--patch-format=mboxrd",
        data=to_mboxrd(
            [
                mail,
            ]
        ),
    )
    assert (repository / "t").read_bytes() == b"one\nTWO\nthree\n\n\n"


def test_several_mails_apply_in_a_row(repository: Path) -> None:
    second = f"{HEAD}\n{TEXT}".replace("-two\n+TWO", "-TWO\n+2").encode()
    git(repository, "am", "-q", "--patch-format=mboxrd",
        data=to_mboxrd([f"{HEAD}\n{TEXT}".encode(), second]))  # fmt: skip
    assert (repository / "t").read_bytes() == b"one\n2\nthree\n\n\n"


def test_line_ends_that_the_patch_says_stay() -> None:
    mixed = TEXT.replace("+TWO\n", "+TWO\r\n").encode()
    for how in ("base64", "quoted-printable"):
        mail = HEAD.encode() + encoded(mixed, how)
        assert mail in to_mboxrd([mail])


def test_what_is_no_text_stays_as_it_came() -> None:
    image = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
    mail = HEAD.encode() + image + base64.encodebytes(b"a\r\nb\r\n")
    assert mail in to_mboxrd([mail])
