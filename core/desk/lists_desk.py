"""Followed lists as a screen has them: rows in an order, read from the index only where they are looked at.

A `ListPage` is the lists as of one moment. `ListDesk.pages` gives one at once, and another whenever the index has
changed or another view was asked for; everything that a page is asked for later comes from the index as it is then.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from core.desk.list_query import OPEN_STATES, ListQuery
from core.desk.list_rows import AT_ONCE, LazyRows
from core.desk.list_views import ListViews
from core.desk.row_reader import RowReader
from core.errors import PatchdeskError, QueryError
from core.index.index import Index, ListStats, RowView, open_index
from core.model import Message, MessageId, OpenedMessage, TargetListing
from core.search.maintenance import review_counts_file

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.triage_service import TriageService
    from core.progress import ProgressCallback

log = logging.getLogger(__name__)

_FIRST: Final = 400
"""Rows of the first page: some screens of them."""
_POLL: Final = 1.0
"""Seconds between two looks whether the index has changed."""
_AFTER_FIRST: Final = 0.1
"""Seconds that the first page has for itself."""
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """Followed lists as of one moment."""

    wanted: ListQuery
    items: LazyRows
    lists: tuple[ListStats, ...] = ()
    unread: Collection[int] = ()
    """The rows with unread mail."""
    whole: bool = True
    """These are all rows; of the first page, only the first."""
    notes: tuple[str, ...] = ()


class ListDesk:
    """The followed lists, opened. Its methods may be called from any thread and raise IndexFileError."""

    def __init__(self, path: Path, wanted: ListQuery, config: Config | None = None) -> None:
        """Begin at once to read the first rows, in a thread of its own."""
        self.rows = RowReader(lambda: self.index, review_counts_file())
        self.views = ListViews(lambda: self.index, config)
        self._path = path
        self._config = config
        self.wanted = wanted
        self._asked = wanted
        self._wake = Event()
        self._closed = False
        self._index: Index | None = None
        self._lock = threading.Lock()
        self._first: ListPage | PatchdeskError | None = None
        self._generation = 0
        self._triage: TriageService | None = None
        self._preparing = threading.Thread(target=self._prepare, daemon=True)
        self._preparing.start()

    def _prepare(self) -> None:
        try:
            self._index = open_index(self._path)
            self._generation = self._index.rows.changes_since(1 << 62).generation
            view = self.wanted.view
            rows = self._index.rows.order(view, _FIRST)
            # What is decided would be hidden by the screen as soon as it knows.
            open_rows = replace(view, statuses=OPEN_STATES)
            items = LazyRows(
                self.rows,
                self._index.rows.order(open_rows, _FIRST),
                self._headings(self.wanted, open_rows),
            )
            items.read(0, AT_ONCE)
            self._first = ListPage(
                wanted=self.wanted,
                items=items,
                whole=len(rows) < _FIRST and len(items) == len(rows),
                notes=self._index.notes,
            )
        except PatchdeskError as error:
            self._first = error

    def first_page(self, within: float) -> ListPage | None:
        """Return the first rows, where they are there within some seconds."""
        self._preparing.join(within)
        return self._first if isinstance(self._first, ListPage) else None

    @property
    def index(self) -> Index:
        """The open index. Raises IndexFileError."""
        if self._index is None:
            self._preparing.join()
        if self._index is None:
            if isinstance(self._first, PatchdeskError):
                raise self._first
            raise PatchdeskError("The index is not open.", "Start again.")
        return self._index

    @property
    def triage(self) -> TriageService:
        """The one service of the journal beside the index: for the screen too, so that all write it under one lock.

        Raises IndexFileError.
        """
        from core.config import with_git
        from core.desk.triage_service import TriageService
        from core.triage.journal import FILE, Journal

        index = self.index
        with self._lock:
            if self._triage is None:
                config = self._config
                self._triage = TriageService(
                    index,
                    Journal(self._path.with_name(FILE)),
                    None if config is None else with_git(config).me_addresses,
                    repos={} if config is None else config.repos,
                )
            return self._triage

    def _apply_journal(self) -> None:
        """Apply events that others have written to the journal; a failure is only logged."""
        try:
            self.triage.refresh()
        except PatchdeskError as error:
            log.warning("journal: %s", error.message)

    # ------------------------------------------------------------------- pages

    def request(self, wanted: ListQuery) -> None:
        """Let the next page show other rows, or in another order; it comes at once."""
        self._asked = wanted
        self._wake.set()

    def refresh_now(self) -> None:
        """Look at once whether the index has changed."""
        self._wake.set()

    def pages(self, stop: Event) -> Iterator[ListPage]:
        """Yield a page now and whenever there is something new, until `stop` or the end; then the index is closed.

        Raises IndexFileError; IndexDamagedError also where something else has found the damage.
        """
        self._preparing.join()
        index = self.index
        try:
            yield from self._pages(index, stop)
        finally:
            self.views.close()
            index.close()

    def _pages(self, index: Index, stop: Event) -> Iterator[ListPage]:
        if isinstance(self._first, PatchdeskError):
            raise self._first
        page = self._first
        if page is None:
            return
        yield page
        # What follows would keep the first picture waiting.
        stop.wait(_AFTER_FIRST)
        self._apply_journal()
        looked = time.time()
        page = self._page(self.wanted, page.items, ())
        yield page
        if not index.writer.is_complete():
            threading.Thread(target=self._complete, args=(index, stop), daemon=True).start()
        while not (stop.is_set() or self._closed):
            self._wake.wait(_POLL)
            self._wake.clear()
            if stop.is_set() or self._closed:
                return
            index.check_file()
            self._apply_journal()
            changes = index.rows.changes_since(self._generation)
            asked = self._asked
            now = time.time()
            woken = index.rows.due_between(looked, now)
            looked = now
            changed = (*changes.written, *changes.gone, *woken)
            unchanged = changes.generation == self._generation and not woken
            if unchanged and asked == self.wanted:
                continue
            self._generation = changes.generation
            self.rows.drop(None if changes.whole else changed)
            everything = range(1 << 62) if changes.whole else frozenset(changed)
            self.wanted = asked
            page = self._page(asked, page.items, everything)
            yield page

    def _complete(self, index: Index, stop: Event) -> None:
        """Have rows that other rules made, or that were set aside, made again by another process; pages show them as they come."""
        from core.errors import Cancelled
        from core.system.child_process import ChildProcess

        child = ChildProcess(
            "core.index.rebuild", str(index.path), doing="Grouping again", hint="Sync the lists."
        )
        try:
            for _ in child.receive(stop=stop, report=lambda _: None):
                pass
        except Cancelled:
            pass
        except PatchdeskError as error:
            log.warning("the rows cannot be grouped again: %s", error.message)
        finally:
            child.release()

    def _page(self, wanted: ListQuery, before: LazyRows, changed: Collection[int]) -> ListPage:
        index = self.index
        view = wanted.view
        rows = index.rows.order(view)
        items = LazyRows(self.rows, rows, self._headings(wanted, view))
        items.reuse_from(before, changed)
        notes: tuple[str, ...] = ()
        if wanted.query:
            try:
                items = items.restrict_to(
                    frozenset(self.views.search.rows(wanted.query, wanted.lists))
                )
            except QueryError as error:
                notes = (f"{wanted.name or wanted.query}: {error.message} {error.hint}",)
        return ListPage(
            wanted=wanted,
            items=items,
            lists=tuple(index.rows.lists()),
            unread=index.rows.unread(wanted.lists),
            notes=notes,
        )

    def _headings(self, wanted: ListQuery, view: RowView) -> dict[int, str]:
        counts: Iterable[tuple[object, int]]
        if wanted.group == "day":
            counts = self.index.rows.count_by_day(view)
        elif wanted.group == "author":
            counts = self.index.rows.count_by_author(view)
        elif wanted.group == "state":
            counts = self.index.rows.count_by_status(view)
        else:
            return {}
        headings: dict[int, str] = {}
        place = 0
        for what, count in counts:
            if count:
                headings[place] = _day(what) if isinstance(what, int) else str(what)
            place += count
        return headings

    # ------------------------------------------------------------------- mails

    def mark_read(self, message_ids: Iterable[MessageId], *, read: bool) -> None:
        """Count mails as read or unread, and let the journal remember it. Raises JournalError."""
        self.triage.mark_read(tuple(message_ids), read=read)
        self.refresh_now()

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        """Yield nothing: the rows of lists come by `pages`."""
        del stop, report
        return iter(())

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        return self.opened(message, self.raw(message))

    def opened(self, message: Message, raw: bytes) -> OpenedMessage:
        """Open a message, or its beginning, from the bytes at hand."""
        from core.mail.message import parse_mail

        return parse_mail(raw, message.key)

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        return self.index.mails.raw(message)

    def close(self) -> None:
        """Let `pages` end."""
        self._closed = True
        self._wake.set()


def known_lists(path: Path) -> tuple[str, ...]:
    """Return the names of the lists that the index at `path` holds; none where there is no index."""
    if not path.exists():
        return ()
    index = open_index(path)
    try:
        return tuple(info.name for info in index.rows.lists())
    finally:
        index.close()


def _day(number: int) -> str:
    try:
        return time.strftime("%A, %Y-%m-%d", time.gmtime(number * _DAY))
    except (OverflowError, ValueError, OSError):
        return "an unknown day"
