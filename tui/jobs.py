"""What runs in worker threads: it asks core and posts the answers, and touches no widget."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from textual.message import Message

from core.errors import Cancelled, PatchdeskError
from core.model import Progress
from tui.messages import (
    ListingArrived,
    ListingEnded,
    MailFailed,
    MailRead,
    MailRequest,
    OpenFailed,
    Opening,
    Progressed,
)

Post = Callable[[Message], object]

REPORT_EVERY: Final = 0.05
"""Seconds between two reports of progress: a source may report every mail, the screen must not pay for it."""


def read_listing(opening: Opening, post: Post) -> None:
    """Read a target to its end and post what is known of it on the way."""
    due = 0.0

    def report(progress: Progress) -> None:
        nonlocal due
        now = monotonic()
        if now >= due:
            due = now + REPORT_EVERY
            post(Progressed(opening, progress))

    try:
        for listing in opening.desk.listings(stop=opening.stop, report=report):
            post(ListingArrived(opening, listing))
    except Cancelled:
        post(ListingEnded(opening))
    except PatchdeskError as error:
        post(OpenFailed(opening, error))
    else:
        post(ListingEnded(opening))


def read_mail(request: MailRequest, post: Post) -> None:
    """Open one mail and post it."""
    try:
        mail = request.opening.desk.mail(request.message)
    except Cancelled:
        return
    except PatchdeskError as error:
        post(MailFailed(request, error))
    else:
        post(MailRead(request, mail))
