"""Import of the messages stored in an index that was set aside, so that nothing is downloaded twice.

Only bytes that nothing else holds are stored in an index: of mail that was fetched, and of mailboxes. Mail in clones is
read from these again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final

from core.errors import Cancelled
from core.index.database import (
    PRERELEASE_ID,
    connect,
    faults,
    get_meta,
    pending_asides,
    remove_aside,
    set_meta,
    transaction,
)
from core.index.file_lock import IndexFileLock
from core.index.ids import PhraseMemory
from core.index.message_writer import (
    MessageWriter,
    PendingChange,
    message_id_for_blob,
)
from core.index.parts import ensure_list, ensure_part, read_cursor
from core.index.regroup import regroup_dirty
from core.progress import Progress, ProgressCallback
from core.sources.parsed_mail import parse_for_storage
from core.sources.source import MailChange
from core.system.child_process import Channel

log = logging.getLogger(__name__)

_BATCH: Final = 1000
"""Messages of one transaction."""
_DONE: Final = "taken_over"
"""The name in `meta` of the lists that are finished, a JSON array of [file, list]."""

# How the tables and columns were called before 0.1.0.
_OLD_NAMES: Final = {
    "{part}": "part", "{member}": "member", "{raw}": "body", "{read}": "seen", "{part_id}": "part",
}  # fmt: skip
_NAMES: Final = {
    "{part}": "list_part", "{member}": "part_message", "{raw}": "raw_message", "{read}": "is_read", "{part_id}": "list_part",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _StoredPart:
    """A part of a list whose bytes the old index holds; takes the place of its source during the import."""

    part_name: str
    order: int
    path: str = ""

    def read(self, blob: bytes) -> bytes:
        """Return nothing: every message comes with its bytes."""
        del blob
        return b""


class UnreadableAsideError(Exception):
    """An index that was set aside cannot be read, or not all of it."""


class StoredMessages:
    """An index that was set aside, as far as it can be read. Raises UnreadableAsideError where it cannot."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(path, timeout=5, isolation_level=None)
        except sqlite3.Error as error:
            raise UnreadableAsideError from error
        self._names = _NAMES
        try:
            ((application,),) = self._ask("PRAGMA application_id")
        except UnreadableAsideError:
            self.close()
            raise
        if application == PRERELEASE_ID:
            self._names = _OLD_NAMES

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _ask(self, sql: str, *values: object) -> list[Any]:
        for name, real in self._names.items():
            sql = sql.replace(name, real)
        try:
            return self._connection.execute(sql, values).fetchall()
        except (sqlite3.Error, ValueError) as error:
            raise UnreadableAsideError from error

    def lists(self) -> dict[str, tuple[int, int | None]]:
        """Return by name the lists with messages stored here: from when on they were unread, and when they were synced."""
        rows = self._ask(
            "SELECT DISTINCT list.name, read_before, synced FROM list JOIN {part} ON {part}.list = list.id"
            " WHERE path = '' AND position != ''"
        )
        return {str(name): (int(before), synced) for name, before, synced in rows}

    def parts(self, list_name: str) -> list[tuple[int, str, int, str]]:
        """Return the number, name, order and cursor of a list's parts whose messages are stored here."""
        return self._ask(
            "SELECT {part}.id, {part}.name, rank, position FROM {part} JOIN list ON list.id = list"
            " WHERE list.name = ? AND path = '' AND position != '' ORDER BY rank",
            list_name,
        )

    def messages(self, part: int) -> Iterator[tuple[bytes, bytes, str | None, bool] | None]:
        """Yield the messages of a part as they came: blob id, compressed bytes, name in the part, whether it is read.

        None stands for some that cannot be read; those after them come all the same.
        """
        ((last,),) = self._ask("SELECT coalesce(max(id), 0) FROM message")
        for first in range(0, int(last), _BATCH):
            try:
                yield from self._messages(part, first, first + _BATCH)
            except UnreadableAsideError:
                yield None
                for one in range(first, min(first + _BATCH, int(last))):
                    with contextlib.suppress(UnreadableAsideError):
                        yield from self._messages(part, one, one + 1)

    def _messages(
        self, part: int, after: int, upto: int
    ) -> list[tuple[bytes, bytes, str | None, bool]]:
        return self._ask(
            "SELECT blob, packed, {member}.name, node.{read} FROM message JOIN {member} ON {member}.message = message.id"
            " JOIN {raw} ON {raw}.message = message.id JOIN node ON node.id = message.node"
            " WHERE {member}.{part_id} = ? AND message.id > ? AND message.id <= ? ORDER BY message.id",
            part,
            after,
            upto,
        )


def take_over(
    connection: sqlite3.Connection,
    path: Path,
    list_name: str | None,
    *,
    stop: Event,
    report: ProgressCallback,
) -> int:
    """Store the messages of a list (None: of all) that indexes which were set aside beside `path` hold; return how
    many.

    Messages stored before an interruption are kept, and skipped the next time. Those that cannot be read are fetched
    again by the next sync, since no cursor is taken over then. `remove_taken_over` follows once all is grouped. Raises
    Cancelled.
    """
    count = 0
    for name in pending_asides(path):
        done = _imported(connection)
        for one, facts in _stored_lists(path.with_name(name)).items():
            if list_name not in (None, one) or (name, one) in done:
                continue
            try:
                with contextlib.closing(StoredMessages(path.with_name(name))) as stored:
                    count += _take_list(connection, stored, one, facts, stop, report)
            except UnreadableAsideError:
                log.warning("%s: not all of %s can be read", name, one)
            done.add((name, one))
            with transaction(connection):
                set_meta(connection, _DONE, json.dumps(sorted(done)))
    return count


