"""The table of the measurements: what it says of figures and goals. Nothing is timed here."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench.compare import lines
from tests.bench.goals import GOALS, Figure, table

SUITES = Path(__file__).parent / "bench"


def test_every_figure_has_a_goal_and_every_goal_a_figure() -> None:
    named: set[str] = set()
    for path in SUITES.glob("*.py"):
        text = path.read_text()
        named |= set(re.findall(r'Figure\(\s*f?"([^"]+)"', text))
        named |= set(re.findall(r'work = f"([^"]+)"', text))
    filled = {re.sub(r"\{\w+\}", ".*", name) for name in named}
    assert not {name for name in filled if not any(re.fullmatch(name, work) for work in GOALS)}
    assert not {work for work in GOALS if not any(re.fullmatch(name, work) for name in filled)}


def test_the_table_says_what_is_met_missed_and_not_measured() -> None:
    slow = "first ingest of kvm-ppc, CPU, mu"
    said = {
        line.split("  ")[0]: line
        for line in table(
            [
                Figure("view counts: slowest, CPU", 31),
                Figure(slow, 2.0, 14.0),
                Figure("lists: first rows, CPU", 300, 301),
            ]
        )
    }
    assert "NOT MET" in said["view counts: slowest, CPU"]
    assert "7 x" in said[slow]
    assert "NOT MET" not in said[slow]
    assert "met  " in said["lists: first rows, CPU"]
    assert "not measured" in said["a thread over HTTP, wall"]
    assert not Figure(slow, 2.0, 13.9).is_met


def test_two_revisions_stand_side_by_side_with_their_medians() -> None:
    work, other = "view counts: slowest, CPU", "a thread over HTTP, wall"
    said = list(lines("0123456789abcdef", {work: [10, 90, 20], other: [1]}, {work: [5, 5, 80]}))
    assert "0123456789ab " in said[0]
    assert said[1].split()[-5:] == ["20.00", "ms", "5.00", "ms", "0.250"]
    assert said[2].endswith("measured at the revision alone")
