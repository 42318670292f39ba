"""Quitting is immediate, whatever runs: a child process is left while everything is busy, and is timed."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap
import time

import pytest

CPU = 0.5
WALL = 1.0
"""Seconds from the key to the end of the process, on an idle machine."""

PROGRAM = textwrap.dedent(
    """
    import sys, threading, time
    from dataclasses import replace
    from core.model import Body
    from tests.tui.kit import FakeDesk, lantern, listing, mail_of, until, controller
    from tui.app import PatchdeskApp
    from tui.cli.reader import end
    from tui.desk.review import Review
    from tui.tasks import Tasks

    LINE = "Größe und Länge, ein schönes Stück Text ohne Ende, das umbrochen werden muss\\n"

    class Desk(FakeDesk):
        def mail(self, message):
            mail = mail_of(message)
            text = LINE * ((64 << 20) // len(LINE.encode()))
            return replace(mail, text=text, body=Body(message=text))

    def busy(task):
        x = 0
        while True:  # deaf to its stop, and hungry
            for _ in range(1000):
                x += 1

    def asleep(task):
        time.sleep(60)

    async def drive(pilot):
        await until(pilot, lambda: "layout" in app.tasks.busy_groups, what="the layout")
        for group, work in (
            ("comments", busy), ("sync", asleep), ("search index", asleep), ("open", asleep),
            ("mail", asleep), ("pipe", asleep),
        ):
            app.tasks.start(group, work)
        time.sleep(0.2)
        print("quit", time.monotonic(), time.process_time(), *app.tasks.busy_groups, flush=True)
        await pilot.press("Q")

    app = PatchdeskApp("lantern", lambda _: Desk(listing(lantern())))
    app.run(headless=True, size=(120, 40), auto_pilot=drive)
    sys.exit(end(app.tasks, app.return_code or 0))
    """
)


@pytest.mark.torture
def test_q_ends_the_process_at_once() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=110, check=False
    )
    ended = time.monotonic()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert child.returncode == 0, child.stderr[-2000:]
    word, at, cpu, *groups = child.stdout.split(" ")
    assert word == "quit", child.stdout
    assert {"layout", "comments", "sync", "open", "pipe"} <= set(" ".join(groups).split())
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - float(cpu)
    wall = ended - float(at)
    print(f"quit: {spent:.2f} s of CPU, {wall:.2f} s")
    # On a busy machine the screen's thread waits, and the two that compute go on meanwhile.
    slack = 1 if os.getloadavg()[0] < 1 else 3
    assert spent <= CPU * slack
    assert wall <= WALL * slack**3
