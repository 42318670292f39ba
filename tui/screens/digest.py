"""The digest on the screen: what arrived in an archive between two commits or dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from core.errors import PatchdeskError
from core.model import MessageId
from core.text import SafeText, shown
from tui.digest_jobs import (
    DigestArrived,
    DigestFailed,
    DigestProgressed,
    DigestRequest,
    Exported,
    Kept,
    Post,
    export,
    keep,
    make_digest,
)
from tui.keys import Command, Keymap, Where, commands_named
from tui.screens.keyed import KeyedScreen
from tui.widgets.digest_rows import TOP, totals
from tui.widgets.digest_view import DigestView
from tui.widgets.prompt import Prompt, Proposal
from tui.widgets.status_line import StatusLine, TitleBar

if TYPE_CHECKING:
    from core.digest.apart import Made
    from core.digest.windows import Window

_SPANS: Final = (
    ("1.day.ago..", "the last day"),
    ("1.week.ago..", "the last week"),
    ("1.month.ago..", "the last month"),
    ("..", "everything"),
)
_ELSEWHERE: Final = "is for the list and the reader: q goes back there."


class DigestScreen(KeyedScreen):
    """Asks for a range of a target, shows its digest, and hands what is to be read to `read`."""

    DEFAULT_CSS = """
    DigestScreen {
        & TitleBar { dock: top; }
        & StatusLine { dock: bottom; }
        & Prompt { dock: bottom; }
        & #digest-note { display: none; padding: 1 2; height: auto; }
        &.-noted #digest-note { display: block; }
        &.-noted DigestView { display: none; }
        &.-asking StatusLine { display: none; }
    }
    """
    AUTO_FOCUS = None

    def __init__(
        self,
        keymap: Keymap,
        target: str,
        clock: Callable[[], datetime],
        read: Callable[[MessageId], bool],
    ) -> None:
        """Take what opens a mail in the reader and says whether it is there."""
        super().__init__(keymap)
        self._target = target
        self._clock = clock
        self._read = read
        self._wanted: DigestRequest | None = None
        self._made: Made | None = None
        self._window: Window | None = None
        self._progress = shown("")
        self._to_overwrite: Path | None = None
        self._found = ""
        self._default = _SPANS[0][0]
        """What an empty line means when a range is asked for."""

    def compose(self) -> ComposeResult:
        """Lay out the rows between the title and the status line."""
        yield TitleBar()
        yield DigestView()
        yield Static("", id="digest-note", markup=False)
        yield Prompt()
        yield StatusLine()

    def on_mount(self) -> None:
        """Ask for the range."""
        name = self._target.rstrip("/").rpartition("/")[2]
        self.title_bar.name_shown = shown(f"{name}  digest")
        fitting = [c for c in self.keymap.commands if c.footer and c.where is Where.DIGEST]
        others = [
            c for c in self.keymap.commands if c.name in ("digest.open", "find.start", "app.help")
        ]
        self.status.hint((c.keys[0], c) for c in (*fitting, *others))
        self.set_focus(self.view)
        self.ask_range()

    def on_unmount(self) -> None:
        """Stop what is running: quitting waits for nothing."""
        self._drop()

    @property
    def view(self) -> DigestView:
        """The rows."""
        return self.query_one(DigestView)

    @property
    def title_bar(self) -> TitleBar:
        """The first line."""
        return self.query_one(TitleBar)

    @property
    def status(self) -> StatusLine:
        """The last line."""
        return self.query_one(StatusLine)

    @property
    def prompt(self) -> Prompt:
        """What is typed into."""
        return self.query_one(Prompt)

    # ------------------------------------------------------------- keys

    def where(self) -> Where:
        """Return where keys go."""
        return Where.DIGEST

    def is_text(self, event: events.Key) -> bool:
        """Return whether a key was typed into the prompt."""
        return self.prompt.passed is event

    def came_early(self, event: events.Key) -> bool:
        """Return whether a key is meant for the prompt, or a dialog, that was only just opening."""
        return super().came_early(event) or self.prompt.asking

    def show_begun(self, begun: str, ways: list[tuple[str, Command]]) -> None:
        """Show a sequence that was begun."""
        self.status.pend(begun, ways)

    def say(self, text: str, severity: str = "information") -> None:
        """Say one sentence until the next key."""
        self.status.say(shown(text), severity)

    def hush(self) -> None:
        """Take back what was said."""
        self.status.hush()

    def run_command(self, command: Command, stroke: str = "") -> None:
        """Run a command; Esc stops running work before it goes back."""
        if stroke == "escape" and self._cancel():
            return
        action = self.actions().get(command.name)
        if action is None:
            self.say(f"{command.name} {_ELSEWHERE}", "warning")
        else:
            action()

    @on(StatusLine.Chosen)
    def _hint_clicked(self, event: StatusLine.Chosen) -> None:
        self.run_command(event.command)

    @on(DigestView.Opened)
    def _line_opened(self) -> None:
        self._open()

    def actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each command does, by its name."""
        view = self.view
        return {
            "digest.open": self.ask_range,
            "digest.read": self._open,
            "digest.earlier": lambda: self._go(-1),
            "digest.later": lambda: self._go(1),
            "digest.mark": self._mark,
            "digest.export": self._ask_file,
            "digest.expand": view.expand,
            "digest.collapse": view.collapse,
            "digest.toggle": lambda: view.fold(unfold=None),
            "digest.expand_all": lambda: view.fold_all(unfold=True),
            "digest.collapse_all": lambda: view.fold_all(unfold=False),
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
            "app.retry": lambda: self.make(self._wanted.words) if self._wanted else None,
            "job.cancel": self._stop,
            "app.back": self._back,
            "app.help": self._help,
            "app.command": self._ask_command,
            "app.palette": self.app.action_command_palette,
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
            HelpScreen(Where.DIGEST, self.keymap.commands),
            lambda c: self.run_command(c) if c is not None else None,
        )

    def _open(self) -> None:
        view = self.view
        if (message_id := view.opens) is None:
            view.fold(unfold=None)
        elif self._read(message_id):
            self.dismiss()
        else:
            self.say(f"{message_id} is not in the list that is open.", "warning")

    def _find_next(self, direction: int) -> None:
        if not self._found:
            self.say("Nothing to find yet: / asks for it.")
        elif not self.view.find_next(direction):
            self.say(f"There is no {self._found} in this digest.")

    # ------------------------------------------------------------- making a digest

    def make(self, words: str) -> None:
        """Make the digest of FROM..TO; what is on the screen stays until it comes."""
        self._drop()
        request = self._wanted = DigestRequest(self._target, words, self._clock())
        self._progress = shown(f"digest of {words}")
        self.status.work(self._progress)
        self._work("digest", partial(make_digest, request))

    def _work(self, group: str, job: Callable[[Post], None]) -> None:
        """Do a job in a thread of its own."""
        self.run_worker(
            partial(job, self.post_message), group=group, thread=True, exit_on_error=False
        )

    def _drop(self) -> None:
        """Listen no more to what is being made."""
        if self._wanted is not None:
            self._wanted.stop.set()

    @property
    def _making(self) -> bool:
        return self._wanted is not None and not self._wanted.stop.is_set()

    def _cancel(self) -> bool:
        """Stop what is being made; say whether anything was."""
        if not self._making:
            return False
        self._drop()
        self.status.work(None)
        if self._made is None:
            self._note(shown("Stopped."), shown("gd asks for a range; q goes back."))
        else:
            self.say("Stopped. The digest before stays.")
        return True

    def _stop(self) -> None:
        if self._cancel():
            return
        if selected := self.get_selected_text():
            self.app.copy_to_clipboard(selected)
            self.say("Copied what is selected.")
        else:
            self.say("Nothing is running. Q quits.")

    @on(DigestProgressed)
    def _progressed(self, event: DigestProgressed) -> None:
        if event.request is self._wanted and self._making:
            done = f" {event.progress.done:,}" if event.progress.done else ""
            self.status.work(shown(f"{event.progress.doing}{done}"))

    @on(DigestArrived)
    def _arrived(self, event: DigestArrived) -> None:
        from core.digest.windows import Window

        if event.request is not self._wanted or not self._making:
            return
        event.request.stop.set()
        self.status.work(None)
        made = self._made = event.made
        self._window = Window(made.start, made.end, int(event.request.now.timestamp()))
        self.remove_class("-noted")
        self.title_bar.name_shown = shown(f"{made.digest.list_name}  digest")
        self.title_bar.counts = shown(totals(made.digest))
        self.view.show(made.digest)
        if self.app.screen is self and not self.prompt.asking:
            self.set_focus(self.view)
        self._keep("read", event.request.now)

    @on(DigestFailed)
    def _failed(self, event: DigestFailed) -> None:
        if event.request is not self._wanted or not self._making:
            return
        event.request.stop.set()
        self.status.work(None)
        message, hint = shown(event.error.message), shown(event.error.hint)
        if self._made is None:
            self._note(message, shown(f"{hint} gd asks for another range; q goes back.".strip()))
        else:
            self.say(f"{message} {hint}", "error")

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        """A mistake of ours ended a worker: the app logs it; here what waits for its answer is told."""
        if event.state is WorkerState.ERROR:
            error = PatchdeskError("Something went wrong inside patchdesk.", "The log has it.")
            if event.worker.group == "digest" and self._wanted is not None:
                self._failed(DigestFailed(self._wanted, error))

    def _note(self, title: SafeText, more: SafeText) -> None:
        self.query_one("#digest-note", Static).update(f"{title}\n\n{more}")
        self.add_class("-noted")

    def _go(self, direction: int) -> None:
        """Go to the window before (-1) or after (1)."""
        if self._window is None:
            self.say("There is no digest yet: gd asks for its range.", "warning")
            return
        words = self._window.before() if direction < 0 else self._window.after()
        if words is not None:
            self.make(words)
        elif direction < 0:
            self.say("This one begins where the archive does.")
        else:
            self.say("There is nothing after this one yet.")

    # ------------------------------------------------------------- what is remembered

    def _until(self) -> str:
        """Return words for where the digest ends, which mean the same later: a commit, else a moment."""
        from core.digest.windows import bound_words, moment_words

        if self._made is None or self._window is None:
            return ""
        digest = self._made.digest
        if self._made.end is not None:
            return bound_words(self._made.end)
        if digest.end:  # the newest commit
            return digest.end
        return moment_words(int(digest.last.timestamp()) if digest.last else self._window.now)

    def _mark(self) -> None:
        if self._window is None:
            self.say("There is no digest yet: gd asks for its range.", "warning")
        else:
            self._keep("mark", self._clock())

    def _keep(self, kind: str, when: datetime) -> None:
        """Remember where the digest ends."""
        at = self._window.until if self._window is not None else 0
        self._work("keeping", partial(keep, self._target, kind, self._until(), when, at))

    @on(Kept)
    def _kept(self, event: Kept) -> None:
        if event.error is not None:
            self.say(f"{event.error.message} {event.error.hint}", "error")
        elif event.kind == "mark":
            self.say(f"Marked {event.until}: gd offers what came since.")

    # ------------------------------------------------------------- the prompt

    def _spans(self) -> list[Proposal]:
        from core.digest.remembered import recall

        spans: list[Proposal] = []
        try:
            remembered = recall(self._target)
        except PatchdeskError as error:
            self.say(f"{error.message} {error.hint}", "warning")
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
            self.say("There is no digest yet: gd asks for its range.", "warning")
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
            self.say("Nothing was written.")

    @on(Prompt.Submitted)
    def _prompt_submitted(self, event: Prompt.Submitted) -> None:
        text = event.text.strip()
        if event.kind == "range":
            self.make(text or self._default)
        elif event.kind == "find":
            self._found = event.text
            if event.text and not self.view.find(event.text):
                self.say("no match")
        elif event.kind == "export" and text:
            self._export_to(text)
        elif event.kind == "overwrite":
            path, self._to_overwrite = self._to_overwrite, None
            if path is not None and text.casefold() in ("y", "yes"):
                self._write(path)
            else:
                self.say("Nothing was written.")
        elif event.kind == "command" and text:
            found = commands_named(text)
            if found:
                self.run_command(found[0])
            else:
                self.say(f"There is no command {text}. C-p lists them.", "warning")

    # ------------------------------------------------------------- export

    def _export_to(self, text: str) -> None:
        """Write to the file named, after asking where there is one already."""
        try:
            path = Path(text).expanduser()
            folder, exists = path.parent.is_dir(), path.exists() or path.is_symlink()
        except (OSError, ValueError, RuntimeError):
            self.say(f"{text} is no name for a file.", "error")
            return
        if not folder:
            self.say(f"There is no folder {path.parent}.", "error")
        elif path.is_dir():
            self.say(f"{path} is a folder: name a file in it.", "error")
        elif exists:
            self._to_overwrite = path
            label = shown(f"{path.name} is there already. Overwrite it?")
            self.prompt.ask("overwrite", label, placeholder="y or n")
        else:
            self._write(path)

    def _write(self, path: Path) -> None:
        if self._made is None:
            return
        self.say(f"Writing {path} …")
        self._work("export", partial(export, self._made.digest, path, TOP))

    @on(Exported)
    def _exported(self, event: Exported) -> None:
        if event.error is not None:
            self.say(f"{event.error.message} {event.error.hint}", "error")
        else:
            self.say(f"Written: {event.path}")
