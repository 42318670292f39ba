"""Pairs the patches of two versions.

Equal diffs pair first, then titles that occur once on both sides, then the rest by a least-cost assignment as
`git range-diff` does it (git's linear-assignment.c; leaving a patch alone costs 60 % of its size), with changed lines
as multisets and a discount for similar titles. An unpaired patch may be merged into, or split from, another patch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from threading import Event
from typing import Final

from core.versions.content import PatchContent
from core.versions.equal_pairs import pair_equal
from core.versions.increasing import longest_increasing

_MOST_WORK: Final = 60_000_000
"""Lines held against patches; patches beyond are not compared."""
_SHARE: Final = 0.6
"""The share of its lines that a lone patch has in another to be merged into or split from it."""
_FEWEST_LINES: Final = 4
_SHORTEST_TEXT: Final = 4
"""Least characters of a line that identifies its origin: `}` is everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchPair:
    """A patch of both versions, or of one alone; all places count from 0."""

    old: int | None
    new: int | None
    moved: bool = False
    """Its order among the other pairs changed."""
    merged_into: int | None = None
    """The new patch with most of the lines of a lone old one."""
    split_from: tuple[int, ...] = ()
    """Of a lone new patch: the old one that had most of its lines, or the several that had them together."""
    compared: bool = True
    """False for a lone patch that there were too many others to compare with."""


def pair_patches(
    old: Sequence[PatchContent], new: Sequence[PatchContent], stop: Event | None = None
) -> list[PatchPair]:
    """Pair the patches of two versions; in the order of the new one, lone old ones where they stood. Raises Cancelled."""
    pairing = _Pairing(old, new, stop)
    pairing.pair_least_cost()
    pairing.pair_parts()
    return pairing.result()


