"""`patchdesk new` and the hook after a sync: new messages are told once, and no sync waits for the hook."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.core.triage.triage_kit import mail, series
from tests.end_to_end.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


def write(path: Path, mails: list[bytes]) -> None:
    path.write_bytes(b"".join(b"From x Thu Jan  1 00:00:00 1970\n" + raw + b"\n" for raw in mails))


def until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


def ids(records: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {record["id"]: sorted(record["new"]) for record in records}


LAMP = sorted(f"lamp-v1-{number}@x" for number in range(3))


def test_what_came_is_told_once(program: Program, tmp_path: Path) -> None:
    program.home.mkdir()
    assert program.run("new", "--json")[:2] == (0, "")
    mbox = tmp_path / "list.mbox"
    write(mbox, series("lamp"))
    program.do("follow", "frob", str(mbox))
    # A list that is new has only what came lately as unread.
    program.do("sync")
    program.do("triage", "unread", "lamp-v1-0@x")
    assert ids(program.records("new", "--json")) == {"lamp-v1-0@x": LAMP}
    assert ids(program.records("new", "--json", "--since-last")) == {"lamp-v1-0@x": LAMP}
    assert program.records("new", "--json", "--since-last") == []
    assert ids(program.records("new", "--json")) == {"lamp-v1-0@x": LAMP}

    answer = mail("answer@x", "Re: [PATCH 0/2] lamp: all of it", to="lamp-v1-0@x", day=1)
    talk = mail("talk@x", "What about wicks?", day=1)
    write(mbox, [*series("lamp"), answer, talk])
    program.do("sync")
    everything = program.records("new", "--json", "--all")
    assert {record["kind"] for record in everything} == {"series", "thread"}
    (told,) = program.records("new", "--json", "--since-last")
    assert (told["kind"], told["new"], told["replies"]) == ("series", ["answer@x"], 1)
    assert "3 new" not in program.do("new", "--since-last")


@pytest.mark.slow
def test_the_hook_gets_what_a_sync_brought_and_delays_nothing(
    program: Program, tmp_path: Path
) -> None:
    told, mbox = tmp_path / "told", tmp_path / "list.mbox"
    program.config.parent.mkdir(parents=True)
    write(mbox, series("lamp"))
    program.do("follow", "frob", str(mbox))
    program.do("sync")
    with program.config.open("a") as config:
        config.write(
            f"\n[hooks]\nafter_sync = \"sleep 3; cat > '{told}.part'; mv '{told}.part' '{told}'\"\n"
        )
    answer = mail("answer@x", "Re: [PATCH 0/2] lamp: all of it", to="lamp-v1-0@x", day=1)
    write(mbox, [*series("lamp"), answer])
    program.do("sync")
    assert not told.exists()  # it sleeps still: nobody waited for it
    until(told.exists)
    (record,) = map(json.loads, told.read_text().splitlines())
    assert record["new"] == ["answer@x"]
    assert record["id"] == "lamp-v1-0@x"

    told.unlink()
    program.do("sync")
    time.sleep(4)
    assert not told.exists()  # nothing came


@pytest.mark.slow
def test_a_hook_that_fails_is_in_the_log(program: Program, tmp_path: Path) -> None:
    mbox = tmp_path / "list.mbox"
    program.config.parent.mkdir(parents=True)
    program.config.write_text('[hooks]\nafter_sync = "echo it broke; exit 3"\n')
    write(mbox, series("lamp"))
    program.do("follow", "frob", str(mbox))
    program.do("sync")
    program.do("triage", "unread", "lamp-v1-0@x")
    write(mbox, [*series("lamp"), *series("wick", day=1)])
    program.do("sync")
    log = program.home / ".local" / "state" / "patchdesk" / "patchdesk.log"
    until(lambda: log.exists() and "exit status 3: it broke" in log.read_text())
