from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mail import charsets
from core.mail.charsets import decode_bytes
from core.mail.dates import _plain, _standard, parse_date
from core.mail.headers import (
    MAX_ADDRESSES,
    MAX_HEADER_LINES,
    MAX_VALUE,
    Headers,
    decode_encoded_words,
    parse_addresses,
    parse_headers,
    parse_in_reply_to,
    parse_message_ids,
)
from core.mail.part_decoding import parse_content_type
from core.model import Identity


def scan(raw: bytes, *wanted: str) -> Headers:
    return parse_headers(raw, 0, len(raw), frozenset(wanted) if wanted else None)


@pytest.mark.parametrize(
    ("raw", "fields", "body"),
    [
        (b"A: b\n\nbody", [("a", "b")], b"body"),
        (b"A: b\r\nC: d\r\n\r\nbody", [("a", "b"), ("c", "d")], b"body"),
        (b"A: b\n\r\nbody\n\n", [("a", "b")], b"body\n\n"),
        (b"A: b\n c\n\td\n\n", [("a", "b c d")], b""),
        (b"A:b", [("a", "b")], b""),
        (b"A: b\nA: c\n\n", [("a", "b"), ("a", "c")], b""),
        (b"Subject : b\n\n", [("subject", "b")], b""),
        (b"From a Mon Sep 17 00:00:00 2001\nA: b\n\n", [("a", "b")], b""),
        (b">From a Mon Sep 17 00:00:00 2001\nA: b\n\n", [("a", "b")], b""),
        (b"A: \xc3\xa9\nB: \xe9\n\n", [("a", "é"), ("b", "é")], b""),
        # The first line that is no header begins the body, as git has it.
        (b"A: b\nno header\nC: d\n\ne", [("a", "b")], b"no header\nC: d\n\ne"),
        (b"A: b\na b: c\n\n", [("a", "b")], b"a b: c\n\n"),
        (b"\nbody", [], b"body"),
        (b"\r\nbody", [], b"body"),
        (b"", [], b""),
    ],
)
def test_the_header_block(raw: bytes, fields: list[tuple[str, str]], body: bytes) -> None:
    headers = scan(raw)
    assert headers.fields == fields
    assert raw[headers.body_start :] == body


def test_only_wanted_headers_are_kept_and_the_body_is_the_same() -> None:
    raw = b"A: b\n c\nSubject: d\n e\nX: f\nbroken\n\nSubject: g\n"
    headers = scan(raw, "subject")
    assert headers.fields == [("subject", "d e")]
    assert headers.body_start == scan(raw).body_start


def test_the_first_value_that_says_something_counts() -> None:
    headers = scan(b"A:\nA: b\nA: c\n\n")
    assert headers.get("a") == "b"
    assert headers.get_all("a") == ["", "b", "c"]
    assert headers.get("z") == ""


def test_what_is_too_large_is_cut_and_said() -> None:
    long = scan(b"A: " + b"x" * (2 * MAX_VALUE) + b"y\n\n")
    assert long.truncations == ["A header too long"]
    assert len(long.fields[0][1]) < MAX_VALUE + 10
    assert long.fields[0][1].endswith("xy")
    many = scan(b"A: b\n" * (MAX_HEADER_LINES + 5) + b"\nbody")
    assert many.truncations == ["too many header lines"]
    assert len(many.fields) == MAX_HEADER_LINES


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<a@b>", ["a@b"]),
        (" <a@b>\t<c@d> ", ["a@b", "c@d"]),
        ("<a\n b@c>", ["ab@c"]),
        ("a@b", ["a@b"]),
        ("a@b>", ["a@b"]),
        ("<a@b> (message ID with a comment)", ["a@b"]),
        ("<no-at>", ["no-at"]),
        ("Your message of Monday", ["Your"]),
        ("see x@y please", ["x@y"]),
        ("<>", []),
        ("", []),
    ],
)
def test_message_ids(value: str, ids: list[str]) -> None:
    assert parse_message_ids(value) == ids


