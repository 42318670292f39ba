"""Viewed hunks, known by their content, so that the next version shows only new ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final, Protocol

from core.diff.hunks import Hunk
from core.diff.lines import join_lines


class ViewedHunks(Protocol):
    """Remembers which hunks were viewed."""

    def is_viewed(self, key: str) -> bool:
        """Whether the hunk with that key was viewed."""
        ...

    def mark(self, key: str, viewed: bool) -> None:
        """Remember that it was, or forget it."""
        ...


class InMemoryViewedHunks:
    """Remembers as long as the program runs."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def is_viewed(self, key: str) -> bool:
        """Whether the hunk with that key was viewed."""
        return key in self._keys

    def mark(self, key: str, viewed: bool) -> None:
        """Remember that it was, or forget it."""
        if viewed:
            self._keys.add(key)
        else:
            self._keys.discard(key)


def hunk_key(path: str, hunk: Hunk) -> str:
    """Return the key of a hunk: a BLAKE2b hash, in hex, of its file and its lines without their numbers."""
    digest = blake2b(path.encode("utf-8", "surrogatepass"), digest_size=16)
    digest.update(b"\0")
    text = join_lines(hunk.rows)
    if "\r" in text:
        text = "\n".join([row.rstrip("\r") for row in hunk.rows])
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


WRITE_DELAY: Final = 1.0
"""Seconds after a mark in which others are written with it."""


class JournaledViewedHunks:
    """A `core.diff.viewed_hunks.ViewedHunks`; answers and marks cost the screen nothing but the first answer."""

    def __init__(
        self, load: Callable[[], set[str]], write: Callable[[Mapping[str, bool]], object]
    ) -> None:
        """Take a function that reads the viewed hunks, and one that writes marks to the journal."""
        self._load = load
        self._write = write
        self._lock = threading.Lock()
        self._keys: set[str] | None = None
        self._waiting: dict[str, bool] = {}
        self._timer: threading.Timer | None = None

    def is_viewed(self, key: str) -> bool:
        """Whether the hunk with that key was viewed."""
        if self._keys is None:
            self.load()
        return self._keys is not None and key in self._keys

    def mark(self, key: str, viewed: bool) -> None:
        """Remember that it was, or forget it."""
        if self.is_viewed(key) == viewed:
            return
        with self._lock:
            assert self._keys is not None  # noqa: S101 - is_viewed has seen to it
            (self._keys.add if viewed else self._keys.discard)(key)
            self._waiting[key] = viewed
            if self._timer is None:
                self._timer = threading.Timer(WRITE_DELAY, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def load(self) -> None:
        """Read the viewed hunks from the journal, with the marks not written yet."""
        keys = self._load()
        with self._lock:
            keys.update(key for key, viewed in self._waiting.items() if viewed)
            keys.difference_update(key for key, viewed in self._waiting.items() if not viewed)
            self._keys = keys

    def flush(self) -> None:
        """Write pending marks."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if waiting:
            self._write(waiting)
