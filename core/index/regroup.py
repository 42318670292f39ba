"""Conversations that mails came to or went from → postings, series and threads, as grouping all mails at once makes
them.

`core.series.grouping.group` works in two stages: the postings of a conversation follow from its mails alone, and the
series from the groups of candidates of `core.series.features`. Here both stages are run on the changes: the
conversations that are dirty, and the groups of the postings that they had and have. The result replaces the rows that
held any of these mails. Each transaction leaves its rows right, and the rest still marked as dirty.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from threading import Event
from typing import Final

from core.errors import Cancelled
from core.index.codec import stable_hash, to_blob
from core.index.database import transaction
from core.index.ids import merge_conversations
from core.index.loader import ConversationLoader, LoadedConversations, count_mails
from core.index.rows import RowDraft, bump_generation, draft_row, write_rows
from core.index.series_candidates import (
    CandidateFinder,
    SenderOrder,
    StoredPosting,
    delete_blocking_keys,
    sender_of,
    store_blocking_keys,
    store_posting,
    update_similar_titles,
)
from core.index.triage_state import refresh_after_regroup
from core.model import Message
from core.progress import Progress, ProgressCallback
from core.series.grouping import Grouping
from core.series.postings import PostingKey, overlapping_fragments

AT_ONCE: Final = 3000
"""Mails that are grouped in one transaction; more where one conversation has more."""


def regroup_dirty(
    connection: sqlite3.Connection,
    *,
    stop: Event,
    report: ProgressCallback,
    fresh: Mapping[bytes, Message] | None = None,
) -> int:
    """Group the dirty conversations, newest first; return the number of rows written or removed.

    `fresh` are mails that are at hand, by their blob ids, and need not be read again.
    Raises Cancelled soon after `stop` is set; the rest stays dirty.
    """
    loader = ConversationLoader(connection, fresh)
    changed = done = 0
    total = pending_conversations(connection)
    while pending_conversations(connection, limit=1):
        if stop.is_set():
            raise Cancelled
        report(Progress("Grouping, thread", done, total))
        with transaction(connection):
            conversations = _next_dirty(connection)
            if conversations:
                changed += _RegroupBatch(connection, loader).run(conversations)
                done += len(conversations)
    return changed


def pending_conversations(connection: sqlite3.Connection, *, limit: int = -1) -> int:
    """Return how many conversations wait to be grouped, counting up to `limit`."""
    (count,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM dirty_conversation LIMIT ?)", (limit,)
    ).fetchone()
    return int(count)


def _next_dirty(connection: sqlite3.Connection) -> set[int]:
    conversations: set[int] = set()
    mails = 0
    rows = connection.execute(
        "SELECT conversation, (SELECT count(*) FROM node CROSS JOIN message ON node = node.id WHERE conversation = dirty_conversation.conversation)"
        " FROM dirty_conversation ORDER BY conversation"
    )
    for conversation, count in rows:
        conversations.add(conversation)
        mails += count + 1
        if mails >= AT_ONCE:
            break
    rows.close()
    return conversations


class _RegroupBatch:
    """One transaction's share of the work."""

    def __init__(self, connection: sqlite3.Connection, loader: ConversationLoader) -> None:
        self._connection = connection
        self._loader = loader
        self._loaded = LoadedConversations()
        self._items: dict[int, tuple[int, int]] = {}
        """The row and the role that each node had."""
        self._old: set[int] = set()
        """Rows that are to be written anew, or taken away."""
        self._drafts: list[RowDraft] = []

    def run(self, conversations: set[int]) -> int:
        """Group some conversations anew; return how many rows were written or taken away."""
        conversations, grouping = self._load_connected(conversations)
        loaded = self._loaded
        self._items = dict(loaded.items)
        self._old = {item for item, _ in loaded.items.values()}
        candidates = CandidateFinder(self._connection)
        candidates.collect(self._store_postings(conversations, grouping))
        for thread in grouping.threads():
            self._drafts.append(draft_row(thread, (), loaded.nodes, loaded.seen, loaded.lists))
        self._draft_series(conversations, grouping, candidates)
        # Of a conversation that waits its turn, mails may have come here from other rows.
        held = (self._items.get(node) for draft in self._drafts for node in draft.roles)
        self._old |= {item for item, _ in filter(None, held)}
        generation = bump_generation(self._connection)
        count = write_rows(self._connection, self._drafts, self._old, self._items, generation)
        nodes = {node for draft in self._drafts for node in draft.roles}
        refresh_after_regroup(self._connection, nodes, self._old)
        self._connection.execute(
            "DELETE FROM dirty_conversation WHERE conversation IN (SELECT value FROM json_each(?))",
            (_listed(conversations),),
        )
        return count

    def _load_connected(self, conversations: set[int]) -> tuple[set[int], Grouping]:
        """Load conversations, and with them those that hold parts of the same postings: from then on they are one conversation."""
        loaded = self._loaded
        self._loader.load(conversations, into=loaded)
        while True:
            grouping = Grouping(loaded.messages)
            self._store_fragments(conversations, grouping)
            together = self._overlapping_conversations(grouping)
            more = {conversation for group in together for conversation in group} - conversations
            self._loader.load(more, into=loaded)
            winners: dict[int, int] = {}
            for group in together:
                winners.update(dict.fromkeys(group, merge_conversations(self._connection, group)))
            conversations = {
                winners.get(conversation, conversation) for conversation in conversations | more
            }
            loaded.conversations = {
                node: winners.get(conversation, conversation)
                for node, conversation in loaded.conversations.items()
            }
            if not more:
                return conversations, grouping

    def _store_fragments(self, conversations: set[int], grouping: Grouping) -> None:
        nodes, conversation_of = self._loaded.nodes, self._loaded.conversations
        self._connection.execute(
            "DELETE FROM posting_fragment WHERE conversation IN (SELECT value FROM json_each(?))",
            (_listed(conversations),),
        )
        self._connection.executemany(
            "INSERT INTO posting_fragment VALUES (?, ?, ?, ?, ?)",
            [
                (
                    conversation_of[nodes[grouping.messages[run.first].message_id]],
                    _kind(run.key),
                    run.start,
                    run.last,
                    run.is_unreferenced,
                )
                for run in grouping.fragments
            ],
        )

    def _overlapping_conversations(self, grouping: Grouping) -> list[set[int]]:
        """Return the conversations that hold parts of the same postings."""
        together: list[set[int]] = []
        for kind in {_kind(run.key) for run in grouping.fragments}:
            rows = self._connection.execute(
                "SELECT conversation, start, last, unreferenced FROM posting_fragment WHERE kind = ?",
                (kind,),
            ).fetchall()
            if len(rows) < 2:
                continue
            for places in overlapping_fragments(
                (start, last, bool(loose)) for _, start, last, loose in rows
            ):
                conversations = {rows[place][0] for place in places}
                if len(conversations) > 1:
                    for other in [each for each in together if each & conversations]:
                        together.remove(other)
                        conversations |= other
                    together.append(conversations)
        return together

    def _store_postings(self, conversations: set[int], grouping: Grouping) -> set[int]:
        """Put the postings of some conversations in the place of those they had.

        Return the new ones, and all whose families may have changed by that.
        """
        before = self._connection.execute(
            "SELECT posting.id, posting.list_row, first, sender, date, first_date, name"
            " FROM posting CROSS JOIN node ON node.id = first"
            " WHERE posting.conversation IN (SELECT value FROM json_each(?))",
            (_listed(conversations),),
        ).fetchall()
        old = {first: posting for posting, _, first, *_ in before}
        self._old |= {item for _, item, *_ in before if item is not None}
        places = {SenderOrder(*place) for _, _, _, *place in before}
        changed = delete_blocking_keys(self._connection, old.values())
        self._connection.execute(
            "DELETE FROM posting WHERE id IN (SELECT value FROM json_each(?))",
            (_listed(old.values()),),
        )

        firsts = [grouping.messages[posting.first] for posting in grouping.postings]
        nodes = [self._loaded.nodes[message.message_id] for message in firsts]
        numbers = self._numbers(nodes, old)
        features = grouping.features()
        by_number = dict(zip(numbers, features, strict=True))
        aboves = {
            numbers[at]: numbers[of_posting.parent_posting]
            for at, of_posting in enumerate(features)
            if of_posting.parent_posting >= 0
        }
        for number, of_posting, node, first in zip(numbers, features, nodes, firsts, strict=True):
            place = SenderOrder(
                sender_of(of_posting),
                of_posting.when,
                first.date.timestamp(),
                to_blob(first.message_id),
            )
            places.add(place)
            conversation = self._loaded.conversations[node]
            store_posting(
                self._connection,
                number,
                conversation,
                node,
                place,
                aboves.get(number),
                of_posting,
            )
        store_blocking_keys(self._connection, by_number, aboves)
        return changed | by_number.keys() | update_similar_titles(self._connection, places)

    def _numbers(self, nodes: list[int], old: dict[int, int]) -> list[int]:
        """Return the numbers of postings that begin with these nodes: an old one's, or new ones."""
        (last,) = self._connection.execute("SELECT max(id) FROM posting").fetchone()
        last = max(last or 0, *old.values(), 0)
        numbers: list[int] = []
        for node in nodes:
            last += node not in old
            numbers.append(old.get(node, last))
        return numbers

    def _draft_series(
        self, conversations: set[int], grouping: Grouping, candidates: CandidateFinder
    ) -> None:
        """Make the series that hold any of the new postings, or are no longer made of the same ones."""
        held = Counter(each.item for each in candidates.postings.values())
        here: list[list[StoredPosting]] = []
        elsewhere: list[list[StoredPosting]] = []
        for line in candidates.link():
            items = {each.item for each in line}
            same = len(items) == 1 and held[line[0].item] == len(line)
            if same and None not in items and items.isdisjoint(self._old):
                continue
            self._old |= {item for item in items if item is not None}
            (
                here if all(each.conversation in conversations for each in line) else elsewhere
            ).append(line)
        self._draft_linked(here, grouping, self._loaded)
        for lines in _batches(self._connection, elsewhere):
            wanted = {each.conversation for line in lines for each in line}
            loaded = self._loader.load(wanted)
            self._items.update(loaded.items)
            self._draft_linked(lines, Grouping(loaded.messages), loaded)

    def _draft_linked(
        self, lines: list[list[StoredPosting]], grouping: Grouping, loaded: LoadedConversations
    ) -> None:
        """Make a series of each line of postings.

        One of a conversation that is dirty itself may no longer be there; its turn comes.
        """
        places = {
            loaded.nodes[grouping.messages[posting.first].message_id]: at
            for at, posting in enumerate(grouping.postings)
        }
        for line in lines:
            there = [each for each in line if each.first in places]
            if not there:
                continue
            change_id = next(
                (each.features.change_id for each in there if each.features.change_id),
                None,
            )
            series = grouping.series([places[each.first] for each in there], change_id)
            self._drafts.append(
                draft_row(
                    series,
                    [each.posting for each in there],
                    loaded.nodes,
                    loaded.seen,
                    loaded.lists,
                )
            )


def _batches(
    connection: sqlite3.Connection, lines: list[list[StoredPosting]]
) -> Iterator[list[list[StoredPosting]]]:
    """Divide lines so that the mails of each portion are not too many to hold."""
    portion: list[list[StoredPosting]] = []
    mails = 0
    for line in lines:
        portion.append(line)
        mails += count_mails(connection, {each.conversation for each in line})
        if mails >= AT_ONCE:
            yield portion
            portion, mails = [], 0
    if portion:
        yield portion


def _kind(kind: PostingKey) -> int:
    sender, version, minor, total, tags, counted = kind
    return stable_hash("run", sender, *map(str, (version, minor, total, counted)), *sorted(tags))


def _listed(numbers: Iterable[int]) -> str:
    return json.dumps(list(numbers))
