"""A sitting of triage by keys alone, on a terminal, over the real list kvm-ppc."""

from __future__ import annotations

import random
import re
import statistics
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from core.desk.triage_service import Journal, TriageService
from core.index.index import open_index
from core.triage.journal import FILE
from tests.end_to_end.program import INBOX_OF_OLD_MAIL, ROOT, Program
from tests.tui.terminal import Terminal, running

BUNDLE = ROOT.parent / "shared" / "archives" / "kvm-ppc.bundle"
SERIES = 200
_VERBS = {
    "d": ("done", "done"),
    "x": ("skipped", "skipped"),
    "w": ("waiting", "waiting"),
    "A": ("accepted", "accepted"),
    "s2w\r": ("snoozed", "later"),
}
"""Keys, the message, and the status of the series after it."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not BUNDLE.exists():
        pytest.skip("the archive of kvm-ppc is not beside the repository")
    home = tmp_path_factory.mktemp("home")
    clone = home / "kvm" / "git" / "0.git"
    command = ["git", "clone", "-q", "--mirror", str(BUNDLE), str(clone)]
    subprocess.run(command, check=True, capture_output=True)
    program = Program(home)
    program.config.parent.mkdir(parents=True)
    program.config.write_text(INBOX_OF_OLD_MAIL)
    program.do("follow", "kvm-ppc", str(home / "kvm"))
    assert program.run("sync")[0] == 0
    return home


def answer(terminal: Terminal, keys: str, message: str) -> float:
    """Press keys and wait until the screen says some words; return after how many seconds it did."""
    started = time.perf_counter()
    since = terminal.press(keys)
    while message not in terminal.text(since):
        assert time.perf_counter() - started < 20, (keys, message, terminal.output[-2000:])
        assert terminal.process.poll() is None
        terminal.read(0.002)
    return time.perf_counter() - started


def begin(terminal: Terminal) -> None:
    """Wait until all rows are there, and how they stand."""
    terminal.see("? help")
    terminal.rest(2.0)


def standings(home: Path) -> Counter[str]:
    """Return how many series of the index stand how."""
    data = home / ".local" / "share" / "patchdesk"
    index = open_index(data / "index.sqlite3")
    known = TriageService(index, Journal(data / FILE)).states()
    index.close()
    return Counter(str(one.status) for one in known.values() if one.status != "new")


@pytest.mark.slow
def test_two_hundred_series_by_keys_alone(home: Path) -> None:
    choice = random.Random(6)
    expected: Counter[str] = Counter()
    took: list[float] = []
    with running([], home, size=(40, 140)) as terminal:
        begin(terminal)
        for number in range(SERIES):
            keys, (message, status) = choice.choice(list(_VERBS.items()))
            took.append(answer(terminal, keys, message))
            expected[status] += 1
            if number % 10 == 9:  # one changes one's mind
                answer(terminal, "u", "undone: ")
                answer(terminal, "U", "redone: ")
                took.append(answer(terminal, "u", "undone: "))
                took.append(answer(terminal, keys, message))
        terminal.quit()
    assert standings(home) == expected
    assert sum(expected.values()) == SERIES
    lines = (home / ".local" / "share" / "patchdesk" / FILE).read_text().splitlines()
    assert sum('"series"' in line for line in lines) == SERIES + SERIES // 10
    print(f"a key was answered in {statistics.median(took) * 1000:.0f} ms (median of {len(took)})")


def test_five_hundred_are_marked_and_done_in_a_second(home: Path) -> None:
    before = standings(home)
    with running([], home, size=(40, 140)) as terminal:
        begin(terminal)
        since = len(terminal.output)
        took = answer(terminal, "VGd", "done: ")
        found = re.search("done: ([0-9]+) series", terminal.text(since))
        assert found is not None
        assert int(found[1]) >= 500
        answer(terminal, "u", f"undone: done ({found[1]} series)")
        terminal.quit()
    assert standings(home) == before
    print(f"all that were left were marked and done in {took * 1000:.0f} ms")
