"""How long the ladder of versions takes: a pair of 30 patches on the screen, a large file and hostile patches below it."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from threading import Event
from unittest.mock import patch as patched

from textual.pilot import Pilot

from core.model import Message, OpenedMessage, TargetListing
from core.progress import ProgressCallback
from core.versions.compare import compare_patches
from core.versions.interdiff import interdiff
from tests.core.versions.patches import diff, patch
from tests.core.versions.series import Mails, raw_mail, raw_patch
from tests.tui.kit import NOW, idle, ready
from tui.app import PatchdeskApp

_PATCHES = 30
_ROUNDS = 5


class MailsAtHand:
    """A desk on two versions of 30 patches in memory."""

    def __init__(self) -> None:
        chance = random.Random(7)
        mails = []
        for version in (1, 2):
            tag = f"PATCH v{version}" if version > 1 else "PATCH"
            mails.append(raw_mail(f"c{version}", f"[{tag} 0/{_PATCHES}] lamp: light", day=version))
            for number in range(1, _PATCHES + 1):
                rows = [f"+\tvalue_{number}({at});" for at in range(chance.randrange(10, 60))]
                if version == 2 and number % 3:
                    rows.insert(5, f"+\tadded({number});")
                subject = f"[{tag} {number:02}/{_PATCHES}] lamp: part {number}"
                name = f"p{version}-{number}"
                mails.append(raw_patch(name, subject, rows, day=version, answers=f"c{version}"))
        self._mails = Mails(mails)

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        """Yield the series."""
        del stop, report
        yield self._mails.listing()

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail."""
        return self._mails.mail(message)

    def raw(self, message: Message) -> bytes:
        """Return the bytes of one mail."""
        return self._mails.raw(message)

    def close(self) -> None:
        """Do nothing: all is in memory."""


def run(folder: Path) -> Iterator[str]:
    """Yield the lines of the table."""
    yield from asyncio.run(_keys(folder))
    yield _line("a file of 10,000 rows", _large_file(), 0.1)
    yield _line("500 × 500 patches that are all alike", _many(), 2)
    yield _line("a file of 100,000 rows, all the same", _same_rows(), 2)


async def _keys(folder: Path) -> list[str]:
    wall: dict[str, list[float]] = {}
    with patched.dict(os.environ, {}):
        for number in range(_ROUNDS):
            os.environ["XDG_CACHE_HOME"] = str(folder / f"cache-{number}")
            for name in (
                "mails at hand",
                "cached",
            ):  # the second run finds the first one's comparison
                app = PatchdeskApp("lamps", lambda _: MailsAtHand(), clock=lambda: NOW)
                async with app.run_test(size=(160, 50)) as pilot:
                    await ready(pilot)
                    await pilot.press("k")  # the first key mounts the line inputs
                    await idle(pilot)
                    wall.setdefault(name, []).append(await _until_painted(pilot, app))
    return [
        _line(f"D to the ladder of {_PATCHES} patches, {name}", median(found), asked)
        for (name, found), asked in zip(wall.items(), (0.15, 0.05), strict=True)
    ]


async def _until_painted(pilot: Pilot[None], app: PatchdeskApp) -> float:
    """Return the CPU seconds of the process from the key until the ladder is on the screen."""
    ladder = app._desk_screen.ladder
    painted = asyncio.Event()
    paint = ladder.render_line

    def seen(y: int) -> object:
        strip = paint(y)
        if ladder.display and ladder.pair is not None:
            painted.set()
        return strip

    started = time.process_time()
    with patched.object(ladder, "render_line", seen):
        app.simulate_key("D")
        await painted.wait()
        taken = time.process_time() - started
    await idle(pilot)
    return taken


def _large_file() -> float:
    chance = random.Random(1)
    rows = [f"+\tline {at} {chance.random()}" for at in range(10_000)]
    new = [row if chance.random() > 0.1 else f"{row} changed" for row in rows]
    return _cpu(lambda: interdiff(patch("a", diff("a.c", *rows)), patch("a", diff("a.c", *new))))


def _many() -> float:
    old = [patch("a", diff("a.c", "+same", f"+{at}"), number=at) for at in range(500)]
    new = [patch("b", diff("a.c", "+same", f"+x{at}"), number=at) for at in range(500)]
    return _cpu(lambda: compare_patches(old, new))


def _same_rows() -> float:
    old = patch("a", diff("a.c", *["+x"] * 100_000))
    new = patch("a", diff("a.c", *["+x"] * 99_999, "+y"))
    return _cpu(lambda: interdiff(old, new))


def _cpu(work: object) -> float:
    assert callable(work)
    started = time.process_time()
    work()
    return time.process_time() - started


def _line(what: str, seconds: float, asked: float) -> str:
    return f"ladder: {what:<52} {seconds * 1000:8.1f} ms CPU   asked: < {asked * 1000:.0f} ms"
