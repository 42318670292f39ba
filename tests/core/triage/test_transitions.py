"""The table of states is complete and right."""

from __future__ import annotations

import pytest

from core.triage.transitions import (
    DECIDED,
    DECISION_VERBS,
    ORDER,
    RESURFACES_ON,
    TRANSITIONS,
    UNDECIDED,
    VERB_TEXTS,
    Argument,
    ResurfaceCause,
    Status,
    Verb,
    allowed_verbs,
    next_status,
)

CONTRACT = "done skip wait later accept reopen flag unflag label unlabel note priority read unread settle unsettle"


def test_the_verbs_are_those_of_the_command_line() -> None:
    assert [str(verb) for verb in Verb] == CONTRACT.split()
    assert list(VERB_TEXTS) == list(Verb)
    assert all(words.help and words.done for words in VERB_TEXTS.values())


def test_every_state_has_its_row_and_its_place() -> None:
    assert set(TRANSITIONS) == set(Status) == set(ORDER)
    assert len(ORDER) == len(Status)
    assert not DECIDED & UNDECIDED


@pytest.mark.parametrize(
    ("verb", "to"),
    [
        (Verb.DONE, Status.DONE),
        (Verb.SKIP, Status.SKIPPED),
        (Verb.WAIT, Status.WAITING),
        (Verb.LATER, Status.LATER),
        (Verb.ACCEPT, Status.ACCEPTED),
        (Verb.REOPEN, Status.NEW),
    ],
)
def test_a_verdict_leads_to_one_state_from_wherever_it_is_possible(verb: Verb, to: Status) -> None:
    assert verb in DECISION_VERBS
    for status in Status:
        led = next_status(status, verb)
        if verb is Verb.REOPEN:
            possible = status not in UNDECIDED
        else:
            possible = status is not to or verb is Verb.LATER
        assert led == (to if possible else None)
        assert (verb in allowed_verbs(status)) == possible


@pytest.mark.parametrize("verb", sorted(set(Verb) - DECISION_VERBS))
def test_a_mark_changes_no_verdict(verb: Verb) -> None:
    for status in Status:
        expected = status
        if status is Status.NEW and verb is Verb.READ:
            expected = Status.READING
        if status is Status.READING and verb is Verb.UNREAD:
            expected = Status.NEW
        assert next_status(status, verb) is expected


def test_what_takes_an_argument() -> None:
    assert {verb: words.argument for verb, words in VERB_TEXTS.items() if words.argument} == {
        Verb.LATER: Argument.UNTIL,
        Verb.LABEL: Argument.LABEL,
        Verb.UNLABEL: Argument.LABEL,
        Verb.NOTE: Argument.NOTE,
        Verb.PRIORITY: Argument.PRIORITY,
        Verb.SETTLE: Argument.COMMENT,
        Verb.UNSETTLE: Argument.COMMENT,
    }


def test_done_and_waiting_come_back_and_nothing_else_does() -> None:
    assert {
        Status.DONE: frozenset(ResurfaceCause),
        Status.WAITING: frozenset(ResurfaceCause),
    } == RESURFACES_ON
