"""The main screen: its parts, where keys go, and the controllers that do everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import OptionList

from core.model import OpenedMessage
from core.text import SafeText
from tui.desk.controller import (
    Controller,
    DeskSettings,
    Handler,
    ReaderContent,
    Refresh,
)
from tui.desk.reader_title import reader_title
from tui.desk.requests import Desk, Session
from tui.desk.wiring import make_controllers
from tui.keys.commands import BY_NAME, Command, Pane
from tui.keys.dispatch import CommandScreen
from tui.keys.keymap import Keymap
from tui.pane_layout import PaneLayout, chosen_panes, lay_out_panes
from tui.reader.message_view import MessageView
from tui.reader.page_view import PageView
from tui.screens.early_keys import EarlyKeys
from tui.screens.first_picture import FirstPicture
from tui.screens.line_inputs import LineInputs
from tui.tasks import Tasks
from tui.tree.triage_tree import TriageTree
from tui.versions.ladder import VersionLadder
from tui.widgets.search_bar import SearchBar
from tui.widgets.status_bar import StatusBar, TitleBar

if TYPE_CHECKING:
    from tui.tree.items import Items
    from tui.tree.rows import Whole
    from tui.widgets.comment_editor import CommentEditor
    from tui.widgets.welcome import Offers

_HEARD: Final[tuple[type[Message], ...]] = (
    TriageTree.Highlighted, TriageTree.RowSelected, TriageTree.FactsRequested,
    TriageTree.MarksChanged, PageView.Found, MessageView.ReplyRequested, MessageView.ViewedChanged,
    SearchBar.Changed, SearchBar.Left, SearchBar.Kept, SearchBar.Moved, SearchBar.ScopeSwitched,
    SearchBar.ServerAsked, StatusBar.Chosen, TitleBar.TabChosen, VersionLadder.Highlighted, VersionLadder.PairSelected,
)  # fmt: skip
"""Messages of widgets that controllers may listen to."""


class DeskScreen(CommandScreen):
    """Title, tree, reader and status bar, and the route of keys. The features are controllers."""

    AUTO_FOCUS = None
    status: StatusBar

    def __init__(
        self, keymap: Keymap, tasks: Tasks, open_desk: Callable[[str], Desk], settings: DeskSettings
    ) -> None:
        super().__init__(keymap)
        self.settings = settings
        self.session: Session | None = None
        self.content = ReaderContent.NOTE
        self.asked_from = Pane.TREE
        self.title_bar, self.status = TitleBar(), StatusBar(timings=settings.timings)
        self.series_tree = TriageTree(clock=settings.clock, timings=settings.timings)
        self.ladder = VersionLadder()
        self.reader = MessageView(clock=settings.clock, tasks=tasks)
        self._inputs = LineInputs()
        self.prompt, self.bar = self._inputs.prompt, self._inputs.bar
        self._pane, self._tasks = Pane.TREE, tasks
        self._early_keys = EarlyKeys()
        self._first_picture = FirstPicture(self)
        self.controllers = make_controllers(self, tasks, open_desk)

    def compose(self) -> ComposeResult:
        """Lay out the panes between the title and the status bar."""
        self.choose_panes(chosen_panes(self.settings.ui_state, self.settings.panes))
        yield from (self.title_bar, self.series_tree, self.ladder, self.reader, self.status)

    def on_mount(self) -> None:
        """Start the controllers."""
        self.set_timer(self.settings.timings.settled_in, self.prepare_keys)
        self.watch(self.reader, "scroll_y", self.update_reader_title, init=False)
        if self.settings.target is not None:
            self._first_picture.hold(self.settings.timings.first_picture)
        self.controllers.start()
        self._offer_hints()

    @property
    def is_whole(self) -> bool:
        """Whether all parts are there: when the program ends they go one by one."""
        parts = (self.title_bar, self.series_tree, self.reader, self.status)
        return all(part.is_attached for part in parts)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to come before the next key."""
        return self._tasks.is_idle and self.controllers.is_idle

    # ------------------------------------------------------------- keys, commands and messages

    async def prepare_keys(self) -> None:
        """Mount the line inputs that the next key may need."""
        await self._inputs.mount(self, with_editor=self.active_pane is Pane.READER)

    def take_key(self, event: events.Key) -> bool:
        """Give a key to the focused line input or the welcome, else run its command."""
        if (taken := self._inputs.feed(event)) is not None:
            return taken
        is_welcome = self.active_pane is Pane.WELCOME
        is_opening = self.session is None and not self.is_empty and not is_welcome
        if self._early_keys.hold(event, self, is_opening=is_opening):
            return True
        if is_welcome and self.offers.take_key(event):
            return True
        return super().take_key(event)

    @property
    def editor(self) -> CommentEditor | None:
        """The editor of comments, once the reader had the keys."""
        return self._inputs.editor

    @property
    def offers(self) -> Offers:
        """The list of the welcome."""
        from tui.widgets.welcome import Offers

        return self.query_one("Offers", Offers)

    @property
    def active_pane(self) -> Pane:
        """The pane that has, or had before the prompt, the focus."""
        if self.has_class("-welcome"):
            return Pane.WELCOME
        in_ladder = self._pane is Pane.TREE and self.ladder.has_class("-open")
        return Pane.LADDER if in_ladder else self._pane

    def focus_pane(self, pane: Pane) -> None:
        """Give the keys to a pane: at once, since the next key may wait already."""
        self._pane = Pane.READER if pane is Pane.READER else Pane.TREE
        if self.active_pane is Pane.WELCOME:
            self.set_focus(self.offers)
            return
        rows = self.ladder if self.active_pane is Pane.LADDER else self.series_tree
        self.set_focus(self.reader if pane is Pane.READER else rows)
        if self.settings.linear and pane is Pane.READER:
            self.reader.put_terminal_cursor()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the keys of the pane; a click outside of a line input closes it."""
        if event.widget in (self.series_tree, self.ladder, self.reader):
            self._pane = Pane.READER if event.widget is self.reader else Pane.TREE
            if self.focused is event.widget:  # and not the prompt, opened since by a quick hand
                self._inputs.close()
        if self.has_class("-full"):
            self.set_class(self.active_pane is Pane.READER, "-reading")
        self._offer_hints()

    def _offer_hints(self) -> None:
        """Show the keys of the pane that has them."""
        pane = Pane.WELCOME if self.is_empty else self.active_pane
        self.status.hint(self.keymap.footer_hints(pane))

    def command_handlers(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return self.controllers.handlers

    def disabled_reason(self, command: Command) -> str:
        """Return why a command cannot be run now, as a sentence; "" where it can."""
        return self.controllers.disabled_reason(command)

    def run_command(self, command: Command, stroke: str = "") -> None:
        """Run a command; Esc closes a toast, or stops running work, before it goes back."""
        numbered = self.controllers.argument_handlers.get(command.name)
        if stroke == "escape" and self.query("Toast"):
            self.app.clear_notifications()
        elif stroke == "escape" and self.controllers.cancel():
            pass
        elif numbered is not None and len(command.keys) > 1 and stroke in command.keys:
            numbered(str(command.keys.index(stroke) + 1))
        else:
            super().run_command(command, stroke)

    def _tell(self, message: Message) -> None:
        if listener := self.controllers.listeners.get(type(message)):
            listener(message)

    for _kind in _HEARD:
        _tell = on(_kind)(_tell)

    @on(OptionList.OptionSelected, "Offers")
    def _on_offer_accepted(self, event: OptionList.OptionSelected) -> None:
        self.run_command(BY_NAME[event.option_id or ""])

    # ------------------------------------------------------------- what is shown

    def open_session(self, session: Session) -> None:
        """Let the controllers read a new session."""
        self.remove_class("-welcome")
        self.controllers.on_open(session)

    def switch_session(self, session: Session) -> None:
        """Show a session in place of the current one."""
        before, self.session = self.session, session
        self.controllers.on_session(session, before)

    def show_items(
        self, items: Items | Sequence[Whole], refresh: Refresh, *, after: Controller | None = None
    ) -> None:
        """Put items through the controllers, or through those after one, into the tree."""
        left = self.controllers.on_items(items, refresh, after=after)
        if left is not None:
            self.series_tree.show(left, keep=refresh.keep, anew=refresh.anew, hold=refresh.hold)
            self.controllers.on_shown()
            if len(self.series_tree):
                self.call_later(self._early_keys.press, self.app)

    def show_mail(self, mail: OpenedMessage, *, whole: bool = True) -> None:
        """Show a mail, or the beginning of one."""
        self.content = ReaderContent.MAIL
        self.reader.show(mail, whole=whole)
        self.update_reader_title()
        if whole:
            self.controllers.on_mail(mail)

    def show_note(self, title: str, templates: Sequence[str], **values: object) -> None:
        """Show lines of the program in the reader, with keys and values filled in."""
        self.content = ReaderContent.NOTE
        self.reader.show_note(title, [self.keymap.fill(line, **values) for line in templates])
        self.update_reader_title()

    def show_report(self, title: str, lines: Sequence[SafeText], *, focus: bool = True) -> None:
        """Show text from mail or programs in the reader, unchanged, until the next step back; focus the reader."""
        if self.content is not ReaderContent.TEMPORARY_NOTE:
            self.asked_from = self.active_pane
        self.content = ReaderContent.TEMPORARY_NOTE
        self.reader.show_note(title, lines)
        self.update_reader_title()
        if focus:
            self.focus_pane(Pane.READER)

    def show_work(self) -> None:
        """Show the running work."""
        self.status.work(self.controllers.work_text)

    def update_position(self) -> None:
        """Show where in the list the cursor is."""
        self.title_bar.position = self.series_tree.position

    def update_reader_title(self) -> None:
        """Show which mail the reader has, how much of it was viewed, and how far one is."""
        self.reader.border_title = reader_title(self, self.controllers.reader_title)

    @property
    def is_empty(self) -> bool:
        """Whether the reader has the screen alone, since there are no rows."""
        return self.has_class("-empty")

    def set_empty(self, empty: bool) -> None:
        """Leave the screen to the reader, or share it again."""
        self.set_class(empty, "-empty")
        if empty:
            self.remove_class("-welcome")
            self.focus_pane(Pane.READER)
            self.call_later(self._early_keys.press, self.app)

    async def show_welcome(self) -> None:
        """Show the welcome with its offers, since nothing is open."""
        from tui.widgets.welcome import Welcome

        self.remove_class("-empty")
        self.add_class("-welcome")
        if not self.query(Welcome):
            await self.mount(Welcome(self.keymap.by_name), after=self.title_bar)
        self.focus_pane(self._pane)
        self._offer_hints()
        self._early_keys.drop()  # there is nothing that they could be meant for

    def choose_panes(self, choice: PaneLayout) -> None:
        """Let the panes stand beside or below each other, or as the width says."""
        lay_out_panes(self, choice)

    def show_help(self) -> None:
        """Show the keys of the screen on top, and run the command chosen there."""
        from tui.screens.help import push_help

        push_help(cast("CommandScreen", self.app.screen))

    def show_first_picture(self) -> None:
        """Draw, if nothing was drawn yet."""
        self._first_picture.show()

    def _compositor_refresh(self) -> None:
        # Textual would draw the picture that is held back, only to throw it away.
        if not self._first_picture.is_held:
            super()._compositor_refresh()
