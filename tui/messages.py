"""What workers tell the screen. Each names the request it answers, so that late answers can be dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from core import model
from core.errors import PatchdeskError
from core.model import Mail, Progress
from core.sources.source import Report

if TYPE_CHECKING:
    # What it imports to read mail is not needed to draw the first frame.
    from core.model import Listing
    from core.patch.remarks import Remark


class DeskLike(Protocol):
    """What the screens need of `core.desk.Desk`. Calls block; run them off the UI thread."""

    def listings(self, *, stop: Event, report: Report) -> Iterator[Listing]:
        """Yield what is known of the target, growing. Raises PatchdeskError and Cancelled."""
        ...

    def mail(self, message: model.Message) -> Mail:
        """Open one mail for reading. Raises PatchdeskError."""
        ...

    def close(self) -> None:
        """Abort what is in flight. Any thread; terminal."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """The request to read a target; only the very same object is the same request."""

    target: str
    desk: DeskLike
    stop: Event = field(default_factory=Event)


@dataclass(frozen=True, slots=True, eq=False)
class MailRequest:
    """The request to open one mail of a target."""

    opening: Opening
    message: model.Message


@dataclass
class ListingArrived(Message):
    """More of the target is known."""

    opening: Opening
    listing: Listing


@dataclass
class ListingEnded(Message):
    """The target is read to its end, or its reading was stopped."""

    opening: Opening


@dataclass
class OpenFailed(Message):
    """The target, or the rest of it, cannot be read."""

    opening: Opening
    error: PatchdeskError


@dataclass
class Progressed(Message):
    """How far the reading of the target has come; a later one takes the place of this one."""

    opening: Opening
    progress: Progress

    def can_replace(self, message: Message) -> bool:
        """Let a burst of these collapse into the latest."""
        return isinstance(message, Progressed) and message.opening is self.opening


@dataclass
class MailRead(Message):
    """A mail is open."""

    request: MailRequest
    mail: Mail


@dataclass
class RemarksFound(Message):
    """What was said of a mail is known."""

    request: MailRequest
    mail: Mail
    remarks: Sequence[Remark]


@dataclass
class MailFailed(Message):
    """A mail cannot be opened."""

    request: MailRequest
    error: PatchdeskError
