"""The assignment problem: rows are matched to columns so that the sum of their savings is largest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from threading import Event
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from core.errors import Cancelled

_ALONE: Final = 0.6
"""The cost of leaving a patch alone, as a share of its size: git's creation factor."""
_TITLE_ALIKE: Final = 80.0
_TITLE_DISCOUNT: Final = 0.5
"""How much of the cost two equal titles take off; less the less alike they are."""
_LONGEST_TITLE: Final = 200
_MOST_OPEN: Final = 150
"""Patches on the shorter side of a group that are assigned; a larger group is not compared."""


@dataclass(slots=True)
class Assignment:
    """The pairs of a least-cost assignment, and the rows and columns of groups too large to assign."""

    pairs: list[tuple[int, int]] = field(default_factory=list)
    rows_left_out: list[int] = field(default_factory=list)
    columns_left_out: list[int] = field(default_factory=list)


def assign_least_cost(
    old: Sequence[Sequence[str]],
    new: Sequence[Sequence[str]],
    old_titles: Sequence[str],
    new_titles: Sequence[str],
    stop: Event | None = None,
) -> Assignment:
    """Pair patches, each a multiset of lines with a title, so that the fewest lines differ. Raises Cancelled."""
    saving = _savings(old, new, old_titles, new_titles, common_items(old, new, stop))
    result = Assignment()
    for rows, columns in _groups(saving > 0):
        if min(len(rows), len(columns)) > _MOST_OPEN:
            result.rows_left_out += rows
            result.columns_left_out += columns
            continue
        result.pairs += [
            (rows[row], columns[column])
            for row, column in assign(saving[np.ix_(rows, columns)], stop)
        ]
    return result


def _savings(
    old: Sequence[Sequence[str]],
    new: Sequence[Sequence[str]],
    old_titles: Sequence[str],
    new_titles: Sequence[str],
    common: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the saving of each pair against leaving both alone."""
    sizes = np.add.outer(
        np.array([len(items) for items in old]),
        np.array([len(items) for items in new]),
    )
    alike = process.cdist(
        [title[:_LONGEST_TITLE] for title in old_titles],
        [title[:_LONGEST_TITLE] for title in new_titles],
        scorer=fuzz.ratio,
        score_cutoff=_TITLE_ALIKE,
    )
    off = np.clip((alike - _TITLE_ALIKE) / (100 - _TITLE_ALIKE), 0, 1) * _TITLE_DISCOUNT
    saving: NDArray[np.float64] = _ALONE * sizes - (sizes - 2 * common) * (1 - off)
    return saving


def common_items(
    left: Sequence[Sequence[str]], right: Sequence[Sequence[str]], stop: Event | None = None
) -> NDArray[np.int64]:
    """Return how many items, counted as multisets, each of `left` has in common with each of `right`. Raises Cancelled."""
    found = np.zeros((len(left), len(right)), dtype=np.int64)
    numbers: dict[str, int] = {}
    for item in chain.from_iterable(left):
        numbers.setdefault(item, len(numbers))
    ids, counts, ends = [], [], [0]
    for items in right:
        count = Counter(numbers[item] for item in items if item in numbers)
        ids.append(np.fromiter(count.keys(), dtype=np.int64, count=len(count)))
        counts.append(np.fromiter(count.values(), dtype=np.int64, count=len(count)))
        ends.append(ends[-1] + len(count))
    all_ids, all_counts = np.concatenate(ids), np.concatenate(counts)
    filled = [column for column in range(len(right)) if ends[column] < ends[column + 1]]
    if not filled:
        return found
    starts = [ends[column] for column in filled]
    for row, items in enumerate(left):
        if stop is not None and stop.is_set():
            raise Cancelled
        have = np.zeros(len(numbers), dtype=np.int64)
        np.add.at(have, [numbers[item] for item in items], 1)
        found[row, filled] = np.add.reduceat(np.minimum(have[all_ids], all_counts), starts)
    return found


def assign(saving: NDArray[np.float64], stop: Event | None = None) -> list[tuple[int, int]]:
    """Return (row, column) pairs with the largest sum of `saving`; entries of 0 or less pair nothing.

    The Hungarian method with potentials, shortest augmenting path first (Jonker and Volgenant 1987); cubic in the
    shorter side. Raises Cancelled.
    """
    if saving.shape[0] > saving.shape[1]:
        return sorted((row, column) for column, row in assign(saving.T, stop))
    cost = -np.maximum(saving, 0.0)
    rows, columns = cost.shape
    row_potential = np.zeros(rows + 1)
    potential = np.zeros(columns + 1)
    taken_by = np.full(columns + 1, -1)  # the row of each column; the last column is the start
    for row in range(rows):
        if stop is not None and stop.is_set():
            raise Cancelled
        taken_by[columns] = row
        column = columns
        distance = np.full(columns, np.inf)
        came_from = np.full(columns, columns)
        is_done = np.zeros(columns + 1, dtype=bool)
        while taken_by[column] != -1:
            is_done[column] = True
            current = taken_by[column]
            reduced = cost[current] - row_potential[current] - potential[:columns]
            is_open = ~is_done[:columns]
            is_nearer = is_open & (reduced < distance)
            distance[is_nearer] = reduced[is_nearer]
            came_from[is_nearer] = column
            following = int(np.argmin(np.where(is_open, distance, np.inf)))
            step = distance[following]
            row_potential[taken_by[is_done]] += step
            potential[is_done] -= step
            distance[is_open] -= step
            column = following
        while column != columns:
            before = came_from[column]
            taken_by[column] = taken_by[before]
            column = before
    pairs = [(int(taken_by[column]), column) for column in range(columns) if taken_by[column] >= 0]
    return sorted(pair for pair in pairs if saving[pair] > 0)


def _groups(edges: NDArray[np.bool_]) -> Iterable[tuple[list[int], list[int]]]:
    """Yield the connected groups of rows and columns; those without an edge are in none."""
    unseen = set(np.flatnonzero(edges.any(axis=1)).tolist())
    while unseen:
        rows, columns = {min(unseen)}, set[int]()
        fresh = list(rows)
        while fresh:
            found = set(np.flatnonzero(edges[fresh].any(axis=0)).tolist()) - columns
            columns |= found
            reached = np.flatnonzero(edges[:, sorted(found)].any(axis=1)).tolist() if found else []
            fresh = sorted(set(reached) - rows)
            rows.update(fresh)
        unseen -= rows
        yield sorted(rows), sorted(columns)