@pytest.mark.parametrize(
    ("value", "parent"),
    [
        ("<a@b>", "a@b"),
        ("<a@b> (message from Joe <joe@x> on Thu, 1 Apr 2021 16:51:45 +0800)", "a@b"),
        ('Your message of "Thu, 13 Feb 1997" <a@b>', "a@b"),
        ("Joe's message of Thursday <a@b>", "a@b"),
        ("<Joe> said in <a@b>", "a@b"),
        ("", None),
    ],
)
def test_the_parent_in_prose(value: str, parent: str | None) -> None:
    assert parse_in_reply_to(value) == parent


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ("Ada <a@b>", [("Ada", "a@b")]),
        ("a@b", [("", "a@b")]),
        ("<a@b>", [("", "a@b")]),
        ("a@b (Ada L.)", [("Ada L.", "a@b")]),
        ('"L., Ada" <a@b>, Bob <b@c>', [("L., Ada", "a@b"), ("Bob", "b@c")]),
        ('"Ada \\"The\\" L" <a@b>', [('Ada "The" L', "a@b")]),
        ("L., Ada <a@b>, Bob <b@c>", [("L., Ada", "a@b"), ("Bob", "b@c")]),
        ("'Ada' <a@b>", [("Ada", "a@b")]),
        ('"Ada \\", L" <a@b>', [('Ada ", L', "a@b")]),
        ("Ada (of (old), L, UK) <a@b>", [("Ada (of (old), L, UK)", "a@b")]),
        ("Ada (of London, UK) <a@b>", [("Ada (of London, UK)", "a@b")]),
        ("=?utf-8?q?Ad=C3=A1=2C_L?= <a@b>", [("Adá, L", "a@b")]),
        ('"=?utf-8?b?QWTDoQ==?=" <a@b>', [("Adá", "a@b")]),
        ("list:a@b, c@d;, Ada <e@f>", [("", "a@b"), ("", "c@d"), ("Ada", "e@f")]),
        ("undisclosed-recipients:;", []),
        ("open list:IO_URING <a@b>", [("open list:IO_URING", "a@b")]),
        ("Ada", [("Ada", "")]),
        ("Ada <a@b", [("Ada", "a@b")]),
        ("Ada < a @b >", [("Ada", "a@b")]),
        (",, ,", []),
        ("", []),
    ],
)
def test_address_lists(value: str, people: list[tuple[str, str]]) -> None:
    assert parse_addresses(value) == tuple(Identity(*person) for person in people)


