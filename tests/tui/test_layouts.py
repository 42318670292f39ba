"""Diffs: unified, side by side and stacked; changed words; white space that is wrong, or ignored."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from core.diff.parse import read_diff
from tests.tui.mails import PATCH, hostile, huge, mail
from tests.tui.reader import reading, screen, settle
from tui.reader.diff import DiffBlock
from tui.reader.diff_layout import LAYOUTS, NOTHING, Layout, lay_out

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
        assert len(block.separators()) == block.count
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


def test_a_tab_in_place_of_blanks_is_marked() -> None:
    text = "--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n-        a(1);\n-\tb(1);\n+\ta(1);\n+\tb(2);\n"
    block = DiffBlock(read_diff(text), 80, numbers=False, headers=False)
    assert marks(block, "removed-word") == [" " * 8, "1"]
    assert marks(block, "added-word") == [" " * 8, "2"]


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
        for wrap in (False, True):
            block = DiffBlock(diff, width, numbers=True, headers=True, layout=layout, wrap=wrap)
            assert block.texts() == [block.row(at).text for at in range(block.count)]
            for at in range(block.count):
                assert 0 <= block.row_of(block.line_of(at)) < block.count


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.text(alphabet=" +-\t王a\u0301\r", min_size=1, max_size=90), min_size=1, max_size=8),
    st.integers(20, 60),
    st.booleans(),
)
def test_wrapped_lines_fit_and_are_whole(lines: list[str], width: int, numbers: bool) -> None:
    rows = [line[0] + line[1:] if line[0] in " +-" else f" {line}" for line in lines]
    old, new = (sum(row[0] in f" {sign}" for row in rows) for sign in "-+")
    diff = read_diff(f"--- a/x\n+++ b/x\n@@ -1,{old} +1,{new} @@\n" + "\n".join(rows))
    whole = DiffBlock(diff, width, numbers=numbers, headers=False)
    block = DiffBlock(diff, width, numbers=numbers, headers=False, wrap=True)
    text = "".join(
        text + joint for text, joint in zip(block.texts(), block.separators(), strict=True)
    )
    assert text == "".join(f"{text}\n" for text in whole.texts()), "copied, it is what it was"
    for at in range(2, block.count):
        row = block.row(at)
        assert cell_len("".join(text for text, _ in (*row.gutter, *row.pieces))) <= max(width, 12)


async def test_long_lines_can_be_wrapped() -> None:
    async with reading(mail(PATCH), (40, 24)) as (view, pilot):
        view.action_next_file(1)
        view.action_next_file(1)
        assert any(row.endswith("›") for row in screen(view))
        view.action_toggle_wrap()
        await settle(pilot)
        rows = screen(view)
        assert not any(row.endswith("›") for row in rows[2:] if not row.startswith("@@"))
        assert any(row.startswith("↪") for row in rows)
        assert rows[0].startswith("▌drivers"), "the place is kept"


def test_a_line_stands_beside_what_it_became() -> None:
    text = "--- a/x.c\n+++ b/x.c\n@@ -1,1 +1,3 @@\n-\treturn trim(wick, 1);\n+\tint by = 1;\n+\n+\treturn trim(wick, by);\n"
    block = DiffBlock(read_diff(text), 150, numbers=False, headers=False, layout="sides")
    old, _, new = next(
        block.row(at).text for at in range(2, 5) if "1);" in block.row(at).text
    ).partition("│")
    assert (old.split(), new.split()) == (
        ["-", "return", "trim(wick,", "1);"],
        ["+", "return", "trim(wick,", "by);"],
    )


MOVED = """\
--- a/lamp.c
+++ b/lamp.c
@@ -5,5 +5,1 @@
 a
-int trim(struct wick *wick)
-{
-\treturn wick->height -= 1;
-}
--- a/wick.c
+++ b/wick.c
@@ -40,1 +40,5 @@
 b
+int trim(struct wick *wick)
+{
+\treturn wick->height -= 1;
+}
"""


def test_what_moved_is_told_from_what_is_new() -> None:
    block = DiffBlock(read_diff(MOVED), 90, numbers=False, headers=False)

    def told() -> list[tuple[str, str]]:
        rows = [block.row(at) for at in range(block.count)]
        return [
            (row.base, "".join(text for text, _ in row.note).strip())
            for row in rows
            if row.text[:1] in {"+", "-"}
        ]

    assert told() == [
        ("moved-removed", "moved to wick.c:41"), *[("moved-removed", "")] * 3,
        ("moved-added", "moved from lamp.c:6"), *[("moved-added", "")] * 3,
    ]  # fmt: skip
    block.code.words = False
    assert told() == [("removed", "")] * 4 + [("added", "")] * 4
    whole = block
    block = DiffBlock(read_diff(MOVED), 90, numbers=False, headers=False, is_whole=False)
    assert told() == [("removed", "")] * 4 + [("added", "")] * 4
    whole.code.words = True
    block.copy_state_from(whole)
    assert told()[0] == ("moved-removed", "moved to wick.c:41")
    block = DiffBlock(read_diff(MOVED), 40, numbers=False, headers=False)
    assert [told()[at][1] for at in (0, 4)] == ["moved", "moved"]
    for width in (60, 150):
        sides = DiffBlock(read_diff(MOVED), width, numbers=False, headers=False, layout="sides")
        texts = [sides.row(at).text for at in range(sides.count)]
        assert sum("moved" in text for text in texts) == 2
        assert {cell_len(text) for text in texts if "│" in text} == {width}


async def test_lines_copied_side_by_side_are_those_of_the_diff() -> None:
    async with reading(mail(PATCH), (150, 40)) as (view, pilot):
        view.action_next_layout()
        await settle(pilot)
        for _ in range(3):
            view.action_next_hunk(1)
        assert view.action_select_lines()
        for _ in range(4):
            view.action_line(1)
        copied = view.screen.get_selected_text()
        assert copied is not None
        lines = copied.split("\n")
        assert lines[0].startswith("@@ -90,3 +95,3 @@")
        assert [line.replace(" ", "") for line in lines[1:5]] == [
            "wick->dev=dev;", "-wick_trim(wick);", "+wick_trim(wick,1);", "return0;",
        ]  # fmt: skip
        assert "│" not in copied


def test_words_on_what_moved_hide_nothing_of_a_wrapped_line() -> None:
    long = MOVED.replace(
        "int trim(struct wick *wick)", "int trim(" + "struct wick *wick, " * 8 + "int by)"
    )
    for width in (40, 60, 150):
        for layout in LAYOUTS:
            block = DiffBlock(
                read_diff(long), width, numbers=False, headers=False, layout=layout, wrap=True
            )
            rows = [block.row(at) for at in range(block.count)]
            for row in rows:
                used = sum(cell_len(text) for text, _ in (*row.gutter, *row.pieces, *row.note))
                assert used <= width or not row.note
            assert "".join(row.text for row in rows).count("int by)") == 2
