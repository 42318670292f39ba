"""Which rows there are, how they nest, and that they stay as the reader had them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from core.model import FollowupTrailer, MessageId, Series
from tests.tui.kit import ADA, NOW, lantern, message, reply, series, small_series, thread, version
from tui.tree.columns import columns, line
from tui.tree.model import Rows
from tui.tree.rows import Highlights, Kind, MatchingPatches, SearchMarks, child_count, child_rows
from tui.tree.rows import row_trailers as given_to
from tui.widgets.row_text import age, fit


def outline(rows: Rows) -> list[str]:
    """Return the rows as `depth kind what`."""
    lines = []
    for index in range(len(rows)):
        row = rows[index]
        what = row.message.message_id if row.message is not None else f"{row.numbers}"
        lines.append(f"{'  ' * row.depth}{row.kind.name.lower()} {what}")
    return lines


def unfolded() -> Rows:
    rows = Rows()
    rows.replace(lantern(), keep=False)
    rows.fold_all(expanded=True)
    return rows


def test_everything_unfolded() -> None:
    assert outline(unfolded()) == [
        "series wick-v2-0@x",
        "  version wick-v2-0@x",
        "    cover wick-v2-0@x",
        "      reply wick-r3@x",
        "    patch wick-v2-1@x",
        "      reply wick-r1@x",
        "        reply wick-r2@x",
        "    patch wick-v2-2@x",
        "    missing (3, 3)",
        "  version wick-v1-0@x",
        "    cover wick-v1-0@x",
        "    patch wick-v1-1@x",
        "    patch wick-v1-2@x",
        "series oil-v1-1@x",
        "  patch oil-v1-1@x",
        "thread talk@x",
        "  reply talk-1@x",
        "series glass-v1-1@x",
        "  patch glass-v1-1@x",
        "  patch glass-v1-2@x",
    ]


def test_a_series_opens_at_its_newest_version() -> None:
    rows = Rows()
    rows.replace(lantern(), keep=False)
    assert len(rows) == 4
    rows.fold(0, expanded=True)
    assert outline(rows)[:7] == [
        "series wick-v2-0@x",
        "  version wick-v2-0@x",
        "    cover wick-v2-0@x",
        "    patch wick-v2-1@x",
        "    patch wick-v2-2@x",
        "    missing (3, 3)",
        "  version wick-v1-0@x",
    ]


def test_a_lone_patch_shows_its_replies_at_once() -> None:
    answers = {1: [reply("r@x", "one patch")]}
    rows = Rows()
    rows.replace([series("one patch", version("one", ["one patch"], replies=answers))], keep=False)
    rows.fold(0, expanded=True)
    assert outline(rows) == ["series one-v1-1@x", "  patch one-v1-1@x", "    reply r@x"]


def test_gaps_stand_between_the_patches_as_runs() -> None:
    gaps = series("holes", version("h", ["a", "b"], missing=[1, 2, 4, 5, 6]))
    rows = Rows()
    rows.replace([gaps], keep=False)
    rows.fold(0, expanded=True)
    assert outline(rows)[1:] == [
        "  missing (1, 2)",
        "  patch h-v1-3@x",
        "  missing (4, 6)",
        "  patch h-v1-7@x",
    ]


def test_a_folded_reply_hides_what_answers_it() -> None:
    rows = Rows()
    talk = thread(
        "t",
        "talk",
        reply("a@x", "t"),
        reply("b@x", "t", 1),
        reply("c@x", "t", 2),
        reply("d@x", "t"),
    )
    rows.replace([talk], keep=False)
    rows.fold(0, expanded=True)
    assert len(rows) == 5
    rows.fold(1, expanded=False)
    assert outline(rows) == ["thread t@x", "  reply a@x", "  reply d@x"]


def test_folds_and_the_cursor_survive_a_larger_listing() -> None:
    wick, oil, talk, glass = lantern()
    rows = Rows()
    rows.replace([wick, oil], keep=False)
    rows.fold(0, expanded=True)
    rows.fold(1, expanded=True)  # v1
    before = outline(rows)
    key = rows[3].key
    new = small_series("new", "brand new")
    assert rows.replace([new, talk, wick, oil, glass], keep=True, also=key) == key
    assert rows.find(key) == 5
    assert outline(rows)[2 : 2 + len(before)] == before


def test_a_series_that_gets_another_id_keeps_its_folds() -> None:
    late = series("s", version("s", ["a", "b"], number=2))
    whole = series("s", version("s", ["a", "b"], number=1), version("s", ["a", "b"], number=2))
    assert late.id != whole.id
    rows = Rows()
    rows.replace([small_series("x", "x"), late], keep=False)
    rows.fold(1, expanded=True)
    key = rows[2].key
    moved = rows.replace([small_series("x", "x"), whole], keep=True, also=key)
    assert moved == (whole.id, late.id)
    place = rows.find(moved)
    assert place is not None
    assert rows[place].message is whole.versions[1].patches[0].message


def test_what_is_folded_away_is_found_at_what_holds_it() -> None:
    rows = unfolded()
    key = rows[10].key
    rows.fold_all(expanded=False)
    assert rows.find(key) == 0
    assert rows.find(("gone@x",)) is None


def test_reveal_unfolds_the_way() -> None:
    rows = Rows()
    rows.replace(lantern(), keep=False)
    place = rows.unfold_to(0, (rows[0].item.id, "wick-r2@x"))
    assert outline(rows)[place].strip() == "reply wick-r2@x"


def test_trailers_count_people_once_and_the_covers_for_every_patch() -> None:
    rows = unfolded()
    by_id = {
        (row.kind, row.message.message_id): row
        for i in range(len(rows))
        if (row := rows[i]).message
    }
    assert given_to(rows[0]) == "R1 A1"
    assert given_to(by_id[Kind.COVER, MessageId("wick-v2-0@x")]) == "A1"
    assert given_to(by_id[Kind.PATCH, MessageId("wick-v2-1@x")]) == "R1 A1"
    assert given_to(by_id[Kind.PATCH, MessageId("wick-v2-2@x")]) == "A1"
    assert given_to(by_id[Kind.PATCH, MessageId("wick-v1-1@x")]) == ""
    assert given_to(by_id[Kind.REPLY, MessageId("wick-r1@x")]) == "R1"
    found = "".join(
        text for text, _ in line(by_id[Kind.PATCH, MessageId("wick-v2-1@x")], 120, NOW, names=True)
    )
    assert found.split()[-3:] == ["R1", "A1", "↳2"]  # in results, too


@pytest.mark.parametrize(
    ("ago", "age_text"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=5), "5m"),
        (timedelta(hours=2), "2h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=3), "3d"),
        (timedelta(weeks=5), "5w"),
        (timedelta(days=150), "5mo"),
        (timedelta(days=800), "2y"),
        (timedelta(minutes=-30), "now"),
        (timedelta(days=-400), "fut"),
        (timedelta(days=365 * 40), "?"),
    ],
)
def test_ages(ago: timedelta, age_text: str) -> None:
    assert age(NOW - ago, NOW) == age_text
    assert len(age_text) <= columns(80).age


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 4, "abc…"),
        ("防風ガラス", 5, "防風…"),
        ("防風ガラス", 4, "防… "),
        ("abc", 0, ""),
        ("", 3, "   "),
    ],
)
def test_fit(text: str, width: int, expected: str) -> None:
    assert fit(text, width) == expected


EVERY_THIRD = Highlights(
    **dict.fromkeys(("subject", "name"), tuple((n, n + 1) for n in range(0, 60, 3)))
)


def test_every_row_fills_every_width_exactly() -> None:
    rows = unfolded()
    for width in [*range(1, 60), 69, 70, 80, 95, 96, 120, 200]:
        for index in range(len(rows)):
            for row in (rows[index], replace(rows[index], highlights=EVERY_THIRD)):
                pieces = line(row, width, NOW, names=row.highlights is not None)
                assert sum(cell_len(text) for text, _ in pieces) == width


def test_columns_give_way_to_the_subject() -> None:
    wick = Rows()
    wick.replace(lantern(), keep=False)
    text = {width: "".join(t for t, _ in line(wick[0], width, NOW)) for width in (30, 50, 80, 120)}
    row_text = " ".join(text[120].split())
    assert row_text == "▸ ◆ RFC Steady light in a draught v2 2/3 R1 A1 ↳3 Ada Wren 2h"
    assert "Ada Wren" in text[80]
    assert "Steady light in a draught" in text[80]
    assert "Ada" not in text[50]
    assert "2/3" in text[50]
    assert re.fullmatch(r"▸ ◆ RFC Steady light.*…\s+2h ", text[30])


@pytest.mark.parametrize("width", [80, 100, 120, 150])
def test_what_matters_is_not_cut_to_nonsense(width: int) -> None:
    rows = Rows()
    rows.replace(lantern(), keep=False)
    row = replace(rows[0], replies=128, news="v2 arrived")
    text = "".join(piece for piece, _ in line(row, width, NOW))
    assert "↳128" in text
    assert "v2 arrived" in text
    assert "Steady light" in text


def test_why_a_series_is_back_has_the_room_that_there_is() -> None:
    rows = Rows()
    rows.replace(lantern(), keep=False)
    why = "reply from Marc Zyngier"
    row = replace(rows[0], news=why)
    text = {w: "".join(piece for piece, _ in line(row, w, NOW)) for w in (60, 80, 120)}
    assert why in text[120]
    assert "reply from" in text[80]
    assert "Steady light" in text[60]


HOSTILE = st.text(
    st.sampled_from(list("ab [/@]\x1b\x07\r\n\t\x9b\u202e\u200b\u0301👍🏽‍❤️防\udc80\U000e0041")),
    max_size=60,
)


def lit_text(pieces: list[tuple[str, str]]) -> list[str]:
    return [text for text, look in pieces if look == "lit"]


def test_the_letters_that_were_looked_for_are_lit() -> None:
    rows = Rows()
    key = (lantern()[0].id,)
    highlights = Highlights(subject=((0, 3), (7, 12)), name=((4, 8),))
    rows.replace(lantern(), keep=False, matches=SearchMarks(highlights={key: highlights}))
    assert lit_text(line(rows[0], 120, NOW)) == ["Ste", "light", "Wren"]
    assert lit_text(line(rows[0], 60, NOW)) == ["Ste", "light"]
    assert lit_text(line(rows[0], 60, NOW, names=True)) == ["Ste", "light", "Wren"]
    assert lit_text(line(rows[1], 120, NOW)) == []


def test_who_was_found_by_address_is_shown_by_it() -> None:
    rows = Rows()
    item = lantern()[0]
    rows.replace(
        lantern(),
        keep=False,
        matches=SearchMarks(highlights={(item.id,): Highlights(address=((4, 11),))}),
    )
    pieces = line(rows[0], 120, NOW)
    assert lit_text(pieces) == ["lantern"]
    assert "ada@lantern" in "".join(text for text, _ in pieces)


def test_spans_that_lie_beyond_the_text_light_nothing() -> None:
    rows = Rows()
    highlights = Highlights(subject=((-5, 2), (1, 4), (20, 5000), (9000, 9001)), name=((50, 60),))
    rows.replace(
        lantern(), keep=False, matches=SearchMarks(highlights={(lantern()[0].id,): highlights})
    )
    text = "".join(text for text, _ in line(rows[0], 120, NOW))
    assert "Steady light in a draught" in text


def test_of_a_folded_series_the_patches_that_were_found_are_shown() -> None:
    rows = Rows()
    wick = lantern()[0]
    found = (MessageId("wick-v2-2@x"), MessageId("wick-v1-1@x"))
    matches = SearchMarks(
        highlights={(wick.id, found[0]): Highlights(subject=((0, 4),))},
        inside={0: MatchingPatches(patches=found)},
    )
    rows.replace(lantern(), keep=False, matches=matches)
    assert outline(rows)[:4] == [
        "series wick-v2-0@x",
        "  patch wick-v2-2@x",
        "  patch wick-v1-1@x",
        "series oil-v1-1@x",
    ]
    assert len(rows) == 6
    assert rows.next_highlighted(0, 1) == 1
    assert rows.next_highlighted(1, 1) == 1
    assert rows.next_highlighted(3, -1) == 1
    rows.fold(0, expanded=True)  # all of it now, with the same letters lit
    at = rows.find((wick.id, found[0]))
    assert at is not None
    assert rows[at].highlights is not None
    assert rows[at].depth == 2
    rows.fold(0, expanded=False)
    assert len(rows) == 6


def test_of_many_patches_that_were_found_three_are_shown_and_the_rest_counted() -> None:
    one = series("s", version("many", [f"patch {n}" for n in range(30)]))
    names = tuple(MessageId(f"many-v1-{n}@x") for n in (9, 3, 5))
    rows = Rows()
    found = MatchingPatches(patches=names, more=4)
    rows.replace([one], keep=False, matches=SearchMarks(highlights={}, inside={0: found}))
    assert [line.split()[-1] for line in outline(rows)] == [one.id, *names, names[-1]]
    assert "4 more matching patches" in "".join(text for text, _ in line(rows[4], 80, NOW))
    beside = MatchingPatches(patches=names[:1], more=6, beside=True)
    rows.replace([one], keep=False, matches=SearchMarks(highlights={}, inside={0: beside}))
    assert len(rows) == 2
    assert "+6" in "".join(text for text, _ in line(rows[1], 80, NOW))


def test_a_patch_that_was_found_and_is_gone_since_keeps_its_row() -> None:
    rows = Rows()
    gone = SearchMarks(
        highlights={},
        inside={0: MatchingPatches(patches=(MessageId("gone@x"), MessageId("wick-v2-2@x")))},
    )
    rows.replace(lantern(), keep=False, matches=gone)
    assert len(rows) == 6
    assert rows[1].news == "(no longer here)"
    assert rows[2].kind is Kind.PATCH
    assert rows[3].item.id == "oil-v1-1@x"


@settings(max_examples=150, deadline=None)
@given(subject=HOSTILE, name=HOSTILE, width=st.integers(1, 130))
def test_hostile_words_neither_break_the_line_nor_leave_it(
    subject: str, name: str, width: int
) -> None:
    author = type(ADA)(name, "a@example.org")
    talk = thread("t", subject, reply("r@x", subject[::-1], author=author), author=author)
    one = series(subject, version("s", [subject], cover=subject, tags=[subject]), author=author)
    rows = Rows()
    rows.replace([talk, one], keep=False)
    rows.fold_all(expanded=True)
    for index in range(len(rows)):
        text = "".join(piece for piece, _ in line(rows[index], width, NOW))
        assert cell_len(text) == width
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202e\u200b\udc80\U000e0041]", text)


def test_a_thread_of_a_thousand_levels_stays_on_the_screen() -> None:
    deep = thread("deep", "deep", *(reply(f"d{n}@x", "deep", n) for n in range(1200)))
    rows = Rows()
    rows.replace([deep], keep=False)
    rows.fold_all(expanded=True)
    assert len(rows) == 1201
    text = "".join(piece for piece, _ in line(rows[1200], 80, NOW))
    assert cell_len(text) == 80
    assert "Bo Larch" in text


def test_a_forty_kilobyte_subject_is_cut_before_it_is_measured() -> None:
    long = thread("long", "x" * 40_000)
    rows = Rows()
    rows.replace([long], keep=False)
    text = "".join(piece for piece, _ in line(rows[0], 80, NOW))
    assert len(text) == 80
    assert "…" in text


def test_two_mails_of_one_id_are_marked() -> None:
    twin = message("t@x", "t")
    clash = type(twin)(
        **{name: getattr(twin, name) for name in twin.__slots__ if name != "id_conflicts"},
        id_conflicts=(twin,),
    )
    talk = thread("t", "t")
    talk = type(talk)(**{n: getattr(talk, n) for n in talk.__slots__ if n != "root"}, root=clash)
    rows = Rows()
    rows.replace([talk], keep=False)
    assert "≠ t" in "".join(piece for piece, _ in line(rows[0], 60, NOW))


def test_what_is_counted_is_what_there_is() -> None:
    gaps = series("holes", version("h", ["a", "b"], cover="c", missing=[1, 2, 4, 5, 6]))
    for item in (*lantern(), gaps):
        assert child_count(item) == len(list(child_rows(item, lambda _key, _at_first: True)))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.sampled_from(["fold", "unfold", "M", "R", "reveal", "more"])
        )
    )
)
def test_whatever_is_folded_the_rows_are_those_of_a_list_made_anew(
    steps: list[tuple[int, str]],
) -> None:
    items = lantern()
    rows = Rows()
    rows.replace(items, keep=False)
    for at, what in steps:
        index = at % len(rows)
        if what in ("M", "R"):
            rows.fold_all(expanded=what == "R")
        elif what == "reveal":
            everything = rows.unfolded_rows(index)
            key = everything[at % len(everything)].key
            assert rows[rows.unfold_to(index, key)].key == key
        elif what == "more":
            items = (small_series(f"more{len(items)}", "more"), *items)
            rows.replace(items, keep=True)
        else:
            rows.fold(index, expanded=what == "unfold")
        shown_now = [rows[i] for i in range(len(rows))]
        assert len({row.key for row in shown_now}) == len(shown_now)
        rows._count_rows()
        assert [rows[i] for i in range(len(rows))] == shown_now
        for index, row in enumerate(shown_now):
            assert rows.find(row.key) == index
            assert rows.block(index)[0] <= index < rows.block(index)[1]


@pytest.mark.slow
def test_a_hundred_thousand_series_are_only_counted() -> None:
    items: list[Series] = [small_series(f"s{n}", "one") for n in range(100_000)]
    rows = Rows()
    rows.replace(items, keep=False)
    assert len(rows) == 100_000
    assert rows[99_999].kind is Kind.SERIES
    rows.fold_all(expanded=True)
    assert len(rows) == 300_000
    assert len(rows._blocks) == 0
    assert rows[299_999].kind is Kind.PATCH


def test_a_resend_of_the_same_number_folds_on_its_own_and_has_its_own_trailers() -> None:
    answer = {1: [reply("r@x", "a")]}
    first = version("s", ["a"], number=5, replies=answer, cover="c")
    again = replace(version("t", ["a"], number=5, cover="c"), tags=("RESEND",))
    given = FollowupTrailer(
        name="Reviewed-by",
        value="B",
        number=1,
        version=5,
        posting=MessageId("c@x"),
        message_id=MessageId("r@x"),
    )
    rows = Rows()
    rows.replace([series("s", first, again, trailers=[given])], keep=False)
    rows.fold(0, expanded=True)
    newer, older = (rows[n] for n in range(len(rows)) if rows[n].kind is Kind.VERSION)
    assert (newer.expanded, older.expanded) == (True, False)
    assert newer.key != older.key
    assert [given_to(row) for row in (newer, older)] == ["", "R1"]
