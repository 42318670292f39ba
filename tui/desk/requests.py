"""What workers tell the screen. Each names the request it answers, so that late answers can be dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import quote

from textual.message import Message

from core import model
from core.errors import PatchdeskError
from core.model import OpenedMessage
from core.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    # What it imports to read mail is not needed to draw the first frame.
    from core.model import TargetListing
    from core.series.review_comments import ReviewComment
    from core.system.programs import Output


class Desk(Protocol):
    """What the screens need of `core.desk.target_desk.TargetDesk`. Calls block; run them off the UI thread."""

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        """Yield what is known of the target, growing. Raises PatchdeskError and Cancelled."""
        ...

    def mail(self, message: model.Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        ...

    def close(self) -> None:
        """Abort what is in flight. Any thread; terminal."""
        ...


@runtime_checkable
class HasRaw(Protocol):
    """A desk that can give a mail as it came."""

    def raw(self, message: model.Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        ...


@runtime_checkable
class OpensRaw(HasRaw, Protocol):
    """A desk that can open a mail from its bytes, or from the beginning of them."""

    def opened(self, message: model.Message, raw: bytes) -> OpenedMessage:
        """Open what there is of a mail."""
        ...


@runtime_checkable
class HasLinks(Protocol):
    """A desk that knows where its mails are on the web."""

    def link(self, message_id: model.MessageId) -> str:
        """Return a mail's address."""
        ...


def web_link(base: str, message_id: model.MessageId) -> str:
    """Return where the public-inbox at `base` shows a mail."""
    return f"{base.rstrip('/')}/{quote(message_id, safe='@', errors='surrogatepass')}"


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """The request to read a target; only the very same object is the same request."""

    target: str
    desk: Desk
    stop: Event = field(default_factory=Event)


@dataclass(frozen=True, slots=True, eq=False)
class MailRequest:
    """The request to open one mail of a target."""

    session: Session
    message: model.Message


@dataclass
class ListingArrived(Message):
    """More of the target is known."""

    session: Session
    listing: TargetListing


@dataclass
class ListingEnded(Message):
    """The target is read to its end, or its reading was stopped."""

    session: Session


@dataclass
class OpenFailed(Message):
    """The target, or the rest of it, cannot be read."""

    session: Session
    error: PatchdeskError


@dataclass
class Progressed(Message):
    """How far the reading of the target has come; a later one takes the place of this one."""

    session: Session
    progress: Progress

    def can_replace(self, message: Message) -> bool:
        """Let a burst of these collapse into the latest."""
        return isinstance(message, Progressed) and message.session is self.session


@dataclass
class MailRead(Message):
    """A mail is open."""

    request: MailRequest
    mail: OpenedMessage


@dataclass
class MailBegun(Message):
    """The beginning of a large mail is open, and the rest is being read."""

    request: MailRequest
    mail: OpenedMessage


@dataclass
class RemarksFound(Message):
    """What was said of a mail is known."""

    request: MailRequest
    mail: OpenedMessage
    remarks: Sequence[ReviewComment]


@dataclass
class RemarksCounted(Message):
    """How many remarks some patches have is known."""

    session: Session
    counts: Mapping[tuple[model.MessageId, int], int]


@dataclass
class MailFailed(Message):
    """A mail cannot be opened."""

    request: MailRequest
    error: PatchdeskError


@dataclass
class PipeEnded(Message):
    """A command of the user's has ended, or could not be run; `ender` is what would have ended it."""

    ender: Event
    command: str
    output: Output | None = None
    error: PatchdeskError | None = None


@dataclass
class CopyMade(Message):
    """A mail's bytes are there, to be looked at in an editor."""

    session: Session
    name: str
    raw: bytes = b""
    error: PatchdeskError | None = None
