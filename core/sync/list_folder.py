"""A followed list's folder: its clone, its lock, its origin, how far back messages are wanted, the error of its last sync;
and the result of a sync.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Final

from core.errors import Cancelled, PatchdeskError
from core.progress import Progress, ProgressCallback
from core.system.paths import cache_dir, data_dir, open_folder, private_dir, write_atomically

_POLL: Final = 0.2
_CAP: Final = 10_000


@dataclass(frozen=True, slots=True)
class SyncDepth:
    """How far back mail is wanted: as far as a list's first sync goes, unless said."""

    everything: bool = False
    """Back to the list's beginning."""
    since: int | None = None
    """Back to this second of the Unix epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """The result of a sync of one list."""

    name: str
    added: int = 0
    """Mails that came."""
    removed: int = 0
    """Mails that were taken away."""
    series: int = 0
    """Series and threads that are new or changed."""
    notes: tuple[str, ...] = ()
    """Notes for the user, each as a sentence."""
    error: PatchdeskError | None = None
    """The error that ended it; earlier messages stay."""
    stopped: bool = False
    """The user stopped it; earlier messages stay."""


@dataclass(frozen=True, slots=True)
class SyncError:
    """The error that ended the last sync of a list, kept until one succeeds."""

    time: datetime
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class DataDirs:
    """The folders of synced data."""

    data: Path
    cache: Path

    @staticmethod
    def default() -> DataDirs:
        """Return the user's own."""
        return DataDirs(data_dir(), cache_dir())

    @property
    def index(self) -> Path:
        """The index's file."""
        return self.data / "index.sqlite3"

    @property
    def hosts(self) -> Path:
        """The folder of servers' rate limits."""
        return self.cache / "hosts"

    def folder(self, name: str) -> Path:
        """Return a list's folder; it may not exist."""
        return self.data / "lists" / name

    def clone(self, name: str) -> Path | None:
        """Return the public-inbox folder that sync made of a list; None where there is none."""
        folder = self.folder(name)
        return folder if any(folder.glob("git/*.git")) else None


@contextlib.contextmanager
def list_lock(folder: Path, name: str, *, stop: Event, report: ProgressCallback) -> Iterator[int]:
    """Hold the lock of a list, waiting for another process that does.

    Gives the handle that holds the lock: a child that inherits it holds the lock until it ends, too. Raises Cancelled, and PatchdeskError where the folder cannot be made.
    """
    private_dir(folder.parent)
    private_dir(folder)
    handle = open_folder(folder)
    try:
        while not _take(handle, folder):
            report(Progress(f"Waiting for another sync of {name}"))
            if stop.wait(_POLL):
                raise Cancelled
        yield handle
    finally:
        os.close(handle)


def _take(handle: int, folder: Path) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise PatchdeskError(
            f"{folder} cannot be locked: {error.strerror}.",
            "Point XDG_DATA_HOME at a disk that can lock files.",
        ) from error
    return True


def load_pending_depth(folder: Path, wish: SyncDepth) -> SyncDepth:
    """Return a wish together with that of an earlier sync that did not come to its end."""
    try:
        read = json.loads(_wanted(folder).read_text("utf-8")[:1000])
        since = None if read["since"] is None else int(read["since"])
        before = SyncDepth(everything=read["everything"] is True, since=since)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return wish
    depths = [each.since for each in (before, wish) if each.since is not None]
    return SyncDepth(before.everything or wish.everything, min(depths, default=None))


def save_pending_depth(folder: Path, wish: SyncDepth) -> None:
    """Keep a wish for the next sync, should this one not come to its end. Raises PatchdeskError."""
    if wish != SyncDepth():
        content = {"everything": wish.everything, "since": wish.since}
        write_atomically(_wanted(folder), json.dumps(content).encode())


def clear_pending_depth(folder: Path) -> None:
    """Forget the wish that `remember` kept."""
    with contextlib.suppress(OSError):
        _wanted(folder).unlink()


def recorded_origin(folder: Path) -> str:
    """Return the origin recorded by `note_source`; "" for none."""
    with contextlib.suppress(OSError, ValueError):
        return (folder / "source").read_text("utf-8")[:_CAP].removesuffix("\n")
    return ""


def record_origin(folder: Path, source: str) -> None:
    """Keep in words where a list's mail comes from, to notice when that changes. Raises PatchdeskError."""
    if recorded_origin(folder) != source:
        write_atomically(folder / "source", f"{source}\n".encode())


def save_sync_error(folder: Path, error: PatchdeskError | None, now: datetime) -> None:
    """Keep the error of a list's sync until the next; None: it succeeded. What cannot be written is not kept."""
    file = folder / "error.json"
    with contextlib.suppress(OSError, PatchdeskError):
        if error is None:
            file.unlink(missing_ok=True)
        else:
            content = {"time": now.isoformat(), "message": error.message, "hint": error.hint}
            write_atomically(file, json.dumps(content).encode())


def load_sync_errors(home: DataDirs, names: Iterable[str]) -> dict[str, SyncError]:
    """Return the errors of the lists whose last sync failed, by name."""
    found = {}
    for name in names:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            with (home.folder(name) / "error.json").open("rb") as file:
                read = json.loads(file.read(_CAP))
            when = datetime.fromisoformat(read["time"])
            if when.tzinfo is not None:
                found[name] = SyncError(when, str(read["message"]), str(read["hint"]))
    return found


def _wanted(folder: Path) -> Path:
    return folder / "wanted.json"
