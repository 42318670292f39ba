"""Where the bytes of a mailbox are: a file, memory, or a gzip file that is never unpacked as a whole."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from core.errors import SourceError
from core.progress import byte_size

if TYPE_CHECKING:
    from zlib import _Decompress

CHUNK: Final = 1 << 20
UNPACKED_CAP: Final = 2 << 30
"""Bytes that a gzip file may unpack to."""

_PACKED_CHUNK: Final = 16 << 10
_SALVAGE: Final = 256
_MARK_EVERY: Final = 4 << 20
_GZIP: Final = b"\x1f\x8b"
_GZIP_BITS: Final = 16 + zlib.MAX_WBITS


class ByteSource(Protocol):
    """Bytes that can be read from their beginning, and again anywhere."""

    @property
    def size(self) -> int | None:
        """How many bytes there are, where that is known."""
        ...

    @property
    def stamp(self) -> str:
        """A value that changes whenever the bytes do; as far as a file's size and time tell."""
        ...

    @property
    def fault(self) -> str:
        """The fault at the end, as text that follows the name, once `chunks` has come to it."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes, in pieces of at most `CHUNK`."""
        ...

    def at(self, offset: int, length: int) -> bytes:
        """Return `length` bytes at `offset`, fewer where they end."""
        ...

    def close(self) -> None:
        """Let go of the file. Any thread."""
        ...


def is_gzip(head: bytes) -> bool:
    """Tell whether bytes beginning with `head` are gzip's."""
    return head.startswith(_GZIP)


def open_regular(path: Path) -> int:
    """Open a regular file for reading, and nothing else: no FIFO that would block, no device.

    Raises OSError; IsADirectoryError and its kin come from the system.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return handle


def read_file(path: Path, cap: int) -> bytes:
    """Return a regular file's bytes, at most `cap` of them. Raises OSError."""
    with open(open_regular(path), "rb") as file:
        return file.read(cap)


def unpacked(data: bytes, cap: int) -> bytes:
    """Return gzip data unpacked, at most `cap` bytes, as far as it is intact; other bytes unchanged."""
    if not is_gzip(data):
        return data
    out = b""
    with contextlib.suppress(zlib.error):
        out = zlib.decompressobj(_GZIP_BITS).decompress(data, cap)
    return out


def error_reason(error: Exception) -> str:
    """Return the reason of a failed file access, as words for the end of a sentence."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return reason[:1].lower() + reason[1:] or type(error).__name__


class MemoryBytes:
    """Bytes that are in memory already."""

    fault = ""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.stamp = f"{len(data)} {zlib.crc32(data):08x}"

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in pieces."""
        for start in range(0, len(self._data), CHUNK):
            yield self._data[start : start + CHUNK]

    def at(self, offset: int, length: int) -> bytes:
        """Return `length` bytes at `offset`."""
        return self._data[offset : offset + length]

    def close(self) -> None:
        """Forget the bytes."""
        self._data = b""


class FileBytes:
    """A regular file, kept open: renamed or replaced, its bytes stay those that were read.

    Not mapped into memory: a mailbox that another program shortens would end the process with SIGBUS.
    """

    fault = ""

    def __init__(self, path: Path) -> None:
        """Open it. Raises OSError."""
        self._handle: int | None = open_regular(path)
        self._lock = threading.Lock()
        self._path = path
        status = os.fstat(self._handle)
        self.size = status.st_size
        self.stamp = f"{status.st_size} {status.st_mtime_ns}"

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in pieces."""
        offset = 0
        while chunk := self.at(offset, CHUNK):
            yield chunk
            offset += len(chunk)

    def at(self, offset: int, length: int) -> bytes:
        """Return `length` bytes at `offset`. Raises SourceError."""
        with self._lock:  # or the number could be another file's by now
            if self._handle is None:
                raise SourceError(f"{self._path} is closed.")
            try:
                return os.pread(self._handle, length, offset)
            except OSError as error:
                raise SourceError(f"{self._path} cannot be read: {error_reason(error)}.") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """A place from which unpacking can resume."""

    offset: int
    packed: int
    state: _Decompress


class GzipBytes:
    """Gzip (RFC 1952, any number of members) over another store, read through marks set every 4 MiB.

    So a mail in the middle costs at most the unpacking of that much, and no unpacked byte is kept.
    """

    size = None

    def __init__(self, packed: ByteSource, *, cap: int = UNPACKED_CAP) -> None:
        self._packed = packed
        self.stamp = packed.stamp
        self._cap = cap
        self._marks = [_Checkpoint(0, 0, zlib.decompressobj(_GZIP_BITS))]
        self.fault = ""

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in pieces; of damaged data those before the damage, and set `fault`."""
        del self._marks[1:]
        self.fault = ""
        offset = 0
        for chunk in self._unpack(self._marks[0], marking=True):
            offset += len(chunk)
            if offset > self._cap:
                self.fault = f"unpacks to more than {byte_size(self._cap)}, and is read no further"
                return
            yield chunk

    def at(self, offset: int, length: int) -> bytes:
        """Return `length` bytes at `offset`."""
        mark = self._marks[bisect_right(self._marks, offset, key=lambda mark: mark.offset) - 1]
        found = bytearray()
        at = mark.offset
        for chunk in self._unpack(mark, marking=False):
            if at + len(chunk) > offset:
                found += chunk[max(0, offset - at) : offset + length - at]
            at += len(chunk)
            if at >= offset + length:
                break
        return bytes(found)

    def close(self) -> None:
        """Close the packed file."""
        self._packed.close()

    def _unpack(self, mark: _Checkpoint, *, marking: bool) -> Iterator[bytes]:
        state, offset, packed = mark.state.copy(), mark.offset, mark.packed
        while raw := self._packed.at(packed, _PACKED_CHUNK):
            data, unused = raw, b""
            if state.eof:  # another member, or the zeros that tapes and some writers leave
                data = raw.lstrip(b"\0")
                if data and not is_gzip(data):
                    return
                if data:
                    state = zlib.decompressobj(_GZIP_BITS)
            while data:
                before = state.copy()
                try:
                    chunk = state.decompress(data, CHUNK)
                except zlib.error:
                    yield from _until_damage(before, data)
                    self.fault = "is damaged, and readable only up to there"
                    return
                offset += len(chunk)
                if chunk:
                    yield chunk
                data, unused = (
                    (b"", state.unused_data) if state.eof else (state.unconsumed_tail, b"")
                )
            packed += len(raw) - len(unused)
            if marking and not state.eof and offset - self._marks[-1].offset >= _MARK_EVERY:
                self._marks.append(_Checkpoint(offset, packed, state.copy()))
        if not state.eof:
            self.fault = "is cut off: the last mail may be incomplete"


def _until_damage(state: _Decompress, data: bytes) -> Iterator[bytes]:
    """Unpack in small steps a stream that zlib rejects as a whole."""
    with contextlib.suppress(zlib.error):
        while data:
            yield state.decompress(data, _SALVAGE)
            data = state.unconsumed_tail
