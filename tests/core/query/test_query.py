"""The query language: valid queries, the place of each error, and that nothing breaks the parser."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import QueryError
from core.query.date_ranges import Clock
from core.query.fields import FIELDS, HAS_VALUES, IS_VALUES
from core.query.query import (
    DEEPEST,
    EVERYTHING,
    MOST_TERMS,
    And,
    FieldTerm,
    Node,
    Not,
    Or,
    SameMail,
    Word,
    lift_to_rows,
    parse_query,
    source_text,
    terms,
)

NOW = datetime(2025, 6, 4, 12, 0, tzinfo=UTC)  # a Wednesday


CLOCK = Clock(NOW, UTC)


def read(text: str) -> Node:
    return parse_query(text, CLOCK)


def told(tree: Node) -> str:
    """Write a tree so that its structure is seen."""
    match tree:
        case Word():
            return repr(" ".join(tree.words)) if tree.whole else " ".join(tree.words)
        case FieldTerm():
            value = " ".join(tree.words) or tree.value
            return f"{tree.prefix}:{value!r}" if tree.whole else f"{tree.prefix}:{value}"
        case Not():
            return f"!{told(tree.part)}"
        case And():
            return f"[{' & '.join(map(told, tree.parts))}]"
        case Or():
            return f"[{' | '.join(map(told, tree.parts))}]"
        case SameMail():
            return f"<{told(tree.part)}>"
    raise TypeError(tree)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", "[]"),
        (" \t\n ", "[]"),
        ("pmu", "pmu"),
        ("pmu part colton", "[pmu & part & colton]"),
        ("pmu AND part", "[pmu & part]"),
        ("pmu OR part guest", "[pmu | [part & guest]]"),
        ("(pmu OR part) guest", "[[pmu | part] & guest]"),
        ("-pmu", "!pmu"),
        ("NOT pmu", "!pmu"),
        ("--pmu", "!!pmu"),
        ("-(a b)", "![a & b]"),
        ("NOT (f:a OR f:b)", "![f:a | f:b]"),
        ("guest_memfd", "guest memfd"),
        ('"guest memfd"', "'guest memfd'"),
        ('s:"use after free"', "s:'use after free'"),
        ("f:Schlameuß", "f:schlameuss"),
        ("f:krčmář", "f:krcmar"),
        ("f:李", "f:李"),
        ("s:foo(bar)", "s:foo bar"),
        ("(s:foo)", "s:foo"),
        ("kvm_init() x", "[kvm init & x]"),
        ("KVM: x86: fix", "[kvm & x86 & fix]"),
        ("drm/i915:x", "drm i915 x"),
        ("KVM:x86", "kvm x86"),
        ("https://lore.kernel.org/kvm/a@b/", "https lore kernel org kvm a b"),
        ("return -EINVAL here", "[return & einval & here]"),
        ("is:Unread", "is:unread"),
        ("m:<a@b>", "m:a@b"),
        ("() x", "x"),
        ("- x", "x"),
        ("… x *", "x"),
        ("ORDER android", "[order & android]"),
        ("not and or", "[not & and & or]"),
    ],
)
def test_a_query_is_read(text: str, tree: str) -> None:
    assert told(read(text)) == tree


@pytest.mark.parametrize(
    ("text", "offset", "length", "message"),
    [
        ("x OR", 2, 2, "after this OR"),
        ("OR x", 0, 2, "before this OR"),
        ("a OR OR b", 5, 2, "before this OR"),
        ("AND x", 0, 3, "before this AND"),
        ("x AND", 2, 3, "after this AND"),
        ("x NOT", 2, 3, "after this NOT"),
        ("(x", 0, 1, "not closed"),
        ("a (b (c)", 2, 1, "not closed"),
        ("x)", 1, 1, "Nothing opens"),
        ('s:"x', 2, 1, "not closed"),
        ('a "x', 2, 1, "not closed"),
        ("foo:bar", 0, 4, "Unknown prefix foo:"),
        ("a foo:bar", 2, 4, "Unknown prefix foo:"),
        ("f:", 0, 2, "stands alone"),
        ("x (f:)", 3, 2, "stands alone"),
        ("f:***", 2, 3, "letter or digit"),
        ('s:""', 3, 1, "empty"),
        ("is:foo", 3, 3, "no is:foo"),
        ("has:foo", 4, 3, "no has:foo"),
        ("v:x", 2, 1, "not a number"),
        ("v:..", 2, 2, "open"),
        ("n:4..2", 2, 4, "larger"),
        ("v:1234567890", 2, 10, "not a number"),
        ("d:yesterdaz", 2, 9, "not a date"),
        ("d:2025-02-30..", 2, 10, "not a date"),
        ("d:2025-13", 2, 7, "not a date"),
        ("d:..", 2, 2, "open"),
        ("d:2025..2024", 2, 10, "later"),
        ("d:2025..x", 8, 1, "not a date"),
        ("s:" + "x" * 1001, 2, 1001, "too long"),
        ("(" * (DEEPEST + 1), DEEPEST, 1, "deeply"),
        ("-" * (DEEPEST + 1) + "x", DEEPEST, 1, "deeply"),
        (" ".join(["f:x"] * (MOST_TERMS + 1)), 4 * MOST_TERMS, 1, "too long"),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, offset: int, length: int, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        read(text)
    assert (caught.value.offset, caught.value.length) == (offset, length)
    assert caught.value.hint


def test_what_is_allowed_is_said() -> None:
    for prefix, allowed in (("is", IS_VALUES), ("has", HAS_VALUES)):
        with pytest.raises(QueryError) as caught:
            read(f"{prefix}:nonsense")
        assert all(f"{prefix}:{word}" in caught.value.hint for word in allowed)
    with pytest.raises(QueryError) as caught:
        read("nonsense:x")
    assert all(f"{prefix}:" in caught.value.hint for prefix in FIELDS)


def day(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


END = 86_399


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2025-01-01..", day("2025-01-01"), None),
        ("..2025-01-31", None, day("2025-01-31") + END),
        ("2025-01-01..2025-01-31", day("2025-01-01"), day("2025-01-31") + END),
        ("20250101..20250131", day("2025-01-01"), day("2025-01-31") + END),
        ("20250101120000..", day("2025-01-01T12:00"), None),
        ("..20250101120000", None, day("2025-01-01T12:00")),
        ("2025-02", day("2025-02-01"), day("2025-02-28") + END),
        ("2024", day("2024-01-01"), day("2024-12-31") + END),
        ("..2024", None, day("2024-12-31") + END),
        ("2025-05-07", day("2025-05-07"), day("2025-05-07") + END),
        ("2.weeks.ago..", day("2025-05-21T12:00"), None),
        ("..2.weeks.ago", None, day("2025-05-21T12:00")),
        ("last.week..yesterday", day("2025-05-28T12:00"), day("2025-06-03") + END),
        ("yesterday", day("2025-06-03"), day("2025-06-03") + END),
        ("monday..", day("2025-06-02"), None),
        ("@1000..@2000", 1000, 2000),
        ("0001-01-01..9999-12-31", day("0001-01-01"), day("9999-12-31") + END),
    ],
)
def test_dates(text: str, low: int | None, high: int | None) -> None:
    tree = read(f"d:{text}")
    assert isinstance(tree, FieldTerm)
    assert (tree.low, tree.high) == (low, high)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2", 2, 2), ("=2", 2, 2), (">=2", 2, None), (">2", 3, None), ("<=2", None, 2), ("<2", None, 1),
        ("2..4", 2, 4), ("2..", 2, None), ("..4", None, 4),
    ],
)  # fmt: skip
def test_numbers(text: str, low: int | None, high: int | None) -> None:
    for prefix in ("v", "n"):
        tree = read(f"{prefix}:{text}")
        assert isinstance(tree, FieldTerm)
        assert (tree.low, tree.high) == (low, high)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("f:a s:b", "<[f:a & s:b]>"),
        ("f:a is:unread s:b", "[is:unread & <[f:a & s:b]>]"),
        ("f:a -s:b", "[!<s:b> & <[f:a]>]"),
        ("f:a OR v:2", "[<f:a> | v:2]"),
        ("(f:a OR s:b) d:2024", "<[[f:a | s:b] & d:2024]>"),
        ("", "[]"),
    ],
)
def test_what_is_about_mails_stands_together(text: str, tree: str) -> None:
    assert told(lift_to_rows(read(text))) == tree


def test_parts_are_quoted_as_they_were_typed() -> None:
    text = 'f:"Ann Lee" -is:done (a OR d:2024)'
    tree = read(text)
    assert isinstance(tree, And)
    assert [source_text(part, text) for part in tree.parts] == [
        'f:"Ann Lee"',
        "-is:done",
        "(a OR d:2024)",
    ]


pieces = st.sampled_from(
    [*(f"{prefix}:" for prefix in FIELDS), "(", ")", '"', "-", "OR", "AND", "NOT", " ", "..", "*", ">=", "2",
     "2025-01-01", "2.weeks.ago", "unread", "a", "é", "\0", "\ud800", "😀", "%", "_", "'", ";--", "[", "\\", "@", "/"]
)  # fmt: skip
queries = st.one_of(st.lists(pieces, max_size=40).map("".join), st.text(max_size=200))


@settings(max_examples=300, deadline=None)
@given(queries)
@example("d:@99999999999..")
@example("d:99999999999999.weeks.ago..")
@example('"' * 3)
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    try:
        tree, fault = read(text), None
    except QueryError as error:
        tree, fault = EVERYTHING, error
    if fault is not None:
        assert 0 <= fault.offset <= len(text)
        assert fault.length >= 1
        assert fault.message
    assert isinstance(lift_to_rows(tree), Node)
    for term in terms(tree):
        assert text[term.offset : term.offset + term.length].startswith(f"{term.prefix}:")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000, "(" * 10_000, ")" * 10_000, '"' * 10_000, "-" * 10_000, "a " * 5_000, "f:a " * 2_500, "a OR " * 2_000,
        "NOT " * 2_500, "😀" * 10_000, "\0" * 10_000, "d:" + "1." * 4_000 + "ago", "s:" + '"' * 9_000, " " * 10_000, ".." * 5_000,
        "d:" + ".." * 4_000, "(a) " * 2_500,
    ],
)  # fmt: skip
def test_a_long_query_takes_no_time(text: str) -> None:
    start = time.process_time()
    try:
        tree = read(text)
    except QueryError:
        tree = EVERYTHING
    lift_to_rows(tree)
    assert time.process_time() - start < 1
