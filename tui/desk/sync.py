"""The part of the main screen that follows lists and brings in their mail."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from textual import on

from core.text import SafeText, shown
from tui.desk.command_line import CommandingScreen
from tui.desk.list_jobs import (
    ListFollowed,
    ListSynced,
    SyncEnded,
    SyncProgressed,
    SyncRun,
    follow_list,
    run_sync,
)
from tui.desk.list_phrases import result_words
from tui.desk.opening import progress_words
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from core.desk.lists_desk import ListDesk, ListPage
    from tui.app import PatchdeskApp

FOLLOWED: Final = ""
"""What stands for the followed lists where a target is named."""

DUE_EVERY: Final = 20.0
"""Seconds between two looks whether a list is to be synced by itself."""


class SyncScreen(CommandingScreen):
    """Follows lists, and syncs them in a process of its own."""

    _page: ListPage | None = None
    _run: SyncRun | None = None
    _run_words: SafeText = shown("")
    _tried: Mapping[str, float] = {}
    """When a list was last synced by itself."""

    def sync_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each of these commands does, by its name."""
        return {
            "list.sync": lambda: self.sync_shown(),
            "list.sync_all": lambda: self.sync(()),
            "list.follow": self._ask_list,
        }

    def argument_handlers(self) -> Mapping[str, Callable[[str], object]]:
        """Return what the commands do that can be told more on their line."""
        return {
            **super().argument_handlers(),
            "list.follow": self._follow,
            "list.sync": lambda line: self.sync(line.split()),
        }

    @property
    def desk_app(self) -> PatchdeskApp:
        """The application, by its own type."""
        return cast("PatchdeskApp", self.app)

    @property
    def _list_desk(self) -> ListDesk | None:
        """The lists, where they are what is shown."""
        if self._shown is None or not hasattr(self._shown.desk, "pages"):
            return None
        return cast("ListDesk", self._shown.desk)

    def _in_background(self, work: Callable[[], None]) -> None:
        self.run_worker(work, group="marks", thread=True, exit_on_error=False)

    # ------------------------------------------------------------- following

    def _ask_list(self) -> None:
        words = "NAME and the list's address or folder: kvm https://lore.kernel.org/kvm/"
        self.ask("follow", "Follow", placeholder=words)

    @on(Prompt.Submitted)
    def _list_named(self, event: Prompt.Submitted) -> None:
        if event.kind == "follow" and event.text.strip():
            self._follow(event.text)

    def _follow(self, line: str) -> None:
        name, _, target = line.strip().partition(" ")
        if not target.strip():
            self.show_message(
                "Write a name and an address: kvm https://lore.kernel.org/kvm/", "warning"
            )
            return
        self._in_background(partial(follow_list, name, target.strip(), self.post_message))

    @on(ListFollowed)
    def _followed(self, event: ListFollowed) -> None:
        if event.error is not None:
            self.show_message(shown(f"{event.error.message} {event.error.hint}"), "error")
            return
        self.desk_app.lists = tuple(dict.fromkeys((*self.desk_app.lists, event.name)))
        if self._list_desk is None:
            self.open_target(FOLLOWED)
        self.sync((event.name,))

    # ------------------------------------------------------------- syncing

    def sync_shown(self) -> None:
        """Bring the lists on the screen up to date."""
        page = self._page if self._list_desk is not None else None
        self.sync(page.wanted.lists if page is not None else ())

    def sync(self, names: Collection[str], *, quiet: bool = False) -> None:
        """Bring lists up to date, all where none is named, in a process of its own."""
        if self._run is not None and not (self._run.quiet and not quiet):
            if not quiet:
                self.show_message("A sync is running; {app.cancel} stops it.")
            return
        wanted = [name for name in names or self.desk_app.lists if name in self.desk_app.lists]
        if not wanted:
            if not quiet:
                self.show_message("You follow no list yet: :follow NAME TARGET.")
            return
        if self._run is not None:
            self._run.stop.set()
        run = self._run = SyncRun(wanted, quiet)
        self._run_words = shown("syncing " + ", ".join(wanted))
        self._show_work()
        self.run_worker(
            partial(run_sync, run, self.post_message),
            group="sync",
            thread=True,
            exit_on_error=False,
        )

    def sync_what_is_due(self) -> None:
        """Sync the lists whose `sync_every` has passed."""
        page = self._page
        if self._run is not None or page is None:
            return
        now = time.time()
        synced = {info.name: info.synced or 0 for info in page.lists}
        due = [
            name
            for name, every in self.desk_app.sync_every.items()
            if max(synced.get(name, 0), self._tried.get(name, 0)) + every <= now
        ]
        if due:
            self._tried = {**self._tried, **dict.fromkeys(due, now)}
            self.sync(due, quiet=True)

    @on(SyncProgressed)
    def _sync_progressed(self, event: SyncProgressed) -> None:
        if event.run is self._run:
            self._run_words = progress_words(event.progress)
            self._show_work()

    @on(ListSynced)
    def _list_synced(self, event: ListSynced) -> None:
        result, desk = event.result, self._list_desk
        if desk is not None:
            desk.look()
        if result.error is not None:
            if not event.run.quiet:
                hint = shown(result.error.hint)
                self.notify(hint, title=shown(f"{result.name}: {result.error.message}"), severity="error", markup=False)  # fmt: skip
        elif not event.run.quiet or result.added:
            self.show_message(result_words(result))
        for note in result.notes if not event.run.quiet else ():
            self.notify(shown(note), title=shown(result.name), markup=False)

    @on(SyncEnded)
    def _sync_ended(self, event: SyncEnded) -> None:
        if event.run is not self._run:
            return
        self._run = None
        self._show_work()
        if event.error is not None and not event.run.quiet:
            self.show_message(shown(f"{event.error.message} {event.error.hint}"), "error")

    def cancel(self) -> bool:
        """Stop what is running and keep what came; say whether anything ran."""
        if super().cancel():
            return True
        if self._run is None or self._run.quiet or self._run.stop.is_set():
            return False
        self._run.stop.set()
        self._run_words = shown("stopping the sync")
        self.show_message("Stopping: what came is kept, and the next sync goes on from there.")
        self._show_work()
        return True

    def close_desks(self) -> None:
        """Abort all that is in flight, or the process would wait for it."""
        super().close_desks()
        if self._run is not None:
            self._run.stop.set()
            if self._run.process is not None:
                self._run.process.detach()

    def _show_work(self) -> None:
        super()._show_work()
        idle = self._coming is None and not self._reading_mail
        if idle and self._run is not None and not self._run.quiet:
            self.status.work(self._run_words)
