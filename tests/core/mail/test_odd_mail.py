"""Mail as lists, gateways and mailers damage it: a reader's expectations all the same."""

from __future__ import annotations

import base64

import pytest

from core.mail.message import parse_mail, parse_message
from core.mail.message_fast import parse_message_fast
from core.mail.part_decoding import html_to_text, parse_content_type
from core.model import Identity, Trailer

DIFF = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"
PATCH = f"Why.\n\nSigned-off-by: Ada <ada@x>\n---\n{DIFF}-- \n2.49\n"


def raw(text: str | bytes = PATCH, subject: str = "[PATCH] a", **headers: str) -> bytes:
    fields = {"From": "Ada <ada@x>", "Subject": subject, "Message-ID": "<id@x>", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    return f"{head}\n".encode() + (text.encode() if isinstance(text, str) else text)


@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "plain",
        "charset=utf-8",
        "; charset=utf-8",
        "utf-8",
        "text\\plain",
        "application/text",
        '"text/plain; charset=utf-8"',
        '"text/plain"; charset=utf-8',
        "application/x-something",
        "",
    ],
)
def test_a_patch_is_text_whatever_its_only_part_is_called(kind: str) -> None:
    mail = parse_mail(raw(Content_Type=kind))
    assert mail.message.has_diff
    assert mail.attachments == ()
    assert mail.body.diff == DIFF


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "application/octet-stream"])
def test_what_is_no_text_stays_an_attachment(kind: str) -> None:
    data = base64.encodebytes(b"\x89PNG\0\1\2" * 20)
    mail = parse_mail(raw(data, Content_Type=kind, Content_Transfer_Encoding="base64"))
    assert [each.content_type for each in mail.attachments] == [kind]


def test_a_quoted_multipart_type_has_its_parts() -> None:
    text = f"--B\nContent-Type: text/plain\n\n{PATCH}\n--B--\n"
    mail = parse_mail(raw(text, Content_Type='"multipart/mixed"; boundary="B"'))
    assert mail.body.diff == DIFF
    assert parse_content_type('"a/b; c=d"') == ("a/b", {"c": "d"})


def test_latin_1_is_windows_1252_in_headers_and_text() -> None:
    mail = parse_mail(
        raw(
            "It\x92s fine\x85 \x93good\x94 caf\xe9 \x81\n".encode("latin-1"),
            subject="=?iso-8859-1?q?don=92t_=96_stop?=",
            Content_Type="text/plain; charset=ISO-8859-1",
        )
    )
    assert mail.text == "It’s fine… “good” café \x81\n"
    assert mail.message.subject.text == "don’t – stop"
    stray = parse_mail(raw(b"don\x92t \xe4\n", Content_Type="text/plain; charset=utf-8"))
    assert stray.text == "don’t ä\n"


def test_a_byte_order_mark_counts_for_nothing() -> None:
    text = "\ufeffFrom: Bea <bea@x>\n\n" + PATCH
    message = parse_message(raw(text, subject="\ufeff[PATCH 1/2] a: b"))
    assert message.author == Identity("Bea", "bea@x")
    assert (message.subject.title, message.subject.number) == ("a: b", 1)
    reply = parse_message(raw("\ufeffReviewed-by: Bea <bea@x>\n", subject="Re: [PATCH] a"))
    assert reply.trailers == (Trailer("Reviewed-by", "Bea <bea@x>"),)


def test_an_address_within_an_encoded_word_is_one() -> None:
    message = parse_message(raw(From="=?utf-8?q?=C3=84nn_Author_=3Cann=40example.org=3E?="))
    assert message.sender == Identity("Änn Author", "ann@example.org")
    nested = parse_message(raw(From="=?utf-8?q?=3D=3Futf-8=3Fq=3FA_=3Cb=40c=3E=3F=3D_=3C?="))
    assert nested.sender.address.count("<") == 0


MUNGED = "\"'Ann Author' via Some List\" <some-list@lists.example.org>"
LIST = Identity("Ann Author via Some List", "some-list@lists.example.org")


@pytest.mark.parametrize(
    ("headers", "author"),
    [
        ({"X_Original_From": "Ann Author <ann@example.org>"}, Identity("Ann Author", "ann@example.org")),
        ({"Reply_To": "Ann Author <ann@example.org>"}, Identity("Ann Author", "ann@example.org")),
        ({"Reply_To": "some-list@lists.example.org, ann@example.org"}, Identity("Ann Author", "ann@example.org")),
        ({"Reply_To": "Some List <other@lists.example.org>"}, LIST),
        ({}, LIST),
    ],
)  # fmt: skip
def test_the_author_behind_a_list_that_sends_for_them(
    headers: dict[str, str], author: Identity
) -> None:
    data = raw(From=MUNGED, Date="Mon, 2 Jun 2025 10:00:00 +0000", **headers)
    message = parse_message(data)
    assert message.sender == LIST
    assert message.author == author
    assert parse_message_fast(data)[0].author == author
    in_body = parse_message(raw(f"From: Bea <bea@x>\n\n{PATCH}", From=MUNGED, **headers))
    assert in_body.author == Identity("Bea", "bea@x")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("'Ann Author' via A List", "Ann Author via A List"),
        ("'Ann Author'", "Ann Author"),
        ("'Pat O'Neil' via A List", "Pat O'Neil via A List"),
        ("Pat O'Neil", "Pat O'Neil"),
    ],
)
def test_quotes_around_a_name_go_in_pairs(name: str, read: str) -> None:
    assert parse_message(raw(From=f'"{name}" <a@x>')).sender.name == read


def test_what_html_quotes_is_quoted() -> None:
    source = (
        "<div>Fine.</div><blockquote><p>Reviewed-by: A &lt;a@b.c&gt;</p><p>second</p>"
        "<blockquote>deeper</blockquote></blockquote><p>Acked-by: B &lt;b@b.c&gt;</p>"
    )
    assert html_to_text(source) == (
        "Fine.\n\n> Reviewed-by: A <a@b.c>\n>\n> second\n\n>> deeper\n\nAcked-by: B <b@b.c>\n"
    )
    message = parse_message(raw(source, subject="Re: [PATCH] a", Content_Type="text/html"))
    assert message.trailers == (Trailer("Acked-by", "B <b@b.c>"),)


def test_html_that_quotes_without_end_is_read() -> None:
    text = html_to_text("<blockquote>" * 5000 + "deep" + "</blockquote>" * 9000 + "said")
    assert text == ">>>>>>>>>>>>>>>>>>>> deep\n\nsaid\n"
