"""The goals of the measurements as data, and the table of what was measured against them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

FRAME: Final = "bare Textual frame"


@dataclass(frozen=True, slots=True)
class Goal:
    """The limit of a figure: of its ratio to its peer's, or of itself where it has no peer.

    With `ahead` the ratio is the peer's to ours, and is at least the limit; else it is ours to the peer's, or ours
    alone, and is at most the limit.
    """

    limit: float
    peer: str = ""
    ahead: bool = False
    unit: str = "ms"


GOALS: Final[Mapping[str, Goal]] = {
    "open 1,000 mails: first rows, wall": Goal(1.2, FRAME),
    "open 1,000 mails: first rows, CPU": Goal(1.2, FRAME),
    "open 1,000 mails: whole tree, wall": Goal(1.8, FRAME),
    "open 1,000 mails: whole tree, CPU": Goal(1.8, FRAME),
    "lists: first rows, CPU": Goal(1.0, FRAME),
    "lists: first key that acts, CPU": Goal(1.3, FRAME),
    "lists: first rows, CPU, mutt": Goal(8, "mutt", ahead=True),
    "lists: first rows, CPU, neomutt": Goal(20, "neomutt", ahead=True),
    "key in a tree of 10,000 rows, mail shown, CPU": Goal(0.05, FRAME),
    "lists: key to mail shown, wall": Goal(100),
    "lists: find settled, wall": Goal(150),
    "find at 100,000: p95, CPU": Goal(0.04, FRAME),
    "find at 100,000: max, CPU": Goal(0.3, FRAME),
    "view counts: slowest, CPU": Goal(30),
    "digest of kvm-ppc, threads, CPU": Goal(2.5, "git cat-file --batch"),
    "digest of kvm-ppc, seed, CPU": Goal(2.5, "git cat-file --batch"),
    "first ingest of kvm-ppc, CPU, basic": Goal(5, "public-inbox-index -L basic", True, "s"),
    "first ingest of kvm-ppc, CPU, mu": Goal(7, "mu index", True, "s"),
    "first ingest of kvm-ppc, CPU, notmuch": Goal(9, "notmuch new", True, "s"),
    "first ingest of kvm-ppc: index a mail": Goal(900, unit="B"),
    "first ingest of kvm-ppc: memory": Goal(250, unit="MiB"),
    "first ingest of kvm-ppc: wall of CPU": Goal(0.6, "its CPU", unit="s"),
    "tiny mails, each a series, CPU a mail": Goal(0.5),
    "tiny mails, each a series: index a mail": Goal(1200, unit="B"),
    "kvm-ppc parsed and grouped, CPU": Goal(20, "b4's LoreMailbox", True, "s"),
    "a thread over HTTP, wall": Goal(3.5, "b4's fetch + LoreMailbox", True),
    "a mail of 50,000 lines: first paint, CPU": Goal(30),
    "comments of a series with 300, cached, CPU": Goal(200),
    "coverage of 30 patches in 5 versions, cached, CPU": Goal(100),
    "first sync of 100,000 real mails, CPU a mail": Goal(0.5),
    "first sync of 100,000 real mails: wall of CPU": Goal(0.6, "its CPU", unit="s"),
    "1,000,000 mails: first rows, CPU": Goal(1.2, "at 100,000"),
    "1,000,000 mails: page, CPU": Goal(1.2, "at 100,000"),
    "1,000,000 mails: find p95, CPU": Goal(2.5, "at 100,000"),
    "1,000,000 mails: sync of 100 new, CPU": Goal(1.5, "at 100,000"),
    "1,000,000 mails: memory of the reader": Goal(200, unit="MiB"),
}
"""What is measured, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measurement that has a goal; `work` is its key in `GOALS`, and `theirs` the peer's where it has one."""

    work: str
    ours: float
    theirs: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times one is the other, as the goal has it."""
        if not self.theirs:
            return None
        return self.theirs / self.ours if GOALS[self.work].ahead else self.ours / self.theirs

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached."""
        goal, ratio = GOALS[self.work], self.ratio
        if goal.ahead:
            return ratio is not None and ratio >= goal.limit
        return (self.ours if ratio is None else ratio) <= goal.limit

    def __str__(self) -> str:
        goal = GOALS[self.work]
        theirs = "" if self.theirs is None else _amount(self.theirs, goal.unit)
        ratio = "" if self.ratio is None else f"{self.ratio:.3g} x"
        limit = f"{'>=' if goal.ahead else '<='} {goal.limit:g}"
        limit += " x" if goal.peer else f" {goal.unit}"
        return (
            f"{self.work:<48} {_amount(self.ours, goal.unit):>12} {theirs:>12} {ratio:>9}"
            f"   {limit:<10} {'met' if self.is_met else 'NOT MET':<8} {goal.peer}"
        ).rstrip()


def _amount(value: float, unit: str) -> str:
    digits = 2 if value < 10 else 1 if value < 1000 else 0
    return f"{value:,.{digits}f} {unit}"


def table(figures: Iterable[Figure]) -> Iterator[str]:
    """Yield the lines of one table, in the order of the goals; last the goals that nothing was measured for."""
    found = {figure.work: figure for figure in figures}
    yield f"{'work':<48} {'ours':>12} {'peer':>12} {'ratio':>9}   {'goal':<10} {'':<8} peer"
    yield from (str(found[work]) for work in GOALS if work in found)
    for work in GOALS:
        if work not in found:
            yield f"{work:<48} {'not measured':>12}"
