"""`patchdesk versions` as its user runs it: the demo's series, an mbox made here, JSON, text and HTML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.core.versions.series import raw_mail, raw_patch
from tests.end_to_end.program import ROOT, Program

DEMO = str(ROOT / "core" / "demo" / "demo.mbox")
RELOAD = "20261006-reload-v1-0-e76ca9b0166d@kadal.invalid"
RESENT = "20260911133716.48293-2-hamish@skerry.invalid"
REROLLED = "20260918-client-json-v1-0-7f4d805a4e7b@przystan.invalid"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


def record(program: Program, *arguments: str) -> dict[str, Any]:
    (found,) = program.records("versions", *arguments)
    return found


def test_the_newest_version_is_compared_with_the_one_before(program: Program) -> None:
    found = record(program, RELOAD, "--in", DEMO)
    assert (found["kind"], found["id"]) == ("versions", RELOAD)
    assert (found["old"]["version"], found["new"]["version"]) == (2, 3)
    changes = [
        (pair["old"]["number"], pair["new"]["number"], pair["change"]) for pair in found["pairs"]
    ]
    assert changes == [(1, 1, ["tags"]), (2, 2, ["code", "message"]), (3, 3, ["tags"])]
    first, second, _ = found["pairs"]
    assert (second["added"], second["removed"]) == (5, 1)
    (tag,) = first["tags"]["new"]
    assert (tag["name"], tag["message_id"]) == (
        "Reviewed-by",
        "e775473a2fef2c98@slackwater.example.org",
    )
    assert [item["version"] for item in found["changelog"]] == [3, 3]


def test_any_two_versions_by_number_or_by_a_mail_of_them(program: Program) -> None:
    by_number = record(program, RELOAD, "--in", DEMO, "--old", "1", "--new", "3")
    by_mail = record(
        program, by_number["new"]["id"], "--in", DEMO, "--old", RELOAD, "--new", by_number["pairs"][0]["new"]["message_id"]
    )  # fmt: skip
    assert by_number == by_mail
    assert by_number["pairs"][-1]["old"] is None


def test_a_posting_again_of_one_number_changed_nothing(program: Program) -> None:
    found = record(program, RESENT, "--in", DEMO, "--old", "1", "--new", "1")
    assert [pair["change"] for pair in found["pairs"]] == [[]]


def test_a_partial_reroll_is_compared_as_the_version_it_makes(program: Program) -> None:
    found = record(program, REROLLED, "--in", DEMO)
    assert [pair["change"] for pair in found["pairs"]] == [[], [], ["code"], []]
    assert (found["new"]["version"], found["new"]["minor"]) == (2, 1)


def test_one_patch_line_by_line(program: Program) -> None:
    found = record(program, RELOAD, "--in", DEMO, "--patch", "2")
    (pair,) = found["pairs"]
    rows = [row for file in pair["files"] for row in file["rows"]]
    assert {row["was"] for row in rows} <= {"+", "-", " ", None}
    came = [row for row in rows if row["was"] is None and row["is"] == "+" and not row["moved"]]
    assert len(came) == pair["added"]
    text = program.do("versions", RELOAD, "--in", DEMO, "--patch", "2")
    assert sum(line.startswith(">+") for line in text.splitlines()) >= 5


def test_the_text_is_the_ladder_with_the_changelog(program: Program) -> None:
    text = program.do("versions", RELOAD, "--in", DEMO)
    assert "v2 → v3" in text
    assert re.search(
        r"2 c +2  slackd: read the stations again on SIGHUP +code \+5 -1, message, not in the changelog",
        text,
    )
    assert "v3: choose the set after accept(), not before it (Dafna)" in text


@pytest.mark.parametrize("command", ["versions", "comments", "coverage"])
def test_the_page_stands_alone_and_runs_nothing(program: Program, command: str) -> None:
    page = program.do(command, RELOAD, "--in", DEMO, "--format", "html")
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["nobody@x.example", "--in", DEMO], 1, "belongs to no patch series"),
        ([RELOAD, "--in", DEMO, "--old", "7"], 1, "no version 7"),
        ([RELOAD, "--in", DEMO, "--new", "1"], 1, "nothing before v1"),
        ([RELOAD, "--in", DEMO, "--patch", "70"], 1, "no patch 70"),
        ([RELOAD, "--in", DEMO, "--patch", "x"], 2, "invalid int"),
        ([RELOAD, "--in", DEMO, "--json", "--format", "html"], 2, "not allowed with"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    program: Program, arguments: list[str], status: int, says: str
) -> None:
    found, out, err = program.run("versions", *arguments)
    assert (found, out) == (status, "")
    assert says in err


def mbox(path: Path, *mails: str) -> str:
    path.write_text(
        "".join(f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{mail}\n" for mail in mails),
        encoding="utf-8",
    )
    return str(path)


def test_nothing_of_a_mail_reaches_the_terminal_or_the_page_raw(
    program: Program, tmp_path: Path
) -> None:
    evil = "\x1b]0;owned\x07<script>alert(1)</script>\u202e"
    archive = mbox(
        tmp_path / "evil.mbox",
        raw_patch("a", "[PATCH] lamp: wick", ["+one"]),
        raw_patch(
            "b", "[PATCH v2] lamp: wick", ["+one", f"+{evil}"], day=2, notes=f"v2:\n- {evil}\n"
        ),
    )
    for arguments in ([], ["--patch", "1"], ["--format", "html"]):
        out = program.do("versions", "a@x.example", "--in", archive, *arguments)
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "<script" not in out or "--format" not in arguments
    line = program.do("versions", "a@x.example", "--in", archive, "--patch", "1", "--json")
    assert "\x1b" not in line
    assert any(row["text"] == evil for row in json.loads(line)["pairs"][0]["files"][0]["rows"])


def test_what_is_missing_is_said(program: Program, tmp_path: Path) -> None:
    archive = mbox(
        tmp_path / "half.mbox",
        raw_mail("c1", "[PATCH 0/2] lamp: light"),
        raw_patch("p1", "[PATCH 1/2] lamp: wick", ["+one"], answers="c1"),
        raw_patch("p2", "[PATCH 2/2] lamp: oil", ["+oil"], answers="c1"),
        raw_mail("c2", "[PATCH v2 0/2] lamp: light", day=3),
        raw_patch("q1", "[PATCH v2 1/2] lamp: wick", ["+one"], day=3, answers="c2"),
    )
    text = program.do("versions", "c1@x.example", "--in", archive)
    assert "2/2 of v2 missing: compared without." in text


def test_one_version_alone_is_no_comparison(program: Program, tmp_path: Path) -> None:
    archive = mbox(tmp_path / "one.mbox", raw_patch("a", "[PATCH] lamp: wick", ["+one"]))
    status, out, err = program.run("versions", "a@x.example", "--in", archive)
    assert (status, out) == (1, "")
    assert "nothing before v1" in err


def test_followed_lists_answer_without_a_target(program: Program) -> None:
    program.do("follow", "slack", DEMO)
    program.run("sync", "slack")
    assert record(program, RELOAD)["pairs"] == record(program, RELOAD, "--in", DEMO)["pairs"]


def test_show_names_what_changed_since_the_version_before(program: Program) -> None:
    new = record(program, RELOAD, "--in", DEMO)
    text = program.do("show", new["pairs"][1]["new"]["message_id"], "--in", DEMO)
    assert "Changed: since v2: code +5 -1, message" in text.splitlines()[6]
    cover = program.do("show", new["new"]["id"], "--in", DEMO)
    assert "Changed: since v2: 2 tags, 1 code" in cover
    first = program.do("show", RELOAD, "--in", DEMO)
    assert "Changed:" not in first
