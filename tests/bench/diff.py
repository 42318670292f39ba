"""The reader on large diffs: from the key to the first paint, a page, side by side; memory; against `batcat -l diff`."""

from __future__ import annotations

import asyncio
import gc
import resource
import shutil
import statistics
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from core.mail.message import parse_mail
from core.model import OpenedMessage
from tests.bench.measure import RUNS, row
from tui.reader.message_view import MessageView
from tui.themes import DEFAULT_THEME, THEMES, add_diff_colours

SIZES = (50_000, 500_000)
AGAINST = 100_000
_HUNK = 60
_FILE = 600


class _Host(App[None]):
    CSS = "MessageView { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        for own in THEMES:
            self.register_theme(own)

    def get_css_variables(self) -> dict[str, str]:
        return add_diff_colours(super().get_css_variables())

    def compose(self) -> ComposeResult:
        yield MessageView(clock=lambda: datetime.now(UTC))

    def on_mount(self) -> None:
        self.theme = DEFAULT_THEME


def diff_of(count: int, hunk: int = _HUNK, file: int = _FILE) -> str:
    """Return a diff of about `count` lines of C."""
    lines: list[str] = []
    while len(lines) < count:
        name = f"drivers/lantern/part{len(lines)}.c"
        lines += [f"diff --git a/{name} b/{name}", f"--- a/{name}", f"+++ b/{name}"]
        for start in range(1, file, hunk):
            body: list[str] = []
            for at in range(hunk // 6):
                body += [
                    f" \tstruct lantern *lantern{at} = find(part, {at});",
                    f"-\tif (lantern{at}->lit < {at})",
                    f"+\tif (lantern{at}->lit <= {at} && lantern{at}->wick)",
                    "+\t\treturn -EINVAL; /* it would smoke */",
                    ' \tturn_up(lantern, "slowly");',
                ]
            old = sum(line[0] != "+" for line in body)
            new = sum(line[0] != "-" for line in body)
            lines += [f"@@ -{start},{old} +{start},{new} @@ int light(void)", *body]
    return "\n".join(lines[:count])


def mail_of(diff: str) -> OpenedMessage:
    """Return a patch with that diff; without the limits of a mail."""
    mail = parse_mail(
        b"From: a <a@example.org>\nSubject: [PATCH] x\nMessage-ID: <1@x>\n\nWords.\n", "k"
    )
    body = type(mail.body)(message="Words.\n", diff=diff)
    return OpenedMessage(message=mail.message, headers=(), text=diff, body=body)


async def _cpu(pilot: Pilot[Any], act: Callable[[], object]) -> float:
    """Return the CPU seconds from an act to the paint of its result."""
    started = time.process_time()
    act()
    view = pilot.app.query_one(MessageView)
    for y in range(view.size.height):
        view.render_line(y)
    await asyncio.sleep(0)
    return time.process_time() - started


async def _settled(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    while not pilot.app.query_one(MessageView)._tasks.is_idle:
        await pilot.pause(0.005)
    await pilot.pause()


async def _measure(mail: OpenedMessage) -> dict[str, float]:
    took: dict[str, float] = {}
    app = _Host()
    async with app.run_test(size=(160, 45)) as pilot:
        await _settled(pilot)
        view = app.query_one(MessageView)
        view.show(mail_of(diff_of(500)))
        await _settled(pilot)
        firsts = []
        for _ in range(RUNS):
            view.clear()
            await pilot.pause()
            firsts.append(await _cpu(pilot, lambda: view.show(mail)))
            started = time.process_time()
            await _settled(pilot)
            took["whole"] = time.process_time() - started
        took["first paint"] = statistics.median(firsts)
        took["page down"] = statistics.median(
            [await _cpu(pilot, lambda: view.action_page(1)) for _ in range(40)]
        )
        took["to the end"] = await _cpu(pilot, view.action_bottom)
        view.action_top()
        took["next hunk"] = statistics.median(
            [await _cpu(pilot, lambda: view.action_next_hunk(1)) for _ in range(20)]
        )
        took["fold"] = await _cpu(pilot, lambda: view.fold(expanded=None))
        took["to sides"] = await _cpu(pilot, view.action_next_layout)
        started = time.process_time()
        await _settled(pilot)
        took["all sides"] = time.process_time() - started
        view.action_top()
        took["sides: page"] = statistics.median(
            [await _cpu(pilot, lambda: view.action_page(1)) for _ in range(40)]
        )
    return took


def _memory(mail: OpenedMessage) -> float:
    """Return how many times its text a mail takes when it is shown, with that text."""

    async def shown() -> int:
        app = _Host()
        async with app.run_test(size=(160, 45)) as pilot:
            await _settled(pilot)
            gc.collect()
            tracemalloc.start()
            app.query_one(MessageView).show(mail)
            await _settled(pilot)
            gc.collect()
            held, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return held

    size = len(mail.body.diff)
    return (asyncio.run(shown()) + size) / size


def _children(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


_ASKED = {
    "first paint": "< 100 ms, the same at 500,000",
    "page down": "< 20 ms",
    "sides: page": "< 40 ms",
}


def run(folder: Path) -> list[str]:
    """Return the lines of the table."""
    lines: list[str] = []
    first: dict[int, float] = {}
    for size in SIZES:
        mail = mail_of(diff_of(size))
        took = asyncio.run(_measure(mail))
        first[size] = took["first paint"]
        lines += [
            f"diff of {size:>7,} lines: {what:<12} {seconds * 1000:8.1f} ms of CPU   asked: {_ASKED.get(what, '-')}"
            for what, seconds in took.items()
        ]
        lines.append(
            f"diff of {size:>7,} lines: memory {_memory(mail):.2f} x its text   asked: <= 3"
        )
    lines.append(
        f"first paint at 500,000 to 50,000 lines: {first[SIZES[1]] / first[SIZES[0]]:.2f}   asked: <= 1.3"
    )
    bat = shutil.which("batcat") or shutil.which("bat")
    mail = mail_of(diff_of(AGAINST))
    ours = asyncio.run(_measure(mail))["first paint"]
    if bat is not None:
        (folder / "large.diff").write_text(mail.body.diff)
        theirs = _children(
            [bat, "-l", "diff", "--color=always", "--paging=never", str(folder / "large.diff")]
        )
        lines.append(row(f"{AGAINST:,} lines shown", ours, "batcat -l diff", theirs, "10 x less"))
    for name, odd in (
        ("one line of 100 kB", "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+" + "x = y; " * 15_000),
        ("20,000 files", diff_of(120_000, 6, 6)),
        ("100,000 hunks of a line", "--- a/x.c\n+++ b/x.c\n" + "".join(f"@@ -{n} +{n} @@\n-a{n}\n+b{n}\n" for n in range(100_000))),
    ):  # fmt: skip
        took = asyncio.run(_measure(mail_of(odd)))
        lines.append(
            f"{name}: "
            + ", ".join(f"{what} {seconds * 1000:.1f} ms" for what, seconds in took.items())
        )
    return lines
