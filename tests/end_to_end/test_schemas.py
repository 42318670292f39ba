"""Every JSON object that a command prints is what its shipped schema says."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from core.desk.comments import comment_record
from core.json_records import to_line
from tests.core.apply.kit import repository
from tests.core.comments.test_ledger import ROWS, comment_on, ledger
from tests.core.comments.test_ledger import archive as commented
from tests.core.search.finding import MAILS
from tests.end_to_end.program import Program
from tests.end_to_end.test_apply_cli import archive

SCHEMAS = {
    path.name: json.loads(path.read_text("utf-8"))
    for path in files("core.schema").iterdir()
    if path.name.endswith(".json")
}
COVER = "pmu2-0@example.org"


def check(name: str, record: dict[str, Any]) -> None:
    schema = SCHEMAS[f"{name}-1.json"]
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(record)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A user with one list and a repository, who has triaged, replied and asked for a digest."""
    program = Program(tmp_path_factory.mktemp("schemas"))
    (program.home / ".gitconfig").write_text("[user]\n\tname = Me\n\temail = me@example.com\n")
    mbox = program.home / "list.mbox"
    picture = (
        b"From: Rex <rex@example.com>\nSubject: A picture\nMessage-ID: <shot@example.org>\nDate: Thu, 5 Jun 2025 10:00:00 +0000\n"
        b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/plain\n\nSee.\n--x\n'
        b'Content-Type: image/png; name="a.png"\nContent-Disposition: attachment; filename="a.png"\n\nPNG\n--x--\n'
    )
    undated = b"From: nobody\nSubject: No date\nMessage-ID: <undated@example.org>\n\nHello.\n"
    mails = [*MAILS, picture, undated]
    mbox.write_bytes(b"".join(b"From x Thu Jan  1 00:00:00 1970\n" + raw + b"\n" for raw in mails))
    program.do("follow", "frob", str(mbox))
    program.do("sync")
    program.do("triage", "unread", COVER, "bug@example.org")
    program.do("triage", "label", COVER, "--label", "arm")
    program.do("triage", "done", "one@example.org", "--note", "taken")
    program.do("triage", "undo")
    return program


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_one_and_says_what_it_is_for(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"patchdesk {name.removesuffix('-1.json')} 1"
    assert "patchdesk " in schema["description"]


@pytest.mark.parametrize(
    ("arguments", "least"),
    [
        (("series",), {"series": 4}),
        (("series", "--all"), {"series": 4, "thread": 3}),
        (("new", "--all"), {"new": 2}),
        (("search", "pmu"), {"search": 2}),
        (("search", "is:thread"), {"search": 3}),
        (("show", "pmu2-1@example.org"), {"message": 1}),
        (("show", "shot@example.org"), {"message": 1}),
        (("show", "undated@example.org"), {"message": 1}),
        (("lists",), {"list": 1}),
        (("triage", "log"), {"event": 4}),
        (("digest", "2025-01-01..", "frob", "--format", "json", "--explain"), {"digest": 1}),
        (("versions", COVER), {"versions": 1}),
        (("versions", COVER, "--patch", "1"), {"versions": 1}),
        (("coverage", COVER), {"coverage": 1}),
    ],
)
def test_what_a_command_prints_is_valid(
    program: Program, arguments: tuple[str, ...], least: dict[str, int]
) -> None:
    counts: dict[str, int] = {}
    records = (
        [json.loads(program.do(*arguments))]
        if "digest" in arguments
        else program.records(*arguments)
    )
    for record in records:
        name = record["kind"] if record.get("kind") in least else next(iter(least))
        check(name, record)
        counts[name] = counts.get(name, 0) + 1
    assert counts.keys() == least.keys()
    assert all(counts[name] >= count for name, count in least.items()), counts


@pytest.mark.parametrize("rows", [ROWS, ROWS[:9], None])
def test_comments_are_valid(rows: list[str] | None) -> None:
    known = ledger(
        commented(
            rows,
            comment_on(
                "+\tcall_20();",
                "This call may sleep, and we hold a spinlock here: please move it out.",
            ),
        )
    )
    assert known.comments
    for one in known.comments:
        check("comment", json.loads(to_line(comment_record(known, one))))


def test_drafts_and_patches_are_valid(program: Program) -> None:
    folder = repository(program.home / "repo")
    ids = archive(program, folder)
    here = ("--in", str(program.home / "a.mbox"))
    program.do("reply", ids[0], *here, "--trailer", "Acked-by")
    (draft,) = program.records("drafts")
    check("draft", draft)
    _, out, _ = program.run(
        "apply", ids[0], *here, "--repo", str(folder), "--base", "main", "--json"
    )
    check("apply", json.loads(out))
    with program.config.open("a") as config:
        config.write(f'\n[trees.work]\nrepo = "{folder}"\nref = "work"\n')
    landed = program.records("landed", ids[0], *here)
    for one in landed:
        check("landed", one)
    assert landed


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("series", {"id": "<a@b>"}),
        ("series", {"date": "yesterday"}),
        ("series", {"more": 1}),
        ("series", {"replies": -1}),
        ("series", {"author": {"name": "A"}}),
    ],
)
def test_a_schema_refuses_what_is_not_so(
    program: Program, name: str, change: dict[str, Any]
) -> None:
    record = program.records("series")[0]
    check(name, record)
    with pytest.raises(ValidationError):
        check(name, {**record, **change})
