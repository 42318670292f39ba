"""`patchdesk triage` as scripts drive it: the contract's words, exit codes and JSON."""

from __future__ import annotations

import io
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.sources.mbox import to_mboxrd
from core.triage.transitions import Verb
from tests.core.triage.triage_kit import mail, series
from tests.end_to_end.program import Program
from tests.end_to_end.test_cli import run

Capture = pytest.CaptureFixture[bytes]
LAMP, WICK, TALK = "lamp-v1-0@x", "wick-v2-0@x", "talk@x"
KEYS = ("time", "host", "verb", "ids", "before", "after", "note", "undoes")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture) -> Path:
    """Be at home, where a list of two series and a talk is followed."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    mails = [*series("lamp"), *series("wick", 2), mail(TALK, "Which \x1b[31mlamps?", day=1)]
    (tmp_path / "list.mbox").write_bytes(to_mboxrd(mails))
    assert run(capfdbinary, "follow", "lamps", str(tmp_path / "list.mbox"))[0] == 0
    assert run(capfdbinary, "sync")[0] == 0
    return home


def triage(capture: Capture, *arguments: str) -> tuple[int, str, str]:
    status, out, err = run(capture, "triage", *arguments)
    assert "Traceback" not in err
    return status, out.decode(), err


def log(capture: Capture, *arguments: str) -> list[dict[str, Any]]:
    status, out, err = triage(capture, "log", "--json", *arguments)
    assert (status, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a text on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "said", "after"),
    [
        (("done",), "done", "done"),
        (("skip",), "skipped", "skipped"),
        (("wait",), "waiting", "waiting"),
        (("accept",), "accepted", "accepted"),
        (("later", "--until", "v"), "snoozed until a new version", "later"),
        (("flag",), "flagged", "new"),
        (("label", "--label", "hot"), "labelled hot", "new"),
        (("label", "--note", "hot"), "labelled hot", "new"),
        (("note", "--note", "hm\x1b[2J"), "note changed", "new"),
        (("priority", "--priority", "3"), "priority 3", "new"),
        (("priority", "--priority", "-1"), "priority -1", "new"),
        (("read",), "marked read", None),
        (("unread",), "marked unread", None),
    ],
)
def test_every_verb_is_recorded(
    capfdbinary: Capture, arguments: tuple[str, ...], said: str, after: str | None
) -> None:
    assert triage(capfdbinary, *arguments, f"<{LAMP}>") == (0, f"{said}: lamp: all of it\n", "")
    (line,) = log(capfdbinary)
    assert set(KEYS) <= line.keys()
    assert line["verb"] == arguments[0]
    assert set(line["ids"]) == {f"lamp-v1-{number}@x" for number in range(3)}
    assert (line["before"], line["after"]) == (after and "new", after)
    assert line["note"] == ("hm\x1b[2J" if arguments[0] == "note" else None)
    assert line["undoes"] is None
    assert datetime.fromisoformat(line["time"]).tzinfo is not None
    status, out, _ = triage(capfdbinary, "log", "--all")
    assert status == 0
    assert "\x1b" not in out
    assert said.split()[0] in out


def test_the_other_verbs_take_something_back(home: Path, capfdbinary: Capture) -> None:
    for before, verb in (
        (("done",), ("reopen",)),
        (("flag",), ("unflag",)),
        (("label", "--label", "hot"), ("unlabel", "--label", "hot")),
    ):
        assert triage(capfdbinary, *before, LAMP)[0] == 0
        assert triage(capfdbinary, *verb, LAMP)[0] == 0
    assert {line["verb"] for line in log(capfdbinary)} < set(Verb)
    assert (home / ".local/share/patchdesk/triage.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("home")
def test_undo_redo_and_what_there_is_nothing_of(capfdbinary: Capture) -> None:
    assert triage(capfdbinary, "done", LAMP, WICK, TALK)[1] == "done: 3 series\n"
    assert triage(capfdbinary, "undo")[1] == "undone: done (3 series)\n"
    status, out, err = triage(capfdbinary, "undo")
    assert (status, out) == (1, "")
    assert "nothing to undo" in err
    assert triage(capfdbinary, "redo")[1] == "redone: done (3 series)\n"
    assert triage(capfdbinary, "redo")[0] == 1
    done, undo, redo = log(capfdbinary)
    assert (done["before"], done["after"], len(done["series"])) == ("new", "done", 3)
    assert (undo["verb"], undo["undoes"]) == ("undo", done["id"])
    assert (undo["before"], undo["after"], undo["ids"]) == ("done", "new", done["ids"])
    assert (redo["verb"], redo["undoes"], redo["after"]) == ("redo", undo["id"], "done")
    assert [line["in_force"] for line in (done, undo, redo)] == [True, False, True]


@pytest.mark.usefixtures("home")
def test_a_verb_names_the_series_or_the_patch(capfdbinary: Capture) -> None:
    patch = "lamp-v1-1@x"
    assert triage(capfdbinary, "done", TALK)[1] == "done: Which ␛[31mlamps?\n"
    assert triage(capfdbinary, "undo")[1] == "undone: done (Which ␛[31mlamps?)\n"
    assert triage(capfdbinary, "skip", "--patch", patch)[1] == "skipped: lamp: part 1\n"
    assert triage(capfdbinary, "undo")[1] == "undone: skip (lamp: part 1)\n"
    assert triage(capfdbinary, "redo")[1] == "redone: skip (lamp: part 1)\n"
    assert triage(capfdbinary, "done", "nowhere@x")[1] == "done: 1 series\n"


@pytest.mark.usefixtures("home")
def test_ids_on_standard_input(capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, _ = run(capfdbinary, "series", "--all", "--json")
    assert status == 0
    give(monkeypatch, out.decode())
    assert triage(capfdbinary, "skip", "-") == (0, "skipped: 3 series\n", "")
    give(monkeypatch, f"\n<{LAMP}>\r\n  {WICK} \n{LAMP}\n")
    assert triage(capfdbinary, "reopen", "-", TALK)[1] == "reopened: 3 series\n"
    hit = {"kind": "patch", "id": "lamp-v1-1@x", "series": LAMP}
    give(monkeypatch, json.dumps(hit))
    assert triage(capfdbinary, "done", "--patch", "-")[0] == 0
    assert log(capfdbinary)[-1]["ids"] == ["lamp-v1-1@x"]
    give(monkeypatch, json.dumps(hit))
    assert triage(capfdbinary, "done", "-")[0] == 0
    assert LAMP in log(capfdbinary)[-1]["ids"]
    give(monkeypatch, "")
    assert triage(capfdbinary, "done", "-") == (0, "", "")
    give(monkeypatch, '{"kind": "series"}\n')
    assert triage(capfdbinary, "done", "-")[:2] == (2, "")
    give(monkeypatch, "{" * 10_000)
    assert triage(capfdbinary, "done", "-")[:2] == (2, "")


@pytest.mark.usefixtures("home")
def test_options_stand_anywhere(capfdbinary: Capture) -> None:
    for arguments in (
        ("later", "--until", "2w", LAMP),
        ("later", LAMP, "--until", "2w", WICK),
        ("--until", "2w", "later", TALK),
    ):
        assert triage(capfdbinary, *arguments)[0] == 0
    assert (
        triage(capfdbinary, "done", "--patch", "lamp-v1-1@x", "lamp-v1-2@x")[1]
        == "done: 2 patches\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required"),
        (("done",), "Which series?"),
        (("finish", LAMP), "‘finish’ is not a verb. Verbs: done, skip, wait"),
        (("\x1b[2J", LAMP), "is not a verb"),
        (("later", LAMP), "--until"),
        (("later", "--until", "soon", LAMP), "‘soon’ is not a time. Write 3d"),
        (("later", "--until", "2020-01-01", LAMP), "is past"),
        (("later", "--until", "v6.19", LAMP), "the list's repository"),
        (("done", "--until", "3d", LAMP), "takes no --until"),
        (("label", LAMP), "No label given"),
        (("label", "--label", "two words", LAMP), "is not a label"),
        (("priority", "--priority", "high", LAMP), "is not a priority"),
        (("priority", LAMP), "No priority given"),
        (("note", LAMP), "no note to remove"),
        (("accept", "--patch", LAMP), "whole series"),
        (("undo", LAMP), "takes no ID"),
        (("log", "--patch"), "takes no --patch"),
        (("undo", "--note", "x"), "takes no --note"),
        (("done", "--import", "x", LAMP), "takes no --import"),
        (("read", "--note", "x", LAMP), "takes no --note"),
        (("done", "--bogus", LAMP), "--bogus"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_read(
    home: Path, capfdbinary: Capture, arguments: tuple[str, ...], said: str
) -> None:
    status, out, err = triage(capfdbinary, *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert not (home / ".local/share/patchdesk/triage.jsonl").exists()


@pytest.mark.usefixtures("home")
def test_an_id_that_nobody_knows_is_recorded_and_said(capfdbinary: Capture) -> None:
    status, out, err = triage(capfdbinary, "done", "later@x")
    assert (status, out) == (0, "done: 1 series\n")
    assert "later@x is in no followed list" in err
    assert log(capfdbinary)[0]["ids"] == ["later@x"]


@pytest.mark.usefixtures("home")
def test_what_stood_so_already_stays(capfdbinary: Capture) -> None:
    triage(capfdbinary, "done", LAMP)
    status, out, err = triage(capfdbinary, "done", LAMP)
    assert (status, out) == (0, "")
    assert "1 unchanged" in err
    assert len(log(capfdbinary)) == 1


def test_without_any_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Capture
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    assert log(capfdbinary) == []
    assert triage(capfdbinary, "undo")[0] == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert triage(capfdbinary, "wait", LAMP)[0] == 0
    assert log(capfdbinary)[0]["after"] == "waiting"


def test_another_machines_journal(home: Path, tmp_path: Path, capfdbinary: Capture) -> None:
    journal = home / ".local/share/patchdesk/triage.jsonl"
    triage(capfdbinary, "done", LAMP)
    other = tmp_path / "laptop.jsonl"
    journal.rename(other)
    triage(capfdbinary, "skip", WICK)
    assert triage(capfdbinary, "log", "--import", str(other)) == (0, "1 event added\n", "")
    assert triage(capfdbinary, "log", "--import", str(other)) == (0, "0 events added\n", "")
    assert [line["verb"] for line in log(capfdbinary)] == ["skip", "done"]
    status, _, err = triage(capfdbinary, "log", "--import", str(tmp_path / "nowhere"))
    assert status == 1
    assert "nowhere" in err


def test_what_the_log_prints_is_a_journal(home: Path, tmp_path: Path, capfdbinary: Capture) -> None:
    triage(capfdbinary, "done", LAMP, WICK, "--note", "why")
    triage(capfdbinary, "later", TALK, "--until", "3d")
    triage(capfdbinary, "undo")
    triage(capfdbinary, "read", LAMP)
    before = log(capfdbinary)
    (tmp_path / "copy").write_text("".join(json.dumps(line) + "\n" for line in before))
    (home / ".local/share/patchdesk/triage.jsonl").unlink()
    assert log(capfdbinary) == []
    taken = triage(capfdbinary, "log", "--import", str(tmp_path / "copy"))
    assert taken == (0, "4 events added\n", "")
    assert log(capfdbinary) == before
    assert triage(capfdbinary, "redo")[1].startswith("redone: snooze until")
    assert triage(capfdbinary, "done", LAMP)[2].endswith("1 unchanged.\n")


@pytest.mark.usefixtures("home")
def test_json_of_a_verb_is_its_line_of_the_log(capfdbinary: Capture) -> None:
    for arguments in (("done", LAMP, WICK), ("undo",), ("redo",), ("read", TALK)):
        status, out, _ = triage(capfdbinary, *arguments, "--json")
        assert status == 0
        last = log(capfdbinary)[-1]
        said = json.loads(out)
        for name in ("id", "verb", "before", "after", "undoes", "note"):
            assert said[name] == last[name]
        assert set(said["ids"]) <= set(last["ids"])
        assert said["ids"]


def test_processes_side_by_side(tmp_path: Path) -> None:
    program = Program(tmp_path)
    (tmp_path / "list.mbox").write_bytes(to_mboxrd(series("lamp")))
    program.do("follow", "lamps", str(tmp_path / "list.mbox"))
    program.do("sync")
    running = [program.start("triage", "priority", "--priority", "+1", LAMP) for _ in range(4)]
    assert [child.communicate()[1] for child in running] == [""] * 4
    assert [child.returncode for child in running] == [0] * 4
    assert len(program.records("triage", "log")) == 4


@pytest.mark.usefixtures("home")
def test_help_is_made_from_the_table(capfdbinary: Capture) -> None:
    status, out, _ = triage(capfdbinary, "--help")
    assert status == 0
    for verb in Verb:
        assert f"\n  {verb} " in out


def test_the_doctor_looks_at_the_journal(home: Path, capfdbinary: Capture) -> None:
    def said() -> str:
        return run(capfdbinary, "doctor")[1].decode()

    assert "no triage journal yet" in said()
    triage(capfdbinary, "done", LAMP)
    assert "the triage journal is intact (1 event)" in said()
    journal = home / ".local/share/patchdesk/triage.jsonl"
    journal.write_bytes(journal.read_bytes() + b"junk\n")
    journal.chmod(0o644)
    report = said()
    assert "1 of 2 lines of the triage journal are no events" in report
    assert "triage.jsonl can be read by others" in report
