"""Followed lists as a screen has them: rows in an order, read from the index only where they are looked at.

A `ListPage` is the lists as of one moment. `ListDesk.pages` gives one at once, and another whenever the index has
changed or another view was asked for; everything that a page is asked for later comes from the index as it is then.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from core.desk.list_rows import AT_ONCE, LazyRows
from core.errors import PatchdeskError, QueryError
from core.index.in_use import InUse
from core.index.index import Index, ListStats, RowView, SeriesSummary, open_index
from core.index.reader import SORT_COLUMNS
from core.model import Message, MessageId, OpenedMessage, Series, TargetListing, Thread
from core.triage.transitions import DECIDED, Status

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.triage_service import TriageService
    from core.progress import ProgressCallback
    from core.search.list_search import ListSearch
    from core.search.saved_views import SavedView

log = logging.getLogger(__name__)

GROUPS: Final = {"none": "", "day": "activity", "author": "author", "state": "state"}
"""By what rows may stand in groups, and the sort which that takes."""

_FIRST: Final = 400
"""Rows of the first page: some screens of them."""
_POLL: Final = 1.0
"""Seconds between two looks whether the index has changed."""
_AFTER_FIRST: Final = 0.1
"""Seconds that the first page has for itself."""
_WHOLE: Final = 64
"""Series and threads kept whole."""
_DAY: Final = 86_400
_UNDECIDED: Final = tuple(status for status in Status if status not in DECIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Which rows a screen shows, and how they are ordered."""

    lists: tuple[str, ...] = ()
    """Names; none stands for all."""
    sort: str = "activity"
    group: str = "none"
    query: str = ""
    """What rows have to meet, as `core.query.query` reads it; "" stands for all."""
    name: str = ""
    """What the view of that query is called."""
    decided: bool = True
    """Also what is done, skipped, waiting or put off; a screen may hide these by itself."""
    since: float | None = None
    """Only what was active since then, in seconds of the Unix epoch."""

    def selects_same_rows(self, other: ListQuery) -> bool:
        """Whether the other shows the same rows, in whatever order."""
        mine = (self.lists, self.query, self.decided, self.since)
        return mine == (other.lists, other.query, other.decided, other.since)

    @property
    def view(self) -> RowView:
        """The same for the index."""
        sort = GROUPS[self.group] or self.sort
        return RowView(
            lists=self.lists,
            sort=sort,
            ascending=sort in ("author", "state"),
            statuses=() if self.decided else _UNDECIDED,
            since=self.since,
        )


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
        self._config = config
        self._finder: ListSearch | None = None
        self.in_use = InUse()
        """Around what other threads ask of the index: it is not closed meanwhile."""
        self._path = path
        self.wanted = wanted
        self._asked = wanted
        self._wake = Event()
        self._closed = False
        self._index: Index | None = None
        self._items: OrderedDict[int, Series | Thread] = OrderedDict()
        self._lock = threading.Lock()
        self._first: ListPage | PatchdeskError | None = None
        self._generation = 0
        self._triage: TriageService | None = None
        self._preparing = threading.Thread(target=self._prepare, daemon=True)
        self._preparing.start()

    def _prepare(self) -> None:
        try:
            self._index = open_index(self._path)
            self._generation = self._index.changes_since(1 << 62).generation
            view = self.wanted.view
            rows = self._index.order(view, _FIRST)
            # What is decided would be hidden by the screen as soon as it knows.
            open_rows = replace(view, statuses=_UNDECIDED)
            items = LazyRows(
                self, self._index.order(open_rows, _FIRST), self._headings(self.wanted, open_rows)
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
        """What remembers in the journal beside the index what was decided and read. Raises IndexFileError."""
        if self._triage is None:
            from core.desk.triage_service import TriageService
            from core.triage.journal import FILE, Journal

            self._triage = TriageService(self.index, Journal(self._path.with_name(FILE)))
        return self._triage

    def _catch_up(self) -> None:
        """Take in what others have written to the journal; that it cannot be is only logged."""
        try:
            self.triage.refresh()
        except PatchdeskError as error:
            log.warning("journal: %s", error.message)

    # ------------------------------------------------------------------- pages

    def ask(self, wanted: ListQuery) -> None:
        """Let the next page show other rows, or in another order; it comes at once."""
        self._asked = wanted
        self._wake.set()

    def look(self) -> None:
        """Look at once whether the index has changed."""
        self._wake.set()

    def pages(self, stop: Event) -> Iterator[ListPage]:
        """Yield a page now and whenever there is something new, until `stop` or the end. Raises IndexFileError."""
        self._preparing.join()
        index = self.index
        try:
            yield from self._pages(index, stop)
        finally:
            if self._finder is not None:
                self._finder.close()
            if self.in_use.close():
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
        self._catch_up()
        looked = time.time()
        page = self._page(self.wanted, page.items, ())
        yield page
        if not index.is_complete():
            threading.Thread(target=self._complete, args=(index, stop), daemon=True).start()
        while not (stop.is_set() or self._closed):
            self._wake.wait(_POLL)
            self._wake.clear()
            if stop.is_set() or self._closed:
                return
            self._catch_up()
            changes = index.changes_since(self._generation)
            asked = self._asked
            now = time.time()
            woken = index.woken(looked, now)
            looked = now
            changed = (*changes.written, *changes.gone, *woken)
            unchanged = changes.generation == self._generation and not woken
            if unchanged and asked == self.wanted:
                continue
            self._generation = changes.generation
            with self._lock:
                for row in self._items.copy() if changes.whole else changed:
                    self._items.pop(row, None)
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
        rows = index.order(view)
        items = LazyRows(self, rows, self._headings(wanted, view))
        items.reuse_from(before, changed)
        notes: tuple[str, ...] = ()
        if wanted.query:
            try:
                items = items.restrict_to(frozenset(self.finder.rows(wanted.query, wanted.lists)))
            except QueryError as error:
                notes = (f"{wanted.name or wanted.query}: {error.message} {error.hint}",)
        return ListPage(
            wanted=wanted,
            items=items,
            lists=tuple(index.lists()),
            unread=index.unread_rows(wanted.lists),
            notes=notes,
        )

    def _headings(self, wanted: ListQuery, view: RowView) -> dict[int, str]:
        counts: Iterable[tuple[object, int]]
        if wanted.group == "day":
            counts = self.index.days(view)
        elif wanted.group == "author":
            counts = self.index.authors(view)
        elif wanted.group == "state":
            counts = self.index.states(view)
        else:
            return {}
        headings: dict[int, str] = {}
        place = 0
        for what, count in counts:
            if count:
                headings[place] = _day(what) if isinstance(what, int) else str(what)
            place += count
        return headings

    # ------------------------------------------------------------------- rows

    def summaries(self, rows: Iterable[int]) -> list[SeriesSummary]:
        """Return what rows show."""
        return self.index.summaries(rows)

    def item(self, row: int) -> Series | Thread | None:
        """Return a whole series or thread; None where it is gone."""
        with self._lock:
            if (found := self._items.get(row)) is not None:
                self._items.move_to_end(row)
                return found
        item = self.index.series(row)
        if item is not None:
            with self._lock:
                self._items[row] = item
                if len(self._items) > _WHOLE:
                    self._items.popitem(last=False)
        return item

    def unseen(self, row: int) -> set[MessageId]:
        """Return the unread mails of a row."""
        return self.index.unseen(row)

    def find(self, message_id: MessageId) -> int | None:
        """Return the row that holds a mail."""
        return self.index.find(message_id)

    def mark_seen(self, message_ids: Iterable[MessageId], seen: bool) -> None:
        """Count mails as read or unread, and let the journal remember it. Raises JournalError."""
        self.triage.mark_read(tuple(message_ids), read=seen)
        self.look()

    # ------------------------------------------------------------------- finding

    @property
    def finder(self) -> ListSearch:
        """What finds in the lists. Raises IndexFileError."""
        with self._lock:
            if self._finder is None:
                from core.config import Config
                from core.search.list_search import ListSearch
                from core.system.paths import cache_dir

                self._finder = ListSearch(
                    self.index, self._config or Config(), cache=cache_dir() / "search"
                )
            return self._finder

    @property
    def config(self) -> Config:
        """The configuration, the default one where none was given."""
        from core.config import Config

        return self._config or Config()

    @property
    def views(self) -> tuple[SavedView, ...]:
        """The queries with a name."""
        from core.search.saved_views import saved_views

        return saved_views(self._config.views if self._config is not None else {})

    def count(self, view: SavedView, lists: Collection[str], stop: Event) -> int | None:
        """Return how many rows a view has; None where its query cannot be read, or nobody asks any more."""
        try:
            with self.in_use:
                return None if stop.is_set() else self.finder.count(view.query, lists)
        except QueryError:
            return None

    def save_view(self, name: str, query: str) -> None:
        """Give a query a name, in the configuration. Raises ConfigError and QueryError."""
        from core.config import Config
        from core.search.saved_views import save_view
        from core.system.paths import config_file

        self.finder.check(query)
        save_view(name, query, config_file())
        config = self._config or Config()
        self._config = replace(config, views={**config.views, name: query})

    def can_ask_server(self, list_name: str) -> bool:
        """Whether a list's server can be asked for more."""
        followed = self._config.lists.get(list_name) if self._config is not None else None
        return followed is not None and followed.target.startswith(("http://", "https://"))

    # ------------------------------------------------------------------- mails

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        """Yield nothing: the rows of lists come by `pages`."""
        del stop, report
        return iter(())

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        return self.opened(message, self.raw(message))

    def opened(self, message: Message, raw: bytes) -> OpenedMessage:
        """Open a mail, or its beginning, whose bytes are here."""
        from core.mail.message import parse_mail

        return parse_mail(raw, message.key)

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes. Raises PatchdeskError."""
        return self.index.raw(message)

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
        return tuple(info.name for info in index.lists())
    finally:
        index.close()


def with_sort(wanted: ListQuery, sort: str) -> ListQuery:
    """Return the same rows in another order; raises ValueError for one that is none of `SORT_COLUMNS`."""
    if sort not in SORT_COLUMNS:
        raise ValueError(sort)
    return replace(wanted, sort=sort, group="none")


def with_grouping(wanted: ListQuery, group: str) -> ListQuery:
    """Return the same rows in groups; raises ValueError for what is none of `GROUPS`."""
    if group not in GROUPS:
        raise ValueError(group)
    return replace(wanted, group=group)


def _day(number: int) -> str:
    try:
        return time.strftime("%A, %Y-%m-%d", time.gmtime(number * _DAY))
    except (OverflowError, ValueError, OSError):
        return "an unknown day"
