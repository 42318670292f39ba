"""The application: wiring, themes, the palette, and the net under everything that is written."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.command import Provider
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widgets import Input

from core.system.ui_state import UiState
from core.text import shown_line
from tui.desk.controller import DeskSettings
from tui.desk.requests import Desk, Session
from tui.filters import ControlFilter, PlainFilter
from tui.keys.dispatch import CommandScreen
from tui.keys.keymap import Keymap
from tui.screens.desk import DeskScreen
from tui.tasks import CRASHED, Tasks
from tui.terminal.paste import one_line
from tui.textual_private import enable_mouse, show_terminal_cursor
from tui.themes import DEFAULT_THEME, THEMES, add_diff_colours
from tui.timings import Timings
from tui.widgets.dialog import Dialog

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.config import Config
    from core.desk.triage_service import TriageService

log = logging.getLogger(__name__)


_HAND_OVER: Final = 0.0002
"""Seconds that a thread may hold the interpreter while the program ends; 5 ms each time add up to seconds."""


def _now() -> datetime:
    return datetime.now(UTC)


def _provider() -> type[Provider]:
    from tui.keys.palette import CommandProvider

    return CommandProvider


class PatchdeskApp(App[None]):
    """The reader, on one target or, with None, on a welcome.

    `open_desk` gives the desk of a target without blocking; it may raise PatchdeskError. The target "" stands for the
    followed lists, whose names are `lists`; `sync_every` says after how many seconds one is to be synced by itself.
    `clock` returns the current time, so that pictures of the screen can be made again. `keymap` is
    `tui.keys.keymap.keymap_for`'s; `problems` are lines on the user's configuration, shown once the screen is there.
    `web` is the address that mails have on the web, "" lore's. `linear` is the mode for screen readers and plain
    terminals. `triage` returns the triage service of a session; without it there is no triage. `remembered` keeps
    display settings from run to run; without it none are kept.
    """

    TITLE = "patchdesk"
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar = {_provider}
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        target: str | None,
        open_desk: Callable[[str], Desk],
        *,
        lists: Sequence[str] = (),
        sync_every: Mapping[str, float] | None = None,
        theme: str = DEFAULT_THEME,
        mouse: bool = True,
        panes: str = "auto",
        clock: Callable[[], datetime] = _now,
        keymap: Keymap | None = None,
        problems: Sequence[str] = (),
        web: str = "",
        remembered: UiState | None = None,
        linear: bool = False,
        triage: Callable[[Session], TriageService] | None = None,
        config: Config | None = None,
        timings: Timings | None = None,
    ) -> None:
        # What is imported stays: not to be looked through for garbage while the first picture is made.
        gc.freeze()
        super().__init__()
        self.tasks = Tasks(self._deliver, self._task_crashed)
        self.settings = DeskSettings(
            clock=clock,
            target=target,
            lists=tuple(lists),
            sync_every=dict(sync_every or {}),
            problems=problems,
            web=web,
            ui_state=remembered or UiState(),
            linear=linear,
            triage=triage,
            config=config,
            mouse=mouse,
            panes=panes,
            set_mouse=self._set_mouse,
            timings=timings or Timings(),
        )
        self._desk_screen = DeskScreen(keymap or Keymap(), self.tasks, open_desk, self.settings)
        self._control_filter = ControlFilter()
        self._choose_theme(theme)
        self.set_class(linear, "-linear")

    def _choose_theme(self, name: str) -> None:
        """Take a theme, before the first style is computed: else all would be computed twice."""
        for own in THEMES:
            self.register_theme(own)
        if name not in self.available_themes:
            log.warning("there is no theme %r", name)
            name = DEFAULT_THEME
        self.set_reactive(PatchdeskApp.theme, name)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Add the control filter to Textual's; with NO_COLOR, remove all colours."""
        own: list[LineFilter] = [self._control_filter]
        if self.settings.linear:
            from tui.filters import LinearFilter

            own.insert(0, LinearFilter())
        if self.no_color:
            # Textual's own leave shades of grey.
            return [PlainFilter(self.theme_variables), *own]
        return [*super().get_line_filters(), *own]

    def get_driver_class(self) -> type[Driver]:
        """Return the driver for a real terminal."""
        from tui.terminal.driver import TerminalDriver

        return TerminalDriver

    async def on_event(self, event: events.Event) -> None:
        """Give a key to a screen that has commands at once: none is on its way when the focus moves."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            screen = self.screen
            if isinstance(screen, CommandScreen):
                await screen.prepare_keys()
            if isinstance(screen, CommandScreen | Dialog) and screen.take_key(event):
                return
        if isinstance(event, events.Paste) and isinstance(self.focused, Input):
            event.text = one_line(event.text)
        await super().on_event(event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave C-p to the screens: Textual's own binding would come before typed text, and open over a dialog."""
        if action == "command_palette":
            return False
        return super().check_action(action, parameters)

    def get_css_variables(self) -> dict[str, str]:
        """Fill in the colours of patches where a theme has none."""
        return add_diff_colours(super().get_css_variables())

    def get_default_screen(self) -> Screen[Any]:
        """Return the main screen."""
        return self._desk_screen

    def on_mount(self) -> None:
        """Repaint after a suspension; show the terminal's cursor to screen readers that follow it."""
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if self.settings.linear:
            show_terminal_cursor(self)

    def clear_selection(self) -> None:
        """Keep the selection when a line input is mounted: Textual clears it for each."""
        if isinstance(self.focused, Input):
            super().clear_selection()

    def copy_to_clipboard(self, text: str) -> None:
        """Give text to the program that owns a clipboard here, else to the terminal by OSC 52; say which took it."""
        from core.system.clipboard import copy_text

        if self.is_headless:
            self._copied(text, "")
        else:
            work = partial(copy_text, text, os.environ)
            self.tasks.start("clipboard", lambda _: work(), then=partial(self._copied, text))

    def _copied(self, text: str, program: str) -> None:
        if not program:
            super().copy_to_clipboard(text)
        screen = self.screen
        if isinstance(screen, CommandScreen):
            screen.show_message(
                "Copied to {program}: {text}",
                program=program or "the terminal",
                text=shown_line(text)[:200],
            )

    def pop_screen(self) -> AwaitComplete:
        """Leave the screen on top; the main one stays, where a second Esc came before the first was dealt with."""
        return super().pop_screen() if len(self.screen_stack) > 1 else AwaitComplete()

    def exit(
        self, result: None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """Exit ahead of running work: threads that compute hand the interpreter over at once."""
        sys.setswitchinterval(_HAND_OVER)
        super().exit(result, return_code, message)

    def on_unmount(self) -> None:
        """Abort requests in flight: quitting never waits for the network."""
        self._desk_screen.controllers.close()
        self.tasks.close()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to come before the next key."""
        return self._desk_screen.is_idle

    def _deliver(self, callback: Callable[[], object]) -> bool:
        """Run a task's callback on this thread, unless the screen has gone meanwhile."""

        def deliver() -> None:
            if self._desk_screen.is_whole:
                callback()

        return self.call_later(deliver)

    def _task_crashed(self, group: str, error: Exception) -> None:
        """Say that a mistake in the program ended a task, which is logged."""
        self.notify(
            f"{type(error).__name__} in {group}; :log has the details.",
            title=CRASHED,
            severity="error",
            markup=False,
        )

    def _set_mouse(self, mouse: bool) -> None:
        """Take the mouse, or leave it to the terminal."""
        enable_mouse(self, enabled=mouse)
