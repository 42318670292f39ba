"""The desk on an index of 100,000 series: to its first rows and about in it, beside a bare Textual application and the
mail readers that open the same mails as an mbox."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from tests.bench.measure import RUNS, cpu_of, median, row, until_shown
from tests.bench.opening import _BARE

SERIES = 100_000
_WORDS = ("wick", "oil", "glass", "flame", "lamp", "brass", "draught", "trim", "spill", "light", "soot", "chimney")  # fmt: skip
_ASIDE = "of the draught in the hall"


def run(folder: Path) -> list[str]:
    """Return the lines of the table."""
    environment = {
        "HOME": str(folder),
        **{f"XDG_{n}_HOME": str(folder / n) for n in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
    mbox = folder / "lantern.mbox"
    with mbox.open("wb") as file:
        file.writelines(_mails(SERIES))
    ours = [sys.executable, "-m", "tui.cli"]
    everything = {**os.environ, **environment}
    subprocess.run([*ours, "follow", "lantern", str(mbox)], check=True, env=everything, stdout=2)
    subprocess.run([*ours, "sync"], check=True, env=everything, stdout=2)
    last = f"{_title(SERIES - 1)}"[:12].encode()
    shown, bare = [], []
    for _ in range(RUNS):
        shown += until_shown(ours, [last], environment=environment)
        bare += until_shown([sys.executable, "-c", _BARE], [b"a bare first frame"])
    first, frame = median(shown), median(bare)
    lines = [
        row("100,000 series: first rows (wall)", first.wall, "bare Textual frame", frame.wall, "<= 1.3x"),
        row("100,000 series: first rows (CPU)", first.cpu, "bare Textual frame", frame.cpu, "<= 1.3x"),
    ]  # fmt: skip
    (whole,) = until_shown(ours, [b"100,000 series"], environment=environment)
    lines.append(row("100,000 series: the whole tree (wall)", whole.wall, "bare Textual frame", frame.wall, "-"))  # fmt: skip
    lines.append(
        f"{'100,000 series: memory with the whole tree':<46} {whole.memory:9.1f} MiB   asked: < 150"
    )
    (folder / "Mail").mkdir()  # or they ask whether to make it
    for name, asked in (("mutt", ">= 8x"), ("neomutt", ">= 20x")):
        if shutil.which(name) is None:
            lines.append(f"{name}: skipped, it is not installed")
            continue
        command = [name, "-n", "-F", "/dev/null", "-R", "-f", str(mbox)]
        peers = [until_shown(command, [b"100000"], environment=environment)[0] for _ in range(3)]
        lines.append(
            row("100,000 mails: first rows (wall)", first.wall, name, median(peers).wall, asked)
        )
    return lines + _moves(folder / "DATA" / "patchdesk" / "index.sqlite3")


def _moves(index: Path) -> list[str]:
    """Return what moving about costs, of the tree's own work and the queries under it."""
    from core.lists import ListDesk, Wanted
    from tui.widgets.tree_model import Rows

    desk = ListDesk(index, Wanted())
    pages = desk.pages(Event())
    next(pages)
    page = next(pages)
    rows = Rows()
    rows.replace(page.items, keep=False)

    def expand() -> None:
        rows.fold(50_000, expanded=True)
        for at in range(49_990, 50_030):
            _ = rows[at]

    def collapse() -> None:
        rows.fold(50_000, expanded=False)

    place = 0

    def page_down() -> None:
        nonlocal place
        place += 40
        for at in range(place, place + 40):
            _ = rows[at]

    def end() -> None:
        for at in range(len(rows) - 40, len(rows)):
            _ = rows[at]

    lines = []
    for name, work in (("expand", expand), ("collapse", collapse), ("page down", page_down), ("to the end", end)):  # fmt: skip
        cost = cpu_of(work).cpu * 1000
        lines.append(f"{f'100,000 series: {name} (CPU)':<46} {cost:9.2f} ms   asked: < 20")
    desk.close()
    return lines


def _title(number: int) -> str:
    return f"{_WORDS[number % 12]}{number}: trim the {_WORDS[number // 12 % 12]} {_ASIDE}"


def _mails(count: int) -> Iterator[bytes]:
    """Yield lone patches of an invented project, an hour apart, the last of them now."""
    now = int(time.time())
    for number in range(count):
        sent = time.strftime(
            "%a, %d %b %Y %H:%M:%S +0000", time.gmtime(now - (count - number) * 900)
        )
        author = f"Author {number % 997}"
        yield (
            f"From lantern@example.org Thu Jan  1 00:00:00 1970\n"
            f"From: {author} <a{number % 997}@lantern.example.org>\nTo: lantern@lists.example.org\n"
            f"Subject: [PATCH] {_title(number)}\nDate: {sent}\nMessage-ID: <p{number}@lantern.example.org>\n\n"
            f"It is better so.\n\nSigned-off-by: {author} <a{number % 997}@lantern.example.org>\n---\n"
            f" wick.c | 2 +-\n\ndiff --git a/wick.c b/wick.c\n--- a/wick.c\n+++ b/wick.c\n@@ -1 +1 @@\n"
            f"-int wick = {number};\n+int wick = {number + 1};\n-- \n2.40\n\n"
        ).encode()
