"""The work of a key in the tree, at 10,000 rows."""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.model import Identity, Listing, Message, MessageId, Patch, Series, Subject, Version

ROWS = 10_000


def _series(count: int) -> tuple[Series, ...]:
    """Return made-up single-patch series, newest first."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    items = []
    for number in range(count):
        when = start - timedelta(hours=number)
        title = f"subsystem{number % 97}: make thing {number} {'a little ' * (number % 5)}better"
        who = Identity(f"Person {number % 301}", f"p{number % 301}@example.org")
        message_id = MessageId(f"{number}@example.org")
        message = Message(
            message_id=message_id,
            subject=Subject(text=f"[PATCH] {title}", title=title, tags=("PATCH",), is_patch=True),
            sender=who,
            author=who,
            date=when,
            has_diff=True,
        )
        version = Version(
            version=1,
            tags=(),
            total=1,
            cover=None,
            patches=(Patch(number=1, message=message),),
            missing=(),
            date=when,
        )
        items.append(
            Series(
                id=message_id,
                subject=title,
                author=who,
                change_id=None,
                date=when,
                versions=(version,),
                message_ids=frozenset({message_id}),
            )
        )
    return tuple(items)


async def _measure() -> dict[str, float]:
    from tests.tui.fakes import FakeDesk
    from tui.app import PatchdeskApp

    listing = Listing(name="bench", items=_series(ROWS), mails=ROWS, done=True)
    desk = FakeDesk([listing])
    took: dict[str, float] = {}
    app = PatchdeskApp("bench", lambda _: desk)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(0.5)
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


def run(_: Path) -> list[str]:
    """Return the lines of the table."""
    return [
        f"key in the tree at {ROWS} rows: {name:<12} {seconds * 1000:6.1f} ms of CPU   asked: < 16 ms"
        for name, seconds in asyncio.run(_measure()).items()
    ]
