"""Searches on the server of a followed list, with the results put into the index."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event
from typing import TYPE_CHECKING, Final

from core.config import fetch_options
from core.errors import Cancelled, FetchError, PatchdeskError, SourceError
from core.model import RawMessage
from core.progress import Progress, ProgressCallback, ProgressJob
from core.query.lore_query import ServerQuery, translate
from core.query.query import read_query
from core.search.hits import ServerSearchResult
from core.sources.inbox_server import InboxServer
from core.sources.source import IncrementalSource, MailChange, StoredPart, git_blob_id
from core.sync.follow import SyncMethod, read_inbox_url, sync_method_of
from core.sync.list_folder import DataDirs
from core.sync.rate_limit import RateLimiter
from core.sync.sync import INITIAL_UNREAD_SECONDS

if TYPE_CHECKING:
    from core.config import Config
    from core.index.index import Index

PART: Final = "found"
"""The name of a list's part that holds the results of searches."""


def ask_server(
    index: Index, config: Config, query: str, list_name: str, *, stop: Event
) -> ServerSearchResult:
    """Ask the server of a list for the threads that a query finds there, and index them.

    Raises QueryError, FetchError, Cancelled, and PatchdeskError for a list that no server has, that was not synced yet, or a
    query of which it cannot be asked anything.
    """
    tree = read_query(query)
    followed = config.lists.get(list_name)
    if followed is None or sync_method_of(followed) is SyncMethod.DISK:
        raise PatchdeskError(
            f"{list_name} is not followed over HTTP.", "Only such lists have a server to ask."
        )
    if not any(info.name == list_name and info.synced for info in index.rows.lists()):
        raise PatchdeskError(f"{list_name} was not synced yet.", "Sync it once, then ask.")
    asked = translate(tree, (list_name,))
    if not asked.query:
        raise PatchdeskError(
            "The server cannot answer this query.",
            "It takes words, s: f: t: c: tc: a: b: d: dfn: and m:, at most 1,500 characters.",
        )
    home = DataDirs.default()
    from core.system.paths import cache_dir

    server = InboxServer(read_inbox_url(followed.target), fetch_options(config, cache_dir()))
    try:
        rate_limiter = RateLimiter(server.host, home.hosts, stop=stop, report=_quiet)
        mails, wider = _ask(server, rate_limiter, asked.query, stop)
    finally:
        server.close()
    done = index.writer.ingest(
        list_name,
        _FoundSource(list_name, mails),
        stop=stop,
        report=_quiet,
        read_before=time.time() - INITIAL_UNREAD_SECONDS,
        catches_up=False,
    )
    return ServerSearchResult(
        mails=len(mails), added=done.added, asked=asked.query, note=_note(asked, wider)
    )


def _ask(
    server: InboxServer, rate_limiter: RateLimiter, query: str, stop: Event
) -> tuple[list[bytes], bool]:
    """Return the mails of whole threads; where that is too much, those that match, and True."""
    try:
        return rate_limiter.call(
            lambda: server.messages_matching(query, threads=True, stop=stop, report=_quiet)
        ), False
    except FetchError as error:
        if error.status == 404:  # nothing is found, or there is no such list
            return rate_limiter.call(
                lambda: server.messages_matching(query, stop=stop, report=_quiet)
            ), False
        if error.kind not in ("too-large", "deadline"):
            raise
    return rate_limiter.call(
        lambda: server.messages_matching(query, stop=stop, report=_quiet)
    ), True


def _note(asked: ServerQuery, alone: bool) -> str:
    notes = []
    if asked.left_out:
        notes.append(f"Left out: {', '.join(asked.left_out)}.")
    if asked.wider:
        notes.append(f"Asked more widely: {', '.join(asked.wider)}.")
    if alone:
        notes.append(
            "The whole threads were too large for one answer: only the matching messages were fetched."
        )
    return " ".join(notes)


def _quiet(_: Progress) -> None:
    pass


class _FoundSource:
    """Mails of a list from a server search."""

    is_list = True
    notes: tuple[str, ...] = ()

    def __init__(self, name: str, raws: list[bytes]) -> None:
        self.name = name
        self._raws = raws

    def incremental_parts(self) -> list[IncrementalSource]:
        return [_FoundFeed(self._raws)]

    def mails(self, *, stop: Event, report: ProgressCallback) -> Iterator[RawMessage]:
        del report
        for raw in self._raws:
            if stop.is_set():
                raise Cancelled
            yield RawMessage(raw, git_blob_id(raw).hex())

    def read(self, key: str) -> bytes:
        raise SourceError(f"The mail {key} is not held.", "Search again.")

    def close(self) -> None:
        pass


class _FoundFeed:
    """These mails as a part of the list, before all others; it has no position to resume from."""

    part_name = PART
    order = -1
    path = ""
    cursor = ""
    notes: tuple[str, ...] = ()

    def __init__(self, raws: list[bytes]) -> None:
        self._raws = raws

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:
        del cursor, held
        for raw in self._raws:
            job.tick(0)
            yield MailChange(git_blob_id(raw), added=True, is_backfill=True, raw=raw)

    def read(self, blob: bytes) -> bytes:
        raise SourceError(f"The mail {blob.hex()} is not held.", "Search again.")
