"""The user's own comments among those of the reviewers, where they stand in the mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.model import MessageId
from core.reply.compose import compose_text
from core.reply.draft import Anchor, DraftComment, DraftState
from core.reply.own_comments import OwnComment, with_own_comments
from core.reply.sent_replies import message_of
from core.series.review_comments import ReplyInThread, ReviewComment, place_comments
from tests.core.reply.kit import draft, opened

PATCH = opened()
REPLY = opened(
    "From: Joe <joe@example.net>\nMessage-ID: <joe@example.net>\n"
    "In-Reply-To: <patch-4@example.org>\n\n"
    "> +\tline_number(2);\n\nIs this the right\nnumber?\n\n> +\tline_number(5);\n\nAnd this?\n"
)
REMARKS = place_comments(PATCH, [ReplyInThread(REPLY, 0)])


def at(number: int, text: str, span: int = 1) -> DraftComment:
    anchor = Anchor(part="diff", path="fs/tree.c", text=f"+\tline_number({number});")
    return DraftComment(text=text, anchor=anchor, span=span)


def said(comments: Sequence[ReviewComment]) -> list[str]:
    return [one.lines[0] for one in comments]


def test_they_stand_at_their_lines_after_those_of_others() -> None:
    one = draft(at(5, "mine too"), at(2, "mine\ntwice"), at(29, "last"), DraftComment(text="All."))
    merged = with_own_comments(PATCH, REMARKS, [one])
    assert said(merged) == [
        "Is this the right", "mine", "And this?", "mine too", "last", "All.",
    ]  # fmt: skip
    own = merged[1]
    assert isinstance(own, OwnComment)
    assert (own.draft, own.number, own.state) == (one.id, 1, DraftState.DRAFT)
    assert own.place == merged[0].place
    assert own.lines == ("mine", "twice")
    assert merged[-1].place is None
    assert with_own_comments(PATCH, REMARKS, []) == REMARKS


def test_trailers_are_one_without_a_place() -> None:
    one = draft(trailers=("Acked-by: Rex <rex@example.com>",))
    (own,) = with_own_comments(PATCH, [], [one])
    assert own.lines == one.trailers
    assert own.place is None


def test_an_edited_text_is_read_back_from_what_it_says() -> None:
    text = compose_text(draft(at(2, "was this")), PATCH).replace("was this", "now that")
    (own,) = with_own_comments(PATCH, [], [draft(at(2, "was this"), text=text)])
    assert isinstance(own, OwnComment)
    assert own.lines == ("now that",)
    assert own.number is None, "no comment of its list any more"
    assert own.place == REMARKS[0].place


def test_an_answer_to_a_comment_stands_below_it() -> None:
    answer = replace(
        draft(
            DraftComment(text="It is.", anchor=Anchor(part="message", text="number?")),
            DraftComment(text="No."),
        ),
        answers=MessageId("joe@example.net"),
    )
    merged = with_own_comments(PATCH, REMARKS, [answer])
    assert said(merged) == ["Is this the right", "It is.", "And this?", "No."]
    assert [one.depth for one in merged] == [0, 1, 0, 1]
    assert merged[1].place == merged[0].place
    text = "> > +\tline_number(2);\n> \n> Is this the right\n> number?\n\nEdited.\n"
    merged = with_own_comments(PATCH, REMARKS, [replace(answer, text=text)])
    assert said(merged) == ["Is this the right", "Edited.", "And this?"]


def test_drafts_of_other_mails_are_not_shown() -> None:
    other = replace(draft(at(2, "x")), answers=MessageId("other@example.org"))
    assert with_own_comments(PATCH, REMARKS, [other]) == REMARKS


def test_a_line_that_is_gone_leaves_the_comment_without_a_place() -> None:
    (own,) = with_own_comments(PATCH, [], [draft(at(77, "gone"))])
    assert own.place is None


def test_the_message_that_a_draft_becomes() -> None:
    one = draft(at(2, "x"))
    message = message_of(one)
    assert message.message_id == one.message_id
    assert message.in_reply_to == "patch-4@example.org"
    assert message.key == f"draft:{one.id}"
