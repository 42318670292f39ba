"""`patchdesk apply`, `landed`, `coverage` and `show --mbox --trailers` in a real repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.sources.mbox import to_mboxrd
from tests.core.apply.kit import commit, git, raw_mails, repository, snapshot, text
from tests.end_to_end.program import Program

REVIEWED = "Reviewed-by: Rex Reviewer <rex@example.com>"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Me\n\temail = me@example.com\n")
    return Program(home)


@pytest.fixture
def folder(program: Program) -> Path:
    return repository(program.home / "repo")


def answer(parent: str, name: str, *lines: str) -> bytes:
    return (
        f"From: Rex Reviewer <rex@example.com>\nSubject: Re: x\nMessage-ID: <{name}@example.com>\n"
        f"Date: Fri, 02 Jan 2026 12:00:00 +0000\nIn-Reply-To: <{parent}>\n\n"
        + "\n".join(lines)
        + "\n"
    ).encode()


def archive(program: Program, folder: Path, *revisions: str, reply: str = REVIEWED) -> list[str]:
    """Write an mbox of a two-patch series, its first patch answered; return the ids of the patches."""
    git(folder, "switch", "-q", "-c", "work")
    changed = (folder / "a.txt").read_text().replace("line 3\n", "line three\n")
    commit(folder, {"a.txt": changed}, "a: write three", "Signed-off-by: Ann <ann@example.org>")
    commit(folder, {"dir/b.txt": "one\ntwo\nthree\nfour\n"}, "b: add four", "Body.")
    mbox = git(folder, "format-patch", "--stdout", "--thread", "--full-index", "main..work")
    git(folder, "switch", "-q", "main")
    mails = list(raw_mails(mbox))
    ids = [
        raw.decode().partition("Message-Id: <")[2].partition(">")[0]
        or raw.decode().partition("Message-ID: <")[2].partition(">")[0]
        for raw in mails
    ]
    mails.append(answer(ids[0], "r1", "Fine.", "", reply))
    (program.home / "a.mbox").write_bytes(to_mboxrd(mails))
    return ids


def record(program: Program, *arguments: str) -> tuple[int, dict[str, Any]]:
    status, out, err = program.run(*arguments, "--json", "--in", str(program.home / "a.mbox"))
    assert err == "", err
    return status, json.loads(out)


def test_a_check_tells_and_changes_nothing(program: Program, folder: Path) -> None:
    ids = archive(program, folder)
    before = snapshot(folder)
    status, found = record(program, "apply", ids[0], "--repo", str(folder), "--check")
    assert status == 0
    assert found["base"]["matched"] == [2, 2]
    assert [one["result"] for one in found["patches"]] == ["applied", "applied"]
    assert (found["branch"], found["worktree"]) == (None, None)
    assert snapshot(folder) == before


def test_a_branch_with_trailers_link_and_sign_off(program: Program, folder: Path) -> None:
    ids = archive(program, folder)
    status, found = record(
        program, "apply", ids[0], "--repo", str(folder), "--sign-off", "--link", "--branch", "b1"
    )
    assert (status, found["branch"]) == (0, "b1")
    assert [one["commit"] for one in found["patches"]] == text(
        folder, "rev-list", "--reverse", "main..b1"
    ).split()
    assert text(folder, "log", "-1", "--format=%B", "b1^").rstrip("\n").split("\n")[2:] == [
        "Signed-off-by: Ann <ann@example.org>",
        REVIEWED,
        f"Link: https://lore.kernel.org/r/{ids[0]}",
        "Signed-off-by: Me <me@example.com>",
    ]
    assert text(folder, "rev-parse", "b1^{tree}") == text(folder, "rev-parse", "work^{tree}")
    (event,) = program.records("triage", "log")
    assert event["verb"] == "applied"
    assert event["argument"].split()[:2] == ["b1", found["patches"][-1]["commit"]]


def test_an_older_version_gets_what_was_given_to_it(program: Program, folder: Path) -> None:
    mails: list[bytes] = []
    for version, changed in ((1, "line one"), (2, "line two")):
        git(folder, "switch", "-q", "-c", f"v{version}", "main")
        text_now = (folder / "a.txt").read_text().replace("line 3\n", f"{changed}\n")
        commit(
            folder, {"a.txt": text_now}, "a: write three", "Signed-off-by: Ann <ann@example.org>"
        )
        mbox = git(folder, "format-patch", "--stdout", "--thread", f"-v{version}", "main")
        mails += raw_mails(mbox)
    git(folder, "switch", "-q", "main")
    ids = [mail.decode().lower().partition("message-id: <")[2].partition(">")[0] for mail in mails]
    mails.insert(1, answer(ids[0], "r1", "Fine.", "", REVIEWED))
    (program.home / "a.mbox").write_bytes(to_mboxrd(mails))
    for branch, message_id, given in (("b1", ids[0], True), ("b2", ids[1], False)):
        arguments = ("apply", message_id, "--repo", str(folder), "--branch", branch)
        status, found = record(program, *arguments)
        assert (status, found["branch"]) == (0, branch)
        assert (REVIEWED in text(folder, "log", "-1", "--format=%B", branch)) is given


def test_a_conflict_exits_1_and_names_the_file(program: Program, folder: Path) -> None:
    ids = archive(program, folder)
    changed = (folder / "a.txt").read_text().replace("line 3\n", "line drei\n")
    commit(folder, {"a.txt": changed}, "another three")
    arguments = ("apply", ids[0], "--repo", str(folder), "--base", "main")
    status, found = record(program, *arguments)
    assert status == 1
    assert [one["result"] for one in found["patches"]] == ["conflict", "skipped"]
    assert [file["path"] for file in found["patches"][0]["files"]] == ["a.txt"]
    status, out, _ = program.run(*arguments, "--in", str(program.home / "a.mbox"))
    assert status == 1
    assert "a.txt: 1 of 1 hunks" in out
    kept = program.home / "conflict"
    status, found = record(program, *arguments, "--worktree", str(kept))
    assert (status, found["branch"], found["worktree"]) == (1, None, str(kept))
    assert "<<<<<<<" in (kept / "a.txt").read_text()


def test_some_patches_of_the_configured_repository(program: Program, folder: Path) -> None:
    ids = archive(program, folder)
    program.config.parent.mkdir(parents=True)
    program.config.write_text(f'[apply]\nrepo = "{folder}"\nbranch = "t/{{slug}}"\nfast = true\n')
    status, found = record(program, "apply", ids[0], "--patches", "2", "--base", "main")
    assert status == 0
    assert [one["number"] for one in found["patches"]] == [2]
    assert text(folder, "log", "-1", "--format=%s", found["branch"]) == "b: add four"


def test_hidden_characters_are_refused(program: Program, folder: Path) -> None:
    ids = archive(program, folder)
    path = program.home / "a.mbox"
    path.write_bytes(path.read_bytes().replace(b"+four\n", b"+fo\xe2\x80\xaeur\n"))
    status, _, err = program.run("apply", ids[0], "--repo", str(folder), "--in", str(path))
    assert status == 1
    assert "hide or reorder" in err
    assert "pd/" not in text(folder, "for-each-ref")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--patches", "x"), 2),
        (("--patches", "3-1"), 2),
        (("--patches", "7"), 1),
        (("--repo", "/nowhere"), 1),
        (("--base", "--all"), 2),
        (("--base", "none"), 1),
        (("--branch", "main"), 1),
    ],
)
def test_wrong_calls(
    program: Program, folder: Path, arguments: tuple[str, ...], status: int
) -> None:
    ids = archive(program, folder)
    repo = () if "--repo" in arguments else ("--repo", str(folder))
    before = snapshot(folder)
    found, out, err = program.run(
        "apply", ids[0], "--in", str(program.home / "a.mbox"), *repo, *arguments
    )
    assert (found, out) == (status, "")
    assert err.startswith("patchdesk")
    assert snapshot(folder) == before


def test_where_patches_landed(program: Program, folder: Path) -> None:
    ids = archive(program, folder)
    git(folder, "cherry-pick", "work^")
    program.config.parent.mkdir(parents=True)
    program.config.write_text(f'[trees.next]\nrepo = "{folder}"\nref = "main"\n')
    (found,) = program.records("landed", ids[0], "--in", str(program.home / "a.mbox"))
    assert (found["message_id"], found["tree"]) == (ids[0], "next")
    assert found["commit"] == text(folder, "rev-parse", "main")
    assert (found["how"], found["reverted_by"]) == ("patch-id", None)
    out = program.do("landed", ids[0], "--in", str(program.home / "a.mbox"))
    assert "1/2 a: write three" in out
    assert "2/2 b: add four: not found" in out
    commit(folder, {"dir/b.txt": "one\ntwo\nthree\nfive\n"}, "b: add four")
    out = program.do("landed", ids[0], "--in", str(program.home / "a.mbox"))
    assert "in next (title, changed)" in out
    assert "\ndir/b.txt\n" in out
    assert {"<+four", ">+five"} <= set(out.split("\n"))
    assert "a.txt" not in out  # that one is as it was mailed


def test_landed_without_a_tree_says_how_to_set_one(program: Program, folder: Path) -> None:
    ids = archive(program, folder)
    status, _, err = program.run("landed", ids[0], "--in", str(program.home / "a.mbox"))
    assert status == 1
    assert "[trees.NAME]" in err


def test_who_reviewed_what(program: Program, folder: Path) -> None:
    ids = archive(program, folder)
    status, found = record(program, "coverage", ids[0])
    assert status == 0
    assert found["kind"] == "coverage"
    (tag,) = found["patches"][0]["tags"]
    assert tag["by"] == {"name": "Rex Reviewer", "address": "rex@example.com"}
    assert (tag["state"], tag["carried"], tag["given"]["message_id"]) == (
        "fresh",
        False,
        "r1@example.com",
    )
    out = program.do("coverage", ids[0], "--in", str(program.home / "a.mbox"))
    assert "1/2 reviewed" in out


def test_the_mbox_carries_the_trailers(program: Program, folder: Path) -> None:
    ids = archive(program, folder)
    where = ("--in", str(program.home / "a.mbox"))
    mbox = program.do("show", ids[0], "--mbox", "--trailers", "fresh", *where)
    git(folder, "switch", "-q", "-c", "am")
    git(folder, "am", "--patch-format=mboxrd", given=mbox.encode())
    assert text(folder, "log", "-1", "--format=%B", "am^").rstrip("\n").endswith(REVIEWED)
    assert text(folder, "rev-parse", "am^{tree}") == text(folder, "rev-parse", "work^{tree}")
    assert text(folder, "log", "-1", "--format=%an <%ae> %ad", "am") == text(
        folder, "log", "-1", "--format=%an <%ae> %ad", "work"
    )
    thread = program.do("show", ids[0], "--mbox", "--with-replies", *where)
    assert thread.count("\nMessage-I") == 3
    assert program.run("show", ids[0], "--trailers", "all", *where)[0] == 2
