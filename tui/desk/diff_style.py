"""How the reader shows diffs: the layout, what is folded and coloured, kept from run to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from tui.desk.controller import Controller, DeskView, Handler
from tui.keys.commands import Pane
from tui.reader.diff_layout import LAYOUTS, SIDES_FROM
from tui.tasks import Tasks

_SECTION: Final = "reader"
STYLES_KEPT: Final = (
    "layout_wanted", "words", "ignore_blanks", "wrap", "numbers", "fold_quotes", "syntax",
)  # fmt: skip
"""How the reader shows patches, that is kept from run to run."""

TOGGLES: Final[Mapping[str, tuple[str, str, str]]] = {
    "view.hide_viewed": ("hide_viewed", "Hiding viewed hunks.", "Showing viewed hunks."),
    "view.all_headers": ("all_headers", "Showing all headers.", "Showing the main headers."),
    "view.line_numbers": ("numbers", "Line numbers on.", "Line numbers off."),
    "view.fold_quotes": ("fold_quotes", "Folding quoted text.", "Showing quoted text."),
    "view.syntax": ("syntax", "Syntax colors on.", "Syntax colors off."),
}
"""Commands that turn an attribute of the reader on or off, and the sentence for each."""


class DiffStyle(Controller):
    """Runs the commands that change how diffs are shown."""

    def __init__(self, desk: DeskView, tasks: Tasks) -> None:
        super().__init__(desk, tasks)
        self._hide_listener: Callable[[], None] = lambda: None
        self._is_zoomed = False
        """The reader has the screen for the sake of a diff side by side."""

    def start(self) -> None:
        """Show patches as in the last run, and keep how they are shown."""
        reader, kept = self._desk.reader, self._desk.settings.ui_state.get(_SECTION)
        for name in STYLES_KEPT:
            before, value = getattr(reader, name), kept.get(name)
            if type(value) is type(before) and (value in LAYOUTS or name != "layout_wanted"):
                setattr(reader, name, value)
            reader.watch(reader, name, self._keep_styles, init=False)

    def _keep_styles(self) -> None:
        state = self._desk.settings.ui_state
        state.set(_SECTION, {name: getattr(self._desk.reader, name) for name in STYLES_KEPT})
        self._tasks.start("remember", lambda _: state.write())

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "view.layout": self._next_layout,
            "view.intraline": self._toggle_intraline,
            "view.wrap": self._toggle_wrap,
            "view.whitespace": self._toggle_whitespace,
            **{name: partial(self._toggle, name) for name in TOGGLES},
        }

    def set_hide_listener(self, listener: Callable[[], None]) -> None:
        """Set what is to be called once viewed hunks are hidden, or shown."""
        self._hide_listener = listener

    def _next_layout(self) -> None:
        reader = self._desk.reader
        layout = reader.action_next_layout()
        is_cramped = reader.size.width < SIDES_FROM <= self._desk.app.size.width
        if self._is_zoomed or (
            layout == "sides" and is_cramped and not self._desk.has_class("-full")
        ):
            self._is_zoomed = layout == "sides"
            self._desk.focus_pane(Pane.READER)
            self._desk.set_class(self._is_zoomed, "-full")
            self._desk.set_class(self._is_zoomed, "-reading")
        names = {
            "unified": "unified",
            "sides": "side by side",
            "stacked": "old block, then new block",
        }
        self._desk.show_message(f"Diffs: {names[layout]}.")

    def _toggle(self, name: str) -> None:
        """Turn something about the reader's page on or off, and say which."""
        attribute, on, off = TOGGLES[name]
        reader = self._desk.reader
        setattr(reader, attribute, not getattr(reader, attribute))
        self._desk.show_message(on if getattr(reader, attribute) else off)
        if attribute == "hide_viewed":
            self._hide_listener()

    def _toggle_intraline(self) -> None:
        self._desk.reader.action_toggle_words()
        self._desk.show_message(f"Word diff {'on' if self._desk.reader.words else 'off'}.")

    def _toggle_wrap(self) -> None:
        self._desk.reader.action_toggle_wrap()
        is_wrapped = self._desk.reader.wrap
        text = (
            "Wrapping long lines."
            if is_wrapped
            else "Not wrapping ({reader.scroll_left} {reader.scroll_right} scroll)."
        )
        self._desk.show_message(text)

    def _toggle_whitespace(self) -> None:
        self._desk.reader.action_toggle_blanks()
        how = "Ignoring" if self._desk.reader.ignore_blanks else "Showing"
        self._desk.show_message(f"{how} whitespace changes.")
