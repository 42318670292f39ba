"""The first rows of the followed lists, before there is a screen: importing what draws that takes most of a start.

They stand where the tree will have them, uncoloured, on the alternate screen that the application takes over. Keys
pressed meanwhile are kept by the terminal, unseen, and are the application's.
"""

from __future__ import annotations

import contextlib
import os
import termios
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError

if TYPE_CHECKING:
    from core.desk.lists_desk import ListPage
    from core.system.ui_state import UiState
    from tui.desk.requests import Desk
    from tui.tree.columns import StyledText

WAIT: Final = 0.3
"""Seconds that the index has to give rows; later the application shows them as well."""

WIDE: Final = 100
"""As `tui.screens.frame` and `app.tcss` lay out the panes: these columns make room for two side by side."""
_SHARE, _WIDEST = 0.48, 104
_SHARE_BELOW, _LEAST = 0.4, 4

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE: Final = "\x1b[?1049l\x1b[?25h"
_LOUD: Final = frozenset({"unread", "unread-author", "news"})


@dataclass(frozen=True, slots=True)
class Room:
    """Where the rows go, counted from 1."""

    line: int
    column: int
    width: int
    height: int


def room(columns: int, lines: int) -> Room:
    """Return where the tree will have its rows on a terminal of some size; its last column is the scrollbar's."""
    if columns >= WIDE:
        return Room(3, 2, min(int(columns * _SHARE), _WIDEST) - 3, lines - 4)
    return Room(2, 1, columns - 1, max(_LEAST, int((lines - 2) * _SHARE_BELOW)))


def picture(rows: Sequence[Sequence[StyledText]], at: Room) -> str:
    """Return what draws rows, as bytes for a terminal but for their encoding; their text is safe already."""
    written = [_ENTER]
    for number, pieces in enumerate(rows[: at.height]):
        written.append(f"\x1b[{at.line + number};{at.column}H")
        for text, look in pieces:
            written.append(f"\x1b[1m{text}\x1b[22m" if look in _LOUD else text)
    return "".join(written)


class EarlyRows:
    """Draws them once, and gives the terminal back; where there is nothing to draw, nothing is done to it."""

    def __init__(self, screen: int = 2) -> None:
        self._screen = screen
        self.is_shown = False
        """They stand on the screen, and nobody has taken it over."""

    def draw(self, desk: Desk | None, remembered: UiState) -> None:
        """Draw rows of lists from where the reader was, if the index gives them soon; of anything else nothing."""
        first_page = getattr(desk, "first_page", None)
        page = first_page(WAIT) if first_page is not None else None
        if page is None or not len(page.items):
            return
        # What cannot be read, the application will say.
        with contextlib.suppress(OSError, PatchdeskError):
            columns, lines = os.get_terminal_size(self._screen)
            at = room(columns, lines)
            drawn = picture(_rows(page, remembered, at), at)
            self.is_shown = True
            self._write(drawn)

    def _write(self, text: str) -> None:
        left = text.encode("utf-8", "replace")
        while left:
            left = left[os.write(self._screen, left) :]


def _rows(page: ListPage, remembered: UiState, at: Room) -> list[list[StyledText]]:
    from core.desk.list_position import recall
    from tui.tree.columns import line
    from tui.tree.model import Rows

    rows, place = Rows(), recall(remembered, page.wanted.lists)
    rows.replace(page.items, keep=False)
    rows.set_folds(place.folds)
    cursor = rows.find(place.key) if place.key else None
    top = max(0, cursor - place.from_top) if cursor is not None else 0
    top = max(0, min(top, len(rows) - at.height))
    now = datetime.now(UTC)
    return [line(rows[i], at.width, now) for i in range(top, min(top + at.height, len(rows)))]


@contextlib.contextmanager
def early_rows(keyboard: int = 0, screen: int = 2) -> Iterator[EarlyRows]:
    """Keep the keyboard quiet for what is drawn early, until the end; leave its screen where nobody has taken it over."""
    rows = EarlyRows(screen)
    try:
        before = termios.tcgetattr(keyboard)
    except termios.error:
        yield rows
        return
    quiet = termios.tcgetattr(keyboard)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    quiet[6][termios.VSUSP] = b"\0"  # or it could be left standing half drawn
    try:
        termios.tcsetattr(keyboard, termios.TCSANOW, quiet)
        yield rows
    finally:
        if rows.is_shown:
            with contextlib.suppress(OSError):
                rows._write(_LEAVE)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(keyboard, termios.TCSANOW, before)
