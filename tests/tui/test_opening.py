"""Targets and mails are read by workers: late results are dropped, failures are shown, and shown content stays."""

from __future__ import annotations

import asyncio
import threading
import time
from threading import Event

import pytest

from core.errors import FetchError, SourceError, TargetError
from core.progress import Progress
from tests.tui.kit import (
    NOW,
    FakeDesk,
    app_on,
    app_with,
    controller,
    desk_screen,
    idle,
    lantern,
    listing,
    reader_of,
    ready,
    small_series,
    text_of,
    tree_of,
    until,
)
from tui.app import PatchdeskApp
from tui.desk.opening import Opening, progress_text
from tui.desk.requests import Desk

OTHER = (small_series("brook", "brook: run faster"),)


async def test_the_first_row_is_read_at_once() -> None:
    app = app_on(lantern=FakeDesk(listing(lantern())))
    async with app.run_test(size=(160, 50)) as pilot:
        await ready(pilot)
        text = text_of(app)
        assert "line 1 of Steady light in a draught" in text
        assert "lantern" in text.splitlines()[0]
        assert "3 series · 1 thread · 28 mails · 1 of 4" in text.splitlines()[0]
        await idle(pilot)
        assert "reading" not in text_of(app, "StatusBar")


async def test_a_late_listing_is_dropped() -> None:
    gate = Event()
    slow = FakeDesk(gate, listing(OTHER, name="brook"))
    slow.deaf = True
    app = app_on(slow=slow, lantern=FakeDesk(listing(lantern())))
    async with app.run_test(size=(160, 50)) as pilot:
        screen = desk_screen(app)
        controller(app, Opening).open_target("lantern")
        await ready(pilot)
        gate.set()
        await idle(pilot)
        assert screen.session is not None
        assert screen.session.target == "lantern"
        assert "brook" not in text_of(app)


async def test_a_late_mail_is_dropped() -> None:
    desk = FakeDesk(listing(lantern()))
    desk.mail_gates = {"oil-v1-1@x": Event(), "talk@x": Event()}
    app = app_on(lantern=desk)
    async with app.run_test(size=(160, 50)) as pilot:
        await ready(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "oil-v1-1@x" in desk.asked)
        await pilot.press("tab", "j", "enter")
        await until(pilot, lambda: "talk@x" in desk.asked)
        desk.mail_gates["talk@x"].set()
        await until(pilot, lambda: "line 1 of Which lamps" in text_of(app))
        desk.mail_gates["oil-v1-1@x"].set()
        await idle(pilot)
        assert "line 1 of Which lamps" in text_of(app)


async def test_moving_fast_asks_only_for_where_it_ends() -> None:
    desk = FakeDesk(listing([small_series(f"s{n}", f"s{n}") for n in range(50)]))
    app = app_on(lantern=desk)
    async with app.run_test(size=(160, 50)) as pilot:
        await ready(pilot)
        for _ in range(20):
            tree_of(app).action_line(1)
        await until(pilot, lambda: "line 1 of s20" in text_of(app, "MessageView"))
        assert desk.asked == ["s0-v1-1@x", "s20-v1-1@x"]


async def test_a_mail_read_once_is_there_at_once() -> None:
    desk = FakeDesk(listing(lantern()))
    app = app_on(lantern=desk)
    async with app.run_test(size=(160, 50)) as pilot:
        await ready(pilot)
        await pilot.press("j", "enter", "tab", "k", "enter")
        await until(pilot, lambda: "line 1 of Steady" in text_of(app, "MessageView"))
        assert desk.asked.count("wick-v2-0@x") == 1


async def test_a_growing_listing_keeps_the_readers_place() -> None:
    gate = Event()
    wick, oil, talk, glass = lantern()
    news = [small_series(f"n{n}", f"news {n}") for n in range(30)]
    olds = [small_series(f"o{n}", f"old {n}") for n in range(60)]
    desk = FakeDesk(
        listing([wick, oil, glass, *olds], done=False),
        gate,
        listing([*news, wick, oil, talk, glass, *olds]),
    )
    app = app_on(lantern=desk)
    async with app.run_test(size=(160, 30)) as pilot:
        await ready(pilot)
        await pilot.press("l", "j", "j", "j", "j")
        tree = tree_of(app)
        row, line = tree.row, tree.cursor - tree.scroll_offset.y
        assert row is not None
        gate.set()
        await until(pilot, lambda: tree.cursor > 30)
        await pilot.pause()
        assert tree.row is not None
        assert tree.row.key == row.key
        assert tree.cursor - tree.scroll_offset.y == line
        assert "v1" in text_of(app, "SeriesTree")  # still unfolded


