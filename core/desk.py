"""The use cases a screen or a command asks for. Blocking, without UI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event

from core.model import Mail, Message, Series, Thread
from core.sources.source import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is known of a target so far; each later one replaces the one before."""

    name: str
    """What to call the target."""
    items: tuple[Series | Thread, ...]
    """Latest activity first."""
    mails: int
    """How many mails were read."""
    done: bool
    """Nothing more will come."""
    note: str = ""
    """What could not be had, as a sentence; what is listed stands."""


class Desk:
    """One opened target."""

    def __init__(self, target: str) -> None:
        self.target = target

    def listings(self, *, stop: Event, report: Report) -> Iterator[Listing]:
        """Read the target and yield what is known, growing: first rows soon, the whole at the end.

        Raises PatchdeskError and Cancelled.
        """
        raise NotImplementedError

    def mail(self, message: Message) -> Mail:
        """Open one mail for reading. Raises PatchdeskError."""
        raise NotImplementedError

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        raise NotImplementedError

    def close(self) -> None:
        """Abort what is in flight. Any thread; terminal."""
        raise NotImplementedError
