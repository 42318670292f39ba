"""Rows of followed lists, by their place in a page, read only where they are looked at."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import filterfalse
from typing import TYPE_CHECKING, Final

from core.index.row_summary import MessageRole, SeriesSummary
from core.model import Identity, MessageId, Series, Thread

if TYPE_CHECKING:
    from core.desk.row_reader import RowReader

AT_ONCE: Final = 60
"""Rows that are read around one that is looked at."""
_SUMMARIES: Final = 4_000
_FEW: Final = 4
"""Rows that are looked for one by one, which is faster than to look at all others."""


class LazyRows:
    """Rows of the index by their place in a page."""

    def __init__(
        self, reader: RowReader, rows: array[int], headings: Mapping[int, str] | None = None
    ) -> None:
        self.rows = rows
        self.headings: Mapping[int, str] = {
            place: text for place, text in (headings or {}).items() if place < len(rows)
        }
        """The headings, by the place of the first row of each group."""
        self._reader = reader
        self._summaries: OrderedDict[int, SeriesSummary] = OrderedDict()

    def __len__(self) -> int:
        return len(self.rows)

    def summary(self, place: int) -> SeriesSummary:
        """Return the summary of a row."""
        row = self.rows[place]
        found = self._summaries.get(row)
        if found is None:
            first = max(0, place - AT_ONCE // 3)
            self.read(first, first + AT_ONCE)
            found = self._summaries.get(row)
            if found is None:  # taken away since
                found = self._summaries[row] = _removed(row)
        return found

    def read(self, first: int, end: int) -> None:
        """Read the summaries of some rows."""
        missing = [row for row in self.rows[first:end] if row not in self._summaries]
        for summary in self._reader.summaries(missing):
            self._summaries[summary.row] = summary
        while len(self._summaries) > _SUMMARIES:
            self._summaries.popitem(last=False)

    def reuse_from(self, before: LazyRows, changed: Collection[int]) -> None:
        """Take over the summaries of unchanged rows from an earlier page."""
        self._summaries = OrderedDict(
            (row, one) for row, one in before._summaries.items() if row not in changed
        )

    def excluding(self, rows: Collection[int]) -> LazyRows:
        """Return the same but for some rows; a heading stands above the first of its group that is left."""
        if len(rows) > _FEW:
            return self._of(array("q", filterfalse(rows.__contains__, self.rows)))
        left = array("q", self.rows)
        for row in rows:
            with suppress(ValueError):
                left.remove(row)
        return self._of(left)

    def restrict_to(self, rows: Collection[int]) -> LazyRows:
        """Return some rows of the same, in their order; a heading stands above the first of its group."""
        return self._of(array("q", filter(rows.__contains__, self.rows)))

    def _of(self, left: array[int]) -> LazyRows:
        items = LazyRows(self._reader, left, self._headings_above(left))
        items._summaries = self._summaries
        return items

    def _headings_above(self, left: array[int]) -> dict[int, str]:
        """Return the headings as they stand above those rows that are left."""
        if not self.headings:
            return {}
        headings: dict[int, str] = {}
        at = 0
        above = ""
        for place, row in enumerate(self.rows):
            above = self.headings.get(place, above)
            if at < len(left) and left[at] == row:
                if above:
                    headings[at] = above
                at, above = at + 1, ""
        return headings

    def load_item(self, place: int) -> Series | Thread | None:
        """Return a whole series or thread; None where it is gone."""
        return self._reader.item(self.rows[place])

    def unseen(self, place: int) -> Collection[MessageId]:
        """Return the unread mails of a row."""
        return self._reader.unread(self.rows[place]) if self.summary(place).unread else ()

    def place(self, message_id: str) -> int | None:
        """Return the place of the row that holds a mail."""
        row = self._reader.find(MessageId(message_id))
        try:
            return None if row is None else self.rows.index(row)
        except ValueError:
            return None

    def renamed_ids(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the new ids of rows whose ids have changed."""
        found = {}
        for before in ids:
            place = self.place(before)
            if place is not None and (now := self.summary(place).id) != before:
                found[before] = str(now)
        return found


def _removed(row: int) -> SeriesSummary:
    epoch = datetime.fromtimestamp(0, UTC)
    return SeriesSummary(
        row=row, is_thread=True, id=MessageId(f"{row}@gone.invalid"), lists=(), subject="(no longer here)",
        author=Identity("", ""), date=epoch, posted=epoch, version=1, minor=0, tags=(), versions=1, have=0, total=0,
        given=(), replies=0, mails=1, unread=0, news=MessageRole(0), change_id=None,
    )  # fmt: skip
