"""Paints the first rows before Textual is imported, which takes most of the start, or while it is.

The rows stand where the tree will have them, without colours, on the alternate screen that the application takes
over. The terminal keeps keys pressed meanwhile, without echo, for the application.
"""

from __future__ import annotations

import contextlib
import os
import termios
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from tui.pane_layout import PaneLayout, chosen_panes, stand_beside

if TYPE_CHECKING:
    from core.desk.list_position import ListPosition
    from core.system.ui_state import UiState
    from tui.desk.requests import Desk
    from tui.tree.items import Items
    from tui.widgets.row_text import StyledText

WAIT: Final = 0.3
"""Seconds to wait for rows of the index; after that the application is as fast."""

# As `app.tcss` lays out the panes.
_SHARE, _WIDEST = 0.48, 104
_SHARE_BELOW, _LEAST = 0.4, 4

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE: Final = "\x1b[?1049l\x1b[?25h"
_LOUD: Final = frozenset({"unread", "unread-author", "news"})


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the terminal in cells; line and column count from 1."""

    line: int
    column: int
    width: int
    height: int


def tree_region(columns: int, lines: int, panes: PaneLayout = "auto") -> Region:
    """Return where the tree will have its rows, without the column of its scrollbar."""
    if stand_beside(columns, panes):
        return Region(3, 2, min(int(columns * _SHARE), _WIDEST) - 3, lines - 4)
    return Region(2, 1, columns - 1, max(_LEAST, int((lines - 2) * _SHARE_BELOW)))


def paint(rows: Sequence[Sequence[StyledText]], at: Region) -> str:
    """Return the text and control sequences that draw rows; the text is safe already."""
    written = [_ENTER]
    for number, pieces in enumerate(rows[: at.height]):
        written.append(f"\x1b[{at.line + number};{at.column}H")
        for text, look in pieces:
            written.append(f"\x1b[1m{text}\x1b[22m" if look in _LOUD else text)
    return "".join(written)


class FirstPaint:
    """Draws the rows once; a terminal on which nothing is drawn is not touched."""

    def __init__(self, screen: int = 2) -> None:
        self._screen = screen
        self._over = Event()
        self._drawing = Lock()
        self.is_shown = False
        """The rows are on the screen, and the application has not taken it over."""

    def draw(self, desk: Desk | None, remembered: UiState, panes: str = "auto") -> None:
        """Draw the rows of lists at the remembered position if the index has them in time; nothing for other desks.

        `panes` is how the configuration lays them out.
        """
        first_page = getattr(desk, "first_page", None)
        page = first_page(WAIT) if first_page is not None else None
        if page is None or not len(page.items):
            return
        from core.desk.list_position import recall

        self._draw(page.items, recall(remembered, page.wanted.lists), remembered, panes)

    def draw_when_read(self, desk: Desk | None, remembered: UiState, panes: str = "auto") -> None:
        """Draw the rows of a target that another process reads, as soon as they come; does not wait for them."""
        first_listing = getattr(desk, "first_listing", None)
        if first_listing is None:
            return
        # Before the thread starts, so that it does not import beside the application.
        import tui.tree.columns
        import tui.tree.model  # noqa: F401

        def draw() -> None:
            listing = first_listing(self._over)
            if listing is not None and listing.items:
                from tui.tree.items import InMemoryItems

                self._draw(InMemoryItems(listing.items), None, remembered, panes)

        Thread(target=draw, daemon=True).start()

    def hand_over(self) -> None:
        """Leave the screen to the application: nothing is drawn from now on."""
        self._over.set()
        with self._drawing:
            self.is_shown = False

    def end(self) -> None:
        """Draw nothing from now on, and leave the screen, unless the application took it over."""
        self._over.set()
        with self._drawing:
            if self.is_shown:
                with contextlib.suppress(OSError):
                    self._write(_LEAVE)

    def _draw(
        self, items: Items, place: ListPosition | None, remembered: UiState, panes: str
    ) -> None:
        # The application reports what cannot be read.
        with contextlib.suppress(OSError, PatchdeskError):
            columns, lines = os.get_terminal_size(self._screen)
            if not (columns and lines):  # it does not know
                return
            at = tree_region(columns, lines, chosen_panes(remembered, panes))
            drawn = paint(_rows(items, place, at), at)
            with self._drawing:
                if not self._over.is_set():
                    self.is_shown = True
                    self._write(drawn)

    def _write(self, text: str) -> None:
        left = text.encode("utf-8", "replace")
        while left:
            left = left[os.write(self._screen, left) :]


def _rows(items: Items, place: ListPosition | None, at: Region) -> list[list[StyledText]]:
    from tui.tree.columns import line
    from tui.tree.model import Rows

    rows = Rows()
    rows.replace(items, keep=False)
    top = 0
    if place is not None:
        rows.set_folds(place.folds)
        cursor = rows.find(place.key) if place.key else None
        top = max(0, cursor - place.from_top) if cursor is not None else 0
        top = max(0, min(top, len(rows) - at.height))
    now = datetime.now(UTC)
    return [line(rows[i], at.width, now) for i in range(top, min(top + at.height, len(rows)))]


@contextlib.contextmanager
def first_paint(keyboard: int = 0, screen: int = 2) -> Iterator[FirstPaint]:
    """Turn echo off while the context lasts; at its end leave the screen, unless the application took it over."""
    rows = FirstPaint(screen)
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
        rows.end()
        with contextlib.suppress(termios.error):
            termios.tcsetattr(keyboard, termios.TCSANOW, before)
