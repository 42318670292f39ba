"""The replies to a mail, opened off the screen's thread, as comments on it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.model import Message, OpenedMessage, Patch, Reply
from tui.desk.requests import MailRequest, Session
from tui.tasks import Task

if TYPE_CHECKING:
    from core.series.review_comments import ReviewComment

log = logging.getLogger(__name__)

MOST_COUNTED: Final = 100
"""Replies to one patch that are read to count the comments in them."""


def find_comments(
    request: MailRequest,
    mail: OpenedMessage,
    replies: Sequence[Reply],
    task: Task,
    *,
    whole: bool = False,
) -> Sequence[ReviewComment]:
    """Open the replies to a mail, and return the comments in them, or with `whole` each reply whole. Raises Cancelled."""
    from core.series.discussion import lay_out_discussion
    from core.series.review_comments import ReplyInThread, place_comments

    answers = []
    for reply in replies:
        if task.is_cancelled or request.session.stop.is_set():
            return ()
        try:
            opened = request.session.mail(reply.message)
        except PatchdeskError as error:
            log.info("a reply cannot be read: %s", error.message)
        else:
            answers.append(ReplyInThread(opened, reply.depth))
    return lay_out_discussion(mail, answers) if whole else place_comments(mail, answers)


def read_first_words(session: Session, reply: Message) -> str:
    """Read a reply, and return the first words of its own. Raises Cancelled."""
    from core.series.discussion import first_words

    try:
        return first_words(session.mail(reply).text)
    except PatchdeskError as error:
        log.info("a reply cannot be read: %s", error.message)
        return ""


def count_comments(session: Session, entry: Patch) -> int:
    """Read a patch and its replies, and return how many comments are worth a count. Raises Cancelled."""
    from core.series.review_comments import ReplyInThread, count_substantive, place_comments

    try:
        patch = session.mail(entry.message)
        answers = [
            ReplyInThread(session.mail(reply.message), reply.depth)
            for reply in entry.replies[:MOST_COUNTED]
        ]
    except PatchdeskError as error:
        log.info("comments cannot be counted: %s", error.message)
        return 0
    return count_substantive(place_comments(patch, answers))
