"""The triage journal: events appended to one file, a line of JSON each, and never changed.

Events are on the disk when `append` returns. Two processes append whole lines, one after the other (flock). A last line
that a crash tore is put into a file beside; a line that is not an event stays where it is, and is skipped.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

from core.errors import PatchdeskError
from core.progress import Progress, ProgressCallback
from core.triage.events import LONGEST, TriageEvent, read_line

FILE: Final = "triage.jsonl"
"""The journal's name in the data folder."""

_CHECKPOINT_BYTES: Final = 512
"""Bytes before a cursor that tell whether it is still the same file."""
_TAILS: Final = (1 << 20, 2 * LONGEST)
"""Bytes at the end that are looked at for this machine's last event: more where the first have none."""
_CHUNK: Final = 1 << 20
LOCK_FOR: Final = 10.0
"""Seconds that a write waits for others to end; each is far shorter, unless its process was stopped."""
_LOCK_POLL: Final = 0.002
_BATCH_BYTES: Final = 8 << 20


class JournalError(PatchdeskError):
    """The journal cannot be read or written."""


@dataclass(frozen=True, slots=True)
class JournalCursor:
    """How far a journal was read: an offset, and a hash of the bytes at the beginning and before the offset."""

    offset: int = 0
    checkpoint: str = ""


