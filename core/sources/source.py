"""What every source of mail can do, whatever it reads."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Protocol

from core.model import RawMessage
from core.progress import ProgressCallback


class Source(Protocol):
    """Somewhere mail comes from. Calls block; run them off the UI thread."""

    @property
    def name(self) -> str:
        """What to call it on screen: a file's name, a list's."""
        ...

    @property
    def is_list(self) -> bool:
        """Whether it is a mailing list's archive, so that what its mails name are lists they came through."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read so far, each as a sentence; what `mails` gave stands."""
        ...

    def mails(self, *, stop: Event, report: ProgressCallback) -> Iterator[RawMessage]:
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
