"""A server that wants to be left alone is left alone: for a moment within a sync, for longer between syncs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Timer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Cancelled, FetchError
from core.fetch.faults import fetch_error, wait_seconds
from core.progress import Progress
from core.sync.rate_limit import PATIENCE, RateLimiter

NOW = datetime(2026, 6, 2, 10, 0, tzinfo=UTC)


def busy(after: str) -> FetchError:
    return fetch_error("status", "example.org", status=503, retry_after=after)


def failing(*faults: FetchError) -> Callable[[], str]:
    left = list(faults)

    def question() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return question


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    return tmp_path / "hosts"


def rate_limiter(hosts: Path, host: str = "example.org", stop: Event | None = None) -> RateLimiter:
    return RateLimiter(host, hosts, stop=stop or Event(), report=lambda _: None)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("Tue, 02 Jun 2026 10:01:00 GMT", 60.0),
        ("Mon, 01 Jun 2026 10:00:00 GMT", 0.0),
        ("9" * 60, 999_999_999.0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("٣", None),
    ],
)
def test_both_forms_of_retry_after_are_read(header: str, seconds: float | None) -> None:
    assert wait_seconds(header, NOW) == seconds


@given(st.text(max_size=60))
def test_any_header_is_read(header: str) -> None:
    assert wait_seconds(header, NOW) is None or wait_seconds(header, NOW) >= 0  # type: ignore[operator]


def test_who_says_soon_is_asked_again_and_not_before(hosts: Path) -> None:
    said: list[Progress] = []
    one = RateLimiter("example.org", hosts, stop=Event(), report=said.append)
    began = time.monotonic()
    assert one.call(failing(busy("1"), busy("0"))) == "answer"
    assert time.monotonic() - began >= 2  # never less than a second
    assert said[0].doing == "example.org asked to wait 1 s"
    assert not hosts.exists()


def test_there_is_an_end_to_asking_again(hosts: Path) -> None:
    question = failing(*[busy("0")] * 9)
    with pytest.raises(FetchError, match="503"):
        rate_limiter(hosts).call(question)
    with pytest.raises(FetchError, match="503"):  # the fourth fault: three were asked for
        question()


def test_waiting_can_be_ended(hosts: Path) -> None:
    stop = Event()
    Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        rate_limiter(hosts, stop=stop).call(failing(busy(str(int(PATIENCE)))))
    assert time.monotonic() - began < 5


def test_who_says_later_is_left_alone_by_the_next_sync_too(hosts: Path) -> None:
    with pytest.raises(FetchError, match="503"):
        rate_limiter(hosts).call(failing(busy("3600")))
    with pytest.raises(FetchError, match=r"example\.org asked to wait another 3[56]\d\d s"):
        rate_limiter(hosts).call(failing())
    assert rate_limiter(hosts, "other.example.org").call(failing()) == "answer"
    (file,) = hosts.iterdir()
    file.write_text(f"{time.time() - 1:.0f}\n")
    assert rate_limiter(hosts).call(failing()) == "answer"


@pytest.mark.parametrize("content", ["", "x", "nan", "inf", "9e12"])
def test_a_note_that_makes_no_sense_holds_nobody_up(hosts: Path, content: str) -> None:
    hosts.mkdir()
    (hosts / "example.org").write_text(content)
    assert rate_limiter(hosts).call(failing()) == "answer"


def test_odd_hosts_have_a_file_in_the_folder(hosts: Path) -> None:
    with pytest.raises(FetchError):
        rate_limiter(hosts, "../[::1]:81/" + "x" * 400).call(failing(busy("3600")))
    (file,) = hosts.iterdir()
    assert "/" not in file.name


def test_other_faults_are_not_waited_out(hosts: Path) -> None:
    with pytest.raises(FetchError, match="refuses"):
        rate_limiter(hosts).call(failing(fetch_error("refused", "example.org")))
