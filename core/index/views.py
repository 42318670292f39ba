"""Views: the rows wanted and their order, the facts of lists and changes, and the SQL of a view."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from core.index.triage_state import status_sql
from core.triage.transitions import Status

SORT_COLUMNS: Final = {
    "activity": "active",
    "date": "date",
    "author": "author",
    "size": "mails",
    "replies": "replies",
    "priority": "coalesce(triage_state.priority, 0)",
    "state": "state",
}
"""The sort orders of rows, each with its column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """Which rows are wanted, in which order."""

    lists: tuple[str, ...] = ()
    """Names of lists; empty for all."""
    sort: str = "activity"
    """One of `SORT_COLUMNS`; of equals, the latest activity first."""
    ascending: bool = False
    threads: bool = True
    """With threads that are not patch series."""
    statuses: tuple[Status, ...] = ()
    """Current statuses; empty for all."""
    since: float | None = None
    """Only rows active since then, in seconds of the Unix epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStats:
    """A followed list, as far as the index knows it."""

    name: str
    messages: int
    series: int
    threads: int
    unread: int
    synced: int | None
    """Time of the last complete sync, in seconds of the Unix epoch."""
    positions: tuple[tuple[str, str], ...]
    """The list's parts and where each was left (`core.sources.source`): of an epoch, its number and a JSON object whose
    `top` is the newest commit that is here."""


@dataclass(frozen=True, slots=True)
class RowChanges:
    """The changes of rows since some generation."""

    generation: int
    """The generation to ask from the next time."""
    written: tuple[int, ...]
    """Rows that are new or show something else."""
    gone: tuple[int, ...]
    whole: bool
    """The generation is too old to tell: all rows may have changed."""


def view_where_clause(view: RowView) -> tuple[str, list[object]]:
    """Return the WHERE clause of a view, and its values."""
    terms: list[str] = []
    values: list[object] = []
    if not view.threads:
        terms.append("NOT thread")
    if view.lists:
        terms.append(
            "list_row.id IN (SELECT list_row FROM row_list JOIN list ON list.id = list"
            " WHERE list.name IN (SELECT value FROM json_each(?)))"
        )
        values.append(json.dumps(view.lists))
    if view.since is not None:
        terms.append("list_row.active >= ?")
        values.append(view.since)
    if view.statuses:
        terms.append(_status_condition(view.statuses))
    return f" WHERE {' AND '.join(terms)}" if terms else "", values


def _status_condition(statuses: Collection[Status]) -> str:
    """Return the condition for rows of some statuses; most rows have no entry, and are new."""
    words = ", ".join(f"'{Status(each)}'" for each in statuses)
    status = status_sql(time.time())
    having = "FROM triage_state WHERE triage_state.list_row = list_row.id"
    if Status.NEW in statuses:
        return f"NOT EXISTS (SELECT 1 {having} AND {status} NOT IN ({words}))"
    return f"EXISTS (SELECT 1 {having} AND {status} IN ({words}))"
