"""Facts about patches that arrive after their rows are drawn: unchanged since an earlier version, number of comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.model import MessageId, Patch
from tui.tree.badges import Asked
from tui.tree.rows import Kind, Row


class PatchAnnotations:
    """Keeps them by Message-ID, and which comment counts were asked for. Knows no widget."""

    def __init__(self) -> None:
        self._compared: set[MessageId] = set()
        self._unchanged: dict[MessageId, str] = {}
        self._counts: dict[Asked, int] = {}
        self._wanted: dict[Asked, Patch] = {}

    # ------------------------------------------------------------- versions

    def is_compared(self, posting: MessageId) -> bool:
        """Whether a posting was compared with the version before it."""
        return posting in self._compared

    def add_unchanged(self, posting: MessageId, patches: Mapping[MessageId, str]) -> None:
        """Record the patches of a posting that equal those of an earlier version, each with that version's name, `v2`."""
        self._compared.add(posting)
        self._unchanged.update(patches)

    def clear_versions(self) -> None:
        """Forget all comparisons of versions."""
        self._compared.clear()
        self._unchanged.clear()

    def annotated(self, row: Row) -> Row:
        """Return a patch's row with the version it equals, as `= v2`; other rows as they are."""
        if row.kind is not Kind.PATCH or row.news or row.message is None:
            return row
        name = self._unchanged.get(row.message.message_id)
        return replace(row, news=f"= {name}") if name else row

    # ------------------------------------------------------------- comments

    def add_counts(self, counts: Mapping[Asked, int]) -> None:
        """Record how many comments patches have."""
        self._counts.update(counts)

    def count(self, asked: Asked) -> int:
        """Return how many comments a patch has, 0 while that is unknown."""
        return self._counts.get(asked, 0)

    def want(self, asked: Asked, patch: Patch) -> bool:
        """Note that a patch's comments are to be counted; return whether it is the first since `take_wanted`."""
        if asked in self._counts or asked in self._wanted:
            return False
        self._wanted[asked] = patch
        return len(self._wanted) == 1

    def take_wanted(self) -> Mapping[Asked, Patch]:
        """Return the patches noted by `want` since the last call."""
        wanted, self._wanted = self._wanted, {}
        return wanted
