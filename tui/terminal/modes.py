"""The terminal modes that the shell had set, and restoring them after any exit."""

from __future__ import annotations

import contextlib
import os
import termios
from typing import Any, Final

_RESET: Final = (
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # mouse
    b"\x1b[?2004l\x1b[?2048l\x1b[?1004l\x1b[?2026l"  # paste, resize, focus, synchronized output
    b"\x1b[?7h\x1b[<u\x1b[0m\x1b[?1049l\x1b[?25h"  # wrap, kitty's keys, colours, screen, cursor
)

_saved: list[Any] = []
_assumed: set[str] = set()
"""Variables of the environment that `assume_size` has set."""


def save_shell_modes(descriptor: int = 0) -> None:
    """Remember how the shell has the terminal, before anything is changed."""
    _saved.clear()
    with contextlib.suppress(termios.error):
        _saved.extend(termios.tcgetattr(descriptor))


def shell_modes() -> list[Any] | None:
    """Return the modes as `termios.tcgetattr` does, or None where they are not known."""
    return list(_saved) or None


def assume_size(screen: int = 1) -> None:
    """Say that a terminal which does not know its size has 80 × 24 cells, until it does.

    Serial consoles and containers tell of 0 rows; rich then takes 25, Textual 24, and the layout never settles.
    """
    try:
        columns, lines = os.get_terminal_size(screen)
    except OSError:
        return
    for name, cells, assumed in (("COLUMNS", columns, "80"), ("LINES", lines, "24")):
        if not cells:
            if name not in os.environ:
                _assumed.add(name)
                os.environ[name] = assumed
        elif name in _assumed:
            _assumed.discard(name)
            os.environ.pop(name, None)


def restore_terminal(keyboard: int = 0, screen: int = 2) -> None:
    """Give the terminal back at once: screen, cursor, mouse, keys, paste, echo. Needs nothing of the application."""
    with contextlib.suppress(OSError):
        os.set_blocking(screen, False)  # a stopped terminal must not hold us
        os.write(screen, _RESET)
        os.set_blocking(screen, True)
    if _saved:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(keyboard, termios.TCSANOW, _saved)
