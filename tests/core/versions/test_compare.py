"""The kinds of change of a pair, and lines that went from one patch to another."""

from __future__ import annotations

import json

import pytest

from core.model import Trailer
from core.versions.compare import PairChange, compare_patches, moved_between, tag_changes
from core.versions.comparison import (
    Comparison,
    VersionMails,
    compare,
    from_record,
    pair_interdiffs,
    to_record,
)
from core.versions.content import PatchContent, message_lines
from core.versions.formats.text import file_lines
from core.versions.interdiff import interdiff
from tests.core.versions.patches import diff, lines, mail, patch

A = diff("a.c", " a", "+b", " c")


def change_of(old: PatchContent, new: PatchContent) -> PairChange:
    (found,) = compare_patches([old], [new])
    return found


@pytest.mark.parametrize(
    ("new", "kinds"),
    [
        (patch("t", A), []),
        (patch("t", diff("a.c", " a", "+b", " c", start=70)), []),
        (patch("t", diff("a.c", " other", "+b", " c")), ["rebased"]),
        (patch("t", diff("a.c", " a", " a", " a", "+b", " c", " c", " c")), ["rebased"]),
        (patch("t", diff("a.c", " a", "+bb", " c")), ["code"]),
        (patch("t", diff("a.c", " a", "+ b ", " c")), ["code", "whitespace"]),
        (patch("t", diff("b.c", " a", "+b", " c")), ["code"]),
        (patch("another", A), ["message"]),
        (patch("t", A, message="For another reason."), ["message"]),
        (patch("t", A, message="Because. \n"), []),
        (patch("t", A, sender="Eve <eve@example.org>"), ["author"]),
        (patch("t", A, sender="Ada <ADA@example.org>"), []),
        (patch("t", A, tags=("Signed-off-by: Ada <ada@example.org>", "Link: x")), ["tags"]),
        (patch("t", diff("a.c", " a", "+b", " c"), diff("d.c", "+d")), ["code"]),
        (patch("t", A, "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n"), ["mode"]),
        (patch("t", diff("a.c", "-c", "+a", "+b", "+c")), ["code"]),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_told(new: PatchContent, kinds: list[str]) -> None:
    assert list(change_of(patch("t", A), new).change) == kinds


def test_another_diff_of_the_same_change_is_no_change_in_code() -> None:
    old = patch("t", diff("a.c", " x", "+y", "+}", "+z", " }"))
    new = patch("t", diff("a.c", " x", "+y", " }", "+z", "+}"))
    assert change_of(old, new).change == ("rebased",)


BINARY = (
    "diff --git a/x.png b/x.png\nindex {}..{} 100644\nBinary files a/x.png and b/x.png differ\n"
)


def test_a_binary_file_changed_where_its_new_content_did() -> None:
    one, rebased, other = (
        patch("t", BINARY.format(old, new))
        for old, new in [("1111111", "2222222"), ("3333333", "22222222"), ("1111111", "4444444")]
    )
    assert change_of(one, rebased).change == ()
    assert change_of(one, other).change == ("binary",)


def test_a_git_binary_patch_is_compared_by_its_data() -> None:
    text = "diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 5\nMc{}\n\nliteral 3\nKc${}\n\n"
    one, reverse, other = (patch("t", text.format(*each)) for each in ["ab", "ax", "xb"])
    assert change_of(one, reverse).change == ()
    assert change_of(one, other).change == ("binary",)


def test_a_damaged_diff_is_compared_as_text_and_said_to_be_damaged() -> None:
    broken = "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n a\n+b is long and\nwrapped\n c\n"
    found = change_of(patch("t", A), patch("t", broken))
    assert "code" in found.change
    assert found.notes == ("damaged diff",)


def test_a_combined_diff_is_said_to_be_one() -> None:
    combined = (
        "diff --cc a.c\nindex 1,2..3\n--- a/a.c\n+++ b/a.c\n@@@ -1,1 -1,1 +1,2 @@@\n  a\n++b\n"
    )
    found = change_of(patch("t", combined), patch("t", combined.replace("++b", "++c")))
    assert found.change == ("code",)
    assert found.notes == ("combined diff",)


def test_tags_are_new_dropped_or_changed() -> None:
    ada = Trailer("Reviewed-by", "Ada <ada@example.org>")
    moved = Trailer("Reviewed-by", "Ada <ada@other.example>")
    eve = Trailer("Acked-by", "Eve <eve@example.org>")
    cc = Trailer("Cc", "x@example.org")
    found = tag_changes([ada, cc], [moved, eve])
    assert (found.new, found.dropped, found.changed) == ((eve,), (cc,), ((ada, moved),))


def test_another_reviewer_is_no_changed_tag() -> None:
    ada, eve = (Trailer("Reviewed-by", f"{name} <{name}@example.org>") for name in ("Ada", "Eve"))
    found = tag_changes([ada], [eve])
    assert (found.new, found.dropped, found.changed) == ((eve,), (ada,), ())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Why.\n\nFixes: 1 (\"x\")\nSigned-off-by: A <a@b.c>\n", ["Why."]),
        ("Why.\n\nTested-by: looks like one\n\nbut more follows.\n", ["Why.", "", "Tested-by: looks like one", "", "but more follows."]),
        ("Why.\n\nCc: A <a@b.c>,\n B <b@c.d>\n[ada: fixed it]\nSigned-off-by: A <a@b.c>\n", ["Why.", "", "[ada: fixed it]"]),
        ("", []),
    ],
)  # fmt: skip
def test_the_message_is_what_is_no_trailer(text: str, kept: list[str]) -> None:
    assert list(message_lines(text)) == kept


