"""Goes from match to match, in the tree and in the reader; asks a list's server; saves the query as a view."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from textual.message import Message

from core.errors import PatchdeskError
from core.text import SafeText, shown
from tui.desk import phrases
from tui.desk.controller import ArgumentHandler, Controller, DeskView, Handler
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.desk.search import Search, ShownSearch
from tui.desk.views import Views
from tui.keys.commands import Pane
from tui.reader.page_view import PageView
from tui.tasks import Task, Tasks
from tui.tree.items import Items
from tui.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from core.desk.lists_desk import ListDesk
    from core.search.hits import ServerSearchResult
    from tui.tree.rows import Key

_NO_SERVER: Final = "Server search needs a single list followed over HTTP."


@runtime_checkable
class HasRows(Protocol):
    """Items that are rows of the index."""

    @property
    def rows(self) -> Any:
        """The numbers of the rows, by place."""
        ...


class Results(Controller):
    """Moves through the results of a search, and extends it to the server."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        search: Search,
        lists: Lists,
        views: Views,
        mail: MailLoader,
    ) -> None:
        super().__init__(desk, tasks)
        self._search = search
        self._lists = lists
        self._views = views
        self._loader = mail
        self.text = ""
        """The text last searched for in the reader."""
        self._looks_in_reader = False
        """The prompt for that is open."""
        self._asking_server: Task | None = None
        self._places: tuple[ShownSearch, Items, list[tuple[int, Key]]] | None = None
        """The last search, the rows that it was looked up in, and its matches in these as (row, key)."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "find.start": self._start,
            "find.next": lambda: self._find_next(1),
            "find.previous": lambda: self._find_next(-1),
            "view.save": self._ask_name,
        }

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handlers of commands that take an argument."""
        return {"view.save": self._save_view}

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Return the listeners of the bar's server key, and of matches in a large mail."""
        return {
            SearchBar.ServerAsked: lambda _: self._ask_server(),
            PageView.Found: self._text_found,
        }

    def _start(self) -> None:
        """Search in the reader's text, or in the tree."""
        if self._desk.active_pane is not Pane.READER:
            self._search.start_search("/")
            return
        self._looks_in_reader = True
        self._desk.prompt.ask(
            "/",
            then=self._accept_text,
            changed=lambda text: self._desk.prompt.set_hint(self._find_text(text)),
            cancelled=self._leave_text,
            placeholder="text",
        )

    # ------------------------------------------------------------- from match to match

    def _find_next(self, direction: int) -> None:
        reader, in_reader = self._desk.reader, self._desk.active_pane is Pane.READER
        if in_reader and self.text:
            # Another mail has come since: look in that.
            if not (reader.find_next(direction) or reader.find(self.text)):
                self._desk.show_message("No match for {text} in this message.", text=self.text)
        elif self._search.accepted is None:
            self._desk.show_message("No search yet; press {find.start}.")
        elif not self._move_to_match(direction, self._search.accepted):
            self._desk.show_message("No match in this view.")
        elif in_reader:
            self._loader.read_here()

    def _move_to_match(self, direction: int, accepted: ShownSearch) -> bool:
        """Go to the next match, in the list to the next row of it, round the end."""
        tree = self._desk.series_tree
        if self._search.result is not None:
            return tree.move_to_match(direction)
        places = self._places_of(accepted)
        if not places:
            return False
        if direction > 0:
            at = bisect_right(places, tree.item_place, key=lambda one: one[0]) % len(places)
        else:
            at = bisect_left(places, tree.item_place, key=lambda one: one[0]) - 1
        tree.move_to_item(*places[at])
        return True

    def _places_of(self, accepted: ShownSearch) -> list[tuple[int, Key]]:
        """Return where the matches are in the list, in the list's order, and the row that matches best."""
        items = self._desk.series_tree.items
        if self._places is not None and self._places[0] is accepted and self._places[1] is items:
            return self._places[2]
        rows = items.rows if isinstance(items, HasRows) else None
        wanted: dict[object, Key] = {}
        for hit in accepted.answer.found.hits:
            key = (hit.series,) if hit.matched else (hit.series, hit.patches[0].id)
            wanted[hit.series if rows is None else hit.row] = key
        if rows is None:
            rows = (items.summary(place).id for place in range(len(items)))
        places = [(place, wanted[name]) for place, name in enumerate(rows) if name in wanted]
        self._places = (accepted, items, places)
        return places

    # ------------------------------------------------------------- the list's server

    def _ask_server(self) -> None:
        bar = self._desk.bar
        desk, name, text = self._lists.desk, self._search.server_list, bar.text.strip()
        if self._asking_server is not None or not text:
            return
        if desk is None or not name:
            bar.note(shown(_NO_SERVER))
            return
        bar.note(shown(f"Asking the server of {name}…"))
        self._asking_server = self._tasks.start(
            "server search",
            lambda task: search_on_server(desk, text, name, task),
            then=lambda found: self._server_answered(name, found),
            failed=self._server_failed,
        )
        self._desk.show_work()

    def _server_answered(self, name: str, found: ServerSearchResult) -> None:
        self._asking_server = None
        self._desk.show_work()
        text = phrases.server_result(found, name)
        if self._desk.bar.asking:
            self._desk.bar.note(text)
        self._desk.show_message(text)
        if found.added:
            self._lists.refresh()
            self._search.search_again()

    def _server_failed(self, error: PatchdeskError) -> None:
        self._asking_server = None
        self._desk.show_work()
        text = shown(f"{error.message} {error.hint}".strip())
        self._desk.bar.note(text, "$text-error")
        self._desk.show_message(text, "error")

    @property
    def work_text(self) -> SafeText | None:
        """The text while a server is asked."""
        return shown("asking the server") if self._asking_server is not None else None

    def cancel(self) -> bool:
        """Wait no longer for the server."""
        if self._asking_server is None:
            return False
        self._asking_server.cancel()
        self._asking_server = None
        self._desk.show_work()
        self._desk.show_message("Server search cancelled.")
        return True

    # ------------------------------------------------------------- in the reader's text

    def _find_text(self, text: str) -> str:
        """Find `text` in the reader, "" ends that; return how many matches there are, as a text."""
        self.text = text
        matches = self._desk.reader.find(text)
        if self._desk.reader.indexing:
            return "looking…"
        return phrases.match_count(matches) if text else ""

    def _text_found(self, event: PageView.Found) -> None:
        show = self._desk.prompt.set_hint if self._looks_in_reader else self._desk.show_message
        show(phrases.match_count(event.count))

    def _accept_text(self, text: str) -> None:
        self._looks_in_reader = False
        if found := self._find_text(text):
            self._desk.show_message(found)

    def _leave_text(self) -> None:
        self._looks_in_reader = False
        self._find_text("")

    def back(self) -> bool:
        """End the search in the reader's text."""
        if not self.text or self._desk.active_pane is not Pane.READER:
            return False
        self._find_text("")
        return True

    # ------------------------------------------------------------- a query gets a name

    @property
    def _query(self) -> str:
        """The query that would be saved now."""
        result = self._search.result
        return result.request.text if result is not None else self._views.query

    def _ask_name(self) -> None:
        if self._lists.desk is None or not self._query:
            self._desk.show_message(
                "No query to save; {find.start} or {find.query} starts a search."
            )
        else:
            placeholder = f"a name for: {self._query}"
            self._desk.prompt.ask("Save as", then=self._save_view, placeholder=placeholder)

    def _save_view(self, line: str) -> None:
        name = line.strip()
        if name and self._query and self._lists.desk is not None:
            self._views.save(name, self._query)
        elif name:
            self._ask_name()  # which says what is missing


def search_on_server(desk: ListDesk, query: str, name: str, task: Task) -> ServerSearchResult:
    """Run a server search, and index its results. Raises PatchdeskError and Cancelled."""
    from core.sync.server_search import ask_server

    return ask_server(desk.index, desk.views.config, query, name, stop=task.stop)
