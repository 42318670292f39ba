"""Deciding by keys: what each does, what it says, and that everything can be taken back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from textual.events import Key

from core.triage.journal import FILE
from core.triage.transitions import DECIDED, Verb, next_status
from tests.tui.kit import (
    NOW,
    app_with,
    configure,
    controller,
    desk_screen,
    idle,
    lantern,
    ready,
    small_series,
    text_of,
    until,
)
from tests.tui.triage_kit import known, said, statuses, subjects, told, tree, triage_app
from tui.desk.phrases import COMMANDS
from tui.desk.triage_state import TriageState
from tui.keys.commands import BY_NAME, Pane

SWITCHES = {
    "h": ("Showing all headers.", "Showing the main headers."),
    "q": ("Folding quoted text.", "Showing quoted text."),
    "n": ("Line numbers on.", "Line numbers off."),
    "v": ("Hiding viewed hunks.", "Showing viewed hunks."),
}
"""What keys after `t` say, once and again."""

WICK, OIL, TALK, GLASS = (item.subject for item in lantern())
PATCHES = "wick: trim before lighting", "wick: turn slowly"


@pytest.mark.parametrize(
    ("key", "verb", "status"),
    [
        ("d", "done", "done"),
        ("x", "skip", "skipped"),
        ("w", "wait", "waiting"),
        ("A", "accept", "accepted"),
    ],
)
async def test_a_key_decides_and_goes_on(key: str, verb: str, status: str, tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press(key)
        await told(pilot, f"{status}: {WICK}")
        assert statuses(app) == {"Steady": status}
        row = tree(app).row
        assert row is not None
        assert row.item.subject == OIL
        assert (WICK in subjects(app)) is (status == "accepted")
        await until(pilot, lambda: "1/4 triaged today" in text_of(app), what="the count")
        await pilot.press("u")
        await told(pilot, f"undone: {verb} ({WICK})")
        assert subjects(app) == [WICK, OIL, TALK, GLASS]
        row = tree(app).row
        assert row is not None
        assert row.item.subject == WICK
        await pilot.press("U")
        await told(pilot, f"redone: {verb} ({WICK})")
        assert statuses(app) == {"Steady": status}


async def test_a_hostile_subject_is_named_as_it_is(tmp_path: Path) -> None:
    subject = "{app.quit} {result} [bold]x \x1b[2Jend"
    app = triage_app(tmp_path, small_series("evil", subject), *lantern())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        for key, text in (
            ("d", "done: {}"),
            ("u", "undone: done ({})"),
            ("U", "redone: done ({})"),
        ):
            await pilot.press(key)
            await told(pilot, text.format("{app.quit} {result} [bold]x ␛[2Jend"))


async def test_marked_series_are_decided_as_one(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("V", "j", "j", "d")
        await told(pilot, "done: 3 series")
        assert subjects(app) == [GLASS]
        assert not tree(app).marks
        assert (tmp_path / FILE).read_bytes().count(b"\n") == 1
        await pilot.press("u")
        await told(pilot, "undone: done (3 series)")
        assert len(subjects(app)) == 4


async def test_in_the_reader_the_next_series_opens(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("enter", "d")
        await told(pilot, "done")
        assert desk_screen(app).active_pane is Pane.READER
        await until(pilot, lambda: "line 1 of oil" in text_of(app, "MessageView"), what="oil")


async def test_decisions_outlive_the_program(tmp_path: Path) -> None:
    for key, expected, left in (("d", "done", 3), ("u", "undone: done", 4)):
        app = triage_app(tmp_path)
        async with app.run_test(size=(120, 30)) as pilot:
            await ready(pilot)
            await known(pilot)
            await pilot.press(key)
            await told(pilot, expected)
            assert len(subjects(app)) == left


async def test_a_patch_is_decided_alone(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("enter", "]", "d")
        await told(pilot, f"done: {PATCHES[0]}")
        (standing,) = tree(app).standings.values()
        assert standing.status not in DECIDED
        assert [str(status) for _, status in standing.patches] == ["done"]
        # The next patch of it opens, and what was decided shows it.
        await until(pilot, lambda: "line 1 of wick: turn" in text_of(app, "MessageView"), what="2")
        await until(pilot, lambda: "✓ 1/3" in text_of(app, "SeriesTree"), what="its mark")
        await pilot.press("x")
        await told(pilot, f"skipped: {PATCHES[1]}")
        (standing,) = tree(app).standings.values()
        assert sorted(str(status) for _, status in standing.patches) == ["done", "skipped"]
        await pilot.press("u")
        await told(pilot, f"undone: skip ({PATCHES[1]})")
        (standing,) = tree(app).standings.values()
        assert [str(status) for _, status in standing.patches] == ["done"]


async def test_flag_label_priority_and_note_are_shown_and_the_cursor_stays(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("F")
        await told(pilot, "flagged")
        await pilot.press("L", *"mm", "enter")
        await told(pilot, "label")
        await pilot.press("+", "+")
        await told(pilot, "priority now +2")
        await pilot.press("i", *"ask Bo", "enter")
        await told(pilot, "note")
        first = text_of(app, "SeriesTree").splitlines()[0]
        for piece in ("⚑", "#mm", "+2", "✎"):
            assert piece in first
        assert tree(app).cursor == 0
        assert "✎ ask Bo" in text_of(app)  # above the mail
        await pilot.press("i")
        await until(pilot, lambda: "ask Bo" in text_of(app, "Prompt"), what="the present note")
        await pilot.press("escape", "L")
        await until(pilot, lambda: "-mm" in text_of(app, "Prompt"), what="what can be taken away")
        await pilot.press(*"-mm", "enter")
        await told(pilot, "unlabelled")
        await pilot.press("F")
        await told(pilot, "unflagged")
        first = text_of(app, "SeriesTree").splitlines()[0]
        assert "⚑" not in first
        assert "#mm" not in first


async def test_later_says_what_it_understood(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("s", *"2w")
        await until(pilot, lambda: "until Mon 2025-06-16" in text_of(app, "Prompt"), what="a day")
        await pilot.press("ctrl+u", "v")
        await until(pilot, lambda: "until a new version" in text_of(app, "Prompt"), what="v")
        await pilot.press("enter")
        await told(pilot, "snoozed")
        assert "until a new version" in said(app)
        assert statuses(app) == {"Steady": "later"}


async def test_later_that_cannot_be_is_said_and_put_back(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("s", *"v6.10", "enter")
        await until(pilot, lambda: "repo" in said(app), what="that there is no repository")
        assert statuses(app) == {}
        assert subjects(app) == [WICK, OIL, TALK, GLASS]
        await pilot.press("s", *"yesterday", "enter")
        await until(pilot, lambda: "not a time" in said(app), what="that it is no time")


async def test_what_cannot_be_written_is_put_back_and_said(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        (tmp_path / FILE).unlink(missing_ok=True)
        (tmp_path / FILE).mkdir()
        await pilot.press("d")
        await until(pilot, lambda: desk_screen(app).status._said is not None, what="an error")
        await until(pilot, lambda: subjects(app) == [WICK, OIL, TALK, GLASS], what="it back")
        assert desk_screen(app).status._said[1] == "error"  # type: ignore[index]
        assert tree(app).cursor == 0


async def test_td_shows_what_is_decided(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("d", "x")
        await told(pilot, "skipped")
        assert subjects(app) == [TALK, GLASS]
        await pilot.press("t", "d")
        await pilot.pause()
        assert subjects(app) == [WICK, OIL, TALK, GLASS]
        lines = text_of(app, "SeriesTree").splitlines()
        assert "✓" in lines[0]
        assert "✗" in lines[1]
        row = tree(app).row
        assert row is not None
        assert row.item.subject == TALK
        await pilot.press("t", "d")
        assert subjects(app) == [TALK, GLASS]


async def test_what_cannot_be_done_says_why(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("t", "d", "d", "k", "d")
        await until(pilot, lambda: "It is done already" in said(app), what="why")
        await pilot.press("O")
        await told(pilot, "reopened")
        await pilot.press("O")
        await until(pilot, lambda: "Nothing to reopen here" in said(app), what="why")


async def test_repeat_does_the_last_again_on_what_is_here(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press(":", *"repeat", "enter")
        await until(pilot, lambda: "No triage action to repeat yet" in said(app), what="nothing")
        await pilot.press("L", *"net", "enter")
        await told(pilot, "label")
        await pilot.press("j", "V", "j")
        await pilot.press(":", *"repeat", "enter")
        await until(pilot, lambda: "2 series" in said(app), what="two more")
        assert sum("net" in one.labels for one in tree(app).standings.values()) == 3


async def test_a_verb_is_a_command_with_an_argument(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press(":", *"later 3d", "enter")
        await told(pilot, "snoozed")
        await pilot.press(":", *"label mm", "enter")
        await told(pilot, "label")
        await pilot.press(":", *"label ")
        await until(pilot, lambda: "label -mm" in text_of(app, "Prompt"), what="known labels")
        await pilot.press("escape", ":", *"done", "enter")
        await told(pilot, "done")


async def test_the_palette_offers_what_is_possible(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        screen = desk_screen(app)
        await pilot.press("t", "d", "d", "k")
        for name, verb in COMMANDS.items():
            can = next_status(next(iter(tree(app).standings.values())).status, verb) is not None
            assert (screen.disabled_reason(BY_NAME[name]) == "") is can, name
        assert screen.disabled_reason(BY_NAME["triage.done"])
        assert not screen.disabled_reason(BY_NAME["triage.reopen"])


async def test_the_history_of_a_series_is_read_in_the_reader(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(140, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("F", "A", "u", "g", "h")
        await until(
            pilot, lambda: "Triage history of Steady" in text_of(app, "MessageView"), what="it"
        )
        text = text_of(app, "MessageView")
        assert "flag" in text
        assert "new → accepted" in text
        assert "(undone)" in text
        await pilot.press("q")
        await until(pilot, lambda: "line 1 of Steady" in text_of(app, "MessageView"), what="back")
        await pilot.press("g", "A")
        await until(pilot, lambda: "Triaged today" in text_of(app, "MessageView"), what="today")
        lines = text_of(app, "MessageView").splitlines()
        at = next(n for n, line in enumerate(lines) if "(undone)" in line)
        assert "accept" in lines[at]
        assert "Steady" in lines[at + 1]  # the series of an action stands below it
        assert any("flag" in line for line in lines[at:])  # the latest comes first
        await pilot.press("u")
        await until(pilot, lambda: "undone: flag" in text_of(app), what="undo there, too")


async def test_without_a_journal_nothing_is_decided() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("d")
        await pilot.pause()
        assert "Triage is not available" in said(app)


async def test_keys_typed_ahead_are_done_in_their_order(tmp_path: Path) -> None:
    items = [small_series(f"s{n}", f"s{n}: thing") for n in range(40)]
    app = triage_app(tmp_path, *items)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press(*"dxwAdxuuUd" * 3)
        await until(pilot, lambda: controller(app, TriageState).is_idle, what="all written")
        await idle(pilot)
        shown = dict(tree(app).standings)
    again = triage_app(tmp_path, *items)
    async with again.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        assert {k: v.status for k, v in tree(again).standings.items() if v.status != "new"} == {
            k: v.status for k, v in shown.items() if v.status != "new"
        }


def test_every_verb_of_the_table_has_a_command() -> None:
    toggled = {Verb.UNFLAG, Verb.UNLABEL, Verb.READ, Verb.UNREAD, Verb.SETTLE, Verb.UNSETTLE}
    spoken = {*COMMANDS.values(), *toggled}
    assert spoken == set(Verb)


async def test_quitting_waits_for_what_is_not_written(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("d", "Q")
    assert (tmp_path / FILE).read_bytes().count(b'"done"') == 1


async def test_what_was_put_off_comes_back_at_its_time(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("s", *"12h", "enter")
        await told(pilot, "snoozed")
        assert subjects(app) == [OIL, TALK, GLASS]
        controller(app, TriageState).wake()
        assert subjects(app) == [OIL, TALK, GLASS]
        configure(app, clock=lambda: NOW + timedelta(hours=13))
        controller(app, TriageState).wake()
        await pilot.pause()
        assert subjects(app) == [WICK, OIL, TALK, GLASS]
        assert "snoozed" in text_of(app, "SeriesTree").splitlines()[0] or "until" in text_of(app)


async def test_what_was_found_is_decided_where_it_stands(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        await pilot.press("/", *"oil")
        await until(pilot, lambda: tree(app).count == 2, what="two")
        await pilot.press("enter", "d")
        await told(pilot, "done")
        assert len(statuses(app)) == 1
        assert tree(app).count == 2  # what was found stays to be seen, with its mark
        await until(pilot, lambda: "✓" in text_of(app, "SeriesTree"), what="its mark")
        await pilot.press("V", "G", "x")
        await told(pilot, "skipped")
        await pilot.press("escape")
        await until(pilot, lambda: tree(app).count < 4, what="the list")
        assert len(subjects(app)) == 4 - len(statuses(app))


async def test_a_burst_of_keys_reaches_the_prompt_in_its_order(tmp_path: Path) -> None:
    app = triage_app(tmp_path, *(small_series(f"s{n}", f"s{n}: thing") for n in range(30)))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await known(pilot)
        for number in range(25):
            desk_screen(app).clear_message()
            for key in ("s", "2", "w", "enter"):
                app.post_message(Key(key, key if len(key) == 1 else None))
                if number % 3:  # at every moment of the prompt's opening
                    await asyncio.sleep(0.0007 * (number % 7))
            await told(pilot, "snoozed")


async def test_undoing_many_keeps_the_cursor_and_brings_back_the_marks(tmp_path: Path) -> None:
    lamps = [small_series(f"lamp{n}", f"lamp {n}: trim") for n in range(40)]
    app = triage_app(tmp_path, *lamps)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        screen, rows = desk_screen(app), tree(app)
        for _ in range(20):
            await pilot.press("j")
        await pilot.press("V", "j", "j", "j", "V", "g", "g")  # four, of which none is the first
        here, marked = rows.here, set(rows.marked)
        assert len(marked) == 4
        await pilot.press("d")
        await until(pilot, lambda: rows.count == 36, what="four fewer")
        await pilot.press("u")
        await until(pilot, lambda: rows.count == 40, what="all again")
        await idle(pilot)
        assert (rows.here, rows.marked) == (here, marked)
        assert "4 marked" in text_of(app, "TitleBar")
        for _ in range(21):  # among them
            await pilot.press("j")
        inside = rows.here
        assert inside in marked
        await pilot.press("d")
        await until(pilot, lambda: rows.count == 36, what="four fewer again")
        await pilot.press("u")
        await until(pilot, lambda: rows.count == 40, what="all once more")
        await idle(pilot)
        assert (rows.here, rows.marked) == (inside, marked)
        await pilot.press("U")
        await until(pilot, lambda: rows.count == 36, what="the redo")
        await idle(pilot)
        assert not rows.marked
        assert screen.is_idle


async def test_the_title_of_the_mail_says_which_and_how_far(tmp_path: Path) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        title = str(desk_screen(app).reader.border_title)
        assert "%" not in title
        await pilot.press("tab", "G")
        await idle(pilot)
        title = str(desk_screen(app).reader.border_title)
        assert title.startswith("v2 0/3 · Steady light in a draught")
        assert title.endswith("100%")
        await pilot.press("g", "g")
        await idle(pilot)
        assert "%" not in str(desk_screen(app).reader.border_title)


@pytest.mark.parametrize(("key", "states"), list(SWITCHES.items()))
async def test_a_toggle_says_its_new_state(
    key: str, states: tuple[str, str], tmp_path: Path
) -> None:
    app = triage_app(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        for sentence in states:
            await pilot.press("t", key)
            await told(pilot, sentence)
