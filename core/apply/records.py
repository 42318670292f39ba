"""The versions that were applied, or are being applied, kept on disk so that a crash hides none of them."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from core.errors import PatchdeskError
from core.model import MessageId
from core.system.paths import data_dir, private_dir, write_atomically

_LARGEST: Final = 16 << 20
_MOST: Final = 500
"""Records kept; the oldest that are over go first."""


class ApplyState(StrEnum):
    """The state of an application."""

    APPLYING = "applying"
    """git has it, or had it when this program died."""
    CONFLICT = "conflict"
    """Its worktree has a conflict to be resolved."""
    APPLIED = "applied"
    UNDONE = "undone"
    ABORTED = "aborted"


class RecordedPatch(NamedTuple):
    """A patch of an application."""

    number: int
    message_id: MessageId
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRecord:
    """One application of a version to a repository."""

    id: str
    state: ApplyState
    series: str
    version: int
    subject: str
    repo: str
    base: str
    branch: str
    worktree: str
    keep_worktree: bool
    """The user asked for a worktree, so it stays when all is applied."""
    commits: tuple[str, ...] = ()
    patches: tuple[RecordedPatch, ...] = ()
    """The patches that are applied, in order."""

    @property
    def is_open(self) -> bool:
        """Whether it waits for a conflict to be resolved."""
        return self.state in {ApplyState.APPLYING, ApplyState.CONFLICT}


class ApplyRecords:
    """The file of records; each change is on disk when a method returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def default(cls) -> ApplyRecords:
        """Return the records in the user's data folder."""
        return cls(data_dir() / "applied.json")

    def all(self) -> tuple[ApplyRecord, ...]:
        """Return the records, oldest first. Raises PatchdeskError where the file cannot be read."""
        return tuple(self._read())

    def get(self, record_id: str) -> ApplyRecord:
        """Return a record. Raises PatchdeskError."""
        for one in self._read():
            if one.id == record_id:
                return one
        raise PatchdeskError(f"Nothing was applied as {record_id}.")

    def add(self, record: ApplyRecord) -> ApplyRecord:
        """Add a record under a new id, and return it."""
        record = replace(record, id=secrets.token_hex(6))
        self._change(lambda records: [*records, record])
        return record

    def update(self, record: ApplyRecord) -> ApplyRecord:
        """Replace the record of that id."""
        self._change(lambda records: [record if one.id == record.id else one for one in records])
        return record

    @contextmanager
    def hold(self, record: ApplyRecord) -> Iterator[None]:
        """Lock an application against other processes. Raises PatchdeskError where another process has locked it."""
        lock = self._lock_of(record)
        private_dir(lock.parent)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PatchdeskError(
                    f"Another patchdesk is applying {record.branch}.", "Try again once it is done."
                ) from error
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    def is_held(self, record: ApplyRecord) -> bool:
        """Whether a process is at work on an application."""
        try:
            descriptor = os.open(self._lock_of(record), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _lock_of(self, record: ApplyRecord) -> Path:
        return self._path.with_name(f"applying-{record.id}.lock")

    def _change(self, change: Callable[[list[ApplyRecord]], list[ApplyRecord]]) -> None:
        with self._locked():
            records = change(self._read())
            over = len(records) - _MOST
            if over > 0:
                closed = [one for one in records if not one.is_open][:over]
                records = [one for one in records if one not in closed]
            content = json.dumps({"format": 1, "records": [asdict(one) for one in records]})
            write_atomically(self._path, content.encode())

    def _read(self) -> list[ApplyRecord]:
        try:
            with self._path.open("rb") as file:
                content = file.read(_LARGEST)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise PatchdeskError(f"{self._path} cannot be read: {error.strerror}.") from error
        try:
            return [_record(one) for one in json.loads(content)["records"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise PatchdeskError(
                f"{self._path} holds no records of what was applied.",
                "Move it away; the branches themselves are in your repositories.",
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        private_dir(self._path.parent)
        lock = self._path.with_suffix(".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _record(fields: dict[str, Any]) -> ApplyRecord:
    texts = ("id", "series", "subject", "repo", "base", "branch", "worktree")
    if not all(isinstance(fields[name], str) for name in texts):
        raise TypeError("a string is missing")
    return ApplyRecord(
        **{name: fields[name] for name in texts},
        state=ApplyState(fields["state"]),
        version=int(fields["version"]),
        keep_worktree=bool(fields["keep_worktree"]),
        commits=tuple(str(one) for one in fields["commits"]),
        patches=tuple(
            RecordedPatch(int(number), MessageId(str(message_id)), str(title))
            for number, message_id, title in fields.get("patches", ())
        ),
    )
