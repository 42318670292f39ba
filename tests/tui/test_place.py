"""Where the reader was in the lists: remembered from run to run, and harmless where that is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.desk.list_position import ListPosition, recall, remember
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.index.index import Index, RowView
from core.system.ui_state import UiState
from tests.tui.kit import controller, desk_screen, text_of, tree_of, until
from tests.tui.test_lists import app_on_index, settled
from tests.tui.test_lists import index as index
from tests.tui.test_lists import made as made
from tests.tui.test_lists import path as path
from tui.app import PatchdeskApp
from tui.desk.opening import Opening
from tui.desk.requests import Desk
from tui.tree.rows import Key, Kind

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(("lists", "sort", "group", "row", "from_top", "folds"))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.dictionaries(KEYS, ANY))
def test_whatever_is_in_the_file_is_a_place(kept: dict[str, object]) -> None:
    remembered = UiState()
    remembered.set("lists", kept)
    place = recall(remembered, ("lantern",))
    assert set(place.wanted.lists) <= {"lantern"}
    _ = place.wanted.view
    assert all(isinstance(part, str) for key in (place.key, *place.folds) for part in key)
    assert place.from_top >= 0


def test_a_place_is_kept_in_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "state" / "remembered.json"
    remembered = UiState(file)
    folds: dict[Key, bool] = {("",): False, ("", "Monday"): True}
    folds |= {(f"row{number}@x",): True for number in range(100)}
    wanted = ListQuery(lists=("lantern", "gone"), sort="activity", group="day")
    remember(
        remembered, ListPosition(wanted=wanted, key=("a@x", "b\udc80@x"), from_top=4, folds=folds)
    )
    remembered.write()
    assert file.stat().st_mode & 0o777 == 0o600
    place = recall(UiState(file), ("lantern",))
    assert place.wanted == ListQuery(lists=("lantern",), group="day")
    assert (place.key, place.from_top) == (("a@x", "b\udc80@x"), 4)
    assert list(place.folds)[:2] == [("",), ("", "Monday")]
    assert list(place.folds)[-1] == ("row99@x",)
    assert len(place.folds) == 22
    file.write_text(json.dumps({"lists": [1]}))
    assert recall(UiState(file), ()).wanted == ListQuery()


def started(path: Path, index: Index, file: Path) -> PatchdeskApp:
    """Return the application as a later run starts it."""
    remembered = UiState(file)
    app = app_on_index(path, index)

    def opened(target: str) -> Desk:
        return ListDesk(path, recall(remembered, ("lantern",)).wanted)

    return PatchdeskApp(
        "", opened, lists=("lantern",), clock=app.settings.clock, remembered=remembered
    )


async def test_the_next_run_begins_where_the_last_one_ended(
    path: Path, index: Index, tmp_path: Path
) -> None:
    file = tmp_path / "remembered.json"
    async with (app := started(path, index, file)).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("j", "l", "j", "j")
        left = tree_of(app).view_state
        assert left.key is not None
        rows = len(tree_of(app))
        await pilot.press("Q")
    async with (app := started(path, index, file)).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        now = tree_of(app).view_state
        assert (now.key, now.from_top, now.folds) == (left.key, left.from_top, left.folds)
        assert len(tree_of(app)) == rows
        await pilot.press(":", *"group", "space", *"day", "enter")
        await until(pilot, lambda: "by day" in text_of(app, "TitleBar"), what="groups")
        await pilot.press("z", "M", "j")
        left = tree_of(app).view_state
        await pilot.press("Q")
    async with (app := started(path, index, file)).run_test(size=(120, 40)) as pilot:
        # There is no mail to wait for under a heading.
        await until(pilot, lambda: "by day" in text_of(app, "TitleBar"), what="groups")
        await until(pilot, lambda: controller(app, Opening).pending is None, what="all rows")
        row = tree_of(app).row
        assert row is not None
        assert row.kind is Kind.HEADING
        assert row.key == left.key
        assert len(tree_of(app)) == len(index.rows.count_by_day(RowView()))
        assert not tree_of(app).user_moved


async def test_a_place_that_is_gone_is_the_top(path: Path, index: Index, tmp_path: Path) -> None:
    file = tmp_path / "remembered.json"
    file.write_text(
        json.dumps({"lists": {"row": ["nobody@x"], "from_top": 900, "folds": [[["no@x"], True]]}})
    )
    async with (app := started(path, index, file)).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert tree_of(app).cursor == 0
        assert desk_screen(app).series_tree.position[0] == 1


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"lists": {"folds": {"a": 1}, "row": 7}}', "\0"]
)
async def test_a_damaged_file_is_none(
    path: Path, index: Index, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "remembered.json"
    file.write_text(content)
    async with (app := started(path, index, file)).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert tree_of(app).cursor == 0
