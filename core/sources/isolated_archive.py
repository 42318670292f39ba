"""A public-inbox archive on disk, read by a child process that may block or crash without harm.

One child is started when first needed, and reused by later readers.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from threading import Event
from typing import Any, Final

from core.errors import Cancelled, ChildError, PatchdeskError
from core.model import RawMessage
from core.progress import ProgressCallback, ProgressJob
from core.sources.archive_folder import archive_name, epoch_number, repositories_in
from core.sources.archive_messages import (
    AskStored,
    Check,
    HistoryRewritten,
    Notes,
    ReadBlob,
    ReadChanges,
    ReadMail,
    ReadMails,
)
from core.sources.source import IncrementalSource, MailChange, StoredPart
from core.system.child_process import ChildProcess

PATIENCE: Final = 60.0
"""Seconds without a sign of life after which an archive is given up."""
DEADLINE: Final = 20.0
"""Seconds that one mail may take."""

_lock = threading.Lock()
_idle: list[ChildProcess] = []


def _acquire() -> ChildProcess:
    with _lock:
        while _idle:
            child = _idle.pop()
            if child.runs():
                return child
            child.release()
    return ChildProcess(
        "core.sources.archive_process",
        doing="Reading the archive",
        hint="Check the disk that it lies on, and the archive with git fsck.",
        serves=True,
        patience=PATIENCE,
    )


def _give_back(child: ChildProcess) -> None:
    with _lock:
        if not _idle and child.runs():
            _idle.append(child)
            return
    child.release()


@atexit.register
def close_idle_child() -> None:
    """End the child that was kept."""
    while _idle:
        _idle.pop().release()


def _ask(
    request: object,
    *,
    stop: Event | None = None,
    report: ProgressCallback = lambda _: None,
    deadline: float | None = None,
    started: list[ChildProcess] | None = None,
) -> Generator[Any, Any, None]:
    """Send a request to a child, and yield its answers; values sent into the generator go to it."""
    child = _acquire()
    if started is not None:
        started.append(child)
    answered = False
    try:
        for value in child.ask(request, stop=stop or Event(), report=report, deadline=deadline):
            back = yield value
            if back is not None:
                child.send(back)
        answered = True
    except PatchdeskError as error:
        answered = not isinstance(error, ChildError)  # it said so, and can be asked again
        raise
    finally:
        if answered:
            _give_back(child)
        else:
            child.release()


def read_blob(path: str, blob: bytes) -> bytes:
    """Return a mail's bytes from one repository; empty where they cannot be had. Raises ChildError."""
    return b"".join(_ask(ReadBlob(path, blob), deadline=DEADLINE))


def open_isolated(path: Path) -> IsolatedArchive:
    """Open a v2 folder, a v1 repository or one epoch. Raises TargetError and ChildError."""
    path = path.absolute()
    list(_ask(Check(str(path)), deadline=PATIENCE))
    return IsolatedArchive(path)


class IsolatedArchive:
    """A list's archive; in v2 the newest mail comes first. A mail's key is the id of its blob."""

    is_list = True

    def __init__(self, path: Path) -> None:
        self.name = archive_name(path)
        self._path = path
        self._notes: tuple[str, ...] = ()
        self._closed = Event()
        self._reading: list[ChildProcess] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far."""
        return self._notes

    def mails(self, *, stop: Event, report: ProgressCallback) -> Iterator[RawMessage]:
        """Yield the mails that are in the archive now, without the removed and the purged."""
        self._notes = ()
        request = ReadMails(str(self._path))
        for value in _ask(request, stop=stop, report=report, started=self._reading):
            if self._closed.is_set():
                raise Cancelled
            if isinstance(value, Notes):
                self._notes = value.notes
            else:
                yield from value

    def read(self, key: str) -> bytes:
        """Return one mail's bytes. Raises SourceError and ChildError."""
        return b"".join(_ask(ReadMail(str(self._path), key), deadline=DEADLINE))

    def incremental_parts(self) -> list[IncrementalSource]:
        """Return the epochs, the newest first."""
        parts: list[IncrementalSource] = []
        for place, path in enumerate(repositories_in(self._path)):
            number = epoch_number(path, place)
            parts.append(IsolatedEpoch(path, str(number), number))
        return parts[::-1]

    def close(self) -> None:
        """End a running `mails`."""
        self._closed.set()
        for child in self._reading:
            child.close()


class IsolatedEpoch:
    """One epoch of a list, or a v1 archive, as an incremental source."""

    def __init__(self, path: Path, part_name: str, order: int) -> None:
        self.part_name = part_name
        self.order = order
        self.path = str(path.resolve())
        self.cursor = ""
        self.notes: tuple[str, ...] = ()

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:
        """Yield the changes since `cursor`, each added mail parsed."""
        self.cursor = ""
        request = ReadChanges(self.path, self.part_name, self.order, cursor)
        asked = _ask(request, stop=job.stop, report=lambda _: None)
        value = next(asked, None)
        while value is not None:
            back: object = None
            match value:
                case AskStored():
                    back = held.blobs()
                case HistoryRewritten(removed):
                    held.history_rewritten(removed)
                case Notes(notes, last):
                    self.notes, self.cursor = notes, last
                case _:
                    for change, after in value:
                        job.tick(0)
                        self.cursor = after
                        yield change
            try:
                value = asked.send(back)
            except StopIteration:
                return

    def read(self, blob: bytes) -> bytes:
        """Return a mail's bytes; of one that was purged none. Raises ChildError."""
        return read_blob(self.path, blob)