class _Pairing:
    def __init__(
        self, old: Sequence[PatchContent], new: Sequence[PatchContent], stop: Event | None
    ) -> None:
        self._old, self._new, self._stop = old, new, stop
        self._partner = pair_equal(old, new)
        self._taken = set(self._partner.values())
        self._not_compared: tuple[set[int], set[int]] = (set(), set())

    def _join(self, old: int, new: int) -> None:
        self._partner[old] = new
        self._taken.add(new)

    def _open_old(self) -> list[int]:
        return [at for at in range(len(self._old)) if at not in self._partner]

    def _open_new(self) -> list[int]:
        return [at for at in range(len(self._new)) if at not in self._taken]

    def pair_least_cost(self) -> None:
        """Assign the remaining patches so that the fewest lines differ."""
        old, new = self._open_old(), self._open_new()
        if not old or not new:
            return
        old_items = [_items(self._old[at]) for at in old]
        new_items = [_items(self._new[at]) for at in new]
        old_kept = self._bounded(old_items, old, 0, sum(map(len, new_items)))
        old = [old[at] for at in old_kept]
        old_items = [old_items[at] for at in old_kept]
        if not old:
            self._not_compared[1].update(new)
            return
        # With it comes numpy, which most versions never need.
        from core.versions.assignment import assign_least_cost

        found = assign_least_cost(
            old_items,
            new_items,
            [self._old[at].title_key for at in old],
            [self._new[at].title_key for at in new],
            self._stop,
        )
        self._not_compared[0].update(old[row] for row in found.rows_left_out)
        self._not_compared[1].update(new[column] for column in found.columns_left_out)
        for row, column in found.pairs:
            self._join(old[row], new[column])

    def pair_parts(self) -> None:
        """Pair a lone old and a lone new patch of which one is a part of the other: it shrank, or grew."""
        new = set(self._open_new())
        for old, into in self._merged().items():
            if into in new:
                self._join(old, into)
                new.discard(into)
        old_left = set(self._open_old())
        for at, parts in self._split().items():
            if len(parts) == 1 and parts[0] in old_left:
                self._join(parts[0], at)
                old_left.discard(parts[0])

    def _bounded(
        self, items: Sequence[Sequence[str]], places: Sequence[int], side: int, against: int
    ) -> list[int]:
        """Return the patches that there is time for; the others are said to be not compared."""
        count = max(1, _MOST_WORK // max(1, against))
        kept = sorted(range(len(items)), key=lambda at: len(items[at]))[:count]
        self._not_compared[side].update(
            places[at] for at in set(range(len(items))).difference(kept)
        )
        return sorted(kept)

    def result(self) -> list[PatchPair]:
        """Return all pairs and lone patches, the lone old ones before the next old one that stayed in its order."""
        by_new = {new: old for old, new in self._partner.items()}
        moved = _out_of_order([self._partner[old] for old in sorted(self._partner)])
        merged, split = self._merged(), self._split()
        lone = [
            PatchPair(
                old=old,
                new=None,
                merged_into=merged.get(old),
                compared=old not in self._not_compared[0],
            )
            for old in reversed(self._open_old())
        ]
        pairs: list[PatchPair] = []
        for new in range(len(self._new)):
            old = by_new.get(new)
            while old is not None and new not in moved and lone and (lone[-1].old or 0) < old:
                pairs.append(lone.pop())
            pairs.append(
                PatchPair(
                    old=old,
                    new=new,
                    moved=new in moved,
                    split_from=split.get(new, ()),
                    compared=new not in self._not_compared[1],
                )
            )
        return pairs + lone[::-1]

    def _merged(self) -> dict[int, int]:
        """Return of lone old patches the new one that has most of their lines, which its own partner had not."""
        lone = [
            at
            for at in self._open_old()
            if at not in self._not_compared[0] and len(_telling(self._old[at])) >= _FEWEST_LINES
        ]
        if not lone or not self._new:
            return {}
        by_new = {new: old for old, new in self._partner.items()}
        old = [_telling(self._old[at]) for at in lone]
        gained = [
            _left(_telling(patch), _telling(self._old[by_new[at]]) if at in by_new else ())
            for at, patch in enumerate(self._new)
        ]
        if len(lone) * sum(map(len, gained)) > _MOST_WORK:
            return {}
        from core.versions.assignment import common_items

        common = common_items(old, gained, self._stop)
        best = common.argmax(axis=1)
        return {
            at: int(best[row])
            for row, at in enumerate(lone)
            if common[row, best[row]] >= _SHARE * len(old[row])
        }

    def _split(self) -> dict[int, tuple[int, ...]]:
        """Return of lone new patches the old ones that had most of their lines, which their own partners have not."""
        lone = [
            at
            for at in self._open_new()
            if at not in self._not_compared[1] and len(_telling(self._new[at])) >= _FEWEST_LINES
        ]
        if not lone or not self._old:
            return {}
        new = [_telling(self._new[at]) for at in lone]
        lost = [
            _left(
                _telling(patch),
                _telling(self._new[self._partner[at]]) if at in self._partner else (),
            )
            for at, patch in enumerate(self._old)
        ]
        if len(lone) * sum(map(len, lost)) > _MOST_WORK:
            return {}
        from core.versions.assignment import common_items

        common = common_items(new, lost, self._stop)
        found: dict[int, tuple[int, ...]] = {}
        for row, at in enumerate(lone):
            enough = _SHARE * len(new[row])
            first = int(common[row].argmax())
            if common[row, first] >= enough:
                found[at] = (first,)
                continue
            several = [place for place in range(len(lost)) if common[row, place] >= _FEWEST_LINES]
            together = Counter(chain.from_iterable(lost[place] for place in several))
            if sum((Counter(new[row]) & together).values()) >= enough:
                found[at] = tuple(several)
        return found


def is_rewritten(old: PatchContent, new: PatchContent) -> bool:
    """Whether two patches have less than 40 % of their changed lines in common."""
    counts = [Counter(_items(patch)) for patch in (old, new)]
    common = sum((counts[0] & counts[1]).values())
    return common < 0.4 * max(1, *(sum(count.values()) for count in counts))


def _items(patch: PatchContent) -> list[str]:
    """Return the items that a patch is compared by: its changed lines with blanks squeezed, and its file names."""
    lines = [sign + " ".join(text.split()) for sign, text in patch.changed_rows()]
    return lines + [f"/{file.path}" for file in patch.files]


def _telling(patch: PatchContent) -> list[str]:
    """Return the changed lines that tell where they come from."""
    return [
        line
        for sign, text in patch.changed_rows()
        if len(line := sign + " ".join(text.split())) > _SHORTEST_TEXT
    ]


def _left(lines: Sequence[str], without: Iterable[str]) -> list[str]:
    """Return lines less those of another patch, as multisets."""
    return list((Counter(lines) - Counter(without)).elements())


def _out_of_order(numbers: Sequence[int]) -> set[int]:
    """Return the numbers that are not in the longest increasing run."""
    return set(numbers).difference(numbers[at] for at in longest_increasing(numbers))
