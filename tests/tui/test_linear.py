"""The linear mode: every row and state in words, nothing that only draws, one pane at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from core.triage.state import TriageState
from core.triage.transitions import Status
from tests.tui.kit import NOW, desk_screen, idle, lantern, ready, text_of, tree_of, until
from tests.tui.triage_kit import known, said, told, triage_app
from tui.filters import plain
from tui.tree.badges import FLAG, STATES
from tui.tree.columns import GLYPHS, UNREAD
from tui.tree.rows import child_rows, series_row
from tui.tree.spoken import sentence

DRAWN = re.compile("[\u2190-\u21ff\u2500-\u25ff\u2600-\u27bf\u2800-\u28ff]")
"""Arrows, boxes, blocks, shapes, dingbats and the pictures of a spinner."""

STEPS: Sequence[Sequence[str]] = (
    (),
    ("l", "j", "l", "j", "j"),
    ("enter", "]"),
    ("enter", ".", "enter"),
    ("space", "V", "j"),
    ("t", "d", "d", "x", "F"),
    (":", "l"),
    ("?",),
    ("y",),
    ("s",),
    ("z",),
)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["small", "large"])
@pytest.mark.parametrize("keys", STEPS, ids=["".join(keys) or "start" for keys in STEPS])
async def test_nothing_is_drawn(keys: Sequence[str], size: tuple[int, int], tmp_path: Path) -> None:
    app = triage_app(tmp_path, linear=True)
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press(*keys)
        await idle(pilot)
        text = text_of(app)
        if keys != ("?",):  # it explains the signs of the other mode
            assert not DRAWN.search(text), DRAWN.findall(text)
        assert all(len(line) <= size[0] for line in text.splitlines())


async def test_there_is_one_pane_at_a_time(tmp_path: Path) -> None:
    app = triage_app(tmp_path, linear=True)
    async with app.run_test(size=(160, 40)) as pilot:
        await ready(pilot)
        assert "New, series Steady" in text_of(app).replace("Series", "New, series")
        assert "line 3 of" not in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        assert "line 3 of" in text_of(app)
        assert "which lamps" not in text_of(app).casefold()
        await pilot.press("tab")
        await pilot.pause()
        assert "line 3 of" not in text_of(app)
        await pilot.press("t", "f")
        assert "one pane at a time" in said(app)
        await pilot.press("enter", "q")
        await pilot.pause()
        assert "line 3 of" not in text_of(app)


async def test_what_is_done_is_said_in_sentences(tmp_path: Path) -> None:
    app = triage_app(tmp_path, linear=True)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("t", "d", "V", "j", "d")
        await told(pilot, "Done: 2 series.")
        assert text_of(app, "SeriesTree").splitlines()[0].startswith("Done, series Steady")
        await pilot.press("L", *"mm", "enter")
        await told(pilot, "Labelled mm: ")
        await pilot.press("u")
        await told(pilot, "Undone: label mm (")
        await pilot.press("u")
        await told(pilot, "Undone: done (2 series).")


async def test_the_terminals_cursor_stands_on_the_row(tmp_path: Path) -> None:
    app = triage_app(tmp_path, linear=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("j", "j")
        await pilot.pause()
        region = tree_of(app).content_region
        assert app.cursor_position == (region.x, region.y + 2)


async def test_nothing_turns_while_work_runs(tmp_path: Path) -> None:
    app = triage_app(tmp_path, linear=True)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        status = desk_screen(app).status
        status.work(sentence(series_row(lantern()[0], expanded=False), NOW))  # type: ignore[arg-type]
        await until(pilot, lambda: "Running: Series" in text_of(app, "StatusBar"), what="a word")
        before = text_of(app, "StatusBar")
        await pilot.pause(0.4)
        assert text_of(app, "StatusBar") == before


@pytest.mark.parametrize("status", Status)
def test_every_state_has_a_word(status: Status) -> None:
    row = replace(series_row(lantern()[0], expanded=False), standing=TriageState(status=status))
    assert str(status) in sentence(row, NOW).casefold()


def test_a_row_says_what_its_columns_say() -> None:
    wick = lantern()[0]
    assert sentence(series_row(wick, expanded=False), NOW) == (
        "Series Steady light in a draught, by Ada Wren, version 2, 2 of 3 patches, reviewed by 1,"
        " acked by 1, 3 replies, 2 hours ago, folded"
    )
    both = series_row(replace(wick, lists=("git", "lkml")), expanded=False)
    assert ", by Ada Wren, in git and lkml, version 2" in sentence(both, NOW, "")
    assert "lkml" not in sentence(both, NOW, "git") + sentence(both, NOW)
    rows = [sentence(row, NOW) for row in child_rows(wick, lambda *_: True)]
    assert rows[0].startswith("Version 2 RFC, 2 of 3 patches")
    assert "Version 1, 2 patches, 8 days ago, open" in rows
    assert (
        "Patch 1 of 3 wick: trim before lighting, reviewed by 1, acked by 1, 2 replies, open"
        in rows
    )
    assert "Reply by Bo Larch, reviewed by 1, 3 hours ago, open" in rows
    assert "Patch 3 missing" in rows


def test_every_glyph_has_words() -> None:
    for glyph in (*filter(None, GLYPHS.values()), UNREAD, FLAG, *(g for g, _ in STATES.values())):
        assert not DRAWN.search(plain(f"{glyph} ")), glyph


@pytest.mark.parametrize(
    ("drawn", "spoken"),
    [
        ("l → expand", "l Right expand"),
        ("→ expand", "Right expand"),
        ("mode 100644 → 100755", "mode 100644 to 100755"),
        ("new → accepted", "new to accepted"),
        ("│ ▸ 12 quoted lines", "  folded: 12 quoted lines"),
        ("✓ viewed · 3 lines", "viewed, 3 lines"),
        ("───────", "       "),
        ("plain text", "plain text"),
    ],
)
def test_what_is_drawn_is_said(drawn: str, spoken: str) -> None:
    assert plain(drawn) == spoken
