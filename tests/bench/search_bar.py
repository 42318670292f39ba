"""A key in the search bar over 100,000 followed series, from the key to the paint: the CPU of the screen, and of the
search.
"""

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

from core.config import Config
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from tests.bench.goals import Figure
from tests.bench.lists import SERIES, _mails
from tests.tui.kit import controller, desk_screen, reader_of, ready, until
from tui.app import PatchdeskApp
from tui.desk.lists import Lists
from tui.desk.requests import Desk
from tui.desk.search import Search
from tui.desk.searcher import Searcher, SearchRequest, SearchScope

_QUERIES = ("wick9 trim", "author 12 soot", "glas lamp", "chimny draught", "brass77", "a")
_FRAME = 0.03
"""Seconds after an answer in which it is drawn."""
_MAILS = 9
"""Mails that are gone to."""
_LONGEST = 300
"""Tenths of a second that the search may take to be ready."""


def run(folder: Path) -> list[Figure | str]:
    """Return the lines of the table."""
    index = folder / "DATA" / "patchdesk" / "index.sqlite3"
    names = {f"XDG_{n}_HOME": str(folder / n) for n in ("CONFIG", "DATA", "STATE", "CACHE")}
    environment = {**os.environ, "HOME": str(folder), **names}
    if not index.exists():
        mbox = folder / "lantern.mbox"
        with mbox.open("wb") as file:
            file.writelines(_mails(SERIES))
        ours = [sys.executable, "-m", "tui.cli.main"]
        subprocess.run([*ours, "follow", "lantern", str(mbox)], check=True, env=environment, stdout=2)  # fmt: skip
        subprocess.run([*ours, "sync"], check=True, env=environment, stdout=2)
    os.environ.update(names)
    return asyncio.run(_measure(index))


class _Timed:
    """The search, with the CPU seconds of each answer."""

    def __init__(self, searched: SearchScope) -> None:
        self._searched = searched
        self.took: list[float] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._searched, name)

    def finder(self) -> _Timed:
        return _Timed.of(self._searched.finder(), self.took)

    @classmethod
    def of(cls, thing: object, took: list[float]) -> _Timed:
        timed = cls(thing)  # type: ignore[arg-type]
        timed.took = took
        return timed

    def find(self, *args: object, **more: object) -> object:
        started = time.thread_time()
        found = self._searched.find(*args, **more)  # type: ignore[attr-defined]
        self.took.append(time.thread_time() - started)
        return found


async def _measure(index: Path) -> list[Figure | str]:
    def opened(target: str) -> Desk:
        return ListDesk(index, ListQuery(), Config())

    app = PatchdeskApp("", opened, lists=("lantern",))
    keys: list[float] = []
    settled: list[float] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        screen = desk_screen(app)
        await until(
            pilot,
            lambda: (page := controller(app, Lists).page) is not None and page.whole,
        )
        desk = controller(app, Lists).desk
        assert desk is not None
        began = time.monotonic()
        for _ in range(_LONGEST):
            if desk.views.search.ready:
                break
            await asyncio.sleep(0.1)
        built = time.monotonic() - began
        shown = [await _next_mail(app, pilot) for _ in range(_MAILS)]
        app.post_message(Key("slash", "/"))
        await until(pilot, lambda: screen.bar.is_attached and screen.bar.asking)
        searcher: Searcher = controller(app, Search)._searcher
        timed = _Timed(searcher.scope())  # type: ignore[arg-type]
        searcher.scope = lambda: timed  # type: ignore[assignment,return-value,method-assign]
        for query in _QUERIES:
            pressed = [*(Key(char, char) for char in query), *(Key("backspace", None) for _ in query[1:])]  # fmt: skip
            for key in pressed:
                started = time.perf_counter()
                keys.append(await _key(app, key))
                settled.append(time.perf_counter() - started - _FRAME)
            await _key(app, Key("backspace", None), answered=False)
        works = {name: await _choose(app, name) for name in ("1", "0")}
    desk.close()
    return [
        Figure("lists: key to mail shown, wall", statistics.median(shown) * 1e3),
        Figure("lists: find settled, wall", statistics.median(settled) * 1e3),
        _line("a key in the bar: the screen's part (CPU)", keys, "median < 16 ms"),
        _line("a key in the bar: what answers (CPU)", timed.took, "p95 < 8 ms"),
        f"{'100,000 series: what answers was ready after':<46} {built:9.1f} s",
        *(f"{f'100,000 series: the view of {name} (CPU)':<46} {took * 1000:9.1f} ms" for name, took in works.items()),
    ]  # fmt: skip


async def _next_mail(app: PatchdeskApp, pilot: Pilot[None]) -> float:
    """Return the seconds from a key in the tree until the mail of the next row is in the reader."""
    before = reader_of(app).mail
    started = time.perf_counter()
    app.post_message(Key("j", "j"))
    await until(pilot, lambda: reader_of(app).mail not in (None, before), what="the next mail")
    return time.perf_counter() - started


async def _key(app: PatchdeskApp, key: Key, *, answered: bool = True) -> float:
    """Return the CPU of the screen's thread from a key to when its answer is painted."""
    before: SearchRequest | None = controller(app, Search).request
    started = time.thread_time()
    app.post_message(key)
    for _ in range(2000):
        await asyncio.sleep(0.002)
        if not answered or (
            controller(app, Search).request is not before and controller(app, Search).is_answered
        ):
            break
    await asyncio.sleep(_FRAME)
    return time.thread_time() - started


async def _choose(app: PatchdeskApp, digit: str) -> float:
    """Return the CPU of the screen's thread from a view's key to its rows."""
    await asyncio.sleep(0.2)
    page = controller(app, Lists).page
    started = time.thread_time()
    app.post_message(Key(digit, digit))
    for _ in range(2000):
        if controller(app, Lists).page is not page:
            break
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.03)
    return time.thread_time() - started


def _line(what: str, took: list[float], asked: str) -> str:
    ordered = sorted(took)
    median, late = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
    return (
        f"{f'100,000 series: {what}':<46} {median * 1000:9.1f} ms   p95 {late * 1000:6.1f} ms   "
        f"worst {ordered[-1] * 1000:6.1f} ms   asked: {asked}"
    )
