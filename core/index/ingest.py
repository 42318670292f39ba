"""A source → the index: in batches that are all there or not at all, from where the last run stopped.

A batch's mails and the position after them are stored in one transaction, so that a run that is killed loses at most a
batch and doubles nothing. Where another process has brought the same part further meanwhile, the batch is
dropped, and this one goes on from there.
"""

from __future__ import annotations

import gc
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import Final

from core.errors import Cancelled, PatchdeskError
from core.index.database import transaction
from core.index.packing import pack, stored
from core.index.parts import list_of, part_of, position_of
from core.index.regroup import settle
from core.index.talks import Numbers
from core.index.words import forget_mail, index_mails, last_number
from core.model import Message
from core.patch.diffstat import diffstat
from core.patch.message import read_message_and_diff
from core.sources.feed import Change, Feed
from core.sources.feeds import feeds_of
from core.sources.source import Job, Report, Source

BATCH: Final = 2000
"""Mails of one transaction."""

BATCH_BYTES: Final = 32 << 20
"""Bytes of mails of one transaction, or little more: what keeps memory small where mails are large."""

FIRST_ROWS: Final = 500
"""Mails after which a first run groups what it has, so that something shows."""

GROWTH: Final[float] = 3
"""It groups again whenever there are so many times as many: grouping stays linear, whatever the mails are."""

_FRESH: Final = 6000
"""Mails kept in memory from storing to grouping, which spares reading them back."""

_FILES_KEPT: Final = 2000
"""Files of one patch that are kept; a tree-wide rename has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """What a run has changed."""

    added: int
    """Mails that came to the list."""
    removed: int
    series_changed: int
    """Rows of the tree that were written or taken away."""
    notes: tuple[str, ...] = ()
    """What could not be read, each as a sentence."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A mail read and ready to be stored."""

    message: Message
    files: list[tuple[str, int, int]]
    """The paths of those that it touches, lines added and removed."""
    packed: bytes | None
    """Its bytes, where the index is to keep them."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    change: Change
    draft: _Draft | None
    """None where the mail was there already, or is taken away."""


class Ingest:
    """One run over the feeds of a source."""

    def __init__(
        self, connection: sqlite3.Connection, list_name: str, *, stop: Event, report: Report
    ) -> None:
        self._connection = connection
        self._name = list_name
        self._stop = stop
        self._report = report
        self._phrases: dict[str, int] = {}
        self._fresh: dict[bytes, Message] = {}
        self._list = 0
        self._read_before = 0
        self._is_first = True
        self._added = self._removed = self._changed = 0
        self._due = FIRST_ROWS

    def run(self, source: Source, read_before: float) -> IngestResult:
        """Bring in what a source has that is not stored, and group it.

        Raises Cancelled (what came is stored, not all of it grouped), SourceError and FetchError.
        """
        found = list_of(self._connection, self._name, int(read_before))
        self._list, self._read_before, self._is_first = found
        feeds = feeds_of(source)
        with _fewer_collections():
            for feed in feeds:
                part = part_of(self._connection, self._list, feed)
                while not self._follow(part, feed):
                    pass
            self._settle()
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE list SET synced = ? WHERE id = ?", (int(time.time()), self._list)
            )
        return IngestResult(
            added=self._added,
            removed=self._removed,
            series_changed=self._changed,
            notes=tuple(note for feed in feeds for note in feed.notes),
        )

    def _follow(self, part: int, feed: Feed) -> bool:
        """Store what a feed has; False where another process got in between."""
        position = position_of(self._connection, part)
        limits = self._read_limits(feed, position)
        job = Job("", "", stop=self._stop, closed=Event(), report=lambda _: None)
        told = Job(
            f"Indexing {self._name}", "mail", stop=Event(), closed=Event(), report=self._report
        )
        batch: list[_Prepared] = []
        size = 0
        try:
            for change in feed.changes(position, _Held(self._connection, part), job):
                told.step(self._added + len(batch))
                prepared, length = self._prepare(change, feed)
                if prepared is None:
                    continue
                batch.append(prepared)
                size += length
                if len(batch) >= BATCH or size >= BATCH_BYTES:
                    if not self._store(part, feed, position, batch, limits):
                        return False
                    position, batch, size = feed.position, [], 0
                    self._settle_when_due()
        except (Cancelled, PatchdeskError):
            self._store(part, feed, position, batch, limits)
            raise
        return self._store(part, feed, position, batch, limits)

    def _read_limits(self, feed: Feed, position: str) -> tuple[int, int]:
        """Return the dates before which mails of the past, and those that just came, count as read.

        What comes to a list that was brought up to date before is news, whatever its Date says: 0.
        """
        if self._is_first:
            return self._read_before, self._read_before
        (newest,) = self._connection.execute(
            "SELECT max(rank) FROM part WHERE list = ? AND position != ''", (self._list,)
        ).fetchone()
        begins = not position and newest is not None and feed.rank > newest
        return 0 if begins else self._read_before, 0

    def _prepare(self, change: Change, feed: Feed) -> tuple[_Prepared | None, int]:
        """Read a mail, unless it is here already; return its size too. None for one that was purged."""
        if not change.added or change.is_held or self._is_here(change):
            return _Prepared(change, None), 0
        raw = feed.read(change.blob) if change.raw is None else change.raw
        if not raw:
            return None, 0
        draft = _read(raw, change.blob, keep=not feed.path)
        kept = change if change.raw is None else replace(change, raw=None)
        return _Prepared(kept, draft), len(raw)

    def _is_here(self, change: Change) -> bool:
        """Whether a mail that came with its bytes is stored already: these come again and again."""
        return change.raw is not None and _message_of(self._connection, change.blob) is not None

    def _store(
        self,
        part: int,
        feed: Feed,
        position: str,
        batch: list[_Prepared],
        read_limits: tuple[int, int],
    ) -> bool:
        if not batch and feed.position == position:
            return True
        with transaction(self._connection):
            if position_of(self._connection, part) != position:
                return False
            storing = _Storing(self._connection, self._list, part, feed, self._phrases)
            storing.store(batch, read_limits)
            self._connection.execute(
                "UPDATE part SET position = ? WHERE id = ?", (feed.position, part)
            )
        storing.numbers.remember()
        for each in batch:
            if each.draft is not None and len(self._fresh) < _FRESH:
                self._fresh[each.change.blob] = each.draft.message
        self._added += storing.added
        self._removed += storing.removed
        return True

    def _settle_when_due(self) -> None:
        if self._added >= self._due:
            self._settle()
            self._due = int(self._added * GROWTH)

    def _settle(self) -> None:
        self._changed += settle(
            self._connection, stop=self._stop, report=self._report, fresh=self._fresh
        )
        self._fresh.clear()


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Let Python look for circles of garbage less often: mails have none, and are many."""
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


