"""The protocol of all sources of mail, and of those that resume where they stopped.

An *incremental source* is one part of a list: an epoch, a file, a folder, a server. The follower stores the changes
together with its `cursor`, in one transaction, and passes that cursor back the next time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Protocol

from core.model import RawMessage
from core.progress import ProgressCallback, ProgressJob

if TYPE_CHECKING:
    from core.sources.parsed_mail import ParsedMail


class Source(Protocol):
    """Somewhere mail comes from. Calls block; run them off the UI thread."""

    @property
    def name(self) -> str:
        """Its name on the screen: a file's or a list's."""
        ...

    @property
    def is_list(self) -> bool:
        """Whether it is a mailing list's archive, so that lists named by its messages count."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far, each as a sentence; those yielded are valid."""
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
        """Abort requests in flight and close files, for good. Any thread."""
        ...


@dataclass(frozen=True, slots=True)
class MailChange:
    """A mail that came, or was taken away."""

    blob: bytes
    """The id of these bytes in git, as bytes, which identifies a message everywhere."""
    added: bool
    is_backfill: bool = False
    """Backfill: older than everything known of this part of the list, so a stored removal wins."""
    raw: bytes | None = None
    """The mail's bytes where they are at hand; else the feed's `read` has them."""
    name: str = ""
    """The feed's own name of the message, where that is not its blob."""
    is_stored: bool = False
    """It is stored already, and need not be read."""
    parsed: ParsedMail | None = None
    """The mail, where the process that read its bytes has parsed it too."""
    vanished: bool = False
    """Vanished by a rewrite of history; this part does not count as having removed it."""


class StoredPart(Protocol):
    """The stored part of a feed; asked only where the feed itself cannot tell the changes."""

    def blobs(self) -> set[bytes]:
        """Return the blob ids of its mails."""
        ...

    def names(self) -> dict[str, bytes]:
        """Return the blob ids by the names that the feed gave its mails."""
        ...

    def history_rewritten(self, removed: AbstractSet[bytes]) -> None:
        """Be told that the feed's history was rewritten, and which mails it removes now, for good."""
        ...


class IncrementalSource(Protocol):
    """One part of a list. Used by one thread at a time."""

    @property
    def part_name(self) -> str:
        """The distinct name among the list's parts: the number of an epoch; "" for a single part."""
        ...

    @property
    def order(self) -> int:
        """Larger, the later its mails came than those of other parts."""
        ...

    @property
    def path(self) -> str:
        """The repository that has the mails by their blob ids; "" where the index is to keep their bytes."""
        ...

    @property
    def cursor(self) -> str:
        """The position to resume from, once everything yielded so far is stored. Begins as ""."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far, each as a sentence."""
        ...

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:
        """Yield the changes since `position`; of older messages, the newest first.

        To be resumed after any item from the `position` of that moment; from a position that it does not know, by
        comparing all its messages with the stored ones. Raises Cancelled and SourceError or FetchError.
        """
        ...

    def read(self, blob: bytes) -> bytes:
        """Return the bytes of a mail that came without them; empty where they cannot be had, which is noted."""
        ...


def git_blob_id(raw: bytes) -> bytes:
    """Return the id that git gives these bytes (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)."""
    head = b"blob %d\0" % len(raw)
    return hashlib.sha1(head + raw, usedforsecurity=False).digest()
