"""Where the inbox of a list begins: two weeks before its first sync, where the configuration says nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event

import pytest

from core.config import FollowedList, load_config
from core.config_keys import read_inbox_since
from core.fetch.options import FetchOptions
from core.index.index import Index, open_index
from core.index.query_sql import IndexQuery
from core.query.query import read_query
from core.sync.list_folder import DataDirs, SyncDepth, SyncResult
from core.sync.sync import sync

NOW = datetime.now(UTC)
AGES = {"old": 400, "month": 40, "new": 3}
"""Days since each mail of a list came."""


def put(folder: Path, name: str, days: float, *, answers: str = "") -> None:
    for each in ("cur", "new", "tmp"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    date = format_datetime(NOW - timedelta(days=days))
    head = f"From: a@example.org\nMessage-ID: <{name}@x>\nDate: {date}\n"
    if answers:
        head += f"In-Reply-To: <{answers}@x>\nSubject: Re: [PATCH] {answers}\n"
    else:
        head += f"Subject: [PATCH] {name}\n"
    text = (
        f"{head}\n---\n a | 1 +\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -0,0 +1 @@\n+{name}\n"
    )
    (folder / "new" / name).write_text(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, days in AGES.items():
        put(tmp_path / "mail", name, days)
    return tmp_path / "mail"


def synced(folder: Path, *, name: str = "lamps", since: str = "") -> SyncResult:
    home = DataDirs(folder.parent / "data", folder.parent / "cache")
    followed = FollowedList(target=str(folder), inbox_since=since)
    (result,) = sync(
        {name: followed}, home, SyncDepth(), options=FetchOptions(), stop=Event(), report=lambda _: None
    )  # fmt: skip
    return result


def found(folder: Path, query: str, *, lists: tuple[str, ...] = ()) -> set[str]:
    index = open_index(DataDirs(folder.parent / "data", folder.parent / "cache").index)
    try:
        return {subject_of(index, row) for row in rows(index, query, lists)}
    finally:
        index.close()


def rows(index: Index, query: str, lists: tuple[str, ...]) -> list[int]:
    choice = IndexQuery(tree=read_query(query), now=NOW.timestamp(), lists=lists)
    return list(index.search.rows(choice))


def subject_of(index: Index, row: int) -> str:
    return index.rows.summaries([row])[0].subject


def test_what_is_older_than_two_weeks_starts_outside_and_that_is_said(folder: Path) -> None:
    (note,) = synced(folder).notes
    assert "2 of 3 series and threads start outside the inbox: older than 14 days." in note
    assert "inbox_since" in note
    assert "[lists.lamps]" in note
    assert found(folder, "is:open") == {"new"}
    assert found(folder, "") == set(AGES)
    assert synced(folder).notes == ()


@pytest.mark.parametrize(
    ("since", "inside"), [("60d", {"month", "new"}), ("all", set(AGES)), ("1.day.ago", set())]
)
def test_the_configuration_says_from_when_on(folder: Path, since: str, inside: set[str]) -> None:
    notes = synced(folder, since=since).notes
    assert found(folder, "is:open") == inside
    assert bool(notes) == (inside != set(AGES))
    synced(folder, since="all")  # changed later, too
    assert found(folder, "is:open") == set(AGES)


def test_an_answer_brings_an_old_series_in(folder: Path) -> None:
    synced(folder)
    put(folder, "answer", 0, answers="old")
    synced(folder)
    assert found(folder, "is:open") == {"old", "new"}


def test_a_list_that_was_synced_before_keeps_what_it_has(folder: Path) -> None:
    synced(folder)
    index = open_index(DataDirs(folder.parent / "data", folder.parent / "cache").index)
    with index.connection() as connection:
        connection.execute(
            "DELETE FROM meta WHERE name LIKE 'inbox%'"
        )  # as an earlier version left it
    index.close()
    assert synced(folder).notes == ()
    assert found(folder, "is:open") == set(AGES)


def test_what_came_through_another_list_too_is_as_that_has_it(folder: Path, tmp_path: Path) -> None:
    synced(folder)
    synced(folder, name="all-of-it", since="all")
    assert found(folder, "is:open") == set(AGES)


def test_the_setting_is_a_time_or_all(tmp_path: Path) -> None:
    assert read_inbox_since("30d", NOW) is not None
    assert read_inbox_since("2026-01-01", NOW) == read_inbox_since(" 2026-01-01 ", NOW)
    assert read_inbox_since("soon", NOW) is None
    file = tmp_path / "config.toml"
    file.write_text(
        '[lists.a]\ntarget = "/x"\ninbox_since = "soon"\n[lists.b]\ntarget = "/y"\ninbox_since = "90d"\n'
    )
    config = load_config(file)
    assert (config.lists["a"].inbox_since, config.lists["b"].inbox_since) == ("", "90d")
    assert any("lists.a.inbox_since" in problem for problem in config.problems)
