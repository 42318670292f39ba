"""The series and threads of the tree, by place, read only when they are looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from core.model import MessageId
from tui.tree.rows import Item, Whole


class Items(Protocol):
    """The series and threads of the tree, by place from 0, read only when they are looked at."""

    @property
    def headings(self) -> Mapping[int, str]:
        """The headings above some of them."""
        ...

    def __len__(self) -> int: ...

    def summary(self, place: int) -> Item:
        """Return the summary of a folded row."""
        ...

    def load_item(self, place: int) -> Whole | None:
        """Return all of one; None where it is gone."""
        ...

    def unseen(self, place: int) -> Collection[MessageId]:
        """Return the mails of one that were not read."""
        ...

    def place(self, message_id: str) -> int | None:
        """Return the place of the one with an id."""
        ...

    def renamed_ids(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the ids of those that had others before, by these."""
        ...


class InMemoryItems:
    """Series and threads that are all in memory."""

    def __init__(self, items: Sequence[Whole] = ()) -> None:
        self.headings: Mapping[int, str] = {}
        self._items = items
        self._places: dict[str, int] = {item.id: place for place, item in enumerate(items)}

    def __len__(self) -> int:
        return len(self._items)

    def summary(self, place: int) -> Whole:
        """Return the summary of a folded row."""
        return self._items[place]

    def load_item(self, place: int) -> Whole:
        """Return all of one."""
        return self._items[place]

    def unseen(self, place: int) -> Collection[MessageId]:
        """Return nothing: an opened target has no read state."""
        del place
        return ()

    def place(self, message_id: str) -> int | None:
        """Return the place of the one with an id."""
        return self._places.get(message_id)

    def renamed_ids(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Return the ids of those that had others before, by these."""
        lost = {item_id for item_id in ids if item_id not in self._places}
        if not lost:
            return {}
        return {old: item.id for item in self._items for old in lost & item.message_ids}
