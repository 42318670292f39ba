"""Our first ingest beside public-inbox-index, notmuch and mu, on the same mails, each from the form that it reads.

notmuch and mu index the bodies too; `public-inbox-index -L basic` keeps an overview and threads, as we do.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.corpus import ROOT, kvm_ppc, mails_of

_OURS = """
import resource, sys
from pathlib import Path
from threading import Event
from core.index.index import open_index
from core.sources.public_inbox import open_archive
index = open_index(Path(sys.argv[2]))
result = index.ingest("list", open_archive(Path(sys.argv[1])), stop=Event(), report=lambda _: None)
index.close()
print(result.added, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: CPU seconds with its children, wall seconds, and bytes that it left on disk."""

    cpu: float
    wall: float
    size: int
    words: str = ""
    """What it printed."""


def run(folder: Path, inbox: Path | None = None) -> list[str]:
    """Return the lines of the table, for kvm-ppc or another public-inbox folder."""
    inbox = inbox or kvm_ppc(folder)
    if inbox is None:
        return ["ingest: skipped, kvm-ppc is not there"]
    work = folder / "ingest"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    ours = _median([ingest(inbox, work / "index.sqlite3") for _ in range(3)])
    mails, memory = ours.words.split()
    lines = [
        f"ingest of {mails} mails: {ours.cpu:.2f} CPU s ({ours.cpu / int(mails) * 1000:.3f} ms a mail, asked: <= 0.6),"
        f" {memory} MiB (asked: < 250), {ours.size / int(mails):.0f} bytes of index a mail (asked: <= 1200)"
    ]
    for name, asked, peer in (
        ("public-inbox-index", 4, _public_inbox),
        ("mu", 5, _mu),
        ("notmuch", 7, _notmuch),
    ):
        if shutil.which(name) is None:
            lines.append(f"  {name}: skipped, it is not installed")
            continue
        theirs = peer(inbox, work)
        lines.append(
            f"  {name:<20} {theirs.cpu:8.2f} CPU s   theirs/ours {theirs.cpu / ours.cpu:6.2f} (asked: >= {asked})"
            f"   wall {theirs.wall:.2f} s to our {ours.wall:.2f} s   on disk {theirs.size / ours.size:.1f} times ours"
        )
    return lines


def ingest(inbox: Path, index: Path) -> Cost:
    """Index an archive from nothing, in a process of its own."""
    for path in index.parent.glob(index.name + "*"):
        path.unlink()
    return _run([sys.executable, "-c", _OURS, str(inbox), str(index)], lambda: index.stat().st_size)


def _public_inbox(inbox: Path, work: Path) -> Cost:
    copy = work / "public-inbox"
    shutil.copytree(inbox / "git", copy / "git")
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
