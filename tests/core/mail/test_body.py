from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mail.body import find_patch, read_in_body_headers, split_body
from core.mail.part_decoding import decode_format_flowed, html_to_text
from core.model import Body

DIFF = """\
diff --git a/f b/f
index 1111111..2222222 100644
--- a/f
+++ b/f
@@ -1,3 +1,3 @@
 one
-two
+2
 three
"""
STAT = " f | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n"


def test_a_patch_has_its_parts() -> None:
    text = f"Why.\n\nSigned-off-by: A <a@b>\n---\nv2: less\n\n{STAT}{DIFF}-- \n2.49.0\n\n"
    assert split_body(text) == Body(
        message="Why.\n\nSigned-off-by: A <a@b>\n",
        notes="v2: less\n\n",
        diffstat=STAT,
        diff=DIFF,
        signature="2.49.0\n\n",
    )


@pytest.mark.parametrize(
    ("begin", "rest"),
    [
        (DIFF, DIFF),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n", None),
        ("diff -urN a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n", None),
        ("diff -c a/f b/f\n*** a/f\n--- b/f\n", None),
        ("Index: f\n=======\n--- f\n+++ f\n@@ -1 +1 @@\n-a\n+b\n", None),
        ("diff --git a/f b/f\nold mode 100644\nnew mode 100755\n", None),
        ("diff --git a/f b/f\nGIT binary patch\nliteral 1\nIcmZQz00aO5\n\nliteral 0\n", None),
    ],
)
def test_a_diff_without_dashes_before_it_ends_the_message(begin: str, rest: str | None) -> None:
    body = split_body(f"Why.\n{begin}")
    assert (body.message, body.diff) == ("Why.\n", rest or begin)
    assert split_body(begin).diff == begin


@pytest.mark.parametrize(
    "text",
    [
        "Hello.\n---\nNo patch here.\n",
        "--- On Monday, X wrote:\nsomething\n",
        "> diff --git a/f b/f\n> --- a/f\n> +++ b/f\n> @@ -1 +1 @@\n",
        " diff --git a/f b/f\n --- a/f\n +++ b/f\n",
        "----\nfour dashes\n",
        "",
        "\n\n",
    ],
)
def test_without_a_diff_all_is_message(text: str) -> None:
    assert find_patch(text) is None
    assert split_body(text) == Body(message=text.lstrip("\n"))


def test_dashes_as_git_reads_them() -> None:
    # Four dashes and a blank line with dashes further in are text; three with blanks behind end the message.
    text = f"a\n----\n ---\n---x\n---  \nnote\n---\nmore\n{DIFF}"
    body = split_body(text)
    assert body.message == "a\n----\n ---\n---x\n"
    assert body.notes == "note\n---\nmore\n"
    # "--- name" ends it too, even where it is none of a patch.
    assert split_body(f"a\n--- name\nb\n{DIFF}").message == "a\n"


def test_what_looks_like_an_end_within_a_hunk_is_none() -> None:
    hunk = "@@ -1,5 +1,4 @@\n one\n-- \n--- \n \n+-- \n two\n"
    diff = f"--- a/f\n+++ b/f\n{hunk}"
    body = split_body(f"a\n---\n{diff}-- \n2.49\n")
    assert body.diff == diff
    assert body.signature == "2.49\n"
    assert split_body(f"a\n---\n{diff}").diff == diff


def test_a_signature_between_two_patches_ends_nothing() -> None:
    # Two attached patches, joined
    body = split_body(f"a\n---\n{DIFF}-- \n2.49\n{DIFF}-- \n2.50\n")
    assert body.diff == f"{DIFF}-- \n2.49\n{DIFF}"
    assert body.signature == "2.50\n"
    mode = "diff --git a/g b/g\nold mode 100644\nnew mode 100755\n"
    assert split_body(f"a\n---\n{DIFF}-- \n2.49\n{mode}").signature == ""
    bare = "--- a/g\n+++ b/g\n@@ -1 +1 @@\n-a\n+b\n"
    assert split_body(f"a\n---\n{DIFF}-- \n2.49\n{bare}").signature == ""


def test_a_hunk_that_is_cut_short_ends_before_the_signature() -> None:
    diff = "--- a/f\n+++ b/f\n@@ -1,9 +1,9 @@\n one\n"
    body = split_body(f"a\n---\n{diff}\nfoo\n-- \n2.49\n")
    assert body.diff == f"{diff}\nfoo\n"
    assert body.signature == "2.49\n"


def test_a_reply_ends_at_its_signature_unless_it_answers_below() -> None:
    assert split_body("a\n-- \nAda\n") == Body(message="a\n", signature="Ada\n")
    assert split_body("a\n-- \nAda\n\n> b\n").signature == ""


