"""Diffs unified, side by side and stacked; changed words; white space that is wrong, or ignored."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from core.patch.diff import read_diff
from tests.tui.mails import PATCH, hostile, huge, mail
from tests.tui.reader import reading, screen, settle
from tui.widgets.diff_block import DiffBlock
from tui.widgets.hunk_layout import LAYOUTS, NOTHING, Layout, lay_out

KINDS = st.text(alphabet=" +-\\", max_size=60)


@given(KINDS)
def test_each_line_stands_where_it_belongs(kinds: str) -> None:
    whole = list(range(len(kinds)))
    assert list(lay_out(kinds, "unified").left) == whole
    sides = lay_out(kinds, "sides")
    assert len(sides.left) == len(sides.right)
    assert sorted({*sides.left, *sides.right} - {NOTHING}) == whole
    for side, no in ((sides.left, "+"), (sides.right, "-")):
        lines = [at for at in side if at != NOTHING]
        assert lines == sorted(set(lines)), "in order, once"
        assert not any(kinds[at] == no for at in lines)
    stacked = lay_out(kinds, "stacked")
    assert sorted({*stacked.left} - {NOTHING}) == whole
    for rows in (sides, stacked):
        for line in whole:
            row = rows.row(line)
            assert line in {rows.left[row], rows.right[row] if rows.right else NOTHING}


def test_what_stands_beside_what() -> None:
    rows = lay_out(" --+++ +-", "sides")
    assert list(zip(rows.left, rows.right, strict=True)) == [
        (0, 0), (1, 3), (2, 4), (NOTHING, 5), (6, 6), (NOTHING, 7), (8, NOTHING),
    ]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_lines_and_texts_agree(layout: Layout) -> None:
    diff = read_diff(mail(PATCH).body.diff)
    for numbers in (False, True):
        block = DiffBlock(diff, 150, numbers=numbers, headers=False, layout=layout)
        assert block.texts() == [block.row(at).text for at in range(block.count)]
        assert len(block.joints()) == block.count
        for line in range(len(diff.lines)):
            if diff.lines[line].startswith(("+", "-", " ")) and not diff.lines[line].startswith(
                ("+++", "---")
            ):
                text = diff.lines[line][1:].expandtabs(8).strip()[:30]
                assert text in block.row(block.row_of(line)).text
        if layout == "sides":
            for at in range(block.count):
                row = block.row(at)
                if "│" in row.text:
                    assert cell_len(row.text) == 150


async def test_the_layouts_in_turn_and_the_place_is_kept() -> None:
    async with reading(mail(PATCH), (150, 24)) as (view, pilot):
        view.action_next_file(1)
        view.action_next_file(1)
        assert view.action_next_layout() == "sides"
        await settle(pilot)
        rows = screen(view)
        assert rows[0].startswith("▌drivers/lantern/wick.c")
        old, _, new = next(row for row in rows if "/* Trim after" in row).partition("│")
        assert (old.strip(), new.strip()) == ("-/* Trim after the smoke. */", "+/*")
        assert any(row.endswith("›") for row in rows)
        view.action_pan(1)
        assert any("it is only a matter" in row and "above WICK" in row for row in screen(view))
        view.action_pan(-1)
        assert view.action_next_layout() == "stacked"
        text = "\n".join(screen(view))
        assert text.index("-        wick->height -= 1;") < text.index("────") < text.index("+/*")
        assert view.action_next_layout() == "unified"


async def test_a_narrow_screen_has_no_sides() -> None:
    async with reading(mail(PATCH), (150, 24)) as (view, pilot):
        view.action_next_layout()
        await pilot.resize_terminal(100, 24)
        await settle(pilot)
        view.action_next_file(1)
        assert not any("│" in row for row in screen(view))
        view.layout_wanted = "unified"
        assert view.action_next_layout() == "stacked"


async def test_any_mail_side_by_side() -> None:
    for shown in (hostile(), huge(3_000)):
        async with reading(shown, (150, 40)) as (view, pilot):
            view.action_toggle_numbers()
            view.action_next_layout()
            for _ in range(6):
                view.action_page(1)
                view.action_pan(1)
                await settle(pilot)
                for y in range(view.size.height):
                    strip = view.render_line(y)
                    assert strip.cell_length == view.scrollable_content_region.width


def marks(block: DiffBlock, look: str) -> list[str]:
    rows = [block.row(at) for at in range(block.count)]
    return [row.text[start:end] for row in rows for start, end, name in row.marks if name == look]


def test_changed_words_and_wrong_white_space_are_marked() -> None:
    text = "--- a/x.c\n+++ b/x.c\n@@ -1,3 +1,4 @@\n int a;\n-trim(wick);\n+trim(wick, 1);  \n+ \tend;\n-x\n"
    block = DiffBlock(read_diff(text), 80, numbers=False, headers=False)
    assert marks(block, "added-word") == [", 1", "  "]
    assert marks(block, "removed-word") == []
    assert marks(block, "whitespace-error")[0] == "  "
    assert marks(block, "whitespace-error")[1].isspace()
    block.code.words = False
    assert marks(block, "added-word") == []


def test_white_space_can_be_ignored() -> None:
    text = "--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n-\tif (a)\n+\t\tif (a)\n b\n"
    block = DiffBlock(read_diff(text), 80, numbers=False, headers=False)
    assert [block.row(at).base for at in (2, 3)] == ["removed", "added"]
    block.code.ignore_blanks = True
    assert [block.row(at).base for at in (2, 3)] == ["context", "context"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(alphabet=" +-\\@\t王a\u0301\r", max_size=30), max_size=20),
    st.integers(20, 160),
)
def test_any_hunk_has_its_rows(lines: list[str], width: int) -> None:
    diff = read_diff("--- a/x.c\n+++ b/x.c\n@@ -1,9 +1,9 @@\n" + "\n".join(lines))
    for layout in LAYOUTS:
        block = DiffBlock(diff, width, numbers=True, headers=True, layout=layout)
        assert block.texts() == [block.row(at).text for at in range(block.count)]
        for at in range(block.count):
            assert 0 <= block.row_of(block.line_of(at)) < block.count
