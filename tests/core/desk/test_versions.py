"""Comparing versions as commands and screens ask for it: cached by content, stopped, safe where the cache is not."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Event

import pytest

import core.desk.version_cache as version_cache
from core.desk.version_cache import ComparisonCache, cache_key
from core.desk.versions import VersionComparer, choose_postings
from core.errors import Cancelled, PatchdeskError
from core.model import MessageId
from tests.core.versions.series import Mails, raw_mail, raw_patch

NOTES = "v2:\n - check the wick\n"
ARCHIVE = [
    raw_patch("a", "[PATCH] lamp: wick", ["+one", "+two"]),
    raw_mail("r", "Re: [PATCH] lamp: wick", "Reviewed-by: Bo <bo@example.org>\n", answers="a", sender="Bo <bo@example.org>"),
    raw_patch("b", "[PATCH v2] lamp: wick", ["+one", "+three"], day=2, notes=NOTES),
]  # fmt: skip


def compared(mails: Mails, cache: ComparisonCache | None, stop: Event | None = None) -> object:
    choice = choose_postings(mails.listing(), MessageId("a@x.example"), None, None)
    return VersionComparer(mails, cache).compare(choice, stop)


def test_the_second_time_no_mail_is_opened(tmp_path: Path) -> None:
    cache = ComparisonCache(tmp_path / "deep" / "versions.sqlite3")
    first = Mails(ARCHIVE)
    found = compared(first, cache)
    assert first.opened == 2
    again = Mails(ARCHIVE)
    assert compared(again, cache) == found
    assert again.opened == 0
    assert (tmp_path / "deep" / "versions.sqlite3").stat().st_mode & 0o777 == 0o600


def test_another_content_is_compared_anew(tmp_path: Path) -> None:
    cache = ComparisonCache(tmp_path / "versions.sqlite3")
    found = compared(Mails(ARCHIVE), cache)
    other = Mails([*ARCHIVE[:2], raw_patch("b", "[PATCH v2] lamp: wick", ["+one", "+two"], day=2)])
    assert compared(other, cache) != found
    assert other.opened == 2


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_cache_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "versions.sqlite3"
    file.write_bytes(content)
    cache = ComparisonCache(file)
    found = compared(Mails(ARCHIVE), cache)
    compared(Mails(ARCHIVE), cache)
    again = Mails(ARCHIVE)
    assert compared(again, cache) == found
    assert again.opened == 0


def test_a_record_that_nobody_wrote_counts_as_nothing(tmp_path: Path) -> None:
    file = tmp_path / "versions.sqlite3"
    cache = ComparisonCache(file)
    found = compared(Mails(ARCHIVE), cache)
    connection = sqlite3.connect(file)
    with connection:
        connection.execute("""UPDATE comparison SET record = '{"pairs": [3]}'""")
    connection.close()
    assert compared(Mails(ARCHIVE), cache) == found


def test_a_cache_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = ComparisonCache(tmp_path / "file" / "versions.sqlite3")
    assert compared(Mails(ARCHIVE), cache) == compared(Mails(ARCHIVE), None)


def test_the_cache_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_cache, "MOST_KEPT", 3)
    cache = ComparisonCache(tmp_path / "versions.sqlite3")
    found = VersionComparer(Mails(ARCHIVE)).compare(
        choose_postings(Mails(ARCHIVE).listing(), MessageId("a@x.example"), None, None)
    )
    keys = [bytes([at]) for at in range(5)]
    for key in keys:
        cache.put(key, found)
        cache.get(keys[0])
    assert [cache.get(key) is not None for key in keys] == [True, False, False, True, True]


def test_numbers_and_mails_make_the_key() -> None:
    (one,) = Mails(ARCHIVE[:1]).series().versions
    (other,) = Mails(ARCHIVE[2:]).series().versions
    assert cache_key(one, other) == cache_key(one, other) != cache_key(other, one)
    assert cache_key(one, other, [one]) != cache_key(one, other)


def test_it_stops() -> None:
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        compared(Mails(ARCHIVE), None, stop)


def test_a_mail_of_no_series_is_refused() -> None:
    thread = Mails([raw_mail("t", "Hello", "Hi.\n")])
    with pytest.raises(PatchdeskError, match="belongs to no patch series"):
        choose_postings(thread.listing(), MessageId("t@x.example"), None, None)
