"""The ranges that a digest proposes: since its bookmarks, and some usual ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from core.text import shown
from tui.widgets.prompt import Proposal

if TYPE_CHECKING:
    from core.digest.bookmarks import Bookmark

_USUAL: Final = (
    ("1.day.ago..", "the last day"),
    ("1.week.ago..", "the last week"),
    ("1.month.ago..", "the last month"),
    ("..", "everything"),
)
_BOOKMARKS: Final = (("read", "since my last digest"), ("mark", "since the bookmark"))


def range_proposals(bookmarks: Mapping[str, Bookmark]) -> list[Proposal]:
    """Return ranges, each with its meaning: those since a bookmark of the target come first."""
    proposals: list[Proposal] = []
    for kind, meaning in _BOOKMARKS:
        if (bookmark := bookmarks.get(kind)) is not None:
            when = bookmark.time[:16].replace("T", " ")
            proposals.append((shown(f"{bookmark.until}.."), shown(f"{meaning}, of {when}")))
    return [*proposals, *_USUAL]
