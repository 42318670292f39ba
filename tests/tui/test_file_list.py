"""The list of a patch's files: any name in any width, and names found by some of their letters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from core.text import CONTROLS, SafeText
from tests.tui.mails import EVIL
from tui.reader.files import FileEntry, _pieces, files_like, letters_in, path_shown

PATHS = ["Documentation/wick.rst", "drivers/lantern/wick.c", "drivers/lantern/wick_sensor.h", "Makefile"]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", PATHS),
        ("wick", ["Documentation/wick.rst", "drivers/lantern/wick.c", "drivers/lantern/wick_sensor.h"]),
        ("WICK C", ["drivers/lantern/wick.c"]),
        ("lwsen", ["drivers/lantern/wick_sensor.h"]),
        ("makef", ["Makefile"]),
        ("zzz", []),
    ],
)  # fmt: skip
def test_files_are_found_by_letters_the_closest_first(typed: str, found: list[str]) -> None:
    numbers, letters = files_like(typed, PATHS)
    assert [PATHS[number] for number in numbers] == found
    for number, places in zip(numbers, letters, strict=True):
        path = PATHS[number].casefold()
        assert "".join(path[at] for at in places) == "".join(typed.casefold().split())


@given(st.text("abc/", max_size=6), st.text("abc/", max_size=20))
def test_letters_stand_where_it_says(wanted: str, text: str) -> None:
    places = letters_in(wanted, text)
    if places is None:
        left = iter(text)
        assert not all(letter in left for letter in wanted)
    else:
        assert "".join(text[at] for at in places) == wanted
        assert places == sorted(set(places))


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet="ab/王é\u0301 \x1b\u202e[@", max_size=120),
    st.integers(20, 120),
    st.integers(0, 2_000_000),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_a_row_has_its_width_whatever_the_name(
    path: str, width: int, lines: int, viewed: int, remarks: int
) -> None:
    entry = FileEntry(path_shown(path), "added", lines, lines // 2, viewed, 300, remarks)
    pieces, _, cut = _pieces(entry, width)
    text = "".join(text for text, _ in pieces)
    assert cut >= 0
    assert not CONTROLS.search(text)

    assert cell_len(text) == width


def test_evil_names_are_text() -> None:
    assert not CONTROLS.search(path_shown(EVIL * 20))
    entry = FileEntry(SafeText(""), "modified", 0, 0, 0, 0, 0)
    assert "(no file is named)" in "".join(text for text, _ in _pieces(entry, 60)[0])
