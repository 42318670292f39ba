"""Marks: by key, in a range, by a query; and that they stay on their series."""

from __future__ import annotations

import time
from threading import Event

import pytest

from tests.tui.kit import (
    FakeDesk,
    app_on,
    app_with,
    controller,
    desk_screen,
    idle,
    lantern,
    listing,
    ready,
    small_series,
    text_of,
    tree_of,
    until,
)
from tests.tui.test_find import find
from tui.app import PatchdeskApp
from tui.desk.mail import MailLoader
from tui.keys.commands import Pane
from tui.tree.marks import Marks
from tui.tree.triage_tree import TriageTree


def marks_of(app: PatchdeskApp) -> list[str]:
    """Return the subjects that have a mark on the screen."""
    lines = text_of(app, "SeriesTree").splitlines()
    return [line.partition("*")[2].strip("◆◇ ")[:12].rstrip() for line in lines if line[1:2] == "*"]


def tree(app: PatchdeskApp) -> TriageTree:
    found = tree_of(app)
    assert isinstance(found, TriageTree)
    return found


async def test_space_marks_and_goes_on_and_says_how_many() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("space", "j", "space")
        await until(pilot, lambda: "2 marked" in text_of(app, "TitleBar"), what="2 marked")
        assert len(marks_of(app)) == 2
        assert tree(app).cursor == 3
        await pilot.press("k", "space")
        await until(pilot, lambda: "1 marked" in text_of(app, "TitleBar"), what="1 marked")


async def test_space_marks_the_series_whose_patches_one_is_among() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("l", "j", "j", "space")
        await pilot.pause()
        assert tree(app).marked == {lantern()[0].id}
        row = tree(app).row
        assert row is not None
        assert row.item.id == lantern()[1].id  # and not one more of its patches


async def test_escape_takes_the_marks_away() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("space")
        await until(pilot, lambda: not controller(app, MailLoader).is_reading, what="the next mail")
        await pilot.press("escape")
        assert not tree(app).marked
        await until(pilot, lambda: "marked" not in text_of(app, "TitleBar"), what="no marks")


async def test_a_range_grows_shrinks_and_can_be_kept_or_left() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("V", "j", "j")
        await until(pilot, lambda: "3 marked…" in text_of(app, "TitleBar"), what="3 marked…")
        await pilot.press("k")
        assert len(tree(app).marked) == 2
        await pilot.press("V", "G")
        assert len(tree(app).marked) == 2
        await pilot.press("V", "k", "escape")
        assert len(tree(app).marked) == 2
        await pilot.press("escape")
        assert not tree(app).marked


@pytest.mark.parametrize(("query", "count"), [("oil", 2), ("Míra", 1), ("", 4), ("brass", 0)])
async def test_a_query_marks_what_it_finds(query: str, count: int) -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("*", *query, "enter")
        message = f"{count} marked" if count else "Already marked"
        await until(pilot, lambda: message in text_of(app), what=message)
        assert len(tree(app).marked) == count


async def test_marks_stay_on_their_series_when_others_arrive_above() -> None:
    gate = Event()
    first = [small_series(f"s{n}", f"s{n}: thing") for n in range(4)]
    more = [small_series(f"new{n}", f"new{n}: thing") for n in range(3)]
    app = app_on(
        lantern=FakeDesk(listing(first, done=False), gate, listing([*more, *reversed(first)]))
    )
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("j", "space", "V", "j")
        assert len(tree(app).marked) == 3
        gate.set()
        await until(pilot, lambda: len(tree(app)) == 7, what="all rows")
        # What was marked by itself stays; the range reaches from where it began to the cursor.
        assert first[1].id in tree(app).marked
        assert {first[2].id, first[3].id} <= tree(app).marked


@pytest.mark.slow
async def test_twenty_thousand_are_marked_at_once() -> None:
    app = app_with(*(small_series(f"s{n}", f"s{n}: thing") for n in range(20_000)))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        started = time.process_time()
        await pilot.press("V", "G")
        assert time.process_time() - started < 0.5
        assert tree(app).marks.count(tree(app).count) == 20_000
        assert len(tree(app).marks.ids) == 0  # a range, not one object for each
        await pilot.press("V")
        assert len(tree(app).marked) == 20_000


def test_a_mark_follows_a_series_whose_id_changes() -> None:
    marks = Marks()
    marks.show(lambda first, end: ["a", "b"][first:end])
    marks.add(["a"])
    marks.rename({"a": "c", "x": "y"})
    assert marks.ids == {"c"}


async def test_the_state_of_marks_is_the_same_in_the_reader() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("space", "enter")
        await until(pilot, lambda: "1 marked" in text_of(app, "TitleBar"), what="1 marked")
        assert desk_screen(app).active_pane is Pane.READER


async def test_all_that_a_query_finds_is_marked_not_only_the_best_of_it() -> None:
    lamps = [small_series(f"lamp{n}", f"lamp {n}: trim") for n in range(230)]
    app = app_with(*lamps, *lantern())
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "lamp")
        await pilot.press("enter")
        await until(pilot, lambda: "/ lamp" in text_of(app, "TitleBar"), what="the results")
        tree = desk_screen(app).series_tree
        assert tree.count < len(lamps)
        await pilot.press("*", "enter")
        await until(pilot, lambda: len(tree.marked) >= len(lamps), what="the marks")
        assert len(tree.marked) == tree.count
        await pilot.press("q")  # the marks
        await pilot.press("q")
        await idle(pilot)
        assert tree.count == len(lamps) + len(lantern())
