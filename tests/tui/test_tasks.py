"""Work off the screen's thread: what is delivered, what is dropped, what is told of a crash."""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, current_thread, main_thread

import pytest

from core.errors import Cancelled, PatchdeskError
from tui.tasks import GROUPS, Task, Tasks


class Loop:
    """The screen's thread: runs what is delivered when it is told to."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self.crashes: list[tuple[str, Exception]] = []
        self.tasks = Tasks(self.queue.put, lambda *crash: self.crashes.append(crash))

    def run(self) -> None:
        """Run until nothing is left to do."""
        for group in GROUPS:
            assert self.tasks.wait(group, 10)
        while True:
            try:
                self.queue.get_nowait()()
            except Empty:
                break
        assert self.tasks.is_idle


@pytest.fixture
def loop() -> Loop:
    return Loop()


def test_a_result_comes_back_to_the_screens_thread(loop: Loop) -> None:
    came: list[object] = []
    loop.tasks.start("mail", lambda _: current_thread(), then=came.append)
    assert not loop.tasks.is_idle
    loop.run()
    (worker,) = came
    assert worker is not main_thread()
    assert worker.daemon  # type: ignore[attr-defined]


def test_an_error_reaches_failed_and_no_log(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    came: list[PatchdeskError] = []

    def work(_: Task) -> None:
        raise PatchdeskError("It is not there.", "Look elsewhere.")

    loop.tasks.start("mail", work, failed=came.append)
    loop.run()
    assert [error.message for error in came] == ["It is not there."]
    assert not loop.crashes
    assert not caplog.records


@pytest.mark.parametrize("group", GROUPS)
def test_a_crash_is_logged_shown_and_reaches_failed(
    group: str, loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    came: list[PatchdeskError] = []

    def work(_: Task) -> None:
        raise ValueError("injected")

    with caplog.at_level(logging.ERROR):
        loop.tasks.start(group, work, failed=came.append)
        loop.run()
    assert [name for name, _ in loop.crashes] == [group]
    assert caplog.records[0].exc_info is not None
    assert "injected" in caplog.text
    assert len(came) == 1
    again: list[int] = []
    loop.tasks.start(group, lambda _: 1, then=again.append)
    loop.run()
    assert again == [1]


def test_what_is_stale_or_cancelled_is_dropped(loop: Loop) -> None:
    came: list[int] = []
    wanted = True
    loop.tasks.start("mail", lambda _: 1, then=came.append, current=lambda: wanted)
    cancelled = loop.tasks.start("mail", lambda _: 2, then=came.append)
    cancelled.cancel()
    wanted = False
    loop.run()
    assert came == []


def test_cancelled_is_silent_but_for_who_did_not_cancel(loop: Loop) -> None:
    came: list[PatchdeskError] = []

    def work(task: Task) -> None:
        raise Cancelled

    loop.tasks.start("mail", work, failed=came.append).cancel()
    loop.run()
    assert came == []
    loop.tasks.start("mail", work, failed=came.append)
    loop.run()
    assert len(came) == 1


def test_a_group_is_bounded_and_keeps_its_order(loop: Loop) -> None:
    go, came, most = Event(), list[int](), 0

    def work(number: int) -> Callable[[Task], int]:
        def run(_: Task) -> int:
            nonlocal most
            most = max(most, len(loop.tasks._running["journal"]))
            go.wait(10)
            return number

        return run

    for number in range(20):
        loop.tasks.start("journal", work(number), then=came.append)
    assert not loop.tasks.wait("journal", 0.01)
    go.set()
    loop.run()
    assert came == list(range(20))
    assert most == 1


def test_replace_cancels_what_runs_and_what_waits(loop: Loop) -> None:
    started, came = Event(), list[int]()

    def first(task: Task) -> int:
        started.set()
        assert task.stop.wait(10)
        return 1

    loop.tasks.start("search", first, then=came.append)
    assert started.wait(10)
    loop.tasks.start("search", lambda _: 2, then=came.append)
    loop.tasks.start("search", lambda _: 3, then=came.append, replace=True)
    loop.run()
    assert came == [3]


def test_of_progress_only_the_latest_counts(loop: Loop) -> None:
    came: list[int] = []

    def work(task: Task) -> None:
        for number in range(1_000):
            task.tell_latest(came.append, number)

    loop.tasks.start("sync", work)
    loop.run()
    assert came == [999]


def test_what_watches_is_not_waited_for(loop: Loop) -> None:
    task = loop.tasks.start("open", lambda task: task.stop.wait(10), watches=True)
    assert loop.tasks.is_idle
    assert loop.tasks.busy_groups == ("open",)
    task.cancel()
    loop.run()


def test_nothing_starts_or_is_delivered_after_the_end(loop: Loop) -> None:
    go, came = Event(), list[object]()
    loop.tasks.start("mail", lambda _: go.wait(10), then=came.append)
    loop.tasks.close()
    assert loop.tasks.start("mail", lambda _: 1, then=came.append).is_cancelled
    go.set()
    assert loop.tasks.wait("mail", 10)
    assert loop.queue.empty()
    assert came == []


def test_an_unknown_group_is_refused(loop: Loop) -> None:
    with pytest.raises(KeyError):
        loop.tasks.start("misspelt", lambda _: 1)
