"""What runs in worker threads: it asks core and posts the answers, and touches no widget."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from time import monotonic
from typing import Final

from textual.message import Message
from textual.worker import get_current_worker

from core import model
from core.errors import Cancelled, PatchdeskError
from core.model import OpenedMessage, Patch, Reply
from core.progress import Progress
from tui.desk.requests import (
    CopyMade,
    HasRaw,
    ListingArrived,
    ListingEnded,
    MailBegun,
    MailFailed,
    MailRead,
    MailRequest,
    OpenFailed,
    OpensRaw,
    PipeEnded,
    Progressed,
    RemarksCounted,
    RemarksFound,
    Session,
)

Asked = tuple[model.MessageId, int]
"""As in `tui.tree.badges`."""

log = logging.getLogger(__name__)

Post = Callable[[Message], object]

REPORT_EVERY: Final = 0.05
"""Seconds between two reports of progress: a source may report every mail, the screen must not pay for it."""

LARGE_MAIL: Final = 1 << 20
"""Bytes from which on the beginning of a mail is shown before the rest is read."""
_BEGINNING: Final = 1 << 18
PAINTED: Final = 0.05
"""Seconds in which the beginning of a mail is surely painted."""

MOST_COUNTED: Final = 100
"""Replies to one patch that are read to count what they say."""

MOST_REPLIES: Final = 1_000
"""Replies to one mail that are read to show what they say under its lines."""


def read_listing(session: Session, post: Post) -> None:
    """Read a target to its end and post what is known of it on the way."""
    due = 0.0

    def report(progress: Progress) -> None:
        nonlocal due
        now = monotonic()
        if now >= due:
            due = now + REPORT_EVERY
            post(Progressed(session, progress))

    try:
        for listing in session.desk.listings(stop=session.stop, report=report):
            post(ListingArrived(session, listing))
    except Cancelled:
        post(ListingEnded(session))
    except PatchdeskError as error:
        post(OpenFailed(session, error))
    else:
        post(ListingEnded(session))


def read_mail(request: MailRequest, post: Post) -> None:
    """Open one mail and post it; of a large one first its beginning, which is what is seen first."""
    desk, message = request.session.desk, request.message
    try:
        if isinstance(desk, OpensRaw):
            raw = desk.raw(message)
            if len(raw) > LARGE_MAIL:
                beginning = raw[: raw.rfind(b"\n", 0, _BEGINNING) + 1]
                post(MailBegun(request, desk.opened(message, beginning)))
                request.session.stop.wait(PAINTED)  # the screen comes first
            mail = desk.opened(message, raw)
        else:
            mail = desk.mail(message)
    except Cancelled:
        return
    except PatchdeskError as error:
        post(MailFailed(request, error))
    else:
        post(MailRead(request, mail))


def read_remarks(
    request: MailRequest, mail: OpenedMessage, replies: Sequence[Reply], post: Post
) -> None:
    """Open the replies to a mail, and post what they say of it."""
    from core.series.review_comments import ReplyInThread, place_comments

    worker = get_current_worker()
    answers = []
    for reply in replies[:MOST_REPLIES]:
        if worker.is_cancelled or request.session.stop.is_set():
            return
        try:
            answers.append(ReplyInThread(request.session.desk.mail(reply.message), reply.depth))
        except Cancelled:
            return
        except PatchdeskError as error:
            log.info("a reply cannot be read: %s", error.message)
    found = place_comments(mail, answers)
    if found and not worker.is_cancelled:
        post(RemarksFound(request, mail, found))


def count_remarks(session: Session, asked: Mapping[Asked, Patch], post: Post) -> None:
    """Read patches and their replies, and post how many remarks each has."""
    from core.series.review_comments import ReplyInThread, count_substantive, place_comments

    worker = get_current_worker()
    for key, entry in asked.items():
        if worker.is_cancelled or session.stop.is_set():
            return
        replies = entry.replies[:MOST_COUNTED]
        try:
            patch = session.desk.mail(entry.message)
            answers = [
                ReplyInThread(session.desk.mail(reply.message), reply.depth) for reply in replies
            ]
        except Cancelled:
            return
        except PatchdeskError as error:
            log.info("remarks cannot be counted: %s", error.message)
            post(RemarksCounted(session, {key: 0}))
        else:
            post(RemarksCounted(session, {key: count_substantive(place_comments(patch, answers))}))


def _raw(session: Session, message: model.Message) -> bytes:
    if not isinstance(session.desk, HasRaw):
        raise PatchdeskError("The mail cannot be had as it came.")
    return session.desk.raw(message)


def run_pipe(
    session: Session, messages: Sequence[model.Message], command: str, stop: Event, post: Post
) -> None:
    """Run a command with mails on its standard input, one as it is, several as an mboxrd, and post what it wrote."""
    from core.sources.mbox import to_mboxrd
    from core.system.programs import pipe_to_command

    try:
        raws = [_raw(session, message) for message in messages]
        data = raws[0] if len(raws) == 1 else to_mboxrd(raws)
        post(PipeEnded(stop, command, pipe_to_command(command, data, stop=stop)))
    except Cancelled:
        return
    except PatchdeskError as error:
        post(PipeEnded(stop, command, error=error))


def edit_copy(session: Session, message: model.Message, post: Post) -> None:
    """Read the bytes of a mail for an editor."""
    name = "mail.patch" if message.has_diff else "mail.eml"
    try:
        post(CopyMade(session, name, _raw(session, message)))
    except Cancelled:
        return
    except PatchdeskError as error:
        post(CopyMade(session, name, error=error))
