"""`patchdesk search` as a person and a script call it, and the same query asked of a real public-inbox server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from core.config import load_config
from core.errors import PatchdeskError
from core.index.index import open_index
from core.search.list_search import ListSearch
from core.sync.server_search import ask_server
from tests.end_to_end.letters import FROB, letter, series
from tests.end_to_end.program import Program
from tests.end_to_end.server import Server, need_public_inbox

NEWS = [
    *series("news", "news: of today", 1, 2, minute=500),
    letter("answer@example.org", "Re: [PATCH 1/2] news: step 1", "I see it.\n", sender="Cy Wasp <cy@example.org>", answers="news-v1-1@example.org", minute=510),
    letter("other@example.org", "A word of no weight"),
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    need_public_inbox()
    folder = tmp_path_factory.mktemp("search") / "site"
    with Server(folder, dict.fromkeys(("asked", "cloned"), FROB)) as server:
        yield server


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


@pytest.fixture
def synced(program: Program, server: Server) -> Program:
    program.do("follow", "frob", str(server.inbox("cloned")))
    program.do("sync")
    return program


def test_scripts_get_one_object_a_line(synced: Program) -> None:
    records = synced.records("search", "whistle louder")
    first = records[0]
    assert list(first) == ["kind", "id", "series", "lists", "author", "subject", "date", "score"]
    assert first == {
        "kind": "series",
        "id": "frob-v1-0@example.org",
        "series": "frob-v1-0@example.org",
        "lists": ["frob"],
        "author": {"name": "Ada Moth", "address": "ada@example.org"},
        "subject": "frob: teach it to whistle, louder",
        "date": "2025-06-02T13:25:00+00:00",
        "score": first["score"],
    }
    assert first["score"] > 55
    patch = synced.records("search", "lamp step 2 v2")[0]
    assert (patch["kind"], patch["id"], patch["series"]) == (
        "patch",
        "lamp-v2-2@example.org",
        "lamp-v1-0@example.org",
    )
    scores = [record["score"] for record in synced.records("search", "step")]
    assert scores == sorted(scores, reverse=True)
    assert {record["kind"] for record in synced.records("search", "is:thread")} == {"thread"}


def test_slips_are_forgiven_and_terms_narrow(synced: Program) -> None:
    assert synced.records("search", "wihstle")[0]["id"] == "frob-v1-0@example.org"
    assert [r["id"] for r in synced.records("search", "f:ada", "v:>=2", "n:2")] == [
        "lamp-v1-0@example.org"
    ]
    assert [r["id"] for r in synced.records("search", "by:newt")] == ["frob-v1-0@example.org"]
    assert [r["id"] for r in synced.records("search", "dfn:frob.c -s:frob v:2")] == [
        "lamp-v1-0@example.org"
    ]
    assert len(synced.records("search", "--limit", "1", "step")) == 1
    minus = synced.records("search", "-is:thread", "--list", "frob")
    assert {record["kind"] for record in minus} == {"series"}


def test_people_get_aligned_lines_and_reasons(synced: Program) -> None:
    lines = synced.do("search", "lamp", "--limit", "2").splitlines()
    assert len(lines) == 2
    assert len({line.index("lamp") for line in lines}) == 1
    assert lines[0].startswith("2025-06-02  ")
    status, out, err = synced.run("search", "f:ada d:2031..")
    assert (status, out) == (0, "")
    assert err == "patchdesk search: d:2031.. finds nothing.\n"
    status, out, err = synced.run("search", "xyzzyq")
    assert (status, out) == (0, "")
    assert "No match for" in err


@pytest.mark.parametrize(
    ("query", "marked"),
    [("f:ada is:odd", "odd"), ('s:"x', '"'), ("\x1b[31m is:odd", "odd"), ("naïve 李 v:x", "x")],
)
def test_a_wrong_query_is_pointed_at(program: Program, query: str, marked: str) -> None:
    program.data.mkdir(parents=True)
    open_index(program.data / "index.sqlite3").close()
    status, out, err = program.run("search", query)
    assert (status, out) == (2, "")
    assert "\x1b" not in err
    _, shown, marks = err.rstrip("\n").split("\n")
    assert set(marks) == {" ", "^"}
    wide = sum(char in "李" for char in shown)  # which take two columns
    start = marks.index("^") - wide
    assert shown[start : start + marks.count("^")] == marked


def test_without_an_index_it_says_what_to_do(program: Program) -> None:
    status, out, err = program.run("search", "x")
    assert (status, out) == (0, "")
    assert "sync" in err
    status, _, err = program.run("search", "x", "--list", "nope")
    assert status == 1
    assert "nope" in err
    for arguments in (
        ("search",),
        ("search", "--limit", "0", "x"),
        ("search", "--limit", "x", "x"),
    ):
        assert program.run(*arguments)[0] == 2


def test_help_has_every_prefix(program: Program) -> None:
    out = program.do("search", "--help")
    for word in (
        "s:",
        "dfn:",
        "is:unread",
        "has:replies",
        "label:",
        "2.weeks.ago",
        "triage done -",
    ):
        assert word in out


def test_what_is_found_can_be_triaged(synced: Program) -> None:
    with (
        synced.start("search", "--json", "s:lamp") as found,
        subprocess.Popen(
            [sys.executable, "-P", "-m", "tui.cli.main", "triage", "flag", "-"],
            cwd=synced.home,
            env=synced.environment,
            stdin=found.stdout,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as flag,
    ):
        assert flag.wait(100) == 0
    assert [r["id"] for r in synced.records("search", "is:flagged")] == ["lamp-v1-0@example.org"]
    status, out, err = synced.run("search", "-is:flagged s:lamp")
    assert (status, out) == (0, "")
    assert "-is:flagged finds" in err


@pytest.mark.slow
def test_texts_are_searched_where_that_is_switched_on(synced: Program) -> None:
    cache = synced.home / ".cache" / "patchdesk"
    assert (cache / "search" / "1").is_dir()  # a sync leaves it ready
    config = synced.config.read_text()
    status, out, err = synced.run("search", "b:schön")
    assert (status, out) == (0, "")
    assert "bodies = true" in err
    synced.config.write_text(config + "\n[index]\nbodies = true\n")
    assert "sync" in synced.run("search", "b:schön")[2]
    synced.do("sync")
    assert [r["id"] for r in synced.records("search", "b:schon")] == ["frob-v1-0@example.org"]
    assert [r["id"] for r in synced.records("search", 'with:newt b:"i see"')] == [
        "frob-v1-0@example.org"
    ]
    assert "texts of" in synced.run("doctor")[1]
    synced.config.write_text(config)
    synced.do("sync")
    assert not (cache / "bodies.sqlite3").exists()


# ------------------------------------------------------------------- asking the server


@pytest.mark.slow
@pytest.mark.parametrize("how", [("--no-clone",), ()], ids=["asked", "cloned"])
def test_a_server_is_asked_and_what_it_has_comes_in(
    server: Server, program: Program, how: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "asked" if how else "cloned"
    program.do("follow", "frob", f"{server.url}/{name}", *how)
    program.do("sync")
    before = program.list("frob")
    server.add(name, NEWS)

    monkeypatch.setenv("HOME", str(program.home))
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    index = open_index(program.data / "index.sqlite3")
    config = load_config(program.config)
    finder = ListSearch(index, config)
    try:
        assert finder.find("s:news").total == 0
        found = ask_server(index, config, "s:news is:unread", "frob", stop=Event())
        assert (found.mails, found.added) == (4, 4)  # the whole thread, with its answer
        assert "is:unread" in found.note
        assert "s:news*" in found.asked
        (hit,) = finder.find("s:news is:complete").hits
        assert (hit.id, hit.lists) == ("news-v1-0@example.org", ("frob",))
        assert ask_server(index, config, "s:news", "frob", stop=Event()).added == 0
        assert ask_server(index, config, "s:nothingofthekind", "frob", stop=Event()).mails == 0
        assert finder.find("weight").total == 0
        for query in ("f:cy step", "d:2025-06-02 f:cy", "news -s:lamp", 'f:"Cy Wasp"'):
            assert ask_server(index, config, query, "frob", stop=Event()).mails, query
        with pytest.raises(PatchdeskError, match="cannot be asked"):
            ask_server(index, config, "is:unread -f:ada", "frob", stop=Event())
        with pytest.raises(PatchdeskError, match="not followed"):
            ask_server(index, config, "s:news", "nope", stop=Event())
    finally:
        finder.close()
        index.close()

    after = program.list("frob")
    assert after["synced"] == before["synced"]
    assert after["messages"] == before["messages"] + 4
    program.do("sync")
    assert program.list("frob")["messages"] == len(FROB) + len(NEWS)
    assert [r["id"] for r in program.records("search", "s:news")] == ["news-v1-0@example.org"]


@pytest.mark.slow  # the time that a request may take goes by
def test_a_server_that_is_gone_is_a_sentence(
    server: Server, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.do("follow", "frob", f"{server.url}/asked", "--no-clone")
    monkeypatch.setenv("HOME", str(program.home))
    index = open_index(program.data / "index.sqlite3")
    config = load_config(program.config)
    finder = ListSearch(index, config)
    try:
        with pytest.raises(PatchdeskError, match="not synced yet"):
            ask_server(index, config, "s:news", "frob", stop=Event())
        program.do("sync")
        server.stop()
        try:
            with pytest.raises(PatchdeskError) as caught:
                ask_server(index, config, "s:news", "frob", stop=Event())
        finally:
            server.start()
        assert caught.value.message
    finally:
        finder.close()
        index.close()
