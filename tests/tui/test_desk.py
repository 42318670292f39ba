"""The main screen under a person's fingers."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from core.model import Series
from core.system.ui_state import UiState
from tests.tui.kit import (
    NOW,
    FakeDesk,
    app_on,
    app_with,
    configure,
    controller,
    desk_screen,
    idle,
    lantern,
    listing,
    reader_of,
    ready,
    reply,
    series,
    small_series,
    text_of,
    thread,
    tree_of,
    until,
    version,
)
from tui.app import PatchdeskApp
from tui.desk.mail import MailLoader
from tui.desk.opening import Opening
from tui.keys.commands import COMMANDS, Pane
from tui.screens.help import HelpScreen
from tui.timings import Timings
from tui.tree.series_tree import SeriesTree


def where(app: PatchdeskApp) -> str:
    """Return the id of the mail whose row the cursor is on."""
    row = tree_of(app).row
    return row.message.message_id if row is not None and row.message is not None else ""


# ----------------------------------------------------------------- the tree


async def test_expanding_and_collapsing() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        tree = tree_of(app)
        await pilot.press("l")
        assert (len(tree), tree.cursor) == (10, 0)
        await pilot.press("l")  # unfolded already: go inside
        assert tree.cursor == 1
        await pilot.press("l")  # the newest version is unfolded: its cover letter
        assert where(app) == "wick-v2-0@x"
        await pilot.press("h")  # back to the version
        assert tree.row is not None
        assert tree.row.version is not None
        assert tree.row.depth == 1
        await pilot.press("h", "h", "h")
        assert (len(tree), tree.cursor) == (4, 0)
        await pilot.press("z", "R")
        assert len(tree) == 20
        await pilot.press("G", "k")
        await pilot.press("z", "M")
        assert (len(tree), tree.cursor) == (4, 3)


async def test_patches_of_the_series_in_a_row() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        visited = []
        for _ in range(4):
            await pilot.press("]")
            visited.append(where(app))
        assert visited == ["wick-v2-1@x", "wick-v2-2@x", "wick-v2-2@x", "wick-v2-2@x"]
        await pilot.pause()
        assert "No next patch here." in text_of(app, "StatusBar")
        await pilot.press("[", "[")
        assert where(app) == "wick-v2-0@x"
        await pilot.press("G", "]")
        await until(
            pilot, lambda: "line 1 of glass: 防風ガラスを追加する: second half" in text_of(app)
        )


async def test_patches_from_a_reply_and_from_a_gap() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("z", "R", *"jjjjj")
        assert where(app) == "wick-r1@x"
        await pilot.press("]")
        assert where(app) == "wick-v2-2@x"
        await pilot.press("j")  # the gap
        await pilot.press("[")
        assert where(app) == "wick-v2-2@x"


async def test_space_reads_through_everything() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("enter")
        visited = []
        for _ in range(11):
            await pilot.press("G", "space")
            await until(pilot, lambda: controller(app, MailLoader).is_reading is False)
            visited.append(where(app))
        assert desk_screen(app).active_pane is Pane.READER
        assert visited == [
            "wick-r3@x",
            "wick-v2-1@x",
            "wick-r1@x",
            "wick-r2@x",
            "wick-v2-2@x",
            "oil-v1-1@x",
            "talk@x",
            "talk-1@x",
            "glass-v1-1@x",
            "glass-v1-2@x",
            "glass-v1-2@x",
        ]
        assert "No more messages." in text_of(app, "StatusBar")


async def test_the_mouse_moves_folds_and_opens() -> None:
    app = app_with()
    async with app.run_test(size=(160, 40)) as pilot:
        await ready(pilot)
        await pilot.click(SeriesTree, offset=(11, 3))
        assert where(app) == "talk@x"
        await pilot.click(SeriesTree, offset=(1, 1))  # the expander
        assert len(tree_of(app)) == 10
        await pilot.click(SeriesTree, offset=(13, 8), times=2)
        assert where(app) == "oil-v1-1@x"
        assert desk_screen(app).active_pane is Pane.READER
        await pilot.click(SeriesTree, offset=(11, 31))  # below the last row
        assert where(app) == "oil-v1-1@x"


async def test_a_hint_can_be_clicked() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        column = text_of(app, "StatusBar").index("l expand")
        await pilot.click("StatusBar", offset=(column, 0))
        assert len(tree_of(app)) == 10


async def test_ten_thousand_rows_move_by_two_lines_a_key() -> None:
    app = app_with(*(small_series(f"s{n}", f"series {n}") for n in range(10_000)))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        tree = tree_of(app)
        drawn: list[int] = []
        draw = tree.render_line
        tree.render_line = lambda y: (drawn.append(y), draw(y))[1]  # type: ignore[method-assign,func-returns-value]
        await pilot.press("j")
        await pilot.pause()
        assert sorted(set(drawn)) == [0, 1]
        assert len(drawn) <= 4
        drawn.clear()
        await pilot.press("G")
        await pilot.pause()
        assert tree.cursor == 9_999
        height = tree.size.height
        assert len(drawn) <= 2 * height
        drawn.clear()
        await pilot.press("l")
        await pilot.pause()
        assert len(tree) == 10_002
        assert len(drawn) <= 2 * height
        await pilot.press("ctrl+b", "ctrl+u", "pageup")
        assert tree.cursor < 9_999 - 2 * height


async def test_the_cursor_keeps_its_distance_from_the_edges() -> None:
    app = app_with(*(small_series(f"s{n}", f"series {n}") for n in range(100)))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        tree = tree_of(app)
        height = tree.scrollable_content_region.height
        for _ in range(height - 2):
            tree.action_line(1)
        assert tree.scroll_offset.y == 1
        await pilot.resize_terminal(120, 20)
        await pilot.pause()
        assert tree.scroll_offset.y <= tree.cursor < tree.scroll_offset.y + tree.size.height


# ----------------------------------------------------------------- panes


@pytest.mark.parametrize(
    ("size", "beside"),
    [
        ((80, 24), False),
        ((120, 40), False),
        ((150, 50), False),
        ((160, 50), True),
        ((200, 60), True),
    ],
)
async def test_panes_stack_on_a_narrow_terminal(size: tuple[int, int], beside: bool) -> None:
    app = app_with()
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        tree, reader = tree_of(app).region, reader_of(app).region
        if beside:
            assert tree.right <= reader.x
            assert tree.y == reader.y
        else:
            assert tree.bottom <= reader.y
            assert tree.width == reader.width == size[0]
        assert tree.height >= 6
        assert reader.height >= 10
        for line in text_of(app).splitlines():
            assert len(line) <= size[0]


async def test_a_key_sets_the_panes_beside_each_other_or_below_and_that_is_kept() -> None:
    state = UiState()
    for size, beside in (((120, 40), True), ((160, 50), False)):
        app = PatchdeskApp(
            "x", lambda _: FakeDesk(listing(lantern())), clock=lambda: NOW, remembered=state
        )
        async with app.run_test(size=size) as pilot:
            await ready(pilot)
            if beside:
                await pilot.press("t", "p")
                await idle(pilot)
                assert "Panes: side by side." in text_of(app, "StatusBar")
            assert tree_of(app).region.y == reader_of(app).region.y  # in the next run, too
            await pilot.resize_terminal(100, 30)
            await idle(pilot)
            assert tree_of(app).region.y == reader_of(app).region.y
            await pilot.resize_terminal(70, 30)  # too narrow for two
            await idle(pilot)
            assert tree_of(app).region.width == 70
            await pilot.press("t", "p")
            await idle(pilot)
            assert "need 80 columns" in text_of(app, "StatusBar")


async def test_a_diff_side_by_side_takes_the_whole_width() -> None:
    app = app_with()
    async with app.run_test(size=(160, 50)) as pilot:
        await ready(pilot)
        await pilot.press("t", "l")
        await idle(pilot)
        assert reader_of(app).region.width == 160
        assert desk_screen(app).active_pane is Pane.READER
        await pilot.press("t", "l")
        await idle(pilot)
        assert reader_of(app).region.width < 100


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_one_pane_alone(size: tuple[int, int]) -> None:
    app = app_with()
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        await pilot.press("t", "f")
        await pilot.pause()
        assert tree_of(app).size.width >= size[0] - 1
        assert tree_of(app).region.height == size[1] - 2
        assert not reader_of(app).region
        await pilot.press("enter")
        await pilot.pause()
        assert reader_of(app).region.width >= size[0] - 2
        assert reader_of(app).has_focus
        await pilot.press("q")
        await pilot.pause()
        assert tree_of(app).region
        assert reader_of(app).region


async def test_tab_goes_between_the_panes_and_the_hints_follow() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        assert "l expand" in text_of(app, "StatusBar")
        await pilot.press("tab")
        await pilot.pause()
        assert reader_of(app).has_focus
        assert "Space page" in text_of(app, "StatusBar")
        await pilot.press("shift+tab")
        assert tree_of(app).has_focus


async def test_the_mouse_can_be_left_to_the_terminal() -> None:
    app = app_with()
    switched: list[bool] = []
    configure(app, set_mouse=switched.append)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("t", "m")
        assert "Mouse off" in text_of(app, "StatusBar")
        assert switched == [False]
        await pilot.press("t", "m")
        assert "Mouse on" in text_of(app, "StatusBar")
        assert switched == [False, True]


# ----------------------------------------------------------------- find


async def test_finding_in_the_reader() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("enter", "/", *"line 99")
        await pilot.pause()
        assert "1 match" in text_of(app, "Prompt")
        await pilot.press("enter")
        await until(pilot, lambda: "line 99 of Steady" in text_of(app, "MessageView"))
        assert reader_of(app).has_focus
        assert where(app) == "wick-v2-0@x"


async def test_n_without_find_says_what_to_do() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("n")
        await pilot.pause()
        assert "press /" in text_of(app, "StatusBar")


# ----------------------------------------------------------------- prompts and dialogs


async def test_a_command_by_name() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press(":", *"fold.open_a")
        await pilot.pause()
        assert "Expand all" in text_of(app, "Prompt")
        await pilot.press("tab", "enter")
        assert len(tree_of(app)) == 20
        assert tree_of(app).has_focus
        await pilot.press(":", *"nonsense", "enter")
        await pilot.pause()
        assert "There is no command nonsense." in text_of(app, "StatusBar")
        await pilot.press(":", "down", "down", "enter")  # the second of the list: expand
        assert app.is_running


async def test_open_remembers_what_was_opened() -> None:
    app = app_on(
        lantern=FakeDesk(listing(lantern())), brook=FakeDesk(listing([small_series("b", "brook")]))
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press(":", *"open brook", "enter")
        await until(pilot, lambda: len(tree_of(app)) == 3)
        await pilot.press("o")
        await pilot.pause()
        assert "brook" in text_of(app, "Prompt")
        await pilot.press("enter")  # an empty line opens nothing
        assert controller(app, Opening).pending is None


@pytest.mark.parametrize("width", [80, 120])
async def test_help_lists_every_command_and_is_found_by_typing(width: int) -> None:
    app = app_with()
    async with app.run_test(size=(width, 300)) as pilot:
        await ready(pilot)
        await pilot.press("?")
        await pilot.pause()
        text = text_of(app)
        for command in COMMANDS:
            assert f" {command.name} " in text, command.name
        for command in COMMANDS:
            assert command.help[:30] in text
        for sign in ("◆", "◇", "≡", "•", "×", "↳", "≠", "R A T N"):
            assert f"   {sign}  " in text
        await pilot.press(*"expand all")
        await pilot.pause()
        assert "Message-ID" not in text_of(app)
        await pilot.press("enter")  # the first: expand all
        assert len(tree_of(app)) == 20


@pytest.mark.parametrize(
    "keys", [["q"], ["?"], ["escape"], ["j", "k", "pagedown", "q"], ["/", "escape"]]
)
async def test_help_is_left(keys: list[str]) -> None:
    app = app_with()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await pilot.press("?", *keys)
        assert app.screen is desk_screen(app)


async def test_help_moves_until_it_is_typed_into() -> None:
    app = app_with()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await pilot.press("?", "j", "j", "k")
        screen = app.screen
        options, line = screen.query_one(OptionList), screen.query_one(Input)
        assert options.highlighted == 2
        await pilot.press("/", *"jqk?")
        assert line.value == "jqk?"
        await pilot.pause()
        assert "No match." in text_of(app)
        await pilot.press("enter")
        assert app.screen is screen
        await pilot.press("escape")
        assert line.value == ""
        await pilot.pause()
        assert "In the tree" in text_of(app)
        await pilot.press(*"xq")  # a letter begins, and from then on all are text
        assert line.value == "xq"
        await pilot.press("escape", "q")
        assert app.screen is not screen


async def test_the_palette_runs_a_command() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await pilot.press(*"fold.open_all")
        await idle(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: len(tree_of(app)) == 20)


async def test_nothing_to_copy_where_a_patch_is_missing() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("l", *"jjjjj", "y")
        await pilot.pause()
        assert "no mail here" in text_of(app, "StatusBar")


async def test_the_log_is_read_and_left(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press(":", *"log", "enter")
        await until(pilot, lambda: "It is empty." in text_of(app, "MessageView"))
        await pilot.press("q")
        await until(pilot, lambda: "line 1 of Steady" in text_of(app, "MessageView"))


async def test_a_click_beside_the_prompt_leaves_it() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("o", *"jjj")
        await pilot.click(SeriesTree, offset=(11, 3))
        await pilot.press("j")
        assert where(app) == "glass-v1-1@x"


async def select_words(pilot: Pilot[None]) -> None:
    """Draw the mouse over a few words of the reader."""
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    lines = text_of(app, "MessageView").splitlines()
    row = next(n for n, line in enumerate(lines) if "line 1 " in line) + 1
    await pilot.mouse_down(reader_of(app), offset=(2, row))
    await pilot.hover(reader_of(app), offset=(8, row))
    await pilot.mouse_up(reader_of(app), offset=(8, row))


async def test_c_c_copies_what_is_selected_with_the_mouse() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await select_words(pilot)
        await pilot.press("ctrl+c")
        assert app.clipboard
        assert app.clipboard in "line 1 of Steady light in a draught"


async def test_what_is_selected_outlasts_the_first_key() -> None:
    app = app_with()
    never = Timings(settled_in=3600.0)  # the first key mounts what can be typed into
    configure(app, timings=never)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await select_words(pilot)
        selected = desk_screen(app).get_selected_text()
        assert selected
        await pilot.press("ctrl+c")
        assert app.clipboard == selected


# ----------------------------------------------------------------- welcome


async def test_a_welcome_offers_what_to_begin_with() -> None:
    app = PatchdeskApp(None, lambda _: FakeDesk(listing(lantern())), clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Look around in the demo" in text_of(app)
        await pilot.press("j", "k", "o", *"any", "enter")
        await ready(pilot)
        await pilot.pause()
        assert "Steady light" in text_of(app, "SeriesTree")
        assert "demo" not in text_of(app)
        assert tree_of(app).has_focus


async def test_an_offer_without_a_command_key_has_one_of_its_own() -> None:
    opened: list[str] = []

    def open_desk(target: str) -> FakeDesk:
        opened.append(target)
        return FakeDesk(listing(lantern()))

    app = PatchdeskApp(None, open_desk, clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert " d  Look around in the demo" in text_of(app)
        await pilot.press("d")
        await ready(pilot)
        assert len(opened) == 1


async def test_the_palette_opens_over_no_dialog() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("?", "down", "down", "ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        assert app.screen.query_one(OptionList).highlighted == 2
        await pilot.press("escape", "escape", "escape", ":", "down", "down", "ctrl+p", "enter")
        assert len(app.screen_stack) == 1


async def test_a_key_without_a_meaning_says_so() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for key, name in (("r", "r"), ("ctrl+g", "C-g"), ("f5", "F5")):
            await pilot.press(key)
            await pilot.pause()
            assert f"{name} is not bound here (? lists the keys)" in text_of(app, "StatusBar")
        await pilot.press("j")
        await pilot.pause()
        assert "does nothing" not in text_of(app, "StatusBar")


async def test_the_welcome_comes_back_when_a_prompt_is_left() -> None:
    app = PatchdeskApp(None, lambda _: FakeDesk(listing(lantern())), clock=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("o", "escape", "down", "down", "down", "enter")
        await pilot.pause()
        assert "Everywhere" in text_of(app)  # the fourth offer is help
        await pilot.press("escape", "Q")
    assert not app.is_running


# ----------------------------------------------------------------- looks


@pytest.mark.parametrize(
    "theme",
    ["patchdesk", "patchdesk-light", "patchdesk-contrast", "ansi-dark", "ansi-light", "nord"],
)
async def test_every_theme_has_the_colours_of_patches(theme: str) -> None:
    app = PatchdeskApp("x", lambda _: FakeDesk(listing(lantern())), theme=theme, clock=lambda: NOW)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        assert app.theme == theme
        for role in (
            "diff-added",
            "diff-removed",
            "diff-hunk",
            "quote-1",
            "quote-2",
            "quote-3",
            "trailer",
        ):
            assert app.get_css_variables()[role]
        await pilot.press("l", "enter", "?", "escape")


async def test_an_unknown_theme_is_the_default() -> None:
    app = PatchdeskApp(
        "x", lambda _: FakeDesk(listing(lantern())), theme="nonesuch", clock=lambda: NOW
    )
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        assert app.theme == "patchdesk"


async def test_a_thread_has_no_patches() -> None:
    app = app_with(thread("t", "talk", reply("a@x", "talk")))
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await pilot.press("]")
        await pilot.pause()
        assert "No next patch here." in text_of(app, "StatusBar")


async def test_versions_go_on_to_the_next_item() -> None:
    old = version("s", ["a"], number=1, cover="c")
    new = version("s", ["a"], number=2, cover="c")
    app = app_with(series("s", old, new), small_series("z", "z"))
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        tree = tree_of(app)
        assert tree.move_to_next_mail()
        assert where(app) == "s-v2-1@x"
        assert tree.move_to_next_mail()
        row = tree.row
        assert row is not None
        assert isinstance(row.item, Series)
        assert where(app) == "z-v1-1@x"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("R1", "Reviewed-by, Acked-by"),
        ("↳11", "A reply"),
        ("●", "Unread"),
        ("💬3", "A review comment"),
        ("v12", "The newest version"),
        ("w12w", None),
    ],
)
async def test_help_finds_what_is_on_the_screen(typed: str, says: str | None) -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("?")
        for character in typed:
            app.post_message(Key(character, character))
        line = app.screen.query_one(Input)
        await until(pilot, lambda: line.value == typed)
        await until(pilot, lambda: (says or "No match") in text_of(app))


async def test_a_narrow_footer_keeps_find_undo_and_help() -> None:
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        footer = text_of(app, "StatusBar")
        for hint in ("/ find", "u undo", "? help"):
            assert hint in footer


async def test_a_footer_of_any_width_cuts_no_hint() -> None:
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for width in range(150, 166):
            await pilot.resize_terminal(width, 24)
            await idle(pilot)
            footer = text_of(app, "StatusBar")
            assert "? help" in footer, (width, footer)
            assert "…" not in footer
