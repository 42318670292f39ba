"""Rows of the index as the tree asks for them: summaries, whole items (some of them kept), unread mails."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from core.errors import PatchdeskError
from core.index.review_counts import ReviewCounts
from core.index.row_summary import SeriesSummary
from core.model import MessageId, Series, Thread

if TYPE_CHECKING:
    from core.index.index import Index

log = logging.getLogger(__name__)

T = TypeVar("T")

_KEPT: Final = 64
"""Series and threads that are kept whole."""


class RowReader:
    """Reads rows. Any thread may ask; a row that cannot be read counts as gone, since a tree draws its rows in any
    case.
    """

    def __init__(self, index: Callable[[], Index], reviews: Path | None = None) -> None:
        """`index` returns the open index, once it is open; `reviews` is the file of the counts of reviews."""
        self._index = index
        self._reviews = reviews
        self._counts: ReviewCounts | None = None
        self._report: Callable[[PatchdeskError], object] = _log_fault
        self._fault: PatchdeskError | None = None
        self._items: OrderedDict[int, Series | Thread] = OrderedDict()
        self._lock = threading.Lock()

    def report_fault(self, report: Callable[[PatchdeskError], object]) -> None:
        """Call `report` once, in the thread that asked, where the index cannot be read, or could not be until now."""
        self._report = report
        if self._fault is not None:
            report(self._fault)

    def summaries(self, rows: Iterable[int]) -> list[SeriesSummary]:
        """Return the summaries of rows; rows that are gone are left out."""
        return self._ask(lambda index: self._with_reviews(index, index.rows.summaries(rows)), [])

    def _with_reviews(self, index: Index, found: list[SeriesSummary]) -> list[SeriesSummary]:
        if self._reviews is None or not found:
            return found
        if self._counts is None:
            self._counts = ReviewCounts(self._reviews, index.identity)
        counts = self._counts.of(one.row for one in found)
        return [replace(one, review=counts[one.row]) if one.row in counts else one for one in found]

    def item(self, row: int) -> Series | Thread | None:
        """Return a whole series or thread; None where it is gone."""
        with self._lock:
            if (found := self._items.get(row)) is not None:
                self._items.move_to_end(row)
                return found
        item = self._ask(lambda index: index.mails.series(row), None)
        if item is not None:
            with self._lock:
                self._items[row] = item
                if len(self._items) > _KEPT:
                    self._items.popitem(last=False)
        return item

    def unread(self, row: int) -> set[MessageId]:
        """Return the unread mails of a row."""
        return self._ask(lambda index: index.mails.unread_of(row), set())

    def find(self, message_id: MessageId) -> int | None:
        """Return the row that holds a mail."""
        return self._ask(lambda index: index.mails.find_row(message_id), None)

    def _ask(self, question: Callable[[Index], T], otherwise: T) -> T:
        try:
            return question(self._index())
        except PatchdeskError as error:
            if self._fault is None:
                self._fault = error
                self._report(error)
            return otherwise

    def drop(self, rows: Iterable[int] | None) -> None:
        """Forget these rows, so that they are read again; None for all."""
        with self._lock:
            if rows is None:
                self._items.clear()
                return
            for row in rows:
                self._items.pop(row, None)


def _log_fault(error: PatchdeskError) -> None:
    log.warning("the rows cannot be read: %s", error.message)
