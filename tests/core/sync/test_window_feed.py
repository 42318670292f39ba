"""A list without a clone: whatever arrives when, and however syncs end, every mail comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from threading import Event

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import Cancelled, FetchError
from core.fetch.faults import fetch_error
from core.mail.dates import received_time
from core.progress import ProgressJob
from core.sources.source import MailChange
from core.sync.list_folder import SyncDepth
from core.sync.rate_limit import RateLimiter
from core.sync.window_feed import DAY, FIRST_MAILS, TimeWindowFeed

NOW = 1_790_000_000
PLAIN = SyncDepth()


def letter(number: int, at: int) -> bytes:
    return f"Message-ID: <{number}@x>\nDate: {formatdate(at)}\n\nText.\n".encode()


class Archive:
    """A server as `WindowFeed` sees it: mails by arrival, answers of so many at most, faults on demand."""

    url = "https://lists.example.org/frob"
    host = "lists.example.org"

    def __init__(self, largest: int = 1 << 30) -> None:
        self.mails: list[tuple[int, bytes]] = []
        self.asked: list[tuple[int | None, int | None]] = []
        self.largest = largest
        self.faults: list[FetchError | None] = []

    def add(self, *times: int) -> None:
        self.mails += [(at, letter(len(self.mails) + n, at)) for n, at in enumerate(times)]

    def messages_received_between(
        self,
        start: int | None,
        end: int | None,
        *,
        stop: Event,
        report: Callable[[object], None],
    ) -> list[bytes]:
        self.asked.append((start, end))
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        found = [
            raw
            for at, raw in reversed(self.mails)
            if (start is None or start <= at) and (end is None or at < end)
        ]
        if len(found) > self.largest:
            raise fetch_error("too-large", self.host)
        return found


class StoredPart:
    def blobs(self) -> set[bytes]:
        raise AssertionError("windows need not know what is held")

    def names(self) -> dict[str, bytes]:
        raise AssertionError("windows need not know what is held")

    def history_rewritten(self, removed: object) -> None:
        raise AssertionError("windows have no history")


class Follower:
    """Stores the changes of a feed as the index does: with its position, and from there the next time."""

    def __init__(self, archive: Archive, folder: Path) -> None:
        self.archive = archive
        self.folder = folder
        self.position = ""
        self.blobs: set[bytes] = set()
        self.feed: TimeWindowFeed

    def sync(
        self, wish: SyncDepth = PLAIN, *, now: int = NOW, stop_after: int = 1 << 30, batch: int = 1
    ) -> list[MailChange]:
        """Run one sync; it is ended after so many mails."""
        stop = Event()
        self.archive.asked.clear()
        report = _ignore
        rate_limiter = RateLimiter(self.archive.host, self.folder, stop=stop, report=report)
        self.feed = TimeWindowFeed(
            "frob",
            self.archive,  # type: ignore[arg-type]
            rate_limiter,
            wish,
            stop=stop,
            report=report,
            clock=lambda: now,
        )
        job = ProgressJob("", "", stop=stop, closed=Event(), report=report)
        came: list[MailChange] = []
        pending: list[MailChange] = []
        for change in self.feed.changes(self.position, StoredPart(), job):
            pending.append(change)
            if len(pending) >= batch:
                came += self._store(pending)
            if len(came) + len(pending) >= stop_after:
                return came
        return came + self._store(pending)

    def _store(self, pending: list[MailChange]) -> list[MailChange]:
        new = [change for change in pending if change.blob not in self.blobs]
        self.blobs |= {change.blob for change in pending}
        self.position = self.feed.cursor
        pending.clear()
        return new

    def has_all(self) -> bool:
        return len(self.blobs) == len(self.archive.mails)


def _ignore(_progress: object) -> None:
    pass


@pytest.fixture
def follower(tmp_path: Path) -> Follower:
    return Follower(Archive(), tmp_path)


def test_the_newest_come_first_and_few_questions_reach_the_beginning(follower: Follower) -> None:
    follower.archive.add(*(NOW - day * DAY for day in range(4000, 0, -10)))
    came = follower.sync(SyncDepth(everything=True))
    assert follower.has_all()
    assert came[0].raw == follower.archive.mails[-1][1]
    assert all(change.is_backfill for change in came)
    assert len(follower.archive.asked) <= 12
    assert follower.archive.asked[-1][0] is None
    assert follower.feed.whole


def test_the_next_sync_overlaps_by_a_day_and_brings_what_is_new(follower: Follower) -> None:
    follower.archive.add(NOW - 40 * DAY, NOW - 3 * DAY)
    follower.sync()
    # Later than all that is known, and one that the server learnt of late.
    follower.archive.add(NOW - 3 * DAY + 60, NOW - 4 * DAY + 60)
    came = follower.sync(now=NOW + 2 * DAY)
    assert len(came) == 2
    assert not any(change.is_backfill for change in came)
    assert follower.archive.asked == [(NOW - 4 * DAY, None)]
    assert follower.sync(now=NOW + 60 * DAY) == []


def test_a_list_of_long_ago_goes_on_from_its_own_newest_mail(follower: Follower) -> None:
    follower.archive.add(*range(1_100_000_000, 1_100_000_000 + 5 * DAY, DAY))
    follower.sync()
    follower.archive.add(1_100_000_000 + 6 * DAY)
    assert len(follower.sync(now=NOW + DAY)) == 1


def test_dates_that_lie_in_the_future_hide_nothing(follower: Follower) -> None:
    follower.archive.add(NOW - DAY, NOW + 900 * DAY)
    follower.sync()
    follower.archive.add(NOW + 60)
    assert len(follower.sync(now=NOW + 120)) == 1


def test_a_first_sync_goes_as_far_as_it_should_and_no_further_later(follower: Follower) -> None:
    follower.archive.add(*(NOW - hour * 3600 for hour in range(20_000, 0, -1)))
    follower.sync()
    first = len(follower.blobs)
    assert FIRST_MAILS <= first < 2 * FIRST_MAILS
    assert not follower.feed.whole
    assert follower.sync() == []
    # On demand the rest comes: to a date, then all of it.
    since = NOW - 10_000 * 3600
    follower.sync(SyncDepth(since=since))
    assert len(follower.blobs) == 10_000
    assert follower.sync(SyncDepth(since=NOW - DAY)) == []
    follower.sync(SyncDepth(everything=True))
    assert follower.has_all()
    assert follower.sync(SyncDepth(everything=True)) == []


def test_an_answer_that_is_too_large_is_asked_for_in_pieces(follower: Follower) -> None:
    follower.archive.largest = 50
    follower.archive.add(*range(NOW - 3 * DAY, NOW, 300))
    follower.sync()
    assert follower.has_all()


def test_pieces_have_an_end(follower: Follower) -> None:
    follower.archive.largest = 50
    follower.archive.add(*([NOW - 5000] * 60))
    with pytest.raises(FetchError, match="is larger than"):
        follower.sync()
    assert len(follower.archive.asked) < 20


def test_a_late_answer_is_asked_for_in_pieces_a_few_times(follower: Follower) -> None:
    follower.archive.add(NOW - 3600)
    late = fetch_error("deadline", "lists.example.org", deadline=60)
    follower.archive.faults = [late, late]
    follower.sync()
    assert follower.has_all()
    follower.archive.faults = [late] * 9
    with pytest.raises(FetchError, match="complete its answer within 60 s"):
        follower.sync()
    assert len(follower.archive.faults) == 6


def test_what_came_before_a_fault_stays_and_is_not_asked_for_again(follower: Follower) -> None:
    follower.archive.add(*(NOW - day * DAY for day in range(100, 0, -1)))
    follower.archive.faults = [None, None, fetch_error("refused", "lists.example.org")]
    with pytest.raises(FetchError, match="refuses"):
        follower.sync()
    before = set(follower.blobs)
    assert len(before) > 2
    came = follower.sync()
    assert follower.has_all()
    # At most the overlapping day comes twice.
    assert {change.blob for change in came}.isdisjoint(before)
    assert sum(at > NOW - 4 * DAY for at, _ in follower.archive.mails) <= 4


def test_no_match_is_no_error_and_no_list_is(follower: Follower) -> None:
    assert follower.sync() == []
    assert follower.sync() == []
    missing = fetch_error("status", "lists.example.org", status=404)
    follower.archive.faults = [missing] * 99
    with pytest.raises(FetchError, match=r"no list at https://lists\.example\.org/frob") as error:
        follower.sync()
    assert error.value.status == 404
    # A proxy's own words for no match are harmless where a mail was ever found.
    follower.archive.add(NOW - 3 * DAY)
    follower.archive.faults = [missing]
    follower.sync()
    assert follower.has_all()


@pytest.mark.parametrize(
    "fault",
    [
        fetch_error("page", "lists.example.org"),
        fetch_error("status", "lists.example.org", status=403),
        fetch_error("status", "lists.example.org", status=501),
    ],
)
def test_who_cannot_search_is_told_to_clone(follower: Follower, fault: FetchError) -> None:
    follower.archive.faults = [fault]
    with pytest.raises(FetchError) as error:
        follower.sync()
    assert "Clone the list" in error.value.hint
    assert "clone = false" in error.value.hint


@pytest.mark.parametrize(
    "position",
    [
        *("", "{}", "[]", "x", '{"known": 3}', '{"known": [["a", "b"]]}'),
        '{"known": [[1]], "newest": 1, "floor": 0, "mails": 0}',
        json.dumps({"top": "0" * 40, "next": ""}),
    ],
)
def test_a_position_that_cannot_be_read_begins_anew(follower: Follower, position: str) -> None:
    follower.archive.add(NOW - 3 * DAY, NOW - DAY)
    follower.position = position
    follower.sync()
    assert follower.has_all()


# Apart from each other, for what no window can part is rightly an error: see the test of too large answers.
APART = 90
times = st.integers(1, 400 * DAY // APART).map(lambda number: NOW - number * APART)
steps = st.lists(
    st.tuples(
        st.integers(0, 30 * DAY // APART).map(lambda number: number * APART),  # after the last one
        # how long ago each new mail arrived
        st.lists(st.integers(0, DAY // APART - 1).map(lambda number: number * APART), max_size=6),
        st.one_of(st.none(), st.integers(1, 12)),  # after how many mails it is interrupted
        st.integers(1, 5),  # mails of a batch
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(times, max_size=40), steps, st.sampled_from([3, 10, 1 << 30]))
@example([NOW - DAY], [(0, [], 1, 5, False), (DAY, [DAY - 1], None, 1, False)], 1 << 30)
def test_however_syncs_end_every_mail_comes(
    tmp_path_factory: pytest.TempPathFactory,
    past: list[int],
    syncs: list[tuple[int, list[int], int | None, int, bool]],
    largest: int,
) -> None:
    archive = Archive(largest)
    archive.add(*sorted(set(past)))
    follower = Follower(archive, tmp_path_factory.mktemp("hosts"))
    now = NOW
    for later, ages, interrupted, batch, everything in syncs:
        # A mail is known at the latest a day after it arrived.
        now += later
        archive.add(*sorted({now - age for age in ages} - {at for at, _ in archive.mails}))
        follower.sync(
            SyncDepth(everything=everything),
            now=now,
            stop_after=interrupted or 1 << 30,
            batch=batch,
        )
    follower.sync(now=now)
    assert follower.has_all()


def test_stopping_ends_it(follower: Follower) -> None:
    follower.archive.add(NOW - 3600)
    stop = Event()
    job = ProgressJob("", "", stop=stop, closed=Event(), report=_ignore)
    follower.sync()
    stop.set()
    with pytest.raises(Cancelled):
        list(_changes(follower.feed, job))


def _changes(feed: TimeWindowFeed, job: ProgressJob) -> Iterator[MailChange]:
    yield from feed.changes("", StoredPart(), job)


RECEIVED = "Received: from a by b with c;\n\tMon, 02 Jun 2025 10:00:00 +0200 (CEST)\n"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (RECEIVED + "Date: Mon, 01 Jan 2001 00:00:00 +0000\n", 1_748_851_200),
        (RECEIVED + RECEIVED.replace("Jun", "May"), 1_748_851_200),
        ("Received: from a by b\nDate: Mon, 02 Jun 2025 08:00:00 +0000\n", 1_748_851_200),
        ("Date: Mon, 02 Jun 2025 08:00:00 +0000\n", 1_748_851_200),
        ("Date: soon\n", None),
        ("Subject: x\n", None),
    ],
)
def test_arrival_is_what_public_inbox_takes_for_it(header: str, seconds: int | None) -> None:
    assert received_time(f"{header}\nBody\n".encode()) == seconds


@given(st.binary(max_size=400))
def test_arrival_reads_anything(raw: bytes) -> None:
    received_time(raw)
