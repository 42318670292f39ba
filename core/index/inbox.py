"""The boundary of each list's inbox: the past of a list that is newly followed starts outside it.

The boundary is a moment per list, kept in `meta`. A row is outside where its latest activity is before the boundary of
each list it came through and nobody ever decided on it; any answer or new version brings it in. Lists without a boundary
have all of their rows in the inbox.
"""

# ruff: noqa: S608 - the SQL is put together of the texts in this file alone
from __future__ import annotations

import sqlite3
from typing import Final

from core.index.database import get_meta, set_meta, transaction

_MOMENT: Final = "inbox_since "
"""Before a list's name: under which `meta` has its boundary, in seconds of the Unix epoch."""
_SETTING: Final = "inbox_setting "
"""Before a list's name: under which `meta` has the text that the boundary follows from."""

_BOUNDARIES: Final = f"(SELECT min(ifnull(meta.value, 0)) FROM {{}} LEFT JOIN meta ON meta.name = '{_MOMENT}' || list.name {{}})"

IN_INBOX: Final = (
    # The moments that hold for all lists come first: they are looked up once, not for each row.
    f"(list_row.active >= (SELECT ifnull(max(value), 0) FROM meta WHERE name GLOB '{_MOMENT}*')"
    f" OR (list_row.active >= {_BOUNDARIES.format('list', '')} AND list_row.active >= "
    + _BOUNDARIES.format(
        "row_list JOIN list ON list.id = row_list.list", "WHERE row_list.list_row = list_row.id"
    )
    + ") OR list_row.id IN (SELECT list_row FROM triage_state WHERE decided IS NOT NULL))"
)
"""Whether a row is not outside, as a condition on `list_row`."""


def set_boundary(connection: sqlite3.Connection, list_name: str, setting: str, moment: int) -> None:
    """Let a list's inbox begin at a moment that follows from a setting; 0: with all there is."""
    with transaction(connection):
        set_meta(connection, f"{_MOMENT}{list_name}", moment)
        set_meta(connection, f"{_SETTING}{list_name}", setting)


def forget_boundary(connection: sqlite3.Connection, list_name: str) -> None:
    """Forget where a list's inbox begins. Within a transaction."""
    set_meta(connection, f"{_MOMENT}{list_name}", None)
    set_meta(connection, f"{_SETTING}{list_name}", None)


def boundary_setting(connection: sqlite3.Connection, list_name: str) -> str | None:
    """Return the setting that a list's boundary follows from; None where it has none."""
    found = get_meta(connection, f"{_SETTING}{list_name}")
    return None if found is None else str(found)


def count_outside(connection: sqlite3.Connection, list_name: str) -> tuple[int, int]:
    """Return how many rows of a list are outside the inbox, and how many it has."""
    outside, rows = connection.execute(
        f"SELECT count(*) FILTER (WHERE NOT {IN_INBOX}), count(*) FROM list_row WHERE id IN"
        " (SELECT list_row FROM row_list JOIN list ON list.id = row_list.list WHERE list.name = ?)",
        (list_name,),
    ).fetchone()
    return int(outside), int(rows)
