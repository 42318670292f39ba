"""A child process that brings followed lists up to date, so that the screen never shares its interpreter with that.

The child is started as `python -P -m core.sync.process NAME...` and writes one JSON object a line to its standard
output: `{"doing", "done", "total"}` of progress, `{"name", "added", "removed", "series", "notes", "error", "stopped"}` of each
list that it is through with, `{"fault"}` where it cannot go on. It reads the user's configuration itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from typing import IO, Any, Final

from core.config import FollowedList, read_interval
from core.errors import Cancelled, PatchdeskError
from core.progress import Progress, ProgressCallback
from core.sync.list_folder import SyncResult
from core.system.paths import program_folder

_POLL: Final = 0.05
"""Seconds until a set `stop` is seen, at most."""
_PATIENCE: Final = 10.0
"""Seconds a child that was asked to stop may take to keep what came."""
_CHUNK: Final = 1 << 16
_REPORT_EVERY: Final = 0.1
_LEAST: Final = 60.0
"""Seconds that lie between two syncs of a list, at least: no server is asked more often."""


class SyncProcess:
    """The parent's side: one child that syncs some lists, once."""

    def __init__(self, names: Sequence[str]) -> None:
        """Start the child."""
        self._left = Event()
        self._child = subprocess.Popen(
            # -P: a folder named `core` in the place where the program was started must not be imported.
            [sys.executable, "-P", "-m", "core.sync.process", *names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": program_folder()},
            start_new_session=True,  # Ctrl-C and the terminal are not for it
        )

    def results(self, *, stop: Event, report: ProgressCallback) -> Iterator[SyncResult]:
        """Yield what came of each list; `stop` ends it with that of the list it is at. Raises PatchdeskError."""
        try:
            for value in self._values(stop):
                if "doing" in value:
                    report(Progress(value["doing"], value["done"], value["total"]))
                elif "fault" in value:
                    raise PatchdeskError(*value["fault"])
                else:
                    error = value.pop("error")
                    yield SyncResult(
                        **{**value, "notes": tuple(value["notes"])},
                        error=PatchdeskError(*error) if error else None,
                    )
        finally:
            self.stop()
            if not self._left.is_set():
                self._end()

    def _end(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_PATIENCE)
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._pipe.close()

    def leave(self) -> None:
        """Ask the child to end, and listen to it no more. Any thread; does not wait."""
        self._left.set()
        self.stop()

    def stop(self) -> None:
        """Ask the child to keep what came, and end. Any thread; does not wait."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)

    @property
    def _pipe(self) -> IO[bytes]:
        pipe = self._child.stdout
        if pipe is None:
            raise ValueError("started without a pipe")
        return pipe

    def _values(self, stop: Event) -> Iterator[dict[str, Any]]:
        """Yield what the child writes, until it ends."""
        buffer = b""
        told = False
        while not self._left.is_set():
            if stop.is_set() and not told:
                told = True
                self.stop()
            if not select.select([self._pipe], [], [], _POLL)[0]:
                continue
            chunk = os.read(self._pipe.fileno(), _CHUNK)
            if not chunk:
                break
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                yield json.loads(line)
        if self._left.is_set():
            return
        if self._child.wait(_PATIENCE) != 0 and not told:
            raise PatchdeskError("The process that syncs has ended.", "Sync again: it goes on.")


def sync_intervals(lists: Mapping[str, FollowedList]) -> dict[str, float]:
    """Return after how many seconds each list is to be synced again, of those whose `sync_every` says so."""
    found = {}
    for name, followed in lists.items():
        if (seconds := read_interval(followed.sync_every)) is not None:
            found[name] = max(_LEAST, seconds)
    return found


def _send(value: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(value).encode() + b"\n")
    sys.stdout.buffer.flush()


def main(names: Sequence[str]) -> None:
    """Sync lists, all that are followed where none is named, and write what comes of it. The child's main."""
    from core.config import fetch_options, load_config
    from core.search.maintenance import refresh_after_sync
    from core.sync.list_folder import DataDirs, SyncDepth
    from core.sync.sync import sync
    from core.system.paths import cache_dir, config_file

    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    config = load_config(config_file())
    wanted = {n: config.lists[n] for n in names or config.lists if n in config.lists}

    due = 0.0

    def report(progress: Progress) -> None:
        nonlocal due
        if (now := time.monotonic()) < due:
            return
        due = now + _REPORT_EVERY
        _send({"doing": progress.doing, "done": progress.done, "total": progress.total})

    try:
        options = fetch_options(config, cache_dir())
        results = sync(
            wanted, DataDirs.default(), SyncDepth(), options=options, stop=stop, report=report
        )
        for result in results:
            error = result.error
            _send(
                {
                    "name": result.name,
                    "added": result.added,
                    "removed": result.removed,
                    "series": result.series,
                    "notes": result.notes,
                    "error": [error.message, error.hint] if error is not None else None,
                    "stopped": result.stopped,
                }
            )
        # What of that cannot be done, finding says where it is missed.
        refresh_after_sync(DataDirs.default().index, config, stop=stop, report=report)
    except Cancelled:
        return
    except PatchdeskError as error:
        _send({"fault": [error.message, error.hint]})
    except BrokenPipeError:
        # The screen was closed: what came so far is kept.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main(sys.argv[1:])
