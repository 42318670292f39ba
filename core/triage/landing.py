"""How much of a series landed in each of the user's trees: a part of its triage state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from core.model import MessageId

_MOST_TREES: Final = 20
"""Trees that a series shows."""


@dataclass(frozen=True, slots=True)
class PatchLanding:
    """One patch in one tree."""

    tree: str
    is_changed: bool
    """The commit's code is not the mail's."""
    is_reverted: bool


@dataclass(frozen=True, slots=True)
class TreeLanding:
    """The newest version of a series in one tree."""

    tree: str
    patches: int
    """How many landed and were not reverted."""
    total: int
    changed: int = 0
    """How many of them landed with other code."""
    reverted: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every patch is in the tree."""
        return self.patches >= self.total

    def __str__(self) -> str:
        """Return it as a phrase: `landed 3 of 5 in next, 1 changed`."""
        words = [f"reverted in {self.tree}"]
        if self.patches:
            part = "" if self.is_complete else f"{self.patches} of {self.total} "
            words = [f"landed {part}in {self.tree}"]
            words += [f"{self.changed} changed"] * bool(self.changed)
            words += [f"{self.reverted} reverted"] * bool(self.reverted)
        return ", ".join(words)


def tree_landings(
    landed: Mapping[MessageId, Iterable[PatchLanding]],
    newest: Collection[MessageId],
    total: int,
) -> tuple[TreeLanding, ...]:
    """Return how much of a newest version of `total` patches, whose mails are `newest`, landed where, by the trees' names."""
    trees: dict[str, list[PatchLanding]] = {}
    for one in newest:
        for landing in landed.get(one, ()):
            trees.setdefault(landing.tree, []).append(landing)
    return tuple(
        _tree_landing(tree, found, max(total, 1))
        for tree, found in sorted(trees.items())[:_MOST_TREES]
    )


def _tree_landing(tree: str, found: list[PatchLanding], total: int) -> TreeLanding:
    there = [one for one in found if not one.is_reverted]
    return TreeLanding(
        tree=tree,
        patches=min(len(there), total),
        total=total,
        changed=min(sum(one.is_changed for one in there), total),
        reverted=len(found) - len(there),
    )
