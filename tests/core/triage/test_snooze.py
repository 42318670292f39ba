"""Until when a series is put off, as a person writes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.triage.arguments import ArgumentError, Snooze, SnoozeError, decode_snooze, parse_snooze


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be somewhere with a summer time: it ends on 2026-10-25."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


# Thursday, the 22nd of October 2026, 17:30 in Berlin.
NOW = datetime(2026, 10, 22, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("1d", "2026-10-23T00:00:00+02:00"),
        ("3d", "2026-10-25T00:00:00+02:00"),
        ("4d", "2026-10-26T00:00:00+01:00"),
        ("2w", "2026-11-05T00:00:00+01:00"),
        (" 2W ", "2026-11-05T00:00:00+01:00"),
        ("12h", "2026-10-23T05:30:00+02:00"),
        ("tomorrow", "2026-10-23T00:00:00+02:00"),
        ("fri", "2026-10-23T00:00:00+02:00"),
        ("Friday", "2026-10-23T00:00:00+02:00"),
        ("thu", "2026-10-29T00:00:00+01:00"),
        ("mon", "2026-10-26T00:00:00+01:00"),
        ("2026-12-01", "2026-12-01T00:00:00+01:00"),
        ("2026-12-1", "2026-12-01T00:00:00+01:00"),
        ("2026-12-01 14:00", "2026-12-01T14:00:00+01:00"),
        ("2026-12-01T14:00", "2026-12-01T14:00:00+01:00"),
    ],
)
def test_times(words: str, moment: str) -> None:
    until = parse_snooze(words, NOW)
    assert until == Snooze(datetime.fromisoformat(moment))
    assert until.moment is not None
    assert until.moment.isoformat() == moment
    assert decode_snooze(until.encode()) == until


@pytest.mark.parametrize(
    ("words", "spoken"),
    [
        ("fri", "until Fri 2026-10-23"),
        ("2026-12-01 14:00", "until Tue 2026-12-01 14:00"),
        ("v", "until a new version"),
        ("v6.19-rc1", "until v6.19-rc1"),
    ],
)
def test_it_is_said_as_it_is_meant(words: str, spoken: str) -> None:
    assert str(parse_snooze(words, NOW, has_tag=lambda _: False)) == spoken


def test_a_new_version() -> None:
    until = parse_snooze("v", NOW)
    assert until.is_version
    assert until.encode() == "version"
    assert decode_snooze("version") == until


def test_a_tag_that_is_not_there_yet() -> None:
    until = parse_snooze("v6.19-rc1", NOW, has_tag=lambda _: False)
    assert until == Snooze(tag="v6.19-rc1")
    assert decode_snooze(until.encode()) == until


@pytest.mark.parametrize(
    ("words", "has_tag", "said"),
    [
        ("", None, "not a time"),
        ("soon", lambda _: False, "not a time"),
        ("v6.19", None, "list's repository"),
        ("v6.19", lambda _: True, "there already"),
        ("yesterday", None, "not a time"),
        ("2026-10-22", None, "past"),
        ("2020-01-01", None, "past"),
        ("2026-02-30", None, "does not exist"),
        ("2026-12-01 25:00", None, "does not exist"),
        ("0d", None, "past"),
        ("9999w", None, "100 years"),
        ("2300-01-01", None, "100 years"),
        ("99999d", None, "100 years"),
        ("3 d d", None, "not a time"),
        ("../v1", lambda _: False, "not a time"),
        ("x" * 500 + "1", lambda _: False, "not a time"),
    ],
)
def test_what_cannot_be_read_says_what_can(words: str, has_tag: object, said: str) -> None:
    with pytest.raises(SnoozeError, match=said) as caught:
        parse_snooze(words, NOW, has_tag=has_tag)  # type: ignore[arg-type]
    assert "3d" in caught.value.hint
    assert isinstance(caught.value, ArgumentError)


@settings(max_examples=200)
@given(st.text(max_size=30) | st.from_regex(r"[0-9]{1,5}\s?[hdw]|[0-9-]{8,11}", fullmatch=True))
def test_anything_is_a_time_to_come_or_an_error(words: str) -> None:
    try:
        until = parse_snooze(words, NOW, has_tag=lambda _: False)
    except SnoozeError:
        return
    assert until.moment is None or NOW < until.moment < NOW + timedelta(days=36_600)
    assert decode_snooze(until.encode()) == until


@given(st.text(max_size=40))
def test_what_a_journal_says_is_read_or_not(text: str) -> None:
    until = decode_snooze(text)
    assert until is None or str(until)
