"""The text of a file's bar."""

from __future__ import annotations

import pytest

from core.diff.parse import read_diff
from tui.reader.file_bar import file_change_text

HEAD = "diff --git a/x b/x\n"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("new file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n", "new file"),
        ("new file mode 100755\nindex 000..111\n", "new file · executable"),
        ("new file mode 120000\nindex 000..111\n", "new file · symbolic link"),
        ("deleted file mode 160000\nindex 111..000\n", "deleted · submodule"),
        ("index abc..def 160000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-Subproject commit a\n+Subproject commit b\n", "submodule"),
        ("index abc..def 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", ""),
        ("old mode 100644\nnew mode 100755\n", "mode 100644 → 100755"),
        ("new file mode 100644\nGIT binary patch\nliteral 1234\nzcmV\n\nliteral 0\nHcmV\n\n", "new file · binary, 1,234 bytes"),
        ("index 1..2 100644\nGIT binary patch\nliteral 10\nzcmV\n\nliteral 20\nHcmV\n\n", "binary, 20 → 10 bytes"),
        ("deleted file mode 100644\nGIT binary patch\nliteral 0\nHcmV\n\nliteral 7\nHcmV\n\n", "deleted · binary, 7 bytes"),
        ("index 1..2 100644\nGIT binary patch\ndelta 10\nzcmV\n\ndelta 20\nHcmV\n\n", "binary"),
        ("index 1..2 100644\nBinary files a/x and b/x differ\n", "binary"),
        ("new file mode 100644\nindex 0000000..e69de29\n", "new file · empty"),
        ("deleted file mode 100644\nindex e69de29bb2d1d6434b8b29ae775ad8c2e48c5391..0000000\n", "deleted · empty"),
        ("similarity index 100%\nrename from y\nrename to x\n", "renamed from y"),
    ],
)  # fmt: skip
def test_words(header: str, expected: str) -> None:
    (file,) = read_diff(HEAD + header).files
    assert file_change_text(file) == expected