def test_a_line_that_one_patch_lost_and_another_gained_moved_there() -> None:
    old = [
        patch("one", diff("a.c", *lines("a", 5), "+\thelper();")),
        patch("two", diff("b.c", *lines("b", 5))),
    ]
    new = [
        patch("one", diff("a.c", *lines("a", 5))),
        patch("two", diff("b.c", *lines("b", 5), "+\thelper();")),
    ]
    files = {at: interdiff(old[at], new[at]) for at in range(2)}
    assert moved_between(files) == ({"\thelper();": 1}, {"\thelper();": 0})


def test_a_line_that_other_patches_add_too_did_not_move() -> None:
    old = [
        patch("one", diff("a.c", *lines("a", 5), "+\treturn 1;")),
        patch("two", diff("b.c", *lines("b", 5), "+\treturn 1;", "+}")),
    ]
    new = [
        patch("one", diff("a.c", *lines("a", 5))),
        patch("two", diff("b.c", *lines("b", 5), "+\treturn 1;", "+}", "+\treturn 1;")),
    ]
    files = {at: interdiff(old[at], new[at]) for at in range(2)}
    assert moved_between(files) == ({}, {})


def test_files_as_they_were_are_one_line_and_other_context_is_said() -> None:
    old = [patch("one", diff("a.c", "+a"), diff("b.c", "+b"), diff("c.c", " x", "+c"))]
    new = [patch("one", diff("a.c", "+a"), diff("b.c", "+b"), diff("c.c", " y", "+c"))]
    comparison = Comparison(pairs=compare_patches(old, new))
    (pair,) = pair_interdiffs(comparison, old, new)
    found = list(file_lines(pair, "v1", "v2"))
    assert found == ["", "… 2 files as in v1", "", "c.c (as in v1, in other context)"]


def version(number: int, *patches: str) -> VersionMails:
    return VersionMails(
        version=number,
        cover=None,
        patches=tuple(
            (at, mail(f"patch {at}", text, number=at)) for at, text in enumerate(patches, 1)
        ),
    )


def test_pair_interdiffs_name_the_patch_that_a_line_went_to() -> None:
    a, b = diff("a.c", *lines("a", 5)), diff("b.c", *lines("b", 5))
    old = version(1, diff("a.c", *lines("a", 5), "+\thelper();"), b)
    new = version(2, a, diff("b.c", *lines("b", 5), "+\thelper();"))
    found = pair_interdiffs(compare(old, new), old.contents(), new.contents())
    assert [pair.moved_to for pair in found] == [{"\thelper();": "patch 2"}, {}]
    assert [pair.moved_from for pair in found] == [{}, {"\thelper();": "patch 1"}]


def test_a_comparison_survives_its_record() -> None:
    old = version(1, A, diff("b.c", *lines("b", 9)), diff("gone.c", *lines("g", 9)))
    new = version(2, diff("a.c", "+z"), diff("b.c", *lines("b", 9), "+\udcff"))
    found = compare(old, new)
    assert len(found.pairs) == 3
    assert from_record(json.loads(json.dumps(to_record(found)))) == found


@pytest.mark.parametrize("record", [{}, {"pairs": [{}], "changelog": []}, {"pairs": 1}])
def test_a_record_of_something_else_is_refused(record: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_record(record)