JOURNAL_START: Final = JournalCursor()


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events read one after another."""

    events: tuple[TriageEvent, ...]
    cursor: JournalCursor
    """The position after the batch."""
    invalid_lines: int = 0
    """Lines that are no events."""


class Journal:
    """The journal in one file, which need not exist yet. Any thread may call it."""

    def __init__(
        self, path: Path, *, host: str | None = None, report: ProgressCallback = lambda _: None
    ) -> None:
        """Take the file and the name of this machine (default: its host name). Nothing is opened yet.

        `report` gets the progress of reading many new events, on the thread that reads them.
        """
        self.path = path
        self._report = report
        name = host or os.uname().nodename[:255] or "localhost"
        self.host = name.encode("utf-8", "replace").decode()
        self.notes: tuple[str, ...] = ()
        """Notes on lines that were set aside, each a sentence."""
        self._lock = threading.Lock()
        self._scanned: int | None = None
        self._last = 0
        """The time of this machine's latest event."""
        self._synced_folder = False

    # ------------------------------------------------------------------- writing

    def append(
        self, events: Sequence[TriageEvent], *, now: int, sync: bool = True
    ) -> list[TriageEvent]:
        """Write events as one, each with its time, host and id; return them as written.

        Those of one call are one step: the ids of all but the first are the first's with a number. `now` is in
        microseconds of the Unix epoch; a clock that was set back is put right by this machine's last event. With `sync`
        they are on the disk once this returns. Raises JournalError.
        """
        with self._lock, self._locked() as file:
            self._repair_tail(file)
            self._read_last_time(file)
            name = os.urandom(8).hex()
            written: list[TriageEvent] = []
            for number, event in enumerate(events):
                at = self._last = max(now, self._last + 1)
                id_ = f"{name}.{number}" if number else name
                written.append(replace(event, time=at, host=self.host, id=id_))
            self._write(file, b"".join(event.line() for event in written), sync=sync)
            self._scanned = os.fstat(file).st_size
        return written

    def import_events(self, lines: BinaryIO, known: Callable[[str], bool]) -> tuple[int, int]:
        """Append the events of another journal that are not `known` by their ids; return how many, and how many lines are no events.

        Raises JournalError, and OSError where `lines` cannot be read.
        """
        added = invalid = 0
        known_ids: set[str] = set()
        with self._lock, self._locked() as file:
            self._repair_tail(file)
            for line, _ in _lines(lines, to_the_end=True):
                event = read_line(line) if line is not None else None
                if event is None:
                    invalid += 1
                elif event.id not in known_ids and not known(event.id):
                    known_ids.add(event.id)
                    added += 1
                    self._write(file, event.line(), sync=False)
            self._sync(file)
        return added, invalid

    # ------------------------------------------------------------------- reading

    def size(self) -> int:
        """Return how many bytes there are; 0 where there is no journal."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise self._fault("read", error) from error

    def continues_from(self, cursor: JournalCursor) -> bool:
        """Whether the journal continues from a cursor; False where the file was replaced, cut or edited there."""
        if not cursor.offset:
            return True
        try:
            with self.path.open("rb") as file:
                return _checkpoint_hash(file, cursor.offset) == cursor.checkpoint
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._fault("read", error) from error

    def read_from(
        self, cursor: JournalCursor = JOURNAL_START, *, most: int = 20_000
    ) -> Iterator[EventBatch]:
        """Yield the events after a cursor, so many at once; half a line at the end is left for the next time.

        Raises JournalError.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(cursor.offset)
                whole = os.fstat(file.fileno()).st_size
                reported = False
                for batch in _batches(file, cursor.offset, most):
                    yield batch
                    if reported or batch.cursor.offset < whole:  # not what one batch takes in
                        reported = True
                        read = min(batch.cursor.offset, whole)
                        self._report(
                            Progress("Reading the triage journal, KiB", read >> 10, whole >> 10)
                        )
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._fault("read", error) from error

    def repair_tail(self) -> None:
        """Put half a line at the end, which a crash has left, into a file beside; `notes` says so."""
        if self.size() == 0:
            return
        try:
            with self._lock, self._locked() as file:
                self._repair_tail(file)
        except JournalError as error:
            self.notes = (*self.notes, f"{error.message} {error.hint}")

    # ------------------------------------------------------------------- the file

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Give the open file, which no other process writes meanwhile."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._fault("written", error) from error
        try:
            self._wait_for_lock(file)
            yield file
        except OSError as error:
            raise self._fault("written", error) from error
        finally:
            os.close(file)  # which unlocks it

    def _wait_for_lock(self, file: int) -> None:
        end = time.monotonic() + LOCK_FOR
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise JournalError(
                        f"Another process keeps the triage journal {self.path} locked.",
                        "Nothing was recorded: end that process, or let it go on.",
                    ) from None
                time.sleep(_LOCK_POLL)
            else:
                return

    def _write(self, file: int, data: bytes, *, sync: bool) -> None:
        """Write all of it, or nothing: where the disk is full, the part written is removed again."""
        before = os.fstat(file).st_size
        try:
            written = os.write(file, data)
            while written < len(data):
                written += os.write(file, data[written:])
        except BaseException:
            os.ftruncate(file, before)
            raise
        if sync:
            self._sync(file)

    def _sync(self, file: int) -> None:
        os.fsync(file)
        if not self._synced_folder:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)  # or a file that is new may be gone after a crash
            finally:
                os.close(folder)
            self._synced_folder = True

    def _repair_tail(self, file: int) -> None:
        size = os.fstat(file).st_size
        if not size or os.pread(file, 1, size - 1) == b"\n":
            return
        start, tail = size, b""
        while start and b"\n" not in tail:
            step = min(_CHUNK, start)
            start -= step
            tail = os.pread(file, step, start) + tail
        cut = tail.rfind(b"\n") + 1
        start, tail = start + cut, tail[cut:]
        if read_line(tail) is not None:  # whole, but for its line end
            self._write(file, b"\n", sync=False)
            return
        beside = self.path.with_name(f"{self.path.name}.torn")
        other = os.open(beside, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(other, tail + b"\n")
            os.fsync(other)
        finally:
            os.close(other)
        os.ftruncate(file, start)
        self.notes = (
            *self.notes,
            f"The last line of the triage journal was torn; its {len(tail):,} bytes are in {beside.name}.",
        )

    def _read_last_time(self, file: int) -> None:
        """Read the events written since the last time for the latest one of this machine."""
        size = os.fstat(file).st_size
        if self._scanned is not None:
            self._read_times(file, self._scanned if self._scanned <= size else 0, size)
        else:
            for tail in _TAILS:
                self._read_times(file, max(0, size - tail), size)
                if self._last or tail >= size:
                    break
        self._scanned = size

    def _read_times(self, file: int, start: int, size: int) -> None:
        rest = b""
        while start < size:
            data = os.pread(file, min(size - start, _CHUNK), start)
            start += len(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                # Cheap first: most lines of a merged file may be another machine's.
                if b'"host"' in line and (event := read_line(line)) and event.host == self.host:
                    self._last = max(self._last, event.time)
            if len(rest) > LONGEST:
                rest = b""

    def _fault(self, what: str, error: OSError) -> JournalError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return JournalError(
                f"No space is left for the triage journal {self.path}.",
                "Nothing was recorded: free some space on that disk, and do it again.",
            )
        return JournalError(
            f"The triage journal {self.path} cannot be {what}: {(error.strerror or str(error)).lower()}.",
            "Make its folder and the file writable."
            if what == "written"
            else "Check its permissions.",
        )


def _batches(file: BinaryIO, offset: int, most: int) -> Iterator[EventBatch]:
    events: list[TriageEvent] = []
    invalid = 0
    begun = offset
    for line, length in _lines(file):
        offset += length
        event = read_line(line) if line is not None else None
        if event is not None:
            events.append(event)
        else:
            invalid += line is None or bool(line.strip())
        if len(events) >= most or offset - begun >= _BATCH_BYTES:
            yield EventBatch(
                tuple(events), JournalCursor(offset, _checkpoint_hash(file, offset)), invalid
            )
            events, invalid, begun = [], 0, offset
    if offset != begun:
        yield EventBatch(
            tuple(events), JournalCursor(offset, _checkpoint_hash(file, offset)), invalid
        )


def _lines(file: BinaryIO, *, to_the_end: bool = False) -> Iterator[tuple[bytes | None, int]]:
    """Yield lines and their lengths; None for one that is too long. A last line without an end only with `to_the_end`."""
    while line := file.readline(LONGEST + 1):
        length = len(line)
        ended = line.endswith(b"\n")
        if not ended and length > LONGEST:
            while not ended and (more := file.readline(_CHUNK)):
                length += len(more)
                ended = more.endswith(b"\n")
            if ended or to_the_end:
                yield None, length
        elif ended or to_the_end:
            yield line, length


def _checkpoint_hash(file: BinaryIO, offset: int) -> str:
    start = max(0, offset - _CHECKPOINT_BYTES)
    digest = blake2b(os.pread(file.fileno(), min(offset, _CHECKPOINT_BYTES), 0), digest_size=16)
    digest.update(os.pread(file.fileno(), offset - start, start))
    return f"{offset}:{digest.hexdigest()}"
