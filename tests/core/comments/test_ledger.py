"""Review comments followed to the next version: the evidence of each kind, and that none is lost."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from core.comments.carried import carried_comments, with_carried
from core.comments.ledger import LedgerOptions
from core.comments.values import CommentLedger, CommentState, Evidence, FollowedComment
from core.desk.comments import SeriesComments, comment_record
from core.errors import PatchdeskError
from core.series.review_comments import PatchLine, ReviewComment
from tests.bench.reviews_made import made_series
from tests.core.versions.series import Mails, raw_mail, raw_patch

REX = "Rex Reviewer <rex@example.com>"
ROWS = [" int main(void)", " {", *(f"+\tcall_{n}();" for n in range(30)), " \treturn 0;", " }"]


def archive(
    new_rows: Sequence[str] | None,
    *bodies: str,
    title: str = "lamp",
    notes: str = "",
    after: Sequence[str] = (),
) -> Mails:
    """Return a patch, replies to it by Rex, and its second version with other rows."""
    mails = [raw_patch("v1", f"[PATCH] x: {title}", ROWS)]
    mails += [
        raw_mail(f"r{n}", f"Re: [PATCH] x: {title}", body, day=2, answers="v1", sender=REX)
        for n, body in enumerate(bodies)
    ]
    mails += after
    if new_rows is not None:
        mails.append(
            raw_patch("v2", f"[PATCH v2] x: {title}", new_rows, day=5, answers="v1", notes=notes)
        )
    return Mails(mails)


def comment_on(row: str, text: str) -> str:
    return f"> {row}\n\n{text}\n"


def ledger(mails: Mails, options: LedgerOptions | None = None) -> CommentLedger:
    return SeriesComments(mails, mails.series(), options=options).of_posting()


def only(mails: Mails) -> FollowedComment:
    (one,) = ledger(mails).comments
    return one


def changed(*at: int) -> list[str]:
    """Return the rows with the calls of these numbers changed."""
    return [
        row.replace("call_", "other_") if any(row == f"+\tcall_{n}();" for n in at) else row
        for row in ROWS
    ]


SAYS = "This call looks wrong to me."


@pytest.mark.parametrize(
    ("rows", "evidence", "away"),
    [
        (changed(5), Evidence.LINE_CHANGED, 0),
        (changed(7), Evidence.NEARBY, 2),
        (changed(15), Evidence.IN_HUNK, 10),
        (ROWS, Evidence.PATCH_AS_IT_WAS, None),
        ([row for row in ROWS if "call_5()" not in row], Evidence.LINE_CHANGED, 0),
    ],
)
def test_what_became_of_a_line(rows: list[str], evidence: Evidence, away: int | None) -> None:
    one = only(archive(rows, comment_on("+\tcall_5();", SAYS)))
    assert (one.next.evidence, one.next.rows_away) == (evidence, away)
    assert (one.quoted, one.path, one.version, one.next.version) == ("+\tcall_5();", "lamp.c", 1, 2)
    assert one.state is CommentState.OPEN


def test_code_that_was_proposed_and_taken() -> None:
    rows = [*ROWS[:2], "+\tcheck_argument(argc);", *ROWS[2:]]
    text = "Better check it first:\n\n\tcheck_argument(argc);\n\nor the like."
    one = only(archive(rows, comment_on("+\tcall_20();", text)))
    assert one.next.evidence is Evidence.AS_SUGGESTED
    assert one.state is CommentState.LIKELY_SETTLED


@pytest.mark.parametrize("line", ["return -EINVAL;", "goto out_free;", "continue;"])
def test_a_jump_that_any_function_may_have_proves_no_proposal_taken(line: str) -> None:
    rows = [*ROWS[:2], f"+\t\t{line}", *ROWS[2:]]
    text = f"Why not at the top?\n\n\tif (check(argc))\n\t\t{line}\n"
    one = only(archive(rows, comment_on("+\tcall_20();", text)))
    assert one.next.evidence is Evidence.IN_HUNK


def test_a_comment_on_the_message() -> None:
    body = comment_on("Why lamp.", "Please explain why it is needed.")
    assert only(archive(changed(1), body)).next.evidence is Evidence.TEXT_AS_IT_WAS
    mails = archive(changed(1), body)
    raw = raw_patch("v2", "[PATCH v2] x: lamp", ROWS, day=5, answers="v1").replace(
        "Why lamp.", "Since nobody can see."
    )
    mails = Mails([*(archive(None, body).raws()), raw])
    assert only(mails).next.evidence is Evidence.TEXT_CHANGED


def test_an_answer_of_the_author_and_a_later_tag() -> None:
    answer = raw_mail(
        "a0", "Re: [PATCH] x: lamp", f"> {SAYS}\n\nRight, will change it.\n", day=3, answers="r0"
    )
    body = comment_on("+\tcall_5();", SAYS)
    one = only(archive(changed(5), body, after=[answer]))
    assert one.discussion.author_answered
    assert one.state is CommentState.LIKELY_SETTLED
    for sender in (REX, "Rex Reviewer <rex@home.example>"):
        given = f"Reviewed-by: {sender}\n"
        tag = raw_mail("t0", "Re: [PATCH] x: lamp", given, day=4, answers="v1", sender=sender)
        one = only(archive(ROWS, body, after=[tag]))
        assert (one.discussion.tag, one.state) == ("Reviewed-by", CommentState.SETTLED)
    late = "I withdraw my Reviewed-by, and here is why.\n"
    back = raw_mail("t1", "Re: [PATCH] x: lamp", late, day=5, answers="v1", sender=REX)
    comments = ledger(archive(ROWS, body, after=[tag, back])).comments
    assert [one.state for one in comments] == [CommentState.OPEN] * 2


def test_the_changelog_names_the_reviewer() -> None:
    body = comment_on("+\tcall_5();", SAYS)
    notes = "Changes in v2:\n- use the other call (Rex)\n"
    one = only(archive(changed(5), body, notes=notes))
    assert one.discussion.in_changelog
    assert one.state is CommentState.LIKELY_SETTLED


def test_without_a_newer_version_nothing_is_said_of_it() -> None:
    found = ledger(archive(None, comment_on("+\tcall_5();", SAYS)))
    assert found.seen_in is None
    assert [one.next.evidence for one in found.comments] == [Evidence.NO_NEXT]
    assert comment_record(found, found.comments[0])["next"] is None


def test_thanks_trailers_and_the_authors_own_are_left_out() -> None:
    own = raw_mail("a0", "Re: [PATCH] x: lamp", comment_on("+\tcall_9();", SAYS), answers="v1")
    mails = archive(
        ROWS,
        "Thanks, looks good to me!\n",
        "Reviewed-by: Rex Reviewer <rex@example.com>\n",
        comment_on("+\tcall_5();", SAYS),
        after=[own],
    )
    found = ledger(mails)
    assert [one.text for one in found.comments] == [SAYS]
    assert found.left_out == 3


def test_open_comments_are_carried_on_to_lines_of_the_newest_patch() -> None:
    """A replaced line's comment stands at the new one; a removed line's at the line above; a settled one nowhere."""
    bodies = [comment_on(f"+\tcall_{n}();", f"{SAYS} {n}") for n in (3, 5, 9)]
    rows = [row for row in changed(3) if row != "+\tcall_9();"]
    mails = archive(rows, *bodies)
    series = mails.series()
    newest = mails.mail(series.versions[-1].patches[0].message)
    for settled, places in (({}, [3, 5, 8]), ({1: True}, [3, 8])):
        keys = [one.key for one in ledger(mails).comments]
        options = LedgerOptions(
            settled={keys[at]: is_settled for at, is_settled in settled.items()}
        )
        (followed,) = SeriesComments(mails, series, options=options).carried()
        carried = carried_comments(series, followed.comments, newest)
        lines = newest.body.diff.split("\n")
        found = [lines[one.place.line] for one in carried if one.place is not None]
        assert found == [f"+\t{'other' if n == 3 else 'call'}_{n}();" for n in places]
    own = ReviewComment(message=carried[0].message, lines=("x",), place=PatchLine("diff", 7))
    answer = replace(own, depth=1)
    last = replace(own, place=None)
    order = with_carried([own, answer, last], carried)
    assert [carried.index(one) if one in carried else one.lines for one in order] == [
        ("x",),
        ("x",),
        0,
        1,
        ("x",),
    ]


def test_a_person_settles_and_opens_again() -> None:
    mails = archive(ROWS, comment_on("+\tcall_5();", SAYS))
    key = only(mails).key
    found = ledger(mails, options=LedgerOptions(settled={key: True}))
    assert found.comments[0].state is CommentState.SETTLED
    found = ledger(mails, options=LedgerOptions(settled={key: False}))
    assert found.comments[0].state is CommentState.OPEN


def test_equal_comments_have_keys_of_their_own() -> None:
    body = comment_on("+\tcall_5();", SAYS) + comment_on("+\tcall_9();", SAYS)
    keys = [one.key for one in ledger(archive(ROWS, body)).comments]
    assert len(set(keys)) == 2


def test_a_version_that_is_not_there_is_said() -> None:
    mails = archive(ROWS, comment_on("+\tcall_5();", SAYS))
    with pytest.raises(PatchdeskError):
        SeriesComments(mails, mails.series()).of_posting("7")
    with pytest.raises(PatchdeskError):
        SeriesComments(mails, mails.series()).of_posting("2", "1")


def test_the_evidence_on_a_made_archive_is_exact() -> None:
    """`python -m tests.bench reviews` asks 300 of these series, not 5."""
    for seed in range(5):
        raws, truth = made_series(random.Random(seed))
        mails = Mails(raws)
        found = SeriesComments(mails, mails.series()).of_posting()
        assert {one.text.split("\n")[0]: one.next.evidence for one in found.comments} == truth


def test_the_json_object() -> None:
    found = ledger(archive(changed(5), comment_on("+\tcall_5();", SAYS)))
    record = comment_record(found, found.comments[0])
    assert record["kind"] == "comment"
    assert record["next"]["evidence"] == "line changed"
    assert (record["part"], record["path"], record["state"]) == ("diff", "lamp.c", "open")
