"""The part of the main screen that shows followed lists: what is unread, which lists, in which order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from textual import on
from textual.timer import Timer

from core.model import MessageId, OpenedMessage
from core.text import shown
from tui.desk.list_jobs import (
    PageArrived,
    mark_read,
    mark_seen,
    read_pages,
)
from tui.desk.list_phrases import info_words, nothing_words, of_view
from tui.desk.requests import Session
from tui.desk.sync import FOLLOWED, SyncScreen
from tui.keys.commands import Pane
from tui.tree.items import Items
from tui.tree.rows import Kind, Row, Whole
from tui.widgets.choose import Choice, ChooseDialog
from tui.widgets.prompt import Proposal

if TYPE_CHECKING:
    from core.desk.list_position import ListPosition
    from core.desk.lists_desk import ListDesk, ListPage, ListQuery
    from tui.tree.series_tree import SeriesTree

_SEEN_AFTER: Final = 0.7
"""Seconds that a mail is open before it counts as read."""


class ListScreen(SyncScreen):
    """Tree and reader, also over followed lists."""

    _seeing: Timer | None = None
    _is_back = False
    """The cursor is where the last run left it."""
    _left_at: ListPosition | None = None
    """Where that was, as long as it is still to be gone to."""
    _listing_tree: SeriesTree | None = None
    """The tree, which is no longer on the screen when this is left."""

    def list_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each command about lists does, by its name."""
        return {
            "unread.next": lambda: self._go_to_unread(1),
            "unread.previous": lambda: self._go_to_unread(-1),
            "mail.toggle_read": self._toggle_unread,
            "list.switch": self._switch,
            "list.inbox": self._show_inbox,
            **self.sync_actions(),
            "list.sort": self._ask_sort,
            "list.group": self._ask_group,
        }

    def argument_handlers(self) -> Mapping[str, Callable[[str], object]]:
        """Return what the commands do that can be told more on their line."""
        return {
            **super().argument_handlers(),
            "list.sort": self._ask_sort,
            "list.group": self._ask_group,
            "list.switch": self._switch_to,
        }

    def argument_completions(self, name: str) -> Sequence[Proposal]:
        """Return what a command could be told on its line, as far as that is known."""
        from core.desk.lists_desk import GROUPS
        from core.index.reader import SORTS

        known: Mapping[str, Iterable[str]] = {
            "list.sort": SORTS,
            "list.group": GROUPS,
            "list.sync": self.desk_app.lists,
            "list.switch": ("all", *self.desk_app.lists),
        }
        found = known.get(name)
        return (
            [(shown(w), "") for w in found]
            if found is not None
            else super().argument_completions(name)
        )

    # ------------------------------------------------------------- pages

    def _begin(self, session: Session) -> None:
        if not hasattr(session.desk, "pages"):
            super()._begin(session)
            return
        self.run_worker(
            partial(read_pages, session, cast("ListDesk", session.desk), self.post_message),
            group="listing",
            thread=True,
            exit_on_error=False,
        )

    @on(PageArrived)
    def _take_page(self, event: PageArrived) -> None:
        session, page = event.session, event.page
        if session is not self._coming and session is not self._shown:
            return
        before, last = self._shown, self._page
        self._become_shown(session)
        self._show_first_picture()
        same = before is not None and before.target == session.target
        if last is None or not same or not last.wanted.selects_same_rows(page.wanted):
            last = None
        self._page = page
        hold = last is not None and (last.whole or self._is_back)
        self.show_items(page.items, keep=last is not None, anew=session is not before, hold=hold)
        if page.whole and session is self._coming:
            self._coming = None
        self._show_work()
        self._entitle_lists(page)
        self._say_whether_empty(page, first=before is None)
        for note in page.notes:
            self.show_message(note, "warning")

    def _say_whether_empty(self, page: ListPage, *, first: bool) -> None:
        was_empty = self.has_class("-empty")
        if len(page.items):
            self.remove_class("-empty")
            if first or was_empty:
                self.focus_pane(Pane.TREE)
        elif page.whole:
            self._show_empty()
            self._mail = None
            self._note(*nothing_words(page))

    def _entitle_lists(self, page: ListPage) -> None:
        infos = of_view(page)
        names = page.wanted.lists
        self.title_bar.name_shown = shown(", ".join(names) if names else "all lists")
        unread = sum(info.unread for info in infos)
        if page.whole:
            series = sum(info.series for info in infos)
            threads = sum(info.threads for info in infos)
            counts = [f"{unread:,} unread"] if unread else []
            counts += [f"{series:,} series"]
            if self.has_class("-wide"):
                counts += [f"{threads:,} threads"]
            self.title_bar.counts = " · ".join(counts)
        order = page.wanted.group if page.wanted.group != "none" else page.wanted.sort
        self.title_bar.flag = "" if order == "activity" else f"by {order}"
        self._entitle_place()

    # ------------------------------------------------------------- where the reader was

    def _become_shown(self, session: Session) -> None:
        if session is not self._shown and self._shown is None and session.target == FOLLOWED:
            from core.desk.list_position import recall

            self._left_at = recall(self.desk_app.remembered, self.desk_app.lists)
        super()._become_shown(session)

    def show_items(
        self,
        items: Items | Sequence[Whole],
        *,
        keep: bool,
        anew: bool = False,
        hold: bool = False,
    ) -> None:
        """Show these in the tree; the first time, where the reader was."""
        super().show_items(items, keep=keep, anew=anew, hold=hold)
        left, page, tree = self._left_at, self._page, self.series_tree
        self._listing_tree = tree
        if left is None or page is None:
            return
        if not tree.user_moved:
            self._is_back = tree.restore_position(left.folds, left.key, left.from_top)
        if tree.user_moved or self._is_back or page.whole:
            self._left_at = None

    def close_desks(self) -> None:
        """Remember where the reader is."""
        page, tree = self._page, self._listing_tree
        if (
            page is not None
            and tree is not None
            and self._shown is not None
            and self._shown.target == FOLLOWED
        ):
            from core.desk.list_position import ListPosition, remember

            here = tree.view_state
            place = ListPosition(
                wanted=page.wanted, key=here.key or (), from_top=here.from_top, folds=here.folds
            )
            remember(self.desk_app.remembered, place)
            self.desk_app.remembered.write()
        super().close_desks()

    # ------------------------------------------------------------- read and unread

    def _show_mail(self, mail: OpenedMessage) -> None:
        super()._show_mail(mail)
        self._stop_seeing()
        if self._list_desk is not None:
            self._seeing = self.set_timer(_SEEN_AFTER, partial(self._saw, mail))

    def _stop_seeing(self) -> None:
        if self._seeing is not None:
            self._seeing.stop()
            self._seeing = None

    def _saw(self, mail: OpenedMessage) -> None:
        """Count a mail as read that is still open, unless it only happens to be the first."""
        self._seeing = None
        chosen = self.series_tree.user_moved or self._place is Pane.READER
        if mail is self._mail and not self._noted and chosen:
            self._count_as_read(mail)

    def _count_as_read(self, mail: OpenedMessage) -> None:
        if (desk := self._list_desk) is not None:
            name = mail.message.message_id
            self._in_background(partial(mark_read, desk, name))

    def _toggle_unread(self) -> None:
        desk, row = self._list_desk, self.series_tree.row
        if desk is None or row is None:
            self.show_message("Only mails of followed lists are read or unread.")
            return
        names = self._names_here(row)
        if not names:
            return
        self._stop_seeing()
        unseen = set(self.series_tree.unseen)
        seen = bool(unseen.intersection(names))
        self._count(names, seen=seen)
        what = "mail" if len(names) == 1 else "mails"
        self.show_message(f"{len(names):,} {what} count as {'read' if seen else 'unread'}.")

    def _count(self, names: Collection[MessageId], *, seen: bool) -> None:
        """Count mails as read or unread."""
        if (desk := self._list_desk) is not None:
            self._in_background(partial(mark_seen, desk, names, seen))

    def _names_here(self, row: Row) -> Collection[MessageId]:
        """Return the mails that a key about reading is meant for."""
        from core.model import Series, Thread

        if self._place is Pane.READER and self._mail is not None:
            return (self._mail.message.message_id,)
        if row.kind in (Kind.SERIES, Kind.THREAD) and isinstance(row.item, Series | Thread):
            return row.item.message_ids
        if row.kind is Kind.VERSION and row.version is not None:
            return {
                message.message_id
                for entry in row.version.entries()
                for message in (entry.message, *(reply.message for reply in entry.replies))
            }
        return (row.message.message_id,) if row.message is not None else ()

    def _go_to_unread(self, step: int) -> bool:
        page = self._page
        if self._list_desk is None or page is None:
            self.show_message("Only mails of followed lists are read or unread.")
            return False
        tree, unread = self.series_tree, page.unread
        if tree.move_to_unread(step, lambda place: tree.handle(place) in unread):
            if (row := tree.row) is not None:
                self.read_row(row)
            return True
        self.show_message(f"Nothing unread {'below' if step > 0 else 'above'}.")
        return False

    def read_on(self) -> bool:
        """At the end of a mail of a list, go to the next that is unread; say whether this is a list."""
        if self._list_desk is None:
            return False
        if self._mail is not None:
            self._count_as_read(self._mail)
        self._go_to_unread(1)
        return True

    # ------------------------------------------------------------- which lists, in which order

    def _ask_for(self, **changes: object) -> None:
        desk = self._list_desk
        if desk is not None and self._page is not None:
            desk.ask(replace(self._page.wanted, **changes))  # type: ignore[arg-type]

    def _switch(self) -> None:
        if self._page is None or self._list_desk is None:
            if self.desk_app.lists:
                self.open_target(FOLLOWED)
            else:
                self.show_message("You follow no list yet: :follow NAME TARGET.")
            return
        known = {info.name: info for info in self._page.lists}
        names = [*self.desk_app.lists, *(n for n in known if n not in self.desk_app.lists)]
        infos = [list(known.values()), *([known[name]] if name in known else [] for name in names)]
        choices = [
            Choice(number, shown(name), shown(info_words(info, self._clock)))
            for number, (name, info) in enumerate(zip(["all lists", *names], infos, strict=True))
        ]
        shown_now = self._page.wanted.lists
        at = 1 + names.index(shown_now[0]) if shown_now and shown_now[0] in names else 0

        def taken(number: int | None) -> None:
            if number is not None:
                self._ask_for(lists=() if number == 0 else (names[number - 1],))

        self.app.push_screen(ChooseDialog(self.keymap, "Lists", choices, at=at), taken)

    def _switch_to(self, name: str) -> None:
        if self._list_desk is None or name not in ("all", *self.desk_app.lists):
            self._switch()
        else:
            self._ask_for(lists=() if name == "all" else (name,))

    def _show_inbox(self) -> None:
        if self._list_desk is None:
            self._switch()
        else:
            self._ask_for(lists=(), sort="activity", group="none")

    def _ask_sort(self, name: str = "") -> None:
        from core.desk.lists_desk import with_sort
        from core.index.reader import SORTS

        self._ask_order("Sort by", name, tuple(SORTS), with_sort)

    def _ask_group(self, name: str = "") -> None:
        from core.desk.lists_desk import GROUPS, with_grouping

        self._ask_order("Group by", name, tuple(GROUPS), with_grouping)

    def _ask_order(
        self,
        title: str,
        name: str,
        names: tuple[str, ...],
        change: Callable[[ListQuery, str], ListQuery],
    ) -> None:
        desk, page = self._list_desk, self._page
        if desk is None or page is None:
            self.show_message("Only followed lists have an order to choose.")
        elif name in names:
            desk.ask(change(page.wanted, name))
        elif name:
            self.show_message(f"{title} {', '.join(names)}; there is no {name}.", "warning")
        else:

            def taken(number: int | None) -> None:
                if number is not None:
                    desk.ask(change(page.wanted, names[number]))

            choices = [Choice(number, shown(each)) for number, each in enumerate(names)]
            self.app.push_screen(ChooseDialog(self.keymap, title, choices), taken)
