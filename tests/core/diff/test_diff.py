"""Diffs as git, diff(1), svn and quilt write them, as mailers break them, and as git itself counts them."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.diff.hunks import Hunk
from core.diff.parse import Diff, file_changes, read_diff
from core.model import FileChange

SHARED = Path(__file__).parents[4] / "shared"

HUNK = "@@ -1,2 +1,2 @@\n context\n-old\n+new\n"


def only(text: str) -> FileChange:
    changes = file_changes(text)
    assert len(changes) == 1, changes
    return changes[0]


def hunk(text: str) -> Hunk:
    hunks = [hunk for file in read_diff(text).files for hunk in file.hunks]
    assert len(hunks) == 1, hunks
    return hunks[0]


@pytest.mark.parametrize(
    ("header", "path", "old_path", "status"),
    [
        ("diff --git a/x.c b/x.c\nindex 1..2 100644\n--- a/x.c\n+++ b/x.c\n", "x.c", None, "modified"),
        ("--- a/dir/x.c\n+++ b/dir/x.c\n", "dir/x.c", None, "modified"),
        ("--- linux.orig/dir/x.c\n+++ linux/dir/x.c\n", "dir/x.c", None, "modified"),
        ("--- x.c.orig\t2020-01-02 03:04:05.6 +0100\n+++ x.c\t2020-01-02 03:04:05\n", "x.c", None, "modified"),
        ("--- dir/x.c~\n+++ dir/x.c\n", "dir/x.c", None, "modified"),
        ("Index: dir/x.c\n=====\n--- dir/x.c\t(revision 12)\n+++ dir/x.c\t(working copy)\n", "dir/x.c", None, "modified"),
        ("Index: linux/x.c\n=====\n--- linux.orig/x.c\n+++ linux/x.c\n", "x.c", None, "modified"),
        ("Index: b/src/x.c\n=====\n--- a/src/x.c\n+++ b/src/x.c\n", "src/x.c", None, "modified"),
        ("Index: b/src/x.c\n=====\n--- /dev/null\n+++ b/src/x.c\n", "src/x.c", None, "added"),
        ("Index: b/src/x.c\n=====\n--- a/src/x.c\n+++ /dev/null\n", "src/x.c", None, "deleted"),
        ("Index: x.c\n=====\n--- x.c\t(nonexistent)\n+++ x.c\t(working copy)\n", "x.c", None, "added"),
        ("Index: x.c\n=====\n--- x.c\t(revision 12)\n+++ x.c\t(nonexistent)\n", "x.c", None, "deleted"),
        ("Index: x.c\n=====\n--- x.c\t(revision 0)\n+++ x.c\t(revision 0)\n", "x.c", None, "added"),
        ("Index: d/x.c\n=====\nRCS file: /cvs/d/x.c,v\nretrieving revision 1.7\ndiff -u -r1.7 x.c\n--- d/x.c\t1 Mar 2024 10:00:00 -0000\t1.7\n+++ d/x.c\t4 Mar 2024\n", "d/x.c", None, "modified"),
        ("Index: d/x.c\n=====\nRCS file: /cvs/d/x.c,v\nretrieving revision 1.7\ndiff -u -r1.7 x.c\n--- x.c\t1 Mar 2024 10:00:00 -0000\t1.7\n+++ x.c\t4 Mar 2024\n", "d/x.c", None, "modified"),
        ("diff -r 0123 x.c\n--- /dev/null\tThu Jan 01 00:00:00 1970 +0000\n+++ b/x.c\tMon Mar 04 10:00:00 2024 +0000\n", "x.c", None, "added"),
        ("diff -r 0123 x.png\nBinary file x.png has changed\n", "x.png", None, "modified"),
        ("Index: x.png\n=====\nCannot display: file marked as a binary type.\nsvn:mime-type = image/png\n", "x.png", None, "modified"),
        ("diff --git dir/x.c dir/x.c\n--- dir/x.c\n+++ dir/x.c\n", "dir/x.c", None, "modified"),
        ("diff --git dir/x.c dir/x.c\nnew file mode 100644\n--- /dev/null\n+++ dir/x.c\n", "dir/x.c", None, "added"),
        ("diff --git i/x.c w/x.c\n--- i/x.c\n+++ w/x.c\n", "x.c", None, "modified"),
        ("diff --git a/x y b/x y\n--- a/x y\t\n+++ b/x y\t\n", "x y", None, "modified"),
        ('diff --git "a/\\303\\244 \\"q\\"\\t.c" "b/\\303\\244 \\"q\\"\\t.c"\n', 'ä "q"\t.c', None, "modified"),
        ('diff --git "a/\\377" "b/\\377"\n', "\udcff", None, "modified"),
        ("diff --git a/a.c b/b c.c\nsimilarity index 90%\nrename from a.c\nrename to b c.c\n", "b c.c", "a.c", "renamed"),
        ('diff --git a/a.c "b/\\303\\244"\nrename from a.c\nrename to "\\303\\244"\n', "ä", "a.c", "renamed"),
        ("diff --git a/a.c b/b.c\ncopy from a.c\ncopy to b.c\n--- a/a.c\n+++ b/b.c\n", "b.c", "a.c", "copied"),
        ("diff --git a/x b/x\nnew file mode 100644\nindex 000..123\n--- /dev/null\n+++ b/x\n", "x", None, "added"),
        ("diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n", "x", None, "deleted"),
        ("--- /dev/null\n+++ b/x\n", "x", None, "added"),
        ("diff -urN v1/x v2/x\n--- v1/x\t1970-01-01 01:00:00.000000000 +0100\n+++ v2/x\t2005-04-12 02:14:06 -07:00\n", "x", None, "added"),
        ("diff -urN v1/x v2/x\n--- v1/x\t2005-04-12 02:14:06 -07:00\n+++ v2/x\t1969-12-31 16:00:00 -08:00\n", "x", None, "deleted"),
        ("diff --git a/x b/x\r\n--- a/x\r\n+++ b/x\r\n", "x", None, "modified"),
        ("--- /dev/null\n+++ linux-2.6/dir/x\n", "dir/x", None, "added"),
        ("--- x.c.orig\t2020-01-02 03:04:05 +0100\n+++ x.c\t1970-01-01 00:00:00 +0000\n", "x.c", None, "deleted"),
        ("--- x.c\t2020-01-02 03:04:05 +0100\n+++ x.c.new\t2020-01-02 03:04:05 +0100\n", "x.c", None, "modified"),
        ("diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n", "x", None, "modified"),
    ],
)  # fmt: skip
def test_header_names_the_file(header: str, path: str, old_path: str | None, status: str) -> None:
    change = only(header + HUNK)
    assert (change.path, change.old_path, change.status) == (path, old_path, status)
    assert (change.added, change.removed) == (1, 1)


def test_a_new_file_among_names_without_prefix_has_none() -> None:
    text = f"--- dir/x\n+++ dir/x\n{HUNK}--- /dev/null\n+++ dir/y\n{HUNK}--- /dev/null\n+++ b/z\n{HUNK}"
    assert [change.path for change in file_changes(text)] == ["dir/x", "dir/y", "z"]


def test_two_modes_and_nothing_else_is_a_mode_change() -> None:
    file = read_diff("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n").files[0]
    assert (file.change.status, file.old_mode, file.new_mode) == ("mode", "100644", "100755")


def test_a_mode_change_with_lines_is_a_modification() -> None:
    text = "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n--- a/x\n+++ b/x\n" + HUNK
    assert only(text).status == "modified"


@pytest.mark.parametrize(
    "body",
    [
        "index 1..2\nBinary files a/p.png and b/p.png differ\n",
        "index 1..2\nGIT binary patch\nliteral 3\nKc${Nkxx\n\nliteral 5\nKc${Nkyy\n\n",
        "index 1..2\nGIT binary patch\ndelta 3\nKc${Nkxx\n\n",
    ],
)
def test_binary_file_and_the_file_after_it(body: str) -> None:
    text = "diff --git a/p.png b/p.png\n" + body + "diff --git a/x b/x\n--- a/x\n+++ b/x\n" + HUNK
    picture, other = read_diff(text).files
    assert (picture.path, picture.binary, picture.hunks) == ("p.png", True, ())
    assert len(picture.header) == len(
        ("diff --git a/p.png b/p.png\n" + body.rstrip("\n")).split("\n")
    )
    assert (other.path, other.binary, len(other.hunks)) == ("x", False, 1)


def test_hunk_numbers_its_lines() -> None:
    text = "@@ -10,3 +20,3 @@ int f(void)\n a\n-b\n+c\n d\n\\ No newline at end of file\n"
    read = hunk(text)
    assert (read.header, read.section) == ("@@ -10,3 +20,3 @@", "int f(void)")
    assert (read.old_start, read.old_count, read.new_start, read.new_count) == (10, 3, 20, 3)
    assert [(line.kind, line.text, line.old, line.new) for line in read.lines()] == [
        (" ", "a", 10, 20),
        ("-", "b", 11, None),
        ("+", "c", None, 21),
        (" ", "d", 12, 22),
        ("\\", "\\ No newline at end of file", None, None),
    ]
    assert not read.damaged


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("@@ -1,3 +1,2 @@\n a\n--- x\n b\n", " - "),
        ("@@ -1,3 +1,2 @@\n a\n-- \n b\n", " - "),
        ("@@ -1,2 +1,3 @@\n ---\n+++ x\n -- \n", " + "),
        ("@@ -1,3 +1,3 @@\n a\n\n b\n", "   "),
        ("@@ -1,3 +1,3 @@\r\n a\r\n\r\n b\r\n", "   "),
        ("@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n", "+\\"),
        ("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n", "-\\+\\"),
        ("@@ -1,2 +0,0 @@\n-a\n-diff --git a/x b/x\n", "--"),
    ],
)  # fmt: skip
def test_counts_decide_where_a_hunk_ends(body: str, kinds: str) -> None:
    text = "--- a/x\n+++ b/x\n" + body + "-- \n2.39.2\n"
    read = hunk(text)
    assert read.kinds() == kinds
    assert not read.damaged
    assert read.end == len(text.split("\n")) - 3


@pytest.mark.parametrize(
    ("body", "kinds", "after"),
    [
        # counts too large: the text, the next file or a foreign line ends it
        ("@@ -1,9 +1,9 @@\n a\n-b\n", " -", None),
        ("@@ -1,9 +1,9 @@\n a\n", " ", "diff --git a/y b/y\n--- a/y\n+++ b/y\n" + HUNK),
        ("@@ -1,9 +1,9 @@\n a\n", " ", "--- a/y\n+++ b/y\n" + HUNK),
        ("@@ -1,9 +1,9 @@\n a\nSome words.\n\nMore words.\n", " ", None),
        # a line that a mailer broke in two
        ("@@ -1,3 +1,3 @@\n a long\nline\n-b\n+c\n d\n", " ?-+ ", None),
        # an empty line cannot stand where only added lines are left
        ("@@ -0,0 +1,2 @@\n+a\n\nwords\n", "+", None),
        # counts too small: what is over stays outside
        ("@@ -1 +1 @@\n-a\n+b\n+c\n", "-+", None),
    ],
)  # fmt: skip
def test_wrong_counts_and_broken_lines(body: str, kinds: str, after: str | None) -> None:
    diff = read_diff("--- a/x\n+++ b/x\n" + body + (after or ""))
    assert diff.files[0].hunks[0].kinds() == kinds
    assert diff.files[0].hunks[0].damaged == (kinds != "-+")
    assert [file.path for file in diff.files] == (["x", "y"] if after else ["x"])
    if after:
        assert not diff.files[1].hunks[0].damaged


def test_combined_diff() -> None:
    text = (
        "diff --cc x.c\nindex 1,2..3\n--- a/x.c\n+++ b/x.c\n"
        "@@@ -1,4 -1,3 +1,4 @@@ f()\n  a\n -b\n++c\n +d\n- e\n  f\n"
    )
    read = hunk(text)
    assert (read.parents, read.header, read.section) == (2, "@@@ -1,4 -1,3 +1,4 @@@", "f()")
    assert read.kinds() == " -++- "
    assert (read.added, read.removed) == (2, 2)
    assert [line.text for line in read.lines()] == ["a", "b", "c", "d", "e", "f"]
    assert not read.damaged


def test_a_hunk_without_a_file_still_shows() -> None:
    file = read_diff("words\n" + HUNK).files[0]
    assert (file.path, len(file.hunks), file.start, file.header) == ("", 1, 1, ())


def test_words_between_hunks_do_not_part_a_file() -> None:
    file = read_diff("--- a/x\n+++ b/x\n" + HUNK + "words\n" + HUNK).files[0]
    assert [hunk.start for hunk in file.hunks] == [2, 7]
    assert (file.change.added, file.change.removed) == (2, 2)


@pytest.mark.parametrize(
    "text", ["", "\n", "words\n--- not a header\n+++ either\n", "@@ words @@\n", "Index: x\n"]
)
def test_no_diff(text: str) -> None:
    assert read_diff(text).files == ()


# What can begin, end or break a header or hunk, to be strung together.
PIECES = st.sampled_from(
    ["diff --git a/x b/x", "diff --git a/x", "--- a/x", "+++ b/x", "--- ", "+++ ", "@@ -1,2 +1,2 @@", "@@ -1 +0,0 @@",
     "@@@ -1 -1 +1,2 @@@", "@@", "@@@@@@@@@@@@@@@@@@@@@@ -1", "Index: x", "=====", "GIT binary patch", "literal 3",
     "Binary files a and b differ", " a", "-a", "+a", "", "\r", "\\ No newline", "words", "-- ", "rename from x",
     "rename to y", "new file mode 1", 'diff --git "a/\\', '--- "\\777', "diff --cc x", "index "]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=40))
def test_any_text_is_read_and_every_line_has_one_place(pieces: list[str]) -> None:
    diff = read_diff("\n".join(pieces))
    check_places(diff)


def check_places(diff: Diff) -> None:
    end = 0
    for file in diff.files:
        assert end <= file.start
        assert diff.lines[file.start : file.start + len(file.header)] == file.header
        end = file.start + len(file.header)
        for hunk in file.hunks:
            assert end <= hunk.start
            assert diff.lines[hunk.start + 1 : hunk.end] == hunk.rows
            assert len(hunk.kinds()) == len(hunk.rows) == len(list(hunk.lines()))
            assert (hunk.added, hunk.removed) == (hunk.kinds().count("+"), hunk.kinds().count("-"))
            end = hunk.end
    assert end <= len(diff.lines)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([" a", "-b", "+c", "--- x", "+++ y", " @@", "-", "+"]), min_size=1),
    st.lists(
        st.text(st.characters(exclude_characters="\n\0", codec="utf-8"), min_size=1), max_size=3
    ),
)
def test_a_well_formed_hunk_is_read_whole(body: list[str], after: list[str]) -> None:
    old = sum(line[0] in " -" for line in body)
    new = sum(line[0] in " +" for line in body)
    after = [line for line in after if not line.startswith(("\\ ", "@@"))]
    head = ["diff --git a/x b/x", "--- a/x", "+++ b/x", f"@@ -1,{old} +1,{new} @@"]
    # Only what no hunk can hold may end one early.
    triple = any(
        a.startswith("--- ") and b.startswith("+++ ") and c.startswith("@@")
        for a, b, c in zip(body, body[1:], body[2:], strict=False)
    )
    assert not triple
    read = read_diff("\n".join(head + body + after)).files[0].hunks[0]
    assert list(read.rows) == body
    assert not read.damaged


@pytest.mark.parametrize(
    "text",
    [
        "@@ -1,999999999 +1,999999999 @@\n" * 20_000,
        "--- a\n+++ b\n@@ -1 +1 @@\n" * 10_000,
        'diff --git "' + "\\" * 500_000,
        'diff --git "a' + '" "' * 200_000,
        "--- a" + " 1" * 250_000 + "\n+++ b\n@@ -1 +1 @@\n-a\n+b\n",
        "GIT binary patch\nliteral 1\n" * 50_000,
        "@" * 500_000 + " -1" * 100_000,
    ],
    ids=["counts", "files", "backslashes", "quotes", "blanks", "binary", "ats"],
)
def test_hostile_text_is_read_in_linear_time(text: str) -> None:
    start = time.process_time()
    check_places(read_diff(text))
    assert time.process_time() - start < 2  # well under 0.3 s; quadratic ones take minutes


def numstat(patch: bytes) -> list[tuple[int, int, str]] | None:
    """Return git's numstat of a patch; None where git refuses it."""
    done = subprocess.run(
        ["git", "apply", "--numstat", "-z"], input=patch, capture_output=True, cwd="/"
    )
    if done.returncode:
        return None
    found = []
    for record in done.stdout.split(b"\0")[:-1]:
        added, removed, name = record.split(b"\t", 2)
        found.append((
            0 if added == b"-" else int(added),
            0 if removed == b"-" else int(removed),
            name.decode("utf-8", "surrogateescape"),
        ))  # fmt: skip
    return found


