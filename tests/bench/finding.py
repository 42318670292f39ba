"""Searches of an index of 100,000 series: the cost of a key beyond the engine, of the counts of views, and of the
command.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from email.header import Header
from email.utils import formatdate
from pathlib import Path
from threading import Event

from core.config import Config
from core.index.index import Index, open_index
from core.search.fuzzy.index import FuzzyEntry
from core.search.list_search import ListSearch
from core.search.saved_views import BUILTIN_VIEWS
from tests.bench.goals import Figure
from tests.bench.measure import bare_frame, cpu_of
from tests.bench.search import _entries, _queries
from tests.core.indexing import Log, bring

SERIES = 100_000
_FILTERS = ("", "is:open ", "d:2015.. v:1 ", "-s:fix ", "f:a ", "dfn:*.c ")
_TYPED = 30
"""Queries that are typed, key by key, with each of the filters."""
_TERMS = (
    "f:john",
    "s:fix",
    "t:list",
    "d:2016..",
    "dfn:drivers",
    "v:>=2",
    "-s:fix",
    "a:example",
    "fix OR add",
)


def run(folder: Path) -> list[Figure | str]:
    """Return the lines of the table."""
    data = folder / "finding" / "patchdesk"
    data.mkdir(parents=True)
    entries = list(_entries(SERIES))
    index = open_index(data / "index.sqlite3")
    log = Log("list")
    log.entries = [(raw, True) for raw in _mails(entries)]
    wall, cpu = time.perf_counter(), time.process_time()
    bring(index, log)
    took = time.process_time() - cpu
    size = (data / "index.sqlite3").stat().st_size
    lines: list[Figure | str] = [
        Figure("tiny mails, each a series, CPU a mail", took / SERIES * 1e3),
        Figure("tiny mails, each a series: index a mail", size / SERIES),
        f"{SERIES:,} mails, each a series: indexed in {took / SERIES * 1e3:.2f} ms CPU a mail"
        f" ({(time.perf_counter() - wall) / SERIES * 1e3:.2f} wall), {size / SERIES:,.0f} bytes a mail with its own   asked: <= 0.6 ms",
    ]
    log.entries.clear()
    finder = ListSearch(index, Config(me_addresses=("a@example.org",)), cache=data / "search")
    started = time.perf_counter()
    finder.ensure_ready(Event())
    lines.append(
        f"the search built by a process of its own in {time.perf_counter() - started:.1f} s"
    )
    finder = ListSearch(index, Config(me_addresses=("a@example.org",)), cache=data / "search")
    started = time.perf_counter()
    finder.ensure_ready(Event())
    lines.append(f"the saved search loaded in {(time.perf_counter() - started) * 1e3:.0f} ms")
    lines += [*_keys(finder, entries), *_views(finder), *_terms(index, finder)]
    return [*lines, *_command(folder / "finding")]


def _keys(finder: ListSearch, entries: Sequence[FuzzyEntry]) -> list[Figure | str]:
    lines: list[Figure | str] = []
    for filters in _FILTERS:
        took: list[float] = []
        for query in _queries(list(entries), 11)[:_TYPED]:
            for end in range(1, len(query) + 1):
                started = time.process_time()
                finder.find(filters + query[:end].replace('"', ""))
                took.append(time.process_time() - started)
        took.sort()
        lines.append(
            f"find, {len(took):>5} keys after “{filters.strip() or 'nothing'}” (CPU): p50 {took[len(took) // 2] * 1e3:.1f} ms"
            f"  p95 {took[len(took) * 95 // 100] * 1e3:.1f} ms  max {took[-1] * 1e3:.1f} ms"
        )
        if not filters:
            frame, late = bare_frame().cpu * 1e3, took[len(took) * 95 // 100] * 1e3
            lines.append(Figure("find at 100,000: p95, CPU", late, frame))
            lines.append(Figure("find at 100,000: max, CPU", took[-1] * 1e3, frame))
    return lines


def _views(finder: ListSearch) -> list[Figure | str]:
    costs = {
        name: cpu_of(lambda query=query: finder.count(query)).cpu * 1e3  # type: ignore[misc]
        for name, query in BUILTIN_VIEWS.items()
    }
    lines = [f"{f'count of the view {name}':<40} {cost:7.1f} ms" for name, cost in costs.items()]
    return [*lines, Figure("view counts: slowest, CPU", max(costs.values()))]


def _terms(index: Index, finder: ListSearch) -> list[str]:
    del index
    return [
        f"{f'count of {query}':<40} {cpu_of(lambda query=query: finder.count(query)).cpu * 1e3:7.1f} ms"  # type: ignore[misc]
        f"   finds {finder.count(query):,}"
        for query in _TERMS
    ]


def _command(home: Path) -> list[str]:
    """Return the cost of whole runs of the command, with saved arrays."""
    (home / "cache" / "patchdesk").mkdir(parents=True)
    (home / "patchdesk" / "search").rename(home / "cache" / "patchdesk" / "search")
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }
    lines = []
    for query in ("fix memory leak", "f:john s:fix", "is:open gest memry"):
        command = [sys.executable, "-m", "tui.cli.main", "search", "--json", query]
        wall = []
        for _ in range(5):
            started = time.perf_counter()
            done = subprocess.run(command, env=environment, capture_output=True, check=True)
            wall.append(time.perf_counter() - started)
        found = len(done.stdout.splitlines())
        lines.append(
            f"{f'patchdesk search “{query}”, a whole run':<52} {sorted(wall)[2] * 1e3:6.0f} ms wall, {found} found"
            "   asked: well under 1,000"
        )
    return lines


def _mails(entries: Iterable[FuzzyEntry]) -> Iterator[bytes]:
    """Yield a patch for each entry."""
    chance = random.Random(3)
    for entry in entries:
        subject = " ".join(f"{entry.subject} {entry.row}".split())
        name = " ".join(entry.name.replace('"', "").split())
        version = f" v{entry.version}" if entry.version > 1 else ""
        file = f"{chance.choice(('drivers', 'net', 'mm', 'kernel'))}/{chance.randrange(4000)}.c"
        yield (
            f"From: {_encoded(name)} <{entry.address.encode('ascii', 'replace').decode().replace(' ', '')}>\n"
            f"To: list@example.org\nCc: maintainer{entry.row % 50}@example.org, other@lists.example.com\n"
            f"Subject: [PATCH{version}] {_encoded(subject)}\nDate: {formatdate(entry.date)}\n"
            f"Message-ID: <{entry.row}.{entry.date}@example.org>\n\nIt is better so.\n\n---\n"
            f"diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-a{entry.row}\n+b\n"
        ).encode()


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=10_000).encode()
