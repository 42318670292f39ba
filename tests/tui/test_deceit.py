"""Deceptive characters in code are marked in place, and named above their hunk."""

from __future__ import annotations

from core.diff.parse import read_diff
from tui.reader.diff import DiffBlock
from tui.reader.diff_code import HunkCode

DIFF = (
    "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1,3 +1,4 @@ f()\n \tint a;\n-\told\u202e;\n+\tif (\u0440\u0430ss) /*\u202e\u2066*/\n+\tint b;\n"
    "@@ -9 +10 @@\n-a\n+b\n"
)


def test_a_deceit_is_marked_and_said() -> None:
    diff = read_diff(DIFF)
    code = HunkCode(diff.lines, diff.files[0].hunks)
    assert (
        code.warning(0) == "  ⚠ text that runs backwards in 1 line, look-alike characters in 1 line"
    )
    assert code.warning(1) == ""
    line = code.line(0, 2)
    text = "".join(piece for piece, _ in line.pieces)
    marked = [text[start:end] for start, end, look in line.marks if look == "deceit"]
    assert marked == ["\u0440\u0430ss", "<U+202E><U+2066>"]
    assert not [mark for mark in code.line(0, 3).marks if mark[2] == "deceit"]


def test_the_words_stand_on_the_hunk_s_row() -> None:
    block = DiffBlock(read_diff(DIFF), 120, numbers=False, headers=False)
    rows = [block.row(at) for at in range(block.count)]
    heads = [row for row in rows if row.text.startswith("@@")]
    assert heads[0].text.endswith("look-alike characters in 1 line")
    assert heads[0].pieces[-1][1] == "warning"
    assert "⚠" not in heads[1].text
