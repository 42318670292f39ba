"""The comments of drafts among those of the reviewers, each at its place in the mail that is read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from core.mail.message import parse_mail
from core.model import Message, OpenedMessage
from core.reply.anchors import resolve
from core.reply.draft import Draft, DraftState
from core.reply.message import build_message
from core.reply.sent_replies import message_of
from core.series.quoting import reply_blocks
from core.series.review_comments import (
    PARTS,
    PatchLine,
    ReplyInThread,
    ReviewComment,
    place_comments,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnComment(ReviewComment):
    """A comment of the user's, in a reply that the list does not have yet."""

    draft: str
    """The draft's id."""
    number: int | None
    """Its place among the draft's comments; None in a text that was edited as a whole, and of trailers."""
    state: DraftState


def with_own_comments(
    mail: OpenedMessage, comments: Sequence[ReviewComment], drafts: Sequence[Draft]
) -> list[ReviewComment]:
    """Return the comments on a mail together with those of drafts that answer it or one of the replies to it."""
    merged = list(comments)
    for draft in drafts:
        if draft.answers == mail.message.message_id:
            for own in _comments_on(mail, draft):
                merged.insert(bisect_right(merged, _order(own), key=_order), own)
        else:
            for own, after in _answers_to(merged, draft):
                merged.insert(after, own)
    return merged


def _comments_on(mail: OpenedMessage, draft: Draft) -> list[OwnComment]:
    """Return a draft's comments on the mail it answers."""
    message = message_of(draft)
    if draft.text is not None:
        opened = parse_mail(build_message(draft, draft.text, draft.changed))
        placed = place_comments(mail, [ReplyInThread(opened, 0)])
        return [_own(draft, message, one.lines, one.place, None) for one in placed]
    anchors = [one.anchor for one in draft.comments if one.anchor is not None]
    places = iter(resolve(anchors, mail.body))
    found = [
        _own(
            draft,
            message,
            one.text.split("\n"),
            next(places) if one.anchor is not None else None,
            number,
        )
        for number, one in enumerate(draft.comments)
    ]
    if draft.trailers:
        found.append(_own(draft, message, draft.trailers, None, None))
    return found


def _answers_to(comments: Sequence[ReviewComment], draft: Draft) -> list[tuple[OwnComment, int]]:
    """Return the draft's answers to comments that are here, each with its place in the list of comments.

    The last first, so that putting one in moves no other.
    """
    of_reply = [at for at, one in enumerate(comments) if one.message.message_id == draft.answers]
    if not of_reply:
        return []
    message = message_of(draft)
    said: list[tuple[str, Sequence[str], int | None]]
    if draft.text is not None:
        said = [
            (block.quoted[-1].text if block.quoted else "", block.lines, None)
            for block in reply_blocks(draft.text)
        ]
    else:
        said = [
            (one.anchor.text if one.anchor else "", one.text.split("\n"), number)
            for number, one in enumerate(draft.comments)
        ]
        if draft.trailers:
            said.append(("", draft.trailers, None))
    found = []
    for quoted, lines, number in said:
        above = next(
            (at for at in of_reply if quoted.strip() and quoted in comments[at].lines), of_reply[-1]
        )
        remark = comments[above]
        after = above + 1
        while after < len(comments) and comments[after].depth > remark.depth:
            after += 1
        own = _own(draft, message, lines, remark.place, number, remark.depth + 1)
        found.append((own, after))
    return sorted(found, key=lambda pair: -pair[1])


def _own(
    draft: Draft,
    message: Message,
    lines: Sequence[str],
    place: PatchLine | None,
    number: int | None,
    depth: int = 0,
) -> OwnComment:
    return OwnComment(
        message=message,
        lines=tuple(lines),
        place=place,
        depth=depth,
        draft=draft.id,
        number=number,
        state=draft.state,
    )


def _order(comment: ReviewComment) -> tuple[int, int]:
    """Return the sort key of a comment: by part and line, those without a place last."""
    if comment.place is None:
        return len(PARTS), 0
    return PARTS.index(comment.place.part), comment.place.line
