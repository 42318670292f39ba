"""Triage states: causes that bring series back, others that do not, and joins of series."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.model import MessageId
from core.triage.arguments import ArgumentError
from core.triage.transitions import Status, Verb
from tests.core.indexing import bring
from tests.core.triage.triage_kit import ANN, ME, NOW, REX, Desk, mail, series

LAMP = MessageId("lamp-v1-0@x")
WICK = MessageId("wick-v1-0@x")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    one = Desk(tmp_path, *series("lamp"), *series("wick"))
    yield one
    one.check()
    one.close()


def status(desk: Desk, one: MessageId = LAMP) -> tuple[Status, str]:
    state = desk.triage.state_of(one)
    return state.status, state.why


DECIDING = (
    (Verb.DONE, None),
    (Verb.WAIT, None),
    (Verb.SKIP, None),
    (Verb.LATER, "2w"),
    (Verb.ACCEPT, None),
)


@pytest.mark.parametrize(("verb", "argument"), DECIDING)
@pytest.mark.parametrize(
    ("mails", "why"),
    [
        (series("lamp", 2, day=11), "v2 arrived"),
        (series("lamp", 2, day=1), "v2 arrived"),
        ([mail("r1@x", "Re: [PATCH 1/2] lamp: part 1", ANN, day=11, to="lamp-v1-1@x")], "reply from Ann Author"),
        ([mail("r2@x", "Re: [PATCH 1/2] lamp: part 1", "ann author <ANN@example.org>", day=11, to="lamp-v1-1@x")], "reply from ann author"),
        ([mail("r3@x", "Re: [PATCH 0/2] lamp: all of it", "Ann Author <ann@home.example>", day=11, to="lamp-v1-0@x")], "reply from Ann Author"),
        ([mail("r4@x", "Re: [PATCH 0/2] lamp: all of it", REX, day=11, to="lamp-v1-0@x")], ""),
        ([mail("r5@x", "Re: [PATCH 0/2] lamp: all of it", REX, day=11, to="mine@x")], "reply from Rex Reviewer"),
        ([mail("r6@x", "Re: [PATCH 0/2] lamp: all of it", ME, day=11, to="lamp-v1-0@x")], ""),
        ([mail("r7@x", "Re: [PATCH 0/2] lamp: all of it", ME, day=11, to="mine@x")], ""),
        # Sent before the decision, but the mail was late.
        ([mail("r8@x", "Re: [PATCH 0/2] lamp: all of it", ANN, day=9, to="lamp-v1-0@x")], "reply from Ann Author"),
        # The list's past, which is fetched later.
        ([mail("r9@x", "Re: [PATCH 0/2] lamp: all of it", ANN, day=2, to="lamp-v1-0@x")], ""),
        (series("wick", 2, day=11), ""),
    ],
)  # fmt: skip
def test_what_comes_back_and_what_does_not(
    desk: Desk, verb: Verb, argument: str | None, mails: list[bytes], why: str
) -> None:
    desk.come(mail("mine@x", "Re: [PATCH 0/2] lamp: all of it", ME, day=9.5, to="lamp-v1-0@x"))
    desk.triage.apply(verb, [LAMP], argument=argument)
    decided = status(desk)
    desk.come(*mails)
    returns = verb in (Verb.DONE, Verb.WAIT) and why
    assert status(desk) == ((Status.NEW, why) if returns else decided)


def test_what_was_known_brings_nothing_back(desk: Desk) -> None:
    answer = mail("a@x", "Re: [PATCH 0/2] lamp: all of it", ANN, day=30, to="lamp-v1-0@x")
    desk.come(answer, *series("lamp", 2, day=40))
    desk.triage.apply(Verb.DONE, [LAMP])
    assert status(desk) == (Status.DONE, "")
    desk.come(*series("wick", 2, day=41))
    desk.check()
    assert status(desk) == (Status.DONE, "")


def test_an_older_version_that_comes_late_is_none_that_is_new(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *series("lamp", 3, day=20))
    desk.triage.apply(Verb.DONE, [MessageId("lamp-v3-1@x")])
    desk.come(*series("lamp", 2, day=10))
    state = desk.triage.state_of(MessageId("lamp-v2-0@x"))
    assert (state.status, state.why) == (Status.DONE, "")
    desk.come(*series("lamp", 4, day=21))
    assert status(desk, MessageId("lamp-v2-0@x")) == (Status.NEW, "v4 arrived")
    desk.check()
    desk.close()


def test_it_comes_back_each_time(desk: Desk) -> None:
    for version in (2, 3):
        desk.triage.apply(Verb.DONE, [LAMP])
        assert status(desk) == (Status.DONE, "")
        desk.come(*series("lamp", version, day=10 + version))
        assert status(desk) == (Status.NEW, f"v{version} arrived")


def test_the_verdict_on_a_patch_of_it_is_about_the_series(desk: Desk) -> None:
    assert desk.triage.apply(Verb.DONE, [MessageId("lamp-v1-2@x")]).text == "done: lamp: all of it"
    assert status(desk) == (Status.DONE, "")


def test_later_wakes_at_its_time_without_a_write(desk: Desk) -> None:
    desk.triage.apply(Verb.LATER, [LAMP], argument="3d")
    desk.come(*series("lamp", 2, day=11))
    assert status(desk) == (Status.LATER, "")
    size = desk.journal.size()
    desk.clock.go(days=2)
    assert status(desk)[0] is Status.LATER
    desk.clock.go(days=2)
    assert status(desk)[0] is Status.NEW
    assert status(desk)[1].startswith("snoozed until ")
    assert desk.journal.size() == size
    assert desk.triage.apply(Verb.DONE, [LAMP]).lines[0].before == "new"


def test_later_until_a_new_version_wakes_at_that_alone(desk: Desk) -> None:
    desk.triage.apply(Verb.LATER, [LAMP], argument="v")
    desk.come(mail("r@x", "Re: [PATCH 0/2] lamp: all of it", ANN, day=11, to="lamp-v1-0@x"))
    desk.clock.go(days=400)
    assert status(desk) == (Status.LATER, "")
    desk.come(*series("lamp", 2, day=12))
    assert status(desk) == (Status.NEW, "v2 arrived")


def test_a_discussion_waits_for_no_version(desk: Desk) -> None:
    talk = MessageId("talk@x")
    desk.come(mail(talk, "Which lamps?", day=1))
    with pytest.raises(ArgumentError, match="no versions"):
        desk.triage.apply(Verb.LATER, [talk], argument="v")
    assert desk.triage.apply(Verb.LATER, [talk, LAMP], argument="v").unchanged == 1
    assert status(desk, talk)[0] is Status.NEW
    desk.triage.apply(Verb.LATER, [talk], argument="3d")
    assert status(desk, talk)[0] is Status.LATER


def test_reading_is_what_was_opened_since_it_was_decided(desk: Desk) -> None:
    desk.triage.mark_read([MessageId("lamp-v1-1@x")])
    assert status(desk)[0] is Status.READING
    desk.triage.mark_read([MessageId("lamp-v1-1@x")], read=False)
    assert status(desk)[0] is Status.NEW
    desk.triage.mark_read([MessageId("lamp-v1-1@x")])
    desk.clock.go(seconds=1)
    desk.triage.apply(Verb.DONE, [LAMP])
    assert status(desk)[0] is Status.DONE
    desk.triage.apply(Verb.REOPEN, [LAMP])
    assert status(desk)[0] is Status.NEW
    desk.clock.go(seconds=1)
    desk.triage.mark_read([MessageId("lamp-v1-2@x")])
    assert status(desk)[0] is Status.READING
    # What was put off and opened while it waited is being read once it is back.
    desk.triage.apply(Verb.LATER, [LAMP], argument="3d")
    desk.clock.go(seconds=1)
    desk.triage.mark_read([MessageId("lamp-v1-0@x")])
    assert status(desk)[0] is Status.LATER
    desk.clock.go(days=4)
    assert status(desk)[0] is Status.READING


def test_what_was_read_counts_in_the_index(desk: Desk) -> None:
    desk.triage.mark_read([MessageId("lamp-v1-1@x"), MessageId("comes@x")])
    row = desk.index.mails.find_row(LAMP)
    assert row is not None
    assert desk.index.mails.unread_of(row) == {"lamp-v1-0@x", "lamp-v1-2@x"}
    desk.come(mail("comes@x", "Re: [PATCH 0/2] lamp: all of it", REX, day=11, to="lamp-v1-0@x"))
    assert desk.index.mails.unread_of(row) == {"lamp-v1-0@x", "lamp-v1-2@x"}
    desk.triage.mark_read([MessageId("lamp-v1-1@x")], read=False)
    assert len(desk.index.mails.unread_of(row)) == 3
    desk.anew()
    row = desk.index.mails.find_row(LAMP)
    assert row is not None
    assert len(desk.index.mails.unread_of(row)) == 3


def test_what_the_journal_says_of_reading_comes_before_a_lists_age(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.triage.mark_read([MessageId("lamp-v1-1@x")], read=False)
    desk.triage.mark_read([MessageId("lamp-v1-2@x")])
    desk.log.entries += [(raw, True) for raw in series("lamp")]
    bring(desk.index, desk.log, read_before=9e9)  # as of a list that comes for the first time
    row = desk.index.mails.find_row(LAMP)
    assert row is not None
    assert desk.index.mails.unread_of(row) == {"lamp-v1-1@x"}
    desk.close()


def test_read_and_unread_of_a_series_are_of_all_its_mails(desk: Desk) -> None:
    row = desk.index.mails.find_row(LAMP)
    assert row is not None
    outcome = desk.triage.apply(Verb.READ, [LAMP])
    assert outcome.text == "marked read: lamp: all of it"
    assert outcome.changes[0].after.status is Status.READING
    assert desk.index.mails.unread_of(row) == set()
    desk.triage.apply(Verb.UNREAD, [MessageId("lamp-v1-1@x")], patch=True)
    assert desk.index.mails.unread_of(row) == {"lamp-v1-1@x"}
    assert desk.triage.undo() is None


def test_two_series_that_turn_out_to_be_one_have_the_later_verdict(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *series("lamp", 1), *series("lamp", 3, day=5))
    one, three = MessageId("lamp-v1-0@x"), MessageId("lamp-v3-0@x")
    assert len(desk.items()) == 1  # a change-id joins them; without v3's it does not
    desk.close()
    folder = tmp_path / "apart"
    folder.mkdir()
    apart = [raw.replace(b"change-id: lamp", b"") for raw in series("lamp", 3, day=5)]
    renamed = [
        raw.replace(b"all of it", b"a new title")
        .replace(b"part", b"piece")
        .replace(b"From: Ann Author <ann", b"From: Zoe <zoe")
        for raw in apart
    ]
    desk = Desk(folder, *series("lamp", 1), *renamed)
    assert len(desk.items()) == 2
    desk.triage.apply(Verb.SKIP, [one], note="first")
    desk.clock.go(hours=1)
    desk.triage.apply(Verb.ACCEPT, [three])
    desk.triage.apply(Verb.LABEL, [one], argument="lamps")
    # The cover letter comes once more, with what says where it belongs.
    desk.come(*series("lamp", 2, day=4))
    link = mail(
        "lamp-v3-0@x", "[PATCH v3 0/2] lamp: all of it", day=5, body="Why.\n\nchange-id: lamp\n"
    )
    desk.go(renamed[0])
    desk.come(link)
    (item,) = desk.items()
    state = desk.triage.state_of(item.id)
    assert (state.status, state.labels, state.note) == (Status.ACCEPTED, ("lamps",), "first")
    desk.check()
    desk.close()


def test_what_nobody_knows_yet_holds_once_it_comes(desk: Desk) -> None:
    outcome = desk.triage.apply(Verb.SKIP, [MessageId("oil-v1-1@x")])
    assert outcome.unknown == ("oil-v1-1@x",)
    assert desk.triage.state_of(MessageId("oil-v1-1@x")).status is Status.SKIPPED
    assert desk.triage.apply(Verb.SKIP, [MessageId("oil-v1-1@x")]).unchanged == 1
    desk.come(*series("oil"))
    assert status(desk, MessageId("oil-v1-0@x"))[0] is Status.SKIPPED


def test_a_removed_series_keeps_its_verdict_for_when_it_comes_again(desk: Desk) -> None:
    desk.triage.apply(Verb.DONE, [LAMP])
    for raw in series("lamp"):
        desk.go(raw)
    assert LAMP not in desk.shown()
    desk.come(*series("lamp"))
    assert desk.shown()[LAMP].status is Status.DONE


def test_patches_are_decided_by_themselves(desk: Desk) -> None:
    patch = MessageId("lamp-v1-1@x")
    assert desk.triage.apply(Verb.DONE, [patch], patch=True).text == "done: lamp: part 1"
    assert desk.triage.state_of(LAMP).patches == ((patch, Status.DONE),)
    assert desk.triage.state_of(LAMP).status is Status.NEW
    assert desk.triage.apply(Verb.DONE, [patch], patch=True).unchanged == 1
    desk.triage.apply(Verb.SKIP, [patch], patch=True)
    assert desk.triage.state_of(LAMP).patch(patch) is Status.SKIPPED
    desk.triage.undo()
    assert desk.triage.state_of(LAMP).patch(patch) is Status.DONE
    desk.triage.apply(Verb.REOPEN, [patch], patch=True)
    assert desk.triage.state_of(LAMP).patches == ()
    with pytest.raises(ArgumentError, match="whole series"):
        desk.triage.apply(Verb.ACCEPT, [patch], patch=True)


@pytest.mark.parametrize(
    ("words", "priority"),
    [("3", 3), ("=3", 3), ("+2", 2), ("-1", -1), ("=-9", -9), ("+9", 9), ("0", None)],
)
def test_priorities(desk: Desk, words: str, priority: int | None) -> None:
    outcome = desk.triage.apply(Verb.PRIORITY, [LAMP], argument=words)
    assert outcome.unchanged == (priority is None)
    assert desk.triage.state_of(LAMP).priority == (priority or 0)


@pytest.mark.parametrize("words", ["", "high", "10", "+", "=-10", "1.5", "٣", "=" + "9" * 5000])
def test_what_is_no_priority(desk: Desk, words: str) -> None:
    with pytest.raises(ArgumentError, match="priority"):
        desk.triage.apply(Verb.PRIORITY, [LAMP], argument=words)


def test_priority_goes_no_further_than_it_can(desk: Desk) -> None:
    for _ in range(12):
        desk.triage.apply(Verb.PRIORITY, [LAMP], argument="+1")
    assert desk.triage.state_of(LAMP).priority == 9
    assert sum(1 for _ in desk.triage.log.lines()) == 9


def test_labels_flags_and_notes(desk: Desk) -> None:
    triage = desk.triage
    assert (
        triage.apply(Verb.LABEL, [LAMP, WICK], argument="needs-test").text
        == "labelled needs-test: 2 series"
    )
    assert triage.apply(Verb.LABEL, [LAMP], argument="a").text.startswith("labelled a: ")
    assert triage.apply(Verb.LABEL, [LAMP], argument="a").unchanged == 1
    triage.apply(Verb.FLAG, [LAMP], note="  look at 1/2\n")
    state = triage.state_of(LAMP)
    assert (state.labels, state.flagged, state.note) == (
        ("a", "needs-test"),
        True,
        "  look at 1/2\n",
    )
    triage.apply(Verb.NOTE, [LAMP], note="")
    triage.apply(Verb.UNLABEL, [LAMP], argument="a")
    triage.apply(Verb.UNFLAG, [LAMP])
    state = triage.state_of(LAMP)
    assert (state.labels, state.flagged, state.note) == (("needs-test",), False, "")
    for words in ("", "two words", "x" * 41, "-x", "\x1b"):
        with pytest.raises(ArgumentError, match="label"):
            triage.apply(Verb.LABEL, [LAMP], argument=words)
    with pytest.raises(ArgumentError, match="note"):
        triage.apply(Verb.NOTE, [LAMP])
    with pytest.raises(ArgumentError, match="note"):
        triage.apply(Verb.NOTE, [LAMP], note="x" * 5000)


def test_what_is_not_possible_is_left_and_written_nowhere(desk: Desk) -> None:
    desk.triage.apply(Verb.DONE, [LAMP])
    size = desk.journal.size()
    outcome = desk.triage.apply(Verb.DONE, [LAMP])
    assert (outcome.changes, outcome.unchanged) == ((), 1)
    assert desk.journal.size() == size
    outcome = desk.triage.apply(Verb.DONE, [LAMP, WICK])
    assert (outcome.text, outcome.unchanged, [change.id for change in outcome.changes]) == (
        "done: wick: all of it",
        1,
        [WICK],
    )
    outcome = desk.triage.apply(Verb.DONE, [LAMP], note="why")
    assert desk.triage.state_of(LAMP).note == "why"


def test_today_counts_what_was_decided_and_what_is_left(desk: Desk) -> None:
    desk.come(*series("oil"))
    oil = MessageId("oil-v1-0@x")
    assert desk.triage.today() == (0, 3)
    desk.triage.apply(Verb.DONE, [LAMP])
    assert desk.triage.today() == (1, 3)
    desk.triage.apply(Verb.READ, [WICK])  # and not decided yet
    assert desk.triage.today() == (1, 3)
    desk.triage.undo()
    assert desk.triage.today() == (0, 3)
    desk.triage.apply(Verb.LATER, [oil], argument="3d")
    assert desk.triage.today() == (1, 3)
    desk.clock.go(days=1)
    assert desk.triage.today() == (0, 2)
    desk.clock.go(days=3)
    assert desk.triage.today() == (0, 3)


def test_a_history_is_that_of_the_series(desk: Desk) -> None:
    desk.triage.apply(Verb.DONE, [LAMP, WICK])
    desk.triage.undo()
    desk.triage.redo()
    desk.triage.undo()
    desk.clock.go(days=1)
    desk.triage.apply(Verb.LATER, [LAMP], argument="v")
    lines = desk.triage.log.of_series(MessageId("lamp-v1-2@x"))
    said = [(line.text, line.before, line.after, line.in_force) for line in lines]
    assert said == [
        ("done", "new", "done", False),
        ("undo", None, None, False),
        ("redo", None, None, True),
        ("undo", None, None, True),
        ("snoozed until a new version", "new", "later", True),
    ]
    assert lines[-1].time == NOW + timedelta(days=1)
    assert desk.triage.log.of_series(MessageId("nowhere@x")) == []


def test_hunks_stay_viewed(desk: Desk) -> None:
    desk.triage.viewed.mark("aa", True)
    desk.triage.viewed.mark("bb", True)
    desk.triage.viewed.mark("bb", False)
    assert desk.triage.viewed.is_viewed("aa")
    assert desk.journal.size() == 0  # they are written in batches
    desk.triage.close()
    assert desk.journal.size() > 0
    for _ in range(2):
        views = desk.made().viewed
        assert (views.is_viewed("aa"), views.is_viewed("bb"), views.is_viewed("cc")) == (
            True,
            False,
            False,
        )
        desk.anew()


def test_the_actions_since_a_moment_have_their_series_and_no_undo(desk: Desk) -> None:
    desk.triage.apply(Verb.DONE, [LAMP])
    desk.clock.go(seconds=60)
    moment = desk.clock.now
    desk.triage.apply(Verb.FLAG, [LAMP, MessageId("nowhere@x")])
    desk.clock.go(seconds=1)
    desk.triage.apply(Verb.SKIP, [LAMP])
    desk.triage.undo()
    found = [
        (line.verb, line.in_force, subjects) for line, subjects in desk.triage.log.since(moment)
    ]
    subject = desk.triage.applied.store.subject(LAMP, own=False)
    assert found == [
        ("flag", True, (subject, "nowhere@x")),
        ("skip", False, (subject,)),
    ]
