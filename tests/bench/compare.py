"""Two revisions side by side: the same suites on the code of each, in turn, so that both see the same machine."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.corpus import ROOT
from tests.bench.goals import GOALS, Figure

RUNS: Final = 3

Found = dict[str, list[float]]
"""Ours of each figure, run by run."""


def compare(revision: str, suites: Sequence[str], folder: Path) -> Iterator[str]:
    """Yield a line for each figure: at the revision, in this tree, and their ratio; medians of three runs."""
    before: Found = {}
    now: Found = {}
    with worktree(revision, folder / "revision") as tree:
        for number in range(RUNS):
            for suite in suites:
                for found, root in ((before, tree), (now, ROOT)):
                    written = folder / f"figures-{number}-{suite}-{root.name}"
                    for figure in _measured(root, suite, written):
                        found.setdefault(figure.work, []).append(figure.ours)
    yield from lines(revision, before, now)


def lines(revision: str, before: Mapping[str, list[float]], now: Mapping[str, list[float]]) -> Iterator[str]:  # fmt: skip
    """Yield the table of the medians, in the order of the goals."""
    yield f"{'work':<48} {revision[:12]:>14} {'this tree':>14} {'ratio':>8}"
    for work, goal in GOALS.items():
        if work in before and work in now:
            old, new = statistics.median(before[work]), statistics.median(now[work])
            yield f"{work:<48} {old:>10.2f} {goal.unit:<3} {new:>10.2f} {goal.unit:<3} {new / old:>8.3f}"
        elif work in before or work in now:
            where = "at the revision" if work in before else "in this tree"
            yield f"{work:<48} measured {where} alone"


@contextmanager
def worktree(revision: str, folder: Path) -> Iterator[Path]:
    """Check a revision out into a folder for a while, with the suites of this tree in place of its own.

    Raises CalledProcessError where git knows no such revision.
    """
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), revision], check=True)
    try:
        shutil.rmtree(folder / "tests" / "bench", ignore_errors=True)
        shutil.copytree(ROOT / "tests" / "bench", folder / "tests" / "bench")
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def _measured(root: Path, suite: str, written: Path) -> Iterable[Figure]:
    """Run a suite on the code of a tree; a suite that fails there has no figures, and says why on standard error."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),  # before this tree, which is installed
        "PATCHDESK_BENCH_SHARED": str(ROOT.parent / "shared"),
    }
    command = [sys.executable, "-m", "tests.bench", f"--figures={written}", suite]
    print(f"{suite} in {root.name}", file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, check=False)  # fmt: skip
    if done.returncode or not written.exists():
        print(f"{suite} failed in {root.name}", file=sys.stderr, flush=True)
    if not written.exists():
        return []
    return [Figure(*json.loads(line)) for line in written.read_text().splitlines()]