@pytest.mark.parametrize(
    ("text", "headers", "message"),
    [
        ("From: A <a@b>\n\nWhy.\n", [("From", "A <a@b>")], "Why.\n"),
        ("\n\nFrom: A <a@b>\n\nWhy.\n", [("From", "A <a@b>")], "Why.\n"),
        (
            "from: A <a@b>\nSUBJECT: a\n b\n\tc\nDate: now\n\nWhy.\n",
            [("From", "A <a@b>"), ("Subject", "a b c"), ("Date", "now")],
            "Why.\n",
        ),
        # Each counts once; the second, like any other header, begins the message.
        (
            "From: A <a@b>\nFrom: B <b@c>\n\nWhy.\n",
            [("From", "A <a@b>")],
            "From: B <b@c>\n\nWhy.\n",
        ),
        ("From: A <a@b>\nX-Y: z\n", [("From", "A <a@b>")], "X-Y: z\n"),
        ("From: A <a@b>\n\n\nWhy.\n", [("From", "A <a@b>")], "\nWhy.\n"),
        ("Why.\nFrom: A <a@b>\n", [], "Why.\nFrom: A <a@b>\n"),
        (" From: A <a@b>\n", [], " From: A <a@b>\n"),
        ("> From: A <a@b>\n", [], "> From: A <a@b>\n"),
        ("[PATCH] a\n\nWhy.\n", [("Subject", "[PATCH] a")], "Why.\n"),
        ("[PATCH v2] a\n\nWhy.\n", [], "[PATCH v2] a\n\nWhy.\n"),
        (
            f">From {'0a' * 20} Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\n\nWhy.\n",
            [("From", "A <a@b>")],
            "Why.\n",
        ),
        (
            f"From {'0a' * 20} Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\n\nWhy.\n",
            [("From", "A <a@b>")],
            "Why.\n",
        ),
        (">From the beginning\n", [], ">From the beginning\n"),
        ("From: A", [("From", "A")], ""),
        ("", [], ""),
    ],
)
def test_in_body_headers(text: str, headers: list[tuple[str, str]], message: str) -> None:
    found, start = read_in_body_headers(text)
    assert list(found) == headers
    assert text[start:] == message
    body = split_body(f"{text}{DIFF}" if text.endswith("\n") else text)
    assert body.in_body_headers == found
    assert body.message == message


def test_a_reply_has_no_in_body_headers() -> None:
    text = f"\nFrom: A <a@b>\n\nWhy.\n---\n{DIFF}"
    body = split_body(text, in_body_headers=False)
    assert body.in_body_headers == ()
    assert body.message == "From: A <a@b>\n\nWhy.\n"


LINES = st.sampled_from(
    [
        "",
        "a",
        "---",
        "--- a/f",
        "+++ b/f",
        "-- ",
        "@@ -1,2 +1 @@",
        " f | 1 +",
        " 1 file changed",
        "diff --git a/f b/f",
        "diff -u",
        "Index: f",
        "From: A <a@b>",
        "Subject: x",
        " x",
        "-x",
        "+x",
        "> x",
        "[PATCH] x",
        "\\ No newline at end of file",
        "\r",
    ]
)


@given(st.lists(LINES, max_size=25).map("\n".join) | st.text(max_size=80))
def test_the_parts_are_the_text_again(text: str) -> None:
    body = split_body(text)
    _, start = read_in_body_headers(text)
    rest = text[start:]
    assert rest.startswith(body.message)
    rest = rest[len(body.message) :]
    after = body.notes + body.diffstat + body.diff
    if not rest.startswith(after):  # there is a line `---` before the notes
        line, _, rest = rest.partition("\n")
        assert line.rstrip() == "---"
    assert rest.startswith(after)
    rest = rest[len(after) :]
    assert rest == (f"-- \n{body.signature}" if rest else "")


@pytest.mark.parametrize(
    ("flowed", "whole"),
    [
        ("a \nb\n", "a b\n"),
        ("a \nb \nc\n", "a b c\n"),
        (" From x\n  y\n", "From x\n y\n"),
        ("> a \n> b\n> c\n", "> a b\n> c\n"),
        (">> a \n> b\n", ">> a \n> b\n"),
        (">a\n>\n", "> a\n>\n"),
        ("a \n-- \nAda\n", "a \n-- \nAda\n"),
        ("a \n", "a "),
        ("", ""),
    ],
)
def test_flowed_text_is_made_whole(flowed: str, whole: str) -> None:
    assert decode_format_flowed(flowed) == whole


def test_the_blank_of_a_soft_break_may_be_dropped() -> None:
    assert decode_format_flowed("日 \n本\n", delsp=True) == "日本\n"


def test_a_flowed_patch_is_made_whole() -> None:
    short = "\n@@ -1,2 +1,2 @@\n  one\n-two\n+2\n"
    assert decode_format_flowed(short) == "\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    flowed = "\n@@ -1,2 +1,2 @@ void \nf(int a)\n  one\n-two\n+2\n"
    assert decode_format_flowed(flowed) == "\n@@ -1,2 +1,2 @@ void f(int a)\n one\n-two\n+2\n"


def test_a_patch_that_only_claims_to_be_flowed_is_left_alone() -> None:
    patch = "\n@@ -1,2 +1,2 @@\n \tone\n-two\n+2 \n"
    assert decode_format_flowed(patch) == patch


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Hello <b>you</b></p><p>Bye", "Hello you\n\nBye\n"),
        ("a<br>b<br/>c", "a\nb\nc\n"),
        (
            "<style>x{}</style><script>1<2</script>a &lt;b&gt; &amp; &#233;&#x1F600; &nbsp;c",
            "a <b> & é😀  c\n",
        ),
        ("<!-- no --><!DOCTYPE x><pre>a  b\n c</pre>", "a  b\nc\n"),
        ("a < b", "a < b\n"),
        ("&#99999999999; &bogus; &", "&#99999999999; &bogus; &\n"),
        ("<a", "\n"),
        ("", "\n"),
    ],
)
def test_html_becomes_readable(source: str, text: str) -> None:
    assert html_to_text(source) == text
