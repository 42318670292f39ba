from __future__ import annotations

import base64
import quopri

import pytest

from core.mail.attachment_files import file_name
from core.mail.headers import parse_headers
from core.mail.mime import MAX_LINE, MAX_PARTS, DecodedContent, attachment_bytes, decode_content
from core.model import Attachment

DIFF = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"


def content(raw: bytes) -> DecodedContent:
    return decode_content(raw, parse_headers(raw, 0, len(raw)))


def part(kind: str, text: str | bytes, *headers: str) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return "\n".join([f"Content-Type: {kind}", *headers, "", ""]).encode() + data


def multipart(kind: str, *parts: bytes, boundary: str = "=-b", end: str = "--") -> bytes:
    line = f"--{boundary}".encode()
    body = b"".join(line + b"\n" + each + b"\n" for each in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\npreamble\n'.encode()
    return head + body + line + end.encode() + b"\n"


def as_base64(text: str | bytes) -> bytes:
    return base64.encodebytes(text.encode() if isinstance(text, str) else text)


PLAIN = part("text/plain", "Hello.\n")
HTML = part("text/html", "<p>Hello, <b>you</b>.</p>")
BASE64 = "Content-Transfer-Encoding: base64"
ATTACHED = 'Content-Disposition: attachment; filename="x.patch"'


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\nHello.\n", "Hello.\n"),
        (b"\nHello.", "Hello."),
        (b"", ""),
        (part("text/plain; charset=iso-8859-1", b"\xe9\n"), "é\n"),
        (part("text/plain; charset=x-unknown", b"\xe9 \xc3\xa9\n"), "é é\n"),
        (
            part(
                "text/plain",
                quopri.encodestring("é = é\n".encode()),
                "Content-Transfer-Encoding: Quoted-Printable",
            ),
            "é = é\n",
        ),
        (
            part("text/plain", b"a=\nb=3Dc=zz=\n", "Content-Transfer-Encoding: quoted-printable"),
            "ab=c=zz",
        ),
        (part("text/plain", as_base64("é\n"), BASE64), "é\n"),
        (part("text/plain", b"caf\xe9\n", "Content-Transfer-Encoding: x-odd"), "café\n"),
        (b"\r\na\r\nb\r\n", "a\nb\n"),
        (b"\na\0b\n", "a\0b\n"),
        (part("text/plain; format=flowed", "a \nb\n"), "a b\n"),
        (part("text/plain; format=flowed; delsp=yes", "a \nb\n"), "ab\n"),
        (part("multipart/mixed", "no boundary\n"), "no boundary\n"),
        (part("multipart/mixed; boundary=x", "not there\n"), "not there\n"),
        (HTML, "\nHello, you.\n".lstrip("\n")),
    ],
)
def test_a_single_part(raw: bytes, text: str) -> None:
    assert content(raw) == DecodedContent(text)


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        (b"SGVs\nbG8=\n", "Hello"),
        (b"SGVsbG8", "Hello"),  # the padding is missing
        (b"SGVsbG8=SGVsbG8=", "HelloHello"),  # two in a row
        (b"SGVs*bG8=\n", "Hello"),  # junk
        (b"SGVsbG8K\n_____\nlist footer\n", "Hello\n_____\nlist footer\n"),
        (b"SGVsbG8=\n\nlist\nfooter.\n", "Hellolist\nfooter.\n"),
        (b"Hello, plain words.\n", "Hello, plain words.\n"),
        (b"S", ""),
        (b"====", ""),
        (b"", ""),
    ],
)
def test_broken_base64(encoded: bytes, decoded: str) -> None:
    assert content(part("text/plain", encoded, BASE64)).text == decoded


def test_crlf_in_an_encoded_patch() -> None:
    # Where all lines have it, it is the mail's; where the diff's head has none, it is the file's.
    crlf = f"Why.\n{DIFF}".replace("\n", "\r\n")
    assert content(part("text/plain", as_base64(crlf), BASE64)).text == f"Why.\n{DIFF}"
    file = f"Why.\n{DIFF}".replace("-a\n+b\n", "-a\r\n+b\r\n")
    assert content(part("text/plain", as_base64(file), BASE64)).text == file


