"""A list without a clone: the messages of a public-inbox server, searched by their arrival there.

A search for `rt:START..END` finds the mails by public-inbox's clock: the newest Received header, and Date only where
there is none (PublicInbox::MsgTime). The newest windows come first; their width follows how many mails an answer has.
The day before the newest arrival is asked for again the next time, since a server may learn of a mail late.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Final

from core.errors import FetchError, SourceError
from core.mail.dates import received_time
from core.model import RawMessage
from core.progress import ProgressCallback, ProgressJob
from core.sources.inbox_server import InboxServer
from core.sources.source import IncrementalSource, MailChange, StoredPart, git_blob_id
from core.sync.list_folder import SyncDepth
from core.sync.rate_limit import RateLimiter

DAY: Final = 86_400
FIRST_MAILS: Final = 3000
"""Mails after which a first sync goes no further back."""

_WANTED: Final = 1000
"""Mails that an answer should have: enough to be worth a request, few enough to be lost by an interruption."""

_SHORTEST: Final = 60
_LONGEST: Final = 4096 * DAY
_CATCH_UP: Final = 7 * DAY
_EARLIEST: Final = 631_152_000
"""1990: older mail is dated by mistake, and comes with the last window."""

_LATE: Final = 2
"""Windows that may be too much for the deadline."""

_KNOWN: Final = 1000
_CLONE: Final = "Clone the list instead: remove “clone = false” from its table in config.toml."

Span = tuple[int, int]
"""From a second of the Unix epoch up to, not including, another."""


class TimeWindowSource:
    """An inbox on a server as a source that can be followed."""

    is_list = True
    notes: tuple[str, ...] = ()

    def __init__(
        self,
        name: str,
        server: InboxServer,
        rate_limiter: RateLimiter,
        wish: SyncDepth,
        *,
        stop: Event,
        report: ProgressCallback,
    ) -> None:
        self.name = name
        self._server = server
        self.feed = TimeWindowFeed(name, server, rate_limiter, wish, stop=stop, report=report)

    def incremental_parts(self) -> list[IncrementalSource]:
        """Return its one part."""
        return [self.feed]

    def mails(self, *, stop: Event, report: ProgressCallback) -> Iterator[RawMessage]:
        """Yield the messages of a first sync."""
        job = ProgressJob(f"Reading {self.name}", "mail", stop=stop, closed=Event(), report=report)
        for change in self.feed.changes("", _Nothing(), job):
            yield RawMessage(change.raw or b"", change.blob.hex())

    def read(self, key: str) -> bytes:
        """Return nothing: no mail is held."""
        raise SourceError(f"The mail {key} is not held.", "Sync its list.")

    def close(self) -> None:
        """Let go of the process that fetches."""
        self._server.close()


class _Nothing:
    def blobs(self) -> set[bytes]:
        return set()

    def names(self) -> dict[str, bytes]:
        return {}

    def history_rewritten(self, removed: object) -> None:
        """Do nothing: there is no history."""


class TimeWindowFeed:
    """The mails of an inbox, by windows of arrival.

    A position holds the spans that were asked for, the newest arrival, the number of messages, and the floor, below
    which nothing is fetched until more is asked for.
    """

    part_name = ""
    order = 0
    path = ""
    notes: tuple[str, ...] = ()

    def __init__(
        self,
        name: str,
        server: InboxServer,
        rate_limiter: RateLimiter,
        wish: SyncDepth,
        *,
        stop: Event,
        report: ProgressCallback,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._server = server
        self._rate_limiter = rate_limiter
        self._wish = wish
        self._stop = stop
        self._report = report
        self._now = int(clock())
        self._known: list[Span] = []
        self._newest: int | None = None
        self._floor: int | None = None
        self._mails = 0
        self._missing: FetchError | None = None
        self._answered = False
        self._late = 0
        self._begun = False

    @property
    def cursor(self) -> str:
        """The position to resume from, once everything yielded so far is stored."""
        if not self._begun:
            return ""
        known = [list(span) for span in self._known]
        return json.dumps(
            {
                "known": known,
                "newest": self._newest,
                "floor": self._floor,
                "mails": self._mails,
            }
        )

    @property
    def whole(self) -> bool:
        """Whether everything down to the list's beginning was asked for."""
        return self._floor == 0

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:  # noqa: ARG002
        """Yield the mails that came since `position`, the newest first, and then older ones that are wanted."""
        self._begun = True
        self._resume(cursor)
        upper: int | None = None
        for start, end in list(self._known):
            yield from self._span(end, upper, _CATCH_UP, job)
            upper = start
        if (floor := self._wanted_floor()) is not None:
            yield from self._span(floor, upper, DAY, job)
            lowest = self._known[-1][0] if self._known else self._now
            self._floor = floor if lowest <= floor else lowest
        # The newest mail is asked for again, so that whoever has one gets an answer.
        if self._missing is not None and not self._answered:
            raise self._missing

    def read(self, blob: bytes) -> bytes:
        """Return nothing: every mail comes with its bytes."""
        raise SourceError(f"{self._name} has no mail {blob.hex()}.")

    def _resume(self, cursor: str) -> None:
        """Resume from a position; drop spans that were searched too early."""
        known, self._newest, self._floor, self._mails = _read_cursor(cursor)
        settled = -1 if self._newest is None else min(self._newest, self._now) - DAY
        self._known = [(start, min(end, settled)) for start, end in known if start < settled]
        if not self._known:
            self._floor = None

    def _wanted_floor(self) -> int | None:
        """Return how far back to go below all that is known; None where that is far enough."""
        if self._wish.everything:
            floor = 0
        elif self._wish.since is not None:
            floor = max(0, self._wish.since)
        else:
            return 0 if self._floor is None else None
        return floor if self._floor is None or floor < self._floor else None

    def _deep_enough(self) -> bool:
        limited = not self._wish.everything and self._wish.since is None
        return limited and self._mails >= FIRST_MAILS

    def _span(
        self, lower: int, upper: int | None, width: int, job: ProgressJob
    ) -> Iterator[MailChange]:
        """Yield the arrivals from `lower` up to `upper` (None: now), window by window, the newest first."""
        backwards = lower < (self._known[-1][0] if self._known else self._now)
        while upper is None or upper > lower:
            if backwards and self._known and self._deep_enough():
                return
            top = self._now if upper is None else upper
            start = max(lower, top - width)
            if start < _EARLIEST and lower == 0:
                start = 0
            span = max(1, top - start)
            try:
                raws = self._ask(start, upper)
            except FetchError as error:
                if not self._can_shrink(error, span):
                    raise _explained(error, self._server) from error
                width = max(_SHORTEST, span // 8)
                continue
            is_backfill = backwards and upper is not None
            for raw in raws:
                self._newest = max(self._newest or 0, min(received_time(raw) or 0, self._now))
                self._mails += 1
                job.tick(self._mails)
                yield MailChange(git_blob_id(raw), added=True, is_backfill=is_backfill, raw=raw)
            self._known = _merge_spans(self._known, (start, top))
            upper = start
            wanted = span * _WANTED // max(1, len(raws))
            width = min(max(wanted, span // 4, _SHORTEST), span * 4, _LONGEST)

    def _can_shrink(self, error: FetchError, span: int) -> bool:
        if error.kind == "deadline":
            self._late += 1
        return span > _SHORTEST and (
            error.kind == "too-large" or (error.kind == "deadline" and self._late <= _LATE)
        )

    def _ask(self, start: int, end: int | None) -> list[bytes]:
        """Ask for one window."""
        try:
            raws = self._rate_limiter.call(
                lambda: self._server.messages_received_between(
                    start or None, end, stop=self._stop, report=self._report
                )
            )
        except FetchError as error:
            if error.status != 404:
                raise
            self._missing = _no_list(self._server)  # or a proxy's own words for no match
            return []
        self._answered = True
        return raws


def _merge_spans(known: list[Span], new: Span) -> list[Span]:
    """Add a span; those that touch become one. The newest comes first."""
    merged: list[Span] = []
    for start, end in sorted([*known, new], reverse=True):
        if merged and end >= merged[-1][0]:
            merged[-1] = min(start, merged[-1][0]), max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged[:_KNOWN]


def _read_cursor(cursor: str) -> tuple[list[Span], int | None, int | None, int]:
    try:
        read = json.loads(cursor) if cursor else {}
        known = [(int(start), int(end)) for start, end in read["known"]]
        newest, floor = (
            None if read[key] is None else int(read[key]) for key in ("newest", "floor")
        )
        return known, newest, floor, int(read["mails"])
    except (ValueError, KeyError, TypeError):
        return [], None, None, 0


def _no_list(server: InboxServer) -> FetchError:
    return FetchError(
        f"There is no list at {server.url}, or no mail in it.",
        "Open that address in a browser; if it is wrong, unfollow the list and follow the right one.",
        status=404,
    )


def _explained(error: FetchError, server: InboxServer) -> FetchError:
    """Return the error with a hint, where searching is the operation that the server refuses."""
    if error.kind != "page" and error.status not in (401, 403, 501):
        return error
    message = error.message
    if error.kind == "page":
        message = f"{server.host} answered with a web page that admits only browsers."
    return FetchError(message, _CLONE, status=error.status, kind=error.kind)
