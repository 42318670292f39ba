"""The index → what the screens show. Every call sees the index as of one moment."""

from __future__ import annotations

import json
import sqlite3
import time
from array import array
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from core.approxidate import utc_offsets
from core.index.codec import from_blob, stable_hash, to_blob
from core.index.database import snapshot
from core.index.full_text import last_number
from core.index.loader import ConversationLoader, LoadedConversations
from core.index.raws import RawMailReader
from core.index.row_summary import SeriesSummary, decode_row_head, summary
from core.index.rows import KEPT_GENERATIONS
from core.index.triage_state import decode_state, status_rank_sql
from core.index.views import SORT_COLUMNS, ListStats, RowChanges, RowView, view_where_clause
from core.model import Message, MessageId, Series, Thread
from core.triage.transitions import ORDER, Status

if TYPE_CHECKING:
    from core.series.grouping import Grouping


class IndexReader:
    """Asks the index, over one connection. For one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._loader = ConversationLoader(connection)
        self.raws = RawMailReader(connection)
        """The bytes of mails."""

    # ------------------------------------------------------------------- lists and rows

    def lists(self) -> list[ListStats]:
        """Return the lists, by name."""
        with snapshot(self._connection):
            counts = {
                row[0]: row[1:]
                for row in self._connection.execute(
                    "SELECT list, sum(row_list.mails), sum(NOT thread), sum(thread), sum(row_list.unread)"
                    " FROM row_list JOIN list_row ON list_row.id = list_row GROUP BY list"
                )
            }
            positions: dict[int, list[tuple[str, str]]] = {}
            for list_id, name, position in self._connection.execute(
                "SELECT list, name, position FROM list_part ORDER BY list, rank"
            ):
                positions.setdefault(list_id, []).append((name, position))
            lists = self._connection.execute(
                "SELECT id, name, synced FROM list ORDER BY name"
            ).fetchall()
        found = []
        for list_id, name, synced in lists:
            messages, series, threads, unread = counts.get(list_id, (0, 0, 0, 0))
            info = ListStats(
                name=name,
                messages=messages,
                series=series,
                threads=threads,
                unread=unread,
                synced=synced,
                positions=tuple(positions.get(list_id, ())),
            )
            found.append(info)
        return found

    def order(self, view: RowView, limit: int = -1) -> array[int]:
        """Return the numbers of a view's rows, in order; with `limit`, of the first so many.

        Raises ValueError for a sort that is none of `SORT_COLUMNS`.
        """
        if view.sort not in SORT_COLUMNS:
            raise ValueError(view.sort)
        where, values = view_where_clause(view)
        way = "ASC" if view.ascending else "DESC"
        table = "list_row"
        order = f"{SORT_COLUMNS[view.sort]} {way}"
        if view.sort in ("state", "priority"):
            table = "list_row LEFT JOIN triage_state ON triage_state.list_row = list_row.id"
        if view.sort == "state":
            order = f"{status_rank_sql(time.time())} {way}"
        if view.sort != "activity":
            order += ", active DESC"
        rows = self._connection.execute(
            f"SELECT list_row.id FROM {table}{where} ORDER BY {order}, list_row.id {way} LIMIT ?",  # noqa: S608
            (*values, limit),
        )
        return array("q", [row for (row,) in rows])

    def days(self, view: RowView, zone: tzinfo | None = None) -> list[tuple[int, int]]:
        """Return how many rows of a view were last active on each day, in the view's order when sorted by activity.

        A day is its number since that of the Unix epoch, in `zone` (None: the local one), as `core.approxidate` says.
        """
        where, values = view_where_clause(view)
        way = "ASC" if view.ascending else "DESC"
        first, last = self._connection.execute(
            "SELECT (SELECT min(active) FROM list_row), (SELECT max(active) FROM list_row)"
        ).fetchone()
        (_, oldest), *later = reversed(utc_offsets(first or 0, last or 0, zone))
        offset = "".join(
            f" WHEN active >= {start} THEN {seconds}" for start, seconds in later[::-1]
        )
        offset = f"CASE{offset} ELSE {oldest} END" if offset else str(oldest)
        return self._connection.execute(
            f"SELECT CAST((active + {offset}) / 86400 AS INTEGER) AS day, count(*) FROM list_row{where}"  # noqa: S608
            f" GROUP BY day ORDER BY day {way}",
            values,
        ).fetchall()

    def authors(self, view: RowView) -> list[tuple[str, int]]:
        """Return how many rows of a view each author has, in the view's order when sorted by author."""
        where, values = view_where_clause(view)
        way = "ASC" if view.ascending else "DESC"
        rows = self._connection.execute(
            f"SELECT author, count(*) FROM list_row{where} GROUP BY author ORDER BY author {way}",  # noqa: S608
            values,
        )
        return [(from_blob(author), count) for author, count in rows]

    def states(self, view: RowView) -> list[tuple[Status, int]]:
        """Return how many rows of a view stand how, in the view's order when sorted by state."""
        where, values = view_where_clause(view)
        way = "ASC" if view.ascending else "DESC"
        rows = self._connection.execute(
            f"SELECT {status_rank_sql(time.time())} AS rank, count(*)"  # noqa: S608
            f" FROM list_row LEFT JOIN triage_state ON triage_state.list_row = list_row.id{where}"
            f" GROUP BY rank ORDER BY rank {way}",
            values,
        )
        return [(ORDER[rank], count) for rank, count in rows]

    def woken(self, since: float, until: float) -> set[int]:
        """Return the rows whose time has come after one moment and not after another."""
        rows = self._connection.execute(
            "SELECT list_row FROM triage_state WHERE wake > ? AND wake <= ?", (since, until)
        )
        return {row for (row,) in rows}

    def unread_rows(self, lists: Collection[str] = ()) -> set[int]:
        """Return the rows with an unread mail, in these lists; none named stands for all."""
        where = ""
        values: tuple[str, ...] = ()
        if lists:
            where = (
                " AND list IN (SELECT id FROM list WHERE name IN (SELECT value FROM json_each(?)))"
            )
            values = (json.dumps(list(lists)),)
        rows = self._connection.execute(
            f"SELECT list_row FROM row_list WHERE unread > 0{where}",  # noqa: S608
            values,
        )
        return {row for (row,) in rows}

    def summaries(self, rows: Iterable[int]) -> list[SeriesSummary]:
        """Return what rows show, in the order asked for; rows that are gone are left out."""
        wanted = list(rows)
        asked = json.dumps(wanted)
        with snapshot(self._connection):
            lists: dict[int, list[str]] = {}
            for item, name in self._connection.execute(
                "SELECT list_row, name FROM row_list JOIN list ON list.id = list"
                " WHERE list_row IN (SELECT value FROM json_each(?)) ORDER BY name",
                (asked,),
            ):
                lists.setdefault(item, []).append(name)
            found = {
                row[0]: row
                for row in self._connection.execute(
                    "SELECT list_row.id, thread, name, head, replies, mails, unread, unread_roles, data"
                    " FROM list_row CROSS JOIN node ON node.id = lead"
                    " LEFT JOIN triage_state ON triage_state.list_row = list_row.id WHERE list_row.id IN (SELECT value FROM json_each(?))",
                    (asked,),
                )
            }
        summaries = []
        now = datetime.now(UTC)
        for row in wanted:
            if row in found:
                _, thread, name, head, replies, mails, unread, news, data = found[row]
                one = summary(
                    row,
                    is_thread=bool(thread),
                    message_id=MessageId(from_blob(name)),
                    lists=tuple(lists.get(row, ())),
                    head=decode_row_head(head),
                    replies=replies,
                    mails=mails,
                    unread=unread,
                    news=news,
                    state=decode_state(data).at(now),
                )
                summaries.append(one)
        return summaries

    def changes_since(self, generation: int) -> RowChanges:
        """Return which rows were written or taken away since a generation; 0 is before all."""
        with snapshot(self._connection):
            (now,) = self._connection.execute(
                "SELECT value FROM meta WHERE name = 'generation'"
            ).fetchone()
            if now == generation:
                return RowChanges(now, (), (), whole=False)
            if generation < now - KEPT_GENERATIONS:
                return RowChanges(now, (), (), whole=True)
            written = self._connection.execute(
                "SELECT id FROM list_row WHERE generation > ?", (generation,)
            ).fetchall()
            gone = self._connection.execute(
                "SELECT DISTINCT list_row FROM deleted_row WHERE generation > ? AND list_row NOT IN (SELECT id FROM list_row)",
                (generation,),
            ).fetchall()
        return RowChanges(
            now, tuple(row for (row,) in written), tuple(row for (row,) in gone), whole=False
        )

    # ------------------------------------------------------------------- series and mails

    def find(self, message_id: MessageId) -> int | None:
        """Return the row that holds a mail; None where there is none, or it is not grouped yet."""
        found = self._node(message_id)
        return None if found is None else found[1]

    def series(self, row: int) -> Series | Thread | None:
        """Return a whole series or thread as `core.series.grouping.group` makes it; None where the row is gone.

        `lists` are the names of the lists that hold any of its mails; the messages' `key` is for `raw`.
        """
        from dataclasses import replace

        from core.series.grouping import Grouping

        with snapshot(self._connection):
            found = self._connection.execute(
                "SELECT thread, lead, conversation FROM list_row JOIN node ON node.id = lead WHERE list_row.id = ?",
                (row,),
            ).fetchone()
            if found is None:
                return None
            is_thread, lead, talk = found
            postings = self._connection.execute(
                "SELECT conversation, first FROM posting WHERE list_row = ?", (row,)
            ).fetchall()
            talks = {talk} if is_thread or not postings else {each for each, _ in postings}
            loaded = self._loader.load(talks, grouped=True)
            lists = tuple(
                name
                for (name,) in self._connection.execute(
                    "SELECT name FROM row_list JOIN list ON list.id = list WHERE list_row = ? ORDER BY name",
                    (row,),
                )
            )
        grouping = Grouping(loaded.messages)
        item: Series | Thread | None
        if is_thread:
            item = next((one for one in grouping.threads() if loaded.nodes[one.id] == lead), None)
        else:
            item = _series(grouping, {first for _, first in postings}, loaded)
        if item is None:
            item = _most_like(grouping, self._messages_of(row))
        return replace(item, lists=lists) if item is not None else None

    def message(self, message_id: MessageId) -> Message | None:
        """Return a mail; where several carry its Message-ID, with the others as its clashes."""
        from core.series.threading import deduplicate

        with snapshot(self._connection):
            found = self._node(message_id)
            if found is None:
                return None
            loaded = self._loader.load((found[2],))
        messages = [one for one in loaded.messages if one.message_id == message_id]
        return deduplicate(messages)[0] if messages else None

    def lists_of(self, message_id: MessageId) -> tuple[str, ...]:
        """Return the names of the lists that a mail came through."""
        found = self._node(message_id)
        if found is None:
            return ()
        rows = self._connection.execute(
            "SELECT DISTINCT list.name FROM message JOIN part_message ON message = message.id"
            " JOIN list_part ON list_part.id = list_part JOIN list ON list.id = list WHERE node = ? ORDER BY 1",
            (found[0],),
        )
        return tuple(name for (name,) in rows)

    def last_number(self) -> int:
        """Return the highest number that a mail has or had; mails that come later have higher ones."""
        return last_number(self._connection)

    def unread_since(self, number: int) -> list[tuple[int, MessageId]]:
        """Return the unread mails that came after the one of a number, each after its row, in the order they came.

        A copy of a mail that was here already does not count.
        """
        rows = self._connection.execute(
            "SELECT list_row, name FROM (SELECT node, min(id) AS came FROM message"
            " WHERE node IN (SELECT node FROM message WHERE id > ?) GROUP BY node)"
            " JOIN node ON node.id = node WHERE came > ? AND list_row IS NOT NULL AND NOT is_read ORDER BY came",
            (number, number),
        )
        return [(row, MessageId(from_blob(name))) for row, name in rows]

    def unseen(self, row: int) -> set[MessageId]:
        """Return the unread mails of a row."""
        rows = self._connection.execute(
            "SELECT name FROM node WHERE list_row = ? AND NOT is_read", (row,)
        )
        return {MessageId(from_blob(name)) for (name,) in rows}

    def _messages_of(self, row: int) -> set[MessageId]:
        rows = self._connection.execute("SELECT name FROM node WHERE list_row = ?", (row,))
        return {MessageId(from_blob(name)) for (name,) in rows}

    def _node(self, message_id: MessageId) -> tuple[int, int | None, int] | None:
        """Return the node of a Message-ID, its row and its talk."""
        found: tuple[int, int | None, int] | None = self._connection.execute(
            "SELECT id, list_row, conversation FROM node WHERE hash = ? AND name = ?",
            (stable_hash(message_id), to_blob(message_id)),
        ).fetchone()
        return found


def _most_like(grouping: Grouping, messages: Collection[MessageId]) -> Series | Thread | None:
    """Return what holds most messages of a row that other rules of grouping made, until it is grouped again."""
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
    cards = [
        card
        for card, posting in zip(grouping.features(), grouping.postings, strict=True)
        if loaded.nodes[grouping.messages[posting.first].message_id] in firsts
    ]
    if len(cards) < len(firsts):
        return None
    cards.sort(key=lambda card: (card.when, card.at))
    change_id = next((card.change_id for card in cards if card.change_id), None)
    return grouping.series([card.at for card in cards], change_id)
