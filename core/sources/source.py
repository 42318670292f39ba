"""What every source of mail can do, whatever it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Protocol

from core.model import Progress, RawMail

Report = Callable[[Progress], None]
"""Told, from the thread that works, how far it has come."""


class Source(Protocol):
    """Somewhere mail comes from. Calls block; run them off the UI thread."""

    @property
    def name(self) -> str:
        """What to call it on screen: a file's name, a list's."""
        ...

    def mails(self, *, stop: Event, report: Report) -> Iterator[RawMail]:
        """Yield every mail, in no promised order.

        Raises Cancelled soon after `stop` is set, SourceError or FetchError where it cannot be read.
        """
        ...

    def read(self, key: str) -> bytes:
        """Return the bytes of the mail that `mails` gave `key` for.

        Raises SourceError where it is gone since.
        """
        ...

    def close(self) -> None:
        """Abort what is in flight and let go of files. Any thread; terminal."""
        ...
