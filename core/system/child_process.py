"""A child process of our own that sends values, so that what burns CPU never shares the screen's interpreter.

The child is started as `python -P -m MODULE ARGUMENT...` and writes frames to its standard output: four bytes with the
length (big-endian), then a pickle. Only our own modules write there, and only values of ours.
"""

from __future__ import annotations

import os
import pickle
import select
import struct
import subprocess
import sys
from collections.abc import Generator, Iterator
from threading import Event
from typing import IO, Any, Final

from core.errors import Cancelled, SourceError
from core.system.paths import program_folder

_LENGTH: Final = struct.Struct(">I")

_POLL: Final = 0.05
"""Seconds until a set `stop` is seen, at most."""

_CHUNK: Final = 1 << 16


class Child:
    """The parent's side: one child, which sends what it makes until it ends."""

    def __init__(self, module: str, *arguments: str, ended: SourceError) -> None:
        """Start the child; it works ahead until its pipe is full. `ended` is the error where it ends too early."""
        self._ended = ended
        self._child = subprocess.Popen(
            # -P: a folder named `core` in the place where the program was started must not be imported.
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": program_folder()},
            start_new_session=True,  # Ctrl-C and the terminal are not for it
        )
        self._closed = Event()

    def values(self, stop: Event) -> Generator[Any, None, None]:
        """Yield what the child sends; the child ends with the iterator. Raises SourceError and Cancelled."""
        try:
            yield from self._frames(stop)
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

    def _frames(self, stop: Event) -> Iterator[Any]:
        buffer = bytearray()
        while True:
            while len(buffer) >= _LENGTH.size:
                end = _LENGTH.size + _LENGTH.unpack_from(buffer)[0]
                if len(buffer) < end:
                    break
                frame = bytes(buffer[_LENGTH.size : end])
                del buffer[:end]
                yield pickle.loads(frame)  # noqa: S301
            while not select.select([self._pipe], [], [], _POLL)[0]:
                self._check(stop)
            self._check(stop)
            chunk = os.read(self._pipe.fileno(), _CHUNK)
            if not chunk:
                raise self._ended
            buffer += chunk

    def _check(self, stop: Event) -> None:
        if stop.is_set() or self._closed.is_set():
            raise Cancelled


def send(value: object) -> None:
    """Send a value to the parent: the child's side. Raises BrokenPipeError where nobody wants it any more."""
    frame = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.write(_LENGTH.pack(len(frame)) + frame)
    sys.stdout.buffer.flush()