def counted(patch: bytes) -> list[tuple[int, int, str]]:
    changes = file_changes(patch.decode("utf-8", "surrogateescape"))
    return [(change.added, change.removed, change.path) for change in changes]


GIT_CASES = sorted((SHARED / "mails/git-t/data").glob("t4100/*.patch")) + sorted(
    (SHARED / "mails/git-t/data").glob("t4135/*.diff")
)

DIFFERS_FROM_GIT = {
    # git takes the quotes of the name itself for C quotes, and drops what follows them
    "diff-with quote.diff": [(1, 1, '"postimage".txt')],
}


@pytest.mark.parametrize(
    "path", GIT_CASES or [None], ids=lambda path: path.name if path else "none"
)
def test_odd_patches_are_counted_as_git_counts(path: Path | None) -> None:
    if path is None:
        pytest.skip("git's own test patches are not here (../shared/mails)")
    patch = path.read_bytes()
    expected = DIFFERS_FROM_GIT.get(path.name, numstat(patch))
    assert counted(patch) == expected
    if path.name in DIFFERS_FROM_GIT:
        assert expected != numstat(patch), "git agrees now: strike it off the list"


def test_real_patches_are_counted_as_git_counts(tmp_path: Path) -> None:
    bundle = SHARED / "archives/kvm-ppc.bundle"
    if not bundle.exists():
        pytest.skip("the kvm-ppc archive is not here (../shared/archives)")
    repository = tmp_path / "epoch.git"
    subprocess.run(["git", "clone", "-q", "--bare", bundle, repository], check=True)
    import pygit2

    from core.mail.message import parse_mail

    opened = pygit2.Repository(str(repository))
    compared = refused = 0
    for commit in opened.walk(opened.head.target):
        if compared >= 500:
            break
        blob = commit.tree / "m" if "m" in commit.tree else None
        if not isinstance(blob, pygit2.Blob) or b"\ndiff --git" not in blob.data:
            continue
        mail = parse_mail(blob.data)
        if not mail.body.diff or mail.message.subject.is_reply:
            continue
        patch = mail.body.diff.encode("utf-8", "surrogateescape")
        theirs = numstat(patch)
        if theirs is None:
            refused += 1
            continue
        assert counted(patch) == theirs, mail.message.message_id
        compared += 1
    assert compared == 500
    assert refused < 25
