"""A large mail in the whole program: its beginning is on the screen before the rest is read."""

from __future__ import annotations

from threading import Event

import pytest

from core.mail.message import parse_mail
from core.model import Message, OpenedMessage
from tests.tui.kit import (
    FakeDesk,
    app_on,
    listing,
    reader_of,
    ready,
    series,
    text_of,
    until,
    version,
)
from tui.desk.mail import LARGE_MAIL

HUNK = "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
COUNT = LARGE_MAIL // len(HUNK) + 5_000


class LargeDesk(FakeDesk):
    """Its only mail is large, and read to its end when the gate is opened."""

    gate = Event()

    def raw(self, message: Message) -> bytes:
        head = f"From: a <a@x>\nSubject: {message.subject.text}\nMessage-ID: <{message.message_id}>\n\nWords.\n---\n"
        return f"{head}--- a/x.c\n+++ b/x.c\n{HUNK * COUNT}".encode()

    def opened(self, message: Message, raw: bytes) -> OpenedMessage:
        if len(raw) > LARGE_MAIL:
            self.gate.wait(10)
        return parse_mail(raw, message.key)


async def test_the_beginning_comes_first_and_the_place_is_kept() -> None:
    desk = LargeDesk(listing([series("wick", version("p", ["wick: trim"]))]))
    app = app_on(lantern=desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "@@ -1,2 +1,2 @@" in text_of(app), what="the beginning")
        view = reader_of(app)
        assert view._page.count < 20_000
        await pilot.press("enter", ")", ")", ")")
        top = view.scroll_offset.y
        assert top > 0
        desk.gate.set()
        await ready(pilot)
        await until(pilot, lambda: view._page.count > 4 * COUNT, what="the whole")
        assert view.scroll_offset.y == top
        assert view.mail is not None
        assert view.mail.body.diff.count("@@ -1,2") == COUNT
        await pilot.press("G")
        await until(pilot, lambda: view.at_end)
        await pilot.press("t", "l", "g", "g")
        await until(pilot, lambda: "─────" in text_of(app, "MessageView"), what="the other layout")


async def test_another_mail_may_be_wanted_before_the_rest_comes() -> None:
    desk = LargeDesk(listing([series("wick", version("p", ["one", "two"]))]))
    desk.gate = Event()
    app = app_on(lantern=desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "@@ -1,2 +1,2 @@" in text_of(app), what="the beginning")
        first = reader_of(app)._parts
        assert first is not None
        await pilot.press("]", "]")
        await until(
            pilot,
            lambda: (
                (parts := reader_of(app)._parts) is not None
                and parts.mail.message.message_id != first.mail.message.message_id
            ),
            what="the beginning of the other",
        )
        desk.gate.set()
        await until(pilot, lambda: reader_of(app)._page.count > 4 * COUNT, what="the whole other")
        mail = reader_of(app).mail
        assert mail is not None
        assert mail.message.message_id != first.mail.message.message_id


@pytest.mark.slow
async def test_finding_in_a_large_mail_stalls_nothing() -> None:
    desk = LargeDesk(listing([series("wick", version("p", ["wick: trim"]))]))
    desk.gate = Event()
    desk.gate.set()
    app = app_on(lantern=desk)
    async with app.run_test(size=(120, 40)) as pilot:
        view = reader_of(app)
        await until(pilot, lambda: view._page.count > 4 * COUNT, what="the whole")
        await pilot.press("enter", "/", "+")
        await until(pilot, lambda: "matches" in text_of(app), what="how many there are")
        assert f"{2 * COUNT + 1:,} matches" in text_of(app), "in lines, headers of hunks, and a bar"
        await pilot.press("c")
        await until(
            pilot, lambda: f"{COUNT:,} matches" in text_of(app), what="how many there are now"
        )
        await pilot.press("enter", "n")
        assert view.find_next(1)
