"""The lock on the index file: each process shares it, and only a process that holds it alone may replace the file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import Final

_WAIT_TO_SHARE: Final = 30.0
"""Seconds to wait while another process makes the index; it takes a moment."""
_WAIT_TO_OWN: Final = 1.0
"""Seconds to wait for the lock, so that of several processes that open a damaged index one gets it."""
_POLL: Final = 0.02


class IndexFileLock:
    """A lock on a file beside the index: SQLite has its own locks on the index itself, which closing a handle would drop.

    Where no such file can be made, as on a disk that is read-only, nothing is locked: nobody can rename anything there.
    """

    def __init__(self, path: Path) -> None:
        """Take the index's path; its folder must exist."""
        self._handle: int | None = None
        with contextlib.suppress(OSError):
            self._handle = os.open(
                path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )

    def share(self) -> bool:
        """Have the index open beside others; False where another process keeps it to itself for too long."""
        return self._take(fcntl.LOCK_SH, _WAIT_TO_SHARE)

    def own(self) -> bool:
        """Take the index for this process alone; False where another has it open, and then it is not shared either."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(
                    self._handle, fcntl.LOCK_UN
                )  # or two who share it would wait for each other
        return self._take(fcntl.LOCK_EX, _WAIT_TO_OWN)

    def _take(self, kind: int, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self._handle is not None:
            try:
                fcntl.flock(self._handle, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    return False
                time.sleep(_POLL)
            except OSError:  # a disk without locks
                return True
            else:
                return True
        return True

    def close(self) -> None:
        """Let go of it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
