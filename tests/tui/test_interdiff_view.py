"""The interdiff in the reader: the new patch as it stands, marks in front, what is gone in place, the rest folded."""

from __future__ import annotations

from core.model import OpenedMessage
from core.text import SafeText
from core.versions.comparison import VersionMails, compare, pair_interdiffs
from tests.core.versions.patches import diff, mail
from tests.tui.reader import everything, reading, settle
from tui.reader.interdiff import InterdiffView, view_of

OLD = diff("wick.c", " int a;", "+int b;", "+int c;", " int d;") + diff(
    "oil.c", " x", "+same", " y"
)
NEW = diff("wick.c", " int a;", "+int b;", "+long c;", " int d;") + diff(
    "oil.c", " x", "+same", " y"
)
HEAD = ((SafeText("v1 → v2  code +1 -1"), "version-new"),)


def pair_of(old: str, new: str, *, linear: bool = False) -> tuple[OpenedMessage, InterdiffView]:
    before, after = mail("lamp: wick", old), mail("lamp: wick", new, version=2)
    sides = [
        VersionMails(version=at, cover=None, patches=((1, opened),))
        for at, opened in ((1, before), (2, after))
    ]
    found = compare(sides[0], sides[1])
    (pair,) = pair_interdiffs(found, sides[0].contents(), sides[1].contents())
    return after, view_of(pair, HEAD, old="v1", new="v2", linear=linear)


async def test_new_lines_are_marked_gone_ones_stand_in_place_the_rest_is_folded() -> None:
    shown, view = pair_of(OLD, NEW)
    async with reading(shown) as (reader, pilot):
        before = everything(reader)
        reader.show_interdiff(shown, view)
        await settle(pilot)
        rows = everything(reader)
        at = rows.index("▎+long c;")
        assert rows[at - 2 : at + 2] == [" +int b;", "▏+int c;", "▎+long c;", "  int d;"]
        assert "▸ 3 lines as in v1" in [row.strip() for row in rows]
        assert any("v1 → v2  code +1 -1" in row for row in rows[:12])
        reader.fold_all(expanded=True)
        assert " +same" in everything(reader)
        reader.show_interdiff(shown, None)
        await settle(pilot)
        assert everything(reader) == before


async def test_in_linear_mode_the_version_is_named() -> None:
    shown, view = pair_of(OLD, NEW, linear=True)
    async with reading(shown) as (reader, pilot):
        reader.show_interdiff(shown, view)
        await settle(pilot)
        rows = everything(reader)
        assert "v2: +long c;" in rows
        assert "v1: +int c;" in rows
        assert "    +int b;" in rows


async def test_side_by_side_the_marks_stand_in_front_and_nothing_is_cut() -> None:
    shown, view = pair_of(OLD, NEW)
    async with reading(shown, size=(160, 50)) as (reader, pilot):
        reader.show_interdiff(shown, view)
        reader.action_next_layout()
        await settle(pilot)
        rows = everything(reader)
        (changed,) = (row for row in rows if "long c;" in row)
        assert changed.startswith("▎")
        assert any(row.startswith("▏+int c;") for row in rows)


async def test_wrapped_lines_keep_their_mark_and_their_width() -> None:
    long = " ".join(["+word"] + ["long"] * 60)
    shown, view = pair_of(diff("a.c", "+x"), diff("a.c", long))
    async with reading(shown, size=(60, 24)) as (reader, pilot):
        reader.show_interdiff(shown, view)
        reader.action_toggle_wrap()
        await settle(pilot)
        wrapped = [row for row in everything(reader) if "long long" in row]
        assert len(wrapped) > 3
        assert all(row.startswith("▎") and len(row) <= 60 for row in wrapped)


async def test_a_line_that_moved_to_the_base_is_said_to_be_there() -> None:
    shown, view = pair_of(
        diff("a.c", "+first", "+two", "+three"), diff("a.c", " first", "+two", "+three")
    )
    assert list(view.marks.values()) == ["in the base now"]
    async with reading(shown) as (reader, pilot):
        reader.show_interdiff(shown, view)
        await settle(pilot)
        assert any(
            "in the base now" in strip.text for strip in (reader.render_line(y) for y in range(23))
        )


async def test_keys_of_the_diff_work_with_it() -> None:
    shown, view = pair_of(OLD, NEW)
    async with reading(shown, size=(80, 10)) as (reader, pilot):
        reader.show_interdiff(shown, view)
        await settle(pilot)
        assert reader.action_next_file(1)
        assert reader.action_next_file(1)
        assert reader.find("long c") == 1
        assert reader.action_mark_viewed() is True
        assert reader.viewed == (1, 2)
