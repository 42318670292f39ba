"""Faults of servers: each has its own sentence, in time, and the next request works."""

from __future__ import annotations

import importlib.util
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from core.errors import Cancelled, FetchError
from core.fetch import client as fetch_process
from core.fetch.messages import FetchRequest
from core.fetch.options import FetchOptions
from core.model import RawMessage
from core.progress import Progress
from core.sources.lore import LoreThreadSource
from core.sources.target import open_target
from core.sync.git_runner import run_git
from tests.end_to_end.misbehaving import Misbehaving, wait_until

DEADLINE = 2.0
OPTIONS = FetchOptions(deadline=DEADLINE, max_size=8 << 20)


@pytest.fixture(autouse=True, scope="module")
def _one_process() -> Iterator[None]:
    yield
    fetch_process.close_idle_client()


def start_worker(options: FetchOptions) -> None:
    """Have the worker imported b4, so that no deadline of a test is spent on that."""
    client = fetch_process.acquire_client(options.home)
    request = FetchRequest(operation="forget", base="https://example.org/all", max_size=1)
    limits = fetch_process.RequestLimits(60, 1, "example.org", "nothing")
    client.ask(request, limits, stop=Event(), report=lambda _: None)
    fetch_process.release_client(client)


def ask(url: str, mode: str, options: FetchOptions = OPTIONS) -> LoreThreadSource:
    start_worker(options)
    source = open_target(f"{url}/{mode}/a@example.org/", fetch=options)
    assert isinstance(source, LoreThreadSource)
    return source


def fetch(source: LoreThreadSource, stop: Event | None = None) -> list[RawMessage]:
    try:
        return list(source.mails(stop=stop or Event(), report=lambda _progress: None))
    finally:
        source.close()


FAULTS = {
    "not-found": "has no message a@example.org",
    "gone": "no longer has message a@example.org",
    "forbidden": "refuses access",
    "error": r"failed \(500\)",
    "gateway": r"failed \(502\)",
    "patience": "too many requests",
    "tired": "too many requests",
    "busy": "too busy or under maintenance",
    "page": "a web page instead of mail",
    "page-as-gzip": "a web page instead of mail",
    "garbage": "did not answer as a mail archive",
    "truncated": "was cut off",
    "bad-checksum": "is damaged",
    "short": "broke the connection off",
    "broken-chunk": "broke the connection off",
    "reset": "broke the connection off",
    "smtp": "broke the connection off",
    "empty": "an empty answer",
    "nothing-packed": "an empty answer",
    "other": "answered with a different message",
    "mentioned": "answered with a different message",
    "no-mail": "answered with a different message",
    "odd-encoding": "used an encoding",
    "circles": "in a circle",
    "to-a-file": "in a circle, or to an unsupported address",
    "silent": "complete its answer within 2 s",
    "stall": "complete its answer within 2 s",
    "drip": "complete its answer within 2 s",
    "bomb": "larger than 8 MiB",
    "bomb-in-encoding": "larger than 8 MiB",
    "endless": "larger than 8 MiB",
    "declared-huge": "larger than 8 MiB",
    "large-redirect": "larger than 8 MiB",
    "endless-header": "broke the connection off",
}
STATUS = {
    "not-found": 404, "gone": 410, "forbidden": 403, "error": 500, "gateway": 502, "patience": 429, "tired": 429,
    "busy": 503,
}  # fmt: skip


@pytest.mark.parametrize("mode", FAULTS)
def test_each_fault_has_its_sentence_in_time(mode: str, misbehaving: Misbehaving) -> None:
    started = time.monotonic()
    with pytest.raises(FetchError, match=FAULTS[mode]) as caught:
        fetch(ask(misbehaving.url, mode))
    assert time.monotonic() - started < DEADLINE + 1
    assert caught.value.status == STATUS.get(mode)
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")
    assert [mail.raw.split()[0] for mail in fetch(ask(misbehaving.url, "good"))] == [b"From:"]


def test_the_server_says_when_to_try_again(misbehaving: Misbehaving) -> None:
    for mode, hint in {
        "patience": "Try again in 120 s.",
        "tired": "Try again later.",
        "busy": "Try again after Mon, 02 Jun 2025 10:00:00 GMT.",
    }.items():
        with pytest.raises(FetchError) as caught:
            fetch(ask(misbehaving.url, mode))
        assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1", "127.0.0.1:1 refuses the connection"),
        ("http://nobody.invalid", "The name of nobody.invalid is not known"),
        (
            "http://[::1]:1",
            r"\[::1\]:1 refuses the connection|could not be asked|broke the connection off",
        ),
    ],
)
def test_a_server_that_is_not_there(url: str, message: str) -> None:
    started = time.monotonic()
    with pytest.raises(FetchError, match=message):
        fetch(ask(url, "list"))
    assert time.monotonic() - started < DEADLINE + 1


def test_a_server_that_speaks_no_tls(misbehaving: Misbehaving) -> None:
    with pytest.raises(FetchError, match="No safe connection"):
        fetch(ask(misbehaving.url.replace("http:", "https:"), "good"))


@pytest.mark.parametrize("mode", ["encoded", "unpacked", "elsewhere", "cookie"])
def test_what_is_odd_but_right_is_taken(mode: str, misbehaving: Misbehaving) -> None:
    (only,) = fetch(ask(misbehaving.url, mode))
    assert b"Message-ID: <a@example.org>" in only.raw


