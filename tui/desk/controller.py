"""The interface between the main screen and its controllers, one a feature.

A controller is a plain class that names the commands it runs, and overrides the hooks of the events it needs. The
screen holds a tuple of them; wherever several are asked the order of that tuple decides. To add a feature, write a
controller, put it into the tuple in `tui.desk.wiring`, and its commands into `tui.keys.commands`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol

from core.config import Config
from core.system.ui_state import UiState
from tui.timings import Timings

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message
    from textual.timer import Timer

    from core.desk.lists_desk import ListPage
    from core.desk.triage_service import TriageService
    from core.errors import PatchdeskError
    from core.model import OpenedMessage
    from core.text import SafeText
    from tui.desk.requests import Session
    from tui.keys.commands import Command, Pane
    from tui.keys.keymap import Keymap
    from tui.pane_layout import PaneLayout
    from tui.reader.message_view import MessageView
    from tui.tasks import Tasks
    from tui.tree.items import Items
    from tui.tree.rows import Whole
    from tui.tree.triage_tree import TriageTree
    from tui.versions.ladder import VersionLadder
    from tui.widgets.comment_editor import CommentEditor
    from tui.widgets.prompt import Prompt, Proposal
    from tui.widgets.search_bar import SearchBar
    from tui.widgets.status_bar import StatusBar, TitleBar
    from tui.widgets.welcome import Offers

Handler = Callable[[], object]
ArgumentHandler = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """The settings with which the program was started, as far as the main screen needs them."""

    clock: Callable[[], datetime]
    target: str | None = None
    """The first target; None for the welcome, "" for the followed lists."""
    lists: tuple[str, ...] = ()
    """The followed lists."""
    sync_every: Mapping[str, float] = field(default_factory=dict)
    """After how many seconds a list is to be synced by itself."""
    problems: Sequence[str] = ()
    """Lines on the user's configuration."""
    web: str = ""
    """The address that mails have on the web, "" lore's."""
    ui_state: UiState = field(default_factory=UiState)
    """How things are shown, from run to run."""
    linear: bool = False
    """The mode for screen readers and plain terminals."""
    triage: Callable[[Session], TriageService] | None = None
    """Returns the triage of an opened target; called off the screen's thread."""
    config: Config | None = None
    """The user's configuration, for replies and applying; None in the demo, which touches nothing of it."""
    set_mouse: Callable[[bool], object] = bool
    """Takes the mouse, or leaves it to the terminal."""
    mouse: bool = True
    panes: str = "auto"
    """How the configuration lays out the panes, see `tui.pane_layout`."""
    timings: Timings = field(default_factory=Timings)


