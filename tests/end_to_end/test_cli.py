"""The command line as scripts see it: exit codes, JSON, text without controls, mboxes that `git am` takes."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tui.cli.main import main

ROOT = Path(__file__).resolve().parents[2]

DIFF = """\
---
 greeting | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/greeting b/greeting
index ce01362..{index} 100644
--- a/greeting
+++ b/greeting
@@ -1 +1 @@
-{old}
+{new}
--\x20
2.39.5
"""


def mail(
    number: str,
    subject: str,
    body: str,
    *,
    answers: str = "",
    sender: str = "Ann <ann@example.org>",
) -> str:
    """Return an mbox entry; `number` is the local part of its Message-ID."""
    reply = f"In-Reply-To: <{answers}@example.org>\n" if answers else ""
    return (
        "From mboxrd@z Thu Jan  1 00:00:00 1970\n"
        f"From: {sender}\nTo: list@example.org\nSubject: {subject}\n"
        f"Date: Mon, 02 Nov 2026 06:40:0{len(number) % 10} +0000\n"
        f"Message-ID: <{number}@example.org>\nList-Id: <hello.example.org>\n{reply}\n{body}\n"
    )


def patch(old: str, new: str, index: str, message: str) -> str:
    return f"{message}\n\nSigned-off-by: Ann <ann@example.org>\n" + DIFF.format(
        old=old, new=new, index=index
    )


@pytest.fixture
def mbox(tmp_path: Path) -> Path:
    """A cover letter, two patches, a review, a hostile mail, and an incomplete series."""
    path = tmp_path / "hello.mbox"
    path.write_text(
        mail("c", "[PATCH v2 0/2] Say more", "Two steps.")
        + mail("p1", "[PATCH v2 1/2] Say hi", patch("hello", "hi", "45b983b", "Shorter.\n\n>From here on."), answers="c")
        + mail("p2", "[PATCH v2 2/2] Say ho", patch("hi", "ho", "1d0b5c9", "Merrier."), answers="c")
        + mail("r", "Re: [PATCH v2 1/2] Say hi", "> +hi\n\nNice.\n\nReviewed-by: Bo <bo@example.org>", answers="p1", sender="Bo <bo@example.org>")
        + mail("half", "[PATCH 2/3] Half a thing", patch("ho", "hum", "1d0b5c9", "Two of three."))
        + mail("evil", "=?utf-8?q?=1b]0;owned=07_[red]x=E2=80=AEy?=", "\x1b[2J\x9b31m\u202e boo"),
        encoding="utf-8",
    )  # fmt: skip
    return path


def run(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[int, bytes, str]:
    """Run a command in this process; return its status, standard output and standard error."""
    try:
        status = main(arguments)
    except SystemExit as end:
        status = int(end.code or 0)
    out, err = capfdbinary.readouterr()
    return status, out, err.decode()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    return home


def objects(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.decode().splitlines()]


def test_series_as_json(mbox: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    status, out, err = run(capfdbinary, "series", str(mbox), "--json")
    assert (status, err) == (0, "")
    found = {record["id"]: record for record in objects(out)}
    assert set(found) == {"c@example.org", "half@example.org"}
    whole = found["c@example.org"]
    assert whole["kind"] == "series"
    assert whole["subject"] == "Say more"
    assert whole["lists"] == []  # of a file nobody knows which list it is from
    assert whole["author"] == {"name": "Ann", "address": "ann@example.org"}
    assert whole["replies"] == 1
    (version,) = whole["versions"]
    assert (version["version"], version["total"], version["cover"]) == (2, 2, "c@example.org")
    assert version["complete"]
    assert [(p["number"], p["subject"]) for p in version["patches"]] == [
        (1, "Say hi"),
        (2, "Say ho"),
    ]
    assert whole["trailers"] == [
        {
            "name": "Reviewed-by",
            "value": "Bo <bo@example.org>",
            "number": 1,
            "version": 2,
            "posting": "c@example.org",
            "message_id": "r@example.org",
        }
    ]
    assert found["half@example.org"]["versions"][0]["missing"] == [1, 3]


def test_all_adds_the_threads(mbox: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    _, out, _ = run(capfdbinary, "series", str(mbox), "--json", "--all")
    kinds = {record["id"]: record["kind"] for record in objects(out)}
    assert kinds["evil@example.org"] == "thread"


@pytest.mark.parametrize(
    "arguments", [("series", "--all"), ("show", "--in"), ("series", "--all", "--json")]
)
def test_text_carries_no_control_of_a_mail(
    mbox: Path, capfdbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...]
) -> None:
    command = ["show", "evil@example.org", "--in", str(mbox)] if arguments[0] == "show" else [*arguments[:1], str(mbox), *arguments[1:]]  # fmt: skip
    status, out, _ = run(capfdbinary, *command)
    assert status == 0
    text = out.decode()
    assert "owned" in text
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)


def test_show_as_json(mbox: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    status, out, _ = run(capfdbinary, "show", "<p1@example.org>", "--in", str(mbox), "--json")
    assert status == 0
    (record,) = objects(out)
    assert record["message_id"] == "p1@example.org"
    assert record["subject"] == "[PATCH v2 1/2] Say hi"
    assert record["from"] == {"name": "Ann", "address": "ann@example.org"}
    assert record["in_reply_to"] == "c@example.org"
    assert record["files"] == [
        {"path": "greeting", "old_path": None, "added": 1, "removed": 1, "status": "modified"}
    ]
    assert record["trailers"] == [{"name": "Signed-off-by", "value": "Ann <ann@example.org>"}]
    assert record["lists"] == []
    assert not record["capped"]


@pytest.mark.parametrize(
    "pasted",
    [
        "Message-ID: <p1@example.org>", "<p 1@ example.org>", "https://lore.kernel.org/r/p1@example.org",
    ],
)  # fmt: skip
def test_a_message_is_shown_by_what_is_pasted(
    mbox: Path, capfdbinary: pytest.CaptureFixture[bytes], pasted: str
) -> None:
    status, out, _ = run(capfdbinary, "show", pasted, "--in", str(mbox), "--json")
    assert (status, objects(out)[0]["message_id"]) == (0, "p1@example.org")
    status, _, err = run(capfdbinary, "versions", pasted, "--in", str(mbox))
    assert (status, "no message" in err) == (1, False)


def test_raw_is_the_bytes_as_they_came(
    mbox: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    status, out, _ = run(capfdbinary, "show", "evil@example.org", "--in", str(mbox), "--raw")
    assert status == 0
    assert "\x1b[2J\x9b31m\u202e boo".encode() in out
    assert out.startswith(b"From: Ann <ann@example.org>\n")


def test_mbox_goes_through_git_am(
    mbox: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    status, out, _ = run(capfdbinary, "show", "r@example.org", "--in", str(mbox), "--mbox")
    assert status == 0
    tree = tmp_path / "tree"
    git = ["git", "-C", str(tree), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    (tree / "greeting").write_text("hello\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "start"], check=True)
    subprocess.run([*git, "am", "-q", "--patch-format=mboxrd"], input=out, check=True)
    assert (tree / "greeting").read_text() == "ho\n"
    log = subprocess.run([*git, "log", "--format=%B", "-2"], capture_output=True, check=True).stdout
    assert b"\nFrom here on.\n" in log


def test_an_incomplete_series_is_named_unless_partial_will_do(
    mbox: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    arguments = ("show", "half@example.org", "--in", str(mbox), "--mbox")
    status, out, err = run(capfdbinary, *arguments)
    assert (status, out) == (1, b"")
    assert "1/3, 3/3" in err
    status, out, err = run(capfdbinary, *arguments, "--partial")
    assert (status, err) == (0, "")
    assert out.count(b"\nSubject: ") == 1


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("series", "no-such-file.mbox"), 1, "no-such-file.mbox"),
        (("show", "who@example.org", "--in", "MBOX"), 1, "There is no message who@example.org"),
        (("show", "evil@example.org", "--in", "MBOX", "--mbox"), 1, "belongs to no patch series"),
        (("show", "evil@example.org", "--partial"), 2, "go with --mbox"),
        (("show",), 2, "ID"),
        (("series", "MBOX", "--list", "x"), 2, "--list is for the index"),
        (("frobnicate",), 2, "frobnicate"),
        (("series", "MBOX", "--\x1b]0;x\x07"), 2, "␛]0;x␇"),
        (("open", "MBOX"), 1, "The reader needs a terminal"),
        (("demo",), 1, "patchdesk series"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    mbox: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    arguments: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    got, out, err = run(capfdbinary, *(word.replace("MBOX", str(mbox)) for word in arguments))
    assert (got, out) == (status, b"")
    assert said in err
    assert "Traceback" not in err
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_standard_input_and_gzip(mbox: Path, tmp_path: Path) -> None:
    packed = tmp_path / "hello.mbox.gz"
    packed.write_bytes(gzip.compress(mbox.read_bytes()))
    command = [sys.executable, "-m", "tui.cli.main", "series", "--json"]
    piped = subprocess.run([*command, "-"], input=mbox.read_bytes(), capture_output=True, check=True, cwd=ROOT)  # fmt: skip
    unpacked = subprocess.run([*command, packed], capture_output=True, check=True, cwd=ROOT)
    assert objects(piped.stdout) == objects(unpacked.stdout)
    assert len(objects(piped.stdout)) == 2


def test_a_reader_that_leaves_early_is_no_error(mbox: Path) -> None:
    mails = mbox.read_text(encoding="utf-8")
    mbox.write_text(
        "".join(
            mails.replace("@example.org>\nList", f"@{n}.example.org>\nList") for n in range(2000)
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        f"{sys.executable} -m tui.cli.main series {mbox} --all | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", ["config >/dev/full", "series MBOX --json >/dev/full", "show evil@example.org --in MBOX --raw >/dev/full"]
)  # fmt: skip
def test_a_full_disk_is_one_sentence(mbox: Path, arguments: str) -> None:
    line = f"{sys.executable} -m tui.cli.main {arguments.replace('MBOX', str(mbox))}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr == (
        "patchdesk: Standard output cannot be used: No space left on device. Check it, and try again.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ("config >&-", 1, "Standard output is closed"),
        ("demo >&-", 1, "Standard output is closed"),
        ("series - <&-", 1, "Nothing came on standard input"),
        ("open MBOX <&-", 1, "The reader needs a terminal"),
        ("series nonesuch 2>&-", 1, ""),
        ("config 2>&-", 0, ""),
    ],
)
def test_a_closed_stream_is_no_traceback(
    mbox: Path, arguments: str, status: int, said: str
) -> None:
    line = f"{sys.executable} -m tui.cli.main {arguments.replace('MBOX', str(mbox))}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_config_says_which_themes_there_are(
    home: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = home / ".config" / "patchdesk"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('[display]\ntheme = "mauve"\n')
    status, out, err = run(capfdbinary, "config")
    assert status == 0
    assert 'display.theme = "patchdesk" # default' in out.decode()
    (line,) = err.splitlines()
    assert f"{folder / 'config.toml'}: display.theme: it must be one of patchdesk" in line
    assert "nord" in line
    assert line.endswith("the default holds")
    (folder / "config.toml").write_text('[display]\ntheme = "nord"\n')
    status, out, err = run(capfdbinary, "config")
    assert (status, err) == (0, "")
    assert 'display.theme = "nord"' in out.decode()


def test_config_says_what_is_in_force(
    home: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = home / ".config" / "patchdesk"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[fetch]\ndeadline = 9\nspeed = 1\n")
    status, out, err = run(capfdbinary, "config")
    assert status == 0
    assert f"fetch.deadline = 9 # {folder / 'config.toml'}" in out.decode()
    assert "fetch.speed: unknown key" in err
