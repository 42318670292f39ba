"""The work of a key in the tree, at 10,000 rows."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from tests.bench.goals import Figure
from tests.bench.measure import bare_frame
from tests.tui.kit import app_with, ready, small_series

ROWS = 10_000


async def _measure() -> dict[str, float]:
    took: dict[str, float] = {}
    app = app_with(*(small_series(f"s{n}", f"subsystem{n % 97}: thing {n}") for n in range(ROWS)))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for name, keys in (
            ("down", ["j"] * 100),
            ("page down", ["ctrl+f"] * 50),
            ("ends", ["G", "g", "g"] * 10),
        ):
            works = []
            for key in keys:
                started = time.process_time()
                await pilot.press(key)
                works.append(time.process_time() - started)
            took[name] = statistics.median(works)
    return took


def run(_: Path) -> list[Figure | str]:
    """Return the lines of the table."""
    took = asyncio.run(_measure())
    lines: list[Figure | str] = [
        f"key in the tree at {ROWS} rows: {name:<12} {seconds * 1000:6.1f} ms of CPU   asked: < 16 ms"
        for name, seconds in took.items()
    ]
    frame = bare_frame().cpu * 1e3
    return [
        *lines,
        Figure("key in a tree of 10,000 rows, mail shown, CPU", took["down"] * 1e3, frame),
    ]
