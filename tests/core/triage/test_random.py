"""Whatever is done, undone and done again in whatever order: series stand as the table says, in the index, in memory, after
the index was lost, and after two machines' journals were laid together either way round."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.model import MessageId
from core.triage.state import TriageState
from core.triage.transitions import DECISION_VERBS, PRIORITIES, TRANSITIONS, Status, Verb
from tests.core.triage.triage_kit import Desk, mail, series

NAMES = ("lamp", "wick", "oil", "brass", "soot")
MAILS = [
    *(raw for name in NAMES for raw in series(name)),
    *series("wick", 2, day=3),
    mail("talk@x", "Which lamps?", day=1),
]
IDS = (*(MessageId(f"{name}-v1-0@x") for name in NAMES), MessageId("talk@x"))
DOING = tuple(verb for verb in Verb if verb not in (Verb.READ, Verb.UNREAD))
ARGUMENTS: dict[Verb, tuple[str, ...]] = {
    Verb.LATER: ("3d", "2w", "2100-01-01"),
    Verb.LABEL: ("a", "b", "c"),
    Verb.UNLABEL: ("a", "b", "c"),
    Verb.PRIORITY: ("+1", "-1", "=4", "0", "+7"),
    Verb.SETTLE: ("a" * 32, "b" * 32),
    Verb.UNSETTLE: ("a" * 32, "b" * 32),
}


@dataclass(frozen=True)
class Row:
    """A model of one series by the table of states alone."""

    status: Status = Status.NEW
    flagged: bool = False
    priority: int = 0
    labels: frozenset[str] = frozenset()
    note: str = ""
    settled: frozenset[tuple[str, bool]] = frozenset()

    def after(self, verb: Verb, argument: str | None, note: str | None) -> Row:
        """Return it after a verb; itself where that is not possible."""
        status = TRANSITIONS[self.status].get(verb)
        if status is None:
            if note is None or note == self.note:
                return self
            status = self.status
        row = replace(self, status=status, note=self.note if note is None else note)
        if verb in (Verb.FLAG, Verb.UNFLAG):
            row = replace(row, flagged=verb is Verb.FLAG)
        if argument and verb in (Verb.LABEL, Verb.UNLABEL):
            one = {argument}
            row = replace(row, labels=row.labels | one if verb is Verb.LABEL else row.labels - one)
        if argument and verb in (Verb.SETTLE, Verb.UNSETTLE):
            marks = dict(self.settled) | {argument: verb is Verb.SETTLE}
            row = replace(row, settled=frozenset(marks.items()))
        if argument and verb is Verb.PRIORITY:
            wanted = int(argument.lstrip("="))
            if argument[0] in "+-":
                wanted += row.priority
            row = replace(row, priority=min(max(wanted, PRIORITIES[0]), PRIORITIES[-1]))
        return row

    @classmethod
    def of(cls, state: TriageState) -> Row:
        """Return the same of a standing."""
        return cls(
            state.status,
            state.flagged,
            state.priority,
            frozenset(state.labels),
            state.note,
            frozenset(state.settled),
        )


@dataclass
class Model:
    """The table, with an undo stack that every editor has."""

    rows: dict[MessageId, Row] = field(default_factory=lambda: dict.fromkeys(IDS, Row()))
    past: list[dict[MessageId, Row]] = field(default_factory=list)
    future: list[dict[MessageId, Row]] = field(default_factory=list)

    def do(self, verb: Verb, ids: list[MessageId], argument: str | None, note: str | None) -> int:
        """Do it, and return how many series it does something to."""
        rows = dict(self.rows)
        count = 0
        for one in ids:
            before = rows[one]
            rows[one] = before.after(verb, argument, note)
            # Putting off again is something, though it leaves the state as it is.
            moves = verb in DECISION_VERBS and verb in TRANSITIONS[before.status]
            count += moves or rows[one] != before
        if count:
            self.past.append(self.rows)
            self.future.clear()
            self.rows = rows
        return count

    def undo(self) -> bool:
        """Take the last back."""
        return self._move(self.past, self.future)

    def redo(self) -> bool:
        """Do the last undone again."""
        return self._move(self.future, self.past)

    def _move(self, here: list[dict[MessageId, Row]], there: list[dict[MessageId, Row]]) -> bool:
        if not here:
            return False
        there.append(self.rows)
        self.rows = here.pop()
        return True


@contextmanager
def a_desk(host: str = "desk") -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), *MAILS, host=host)
        try:
            yield desk
        finally:
            desk.close()


def one_of(chance: random.Random, verb: Verb) -> tuple[str | None, str | None]:
    """Return an argument and a note for a verb."""
    argument = chance.choice(ARGUMENTS[verb]) if verb in ARGUMENTS else None
    note = chance.choice((None, None, None, "x", "y"))
    return argument, note if verb is not Verb.NOTE else chance.choice(("", "x", "z"))


def act(desk: Desk, model: Model, chance: random.Random) -> None:
    """Do the same at random to both, and see that both say the same of it."""
    roll = chance.random()
    desk.clock.go(seconds=chance.choice((0, 0, 1, 60, -3600)))
    if roll < 0.2:
        assert (desk.triage.undo() is not None) == model.undo()
    elif roll < 0.35:
        assert (desk.triage.redo() is not None) == model.redo()
    elif roll < 0.38:
        desk.triage = desk.made()  # the program is started again
    else:
        verb = chance.choice(DOING)
        ids = chance.sample(IDS, chance.choice((1, 1, 1, 2, 4)))
        argument, note = one_of(chance, verb)
        outcome = desk.triage.apply(verb, ids, argument=argument, note=note)
        assert len(outcome.changes) == model.do(verb, ids, argument, note)
        for change in outcome.changes:
            assert Row.of(change.after) == model.rows[change.id]


def rows(shown: dict[MessageId, TriageState]) -> dict[MessageId, Row]:
    return {one: Row.of(state) for one, state in shown.items()}


@pytest.mark.torture
@settings(max_examples=1, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_a_thousand_verbs_end_as_the_table_says(chance: random.Random) -> None:
    with a_desk() as desk:
        model = Model()
        chance = random.Random(chance.random())  # a thousand choices are more than hypothesis draws
        for _ in range(1000):
            act(desk, model, chance)
        assert rows(desk.shown()) == model.rows
        desk.check()
        assert rows(desk.shown()) == model.rows
        # Undo goes back to the very beginning, over the restart and the lost index.
        while desk.triage.undo() is not None:
            assert model.undo()
        assert not model.undo()
        assert set(rows(desk.shown()).values()) == {Row()}
        while desk.triage.redo() is not None:
            assert model.redo()
        assert rows(desk.shown()) == model.rows


class Triaging(RuleBasedStateMachine):
    """The same, a step at a time, so that a failure is minimised."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.desk = Desk(Path(self._folder.name), *MAILS)
        self.model = Model()

    @rule(
        verb=st.sampled_from(DOING),
        ids=st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True),
        chance=st.randoms(use_true_random=False),
        back=st.sampled_from((0, 0, 5)),
    )
    def do(self, verb: Verb, ids: list[MessageId], chance: random.Random, back: int) -> None:
        self.desk.clock.go(seconds=1 - back)
        argument, note = one_of(chance, verb)
        outcome = self.desk.triage.apply(verb, ids, argument=argument, note=note)
        assert len(outcome.changes) == self.model.do(verb, ids, argument, note)

    @rule()
    def undo(self) -> None:
        assert (self.desk.triage.undo() is not None) == self.model.undo()

    @rule()
    def redo(self) -> None:
        assert (self.desk.triage.redo() is not None) == self.model.redo()

    @rule()
    def start_again(self) -> None:
        self.desk.triage = self.desk.made()

    @invariant()
    def stands_as_the_table_says(self) -> None:
        assert rows(self.desk.shown()) == self.model.rows

    def teardown(self) -> None:
        self.desk.check()
        self.desk.close()
        self._folder.cleanup()


