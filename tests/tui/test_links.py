"""The link of a mail: the desk's, else the application's; a stranger chose what it is made of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import MessageId
from tests.tui.kit import FakeDesk, app_on, lantern, listing, ready, text_of
from tui.desk.requests import web_link


class WebDesk(FakeDesk):
    def link(self, message_id: MessageId) -> str:
        return f"https://lists.example.org/lantern/{message_id}/"


@pytest.mark.parametrize(
    ("message_id", "end"),
    [
        ("wick-1@x.example.org", "wick-1@x.example.org"),
        ("a/b?c#d%e", "a%2Fb%3Fc%23d%25e"),
        ("\x1b[31m\n@x", "%1B%5B31m%0A@x"),
        ("\u202eü@x", "%E2%80%AE%C3%BC@x"),
        ("\udc80@x", "%ED%B2%80@x"),
    ],
)
def test_the_link_has_the_message_id_percent_encoded(message_id: str, end: str) -> None:
    assert (
        web_link("https://lore.example.org/r/", MessageId(message_id))
        == f"https://lore.example.org/r/{end}"
    )


@settings(max_examples=100)
@given(st.text())
def test_whatever_the_message_id_the_link_is_plain(message_id: str) -> None:
    link = web_link("https://lore.example.org/r/", MessageId(message_id))
    assert link.isascii()
    assert link.isprintable()
    assert " " not in link


async def test_a_desk_says_where_its_mails_are() -> None:
    app = app_on(lantern=WebDesk(listing(lantern())))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("y")
        await pilot.pause()
        assert "https://lists.example.org/lantern/wick-v2-0@x/" in text_of(app)
        await pilot.press("l")
        assert app.clipboard == "https://lists.example.org/lantern/wick-v2-0@x/"


async def test_without_a_desk_that_knows_it_is_lore() -> None:
    app = app_on(lantern=FakeDesk(listing(lantern())))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("y", "l")
        assert app.clipboard == "https://lore.kernel.org/r/wick-v2-0@x"
