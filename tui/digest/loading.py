"""The half of the digest's screen that makes digests: it asks workers, and takes or drops their answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from core.errors import PatchdeskError
from core.model import MessageId
from core.text import SafeText, shown
from tui.digest.digest_jobs import (
    DigestArrived,
    DigestFailed,
    DigestProgressed,
    DigestRequest,
    Kept,
    Post,
    keep,
    make_digest,
)
from tui.digest.rows import totals
from tui.digest.view import DigestView
from tui.keys.commands import Command
from tui.keys.dispatch import CommandScreen
from tui.keys.keymap import Keymap
from tui.widgets.prompt import Prompt
from tui.widgets.status_bar import StatusBar, TitleBar

if TYPE_CHECKING:
    from core.digest.process import DigestResult
    from core.digest.range import AdjacentRanges


class MakingScreen(CommandScreen):
    """Title, rows and status line, and what fills them. What is on the screen stays until another digest is made."""

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
        self._made: DigestResult | None = None
        self._window: AdjacentRanges | None = None
        self._progress = shown("")

    def compose(self) -> ComposeResult:
        """Lay out the rows between the title and the status line."""
        yield TitleBar()
        yield DigestView()
        yield Static("", id="digest-note", markup=False)
        yield Prompt()
        yield StatusBar()

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
    def status(self) -> StatusBar:
        """The last line."""
        return self.query_one(StatusBar)

    @property
    def prompt(self) -> Prompt:
        """What is typed into."""
        return self.query_one(Prompt)

    def show_pending_keys(self, begun: str, ways: list[tuple[str, Command]]) -> None:
        """Show a sequence that was begun."""
        self.status.show_pending_keys(begun, ways)

    def show_message(self, text: str, severity: str = "information") -> None:
        """Say one sentence until the next key."""
        self.status.show_message(shown(self.keymap.fill(text)), severity)

    def clear_message(self) -> None:
        """Take back what was said."""
        self.status.clear_message()

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
            self._note(
                shown("Stopped."), shown("{digest.open} asks for a range; {app.back} goes back.")
            )
        else:
            self.show_message("Stopped. The digest before stays.")
        return True

    @on(DigestProgressed)
    def _progressed(self, event: DigestProgressed) -> None:
        if event.request is self._wanted and self._making:
            done = f" {event.progress.done:,}" if event.progress.done else ""
            self.status.work(shown(f"{event.progress.doing}{done}"))

    @on(DigestArrived)
    def _arrived(self, event: DigestArrived) -> None:
        from core.digest.range import AdjacentRanges

        if event.request is not self._wanted or not self._making:
            return
        event.request.stop.set()
        self.status.work(None)
        made = self._made = event.made
        self._window = AdjacentRanges(made.start, made.end, int(event.request.now.timestamp()))
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
            self._note(
                message,
                shown(
                    f"{hint} {{digest.open}} asks for another range; {{app.back}} goes back.".strip()
                ),
            )
        else:
            self.show_message(f"{message} {hint}", "error")

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        """A mistake of ours ended a worker: the app logs it; here what waits for its answer is told."""
        if event.state is WorkerState.ERROR:
            error = PatchdeskError("Something went wrong inside patchdesk.", "The log has it.")
            if event.worker.group == "digest" and self._wanted is not None:
                self._failed(DigestFailed(self._wanted, error))

    def _note(self, title: SafeText, more: SafeText) -> None:
        self.query_one("#digest-note", Static).update(f"{title}\n\n{self.keymap.fill(more)}")
        self.add_class("-noted")

    def _go(self, direction: int) -> None:
        """Go to the window before (-1) or after (1)."""
        if self._window is None:
            self.show_message(
                "There is no digest yet: {digest.open} asks for its range.", "warning"
            )
            return
        words = self._window.before() if direction < 0 else self._window.after()
        if words is not None:
            self.make(words)
        elif direction < 0:
            self.show_message("This one begins where the archive does.")
        else:
            self.show_message("There is nothing after this one yet.")

    # ------------------------------------------------------------- what is remembered

    def _until(self) -> str:
        """Return words for where the digest ends, which mean the same later: a commit, else a moment."""
        from core.digest.range import format_bound, format_moment

        if self._made is None or self._window is None:
            return ""
        digest = self._made.digest
        if self._made.end is not None:
            return format_bound(self._made.end)
        if digest.end:  # the newest commit
            return digest.end
        return format_moment(int(digest.last.timestamp()) if digest.last else self._window.now)

    def _mark(self) -> None:
        if self._window is None:
            self.show_message(
                "There is no digest yet: {digest.open} asks for its range.", "warning"
            )
        else:
            self._keep("mark", self._clock())

    def _keep(self, kind: str, when: datetime) -> None:
        """Remember where the digest ends."""
        at = self._window.until if self._window is not None else 0
        self._work("keeping", partial(keep, self._target, kind, self._until(), when, at))

    @on(Kept)
    def _kept(self, event: Kept) -> None:
        if event.error is not None:
            self.show_message(f"{event.error.message} {event.error.hint}", "error")
        elif event.kind == "mark":
            self.show_message(f"Marked {event.until}: {{digest.open}} offers what came since.")