TestTriaging = Triaging.TestCase
TestTriaging.settings = settings(
    max_examples=6,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def standings_from(journal: bytes, folder: Path) -> dict[MessageId, TriageState]:
    """Return where the series stand by a journal, in an index of its own."""
    folder.mkdir()
    with_journal = folder / "triage.jsonl"
    with_journal.write_bytes(journal)
    desk = Desk(folder, host="third")
    desk.triage.refresh()
    desk.come(*MAILS)
    found = desk.shown()
    assert found == desk.remembered()
    desk.close()
    return found


@pytest.mark.torture
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_two_machines_journals_say_the_same_either_way_round(chance: random.Random) -> None:
    chance = random.Random(chance.random())
    with a_desk("one") as one, a_desk("two") as two, tempfile.TemporaryDirectory() as folder:
        two.clock.go(seconds=30)
        models = {one.host: Model(), two.host: Model()}
        for _ in range(80):
            desk = chance.choice((one, two))
            act(desk, models[desk.host], chance)
        for desk in (one, two):
            for _ in range(5):
                desk.triage.mark_read([chance.choice(IDS)], read=chance.random() < 0.7)
                desk.clock.go(seconds=7)
        first, second = one.journal.path.read_bytes(), two.journal.path.read_bytes()
        lines = [*first.splitlines(keepends=True), *second.splitlines(keepends=True)]
        shuffled = chance.sample(lines, len(lines))
        shuffled += chance.sample(lines, len(lines) // 3)
        together = [first + second, second + first, b"".join(shuffled)]
        found = [
            standings_from(journal, Path(folder) / f"{at}") for at, journal in enumerate(together)
        ]
        assert found[0] == found[1] == found[2]


def test_the_later_of_two_machines_wins(tmp_path: Path) -> None:
    with a_desk("one") as one, a_desk("two") as two:
        lamp = IDS[0]
        two.clock.now = one.clock.now + timedelta(seconds=1)
        two.triage.apply(Verb.SKIP, [lamp], note="two")
        one.triage.apply(Verb.DONE, [lamp])
        one.triage.apply(Verb.FLAG, [lamp])
        for name, journals in (("a", (one, two)), ("b", (two, one))):
            merged = b"".join(desk.journal.path.read_bytes() for desk in journals)
            state = standings_from(merged, tmp_path / name)[lamp]
            assert (state.status, state.flagged, state.note) == (Status.SKIPPED, True, "two")
        # Each takes back what it did itself.
        with one.journal.path.open("rb") as lines:
            two.triage.applied.import_events(lines)
        assert (outcome := two.triage.undo()) is not None
        assert outcome.text.startswith("undone: skip (")
        assert two.triage.state_of(lamp).status is Status.DONE