async def test_an_untouched_tree_shows_the_newest() -> None:
    gate = Event()
    wick, oil, talk, glass = lantern()
    desk = FakeDesk(listing([oil], done=False), gate, listing([talk, wick, oil, glass]))
    app = app_on(lantern=desk)
    async with app.run_test(size=(160, 30)) as pilot:
        await ready(pilot)
        gate.set()
        await until(pilot, lambda: len(tree_of(app)) == 4)
        await until(pilot, lambda: "line 1 of Steady" in text_of(app, "MessageView"))
        assert tree_of(app).cursor == 1  # the newest series, not the newer talk
        assert tree_of(app).scroll_offset.y == 0


async def test_one_series_alone_is_unfolded() -> None:
    app = app_on(lantern=FakeDesk(listing(lantern()[:1])))
    async with app.run_test(size=(160, 30)) as pilot:
        await ready(pilot)
        assert "1/3 wick: trim before lighting" in text_of(app, "SeriesTree")


async def test_work_is_shown_after_a_moment_and_escape_stops_it() -> None:
    desk = FakeDesk(Progress("fetching", 3, 17), listing(lantern(), done=False), Event())
    app = app_on(lantern=desk)
    async with app.run_test(size=(160, 30)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "fetching 3 of 17" in text_of(app, "StatusBar"))
        assert "Esc stops" in text_of(app, "StatusBar")
        await pilot.press("escape")
        await pilot.pause()
        assert "fetching" not in text_of(app, "StatusBar")
        assert "Stopped after 28 mails. C-r reads it again." in text_of(app, "StatusBar")
        assert "stopped" in text_of(app, "TitleBar")
        assert len(tree_of(app)) == 4
        assert not desk.closed.is_set()  # its mails can still be read
        await pilot.press("j", "enter")
        await until(pilot, lambda: "line 1 of oil" in text_of(app, "MessageView"))


async def test_c_c_stops_what_gave_nothing_yet() -> None:
    desk = FakeDesk(Progress("connecting"), Event())
    app = app_on(lantern=desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "connecting" in text_of(app, "StatusBar"))
        await pilot.press("ctrl+c")
        await until(pilot, desk.closed.is_set)
        assert "Nothing was read." in text_of(app, "MessageView")
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert "Nothing is running. Q quits." in text_of(app, "StatusBar")


async def test_an_error_stands_where_the_rows_would_and_c_r_tries_again() -> None:
    desks = [
        FakeDesk(FetchError("lore.example.org does not answer.", "Is the network up?")),
        FakeDesk(listing(lantern())),
    ]
    app = PatchdeskApp("lantern", lambda _: desks.pop(0), clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "does not answer" in text_of(app, "MessageView"))
        text = text_of(app, "MessageView")
        assert "Is the network up?" in text
        assert "C-r tries again" in text
        await pilot.press("ctrl+r")
        await ready(pilot)
        assert "line 1 of Steady" in text_of(app, "MessageView")


async def test_a_target_that_cannot_be_opened_at_all() -> None:
    def refuse(target: str) -> Desk:
        raise TargetError(f"{target} is nothing I know.", "Try an mbox.")

    app = PatchdeskApp("x\x1by", refuse, clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "x␛y is nothing I know." in text_of(app, "MessageView"))
        assert "Try an mbox." in text_of(app, "MessageView")


async def test_another_target_takes_over_only_with_its_first_rows() -> None:
    gate = Event()
    first, second = (
        FakeDesk(listing(lantern())),
        FakeDesk(listing([], done=False), gate, listing(OTHER, name="brook")),
    )
    app = app_on(lantern=first, brook=second)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("o", *"brook", "enter")
        await until(pilot, lambda: "opening brook" in text_of(app, "StatusBar"))
        assert "Steady light" in text_of(app, "SeriesTree")
        await pilot.press("j")  # and it can still be read
        assert not first.closed.is_set()
        gate.set()
        await until(pilot, lambda: "brook: run faster" in text_of(app, "SeriesTree"))
        await until(pilot, first.closed.is_set)
        await until(pilot, lambda: "line 1 of brook" in text_of(app, "MessageView"))
        assert tree_of(app).cursor == 0


