"""The one way to run work off the screen's thread.

`Tasks.start` runs a callable in a daemon thread and delivers its result on the screen's thread. Daemon threads,
because the default executor of asyncio is joined when a program ends: a large mail being laid out would keep the
terminal. Each group has a bound; work beyond it waits its turn, in order, so that a group bounded to one is a queue.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from threading import Condition, Event, Lock, Thread
from typing import Final, ParamSpec, Protocol, TypeVar

from core.errors import Cancelled, PatchdeskError

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

GROUPS: Final[Mapping[str, int]] = {
    "open": 8, "mail": 4, "layout": 4, "text index": 2, "comments": 2, "row facts": 2,
    "close": 8, "remember": 1, "search": 1, "search index": 2, "server search": 2, "mark query": 2,
    "sync": 2, "follow": 1, "read marks": 1, "view counts": 2, "save view": 1, "journal": 1,
    "pipe": 2, "mail bytes": 2, "browser": 2, "clipboard": 2, "digest": 2, "digest bookmark": 1, "digest export": 1,
    "reply": 1, "send": 1, "apply": 2, "landed": 1, "review counts": 1, "sync errors": 1, "paths": 2, "attachment": 2,
    "versions": 2, "interdiffs": 2, "version marks": 2,
}  # fmt: skip
"""Threads that each group may have at a time. Work that cannot be stopped at once has some to spare."""

CRASHED: Final = "Something went wrong inside patchdesk."
LOOK_UP: Final = "The log has the details."


class Deliver(Protocol):
    """Calls something on the screen's thread, soon and in order; may be called from any thread."""

    def __call__(self, callback: Callable[[], object], /) -> object:
        """Queue `callback`."""
        ...


