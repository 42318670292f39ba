"""A child process that reads and groups a target on disk, so that the screen never shares its interpreter with that.

The child is started as `python -P -m core.reading_process TARGET` and writes frames to its standard output: four bytes
with the length (big-endian), then a pickle of Progress, PatchdeskError, a tuple of items, or a Listing, whose items
are the tuples since the one before. The items come in pieces, since taking one apart holds up every other thread.
"""

from __future__ import annotations

import logging
import os
import pickle
import select
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import IO, Any, Final

from core.errors import Cancelled, PatchdeskError, SourceError
from core.model import Listing, Message, Series, Thread
from core.sources.source import Report

_LENGTH: Final = struct.Struct(">I")
_PIECE: Final = 100
"""Items in a frame."""

_POLL: Final = 0.05
"""Seconds until a set `stop` is seen, at most."""

_CHUNK: Final = 1 << 16


class ReadingProcess:
    """The parent's side: one child that reads one target, once."""

    def __init__(self, target: str) -> None:
        """Start the child; it works ahead until its pipe is full."""
        root = str(Path(__file__).resolve().parents[1])
        self._child = subprocess.Popen(
            # -P: a folder named `core` in the place where the program was started must not be imported.
            [sys.executable, "-P", "-m", "core.reading_process", target],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": root},
            start_new_session=True,  # Ctrl-C and the terminal are not for it
        )
        self._closed = Event()

    def listings(self, *, stop: Event, report: Report) -> Iterator[Listing]:
        """Yield what the child finds. Raises PatchdeskError and Cancelled."""
        items: list[Series | Thread] = []
        try:
            for value in self._values(stop):
                if isinstance(value, Listing):
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
        finally:
            self._child.kill()
            self._child.wait()
            self._pipe.close()

    def close(self) -> None:
        """End the child, also while it works. Any thread."""
        self._closed.set()
        self._child.kill()

    @property
    def _pipe(self) -> IO[bytes]:
        pipe = self._child.stdout
        if pipe is None:
            raise ValueError("started without a pipe")
        return pipe

    def _values(self, stop: Event) -> Iterator[Any]:
        """Yield the values of the frames, until the child ends."""
        buffer = bytearray()
        while True:
            while len(buffer) >= _LENGTH.size:
                end = _LENGTH.size + _LENGTH.unpack_from(buffer)[0]
                if len(buffer) < end:
                    break
                frame = bytes(buffer[_LENGTH.size : end])
                del buffer[:end]
                # Only our own child writes here, and only values of ours.
                yield pickle.loads(frame)  # noqa: S301
            while not select.select([self._pipe], [], [], _POLL)[0]:
                self._check(stop)
            self._check(stop)
            chunk = os.read(self._pipe.fileno(), _CHUNK)
            if not chunk:
                raise SourceError(
                    "The process that reads the mails has ended.", "Open the target again."
                )
            buffer += chunk

    def _check(self, stop: Event) -> None:
        if stop.is_set() or self._closed.is_set():
            raise Cancelled


def _send(value: object) -> None:
    frame = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.write(_LENGTH.pack(len(frame)) + frame)
    sys.stdout.buffer.flush()


def main(target: str) -> None:
    """Read a target and write what is found; an error becomes a frame."""
    import gc

    from core.listing import listings
    from core.sources.target import open_target

    gc.freeze()
    gc.disable()  # nothing that is made here goes before the process does
    messages: list[Message] = []
    try:
        source = open_target(target)
        for listing in listings(source, messages, stop=Event(), report=_send):
            for start in range(0, len(listing.items), _PIECE):
                _send(listing.items[start : start + _PIECE])
            _send(replace(listing, items=()))
    except PatchdeskError as error:
        _send(error)
    except BrokenPipeError:  # nobody wants to know any more
        os._exit(0)
    except Exception as error:
        from core.log import start_logging
        from core.paths import log_file

        start_logging(log_file())
        logging.getLogger(__name__).exception("reading failed")
        _send(SourceError(f"Reading failed: {type(error).__name__}.", "The log has the details."))


if __name__ == "__main__":
    main(sys.argv[1])
