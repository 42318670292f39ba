"""A list of a few series, an index that follows it, and a journal: the start of all tests of triage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

from core.desk.triage_service import Journal, TriageService
from core.index.index import RowView, open_index
from core.index.triage_store import IndexTriageStore
from core.model import MessageId, Series, Thread
from core.triage.state import TriageState
from tests.core.indexing import Log, bring, held

START = 1_780_000_000
"""Seconds of the Unix epoch: the end of May 2026."""
NOW = datetime.fromtimestamp(START, UTC) + timedelta(days=10)

ANN = "Ann Author <ann@example.org>"
REX = "Rex Reviewer <rex@example.com>"
ME = "Mara Maintainer <mara@example.net>"
DIFF = "---\n f.c | 2 +-\n\ndiff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n@@ -1 +1 @@\n-a\n+b\n"


def mail(
    message_id: str,
    subject: str,
    sender: str = ANN,
    *,
    day: float = 0,
    to: str = "",
    body: str = "Hello.\n",
) -> bytes:
    """Return a mail sent some days after the start, in answer to another or not."""
    answers = f"In-Reply-To: <{to}>\nReferences: <{to}>\n" if to else ""
    return (
        f"From: {sender}\nTo: list@example.org\nSubject: {subject}\nMessage-ID: <{message_id}>\n{answers}"
        f"Date: {formatdate(START + day * 86_400)}\n\n{body}"
    ).encode()


def series(name: str, version: int = 1, *, day: float = 0, patches: int = 2) -> list[bytes]:
    """Return a posting: a cover letter `NAME-vN-0@x` and its patches `NAME-vN-1@x`…"""
    cover = f"{name}-v{version}-0@x"
    tag = f"PATCH v{version}" if version > 1 else "PATCH"
    change = f"\nchange-id: {name}\n"
    return [
        mail(cover, f"[{tag} 0/{patches}] {name}: all of it", day=day, body=f"Why.\n{change}"),
        *(
            mail(
                f"{name}-v{version}-{number}@x",
                f"[{tag} {number}/{patches}] {name}: part {number}",
                day=day,
                to=cover,
                body=DIFF,
            )
            for number in range(1, patches + 1)
        ),
    ]


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def go(self, **by: float) -> None:
        """Let time go by, or back."""
        self.now += timedelta(**by)


class Desk:
    """A list, its index and its triage, in a folder."""

    def __init__(
        self, folder: Path, *mails: bytes, host: str = "desk", me: str = "mara@example.net"
    ) -> None:
        self.folder = folder
        self.log = Log()
        self.clock = Clock()
        self.host = host
        self.me = me
        self.journal = Journal(folder / "triage.jsonl", host=host)
        self.index = open_index(folder / "index.sqlite3")
        self.triage = self.made()
        self.come(*mails)

    def made(self) -> TriageService:
        """Return a triage as a program makes it that is started now."""
        journal = Journal(self.journal.path, host=self.host)
        return TriageService(self.index, journal, [self.me], clock=self.clock)

    def come(self, *mails: bytes) -> None:
        """Let mails come to the list."""
        self.log.entries += [(raw, True) for raw in mails]
        if mails:
            bring(self.index, self.log)

    def go(self, raw: bytes) -> None:
        """Take a mail away from the list."""
        self.log.entries.append((raw, False))
        bring(self.index, self.log)

    def anew(self) -> None:
        """Lose the index, and build it again."""
        self.index.close()
        for path in self.folder.glob("index.sqlite3*"):
            path.unlink()
        self.index = open_index(self.folder / "index.sqlite3")
        self.triage = self.made()
        bring(self.index, self.log)
        self.triage.refresh()

    def items(self) -> list[Series | Thread]:
        """Return the series and threads of the index."""
        return list(held(self.index).values())

    def shown(self) -> dict[MessageId, TriageState]:
        """Return where the rows stand, as the index has them."""
        rows = self.index.rows.order(RowView())
        known = IndexTriageStore(self.index).states()
        now = self.clock()
        return {
            one.id: known.get(one.row, TriageState()).at(now)
            for one in self.index.rows.summaries(rows)
        }

    def remembered(self) -> dict[MessageId, TriageState]:
        """Return where the same series stand without the index, from the journal alone."""
        triage = TriageService(None, Journal(self.journal.path), [self.me], clock=self.clock)
        items = self.items()
        triage.set_items(items)
        known = triage.states()
        return {item.id: known.get(item.id, TriageState()) for item in items}

    def check(self) -> None:
        """See that the index, the journal in memory and an index built anew say the same."""
        before = self.shown()
        assert before == self.remembered()
        self.anew()
        assert self.shown() == before

    def close(self) -> None:
        """Let go of the files."""
        self.triage.close()
        self.index.close()


@contextmanager
def desk(folder: Path, *mails: bytes) -> Iterator[Desk]:
    """Give a desk, and close it."""
    one = Desk(folder, *mails)
    try:
        yield one
    finally:
        one.close()
