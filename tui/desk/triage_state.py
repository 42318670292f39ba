"""The triage states of the rows: those written, with pending changes over them; hides decided series."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from core.errors import PatchdeskError
from core.text import SafeText, shown, shown_line
from core.triage.transitions import Status
from tui.desk.controller import Controller, DeskView, Handler, Refresh
from tui.desk.decided_queries import asks_for_states, with_decided, without_decided
from tui.desk.journal_writer import (
    JournalWriter,
    OperationWritten,
    StatesLoaded,
    TriageOperation,
)
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.desk.opening import Opening
from tui.desk.phrases import with_priority
from tui.desk.requests import Session
from tui.desk.views import Views
from tui.tasks import Tasks
from tui.tree.marks import SeriesHandle

if TYPE_CHECKING:
    from core.desk.list_query import ListQuery
    from core.triage import state
    from tui.tree.items import Items
    from tui.tree.rows import Whole

States = Mapping[SeriesHandle, "state.TriageState"]


@runtime_checkable
class CanExclude(Protocol):
    """Items that can be had without some of them."""

    def excluding(self, rows: Collection[Any], /) -> Items:
        """Return all but some."""
        ...


class TriageState(Controller):
    """Knows the state of each series, and keeps those out of the tree that are decided."""

    def __init__(
        self,
        desk: DeskView,
        tasks: Tasks,
        opening: Opening,
        lists: Lists,
        views: Views,
        mail: MailLoader,
        writer: JournalWriter | None,
    ) -> None:
        """`writer` is None where triage has no journal."""
        super().__init__(desk, tasks)
        self._opening = opening
        self._lists = lists
        self._views = views
        self._loader = mail
        self._writer = writer
        self._written: States = {}
        """The states as they are written."""
        self._pending: Sequence[tuple[TriageOperation, States]] = ()
        """Pending operations in order, each with the states it will give."""
        self._shows_decided = False
        self._all: Items | Sequence[Whole] = ()
        """All items, decided or not."""
        self._visible: Items | Sequence[Whole] | None = None
        """The rows that are not hidden."""
        self._hidden: frozenset[SeriesHandle] = frozenset()
        self._decided_since: frozenset[SeriesHandle] = frozenset()
        """Series decided since the list was read."""
        self._prefetched: StatesLoaded | None = None
        """The states of a session of which nothing is shown yet."""
        self._narrowed: Mapping[str, str] = {}
        """Maps a query with `is:open` removed back to the original."""
        self._return_to: SeriesHandle | None = None
        """The series that was changed by an undo, and is not on the screen yet."""
        self._deferred: Refresh | None = None
        """The deferred refresh that shows the list once triage states are loaded."""
        self._cursors: dict[frozenset[SeriesHandle], SeriesHandle | None] = {}
        """The series that were triaged at once → the row of the cursor then."""
        lists.rewrite_queries(self._widen)
        views.count_by(self._counted_query)

    def start(self) -> None:
        """Look from time to time which series are due again."""
        if self._writer is not None:
            timings = self._desk.settings.timings
            self._desk.set_interval(timings.wake_due, self.wake)
            self._desk.set_timer(timings.tags_first, self._look_for_tags)
            self._desk.set_interval(timings.tags_due, self._look_for_tags)

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"view.show_decided": self._toggle_decided}

    def of(self, handle: SeriesHandle) -> state.TriageState:
        """Return the state of a series, pending changes included."""
        from core.triage.state import INITIAL_STATE

        return self._desk.series_tree.standings.get(handle, INITIAL_STATE)

    @property
    def all_states(self) -> Collection[state.TriageState]:
        """The states of all series that have one."""
        return self._desk.series_tree.standings.values()

    @property
    def is_idle(self) -> bool:
        """Whether all is written, and the states are known."""
        return not self._pending and self._deferred is None

    @property
    def work_text(self) -> SafeText | None:
        """The text while the list waits for the journal, the first time a large one is read."""
        return shown("reading the triage journal") if self._deferred is not None else None

    # ------------------------------------------------------------- what is shown

    def on_open(self, session: Session) -> None:
        """Load the states of lists at once, since their rows wait for them."""
        if session.lists is not None:
            self.load(session)

    def on_session(self, session: Session, _: Session | None) -> None:
        """Forget the states of the session before."""
        tree, early = self._desk.series_tree, self._prefetched
        self._written, self._pending, self._deferred, self._prefetched = {}, (), None, None
        tree.standings, tree.standings_known, self._cursors = {}, False, {}
        if early is not None and early.session is session:
            self._written = tree.standings = early.states
            tree.standings_known = True

    def on_items(
        self, items: Items | Sequence[Whole], refresh: Refresh
    ) -> Items | Sequence[Whole] | None:
        """Remove decided series; defer a complete list until the states are loaded."""
        self._all, self._decided_since = items, frozenset()
        self._hidden = self._decided()
        page = self._lists.page
        session = self._desk.session
        if session is not None:
            self.load(session)
        is_whole = page is not None and page.whole and refresh.keep
        if is_whole and self._writer is not None and not self._desk.series_tree.standings_known:
            self._deferred = refresh
            self._desk.set_timer(self._desk.settings.timings.opening_note, self._desk.show_work)
            return None
        self._visible = _without(items, self._hidden)
        return self._visible

    def on_shown(self) -> None:
        """Go to the series that an undo has brought back; of nothing, say why."""
        self._go_back_to(self._return_to)
        self._say_if_all_hidden()

    def _decided(self) -> frozenset[SeriesHandle]:
        """Return the series to hide: the decided ones, or, for a query on states, those decided since it ran."""
        states = self._desk.series_tree.standings
        page = self._lists.page
        if page is not None and asks_for_states(page.wanted.query):
            return self._decided_since
        if self._shows_decided or not states:
            return frozenset()
        return frozenset(handle for handle, one in states.items() if one.is_out_of_inbox)

    def hide_decided(self, decided: Collection[SeriesHandle] = ()) -> None:
        """Hide decided series, with those just decided, unless they are to be shown."""
        self._decided_since |= frozenset(decided)
        hidden = self._decided()
        if hidden == self._hidden:
            return
        before, self._hidden = self._hidden, hidden
        if before <= hidden and self._visible is not None:
            # All others were left out before: only what is new is.
            self._visible = _without(self._visible, hidden - before)
        else:
            self._visible = _without(self._all, hidden)
        self._desk.show_items(self._visible, Refresh(keep=True, hold=True), after=self)
        self._desk.update_position()
        self._say_if_all_hidden()

    def _say_if_all_hidden(self) -> None:
        """Say why nothing is to be seen, where all there is was decided, in the place of a mail that is not."""
        if not len(self._all) or len(self._desk.series_tree):
            return
        page = self._lists.page
        name = page.wanted.name if page is not None else ""
        is_inbox = name in ("", "Inbox")
        title = "Inbox zero: nothing left to triage" if is_inbox else f"Nothing is left in {name}"
        many = "1 series here is" if len(self._all) == 1 else f"{len(self._all):,} series here are"
        ways = "{view.show_decided} shows decided series · {triage.undo} undoes the last action"
        lines = (
            f"{many} done, skipped, waiting, snoozed or accepted.",
            self._desk.keymap.fill(ways),
        )
        self._desk.show_report(shown(title), [shown(line) for line in lines], focus=False)

    def _toggle_decided(self) -> None:
        self._shows_decided = not self._shows_decided
        page = self._lists.page
        if page is not None and (self._shows_decided or page.wanted.query in self._narrowed):
            query = self._narrowed.get(page.wanted.query, page.wanted.query)
            self._lists.request(replace(page.wanted, query=query))
        self.hide_decided()
        self._views.count_again()
        how = "Showing" if self._shows_decided else "Hiding"
        self._desk.show_message(f"{how} done, skipped, waiting and snoozed series.")

    def _counted_query(self, query: str) -> str:
        """Return the query of a view's rows that are shown."""
        is_all = self._writer is None or self._shows_decided
        return query if is_all else without_decided(query)

    def _widen(self, wanted: ListQuery) -> ListQuery:
        """Return a query without `is:open`, while decided series are shown."""
        wider = with_decided(wanted.query) if self._shows_decided else wanted.query
        if wider == wanted.query:
            return wanted
        self._narrowed = {**self._narrowed, wider: wanted.query}
        return replace(wanted, query=wider)

    # ------------------------------------------------------------- what is written

    def load(self, session: Session) -> None:
        """Load the states of a session."""
        if self._writer is not None:
            self._writer.load_states(
                session,
                None if session.lists is not None else self._opening.listing,
                then=self._loaded,
                failed=lambda _: self._not_loaded(session),
                today=lambda today: self._show_today(session, today),
            )

    def wake(self) -> None:
        """Bring back series whose snooze has ended."""
        now = self._desk.settings.clock()
        snoozed = {h: one for h, one in self._written.items() if one.status is Status.LATER}
        woken = {h: one.at(now) for h, one in snoozed.items() if one.at(now) is not one}
        if woken:
            self._written = {**self._written, **woken}
            self._show_states()

    def _look_for_tags(self) -> None:
        session = self._desk.session
        if self._writer is not None and session is not None and session.lists is not None:
            self._writer.look_for_tags(session)

    def _loaded(self, loaded: StatesLoaded) -> None:
        if loaded.session is not self._desk.session:
            self._prefetched = loaded
            return
        self._written = loaded.states
        self._desk.series_tree.standings_known = True
        self._desk.reader.set_viewed_store(loaded.viewed)
        self._show_states()

    def _not_loaded(self, session: Session) -> None:
        """Show the rows with the states known before, so that they do not wait for ever."""
        if session is self._desk.session:
            self._desk.series_tree.standings_known = True
            self._show_states()

    def _show_states(self, changed: Collection[SeriesHandle] | None = None) -> None:
        """Show the states, pending changes included."""
        tree, states = self._desk.series_tree, dict(self._written)
        for _, will in self._pending:
            states.update(will)
        before, tree.standings = tree.standings, states
        if self._deferred is not None:
            refresh, self._deferred = self._deferred, None
            self._desk.show_work()
            self._hidden = self._decided()
            self._visible = _without(self._all, self._hidden)
            self._desk.show_items(self._visible, refresh, after=self)
            self._desk.update_position()
        else:
            self.hide_decided()
        looks_same = changed is not None and all(
            _shown_of(before.get(one)) == _shown_of(states.get(one)) for one in changed
        )
        if not looks_same:  # as it mostly does, since what a verb will do is known before
            tree.redraw()
        self._desk.update_reader_title()

    def write(self, operation: TriageOperation, will: States) -> None:
        """Write an operation, and show at once the states it will give."""
        if self._writer is None:
            return
        if operation.kind == "do":
            self._pending = [*self._pending, (operation, will)]
            self._return_to = None
            tree = self._desk.series_tree
            if len(operation.handles) > 1:
                self._cursors[frozenset(operation.handles)] = tree.here
            tree.standings = {**tree.standings, **will}
        self._writer.write(
            operation,
            then=self._operation_written,
            failed=lambda error: self._operation_failed(operation, error),
            today=lambda today: self._show_today(operation.session, today),
        )

    def _no_longer_pending(self, operation: TriageOperation) -> None:
        self._pending = [pair for pair in self._pending if pair[0] is not operation]

    def _operation_written(self, written: OperationWritten) -> None:
        operation = written.operation
        self._no_longer_pending(operation)
        if operation.session is not self._desk.session:
            return
        self._written = {**self._written, **written.states}
        if operation.kind == "undo":
            self._decided_since -= written.states.keys()
        elif operation.kind == "redo":
            self._decided_since |= written.states.keys()
        self._show_states(written.states.keys())
        if written.outcome is None:
            self._desk.show_message(f"There is nothing to {operation.kind}.")
            return
        if operation.kind != "do":
            self._go_to_changed(operation.kind, written)
        self._desk.show_message("{result}", result=self._describe(written))
        for note in written.outcome.notes:
            self._desk.app.notify(shown(note), markup=False)

    def _go_to_changed(self, kind: str, written: OperationWritten) -> None:
        """Go to the series that an undo or redo changed; several are marked again as they were, without moving."""
        changed, tree = frozenset(written.states), self._desk.series_tree
        if len(changed) < 2:
            self._go_back_to(written.first)
            return
        here = self._cursors.get(changed)
        self._go_back_to(here if here in changed else None)
        if kind == "undo":
            tree.mark(changed)
        else:
            tree.unmark_all()

    def _go_back_to(self, handle: SeriesHandle | None) -> None:
        """Move the cursor to the series that an undo changed; where it is not listed, once it is."""
        self._return_to = handle
        if handle is not None and self._desk.series_tree.move_to_handle(handle):
            self._return_to = None
            self._loader.follow_cursor()

    def _describe(self, written: OperationWritten) -> str:
        """Return the message after an operation; in linear mode as a sentence."""
        outcome = written.outcome
        text = outcome.text if outcome is not None else ""
        if self._desk.settings.linear:
            return shown_line(f"{text[:1].upper()}{text[1:]}.")
        text = with_priority(text, {one.priority for one in written.states.values()})
        left = outcome.unchanged if outcome is not None else 0
        return shown_line(f"{text}{f' · {left:,} unchanged' if left else ''}")

    def _operation_failed(self, operation: TriageOperation, error: PatchdeskError) -> None:
        self._no_longer_pending(operation)
        if operation.session is not self._desk.session:
            return
        self._show_states()
        if operation.handles:
            self._desk.series_tree.move_to_handle(operation.handles[0])
        self._desk.show_error(error)

    def _show_today(self, session: Session, today: tuple[int, int]) -> None:
        done, of = today
        if session is self._desk.session:
            self._desk.status.tell(shown(f"{done:,}/{of:,} triaged today" if of else ""))

    def close(self) -> None:
        """Finish pending writes, which takes a moment."""
        if self._writer is not None:
            self._writer.close(self._desk.settings.timings.quit)


def _without(
    items: Items | Sequence[Whole], hidden: Collection[SeriesHandle]
) -> Items | Sequence[Whole]:
    """Return the items but for some."""
    if not hidden:
        return items
    if isinstance(items, Sequence):
        return [item for item in items if item.id not in hidden]
    return items.excluding(hidden) if isinstance(items, CanExclude) else items


def _shown_of(one: state.TriageState | None) -> object:
    """Return the parts of a state that a row shows."""
    return one and (
        one.status, one.why, one.until, one.flagged, one.priority, one.labels, bool(one.note), one.patches, one.landed, one.branch,
    )  # fmt: skip
