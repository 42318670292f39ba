"""The text of a reply, and that our own reader puts each comment back on its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mail.message import parse_mail
from core.model import OpenedMessage
from core.reply.anchors import anchor_of, resolve
from core.reply.compose import compose_text, full_quote, with_trailers, wrap_text
from core.reply.draft import Anchor, DraftComment
from core.reply.message import build_message
from core.series.review_comments import PARTS, PatchLine, ReplyInThread, place_comments
from tests.core.reply.kit import NOW, draft, opened
from tests.core.reply.kit import PATCH as PATCH_TEXT

PATCH = opened()
DIFF = PATCH.body.diff.split("\n")
PLACES = [
    PatchLine(part, number)
    for part in PARTS
    for number, line in enumerate(getattr(PATCH.body, part).split("\n"))
    if line.strip()
]


def comment(place: PatchLine, text: str) -> DraftComment:
    found = anchor_of(place, PATCH.body)
    return DraftComment(text=text, anchor=found.anchor, line=found.line)


def row(text: str) -> PatchLine:
    return PatchLine("diff", DIFF.index(text))


def test_a_comment_on_a_row() -> None:
    one = draft(comment(row("+\tline_number(20);"), "Why 20?"))
    assert compose_text(one, PATCH) == (
        "On Mon, 10 Jun 2024 10:40:12 +0200, Ann Author wrote:\n"
        "> diff --git a/fs/tree.c b/fs/tree.c\n"
        "> index 1111111..2222222 100644\n"
        "> --- a/fs/tree.c\n"
        "> +++ b/fs/tree.c\n"
        "> @@ -10,3 +10,33 @@ int tree(void)\n"
        "> [...]\n" + "".join(f"> +\tline_number({n});\n" for n in range(12, 21)) + "\n"
        "Why 20?\n"
    )


def test_comments_in_several_places() -> None:
    one = draft(
        comment(row("+new"), "New what?"),
        comment(PatchLine("message", 1), "I did."),
        comment(row("+\tline_number(0);"), "Zero."),
        comment(row("+\tline_number(2);"), "Two."),
        trailers=["Acked-by: Rex Reviewer <rex@example.com>"],
    )
    assert compose_text(one, PATCH, signature="Rex") == (
        "On Mon, 10 Jun 2024 10:40:12 +0200, Ann Author wrote:\n"
        "> The stripe tree has no tests of its own,\n"
        "> so nobody notices when it breaks.\n"
        "\n"
        "I did.\n"
        "\n"
        "> diff --git a/fs/tree.c b/fs/tree.c\n"
        "> index 1111111..2222222 100644\n"
        "> --- a/fs/tree.c\n"
        "> +++ b/fs/tree.c\n"
        "> @@ -10,3 +10,33 @@ int tree(void)\n"
        ">  \tint ret;\n"
        "> +\tline_number(0);\n"
        "\n"
        "Zero.\n"
        "\n"
        "> +\tline_number(1);\n"
        "> +\tline_number(2);\n"
        "\n"
        "Two.\n"
        "\n"
        "> diff --git a/fs/other.c b/fs/other.c\n"
        "> --- a/fs/other.c\n"
        "> +++ b/fs/other.c\n"
        "> @@ -1,2 +1,2 @@\n"
        "> -old\n"
        "> +new\n"
        "\n"
        "New what?\n"
        "\n"
        "Acked-by: Rex Reviewer <rex@example.com>\n"
        "\n"
        "-- \n"
        "Rex\n"
    )


def test_a_trailer_alone_quotes_the_first_paragraph() -> None:
    one = draft(trailers=["Reviewed-by: Rex Reviewer <rex@example.com>"])
    assert compose_text(one, PATCH) == (
        "On Mon, 10 Jun 2024 10:40:12 +0200, Ann Author wrote:\n"
        "> The stripe tree has no tests of its own,\n"
        "> so nobody notices when it breaks.\n"
        "\n"
        "Reviewed-by: Rex Reviewer <rex@example.com>\n"
    )


def test_an_edited_text_is_the_truth() -> None:
    assert compose_text(draft(text="# mine\n| alone\n"), PATCH) == "# mine\n| alone\n"


def test_a_comment_whose_line_is_gone_keeps_its_quote() -> None:
    lost = DraftComment(text="Still here.", anchor=Anchor(part="diff", path="x.c", text="+gone"))
    assert "> +gone\n\nStill here.\n" in compose_text(draft(lost), PATCH)


def test_a_quote_of_a_reply_is_quoted_again() -> None:
    mail = parse_mail(b"From: Ann <a@b>\nDate: x\n\n> old\n\nnew\n")
    assert full_quote(mail) == "Ann wrote:\n>> old\n>\n> new\n\n"


def read_back(text: str, patch: OpenedMessage) -> dict[str, PatchLine | None]:
    reply = parse_mail(build_message(draft(), text, NOW))
    found = place_comments(patch, [ReplyInThread(reply, 0)])
    return {" ".join(line for line in one.lines if line): one.place for one in found}


@given(st.sets(st.sampled_from(PLACES), min_size=1, max_size=8))
def test_our_own_reader_finds_every_comment_at_its_line(places: set[PatchLine]) -> None:
    comments = [comment(place, f"About this, number {n}.") for n, place in enumerate(places)]
    read = read_back(compose_text(draft(*comments), PATCH), PATCH)
    assert read == {one.text: place for one, place in zip(comments, places, strict=True)}


@given(st.lists(st.sampled_from(PLACES), max_size=20))
def test_an_anchor_finds_its_line_again(places: list[PatchLine]) -> None:
    anchors = [anchor_of(place, PATCH.body).anchor for place in places]
    assert resolve(anchors, PATCH.body) == places


def test_an_anchor_knows_its_line_in_the_file() -> None:
    assert anchor_of(row("+\tline_number(3);"), PATCH.body).line == 14
    assert anchor_of(row("-old"), PATCH.body).line == 1
    assert anchor_of(PatchLine("message", 0), PATCH.body).line is None


@pytest.mark.parametrize(
    "kept",
    [
        "> " + "quoted " * 20,
        "    " + "indented " * 20,
        "| " + "table " * 20,
        "+" + "added " * 20,
        "see https://example.org/" + "a" * 90,
        "x" * 200,
    ],
)
def test_what_must_not_be_wrapped(kept: str) -> None:
    assert wrap_text(kept, 72) == kept


def test_own_text_is_wrapped() -> None:
    assert wrap_text("word " * 30, 72).split("\n")[0] == ("word " * 14).rstrip()
    assert wrap_text("word " * 30, 0) == "word " * 30


def test_trailers_of_an_edited_text() -> None:
    mine = "Reviewed-by: R <r@x>"
    assert with_trailers("Fine.\n", [], [mine]) == f"Fine.\n\n{mine}\n"
    assert with_trailers(f"Fine.\n\n{mine}\n", [mine], []) == "Fine.\n\n"
    assert (
        with_trailers(f"Fine.\n\n{mine}\n\n-- \nR\n", [mine], [mine, "Tested-by: R <r@x>"])
        == f"Fine.\n\n{mine}\nTested-by: R <r@x>\n\n-- \nR\n"
    )


NO_PROSE = PATCH_TEXT.replace(
    "The stripe tree has no tests of its own,\nso nobody notices when it breaks.\n\nAdd some.\n\n",
    "",
)


def test_a_trailer_alone_quotes_no_trailers() -> None:
    given = draft(trailers=("Acked-by: Rex <rex@example.com>",))
    assert "> The stripe tree has no tests" in compose_text(given, opened())
    text = compose_text(given, opened(NO_PROSE))
    assert "Signed-off-by" not in text
    assert "> v2: more of them\n\nAcked-by" in text, "what stands below the line is prose, too"
    bare = NO_PROSE.replace("v2: more of them\n\n", "")
    text = compose_text(given, opened(bare))
    assert ">  1 file changed, 30 insertions(+)\n\nAcked-by" in text
    assert text.count("\n> ") == 1


def test_prose_that_looks_like_a_trailer_is_quoted() -> None:
    given = draft(trailers=("Acked-by: Rex <rex@example.com>",))
    for prose in ("Note: this breaks\nthe build.", "mm: zap it", "    indented code\n    only"):
        mail = opened(NO_PROSE.replace("Signed-off-by", f"{prose}\n\nSigned-off-by", 1))
        assert "".join(f"> {line}\n" for line in prose.split("\n")) in compose_text(given, mail)
    folded = 'Fixes: 0123456789ab ("x")\nReported-by: A B\n <a@example.org>\n[ rex: fixed a typo ]'
    mail = opened(NO_PROSE.replace("Signed-off-by", f"{folded}\n\nSigned-off-by", 1))
    assert "Reported-by" not in compose_text(given, mail)


def test_a_span_is_quoted_whole_and_not_beyond_its_hunk() -> None:
    anchor = Anchor(part="diff", path="fs/tree.c", text="+\tline_number(20);")
    text = compose_text(draft(DraftComment(text="x", anchor=anchor, span=15)), opened())
    assert "> [...]\n> +\tline_number(6);\n" in text
    assert "line_number(5)" not in text
    anchor = Anchor(part="diff", path="fs/other.c", text="+new")
    text = compose_text(draft(DraftComment(text="x", anchor=anchor, span=15)), opened())
    assert "line_number" not in text
