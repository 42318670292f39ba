"""Maildirs (https://cr.yp.to/proto/maildir.html), with odd names and flags and whatever else lies in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Final

from core.errors import SourceError
from core.model import RawMessage
from core.progress import ProgressCallback, ProgressJob
from core.sources.byte_store import error_reason, read_file, unpacked
from core.sources.mbox import MAIL_CAP
from core.sources.source import MailChange, StoredPart, git_blob_id

_FOLDERS: Final = ("cur", "new")


def is_maildir(path: Path) -> bool:
    """Tell whether a folder is a maildir, perhaps one that lost its empty folders in a copy."""
    return sum((path / folder).is_dir() for folder in ("cur", "new", "tmp")) >= 2


class MaildirSource:
    """A maildir, newest mail first as its file names tell.

    A mail's key is its path in the folder; it is found again after another program has moved or flagged it.
    """

    is_list = False

    def __init__(self, path: Path) -> None:
        self.name = path.name or str(path)
        self._path = path
        self._closed = Event()
        self._unreadable: list[str] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """Which files could not be read."""
        if not self._unreadable:
            return ()
        count = len(self._unreadable)
        more = f" and {count - 1} more" if count > 1 else ""
        return (f"{self._unreadable[0]}{more} in {self.name} cannot be read.",)

    def mails(self, *, stop: Event, report: ProgressCallback) -> Iterator[RawMessage]:
        """Yield the mails of `new` and `cur`; files that cannot be read are noted."""
        job = ProgressJob(
            f"Reading {self.name}", "mail", stop=stop, closed=self._closed, report=report
        )
        self._unreadable.clear()
        keys = sorted(self._keys(), key=_age, reverse=True)
        for done, key in enumerate(keys):
            job.tick(done, len(keys))
            try:
                raw = self.read(key)
            except SourceError:
                self.note_unreadable(key)
                continue
            if raw:
                yield RawMessage(raw, key)

    def read(self, key: str) -> bytes:
        """Return one mail's bytes."""
        for candidate in self._candidates(key):
            try:
                # Dovecot's zlib plugin packs mails where they lie.
                return unpacked(read_file(self._path / candidate, MAIL_CAP), MAIL_CAP)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                raise SourceError(f"{candidate} cannot be read: {error_reason(error)}.") from error
        raise SourceError(f"This mail is no longer in {self.name}.", "Open the maildir again.")

    def names(self) -> dict[str, str]:
        """Return the key of each mail by the part of its file's name that stays, newest first.

        A name that is no UTF-8, which an index cannot hold, is written in hex.
        """
        return {
            _storable(_unique(key)): key for key in sorted(self._keys(), key=_age, reverse=True)
        }

    def note_unreadable(self, key: str) -> None:
        """Remember that a mail could not be read, unless it is gone by now."""
        if os.path.lexists(self._path / key):
            self._unreadable.append(key)

    def close(self) -> None:
        """End a running `mails`."""
        self._closed.set()

    def _keys(self) -> list[str]:
        keys = []
        for folder in _FOLDERS:
            try:
                with os.scandir(self._path / folder) as entries:
                    names = [
                        entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)
                    ]
            except FileNotFoundError:
                continue
            except OSError as error:
                raise SourceError(
                    f"{self._path / folder} cannot be read: {error_reason(error)}."
                ) from error
            keys += [f"{folder}/{name}" for name in names if not name.startswith(".")]
        return keys

    def _candidates(self, key: str) -> Iterator[str]:
        """Yield the key, then the names that the mail may have got since."""
        yield key
        yield from (other for other in self._keys() if _unique(other) == _unique(key))


class MaildirFeed:
    """A maildir; its mails' names are those of the files, without folder and flags."""

    part_name = ""
    order = 0
    path = ""
    cursor = "names"

    def __init__(self, source: MaildirSource) -> None:
        self._source = source

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages that could not be read so far."""
        return self._source.notes

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:  # noqa: ARG002
        """Yield the changes, the newest first, by comparing the folder's names with the stored ones."""
        there = self._source.names()
        known = held.names()
        for name, blob in known.items():
            if name not in there:
                yield MailChange(blob, added=False, name=name)
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
                yield MailChange(git_blob_id(raw), added=True, raw=raw, name=name)

    def read(self, blob: bytes) -> bytes:
        """Return no bytes: every mail comes with its own."""
        raise SourceError(f"{self._source.name} has no mail {blob.hex()}.")


def _unique(key: str) -> str:
    """Return the part of a mail's name that stays when it is moved or flagged."""
    return key.partition("/")[2].partition(":2,")[0]


def _storable(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        return f"bytes:{os.fsencode(name).hex()}"
    return name


def _age(key: str) -> tuple[int, str]:
    """Order by the seconds that a maildir file's name should begin with."""
    digits = _unique(key).partition(".")[0]
    plain = digits.isascii() and digits.isdigit() and len(digits) < 20
    return (int(digits) if plain else 0, key)
