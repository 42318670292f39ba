"""Who uses something that is to be closed: it is closed once nobody does any more."""

from __future__ import annotations

from threading import Condition
from time import monotonic
from typing import Final

from core.errors import Cancelled

_PATIENCE: Final = 5.0
"""Seconds that `close` waits for users that were told to stop."""


class InUse:
    """A context for each use, from any thread, that raises Cancelled once `close` was called."""

    def __init__(self) -> None:
        self._users = 0
        self._closed = False
        self._changed = Condition()

    def __enter__(self) -> None:
        with self._changed:
            if self._closed:
                raise Cancelled
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._users -= 1
            self._changed.notify_all()

    def close(self) -> bool:
        """Let no further use begin, and wait for those that did; say whether all have ended."""
        until = monotonic() + _PATIENCE
        with self._changed:
            self._closed = True
            while self._users and (left := until - monotonic()) > 0:
                self._changed.wait(left)
            return not self._users
