"""Sync of followed lists: fetch messages to disk, then take them into the index.

One list after the other, and one request at a time, so that no server has to answer two of one sync. However a sync
ends, its messages are kept, and the next one resumes from there.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Final

from core.config import FollowedList
from core.errors import Cancelled, PatchdeskError
from core.fetch.options import FetchOptions
from core.index.errors import IndexFileError
from core.index.index import open_index
from core.progress import ProgressCallback
from core.sources.inbox_server import InboxServer
from core.sources.source import Source
from core.sync.epoch_mirror import EpochMirror
from core.sync.follow import SyncMethod, read_inbox_url, sync_method_of
from core.sync.inbox_boundary import DEFAULT_DAYS, boundary_note, update_boundary
from core.sync.list_folder import (
    DataDirs,
    SyncDepth,
    SyncResult,
    clear_pending_depth,
    list_lock,
    load_pending_depth,
    record_origin,
    recorded_origin,
    save_pending_depth,
    save_sync_error,
)
from core.sync.rate_limit import RateLimiter
from core.sync.window_feed import TimeWindowSource

if TYPE_CHECKING:
    from core.index.index import Index

log = logging.getLogger(__name__)

INITIAL_UNREAD_SECONDS: Final = DEFAULT_DAYS * 86_400
"""Seconds: older messages of a new list count as read."""


def sync(
    lists: Mapping[str, FollowedList],
    home: DataDirs,
    wish: SyncDepth,
    *,
    options: FetchOptions,
    stop: Event,
    report: ProgressCallback,
) -> Iterator[SyncResult]:
    """Sync lists one after the other, and yield the result of each.

    The error of a list stands in its result. `stop` ends the sync after the result of the current list. Raises
    PatchdeskError where the index cannot be written.
    """
    index = open_index(home.index)
    notes = index.notes
    try:
        for name, followed in lists.items():
            run = _ListSync(name, followed, home, index, options, stop, report)
            result = run.run(wish)
            yield replace(result, notes=(*notes, *run.notes))
            notes = ()
            if result.stopped:
                return
    finally:
        index.close()


class _ListSync:
    """The sync of one list."""

    def __init__(
        self,
        name: str,
        followed: FollowedList,
        home: DataDirs,
        index: Index,
        options: FetchOptions,
        stop: Event,
        report: ProgressCallback,
    ) -> None:
        self.notes: list[str] = []
        self._name = name
        self._followed = followed
        self._home = home
        self._folder = home.folder(name)
        self._index = index
        self._options = options
        self._stop = stop
        self._report = report
        self._result = SyncResult(name=name)
        self._begins_inbox = False
        """This sync set the beginning of the list's inbox."""

    def run(self, wish: SyncDepth) -> SyncResult:
        result = self._run(wish)
        if not result.stopped:
            save_sync_error(self._folder, result.error, datetime.now(UTC))
        return result

    def _run(self, wish: SyncDepth) -> SyncResult:
        try:
            with list_lock(self._folder, self._name, stop=self._stop, report=self._report) as lock:
                wish = load_pending_depth(self._folder, wish)
                save_pending_depth(self._folder, wish)
                kind = sync_method_of(self._followed)
                self._reset_if_moved(kind)
                if kind is SyncMethod.DISK:
                    self._ingest(self._opened())
                elif kind is SyncMethod.EPOCHS:
                    self._sync_epochs(wish, lock)
                else:
                    self._sync_windows(wish)
                clear_pending_depth(self._folder)
                self._note_inbox()
        except Cancelled:
            return replace(self._result, stopped=True)
        except IndexFileError:
            raise
        except PatchdeskError as error:
            return replace(self._result, error=error)
        except Exception as error:
            # Whatever is wrong with one list, the others are to be synced.
            log.exception("syncing %s failed", self._name)
            message = f"Syncing {self._name} failed unexpectedly: {type(error).__name__}."
            fault = PatchdeskError(
                message, "The log has the details; the other lists are not touched."
            )
            return replace(self._result, error=fault)
        return self._result

    def _sync_epochs(self, wish: SyncDepth, lock: int) -> None:
        with self._server() as (server, rate_limiter):
            mirror = EpochMirror(
                self._name,
                self._folder,
                server,
                rate_limiter,
                deadline=self._options.deadline,
                lock=lock,
                stop=self._stop,
                report=self._report,
            )
            new = not mirror.numbers()
            try:
                for _ in mirror.update(wish):
                    self._ingest_clone()
            except PatchdeskError:
                # What an earlier sync has cloned may not be in the index yet.
                if mirror.numbers():
                    self._ingest_clone()
                raise
            self._ingest_clone()
            if new and mirror.epochs_not_cloned:
                epochs = (
                    "An older epoch is"
                    if mirror.epochs_not_cloned == 1
                    else f"{mirror.epochs_not_cloned} older epochs are"
                )
                self._note_more(f"{epochs} on the server")

    def _sync_windows(self, wish: SyncDepth) -> None:
        with self._server() as (server, rate_limiter):
            source = TimeWindowSource(
                self._name, server, rate_limiter, wish, stop=self._stop, report=self._report
            )
            new = self._name not in {info.name for info in self._index.rows.lists()}
            self._ingest(source)
            if new and not source.feed.whole:
                self._note_more("Older mail is on the server")

    def _ingest_clone(self) -> None:
        from core.sources.isolated_archive import open_isolated

        self._ingest(open_isolated(self._folder))

    def _ingest(self, source: Source) -> None:
        setting, now = self._followed.inbox_since, datetime.now(UTC)
        self._begins_inbox |= update_boundary(self._index, self._name, setting, now)
        try:
            done = self._index.writer.ingest(
                self._name,
                source,
                stop=self._stop,
                report=self._report,
                read_before=time.time() - INITIAL_UNREAD_SECONDS,
            )
        finally:
            source.close()
        so_far = self._result
        self._result = replace(
            so_far,
            added=so_far.added + done.added,
            removed=so_far.removed + done.removed,
            series=so_far.series + done.series_changed,
        )
        self.notes += [note for note in done.notes if note not in self.notes]

    def _opened(self) -> Source:
        from core.sources.target import open_target

        return open_target(self._followed.target)

    @contextlib.contextmanager
    def _server(self) -> Iterator[tuple[InboxServer, RateLimiter]]:
        server = InboxServer(read_inbox_url(self._followed.target), self._options)
        try:
            yield (
                server,
                RateLimiter(server.host, self._home.hosts, stop=self._stop, report=self._report),
            )
        finally:
            server.close()

    def _reset_if_moved(self, kind: SyncMethod) -> None:
        """Forget the list's messages from another origin; its epochs may come from any server that has them."""
        before, now = recorded_origin(self._folder), f"{kind.value} {self._followed.target}"
        if before not in ("", now) and not (
            kind is SyncMethod.EPOCHS and before.startswith(f"{kind.value} ")
        ):
            self._index.writer.forget(self._name, stop=self._stop, report=self._report)
        record_origin(self._folder, now)

    def _note_inbox(self) -> None:
        setting = self._followed.inbox_since
        if self._begins_inbox and (note := boundary_note(self._index, self._name, setting)):
            self.notes.append(note)

    def _note_more(self, what: str) -> None:
        self.notes.append(f"{what}: “patchdesk sync {self._name} --all” fetches them all.")
