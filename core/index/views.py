"""Which rows a view has, as SQL."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from core.index.triage_state import status_sql
from core.triage.transitions import Status

if TYPE_CHECKING:
    from core.index.reader import RowView


def view_where_clause(view: RowView) -> tuple[str, list[object]]:
    """Return what keeps a query to a view's rows, and its values."""
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
        terms.append(_standing_so(view.statuses))
    return f" WHERE {' AND '.join(terms)}" if terms else "", values


def _standing_so(statuses: Collection[Status]) -> str:
    """Return what keeps a query to rows of some statuses; most rows have no entry, and are new."""
    words = ", ".join(f"'{Status(each)}'" for each in statuses)
    status = status_sql(time.time())
    having = "FROM triage_state WHERE triage_state.list_row = list_row.id"
    if Status.NEW in statuses:
        return f"NOT EXISTS (SELECT 1 {having} AND {status} NOT IN ({words}))"
    return f"EXISTS (SELECT 1 {having} AND {status} IN ({words}))"
