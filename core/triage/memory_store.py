"""The journal taken in where there is no index: for the series of one opened target."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeVar

from core.model import Message, MessageId, Series, Thread
from core.triage.arguments import HasTag
from core.triage.event_history import EventHistory
from core.triage.event_tables import EventTables, message_hash
from core.triage.events import EventSeries, short_message_key
from core.triage.journal import Journal
from core.triage.landing import PatchLanding, tree_landings
from core.triage.schema import TABLES
from core.triage.state import INITIAL_STATE, ReplyInfo, SeriesFacts, TriageState, fold_events
from core.triage.store import PATIENCE, JournalUpdate, TriageTarget
from core.triage.transitions import UNDECIDED

T = TypeVar("T")


class ReadItems(NamedTuple):
    """The ids of items that were read."""

    whole: frozenset[MessageId] = frozenset()
    """Items of which every mail is marked as read."""
    opened: frozenset[MessageId] = frozenset()
    """The series of which a patch or the cover letter of the newest version is."""


class InMemoryTriageStore:
    """The journal, and the items of one target. Any thread may call it; one after the other."""

    def __init__(self, me: Collection[str] = ()) -> None:
        self._me = frozenset(address.casefold() for address in me)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._items: tuple[Series | Thread, ...] = ()
        self._holder: dict[MessageId, Series | Thread] | None = None
        self._by_number: dict[int, MessageId] | None = None
        self._messages: dict[MessageId, tuple[Message, ...]] | None = None
        self.tags: frozenset[str] = frozenset()
        """Tags that are waited for and there."""
        self._landed: Mapping[MessageId, Collection[PatchLanding]] = {}

    def set_items(self, items: Iterable[Series | Thread]) -> None:
        """Know these items, in the place of those before."""
        with self._lock:
            self._items = tuple(items)
            self._holder = self._by_number = self._messages = None

    def set_landed(self, landed: Mapping[MessageId, Collection[PatchLanding]]) -> bool:
        """Know the patches that landed, in the place of those before; return whether they are others."""
        with self._lock:
            changed = landed != self._landed
            self._landed = landed
            return changed

    # ------------------------------------------------------------------- the journal

    def apply_new_events(self, journal: Journal, *, patience: float = PATIENCE) -> JournalUpdate:
        """Apply the events appended since the last time. Raises JournalError."""
        del patience
        with self._lock:
            done = JournalUpdate()
            tables = self._tables()
            position = tables.cursor
            if not journal.continues_from(position):
                tables.clear()
                done.is_rebuilt = True
            for batch in journal.read_from(tables.cursor):
                with self._at_once():
                    done.changed += tables.insert(batch.events).events
                    done.invalid_lines += batch.invalid_lines
                    tables.cursor = batch.cursor
            return done

    def has_new_events(self, journal: Journal) -> bool:
        """Whether there is something in the journal that was not taken in."""
        with self._lock:
            return self._tables().cursor.offset != journal.size()

    def query(self, question: Callable[[EventHistory], T]) -> T:
        """Ask the journal's events."""
        with self._lock:
            return question(EventHistory(self._open()))

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Change the tables in one go, which is quicker."""
        assert self._connection is not None  # noqa: S101 - the ledger was asked before
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def _tables(self) -> EventTables:
        return EventTables(self._open())

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(
                ":memory:", isolation_level=None, check_same_thread=False
            )
            weakref.finalize(self, self._connection.close)
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.executescript(TABLES)
        return self._connection

    # ------------------------------------------------------------------- series

    def find(self, message_ids: Iterable[MessageId]) -> list[TriageTarget]:
        """Return the series that hold some mails, each once, and the mails that no series holds."""
        with self._lock:
            holders = self._holders()
            found: list[TriageTarget] = []
            seen: set[MessageId] = set()
            for asked in dict.fromkeys(message_ids):
                item = holders.get(asked)
                lead = asked if item is None else item.id
                if lead not in seen:
                    seen.add(lead)
                    found.append(self._target(asked, item))
            return found

    def series_holding(self, mails: Collection[int]) -> list[TriageTarget]:
        """Return the series that hold mails with some numbers."""
        with self._lock:
            numbers = self._numbers()
            return self.find({numbers[one] for one in mails if one in numbers})

    def subject(self, message_id: MessageId, *, own: bool) -> str:
        """Return the subject, without tags, of the item that holds a message, with `own` the message's; "" if unknown."""
        with self._lock:
            item = self._holders().get(message_id)
        if item is None or not own:
            return "" if item is None else item.subject
        messages = (one for one in item.messages() if one.message_id == message_id)
        return next((one.subject.title for one in messages), "")

    def states(self) -> dict[int | MessageId, TriageState]:
        """Return the states of all items with events, by their ids."""
        with self._lock:
            holders = self._holders()
            numbers = self._numbers()
            ids = [numbers[mail] for mail in self._tables().message_hashes() if mail in numbers]
            ids += [holders[mail].id for mail in self._landed if mail in holders]
            found = {one: self._state_of(holders[one]) for one in dict.fromkeys(ids)}
            return {one: state for one, state in found.items() if state != INITIAL_STATE}

    def read_items(self) -> ReadItems:
        """Return which items were read."""
        with self._lock:
            read = self._tables().read_messages()
            if not read:
                return ReadItems()
            return ReadItems(
                frozenset(
                    item.id
                    for item in self._items
                    if all(message_hash(one) in read for one in item.message_ids)
                ),
                frozenset(
                    item.id
                    for item in self._items
                    if any(message_hash(one) in read for one in series_facts(item).newest)
                ),
            )

    def check_tags(self, has_tag: HasTag) -> bool:
        """Check for the tags that items wait for; return whether one exists."""
        with self._lock:
            wanted = {one.until.tag for one in self.states().values() if one.until is not None}
            there = {tag for tag in wanted if tag and has_tag(tag)}
            self.tags |= there
            return bool(there)

    def today(self, midnight: datetime, now: datetime) -> tuple[int, int]:
        """Return how many items were decided since midnight, and of how many there were to decide."""
        with self._lock:
            known = self.states()
        decided = left = 0
        for item in self._items:
            state = known.get(item.id, INITIAL_STATE).at(now)
            left += state.status in UNDECIDED
            decided += (
                state.status not in UNDECIDED
                and state.since is not None
                and state.since >= midnight
            )
        return decided, decided + left

    def _holders(self) -> dict[MessageId, Series | Thread]:
        if self._holder is None:
            self._holder = {one: item for item in self._items for one in item.message_ids}
        return self._holder

    def _numbers(self) -> dict[int, MessageId]:
        """Return the ids of the items by the numbers of their mails."""
        if self._by_number is None:
            self._by_number = {message_hash(one): item.id for one, item in self._holders().items()}
        return self._by_number

    def _target(self, asked: MessageId, item: Series | Thread | None) -> TriageTarget:
        if item is None:
            entry = EventSeries(ids=(asked,))
            state = self._fold((message_hash(asked),), SeriesFacts(ids=frozenset({asked})))
            return TriageTarget(
                requested_id=asked, entry=entry, state=state, mails=(asked,), is_known=False
            )
        facts = self._facts(item)
        entry = EventSeries(
            ids=tuple(dict.fromkeys((item.id, *patch_ids(item)))),
            replies=frozenset(short_message_key(one) for one in facts.replies),
            active=item.date.timestamp(),
        )
        return TriageTarget(
            requested_id=asked,
            entry=entry,
            state=self._state_of(item),
            mails=tuple(sorted(item.message_ids)),
            lists=item.lists,
            is_thread=isinstance(item, Thread),
        )

    def _state_of(self, item: Series | Thread) -> TriageState:
        return self._fold(map(message_hash, item.message_ids), self._facts(item))

    def _facts(self, item: Series | Thread) -> SeriesFacts:
        facts = replace(series_facts(item), read_replies=self._read_replies)
        if not self._landed or not isinstance(item, Series):
            return facts
        landed = tree_landings(self._landed, facts.newest, item.versions[-1].total)
        return replace(facts, landed=landed)

    def _read_replies(self, wanted: Collection[MessageId]) -> Iterator[ReplyInfo]:
        """Yield the facts of replies; their parents may be in another series."""
        if self._messages is None:
            self._messages = {
                message.message_id: (message, *message.id_conflicts)
                for item in self._items
                for message in item.messages()
            }
        for one in wanted:
            for message in self._messages.get(one, ()):
                above = self._messages.get(message.references[-1], ()) if message.references else ()
                to = frozenset(each.sender.address.casefold() for each in above)
                yield ReplyInfo(
                    message.sender.name, message.sender.address, to, message.date.timestamp()
                )

    def _fold(self, mails: Iterable[int], facts: SeriesFacts) -> TriageState:
        tables = self._tables()
        numbers = list(mails)
        entries = tables.entries_naming(numbers)
        last_read = tables.last_read(numbers)
        if not entries and last_read is None and not facts.landed:
            return INITIAL_STATE
        effects = [effect for _, effect in tables.effects_of(entries)]
        return fold_events(
            effects, replace(facts, last_read=last_read, me=self._me, tags=self.tags)
        )


def patch_ids(item: Series | Thread) -> Iterator[MessageId]:
    """Yield the Message-IDs of an item's covers and patches; of a thread that of its first mail."""
    if isinstance(item, Thread):
        yield item.id
        return
    for version in item.versions:
        for entry in version.entries():
            yield entry.message.message_id
            for double in entry.duplicates:
                yield double.message_id


def series_facts(item: Series | Thread) -> SeriesFacts:
    """Return the facts of an item that states depend on, without its replies and the journal."""
    patches = frozenset(patch_ids(item))
    newest: set[MessageId] = set()
    version = ""
    if isinstance(item, Series):
        last = item.versions[-1]
        version = f"v{last.version}.{last.minor}" if last.minor else f"v{last.version}"
        for entry in last.entries():
            newest.add(entry.message.message_id)
            newest.update(double.message_id for double in entry.duplicates)
    return SeriesFacts(
        ids=item.message_ids,
        newest=frozenset(newest),
        version=version,
        name=item.author.name,
        address=item.author.address,
        replies=item.message_ids - patches if isinstance(item, Series) else item.message_ids,
    )
