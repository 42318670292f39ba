"""Searches while the user types: a bar for the query, and its results in the tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message
from textual.timer import Timer

from core.errors import PatchdeskError
from core.text import SafeText, shown
from tui.desk import phrases
from tui.desk.controller import ArgumentHandler, Controller, DeskView, Handler, Refresh
from tui.desk.earlier_queries import earlier_queries, remember_query
from tui.desk.lists import Lists
from tui.desk.opening import Opening
from tui.desk.requests import Session
from tui.desk.searcher import SearchAnswer, Searcher, SearchRequest
from tui.desk.views import Views
from tui.keys.commands import Pane
from tui.tasks import Tasks
from tui.tree.rows import SearchMarks
from tui.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from core.desk.lists_desk import ListPage
    from tui.tree.items import Items
    from tui.tree.rows import Key, Whole
    from tui.tree.view import ViewState


@dataclass(frozen=True, slots=True, eq=False)
class ShownSearch:
    """The search whose results the tree shows in place of the list."""

    request: SearchRequest
    answer: SearchAnswer


class Search(Controller):
    """The search bar, and its results in the tree."""

    def __init__(
        self, desk: DeskView, tasks: Tasks, opening: Opening, lists: Lists, views: Views
    ) -> None:
        super().__init__(desk, tasks)
        self._lists = lists
        self._views = views
        self._searcher = Searcher(
            desk, tasks, opening, lists,
            answered=self._show_answer, failed=self._show_failure, improved=self._search_better,
        )  # fmt: skip
        self._accepts = False
        """Accept the results once they are complete."""
        self._in_all_lists = False
        self.result: ShownSearch | None = None
        """The search that the tree shows; None while it shows the list."""
        self.accepted: ShownSearch | None = None
        """The last accepted search: `n` moves through its results, in the list too."""
        self._origin: tuple[ShownSearch | None, ViewState] | None = None
        """The view that Esc restores."""
        self._list_state: ViewState | None = None
        """The position in the list before the search."""
        self._items: Items | Sequence[Whole] = ()
        """The list, as it is now."""
        self._best: Key | None = None
        """The row that the cursor was set on: that of the best match."""
        self._growing: Timer | None = None
        self._when_whole: Callable[[], object] | None = None
        """A call to make once all results are shown."""
        views.before_choosing(self._leave_results)

    @property
    def request(self) -> SearchRequest | None:
        """The latest query that is, or was, searched for."""
        return self._searcher.request

    @property
    def is_answered(self) -> bool:
        """Whether the latest query was answered, or could not be."""
        return self._searcher.is_answered

    @property
    def is_prepared(self) -> bool:
        """Whether the search engine is up to date."""
        return self._searcher.is_prepared

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"find.query": lambda: self.start_search("\\")}

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handlers of commands that take an argument."""
        return {"find.query": self._search_for}

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Return the listeners of the search bar."""
        return {
            SearchBar.Changed: self._query_changed,
            SearchBar.Left: lambda _: self._leave_bar(),
            SearchBar.Kept: lambda _: self.accept(),
            SearchBar.Moved: self._move_cursor,
            SearchBar.ScopeSwitched: lambda _: self._toggle_scope(),
        }

    # ------------------------------------------------------------- the bar

    def start_search(self, label: str) -> None:
        """Open the bar: `/` for a search, `\\` for a query."""
        if self._desk.active_pane is Pane.WELCOME:
            return
        if not len(self._desk.series_tree):
            self._desk.show_message("There is nothing here to search.")
        else:
            self._open_bar(label)

    def _search_for(self, text: str) -> None:
        """Search by a query that was typed elsewhere, and accept its results."""
        if len(self._desk.series_tree):
            self._open_bar("\\", text)

    def _open_bar(self, label: str, text: str = "") -> None:
        bar, tree = self._desk.bar, self._desk.series_tree
        self._desk.focus_pane(Pane.TREE)
        state = tree.view_state
        self._origin = (self.result, state)
        if self.result is None:
            self._list_state = state
        self._searcher.forget()
        self._in_all_lists = self._accepts = False
        if not bar.earlier:
            bar.earlier = earlier_queries(self._desk.settings.ui_state)
        bar.ask(shown(label), text)
        tree.set_remote_focus(focused=True)
        self._desk.show_message(phrases.key_help(self._scope_name()))
        self._show_query_help(text)
        if text:
            self.accept()
        self._searcher.scope()  # what answers is made from now on, while the query is typed

    def _show_query_help(self, text: str) -> bool:
        """Show the syntax, or the place searched; return whether the query is incomplete."""
        bar = self._desk.bar
        offers = phrases.completions(text, prefixes=bar.label == "\\")
        bar.offer(offers[0][0] if offers else "")
        begun = phrases.prefix_help(text)
        if offers:
            bar.note(phrases.completion_help(text, offers))
        elif begun is not None:
            bar.note(begun)
        else:
            bar.note(phrases.bar_help(bar.label, self._scope_name(), self.server_list))
        return bool(offers) or begun is not None

    @property
    def server_list(self) -> str:
        """The list whose server can be searched, "" for none."""
        desk, page = self._lists.desk, self._lists.page
        if desk is None or page is None or self._in_all_lists or len(page.wanted.lists) > 1:
            return ""
        names = page.wanted.lists or tuple(info.name for info in page.lists)
        return names[0] if len(names) == 1 and desk.views.can_ask_server(names[0]) else ""

    def _scope_name(self) -> SafeText:
        page = self._lists.page
        if page is None:
            return shown("")
        names = () if self._in_all_lists else page.wanted.lists
        return shown(", ".join(names) if names else "all lists")

    def _query_changed(self, event: SearchBar.Changed) -> None:
        bar = self._desk.bar
        if bar.asking and event.text == bar.text:
            self._search(event.text)

    def _leave_bar(self) -> None:
        """Go back to exactly where the search began."""
        self._cancel_search()
        self._show_origin()
        self._close_bar()

    def _close_bar(self) -> None:
        self._desk.clear_message()
        self._desk.series_tree.set_remote_focus(focused=False)
        self._desk.bar.close()
        self._update_title()

    def accept(self) -> None:
        """Keep the results, now or once they are complete."""
        bar = self._desk.bar
        text = bar.text
        if not text.strip():
            self._leave_bar()
            return
        self._search(text)
        self._accepts = not self._searcher.is_answered
        if self._accepts:
            return
        result = self.result
        if result is None or result.request is not self._searcher.request:
            bar.stay()  # it says what is wrong with the query
        elif not result.answer.found.hits:
            self._leave_bar()
            self._desk.show_message("{reason}", "warning", reason=result.answer.found.empty_reason)
        else:
            self.accepted = result
            remember_query(text, bar, self._desk.settings.ui_state, self._tasks)
            self._close_bar()

    def _move_cursor(self, event: SearchBar.Moved) -> None:
        tree = self._desk.series_tree
        move = tree.action_line if event.by == "line" else tree.action_page
        move(event.direction)

    def _toggle_scope(self) -> None:
        page, bar = self._lists.page, self._desk.bar
        if page is None:
            bar.note(shown("Nothing else to search."))
        elif not page.wanted.lists:
            bar.note(shown("Already searching all lists."))
        else:
            self._in_all_lists = not self._in_all_lists
            self._show_query_help(bar.text)
            self._search(bar.text)

    # ------------------------------------------------------------- requests and answers

    def _search(self, text: str, *, again: bool = False, is_whole: bool = False) -> None:
        """Have a query answered, unless it is being answered; by the best that is found, or by all."""
        page = self._lists.page
        lists = () if page is None or self._in_all_lists else page.wanted.lists
        if text.strip():
            self._searcher.search(text, lists, again=again, is_whole=is_whole)
        else:
            self._cancel_search()
            self._show_origin()
            self._desk.bar.count("")
            self._show_query_help("")

    def _cancel_search(self) -> None:
        self._searcher.cancel()
        self._accepts = False

    def search_again(self) -> None:
        """Repeat the search that is shown, since the list has changed."""
        self._growing = None
        if self.result is not None and self._desk.session is not None:
            request = self._searcher.request or self.result.request
            self._search(request.text, again=True, is_whole=request.is_whole)

    def show_all_found(self, *, then: Callable[[], object]) -> None:
        """Show all that the query has found, not only the best of it, and call `then`; at once where all is shown."""
        result, self._when_whole = self.result, then
        if result is None or result.request.is_whole:
            self._tell_whole()
        else:
            self._search(result.request.text, again=True, is_whole=True)

    def _tell_whole(self) -> None:
        then, self._when_whole = self._when_whole, None
        if then is not None:
            then()

    def _search_better(self) -> None:
        """Repeat a search that was answered without the fuzzy engine."""
        if self.result is not None and not self.result.answer.found.fuzzy:
            self.search_again()

    def _show_answer(self, request: SearchRequest, answer: SearchAnswer) -> None:
        result = self.result = ShownSearch(request, answer)
        tree, bar = self._desk.series_tree, self._desk.bar
        is_chosen = request.again and tree.view_state.key != self._best
        tree.show_found(answer.items, answer.matches, keep=is_chosen)
        if not is_chosen:
            self._best = tree.view_state.key
        if not bar.asking:
            if self.accepted is not None and self.accepted.request.text == request.text:
                self.accepted = result
            self._update_title()
        else:
            found = answer.found
            bar.count(phrases.count_text(found, self._searched(request)))
            if found.empty_reason or found.note:
                bar.note(shown(found.empty_reason or found.note), "$text-warning")
            else:
                self._show_query_help(request.text)
        if self._accepts:
            self.accept()
        if request.is_whole:
            self._tell_whole()

    def _searched(self, request: SearchRequest) -> int:
        """Return how many series and threads were searched."""
        page = self._lists.page
        if page is None:
            return len(self._items)
        counted = self._views.all_rows if request.lists == page.wanted.lists else None
        if counted is not None:
            return counted
        infos = [one for one in page.lists if not request.lists or one.name in request.lists]
        return sum(one.series + one.threads for one in infos)

    def _show_failure(self, _: SearchRequest, error: PatchdeskError) -> None:
        if self._desk.bar.asking:
            self._show_error(error)
        if self._accepts:
            self.accept()

    def _show_error(self, error: PatchdeskError) -> None:
        from core.errors import QueryError

        bar = self._desk.bar
        text = shown(f"{error.message} {error.hint}".strip())
        bar.count("")
        if isinstance(error, QueryError):
            if self._show_query_help(bar.text) and not self._accepts:
                return  # what is wrong is only not yet there
            bar.wrong(error.offset, error.length, text)
        else:
            bar.note(text, "$text-error")

    # ------------------------------------------------------------- the list, and back to it

    def on_page(self, page: ListPage) -> None:
        """Bring the search engine up to date with the lists."""
        if page.whole:
            self._searcher.prepare()

    def on_session(self, _: Session, before: Session | None) -> None:
        """Answer nothing about the session before."""
        request = self._searcher.request
        if request is not None and request.session is before:
            self._cancel_search()

    def on_items(
        self, items: Items | Sequence[Whole], refresh: Refresh
    ) -> Items | Sequence[Whole] | None:
        """Pass the list on, or repeat the search that is shown over it."""
        self._items = items
        if not refresh.keep or refresh.anew:
            self._forget()
        if self.result is None:
            return items
        if self._growing is None:
            after = self._desk.settings.timings.results_grow
            self._growing = self._desk.set_timer(after, self.search_again)
        return None

    def _forget(self) -> None:
        """Forget the results: another list comes."""
        self._cancel_search()
        self.result = self.accepted = self._origin = self._list_state = None
        if self._desk.bar.asking:
            self._close_bar()
        self._update_title()

    def _show_origin(self) -> None:
        if self._origin is None:
            return
        tree, now = self._desk.series_tree, self.result
        self.result, state = self._origin
        if self.result is not None:
            tree.restore_view(self.result.answer.items, state, self.result.answer.matches)
        elif now is not None or tree.view_state != state:
            tree.restore_view(self._items, state)

    def _leave_results(self) -> bool:
        """Go back to the list, then end the search; say whether there was something to go back from."""
        tree = self._desk.series_tree
        if self.result is not None:
            self._cancel_search()
            self.result = None
            if self._list_state is not None:
                tree.restore_view(self._items, self._list_state)
            if self.accepted is not None:
                tree.set_highlights(SearchMarks(highlights=self.accepted.answer.matches.highlights))
            self._update_title()
            return True
        if self.accepted is not None:
            self.accepted = None
            tree.set_highlights(SearchMarks(highlights={}))
            return True
        return False

    def back(self) -> bool:
        """Go back from the results to the list, then end the search; a mail read from there leads to them first."""
        return self._desk.active_pane is not Pane.READER and self._leave_results()

    def _update_title(self) -> None:
        title, result = self._desk.title_bar, self.result
        title.query_text = shown(f"/ {result.request.text}") if result is not None else ""
        title.found = result.answer.found.total if result is not None else 0
        self._desk.update_position()
