"""One job for a series at a time, off the screen's thread, named in the status bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from core.errors import PatchdeskError
from core.text import SafeText, shown
from tui.desk.controller import DeskView
from tui.tasks import Task, Tasks

T = TypeVar("T")


class SeriesJob:
    """The running job, if there is one; shared by the controllers of a series' menu."""

    def __init__(self, desk: DeskView, tasks: Tasks) -> None:
        self._desk = desk
        self._tasks = tasks
        self._running: Task | None = None
        self._name = ""

    @property
    def text(self) -> SafeText | None:
        """The name of the job, for the status bar; None for none."""
        return shown(self._name) if self._running is not None else None

    def run(self, name: str, work: Callable[[Task], T], then: Callable[[T], object]) -> None:
        """Start a job, and call `then` with its result; errors are shown. With one under way, say so."""

        def done(result: T) -> None:
            self._end()
            then(result)

        def failed(error: PatchdeskError) -> None:
            self._end()
            self._desk.show_error(error)

        if self._running is not None:
            self._desk.show_message(
                "Busy: {name}; {app.cancel} stops it", "warning", name=self._name
            )
            return
        self._name = name
        self._running = self._tasks.start("apply", work, then=done, failed=failed)
        self._desk.show_work()

    def cancel(self) -> bool:
        """Stop the job; return whether there was one."""
        if self._running is None:
            return False
        self._running.cancel()
        self._end()
        self._desk.show_message("Stopped.")
        return True

    def _end(self) -> None:
        self._running = None
        self._desk.show_work()