def remove_taken_over(connection: sqlite3.Connection, path: Path) -> None:
    """Remove the indexes set aside whose messages are all taken over, grouped and on the disk."""
    names = pending_asides(path)
    if not names or connection.execute("SELECT 1 FROM dirty_conversation LIMIT 1").fetchone():
        return
    done = _imported(connection)
    left = [
        name
        for name in names
        if any((name, one) not in done for one in _stored_lists(path.with_name(name)))
    ]
    if left == names:
        return
    is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
    if is_busy:
        return  # the next time, then
    with transaction(connection):
        set_meta(connection, "asides", json.dumps(left) if left else None)
        set_meta(connection, _DONE, json.dumps(sorted(done)) if left else None)
    for name in names:
        if name not in left:
            remove_aside(path.with_name(name))


def _imported(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Return the files and lists of which nothing is left to take over."""
    return {
        (str(name), str(one)) for name, one in json.loads(str(get_meta(connection, _DONE) or "[]"))
    }


def _stored_lists(aside: Path) -> dict[str, tuple[int, int | None]]:
    """Return `StoredMessages.lists`; empty where the file cannot be read."""
    try:
        with contextlib.closing(StoredMessages(aside)) as stored:
            return stored.lists()
    except UnreadableAsideError:
        return {}


def leave_out(connection: sqlite3.Connection, list_name: str) -> None:
    """Import nothing of a list that is no longer followed."""
    with transaction(connection):
        names = json.loads(str(get_meta(connection, "asides") or "[]"))
        if names:
            done = json.loads(str(get_meta(connection, _DONE) or "[]"))
            done += [[name, list_name] for name in names]
            set_meta(connection, _DONE, json.dumps(done))


def is_complete(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether all rows are as today's rules make them, and nothing is left to take over."""
    dirty = connection.execute("SELECT 1 FROM dirty_conversation LIMIT 1").fetchone()
    return dirty is None and not pending_asides(path)


def main(channel: Channel, path: str) -> None:
    """Take over the messages of indexes set aside and group all that is dirty, in a process of its own."""
    os.nice(5)
    file, stop = Path(path), Event()
    with contextlib.closing(IndexFileLock(file)) as lock, faults(file):
        lock.share()
        _rebuild(file, stop, channel.report)


def _rebuild(file: Path, stop: Event, report: ProgressCallback) -> None:
    with contextlib.closing(connect(file)) as connection:
        take_over(connection, file, None, stop=stop, report=report)
        regroup_dirty(connection, stop=stop, report=report)
        remove_taken_over(connection, file)


def _take_list(
    connection: sqlite3.Connection,
    stored: StoredMessages,
    list_name: str,
    facts: tuple[int, int | None],
    stop: Event,
    report: ProgressCallback,
) -> int:
    read_before, synced = facts
    list_id, _, is_new = ensure_list(connection, list_name, read_before)
    if is_new and synced is not None:
        with transaction(connection):
            connection.execute("UPDATE list SET synced = ? WHERE id = ?", (synced, list_id))
    count = 0
    for number, name, order, cursor in stored.parts(list_name):
        source = _StoredPart(name, order)
        part = ensure_part(connection, list_id, source)
        if read_cursor(connection, part):
            continue  # synced since: it has its own cursor
        whole = True
        batch: list[tuple[PendingChange, bool]] = []
        phrases = PhraseMemory()
        for stored_message in stored.messages(number):
            if stop.is_set():
                raise Cancelled
            if stored_message is None:
                whole = False  # fetched again, since the cursor is not taken over
                continue
            blob, packed, own_name, is_read = stored_message
            try:
                raw = zlib.decompress(packed)
            except zlib.error:
                whole = False
                continue
            known = message_id_for_blob(connection, blob) is not None
            draft = None if known else parse_for_storage(raw, blob, keep=True)
            change = MailChange(blob, True, name=own_name or "")
            batch.append((PendingChange(change, draft), bool(is_read)))
            if len(batch) >= _BATCH:
                count += _store(connection, list_id, part, source, phrases, batch)
                batch = []
                report(Progress(f"Taking over {list_name}, message", count, None))
        count += _store(connection, list_id, part, source, phrases, batch)
        if whole:
            with transaction(connection):
                connection.execute("UPDATE list_part SET position = ? WHERE id = ?", (cursor, part))
    return count


def _store(
    connection: sqlite3.Connection,
    list_id: int,
    part: int,
    source: _StoredPart,
    phrases: PhraseMemory,
    batch: list[tuple[PendingChange, bool]],
) -> int:
    if not batch:
        return 0
    with transaction(connection):
        writer = MessageWriter(connection, list_id, part, source, phrases)
        writer.store([prepared for prepared, _ in batch], (0, 0))
        connection.executemany(
            "UPDATE node SET is_read = 1 WHERE id = (SELECT node FROM message WHERE blob = ?)"
            " AND NOT EXISTS (SELECT 1 FROM read_flag WHERE read_flag.hash = node.hash)",
            [(prepared.change.blob,) for prepared, is_read in batch if is_read],
        )
    writer.numbers.remember()
    return writer.added
