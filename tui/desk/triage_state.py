"""The part of the main screen that knows how series stand: it hides what is decided, and hears what was written down."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import on

from core.model import MessageId, OpenedMessage
from core.text import shown
from tui.desk.journal_writer import Clerk, Counted, Deed, DeedDone, DeedFailed, Known
from tui.desk.marking import MarkingScreen
from tui.keys.commands import Pane
from tui.tree.marks import SeriesHandle

if TYPE_CHECKING:
    from core.desk.triage_service import TriageService
    from core.triage.state import TriageState
    from tui.desk.requests import Session
    from tui.tree.items import Items
    from tui.tree.rows import Whole

WAKE_EVERY: Final = 20.0
"""Seconds between two looks whether the time of something has come."""
_TAGS_AFTER: Final = 3.0
_TAGS_EVERY: Final = 600.0
"""Seconds after which repositories are first asked for tags, and between two times."""

_ASKS_FOR_STATES: Final = re.compile(r"\bis:(?:done|skipped|waiting|later|accepted|open)")
"""A query that says itself which states it wants."""

_OPEN: Final = re.compile(r"(?<!\S)is:open(?!\S)")
"""What keeps what is decided out of a query."""


class StandingScreen(MarkingScreen):
    """Shows how series stand: as it is written down, and with what is not written down yet."""

    _clerk: Clerk | None = None
    _sure: Mapping[SeriesHandle, TriageState] = {}
    """How series stand as it is written down."""
    _waiting: Sequence[tuple[Deed, Mapping[SeriesHandle, TriageState]]] = ()
    """What is not written down yet, in order, and what each will make of its series."""
    _decided_shown = False
    _given: Items | Sequence[Whole] = ()
    """All that there is to show, decided or not."""
    _left: Items | Sequence[Whole] | None = None
    """What of that is not hidden."""
    _hidden: frozenset[SeriesHandle] = frozenset()
    _decided_since: frozenset[SeriesHandle] = frozenset()
    """What was decided since the list was read."""
    _early: Known | None = None
    """How the series of what is coming stand."""
    _narrower: Mapping[str, str] = {}
    """Of queries that were asked for with what is decided, those without it."""
    _going_back: SeriesHandle | None = None
    """The series that was changed back, and is not on the screen yet."""
    _held_back: Callable[[Items | Sequence[Whole]], None] | None = None
    """Shows the list, once it is known what is decided."""

    def _standing(self, handle: SeriesHandle) -> TriageState:
        from core.triage.state import INITIAL_STATE

        return self.series_tree.standings.get(handle, INITIAL_STATE)

    def _follow_cursor(self) -> None:
        """In the reader, open what the cursor stands on now."""
        if self._place is Pane.READER and (row := self.series_tree.row) is not None:
            self.read_row(row)

    # ------------------------------------------------------------- read and unread

    def _count_as_read(self, mail: OpenedMessage) -> None:
        if self._clerk is None or self._shown is None or self._list_desk is None:
            super()._count_as_read(mail)
        else:
            self._clerk.mark_read(self._shown, (mail.message.message_id,), read=True)

    def _count(self, names: Collection[MessageId], *, seen: bool) -> None:
        if self._clerk is None or self._shown is None:
            super()._count(names, seen=seen)
        else:
            self._clerk.mark_read(self._shown, names, read=seen)

    # ------------------------------------------------------------- what is shown

    def show_items(
        self,
        items: Items | Sequence[Whole],
        *,
        keep: bool,
        anew: bool = False,
        hold: bool = False,
    ) -> None:
        """Show these, but for what is decided; a list that is there whole waits until that is known."""
        self._given, self._decided_since = items, frozenset()
        self._hidden = self._decided()
        page = self._page if self._list_desk is not None else None
        whole = page is not None and page.whole and keep
        if whole and self.desk_app.triage is not None and not self.series_tree.standings_known:
            self._held_back = partial(super().show_items, keep=keep, anew=anew, hold=hold)
        else:
            super().show_items(self._open(items), keep=keep, anew=anew, hold=hold)
            self._go_back_to(self._going_back)
        self.know_standings()

    def _become_shown(self, session: Session) -> None:
        if session is not self._shown:
            self._sure, self._waiting, self._held_back = {}, (), None
            self.series_tree.standings, self.series_tree.standings_known = {}, False
            early, self._early = self._early, None
            if early is not None and early.session is session:
                self._sure = self.series_tree.standings = early.standings or {}
                self.series_tree.standings_known = True
        super()._become_shown(session)

    def _decided(self) -> frozenset[SeriesHandle]:
        """Return what is not to be shown: what is decided; where a view asks for states, what was since it was made."""
        standings = self.series_tree.standings
        page = self._page if self._list_desk is not None else None
        if page is not None and _ASKS_FOR_STATES.search(page.wanted.query):
            return self._decided_since
        if self._decided_shown or not standings:
            return frozenset()
        from core.triage.transitions import DECIDED

        return frozenset(handle for handle, one in standings.items() if one.status in DECIDED)

    def _open(self, items: Items | Sequence[Whole]) -> Items | Sequence[Whole]:
        """Return the items that are not hidden."""
        self._left = _without(items, self._hidden)
        return self._left

    def _hide_decided(self) -> None:
        """Hide what is decided, unless it is to be shown."""
        hidden = self._decided()
        if hidden == self._hidden:
            return
        before, self._hidden = self._hidden, hidden
        if before <= hidden and self._left is not None:
            # All others were left out before: only what is new is.
            self._left = _without(self._left, hidden - before)
        else:
            self._left = self._open(self._given)
        super().show_items(self._left, keep=True, hold=True)
        self._entitle_place()
        if len(self._given) and not len(self.series_tree):
            self._aside = True
            lines = [
                "{view.show_decided} shows what was decided · {triage.undo} takes the last decision back"
            ]
            self._note("Nothing is left to decide", lines)

    def _toggle_decided(self) -> None:
        self._decided_shown = not self._decided_shown
        page = self._page if self._list_desk is not None else None
        if page is not None and (self._decided_shown or page.wanted.query in self._narrower):
            self._ask_for(query=self._narrower.get(page.wanted.query, page.wanted.query))
        self._hide_decided()
        how = "shown" if self._decided_shown else "hidden"
        self.show_message(f"What is done, skipped, waiting or put off is {how}.")

    def _ask_for(self, **changes: object) -> None:
        """Ask for other rows; as long as what is decided is to be shown, a view of what is open has it too."""
        query = changes.get("query")
        if self._decided_shown and isinstance(query, str) and _OPEN.search(query):
            wider = " ".join(_OPEN.sub(" ", query).split())
            self._narrower = {**self._narrower, wider: query}
            changes["query"] = wider
        super()._ask_for(**changes)

    # ------------------------------------------------------------- what the clerk says

    def on_mount(self) -> None:
        """Look from time to time what has come back."""
        if self.desk_app.triage is not None:
            self.set_interval(WAKE_EVERY, self.wake)
            self.set_timer(_TAGS_AFTER, self.look_for_tags)
            self.set_interval(_TAGS_EVERY, self.look_for_tags)

    def _begin(self, session: Session) -> None:
        """Read what was opened; of lists also what was decided there, which their rows wait for."""
        super()._begin(session)
        if self.desk_app.triage is not None and hasattr(session.desk, "pages"):
            self._the_clerk(self.desk_app.triage).know(session, None)

    def _the_clerk(self, make: Callable[[Session], TriageService]) -> Clerk:
        if self._clerk is None:
            self._clerk = Clerk(make, self.post_message)
        return self._clerk

    def know_standings(self) -> None:
        """Ask where the series of what is shown stand."""
        make = self.desk_app.triage
        if make is None or self._shown is None:
            return
        listing = None if self._list_desk is not None else self._listing
        self._the_clerk(make).know(self._shown, listing)

    def wake(self) -> None:
        """Bring back what was put off until now."""
        from core.triage.transitions import Status

        now = self._clock()
        put_off = {h: one for h, one in self._sure.items() if one.status is Status.LATER}
        woken = {h: one.at(now) for h, one in put_off.items() if one.at(now) is not one}
        if woken:
            self._sure = {**self._sure, **woken}
            self._show_standings()

    def look_for_tags(self) -> None:
        """See whether tags are there that series wait for."""
        if self._clerk is not None and self._shown is not None and self._list_desk is not None:
            self._clerk.look_for_tags(self._shown)

    @on(Known)
    def _standings_known(self, event: Known) -> None:
        if event.session is not self._shown:
            self._early = event
            return
        if event.standings is not None:
            self._sure = event.standings
        self.series_tree.standings_known = True
        if event.viewed is not None:
            self.reader.set_viewed_store(event.viewed)
        self._show_standings()

    def _show_standings(self, changed: Collection[SeriesHandle] | None = None) -> None:
        """Show how series stand, with what is not written down yet."""
        standings = dict(self._sure)
        for _, will in self._waiting:
            standings.update(will)
        before, self.series_tree.standings = self.series_tree.standings, standings
        if self._held_back is not None:
            show, self._held_back = self._held_back, None
            self._hidden = self._decided()
            show(self._open(self._given))
            self._entitle_place()
        else:
            self._hide_decided()
        looks_same = changed is not None and all(
            _looks(before.get(one)) == _looks(standings.get(one)) for one in changed
        )
        if not looks_same:  # as it mostly does, since what a verb will do is known before
            self.series_tree.redraw()

    @on(DeedDone)
    def _deed_done(self, event: DeedDone) -> None:
        self._waiting = [pair for pair in self._waiting if pair[0] is not event.deed]
        if event.deed.session is not self._shown:
            return
        self._sure = {**self._sure, **event.standings}
        if event.deed.kind == "undo":
            self._decided_since -= event.standings.keys()
        elif event.deed.kind == "redo":
            self._decided_since |= event.standings.keys()
        self._show_standings(event.standings.keys())
        outcome = event.outcome
        if outcome is None:
            what = "undo" if event.deed.kind == "undo" else "redo"
            self.show_message(f"There is nothing to {what}.")
            return
        if event.deed.kind != "do":
            self._go_back_to(event.first)
        self.show_message(self._words_of(event))
        for note in outcome.notes:
            self.notify(shown(note), markup=False)

    def _go_back_to(self, handle: SeriesHandle | None) -> None:
        """Put the cursor on what was changed back; where it is not on the screen, once it is."""
        self._going_back = None
        if handle is None:
            return
        if self.series_tree.move_to_handle(handle):
            self._follow_cursor()
        else:
            self._going_back = handle

    def _words_of(self, event: DeedDone) -> str:
        from tui.desk.phrases import sentence, taken_back

        outcome, deed = event.outcome, event.deed
        words = outcome.words if outcome is not None else ""
        if self.desk_app.linear and deed.verb is not None:
            return sentence(deed.verb, len(deed.mails or deed.handles), deed.argument)
        if self.desk_app.linear:
            return taken_back(words)
        left = outcome.left if outcome is not None else 0
        stays = f" · {left:,} stay as they are" if left else ""
        return shown(f"{words}{stays}")

    @on(DeedFailed)
    def _deed_failed(self, event: DeedFailed) -> None:
        self._waiting = [pair for pair in self._waiting if pair[0] is not event.deed]
        if event.deed.session is not self._shown:
            return
        self._show_standings()
        if event.deed.handles:
            self.series_tree.move_to_handle(event.deed.handles[0])
        self.show_message(shown(f"{event.error.message} {event.error.hint}"), "error")

    @on(Counted)
    def _today_counted(self, event: Counted) -> None:
        if event.session is not self._shown:
            return
        done, of = event.today
        self.status.tell(shown(f"{done:,} of {of:,} today" if of else ""))

    def close_desks(self) -> None:
        """Write down what is not written yet; it takes a moment."""
        if self._clerk is not None:
            self._clerk.close()
        super().close_desks()


def _without(
    items: Items | Sequence[Whole], hidden: Collection[SeriesHandle]
) -> Items | Sequence[Whole]:
    """Return the items but for some."""
    if not hidden:
        return items
    if isinstance(items, Sequence):
        return [item for item in items if item.id not in hidden]
    without: Callable[[Collection[SeriesHandle]], Items] | None = getattr(items, "without", None)
    return without(hidden) if without is not None else items


def _looks(one: TriageState | None) -> object:
    """Return what a row shows of a standing."""
    return one and (
        one.status, one.why, one.until, one.flagged, one.priority, one.labels, bool(one.note), one.patches,
    )  # fmt: skip
