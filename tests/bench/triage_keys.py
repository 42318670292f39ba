"""Triage by keys on an index of 100,000 series: from the key to the screen, and to the disk."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from textual.events import Key
from textual.pilot import Pilot

from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.desk.triage_service import Journal, TriageService
from core.triage.journal import FILE
from tests.bench.lists import _mails
from tests.tui.kit import controller, desk_screen, until
from tui.app import PatchdeskApp
from tui.desk.opening import Opening
from tui.desk.requests import Session
from tui.desk.triage_state import TriageState

SERIES = int(os.environ.get("PATCHDESK_BENCH_SERIES", "100000"))
_MANY = 500
_TIMES = 9

_VERBS = (
    ("done", ["d"]),
    ("skip", ["x"]),
    ("wait", ["w"]),
    ("accept", ["A"]),
    ("flag", ["F"]),
    ("priority", ["+"]),
    ("read/unread", ["m"]),
    ("mark and go on", ["space"]),
    ("undo", ["u"]),
    ("redo", ["U"]),
)


def index_of(folder: Path) -> Path:
    """Return an index of so many series, made where it is not there yet."""
    environment = {
        "HOME": str(folder),
        **{f"XDG_{n}_HOME": str(folder / n) for n in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
    folder.mkdir(exist_ok=True)
    path = folder / "DATA" / "patchdesk" / "index.sqlite3"
    if not path.exists():
        mbox = folder / "lantern.mbox"
        with mbox.open("wb") as file:
            file.writelines(_mails(SERIES))
        ours = [sys.executable, "-m", "tui.cli.main"]
        everything = {**os.environ, **environment}
        subprocess.run(
            [*ours, "follow", "lantern", str(mbox)], check=True, env=everything, stdout=2
        )
        subprocess.run([*ours, "sync"], check=True, env=everything, stdout=2)
    return path


def _app(path: Path) -> PatchdeskApp:
    def triage(session: Session) -> TriageService:
        return TriageService(
            getattr(session.desk, "index", None), Journal(path.with_name(FILE)), ()
        )

    return PatchdeskApp(
        "", lambda _: ListDesk(path, ListQuery()), lists=("lantern",), triage=triage
    )


async def _press(pilot: Pilot[None], keys: list[str]) -> None:
    """Press keys without the pauses that a test takes after each, and wait until the screen is through with them."""
    for key in keys:
        pilot.app.post_message(Key(key, key if len(key) == 1 else None))
    await pilot._wait_for_screen()


async def _measure(path: Path) -> list[str]:
    lines = []
    app = _app(path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = desk_screen(app)
        await until(
            pilot,
            lambda: (
                controller(app, Opening).pending is None and screen.series_tree.count > SERIES // 2
            ),
        )
        await until(pilot, lambda: screen.series_tree.standings_known)
        await pilot.pause(1)
        for name, keys in _VERBS:
            shown, told = [], []
            worked = time.process_time()
            for _ in range(_TIMES):
                screen.clear_message()
                started = time.perf_counter()
                await _press(pilot, keys)
                shown.append(time.perf_counter() - started)
                if name not in ("mark and go on", "read/unread"):
                    while screen.status._said is None or not controller(app, TriageState).is_idle:  # noqa: ASYNC110
                        await asyncio.sleep(0.001)
                    told.append(time.perf_counter() - started)
                await pilot.pause(0.4)  # as a quick hand does
            worked = (time.process_time() - worked) / _TIMES
            lines.append(_line(name, shown, told, worked))
            screen.series_tree.unmark_all()
        lines += await _many(pilot, app)
    return lines


async def _many(pilot: Pilot[None], app: PatchdeskApp) -> list[str]:
    screen = desk_screen(app)
    await pilot.press("g", "g")
    started = time.perf_counter()
    await _press(pilot, ["V", "G", "V"])
    whole = time.perf_counter() - started
    marked = screen.series_tree.marks.count(screen.series_tree.count)
    screen.series_tree.unmark_all()
    await pilot.press("g", "g")
    screen.clear_message()
    started = time.perf_counter()
    await _press(pilot, ["V", *["pagedown"] * (_MANY // 34), "d"])
    while screen.status._said is None or not controller(app, TriageState).is_idle:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    many = time.perf_counter() - started
    words = screen.status._said[0]
    return [
        f"{SERIES:,} series: V G V marks {marked:,} {whole * 1000:12.1f} ms   asked: at once",
        f"{SERIES:,} series: mark and {words} {many * 1000:17.1f} ms   asked: < 1000",
    ]


def _line(name: str, shown: list[float], told: list[float], worked: float) -> str:
    seen = statistics.median(shown) * 1000
    said = f"on disk and said {statistics.median(told) * 1000:6.1f} ms" if told else ""
    cpu = f"CPU of all that follows {worked * 1000:6.1f} ms"
    return (
        f"{SERIES:,} series: {name:<16} to be seen {seen:6.1f} ms   {said:<26} asked: < 50   {cpu}"
    )


def run(folder: Path) -> list[str]:
    """Return the lines of the table."""
    return asyncio.run(_measure(index_of(folder / "triage-keys")))
