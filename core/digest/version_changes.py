"""The changes of a series' code since the version before, from the few facts that a digest keeps of each patch.

Whole diffs are not kept and not read again: a digest reads thousands. `patchdesk versions` compares in full.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.digest.mail_facts import PatchChanges
from core.digest.values import CodeChanges
from core.model import Message, Patch, Version
from core.versions.equal_pairs import pair_equal, title_key


@dataclass(frozen=True, slots=True)
class _PatchFacts:
    """A patch of a version, as it is compared."""

    number: int
    title_key: str
    digest: bytes

    def diff_digest(self) -> bytes:
        """Return the hash of its changes."""
        return self.digest


def code_changes(
    old: Version, new: Version, changes: Callable[[Message], PatchChanges | None]
) -> CodeChanges | None:
    """Compare two versions; None where they have no patch in common, or one is not known at all."""
    left, right = ([_facts(patch, changes) for patch in one.patches] for one in (old, new))
    pairs = pair_equal(left, right)
    if not pairs:
        return None
    same = {there for here, there in pairs.items() if left[here].digest == right[there].digest}
    paired = set(pairs.values())
    places = range(len(right))
    return CodeChanges(
        since=f"v{old.version}" + (f".{old.minor}" if old.minor else ""),
        changed=tuple(right[at].number for at in places if at in paired and at not in same),
        unchanged=tuple(right[at].number for at in places if at in same),
        new=tuple(right[at].number for at in places if at not in paired and old.complete),
        gone=tuple(one.number for at, one in enumerate(left) if at not in pairs and new.complete),
    )


def _facts(patch: Patch, changes: Callable[[Message], PatchChanges | None]) -> _PatchFacts:
    found = changes(patch.message)
    title = title_key(patch.message.subject.title)
    return _PatchFacts(patch.number, title, found.digest if found else b"")