def test_address_lists_are_bounded() -> None:
    assert len(parse_addresses("a@b," * (MAX_ADDRESSES + 10))) == MAX_ADDRESSES


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?a_=C3=A9?= b", "a é b"),
        ("=?UTF-8?B?w6k=?=", "é"),
        ("=?utf-8?q?a?= =?utf-8?q?b?= c", "ab c"),  # blanks between two words are no text
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        ("=?utf-8?b?ww==?= =?utf-8?b?qQ==?=", "é"),  # a character over two words
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        ("=?utf-8?q?a b?= c", "a b c"),  # blanks within
        ("=?utf-8?q?what?_no?= c", "what? no c"),
        ("=?utf-8?q?cut off", "cut off"),
        ("=?iso-8859-1?q?=E9?= =?utf-8?q?=C3=A9?=", "éé"),
        ("=?utf-8*en?q?=C3=A9?=", "é"),
        ("=?x-nothing?q?=C3=A9?=", "é"),
        ("=?x-nothing?q?=E9?=", "é"),
        ("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?gb2312?b?1tDOxA==?=", "中文"),
        ("=?utf-8?b?!!!?=", ""),
        ("=?utf-8?b?QUJDR?=", "ABC"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("a =? b ?= c", "a =? b ?= c"),
        ("=?utf-8?q?=E?=", "=E"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert decode_encoded_words(value) == text


@given(st.text(alphabet="=?utfq8bB-_é AC39\n", max_size=80))
def test_any_encoded_word_is_read(value: str) -> None:
    assert isinstance(decode_encoded_words(value), str)


EAST = timezone(timedelta(hours=2))
MOMENT = datetime(2005, 7, 21, 9, 10, 36, tzinfo=EAST)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Thu, 21 Jul 2005 09:10:36 +0200", MOMENT),
        ("21 Jul 2005 09:10:36 +0200 (CEST)", MOMENT),
        ("Thu, 21 July 2005 09:10:36 +0200", MOMENT),
        ("Thu,21 Jul 2005 9:10:36 +02:00", MOMENT),
        ("Thu, 21 Jul 05 09:10:36 +0200", MOMENT),
        ("Thu, 21-Jul-2005 09:10:36 CEST", MOMENT),
        ("Thu Jul 21 09:10:36 2005 +0200", MOMENT),
        ("2005-07-21T09:10:36+02:00", MOMENT),
        ("2005-07-21 09:10:36 +0200", MOMENT),
        ("Thu, 21 Jul 2005 07:10:36 GMT", MOMENT.astimezone(UTC)),
        ("Thu, 21 Jul 2005 07:10:36 -0000", MOMENT.astimezone(UTC)),
        ("Thu, 21 Jul 2005 07:10:36", MOMENT.astimezone(UTC)),
        ("Thu Jul 21 07:10:36 2005", MOMENT.astimezone(UTC)),
        ("Thu, 21 Jul 2005 07:10", datetime(2005, 7, 21, 7, 10, tzinfo=UTC)),
        ("21 Jul 1995 03:10:36 EDT", datetime(1995, 7, 21, 7, 10, 36, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Thu, 21 Jul 2005 09:10:36 +9900", datetime(2005, 7, 21, 9, 10, 36, tzinfo=UTC)),
        ("Mon, 31 Feb 2005 09:10:36 +0200", None),
        ("Thu, 21 Jul 2005 25:61:00 +0200", None),
        ("Thu, 21 Jul 99999 09:10:36 +0200", None),
        ("Thu, 21 Xyz 2005 09:10:36 +0200", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Sat, 1 Jan 0001 00:00:00 +2359", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(value: str, moment: datetime | None) -> None:
    read = parse_date(value)
    assert read == moment
    if read is not None and moment is not None:
        assert read.utcoffset() == moment.utcoffset() or "EDT" in value


@given(
    st.datetimes().filter(lambda moment: 1000 <= moment.year < 3000),
    st.integers(-25 * 60, 25 * 60),
    st.integers(0, 69),
)
def test_a_plain_date_is_read_as_the_standard_library_reads_it(
    moment: datetime, zone: int, second: int
) -> None:
    sign, minutes = "-" if zone < 0 else "+", abs(zone)
    value = f"{moment:%a, %d %b} {moment.year:04} {moment:%H:%M}:{second:02} {sign}{minutes // 60:02}{minutes % 60:02}"
    read, standard = _plain(value), _standard(value)
    if read is not None:
        assert standard is not None
        assert (read, read.tzinfo) == (standard, standard.tzinfo)
    assert read is not None or standard is None or (sign, minutes) == ("-", 0)


@given(st.text(max_size=60) | st.text(alphabet="0123456789 :+-,JanThu/.", max_size=60))
def test_any_date_is_read(value: str) -> None:
    moment = parse_date(value)
    assert moment is None or moment.astimezone(UTC) is not None


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"\xc3\xa9", "utf-8", "é"),
        (b"\xc3\xa9", "us-ascii", "é"),
        (b"\xc3\xa9", "", "é"),
        (b"\xe9", "utf-8", "é"),  # wrong: read as Latin-1
        (b"\xc3\xa9 \xe9", "UTF8", "é é"),
        (b"\xe9", "iso-8859-1", "é"),
        (b"\xe9", "ISO_8859-1", "é"),
        (b"\xa4", "iso-8859-15", "€"),
        (b"\x80", "windows-1252", "€"),
        (b"\xd6\xd0", "gb2312", "中"),
        (b"\x82\xa0", "Shift_JIS", "あ"),
        (b"\xb0\xa1", "ks_c_5601-1987", "가"),
        (b"\xff\xfea\0", "utf-16", "a"),
        (b"a\0", "utf-16le", "a"),
        (b"\0\xd8", "utf-16le", "\ufffd"),
        (b"+2AA-", "utf-7", "?"),  # half a character
        (b"\xc3\xa9", "x-unknown", "é"),
        (b"a\xff", "euc-jp", "a\ufffd"),
        # Codecs of Python that are no character sets are never reached.
        (b"a", "idna", "a"),
        (b"n", "rot13", "n"),
        (b"\\u0041", "unicode_escape", "\\u0041"),
        (b"a", "../../etc", "a"),
        (b"a", "utf-8\0", "a"),
    ],
)
def test_character_sets(data: bytes, charset: str, text: str) -> None:
    assert decode_bytes(data, charset) == text


def test_every_character_set_has_its_codec() -> None:
    for name, codec in charsets._CODECS.items():
        assert b"abc".decode(codec, "replace"), name


@given(st.binary(max_size=60), st.sampled_from(sorted(charsets._CODECS)))
def test_any_bytes_are_read_and_can_be_written(data: bytes, charset: str) -> None:
    decode_bytes(data, charset).encode("utf-8")


@pytest.mark.parametrize(
    ("value", "kind", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        (
            'Text/Plain; Charset="utf-8"; format=flowed',
            "text/plain",
            {"charset": "utf-8", "format": "flowed"},
        ),
        ("text/plain;charset=utf-8;charset=x", "text/plain", {"charset": "utf-8"}),
        ('multipart/mixed; boundary = "a;b\\"c"', "multipart/mixed", {"boundary": 'a;b"c'}),
        ('x/y; name="unclosed', "x/y", {"name": "unclosed"}),
        ("attachment; filename*=utf-8''%C3%A9.patch", "attachment", {"filename": "é.patch"}),
        ("attachment; filename*0=a; filename*1=b.c", "attachment", {"filename": "ab.c"}),
        ("attachment; filename*0*=utf-8''%C3; filename*1*=%A9", "attachment", {"filename": "é"}),
        ("", "", {}),
    ],
)
def test_content_types(value: str, kind: str, parameters: dict[str, str]) -> None:
    assert parse_content_type(value) == (kind, parameters)
