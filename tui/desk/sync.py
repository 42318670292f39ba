"""Follows lists, and syncs them in a process of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.progress import Progress
from core.text import SafeText, shown
from tui.desk.controller import ArgumentHandler, Controller, DeskView, Handler
from tui.desk.lists import FOLLOWED, NONE_FOLLOWED, Lists
from tui.desk.opening import Opening, progress_text
from tui.desk.phrases import describe_sync
from tui.tasks import Task, Tasks
from tui.widgets.path_proposals import PathProposals
from tui.widgets.prompt import Proposal

if TYPE_CHECKING:
    from core.sync.list_folder import SyncResult
    from core.sync.process import SyncProcess

log = logging.getLogger(__name__)

_INBOX_SINCE: Final = (
    ("", "the last 14 days", "older ones start outside it; the view All has them"),
    ("30d", "the last 30 days", ""),
    ("90d", "the last 90 days", ""),
    ("all", "all years", ""),
)
"""What the inbox of a new list may begin with: as `inbox_since` has it, and texts."""

_HOW_TO_FOLLOW: Final = "the list's address or folder: https://lore.kernel.org/kvm/"


@dataclass(slots=True, eq=False)
class SyncRun:
    """A sync that was started."""

    names: Sequence[str]
    quiet: bool = False
    """Nobody asked for it: the configuration did."""
    stop: Event = field(default_factory=Event)
    process: SyncProcess | None = None


class Sync(Controller):
    """One sync at a time; one that was asked for takes the place of a quiet one."""

    def __init__(self, desk: DeskView, tasks: Tasks, opening: Opening, lists: Lists) -> None:
        super().__init__(desk, tasks)
        self._opening = opening
        self._lists = lists
        self._paths = PathProposals(tasks, desk.prompt)
        self._run: SyncRun | None = None
        self._progress = shown("")
        self._tried: Mapping[str, float] = {}
        """When a list was last synced by itself."""
        self._are_reviews_uncounted = True
        """Reviews may be uncounted: mail arrived, an earlier count ended early, or nobody looked yet in this run."""

    @property
    def is_running(self) -> bool:
        """Whether a sync runs."""
        return self._run is not None

    def start(self) -> None:
        """Look from time to time which lists are due."""
        settings = self._desk.settings
        if settings.sync_every:
            self._desk.set_interval(settings.timings.sync_due, self.sync_what_is_due)

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "list.sync": self.sync_shown,
            "list.sync_all": partial(self.sync, ()),
            "list.follow": self._ask_list,
            "list.unfollow": self._ask_unfollow,
        }

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handlers of commands that take an argument."""
        return {
            "list.follow": self._follow,
            "list.unfollow": self._ask_unfollow,
            "list.sync": lambda line: self.sync(line.split()),
        }

    def completions(self, name: str, text: str) -> Sequence[Proposal] | None:
        """Return the paths that the text of `:follow` may become."""
        return self._targets(text) if name == "list.follow" else None

    # ------------------------------------------------------------- following

    def _ask_list(self) -> None:
        self._desk.prompt.ask(
            "Follow", then=self._follow, placeholder=_HOW_TO_FOLLOW, propose=self._targets
        )

    def _targets(self, text: str) -> list[Proposal]:
        """Return the paths that a text may become, which may begin with a name for the list."""
        name, blank, target = text.partition(" ")
        if blank and "/" not in name:
            return self._paths.of(target, f"{name} ")
        return self._paths.of(text)

    def _follow(self, line: str) -> None:
        name, _, target = line.strip().partition(" ")
        target = target.strip()
        if "/" in name:  # the address alone, or a path with blanks in it
            name, target = name_from_target(line), line.strip()
        if name and target and name in self._lists.followed:
            self._record(name, target, "")
        elif name and target:
            self._ask_inbox_since(name, target)
        elif name:
            example = "https://lore.kernel.org/kvm/"
            self._desk.show_message(
                "Write the list's address or folder: {example}", "warning", example=example
            )

    def _ask_inbox_since(self, name: str, target: str) -> None:
        """Ask what of a new list's past its inbox shows."""
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(since, shown(label), shown(about)) for since, label, about in _INBOX_SINCE
        ]

        def chosen(since: str | None) -> None:
            if since is None:
                self._desk.show_message("Not followed.")
            else:
                self._record(name, target, since)

        title = shown(f"Inbox of {name}: series of")
        self._desk.app.push_screen(ChooseDialog(self._desk.keymap, title, choices), chosen)

    def _record(self, name: str, target: str, inbox_since: str) -> None:
        self._tasks.start(
            "follow",
            lambda _: follow_list(name, target, inbox_since),
            then=lambda _: self._followed(name),
            failed=self._show_error,
        )

    def _ask_unfollow(self, name: str = "") -> None:
        """Ask before a list is followed no more; without a name, of the one on the screen."""
        page = self._lists.page
        shown_lists = page.wanted.lists if page is not None else ()
        name = name.strip() or (shown_lists[0] if len(shown_lists) == 1 else "")
        if name not in self._lists.followed:
            known = ", ".join(self._lists.followed) or "none yet"
            self._desk.show_message("Name a list that you follow: {known}.", "warning", known=known)
        elif self._run is not None:
            self._desk.show_message("A sync is running; {app.cancel} stops it.", "warning")
        else:
            self._desk.prompt.ask(
                shown(f"Unfollow {name}? Its messages leave the index, your triage stays."),
                then=partial(self._unfollow, name),
                placeholder="y or n",
            )

    def _unfollow(self, name: str, answer: str) -> None:
        if answer.strip().casefold() in ("y", "yes"):
            self._tasks.start(
                "follow",
                lambda task: unfollow_list(name, task),
                then=lambda _: self._unfollowed(name),
                failed=self._show_error,
            )

    def _unfollowed(self, name: str) -> None:
        self._lists.remove(name)
        self._desk.show_message("No longer following {name}.", name=name)

    def _followed(self, name: str) -> None:
        self._lists.add(name)
        if self._lists.desk is None:
            self._opening.open_target(FOLLOWED)
        self.sync((name,))

    # ------------------------------------------------------------- syncing

    def sync_shown(self) -> None:
        """Sync the lists on the screen."""
        page = self._lists.page
        self.sync(page.wanted.lists if page is not None else ())

    def sync(self, names: Collection[str], *, quiet: bool = False) -> None:
        """Sync lists, all where none is named, in a process of its own."""
        if self._run is not None and not (self._run.quiet and not quiet):
            if not quiet:
                self._desk.show_message("A sync is running; {app.cancel} stops it.")
            return
        followed = self._lists.followed
        wanted = [name for name in names or followed if name in followed]
        if not wanted:
            if not quiet:
                self._desk.show_message(NONE_FOLLOWED)
            return
        if self._run is not None:
            self._run.stop.set()
        run = self._run = SyncRun(wanted, quiet)
        self._progress = shown("syncing " + ", ".join(wanted))
        self._desk.show_work()
        self._tasks.start(
            "sync",
            partial(self._sync, run),
            then=lambda _: self._ended(run),
            failed=partial(self._ended, run),
        )

    def sync_what_is_due(self) -> None:
        """Sync the lists whose `sync_every` has passed."""
        page = self._lists.page
        if self._run is not None or page is None:
            return
        now = time.time()
        synced = {info.name: info.synced or 0 for info in page.lists}
        due = [
            name
            for name, every in self._desk.settings.sync_every.items()
            if max(synced.get(name, 0), self._tried.get(name, 0)) + every <= now
        ]
        if due:
            self._tried = {**self._tried, **dict.fromkeys(due, now)}
            self.sync(due, quiet=True)

    def _sync(self, run: SyncRun, task: Task) -> None:
        """Sync lists in a process of its own, and tell how that goes. Raises PatchdeskError."""
        from core.sync.process import SyncProcess

        process = run.process = SyncProcess(run.names)

        def report(progress: Progress) -> None:
            task.tell_latest(partial(self._show_progress, run), progress)

        try:
            for result in process.results(stop=run.stop, report=report):
                task.tell(self._list_synced, run, result)
        finally:
            process.end()  # also where a mistake kept anybody from listening to it

    def _show_progress(self, run: SyncRun, progress: Progress) -> None:
        if run is self._run and not run.stop.is_set():
            self._progress = progress_text(progress)
            self._desk.show_work()

    def _list_synced(self, run: SyncRun, result: SyncResult) -> None:
        self._lists.refresh()
        self._lists.read_sync_errors()
        self._are_reviews_uncounted |= bool(result.added or result.removed)
        if result.error is not None:
            if not run.quiet:
                title = shown(f"{result.name}: {result.error.message}")
                self._desk.app.notify(
                    shown(result.error.hint), title=title, severity="error", markup=False
                )
        elif not run.quiet or result.added:
            self._desk.show_message("{result}", result=describe_sync(result))
        for note in result.notes if not run.quiet else ():
            self._desk.app.notify(shown(note), title=shown(result.name), markup=False)

    def _ended(self, run: SyncRun, error: PatchdeskError | None = None) -> None:
        if run is not self._run:
            return
        self._run = None
        self._lists.refresh()  # patches may have landed since the last list was through
        self._desk.show_work()
        if error is not None and not run.quiet:
            self._show_error(error)
        if self._are_reviews_uncounted:
            self._tasks.start(
                "review counts",
                count_reviews,
                then=self._reviews_counted,
                failed=lambda fault: log.info("reviews were not counted: %s", fault.message),
                replace=True,
            )

    def _reviews_counted(self, count: int) -> None:
        self._are_reviews_uncounted = (
            count > 0
        )  # a count has a limit: only one that finds none is the last
        if count:
            self._lists.refresh()

    def _show_error(self, error: PatchdeskError) -> None:
        self._desk.show_error(error)

    # ------------------------------------------------------------- what runs

    @property
    def work_text(self) -> SafeText | None:
        """The progress of the sync that the user started."""
        return self._progress if self._run is not None and not self._run.quiet else None

    def cancel(self) -> bool:
        """Stop the sync and keep its messages."""
        if self._run is None or self._run.quiet or self._run.stop.is_set():
            return False
        self._run.stop.set()
        self._progress = shown("stopping the sync")
        self._desk.show_message("Stopping: progress is kept, and the next sync resumes from there.")
        self._desk.show_work()
        return True

    def close(self) -> None:
        """Stop the sync, and let its process end by itself."""
        if self._run is not None:
            self._run.stop.set()
            if self._run.process is not None:
                self._run.process.detach()


def count_reviews(task: Task) -> int:
    """Count the reviews of what came, in a process of its own; return how many series. Raises PatchdeskError and Cancelled."""
    from core.desk.review_counts import ReviewCountProcess

    return ReviewCountProcess().count(stop=task.stop)


def name_from_target(target: str) -> str:
    """Return a name for a list by its address or folder; "" where none follows."""
    from core.sync import follow

    return follow.name_from_target(target)


def unfollow_list(name: str, task: Task) -> None:
    """Take a list out of the configuration and the index; its clone stays. Raises PatchdeskError and Cancelled."""
    from core.sync.follow import unfollow_and_delete
    from core.sync.list_folder import DataDirs
    from core.system.paths import config_file

    unfollow_and_delete(
        name,
        DataDirs.default(),
        config_file(),
        delete_clone=False,
        stop=task.stop,
        report=lambda _: None,
    )


def follow_list(name: str, target: str, inbox_since: str) -> None:
    """Record that a list is followed, and where its inbox begins. Raises PatchdeskError."""
    from core.sync.follow import follow
    from core.system.paths import config_file

    follow(name, target, config_file(), inbox_since=inbox_since)
