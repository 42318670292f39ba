"""A child process that reads and groups a target on disk, so that the screen never shares its interpreter with that.

It sends tuples of items and, after those that came since the one before, a TargetListing without items: unpickling one
large message would hold up every other thread of the screen. Parsers are imported where they are used, since the parent needs none of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

from core.errors import Cancelled, PatchdeskError
from core.model import Message, Series, TargetListing, Thread
from core.progress import Progress, ProgressCallback
from core.system.child_process import Channel, ChildProcess

if TYPE_CHECKING:
    from core.sources.source import Source

_ITEMS: Final = 100
"""Items in a message."""

_PATIENCE: Final = 120.0
"""Seconds without a sign of life after which reading is given up."""


class TargetReader(ChildProcess):
    """The parent's side: one child that reads one target, once."""

    def __init__(self, target: str) -> None:
        """Start the child."""
        super().__init__(
            "core.desk.target_reader",
            target,
            doing="Reading the mails",
            hint="Open the target again.",
            patience=_PATIENCE,
        )
        self._receiving = Lock()
        self._items: list[Series | Thread] = []
        self._first: TargetListing | PatchdeskError | None = None

    def first_listing(self, stop: Event) -> TargetListing | None:
        """Wait for the first listing, which `listings` yields all the same; None once `stop` is set, or where it fails."""
        with self._receiving:
            try:
                self._first = next(self._received(stop, lambda _: None), None)
            except Cancelled:
                return None
            except PatchdeskError as error:
                self._first = error
            return self._first if isinstance(self._first, TargetListing) else None

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        """Yield growing listings from the child. Raises PatchdeskError and Cancelled."""
        try:
            with self._receiving:
                first = self._first
            if isinstance(first, PatchdeskError):
                raise first
            if first is not None:
                yield first
            yield from self._received(stop, report)
        finally:
            self.release()

    def _received(self, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        """Yield the listings that come; items of one that is not whole yet are kept for the next call."""
        with closing(self.receive(stop=stop, report=report)) as values:
            for value in values:
                if isinstance(value, TargetListing):
                    items, self._items = self._items, []
                    yield replace(value, items=tuple(items))
                else:
                    self._items += value


def main(channel: Channel, target: str) -> None:
    """Read a target and send growing listings. The child's main."""
    import gc

    from core.sources.target import open_target

    gc.freeze()
    gc.disable()  # nothing that is made here goes before the process does
    messages: list[Message] = []
    source = open_target(target, isolate=False)
    for listing in listings(source, messages, stop=Event(), report=channel.report):
        for start in range(0, len(listing.items), _ITEMS):
            channel.send(listing.items[start : start + _ITEMS])
        channel.send(replace(listing, items=()))


_FIRST: Final = 50
"""Mails before the first listing: a screenful, so that something shows at once."""

_TIMES: Final = 4
"""How many times as many mails make the next listing, so that grouping stays linear."""


def make_listing(source: Source, messages: list[Message], *, done: bool) -> TargetListing:
    """Group the mails of a source that are known so far."""
    from core.series.grouping import group_messages

    items = group_messages(messages)
    if not source.is_list:
        items = [replace(item, lists=()) for item in items]
    return TargetListing(
        name=source.name,
        items=tuple(items),
        mails=len(messages),
        done=done,
        note=" ".join(source.notes),
    )


def listings(
    source: Source, messages: list[Message], *, stop: Event, report: ProgressCallback
) -> Iterator[TargetListing]:
    """Read a source to its end into `messages`, and yield growing listings; the last is done.

    Raises PatchdeskError and Cancelled.
    """
    from core.mail.message import parse_message
    from core.mail.rethread import FormatPatchThreader

    threader = FormatPatchThreader()
    due = _FIRST
    told = time.monotonic()
    for raw in source.mails(stop=stop, report=report):
        messages.append(threader.thread(parse_message(raw.raw, raw.key)))
        if stop.is_set():
            raise Cancelled
        if (now := time.monotonic()) - told > 0.1:
            report(Progress("reading mails", len(messages)))
            told = now
        if len(messages) == due:
            yield make_listing(source, messages, done=False)
            due *= _TIMES
    yield make_listing(source, messages, done=True)
