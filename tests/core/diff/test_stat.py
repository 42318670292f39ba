"""The fast count of a patch's lines equals the full parser's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.diff import stat as module
from core.diff.parse import file_changes
from core.diff.stat import diffstat

PLAIN = """\
diff --git a/one.c b/one.c
index 1111111..2222222 100644
--- a/one.c
+++ b/one.c
@@ -1,3 +1,3 @@ int main()
 a
-b
+c
 d
@@ -9 +9,2 @@
-x
\\ No newline at end of file
+x
+-- not the end
diff --git a/dir/two.c b/dir/two.c
new file mode 100644
index 0000000..2222222
--- /dev/null
+++ b/dir/two.c
@@ -0,0 +1,2 @@
+one

diff --git a/three.c b/three.c
deleted file mode 100644
--- a/three.c
+++ /dev/null
@@ -1,2 +0,0 @@
--- a line
-
--\x20
2.49.0

"""
BROKEN_LINES = PLAIN.split("\n")
PIECES = st.sampled_from(
    [
        *BROKEN_LINES,
        "",
        " ",
        "+",
        "-",
        "-- ",
        "@@ -1 +1 @@",
        "rename from x",
        "Binary files differ",
        "_____",
    ]
)


def long_way(diff: str) -> list[tuple[str, int, int]]:
    return [(file.path, file.added, file.removed) for file in file_changes(diff)]


def test_a_plain_diff_is_counted_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = long_way(PLAIN.replace("+one\n\n", "+one\n+\n"))
    diff = PLAIN.replace("+one\n\n", "+one\n+\n")
    monkeypatch.setattr(module, "file_changes", None)
    assert diffstat(diff) == expected
    assert expected == [("one.c", 3, 2), ("dir/two.c", 2, 0), ("three.c", 0, 2)]


@pytest.mark.parametrize(
    "odd",
    [
        PLAIN.replace("a/one.c b/one.c", '"a/on\\303\\251.c" b/one.c'),
        PLAIN.replace("+++ b/one.c", "+++ b/one.c\t2025-01-01"),
        PLAIN.replace(" a\n", " a\n a\n"),
        PLAIN.replace("-- \n", "base-commit: 1234\n-- \n"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(" a\n-b\n+c\n d", " a\n-b\n+c\n-d"),
        PLAIN.replace("index 1111111..2222222 100644\n", "old mode 100644\nnew mode 100755\n"),
        "diff --git a/x \nb/x\nindex 1..2\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        "",
        "\n",
    ],
)
def test_odd_diffs(odd: str) -> None:
    assert diffstat(odd) == long_way(odd)


@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(PIECES, max_size=30)
    | st.tuples(st.integers(0, len(BROKEN_LINES)), PIECES).map(
        lambda at: [*BROKEN_LINES[: at[0]], at[1], *BROKEN_LINES[at[0] :]]
    )
    | st.integers(0, len(BROKEN_LINES) - 1).map(
        lambda at: BROKEN_LINES[:at] + BROKEN_LINES[at + 1 :]
    )
)
def test_any_lines_are_counted_as_the_long_way_counts_them(lines: list[str]) -> None:
    diff = "\n".join(lines)
    counted = {name: (added, removed) for name, added, removed in long_way(diff)}
    assert {name: (added, removed) for name, added, removed in diffstat(diff)} == counted
