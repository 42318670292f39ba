"""Open comments on older postings, at the lines of the newest patch that they were carried on to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from core.comments.evidence import line_of_row
from core.comments.values import CarriedComment, CommentState, FollowedComment
from core.diff.parse import read_diff
from core.model import OpenedMessage, Series
from core.series.review_comments import PARTS, ReviewComment


def carried_comments(
    series: Series, followed: Iterable[FollowedComment], mail: OpenedMessage
) -> list[CarriedComment]:
    """Return the open ones of comments that were followed to a patch of the newest posting, with a line of its diff."""
    numbers = {patch.message.message_id: patch.number for patch in series.versions[-1].patches}
    number = numbers.get(mail.message.message_id)
    wanted = [
        one
        for one in followed
        if one.next.number == number and one.next.row and one.state is CommentState.OPEN
    ]
    if number is None or not wanted:
        return []
    files = tuple(read_diff(mail.body.diff).files)
    replies = {
        reply.message.message_id: reply.message
        for version in series.versions
        for entry in version.entries()
        for reply in entry.replies
    }
    return [
        CarriedComment(
            message=replies[one.message_id],
            lines=tuple(one.text.split("\n")),
            place=place,
            key=one.key,
            version=one.version,
            evidence=one.next.evidence,
        )
        for one in wanted
        if one.next.row and (place := line_of_row(files, *one.next.row)) is not None
    ]


def with_carried(
    comments: Sequence[ReviewComment], carried: Sequence[CarriedComment]
) -> list[ReviewComment]:
    """Return comments on a mail with the carried ones among them, by place; answers stay below their comment."""
    groups: list[list[ReviewComment]] = [[one] for one in carried]
    groups += _discussions(comments)
    groups.sort(key=lambda group: _order(group[0]))
    return [comment for group in groups for comment in group]


def _discussions(comments: Sequence[ReviewComment]) -> Iterator[list[ReviewComment]]:
    group: list[ReviewComment] = []
    for comment in comments:
        if not comment.depth and group:
            yield group
            group = []
        group.append(comment)
    if group:
        yield group


def _order(comment: ReviewComment) -> tuple[int, int]:
    if comment.place is None:
        return len(PARTS), 0
    return PARTS.index(comment.place.part), comment.place.line
