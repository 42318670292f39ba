"""Mail in one file: mboxes, single messages, and standard input."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Final

from core.errors import SourceError, TargetError
from core.model import RawMessage
from core.progress import ProgressCallback, ProgressJob
from core.sources import mbox
from core.sources.byte_store import (
    CHUNK,
    ByteSource,
    FileBytes,
    GzipBytes,
    MemoryBytes,
    error_reason,
    is_gzip,
)
from core.sources.source import MailChange, StoredPart, git_blob_id

_HEAD: Final = 64 << 10
_CHECKED: Final = 4 << 10
_PACKERS: Final = {
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf": "7z",
}
WHAT_WOULD_DO: Final = "Open an mbox (also .gz), an .eml, a maildir, a public-inbox folder, a Message-ID or the address of a message."


class MailboxSource:
    """An mbox or a single message, in a file or in memory.

    A mail's key is `OFFSET:LENGTH:CRC32` of its bytes as they lie there, so that a mailbox rewritten since is noticed.
    """

    is_list = False

    def __init__(self, name: str, store: ByteSource, kind: str) -> None:
        """Take `kind` as `mbox.kind_of` says it."""
        self.name = name
        self._store = store
        self._kind = kind
        self._closed = Event()

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far."""
        return (f"{self.name} {self._store.fault}.",) if self._store.fault else ()

    def mails(self, *, stop: Event, report: ProgressCallback) -> Iterator[RawMessage]:
        """Yield the mails in their order in the file."""
        job = ProgressJob(
            f"Reading {self.name}", "byte", stop=stop, closed=self._closed, report=report
        )
        for piece in self._pieces(self._watched(job)):
            job.tick(piece.offset, self._store.size)
            key = f"{piece.offset}:{piece.length}:{zlib.crc32(piece.escaped):08x}"
            yield RawMessage(self._mail(piece.escaped), key)

    def mails_from(self, start: int, job: ProgressJob) -> Iterator[tuple[int, bytes]]:
        """Yield the mails from the one on that begins at `start` (0: the first), each with where it begins."""
        for piece in self._pieces(self._chunks_from(start, job)):
            yield start + piece.offset, self._mail(piece.escaped)

    @property
    def stamp(self) -> str:
        """A value that changes whenever the file does."""
        return self._store.stamp

    def check(self, offset: int) -> int:
        """Return a checksum of the bytes before `offset`, to tell whether the file only grew."""
        begin = max(0, offset - _CHECKED)
        return zlib.crc32(self._store.at(begin, offset - begin))

    def read(self, key: str) -> bytes:
        """Return one mail's bytes."""
        offset, length, check = key.split(":")
        escaped = self._store.at(int(offset), min(int(length), mbox.MAIL_CAP))
        if f"{zlib.crc32(escaped):08x}" != check:
            raise SourceError(
                f"This mail is no longer in {self.name}.", "The file was changed. Open it again."
            )
        return self._mail(escaped)

    def close(self) -> None:
        """End a running `mails` and close the file."""
        self._closed.set()
        self._store.close()

    def _pieces(self, chunks: Iterator[bytes]) -> Iterator[mbox.MboxEntry]:
        return iter((_whole(chunks),)) if self._kind == "mail" else mbox.split(chunks)

    def _chunks_from(self, start: int, job: ProgressJob) -> Iterator[bytes]:
        if isinstance(self._store, GzipBytes):  # which is read from its beginning in any case
            for chunk in self._watched(job):
                if len(chunk) > start:
                    yield chunk[start:]
                start = max(0, start - len(chunk))
            return
        while chunk := self._store.at(start, CHUNK):
            job.tick(0)
            yield chunk
            start += len(chunk)

    def _mail(self, escaped: bytes) -> bytes:
        return escaped if self._kind == "mail" else mbox.unescape_from(escaped)

    def _watched(self, job: ProgressJob) -> Iterator[bytes]:
        done = 0
        for chunk in self._store.chunks():
            job.tick(done, self._store.size)
            done += len(chunk)
            yield chunk


