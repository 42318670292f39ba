"""The budget of a parser: seconds and bytes for each byte that it reads, and no more for twice as many than twice as
much.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import Final

SLACK: Final = 0.05
"""Seconds that are too few to tell anything about growth."""
GROWTH: Final = 2.6
"""How much more the work on a text of twice the size may be: 2 where it is linear, 4 where it is quadratic."""


def seconds(work: Callable[[], object], tries: int = 3) -> float:
    """Return the least CPU time of some runs: disturbances only add to it."""
    best = float("inf")
    for _ in range(tries):
        gc.collect()
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
        if best < SLACK / 10:
            break
    return best


def peak(work: Callable[[], object]) -> int:
    """Return the most bytes of Python objects that there were at a time."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def assert_linear(
    check: Callable[[bytes], object], make: Callable[[int], bytes], size: int
) -> None:
    """Assert that four times as much takes no more than twice `GROWTH` times as long, and is within the budget.

    `make(n)` gives an input of about n bytes. A slow result is measured again, longer.
    """
    small, large = make(size), make(size * 4)
    for tries in (1, 3, 7):
        one, four = seconds(lambda: check(small), tries), seconds(lambda: check(large), tries)
        allowed = max(SLACK, one) * GROWTH**2
        if four <= allowed:
            return
    raise AssertionError(
        f"{len(small)} bytes take {one:.3f} s, {len(large)} take {four:.3f} s: begins with {small[:200]!r}"
    )
