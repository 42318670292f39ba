"""Which rows of followed lists a screen shows, and how they are ordered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from core.index.index import RowView
from core.index.views import SORT_COLUMNS
from core.triage.transitions import DECIDED, Status

GROUPS: Final = {"none": "", "day": "activity", "author": "author", "state": "state"}
"""By what rows may stand in groups, and the sort which that takes."""

OPEN_STATES: Final = tuple(status for status in Status if status not in DECIDED)
"""The states of rows that a screen shows where it hides what is decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Which rows a screen shows, and how they are ordered."""

    lists: tuple[str, ...] = ()
    """Names; none stands for all."""
    sort: str = "activity"
    group: str = "none"
    query: str = ""
    """What rows have to meet, as `core.query.query` reads it; "" stands for all."""
    name: str = ""
    """What the view of that query is called."""
    decided: bool = True
    """Also what is done, skipped, waiting or put off; a screen may hide these by itself."""
    since: float | None = None
    """Only what was active since then, in seconds of the Unix epoch."""

    def selects_same_rows(self, other: ListQuery) -> bool:
        """Whether the other shows the same rows, in whatever order."""
        mine = (self.lists, self.query, self.decided, self.since)
        return mine == (other.lists, other.query, other.decided, other.since)

    @property
    def view(self) -> RowView:
        """The same for the index."""
        sort = GROUPS[self.group] or self.sort
        return RowView(
            lists=self.lists,
            sort=sort,
            ascending=sort in ("author", "state"),
            statuses=() if self.decided else OPEN_STATES,
            since=self.since,
        )


def with_sort(wanted: ListQuery, sort: str) -> ListQuery:
    """Return the same rows in another order; raises ValueError for one that is none of `SORT_COLUMNS`."""
    if sort not in SORT_COLUMNS:
        raise ValueError(sort)
    return replace(wanted, sort=sort, group="none")


def with_grouping(wanted: ListQuery, group: str) -> ListQuery:
    """Return the same rows in groups; raises ValueError for what is none of `GROUPS`."""
    if group not in GROUPS:
        raise ValueError(group)
    return replace(wanted, group=group)
