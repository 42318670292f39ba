"""What a source holds, as it becomes known: mails read, parsed and grouped, listing by listing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from threading import Event
from typing import Final

from core.errors import Cancelled
from core.mail.message import parse_message
from core.model import Message, TargetListing
from core.progress import Progress, ProgressCallback
from core.series.grouping import group_messages
from core.sources.source import Source

_FIRST: Final = 50
"""Mails before the first listing: a screenful, so that something shows at once."""

_TIMES: Final = 4
"""How many times as many mails make the next listing, so that grouping stays linear."""


def make_listing(source: Source, messages: list[Message], *, done: bool) -> TargetListing:
    """Group the mails of a source that are known so far."""
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
    """Read a source to its end into `messages`, and yield what is known on the way; the last is done.

    Raises PatchdeskError and Cancelled.
    """
    due = _FIRST
    told = time.monotonic()
    for raw in source.mails(stop=stop, report=report):
        messages.append(parse_message(raw.raw, raw.key))
        if stop.is_set():
            raise Cancelled
        if (now := time.monotonic()) - told > 0.1:
            report(Progress("reading mails", len(messages)))
            told = now
        if len(messages) == due:
            yield make_listing(source, messages, done=False)
            due *= _TIMES
    yield make_listing(source, messages, done=True)
