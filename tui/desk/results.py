"""The part of the main screen that goes through what was found, asks a list's server for more, and finds in the reader's text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from textual import on

from core.text import shown
from tui.desk.search import FindingScreen
from tui.desk.search_phrases import came_words
from tui.desk.searcher import ServerAnswered, ask_server
from tui.keys.commands import Pane
from tui.reader.page_view import PageView
from tui.widgets.prompt import Prompt
from tui.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from tui.tree.rows import Key


class FoundScreen(FindingScreen):
    """Tree and reader, and what was found in them."""

    _asking_server: Event | None = None

    def find_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each command about finding does, by its name."""
        return {
            "find.start": lambda: self._start("/"),
            "find.query": lambda: self._start("\\"),
            "find.next": lambda: self._find_next(1),
            "find.previous": lambda: self._find_next(-1),
        }

    def argument_handlers(self) -> Mapping[str, Callable[[str], object]]:
        """Return what the commands do that can be told more on their line."""
        return {**super().argument_handlers(), "find.query": self.find_line}

    # ------------------------------------------------------------- from match to match

    def _find_next(self, direction: int) -> None:
        if self._place is Pane.READER and self._words:
            # Another mail has come since: look in that.
            if not (self.reader.find_next(direction) or self.reader.find(self._words)):
                self.show_message(f"There is no {self._words} in this mail.")
        elif self._kept is None:
            self.show_message("Nothing to find yet: {find.start} asks for it.")
        elif not (self._next_found(direction) if self._result else self._next_in_list(direction)):
            self.show_message("Nothing of what was found is here.")
        elif self._place is Pane.READER and (row := self.series_tree.row) is not None:
            self.read_row(row)

    def _next_found(self, direction: int) -> bool:
        return self.series_tree.move_to_match(direction)

    def _next_in_list(self, direction: int) -> bool:
        """Go to the next of the list that was found, round the end."""
        places = self._found_places()
        if not places:
            return False
        here = self.series_tree.item_place
        if direction > 0:
            at = bisect_right(places, here, key=lambda one: one[0]) % len(places)
        else:
            at = bisect_left(places, here, key=lambda one: one[0]) - 1
        self.series_tree.move_to_item(*places[at])
        return True

    def _found_places(self) -> list[tuple[int, Key]]:
        """Return where in the list is what was kept, in the list's order, and the row that matches best."""
        items = self.series_tree.items
        if self._places is not None and self._places[0] is items:
            return self._places[1]
        rows = getattr(items, "rows", None)
        wanted: dict[object, Key] = {}
        for hit in self._kept.answer.found.hits if self._kept is not None else ():
            key = (hit.series,) if hit.matched else (hit.series, hit.patches[0].id)
            wanted[hit.series if rows is None else hit.row] = key
        if rows is None:
            rows = (items.summary(place).id for place in range(len(items)))
        places = [(place, wanted[name]) for place, name in enumerate(rows) if name in wanted]
        self._places = (items, places)
        return places

    # ------------------------------------------------------------- the list's server

    @on(SearchBar.ServerAsked)
    def _ask_server(self) -> None:
        desk, name, text = self._list_desk, self._server_list(), self.bar.text.strip()
        if self._asking_server is not None or not text:
            return
        if desk is None or not name:
            self.bar.note(shown("Only the server of one list that is followed over HTTP can be asked."))  # fmt: skip
            return
        stop = self._asking_server = Event()
        self.bar.note(shown(f"Asking the server of {name}…"))
        self.status.work(shown(f"asking the server of {name}"))
        self.run_worker(
            partial(ask_server, desk, text, name, stop, self.post_message),
            group="server",
            thread=True,
            exit_on_error=False,
        )

    @on(ServerAnswered)
    def _server_answered(self, event: ServerAnswered) -> None:
        if event.ender is not self._asking_server:
            return
        self._asking_server = None
        self._show_work()
        if event.error is not None:
            words = shown(f"{event.error.message} {event.error.hint}".strip())
            self.bar.note(words, "$text-error")
            self.show_message(words, "error")
        elif event.found is not None:
            words = came_words(event.found, event.list_name)
            if self.bar.asking:
                self.bar.note(words)
            self.show_message(words)
            if event.found.added and (desk := self._list_desk) is not None:
                desk.look()
                self._ask_again()

    def _show_work(self) -> None:
        super()._show_work()
        if self._asking_server is not None and self._coming is None:
            self.status.work(shown("asking the server"))

    def cancel(self) -> bool:
        """Stop what is running; say whether anything ran."""
        if self._asking_server is not None:
            self._asking_server.set()
            self._asking_server = None
            self._show_work()
            self.show_message("The server is no longer waited for.")
            return True
        return super().cancel()

    def close_desks(self) -> None:
        """Abort all that is in flight, or the process would wait for it."""
        super().close_desks()
        if self._asking_server is not None:
            self._asking_server.set()

    # ------------------------------------------------------------- in the reader's text

    def _find_text(self, text: str) -> str:
        """Find `text` in the reader, "" ends that; return how it went, as words."""
        self._words = text
        matches = self.reader.find(text)
        return "looking…" if self.reader.indexing else _matches(matches) if text else ""

    @on(PageView.Found)
    def _text_found(self, event: PageView.Found) -> None:
        if self.prompt.kind == "find":
            self.prompt.state(_matches(event.count))
        else:
            self.show_message(_matches(event.count))

    @on(Prompt.Changed)
    def _words_changed(self, event: Prompt.Changed) -> None:
        if event.kind == "find":
            self.prompt.state(self._find_text(event.text))

    @on(Prompt.Submitted)
    def _words_submitted(self, event: Prompt.Submitted) -> None:
        if event.kind == "find" and (words := self._find_text(event.text)):
            self.show_message(words)

    @on(Prompt.Left)
    def _words_left(self, event: Prompt.Left) -> None:
        if event.kind == "find":
            self._find_text("")


def _matches(count: int) -> str:
    return "1 match" if count == 1 else f"{count:,} matches"
