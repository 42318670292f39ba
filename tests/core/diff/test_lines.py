"""Lines kept in one piece are the same lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.diff import parse as diff
from core.diff.lines import LARGE, LineView, join_lines, split_lines
from core.diff.parse import read_diff
from core.diff.viewed_hunks import hunk_key

TEXT = st.text(alphabet="ab +-@\n\r\x0c\u2028王", max_size=80)


def plain(text: str) -> list[str]:
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


@given(TEXT, st.integers(-30, 30), st.integers(-30, 30))
def test_they_are_as_a_list_of_them(text: str, start: int, stop: int) -> None:
    lines, wanted = LineView(text), plain(text)
    assert list(lines) == wanted == list(split_lines(text))
    assert [lines[at] for at in range(-len(wanted), len(wanted))] == [*wanted, *wanted]
    assert lines[start:stop] == wanted[start:stop]
    assert list(lines[start:stop][1:]) == wanted[start:stop][1:]
    assert lines == tuple(wanted)
    assert hash(lines) == hash(tuple(wanted))
    assert lines[::2] == tuple(wanted[::2])
    for part in (lines, wanted, lines[start:stop], wanted[start:stop]):
        assert join_lines(part) == "\n".join(part)


def test_a_large_diff_is_read_as_a_small_one() -> None:
    hunk = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ f\n a\n-b\n+c\n"
    small, large = read_diff(hunk * 3), read_diff(hunk * (LARGE // len(hunk) + 1))
    assert isinstance(small.lines, tuple)
    assert isinstance(large.lines, LineView)
    assert large.files[:3] == small.files
    for one, other in zip(large.files[:3], small.files, strict=True):
        assert hunk_key("x", one.hunks[0]) == hunk_key("x", other.hunks[0])
    assert diff.file_changes(hunk * 3) == tuple(file.change for file in large.files[:3])
