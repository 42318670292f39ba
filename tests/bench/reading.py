"""A large mail in the running program: from the key to the first paint, and until all of it is there."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from textual.strip import Strip

from core.config import Config
from core.desk.target_desk import open_target_desk
from tests.bench.diff import SIZES, diff_of
from tests.bench.goals import Figure
from tests.bench.measure import RUNS
from tests.tui.kit import controller, reader_of, until
from tui.app import PatchdeskApp
from tui.desk.mail import MailLoader
from tui.reader.message_view import MessageView


def _mail(number: int, lines: int) -> str:
    return (
        f"From x@y Mon Jun  2 21:26:45 2025\nFrom: a <a@example.org>\nSubject: [PATCH] number {number}\n"
        f"Message-ID: <{number}@x>\nDate: Mon, 2 Jun 2025 21:2{number}:45 +0200\n\nWords.\n---\n{diff_of(lines)}\n\n"
    )


class _Watched:
    """Notes when the reader has painted all its rows of the first mail."""

    def __init__(self, view: MessageView) -> None:
        self.cpu = 0.0
        self._left = 0
        self._view = view
        self._paint = view.render_line
        view.render_line = self._render_line  # type: ignore[method-assign]

    def begin(self) -> None:
        self._left = self._view.size.height

    @property
    def done(self) -> bool:
        return not self._left

    def _render_line(self, y: int) -> Strip:
        strip = self._paint(y)
        mail = self._view.mail
        if self._left and mail is not None and mail.message.message_id == "1@x":
            self._left -= 1
            self.cpu = time.process_time()
        return strip


async def _measure(path: Path) -> tuple[float, float]:
    """Return the CPU seconds from the key to the first paint, and from there until the whole is laid out: medians."""

    def opener(target: str) -> object:
        return open_target_desk(target, config=Config(), cache=Path(tempfile.gettempdir()))

    first: list[float] = []
    whole: list[float] = []
    app = PatchdeskApp(str(path), opener)  # type: ignore[arg-type]
    async with app.run_test(size=(160, 50)) as pilot:
        view = reader_of(app)
        await until(pilot, lambda: view.mail is not None, what="the small mail")
        watched = _Watched(view)
        for _ in range(RUNS):
            await app.workers.wait_for_complete()
            await until(pilot, lambda: app.tasks.is_idle, what="the layout")
            watched.begin()
            started = time.process_time()
            await pilot.press("j")
            await until(pilot, lambda: watched.done, what="the first paint")
            first.append(watched.cpu - started)
            await until(pilot, lambda: (p := view._parts) is not None and p.whole, what="the whole")
            whole.append(time.process_time() - watched.cpu)
            await pilot.press("k")
            await until(
                pilot,
                lambda: view.mail is not None and view.mail.message.message_id == "2@x",
                what="back",
            )
            controller(app, MailLoader)._mails.clear()
    return statistics.median(first), statistics.median(whole)


def run(folder: Path) -> list[Figure | str]:
    """Return the lines of the table."""
    lines: list[Figure | str] = []
    for size in SIZES:
        path = folder / "large.mbox"
        path.write_text(_mail(1, size) + _mail(2, 200))
        first, whole = asyncio.run(_measure(path))
        lines.append(
            f"mail of {size:>7,} lines: key to first paint {first * 1000:6.1f} ms of CPU, all of it {whole * 1000:6.1f} ms later"
            "   asked: < 100 ms"
        )
        if size == SIZES[0]:
            lines.append(Figure("a mail of 50,000 lines: first paint, CPU", first * 1e3))
    return lines
