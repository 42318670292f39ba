"""The bytes of a reply, read back by Python's own parser."""

from __future__ import annotations

from dataclasses import replace
from email import charset, message_from_bytes, policy
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PatchdeskError
from core.mail.message import parse_mail, parse_message
from core.model import Identity, MessageId
from core.reply.message import (
    MAX_LINE,
    build_message,
    clean_text,
    new_message_id,
    reply_references,
    reply_subject,
)
from tests.core.reply.kit import ME, NOW, draft


def test_a_plain_reply() -> None:
    raw = build_message(draft(), "text\n", NOW)
    assert raw.decode() == (
        "From: Rex Reviewer <rex@example.com>\n"
        "To: Ann Author <ann@example.org>\n"
        "Cc: list@vger.kernel.org\n"
        "Subject: Re: [PATCH v2 4/7] stripe-tree: add selftests\n"
        "Date: Wed, 04 Mar 2026 05:06:07 +0000\n"
        "Message-ID: <20260304050607.0-patchdesk@example.com>\n"
        "In-Reply-To: <patch-4@example.org>\n"
        "References: <cover@example.org>\n"
        " <patch-4@example.org>\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 7bit\n"
        "User-Agent: patchdesk/0.1.0\n"
        "\n"
        "text\n"
    )


def test_an_id_longer_than_a_line_stays_as_it_is() -> None:
    long = MessageId("A" * 300 + "@prod.outlook.com")
    raw = build_message(replace(draft(), references=(MessageId("a@b"), long)), "x\n", NOW)
    assert f"In-Reply-To: <{long}>\n".encode() in raw
    assert b"=?" not in raw


@given(st.text(max_size=60), st.text(max_size=60))
def test_names_and_subjects_come_back(name: str, subject: str) -> None:
    one = replace(
        draft(), to=(Identity(name, "ann@example.org"),), subject=f"Re: {' '.join(subject.split())}"
    )
    if any(char in name for char in "\r\n\0") or "\0" in subject:
        with pytest.raises(PatchdeskError):
            build_message(one, "x\n", NOW)
        return
    message = message_from_bytes(build_message(one, "x\n", NOW))
    assert message["Message-ID"] == "<20260304050607.0-patchdesk@example.com>"
    parsed = parse_message(build_message(one, "x\n", NOW))
    assert [who.address for who in parsed.to] == ["ann@example.org"]
    assert [address for _, address in getaddresses([message["To"]])] == ["ann@example.org"]


@pytest.mark.parametrize(
    "name",
    ["Doe, John", 'A "B" C', "Jörg Müller", "=?utf-8?q?x?=", "back\\slash", "a@b", "ü" * 150],
)
def test_odd_names_come_back(name: str) -> None:
    raw = build_message(replace(draft(), to=(Identity(name, "ann@example.org"),)), "x\n", NOW)
    assert parse_message(raw).to == (Identity(name, "ann@example.org"),)
    assert [address for _, address in getaddresses([message_from_bytes(raw)["To"]])] == [
        "ann@example.org"
    ]


@pytest.mark.parametrize("bad", ["a\nBcc: evil@x.org", "a\rb", "a\0b"])
def test_a_line_end_in_a_header_is_refused(bad: str) -> None:
    for one in (
        replace(draft(), subject=bad),
        replace(draft(), to=(Identity(bad, "ann@example.org"),)),
        replace(draft(), to=(Identity("", bad),)),
        replace(draft(), references=(MessageId(bad),)),
        replace(draft(), message_id=MessageId(bad)),
    ):
        with pytest.raises(PatchdeskError):
            build_message(one, "x\n", NOW)


def test_an_address_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(PatchdeskError, match="not an address"):
        build_message(replace(draft(), cc=(Identity("", "jörg@example.org"),)), "x\n", NOW)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("plain\n", "7bit"), ("ü\n", "8bit"), ("x" * 1200 + "\n", "quoted-printable")],
)
def test_the_text_comes_back(text: str, encoding: str) -> None:
    raw = build_message(draft(), text, NOW)
    message = message_from_bytes(raw, policy=policy.default)
    assert message["Content-Transfer-Encoding"] == encoding
    assert message.get_content() == text
    assert max(map(len, raw.split(b"\n"))) <= MAX_LINE


@pytest.mark.parametrize("subject", ["x" * 10_000, "word " * 2_000, "ü" * 10_000])
def test_no_line_is_too_long(subject: str) -> None:
    raw = build_message(replace(draft(), subject=subject.strip()), "x\n", NOW)
    assert max(map(len, raw.split(b"\n"))) <= MAX_LINE


def test_five_hundred_recipients() -> None:
    people = tuple(Identity(f"Person {n}", f"p{n}@example.org") for n in range(500))
    raw = build_message(replace(draft(), cc=people), "x\n", NOW)
    assert [one.address for one in parse_message(raw).cc] == [one.address for one in people]


def test_own_text_is_cleaned_of_control_characters() -> None:
    assert clean_text("a\r\nb\x1b[31m\tc\x07\n\n") == "a\nb[31m\tc\n"
    with pytest.raises(PatchdeskError):
        clean_text("a\ud800b")


@pytest.mark.parametrize("text", ["From here\n", ".\n", "# heading\n", "| table\n", "-- \nsig\n"])
def test_own_lines_that_others_drop_are_kept(text: str) -> None:
    assert parse_mail(build_message(draft(), text, NOW)).text == text


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("[PATCH v2 4/7] x", "Re: [PATCH v2 4/7] x"),
        ("Re: [PATCH] x", "Re: [PATCH] x"),
        ("RE: AW: Re[2]: x", "Re: x"),
        ("Re:\n x  y", "Re: x y"),
        ("Regression in x", "Re: Regression in x"),
    ],
)
def test_the_subject_of_a_reply(subject: str, answer: str) -> None:
    assert reply_subject(subject) == answer


def test_references_are_bounded() -> None:
    ids = " ".join(f"<{n}@x>" for n in range(50))
    message = parse_message(f"Message-ID: <last@x>\nReferences: {ids}\n\n".encode())
    references = reply_references(message)
    assert len(references) == 20
    assert references[0] == message.references[0]
    assert references[-1] == "last@x"


def test_a_mail_without_an_id_cannot_be_answered() -> None:
    with pytest.raises(PatchdeskError, match="Message-ID"):
        reply_references(parse_message(b"Subject: x\n\ntext\n"))


def test_ids_are_made_in_the_senders_domain() -> None:
    one = new_message_id(ME, NOW)
    assert one.startswith("20260304050607.")
    assert one.endswith("-patchdesk@example.com")
    assert one != new_message_id(ME, NOW)


def test_names_are_encoded_whatever_the_standard_librarys_table_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(charset.CHARSETS, "utf-8", (None, None, None))  # as b4 does
    one = Identity("J\u00f6rg", "joerg@example.org")
    raw = build_message(replace(draft(), to=(one,)), "x\n", NOW)
    assert b"=?utf-8?q?J=C3=B6rg?=" in raw
