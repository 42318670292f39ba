"""Queries translated for public-inbox servers, and the notes on omitted terms."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import QueryError
from core.query.date_ranges import Clock
from core.query.lore_query import MOST, translate
from core.query.query import parse_query

CLOCK = Clock(datetime(2025, 6, 4, 12, 0, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("s:vhost", "s:vhost*"),
        ('s:"use after free"', 's:"use after free"'),
        ("f:colton@google.com", 'f:"colton@google.com"'),
        ("with:sean", "f:sean*"),
        ("f:li", 'f:"li"'),
        ("tc:maz a:x86", "(tc:maz* AND a:x86*)"),
        ("pmu", "(s:pmu* OR f:pmu*)"),
        ("f:a1b OR s:xyz", "(f:a1b* OR s:xyz*)"),
        ("-s:rust f:ann", "(f:ann* NOT s:rust*)"),
        ("s:rfc -f:ann -s:rust", "(s:rfc* NOT f:ann* NOT s:rust*)"),
        ("d:2025-01-01..", "dt:20250101000000.."),
        ("d:..2025-01-31", "dt:..20250131235959"),
        ("d:2025-02", "dt:20250201000000..20250228235959"),
        ("m:<a@b>", 'm:"a@b"'),
        ("dfn:virt/kvm", 'dfn:"virt/kvm"'),
        ("l:kvm s:vhost", "s:vhost*"),
    ],
)
def test_what_is_asked(query: str, asked: str) -> None:
    found = translate(parse_query(query, CLOCK), ("kvm",))
    assert found.query == asked
    assert not found.left_out
    assert not found.wider


def test_what_a_server_does_not_know_is_left_out_and_said() -> None:
    found = translate(parse_query("s:vhost is:unread v:2 l:other by:rex", CLOCK), ("kvm",))
    assert found.query == "s:vhost*"
    assert found.left_out == ["is:unread", "v:2", "l:other", "by:rex"]
    found = translate(parse_query("dfn:arch/arm64/kvm/*.c s:pmu", CLOCK))
    assert found.query == '(dfn:"arch/arm64/kvm" AND s:pmu*)'
    assert found.wider == ["dfn:arch/arm64/kvm/*.c as dfn:arch/arm64/kvm"]
    assert translate(parse_query("-dfn:a/b/*.c s:pmu", CLOCK)).query == "s:pmu*"


@pytest.mark.parametrize(
    "query", ["", "is:unread", "-s:x", "s:x OR is:unread", "l:kvm", "dfn:*.c", "x " * 2_000]
)
def test_what_cannot_be_asked_at_all(query: str) -> None:
    assert translate(parse_query(query, CLOCK), ("kvm",)).query == ""


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [
                's:"',
                "f:",
                "m:",
                '"',
                "(",
                ")",
                "OR",
                " ",
                "-",
                "x y",
                "\0",
                "\r\n",
                "dfn:",
                "'",
                "&",
                "%",
                "😀",
                "\ud800",
            ]
        ),
        max_size=20,
    ).map("".join)
)
def test_quotes_and_lines_stay_closed(text: str) -> None:
    try:
        tree = parse_query(text, CLOCK)
    except QueryError:
        return
    asked = translate(tree).query
    assert len(asked) <= MOST
    assert asked.count('"') % 2 == 0
    assert asked.count("(") >= asked.count(")") or '"' in asked
    assert asked.isprintable()
    assert asked.encode()[:1] != b"-"
