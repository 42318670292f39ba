"""Which rows of followed lists a screen shows, and how they are ordered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from core.index.index import RowView
from core.index.views import SORT_COLUMNS
from core.triage.transitions import DECIDED, Status

GROUPS: Final = {"none": "", "day": "activity", "author": "author", "state": "state"}
"""The groupings of rows, each with the order it needs."""

OPEN_STATES: Final = tuple(status for status in Status if status not in DECIDED)
"""The states of rows that a screen shows while it hides decided ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Which rows a screen shows, and how they are ordered."""

    lists: tuple[str, ...] = ()
    """Names of lists; empty for all."""
    sort: str = "activity"
    group: str = "none"
    query: str = ""
    """The query that rows match, as `core.query.query` reads it; "" for all."""
    name: str = ""
    """The name of the view with that query."""
    decided: bool = True
    """Include done, skipped, waiting and snoozed rows; a screen may hide them itself."""
    since: float | None = None
    """Only rows active since then, in seconds of the Unix epoch."""

    def selects_same_rows(self, other: ListQuery) -> bool:
        """Whether the other query shows the same rows, in any order."""
        mine = (self.lists, self.query, self.decided, self.since)
        return mine == (other.lists, other.query, other.decided, other.since)

    @property
    def view(self) -> RowView:
        """The query as a `RowView` of the index."""
        sort = GROUPS[self.group] or self.sort
        return RowView(
            lists=self.lists,
            sort=sort,
            ascending=sort in ("author", "state"),
            statuses=() if self.decided else OPEN_STATES,
            since=self.since,
        )


def with_sort(wanted: ListQuery, sort: str) -> ListQuery:
    """Return the same rows in another order; raises ValueError for one not in `SORT_COLUMNS`."""
    if sort not in SORT_COLUMNS:
        raise ValueError(sort)
    return replace(wanted, sort=sort, group="none")


def with_grouping(wanted: ListQuery, group: str) -> ListQuery:
    """Return the same rows in groups; raises ValueError for a name that is not in `GROUPS`."""
    if group not in GROUPS:
        raise ValueError(group)
    return replace(wanted, group=group)
