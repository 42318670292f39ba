"""A discussion in one scroll: threads by themselves, patches on demand, and the way to a reply and back."""

from __future__ import annotations

from dataclasses import replace

from core.model import Identity, Message, OpenedMessage
from tests.tui.kit import (
    FakeDesk,
    app_on,
    app_with,
    idle,
    listing,
    reader_of,
    ready,
    reply,
    series,
    text_of,
    thread,
    tree_of,
    until,
    version,
)
from tui.app import PatchdeskApp


def open_mail(app: PatchdeskApp) -> str:
    mail = reader_of(app).mail
    assert mail is not None
    return mail.message.message_id


def replies(app: PatchdeskApp) -> list[tuple[str, int]]:
    return [(one.message.message_id, one.depth) for one in reader_of(app).comments]


async def test_a_thread_is_read_in_one_scroll_and_a_reply_alone() -> None:
    answers = (reply("r1@x", "Re: talk"), reply("r2@x", "Re: talk", 1), reply("r3@x", "Re: talk"))
    app = app_with(thread("talk", "talk", *answers))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await idle(pilot)
        assert replies(app) == [("r1@x", 0), ("r2@x", 1), ("r3@x", 0)]
        assert "4 messages" in text_of(app)
        await pilot.press("enter", ".", ".", "g", "r")
        await idle(pilot)
        assert open_mail(app) == "r2@x"
        await pilot.press("g", "t")
        await idle(pilot)
        assert open_mail(app) == "talk@x"
        here = reader_of(app).current_comment
        assert here is not None
        assert here.message.message_id == "r2@x"
        await pilot.press("q")
        assert tree_of(app).has_focus


class QuotingDesk(FakeDesk):
    """Its replies quote the beginning of the mail."""

    def mail(self, message: Message) -> OpenedMessage:
        opened = super().mail(message)
        if not message.message_id.startswith("r"):
            return opened
        quoted = "".join(f"> line {n} of talk\n" for n in range(1, 4))
        return replace(opened, text=f"Hi,\n\n{quoted}\nThe tide of {message.message_id}.\n")


async def test_a_folded_quote_opens_by_its_own_keys_and_rows_show_first_words() -> None:
    answers = (reply("r1@x", "Re: talk"), reply("r2@x", "Re: talk"))
    app = app_on(lantern=QuotingDesk(listing([thread("talk", "talk", *answers)])))
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "The tide of r2@x." in text_of(app, "SeriesTree"), what="words")
        await idle(pilot)
        await pilot.press("enter", "G", ".", ",")
        await idle(pilot)
        reader = reader_of(app)
        at = next(n for n in range(reader.cursor, 400) if "▸ “" in reader.page.row(n).text)
        reader.put_cursor(at)
        for opens, closes in (("enter",), ("enter",)), (("z", "o"), ("z", "c")):
            await pilot.press(*opens)
            assert "> line 3 of talk" in reader.page.row(at + 3).text
            await pilot.press("j", "j", *closes)  # from inside of it
            assert reader.cursor == at
            assert "The tide" in reader.page.row(at + 1).text
        y = reader.content_region.y + at - reader.scroll_offset.y
        assert await pilot.click(offset=(8, y))
        assert reader.cursor == at
        assert "▾ “" in reader.page.row(at).text
        await pilot.press("g", "r")
        await idle(pilot)
        assert open_mail(app).startswith("r")


async def test_the_replies_to_a_patch_are_a_discussion_on_demand() -> None:
    answers = (reply("r1@x", "Re: lamp"), reply("r2@x", "Re: lamp", 1))
    app = app_with(series("lamp", version("lamp", ["wick", "oil"], replies={1: answers})))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await idle(pilot)
        await pilot.press("g", "t")
        await idle(pilot)
        assert open_mail(app) == "lamp-v1-1@x"
        assert [name for name, _ in replies(app)] == ["r1@x", "r2@x"]
        assert "3 messages" in text_of(app)
        await pilot.press("g", "t")
        await idle(pilot)
        assert "3 messages" not in text_of(app)
        await pilot.press("]", "g", "t")
        await idle(pilot)
        assert "Nobody has answered here." in text_of(app, "StatusBar")


async def test_the_discussion_of_a_series_has_the_replies_to_its_patches() -> None:
    answers = {0: (reply("r0@x", "Re: lamp"),), 2: (reply("r2@x", "Re: oil"),)}
    app = app_with(series("lamp", version("lamp", ["wick", "oil"], cover="lamp", replies=answers)))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await idle(pilot)
        await pilot.press("g", "t")
        await idle(pilot)
        assert open_mail(app) == "lamp-v1-0@x"
        assert [name for name, _ in replies(app)] == ["r0@x", "r2@x"]


async def test_messages_of_bots_are_hidden_and_shown() -> None:
    robot = Identity("kernel test robot", "lkp@intel.example")
    answers = (reply("r1@x", "Re: lamp"), reply("b1@x", "Re: lamp", 1, author=robot))
    app = app_with(series("lamp", version("lamp", ["wick"], replies={1: answers})))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("l", "g", "t")
        await idle(pilot)
        before = len(tree_of(app))
        assert [name for name, _ in replies(app)] == ["r1@x", "b1@x"]
        await pilot.press("t", "b")
        await idle(pilot)
        assert "Messages of bots are hidden." in text_of(app)
        assert len(tree_of(app)) == before - 1
        assert [name for name, _ in replies(app)] == ["r1@x"]
        await pilot.press("t", "b")
        await idle(pilot)
        assert len(tree_of(app)) == before
        assert [name for name, _ in replies(app)] == ["r1@x", "b1@x"]
