"""How a mail is laid out: wrapping, what lines are, what can be found, and that rows and lines agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from core.diff.highlight import highlight
from core.diff.parse import read_diff
from core.mail.message import UNKNOWN_DATE
from core.model import Identity, OpenedMessage
from core.text import CONTROLS
from tests.tui.mails import EVIL, NOW, PATCH, REPLY, hostile, huge, mail
from tui.reader.diff import DiffBlock
from tui.reader.diff_code import RUN_UP, SLICE, HighlightChunk
from tui.reader.mail_layout import layout_mail, layout_note, parse_mail
from tui.reader.page import Page, PageStyle
from tui.reader.prose import Prose, ProseBlock
from tui.reader.row import wrap_words
from tui.reader.text_search import TextIndex


def page(of: OpenedMessage, width: int = 80, **style: Any) -> Page:
    return layout_mail(parse_mail(of), PageStyle(width, **style), NOW, UTC)


def rows(of: Page) -> list[str]:
    found = []
    for at in range(of.count):
        row = of.row(at)
        found.append("".join(text for text, _ in (*row.gutter, *row.pieces)).rstrip())
    return found


def looks(of: Page, text: str) -> list[tuple[str, str]]:
    """Return the pieces of the first row that holds `text`."""
    at = next(at for at, row in enumerate(rows(of)) if text in row)
    return [(piece, look) for piece, look in of.row(at).pieces]


# ------------------------------------------------------------- the parts of a mail


def test_a_patch_from_top_to_end() -> None:
    found = rows(page(mail(PATCH)))
    assert found[:6] == [
        " [PATCH v2 2/3] wick: trim the flame before it smokes",
        " From     Ada Wren <ada@lantern.example.org>",
        " Date     Mon 2 Jun 2025 19:26 +0000 · 2d ago",
        " To       lantern-devel@lists.example.org",
        " Cc       Bo Larch, Míra Ölçek, 王小明",
        " List     lantern-devel.lists.example.org",
    ]
    order = ["───", "Trim it before.", "Signed-off-by", "---", "v2: said why", "3 files changed",
             "Documentation/wick.rst  new file", "@@ -0,0", "+Trim it.", "wick.c", "-/* Trim after",
             "wick_sensor.h  renamed from drivers/lantern/sensor.h", "base-commit", "--", "2.49.0"]  # fmt: skip
    places: list[int] = []
    for phrase in order:
        start = places[-1] + 1 if places else 0
        places.append(next(at for at in range(start, len(found)) if phrase in found[at]))
    assert not any(row.startswith(("diff --git", "index ", "+++ ", "--- a")) for row in found)


def test_all_headers_show_those_of_the_diff_too() -> None:
    found = rows(page(mail(PATCH), all_headers=True))
    assert " Message-ID: <wick-v2-2@lantern.example.org>" in found
    assert "diff --git a/drivers/lantern/wick.c b/drivers/lantern/wick.c" in found
    assert "similarity index 90%" in found


def test_who_wrote_it_is_said_where_another_sent_it() -> None:
    whole = mail(
        PATCH.replace("\n\nA flame", "\n\nFrom: Míra Ölçek <mira@lantern.example.org>\n\nA flame")
    )
    assert " Author   Míra Ölçek <mira@lantern.example.org>" in rows(page(whole))


@pytest.mark.parametrize(
    ("date", "said"),
    [
        (NOW - timedelta(hours=3), "Thu 5 Jun 2025 09:00 +0000 · 3h ago"),
        (NOW + timedelta(days=9), "Sat 14 Jun 2025 12:00 +0000 · in the future"),
        (UNKNOWN_DATE, "unknown"),
        (datetime(1, 1, 1, tzinfo=UTC), "Mon 1 Jan 1 00:00 +0000"),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "Fri 31 Dec 9999 23:59 +0000 · in the future"),
    ],
)
def test_dates(date: datetime, said: str) -> None:
    whole = mail(PATCH)
    found = rows(page(replace(whole, message=replace(whole.message, date=date))))
    assert f" Date     {said}" in found


def test_many_people_are_counted() -> None:
    whole = mail(PATCH)
    people = tuple(Identity(f"Person {at}", "") for at in range(50))
    found = rows(page(replace(whole, message=replace(whole.message, to=people)), width=60))
    assert " To       Person 0, Person 1, Person 2, Person 3, +46 more" in found


def test_a_clash_and_what_was_cut_off_are_said() -> None:
    whole = mail(PATCH)
    message = replace(whole.message, id_conflicts=(whole.message,), truncations=("text too long",))
    found = rows(page(replace(whole, message=message)))
    assert " ! another mail carries the same Message-ID with different content" in found
    assert " ! not all of this mail is shown: text too long" in found


def test_attachments_are_listed() -> None:
    text = PATCH.replace(
        "Content-Type: text/plain; charset=utf-8", "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B"
    ).replace("\n\nA flame", "\n\n--B\nContent-Type: text/plain; charset=utf-8\n\nA flame")  # fmt: skip
    text += '--B\nContent-Type: image/png; name="a.png"\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--B--\n'
    assert any(row.startswith(" Attached a.png  image/png") for row in rows(page(mail(text))))


def test_an_empty_mail_and_a_note_have_rows() -> None:
    assert " (no subject)" in rows(page(mail("")))
    assert rows(layout_note("No such mail", ["Try again.", "r retries"], 40)) == [
        "", " No such mail", "", " Try again.", " r retries",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Reviewed-by: Bo Larch", [("Reviewed-by:", "trailer-given"), (" Bo Larch <bo@", "")]),
        ("Signed-off-by", [("Signed-off-by:", "trailer")]),
        ("Fixes", [("Fixes:", "trailer")]),
        ("wick.c  ", [(" drivers/lantern/wick.c", ""), ("        | 13 ", "muted"), ("+++++++++", "added-sign"), ("----", "removed-sign")]),
        ("https:", [("https://lantern.example.org/bugs/17", "link"), (" (and", "")]),
        ("v2: said", [("v2: said why.", "muted")]),
        ("2.49.0", [("2.49.0", "signature")]),
        ("3 files changed", [(" 3 files changed", "muted")]),
        ("renamed", [("drivers/lantern/wick_sensor.h", "bar-name"), ("  renamed", "bar-words")]),
        ("int wick_height", [("@@ -40,10 +40,15 @@", "hunk-range"), (" static int wick_height", "hunk-section")]),
    ],
)  # fmt: skip
def test_what_lines_are(line: str, expected: list[tuple[str, str]]) -> None:
    found = looks(page(mail(PATCH)), line)
    for (text, look), (begins, wanted) in zip(found, expected, strict=False):
        assert look == wanted
        assert text.startswith(begins) or begins.startswith(text)
    assert len(found) >= len(expected)


@pytest.mark.parametrize(
    ("line", "look"),
    [
        ("On Mon, 2 Jun", "muted"),
        ("> On Sun", "quote-1"),
        ("> > Does it", "quote-2"),
        ("> -       ", "quote-removed"),
        ("> +       ", "quote-added"),
        ("Why one", ""),
    ],
)
def test_what_lines_of_a_reply_are(line: str, look: str) -> None:
    assert looks(page(mail(REPLY)), line)[0][1] == look


def test_quotes_fold() -> None:
    found = rows(page(mail(REPLY), fold_quotes=True))
    assert " ▸ 8 quoted lines" in found
    assert not any(row.startswith(" >") for row in found)
    assert any("Why one?" in row for row in found)


def test_numbers_count_both_sides() -> None:
    found = rows(page(mail(PATCH), numbers=True))
    assert "  43     -/* Trim after the smoke. */" in found
    assert "      43 +/*" in found
    assert "  45  47  {" in found
    assert "  90  95          wick->dev = dev;" in found


def test_tabs_stop_at_eight_after_the_sign() -> None:
    found = rows(page(mail(PATCH)))
    assert "-        wick_trim(wick);" in found
    assert "         return wick->height;" in found


# ------------------------------------------------------------- any text, any width


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.sampled_from("ab  -王e\u0301🙂"), max_size=80),
    st.integers(1, 30),
    st.integers(0, 40),
)
def test_wrapped_parts_fit_and_lose_only_blanks(text: str, width: int, hang: int) -> None:
    parts = wrap_words(text, width, hang)
    end = 0
    for number, (start, stop) in enumerate(parts):
        assert text[end:start].strip(" ") == ""
        room = width if number == 0 else max(1, width - hang)
        assert cell_len(text[start:stop]) <= max(room, 2)
        end = stop
    assert text[end:].strip(" ") == ""


@pytest.mark.parametrize("width", [1, 8, 20, 54, 79, 160])
@pytest.mark.parametrize(
    "make", [lambda: mail(PATCH), lambda: mail(REPLY), hostile], ids=["patch", "reply", "hostile"]
)
@pytest.mark.parametrize("style", [{}, {"all_headers": True, "numbers": True, "fold_quotes": True}])
def test_rows_are_safe_and_searched_as_they_show(
    width: int, make: object, style: dict[str, bool]
) -> None:
    assert callable(make)
    laid_out = page(make(), width, **style)
    texts = laid_out.texts()
    assert len(texts) == laid_out.count == len(laid_out.separators())
    for at in range(laid_out.count):
        row = laid_out.row(at)
        assert row.text == texts[at]
        for text, _ in (*row.gutter, *row.pieces):
            assert not CONTROLS.search(text), ascii(text)
        if not row.pans and width >= 20:
            used = sum(cell_len(text) for text, _ in (*row.gutter, *row.pieces))
            assert used <= width, row


@pytest.mark.parametrize("width", [20, 54, 160])
def test_what_is_at_the_top_stays_there_in_another_layout(width: int) -> None:
    before = page(mail(PATCH), 79)
    after = page(mail(PATCH), width, numbers=True, all_headers=True)
    compared = 0
    for at in range(before.starts[1], before.count):
        there = after.row_of(before.anchor(at))
        phrase = before.row(at).text.split()
        if before.row(at).base == "bar":
            assert after.row(there).base == "bar"
        if not phrase or before.row(at).base == "bar" or "|" in phrase:
            continue
        # The line may be wrapped in either layout.
        line = "".join(after.row(row).text for row in range(there, min(there + 5, after.count)))
        assert phrase[-1] in line or phrase[-1] in before.row(at - 1).text, (phrase, line)
        compared += 1
    assert compared > 40


def test_wrapped_lines_join_to_what_they_were() -> None:
    lines = [
        "one two  three four",
        "> a quote that is long enough to wrap",
        "x" * 50,
        "",
        "王王王王王王 王王",
    ]
    block = ProseBlock(Prose.read(lines), 16)
    joined = "".join(a + b for a, b in zip(block.texts(), block.separators(), strict=True))
    assert joined.rstrip("\n").split("\n") == lines


def test_a_diffstat_gives_way_in_a_narrow_pane() -> None:
    line = " drivers/lantern/a/very/long/way/down/wick.c | 120 " + "+" * 30 + "-" * 10
    row = ProseBlock(Prose.read([line]), 40).row(0).text
    assert cell_len(row) <= 39
    assert row.startswith(" …")
    assert row.endswith("down/wick.c | 120 +++-")


# ------------------------------------------------------------- the diff


def test_colours_come_by_slices_each_in_its_place() -> None:
    lines = 3 * SLICE + 7
    text = f"--- a/x.c\n+++ b/x.c\n@@ -0,0 +1,{lines} @@\n" + "".join(
        f"+return {n};\n" for n in range(lines)
    )
    block = DiffBlock(read_diff(text), 80, numbers=False, headers=False)
    assert block.unhighlighted(0, 10) == [HighlightChunk(0, 0)]
    assert block.unhighlighted(0, block.count) == [HighlightChunk(0, part) for part in range(4)]
    for part in (2, 3):
        path, kinds, source, run_up = block.source(HighlightChunk(0, part))
        assert (path, run_up, len(kinds)) == ("x.c", RUN_UP, len(source))
        assert source[run_up] == f"return {part * SLICE};"
        block.colour(HighlightChunk(0, part), highlight(path, kinds, source)[run_up:])
    assert block.unhighlighted(0, block.count) == [HighlightChunk(0, 0), HighlightChunk(0, 1)]
    for line, coloured in ((0, False), (2 * SLICE, True), (lines - 1, True)):
        pieces = block.row(2 + line).pieces
        assert ("return", "keyword") in pieces if coloured else len(pieces) == 2
        assert block.row(2 + line).text == f"+return {line};"


def test_the_bar_of_the_file_that_a_row_is_in() -> None:
    laid_out = page(mail(PATCH))
    assert laid_out.diff is not None
    for at in range(laid_out.count):
        heading = laid_out.heading(at)
        inside = (
            at > laid_out.diff_start + laid_out.diff.file_rows[0]
            and bool(laid_out.row(at).base)
            and laid_out.row(at).base != "bar"
        )
        assert (heading is not None) == inside, laid_out.row(at)
    last = laid_out.heading(laid_out.diff_start + laid_out.diff.hunk_rows[-1])
    assert last is not None
    assert "wick_sensor.h" in last.text


def test_a_damaged_hunk_says_so() -> None:
    block = DiffBlock(read_diff("@@ -1,9 +1,9 @@\n a\n"), 80, numbers=False, headers=False)
    assert block.row(0).text.strip().startswith("(no file is named)")
    assert block.row(1).text == "@@ -1,9 +1,9 @@  (damaged: line counts do not match the header)"
    assert block.row(2).text == " a"


def test_the_beginning_of_a_large_mail_has_the_same_rows_as_the_whole() -> None:
    whole = huge(5000)
    head, full = parse_mail(whole, 2000), parse_mail(whole)
    assert not head.whole
    assert full.whole
    style = PageStyle(80, numbers=True)
    first, all_of_it = (layout_mail(parts, style, NOW, UTC) for parts in (head, full))
    assert first.count < all_of_it.count
    same = first.count - 50
    assert [first.row(at).text for at in range(same)] == [
        all_of_it.row(at).text for at in range(same)
    ]


# ------------------------------------------------------------- finding


def found(of: Page, needle: str) -> list[tuple[int, int, int]]:
    matches = TextIndex(of)
    matches.search(needle)
    places = []
    for _ in range(matches.count):
        assert matches.step(1)
        assert matches.current is not None
        places.append(matches.current)
    assert len(set(places)) == matches.count
    return places


@pytest.mark.parametrize(
    ("needle", "count"),
    [
        ("WICK_TALL", 1),
        ("wick_tall", 1),
        ("Wick_Tall", 0),
        ("ölçek", 1),
        ("王小明", 2),
        ("nothing like it", 0),
    ],
)
def test_capitals_count_only_where_some_are_typed(needle: str, count: int) -> None:
    laid_out = page(mail(PATCH))
    places = found(laid_out, needle)
    assert len(places) == count
    for row, start, end in places:
        assert laid_out.row(row).text[start:end].lower() == needle.lower()


def test_a_match_over_a_wrap_is_one_and_lights_both_rows() -> None:
    laid_out = layout_note("T", ["aaa bbb ccc ddd"], 12)
    matches = TextIndex(laid_out)
    matches.search("cc ddd")
    assert matches.count == 1
    matches.step(1)
    lit = [list(matches.in_row(at)) for at in range(laid_out.count)]
    assert [bool(row) for row in lit[-2:]] == [True, True]
    assert all(look == "match-current" for row in lit for *_, look in row)


def test_matches_go_round() -> None:
    matches = TextIndex(layout_note("T", ["x", "y x", "x"], 20))
    matches.search("x")
    matches.start_at(4)
    walk = [matches.current]
    for direction in (1, 1, -1, -1):
        assert matches.step(direction)
        walk.append(matches.current)
    assert [place[0] for place in walk if place] == [4, 5, 3, 5, 4]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("aAßİςΣσ 王\u0130b"), max_size=12), max_size=6),
    st.text(st.sampled_from("aßiςσ王b "), min_size=1, max_size=3),
)
def test_every_match_is_lit_where_it_stands(lines: list[str], needle: str) -> None:
    laid_out = layout_note("", lines, 10)
    matches = TextIndex(laid_out)
    matches.search(needle)
    lit = [(at, span) for at in range(laid_out.count) for span in matches.in_row(at)]
    assert bool(lit) == bool(matches.count)
    for at, (start, end, _) in lit:
        assert 0 <= start < end
        assert start < len(laid_out.texts()[at] + laid_out.separators()[at])


def test_hostile_text_is_found_as_it_shows() -> None:
    assert "[@click=app.bell]" in EVIL
    assert len(found(page(hostile(), 400), "[@click=app.bell]")) > 10
