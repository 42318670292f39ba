"""Rows of the index as the tree asks for them: summaries, whole items (some of them kept), unread mails."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from core.index.row_summary import SeriesSummary
from core.model import MessageId, Series, Thread

if TYPE_CHECKING:
    from core.index.index import Index

_KEPT: Final = 64
"""Series and threads that are kept whole."""


class RowReader:
    """Reads rows. Any thread may ask; all raise IndexFileError."""

    def __init__(self, index: Callable[[], Index]) -> None:
        """`index` returns the open index, once it is open."""
        self._index = index
        self._items: OrderedDict[int, Series | Thread] = OrderedDict()
        self._lock = threading.Lock()

    def summaries(self, rows: Iterable[int]) -> list[SeriesSummary]:
        """Return the summaries of rows; rows that are gone are left out."""
        return self._index().rows.summaries(rows)

    def item(self, row: int) -> Series | Thread | None:
        """Return a whole series or thread; None where it is gone."""
        with self._lock:
            if (found := self._items.get(row)) is not None:
                self._items.move_to_end(row)
                return found
        item = self._index().mails.series(row)
        if item is not None:
            with self._lock:
                self._items[row] = item
                if len(self._items) > _KEPT:
                    self._items.popitem(last=False)
        return item

    def unread(self, row: int) -> set[MessageId]:
        """Return the unread mails of a row."""
        return self._index().mails.unread_of(row)

    def find(self, message_id: MessageId) -> int | None:
        """Return the row that holds a mail."""
        return self._index().mails.find_row(message_id)

    def drop(self, rows: Iterable[int] | None) -> None:
        """Read these rows again when they are asked for; None stands for all."""
        with self._lock:
            if rows is None:
                self._items.clear()
                return
            for row in rows:
                self._items.pop(row, None)
