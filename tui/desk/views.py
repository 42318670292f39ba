"""Saved views: queries with a name, as tabs with how many rows each has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.message import Message

from core.errors import PatchdeskError
from core.text import shown
from tui.desk.controller import ArgumentHandler, Controller, DeskView, Handler
from tui.desk.lists import Lists
from tui.desk.phrases import visible_lists
from tui.tasks import Task, Tasks
from tui.widgets.choose import Choice, ChooseDialog
from tui.widgets.prompt import Proposal
from tui.widgets.status_bar import TitleBar
from tui.widgets.title_bar import MOST, Tab

if TYPE_CHECKING:
    from core.desk.lists_desk import ListDesk, ListPage
    from core.search.saved_views import SavedView


class Views(Controller):
    """Shows the lists through one of several views."""

    def __init__(self, desk: DeskView, tasks: Tasks, lists: Lists) -> None:
        super().__init__(desk, tasks)
        self._lists = lists
        self.counts: Mapping[str, int | None] = {}
        """How many rows the views have, by their names."""
        self._before_choosing: list[Callable[[], object]] = []
        self._counted_by: Callable[[str], str] = lambda query: query

    def before_choosing(self, callback: Callable[[], object]) -> None:
        """Call `callback` before a view is shown."""
        self._before_choosing.append(callback)

    def count_by(self, rewrite: Callable[[str], str]) -> None:
        """Count the rows of each view by its query as changed by `rewrite`: the rows that are shown."""
        self._counted_by = rewrite

    @property
    def query(self) -> str:
        """The query of the rows on the screen; "" for all."""
        page = self._lists.page
        return page.wanted.query if page is not None else ""

    @property
    def all_rows(self) -> int | None:
        """Number of rows without a query; None before they are counted."""
        return self.counts.get("All")

    @property
    def views(self) -> tuple[SavedView, ...]:
        """The saved views."""
        desk = self._lists.desk
        return desk.views.all if desk is not None else ()

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "view.choose": self._choose_from_list,
            "view.all": lambda: self._choose(None),
            "view.switch": self._choose_from_list,
            "list.inbox": self._show_inbox,
        }

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handlers of commands that take an argument, or one of several keys."""
        return {
            "view.choose": lambda number: self._choose_nth(int(number)),
            "view.switch": self._choose_named,
        }

    def completions(self, name: str, text: str) -> Sequence[Proposal] | None:
        """Return the possible arguments of a command."""
        del text
        if name != "view.switch":
            return None
        return [(shown(view.name), shown(view.query)) for view in self.views]

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Return the listeners of the tabs."""
        return {TitleBar.TabChosen: lambda event: self._choose_nth(event.number)}

    # ------------------------------------------------------------- choosing one

    def _choose(self, view: SavedView | None) -> None:
        """Show a view, or with None all rows."""
        for callback in self._before_choosing:
            callback()
        page = self._lists.page
        if page is None:
            self._desk.show_message("Views work on followed lists only.")
        elif view is None:
            self._lists.request(replace(page.wanted, query="", name=""))
        else:
            self._lists.request(replace(page.wanted, query=view.query, name=view.name))

    def _show_inbox(self) -> None:
        """Show the first view of all lists, the latest activity first."""
        page, views = self._lists.page, self.views
        if page is None:
            self._lists.choose_list()
            return
        inbox = replace(page.wanted, lists=(), sort="activity", group="none")
        if views:
            inbox = replace(inbox, query=views[0].query, name=views[0].name)
        self._lists.request(inbox)

    def _choose_nth(self, number: int) -> None:
        views = self.views
        if 1 <= number <= len(views) or not views:
            self._choose(views[number - 1] if views else None)
        else:
            self._desk.show_message(f"There are {len(views)} views; {{view.switch}} lists them.")

    def _choose_named(self, name: str) -> None:
        found = [view for view in self.views if view.name.casefold() == name.strip().casefold()]
        if found:
            self._choose(found[0])
        else:
            self._choose_from_list()

    def _choose_from_list(self) -> None:
        views, page = self.views, self._lists.page
        if not views or page is None:
            self._choose(None)
            return

        def chosen(number: int | None) -> None:
            if number is not None:
                self._choose(views[number])

        choices = [
            Choice(
                number,
                shown(view.name),
                shown(" · ".join(filter(None, (self._count_of(view.name), view.query)))),
            )
            for number, view in enumerate(views)
        ]
        names = [view.name for view in views]
        at = names.index(page.wanted.name) if page.wanted.name in names else 0
        dialog = ChooseDialog(self._desk.keymap, "Views", choices, at=at)
        self._desk.app.push_screen(dialog, chosen)

    def _count_of(self, name: str) -> str:
        count = self.counts.get(name)
        return "" if count is None else f"{count:,}"

    # ------------------------------------------------------------- how many

    def on_page(self, page: ListPage) -> None:
        """Show the tabs, and recount their rows."""
        if page.wanted.query and page.whole:
            # The rows are counted by the view's tab; what is unread is mostly in the first, the inbox.
            unread = sum(info.unread for info in visible_lists(page))
            is_inbox = page.wanted.name == next((view.name for view in self.views), "")
            self._desk.title_bar.counts = f"{unread:,} unread" if unread and is_inbox else ""
        self._show_tabs()
        if page.whole:
            self.count_again()

    def count_again(self) -> None:
        """Count the rows of each view."""
        page, session = self._lists.page, self._desk.session
        if page is not None and session is not None and (desk := session.lists) is not None:
            lists = page.wanted.lists

            def is_current() -> bool:
                here = self._lists.page
                is_shown = session is self._desk.session
                return is_shown and here is not None and here.wanted.lists == lists

            self._tasks.start(
                "view counts",
                lambda task: self._count_views(desk, lists, task),
                current=is_current,
                replace=True,
            )

    def _count_views(self, desk: ListDesk, lists: tuple[str, ...], task: Task) -> None:
        """Count the rows of each view. Raises Cancelled."""
        for view in desk.views.all:
            if task.is_cancelled:
                return
            try:
                counted = replace(view, query=self._counted_by(view.query))
                task.tell(self._counted, view.name, desk.views.count(counted, lists, task.stop))
            except PatchdeskError:
                return  # the reading of the page says what is wrong

    def _counted(self, name: str, count: int | None) -> None:
        self.counts = {**self.counts, name: count}
        self._show_tabs()

    def _show_tabs(self) -> None:
        page = self._lists.page
        if page is None:
            self._desk.title_bar.tabs = ()
            return
        name = page.wanted.name if page.wanted.query else "All"
        self._desk.title_bar.tabs = tuple(
            Tab(number, shown(view.name), self.counts.get(view.name), view.name == name)
            for number, view in enumerate(self.views[:MOST], 1)
        )

    # ------------------------------------------------------------- a query gets a name

    def save(self, name: str, query: str) -> None:
        """Write a view into the configuration."""
        if (desk := self._lists.desk) is None:
            return
        self._tasks.start(
            "save view",
            lambda _: desk.views.save(name, query),
            then=lambda _: self._saved(name),
            failed=lambda error: self._desk.show_error(error),
        )

    def _saved(self, name: str) -> None:
        names = [view.name for view in self.views]
        number = names.index(name) + 1 if name in names else MOST + 1
        key = f"{number} shows it" if number <= MOST else "{view.switch} lists it"
        self._desk.show_message(shown(f'Saved view "{name}": {key}.'))
        if (page := self._lists.page) is not None:
            self.on_page(page)
