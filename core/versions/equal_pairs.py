"""Pairs patches of two versions by an equal diff or an equal title: what can be told of them without taking diffs apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol


class ComparablePatch(Protocol):
    """A patch, as far as it is compared."""

    @property
    def title_key(self) -> str:
        """The title as it is compared."""
        ...

    def diff_digest(self) -> bytes:
        """Return a hash of the changes of its diff; b"" without a diff."""
        ...


def title_key(title: str) -> str:
    """Return a title as it is compared: without case, runs of blanks and the final stop."""
    return " ".join(title.casefold().split()).rstrip(".")


def pair_equal(old: Sequence[ComparablePatch], new: Sequence[ComparablePatch]) -> dict[int, int]:
    """Return old place → new place of patches with equal diffs, then of equal titles that occur once among the rest.

    Of several equal diffs the one with the same title pairs, then they pair by order.
    """
    partner = _equal_diffs(old, new)
    taken = set(partner.values())
    sides: list[dict[str, int]] = []
    for patches, used in ((old, partner), (new, taken)):
        places = [at for at in range(len(patches)) if at not in used]
        count = Counter(patches[at].title_key for at in places)
        titles = {patches[at].title_key: at for at in places}
        sides.append({title: at for title, at in titles.items() if count[title] == 1 and title})
    partner |= {at: sides[1][title] for title, at in sides[0].items() if title in sides[1]}
    return partner


def _equal_diffs(old: Sequence[ComparablePatch], new: Sequence[ComparablePatch]) -> dict[int, int]:
    partner: dict[int, int] = {}
    places: dict[bytes, list[int]] = {}
    for at, patch in enumerate(new):
        if digest := patch.diff_digest():
            places.setdefault(digest, []).append(at)
    digests = {at: digest for at, patch in enumerate(old) if (digest := patch.diff_digest())}
    for same_title in (True, False):
        for at, digest in digests.items():
            if at in partner or not places.get(digest):
                continue
            title = old[at].title_key
            found = [
                place for place in places[digest] if not same_title or new[place].title_key == title
            ]
            if found:
                places[digest].remove(found[0])
                partner[at] = found[0]
    return partner
