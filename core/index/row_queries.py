"""Queries on rows: their order, their contents and their changes. Every answer is as of one moment."""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from core.approxidate import utc_offsets
from core.index.codec import from_blob
from core.index.database import snapshot
from core.index.inbox import count_outside
from core.index.row_summary import SeriesSummary, decode_row_head, summary
from core.index.rows import KEPT_GENERATIONS
from core.index.triage_state import decode_state, status_rank_sql
from core.index.views import SORT_COLUMNS, ListStats, RowChanges, RowView, view_where_clause
from core.model import MessageId
from core.triage.transitions import ORDER, Status

if TYPE_CHECKING:
    from core.index.connection_pool import ConnectionPool


class RowQueries:
    """Asks for rows and lists. Any thread may ask; all raise IndexFileError."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def lists(self) -> list[ListStats]:
        """Return the lists, by name."""
        with self._pool.connection() as connection:
            with snapshot(connection):
                counts = {
                    row[0]: row[1:]
                    for row in connection.execute(
                        "SELECT list, sum(row_list.mails), sum(NOT thread), sum(thread), sum(row_list.unread)"
                        " FROM row_list JOIN list_row ON list_row.id = list_row GROUP BY list"
                    )
                }
                # What was decided asks for no reading.
                settled = dict(
                    connection.execute(
                        "SELECT list, sum(unread) FROM triage_state JOIN row_list USING (list_row)"
                        " WHERE status IN (?, ?) GROUP BY list",
                        (Status.DONE, Status.SKIPPED),
                    )
                )
                positions: dict[int, list[tuple[str, str]]] = {}
                for list_id, name, position in connection.execute(
                    "SELECT list, name, position FROM list_part ORDER BY list, rank"
                ):
                    positions.setdefault(list_id, []).append((name, position))
                lists = connection.execute(
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
                    unread=unread - settled.get(list_id, 0),
                    synced=synced,
                    positions=tuple(positions.get(list_id, ())),
                )
                found.append(info)
            return found

    def order(self, view: RowView, limit: int = -1) -> array[int]:
        """Return the numbers of a view's rows, in order; with `limit`, of the first so many.

        Raises ValueError for a sort not in `SORT_COLUMNS`.
        """
        with self._pool.connection() as connection:
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
            rows = connection.execute(
                f"SELECT list_row.id FROM {table}{where} ORDER BY {order}, list_row.id {way} LIMIT ?",  # noqa: S608
                (*values, limit),
            )
            return array("q", [row for (row,) in rows])

    def count_by_day(self, view: RowView, zone: tzinfo | None = None) -> list[tuple[int, int]]:
        """Return how many rows of a view were last active on each day, in the view's order when sorted by activity.

        A day is its number since that of the Unix epoch, in `zone` (None: the local one), as `core.approxidate` says.
        """
        with self._pool.connection() as connection:
            where, values = view_where_clause(view)
            way = "ASC" if view.ascending else "DESC"
            first, last = connection.execute(
                "SELECT (SELECT min(active) FROM list_row), (SELECT max(active) FROM list_row)"
            ).fetchone()
            (_, oldest), *later = reversed(utc_offsets(first or 0, last or 0, zone))
            offset = "".join(
                f" WHEN active >= {start} THEN {seconds}" for start, seconds in later[::-1]
            )
            offset = f"CASE{offset} ELSE {oldest} END" if offset else str(oldest)
            return connection.execute(
                f"SELECT CAST((active + {offset}) / 86400 AS INTEGER) AS day, count(*) FROM list_row{where}"  # noqa: S608
                f" GROUP BY day ORDER BY day {way}",
                values,
            ).fetchall()

    def count_by_author(self, view: RowView) -> list[tuple[str, int]]:
        """Return how many rows of a view each author has, in the view's order when sorted by author."""
        with self._pool.connection() as connection:
            where, values = view_where_clause(view)
            way = "ASC" if view.ascending else "DESC"
            rows = connection.execute(
                f"SELECT author, count(*) FROM list_row{where} GROUP BY author ORDER BY author {way}",  # noqa: S608
                values,
            )
            return [(from_blob(author), count) for author, count in rows]

    def count_by_status(self, view: RowView) -> list[tuple[Status, int]]:
        """Return how many rows of a view have each state, in the order of a view sorted by state."""
        with self._pool.connection() as connection:
            where, values = view_where_clause(view)
            way = "ASC" if view.ascending else "DESC"
            rows = connection.execute(
                f"SELECT {status_rank_sql(time.time())} AS rank, count(*)"  # noqa: S608
                f" FROM list_row LEFT JOIN triage_state ON triage_state.list_row = list_row.id{where}"
                f" GROUP BY rank ORDER BY rank {way}",
                values,
            )
            return [(ORDER[rank], count) for rank, count in rows]

    def due_between(self, since: float, until: float) -> set[int]:
        """Return the rows whose time has come after one moment and not after another."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT list_row FROM triage_state WHERE wake > ? AND wake <= ?", (since, until)
            )
            return {row for (row,) in rows}

    def unread(self, lists: Collection[str] = ()) -> set[int]:
        """Return the rows with an unread mail, in these lists; empty for all."""
        with self._pool.connection() as connection:
            where = ""
            values: tuple[str, ...] = ()
            if lists:
                where = " AND list IN (SELECT id FROM list WHERE name IN (SELECT value FROM json_each(?)))"
                values = (json.dumps(list(lists)),)
            rows = connection.execute(
                f"SELECT list_row FROM row_list WHERE unread > 0{where}",  # noqa: S608
                values,
            )
            return {row for (row,) in rows}

    def summaries(self, rows: Iterable[int]) -> list[SeriesSummary]:
        """Return the summaries of rows, in the order asked for; rows that are gone are left out."""
        with self._pool.connection() as connection:
            wanted = list(rows)
            asked = json.dumps(wanted)
            with snapshot(connection):
                lists: dict[int, list[str]] = {}
                for item, name in connection.execute(
                    "SELECT list_row, name FROM row_list JOIN list ON list.id = list"
                    " WHERE list_row IN (SELECT value FROM json_each(?)) ORDER BY name",
                    (asked,),
                ):
                    lists.setdefault(item, []).append(name)
                found = {
                    row[0]: row
                    for row in connection.execute(
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
        with self._pool.connection() as connection:
            with snapshot(connection):
                (now,) = connection.execute(
                    "SELECT value FROM meta WHERE name = 'generation'"
                ).fetchone()
                if now == generation:
                    return RowChanges(now, (), (), whole=False)
                if generation < now - KEPT_GENERATIONS:
                    return RowChanges(now, (), (), whole=True)
                written = connection.execute(
                    "SELECT id FROM list_row WHERE generation > ?", (generation,)
                ).fetchall()
                gone = connection.execute(
                    "SELECT DISTINCT list_row FROM deleted_row WHERE generation > ? AND list_row NOT IN (SELECT id FROM list_row)",
                    (generation,),
                ).fetchall()
            return RowChanges(
                now, tuple(row for (row,) in written), tuple(row for (row,) in gone), whole=False
            )

    def fingerprints(self) -> list[tuple[int, str]]:
        """Return the series, the latest activity first, each with a text that changes when a mail comes or goes."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT id, lead, mails, patches, replies, active FROM list_row WHERE NOT thread"
                " ORDER BY active DESC, id DESC"
            )
            return [(row, " ".join(map(str, facts))) for row, *facts in rows]

    def count_outside_inbox(self, list_name: str) -> tuple[int, int]:
        """Return how many rows of a list start outside the inbox, and how many it has."""
        with self._pool.connection() as connection:
            return count_outside(connection, list_name)