async def test_a_target_that_fails_leaves_the_old_one() -> None:
    bad = FakeDesk(SourceError("brook is no mailbox.", "Name a folder."))
    first = FakeDesk(listing(lantern()))
    app = app_on(lantern=first, brook=bad)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await ready(pilot)
        await pilot.press("j", "o", *"brook", "enter")
        await until(pilot, lambda: "brook is no mailbox." in text_of(app, "StatusBar"))
        await until(pilot, bad.closed.is_set)
        await until(pilot, lambda: "Name a folder." in text_of(app))  # in a notification
        assert "Steady light" in text_of(app, "SeriesTree")
        assert tree_of(app).cursor == 1
        assert not first.closed.is_set()


async def test_an_error_covers_the_panes_only_where_it_has_no_room_and_escape_closes_it() -> None:
    hint = (
        "Name a folder, or an mbox, or the address of a thread on any public-inbox that there is."
    )
    bad = FakeDesk(SourceError("brook is no mailbox.", hint))
    app = app_on(lantern=FakeDesk(listing(lantern())), brook=bad, again=FakeDesk(*bad.steps))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await ready(pilot)
        screen = desk_screen(app)
        await pilot.press("o", *"brook", "enter")
        await until(pilot, lambda: len(screen.query("Toast")) == 1)
        await until(pilot, lambda: "Name a folder" in text_of(app))
        assert text_of(app).count("brook is no mailbox.") == 1
        await pilot.press("escape")
        await until(pilot, lambda: not screen.query("Toast"))
        await pilot.resize_terminal(160, 40)
        await pilot.press("o", *"again", "enter")
        await until(pilot, lambda: "any public-inbox that there is." in text_of(app, "StatusBar"))
        assert not screen.query("Toast")


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (Progress("Fetching a@x from h, byte", 12_345), "Fetching a@x from h · 12 kB"),
        (Progress("Fetching a@x from h, byte", 7), "Fetching a@x from h · 7 bytes"),
        (Progress("Fetching a@x from h, byte", 3_400_000), "Fetching a@x from h · 3.4 MB"),
        (Progress("reading, mail", 3, 1700), "reading, mail 3 of 1,700"),
        (Progress("connecting\x1b"), "connecting␛"),
        (Progress(f"a{'x' * 500}b, byte", 7), f"a{'x' * 31}…{'x' * 30}b · 7 bytes"),
    ],
)
def test_progress_in_words(progress: Progress, expected: str) -> None:
    assert progress_text(progress) == expected


async def test_a_long_first_opening_is_told_in_the_reader_and_by_the_second() -> None:
    app = app_on(
        lantern=FakeDesk(
            Progress("Fetching a@x, byte", 12_345),
            Event(),
        )
    )
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: "Opening lantern" in text_of(app, "MessageView"))
        assert "Fetching a@x · 12 kB" in text_of(app, "MessageView")
        await until(pilot, lambda: "12 kB · 1 s · Esc stops" in text_of(app, "StatusBar"))
        await pilot.press("escape")
        await pilot.pause()
        assert "Nothing was read." in text_of(app, "MessageView")


async def test_what_came_before_an_error_stays() -> None:
    app = app_on(lantern=FakeDesk(listing(lantern(), done=False), SourceError("The disk is gone.")))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "The disk is gone." in text_of(app, "StatusBar"))
        assert "incomplete" in text_of(app, "TitleBar")
        assert len(tree_of(app)) == 4


async def test_a_note_on_what_could_not_be_had_is_said() -> None:
    app = app_on(lantern=FakeDesk(listing(lantern(), note="Version 1 was not found.")))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "Version 1 was not found." in text_of(app, "StatusBar"))
        assert "incomplete" in text_of(app, "TitleBar")


async def test_an_empty_target_says_so() -> None:
    app = app_on(lantern=FakeDesk(listing([])))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "There is no mail in lantern." in text_of(app, "MessageView"))


