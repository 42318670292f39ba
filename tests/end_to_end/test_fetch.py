"""Threads and searches through the real b4 child from a real public-inbox server."""

from __future__ import annotations

import email
import gzip
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from core.errors import FetchError
from core.fetch import client as fetch_process
from core.fetch.options import FetchOptions
from core.model import RawMessage
from core.sources.lore import LoreThreadSource, change_id_query, series_query
from core.sources.public_inbox import open_archive
from core.sources.target import open_target
from core.system.user_git import read_global
from tests.end_to_end.letters import CHANGE_ID as CHANGE
from tests.end_to_end.letters import FROB, ODD_ID, evil, frob_thread
from tests.end_to_end.misbehaving import Misbehaving, wait_until
from tests.end_to_end.server import Server

OPTIONS = FetchOptions(deadline=30)
ADA = "ada@example.org"


@pytest.fixture(autouse=True, scope="module")
def _one_process() -> Iterator[None]:
    yield
    fetch_process.close_idle_client()


def lore(target: str, options: FetchOptions = OPTIONS) -> LoreThreadSource:
    source = open_target(target, fetch=options)
    assert isinstance(source, LoreThreadSource)
    return source


def mails(source: LoreThreadSource) -> list[RawMessage]:
    return list(source.mails(stop=Event(), report=lambda _progress: None))


def fetch(target: str, options: FetchOptions = OPTIONS) -> list[bytes]:
    source = lore(target, options)
    try:
        return [mail.raw for mail in mails(source)]
    finally:
        source.close()


def search(source: LoreThreadSource, query: str) -> list[RawMessage]:
    return source.search(query, stop=Event(), report=lambda _progress: None)


def ids(raws: list[bytes]) -> set[str]:
    return {email.message_from_bytes(raw)["Message-ID"].strip("<>") for raw in raws}


def test_a_thread_comes_as_it_lies_in_the_archive(inboxes: Server) -> None:
    raws = fetch(f"{inboxes.url}/frob/reply-7@example.org/")
    assert len(raws) == 36
    # public-inbox adds a header or two of its own to what it serves.
    sent = {ids([raw]).pop(): raw.partition(b"\n\n")[2] for raw in frob_thread()}
    assert {ids([raw]).pop(): raw.partition(b"\n\n")[2] for raw in raws} == sent


@pytest.mark.parametrize(
    "target",
    [
        "{url}/frob/frob-v1-3@example.org/",
        "{url}/frob/frob-v1-3@example.org/T/#u",
        "{url}/frob/frob-v1-3%40example.org/t.mbox.gz",
        "{url}/all/frob-v1-3@example.org/raw",
        "{url}/r/frob-v1-3@example.org",
        "{url}/frob-v1-3@example.org/",
        "{url}/moth/frob-v1-3@example.org/",
        "https://patch.msgid.link/frob-v1-3@example.org",
        "frob-v1-3@example.org",
        "<frob-v1-3@example.org>",
        "id:frob-v1-3@example.org",
    ],
)
def test_a_message_can_be_named_in_many_ways(target: str, inboxes: Server) -> None:
    options = replace(OPTIONS, server=f"{inboxes.url}/all")
    raws = fetch(target.format(url=inboxes.url), options)
    assert len(raws) == 36
    assert "frob-v1-3@example.org" in ids(raws)


def test_an_odd_message_id_is_found(inboxes: Server) -> None:
    for target in (ODD_ID, f"{inboxes.url}/frob/a%2Fb=+%2525_~@example.org/"):
        assert ids(fetch(target, replace(OPTIONS, server=f"{inboxes.url}/frob"))) == {ODD_ID}


def test_a_message_that_is_not_there(inboxes: Server) -> None:
    with pytest.raises(FetchError, match=r"has no message nobody@example\.org") as caught:
        fetch(f"{inboxes.url}/frob/nobody@example.org/")
    assert caught.value.status == 404


