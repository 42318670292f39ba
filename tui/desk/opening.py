"""Opens targets: reads them, shows their rows as they come, and explains failures."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final

from textual.content import Content

from core.errors import PatchdeskError
from core.index.errors import IndexDamagedError
from core.model import Series
from core.progress import Progress
from core.text import SafeText, shown
from tui.desk.controller import ArgumentHandler, Controller, DeskView, Handler, Refresh
from tui.desk.requests import Desk, Session
from tui.keys.commands import Command, Pane
from tui.tasks import Task, Tasks
from tui.widgets.path_proposals import PathProposals
from tui.widgets.prompt import Proposal

if TYPE_CHECKING:
    from core.model import TargetListing

_LONGEST_DOING: Final = 64

WAYS_ON: Final = "{app.reload} tries again · {app.open} opens something else · :log shows the log"


class Opening(Controller):
    """Reads one target at a time.

    The screen's session is shown; one session may be pending (the same, or another that has no rows yet).
    Results of any other session are dropped.

    Of the sessions one is shown, the screen's, and one may be pending: the same, or another that has given no rows
    yet. Whatever is neither any more is not listened to.
    """

    def __init__(self, desk: DeskView, tasks: Tasks, open_desk: Callable[[str], Desk]) -> None:
        """`open_desk` gives the desk of a target without blocking. It may raise PatchdeskError."""
        super().__init__(desk, tasks)
        self._open_desk = open_desk
        self.pending: Session | None = None
        self.listing: TargetListing | None = None
        """The listing that is shown; None for followed lists."""
        self._reading: Task | None = None
        self._last_target: str | None = None
        self._history: list[str] = []
        self._paths = PathProposals(tasks, desk.prompt)
        self._progress = shown("")
        self._is_noted = False
        """The reader shows a note that the target is being opened."""
        self._is_frozen = False
        self._resources = ExitStack()
        """The demo's index and temporary files, closed at the end."""

    def start(self) -> None:
        """Open the first target, or the welcome."""
        target = self._desk.settings.target
        if target is None:
            self._desk.call_later(self._desk.show_welcome)
        else:
            self._desk.focus_pane(Pane.TREE)
            self.open_target(target)

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "app.open": self._ask_target,
            "app.reload": self._reload,
            "app.demo": self._open_demo,
        }

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handlers of commands that take an argument."""
        return {"app.open": self._open_named}

    def completions(self, name: str, text: str) -> Sequence[Proposal] | None:
        """Return targets that were opened, and paths that the text may become."""
        return self._targets(text) if name == "app.open" else None

    def disabled_reason(self, command: Command) -> str:
        """Return why nothing can be read again."""
        if command.name == "app.reload" and self._last_target is None:
            return "Nothing was opened yet."
        return ""

    # ------------------------------------------------------------- which target

    def _ask_target(self) -> None:
        self._desk.prompt.ask(
            "Open",
            then=self._open_named,
            placeholder="Message-ID, address, mbox, maildir, public-inbox folder, list",
            propose=self._targets,
        )

    def _targets(self, text: str) -> list[Proposal]:
        before = [(shown(target), "") for target in reversed(self._history) if text in target]
        return before + self._paths.of(text)

    def _open_named(self, line: str) -> None:
        if target := line.strip():
            self._history = [*(known for known in self._history if known != target), target]
            self.open_target(target)

    def _reload(self) -> None:
        if self._last_target is not None:
            self.open_target(self._last_target)

    def _open_demo(self) -> None:
        from core.demo import demo_path

        try:
            path = self._resources.enter_context(demo_path())
        except PatchdeskError as error:
            self.show_error(error)
        else:
            self.open_target(str(path))

    # ------------------------------------------------------------- reading it

    def open_target(self, target: str) -> None:
        """Read `target`; the screen keeps its content until the first rows come."""
        self._drop_pending()
        self._last_target = target
        try:
            desk = self._open_desk(target)
        except PatchdeskError as error:
            self.show_error(error)
            return
        session = self.pending = Session(target, desk)
        self._progress = shown(f"opening {target}".strip())
        if self._desk.session is None:
            self._desk.title_bar.name_shown = shown(target)
            self._desk.show_note("", [])
            after = self._desk.settings.timings.opening_note
            self._desk.set_timer(after, partial(self._note_opening, session))
        self._desk.open_session(session)
        self._desk.show_work()

    def on_open(self, session: Session) -> None:
        """Start reading a target other than followed lists."""
        if session.lists is None:
            self.read(session, partial(self._read_listings, session))

    def read(
        self, session: Session, work: Callable[[Task], object], *, watches: bool = False
    ) -> None:
        """Run the work that reads a pending session, as long as that is pending or shown.

        Work that `watches` continues after all is read, with later changes.
        """
        self._reading = self._tasks.start(
            "open",
            work,
            then=lambda _: self.finish(session),
            failed=partial(self._fail, session),
            current=lambda: session in (self.pending, self._desk.session),
            watches=watches,
        )

    def _read_listings(self, session: Session, task: Task) -> None:
        """Read a target to its end, delivering a growing listing. Raises PatchdeskError and Cancelled."""
        every, due = self._desk.settings.timings.report_every, 0.0

        def report(progress: Progress) -> None:
            nonlocal due
            if (now := monotonic()) >= due:
                due = now + every
                task.tell_latest(self._show_progress, progress)

        for listing in session.desk.listings(stop=task.stop, report=report):
            task.tell(self._take_listing, session, listing)

    def _take_listing(self, session: Session, listing: TargetListing) -> None:
        before = self._desk.session
        if session is not before and not (listing.items or listing.done):
            return
        self.arrive(session)
        self.listing = listing
        is_same = before is not None and before.target == session.target
        self._desk.show_items(listing.items, Refresh(is_same, anew=session is not before))
        self._show_counts(listing)
        was_empty = self._desk.is_empty
        self._desk.set_empty(not listing.items)
        if not listing.items:
            text = [shown(f"There is no mail in {listing.name}."), "", WAYS_ON]
            self._desk.show_note("Nothing to read", text)
        elif before is None or was_empty:
            self._desk.focus_pane(Pane.TREE)

    def arrive(self, session: Session) -> None:
        """Show the pending session, since its first rows have come."""
        if session is not self._desk.session:
            self._desk.switch_session(session)
        self._desk.show_first_picture()

    def on_session(self, _: Session, before: Session | None) -> None:
        """Close the desk of the session before."""
        if before is not None:
            self._close(before)
        self.listing = None

    def finish(self, session: Session) -> None:
        """Take note that a session is read to its end."""
        if session is not self.pending:
            return
        self.pending = None
        self._desk.show_work()
        if not self._is_frozen:
            # What was listed stays: looking through it for garbage again and again would stall the screen (half a
            # second at 100,000 series). Only once, since what is frozen and then dropped in a circle is never freed.
            self._is_frozen = True
            gc.freeze()
        if self.listing is not None and self.listing.note:
            self._desk.show_message("{note}", "warning", note=self.listing.note)

    def _fail(self, session: Session, error: PatchdeskError) -> None:
        if session is self.pending:
            self.pending = None
            self._desk.show_work()
        if session is self._desk.session:
            self._desk.title_bar.flag = "incomplete"
            if isinstance(error, IndexDamagedError):
                self.open_target(session.target)  # which sets it aside, and says so
                return
        else:
            self._close(session)
        self.show_error(error)

    def _show_counts(self, listing: TargetListing) -> None:
        series = sum(isinstance(item, Series) for item in listing.items)
        threads = len(listing.items) - series
        counts = [f"{series:,} series", _many(listing.mails, "mail")]
        if threads:
            counts.insert(1, _many(threads, "thread"))
        title = self._desk.title_bar
        title.name_shown = shown(listing.name)
        title.flag = "incomplete" if listing.done and listing.note else ""
        title.counts = " · ".join(counts)
        self._desk.update_position()

    # ------------------------------------------------------------- what is said of it

    @property
    def work_text(self) -> SafeText | None:
        """The progress of the opening."""
        return self._progress if self.pending is not None else None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is pending."""
        return self.pending is None

    def _show_progress(self, progress: Progress) -> None:
        if self.pending is not None:
            self._progress = progress_text(progress)
            self._desk.show_work()
            if self._is_noted:
                self._note_opening(self.pending)

    def _note_opening(self, session: Session) -> None:
        """Show the progress in the reader, too, while nothing else is open."""
        self._is_noted = session is self.pending and self._desk.session is None
        if self._is_noted:
            title = shown(f"Opening {session.target}")
            self._desk.show_note(title, ["{progress}", "", "Esc stops."], progress=self._progress)

    def show_error(self, error: PatchdeskError) -> None:
        """Show an error where the rows would be, or beside those that are there."""
        message, hint = shown(error.message), shown(error.hint)
        if not len(self._desk.series_tree):
            self._desk.set_empty(True)
            self._desk.show_note(message, ["{hint}", "", WAYS_ON], hint=hint)
            return
        text = shown(f"{message} {hint}".strip())
        if Content(text).cell_length <= self._desk.app.size.width - 2:
            self._desk.show_error(error)
            return
        self._desk.show_message("{error}", "error", error=message)
        ways = f"{WAYS_ON} · Esc closes this" if hint else WAYS_ON
        more = self._desk.keymap.fill(f"{{error}}\n{ways}", error=hint or message)
        seconds = self._desk.settings.timings.error_shown
        self._desk.app.notify(shown(more), severity="error", timeout=seconds, markup=False)

    # ------------------------------------------------------------- the end of it

    def cancel(self) -> bool:
        """Stop reading and keep the rows that came."""
        if self.pending is None:
            return False
        is_shown = self.pending is self._desk.session
        self._drop_pending()
        if is_shown and self.listing is not None:
            self._desk.title_bar.flag = "stopped"
            mails = self.listing.mails
            self._desk.show_message(
                f"Stopped after {mails:,} mails. {{app.reload}} reads it again."
            )
        elif self._desk.session is not None:
            self._desk.show_message("Cancelled; still showing what was open.")
        else:
            self._desk.set_empty(True)
            self._desk.show_note("Stopped", ["Nothing was read.", "", WAYS_ON])
        return True

    def back(self) -> bool:
        """Return to the welcome from a target that is opening, or that could not be opened."""
        is_offered = self._desk.settings.target is None and self._desk.session is None
        if not is_offered or self._desk.active_pane is Pane.WELCOME:
            return False
        self._drop_pending()
        self._desk.title_bar.name_shown = shown("")
        self._desk.call_later(self._desk.show_welcome)
        return True

    def _drop_pending(self) -> None:
        """Drop the results of the pending session; rows that are shown stay."""
        session, self.pending = self.pending, None
        if session is None:
            return
        if self._reading is not None:
            self._reading.cancel()
        self._desk.show_work()
        if session is not self._desk.session:
            self._close(session)

    def _close(self, session: Session) -> None:
        session.stop.set()
        self._tasks.start("close", lambda _: session.desk.close())

    def close(self) -> None:
        """Abort all that is in flight."""
        sessions = {id(s): s for s in (self.pending, self._desk.session) if s is not None}
        for session in sessions.values():
            session.stop.set()
            session.desk.close()
        self._resources.close()


def progress_text(progress: Progress) -> SafeText:
    """Return progress as a text: `reading, mail 3 of 17`; `Fetching … · 12 kB` where bytes are counted."""
    doing = shown(progress.doing)
    what = doing.removesuffix(", byte")
    if len(what) > _LONGEST_DOING:  # a Message-ID, mostly
        what = shown(f"{what[: _LONGEST_DOING // 2]}…{what[1 - _LONGEST_DOING // 2 :]}")
    if doing.endswith(", byte"):
        return shown(f"{what} · {_size(progress.done)}")
    if progress.total:
        return shown(f"{what} {progress.done:,} of {progress.total:,}")
    return shown(f"{what} {progress.done:,}" if progress.done else what)


def _size(count: int) -> str:
    """Return a number of bytes: `812 bytes`, `12 kB`, `3.4 MB`."""
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1_000:,.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"


def _many(count: int, one: str) -> str:
    return f"{count:,} {one if count == 1 else one + 's'}"