async def test_a_mail_that_cannot_be_opened_says_why() -> None:
    desk = FakeDesk(listing(lantern()))
    app = app_on(lantern=desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        desk.mail_error = SourceError("The mailbox has changed.", "Open it again.")
        await pilot.press("j", "enter")
        await until(pilot, lambda: "The mailbox has changed." in text_of(app, "MessageView"))
        desk.mail_error = None
        await pilot.press("q", "k")
        await until(pilot, lambda: "line 1 of Steady" in text_of(app, "MessageView"))


async def test_reading_again_opens_the_mail_that_could_not_be_opened() -> None:
    bad, good = FakeDesk(listing(lantern())), FakeDesk(listing(lantern()))
    bad.mail_error = SourceError("The mailbox has changed.", "Open it again.")
    desks = [bad, good]
    app = PatchdeskApp("lantern", lambda _: desks.pop(0), clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "The mailbox has changed." in text_of(app, "MessageView"))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "line 1 of Steady" in text_of(app, "MessageView"))


async def test_a_mistake_of_ours_is_said_and_does_not_end_the_program() -> None:
    app = app_on(lantern=FakeDesk(listing(lantern(), done=False), ZeroDivisionError("oops")))
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until(pilot, lambda: "Something went wrong inside patchdesk" in text_of(app))
        await until(pilot, lambda: controller(app, Opening).pending is None)
        assert len(tree_of(app)) == 4


async def test_quitting_does_not_wait_for_what_is_in_flight() -> None:
    desk = FakeDesk(listing(lantern(), done=False), Event())
    desk.mail_gates = {"oil-v1-1@x": Event()}
    app = app_on(lantern=desk)
    began = time.monotonic()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "oil-v1-1@x" in desk.asked)
        began = time.monotonic()
        await pilot.press("Q")
    assert desk.closed.is_set()
    assert time.monotonic() - began < 2
    assert threading.active_count() < 20


async def test_reading_again_keeps_place_and_folds() -> None:
    desks = [FakeDesk(listing(lantern())), FakeDesk(listing((*OTHER, *lantern())))]
    first = desks[0]
    app = PatchdeskApp("lantern", lambda _: desks.pop(0), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("l", "j", "j", "j")
        row = tree_of(app).row
        await pilot.press("ctrl+r")
        await until(pilot, first.closed.is_set)
        await until(pilot, lambda: "brook" in text_of(app, "SeriesTree"))
        now = tree_of(app).row
        assert row is not None
        assert now is not None
        assert now.key == row.key


def test_importing_the_app_stays_lean() -> None:
    import subprocess
    import sys

    code = (
        "import sys, tui.app\n"
        "heavy = {'b4', 'liblore', 'requests', 'pygit2', 'pygments', 'markdown_it', 'rapidfuzz', 'numpy', 'sqlite3',\n"
        "         'core.versions.compare', 'core.diff.parse',\n"
        "         'textual.widgets._markdown', 'textual.widgets._text_area', 'core.sources.lore', 'core.fetch.client'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


async def test_the_reader_has_what_is_under_the_cursor() -> None:
    app = app_on(lantern=FakeDesk(listing(lantern())))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("l", *"jjjjj")
        await until(pilot, lambda: "Patch 3/3 is not here" in text_of(app, "MessageView"))
        assert reader_of(app) is not None


async def test_the_first_key_and_the_timer_prepare_the_prompt_once() -> None:
    app = app_with(*lantern())
    async with app.run_test(size=(120, 30)) as pilot:
        screen = desk_screen(app)
        await asyncio.gather(*(screen.prepare_keys() for _ in range(5)))
        await idle(pilot)
        assert len(screen.query("Prompt")) == 1
        assert len(screen.query("SearchBar")) == 1


async def test_triage_keys_pressed_too_early_wait_for_the_rows() -> None:
    gate = Event()
    app = app_on(lantern=FakeDesk(gate, listing(lantern())))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("d", "j", "j")
        assert "Triage" not in text_of(app, "StatusBar")
        gate.set()
        await until(pilot, lambda: tree_of(app).cursor == 2, what="the keys after it")
    gate.clear()
    async with app_on(lantern=FakeDesk(gate, listing(lantern()))).run_test(size=(100, 30)) as pilot:
        await pilot.press("d", "d", "escape", "d")
        gate.set()
        what = "Triage is not available here"
        await until(pilot, lambda: what in text_of(pilot.app, "StatusBar"))  # type: ignore[arg-type]
