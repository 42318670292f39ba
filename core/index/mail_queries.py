"""Queries for whole series and mails, by Message-ID or row, with their bytes. Every answer is as of one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from core.index.codec import from_blob, stable_hash, to_blob
from core.index.database import snapshot
from core.index.full_text import last_number
from core.index.loader import LoadedConversations, RawMailReader
from core.model import Message, MessageId, Series, Thread

if TYPE_CHECKING:
    from core.index.connection_pool import ConnectionPool
    from core.series.grouping import Grouping


class MailQueries:
    """Asks for series and mails. Any thread may ask; all raise IndexFileError."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def find_row(self, message_id: MessageId) -> int | None:
        """Return the row that holds a mail; None where there is none, or it is not grouped yet."""
        with self._pool.connection() as connection:
            found = _node(connection, message_id)
            return None if found is None else found[1]

    def series(self, row: int) -> Series | Thread | None:
        """Return a whole series or thread as `core.series.grouping.group` makes it; None where the row is gone.

        `lists` are the names of the lists that hold any of its mails; the messages' `key` is for `raw`.
        """
        with self._pool.borrow() as held:
            connection = held.connection
            from core.series.grouping import Grouping

            with snapshot(connection):
                found = connection.execute(
                    "SELECT thread, lead, conversation FROM list_row JOIN node ON node.id = lead WHERE list_row.id = ?",
                    (row,),
                ).fetchone()
                if found is None:
                    return None
                is_thread, lead, conversation = found
                postings = connection.execute(
                    "SELECT conversation, first FROM posting WHERE list_row = ?", (row,)
                ).fetchall()
                conversations = (
                    {conversation} if is_thread or not postings else {each for each, _ in postings}
                )
                loaded = held.loader.load(conversations, grouped=True)
                lists = tuple(
                    name
                    for (name,) in connection.execute(
                        "SELECT name FROM row_list JOIN list ON list.id = list WHERE list_row = ? ORDER BY name",
                        (row,),
                    )
                )
            grouping = Grouping(loaded.messages)
            item: Series | Thread | None
            if is_thread:
                item = next(
                    (one for one in grouping.threads() if loaded.nodes[one.id] == lead), None
                )
            else:
                item = _series(grouping, {first for _, first in postings}, loaded)
            if item is None:
                item = _most_like(grouping, _messages_of(connection, row))
            return replace(item, lists=lists) if item is not None else None

    def message(self, message_id: MessageId) -> Message | None:
        """Return a mail; where several carry its Message-ID, with the others as its clashes."""
        with self._pool.borrow() as held:
            connection = held.connection
            from core.series.threading import deduplicate

            with snapshot(connection):
                found = _node(connection, message_id)
                if found is None:
                    return None
                loaded = held.loader.load((found[2],))
            messages = [one for one in loaded.messages if one.message_id == message_id]
            return deduplicate(messages)[0] if messages else None

    def lists_of(self, message_id: MessageId) -> tuple[str, ...]:
        """Return the names of the lists that a mail came through."""
        with self._pool.connection() as connection:
            found = _node(connection, message_id)
            if found is None:
                return ()
            rows = connection.execute(
                "SELECT DISTINCT list.name FROM message JOIN part_message ON message = message.id"
                " JOIN list_part ON list_part.id = list_part JOIN list ON list.id = list WHERE node = ? ORDER BY 1",
                (found[0],),
            )
            return tuple(name for (name,) in rows)

    def last_number(self) -> int:
        """Return the highest number that a mail has or had; mails that come later have higher ones."""
        with self._pool.connection() as connection:
            return last_number(connection)

    def unread_since(self, number: int) -> list[tuple[int, MessageId]]:
        """Return the unread mails that came after the one of a number, each after its row, in the order they came.

        A copy of a mail that was here already does not count.
        """
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT list_row, name FROM (SELECT node, min(id) AS came FROM message"
                " WHERE node IN (SELECT node FROM message WHERE id > ?) GROUP BY node)"
                " JOIN node ON node.id = node WHERE came > ? AND list_row IS NOT NULL AND NOT is_read ORDER BY came",
                (number, number),
            )
            return [(row, MessageId(from_blob(name))) for row, name in rows]

    def unread_of(self, row: int) -> set[MessageId]:
        """Return the unread mails of a row."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT name FROM node WHERE list_row = ? AND NOT is_read", (row,)
            )
            return {MessageId(from_blob(name)) for (name,) in rows}

    def raw(self, message: Message) -> bytes:
        """Return a mail's bytes as they came. Raises SourceError where they cannot be had."""
        with self._pool.connection() as connection:
            return RawMailReader(connection).raw(message)

    def raw_after(self, number: int, limit: int) -> list[tuple[int, bytes]]:
        """Return the first mails after a number, each with its own and its bytes; b"" where these cannot be had."""
        with self._pool.connection() as connection:
            return RawMailReader(connection).raw_after(number, limit)

    def count_after(self, number: int) -> int:
        """Return how many mails have a larger number."""
        with self._pool.connection() as connection:
            return RawMailReader(connection).count_after(number)


def _messages_of(connection: sqlite3.Connection, row: int) -> set[MessageId]:
    rows = connection.execute("SELECT name FROM node WHERE list_row = ?", (row,))
    return {MessageId(from_blob(name)) for (name,) in rows}


def _node(
    connection: sqlite3.Connection, message_id: MessageId
) -> tuple[int, int | None, int] | None:
    """Return the node of a Message-ID, its row and its conversation."""
    found: tuple[int, int | None, int] | None = connection.execute(
        "SELECT id, list_row, conversation FROM node WHERE hash = ? AND name = ?",
        (stable_hash(message_id), to_blob(message_id)),
    ).fetchone()
    return found


def _most_like(grouping: Grouping, messages: Collection[MessageId]) -> Series | Thread | None:
    """Return the item that holds most messages of a row made under older rules of grouping."""
    best = max(
        grouping.items(),
        key=lambda item: len(item.message_ids.intersection(messages)),
        default=None,
    )
    return best if best is not None and not best.message_ids.isdisjoint(messages) else None


def _series(
    grouping: Grouping, firsts: Collection[int], loaded: LoadedConversations
) -> Series | None:
    """Return the series whose postings begin with some nodes."""
    all_features = [
        features
        for features, posting in zip(grouping.features(), grouping.postings, strict=True)
        if loaded.nodes[grouping.messages[posting.first].message_id] in firsts
    ]
    if len(all_features) < len(firsts):
        return None
    all_features.sort(key=lambda features: (features.when, features.at))
    change_id = next((features.change_id for features in all_features if features.change_id), None)
    return grouping.series([features.at for features in all_features], change_id)