def test_plain_text_comes_before_html() -> None:
    for parts in ([PLAIN, HTML], [HTML, PLAIN]):
        assert content(multipart("alternative", *parts)) == DecodedContent("Hello.\n")
    rich = multipart(
        "alternative", PLAIN, multipart("related", HTML, part("image/png", "x"), boundary="c")
    )
    assert content(rich).text == "Hello.\n"
    only = multipart("alternative", part("text/plain", " \n"), HTML)
    assert content(only).text.strip() == "Hello, you."
    mixed = multipart("mixed", HTML, part("text/plain", "-- \nfooter\n"))
    assert content(mixed).text == "Hello, you.\n-- \nfooter\n"
    beside = content(
        multipart(
            "mixed",
            PLAIN,
            part("text/html", "<p>x", "Content-Disposition: inline; filename=x.html"),
        )
    )
    assert (beside.text, [each.name for each in beside.attachments]) == ("Hello.\n", ["x.html"])


def test_text_parts_are_joined_and_other_parts_are_attachments() -> None:
    raw = multipart(
        "mixed",
        part("text/plain", "one"),
        part("text/x-c; name=f.c", "two\n"),
        part("image/png; name=p.png", as_base64(b"x" * 30), BASE64),
        part("text/plain; name=log.txt", "log\n", "Content-Disposition: attachment"),
        part("application/pgp-signature", "sig"),
    )
    assert content(raw) == DecodedContent(
        "one\ntwo\n",
        [
            Attachment(name="p.png", content_type="image/png", size=30),
            Attachment(name="log.txt", content_type="text/plain", size=4),
            Attachment(name="", content_type="application/pgp-signature", size=3),
        ],
    )


@pytest.mark.parametrize(
    "attached",
    [
        part("text/x-patch", DIFF, ATTACHED),
        part("text/plain", DIFF, ATTACHED),
        part("text/x-diff; name=y", DIFF),
        part("application/x-patch", DIFF),
        part("application/octet-stream", as_base64(DIFF), ATTACHED, BASE64),
        part("application/octet-stream", as_base64(f"Why.\n{DIFF}"), BASE64),
        part("application/mbox; name=series.patch", DIFF),
        part("text/html; name=odd.patch", DIFF, ATTACHED),
    ],
)
def test_a_patch_is_text_however_it_is_attached(attached: bytes) -> None:
    read = content(multipart("mixed", PLAIN, attached))
    assert read.text.startswith("Hello.\n")
    assert read.text.endswith(DIFF)
    assert read.attachments == []


@pytest.mark.parametrize(
    "attached",
    [
        part("application/octet-stream", as_base64("no diff"), BASE64, ATTACHED),
        part("application/octet-stream", as_base64(f"\0\0{DIFF}"), BASE64, ATTACHED),
        part("application/gzip; name=x.patch.gz", DIFF),
        part("text/plain; name=x.txt", "> diff --git a/f b/f\n", ATTACHED),
    ],
)
def test_what_is_no_patch_is_an_attachment(attached: bytes) -> None:
    read = content(multipart("mixed", PLAIN, attached))
    assert read.text == "Hello.\n"
    assert len(read.attachments) == 1


def test_an_attached_text_is_shown_where_there_is_no_other() -> None:
    read = content(multipart("mixed", part("text/plain", "log\r\n", ATTACHED)))
    assert read.text == "log\n"
    assert len(read.attachments) == 1


def test_a_forwarded_mail_is_quoted() -> None:
    inner = (
        b"Received: x\nFrom: =?utf-8?q?Ad=C3=A1?= <a@b>\nSubject: [PATCH] x\n\nWhy.\n"
        + DIFF.encode()
    )
    read = content(multipart("mixed", PLAIN, part("message/rfc822", inner)))
    begin = "Hello.\n> From: Adá <a@b>\n> Subject: [PATCH] x\n> \n> Why.\n> diff --git a/f b/f\n"
    assert read.text.startswith(begin)
    assert "\ndiff" not in read.text
    assert read.attachments[0].name == "[PATCH] x"
    digest = multipart("digest", b"\nSubject: one\n\nfirst\n", b"\nSubject: two\n\nsecond\n")
    assert content(digest).text == "> Subject: one\n> \n> first\n> Subject: two\n> \n> second\n"


