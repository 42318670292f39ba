"""The recipients of a reply."""

from __future__ import annotations

import pytest

from core.mail.message import parse_message
from core.reply.recipients import Recipients, is_address, reply_recipients

ME = ["me@example.com"]


def recipients(headers: str, body: str = "text\n", never: tuple[str, ...] = ()) -> Recipients:
    raw = f"{headers}Message-ID: <a@b>\nSubject: [PATCH] x\n\n{body}".encode()
    return reply_recipients(raw, parse_message(raw), ME, never)


@pytest.mark.parametrize(
    ("headers", "to", "cc"),
    [
        pytest.param(
            "From: Ann <ann@x.org>\nTo: list@vger.kernel.org\nCc: bob@x.org, me@example.com\n",
            "ann@x.org",
            "bob@x.org list@vger.kernel.org",
            id="author in To, others in Cc, lists last, not me",
        ),
        pytest.param(
            "From: ann@x.org\nTo: Ann@X.org, bob@x.org\nCc: BOB@x.org, l@lists.x.org\n",
            "ann@x.org",
            "bob@x.org l@lists.x.org",
            id="one spelling each",
        ),
        pytest.param(
            "From: ann@x.org\nReply-To: other@x.org\nTo: l@lists.x.org\n",
            "other@x.org",
            "l@lists.x.org",
            id="Reply-To",
        ),
        pytest.param(
            "From: ann@x.org\nReply-To: l@lists.x.org\nTo: l@lists.x.org\n",
            "ann@x.org",
            "l@lists.x.org",
            id="a Reply-To that is the list hides nobody",
        ),
        pytest.param(
            "From: Ann via L <l@lists.x.org>\nReply-To: Ann <ann@x.org>\nTo: l@lists.x.org\n",
            "ann@x.org",
            "l@lists.x.org",
            id="a munged From",
        ),
        pytest.param(
            "From: Ann via L <l@lists.x.org>\nX-Original-From: Ann <ann@x.org>\nTo: l@lists.x.org\n",
            "ann@x.org",
            "l@lists.x.org",
            id="a munged From with X-Original-From",
        ),
        pytest.param(
            "From: ann@x.org\nTo: bob@x.org\nList-Post: <mailto:l@some.org>\n",
            "ann@x.org",
            "bob@x.org l@some.org",
            id="List-Post where no list is written to",
        ),
        pytest.param(
            "From: ann@x.org\nTo: bob@x.org\nX-Mailing-List: l@some.org\n",
            "ann@x.org",
            "bob@x.org l@some.org",
            id="X-Mailing-List",
        ),
        pytest.param(
            "From: ann@x.org\nTo: bob@x.org\nMail-Followup-To: carl@x.org, l@lists.x.org\n",
            "carl@x.org",
            "l@lists.x.org",
            id="Mail-Followup-To that holds the list",
        ),
        pytest.param(
            "From: ann@x.org\nTo: bob@x.org\nMail-Followup-To: carl@x.org\n",
            "ann@x.org",
            "bob@x.org",
            id="Mail-Followup-To without it",
        ),
        pytest.param(
            "From: me@example.com\nTo: bob@x.org\nCc: l@lists.x.org\n",
            "bob@x.org",
            "l@lists.x.org",
            id="my own mail",
        ),
        pytest.param(
            "From: me@example.com\nTo: l@lists.x.org\n",
            "l@lists.x.org",
            "",
            id="my own mail to the list alone",
        ),
        pytest.param(
            "From: ann@x.org\nTo: =?utf-8?q?a=2C_b=40evil=2Eorg?= <bob@x.org>\n",
            "ann@x.org",
            "bob@x.org",
            id="an encoded name adds nobody",
        ),
    ],
)
def test_who_gets_a_reply(headers: str, to: str, cc: str) -> None:
    found = recipients(headers)
    assert [one.address for one in found.to] == to.split()
    assert [one.address for one in found.cc] == cc.split()


def test_the_author_of_a_relayed_patch_is_read_from_its_body() -> None:
    found = recipients(
        "From: L <l@lists.x.org>\nTo: l@lists.x.org\n", "From: Ann <ann@x.org>\n\ntext\n"
    )
    assert [one.address for one in found.to] == ["ann@x.org"]


def test_an_address_that_gets_no_replies_is_left_out() -> None:
    found = recipients("From: ann@x.org\nCc: bot@x.org, bob@x.org\n", never=("BOT@x.org",))
    assert [one.address for one in found.cc] == ["bob@x.org"]


def test_an_address_that_is_none_is_named() -> None:
    found = recipients("From: ann@x.org\nCc: b\N{LATIN SMALL LETTER O WITH DIAERESIS}b@x.org\n")
    assert found.cc == ()
    assert len(found.left_out) == 1


def test_five_hundred_recipients_stay_in_their_order() -> None:
    people = [f"p{number}@x.org" for number in range(500)]
    found = recipients(f"From: ann@x.org\nCc: {', '.join(people)}\n")
    assert [one.address for one in found.cc] == people


@pytest.mark.parametrize("address", ["-oQ/tmp@x.org", "a b@x.org", "a@b@c", "a,b@x.org", "a@x\n"])
def test_what_an_option_or_a_header_could_misread_is_no_address(address: str) -> None:
    assert not is_address(address)
