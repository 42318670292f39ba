"""A digest of a whole archive, beside `git cat-file --batch` reading the same mails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.bench.corpus import ROOT, kvm_ppc
from tests.bench.goals import GOALS, Figure
from tests.bench.measure import row

_RUNS = 3
_LAYOUTS = {
    "threads": (),
    "seed": ("--layout", "seed"),
    "seed, no patch list": ("--layout", "seed", "--no-patch-list"),
}


def run(folder: Path) -> list[Figure | str]:
    """Return the lines of the table; PATCHDESK_BENCH_INBOX may name another archive, of one epoch, than kvm-ppc."""
    named = os.environ.get("PATCHDESK_BENCH_INBOX")
    inbox = Path(named) if named else kvm_ppc(folder)
    if inbox is None:
        return ["digest: skipped, kvm-ppc is not there"]
    epoch = inbox / "git" / "0.git" if (inbox / "git").is_dir() else inbox
    git = ["git", "-C", str(epoch)]
    listed = subprocess.run(
        [*git, "rev-list", "-n", "10000", "HEAD"], capture_output=True, check=True, text=True
    )
    commits = listed.stdout.split()
    ids = folder / "ids"
    ids.write_text("".join(f"{commit}:m\n" for commit in commits))
    whole = len(commits) < 10_000
    words = f"..{commits[0]}" if whole else f"{commits[-1]}..{commits[0]}"
    theirs = min(_cpu([*git, "cat-file", "--batch"], ids)[0] for _ in range(_RUNS))
    lines: list[Figure | str] = []
    for name, options in _LAYOUTS.items():
        command = [sys.executable, "-m", "tui.cli.main", "digest", words, str(inbox), *options]
        runs = [_cpu(command) for _ in range(_RUNS)]
        memory = max(memory for _, memory in runs)
        what = f"digest ({name}) of {len(commits)} mails, {memory:.0f} MB"
        cost = min(cpu for cpu, _ in runs)
        work = f"digest of kvm-ppc, {name}, CPU"
        if named or work not in GOALS:
            lines.append(row(what, cost, "cat-file --batch", theirs, "<= 2.5x"))
        else:
            lines += [f"{what}:", Figure(work, cost * 1e3, theirs * 1e3)]
    return lines


def _cpu(command: list[str], stdin: Path | None = None) -> tuple[float, float]:
    """Return the CPU seconds of a command that writes into a pipe, and its largest resident set in MB."""
    with Path(stdin or os.devnull).open("rb") as given:
        child = subprocess.Popen(
            command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
        )
        assert child.stdout is not None
        while child.stdout.read(1 << 20):
            pass
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
        child.stdout.close()
    return used.ru_utime + used.ru_stime, used.ru_maxrss / _KIB


_KIB = 1024 if sys.platform == "linux" else 1 << 20
"""The unit of `ru_maxrss`, in bytes."""
