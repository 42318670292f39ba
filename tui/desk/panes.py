"""Moves and folds in the pane that has the keys, goes from pane to pane, and one level back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from core.text import SafeText
from tui.desk.controller import Controller, DeskView, Handler, ReaderContent
from tui.desk.phrases import position_in_series
from tui.keys.commands import Pane
from tui.pane_layout import LEAST, PaneLayout, remember_panes
from tui.tasks import Tasks


class Moves(Protocol):
    """A pane with a cursor, or a page that scrolls."""

    def action_line(self, delta: int) -> object:
        """Move by lines."""
        ...

    def action_half_page(self, direction: int) -> object:
        """Move by half a page."""
        ...

    def action_page(self, direction: int) -> object:
        """Move by a page."""
        ...

    def action_top(self) -> object:
        """Move to the first line."""
        ...

    def action_bottom(self) -> object:
        """Move to the last line."""
        ...


class Folds(Protocol):
    """A pane with folds."""

    def fold(self, *, expanded: bool | None) -> object:
        """Expand or collapse the row at the cursor; None toggles."""
        ...

    def fold_all(self, *, expanded: bool) -> object:
        """Fold or unfold everything."""
        ...


class Panes(Controller):
    """The commands that mean the same in every pane."""

    def __init__(self, desk: DeskView, tasks: Tasks) -> None:
        super().__init__(desk, tasks)
        self._mouse = desk.settings.mouse

    def start(self) -> None:
        """Keep the ages of the rows true; show one pane at a time in the linear mode."""
        tree = self._desk.series_tree
        self._desk.set_interval(self._desk.settings.timings.ages_due, tree.refresh_ages)
        if self._desk.settings.linear:
            tree.linear = self._desk.ladder.linear = True
            self._desk.reader.linear = self._desk.status.linear = True
            self._set_full(True)

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        tree = self._desk.series_tree
        return {
            "tree.expand": tree.action_expand,
            "tree.collapse": tree.action_collapse,
            "fold.toggle": lambda: self._folding.fold(expanded=None),
            "fold.open": lambda: self._folding.fold(expanded=True),
            "fold.close": lambda: self._folding.fold(expanded=False),
            "fold.open_all": lambda: self._folding.fold_all(expanded=True),
            "fold.close_all": lambda: self._folding.fold_all(expanded=False),
            "move.down": lambda: self._moving.action_line(1),
            "move.up": lambda: self._moving.action_line(-1),
            "move.half_down": lambda: self._moving.action_half_page(1),
            "move.half_up": lambda: self._moving.action_half_page(-1),
            "move.page_down": lambda: self._moving.action_page(1),
            "move.page_up": lambda: self._moving.action_page(-1),
            "move.top": lambda: self._moving.action_top(),
            "move.bottom": lambda: self._moving.action_bottom(),
            "pane.next": self._other_pane,
            "pane.previous": self._other_pane,
            "view.full": self._toggle_full,
            "view.panes": self._toggle_panes,
            "view.mouse": self._toggle_mouse,
            "app.back": self._back,
            "app.cancel": self._cancel,
        }

    @property
    def reader_title(self) -> SafeText | None:
        """The position of the reader's mail in its series."""
        row = self._desk.series_tree.row
        if self._desk.content is not ReaderContent.MAIL or row is None:
            return None
        return position_in_series(row)

    @property
    def _moving(self) -> Moves:
        if self._desk.active_pane is Pane.WELCOME:
            return self._desk.offers
        if self._desk.active_pane is Pane.LADDER:
            return self._desk.ladder
        return self._desk.reader if self._in_reader else self._desk.series_tree

    @property
    def _folding(self) -> Folds:
        return self._desk.reader if self._in_reader else self._desk.series_tree

    @property
    def _in_reader(self) -> bool:
        return self._desk.active_pane is Pane.READER

    def _other_pane(self) -> None:
        if self._desk.active_pane is not Pane.WELCOME and not self._desk.is_empty:
            self._desk.focus_pane(Pane.TREE if self._in_reader else Pane.READER)

    def _toggle_full(self) -> None:
        if self._desk.settings.linear:
            text = "Linear mode shows one pane at a time: {pane.next} shows the other."
            self._desk.show_message(text)
        else:
            self._set_full(not self._is_full)

    @property
    def _is_full(self) -> bool:
        return self._desk.has_class("-full")

    def _set_full(self, full: bool) -> None:
        """Leave the screen to the pane that has the keys, or share it again."""
        self._desk.set_class(full, "-full")
        self._desk.set_class(full and self._in_reader, "-reading")

    def _toggle_panes(self) -> None:
        """Let the panes stand the other way, from now on in every run."""
        if self._desk.app.size.width < LEAST:
            self._desk.show_message(f"Panes side by side need {LEAST} columns.", "warning")
            return
        choice: PaneLayout = "below" if self._desk.has_class("-wide") else "beside"
        self._desk.choose_panes(choice)
        state = self._desk.settings.ui_state
        remember_panes(state, choice)
        self._tasks.start("remember", lambda _: state.write())
        how = "side by side" if choice == "beside" else "one below the other"
        self._desk.show_message(f"Panes: {how}. {{view.full}} zooms one.")

    def _toggle_mouse(self) -> None:
        self._mouse = not self._mouse
        self._desk.settings.set_mouse(self._mouse)
        if self._mouse:
            self._desk.show_message("Mouse on.")
        else:
            self._desk.show_message(
                "Mouse off: select with the terminal; {view.mouse} turns it on."
            )

    def _back(self) -> None:
        """Go one level back: a controller's, the full-screen pane, the reader; at the root show how to quit."""
        if self._desk.controllers.back():
            return
        if self._is_full and not self._desk.settings.linear:
            self._set_full(False)
        elif self._in_reader and len(self._desk.series_tree):
            self._desk.focus_pane(Pane.TREE)
        else:
            self._desk.show_message("{app.quit} quits.")

    def _cancel(self) -> None:
        """Stop the running job; without one, copy the selection."""
        if self._desk.controllers.cancel():
            return
        if selected := self._desk.get_selected_text():
            self._desk.app.copy_to_clipboard(selected)
        else:
            self._desk.show_message("Nothing is running. {app.quit} quits.")
