"""A child process that reads and groups a target on disk, so that the screen never shares its interpreter with that.

It is started as `python -P -m core.desk.target_reader TARGET` and sends Progress, PatchdeskError, a tuple of items, or a
Listing, whose items are the tuples since the one before. The items come in pieces, since taking one apart holds up
every other thread.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from threading import Event
from typing import Final

from core.errors import PatchdeskError, SourceError
from core.model import Message, Series, TargetListing, Thread
from core.progress import ProgressCallback
from core.system.child_process import Child, send

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

    from core.desk.listing import listings
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


if __name__ == "__main__":
    main(sys.argv[1])
