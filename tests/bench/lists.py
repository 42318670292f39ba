"""The desk on an index of 100,000 mails: to its first rows and about in it, beside a bare Textual application and the
mail readers that open the same mails as an mbox. The index was made before; mail readers read the mbox each time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from tests.bench.corpus import large_epoch, mails_of, newest_of, write_mbox
from tests.bench.goals import Figure
from tests.bench.measure import RUNS, bare_once, cpu_of, median, row, until_shown

SERIES = 100_000
_WORDS = ("wick", "oil", "glass", "flame", "lamp", "brass", "draught", "trim", "spill", "light", "soot", "chimney")  # fmt: skip
_ASIDE = "of the draught in the hall"
_HELP = b"Esc close"
"""What the help of keys shows, which the first key asks for."""


def run(folder: Path) -> list[Figure | str]:
    """Return the lines of the table: on real mails where an archive is named that has enough, then on made up series."""
    epoch = large_epoch(SERIES)
    lines: list[Figure | str] = ["lists: no archive of 100,000 mails is named"]
    if epoch is not None:
        inbox = newest_of(epoch, folder / "real", SERIES)
        mbox = folder / "real.mbox"
        count = write_mbox(mails_of(inbox), mbox)
        lines = _opening(folder / "real-home", inbox, mbox, f"{count:,} real mails", count)
        mbox.unlink()
    mbox = folder / "lantern.mbox"
    with mbox.open("wb") as file:
        file.writelines(_mails(SERIES))
    lines += _opening(folder / "made-home", mbox, mbox, "100,000 series", SERIES)
    return [*lines, *_moves(folder / "made-home" / "DATA" / "patchdesk" / "index.sqlite3")]


def _opening(home: Path, target: Path, mbox: Path, what: str, count: int) -> list[Figure | str]:
    """Return when the first rows of a list stand on the screen, and when they do in mail readers on the same mails."""
    (home / "Mail").mkdir(parents=True)  # or they ask whether to make it
    environment = {
        "HOME": str(home),
        **{f"XDG_{n}_HOME": str(home / n) for n in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
    ours = [sys.executable, "-m", "tui.cli.main"]
    everything = {**os.environ, **environment}
    subprocess.run([*ours, "follow", "lantern", str(target)], check=True, env=everything, stdout=2)
    subprocess.run([*ours, "sync"], check=True, env=everything, stdout=2)
    newest = _newest(home / "DATA" / "patchdesk" / "index.sqlite3")
    first, frame, bare, acts = [], [], [], []
    for _ in range(RUNS):
        # The application draws its title; before that, the first rows stand where they will be.
        took = until_shown(ours, [newest, b"all lists"], environment=environment)
        first.append(took[0])
        frame.append(took[1])
        acts += until_shown(ours, [_HELP], environment=environment, typed=b"?")
        bare.append(bare_once())
    rows, whole, plain = median(first), median(frame), median(bare)
    lines: list[Figure | str] = [
        row(f"{what}: first rows (wall)", rows.wall, "bare Textual frame", plain.wall, "<= 1.3x"),
        f"{what}:",
        Figure("lists: first rows, CPU", rows.cpu * 1e3, plain.cpu * 1e3),
        Figure("lists: first key that acts, CPU", median(acts).cpu * 1e3, plain.cpu * 1e3),
        row(f"{what}: all in colour (wall)", whole.wall, "bare Textual frame", plain.wall, "-"),
        row(f"{what}: all in colour (CPU)", whole.cpu, "bare Textual frame", plain.cpu, "-"),
    ]
    (counted,) = until_shown(ours, [b"1 of "], environment=environment)
    lines.append(f"{what}: memory with the whole tree {counted.memory:9.1f} MiB   asked: < 150")
    for name, asked in (("mutt", ">= 8x"), ("neomutt", ">= 20x")):
        if shutil.which(name) is None:
            lines.append(f"{name}: skipped, it is not installed")
            continue
        command = [name, "-n", "-F", "/dev/null", "-R", "-f", str(mbox)]
        peers = [
            until_shown(command, [f"Msgs:{count}".encode()], environment=environment, deadline=300)[
                0
            ]
            for _ in range(3)
        ]
        lines.append(row(f"{what}: first rows (wall)", rows.wall, name, median(peers).wall, asked))
        lines.append(
            Figure(f"lists: first rows, CPU, {name}", rows.cpu * 1e3, median(peers).cpu * 1e3)
        )
    return lines


def _newest(index: Path) -> bytes:
    """Return how the subject of the first row begins."""
    from core.index.index import RowView, open_index

    opened = open_index(index)
    try:
        (summary,) = opened.rows.summaries(opened.rows.order(RowView(), 1))
    finally:
        opened.close()
    return summary.subject[:12].encode()


def _moves(index: Path) -> list[str]:
    """Return the cost of moving the cursor: the tree's own work and its queries."""
    from core.desk.list_query import ListQuery
    from core.desk.lists_desk import ListDesk
    from tui.tree.model import Rows

    desk = ListDesk(index, ListQuery())
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
