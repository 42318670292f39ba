"""Time expressions, looking back and ahead, in a zone that is given and in the local one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.approxidate import midnight, read_future, read_past, utc_offsets
from core.errors import QueryError
from core.index.index import RowView, open_index
from core.query.date_ranges import Clock, read_dates
from tests.core.indexing import Log, bring
from tests.core.search.finding import letter

NOW = datetime(2025, 6, 18, 15, 30, 10, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in a zone whose clocks changed on 2025-03-30 and 2025-10-26."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-05-01", "2025-05-01T00:00:00"),
        ("2025-5-1", "2025-05-01T00:00:00"),
        ("2025-05-01 18:00", "2025-05-01T18:00:00"),
        ("2025-05-01T18:00:05+02:00", "2025-05-01T16:00:05"),
        ("2025-05-01t18:00z", "2025-05-01T18:00:00"),
        ("@1746057600", "2025-05-01T00:00:00"),
        ("now", "2025-06-18T15:30:10"),
        ("Yesterday", "2025-06-17T00:00:00"),
        ("wed", "2025-06-18T00:00:00"),
        ("last.wednesday", "2025-06-11T00:00:00"),
        ("thu", "2025-06-12T00:00:00"),
        ("2.weeks.ago", "2025-06-04T15:30:10"),
        ("2w ago", "2025-06-04T15:30:10"),
        ("1.day.2.hours.ago", "2025-06-17T13:30:10"),
        ("1d2h.ago", None),
        ("4 months ago", "2025-02-18T15:30:10"),
        ("last year", "2024-06-18T15:30:10"),
        ("2.weeks", None),
        ("3d", None),
        ("tomorrow", None),
        ("2025-02-30", None),
        ("2025-05-01+02:00", None),
        ("999999.years.ago", None),
    ],
)
def test_looking_back(text: str, moment: str | None) -> None:
    found = read_past(text, NOW, UTC)
    assert found == (None if moment is None else datetime.fromisoformat(moment).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("3d", "2025-06-21T00:00:00"),
        ("3 days", "2025-06-21T00:00:00"),
        ("2w", "2025-07-02T00:00:00"),
        ("12h", "2025-06-19T03:30:10"),
        ("90min", "2025-06-18T17:00:10"),
        ("1.day.2.hours", "2025-06-19T00:00:00"),
        ("8 months", "2026-02-18T00:00:00"),
        ("tomorrow", "2025-06-19T00:00:00"),
        ("wed", "2025-06-25T00:00:00"),
        ("Friday", "2025-06-20T00:00:00"),
        ("2026-12-01 14:00", "2026-12-01T14:00:00"),
        ("yesterday", None),
        ("3d ago", None),
        ("v2", None),
        ("", None),
    ],
)
def test_looking_ahead(text: str, moment: str | None) -> None:
    found = read_future(text, NOW, UTC)
    assert found == (None if moment is None else datetime.fromisoformat(moment).replace(tzinfo=UTC))


def test_a_day_that_does_not_exist_is_no_time_ahead() -> None:
    with pytest.raises(ValueError, match="day"):
        read_future("2026-02-30", NOW)


@pytest.mark.usefixtures("berlin")
def test_local_time_has_the_offset_of_each_moment() -> None:
    winter, summer = read_past("2025-01-10", NOW), read_past("2025-07-10", NOW)
    assert winter is not None
    assert summer is not None
    assert winter.utcoffset() == timedelta(hours=1)
    assert summer.utcoffset() == timedelta(hours=2)
    # Five months back the clock shows the same, though the offset was another.
    back = read_past("5.months.ago", NOW)
    assert back is not None
    assert back.isoformat() == "2025-01-18T17:30:10+01:00"
    # 23:30 UTC is the next day already.
    late = datetime(2025, 6, 18, 23, 30, tzinfo=UTC)
    assert read_past("today", late) == midnight(late.astimezone().date())
    assert read_future("fri", late) == datetime(2025, 6, 20, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.usefixtures("berlin")
def test_a_day_of_a_query_is_as_long_as_the_clock_has_it() -> None:
    clock = Clock(NOW)
    for day, hours in (("2025-03-30", 23), ("2025-10-26", 25), ("20250618", 24)):
        first, last = read_dates(day, clock, 0)
        assert first is not None
        assert last is not None
        assert last - first == hours * 3600 - 1, day
    assert read_dates("today", clock, 0) == read_dates("2025-06-18", clock, 0)


@given(st.text(alphabet="0123456789 .-+:@abcdefghijklmnopqrstuvwxyzé", max_size=30))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    for zone in (UTC, None):
        found = read_past(text, NOW, zone)
        assert found is None or found.tzinfo is not None
        try:
            ahead = read_future(text, NOW, zone)
        except (ValueError, OverflowError):
            continue
        assert ahead is None or ahead.tzinfo is not None
    try:
        low, high = read_dates(text, Clock(NOW), 0)
    except QueryError:
        return
    assert low is None or high is None or low <= high


@pytest.mark.usefixtures("berlin")
def test_offsets_change_when_the_clocks_do() -> None:
    start, end = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2024, 2026))
    changes = [datetime.fromtimestamp(second, UTC) for second, _ in utc_offsets(start, end)]
    assert [offset for _, offset in utc_offsets(start, end)] == [3600, 7200, 3600, 7200, 3600]
    assert changes[:4] == [
        datetime(2025, 10, 26, 1, tzinfo=UTC),
        datetime(2025, 3, 30, 1, tzinfo=UTC),
        datetime(2024, 10, 27, 1, tzinfo=UTC),
        datetime(2024, 3, 31, 1, tzinfo=UTC),
    ]
    assert utc_offsets(start, end, UTC) == [(int(start), 0)]
    assert len(utc_offsets(-(1 << 60), 1 << 60)) < 500


@pytest.mark.usefixtures("berlin")
def test_days_of_followed_lists_have_the_offset_of_each_day(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index.sqlite3")
    log = Log("letters")
    # 22:30 UTC is 23:30 in winter, and half an hour into the next day in summer.
    for name, date in (
        ("winter", "Fri, 10 Jan 2025 22:30:00 +0000"),
        ("summer", "Thu, 10 Jul 2025 22:30:00 +0000"),
    ):
        log.entries.append((letter(name, f"About {name}", date=date), True))
    bring(index, log)
    days = [
        datetime.fromtimestamp(day * 86_400, UTC).date()
        for day, _ in index.rows.count_by_day(RowView())
    ]
    index.close()
    assert [day.isoformat() for day in days] == ["2025-07-11", "2025-01-10"]
