"""Kills a sync at many points while its index is grouped again by other rules, and checks the index after the next
sync.

Run as a process of its own, since it forks: `python -m tests.core.index.killed_sync FOLDER POINTS`. Prints a line for
each point at which the index, after another sync, was not as one that was built at once, and last how many were killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from core.desk.triage_service import TriageService
from core.index import database, list_ingest, regroup
from core.index.database import open_database
from core.index.index import Index, RowView
from core.model import MessageId
from core.series import RULES_VERSION, posting_builder
from core.series.numbering import PatchNumber, read_patch_number
from core.series.threading import ThreadForest
from core.triage.journal import FILE, Journal
from core.triage.transitions import Verb
from tests.core.indexing import Log, bring, check_whole, held
from tests.core.triage.triage_kit import Clock, Desk, mail, series

ME = "mara@example.net"
NAMES = ("lamp", "wick", "desk", "oil", "chair", "shelf", "door", "hinge")
EARLIER = [
    raw
    for at, name in enumerate(NAMES)
    for raw in (*series(name, day=at), *series(name, 2, day=at + 20, patches=3))
]
LATER = [
    raw
    for at, name in enumerate(NAMES)
    for raw in (
        *series(name, 3, day=at + 40),
        mail(
            f"re-{name}@x", f"Re: [PATCH v2 1/3] {name}: part 1", day=at + 41, to=f"{name}-v2-1@x"
        ),
    )
]


def use_other_rules() -> None:
    """Let no mail about lamps or doors be a patch any more: rows are split, joined and taken away."""

    def changed(forest: ThreadForest, at: int) -> PatchNumber | None:
        subject = forest.messages[at].subject.text
        return None if "lamp" in subject or "door" in subject else read_patch_number(forest, at)

    setattr(posting_builder, "read_patch_number", changed)  # noqa: B010


def decide(desk: Desk) -> None:
    """Do something to several series, and read some mails."""
    desk.triage.apply(Verb.DONE, [MessageId("lamp-v1-0@x")])
    desk.triage.apply(Verb.LATER, [MessageId("wick-v1-0@x")], argument="v")
    desk.triage.apply(Verb.SKIP, [MessageId("door-v2-1@x")], patch=True)
    desk.triage.mark_read([MessageId("oil-v1-1@x"), MessageId("chair-v2-0@x")])


def sync(folder: Path) -> None:
    """Open the index under the new rules, apply the journal, and ingest the new mails."""
    path = folder / "index.sqlite3"
    open_database(path, rules=RULES_VERSION + 1)
    index = Index(path)
    TriageService(index, Journal(folder / FILE), [ME], clock=Clock()).refresh()
    log = Log()
    log.entries = [(raw, True) for raw in (*EARLIER, *LATER)]
    bring(index, log)
    index.close()


class Kill:
    """Ends this process at one of the statements that its connections run; counts them."""

    def __init__(self, at: int | None) -> None:
        self.count = 0
        self._at = at
        self._connect = database._connect
        database._connect = self.connect

    def connect(self, path: Path) -> sqlite3.Connection:
        connection = self._connect(path)
        connection.set_trace_callback(self.statement)
        return connection

    def statement(self, _: str) -> None:
        self.count += 1
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def content(folder: Path) -> tuple[Any, ...]:
    """Return all that an index says, once it agrees with itself."""
    index = Index(folder / "index.sqlite3")
    triage = TriageService(index, Journal(folder / FILE), [ME], clock=Clock())
    triage.refresh()
    check_whole(index)
    rows = index.rows.order(RowView())
    ids: dict[object, str] = {one.row: one.id for one in index.rows.summaries(rows)}
    found = (
        held(index),
        {ids.get(row, str(row)): state for row, state in triage.states().items()},
        {one for row in rows for one in index.mails.unread_of(row)},
        index.writer.is_complete(),
    )
    index.close()
    return found


def run(folder: Path, points: int) -> int:
    """Kill a sync at so many points; return at how many it was, printing those with another end."""
    list_ingest.BATCH = 9  # type: ignore[misc]
    list_ingest.FIRST_REGROUP_AT = 15  # type: ignore[misc]
    regroup.AT_ONCE = 12  # type: ignore[misc]
    before = folder / "before"
    desk = Desk(before, *EARLIER)
    decide(desk)
    desk.close()
    # Another machine's decision, which is not applied yet.
    other = TriageService(None, Journal(before / FILE, host="other"), clock=Clock())
    other.apply(Verb.SKIP, [MessageId(f"{name}-v1-1@x") for name in NAMES[4:]])
    use_other_rules()
    fresh = folder / "fresh"
    fresh.mkdir()
    shutil.copy(before / "triage.jsonl", fresh)
    sync(fresh)
    wanted = content(fresh)

    whole = shutil.copytree(before, folder / "whole")
    statements = in_child(partial(count_statements, whole))
    killed = 0
    for point in range(points):
        at = 1 + point * int(statements) // points
        copy = shutil.copytree(before, folder / f"{point}")
        killed += in_child(partial(sync_until, copy, at)) == "killed"
        sync(copy)
        if content(copy) != wanted:
            print(f"killed before statement {at} of {statements}: not as a fresh index")
        shutil.rmtree(copy)
    return killed


def sync_until(folder: Path, at: int) -> None:
    """Sync, and be killed at a statement."""
    Kill(at)
    sync(folder)


def count_statements(folder: Path) -> int:
    """Return how many statements a sync runs that nobody kills."""
    kill = Kill(None)
    sync(folder)
    return kill.count


def in_child(work: Callable[[], object]) -> str:
    """Run something in a fork of this process; return its result as text, or `killed`."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writer, str(work()).encode())
            os._exit(0)
        except BaseException as error:
            os.write(writer, f"{error!r}".encode())
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as said:
        text = said.read()
    _, status = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(status) else text


if __name__ == "__main__":
    print(run(Path(sys.argv[1]), int(sys.argv[2])))
