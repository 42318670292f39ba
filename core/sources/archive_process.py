"""The child process that opens public-inbox archives on disk, which strangers made: a file that blocks stops only that.

It serves one request of `core.sources.archive_messages` at a time.
"""

from __future__ import annotations

import gc
import resource
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any, Final

from core.model import RawMessage
from core.progress import ProgressJob
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
from core.sources.parsed_mail import parse_for_storage
from core.sources.public_inbox import PublicInboxSource, open_archive
from core.sources.public_inbox_feed import EpochFeed
from core.sources.source import MailChange
from core.system.child_process import Channel

_BATCH: Final = 64
_BATCH_BYTES: Final = 1 << 20
_ALLOCATIONS: Final = 100_000
"""Objects after which Python looks for circles of garbage."""
_MEMORY: Final = 2 << 30
"""Bytes of data that the child may have: an object may unpack to more than there is."""


class _AskedStored:
    """The stored part, asked of the parent."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def blobs(self) -> set[bytes]:
        return set(self._channel.ask_back(AskStored()))

    def names(self) -> dict[str, bytes]:
        return {}

    def history_rewritten(self, removed: AbstractSet[bytes]) -> None:
        self._channel.send(HistoryRewritten(frozenset(removed)))


class _Archives:
    """The archives and repositories that were asked for last."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._archives: dict[str, PublicInboxSource] = {}
        self._repositories: dict[str, EpochFeed] = {}

    def answer(self, request: Any) -> None:
        match request:
            case Check(path):
                open_archive(Path(path))
            case ReadMails(path):
                self._send_mails(path)
            case ReadMail(path, key):
                if path not in self._archives:
                    self._archives[path] = open_archive(Path(path))
                self._channel.send(self._archives[path].read(key))
            case ReadBlob(path, blob):
                if path not in self._repositories:
                    self._repositories[path] = EpochFeed(Path(path), "", 0)
                self._channel.send(self._repositories[path].read(blob))
            case ReadChanges():
                self._send_changes(request)

    def _send_mails(self, path: str) -> None:
        archive = open_archive(Path(path))
        batch: list[RawMessage] = []
        size = 0
        for mail in archive.mails(stop=Event(), report=self._channel.report):
            batch.append(mail)
            size += len(mail.raw)
            if len(batch) >= _BATCH or size >= _BATCH_BYTES:
                self._channel.send(tuple(batch))
                batch, size = [], 0
        self._channel.send(tuple(batch))
        self._channel.send(Notes(archive.notes))

    def _send_changes(self, request: ReadChanges) -> None:
        epoch = EpochFeed(Path(request.path), request.part_name, request.order)
        job = ProgressJob(
            "Reading", "mail", stop=Event(), closed=Event(), report=self._channel.report
        )
        batch: list[tuple[MailChange, str]] = []
        size = 0
        for change, read in _parsed(epoch, request.cursor, _AskedStored(self._channel), job):
            batch.append((change, epoch.cursor))
            size += read
            # By bytes, too: large mails take their time, and the parent waits for a sign of life.
            if len(batch) >= _BATCH or size >= _BATCH_BYTES:
                self._channel.send(tuple(batch))
                batch, size = [], 0
        self._channel.send(tuple(batch))
        self._channel.send(Notes(epoch.notes, epoch.cursor))


def _parsed(
    epoch: EpochFeed, cursor: str, stored: _AskedStored, job: ProgressJob
) -> Iterator[tuple[MailChange, int]]:
    """Yield the changes of an epoch, and the bytes that were read for each.

    Additions come with the mail, so that one process parses while another stores.
    """
    for change in epoch.changes(cursor, stored, job):
        if not change.added or change.is_stored:
            yield change, 0
            continue
        raw = epoch.read(change.blob)
        if raw:
            mail = parse_for_storage(raw, change.blob, keep=False)
            yield replace(change, parsed=mail), len(raw)
        else:  # it was purged, or is too large
            yield replace(change, raw=b""), 0


def main(channel: Channel) -> None:
    """Answer requests until standard input ends. The child's main."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    # What is imported stays, and mails have no circles of garbage, but many parts.
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    channel.serve(_Archives(channel).answer)
