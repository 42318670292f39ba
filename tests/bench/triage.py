"""Triage at 100,000 series: a verb, 500 series at once, undo, and a journal of 100,000 events read at the start."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from core.desk.triage_service import TriageService
from core.index.index import Index, RowView, open_index
from core.model import MessageId
from core.triage.events import EventSeries, TriageEvent, to_microseconds
from core.triage.journal import FILE, Journal
from core.triage.transitions import Status, Verb
from tests.bench.lists import _mails
from tests.bench.measure import RUNS, Took, cpu_of, median

SERIES = 100_000
EVENTS = 100_000


def run(folder: Path) -> list[str]:
    """Return the lines of the table."""
    index = _index(folder / "triage")
    try:
        ids = [one.id for one in index.rows.summaries(index.rows.order(RowView(), 5_000))]
        return [*_verbs(index, ids), *_large_journal(folder, index, ids)]
    finally:
        index.close()


def _index(folder: Path) -> Index:
    """Make an index of so many lone patches."""
    folder.mkdir()
    mbox = folder / "lantern.mbox"
    with mbox.open("wb") as file:
        file.writelines(_mails(SERIES))
    environment = {
        **os.environ,
        "HOME": str(folder),
        **{f"XDG_{n}_HOME": str(folder / n) for n in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
    ours = [sys.executable, "-m", "tui.cli.main"]
    for words in (("follow", "lantern", str(mbox)), ("sync",)):
        subprocess.run([*ours, *words], check=True, env=environment, stdout=2)
    return open_index(folder / "DATA" / "patchdesk" / "index.sqlite3")


def _verbs(index: Index, ids: list[MessageId]) -> list[str]:
    triage = TriageService(index, Journal(index.path.with_name(FILE)), ["me@example.net"])
    triage.refresh()
    waiting = iter(ids)

    def one() -> None:
        triage.apply(Verb.DONE, [next(waiting)])

    def many() -> None:
        triage.apply(Verb.LATER, [next(waiting) for _ in range(500)], argument="3d")

    def read() -> None:
        triage.mark_read([next(waiting)])

    return [
        _line("one series done", _each(one, 100), "< 50"),
        _line("undo of one", _each(triage.undo, 20), "< 50"),
        _line("one mail read", _each(read, 100), "< 50"),
        _line("500 series put off, one event", cpu_of(many), "< 1000"),
        _line("undo of these", _each(triage.undo, 1), "< 1000"),
        _line("redo of these", _each(triage.redo, 1), "< 1000"),
        _line("37 of 120 today", cpu_of(triage.today), "< 50"),
        _line("rows without what is decided", cpu_of(lambda: index.rows.order(_OPEN)), "-"),
        _line("rows by state", cpu_of(lambda: index.rows.order(RowView(sort="state"))), "-"),
    ]


_OPEN = RowView(statuses=(Status.NEW, Status.READING, Status.ACCEPTED))


def _large_journal(folder: Path, index: Index, ids: list[MessageId]) -> list[str]:
    """Measure a journal of many events, a series each."""
    path = folder / "large" / FILE
    path.parent.mkdir()
    start = to_microseconds(datetime(2026, 1, 1, tzinfo=UTC))
    with path.open("wb") as file:
        for number in range(EVENTS):
            entry = EventSeries(
                ids=(ids[number % len(ids)],), before=Status.NEW, replies=frozenset(), active=1.7e9
            )
            event = TriageEvent(
                time=start + number * 1_000_000, host="other", id=f"{number:016x}", verb="done", series=(entry,),
            )  # fmt: skip
            file.write(event.line())
    size = path.stat().st_size / (1 << 20)

    def in_memory() -> None:
        TriageService(None, Journal(path)).refresh()

    lines = [_line(f"{EVENTS:,} events ({size:.0f} MiB) into memory", cpu_of(in_memory, 1), "-")]
    at_first = TriageService(index, Journal(path))
    lines.append(_line("the same into the index, at first", _each(at_first.refresh, 1), "-"))

    def again() -> None:
        TriageService(index, Journal(path)).refresh()

    lines.append(_line("and at every start after that", cpu_of(again), "< 50"))
    triage = TriageService(index, Journal(path), ["me@example.net"])
    triage.refresh()
    waiting = iter(ids)

    def one() -> None:
        triage.apply(Verb.SKIP, [next(waiting)])

    lines.append(_line("one series skipped after these", _each(one, 50), "< 50"))
    return lines


def _each(work: Callable[[], object], runs: int = RUNS) -> Took:
    """Return the median time of doing something so many times in a row."""
    took = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        took.append(Took(time.perf_counter() - wall, time.process_time() - cpu))
    slowest = statistics.quantiles([one.wall for one in took], n=20)[-1] if runs >= 20 else 0.0
    found = median(took)
    return Took(found.wall, found.cpu, slowest)


def _line(what: str, took: Took, asked: str) -> str:
    slow = f"   95 in 100: {took.memory * 1000:8.1f} ms" if took.memory else ""
    name = f"{SERIES:,} series: {what}"
    return (
        f"{name:<62} {took.wall * 1000:9.1f} ms wall {took.cpu * 1000:9.1f} ms CPU"
        f"   asked: {asked}{slow}"
    )
