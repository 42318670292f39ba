"""The main screen's requests: the desk of the open target, and one of its mails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable
from urllib.parse import quote

from core import model
from core.errors import PatchdeskError
from core.model import OpenedMessage
from core.progress import ProgressCallback

if TYPE_CHECKING:
    # What it imports to read mail is not needed to draw the first frame.
    from core.desk.lists_desk import ListDesk, ListPage
    from core.model import TargetListing


class Desk(Protocol):
    """The part of `core.desk.target_desk.TargetDesk` that the screens use. Calls block; run them off the UI thread."""

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        """Yield growing listings of the target. Raises PatchdeskError and Cancelled."""
        ...

    def mail(self, message: model.Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        ...

    def close(self) -> None:
        """Abort requests in flight, for good. Any thread."""
        ...


@runtime_checkable
class HasPages(Protocol):
    """A desk of followed lists, which come as pages."""

    def pages(self, stop: Event) -> Iterator[ListPage]:
        """Yield the lists now, and again with every change. Raises PatchdeskError and Cancelled."""
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
        """Open a mail, or its beginning, from the bytes at hand."""
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
    """A target that was opened; only the very same object is the same session."""

    target: str
    desk: Desk
    stop: Event = field(default_factory=Event)
    """Set when another has taken its place, or the program ends."""

    def mail(self, message: model.Message) -> OpenedMessage:
        """Open a mail, also a sent one that no list has yet. Raises PatchdeskError."""
        sent = self._sent(message)
        if sent is None:
            return self.desk.mail(message)
        from core.mail.message import parse_mail

        return replace(parse_mail(sent), message=message)

    def raw(self, message: model.Message) -> bytes:
        """Return the bytes of a mail. Raises PatchdeskError where they cannot be had."""
        if (sent := self._sent(message)) is not None:
            return sent
        if not isinstance(self.desk, HasRaw):
            raise PatchdeskError("The original bytes of this message are not available.")
        return self.desk.raw(message)

    @staticmethod
    def _sent(message: model.Message) -> bytes | None:
        if not message.key.startswith(model.DRAFT_KEY):
            return None
        from core.reply.draft_store import DraftStore
        from core.reply.sent_replies import sent_bytes

        return sent_bytes(message, DraftStore.default())

    @property
    def lists(self) -> ListDesk | None:
        """The desk of the followed lists; None where another target was opened."""
        return cast("ListDesk", self.desk) if isinstance(self.desk, HasPages) else None


@dataclass(frozen=True, slots=True, eq=False)
class MailRequest:
    """The request to open one mail of a session."""

    session: Session
    message: model.Message