class ReaderContent(Enum):
    """The kinds of content in the reader."""

    MAIL = auto()
    NOTE = auto()
    """A text of the program in place of a mail, such as an error."""
    TEMPORARY_NOTE = auto()
    """A note that was asked for, such as the log: going back leads to the mail."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """How items take the place of those in the tree."""

    keep: bool
    """They are the same list: folds and marks stay, and once the reader has moved, the row under the cursor."""
    anew: bool = False
    """The rows were read again, so read the mail under the cursor again, too."""
    hold: bool = False
    """The row under the cursor stays, though the reader has not moved."""


class ControllerGroup(Protocol):
    """All controllers as one, as far as a controller asks them; `tui.desk.controllers.Controllers` is it."""

    @property
    def argument_handlers(self) -> Mapping[str, ArgumentHandler]:
        """The handlers of commands that take an argument, by name."""
        ...

    def completions(self, name: str, text: str) -> Sequence[Proposal]:
        """Return the possible arguments of a command, of which `text` is typed."""
        ...

    def disabled_reason(self, command: Command) -> str:
        """Return why a command cannot be run now, as a sentence; "" where it can."""
        ...

    def on_page(self, page: ListPage) -> None:
        """Tell all controllers of a page of followed lists."""
        ...

    def cancel(self) -> bool:
        """Stop the first job that runs; return whether one ran."""
        ...

    def back(self) -> bool:
        """Go one level back at the first controller that has one; return whether any had."""
        ...


class DeskView(Protocol):
    """The main screen as its controllers see it."""

    # The parts, and what is in them.

    settings: DeskSettings
    keymap: Keymap
    title_bar: TitleBar
    series_tree: TriageTree
    ladder: VersionLadder
    reader: MessageView
    status: StatusBar
    prompt: Prompt
    bar: SearchBar
    session: Session | None
    """The open session; None before the first."""
    content: ReaderContent
    asked_from: Pane
    """The pane that had the keys when the temporary note on the screen was asked for."""

    @property
    def controllers(self) -> ControllerGroup:
        """All controllers, in their order."""
        ...

    @property
    def app(self) -> App[Any]:
        """The application: dialogs, toasts, the clipboard."""
        ...

    @property
    def editor(self) -> CommentEditor | None:
        """The editor of comments; there once the reader has the keys."""
        ...

    @property
    def offers(self) -> Offers:
        """The list of the welcome."""
        ...

    @property
    def active_pane(self) -> Pane:
        """The pane that has the keys, or had them before the prompt."""
        ...

    @property
    def is_empty(self) -> bool:
        """Whether the reader has the screen alone, since there are no rows."""
        ...

    # What is shown.

    def open_session(self, session: Session) -> None:
        """Let the controllers read a new session; nothing of it is shown yet."""
        ...

    def switch_session(self, session: Session) -> None:
        """Show a session in place of the current one."""
        ...

    def show_items(
        self, items: Items | Sequence[Whole], refresh: Refresh, *, after: Controller | None = None
    ) -> None:
        """Put items through `on_items` of the controllers, or of those after one, into the tree."""
        ...

    def show_mail(self, mail: OpenedMessage, *, whole: bool = True) -> None:
        """Show a mail in the reader, or the beginning of one."""
        ...

    def show_note(self, title: str, templates: Sequence[str], **values: object) -> None:
        """Show lines of the program in the reader, with keys and values filled in."""
        ...

    def show_report(self, title: str, lines: Sequence[SafeText], *, focus: bool = True) -> None:
        """Show text from mail or programs in the reader, unchanged, until the next step back; focus the reader."""
        ...

    def show_message(self, template: str, severity: str = "information", **values: object) -> None:
        """Show one sentence until the next key, as `Keymap.fill` makes it of the program's own `template`.

        A text from elsewhere (mail, files, the user) is always a value: `show_message("Wrote {path}", path=path)`.
        """
        ...

    def show_error(self, error: PatchdeskError, severity: str = "error") -> None:
        """Show an error and its hint until the next key."""
        ...

    def clear_message(self) -> None:
        """Take back the sentence."""
        ...

    def show_work(self) -> None:
        """Show the running work of the controllers in the status bar."""
        ...

    def show_first_picture(self) -> None:
        """Draw, if nothing was drawn yet."""
        ...

    async def show_welcome(self) -> None:
        """Show the welcome with its offers, since nothing is open."""
        ...

    def choose_panes(self, choice: PaneLayout) -> None:
        """Let the panes stand beside or below each other, whatever the width."""
        ...

    def show_help(self) -> None:
        """Show the keys."""
        ...

    def set_empty(self, empty: bool) -> None:
        """Leave the screen to the reader, or share it again."""
        ...

    def update_position(self) -> None:
        """Show where in the list the cursor is."""
        ...

    def update_reader_title(self) -> None:
        """Show which mail the reader has."""
        ...

    # What is done.

    def focus_pane(self, pane: Pane) -> None:
        """Give the keys to a pane."""
        ...

    def run_command(self, command: Command) -> None:
        """Run a command."""
        ...

    def get_selected_text(self) -> str | None:
        """Return the text selected with the mouse."""
        ...

    def has_class(self, *names: str) -> bool:
        """Return whether the screen has some style classes."""
        ...

    def set_class(self, add: bool, *names: str) -> object:
        """Give the screen style classes, or take them away."""
        ...

    def set_timer(self, delay: float, callback: Callable[[], Any]) -> Timer:
        """Call back once."""
        ...

    def set_interval(self, interval: float, callback: Callable[[], Any]) -> Timer:
        """Call back again and again."""
        ...

    def call_after_refresh(self, callback: Callable[[], Any]) -> bool:
        """Call back once the screen is drawn."""
        ...

    def call_later(self, callback: Callable[[], Any]) -> bool:
        """Call back soon."""
        ...


class Controller:
    """One feature of the main screen. Each hook does nothing unless it is overridden."""

    def __init__(self, desk: DeskView, tasks: Tasks) -> None:
        self._desk = desk
        self._tasks = tasks

    def start(self) -> None:
        """Start, once the widgets are mounted."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name; no other controller has one for the same name."""
        return {}

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handlers of commands that take an argument, from the `:` line or from a numbered key."""
        return {}

    def completions(self, name: str, text: str) -> Sequence[Proposal] | None:
        """Return the possible arguments of a command, of which `text` is typed; None to let another controller answer."""
        del name, text
        return None

    def disabled_reason(self, command: Command) -> str:
        """Return why a command cannot be run now, as a sentence; "" where it can."""
        del command
        return ""

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Return the listeners of widgets' messages, by message class."""
        return {}

    def on_open(self, session: Session) -> None:
        """Start reading a new session; the screen keeps its content until the first rows come."""

    def on_session(self, session: Session, before: Session | None, /) -> None:
        """Forget the state of the session before: another one is shown from now on."""

    def on_items(
        self, items: Items | Sequence[Whole], refresh: Refresh
    ) -> Items | Sequence[Whole] | None:
        """Return the items to show of these; None to hold them back and show them later."""
        del refresh
        return items

    def on_shown(self) -> None:
        """Take note that other items are in the tree."""

    def on_page(self, page: ListPage) -> None:
        """Take note that a page of followed lists is in the tree."""

    def on_mail(self, mail: OpenedMessage) -> None:
        """Take note that the whole of a mail is in the reader."""

    def cancel(self) -> bool:
        """Stop the running job; return whether there was one. The first controller that returns True ends the search."""
        return False

    def back(self) -> bool:
        """Go one level back; say whether there was one here. The first that says so ends the search."""
        return False

    @property
    def reader_title(self) -> SafeText | None:
        """The text above the reader in place of the mail's position in its series; None for none."""
        return None

    @property
    def work_text(self) -> SafeText | None:
        """The running work, for the status bar; None for none. The first controller with a text is shown."""
        return None

    @property
    def is_idle(self) -> bool:
        """Whether no change is pending, except in `Tasks`."""
        return True

    def close(self) -> None:
        """End all work, since the program ends. Controllers are closed in reverse order."""
