"""How long a reply keeps one waiting: from `r` to a line to type in, a typed letter, a kept comment, a preview."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from unittest.mock import patch

from textual.pilot import Pilot
from textual.strip import Strip

from core.config import Config
from core.desk.target_desk import open_target_desk
from tests.core.reply.kit import PATCH
from tests.tui.kit import idle, ready
from tui.app import PatchdeskApp
from tui.widgets.mail_preview import PreviewText

_ROUNDS = 10


def run(folder: Path) -> Iterator[str]:
    """Yield the lines of the table."""
    home = folder / "home"
    home.mkdir()
    environment = {"HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull}
    with patch.dict(os.environ, environment):
        for name in ("CONFIG", "DATA", "CACHE", "STATE"):
            os.environ.pop(f"XDG_{name}_HOME", None)
        (home / "patch.eml").write_text(PATCH)
        yield from asyncio.run(_measured(home))


async def _measured(home: Path) -> list[str]:
    config = Config(me_name="Rex", me_addresses=("rex@example.com",), send_with=f"maildir:{home}")
    app = PatchdeskApp(
        str(home / "patch.eml"),
        lambda target: open_target_desk(target, config=config, cache=home / "cache"),
        config=config,
    )
    times: dict[str, list[float]] = {}
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for key in ("enter", "}", ")", "j", "j"):
            await pilot.press(key)
        await idle(pilot)
        waiting = median([await _cpu(pilot, "", app) for _ in range(_ROUNDS)])
        for _ in range(_ROUNDS):
            for name, key in (
                ("cursor down", "j"), ("r to a line to type in", "r"), ("a letter", "x"),
                ("C-y to the comment in the diff", "ctrl+y"),
            ):  # fmt: skip
                times.setdefault(name, []).append(await _cpu(pilot, key, app))
        for _ in range(_ROUNDS):
            await pilot.press(":", *"review")
            begin = time.thread_time()
            with _first_painted() as painted:
                settled = await _cpu(pilot, "enter", app)
            times.setdefault("preview, all rows painted", []).append(painted[0] - begin)
            times.setdefault("preview, nothing left to do", []).append(settled)
            await pilot.press("escape")
            await idle(pilot)
    return [
        f"replies: {name:<34} {median(found) * 1000:6.1f} ms CPU (largest {max(found) * 1000:.1f})"
        for name, found in times.items()
    ] + [f"replies: {'of each: waiting for rest':<34} {waiting * 1000:6.1f} ms CPU"]


@contextmanager
def _first_painted() -> Iterator[list[float]]:
    """Note the CPU time of the screen's thread at which the text of the preview was first painted whole."""
    rows: set[int] = set()
    painted: list[float] = []
    paint = PreviewText.render_line

    def render_line(text: PreviewText, y: int) -> Strip:
        strip = paint(text, y)
        if text._rows:
            rows.add(y)
        if len(rows) == text.size.height and not painted:
            painted.append(time.thread_time())
        return strip

    with patch.object(PreviewText, "render_line", render_line):
        yield painted


async def _cpu(pilot: Pilot[None], key: str, app: PatchdeskApp) -> float:
    """Return the CPU seconds of the screen's thread from a key until all that came of it is on the screen."""
    begin = time.thread_time()
    if key:
        app.simulate_key(key)
    settled: Callable[[Pilot[None]], Awaitable[None]] = idle
    await settled(pilot)
    return time.thread_time() - begin
