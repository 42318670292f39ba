"""Where decisions are kept: in the user's journal, and of the demo nowhere for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import Config, FollowedList
from core.demo import demo_path
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.triage.event_tables import EventTables
from core.triage.journal import FILE
from tests.tui.kit import FakeDesk
from tui.cli.reader import triage_opener
from tui.desk.requests import Session


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "patchdesk"


def test_decisions_go_to_the_users_journal(data: Path) -> None:
    config = Config(lists={"kvm": FollowedList(target="x", repo="/a/linux")})
    triage = triage_opener(config)(Session("some.mbox", FakeDesk()))
    assert triage.applied.journal.path == data / FILE
    assert triage.tags._repos == {"kvm": "/a/linux"}


def test_the_screen_and_the_lists_share_one_service(data: Path) -> None:
    """Two would append to the journal, and apply it to the index, without a lock between them."""
    config = Config(
        lists={"kvm": FollowedList(target="x", repo="/a/linux")}, me_addresses=("me@example.org",)
    )
    data.mkdir()
    desk = ListDesk(data / "index.sqlite3", ListQuery(), config)
    triage = triage_opener(config)(Session("", desk))
    assert triage is desk.triage
    assert triage.tags._repos == {"kvm": "/a/linux"}
    assert triage.applied.indexed is not None
    with desk.index.connection() as connection:
        assert EventTables(connection).get_meta("me") == '["me@example.org"]'
    desk.index.close()


def test_those_on_the_demo_do_not(data: Path) -> None:
    with demo_path() as path:
        opened = triage_opener(Config())
        triage = opened(Session(str(path), FakeDesk()))
    assert data not in triage.applied.journal.path.parents
    assert triage.applied.journal.path.parent.is_dir()  # as long as the program runs
