"""An index of 1,000,000 made-up mails beside one of 100,000: first rows, a page, a search, 100 new mails, memory.

PATCHDESK_BENCH_MAILS is another number of mails for the large one.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Event

from core.config import Config
from core.desk.list_query import ListQuery
from core.desk.lists_desk import ListDesk
from core.index.index import open_index
from core.progress import ProgressJob
from core.search.list_search import ListSearch
from core.sources.source import MailChange, StoredPart, git_blob_id
from tests.bench.finding import _mails
from tests.bench.goals import Figure
from tests.bench.search import _entries, _queries
from tests.core.indexing import Log, bring

SMALL = 100_000
LARGE = int(os.environ.get("PATCHDESK_BENCH_MAILS", "1000000"))
NEW = 100
_TYPED = 60
"""Queries that are typed, key by key."""
_PAGE = 40


class _Stream(Log):
    """A list whose mails are made when they are asked for: a million at once would fill the memory."""

    def __init__(self, raws: Iterable[bytes], before: int = 0) -> None:
        super().__init__("list")
        self._raws = raws
        self._done = before

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:
        """Yield the mails as additions."""
        del cursor, held, job
        for raw in self._raws:
            self._done += 1
            yield MailChange(git_blob_id(raw), True, raw=raw)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Milliseconds of CPU, and the MiB of the process that read the index."""

    rows: float
    page: float
    find: float
    sync: float
    memory: float


def run(folder: Path) -> Iterator[Figure | str]:
    """Yield the lines of the table."""
    small, large = (_measured(folder / f"mails-{count}", count) for count in (SMALL, LARGE))
    yield f"{LARGE:,} mails beside {SMALL:,}, in ms of CPU:"
    yield Figure("1,000,000 mails: first rows, CPU", large.rows, small.rows)
    yield Figure("1,000,000 mails: page, CPU", large.page, small.page)
    yield Figure("1,000,000 mails: find p95, CPU", large.find, small.find)
    yield Figure("1,000,000 mails: sync of 100 new, CPU", large.sync, small.sync)
    yield Figure("1,000,000 mails: memory of the reader", large.memory)


def _measured(folder: Path, count: int) -> _Cost:
    """Make an index, read it in a process of its own, and bring some new mails into it."""
    folder.mkdir()
    path = folder / "index.sqlite3"
    made = _mails(_entries(count + NEW * 3))
    started = time.process_time()
    index = open_index(path)
    bring(index, _Stream(islice(made, count)))
    index.close()
    print(f"# {count:,} mails indexed in {time.process_time() - started:.0f} s CPU, {path.stat().st_size / count:.0f} bytes a mail", flush=True)  # fmt: skip
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        rows, page, find, memory = pool.apply(_read, (path, count))
    sync = []
    for number in range(3):
        started = time.process_time()
        index = open_index(path)
        bring(index, _Stream(islice(made, NEW), before=count + number * NEW))
        index.close()
        sync.append((time.process_time() - started) * 1e3)
    return _Cost(rows, page, find, statistics.median(sync), memory)


def _read(path: Path, count: int) -> tuple[float, float, float, float]:
    """Return the ms to the first rows, of a page, the 95th percentile of a key of a search, and the MiB in memory."""
    first = []
    for _ in range(5):
        started = time.process_time()
        desk = ListDesk(path, ListQuery(), Config())
        desk.first_page(60)
        first.append((time.process_time() - started) * 1e3)
        desk.index.close()
    desk = ListDesk(path, ListQuery(), Config())
    pages = desk.pages(Event())
    next(pages)
    items = next(pages).items
    turned = []
    for number in range(1, 60):
        at = number * (count // 60)
        started = time.process_time()
        items.read(at, at + _PAGE)
        turned.append((time.process_time() - started) * 1e3)
    finder = ListSearch(desk.index, Config(), cache=path.parent / "search")
    finder.ensure_ready(Event())
    keys = []
    for query in _queries(list(_entries(SMALL)), 11)[:_TYPED]:
        for end in range(1, len(query) + 1):
            started = time.process_time()
            finder.find(query[:end].replace('"', ""))
            keys.append((time.process_time() - started) * 1e3)
    keys.sort()
    memory = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    desk.close()
    late = keys[len(keys) * 95 // 100]
    return statistics.median(first), statistics.median(turned), late, memory / 2**20