class _Storing:
    """One batch on its way into the index, within a transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        list_id: int,
        part: int,
        feed: Feed,
        phrases: dict[str, int],
    ) -> None:
        self._connection = connection
        self._list = list_id
        self._part = part
        self._feed = feed
        self._keeps_bodies = not feed.path
        self.numbers = Numbers(connection, phrases)
        self._has_removals = bool(feed.path) and (
            connection.execute(
                "SELECT 1 FROM removal WHERE list = ? LIMIT 1", (list_id,)
            ).fetchone()
            is not None
        )
        self._nodes: set[int] = set()
        """Nodes of mails that came or went."""
        self.added = self.removed = 0

    def store(self, batch: Iterable[_Prepared], read_limits: tuple[int, int]) -> None:
        """Store mails, and take away those that were removed.

        Dated before a limit they count as read: before the first if they are older, the second if they just came.
        """
        decided: dict[bytes, _Prepared] = {}
        for each in batch:
            if each.change.older:
                decided.setdefault(each.change.blob, each)
            else:
                decided[each.change.blob] = each
        for each in decided.values():
            if not each.change.added:
                self._remove(each.change)
        self._add([each for each in decided.values() if each.change.added], read_limits)
        self.numbers.store()
        self._connection.executemany(
            "INSERT OR IGNORE INTO dirty SELECT talk FROM node WHERE id = ?",
            [(node,) for node in self._nodes],
        )

    def _remove(self, change: Change) -> None:
        """Take a mail from this part of the list and the older ones; without any list left, from the index."""
        found = self._connection.execute(
            "SELECT part, message, node, rank FROM message JOIN member ON message = message.id"
            " JOIN part ON part.id = part WHERE blob = ? AND list = ?",
            (change.blob, self._list),
        ).fetchall()
        rank = self._feed.rank
        if change.older and any(other >= rank for *_, other in found):
            return  # it came again since
        if self._feed.path:
            self._has_removals = True
            self._connection.execute(
                "INSERT INTO removal VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET rank = max(rank, excluded.rank)",
                (self._list, change.blob, rank),
            )
        for part, message, node, other in found:
            if other <= rank:
                self.removed += 1
                self._nodes.add(node)
                take_from(self._connection, part, message)

    def _add(self, coming: list[_Prepared], read_limits: tuple[int, int]) -> None:
        rows: list[tuple[object, ...]] = []
        members: list[tuple[int, int, str | None]] = []
        bodies: list[tuple[int, bytes]] = []
        touched: list[tuple[int, str, int, int]] = []
        read: list[int] = []
        mails: list[tuple[int, int, Message]] = []
        number = last_number(self._connection)
        for each in coming:
            change, draft = each.change, each.draft
            if self._is_removed(change):
                continue
            # Bytes that are here have a Message-ID that is here.
            is_new = draft is not None and self.numbers.is_new(draft.message.message_id)
            known = None if is_new else _message_of(self._connection, change.blob)
            if known is not None:
                self._connect_known(known, change)
                continue
            if draft is None:
                raw = self._feed.read(change.blob)
                if not raw:
                    continue
                draft = _read(raw, change.blob, keep=self._keeps_bodies)
            number += 1
            node = self.numbers.connect(draft.message)
            self._nodes.add(node)
            rows.append((number, node, change.blob, pack(draft.message, self.numbers)))
            mails.append((number, node, draft.message))
            members.append((self._part, number, change.name or None))
            if draft.packed is not None:
                bodies.append((number, draft.packed))
            touched += [(number, *file) for file in draft.files]
            if draft.message.date.timestamp() < read_limits[0 if change.older else 1]:
                read.append(node)
        self.added += len(rows)
        self._connection.executemany("INSERT INTO message VALUES (?, ?, ?, ?)", rows)
        self._connection.executemany("INSERT INTO member VALUES (?, ?, ?)", members)
        self._connection.executemany("INSERT INTO body VALUES (?, ?)", bodies)
        index_mails(self._connection, mails, self.numbers)
        self.numbers.born_read(read)
        self._touch(touched)

    def _is_removed(self, change: Change) -> bool:
        """Whether a mail was removed since it came; forgets the removal of one that comes again."""
        if not self._has_removals:
            return False
        if change.older:
            found = self._connection.execute(
                "SELECT 1 FROM removal WHERE list = ? AND blob = ? AND rank >= ?",
                (self._list, change.blob, self._feed.rank),
            ).fetchone()
            return found is not None
        self._connection.execute(
            "DELETE FROM removal WHERE list = ? AND blob = ? AND rank <= ?",
            (self._list, change.blob, self._feed.rank),
        )
        return False

    def _connect_known(self, message: int, change: Change) -> None:
        """Note that a mail that is here came to this part of the list too."""
        done = self._connection.execute(
            "INSERT OR IGNORE INTO member VALUES (?, ?, ?)",
            (self._part, message, change.name or None),
        )
        if done.rowcount:
            self.added += 1
            (node,) = self._connection.execute(
                "SELECT node FROM message WHERE id = ?", (message,)
            ).fetchone()
            self._nodes.add(node)

    def _touch(self, touched: list[tuple[int, str, int, int]]) -> None:
        numbers: dict[str, int] = {}
        for _, path, *_ in touched:
            if path not in numbers:
                name = stored(path)
                self._connection.execute("INSERT OR IGNORE INTO path (name) VALUES (?)", (name,))
                (numbers[path],) = self._connection.execute(
                    "SELECT id FROM path WHERE name = ?", (name,)
                ).fetchone()
        self._connection.executemany(
            "INSERT INTO touched VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET added = added + excluded.added, removed = removed + excluded.removed",
            [(message, numbers[path], added, removed) for message, path, added, removed in touched],
        )


class _Held:
    """What is stored of one part of a list."""

    def __init__(self, connection: sqlite3.Connection, part: int) -> None:
        self._connection = connection
        self._part = part

    def blobs(self) -> set[bytes]:
        """Return the blob ids of its mails."""
        rows = self._connection.execute(
            "SELECT blob FROM member JOIN message ON message.id = message WHERE part = ?",
            (self._part,),
        )
        return {blob for (blob,) in rows}

    def names(self) -> dict[str, bytes]:
        """Return the blob ids by the names that the part gave its mails."""
        return dict(
            self._connection.execute(
                "SELECT name, blob FROM member JOIN message ON message.id = message"
                " WHERE part = ? AND name IS NOT NULL",
                (self._part,),
            )
        )


def take_from(connection: sqlite3.Connection, part: int, message: int) -> None:
    """Take a mail from a part of a list, and from the index where it is in no other."""
    connection.execute("DELETE FROM member WHERE part = ? AND message = ?", (part, message))
    others = connection.execute("SELECT 1 FROM member WHERE message = ?", (message,)).fetchone()
    if others is None:
        forget_mail(connection, message)
        for table, column in (("message", "id"), ("body", "message"), ("touched", "message")):
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (message,))  # noqa: S608


def _read(raw: bytes, blob: bytes, *, keep: bool) -> _Draft:
    message, diff = read_message_and_diff(raw, blob.hex())
    files = diffstat(diff)[:_FILES_KEPT] if diff and not message.subject.is_reply else []
    return _Draft(message, files, zlib.compress(raw, 6) if keep else None)


def _message_of(connection: sqlite3.Connection, blob: bytes) -> int | None:
    found = connection.execute("SELECT id FROM message WHERE blob = ?", (blob,)).fetchone()
    return int(found[0]) if found is not None else None
