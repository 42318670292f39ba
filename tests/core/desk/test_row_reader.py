"""Rows of an index that cannot be read: a tree draws all the same, and the fault is told once."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from core.desk.list_rows import LazyRows
from core.desk.row_reader import RowReader
from core.errors import PatchdeskError
from core.index.errors import IndexFileError
from core.model import MessageId

if TYPE_CHECKING:
    from core.index.index import Index


def broken() -> Index:
    raise IndexFileError("The index is damaged.", "Start again.")


def test_rows_that_cannot_be_read_are_gone_and_told_once() -> None:
    heard: list[PatchdeskError] = []
    reader = RowReader(broken)
    reader.report_fault(heard.append)
    rows = LazyRows(reader, array("q", [7, 8]))
    assert rows.summary(0).subject == "(no longer here)"
    assert rows.load_item(1) is None
    assert rows.place("a@x") is None
    assert reader.unread(7) == set()
    assert reader.find(MessageId("a@x")) is None
    assert [error.message for error in heard] == ["The index is damaged."]


def test_a_fault_before_anybody_listens_is_told_later() -> None:
    heard: list[PatchdeskError] = []
    reader = RowReader(broken)
    assert reader.item(7) is None
    reader.report_fault(heard.append)
    assert [error.message for error in heard] == ["The index is damaged."]