def test_each_mail_is_read_again_by_its_key_after_the_connection_is_closed(inboxes: Server) -> None:
    source = lore(f"{inboxes.url}/frob/lamp-v1-0@example.org/")
    found = [*mails(source), *search(source, series_query("lamp: glow in the dark", ADA))]
    source.close()
    assert len(found) == 3 + 6
    for mail in found:
        assert source.read(mail.key) == mail.raw


def test_other_versions_are_found_by_change_id_and_by_subject_and_author(inboxes: Server) -> None:
    source = lore(f"{inboxes.url}/frob/frob-v2-0@example.org/")
    assert len(mails(source)) == 6
    by_id = ids([mail.raw for mail in search(source, change_id_query(CHANGE))])
    assert {"frob-v1-0@example.org", "frob-v2-5@example.org", "reply-29@example.org"} <= by_id
    by_title = ids(
        [mail.raw for mail in search(source, series_query("lamp: glow in the dark", ADA))]
    )
    assert {"lamp-v1-0@example.org", "lamp-v2-2@example.org"} <= by_title
    assert search(source, series_query("lamp: glow in the dark", "ben@example.org")) == []
    assert search(source, change_id_query("never-seen")) == []
    source.close()


@pytest.mark.parametrize(
    "title",
    [
        '" OR s:"',
        "",
        '"',
        "a\nb\r\0c",
        "x" * 50_000,
        "NOT",
        "s:lamp f:ada*",
        "((((",
        "\ud800é\u202e",
        "..",
        "*",
    ],
)
def test_a_hostile_title_is_only_words_to_look_for(title: str, inboxes: Server) -> None:
    source = lore(f"{inboxes.url}/frob/lamp-v1-0@example.org/")
    found = search(source, series_query(f"nothing has this word: qqxzy {title}", ADA))
    source.close()
    assert found == []


def test_one_message_can_be_had_without_its_thread(inboxes: Server) -> None:
    source = lore(f"{inboxes.url}/frob/reply-7@example.org/")
    raw = source.message(stop=Event(), report=lambda _progress: None)
    source.close()
    assert ids([raw]) == {"reply-7@example.org"}
    assert "\nFrom what I see it is fine — schön.\n>From me, too.\n" in raw.decode()


def test_the_inbox_where_a_thread_was_found_is_searched(inboxes: Server) -> None:
    source = lore(f"{inboxes.url}/nowhere/lamp-v1-0@example.org/")
    assert len(mails(source)) == 3
    assert source.inbox in {f"{inboxes.url}/frob", f"{inboxes.url}/all"}
    assert len(search(source, series_query("lamp: glow in the dark", ADA))) == 6
    source.close()


@pytest.mark.parametrize("message_id", evil())
def test_mails_that_stop_other_readers_are_fetched_in_a_second(
    message_id: str, inboxes: Server
) -> None:
    url = f"{inboxes.url}/frob/{message_id}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    started = time.monotonic()
    with opener.open(f"{url}/t.mbox.gz") as answer:
        assert gzip.decompress(answer.read())
    server = time.monotonic() - started
    started = time.monotonic()
    assert ids(fetch(f"{url}/")) == ids(evil()[message_id])
    assert time.monotonic() - started < server + 1


def test_an_archive_on_disk_has_what_its_server_has(inboxes: Server) -> None:
    source = open_archive(inboxes.inbox("frob"))
    on_disk = [mail.raw for mail in source.mails(stop=Event(), report=lambda _progress: None)]
    assert on_disk == FROB[::-1]


