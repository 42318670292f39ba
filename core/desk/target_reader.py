"""A child process that reads and groups a target on disk, so that the screen never shares its interpreter with that.

It is started as `python -P -m core.desk.target_reader TARGET` and sends Progress, PatchdeskError, tuples of items, and
TargetListing, whose items are the tuples since the one before: unpickling one large frame would hold up every other
thread of the screen. Parsers are imported where they are used, since the parent needs none of them.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Final

from core.errors import Cancelled, PatchdeskError, SourceError
from core.model import Message, Series, TargetListing, Thread
from core.progress import Progress, ProgressCallback
from core.system.child_process import Child, send

if TYPE_CHECKING:
    from core.sources.source import Source

_PIECE: Final = 100
"""Items in a frame."""


class TargetReader(Child):
    """The parent's side: one child that reads one target, once."""

    def __init__(self, target: str) -> None:
        """Start the child."""
        ended = SourceError("The process that reads the mails has ended.", "Open the target again.")
        super().__init__("core.desk.target_reader", target, ended=ended)

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        """Yield what the child finds. Raises PatchdeskError and Cancelled."""
        items: list[Series | Thread] = []
        with closing(self.values(stop)) as values:
            for value in values:
                if isinstance(value, TargetListing):
                    yield replace(value, items=tuple(items))
                    if value.done:
                        return
                    items = []
                elif isinstance(value, tuple):
                    items += value
                elif isinstance(value, PatchdeskError):
                    raise value
                else:
                    report(value)


def main(target: str) -> None:
    """Read a target and write what is found; an error becomes a frame."""
    import gc

    from core.sources.target import open_target

    gc.freeze()
    gc.disable()  # nothing that is made here goes before the process does
    messages: list[Message] = []
    try:
        source = open_target(target)
        for listing in listings(source, messages, stop=Event(), report=send):
            for start in range(0, len(listing.items), _PIECE):
                send(listing.items[start : start + _PIECE])
            send(replace(listing, items=()))
    except PatchdeskError as error:
        send(error)
    except BrokenPipeError:  # nobody wants to know any more
        os._exit(0)
    except Exception as error:
        from core.system.log import start_logging
        from core.system.paths import log_file

        start_logging(log_file())
        logging.getLogger(__name__).exception("reading failed")
        send(SourceError(f"Reading failed: {type(error).__name__}.", "The log has the details."))


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
    """Read a source to its end into `messages`, and yield what is known on the way; the last is done.

    Raises PatchdeskError and Cancelled.
    """
    from core.mail.message import parse_message

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


if __name__ == "__main__":
    main(sys.argv[1])
