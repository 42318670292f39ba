"""The assignment problem: rows are matched to columns so that the sum of their savings is largest."""

from __future__ import annotations

from threading import Event

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled


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
