"""The reader as a person meets it: on a screen, with keys' actions, mouse and themes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from textual.pilot import Pilot

from core.text import CONTROLS
from tests.tui.mails import EVIL, PATCH, REPLY, hostile, huge, mail
from tests.tui.reader import Host, reading, screen, settle
from tui.reader.message_view import MessageView
from tui.reader.page import Page
from tui.themes import DEFAULT_THEME, THEMES


def ended(view: MessageView) -> bool:
    return view.at_end


def found(view: MessageView) -> list[str]:
    """Return the text highlighted as the current match."""
    wanted = view.looks.style("match-current").bgcolor
    return [
        segment.text
        for y in range(view.size.height)
        for segment in view.render_line(y)
        if segment.style is not None and segment.style.bgcolor == wanted
    ]


async def test_every_line_has_the_width_of_the_pane() -> None:
    for shown in (mail(PATCH), mail(REPLY), hostile()):
        for size in ((40, 10), (80, 24), (161, 50)):
            async with reading(shown, size) as (view, pilot):
                for _ in range(4):
                    for y in range(view.size.height):
                        assert (
                            view.render_line(y).cell_length == view.scrollable_content_region.width
                        )
                    view.action_page(1)
                    await pilot.pause()


async def test_moving() -> None:
    async with reading(mail(PATCH)) as (view, pilot):
        assert screen(view)[0] == " [PATCH v2 2/3] wick: trim the flame before it smokes"
        assert not ended(view)
        view.action_line(1)
        assert view.cursor == 1
        assert view.scroll_offset.y == 0, "the cursor moves, not the page"
        view.action_line(-5)
        assert (view.cursor, view.scroll_offset.y) == (0, 0)
        view.action_half_page(1)
        assert (view.cursor, view.scroll_offset.y) == (13, 12), "below the row that a bar may cover"
        view.action_top()
        view.action_page(1)
        assert view.scroll_offset.y == 22
        view.action_page(-1)
        assert view.scroll_offset.y == 0
        view.action_bottom()
        assert ended(view)
        assert view.cursor == view.page.count - 1
        assert screen(view)[-1] == " 2.49.0"
        await pilot.pause()


async def test_the_page_scrolls_where_the_cursor_would_leave_it() -> None:
    async with reading(mail(PATCH), (80, 12)) as (view, pilot):
        for at in range(1, 12):
            view.action_line(1)
            assert view.cursor == at
            assert view.scroll_offset.y == max(0, at - 9), "two rows stay in sight below it"
        while view.cursor > 3:
            view.action_line(-1)
            assert view.scroll_offset.y < view.cursor < view.scroll_offset.y + 12
        view.action_line(1)
        assert view.scroll_offset.y == 2
        view.scroll_to_row(20)
        await pilot.pause()
        assert view.cursor == 21, "a wheel takes it along, and no bar covers it"
        view.scroll_to_row(0)
        assert view.cursor == 11
        await pilot.resize_terminal(80, 8)
        await settle(pilot)
        assert view.cursor - view.scroll_offset.y in range(8)


async def test_a_step_of_the_cursor_paints_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading(mail(PATCH), (80, 24)) as (view, pilot):
        view.focus()
        await settle(pilot)
        wanted = view.looks.style("cursor-line").bgcolor

        def lit() -> list[int]:
            rows = (view.render_line(y) for y in range(24))
            return [
                y
                for y, strip in enumerate(rows)
                if any(piece.style and piece.style.bgcolor == wanted for piece in strip)
            ]

        assert lit() == [0]
        painted: list[int] = []
        render = MessageView.render_line

        def counted(self: MessageView, y: int) -> Any:
            painted.append(y)
            return render(self, y)

        monkeypatch.setattr(MessageView, "render_line", counted)
        view.action_line(1)
        await pilot.pause()
        assert sorted(painted) == [0, 1]
        assert lit() == [1]
        view.screen.set_focus(None)
        await pilot.pause()
        assert lit() == [], "the keys go elsewhere"


async def test_the_cursor_stays_on_its_line_in_another_layout() -> None:
    async with reading(mail(PATCH), (80, 24)) as (view, pilot):
        view.action_next_file(1)
        view.action_next_hunk(1)
        view.action_line(1)
        text = view.page.row(view.cursor).text
        view.action_toggle_all_headers()
        assert view.page.row(view.cursor).text == text
        view.action_toggle_numbers()
        await pilot.resize_terminal(40, 24)
        await settle(pilot)
        assert view.page.row(view.cursor).text == text
        assert view.cursor in view.visible_rows


async def test_pages_leave_no_row_out() -> None:
    async with reading(mail(PATCH)) as (view, _):
        seen: set[str] = set()
        while True:
            seen.update(screen(view))
            if view.at_end:
                break
            view.action_page(1)
        everything = {row.rstrip() for row in view._page.texts()}
        for row in everything:
            assert any(row.strip()[:60] in line for line in seen), row


async def test_jumps_by_file_and_hunk_and_the_file_s_bar_stays_in_sight() -> None:
    async with reading(mail(PATCH), (80, 12)) as (view, _):
        view.action_next_file(1)
        assert screen(view)[0].startswith("▌Documentation/wick.rst  new file")
        view.action_next_file(1)
        assert screen(view)[0].startswith("▌drivers/lantern/wick.c")
        view.action_next_hunk(1)
        assert screen(view)[1].startswith("@@ -40,10"), "the first of the file"
        view.action_next_hunk(1)
        assert screen(view)[:2][1].startswith("@@ -90,3 +95,3 @@")
        assert screen(view)[0].startswith("▌drivers/lantern/wick.c")
        view.action_next_hunk(-1)
        assert screen(view)[1].startswith("@@ -40,10")
        view.action_next_file(-1)
        assert screen(view)[0].startswith("▌drivers/lantern/wick.c"), "the beginning of this one"
        view.action_next_file(-1)
        assert screen(view)[0].startswith("▌Documentation/wick.rst")
        view.action_next_file(-1)
        assert screen(view)[0].startswith("▌Documentation/wick.rst"), "there is none before it"


async def test_pan_stops_at_the_longest_line_and_leaves_prose_alone() -> None:
    async with reading(mail(PATCH)) as (view, _):
        view.action_pan(1)
        assert view.pan == 0, "nothing on the screen is too long"
        view.find("nobody can foresee")
        view.find("")
        for _ in range(20):
            view.action_pan(1)
        longest = next(row for row in view._page.texts() if "nobody can foresee" in row)
        assert view.pan == len(longest) - view.scrollable_content_region.width
        assert any(row.endswith("nobody can foresee.") for row in screen(view))
        assert not any("static int wick_trim" in row for row in screen(view))
        assert any(row.startswith("+") for row in screen(view)), "the signs stay"
        view.action_top()
        assert screen(view)[0].startswith(" [PATCH v2 2/3]")
        for _ in range(20):
            view.action_pan(-1)
        assert view.pan == 0


async def test_pan_halves_no_wide_character() -> None:
    text = PATCH.replace("+Trim it.", "+" + "王" * 60)
    async with reading(mail(text)) as (view, _):
        view.action_next_file(1)
        row = next(y for y, line in enumerate(screen(view)) if line.startswith("+王"))
        view.action_pan(1)
        assert view.pan == 8
        assert screen(view)[row].startswith("+王")
        view.set_reactive(MessageView.pan, 9)
        view._repaint()
        # Four and a half of them are gone; the other half is a blank.
        assert screen(view)[row].startswith("+ 王")
        assert screen(view)[row].endswith("›")
        assert view.render_line(row).cell_length == view.scrollable_content_region.width


async def test_finding() -> None:
    async with reading(mail(PATCH)) as (view, pilot):
        assert view.find("WICK") == 1
        assert view.find("wick->") == 5
        assert found(view) == ["wick->"]
        first = view.scroll_offset.y
        seen = {first}
        for _ in range(5):
            assert view.find_next(1)
            assert len(found(view)) == 1
            seen.add(view.scroll_offset.y)
        assert view.scroll_offset.y == first, "it goes round"
        assert view.find_next(-1)
        assert view.find("no such words") == 0
        assert not view.find_next(1)
        assert view.find("") == 0
        assert found(view) == []
        await pilot.pause()


async def test_finding_goes_on_from_where_the_reader_is_and_pans_there() -> None:
    async with reading(mail(PATCH)) as (view, _):
        view.action_next_file(1)
        view.find("wick")
        assert view._page.row(view._matches.current[0]).base == "bar"  # type: ignore[union-attr,index]
        view.find("foresee")
        assert found(view) == ["foresee"]
        assert view.pan > 0


async def test_toggles_keep_the_place() -> None:
    async with reading(mail(PATCH)) as (view, pilot):
        view.action_next_file(1)
        view.action_next_file(1)
        top = screen(view)[0]
        view.action_toggle_numbers()
        assert screen(view)[0] == top
        assert any(row.startswith("  40  40 ") for row in screen(view))
        view.action_toggle_all_headers()
        assert screen(view)[0] == top
        assert any(row.startswith("         index 1111111") for row in screen(view))
        view.action_toggle_numbers()
        view.action_toggle_all_headers()
        await pilot.resize_terminal(60, 24)
        await settle(pilot)
        assert screen(view)[0].startswith("▌drivers/lantern/wick.c")


async def test_quotes_fold_and_all_headers_show() -> None:
    async with reading(mail(REPLY)) as (view, _):
        view.action_toggle_quotes()
        assert " ▸ 8 quoted lines" in screen(view)
        view.action_toggle_quotes()
        assert " ▸ 8 quoted lines" not in screen(view)
        view.action_toggle_all_headers()
        assert " Message-ID: <answer@lantern.example.org>" in screen(view)


async def test_another_mail_begins_at_its_top_and_the_same_stays() -> None:
    async with reading(mail(PATCH)) as (view, pilot):
        view.action_bottom()
        view.show(mail(PATCH))
        assert view.at_end
        view.find("wick")
        view.show(mail(REPLY))
        await settle(pilot)
        assert screen(view)[0].startswith(" Re: [PATCH v2 2/3]")
        assert found(view) == []
        view.show_note("Patch 3/3 is not here", ["It may come later.", "C-r tries again"])
        assert [row for row in screen(view) if row] == [
            " Patch 3/3 is not here", " It may come later.", " C-r tries again",
        ]  # fmt: skip
        view.clear()
        assert not any(screen(view))
        assert view.at_end


async def test_a_mail_shown_before_there_is_a_screen_appears() -> None:
    async with reading(mail(REPLY), (80, 24)) as (view, pilot):
        view.show(mail(PATCH))
        view.show(mail(REPLY))
        view.show(mail(PATCH))
        await settle(pilot)
        assert screen(view)[0].startswith(" [PATCH v2 2/3]")


# ------------------------------------------------------------- hostile mail


@pytest.mark.parametrize("theme", [DEFAULT_THEME, "patchdesk-light", "textual-dark", "ansi-dark"])
async def test_nothing_in_a_mail_reaches_the_terminal_or_markup(theme: str) -> None:
    async with reading(hostile(), (120, 40), theme) as (view, pilot):
        view.action_toggle_all_headers()
        view.action_toggle_numbers()
        assert view.find("[@click=app.bell]") > 10
        literal = 0
        for at in range(view._page.count):
            view.scroll_to_row(at)
            for y in range(0, view.size.height, 7):
                for segment in view.render_line(y):
                    assert not CONTROLS.search(segment.text), ascii(segment.text)
                    assert "\t" not in segment.text
                    meta = segment.style.meta if segment.style is not None else {}
                    assert set(meta) <= {"offset"}, meta
                    assert segment.style is None or segment.style.link is None
                    literal += "[@click=app.bell]" in segment.text
        assert literal
        view.show_note(EVIL, [EVIL])
        await settle(pilot)
        assert any("[red]x[/red]" in row for row in screen(view))
        assert pilot.app.is_running


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 5000,
        "> " * 100_000,
        "-" * 1_000_000,
        "a\u0301" * 200_000,
        "\u200d" * 200_000,
        " | " * 200_000,
        "http://" * 100_000,
        ("x" * 300 + "\n") * 3000,
        "\u200b" * 100_000,
    ],
    ids=[
        "empty",
        "blank",
        "quotes",
        "long",
        "marks",
        "joiners",
        "stats",
        "links",
        "wide",
        "controls",
    ],
)
async def test_odd_prose_is_shown_and_paged(text: str) -> None:
    whole = mail(PATCH)
    body = type(whole.body)(message=text)
    shown = type(whole)(message=whole.message, headers=(), text=text, body=body)
    async with reading(shown) as (view, pilot):
        for _ in range(3):
            view.action_page(1)
            for y in range(view.size.height):
                assert view.render_line(y).cell_length == view.scrollable_content_region.width
        view.action_bottom()
        view.action_toggle_quotes()
        view.find("a")
        await settle(pilot)
        assert pilot.app.is_running


# ------------------------------------------------------------- large mail


async def test_a_huge_mail_costs_what_is_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    row = Page.row

    def counted(self: Page, at: int) -> Any:
        made.append(at)
        return row(self, at)

    monkeypatch.setattr(Page, "row", counted)
    shown = huge()
    async with reading(None, (120, 40)) as (view, pilot):
        view.show(shown)
        await settle(pilot)
        assert view._page.count > 99_000
        # The first paint, the one with the whole of it there, and those with colours.
        assert len(made) < 40 * 8
        moves: list[Callable[[], object]] = [
            lambda: view.action_page(1), view.action_bottom, view.action_top, lambda: view.scroll_to_row(50_000),
            lambda: view.action_next_file(1), lambda: view.action_next_hunk(-1),
        ]  # fmt: skip
        for move in moves:
            made.clear()
            move()
            await settle(pilot)
            assert 0 < len(made) < 40 * 8
        assert view.find("x995 = 995") == 100


async def test_the_whole_of_a_huge_mail_follows_and_nothing_moves() -> None:
    async with reading(None) as (view, pilot):
        view.show(huge(10_000))
        view.action_next_file(1)
        view.action_page(1)
        assert view.find("x9 = 9") == 2
        before = screen(view)
        assert view._page.count < 3_000
        await settle(pilot)
        assert view._page.count > 9_900
        assert screen(view) == before
        assert view.find("x9 = 9") == 10


async def test_the_end_asked_for_early_is_the_end_of_the_whole() -> None:
    async with reading(None) as (view, pilot):
        view.show(huge(10_000))
        view.action_bottom()
        await settle(pilot)
        assert screen(view)[-1] == " 2.49.0"
        assert view._page.count > 9_900
        assert ended(view)


async def test_a_hidden_reader_keeps_its_place() -> None:
    async with reading(mail(PATCH)) as (view, pilot):
        view.action_next_file(1)
        before = screen(view)
        view.display = False
        await settle(pilot)
        view.display = True
        await settle(pilot)
        assert screen(view) == before


async def test_a_huge_mail_that_was_left_does_not_come_back() -> None:
    async with reading(None) as (view, pilot):
        view.show(huge(20_000))
        view.show(mail(REPLY))
        await settle(pilot)
        assert screen(view)[0].startswith(" Re: [PATCH v2 2/3]")


# ------------------------------------------------------------- colours and selection


def colours(view: MessageView, needle: str) -> set[object]:
    return {
        segment.style.color
        for y in range(view.size.height)
        if needle in view.render_line(y).text
        for segment in view.render_line(y)
        if segment.style is not None and segment.text.strip()
    }


async def test_code_gets_its_colours_after_the_first_paint_and_loses_them_when_told() -> None:
    async with reading(mail(PATCH), (120, 40)) as (view, pilot):
        view.action_next_file(1)
        await settle(pilot)
        assert len(colours(view, "return -EINVAL")) > 2
        view.action_toggle_numbers()
        assert len(colours(view, "return -EINVAL")) > 2, "another layout has them at once"
        view.action_toggle_syntax()
        await settle(pilot)
        assert len(colours(view, "return -EINVAL")) == 3, "numbers, sign and text"


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES] + ["textual-light", "nord"])
async def test_added_and_removed_lines_stand_out_in_every_theme(theme: str) -> None:
    async with reading(mail(PATCH), (120, 40), theme) as (view, _):
        plain = view.looks.style().bgcolor
        grounds = [view.looks.style(look).bgcolor for look in ("added", "removed", "bar")]
        assert len({*grounds, plain}) == 4


async def test_sixteen_colours_are_the_terminal_s_own() -> None:
    async with reading(mail(PATCH), (120, 40), "ansi-dark") as (view, pilot):
        view.action_next_file(1)
        await settle(pilot)
        assert all(segment.style and segment.style.reverse for segment in view.render_line(0))
        for y in range(view.size.height):
            for segment in view.render_line(y):
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert colour is None or colour.triplet is None, (segment, colour)


async def test_another_theme_repaints() -> None:
    async with reading(mail(PATCH), (120, 40)) as (view, pilot):
        before = colours(view, "Trim it before")
        pilot.app.theme = "patchdesk-light"
        await settle(pilot)
        assert colours(view, "Trim it before") != before


async def test_the_mouse_selects_text_and_not_the_numbers_before_it() -> None:
    async with reading(mail(PATCH), (80, 24)) as (view, pilot):
        view.action_next_file(1)
        view.action_toggle_numbers()
        await settle(pilot)
        rows = screen(view)
        first = next(y for y, row in enumerate(rows) if row.endswith("+The wick"))
        last = next(y for y, row in enumerate(rows) if row.endswith("+Trim it."))
        await pilot.mouse_down(offset=(9, first))
        await pilot.hover(offset=(13, last))
        await pilot.mouse_up(offset=(13, last))
        assert pilot.app.screen.get_selected_text() == "+The wick\n+========\n+\n+Trim"


async def test_what_is_selected_of_a_panned_line_is_what_is_seen() -> None:
    async with reading(mail(PATCH), (80, 24)) as (view, pilot):
        view.find("foresee")
        view.find("")
        await settle(pilot)
        row = next(y for y, line in enumerate(screen(view)) if line.endswith("nobody can foresee."))
        await pilot.mouse_down(offset=(1, row))
        await pilot.hover(offset=(40, row))
        await pilot.mouse_up(offset=(40, row))
        assert pilot.app.screen.get_selected_text() == screen(view)[row][1:41]


async def test_what_was_wrapped_is_selected_as_one_line() -> None:
    async with reading(mail(REPLY), (60, 40)) as (view, pilot):
        rows = screen(view)
        first = next(y for y, row in enumerate(rows) if row.startswith(" Why one?"))
        await pilot.mouse_down(offset=(1, first))
        await pilot.hover(offset=(20, first + 1))
        await pilot.mouse_up(offset=(20, first + 1))
        text = pilot.app.screen.get_selected_text()
        assert text is not None
        assert text.startswith(
            "Why one? A line that is long enough to be broken in two on any screen"
        )
        assert "\n" not in text


# ------------------------------------------------------------- pictures

Compare = Callable[..., bool]


def scene(act: Callable[[MessageView], object]) -> Callable[[Pilot[None]], Any]:
    async def run(pilot: Pilot[None]) -> None:
        await settle(pilot)
        act(pilot.app.query_one(MessageView))
        await settle(pilot)

    return run


def at_the_top(view: MessageView) -> None:
    view.action_top()


def at_a_file(view: MessageView) -> None:
    view.action_next_file(1)


def with_numbers(view: MessageView) -> None:
    view.action_next_file(1)
    view.action_toggle_numbers()


def searched(view: MessageView) -> None:
    view.find("smoke")


SCENES: Mapping[str, tuple[str, tuple[int, int], str, Callable[[MessageView], None]]] = {
    "patch-80x24": (PATCH, (80, 24), DEFAULT_THEME, at_the_top),
    "patch-120x40": (PATCH, (120, 40), DEFAULT_THEME, at_a_file),
    "reply-80x24": (REPLY, (80, 24), "patchdesk-light", searched),
    "numbers-120x40": (PATCH, (120, 40), "ansi-dark", with_numbers),
}


@pytest.mark.parametrize("name", SCENES)
def test_pictures(name: str, snap_compare: Compare) -> None:
    text, size, theme, act = SCENES[name]
    assert snap_compare(Host(mail(text), theme), terminal_size=size, run_before=scene(act))
