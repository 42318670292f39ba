"""The digest on the screen: the arrivals in an archive between two commits or dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from core.errors import PatchdeskError
from core.model import MessageId
from core.text import SafeText, shown
from tui.digest.export import DigestExport
from tui.digest.loading import DigestLoader
from tui.digest.ranges import range_proposals
from tui.digest.rows import totals
from tui.digest.view import DigestView
from tui.keys.commands import Command, Pane, commands_named
from tui.keys.dispatch import CommandScreen
from tui.keys.keymap import Keymap
from tui.tasks import Tasks
from tui.widgets.path_proposals import PathProposals
from tui.widgets.prompt import Prompt, Proposal
from tui.widgets.status_bar import StatusBar, TitleBar

if TYPE_CHECKING:
    from core.digest.process import DigestResult

_ELSEWHERE: Final = "works in the list and the reader: {app.back} goes back there."


class DigestScreen(CommandScreen):
    """Asks for a range of a target, shows its digest, and opens chosen messages by `read`."""

    DEFAULT_CSS = """
    DigestScreen {
        & TitleBar { dock: top; }
        & StatusBar { dock: bottom; }
        & Prompt { dock: bottom; }
        & #digest-note { display: none; padding: 1 2; height: auto; }
        &.-noted #digest-note { display: block; }
        &.-noted DigestView { display: none; }
    }
    """
    AUTO_FOCUS = None
    status: StatusBar

    def __init__(
        self,
        keymap: Keymap,
        target: str,
        clock: Callable[[], datetime],
        read: Callable[[MessageId], bool],
        *,
        tasks: Tasks,
        show_help: Callable[[], object],
        web: str = "",
    ) -> None:
        """`read` opens a mail in the reader and says whether it is there; `web` is the list's web address."""
        super().__init__(keymap)
        self._target = target
        self._clock = clock
        self._read = read
        self._show_help = show_help
        self._searched = ""
        """The text last searched for in the digest."""
        self.loader = DigestLoader(self, tasks, target, clock)
        self.title_bar, self.view = TitleBar(), DigestView()
        self.prompt, self.status = Prompt(), StatusBar()
        paths = PathProposals(tasks, self.prompt)
        self.export = DigestExport(self, self.loader, paths, clock, web)

    def compose(self) -> ComposeResult:
        """Lay out the rows between the title and the status bar."""
        yield from (self.title_bar, self.view)
        yield Static("", id="digest-note", markup=False)
        yield from (self.prompt, self.status)

    def on_unmount(self) -> None:
        """Stop running work: quitting waits for nothing."""
        self.loader.drop()

    def on_mount(self) -> None:
        """Ask for the range."""
        name = self._target.rstrip("/").rpartition("/")[2]
        self.title_bar.name_shown = shown(f"{name}  digest")
        fitting = [c for c in self.keymap.commands if c.footer and c.pane is Pane.DIGEST]
        others = [
            c for c in self.keymap.commands if c.name in ("digest.open", "find.start", "app.help")
        ]
        self.status.hint((c.keys[0], c) for c in (*fitting, *others) if c.keys)
        self.set_focus(self.view)
        self.ask_range()

    # ------------------------------------------------------------- keys

    @property
    def active_pane(self) -> Pane:
        """Return where keys go."""
        return Pane.DIGEST

    def take_key(self, event: events.Key) -> bool:
        """Give a key to the prompt, or run its command."""
        return self.prompt.feed(event) if self.prompt.asking else super().take_key(event)

    def run_command(self, command: Command, stroke: str = "") -> None:
        """Run a command; Esc stops running work before it goes back."""
        if stroke == "escape" and self.loader.cancel():
            return
        action = self.command_handlers().get(command.name)
        if action is None:
            self.show_message(f"{{command}} {_ELSEWHERE}", "warning", command=command.name)
        else:
            action()

    @on(StatusBar.Chosen)
    def _hint_clicked(self, event: StatusBar.Chosen) -> None:
        self.run_command(event.command)

    @on(DigestView.RowSelected)
    def _line_opened(self) -> None:
        self._open()

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of commands, by name."""
        view = self.view
        return {
            "digest.open": self.ask_range,
            "digest.read": self._open,
            "digest.earlier": lambda: self.loader.shift(-1),
            "digest.later": lambda: self.loader.shift(1),
            "digest.mark": self.loader.bookmark,
            "digest.export": self.export.ask_file,
            "tree.expand": view.unfold,
            "tree.collapse": view.collapse,
            "fold.toggle": lambda: view.fold(expanded=None),
            "fold.open": lambda: view.fold(expanded=True),
            "fold.close": lambda: view.fold(expanded=False),
            "fold.open_all": lambda: view.fold_all(expanded=True),
            "fold.close_all": lambda: view.fold_all(expanded=False),
            "move.down": lambda: view.action_line(1),
            "move.up": lambda: view.action_line(-1),
            "move.half_down": lambda: view.action_half_page(1),
            "move.half_up": lambda: view.action_half_page(-1),
            "move.page_down": lambda: view.action_page(1),
            "move.page_up": lambda: view.action_page(-1),
            "move.top": view.action_top,
            "move.bottom": view.action_bottom,
            "pane.next": lambda: view.section(1),
            "pane.previous": lambda: view.section(-1),
            "find.start": self._ask_text,
            "find.next": lambda: self._find_next(1),
            "find.previous": lambda: self._find_next(-1),
            "app.reload": self.loader.reload,
            "app.cancel": self._stop,
            "app.back": self._back,
            "app.help": self._show_help,
            "app.command": self._ask_command,
            "app.palette": self.app.action_command_palette,
            "app.suspend": self.app.action_suspend_process,
            "app.theme": self.app.search_themes,
            "app.quit": self.app.exit,
        }

    def _back(self) -> None:
        if self._searched:
            self._searched = ""
            self.view.find("")
        else:
            self.dismiss()

    def _open(self) -> None:
        view = self.view
        if (message_id := view.opens) is None:
            view.fold(expanded=None)
        elif self._read(message_id):
            self.dismiss()
        else:
            self.show_message(
                "{message} is not in the list that is open.", "warning", message=message_id
            )

    def _find_next(self, direction: int) -> None:
        if not self._searched:
            self.show_message("No search yet; press {find.start}.")
        elif not self.view.find_next(direction):
            self.show_message("No match for {text} in this digest.", text=self._searched)

    def _stop(self) -> None:
        if self.loader.cancel():
            return
        if selected := self.get_selected_text():
            self.app.copy_to_clipboard(selected)
        else:
            self.show_message("Nothing is running. {app.quit} quits.")

    # ------------------------------------------------------------- the prompt

    def ask_range(self) -> None:
        """Ask for FROM..TO, with proposals."""
        from core.digest.bookmarks import load_bookmarks

        try:
            bookmarks = load_bookmarks(self._target)
        except PatchdeskError as error:
            self.show_error(error, "warning")
            bookmarks = {}
        proposals = range_proposals(bookmarks)

        def propose(text: str) -> Sequence[Proposal]:
            wanted = text.casefold()
            return [one for one in proposals if wanted in f"{one[0]} {one[1]}".casefold()]

        default, meaning = proposals[0]
        self.prompt.ask(
            "Digest of",
            then=lambda text: self.loader.load(text.strip() or default),
            cancelled=self._leave_empty,
            placeholder=f"FROM..TO: commits, tags or dates · Enter: {meaning}",
            propose=propose,
        )

    def _leave_empty(self) -> None:
        """Go back where nothing was ever asked for."""
        if self.loader.result is None and not self.loader.is_loading:
            self.dismiss()

    def _ask_command(self) -> None:
        def propose(text: str) -> list[Proposal]:
            named = [self.keymap.by_name[c.name] for c in commands_named(text)]
            return [(c.name, f"{' '.join(c.keys):<8}{c.help}") for c in named]

        self.prompt.ask(":", then=self._run_named, propose=propose)

    def _run_named(self, line: str) -> None:
        if not (name := line.strip()):
            return
        if found := commands_named(name):
            self.run_command(found[0])
        else:
            self.show_message(
                "There is no command {name}. {app.palette} lists them.", "warning", name=name
            )

    def _ask_text(self) -> None:
        def changed(text: str) -> None:
            self.prompt.set_hint("" if self.view.find(text) else "no match")

        self.prompt.ask(
            "/",
            then=self._search,
            changed=changed,
            cancelled=lambda: self.view.find(""),
            placeholder="subject or name",
        )

    def _search(self, text: str) -> None:
        self._searched = text
        if text and not self.view.find(text):
            self.show_message("no match")

    # ------------------------------------------------------------- what is shown

    def show_digest(self, result: DigestResult) -> None:
        """Show a digest in the place of the one before."""
        self.remove_class("-noted")
        self.title_bar.name_shown = shown(f"{result.digest.list_name}  digest")
        self.title_bar.counts = shown(totals(result.digest))
        self.view.show(result.digest)
        if self.app.screen is self and not self.prompt.asking:
            self.set_focus(self.view)

    def show_note(self, title: SafeText, template: str, **values: object) -> None:
        """Show a text in the place of a digest: `template` with keys and values filled in."""
        text = shown(self.keymap.fill(template, **values))
        self.query_one("#digest-note", Static).update(f"{title}\n\n{text}")
        self.add_class("-noted")

    def show_work(self, text: SafeText | None) -> None:
        """Show the running work."""
        self.status.work(text)
