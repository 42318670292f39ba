"""Mailboxes and maildirs as feeds: an mbox that grew is read from where it ended, a maildir by its new file names."""

from __future__ import annotations

import json
from collections.abc import Iterator

from core.errors import SourceError
from core.progress import ProgressJob
from core.sources.feed import Change, Held, blob_id
from core.sources.mailbox import MailboxSource
from core.sources.maildir import MaildirSource


class MailboxFeed:
    """An mbox or a single message.

    A position is where the last mail begins. It is read again the next time: another program may not have written
    all of it. A file that was rewritten is read from its beginning, and what it has no longer is taken away.
    """

    part = ""
    rank = 0
    path = ""

    def __init__(self, source: MailboxSource) -> None:
        self._source = source
        self._position = ""

    @property
    def position(self) -> str:
        """Where to go on, once all that was yielded so far is stored."""
        return self._position

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read so far."""
        return self._source.notes

    def changes(self, position: str, held: Held, job: ProgressJob) -> Iterator[Change]:
        """Yield what came and went since `position`."""
        start, last = self._resume(position)
        if start is None:
            return
        before = held.blobs() if position and not start else set()
        seen: set[bytes] = set()
        self._position = "" if before else position
        for offset, raw in self._source.mails_from(start, job):
            blob = blob_id(raw)
            if before:
                seen.add(blob)
            else:
                self._position = self._at(offset, blob, whole=False)
            if offset == start and last:
                if blob == last:
                    continue
                yield Change(last, added=False)
            yield Change(blob, added=True, raw=raw)
        for blob in before - seen:
            yield Change(blob, added=False)
        if self._position:
            where = json.loads(self._position)
            self._position = self._at(where["offset"], bytes.fromhex(where["last"]), whole=True)

    def read(self, blob: bytes) -> bytes:
        """Return nothing: every mail comes with its bytes."""
        raise SourceError(f"{self._source.name} has no mail {blob.hex()}.")

    def _at(self, offset: int, blob: bytes, *, whole: bool) -> str:
        return json.dumps(
            {
                "offset": offset,
                "check": self._source.check(offset),
                "last": blob.hex(),
                "stamp": self._source.stamp if whole else "",
            }
        )

    def _resume(self, position: str) -> tuple[int | None, bytes]:
        """Return where to begin, and the blob id of the mail there; None where nothing has changed."""
        try:
            where = json.loads(position) if position else {}
            offset, last = int(where["offset"]), bytes.fromhex(where["last"])
        except (ValueError, KeyError, TypeError):
            return 0, b""
        if where.get("stamp") == self._source.stamp:
            self._position = position
            return None, b""
        if where.get("check") != self._source.check(offset):
            return 0, b""
        return offset, last


class MaildirFeed:
    """A maildir; its mails' names are those of the files, without folder and flags."""

    part = ""
    rank = 0
    path = ""
    position = "names"

    def __init__(self, source: MaildirSource) -> None:
        self._source = source

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read so far."""
        return self._source.notes

    def changes(self, position: str, held: Held, job: ProgressJob) -> Iterator[Change]:  # noqa: ARG002
        """Yield what came and went, the newest first; the names that are held say what that is."""
        there = self._source.names()
        known = held.names()
        for name, blob in known.items():
            if name not in there:
                yield Change(blob, added=False, name=name)
        for name, key in there.items():
            if name in known:
                continue
            job.tick(0)
            try:
                raw = self._source.read(key)
            except SourceError:
                self._source.note_unreadable(key)
                continue
            if raw:
                yield Change(blob_id(raw), added=True, raw=raw, name=name)

    def read(self, blob: bytes) -> bytes:
        """Return nothing: every mail comes with its bytes."""
        raise SourceError(f"{self._source.name} has no mail {blob.hex()}.")
