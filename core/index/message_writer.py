"""A batch of mails → the index: its tables' rows, within one transaction of a run (core.index.list_ingest).

A message removed in one part of a list is removed in the older ones. Parts are read in any order, and each from its
newest mails back, so removals are remembered with the part's rank.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from core.index.codec import StoredFacts, facts_of, pack_facts, to_blob
from core.index.full_text import index_messages, last_number, remove_message
from core.index.ids import IdAllocator, PhraseMemory
from core.sources.parsed_mail import ParsedMail, parse_for_storage
from core.sources.source import MailChange


class StoredSource(Protocol):
    """The source of a part of a list, as far as storing needs it."""

    @property
    def part_name(self) -> str:
        """The name of the part in its list."""
        ...

    @property
    def order(self) -> int:
        """Larger, the later its messages came."""
        ...

    @property
    def path(self) -> str:
        """The repository that has the messages; "" where the index stores their bytes."""
        ...

    def read(self, blob: bytes) -> bytes:
        """Return the bytes of a message; b"" where they are gone."""
        ...


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change, with its mail where that was read."""

    change: MailChange
    draft: ParsedMail | None
    """None where the mail is stored already, or is removed."""


class MessageWriter:
    """One batch on its way into the index, within a transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        list_id: int,
        part: int,
        feed: StoredSource,
        phrases: PhraseMemory,
    ) -> None:
        self._connection = connection
        self._list = list_id
        self._part = part
        self._feed = feed
        self._keeps_bodies = not feed.path
        self.numbers = IdAllocator(connection, phrases)
        self._has_removals = bool(feed.path) and (
            connection.execute(
                "SELECT 1 FROM tombstone WHERE list = ? LIMIT 1", (list_id,)
            ).fetchone()
            is not None
        )
        self._nodes: set[int] = set()
        """Nodes of mails that came or went."""
        self.added = self.removed = 0

    def store(self, batch: Iterable[PendingChange], read_limits: tuple[int, int]) -> None:
        """Store mails, and take away those that were removed.

        Dated before a limit they count as read: before the first if they are older, the second if they just came.
        """
        decided: dict[bytes, PendingChange] = {}
        for each in batch:
            if each.change.vanished:
                self._remove(each.change)
            elif each.change.is_backfill:
                decided.setdefault(each.change.blob, each)
            else:
                decided[each.change.blob] = each
        for each in decided.values():
            if not each.change.added:
                self._remove(each.change)
        self._add([each for each in decided.values() if each.change.added], read_limits)
        self.numbers.store()
        self._connection.executemany(
            "INSERT OR IGNORE INTO dirty_conversation SELECT conversation FROM node WHERE id = ?",
            [(node,) for node in self._nodes],
        )

    def _remove(self, change: MailChange) -> None:
        """Take a mail from this part of the list and the older ones; without any list left, from the index."""
        rank = self._feed.order
        if self._feed.path and not change.vanished:
            self._has_removals = True
            self._connection.execute(
                "INSERT OR IGNORE INTO tombstone VALUES (?, ?, ?)", (self._list, change.blob, rank)
            )
        for part, message, node, other in self._connection.execute(
            "SELECT list_part, message, node, rank FROM message JOIN part_message ON message = message.id"
            " JOIN list_part ON list_part.id = list_part WHERE blob = ? AND list = ?",
            (change.blob, self._list),
        ).fetchall():
            # One that is here of this very part came again since, where the removal lies further back.
            if (other < rank and not change.vanished) or (
                part == self._part and not change.is_backfill
            ):
                self.removed += 1
                self._nodes.add(node)
                remove_from_part(self._connection, part, message)

    def _add(self, coming: list[PendingChange], read_limits: tuple[int, int]) -> None:
        rows: list[tuple[object, ...]] = []
        members: list[tuple[int, int, str | None]] = []
        bodies: list[tuple[int, bytes]] = []
        touched: list[tuple[int, str, int, int]] = []
        read: list[int] = []
        mails: list[tuple[int, int, StoredFacts]] = []
        number = last_number(self._connection)
        for each in coming:
            change, draft = each.change, each.draft
            if self._is_removed(change):
                continue
            # Bytes that are here have a Message-ID that is here.
            is_new = draft is not None and self.numbers.is_new(draft.message.message_id)
            known = None if is_new else message_id_for_blob(self._connection, change.blob)
            if known is not None:
                self._connect_known(known, change)
                continue
            if draft is None:
                raw = self._feed.read(change.blob)
                if not raw:
                    continue
                draft = parse_for_storage(raw, change.blob, keep=self._keeps_bodies)
            number += 1
            node = self.numbers.connect(draft.message)
            self._nodes.add(node)
            facts = facts_of(draft.message, self.numbers)
            rows.append((number, node, change.blob, pack_facts(facts)))
            mails.append((number, node, facts))
            members.append((self._part, number, change.name or None))
            if draft.packed is not None:
                bodies.append((number, draft.packed))
            touched += [(number, *file) for file in draft.files]
            if facts.timestamp < read_limits[0 if change.is_backfill else 1]:
                read.append(node)
        self.added += len(rows)
        self._connection.executemany("INSERT INTO message VALUES (?, ?, ?, ?)", rows)
        self._connection.executemany("INSERT INTO part_message VALUES (?, ?, ?)", members)
        self._connection.executemany("INSERT INTO raw_message VALUES (?, ?)", bodies)
        index_messages(self._connection, mails)
        self.numbers.born_read(read)
        self._touch(touched)

    def _is_removed(self, change: MailChange) -> bool:
        """Whether a mail was removed after it came, here or in a newer part of the list."""
        if not self._has_removals:
            return False
        mail = (self._list, change.blob, self._feed.order)
        if not change.is_backfill:  # it comes after what was removed here
            self._connection.execute(
                "DELETE FROM tombstone WHERE list = ? AND blob = ? AND rank = ?", mail
            )
        found = self._connection.execute(
            "SELECT 1 FROM tombstone WHERE list = ? AND blob = ? AND rank >= ?", mail
        ).fetchone()
        return found is not None

    def _connect_known(self, message: int, change: MailChange) -> None:
        """Note that a mail that is here came to this part of the list too."""
        done = self._connection.execute(
            "INSERT OR IGNORE INTO part_message VALUES (?, ?, ?)",
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
                name = to_blob(path)
                self._connection.execute("INSERT OR IGNORE INTO path (name) VALUES (?)", (name,))
                (numbers[path],) = self._connection.execute(
                    "SELECT id FROM path WHERE name = ?", (name,)
                ).fetchone()
        self._connection.executemany(
            "INSERT INTO patch_file VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET added = added + excluded.added, removed = removed + excluded.removed",
            [(message, numbers[path], added, removed) for message, path, added, removed in touched],
        )


def remove_from_part(connection: sqlite3.Connection, part: int, message: int) -> None:
    """Take a mail from a part of a list, and from the index where it is in no other."""
    connection.execute(
        "DELETE FROM part_message WHERE list_part = ? AND message = ?", (part, message)
    )
    others = connection.execute(
        "SELECT 1 FROM part_message WHERE message = ?", (message,)
    ).fetchone()
    if others is None:
        remove_message(connection, message)
        for table, column in (
            ("message", "id"),
            ("raw_message", "message"),
            ("patch_file", "message"),
        ):
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (message,))  # noqa: S608


def message_id_for_blob(connection: sqlite3.Connection, blob: bytes) -> int | None:
    """Return the number of a mail that is here."""
    found = connection.execute("SELECT id FROM message WHERE blob = ?", (blob,)).fetchone()
    return int(found[0]) if found is not None else None