@pytest.mark.parametrize("mode", ["silent", "stall", "drip"])
@pytest.mark.parametrize("how", ["stop", "close"])
def test_a_fetch_ends_at_once_when_told(mode: str, how: str, misbehaving: Misbehaving) -> None:
    fetch_process.prestart_worker(None)
    source = ask(misbehaving.url, mode, FetchOptions(deadline=30))
    stop = Event()
    ended: list[float] = []

    def run() -> None:
        with pytest.raises(Cancelled):
            fetch(source, stop)
        ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    requests = len(misbehaving.seen)
    thread.start()
    assert wait_until(lambda: len(misbehaving.seen) > requests, 10)
    told = time.monotonic()
    stop.set() if how == "stop" else source.close()
    thread.join(5)
    assert ended
    assert ended[0] - told < 1


def test_a_search_that_a_server_cannot_do(misbehaving: Misbehaving) -> None:
    source = ask(misbehaving.url, "no-search")
    with pytest.raises(FetchError, match="cannot search"):
        source.search("s:x", stop=Event(), report=lambda _progress: None)
    source.close()


def test_another_message_is_not_kept_in_the_cache(misbehaving: Misbehaving, tmp_path: Path) -> None:
    options = FetchOptions(deadline=DEADLINE, cache=tmp_path / "cache")
    for _ in range(2):
        before = len(misbehaving.seen)
        with pytest.raises(FetchError, match="a different message"):
            fetch(ask(misbehaving.url, "other", options))
        assert len(misbehaving.seen) > before


def test_a_child_that_was_killed_is_replaced(misbehaving: Misbehaving) -> None:
    process = fetch_process.acquire_client(None)
    process.start()
    pid = process.pid
    assert pid is not None
    os.kill(pid, 9)
    fetch_process.release_client(process)
    assert len(fetch(ask(misbehaving.url, "good"))) == 1
    assert process.pid not in {None, pid}


def test_a_bomb_takes_little_memory(misbehaving: Misbehaving) -> None:
    process = fetch_process.acquire_client(None)
    process.start()
    fetch_process.release_client(process)
    assert len(fetch(ask(misbehaving.url, "good"))) == 1

    def peak() -> int:
        status = Path(f"/proc/{process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) >> 10

    before = peak()
    for mode in ("bomb", "bomb-in-encoding", "endless", "large-redirect"):
        with pytest.raises(FetchError, match="larger than"):
            fetch(ask(misbehaving.url, mode))
    assert peak() - before < 60


def test_progress_is_told_while_it_comes(misbehaving: Misbehaving) -> None:
    source = ask(misbehaving.url, "drip")
    said: list[Progress] = []
    with pytest.raises(FetchError):
        list(source.mails(stop=Event(), report=said.append))
    source.close()
    assert "a@example.org" in said[0].doing
    assert [progress.done for progress in said] == sorted(progress.done for progress in said)
    assert said[-1].done > 0


def test_nothing_is_sent_but_the_question(
    misbehaving: Misbehaving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    fetch_process.close_idle_client()
    for _ in range(2):
        fetch(ask(misbehaving.url, "cookie"))
        headers = misbehaving.seen[-1][2]
        assert set(headers) <= {"Host", "User-Agent", "Accept-Encoding", "Accept", "Connection"}
        assert headers["User-Agent"].startswith("b4/")
        assert headers["Accept-Encoding"] == "identity"
    fetch_process.close_idle_client()


def test_a_search_is_not_sent_to_a_server_that_nobody_named(misbehaving: Misbehaving) -> None:
    assert misbehaving.other is not None
    source = ask(misbehaving.url, "elsewhere")
    before = len(misbehaving.other.seen)
    with pytest.raises(FetchError, match="did not name"):
        source.search("s:secret", stop=Event(), report=lambda _progress: None)
    source.close()
    assert len(misbehaving.other.seen) == before


def test_a_socks_proxy_that_cannot_be_used_says_what_is_missing(
    misbehaving: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("socks") is not None:
        pytest.skip("PySocks is installed")
    monkeypatch.setenv("all_proxy", "socks5h://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    fetch_process.close_idle_client()
    with pytest.raises(FetchError, match="PySocks") as caught:
        fetch(ask(misbehaving.url, "good"))
    fetch_process.close_idle_client()
    assert "all_proxy" in caught.value.hint


@pytest.fixture
def no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSL_CERT_FILE", "SSL_CERT_DIR"),
        *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server with a certificate that only its own file vouches for: its address and that file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key", "-out", folder / "cert"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = Misbehaving()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.url.replace("http:", "https:"), folder / "cert"
    server.end.set()
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("no_certificates")
@pytest.mark.parametrize(
    "variable", ["SSL_CERT_FILE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE", "http.sslcainfo"]
)
def test_the_users_certificates_count_for_fetching_and_for_git(
    variable: str, secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, file = secure
    with pytest.raises(FetchError, match="No safe connection"):
        fetch(ask(url, "good"))
    is_setting = variable.startswith("http.")
    if not is_setting:
        monkeypatch.setenv(variable, str(file))
    config = {variable: (str(file),)} if is_setting else {}
    options = FetchOptions(deadline=10, max_size=8 << 20, git_config=config)
    assert len(fetch(ask(url, "good", options))) == 1
    with pytest.raises(FetchError) as caught:
        run_git(
            ("ls-remote", "--", f"{url}/not-found/x"),
            url=url,
            certificates=options.certificates(url),
            stop=Event(),
            report=lambda _: None,
        )
    assert caught.value.kind == "status"  # it was asked: the connection is safe


@pytest.mark.usefixtures("no_certificates")
def test_certificates_that_are_not_there_are_named(
    secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    with pytest.raises(FetchError, match="cannot be read, which SSL_CERT_FILE names"):
        fetch(ask(secure[0], "good"))
