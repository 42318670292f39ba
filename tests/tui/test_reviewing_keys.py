"""The reader's keys in the whole program: remarks, files, what can be copied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.model import Message, OpenedMessage
from core.series.review_comments import ReplyInThread, count_substantive, place_comments
from core.system.ui_state import UiState
from tests.tui.kit import (
    FakeDesk,
    app_on,
    configure,
    desk_screen,
    idle,
    listing,
    reader_of,
    ready,
    reply,
    series,
    text_of,
    until,
    version,
)
from tests.tui.mails import PATCH, mail
from tui.app import PatchdeskApp
from tui.tree.badges import with_comment_count

ANSWER = "> +\twick_trim(wick, 1);\n\nWhy one?\n"


class PatchDesk(FakeDesk):
    """Has a real patch, and an answer that quotes it."""

    def mail(self, message: Message) -> OpenedMessage:
        if message.message_id == "r@x":
            body = type(mail(PATCH).body)(message=ANSWER)
            return OpenedMessage(message=message, headers=(), text=ANSWER, body=body)
        return replace(mail(PATCH), message=message)


def app() -> PatchdeskApp:
    one = version("p", ["wick: trim"], replies={1: [reply("r@x", "Re: wick: trim")]})
    return app_on(lantern=PatchDesk(listing([series("wick", one)])))


async def test_remarks_come_and_lead_to_their_reply_and_back() -> None:
    app_ = app()
    async with app_.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        reader = reader_of(app_)
        await until(pilot, lambda: "Why one?" in "\n".join(reader._page.texts()), what="the remark")
        await pilot.press("enter", ".")
        assert "Why one?" in text_of(app_)
        await pilot.press("g", "r")
        await until(
            pilot, lambda: reader.mail is not None and reader.mail.message.message_id == "r@x"
        )
        await pilot.press("'")
        await until(
            pilot, lambda: reader.mail is not None and reader.mail.message.message_id != "r@x"
        )
        await pilot.press("'")
        assert "Nothing to jump back to" in text_of(app_)


async def test_a_file_is_found_by_some_of_its_letters() -> None:
    app_ = app()
    async with app_.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("enter", "g", "f", *"lwsen", "enter")
        await until(pilot, lambda: "wick_sensor.h  renamed" in text_of(app_).split("remark")[0])
        top = reader_of(app_).scroll_offset.y
        await pilot.press("g", "f", *"zzz", "enter")
        await until(pilot, lambda: "0 of 3 files" in text_of(app_))
        await pilot.press("escape")
        assert reader_of(app_).scroll_offset.y == top
        await pilot.press("g", "f", "up")
        await until(pilot, lambda: "3 hunks" in text_of(app_) or "4 hunks" in text_of(app_))
        await pilot.pause()
        assert reader_of(app_).scroll_offset.y < top, "the reader shows what the cursor is on"
        await pilot.press("escape")
        await pilot.pause()
        assert reader_of(app_).scroll_offset.y == top, "and goes back"
        await pilot.press("g", "f", "up", "up", "enter")
        await until(pilot, lambda: "wick.rst  new file" in text_of(app_))
        await pilot.press("'")
        await pilot.pause()
        assert reader_of(app_).scroll_offset.y == top, "it was one jump"


async def test_files_tell_what_is_left_to_view() -> None:
    app_ = app()
    async with app_.run_test(size=(80, 30)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "Why one?" in "\n".join(reader_of(app_)._page.texts()))
        await pilot.press("enter", "}", "X", "g", "f")
        await until(pilot, lambda: "1/4 hunks viewed" in text_of(app_))
        rows = [row for row in text_of(app_).splitlines() if "wick" in row]
        assert any(
            row.split()[1:] == ["A", "Documentation/wick.rst", "+4", "✓", "viewed", "│"]
            for row in rows
        )
        assert any(
            row.split()[1:-1] == ["drivers/lantern/wick.c", "┃1", "+9", "−4", "2", "left"]
            for row in rows
        )


async def test_how_patches_look_is_kept_for_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "remembered.json"
    for keys, layout in (("", "unified"), ("tltwt>tn", "stacked"), ("", "stacked")):
        app_ = app()
        configure(app_, ui_state=UiState(path))
        async with app_.run_test(size=(120, 40)) as pilot:
            await ready(pilot)
            await pilot.press(*keys)
            await idle(pilot)
            reader = reader_of(app_)
            assert reader.layout_wanted == layout
            assert (reader.wrap, reader.numbers, reader.words) == (
                (False, False, True) if layout == "unified" else (True, True, False)
            )
    path.write_text('{"reader": {"layout_wanted": "upside down", "wrap": 1, "words": false}}')
    app_ = app()
    configure(app_, ui_state=UiState(path))
    async with app_.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        reader = reader_of(app_)
        assert (reader.layout_wanted, reader.wrap, reader.words) == ("unified", False, False)


async def test_the_hunk_can_be_copied() -> None:
    app_ = app()
    async with app_.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("enter", "}", "}", "y")
        await until(pilot, lambda: "hunk" in text_of(app_))
        await pilot.press("h")
        await pilot.pause()
        assert app_.clipboard.startswith("@@ -40,10 +40,15 @@")
        assert "\n-/* Trim after the smoke. */\n" in app_.clipboard


async def test_viewed_layouts_and_folds_have_their_keys() -> None:
    app_ = app()
    async with app_.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("enter", ")", "X")
        assert "1 of" in text_of(app_)
        await until(pilot, lambda: "hunks viewed" in text_of(app_), what="how much is left")
        await pilot.press("t", "v")
        await until(pilot, lambda: "✓ viewed" in text_of(app_))
        await pilot.press("t", "v", "z", "M")
        await until(pilot, lambda: " lines" in text_of(app_))
        await pilot.press("z", "R", "t", "l")
        assert "old block, then new" in text_of(app_)
        await pilot.press("t", "s")
        assert "Ignoring whitespace" in text_of(app_)
        assert desk_screen(app_).reader.words
        await pilot.press("t", "w")
        assert not desk_screen(app_).reader.words


async def test_lines_are_selected_by_keys_and_copied() -> None:
    app_ = app()
    async with app_.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        # Until it is there, it clears what is selected.
        await until(pilot, lambda: desk_screen(app_).prompt.is_mounted, what="the prompt")
        await pilot.pause()
        await pilot.press("enter", "}", "j", "V", "j", "j", "k")
        assert app_.screen.get_selected_text() == "@@ -0,0 +1,4 @@\n+The wick"
        await pilot.press("y")
        await until(pilot, lambda: "selection" in text_of(app_))
        await pilot.press("v")
        await pilot.pause()
        assert app_.clipboard == "@@ -0,0 +1,4 @@\n+The wick"
        await pilot.press("V")
        assert not app_.screen.get_selected_text()


async def test_the_tree_counts_the_remarks_of_patches_in_view() -> None:
    app_ = app()
    async with app_.run_test(size=(160, 30)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "💬1" in text_of(app_))
        assert "↳1" in text_of(app_), "the series counts replies"


def test_a_trailer_is_no_remark_worth_counting() -> None:
    patch, given = mail(PATCH), "> +\twick_trim(wick, 1);\n\nReviewed-by: Bo <bo@x>\n"

    def answer(text: str) -> ReplyInThread:
        return ReplyInThread(replace(mail(PATCH), text=text), 0)

    assert count_substantive(place_comments(patch, [answer(ANSWER), answer(given)])) == 1
    assert count_substantive(place_comments(patch, [answer(f"{given}\nBut why?\n")])) == 1


def test_a_count_fits_into_the_room_of_the_replies() -> None:
    row = [("x", "plain"), ("   ↳1", "replies"), (" ", "plain")]
    assert with_comment_count(row, 12)[1] == (" 💬12", "replies")
    assert with_comment_count(row, 5_000)[1] == ("  💬…", "replies")
    assert with_comment_count([(" ↳1", "replies")], 123) == [(" ↳1", "replies")]
    assert with_comment_count([("↳ ", "replies"), ("x", "plain")], 1) == [
        ("↳ ", "replies"),
        ("x", "plain"),
    ]
