"""From the command to the first rows, and to the whole tree, beside a bare Textual application."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.corpus import kvm_ppc, mails_of, mbox_of
from tests.bench.goals import Figure
from tests.bench.measure import RUNS, bare_once, median, until_shown

MAILS = 1000


def run(folder: Path) -> Iterator[Figure | str]:
    """Yield the lines of the table."""
    inbox = kvm_ppc(folder)
    if inbox is None:
        yield "opening: skipped, kvm-ppc is not there"
        return
    mbox = mbox_of(mails_of(inbox), folder / "thousand.mbox", MAILS)
    environment = {
        "HOME": str(folder),
        **{f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
    ours = [sys.executable, "-m", "tui.cli.main", "open", str(mbox)]
    first, whole, bare = [], [], []
    for _ in range(RUNS):
        took = until_shown(ours, [b"powerpc", f"{MAILS:,} mails".encode()], environment=environment)
        first.append(took[0])
        whole.append(took[1])
        bare.append(bare_once())
    rows, tree, frame = median(first), median(whole), median(bare)
    yield Figure("open 1,000 mails: first rows, wall", rows.wall * 1e3, frame.wall * 1e3)
    yield Figure("open 1,000 mails: first rows, CPU", rows.cpu * 1e3, frame.cpu * 1e3)
    yield Figure("open 1,000 mails: whole tree, wall", tree.wall * 1e3, frame.wall * 1e3)
    yield Figure("open 1,000 mails: whole tree, CPU", tree.cpu * 1e3, frame.cpu * 1e3)
