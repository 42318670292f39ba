"""A child process that brings followed lists up to date, so that the screen never shares its interpreter with that.

It sends a SyncResult for each finished list, and reads the user's configuration itself. On SIGTERM it keeps the
messages fetched so far, and ends.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from typing import Final

from core.config import FollowedList
from core.config_keys import read_interval
from core.errors import Cancelled
from core.progress import ProgressCallback
from core.sync.list_folder import SyncResult
from core.system.child_process import Channel, ChildProcess

log = logging.getLogger(__name__)

_PATIENCE: Final = 10.0
"""Seconds within which a stopping child must store its messages."""
_LEAST: Final = 60.0
"""Seconds that lie between two syncs of a list, at least: no server is asked more often."""


class SyncProcess(ChildProcess):
    """The parent's side: one child that syncs some lists, once."""

    def __init__(self, names: Sequence[str]) -> None:
        """Start the child."""
        self._detached = Event()
        super().__init__(
            "core.sync.process",
            *names,
            doing="Syncing",
            hint="Sync again: it resumes.",
            stops_within=_PATIENCE,
        )

    def results(self, *, stop: Event, report: ProgressCallback) -> Iterator[SyncResult]:
        """Yield the result of each list; `stop` ends it with the current list's. Raises PatchdeskError."""
        try:
            yield from self.receive(stop=stop, report=report)
        except Cancelled:
            return
        finally:
            self.end()

    def end(self) -> None:
        """End the child once it has stored its messages, unless it is left running; not while another thread receives."""
        if not self._detached.is_set():
            self.request_stop()
            self.wait(_PATIENCE)
            self.release()

    def detach(self) -> None:
        """Ask the child to end, and listen to it no more. Any thread; does not wait."""
        self._detached.set()
        self.leave()
        self.request_stop()

    def request_stop(self) -> None:
        """Ask the child to store its messages, and end. Any thread; does not wait."""
        self.terminate()


def sync_intervals(lists: Mapping[str, FollowedList]) -> dict[str, float]:
    """Return the interval in seconds of each list with `sync_every`."""
    found = {}
    for name, followed in lists.items():
        if (seconds := read_interval(followed.sync_every)) is not None:
            found[name] = max(_LEAST, seconds)
    return found


def main(channel: Channel, *names: str) -> None:
    """Sync the named lists, or all followed ones, and send the results. The child's main."""
    from core.config import fetch_options, load_config
    from core.search.maintenance import refresh_after_sync
    from core.sync.hook import AfterSync
    from core.sync.landed import refresh_landed
    from core.sync.list_folder import DataDirs, SyncDepth
    from core.sync.sync import sync
    from core.system.paths import cache_dir, config_file

    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    config = load_config(config_file())
    wanted = {n: config.lists[n] for n in names or config.lists if n in config.lists}
    home, options = DataDirs.default(), fetch_options(config, cache_dir())
    with AfterSync(config, home.index):
        for result in sync(
            wanted, home, SyncDepth(), options=options, stop=stop, report=channel.report
        ):
            channel.send(result)
        for fault in refresh_after_sync(home.index, config, stop=stop, report=channel.report):
            log.warning("after a sync: %s", fault)
        for fault in refresh_landed(home.index, config, stop=stop, report=channel.report):
            log.warning("after a sync: %s", fault)
