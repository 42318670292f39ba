"""Nothing a mail says acts on the screen or the terminal."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace

import pytest
from rich.segment import Segment
from textual.color import Color

from core.errors import FetchError
from core.model import Identity, MessageId, Series, Thread
from core.text import CONTROLS, shown, shown_line
from tests.tui.kit import (
    FakeDesk,
    app_on,
    app_with,
    controller,
    lantern,
    listing,
    ready,
    series,
    text_of,
    thread,
    tree_of,
    until,
    version,
)
from tui.desk.opening import Opening
from tui.filters import ControlFilter

HOSTILE = (
    "[@click=app.quit]press me[/]",
    "[/foo] closes nothing",
    "[red]RFC[/red] arr[i]",
    "\x1b]52;c;ZXZpbA==\x07clipboard",
    "\x1b[2J\x9b31mwipe",
    "\u202eright to left",
    "a\u200bb\u2028c\ufeffd",
    "$error {oops} %s",
)


@pytest.mark.slow
def test_the_net_catches_what_acts_on_a_terminal_and_what_the_judge_judges() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        category = unicodedata.category(char)
        caught = ControlFilter().apply([Segment(f"a{char}b")], Color(0, 0, 0))[0].text == "ab"
        if not caught:
            assert category not in {"Cc", "Cf", "Zl", "Zp", "Cs"} or code in (0x200C, 0x200D)
            # where joiners join; what only its width speaks against needs no net
            between = f"\u0633{char}\u0633"
            by_number = f"\u0633<U+{code:04X}>\u0633"
            assert shown_line(between) in (between, by_number) or 0x1F3FB <= code <= 0x1F3FF, (
                f"U+{code:04X} ({category})"
            )
        else:
            assert shown_line(char) != char, f"U+{code:04X} is deleted though it may be shown"


def test_the_net_leaves_a_clean_line_as_it_is() -> None:
    clean = [Segment("防風 👍🏽‍🚒 ok")]
    assert ControlFilter().apply(clean, Color(0, 0, 0)) is clean
    dirty = [Segment("a\x1b[2Jb"), Segment("\u202ec")]
    assert [s.text for s in ControlFilter().apply(dirty, Color(0, 0, 0))] == ["a[2Jb", "c"]


def test_the_net_is_hung_up() -> None:
    assert any(isinstance(net, ControlFilter) for net in app_with().get_line_filters())


@pytest.mark.slow
async def test_hostile_subjects_are_shown_literally() -> None:
    items: list[Series | Thread] = []
    for place, hostile in enumerate(HOSTILE):
        stranger = Identity(hostile, "m@example.org")
        items.append(thread(f"t{place}", hostile, author=stranger))
        one = version(f"s{place}", [hostile], cover=hostile, tags=[hostile])
        items.append(series(hostile, one, author=stranger))
    app = app_with(*items)
    async with app.run_test(size=(200, 40), notifications=True) as pilot:
        await ready(pilot)
        for place in range(len(items)):
            tree_of(app).cursor = place
            await pilot.press("enter", "y", "escape", "q")
            await pilot.click("SeriesTree", offset=(8, place + 1))
            assert app.is_running
        await pilot.press("z", "R")
        await pilot.pause()
        text = text_of(app)
        await pilot.press("/", *"press", "enter", "n")
        await pilot.pause()
        assert not CONTROLS.search(text_of(app).replace("\n", ""))
        assert not CONTROLS.search(text.replace("\n", ""))
        for hostile in HOSTILE:
            expected = shown(hostile).translate({0x200C: None, 0x200D: None})
            assert expected[:20] in text


async def test_hostile_errors_are_shown_literally() -> None:
    desks = {hostile: FakeDesk(FetchError(hostile, hostile)) for hostile in HOSTILE}
    app = app_on(lantern=FakeDesk(listing([])), **desks)
    async with app.run_test(size=(150, 40), notifications=True) as pilot:
        await until(pilot, lambda: controller(app, Opening).pending is None)
        for place, hostile in enumerate(HOSTILE):
            if place == 4:  # from here on beside a listing, in the status line and a notification
                controller(app, Opening).listing = listing(lantern())
            controller(app, Opening).open_target(hostile)
            await until(pilot, lambda: controller(app, Opening).pending is None)
            await pilot.pause()
            text = text_of(app)
            assert shown(hostile)[:20] in text
            assert not CONTROLS.search(text.replace("\n", ""))


async def test_what_is_copied_cannot_act_when_it_is_pasted() -> None:
    evil = "a$(reboot)`x`\x1b[201~\n@x"
    one = version("s", ["s"])
    (patch,) = one.patches
    mail = replace(patch.message, message_id=MessageId(evil))
    one = replace(one, patches=(replace(patch, message=mail),))
    app = app_with(series("s", one))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        for key in "msl":
            await pilot.press("y", key)
            assert not CONTROLS.search(app.clipboard)
            assert "\n" not in app.clipboard
        await pilot.press("y", "l")
        assert app.clipboard == "https://lore.kernel.org/r/a%24%28reboot%29%60x%60%1B%5B201~%0A@x"
        await pilot.press("y", "b")
        assert app.clipboard == "b4 am 'a$(reboot)`x`␛[201~ @x'"
        assert tree_of(app).has_focus
