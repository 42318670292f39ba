"""Followed lists: their pages, selection and order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from core.text import shown
from tui.desk.controller import ArgumentHandler, Controller, DeskView, Handler, Refresh
from tui.desk.opening import Opening
from tui.desk.phrases import describe_lists, empty_message, visible_lists
from tui.desk.requests import Session
from tui.keys.commands import Pane
from tui.tasks import Task, Tasks
from tui.widgets.choose import Choice, ChooseDialog
from tui.widgets.prompt import Proposal

if TYPE_CHECKING:
    from core.desk.list_position import ListPosition
    from core.desk.list_query import ListQuery
    from core.desk.lists_desk import ListDesk, ListPage
    from core.sync.list_folder import SyncError

FOLLOWED: Final = ""
"""The target that means the followed lists."""

NONE_FOLLOWED: Final = "You follow no list yet: :follow NAME TARGET."


class Lists(Controller):
    """Shows pages of followed lists."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        opening: Opening,
    ) -> None:
        super().__init__(desk, tasks)
        self._opening = opening
        self._page: ListPage | None = None
        self.followed = desk.settings.lists
        """The names of all lists that are followed."""
        self._rewrite: Callable[[ListQuery], ListQuery] = lambda query: query
        self._is_back = False
        """The cursor is where the last run left it."""
        self._sync_errors: Mapping[str, SyncError] = {}
        """The errors of the lists whose last sync failed."""
        self._left_at: ListPosition | None = None
        """That position, until the cursor was put there."""

    @property
    def page(self) -> ListPage | None:
        """The page that is shown; None where no followed lists are."""
        return self._page if self.desk is not None else None

    @property
    def desk(self) -> ListDesk | None:
        """The desk of the followed lists; None while another target is shown."""
        session = self._desk.session
        return session.lists if session is not None else None

    def add(self, name: str) -> None:
        """Take note that one more list is followed."""
        self.followed = tuple(dict.fromkeys((*self.followed, name)))

    def remove(self, name: str) -> None:
        """Take note that a list is followed no more; the others are shown where it was."""
        self.followed = tuple(other for other in self.followed if other != name)
        page = self.page
        if page is not None and name in page.wanted.lists:
            self._show_lists(tuple(other for other in page.wanted.lists if other != name))
        self.refresh()

    def rewrite_queries(self, rewrite: Callable[[ListQuery], ListQuery]) -> None:
        """Put every query that is requested through `rewrite`."""
        self._rewrite = rewrite

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "list.switch": self.choose_list,
            "list.sort": self._ask_sort,
            "list.group": self._ask_group,
        }

    def argument_commands(self) -> Mapping[str, ArgumentHandler]:
        """Return the handlers of commands that take an argument."""
        return {
            "list.sort": self._ask_sort,
            "list.group": self._ask_group,
            "list.switch": self._switch_to,
        }

    def completions(self, name: str, text: str) -> Sequence[Proposal] | None:
        """Return the possible arguments of a command."""
        del text
        from core.desk.list_query import GROUPS
        from core.index.views import SORT_COLUMNS

        known: Mapping[str, Iterable[str]] = {
            "list.sort": SORT_COLUMNS,
            "list.group": GROUPS,
            "list.sync": self.followed,
            "list.switch": ("all", *self.followed),
            "list.unfollow": self.followed,
        }
        found = known.get(name)
        return None if found is None else [(shown(word), "") for word in found]

    # ------------------------------------------------------------- pages

    def on_open(self, session: Session) -> None:
        """Begin to read followed lists."""
        if (desk := session.lists) is not None:
            self._opening.read(session, partial(self._read_pages, session, desk), watches=True)

    def _read_pages(self, session: Session, desk: ListDesk, task: Task) -> None:
        """Tell of a page of the lists now, and whenever there is something new. Raises PatchdeskError and Cancelled."""
        for page in desk.pages(task.stop):
            task.tell(self._take_page, session, page)

    def _take_page(self, session: Session, page: ListPage) -> None:
        before, last = self._desk.session, self.page
        self._opening.arrive(session)
        is_same = before is not None and before.target == session.target
        if last is None or not is_same or not last.wanted.selects_same_rows(page.wanted):
            last = None
        self._page = page
        self._desk.series_tree.list_shown = self._list_shown(page)
        hold = last is not None and (last.whole or self._is_back)
        refresh = Refresh(last is not None, anew=session is not before, hold=hold)
        self._desk.show_items(page.items, refresh)
        if page.whole:
            self._opening.finish(session)
        self._desk.show_work()
        self._show_counts(page)
        self._desk.controllers.on_page(page)
        self._show_whether_empty(page, is_first=before is None)
        for note in page.notes:
            if session is before:
                self._desk.show_message("{note}", "warning", note=note)
            else:  # on the index itself: keys that are pressed meanwhile must not take it away
                seconds = self._desk.settings.timings.error_shown
                self._desk.app.notify(
                    shown(note), severity="warning", timeout=seconds, markup=False
                )

    def _list_shown(self, page: ListPage) -> str | None:
        """Return the one list that is shown; "" for several, None where only one is followed."""
        if len(page.wanted.lists) == 1:
            return page.wanted.lists[0]
        return "" if len(self.followed) > 1 else None

    def _show_whether_empty(self, page: ListPage, *, is_first: bool) -> None:
        was_empty = self._desk.is_empty
        if len(page.items):
            self._desk.set_empty(False)
            if is_first or was_empty:
                self._desk.focus_pane(Pane.TREE)
        elif page.whole:
            self._desk.set_empty(True)
            self._show_why_empty(page)

    def _show_why_empty(self, page: ListPage) -> None:
        title, lines, values = empty_message(page, self._sync_errors, self._desk.settings.clock())
        self._desk.show_note(title, lines, **values)

    def _show_counts(self, page: ListPage) -> None:
        title, infos, names = self._desk.title_bar, visible_lists(page), page.wanted.lists
        title.name_shown = shown(", ".join(names) if names else "all lists")
        unread = sum(info.unread for info in infos)
        if page.whole:
            series = sum(info.series for info in infos)
            threads = sum(info.threads for info in infos)
            counts = [f"{unread:,} unread"] if unread else []
            counts += [f"{series:,} series"]
            if self._desk.has_class("-wide"):
                counts += [f"{threads:,} threads"]
            title.counts = " · ".join(counts)
        order = page.wanted.group if page.wanted.group != "none" else page.wanted.sort
        title.flag = "" if order == "activity" else f"by {order}"
        self._desk.update_position()

    # ------------------------------------------------------------- where the reader was

    def on_session(self, session: Session, before: Session | None) -> None:
        """Hear of rows that cannot be read; recall where the last run left the lists, if they are the first shown."""
        if session.lists is None:
            self._desk.series_tree.list_shown = None
        else:
            app, show_error = self._desk.app, self._desk.show_error
            session.lists.rows.report_fault(lambda error: app.call_later(show_error, error))
            self.read_sync_errors()
        if before is None and session.target == FOLLOWED:
            from core.desk.list_position import recall

            self._left_at = recall(self._desk.settings.ui_state, self.followed)

    def on_shown(self) -> None:
        """Restore the position of the last run, once its row is loaded."""
        left, page, tree = self._left_at, self._page, self._desk.series_tree
        if left is None or page is None:
            return
        if not tree.user_moved:
            self._is_back = tree.restore_position(left.folds, left.key, left.from_top)
        if tree.user_moved or self._is_back or page.whole:
            self._left_at = None

    def close(self) -> None:
        """Remember where the reader is."""
        page, session = self._page, self._desk.session
        if page is None or session is None or session.target != FOLLOWED:
            return
        from core.desk.list_position import ListPosition, remember

        here, state = self._desk.series_tree.view_state, self._desk.settings.ui_state
        position = ListPosition(
            wanted=page.wanted, key=here.key or (), from_top=here.from_top, folds=here.folds
        )
        remember(state, position)
        state.write()

    # ------------------------------------------------------------- which lists, in which order

    def request(self, query: ListQuery) -> None:
        """Show the rows of another query."""
        if (desk := self.desk) is not None:
            desk.request(self._rewrite(query))

    def refresh(self) -> None:
        """Read the lists again, as far as something has changed."""
        if (desk := self.desk) is not None:
            desk.refresh_now()

    def read_sync_errors(self) -> None:
        """Read again which lists' last sync failed."""
        self._tasks.start(
            "sync errors",
            lambda _: sync_errors(self.followed),
            then=self._take_sync_errors,
            replace=True,
        )

    def _take_sync_errors(self, errors: Mapping[str, SyncError]) -> None:
        changed, self._sync_errors = errors != self._sync_errors, errors
        if changed and self._desk.is_empty and (page := self.page) is not None and page.whole:
            self._show_why_empty(page)

    def choose_list(self) -> None:
        """Choose a list from a dialog."""
        page = self.page
        if page is None:
            if self.followed:
                self._opening.open_target(FOLLOWED)
            else:
                self._desk.show_message(NONE_FOLLOWED)
            return
        known = {info.name: info for info in page.lists}
        names = [*self.followed, *(name for name in known if name not in self.followed)]
        clock = self._desk.settings.clock
        infos = {name: [known[name]] if name in known else [] for name in names}
        about = [describe_lists(list(known.values()), clock)]
        about += [describe_lists(infos[n], clock, self._sync_errors.get(n)) for n in names]
        choices = [
            Choice(number, shown(name), shown(text))
            for number, (name, text) in enumerate(zip(["all lists", *names], about, strict=True))
        ]
        lists = page.wanted.lists
        at = 1 + names.index(lists[0]) if lists and lists[0] in names else 0

        def chosen(number: int | None) -> None:
            if number is not None:
                self._show_lists(() if number == 0 else (names[number - 1],))

        dialog = ChooseDialog(self._desk.keymap, "Lists", choices, at=at)
        self._desk.app.push_screen(dialog, chosen)

    def _switch_to(self, name: str) -> None:
        if self.desk is None or name not in ("all", *self.followed):
            self.choose_list()
        else:
            self._show_lists(() if name == "all" else (name,))

    def _show_lists(self, names: tuple[str, ...]) -> None:
        if (page := self.page) is not None:
            self.request(replace(page.wanted, lists=names))

    def _ask_sort(self, name: str = "") -> None:
        from core.desk.list_query import with_sort
        from core.index.views import SORT_COLUMNS

        self._ask_order("Sort by", name, tuple(SORT_COLUMNS), with_sort)

    def _ask_group(self, name: str = "") -> None:
        from core.desk.list_query import GROUPS, with_grouping

        self._ask_order("Group by", name, tuple(GROUPS), with_grouping)

    def _ask_order(
        self,
        title: str,
        name: str,
        names: tuple[str, ...],
        change: Callable[[ListQuery, str], ListQuery],
    ) -> None:
        page = self.page
        if page is None:
            self._desk.show_message("Sorting works on followed lists only.")
        elif name in names:
            self.request(change(page.wanted, name))
        elif name:
            text = f"{title} {', '.join(names)}; there is no {{name}}."
            self._desk.show_message(text, "warning", name=name)
        else:

            def chosen(number: int | None) -> None:
                if number is not None:
                    self.request(change(page.wanted, names[number]))

            choices = [Choice(number, shown(each)) for number, each in enumerate(names)]
            self._desk.app.push_screen(ChooseDialog(self._desk.keymap, title, choices), chosen)


def sync_errors(names: Iterable[str]) -> Mapping[str, SyncError]:
    """Return the errors of the lists whose last sync failed, by name."""
    from core.sync.list_folder import DataDirs, load_sync_errors

    return load_sync_errors(DataDirs.default(), names)