class Task:
    """One piece of work under way, as the work and its starter see it."""

    def __init__(self, tasks: Tasks, group: str, current: Callable[[], bool]) -> None:
        """`current` says on the screen's thread whether anybody still wants the results."""
        self.group = group
        self.stop = Event()
        """Set when the result is no longer wanted; the work must return soon, or raise Cancelled."""
        self._tasks = tasks
        self._current = current
        self._lock = Lock()
        self._latest: dict[Callable[..., object], Callable[[], object]] = {}

    @property
    def is_cancelled(self) -> bool:
        """Whether its result is no longer wanted."""
        return self.stop.is_set()

    def cancel(self) -> None:
        """Stop the work, and drop its results."""
        self.stop.set()

    def tell(self, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call `callback` on the screen's thread, if the task is still current then."""

        self._tasks.deliver(lambda: self._call(partial(callback, *args, **kwargs)))

    def tell_latest(self, callback: Callable[[T], object], value: T) -> None:
        """Call `callback` as `tell` does; of calls that were not delivered yet only the latest value counts."""
        with self._lock:
            is_queued = callback in self._latest
            self._latest[callback] = partial(callback, value)
        if not is_queued:
            self._tasks.deliver(lambda: self._call_latest(callback))

    def _call_latest(self, callback: Callable[..., object]) -> None:
        with self._lock:
            latest = self._latest.pop(callback)
        self._call(latest)

    def _call(self, call: Callable[[], object]) -> None:
        if not self.is_cancelled and self._current():
            call()


class Tasks:
    """Runs work in threads of its own, bounded by `GROUPS`, and delivers the results to the screen's thread.

    `deliver` is `App.call_later`; `crashed` shows that work of a group ended by a mistake, which is logged here.
    """

    def __init__(
        self, deliver: Deliver, crashed: Callable[[str, Exception], object] | None = None
    ) -> None:
        self._deliver = deliver
        self._crashed = crashed
        self._changed = Condition()
        self._running: dict[str, list[Task]] = {group: [] for group in GROUPS}
        self._waiting: dict[str, deque[tuple[Task, Callable[[], None]]]] = {
            group: deque() for group in GROUPS
        }
        self._watching: set[Task] = set()
        self._undelivered = 0
        self._is_closed = False

    def start(
        self,
        group: str,
        work: Callable[[Task], T],
        *,
        then: Callable[[T], object] | None = None,
        failed: Callable[[PatchdeskError], object] | None = None,
        current: Callable[[], bool] = lambda: True,
        replace: bool = False,
        watches: bool = False,
    ) -> Task:
        """Run `work`, then call `then` with its result, or `failed` with its error, on the screen's thread.

        Neither is called once the task is cancelled or no longer `current()`. Cancelled raised by a cancelled task is
        silent; any exception but PatchdeskError is logged with its traceback and shown, and reaches `failed` too. With
        `replace` the other tasks of the group are cancelled. Work that `watches` waits for the world outside and does
        not count against `is_idle`. Raises KeyError for a group that is not in GROUPS.
        """
        task = Task(self, group, current)
        with self._changed:
            if self._is_closed:
                task.cancel()
                return task
            if replace:
                self._cancel(group)
            if watches:
                self._watching.add(task)
            job = lambda: self._work(task, work, then, failed)  # noqa: E731
            if len(self._running[group]) < GROUPS[group]:
                self._running[group].append(task)
                Thread(target=self._run, args=(task, job), name=group, daemon=True).start()
            else:
                self._waiting[group].append((task, job))
        return task

    def cancel(self, group: str) -> None:
        """Cancel all tasks of a group."""
        with self._changed:
            self._cancel(group)

    def drop_waiting(self, group: str) -> None:
        """Cancel the tasks of a group that were not begun."""
        with self._changed:
            for task, _ in self._waiting[group]:
                task.cancel()
            self._waiting[group].clear()

    def _cancel(self, group: str) -> None:
        for task in (*self._running[group], *(task for task, _ in self._waiting[group])):
            task.cancel()
        self._waiting[group].clear()

    def close(self) -> None:
        """Cancel everything, start nothing any more and deliver nothing: the screen is gone."""
        with self._changed:
            self._is_closed = True
            for group in GROUPS:
                self._cancel(group)

    def wait(self, group: str, seconds: float) -> bool:
        """Block until a group has no work left, for so many seconds at most; say whether it has none."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._running[group] or self._waiting[group]), seconds
            )

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs or waits, and all results are delivered."""
        with self._changed:
            busy = any(set(tasks) - self._watching for tasks in self._running.values())
            return not (busy or self._undelivered or any(self._waiting.values()))

    def waits(self, group: str) -> bool:
        """Whether a group has work that waits its turn."""
        with self._changed:
            return bool(self._waiting[group])

    @property
    def busy_groups(self) -> tuple[str, ...]:
        """The groups with running work, for the message of a test that waited in vain."""
        with self._changed:
            return tuple(g for g in GROUPS if self._running[g] or self._waiting[g])

    # ------------------------------------------------------------- in the threads

    def _run(self, task: Task, job: Callable[[], None]) -> None:
        """Do one job, then those of its group that wait."""
        running, waiting = self._running[task.group], self._waiting[task.group]
        while True:
            job()
            with self._changed:
                running.remove(task)
                self._watching.discard(task)
                if not waiting:
                    self._changed.notify_all()
                    return
                task, job = waiting.popleft()
                running.append(task)

    def _work(
        self,
        task: Task,
        work: Callable[[Task], T],
        then: Callable[[T], object] | None,
        failed: Callable[[PatchdeskError], object] | None,
    ) -> None:
        try:
            result = work(task)
        except Cancelled:
            if failed is not None:  # it may have been stopped from outside: nobody is to wait on
                task.tell(failed, PatchdeskError("The work was interrupted."))
        except PatchdeskError as error:
            if failed is not None:
                task.tell(failed, error)
            elif not task.is_cancelled:
                log.warning("%s: %s %s", task.group, error.message, error.hint)
        except Exception as error:
            self.report_crash(task.group, error)
            if failed is not None:
                task.tell(failed, PatchdeskError(CRASHED, LOOK_UP))
        else:
            if then is not None:
                task.tell(then, result)

    def report_crash(self, group: str, error: Exception) -> None:
        """Log a mistake in the program with its traceback, and show that there was one."""
        log.error("the task %r crashed", group, exc_info=error)
        if (crashed := self._crashed) is not None:
            self.deliver(lambda: crashed(group, error))

    def deliver(self, callback: Callable[[], object]) -> None:
        """Call something on the screen's thread; ignored where that is gone."""

        def call() -> None:
            with self._changed:
                self._undelivered -= 1
            callback()

        with self._changed:
            if self._is_closed:
                return
            self._undelivered += 1
        try:
            is_queued = self._deliver(call)
        except RuntimeError:  # the event loop has ended
            is_queued = False
        if is_queued is False:
            with self._changed:
                self._undelivered -= 1
