"""Groups that fold into their headings: which rows are left, and that nothing loses its way in what is folded."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.index.index import Index
from core.model import MessageId
from tests.tui.kit import desk_screen, small_series, text_of, tree_of, until
from tests.tui.test_lists import app as app
from tests.tui.test_lists import index as index
from tests.tui.test_lists import made as made
from tests.tui.test_lists import path as path
from tests.tui.test_lists import settled
from tui.app import PatchdeskApp
from tui.tree.groups import Groups
from tui.tree.items import InMemoryItems
from tui.tree.model import Rows
from tui.tree.rows import Highlights, Kind, SearchMarks

ITEMS = [small_series(f"item{number}", f"the item {number}") for number in range(9)]
"""Series of two patches."""


def grouped(firsts: list[int]) -> Rows:
    rows = Rows()
    held = InMemoryItems(ITEMS)
    held.headings = {first: f"group {first}" for first in firsts}
    rows.replace(held, keep=False)
    return rows


def names(rows: Rows) -> list[str]:
    return [
        rows[at].news if rows[at].kind is Kind.HEADING else "/".join(rows[at].key)
        for at in range(len(rows))
    ]


def row_of(rows: Rows, text: str) -> int:
    return next(at for at in range(len(rows)) if rows[at].key == ("", text))


@settings(max_examples=150)
@given(
    firsts=st.sets(st.integers(0, 8)),
    folded=st.sets(st.integers(0, 8)),
    opened=st.sets(st.integers(0, 8)),
)
def test_rows_are_those_of_the_groups_that_are_open(
    firsts: set[int], folded: set[int], opened: set[int]
) -> None:
    rows = grouped(sorted(firsts))
    for place in opened:
        rows.fold(rows.first_row(place), expanded=True)
    whole: dict[int, list[str]] = {}
    for place in range(9):
        begin, end = rows.block(rows.first_row(place))
        whole[place] = names(rows)[begin:end]
    for first in folded & firsts:
        rows.fold(row_of(rows, f"group {first}"), expanded=False)
    expected: list[str] = []
    hidden = False
    for place in range(9):
        if place in firsts:
            hidden = place in folded
            count = min([other for other in firsts if other > place], default=9) - place
            if hidden:
                expected.append(f"group {place}  ({count})")
        if not hidden:
            expected += whole[place]
    assert names(rows) == expected
    for place, item in enumerate(ITEMS):
        at = rows.find((item.id,))
        assert at is not None
        assert rows[at].kind is Kind.HEADING or rows[at].key == (item.id,)
        assert rows.first_row(place) == at
    for at in range(len(rows)):
        assert rows.find(rows[at].key) == at
        begin, end = rows.block(at)
        assert begin <= at < end
    # One after the other they are unfolded again, by what is looked for in them.
    for place, item in enumerate(ITEMS):
        at = rows.show_mail(MessageId(item.id))
        assert at is not None
        assert rows[at].key == (item.id,)
        assert rows.item_place(at) == place
    assert names(rows) == [name for place in range(9) for name in whole[place]]


@given(
    firsts=st.sets(st.integers(0, 30)),
    folded=st.sets(st.integers(0, 30)),
    count=st.integers(31, 40),
)
def test_ranks_and_places_are_each_others_inverse(
    firsts: set[int], folded: set[int], count: int
) -> None:
    headings = {first: str(first) for first in firsts}
    groups = Groups(headings, count, lambda text: int(text) not in folded)
    places = [groups.place(rank) for rank in range(len(groups))]
    assert places == sorted(set(places))
    assert [groups.rank(place) for place in places] == list(range(len(groups)))
    for place in range(count):
        if place not in places:
            assert groups.hides(place)
            assert groups.place(groups.rank(place)) == groups.first(place)


def test_everything_folds_and_unfolds_with_its_groups() -> None:
    rows = grouped([0, 4])
    rows.fold_all(expanded=False)
    assert names(rows) == ["group 0  (4)", "group 4  (5)"]
    rows.fold(0, expanded=True)
    assert names(rows)[:3] == ["group 0", ITEMS[0].id, ITEMS[1].id]
    rows.replace(rows.items, keep=True)  # what comes leaves it so
    assert names(rows)[-1] == "group 4  (5)"
    rows.fold_all(expanded=True)
    assert len(rows) > 2 + len(ITEMS)


def test_what_is_found_is_shown_also_in_folded_groups() -> None:
    rows = grouped([0, 4])
    rows.fold_all(expanded=False)
    key = (ITEMS[5].id,)
    rows.set_highlights(SearchMarks(highlights={key: Highlights()}))
    found = rows.next_highlighted(0, 1)
    assert found is not None
    assert rows[found].key == key
    rows.set_highlights(SearchMarks(highlights={}))
    assert len(rows) == 2


async def test_headings_fold_with_the_keys_of_folds(app: PatchdeskApp, index: Index) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        everything = len(tree_of(app))
        await pilot.press(":", *"group", "space", *"author", "enter")
        await until(pilot, lambda: "by author" in text_of(app, "TitleBar"), what="groups")
        authors = len(tree_of(app)) - everything
        await pilot.press("g", "g", "h")
        assert len(tree_of(app)) < everything + authors
        assert tree_of(app).row is not None
        assert tree_of(app).row.kind is Kind.HEADING  # type: ignore[union-attr]
        await pilot.press("z", "M")
        assert len(tree_of(app)) == authors
        # What is folded away is not decided on unseen.
        assert desk_screen(app).series_tree.here is None
        # J goes to what is unread, wherever it is folded in.
        await pilot.press("g", "g", "J")
        row = tree_of(app).row
        assert row is not None
        assert row.unread
        await pilot.press(*"hhhhhhhhh")
        assert tree_of(app).row.kind is Kind.HEADING  # type: ignore[union-attr]
        await pilot.press("z", "R")
        assert len(tree_of(app)) > everything + authors
        assert desk_screen(app).series_tree.has_focus
