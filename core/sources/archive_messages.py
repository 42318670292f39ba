"""The messages between `core.sources.isolated_archive` and `core.sources.archive_process`.

`Check`, `ReadMails`, `ReadMail`, `ReadBlob` and `ReadChanges` are requests. While it answers the last, the child may
ask for the stored messages of the epoch (`AskStored`) and send `HistoryRewritten`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """Tell whether a folder is an archive that can be read."""

    path: str


@dataclass(frozen=True, slots=True)
class ReadMails:
    """Send all mails of an archive as tuples of RawMessage, then `Notes`."""

    path: str


@dataclass(frozen=True, slots=True)
class ReadMail:
    """Send the bytes of one mail of an archive."""

    path: str
    key: str


@dataclass(frozen=True, slots=True)
class ReadBlob:
    """Send the bytes of a blob of one repository; empty where it cannot be had."""

    path: str
    blob: bytes


@dataclass(frozen=True, slots=True)
class ReadChanges:
    """Send the changes of an epoch since `cursor` as tuples of (MailChange, the cursor after it), mails parsed, then `Notes`."""

    path: str
    part_name: str
    order: int
    cursor: str


@dataclass(frozen=True, slots=True)
class AskStored:
    """Ask for the blobs that are stored of the epoch."""


@dataclass(frozen=True, slots=True)
class HistoryRewritten:
    """Tell that the epoch's history was rewritten, and which mails it removes now."""

    removed: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Notes:
    """Messages that could not be read, and the cursor at the end."""

    notes: tuple[str, ...]
    cursor: str = ""
