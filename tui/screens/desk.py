"""The main screen: what its keys do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from textual import events, on
from textual.widgets import OptionList

from core.errors import PatchdeskError
from core.text import SafeText, shown
from tui.desk.external import OutwardScreen
from tui.desk.results import FoundScreen
from tui.desk.sync import DUE_EVERY
from tui.desk.triage import TriageScreen
from tui.digest.digest_door import digest_actions
from tui.keys.commands import BY_NAME, Command, Pane
from tui.reader.message_view import MessageView
from tui.screens.frame import WIDE
from tui.tree.series_tree import SeriesTree
from tui.widgets.prompt import Prompt, Proposal
from tui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from tui.widgets.welcome import Offers

_SETTLED_IN: Final = 0.5
"""Seconds after which the program is surely on the screen, and there is time for what was not needed for that."""

_PROBLEMS: Final = 5
"""Mistakes in the configuration that are shown."""


class DeskScreen(TriageScreen, FoundScreen, OutwardScreen):
    """Tree and reader with the keys of `tui.keys.commands`: the command `area.verb` runs `do_area_verb`."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    AUTO_FOCUS = None

    def on_mount(self) -> None:
        """Open what the program was started on, or say welcome."""
        self._resources = ExitStack()
        self._history: list[str] = []
        if self.desk_app.linear:
            self.series_tree.linear = self.status.linear = True
            self.add_class("-full")
        self.set_timer(_SETTLED_IN, self._tell_problems)
        if self.desk_app.target is None:
            self.call_later(self._welcome)
        else:
            self.focus_pane(Pane.TREE)
            self.hold_first_picture()
            self.open_target(self.desk_app.target)
        if self.desk_app.sync_every:
            self.set_interval(DUE_EVERY, self.sync_what_is_due)
        self._offer_hints()

    async def _welcome(self) -> None:
        from tui.widgets.welcome import Welcome

        self.add_class("-welcome")
        await self.mount(Welcome(self.keymap.by_name), after=self.title_bar)
        self._focus_active_pane()
        self._offer_hints()

    def _tell_problems(self) -> None:
        """Say what is wrong with the configuration: on standard error nobody sees it any more."""
        problems = self.desk_app.problems
        if problems:
            more = len(problems) - _PROBLEMS
            lines = [*problems[:_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]
            self.notify(
                "\n".join(map(shown, lines)),
                title="In the configuration",
                severity="warning",
                timeout=20,
                markup=False,
            )

    def on_unmount(self) -> None:
        """Let go of what the demo took."""
        self._resources.close()

    # ------------------------------------------------------------- where keys go

    @property
    def active_pane(self) -> Pane:
        """Return the pane that has, or had before the prompt, the focus."""
        return Pane.WELCOME if self.has_class("-welcome") else self._place

    def take_key(self, event: events.Key) -> bool:
        """Give a key to what is typed into, or to the welcome, else run its command."""
        if self.prompt.asking:
            return self.prompt.feed(event)
        if self.bar.asking:
            return self.bar.line.feed(event)
        if self.active_pane is Pane.WELCOME:
            from tui.widgets.welcome import Offers

            if any(offers.take_key(event) for offers in self.query(Offers)):
                return True
        return super().take_key(event)

    @property
    def pane(self) -> SeriesTree | MessageView | Offers:
        """What the keys of everywhere move."""
        from tui.widgets.welcome import Offers

        if self.active_pane is Pane.WELCOME:
            return self.query_one("Offers", Offers)
        return self.reader if self.active_pane is Pane.READER else self.series_tree

    @property
    def _folding_pane(self) -> SeriesTree | MessageView:
        return self.reader if self.active_pane is Pane.READER else self.series_tree

    def _focus_active_pane(self) -> None:
        """Give the keys to the pane that is to have them."""
        self.set_focus(self.pane)

    def focus_pane(self, place: Pane) -> None:
        """Give the keys to a pane: at once, since the next key may wait already."""
        super().focus_pane(place)
        self._focus_active_pane()
        if self.desk_app.linear and place is Pane.READER:
            self.app.cursor_position = self.reader.content_region.offset

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Offer the keys of the pane; a click beside the prompt leaves it."""
        if isinstance(event.widget, SeriesTree | MessageView):
            self._place = Pane.TREE if event.widget is self.series_tree else Pane.READER
            if self.focused is event.widget:  # and not the prompt, opened since by a quick hand
                self.prompt.leave()
        if self.has_class("-full"):
            self.set_class(self.active_pane is Pane.READER, "-reading")
        self._offer_hints()

    def _offer_hints(self) -> None:
        pane = self.active_pane
        fitting = [c for c in self.keymap.commands if c.footer and c.keys and pane in c.pane]
        if pane is Pane.WELCOME or self.has_class("-empty"):
            fitting = [c for c in fitting if c.name.startswith("app.")]
        self.status.hint((c.keys[0], c) for c in fitting)

    def run_command(self, command: Command, stroke: str = "") -> None:
        """Run a command; Esc closes what is said over the panes, or stops running work, before it goes back."""
        if stroke == "escape" and self.query("Toast"):
            self.app.clear_notifications()
            return
        if stroke == "escape" and self.cancel():
            return
        super().run_command(command, stroke)

    @on(StatusBar.Chosen)
    def _hint_clicked(self, event: StatusBar.Chosen) -> None:
        self.run_command(event.command)

    @on(OptionList.OptionSelected, "Offers")
    def _offer_taken(self, event: OptionList.OptionSelected) -> None:
        self.run_command(BY_NAME[event.option_id or ""])

    @on(SeriesTree.RowSelected)
    def _row_opened(self) -> None:
        self._open_row()

    # ------------------------------------------------------------- what the commands do

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return what each command does, by its name."""
        tree, reader, app = self.series_tree, self.reader, self.app
        return {
            "tree.open": self._open_row,
            "tree.expand": tree.action_expand,
            "tree.collapse": tree.action_collapse,
            "fold.toggle": lambda: self._folding_pane.fold(expanded=None),
            "fold.open": lambda: self._folding_pane.fold(expanded=True),
            "fold.close": lambda: self._folding_pane.fold(expanded=False),
            "fold.open_all": lambda: self._folding_pane.fold_all(expanded=True),
            "fold.close_all": lambda: self._folding_pane.fold_all(expanded=False),
            "reader.page_or_next": self._forward,
            "reader.scroll_left": lambda: reader.action_pan(-1),
            "reader.scroll_right": lambda: reader.action_pan(1),
            "reader.next_hunk": lambda: reader.action_next_hunk(1),
            "reader.previous_hunk": lambda: reader.action_next_hunk(-1),
            "reader.next_file": lambda: reader.action_next_file(1),
            "reader.previous_file": lambda: reader.action_next_file(-1),
            "patch.next": lambda: self._go_to_patch(1),
            "patch.previous": lambda: self._go_to_patch(-1),
            "move.down": lambda: self.pane.action_line(1),
            "move.up": lambda: self.pane.action_line(-1),
            "move.half_down": lambda: self.pane.action_half_page(1),
            "move.half_up": lambda: self.pane.action_half_page(-1),
            "move.page_down": lambda: self.pane.action_page(1),
            "move.page_up": lambda: self.pane.action_page(-1),
            "move.top": lambda: self.pane.action_top(),
            "move.bottom": lambda: self.pane.action_bottom(),
            "pane.next": self._other_pane,
            "pane.previous": self._other_pane,
            "mail.copy": self._copy,
            "app.open": self._ask_target,
            "app.reload": lambda: (
                self.open_target(self._retry) if self._retry is not None else None
            ),
            "app.cancel": self._cancel,
            "view.full": self._toggle_full,
            "view.all_headers": reader.action_toggle_all_headers,
            "view.line_numbers": reader.action_toggle_numbers,
            "view.fold_quotes": reader.action_toggle_quotes,
            "view.syntax": reader.action_toggle_syntax,
            "view.mouse": self._toggle_mouse,
            "app.back": self._back,
            "app.theme": app.search_themes,
            "app.log": self._show_log,
            "app.demo": self._open_demo,
            "app.quit": app.exit,
            **self.command_actions(),
            **self.reader_actions(),
            **self.outward_actions(),
            **digest_actions(self),
            **self.list_actions(),
            **self.find_actions(),
            **self.view_actions(),
            **self.triage_actions(),
        }

    def _open_row(self) -> None:
        if self.series_tree.row is not None:
            self._read_here()
            self.focus_pane(Pane.READER)

    def _read_here(self) -> None:
        """Read what is under the cursor now, without waiting whether it moves on."""
        if (row := self.series_tree.row) is not None:
            self.read_row(row)

    def _forward(self) -> None:
        if not self.reader.at_end:
            self.reader.mark_passed_hunks_viewed()
            self.reader.action_page(1)
        elif self.read_on():
            self.reader.mark_passed_hunks_viewed()
        elif self.series_tree.move_to_next_mail():
            self.reader.mark_passed_hunks_viewed()
            self._read_here()
        else:
            self.show_message("That was the last mail.")

    def _go_to_patch(self, step: int) -> None:
        if self.series_tree.move_to_patch(step):
            self._read_here()
        else:
            self.show_message(f"There is no {'next' if step > 0 else 'previous'} patch here.")

    def _cancel(self) -> None:
        if self.cancel():
            return
        if selected := self.get_selected_text():
            self.app.copy_to_clipboard(selected)
            self.show_message("Copied what is selected.")
        else:
            self.show_message("Nothing is running. {app.quit} quits.")

    def _other_pane(self) -> None:
        if self.active_pane is Pane.WELCOME or self.has_class("-empty"):
            return
        self.focus_pane(Pane.TREE if self._place is Pane.READER else Pane.READER)

    def _toggle_full(self) -> None:
        if self.desk_app.linear:
            self.show_message(
                "In the linear mode there is one pane at a time: {pane.next} shows the other."
            )
            return
        full = not self.has_class("-full")
        self.set_class(full, "-full")
        self.set_class(full and self.active_pane is Pane.READER, "-reading")

    def _toggle_mouse(self) -> None:
        self.desk_app.mouse = not self.desk_app.mouse
        if self.desk_app.mouse:
            self.show_message("The mouse is patchdesk's.")
        else:
            self.show_message(
                "The mouse is the terminal's: select and copy; {view.mouse} takes it back."
            )

    def _back(self) -> None:
        """Go one level back: a note, the matches, the full screen, the reader; at the root quitting is not near."""
        row = self.series_tree.row
        if self._aside and row is not None and row.message is not None:
            self.read_row(row)
        elif (
            self.reader.stop_selecting()
            or (self.active_pane is Pane.TREE and self.series_tree.unmark())
            or self.leave_found()
        ):
            pass
        elif self.has_class("-full") and not self.desk_app.linear:
            self._toggle_full()
        elif self.active_pane is Pane.READER and len(self.series_tree):
            self.focus_pane(Pane.TREE)
        else:
            self.show_message("{app.quit} quits.")

    def _copy(self) -> None:
        from tui.widgets.choose import copy_dialog

        row = self.series_tree.row
        if row is None or row.message is None:
            self.show_message("There is no mail here to copy from.", "warning")
            return
        self.app.push_screen(
            copy_dialog(self.keymap, row.message, self.link_of(row.message), self.copies()),
            self._copied,
        )

    def _copied(self, text: SafeText | None) -> None:
        if text is not None:
            self.app.copy_to_clipboard(text)
            self.show_message(f"Copied: {shown(text)}")

    def _show_log(self) -> None:
        from core.system.log import last_lines
        from core.system.paths import log_file

        lines = last_lines(log_file())
        self._aside = True
        self._note(
            "The log",
            [shown(str(log_file())), "", *(lines if any(lines) else [shown("It is empty.")])],
        )
        self.focus_pane(Pane.READER)
        self.reader.action_bottom()

    def _open_demo(self) -> None:
        from core.demo import demo_path

        try:
            path = self._resources.enter_context(demo_path())
        except PatchdeskError as error:
            self._failed(error)
        else:
            self.open_target(str(path))

    # ------------------------------------------------------------- the prompt

    def ask(
        self,
        kind: str,
        label: str,
        *,
        placeholder: str = "",
        propose: Callable[[str], Sequence[Proposal]] | None = None,
        value: str = "",
    ) -> None:
        """Open the prompt, which may not be there yet; keys that come meanwhile are kept for it."""

        self.prompt.ask(kind, label, placeholder=placeholder, propose=propose, value=value)

    def prompt_words(self, words: str) -> None:
        """Say a word on what is typed."""
        self.prompt.state(words)

    def _ask_target(self) -> None:
        def propose(text: str) -> list[Proposal]:
            return [(shown(target), "") for target in reversed(self._history) if text in target]

        self.ask(
            "open",
            "Open",
            placeholder="Message-ID, address, mbox, maildir, public-inbox folder, list",
            propose=propose,
        )

    @on(Prompt.Submitted)
    def _prompt_submitted(self, event: Prompt.Submitted) -> None:
        text = event.text.strip()
        if event.kind == "open" and text:
            self._open_named(text)

    def argument_handlers(self) -> Mapping[str, Callable[[str], object]]:
        """Return what the commands do that can be told more on their line."""
        return {**super().argument_handlers(), "app.open": self._open_named}

    def _open_named(self, target: str) -> None:
        self._history = [*(t for t in self._history if t != target), target]
        self.open_target(target)
