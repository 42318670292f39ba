"""From the command to the first rows, and to the whole tree, beside a bare Textual application."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.corpus import kvm_ppc, mails_of, mbox_of
from tests.bench.measure import RUNS, median, row, until_shown

_BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("a bare first frame")
Bare().run()
"""
MAILS = 1000


def run(folder: Path) -> list[str]:
    """Return the lines of the table."""
    inbox = kvm_ppc(folder)
    if inbox is None:
        return ["opening: skipped, kvm-ppc is not there"]
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
        bare += until_shown([sys.executable, "-c", _BARE], [b"a bare first frame"])
    frame = median(bare)
    return [
        row(
            f"open {MAILS} mails: first rows (wall)",
            median(first).wall,
            "bare Textual frame",
            frame.wall,
            "<= 1.5x",
        ),
        row(
            f"open {MAILS} mails: whole tree (wall)",
            median(whole).wall,
            "bare Textual frame",
            frame.wall,
            "<= 2.5x",
        ),
        row(
            f"open {MAILS} mails: first rows (CPU)",
            median(first).cpu,
            "bare Textual frame",
            frame.cpu,
            "<= 1.5x",
        ),
        row(
            f"open {MAILS} mails: whole tree (CPU)",
            median(whole).cpu,
            "bare Textual frame",
            frame.cpu,
            "<= 2.5x",
        ),
    ]
