"""The numbers of phrases and Message-IDs, and which of these belong to one conversation.

A *conversation* is the Message-IDs that mails connect by naming them, and those of mails that were sent within the hour
as parts of one posting (`core.series.postings.meeting`): everything that decides the roles of its mails. It only grows:
where a mail is removed it may be larger than it needs to be, which costs time alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from core.index.codec import join_pair, references_of, stable_hash, to_blob
from core.index.database import get_meta
from core.index.full_text import index_phrases
from core.model import Identity, Message, MessageId


def merge_conversations(connection: sqlite3.Connection, conversations: Collection[int]) -> int:
    """Make one conversation of some that are stored; return its number. The largest keeps its own, so the work stays small."""
    winner = _largest(connection, sorted(conversations))
    for loser in conversations:
        if loser != winner:
            for table in ("node", "posting_fragment", "posting"):
                connection.execute(
                    f"UPDATE {table} SET conversation = ? WHERE conversation = ?",  # noqa: S608
                    (winner, loser),
                )
            connection.execute("DELETE FROM dirty_conversation WHERE conversation = ?", (loser,))
    return winner


def _largest(connection: sqlite3.Connection, conversations: list[int]) -> int:
    """Return the largest of some conversations, counting none much further than the second largest goes."""
    limit = 64
    while len(conversations) > 1:
        counts = [
            connection.execute(
                "SELECT count(*) FROM (SELECT 1 FROM node WHERE conversation = ? LIMIT ?)",
                (conversation, limit),
            ).fetchone()[0]
            for conversation in conversations
        ]
        most = max(counts)
        conversations = [
            conversation
            for conversation, count in zip(conversations, counts, strict=True)
            if count == most
        ]
        if most < limit:
            break
        limit *= 8
    return conversations[0]


CLEANUPS: Final = "cleanups"
"""The name in `meta` of the counter of phrase removals."""


@dataclass(slots=True)
class PhraseMemory:
    """Numbers of phrases that one transaction after the other uses, until phrases are removed."""

    numbers: dict[str, int] = field(default_factory=dict)
    cleanups: int = 0

    def check(self, connection: sqlite3.Connection) -> None:
        """Forget all where phrases were removed since the last transaction."""
        cleanups = int(get_meta(connection, CLEANUPS) or 0)
        if cleanups != self.cleanups:
            self.numbers.clear()
            self.cleanups = cleanups


class IdAllocator:
    """Gives numbers in one write transaction, and stores the new ones at its end."""

    def __init__(self, connection: sqlite3.Connection, memory: PhraseMemory | None = None) -> None:
        """Begin in a transaction, with a memory of phrases that outlives it."""
        self._connection = connection
        memory = memory or PhraseMemory()
        memory.check(connection)
        self._phrases = memory.numbers
        self._new_phrases: dict[str, int] = {}
        self._people: dict[int, tuple[tuple[Identity, ...], list[int]]] = {}
        self._next_phrase = _after_last(connection, "phrase")
        self._nodes: dict[MessageId, int] = {}
        self._new_nodes: dict[int, tuple[int, bytes]] = {}
        """Their hashes and names as they are stored."""
        self._next_node = _after_last(connection, "node")
        self._conversation_of: dict[int, int] = {}
        self._above: dict[int, int] = {}
        self._stored_conversations: set[int] = set()
        self._read: set[int] = set()

    def phrase(self, text: str) -> int:
        """Return the number of a phrase."""
        number = self._phrases.get(text) or self._new_phrases.get(text)
        if number is None:
            found = self._connection.execute(
                "SELECT id FROM phrase WHERE hash = ? AND text = ?",
                (stable_hash(text), to_blob(text)),
            ).fetchone()
            if found is not None:
                number = self._phrases[text] = int(found[0])
            else:
                number = self._new_phrases[text] = self._next_phrase
                self._next_phrase += 1
        return number

    def people(self, people: tuple[Identity, ...]) -> list[int]:
        """Return the numbers of people's phrases. Mails of a thread share one parsed value for the same recipients, so
        it is cached.
        """
        known = self._people.get(id(people))
        if known is None:
            numbers = [self.phrase(join_pair(each.name, each.address)) for each in people]
            known = self._people[id(people)] = (
                people,
                numbers,
            )  # kept, so that nothing else gets its id
        return known[1]

    def is_new(self, message_id: MessageId) -> bool:
        """Whether no mail that is stored has or names a Message-ID."""
        return self.node(message_id) in self._new_nodes

    def node(self, message_id: MessageId) -> int:
        """Return the number of a Message-ID."""
        node = self._nodes.get(message_id)
        if node is not None:
            return node
        key = (stable_hash(message_id), to_blob(message_id))
        found = self._connection.execute(
            "SELECT id, conversation FROM node WHERE hash = ? AND name = ?", key
        ).fetchone()
        if found is not None:
            node, conversation = found
            self._stored_conversations.add(conversation)
        else:
            node = conversation = self._next_node
            self._next_node += 1
            self._new_nodes[node] = key
        self._nodes[message_id] = node
        self._conversation_of[node] = conversation
        self._above.setdefault(conversation, conversation)
        return int(node)

    def connect(self, message: Message) -> int:
        """Join the Message-IDs that a message names into one conversation; return the message's node."""
        nodes = [self.node(each) for each in references_of(message)]
        first = self._find(self._conversation_of[nodes[0]])
        for node in nodes[1:]:
            other = self._find(self._conversation_of[node])
            self._above[other] = first
        return self._nodes[message.message_id]

    def born_read(self, nodes: Iterable[int]) -> None:
        """Count mails that are new here as read, unless there was another of their Message-IDs before."""
        for node in nodes:
            if node in self._new_nodes:
                self._read.add(node)
            else:
                self._connection.execute(
                    "UPDATE node SET is_read = 1 WHERE id = ? AND list_row IS NULL"
                    " AND NOT EXISTS (SELECT 1 FROM read_flag WHERE read_flag.hash = node.hash)",
                    (node,),
                )

    def store(self) -> None:
        """Store the new numbers."""
        winners = self._settle()
        self._connection.executemany(
            "INSERT INTO phrase VALUES (?, ?, ?)",
            [
                (number, stable_hash(text), to_blob(text))
                for text, number in self._new_phrases.items()
            ],
        )
        index_phrases(self._connection, ((n, text) for text, n in self._new_phrases.items()))
        self._connection.executemany(
            "INSERT INTO node (id, hash, name, conversation, is_read) VALUES (?, ?, ?, ?, ?)",
            [
                (
                    node,
                    *key,
                    winners[self._find(self._conversation_of[node])],
                    node in self._read,
                )
                for node, key in self._new_nodes.items()
            ],
        )

    def remember(self) -> None:
        """Keep the new phrases for the next transaction; to be called once this one is done."""
        if len(self._phrases) + len(self._new_phrases) > _REMEMBERED:
            self._phrases.clear()
        self._phrases.update(self._new_phrases)

    def _settle(self) -> dict[int, int]:
        """Join the stored conversations that were connected; return the stored number by the representative of each
        set.
        """
        members: dict[int, list[int]] = {}
        for conversation in self._stored_conversations:
            members.setdefault(self._find(conversation), []).append(conversation)
        winners = {
            top: merge_conversations(self._connection, conversations)
            if len(conversations) > 1
            else conversations[0]
            for top, conversations in members.items()
        }
        for conversation in self._above:
            top = self._find(conversation)
            winners.setdefault(top, top)
        return winners

    def _find(self, conversation: int) -> int:
        above = self._above
        while above[conversation] != conversation:
            above[conversation] = above[above[conversation]]
            conversation = above[conversation]
        return conversation


_REMEMBERED = 50_000
"""Phrases that are remembered from one transaction to the next."""


def _after_last(connection: sqlite3.Connection, table: str) -> int:
    (last,) = connection.execute(f"SELECT max(id) FROM {table}").fetchone()  # noqa: S608
    return int(last or 0) + 1
