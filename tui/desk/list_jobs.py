"""What runs in worker threads for followed lists, and what these tell the screen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from textual.message import Message

from core.errors import Cancelled, PatchdeskError
from core.model import MessageId
from core.progress import Progress
from tui.desk.requests import OpenFailed, Session

if TYPE_CHECKING:
    from core.desk.lists_desk import ListDesk, ListPage
    from core.sync.list_folder import SyncResult
    from core.sync.process import SyncProcess

log = logging.getLogger(__name__)

Post = Callable[[Message], object]


@dataclass(slots=True, eq=False)
class SyncRun:
    """A sync that the screen has started."""

    names: Sequence[str]
    quiet: bool = False
    """Nobody asked for it: the configuration did."""
    stop: Event = field(default_factory=Event)
    process: SyncProcess | None = None


@dataclass
class PageArrived(Message):
    """Followed lists, as they are now."""

    session: Session
    page: ListPage


@dataclass
class SyncProgressed(Message):
    """How far a sync has come; a later one takes the place of this one."""

    run: SyncRun
    progress: Progress

    def can_replace(self, message: Message) -> bool:
        """Let a burst of these collapse into the latest."""
        return isinstance(message, SyncProgressed) and message.run is self.run


@dataclass
class ListSynced(Message):
    """A sync is through with a list."""

    run: SyncRun
    result: SyncResult


@dataclass
class SyncEnded(Message):
    """A sync has come to its end, or cannot go on."""

    run: SyncRun
    error: PatchdeskError | None = None


@dataclass
class ListFollowed(Message):
    """A list is in the configuration, or cannot be."""

    name: str
    error: PatchdeskError | None = None


def read_pages(session: Session, desk: ListDesk, post: Post) -> None:
    """Post a page of the lists now, and whenever there is something new."""
    try:
        for page in desk.pages(session.stop):
            post(PageArrived(session, page))
    except Cancelled:
        return
    except PatchdeskError as error:
        post(OpenFailed(session, error))


def run_sync(run: SyncRun, post: Post) -> None:
    """Sync lists in a process of its own, and post how that goes."""
    from core.sync.process import SyncProcess

    process = run.process = SyncProcess(run.names)

    def report(progress: Progress) -> None:
        post(SyncProgressed(run, progress))

    try:
        for result in process.results(stop=run.stop, report=report):
            post(ListSynced(run, result))
    except PatchdeskError as error:
        post(SyncEnded(run, error))
    else:
        post(SyncEnded(run))


def mark_seen(desk: ListDesk, message_ids: Collection[MessageId], seen: bool) -> None:
    """Count mails as read or unread; that it cannot be is only logged, since reading goes on."""
    try:
        desk.mark_seen(message_ids, seen)
    except PatchdeskError as error:
        log.warning("read marks: %s", error.message)


def mark_read(desk: ListDesk, message_id: MessageId) -> None:
    """Count a mail as read, if it is not."""
    try:
        row = desk.find(message_id)
        if row is not None and message_id in desk.unseen(row):
            desk.mark_seen((message_id,), True)
    except PatchdeskError as error:
        log.warning("read marks: %s", error.message)


def follow_list(name: str, target: str, post: Post) -> None:
    """Record that a list is followed."""
    from core.sync.follow import follow
    from core.system.paths import config_file

    try:
        follow(name, target, config_file())
    except PatchdeskError as error:
        post(ListFollowed(name, error))
    else:
        post(ListFollowed(name))