def test_a_signed_mail_is_its_first_part() -> None:
    raw = multipart("signed", PLAIN, part("application/pgp-signature", "x"))
    assert content(raw).text == "Hello.\n"


def test_boundaries() -> None:
    # The closing line is missing; the line end before a boundary is the boundary's
    assert content(multipart("mixed", part("text/plain", "a"), end="")).text == "a"
    raw = multipart("mixed", PLAIN, part("text/plain", "b"))
    assert content(raw[: raw.rindex(b"--=-b--")]).text == "Hello.\nb\n"
    assert content(raw.replace(b"\n", b"\r\n")).text == "Hello.\nb"
    # An inner boundary that begins like the outer one, and text that begins like both
    inner = multipart("mixed", part("text/plain", "--=-boundary\n x --=-b\n"), boundary="=-b2")
    assert content(multipart("mixed", inner, PLAIN)).text == "--=-boundary\n x --=-b\nHello.\n"
    # What comes after the end is no part
    assert content(raw + b"--=-b\n\nepilogue\n").text == "Hello.\nb"


def test_an_empty_part_is_nothing() -> None:
    assert content(multipart("mixed", b"", b"\n", PLAIN)).text == "Hello.\n"


def test_names_are_decoded() -> None:
    raw = multipart(
        "mixed",
        PLAIN,
        part("image/png", "x", "Content-Disposition: attachment; filename*=utf-8''%C3%A9.png"),
    )
    assert content(raw).attachments[0].name == "é.png"
    raw = multipart("mixed", PLAIN, part('image/png; name="=?utf-8?q?=C3=A9?="', "x"))
    assert content(raw).attachments[0].name == "é"


def test_what_is_too_much_is_cut_and_said() -> None:
    many = content(multipart("mixed", *[PLAIN] * (MAX_PARTS + 1)))
    assert many.truncations == ["too many parts"]
    assert many.text.count("Hello.") >= MAX_PARTS - 1
    long = content(b"\n" + b"x" * (MAX_LINE + 1) + b"\ny\n")
    assert long == DecodedContent("x" * MAX_LINE + "\ny\n", truncations=["line too long"])
    deep = PLAIN
    for level in range(30):
        deep = multipart("mixed", deep, boundary=f"b{level}")
    nested = content(deep)
    assert nested.truncations == ["parts nested too deep"]
    assert nested.text == ""


def test_an_attachment_has_the_bytes_of_its_part() -> None:
    image = bytes(range(256))
    inner = part("message/rfc822", "Subject: inner\n\nText.\n")
    raw = multipart(
        "mixed",
        PLAIN,
        part("image/png", as_base64(image), BASE64),
        inner,
        part("application/zip", b"PK\0"),
    )
    read = content(raw)
    kinds = [one.content_type for one in read.attachments]
    assert kinds == ["image/png", "message/rfc822", "application/zip"]
    found = [attachment_bytes(raw, number) for number in range(-1, 4)]
    assert found == [None, image, b"Subject: inner\n\nText.\n", b"PK\0", None]
    assert attachment_bytes(b"\nText.\n", 0) is None


@pytest.mark.parametrize(
    ("name", "kind", "safe"),
    [
        ("log.txt", "text/plain", "log.txt"),
        ("../../etc/passwd", "text/plain", "passwd"),
        ("C:\\dir\\a.bat", "text/plain", "a.bat"),
        (".bashrc", "text/plain", "bashrc"),
        ("a\x1b[2J\u202egpj.exe\n", "text/plain", "a"),
        ("-rf *", "text/plain", "rf"),
        ("..", "image/png", "attachment.png"),
        ("", "application/zip", "attachment"),
        ("é" * 300 + ".tar", "text/plain", "é" * 96 + ".tar"),
    ],
)
def test_the_name_of_an_attachment_is_safe(name: str, kind: str, safe: str) -> None:
    made = file_name(Attachment(name=name, content_type=kind, size=1))
    assert made == safe or (safe == "a" and made.startswith("a") and made.isprintable())
    assert not {"/", "\\", "\n", "\x1b", "\u202e"} & set(made)
