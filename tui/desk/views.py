"""The part of the main screen that shows views: queries with a name, as tabs with how many rows each has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from core.errors import Cancelled, PatchdeskError
from core.text import shown
from tui.desk.list_phrases import of_view
from tui.desk.lists import ListScreen
from tui.desk.requests import Session
from tui.keys.commands import Command
from tui.widgets.choose import Choice, ChooseDialog
from tui.widgets.prompt import Prompt, Proposal
from tui.widgets.status_bar import TitleBar
from tui.widgets.title_bar import MOST, Tab

if TYPE_CHECKING:
    from core.desk.lists_desk import ListDesk, ListPage
    from core.search.saved_views import SavedView

Post = Callable[[Message], object]


@dataclass
class ViewCounted(Message):
    """How many rows a view has."""

    session: Session
    lists: tuple[str, ...]
    name: str
    count: int | None


@dataclass
class ViewSaved(Message):
    """A query has a name now, or cannot have it."""

    name: str
    query: str
    error: PatchdeskError | None = None


class ViewingScreen(ListScreen):
    """Tree and reader, over one of several views of the lists."""

    _counts: Mapping[str, int | None] = {}
    """How many rows the views have, by their names."""
    _counting: Event | None = None

    def view_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each command about views does, by its name."""
        return {
            "view.choose": self._choose_from_list,
            "view.all": lambda: self.choose_view(None),
            "view.switch": self._choose_from_list,
            "view.save": self._ask_name,
        }

    def argument_handlers(self) -> Mapping[str, Callable[[str], object]]:
        """Return what the commands do that can be told more on their line."""
        return {
            **super().argument_handlers(),
            "view.switch": self._choose_named,
            "view.save": self._save,
        }

    def argument_completions(self, name: str) -> Sequence[Proposal]:
        """Return what a command could be told on its line, as far as that is known."""
        if name == "view.switch":
            return [(shown(view.name), shown(view.query)) for view in self._views]
        return super().argument_completions(name)

    def run_command(self, command: Command, stroke: str = "") -> None:
        """Run a command; which view is chosen says the key."""
        if command.name == "view.choose" and stroke in command.keys:
            self._choose_nth(command.keys.index(stroke) + 1)
        else:
            super().run_command(command, stroke)

    @property
    def query_shown(self) -> str:
        """The query whose rows are on the screen; "" where it is all."""
        page = self._page if self._list_desk is not None else None
        return page.wanted.query if page is not None else ""

    @property
    def _views(self) -> tuple[SavedView, ...]:
        desk = self._list_desk
        return desk.views if desk is not None else ()

    # ------------------------------------------------------------- choosing one

    def choose_view(self, view: SavedView | None) -> None:
        """Show a view, or with None all rows."""
        if self._list_desk is None:
            self.show_message("Only the lists you follow have views.")
        elif view is None:
            self._ask_for(query="", name="")
        else:
            self._ask_for(query=view.query, name=view.name)

    def _show_inbox(self) -> None:
        """Show the first view of all lists, the latest activity first."""
        views = self._views
        if views:
            self._ask_for(
                lists=(), sort="activity", group="none", query=views[0].query, name=views[0].name
            )
        else:
            super()._show_inbox()

    @on(TitleBar.TabChosen)
    def _tab_chosen(self, event: TitleBar.TabChosen) -> None:
        self._choose_nth(event.number)

    def _choose_nth(self, number: int) -> None:
        views = self._views
        if number <= len(views) or not views:
            self.choose_view(views[number - 1] if views else None)
        else:
            self.show_message(f"There are {len(views)} views; {{view.switch}} lists them.")

    def _choose_named(self, name: str) -> None:
        found = [view for view in self._views if view.name.casefold() == name.strip().casefold()]
        if found:
            self.choose_view(found[0])
        else:
            self._choose_from_list()

    def _choose_from_list(self) -> None:
        views = self._views
        if not views:
            self.choose_view(None)
            return

        def taken(number: int | None) -> None:
            if number is not None:
                self.choose_view(views[number])

        choices = [
            Choice(
                number,
                shown(view.name),
                shown(" · ".join(filter(None, (self._count_of(view.name), view.query)))),
            )
            for number, view in enumerate(views)
        ]
        now = self._page.wanted.name if self._page is not None else ""
        at = next((place for place, view in enumerate(views) if view.name == now), 0)
        self.app.push_screen(ChooseDialog(self.keymap, "Views", choices, at=at), taken)

    def _count_of(self, name: str) -> str:
        count = self._counts.get(name)
        return "" if count is None else f"{count:,}"

    # ------------------------------------------------------------- how many

    def _entitle_lists(self, page: ListPage) -> None:
        super()._entitle_lists(page)
        if page.wanted.query and page.whole:
            # The rows are counted by the view's tab; what is unread is mostly in the first, the inbox.
            unread = sum(info.unread for info in of_view(page))
            inbox = page.wanted.name == next((view.name for view in self._views), "")
            self.title_bar.counts = f"{unread:,} unread" if unread and inbox else ""
        self._entitle_views()
        desk, session = self._list_desk, self._shown
        if page.whole and desk is not None and session is not None:
            if self._counting is not None:
                self._counting.set()
            self._counting = Event()
            self.run_worker(
                partial(
                    count_views, session, desk, page.wanted.lists, self._counting, self.post_message
                ),
                group="views",
                thread=True,
                exit_on_error=False,
            )

    @on(ViewCounted)
    def _view_counted(self, event: ViewCounted) -> None:
        page = self._page
        if event.session is self._shown and page is not None and event.lists == page.wanted.lists:
            self._counts = {**self._counts, event.name: event.count}
            self._entitle_views()

    def _entitle_views(self) -> None:
        page = self._page if self._list_desk is not None else None
        if page is None:
            self.title_bar.tabs = ()
            return
        name = page.wanted.name if page.wanted.query else "All"
        self.title_bar.tabs = tuple(
            Tab(number, shown(view.name), self._counts.get(view.name), view.name == name)
            for number, view in enumerate(self._views[:MOST], 1)
        )

    # ------------------------------------------------------------- a query gets a name

    def query_to_save(self) -> str:
        """Return the query that would get a name now."""
        return self.query_shown

    def _ask_name(self) -> None:
        if self._list_desk is None or not self.query_to_save():
            self.show_message(
                "There is no query to save: {find.start} or {find.query} asks for one."
            )
        else:
            self.ask("view", "Save as", placeholder=f"a name for: {self.query_to_save()}")

    @on(Prompt.Submitted)
    def _name_given(self, event: Prompt.Submitted) -> None:
        if event.kind == "view" and event.text.strip():
            self._save(event.text)

    def _save(self, name: str) -> None:
        desk, query = self._list_desk, self.query_to_save()
        if desk is None or not query or not name.strip():
            self._ask_name()
        else:
            self._in_background(partial(save_view, desk, name.strip(), query, self.post_message))

    @on(ViewSaved)
    def _view_saved(self, event: ViewSaved) -> None:
        if event.error is not None:
            self.show_message(shown(f"{event.error.message} {event.error.hint}"), "error")
            return
        number = [view.name for view in self._views].index(event.name) + 1
        key = f"{number} shows it" if number <= MOST else "{view.switch} lists it"
        self.show_message(shown(f"{event.name} is a view now: {key}."))
        if self._page is not None:
            self._entitle_lists(self._page)

    def close_desks(self) -> None:
        """Abort all that is in flight, or the process would wait for it."""
        super().close_desks()
        if self._counting is not None:
            self._counting.set()


def count_views(
    session: Session, desk: ListDesk, lists: tuple[str, ...], stop: Event, post: Post
) -> None:
    """Count the rows of each view."""
    for view in desk.views:
        if stop.is_set() or session.stop.is_set():
            return
        try:
            post(ViewCounted(session, lists, view.name, desk.count(view, lists, stop)))
        except (Cancelled, PatchdeskError):
            return  # the reading of the page says what is wrong


def save_view(desk: ListDesk, name: str, query: str, post: Post) -> None:
    """Write a view into the configuration."""
    try:
        desk.save_view(name, query)
    except PatchdeskError as error:
        post(ViewSaved(name, query, error))
    else:
        post(ViewSaved(name, query))
