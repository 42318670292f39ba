"""Properties for any mails: nothing raises, nothing is lost, the order of arrival does not matter, and time is linear."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import Identity, Message, MessageId, Series, Subject, Thread, Trailer
from core.series.grouping import group_messages
from tests.core.series.threads import ANN, DAY, REX, mail, only, outline

IDS = st.integers(0, 11).map(lambda n: MessageId(f"m{n}"))
PEOPLE = st.sampled_from(
    [
        ANN,
        REX,
        Identity("Ann Author", "ann@home.example"),
        Identity("Rex via Some List", "list@lists.example"),
        Identity("", ""),
    ]
)
SUBJECTS = st.builds(
    Subject,
    text=st.sampled_from(["", "[PATCH[ x", "FAILED: patch", "x (was: y)"]),
    title=st.sampled_from(["", "all", "all v2", "one", "two", "All.", "x" * 300]),
    is_reply=st.sampled_from([False, False, True]),
    tags=st.lists(
        st.sampled_from(["PATCH", "rfc", "RESEND", "PULL", "5.10", "net", "tip:"]), max_size=3
    ).map(tuple),
    is_patch=st.booleans(),
    version=st.sampled_from([1, 1, 2, 3, 0, 10**9]),
    minor=st.sampled_from([0, 0, 1]),
    number=st.sampled_from([None, 0, 1, 2, 3, 10**9]),
    total=st.sampled_from([None, 0, 1, 2, 3, 10**9]),
)
HOUR = timedelta(hours=1)
DATES = st.one_of(
    st.integers(0, 50).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + n * 5 * HOUR),
    st.sampled_from(
        [
            datetime.fromtimestamp(0, UTC),
            datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
            datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
        ]
    ),
)
MESSAGES = st.builds(
    Message,
    message_id=IDS,
    subject=SUBJECTS,
    sender=PEOPLE,
    author=PEOPLE,
    date=DATES,
    in_reply_to=st.none() | IDS,
    references=st.lists(IDS, max_size=3).map(tuple),
    list_ids=st.lists(st.sampled_from(["kvm.vger", "io-uring.vger", "."]), max_size=2).map(tuple),
    has_diff=st.booleans(),
    change_id=st.sampled_from([None, None, None, "c1", "c2"]),
    trailers=st.lists(
        st.builds(
            Trailer,
            st.sampled_from(["Acked-by", "Signed-off-by", "Fixes"]),
            st.sampled_from(["Ann Author <ann@example.org>", "Rex <rex@example.com>", "abc", ""]),
        ),
        max_size=2,
    ).map(tuple),
    fingerprint=st.sampled_from(["f", "g"]),
    key=st.sampled_from(["k", "l"]),
)
# Most mails of a real list: postings of some series, in runs, answered at random.
POSTED = st.builds(
    lambda at, number, version, above, sender, when: mail(
        f"m{at}",
        f"[PATCH v{version} {number}/2] {('all', 'one', 'two')[number]}",
        *(f"m{one}" for one in above),
        at=when,
        sender=sender,
    ),
    st.integers(0, 30),
    st.integers(0, 2),
    st.integers(1, 3),
    st.lists(st.integers(0, 30), max_size=2),
    st.sampled_from([ANN, REX]),
    st.sampled_from([0, 1, 2, 90, DAY, 7 * DAY]),
)


@settings(max_examples=80, deadline=None)
@given(messages=st.lists(MESSAGES | POSTED, max_size=25), seed=st.randoms(use_true_random=False))
def test_order_and_copies_say_nothing_and_nothing_is_lost(
    messages: list[Message], seed: random.Random
) -> None:
    items = group_messages(messages)
    shuffled = messages + messages[: len(messages) // 2]
    seed.shuffle(shuffled)
    assert group_messages(shuffled) == items

    named = [one for item in items for one in item.message_ids]
    assert sorted(named) == sorted({message.message_id for message in messages})
    for item in items:
        shown = [message.message_id for message in messages_of(item)]
        assert len(shown) == len(set(shown))
        assert set(shown) == item.message_ids
        assert item.id in item.message_ids


def messages_of(item: Series | Thread) -> list[Message]:
    if isinstance(item, Thread):
        return [item.root, *(reply.message for reply in item.replies)]
    found: list[Message] = []
    for version in item.versions:
        numbers = [entry.number for entry in version.entries()]
        assert numbers == sorted(set(numbers))
        assert set(version.missing).isdisjoint(numbers)
        for entry in version.entries():
            found += [entry.message, *entry.duplicates, *(reply.message for reply in entry.replies)]
    return found


def test_a_thread_1200_deep() -> None:
    messages = [mail("m0", "[PATCH] one")]
    messages += [mail(f"m{n}", "Re: [PATCH] one", f"m{n - 1}", at=n) for n in range(1, 1200)]
    (patch,) = only(messages).versions[0].patches
    assert [reply.depth for reply in patch.replies] == list(range(1199))


def test_a_circle_is_cut_at_its_earliest_mail() -> None:
    messages = [
        mail("a", "talk", "c", at=5),
        mail("b", "Re: talk", "a", at=1),
        mail("c", "Re: talk", "b", at=3),
        mail("d", "Re: talk", "a", at=9),
        mail("e", "Re: talk", "e", at=9),
    ]
    assert outline(messages) == ["thread b<c<<a<<<d", "thread e"]
    into_it = mail("f", "Re: talk", "c", at=0)
    assert outline([*messages[:3], into_it]) == ["thread b<c<<f<<a"]


HOSTILE: dict[str, Callable[[int], list[Message]]] = {
    "one below the other": lambda n: [
        mail(f"m{i}", "Re: [PATCH] x", *([f"m{i - 1}"] if i else []), at=i) for i in range(n)
    ],
    "a circle": lambda n: [mail(f"m{i}", "Re: x", f"m{(i + 1) % n}", at=i) for i in range(n)],
    "one number again and again": lambda n: [
        mail("c", "[PATCH 0/99] x"),
        *(mail(f"m{i}", f"[PATCH 1/99] x{i}", "c", at=i) for i in range(n)),
    ],
    "loose patches of one hour": lambda n: [
        mail(f"m{i}", f"[PATCH {i % 9999}/9999] x", at=i / 60) for i in range(n)
    ],
    "one title": lambda n: [mail(f"m{i}", "[PATCH v2] x", at=i) for i in range(n)],
    "versions": lambda n: [mail(f"m{i}", f"[PATCH v{i % 9999}] x", at=i * 60) for i in range(n)],
    "cover letters in one thread": lambda n: [
        mail("c", "x"),
        *(mail(f"m{i}", f"[PATCH 0/5] x{i}", "c", at=i) for i in range(n)),
    ],
    "one change-id": lambda n: [
        mail(f"m{i}", f"[PATCH v{i % 9999}] x{i}", at=i, change_id="c") for i in range(n)
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", HOSTILE)
def test_time_is_linear(shape: str) -> None:
    few, many = HOSTILE[shape](1000), HOSTILE[shape](8000)
    assert seconds(many) < 24 * seconds(few)  # 8 for linear, 64 for quadratic


def seconds(messages: list[Message]) -> float:
    """Return the CPU time of grouping, the better of two."""
    best = float("inf")
    gc.collect()
    gc.disable()  # what the mails themselves cost the collector is not ours
    try:
        for _ in range(2):
            start = time.process_time()
            group_messages(messages)
            best = min(best, time.process_time() - start)
    finally:
        gc.enable()
    return best
