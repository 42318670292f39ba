"""Where each remark of a reply stands in the patch it answers, and that none gets lost."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.mail.message import parse_mail
from core.model import OpenedMessage
from core.series.quoting import reply_blocks
from core.series.review_comments import ReplyInThread, ReviewComment, place_comments
from tests.core.series.comment_truth import judge
from tests.core.series.test_oracles import make_repository
from tests.core.shared_mails import shared

PATCH = """\
The wick was only trimmed after it had smoked, which nobody who sits by
the lamp can want; trim it before.

Signed-off-by: Ada <ada@example.org>
---
v2: nothing that matters

 wick.c | 6 +++---

diff --git a/wick.c b/wick.c
--- a/wick.c
+++ b/wick.c
@@ -10,7 +10,8 @@ static int wick_trim(struct wick *wick)
 \tif (!wick)
 \t\treturn -EINVAL;
-\twick->height -= 1;
+\twick->height -= by;
+\tif (wick->height < 0 && wick->colour != BLACK)
+\t\treturn -ERANGE;

 \treturn 0;
 }
@@ -40,3 +41,4 @@ static int wick_light(struct wick *wick)
 \tif (!wick)
 \t\treturn -EINVAL;
+\twick->lit = true;
 \treturn 0;
"""


def mail(text: str, name: str = "patch", subject: str = "[PATCH] wick: trim it") -> OpenedMessage:
    raw = (
        f"From: {name} <{name}@example.org>\nSubject: {subject}\nMessage-ID: <{name}@example.org>\n"
        f"Date: Mon, 2 Jun 2025 21:26:45 +0200\nContent-Type: text/plain; charset=utf-8\n\n{text}"
    )
    return parse_mail(raw.encode(), name)


def read(*replies: tuple[str, int] | str, patch: str = PATCH) -> list[ReviewComment]:
    answers = [
        ReplyInThread(mail(*(reply if isinstance(reply, tuple) else (reply,))[:1], f"r{at}", "Re: x"),
               reply[1] if isinstance(reply, tuple) else 0)
        for at, reply in enumerate(replies)
    ]  # fmt: skip
    return place_comments(mail(patch), answers)


def under(remark: ReviewComment, patch: str = PATCH) -> str | None:
    """Return the line of the patch that a remark stands under."""
    if remark.place is None:
        return None
    part: str = getattr(mail(patch).body, remark.place.part)
    return part.split("\n")[remark.place.line]


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        ("On Monday Ada wrote:\n> +\twick->height -= by;\n\nWhat?", "+\twick->height -= by;"),
        (">+\twick->height -= by;\nWhat?", "+\twick->height -= by;"),
        ("> +        wick->height -= by;\nWhat?", "+\twick->height -= by;"),
        ("> trim it before.\n\nWhat?", "the lamp can want; trim it before."),
        ("> the lamp can want; trim it before.\n>\nWhat?", "the lamp can want; trim it before."),
        ("> Signed-off-by: Ada <ada@example.org>\nWhat?", "Signed-off-by: Ada <ada@example.org>"),
        ("> v2: nothing that matters\nWhat?", "v2: nothing that matters"),
        (">  wick.c | 6 +++---\nWhat?", " wick.c | 6 +++---"),
        # The same lines twice: those after them tell, or the header before them, or that it is the first.
        (">  \tif (!wick)\n>  \t\treturn -EINVAL;\n> +\twick->lit = true;\n\nWhat?", "+\twick->lit = true;"),
        ("> @@ -40,3 +41,4 @@ static int wick_light(struct wick *wick)\n>  \tif (!wick)\n\nWhat?", " \tif (!wick)~2"),
        ("> +\twick->height -= by;\n[...]\n>  \treturn 0;\n\nWhat?", " \treturn 0;~1"),
        (">  \treturn 0;\n>  }\n> @@ -40,3 +41,4 @@ static int wick_light(struct wick *wick)\n[snip]\n>  \treturn 0;\n\nWhat?", " \treturn 0;~2"),
        # A quote of another version: the line had another sign.
        (">  \twick->height -= by;\n\nWhat?", "+\twick->height -= by;"),
        # Wrapped anew, and broken by a mailer.
        ("> The wick was only trimmed after it had smoked,\n> which nobody who sits by the lamp can want;\n\nWhat?",
         "the lamp can want; trim it before."),
        ("> +\tif (wick->height < 0 && wick->colour\n!= BLACK)\n\nWhat?", "+\tif (wick->height < 0 && wick->colour != BLACK)"),
        ("> +\tif (wick->height < 0 &&\n> wick->colour != BLACK)\n\nWhat?", "+\tif (wick->height < 0 && wick->colour != BLACK)"),
        # A blank line that is the diff's own.
        ("> +\t\treturn -ERANGE;\n>\n\nWhat?", ""),
        # Two marks: what answers a mail that is not here.
        ("> > +\twick->height -= by;\n>\n> Hm.\n\nWhat?", "+\twick->height -= by;"),
        ("-----Original Message-----\nFrom: Ada\n+\twick->height -= by;\n", None),
        ("> never seen anywhere\n\nWhat?", None),
        ("What?", None),
        ("What?\n\nOn Monday Ada wrote:\n> +\twick->height -= by;\n", None),
    ],
)  # fmt: skip
def test_where_a_remark_stands(reply: str, line: str | None) -> None:
    found = [remark for remark in read(reply) if "What?" in "\n".join(remark.lines)]
    if "Original" in reply:
        assert read(reply) == []
        return
    (remark,) = found
    wanted, _, which = line.partition("~") if line is not None else ("", "", "")
    assert under(remark) == (wanted if line is not None else None)
    assert not any("wick->colour" in said or "!= BLACK" in said for said in remark.lines)
    if which:
        assert remark.place is not None
        lines = mail(PATCH).body.diff.split("\n")
        same = [at for at, text in enumerate(lines) if text == wanted]
        assert same.index(remark.place.line) == int(which) - 1


def test_a_discussion_is_in_order_below_its_line() -> None:
    first = "> +\twick->height -= by;\n\nWhy not one?\n\n> +\twick->lit = true;\n\nLit already."
    answer = "> > +\twick->height -= by;\n>\n> Why not one?\n\nOne is too slow.\n\n> Lit already.\n\nNot always."
    last = "> > > +\twick->height -= by;\n> > Why not one?\n> One is too slow.\n\nThen two."
    other = "> +\twick->height -= by;\n\nI like it."
    found = read(first, (answer, 1), (last, 2), other)
    assert [(remark.depth, remark.lines[-1], under(remark)) for remark in found] == [
        (0, "Why not one?", "+\twick->height -= by;"),
        (1, "One is too slow.", "+\twick->height -= by;"),
        (2, "Then two.", "+\twick->height -= by;"),
        (0, "I like it.", "+\twick->height -= by;"),
        (0, "Lit already.", "+\twick->lit = true;"),
        (1, "Not always.", "+\twick->lit = true;"),
    ]


def test_what_has_no_place_comes_last_and_once_a_mail() -> None:
    found = read(
        "Top.\n\n> nowhere\n\nBelow nowhere.\n\n> trim it\n> +\twick->lit = true;\n\nThere.\n-- \nBo"
    )
    assert [(remark.lines, under(remark)) for remark in found] == [
        (("There.",), "+\twick->lit = true;"),
        (("Top.", "", "> nowhere", "Below nowhere."), None),
    ]  # fmt: skip


def test_a_greeting_goes_with_what_is_said_next() -> None:
    (found,) = read("Hi Ada,\n\nOn Mon, 2 Jun 2025, Ada wrote:\n> +\twick->lit = true;\n\nWhy?")
    assert found.lines == ("Hi Ada,", "", "Why?")


def test_a_greeting_may_stand_below_who_wrote_the_quote() -> None:
    (found,) = read("On 02.06.25 21:26, Ada wrote:\n\nHi,\n\n> +\twick->lit = true;\n\nWhy?")
    assert found.lines == ("Hi,", "", "Why?")


def test_a_quote_of_a_part_of_a_very_long_line_is_found() -> None:
    long = "Some mailers write a paragraph as one line. " * 20 + "That one ends here, with a point."
    (found,) = read(
        "> That one ends here, with a point.\n\nGood.",
        patch=f"{long}\n---\n{PATCH.partition('---')[2]}",
    )
    assert found.place == ("message", 0)


@pytest.mark.parametrize(
    "block",
    [
        "From: Ada <a@b>\nSent: Monday, March 4\nTo: x@y\nCc: z@y\nSubject: x\n",
        "________________________________\nVon: Ada\nGesendet: Montag\nAn: x@y\nBetreff: x\n",
        "*From:* Ada <a@b>\n*Sent:* Monday\n*To:* x@y\n",
    ],
)
def test_a_mail_quoted_below_a_block_of_headers_is_quoted(block: str) -> None:
    (comment,) = read(f"Why so?\n\n{block}\n+\twick->height -= by;\n")
    assert comment.lines == ("Why so?",)


@pytest.mark.parametrize(
    "said",
    [
        "On Mon, 2 Jun 2025 at 21:26, Ada <ada@example.org> wrote:",
        "On Mon, Jun 02, 2025 at 09:26:45PM +0200,\nAda <ada@example.org> wrote:",
        "Ada <ada@example.org> writes:",
        "Excerpts from Ada's message of June 2, 2025 9:26 pm:",
        "Ada Wren's on June 2, 2025 9:26 pm:",
        "Am 02.06.25 um 21:26 schrieb Ada:",
        "Le lun. 2 juin 2025, Ada a écrit :",
        # A mailer broke the very word.
        "On 02/06/2025 21:26, Ada wr\note:",
    ],
)
def test_who_wrote_what_is_no_remark(said: str) -> None:
    assert list(reply_blocks(f"{said}\n> a quote\n\nWords.")) == list(
        reply_blocks("> a quote\n\nWords.")
    )


def test_footers_and_signatures_are_no_remarks_but_long_ones_are() -> None:
    footer = "_" * 47 + "\nlamp mailing list\nhttps://lists.example.org/lamp\n"
    assert [p.lines for p in reply_blocks(f"> q\nWords.\n{footer}")] == [("Words.",)]
    assert [p.lines for p in reply_blocks("> q\nWords.\n-- \nBo\n")] == [("Words.",)]
    code = "\n".join(f"line {n}" for n in range(40))
    assert [len(p.lines) for p in reply_blocks(f"> q\nWords.\n-- \n{code}\n")] == [42]


# ------------------------------------------------------------- nothing is lost, whatever comes

_QUOTES = st.sampled_from(
    [f"> {line}" for line in PATCH.split("\n")] + ["> > x y z", ">", "> [...]"]
)
_WORDS = st.from_regex(r"[a-z]{3,8} [a-z]{3,8} [0-9]{4}\.", fullmatch=True)
_REPLY = st.lists(st.one_of(_QUOTES, _WORDS, st.just("")), max_size=30).map("\n".join)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(_REPLY, st.integers(0, 3)), max_size=4))
def test_every_word_of_every_reply_is_somewhere(replies: list[tuple[str, int]]) -> None:
    found = read(*replies)
    said = [line for remark in found for line in remark.lines]
    for text, _ in replies:
        for line in text.split("\n"):
            if line.endswith(".") and not line.startswith(">"):
                assert line in said, line
    places = [remark.place for remark in found]
    assert None not in places[: sum(place is not None for place in places)], "those without last"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400), st.text(max_size=400))
def test_anything_can_be_read(patch: str, reply: str) -> None:
    for remark in read(
        reply.encode("utf-8", "replace").decode(), patch=patch.encode("utf-8", "replace").decode()
    ):
        under(remark, patch)


@pytest.mark.parametrize("quote", ["> +}\n", "> +}\n\nx y z\n\n", "> " + "a b " * 50 + "\n", ">" * 60 + "\n"])  # fmt: skip
def test_time_is_linear(quote: str) -> None:
    def took(count: int) -> float:
        body = f"x\n---\n--- a/x\n+++ b/x\n@@ -0,0 +1,{count} @@\n" + "+}\n" * count
        patch, reply = mail(body), ReplyInThread(mail(quote * (count // 4), "r", "Re: x"), 0)
        spent = []
        for _ in range(3):
            started = time.process_time()
            place_comments(patch, [reply])
            spent.append(time.process_time() - started)
        return min(spent)

    assert took(40_000) < 8 * max(took(10_000), 0.01)


# ------------------------------------------------------------- made archives


def test_the_truth_of_a_made_archive(tmp_path: Path) -> None:
    maker = shared("tools/make_archive.py")
    repo, out = tmp_path / "repo.git", tmp_path / "archive"
    repo.mkdir()
    make_repository(repo)
    made = [
        sys.executable,
        str(maker),
        "--repo",
        str(repo),
        "--target",
        "100000",
        "--out",
        str(out),
    ]
    subprocess.run([*made, "--pi"], check=True, capture_output=True, timeout=100)
    told, right, lost = judge(out)
    assert told > 50
    assert right >= 0.98 * told
    assert not lost
