"""However mails come, and whatever is decided meanwhile: the index ends with the standings that follow from all mails and the
whole journal at once."""

from __future__ import annotations

import random
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from core.desk.triage_service import Journal, TriageService
from core.errors import Cancelled
from core.index.index import Index, RowView
from core.index.triage_store import IndexTriageStore
from core.model import MessageId
from core.triage.arguments import ArgumentError
from core.triage.memory_store import InMemoryTriageStore
from core.triage.state import INITIAL_STATE, TriageState
from core.triage.transitions import Verb
from tests.core.index.test_equality import ANY, mails, new_index, small_steps
from tests.core.indexing import NOBODY, Log, bring, check_whole, grouped, held, quiet

__all__ = ["small_steps"]

ME = "rex@example.com"
VERBS = (Verb.DONE, Verb.DONE, Verb.WAIT, Verb.SKIP, Verb.LATER, Verb.REOPEN, Verb.FLAG, Verb.LABEL)


def decide(triage: TriageService, chance: random.Random) -> None:
    """Do something to some mails, which may not be here yet."""
    ids = [MessageId(f"m{chance.randrange(25)}@example.org") for _ in range(chance.randrange(1, 4))]
    verb = chance.choice(VERBS)
    roll = chance.random()
    if roll < 0.1:
        triage.undo()
    elif roll < 0.15:
        triage.redo()
    elif roll < 0.3:
        triage.mark_read(ids, read=chance.random() < 0.8)
    elif roll < 0.4:
        triage.apply(chance.choice((Verb.DONE, Verb.SKIP)), ids, patch=True)
    else:
        with suppress(ArgumentError):  # a discussion has no versions to wait for
            triage.apply(verb, ids, argument={Verb.LATER: "v", Verb.LABEL: "x"}.get(verb))


def shown(index: Index) -> dict[MessageId, TriageState]:
    """Return where the rows stand that anything was done to."""
    known = IndexTriageStore(index).states()
    summaries = index.rows.summaries(index.rows.order(RowView()))
    assert known.keys() <= {one.row for one in summaries}
    for one in summaries:
        assert one.state == known.get(one.row, INITIAL_STATE)
    return {one.id: state for one in summaries if (state := known.get(one.row)) is not None}


def expected(came: list[tuple[str, bytes]], journal: Journal) -> dict[int | MessageId, TriageState]:
    """Return the same, of mails grouped at once and a journal read at once."""
    book = InMemoryTriageStore([ME])
    book.set_items(grouped(came).values())
    book.apply_new_events(journal)
    return book.states()


@ANY
@given(raws=st.lists(mails(), min_size=1, max_size=20), seed=st.randoms(use_true_random=False))
def test_standings_are_as_of_all_at_once(raws: list[bytes], seed: random.Random) -> None:
    chance = random.Random(seed.random())
    came = [(chance.choice(("one", "two")), raw) for raw in raws]
    came += [("two", raw) for _, raw in chance.sample(came, len(came) // 4)]
    with new_index() as index:
        journal = Journal(index.path.with_name("triage.jsonl"), host="desk")
        triage = TriageService(index, journal, [ME])
        logs = {"one": Log("one"), "two": Log("two")}
        for name, raw in came:
            logs[name].entries.append((raw, True))
            if chance.random() < 0.4:
                log = logs[chance.choice(("one", "two"))]
                log.fails_after = chance.choice(
                    (None, None, chance.randrange(len(log.entries) + 1))
                )
                with suppress(Cancelled):
                    bring(index, log)
                log.fails_after = None
            if chance.random() < 0.5:
                decide(triage, chance)
        for log in logs.values():
            bring(index, log)
        triage.refresh()
        held(index)
        check_whole(index)
        assert shown(index) == expected(came, journal)
        if chance.random() < 0.5:
            index.writer.forget("one", stop=NOBODY, report=quiet)
            left = [(name, raw) for name, raw in came if name == "two"]
            assert shown(index) == expected(left, journal)
