"""The digest on the screen: what arrived in an archive between two commits or dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from textual import events, on

from core.errors import PatchdeskError
from core.text import shown
from tui.digest.digest_jobs import Exported, export
from tui.digest.loading import MakingScreen
from tui.digest.rows import TOP
from tui.digest.view import DigestView
from tui.keys.commands import Command, Pane, commands_named
from tui.widgets.prompt import Prompt, Proposal
from tui.widgets.status_bar import StatusBar

_SPANS: Final = (
    ("1.day.ago..", "the last day"),
    ("1.week.ago..", "the last week"),
    ("1.month.ago..", "the last month"),
    ("..", "everything"),
)
_ELSEWHERE: Final = "is for the list and the reader: {app.back} goes back there."


class DigestScreen(MakingScreen):
    """Asks for a range of a target, shows its digest, and hands what is to be read to `read`."""

    DEFAULT_CSS = """
    DigestScreen {
        & TitleBar { dock: top; }
        & StatusBar { dock: bottom; }
        & Prompt { dock: bottom; }
        & #digest-note { display: none; padding: 1 2; height: auto; }
        &.-noted #digest-note { display: block; }
        &.-noted DigestView { display: none; }
        &.-asking StatusBar { display: none; }
    }
    """
    AUTO_FOCUS = None

    _to_overwrite: Path | None = None
    _found = ""
    _default = _SPANS[0][0]
    """What an empty line means when a range is asked for."""

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
        if stroke == "escape" and self._cancel():
            return
        action = self.command_handlers().get(command.name)
        if action is None:
            self.show_message(f"{command.name} {_ELSEWHERE}", "warning")
        else:
            action()

    @on(StatusBar.Chosen)
    def _hint_clicked(self, event: StatusBar.Chosen) -> None:
        self.run_command(event.command)

    @on(DigestView.RowSelected)
    def _line_opened(self) -> None:
        self._open()

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return what each command does, by its name."""
        view = self.view
        return {
            "digest.open": self.ask_range,
            "digest.read": self._open,
            "digest.earlier": lambda: self._go(-1),
            "digest.later": lambda: self._go(1),
            "digest.mark": self._mark,
            "digest.export": self._ask_file,
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
            "find.start": lambda: self.prompt.ask("find", "/", placeholder="subject or name"),
            "find.next": lambda: self._find_next(1),
            "find.previous": lambda: self._find_next(-1),
            "app.reload": lambda: self.make(self._wanted.words) if self._wanted else None,
            "app.cancel": self._stop,
            "app.back": self._back,
            "app.help": self._help,
            "app.command": self._ask_command,
            "app.palette": self.app.action_command_palette,
            "app.suspend": self.app.action_suspend_process,
            "app.theme": self.app.search_themes,
            "app.quit": self.app.exit,
        }

    def _back(self) -> None:
        if self._found:
            self._found = ""
            self.view.find("")
        else:
            self.dismiss()

    def _help(self) -> None:
        from tui.screens.help import HelpScreen

        self.app.push_screen(
            HelpScreen(Pane.DIGEST, self.keymap),
            lambda c: self.run_command(c) if c is not None else None,
        )

    def _open(self) -> None:
        view = self.view
        if (message_id := view.opens) is None:
            view.fold(expanded=None)
        elif self._read(message_id):
            self.dismiss()
        else:
            self.show_message(f"{message_id} is not in the list that is open.", "warning")

    def _find_next(self, direction: int) -> None:
        if not self._found:
            self.show_message("Nothing to find yet: {find.start} asks for it.")
        elif not self.view.find_next(direction):
            self.show_message(f"There is no {self._found} in this digest.")

    def _stop(self) -> None:
        if self._cancel():
            return
        if selected := self.get_selected_text():
            self.app.copy_to_clipboard(selected)
            self.show_message("Copied what is selected.")
        else:
            self.show_message("Nothing is running. {app.quit} quits.")

    # ------------------------------------------------------------- the prompt

    def _spans(self) -> list[Proposal]:
        from core.digest.bookmarks import load_bookmarks

        spans: list[Proposal] = []
        try:
            remembered = load_bookmarks(self._target)
        except PatchdeskError as error:
            self.show_message(f"{error.message} {error.hint}", "warning")
            remembered = {}
        for kind, words in (("read", "since my last digest"), ("mark", "since the mark")):
            if (place := remembered.get(kind)) is not None:
                when = place.time[:16].replace("T", " ")
                spans.append((shown(f"{place.until}.."), shown(f"{words}, of {when}")))
        return [*spans, *_SPANS]

    def ask_range(self) -> None:
        """Ask for FROM..TO, offering what is likely wanted."""
        spans = self._spans()

        def propose(text: str) -> Sequence[Proposal]:
            wanted = text.casefold()
            return [span for span in spans if wanted in f"{span[0]} {span[1]}".casefold()]

        placeholder = f"FROM..TO: commits, tags or dates · Enter: {spans[0][1]}"
        self._default = spans[0][0]
        self.prompt.ask("range", "Digest of", placeholder=placeholder, propose=propose)

    def _ask_command(self) -> None:
        def propose(text: str) -> list[Proposal]:
            named = [self.keymap.by_name[c.name] for c in commands_named(text)]
            return [(c.name, f"{' '.join(c.keys):<8}{c.help}") for c in named]

        self.prompt.ask("command", ":", propose=propose)

    def _ask_file(self) -> None:
        if self._made is None:
            self.show_message(
                "There is no digest yet: {digest.open} asks for its range.", "warning"
            )
            return
        name = re.sub(r"[^a-z0-9_-]", "-", self._made.digest.list_name.lower())[:60] or "list"
        day = f"{self._made.digest.last or self._clock():%Y-%m-%d}"
        kinds = (("html", "a web page"), ("md", "markdown"), ("txt", "text"), ("json", "JSON"))
        files = [(shown(f"{name}-{day}.{suffix}"), words) for suffix, words in kinds]
        placeholder = "FILE.html, .md, .txt or .json"
        self.prompt.ask("export", "Write to", placeholder=placeholder, propose=lambda _: files)

    @on(Prompt.Changed)
    def _prompt_changed(self, event: Prompt.Changed) -> None:
        if event.kind == "find":
            found = self.view.find(event.text)
            self.prompt.state("" if found else "no match")

    @on(Prompt.Left)
    def _prompt_left(self, event: Prompt.Left) -> None:
        if event.kind == "find":
            self.view.find("")
        elif event.kind == "range" and self._made is None and not self._making:
            self.dismiss()
        elif event.kind == "overwrite":
            self.show_message("Nothing was written.")

    @on(Prompt.Submitted)
    def _prompt_submitted(self, event: Prompt.Submitted) -> None:
        text = event.text.strip()
        if event.kind == "range":
            self.make(text or self._default)
        elif event.kind == "find":
            self._found = event.text
            if event.text and not self.view.find(event.text):
                self.show_message("no match")
        elif event.kind == "export" and text:
            self._export_to(text)
        elif event.kind == "overwrite":
            path, self._to_overwrite = self._to_overwrite, None
            if path is not None and text.casefold() in ("y", "yes"):
                self._write(path)
            else:
                self.show_message("Nothing was written.")
        elif event.kind == "command" and text:
            found = commands_named(text)
            if found:
                self.run_command(found[0])
            else:
                self.show_message(
                    f"There is no command {text}. {{app.palette}} lists them.", "warning"
                )

    # ------------------------------------------------------------- export

    def _export_to(self, text: str) -> None:
        """Write to the file named, after asking where there is one already."""
        try:
            path = Path(text).expanduser()
            folder, exists = path.parent.is_dir(), path.exists() or path.is_symlink()
        except (OSError, ValueError, RuntimeError):
            self.show_message(f"{text} is no name for a file.", "error")
            return
        if not folder:
            self.show_message(f"There is no folder {path.parent}.", "error")
        elif path.is_dir():
            self.show_message(f"{path} is a folder: name a file in it.", "error")
        elif exists:
            self._to_overwrite = path
            label = shown(f"{path.name} is there already. Overwrite it?")
            self.prompt.ask("overwrite", label, placeholder="y or n")
        else:
            self._write(path)

    def _write(self, path: Path) -> None:
        if self._made is None:
            return
        self.show_message(f"Writing {path} …")
        self._work("export", partial(export, self._made.digest, path, TOP))

    @on(Exported)
    def _exported(self, event: Exported) -> None:
        if event.error is not None:
            self.show_message(f"{event.error.message} {event.error.hint}", "error")
        else:
            self.show_message(f"Written: {event.path}")
