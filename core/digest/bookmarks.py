"""The end of the last digest of each list, and the bookmarks set by the user.

One JSON file among the user's data: {TARGET: {"read": {"until": WORDS, "at": SECONDS, "time": ISO}, "mark": {…}}}.
`until` are words of a range, `at` the second of the Unix epoch that they mean, and `time` is when they were remembered.
A file that is torn, too large or another's is left as it is: it may hold bookmarks that a person can save.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

from core.errors import PatchdeskError
from core.system.paths import data_dir, open_folder, private_dir, write_atomically

_LARGEST: Final = 4 << 20
_KINDS: Final = ("read", "mark")
_writing: Final = Lock()


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place in a list that a digest may begin at."""

    until: str
    """Words of a range: a commit, a moment."""
    at: int
    """Its time, in seconds of the Unix epoch."""
    time: str
    """When the user was there, ISO 8601."""


def remembered_file() -> Path:
    """Return the file; it may not exist."""
    return data_dir() / "digests.json"


def key_of(target: str) -> str:
    """Return the key of a target: a path in full, a list by its name."""
    path = Path(target).expanduser()
    try:
        return str(path.resolve()) if path.exists() else target
    except (OSError, ValueError):  # no path at all
        return target


def load_bookmarks(target: str) -> dict[str, Bookmark]:
    """Return the bookmarks of a target: `read`, `mark`, or neither. Unreadable ones are left out."""
    return _bookmarks_of(_load() or {}, target)


def _bookmarks_of(everything: dict[str, Any], target: str) -> dict[str, Bookmark]:
    entry = everything.get(key_of(target))
    found: dict[str, Bookmark] = {}
    for kind in _KINDS:
        match entry.get(kind) if isinstance(entry, dict) else None:
            case {"until": str() as until, "at": int() as at, "time": str() as time}:
                found[kind] = Bookmark(until, at, time)
    return found


def save_bookmark(target: str, kind: str, until: str, when: datetime, *, at: int) -> None:
    """Remember a place under `read` or `mark`, in place of the one before. Any thread. Raises PatchdeskError.

    A place that was `read` before a later one changes nothing: an older window was looked at again.
    """
    if kind not in _KINDS:
        raise ValueError(kind)
    with _writing, _locked():
        everything = _load()
        if everything is None:
            raise PatchdeskError(
                f"The bookmark was not saved: {remembered_file()} is not a bookmark file of patchdesk.",
                "Repair that file, or move it away.",
            )
        before = _bookmarks_of(everything, target).get(kind)
        if kind == "read" and before is not None and before.at > at:
            return
        entry = everything.setdefault(key_of(target), {})
        if not isinstance(entry, dict):
            entry = everything[key_of(target)] = {}
        entry[kind] = asdict(Bookmark(until, at, when.isoformat(timespec="seconds")))
        content = json.dumps(everything, indent=1, sort_keys=True)
        write_atomically(remembered_file(), content.encode("ascii"))


@contextmanager
def _locked() -> Iterator[None]:
    """Let no other process write the file between reading and writing it."""
    folder = remembered_file().parent
    private_dir(folder)
    handle = open_folder(folder)
    try:
        with suppress(OSError):  # a disk that cannot lock can still be written
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # which unlocks it


def _load() -> dict[str, Any] | None:
    """Return the bookmarks of the file; None where it is unreadable, and so must not be replaced."""
    path = remembered_file()
    try:
        if path.stat().st_size > _LARGEST:
            return None
        read = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise PatchdeskError(
            f"{path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
