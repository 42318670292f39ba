"""Our first ingest beside public-inbox-index, notmuch and mu, on the same mails, each from the form that it reads.

notmuch and mu index the bodies too; `public-inbox-index -L basic` keeps an overview and threads, as we do.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.corpus import ROOT, kvm_ppc, large_epoch, mails_of, more_archives, newest_of
from tests.bench.goals import Figure

RUNS = 3
LARGE = 100_000
NEW = 100

# `ru_maxrss` begins at what the parent had when it forked, VmHWM with the program that was then executed.
_OURS = r"""
import re, sys
from pathlib import Path
from threading import Event
from core.index.index import open_index
from core.sources.isolated_archive import close_idle_child, open_isolated
index = open_index(Path(sys.argv[2]))
result = index.writer.ingest("list", open_isolated(Path(sys.argv[1])), stop=Event(), report=lambda _: None)
index.close()
close_idle_child()
print(result.added, int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a command: CPU seconds with its children, wall seconds, and bytes left on disk."""

    cpu: float
    wall: float
    size: int
    words: str = ""
    """Its output."""


def run(folder: Path) -> list[Figure | str]:
    """Return the lines of the table: for kvm-ppc, each median of three, and once for the archives that are named."""
    lines: list[Figure | str] = []
    inbox = kvm_ppc(folder)
    lines += beside_peers(inbox, folder, RUNS) if inbox else ["ingest: kvm-ppc is not there"]
    for archive in more_archives():
        lines += beside_peers(archive, folder, 1)
    epoch = large_epoch(LARGE + NEW)
    lines += growth(epoch, folder) if epoch else ["ingest: no archive of 100,100 mails is named"]
    return lines


def beside_peers(inbox: Path, folder: Path, runs: int) -> list[Figure | str]:
    """Return the cost of patchdesk's first ingest, and that of each other program installed."""
    work = folder / "ingest"
    ours: list[Cost] = []
    theirs: dict[str, list[Cost]] = {}
    for _ in range(runs):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        ours.append(ingest(inbox, work / "index.sqlite3"))
        for name, (_, peer) in _PEERS.items():
            if shutil.which(name) is not None:
                theirs.setdefault(name, []).append(peer(inbox, work))
    mine = _median(ours)
    count = int(mine.words.split()[0])
    lines: list[Figure | str] = [f"first ingest of {inbox.name}: {_words(mine)}"]
    if inbox.name == "kvm-ppc":
        lines += _figures(mine, {name: _median(costs) for name, costs in theirs.items()})
    for name, (asked, _) in _PEERS.items():
        if name not in theirs:
            lines.append(f"  {name}: skipped, it is not installed")
            continue
        cost = _median(theirs[name])
        lines.append(
            f"  {name:<20} {cost.cpu:8.2f} CPU s ({cost.cpu / count * 1000:.3f} ms a mail)"
            f"   theirs/ours {cost.cpu / mine.cpu:6.2f} (asked: >= {asked})"
            f"   wall {cost.wall:.1f} s to our {mine.wall:.1f} s   on disk {cost.size / mine.size:.1f} times ours"
        )
    shutil.rmtree(work, ignore_errors=True)
    return lines


def _figures(mine: Cost, theirs: dict[str, Cost]) -> Iterator[Figure]:
    """Yield what has a goal of the first ingest of kvm-ppc."""
    mails, memory = map(int, mine.words.split())
    for name, short in (("public-inbox-index", "basic"), ("mu", "mu"), ("notmuch", "notmuch")):
        if name in theirs:
            yield Figure(f"first ingest of kvm-ppc, CPU, {short}", mine.cpu, theirs[name].cpu)
    yield Figure("first ingest of kvm-ppc: index a mail", mine.size / mails)
    yield Figure("first ingest of kvm-ppc: memory", memory)
    yield Figure("first ingest of kvm-ppc: wall of CPU", mine.wall, mine.cpu)


def growth(epoch: Path, folder: Path) -> list[Figure | str]:
    """Return the growth of the first ingest with the mails, and the cost of a few new ones in a large index."""
    work = folder / "growth"
    work.mkdir(parents=True)
    small = newest_of(epoch, work / "small", LARGE // 10, before=NEW)
    large = newest_of(epoch, work / "large", LARGE, before=NEW)
    tenth = _median([ingest(small, work / "small.sqlite3") for _ in range(RUNS)])
    whole = ingest(large, work / "large.sqlite3")
    for archive, count in ((small, LARGE // 10), (large, LARGE)):
        newest_of(epoch, archive, count + NEW)
        _forget_older(work / f"{archive.name}.sqlite3")
    few_in_small = _median([_again(small, work / "small.sqlite3") for _ in range(RUNS)])
    few_in_large = _median([_again(large, work / "large.sqlite3") for _ in range(RUNS)])
    lines: list[Figure | str] = [
        Figure("first sync of 100,000 real mails, CPU a mail", whole.cpu / LARGE * 1e3),
        Figure("first sync of 100,000 real mails: wall of CPU", whole.wall, whole.cpu),
        f"first ingest of {LARGE // 10:,} mails: {_words(tenth)}",
        f"first ingest of {LARGE:,} mails: {_words(whole)}",
        f"  {whole.cpu / tenth.cpu:.2f} times the CPU for 10 times the mails (asked: <= 13)",
        f"a sync of {NEW} new mails: {few_in_small.cpu:.2f} CPU s where {LARGE // 10:,} are, "
        f"{few_in_large.cpu:.2f} CPU s where {LARGE:,} are (asked: it grows with the new)",
    ]
    shutil.rmtree(work, ignore_errors=True)
    return lines


def _forget_older(index: Path) -> None:
    """Let an index take its archive as read to its beginning: the objects of older mails are there."""
    with contextlib.closing(sqlite3.connect(index, isolation_level=None)) as connection:
        connection.execute("UPDATE list_part SET position = json_set(position, '$.next', '')")


def _words(cost: Cost) -> str:
    mails, memory = map(int, cost.words.split())
    return (
        f"{cost.cpu:.2f} CPU s, {cost.cpu / mails * 1000:.3f} ms a mail (asked: <= 0.6), {memory} MiB (asked: < 250),"
        f" {cost.size / mails:.0f} bytes of index a mail (asked: <= 1200)"
    )


def _again(inbox: Path, index: Path) -> Cost:
    """Ingest the new mails into a copy of an index."""
    copy = index.with_name("copy.sqlite3")
    for path in index.parent.glob(copy.name + "*"):
        path.unlink()
    shutil.copy(index, copy)
    cost = _run([sys.executable, "-c", _OURS, str(inbox), str(copy)], lambda: copy.stat().st_size)
    if cost.words.split()[0] != str(NEW):
        raise RuntimeError(f"not {NEW} mails came, but {cost.words}")
    return cost


def ingest(inbox: Path, index: Path) -> Cost:
    """Index an archive from nothing, in a process of its own."""
    for path in index.parent.glob(index.name + "*"):
        path.unlink()
    return _run([sys.executable, "-c", _OURS, str(inbox), str(index)], lambda: index.stat().st_size)


def _public_inbox(inbox: Path, work: Path) -> Cost:
    copy = work / "public-inbox"
    if (inbox / "git").is_dir():
        shutil.copytree(inbox / "git", copy / "git")
    else:
        shutil.copytree(inbox, copy / "git" / "0.git")
    environment = {"PI_CONFIG": str(work / "pi.config"), "HOME": str(work)}
    before = _size(copy)
    subprocess.run(
        [
            "public-inbox-init",
            "-V2",
            "-L",
            "basic",
            "list",
            copy,
            "http://127.0.0.1/list",
            "list@example.org",
        ],
        check=True,
        env={**os.environ, **environment},
        capture_output=True,
    )
    return _run(
        ["public-inbox-index", "-L", "basic", str(copy)], lambda: _size(copy) - before, environment
    )


def _notmuch(inbox: Path, work: Path) -> Cost:
    maildir = _maildir(inbox, work / "notmuch")
    config = work / "notmuch.config"
    config.write_text(
        f"[database]\npath={maildir}\n[user]\nname=A\nprimary_email=a@example.org\n[new]\ntags=unread\n"
    )
    environment = {"NOTMUCH_CONFIG": str(config), "HOME": str(work)}
    return _run(["notmuch", "new", "--quiet"], lambda: _size(maildir / ".notmuch"), environment)


def _mu(inbox: Path, work: Path) -> Cost:
    maildir = _maildir(inbox, work / "mu")
    home = work / "mu-home"
    environment = {"HOME": str(work)}
    subprocess.run(
        ["mu", "init", f"--muhome={home}", f"--maildir={maildir}"],
        check=True,
        env={**os.environ, **environment},
        capture_output=True,
    )
    return _run(["mu", "index", "--quiet", f"--muhome={home}"], lambda: _size(home), environment)


def _maildir(inbox: Path, maildir: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True, exist_ok=True)
    for at, mail in enumerate(mails_of(inbox)):
        (maildir / "cur" / f"{1_700_000_000 + at}.{at}.bench:2,S").write_bytes(mail.raw)
    return maildir


def _run(
    command: Sequence[str], size: Callable[[], int], environment: dict[str, str] | None = None
) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(
        command,
        check=True,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall, size(), done.stdout)


def _median(costs: list[Cost]) -> Cost:
    middle = statistics.median_low([cost.cpu for cost in costs])
    return next(cost for cost in costs if cost.cpu == middle)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


_PEERS: dict[str, tuple[int, Callable[[Path, Path], Cost]]] = {
    "public-inbox-index": (4, _public_inbox),
    "mu": (5, _mu),
    "notmuch": (7, _notmuch),
}
"""How many times our CPU each is to take."""