class MailboxFeed:
    """An mbox or a single message.

    A position is where the last mail begins. It is read again the next time: another program may not have written all
    of it. A file that was rewritten is read from its beginning, and messages that it no longer has are removed.
    """

    part_name = ""
    order = 0
    path = ""

    def __init__(self, source: MailboxSource) -> None:
        self._source = source
        self._cursor = ""

    @property
    def cursor(self) -> str:
        """The position to resume from, once everything yielded so far is stored."""
        return self._cursor

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far."""
        return self._source.notes

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:
        """Yield the changes since `position`."""
        start, last = self._resume(cursor)
        if start is None:
            return
        before = held.blobs() if cursor and not start else set()
        seen: set[bytes] = set()
        self._cursor = "" if before else cursor
        for offset, raw in self._source.mails_from(start, job):
            blob = git_blob_id(raw)
            if before:
                seen.add(blob)
            else:
                self._cursor = self._at(offset, blob, whole=False)
            if offset == start and last:
                if blob == last:
                    continue
                yield MailChange(last, added=False)
            yield MailChange(blob, added=True, raw=raw)
        for blob in before - seen:
            yield MailChange(blob, added=False)
        if self._cursor:
            where = json.loads(self._cursor)
            self._cursor = self._at(where["offset"], bytes.fromhex(where["last"]), whole=True)

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

    def _resume(self, cursor: str) -> tuple[int | None, bytes]:
        """Return where to begin, and the blob id of the mail there; None where nothing has changed."""
        try:
            where = json.loads(cursor) if cursor else {}
            offset, last = int(where["offset"]), bytes.fromhex(where["last"])
        except (ValueError, KeyError, TypeError):
            return 0, b""
        if where.get("stamp") == self._source.stamp:
            self._cursor = cursor
            return None, b""
        if where.get("check") != self._source.check(offset):
            return 0, b""
        return offset, last


def _whole(chunks: Iterator[bytes]) -> mbox.MboxEntry:
    kept = bytearray()
    for chunk in chunks:
        kept += chunk[: mbox.MAIL_CAP - len(kept)]
        if len(kept) >= mbox.MAIL_CAP:
            break
    return mbox.MboxEntry(0, len(kept), bytes(kept))


def open_file(path: Path) -> MailboxSource:
    """Open an mbox or a single message, plain or gzipped. Raises TargetError."""
    try:
        store: ByteSource = FileBytes(path)
    except (OSError, ValueError) as error:
        raise TargetError(
            f"{path} cannot be read: {error_reason(error)}.", WHAT_WOULD_DO
        ) from error
    try:
        return _mailbox(str(path), path.name, store)
    except BaseException:
        store.close()
        raise


def open_bytes(data: bytes, name: str) -> MailboxSource:
    """Open an mbox or a single message that is in memory. Raises TargetError."""
    return _mailbox(name, name, MemoryBytes(data))


def _mailbox(target: str, name: str, store: ByteSource) -> MailboxSource:
    head = store.at(0, _HEAD)
    if is_gzip(head):
        store = GzipBytes(store)
        head = store.at(0, _HEAD)
        if not head and store.fault:
            raise TargetError(
                f"{target} is a gzip file that {store.fault}.", "Fetch or copy it again."
            )
    if not head.strip():
        raise TargetError(f"{target} is empty.", WHAT_WOULD_DO)
    kind = mbox.sniff_format(head)
    if not kind:
        raise TargetError(f"{target} {_describe_content(head)}.", _hint(head))
    return MailboxSource(name, store, kind)


def _describe_content(head: bytes) -> str:
    for magic, packer in _PACKERS.items():
        if head.startswith(magic):
            return f"is packed with {packer}"
    if head.lstrip()[:1] == b"<" and b"<html" in head[:2000].lower():
        return "is a web page"
    if head.startswith((b"diff ", b"--- ", b"Index: ")):
        return "is a diff without a mail around it"
    if b"\0" in head:
        return "is a binary file"
    return (
        "is a text file, but not a mail: it begins neither with “From ” nor with a mail's headers"
    )


def _hint(head: bytes) -> str:
    if any(head.startswith(magic) for magic in _PACKERS):
        return "Unpack it first; only gzip is read as it is."
    return WHAT_WOULD_DO
