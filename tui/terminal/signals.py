"""Signals that end the program: the application quits in good order, and where it cannot, the terminal comes back."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from types import FrameType
from typing import Final, NoReturn, Protocol

from tui.terminal.modes import restore_terminal

ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
GRACE: Final = 2.0
"""Seconds the application has to quit after a signal; then the process ends without it."""

log = logging.getLogger(__name__)


class Quits(Protocol):
    """An application that can be asked to quit with a status, as textual.app.App can."""

    def exit(self, result: None = None, return_code: int = 0) -> None:
        """Quit soon."""


class SignalHandler:
    """Quits `app` with status 128 + N on signal N.

    Where none runs yet, where it does not quit in time, and on a second signal the process ends at once.
    """

    app: Quits | None = None

    def __init__(self) -> None:
        self._timer: Timer | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal, between two steps of the main thread."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            _end(number)
        if self.app is None or self._timer is not None:
            _end(number)
        self._timer = Timer(GRACE, _end, (number,))
        self._timer.daemon = True
        self._timer.start()
        log.info("ended by %s", signal.Signals(number).name)
        loop.call_soon_threadsafe(self.app.exit, None, 128 + number)

    def cancel(self) -> None:
        """Let the process live: it ends in good order."""
        if self._timer is not None:
            self._timer.cancel()


def _end(number: int) -> NoReturn:
    restore_terminal()
    os._exit(128 + number)


@contextmanager
def quit_on_signals() -> Iterator[SignalHandler]:
    """Install a SignalHandler for SIGTERM, SIGHUP and SIGQUIT while the context lasts; its `app` is set later."""
    handler = SignalHandler()
    before = {number: signal.signal(number, handler) for number in ENDING}
    try:
        yield handler
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
        handler.cancel()
