"""Conversations → their mails, as grouping takes them; and the bytes of mails, from the index or the repositories that have them."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from core.errors import SourceError
from core.index.codec import decode_facts, from_blob, split_pair
from core.index.errors import IndexFileError
from core.model import Identity, Message, MessageId, Trailer

_REMEMBERED: Final = 30_000


class PhraseReader:
    """Phrases by their numbers, each made once, so that mails share the values in memory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._people: dict[int, Identity] = {}
        self._trailers: dict[int, Trailer] = {}
        self._texts: dict[int, str] = {}

    def person(self, number: int) -> Identity:
        """Return a phrase that is a person."""
        person = self._people.get(number)
        if person is None:
            if len(self._people) > _REMEMBERED:
                self._people.clear()
            person = self._people[number] = Identity(*split_pair(self._read(number)))
        return person

    def trailer(self, number: int) -> Trailer:
        """Return a phrase that is a trailer."""
        trailer = self._trailers.get(number)
        if trailer is None:
            if len(self._trailers) > _REMEMBERED:
                self._trailers.clear()
            trailer = self._trailers[number] = Trailer(*split_pair(self._read(number)))
        return trailer

    def text(self, number: int) -> str:
        """Return a phrase."""
        text = self._texts.get(number)
        if text is None:
            if len(self._texts) > _REMEMBERED:
                self._texts.clear()
            text = self._texts[number] = self._read(number)
        return text

    def _read(self, number: int) -> str:
        (text,) = self._connection.execute(
            "SELECT text FROM phrase WHERE id = ?", (number,)
        ).fetchone()
        return from_blob(text)


@dataclass(slots=True)
class LoadedConversations:
    """The mails of some conversations, and the stored facts of their nodes."""

    messages: list[Message] = field(default_factory=list)
    nodes: dict[MessageId, int] = field(default_factory=dict)
    """Of each mail that is here."""
    conversations: dict[int, int] = field(default_factory=dict)
    """Of each node that was named."""
    items: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The row of each node that has one, and the mail's role there."""
    seen: set[int] = field(default_factory=set)
    lists: dict[int, list[int]] = field(default_factory=dict)
    """The lists that each node came through."""


class ConversationLoader:
    """Reads conversations over one connection."""

    def __init__(
        self, connection: sqlite3.Connection, fresh: Mapping[bytes, Message] | None = None
    ) -> None:
        """`fresh` holds mails stored just now, by blob id, which need not be read again."""
        self._connection = connection
        self._phrases = PhraseReader(connection)
        self._fresh = fresh or {}

    def load(
        self,
        conversations: Iterable[int],
        *,
        into: LoadedConversations | None = None,
        grouped: bool = False,
    ) -> LoadedConversations:
        """Read conversations, in addition to those of `into`.

        With `grouped`, skip mails that no row holds yet.
        """
        loaded = into or LoadedConversations()
        wanted = json.dumps(list(conversations))
        message_ids: dict[int, MessageId] = {}
        for node, name, conversation, item, role, seen in self._connection.execute(
            "SELECT id, name, conversation, list_row, role, is_read FROM node"
            " WHERE conversation IN (SELECT value FROM json_each(?))",
            (wanted,),
        ):
            message_ids[node] = MessageId(from_blob(name))
            loaded.conversations[node] = conversation
            if item is not None:
                loaded.items[node] = (item, role)
            if seen:
                loaded.seen.add(node)
        fresh, phrases = self._fresh, self._phrases
        for node, blob, facts in self._connection.execute(
            "SELECT node, blob, facts FROM node CROSS JOIN message ON node = node.id"
            " WHERE conversation IN (SELECT value FROM json_each(?))",
            (wanted,),
        ):
            if grouped and node not in loaded.items:
                continue
            message_id = message_ids[node]
            loaded.nodes[message_id] = node
            message = fresh.get(blob)
            if message is None:
                message = decode_facts(facts, message_id, blob.hex(), message_ids, phrases)
            loaded.messages.append(message)
        self._load_lists(wanted, loaded)
        return loaded

    def _load_lists(self, wanted: str, loaded: LoadedConversations) -> None:
        lists = self._connection.execute("SELECT id FROM list LIMIT 2").fetchall()
        if len(lists) == 1:  # the only one that a mail can have come through
            for node in loaded.nodes.values():
                loaded.lists[node] = list(lists[0])
            return
        for node, list_id in self._connection.execute(
            "SELECT DISTINCT node, list FROM node CROSS JOIN message ON node = node.id"
            " CROSS JOIN part_message ON message = message.id CROSS JOIN list_part ON list_part.id = list_part"
            " WHERE conversation IN (SELECT value FROM json_each(?))",
            (wanted,),
        ):
            loaded.lists.setdefault(node, []).append(list_id)


def count_mails(connection: sqlite3.Connection, conversations: Iterable[int]) -> int:
    """Return how many mails some conversations have."""
    (count,) = connection.execute(
        "SELECT count(*) FROM node CROSS JOIN message ON node = node.id"
        " WHERE conversation IN (SELECT value FROM json_each(?))",
        (json.dumps(list(conversations)),),
    ).fetchone()
    return int(count)


class RawMailReader:
    """Gives mails' bytes, over one connection. For one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def raw(self, message: Message) -> bytes:
        """Return a mail's bytes as they came. Raises SourceError where they cannot be had."""
        try:
            raw, paths = self._bytes(bytes.fromhex(message.key))
        except zlib.error as error:
            raise IndexFileError(
                f"The mail {message.message_id} is damaged in the index.", "Sync its list again."
            ) from error
        if raw:
            return raw
        if not paths:
            raise SourceError(
                f"The mail {message.message_id} is no longer in any list.", "It was removed."
            )
        raise SourceError(
            f"The mail {message.message_id} cannot be read from {paths[0]}.",
            "The archive was moved or edited: sync its list again.",
        )

    def raw_after(self, number: int, limit: int) -> list[tuple[int, bytes]]:
        """Return the first mails after a number, each with its own and its bytes; b"" where these cannot be had."""
        found = []
        for each, blob in self._connection.execute(
            "SELECT id, blob FROM message WHERE id > ? ORDER BY id LIMIT ?", (number, limit)
        ).fetchall():
            try:
                found.append((each, self._bytes(blob)[0]))
            except (zlib.error, SourceError):
                found.append((each, b""))
        return found

    def count_after(self, number: int) -> int:
        """Return how many mails have a larger number."""
        (count,) = self._connection.execute(
            "SELECT count(*) FROM message WHERE id > ?", (number,)
        ).fetchone()
        return int(count)

    def _bytes(self, blob: bytes) -> tuple[bytes, list[str]]:
        """Return a mail's bytes, b"" where they cannot be had, and the repositories that should have them."""
        found = self._connection.execute(
            "SELECT packed FROM message JOIN raw_message ON message = message.id WHERE blob = ?",
            (blob,),
        ).fetchone()
        if found is not None:
            return zlib.decompress(found[0]), []
        paths = [
            path
            for (path,) in self._connection.execute(
                "SELECT path FROM message JOIN part_message ON message = message.id"
                " JOIN list_part ON list_part.id = list_part WHERE blob = ? AND path != '' ORDER BY rank DESC",
                (blob,),
            )
        ]
        for path in paths:
            if raw := self._read(path, blob):
                return raw, paths
        return b"", paths

    @staticmethod
    def _read(path: str, blob: bytes) -> bytes:
        from core.sources.isolated_archive import read_blob

        return read_blob(path, blob)