def test_an_answer_is_kept_for_a_while_and_passed_by_when_asked(tmp_path: Path) -> None:
    with Misbehaving() as server:
        options = replace(OPTIONS, cache=tmp_path / "cache")
        target = f"{server.url}/good/a@example.org/"
        first = fetch(target, options)
        assert fetch(target, options) == first
        assert len(server.seen) == 1
        fetch(target, replace(options, fresh=True))
        assert len(server.seen) == 2
    assert fetch(target, options) == first, "from the cache: nobody answers any more"
    (kept,) = (tmp_path / "cache" / "answers").glob("*.lore.cache")
    for path in (tmp_path / "cache", *(tmp_path / "cache").rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
    os.utime(kept, (1, 1))
    fetch_process.close_idle_client()
    with pytest.raises(FetchError, match="refuses the connection"):
        fetch(target, options)
    assert not kept.exists()


def test_the_users_mirrors_are_asked_first(inboxes: Server) -> None:
    dead = "http://127.0.0.1:1"
    git = {
        f"liblore.{dead}.fallback": [inboxes.url],
        f"liblore.{dead}.requesttimeout": ["nonsense"],
    }
    assert len(fetch(f"{dead}/frob/lamp-v1-0@example.org/", replace(OPTIONS, git_config=git))) == 3


def test_settings_of_gits_that_cannot_be_used_say_so(misbehaving: Misbehaving) -> None:
    git = {f"liblore.{misbehaving.url}.fallback": ["no address"]}
    with pytest.raises(
        FetchError, match=r"Git's settings for 127\.0\.0\.1:.* cannot be used: Invalid fallback URL"
    ):
        fetch(f"{misbehaving.url}/good/a@example.org/", replace(OPTIONS, git_config=git))


def test_the_users_word_to_a_server_goes_to_that_server_alone(misbehaving: Misbehaving) -> None:
    git = {f"liblore.{misbehaving.url}.useragentplus": ["my-key"]}
    fetch(f"{misbehaving.url}/elsewhere/a@example.org/", replace(OPTIONS, git_config=git))
    assert misbehaving.seen[-1][2]["User-Agent"].endswith("+my-key")
    assert misbehaving.other is not None
    assert "my-key" not in misbehaving.other.seen[-1][2]["User-Agent"]
    dead = "http://127.0.0.1:1"
    git = {
        f"liblore.{dead}.useragentplus": ["my-key"],
        f"liblore.{dead}.fallback": [misbehaving.url],
    }
    fetch(f"{dead}/good/a@example.org/", replace(OPTIONS, git_config=git))
    assert misbehaving.seen[-1][2]["User-Agent"].endswith("+my-key"), "a mirror of the same server"


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


TRAP = "raise SystemExit('a module of the start folder was imported')\n"


def hostile_folder(folder: Path, server: str) -> None:
    """Make a repository that tries to be imported, run and asked."""
    for name in ("core", "core/fetch", "b4", "liblore"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(TRAP)
    for name in ("core/fetch/worker.py", "requests.py", "sitecustomize.py", "json.py"):
        (folder / name).write_text(TRAP)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    with (folder / ".git" / "config").open("a") as config:
        config.write(f"[b4]\n\tmidmask = {server}/trap/%s\n[lore]\n\tfallback = {server}\n")
        config.write(f'[liblore "https://lore.kernel.org"]\n\tfallback = {server}\n')
    (folder / ".b4-config").write_text(
        f"[b4]\n\tmidmask = {server}/trap/%s\n\tlinkmask = {server}/%s\n"
    )


def users_home(folder: Path, server: str) -> None:
    """Make a home in which everything would send the question to `server`."""
    (folder / ".cache" / "b4" / "lore").mkdir(parents=True)
    (folder / ".cache" / "b4" / "lore" / "old.lore.cache").write_text("old")
    (folder / ".gitconfig").write_text(
        f"[b4]\n\tmidmask = {server}/trap/%s\n[lore]\n\tfallback = {server}\n[http]\n\tproxy = {server}\n"
    )
    (folder / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")


SCRIPT = """
import json, sys
from threading import Event
from core.sources.target import FetchOptions, open_target
source = open_target(sys.argv[1], fetch=FetchOptions(server=sys.argv[2], deadline=20))
found = [mail.raw.decode() for mail in source.mails(stop=Event(), report=lambda _: None)]
source.close()
print(json.dumps(len(found)))
"""


def test_neither_the_start_folder_nor_the_home_has_a_say(inboxes: Server, tmp_path: Path) -> None:
    with Misbehaving() as trap:
        home, start = tmp_path / "home", tmp_path / "start"
        users_home(home, trap.url)
        hostile_folder(start, trap.url)
        before = snapshot(tmp_path)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "b4.midmask",
            "GIT_CONFIG_VALUE_0": f"{trap.url}/trap/%s",
        }
        done = subprocess.run(
            [sys.executable, "-P", "-c", SCRIPT, "frob-v1-0@example.org", f"{inboxes.url}/frob"],
            cwd=start, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.stdout, done.stderr, done.returncode) == ("36\n", "", 0)
        assert trap.seen == []
        assert snapshot(tmp_path) == before


def test_the_users_python_path_does_not_reach_the_child(
    inboxes: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile_folder(tmp_path, "http://127.0.0.1:1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f".{os.pathsep}{os.pathsep}core{os.pathsep}{tmp_path}")
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    fetch_process.close_idle_client()
    assert len(fetch(f"{inboxes.url}/frob/frob-v1-0@example.org/")) == 36
    fetch_process.close_idle_client()


def test_git_is_asked_for_the_users_own_settings_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile_folder(tmp_path / "start", "http://trap.invalid")
    home = tmp_path / "home"
    home.mkdir()
    (home / "more").write_text(
        "[lore]\n\tfallback = http://one.invalid\n\tfallback = http://two.invalid\n"
    )
    (home / "trap").write_text("[lore]\n\tfallback = http://trap.invalid\n")
    (home / ".gitconfig").write_text(
        "[user]\n\tname = A\n\temail = a@example.org\n[b4]\n\tmidmask = http://mask.invalid/x/%s\n\tsend-me-too\n"
        '[include]\n\tpath = more\n[includeIf "gitdir:**"]\n\tpath = trap\n[sendemail]\n\tsmtppass = secret\n'
        '[liblore "https://Lore.Example.org"]\n\tautoprobe\n'
    )
    monkeypatch.chdir(tmp_path / "start")
    for name in ("GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    for name, value in {
        "COUNT": "1",
        "KEY_0": "lore.fallback",
        "VALUE_0": "http://trap.invalid",
    }.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert read_global() == {
        "user.name": ("A",),
        "user.email": ("a@example.org",),
        "b4.midmask": ("http://mask.invalid/x/%s",),
        "lore.fallback": ("http://one.invalid", "http://two.invalid"),
        "liblore.https://Lore.Example.org.autoprobe": ("true",),
    }
    monkeypatch.setenv("PATH", "")
    assert read_global() == {}


FETCH_FOR_EVER = """
import sys
from threading import Event, Thread
from core.fetch.client import acquire_client, release_client
from core.fetch.options import FetchOptions
from core.sources.target import open_target
process = acquire_client(None); process.start(); pid = process.pid; release_client(process)
print(pid, flush=True)
source = open_target(sys.argv[1], fetch=FetchOptions(deadline=60))
list(source.mails(stop=Event(), report=lambda _: None))
"""


def test_the_child_ends_with_the_parent_also_while_it_fetches(
    misbehaving: Misbehaving, tmp_path: Path
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-P", "-c", FETCH_FOR_EVER, f"{misbehaving.url}/silent/a@example.org/"],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert wait_until(lambda: any("silent" in path for _, path, _ in misbehaving.seen), 10)
    assert Path(f"/proc/{child}").exists()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert wait_until(lambda: not runs(child), 5)


def runs(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for yet has ended all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_prestarted_process_is_used_by_the_next_source(misbehaving: Misbehaving) -> None:
    fetch_process.close_idle_client()
    assert pid_of_spare() is None
    fetch_process.prestart_worker(None)
    pid = pid_of_spare()
    assert pid is not None
    fetch(f"{misbehaving.url}/good/a@example.org/")
    assert pid_of_spare() == pid


def pid_of_spare() -> int | None:
    process = fetch_process.acquire_client(None)
    fetch_process.release_client(process)
    return process.pid
