"""The part of the main screen that finds: a bar to type a query into, and the tree as what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual import events, on
from textual.timer import Timer

from core.errors import PatchdeskError
from core.text import SafeText, shown
from tui.desk.asking import AskingScreen
from tui.desk.search_phrases import (
    begun_words,
    completions,
    count_words,
    help_words,
    key_words,
    offer_words,
)
from tui.desk.searcher import (
    Answer,
    Question,
)
from tui.keys.commands import Pane
from tui.reader.message_view import MessageView
from tui.tree.rows import SearchMarks
from tui.tree.series_tree import SeriesTree
from tui.widgets.prompt import Prompt
from tui.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from core.search.saved_views import SavedView
    from core.system.ui_state import UiState
    from tui.tree.items import Items
    from tui.tree.rows import Key, Whole
    from tui.tree.view import ViewState

_GROWN: Final = 0.4
"""Seconds between two answers to one question while what it is asked of grows."""


_SECTION: Final = "find"
"""Where queries are remembered from run to run."""
_LONGEST: Final = 1_000
"""Characters of a query that is remembered."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What is shown in place of the list."""

    question: Question
    answer: Answer


class FindingScreen(AskingScreen):
    """Tree and reader, and finding in both."""

    bar: SearchBar
    prompt: Prompt
    _words = ""
    """What was found in the reader's text."""
    _keeping = False
    """What is found is to be kept once it is there."""
    _everywhere = False
    """All lists are looked through."""
    _result: Result | None = None
    """What the tree shows, where that is not the list."""
    _kept: Result | None = None
    """What was kept last: `n` goes through it, in the list too."""
    _origin: tuple[Result | None, ViewState] | None = None
    """What Esc goes back to."""
    _list_place: ViewState | None = None
    """Where the reader was in the list."""
    _items: Items | Sequence[Whole] = ()
    """The list, as it is now."""
    _best: Key | None = None
    """The row that the cursor was set on: that of the best match."""
    _growing: Timer | None = None
    _places: tuple[object, list[tuple[int, Key]]] | None = None
    """The places in the list of what was kept, of which list."""

    # ------------------------------------------------------------- the bar

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keep what was found when the reader clicks beside the bar."""
        beside = isinstance(event.widget, SeriesTree | MessageView)
        if beside and self.bar.asking and self.bar.is_attached and self.focused is event.widget:
            self._keep()

    def _start(self, label: str) -> None:
        if self.active_pane is Pane.WELCOME:
            return
        if label == "/" and self._place is Pane.READER:
            self.ask("find", "/", placeholder="text")
        elif not len(self.series_tree):
            self.show_message("There is nothing here to find.")
        else:
            self._open_bar(label)

    def find_line(self, text: str) -> None:
        """Find by a query that was typed elsewhere, and keep what is found."""
        if len(self.series_tree):
            self._open_bar("\\", text)

    def _open_bar(self, label: str, text: str = "") -> None:
        self.focus_pane(Pane.TREE)
        place = self.series_tree.view_state
        self._origin = (self._result, place)
        if self._result is None:
            self._list_place = place
        self._question = self._replied = None
        self._everywhere = self._keeping = False

        if not self.bar.earlier:
            self.bar.earlier = earlier_queries(self.desk_app.remembered)
        self.bar.ask(shown(label), text)
        self.series_tree.set_remote_focus(focused=True)
        self.show_message(key_words(self._scope_words()))
        self._explain(text)
        if text:
            self._keep()
        self._what_is_searched()  # what answers is made from now on, while the query is typed

    def _explain(self, text: str) -> bool:
        """Say what can be typed, or where is looked; return whether the query is only begun."""
        offers = completions(text, prefixes=self.bar.label == "\\")
        self.bar.offer(offers[0][0] if offers else "")
        begun = begun_words(text)
        if offers:
            self.bar.note(offer_words(text, offers))
        elif begun is not None:
            self.bar.note(begun)
        else:
            self.bar.note(help_words(self.bar.label, self._scope_words(), self._server_list()))
        return bool(offers) or begun is not None

    def choose_view(self, view: SavedView | None) -> None:
        """Show a view, or with None all rows, in place of what was found."""
        if self._result is not None:
            self.leave_found()
        super().choose_view(view)

    def _server_list(self) -> str:
        """Return the list whose server can be asked, "" where there is none."""
        desk, page = self._list_desk, self._page
        if desk is None or page is None or self._everywhere or len(page.wanted.lists) > 1:
            return ""
        names = page.wanted.lists or tuple(info.name for info in page.lists)
        return names[0] if len(names) == 1 and desk.can_ask_server(names[0]) else ""

    def _scope_words(self) -> SafeText:
        page = self._page if self._list_desk is not None else None
        if page is None:
            return shown("")
        names = () if self._everywhere else page.wanted.lists
        return shown(", ".join(names) if names else "all lists")

    @on(SearchBar.Changed)
    def _query_changed(self, event: SearchBar.Changed) -> None:
        if self.bar.asking and event.text == self.bar.text:
            self._ask(event.text)

    @on(SearchBar.Left)
    def _query_left(self) -> None:
        self._leave_bar()

    def _leave_bar(self) -> None:
        """Go back to exactly where finding began."""
        self._ask_nothing()
        self._show_origin()
        self._close_bar()

    def _close_bar(self) -> None:
        self.clear_message()
        self.series_tree.set_remote_focus(focused=False)
        self.bar.close()
        self._entitle_place()

    @on(SearchBar.Kept)
    def _query_kept(self) -> None:
        self._keep()

    def _keep(self) -> None:
        """Let what is found stay, now or once it is there."""
        text = self.bar.text
        if not text.strip():
            self._leave_bar()
            return
        self._ask(text)
        self._keeping = self._replied is not self._question
        if self._keeping:
            return
        result = self._result
        if result is None or result.question is not self._question:
            self.bar.stay()  # it says what is wrong with the query
        elif not result.answer.found.hits:
            self._leave_bar()
            self.show_message(result.answer.found.empty_reason, "warning")
        else:
            self._kept, self._places = result, None
            self._remember(text)
            self._close_bar()

    def _remember(self, text: str) -> None:
        if len(text) > _LONGEST:
            return
        self.bar.remember(text)
        remembered = self.desk_app.remembered
        remembered.set(_SECTION, {"queries": list(self.bar.earlier)})
        self.run_worker(remembered.write, group="remember", thread=True, exit_on_error=False)

    @on(SearchBar.Moved)
    def _move_in_found(self, event: SearchBar.Moved) -> None:
        move = self.series_tree.action_line if event.by == "line" else self.series_tree.action_page
        move(event.direction)

    @on(SearchBar.ScopeSwitched)
    def _switch_scope(self) -> None:
        page = self._page if self._list_desk is not None else None
        if page is None:
            self.bar.note(shown("Only this is open: there is nothing else to look in."))
        elif not page.wanted.lists:
            self.bar.note(shown("These are all the lists you follow."))
        else:
            self._everywhere = not self._everywhere
            self._explain(self.bar.text)
            self._ask(self.bar.text)

    # ------------------------------------------------------------- questions and answers

    def _ask(self, text: str, *, again: bool = False) -> None:
        """Have a query answered, unless it is just that."""
        page = self._page if self._list_desk is not None else None
        lists = () if page is None or self._everywhere else page.wanted.lists
        if not text.strip():
            self._ask_nothing()
            self._show_origin()
            self.bar.count("")
            self._explain("")
        else:
            self._put_question(text, lists, again=again)

    def _ask_nothing(self) -> None:
        super()._ask_nothing()
        self._keeping = False

    def answered(self, question: Question, answer: Answer | PatchdeskError) -> None:
        """Show what was found, or what is wrong with the query."""
        if isinstance(answer, Answer):
            self._show_result(Result(question, answer))
        else:
            self._say_wrong(answer)
        if self._keeping:
            self._keep()

    def asking_failed(self, error: PatchdeskError) -> None:
        """Say that there is no answer."""
        self.bar.stay()
        self._say_wrong(error)

    def answers_better(self) -> None:
        """Ask once more what was answered plainly."""
        if self._result is not None and not self._result.answer.found.fuzzy:
            self._ask_again()

    def _show_result(self, result: Result) -> None:
        self._result = result
        question, answer = result.question, result.answer
        tree = self.series_tree
        chosen = question.again and tree.view_state.key != self._best
        tree.show_found(answer.items, answer.matches, keep=chosen)
        if not chosen:
            self._best = tree.view_state.key
        if not self.bar.asking:
            if self._kept is not None and self._kept.question.text == question.text:
                self._kept, self._places = result, None
            self._entitle_place()
            return
        found = answer.found
        self.bar.count(count_words(found, self._looked_through(question)))
        if found.empty_reason or found.note:
            self.bar.note(shown(found.empty_reason or found.note), "$text-warning")
        else:
            self._explain(question.text)

    def _looked_through(self, question: Question) -> int:
        """Return how many series and threads were looked through."""
        page = self._page if self._list_desk is not None else None
        if page is None:
            return len(self._items)
        counted = self._counts.get("All") if question.lists == page.wanted.lists else None
        if counted is not None:
            return counted
        infos = [one for one in page.lists if not question.lists or one.name in question.lists]
        return sum(one.series + one.threads for one in infos)

    def _say_wrong(self, error: PatchdeskError) -> None:
        if not self.bar.asking:
            return
        from core.errors import QueryError

        words = shown(f"{error.message} {error.hint}".strip())
        self.bar.count("")
        if isinstance(error, QueryError) and self._explain(self.bar.text) and not self._keeping:
            return  # what is wrong is only not yet there
        if isinstance(error, QueryError):
            self.bar.wrong(error.offset, error.length, words)
        else:
            self.bar.note(words, "$text-error")

    # ------------------------------------------------------------- the list, and back to it

    def show_items(
        self,
        items: Items | Sequence[Whole],
        *,
        keep: bool,
        anew: bool = False,
        hold: bool = False,
    ) -> None:
        """Show the list as it is now, or ask it again what is shown of it."""
        self._items, self._places = items, None
        if not keep or anew:
            self._forget_found()
        if self._result is None:
            super().show_items(items, keep=keep, anew=anew, hold=hold)
        elif self._growing is None:
            self._growing = self.set_timer(_GROWN, self._ask_again)

    def _ask_again(self) -> None:
        self._growing = None
        if self._result is not None and self._shown is not None:
            question = self._question or self._result.question
            self._ask(question.text, again=True)

    def _forget_found(self) -> None:
        """Another list comes: what was found is no longer of use."""
        self._ask_nothing()
        self._result = self._kept = self._origin = self._list_place = None
        if self.bar.asking:
            self._close_bar()

    def _show_origin(self) -> None:
        if self._origin is None:
            return
        tree, now = self.series_tree, self._result
        self._result, place = self._origin
        if self._result is not None:
            tree.restore_view(self._result.answer.items, place, self._result.answer.matches)
        elif now is not None or tree.view_state != place:
            tree.restore_view(self._items, place)

    def query_to_save(self) -> str:
        """Return the query that would get a name now."""
        return self._result.question.text if self._result is not None else super().query_to_save()

    def leave_found(self) -> bool:
        """Go back to the list, then end finding; say whether there was something to go back from."""
        if self._words:
            self._words = ""
            self.reader.find("")
            return True
        if self._result is not None:
            self._ask_nothing()
            self._result = None
            if self._list_place is not None:
                self.series_tree.restore_view(self._items, self._list_place)
            if self._kept is not None:
                self.series_tree.set_highlights(
                    SearchMarks(highlights=self._kept.answer.matches.highlights)
                )
            self._entitle_place()
            return True
        if self._kept is not None:
            self._kept = None
            self.series_tree.set_highlights(SearchMarks(highlights={}))
            return True
        return False

    def _entitle_place(self) -> None:
        super()._entitle_place()
        result = self._result
        self.title_bar.asked = shown(f"/ {result.question.text}") if result is not None else ""
        if result is not None:
            place, of = self.series_tree.position
            total = result.answer.found.total
            more = f" of {total:,}" if total > of else ""
            self.title_bar.place = f"{place:,} of {of:,} found{more}"


def earlier_queries(remembered: UiState) -> list[str]:
    """Return the queries of other runs, the latest last."""
    found = remembered.get(_SECTION).get("queries")
    queries = found if isinstance(found, list) else []
    return [text for text in queries if isinstance(text, str) and 0 < len(text) <= _LONGEST]
