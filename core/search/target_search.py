"""Finding in one opened target, in memory."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Event
from typing import TYPE_CHECKING, Final

from core.errors import Cancelled, QueryError
from core.index.row_summary import given_to
from core.model import Identity, Message, MessageId, Patch, Series, TargetListing, Thread
from core.query.fields import FieldTerm
from core.query.query import And, Node, Not, Or, SameMail, Word, lift_to_rows, read_query, terms
from core.query.tokens import contains_phrase
from core.search.evaluate import Matching, SearchBackend, evaluate, exact_query
from core.search.hits import LIMIT, Kind, SearchHit, SearchResult

if TYPE_CHECKING:
    from core.search.fuzzy.index import FuzzyEntry, FuzzyHit
    from core.search.fuzzy.index import FuzzyIndex as Fuzzy

Item = Series | Thread
StateOf = Callable[[Item], Collection[str]]
"""Says which words of `is:` and `has:` about what the user did hold of an item; its labels as `label:NAME`."""

_MAILS: Final = 32
"""Bits of an entry's number that say which patch of its item it is."""
_REMEMBERED: Final = 16
"""Answers kept while words are typed after the same terms."""
_INDEXED: Final = {
    "b": "The text of mails is looked for in lists that are followed.",
    "dfn": "Files are looked for in lists that are followed.",
}


def default_state(_: Item) -> Collection[str]:
    """Return the state of an item that nothing is known of: new and unread."""
    return ("unread", "new", "open")


class TargetSearch:
    """Searches one listing. A listing that grows gets a new one each time."""

    def __init__(
        self, listing: TargetListing, *, me: Sequence[str] = (), state: StateOf = default_state
    ) -> None:
        """Take the user's addresses, for `is:mine`, and what says what was read and decided."""
        self.listing = listing
        self._ground = _ListingBackend(
            listing.items, tuple(address.casefold() for address in me), state
        )

    @property
    def ready(self) -> bool:
        """Whether the fuzzy engine answers."""
        return self._ground.fuzzy is not None

    def ensure_ready(self, stop: Event) -> bool:
        """Build the fuzzy engine, about 10 us for each series and patch; whether it answers now. Raises Cancelled."""
        self._ground.build(stop)
        return self.ready

    def close(self) -> None:
        """End what is being built. Any thread; does not wait."""
        self._ground.closed.set()

    def check(self, query: str) -> None:
        """Raise QueryError where a query cannot be read."""
        _read(query)

    def find(
        self,
        query: str,
        lists: Collection[str] = (),
        *,
        limit: int = LIMIT,
        stop: Event | None = None,
    ) -> SearchResult:
        """Return what a query finds. Raises QueryError and Cancelled."""
        return evaluate(self._ground, query, _read(query), lists, limit, stop)

    def rows(self, query: str, lists: Collection[str] = ()) -> array[int]:
        """Return the places of all items that a query means, in the listing's order. Raises QueryError."""
        return self._ground.rows(exact_query(_read(query)), lists, None)

    def count(self, query: str, lists: Collection[str] = ()) -> int:
        """Return how many items a query means. Raises QueryError."""
        return len(self.rows(query, lists))


def _read(query: str) -> Node:
    tree = read_query(query)
    for term in terms(tree):
        if term.prefix in _INDEXED:
            raise QueryError(
                f"{term.prefix}: cannot be looked for here.",
                _INDEXED[term.prefix],
                offset=term.offset,
                length=term.length,
            )
    return tree


@dataclass(frozen=True, slots=True)
class _Mail:
    message: Message
    posted: bool
    """A cover letter or patch, or the first mail of a thread."""
    gives: bool
    """It gives a trailer."""

    @property
    def sender(self) -> str:
        return _person(self.message.sender)

    @property
    def author(self) -> str:
        return _person(self.message.author)


class _ListingBackend(SearchBackend):
    def __init__(self, items: Sequence[Item], me: tuple[str, ...], state: StateOf) -> None:
        self._items = items
        self._me = me
        self._state = state
        self.fuzzy: Fuzzy | None = None
        self.closed = Event()
        self._building = threading.Lock()
        self._rows: dict[str, int] = {}
        self._found: dict[Node, array[int]] = {}

    # ------------------------------------------------------------------- the engine

    def build(self, stop: Event) -> None:
        """Build the engine. Raises Cancelled."""
        with self._building:
            if self.fuzzy is None:
                from core.search.fuzzy.index import FuzzyIndex as Fuzzy

                self.fuzzy = Fuzzy.build(self._entries(stop), stop=stop)

    def _entries(self, stop: Event) -> Iterator[FuzzyEntry]:
        from core.search.fuzzy.index import FuzzyEntry

        for row, item in enumerate(self._items):
            if stop.is_set() or self.closed.is_set():
                raise Cancelled
            hit = _hit(row, item)
            version = 1 if isinstance(item, Thread) else item.versions[-1].version
            yield FuzzyEntry(
                row << _MAILS, hit.subject, hit.author.name, hit.author.address, hit.id,
                int(hit.date.timestamp()), version, isinstance(item, Series),
            )  # fmt: skip
            for number, (version, patch) in enumerate(_patches(item), 1):
                message = patch.message
                yield FuzzyEntry(
                    row << _MAILS | number, message.subject.title, message.author.name,
                    message.author.address, message.message_id, int(message.date.timestamp()), version,
                )  # fmt: skip

    def search(
        self, text: str, limit: int, stop: Event | None, rows: Sequence[int] | None
    ) -> list[tuple[int, int, FuzzyHit]] | None:
        if self.fuzzy is None:
            return None
        from core.search.fuzzy.cache import row_filter

        found = self.fuzzy.search(text, limit, stop, None if rows is None else row_filter(rows))
        return [(hit.row >> _MAILS, hit.row & ((1 << _MAILS) - 1), hit) for hit in found]

    # ------------------------------------------------------------------- rows

    def rows(self, tree: Node, lists: Collection[str], stop: Event | None) -> array[int]:
        del lists  # it is one target
        if (known := self._found.get(tree)) is not None:
            return known
        wanted = lift_to_rows(tree)
        found = array("q")
        for row, item in enumerate(self._items):
            if stop is not None and stop.is_set():
                raise Cancelled
            if self._row(wanted, item):
                found.append(row)
        if len(self._found) >= _REMEMBERED:
            self._found.clear()
        self._found[tree] = found
        return found

    def hits(self, rows: Collection[int]) -> Mapping[int, SearchHit]:
        return {row: _hit(row, self._items[row]) for row in rows}

    def patches(self, patches: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], SearchHit]:
        found = {}
        for row, number in patches:
            patch = list(_patches(self._items[row]))[number - 1][1]
            found[row, number] = _patch_hit(row, self._items[row], patch)
        return found

    def matching(
        self, tree: Node, rows: Collection[int], stop: Event | None
    ) -> Mapping[int, Matching]:
        found: dict[int, Matching] = {}
        for row in rows:
            if stop is not None and stop.is_set():
                raise Cancelled
            item = self._items[row]
            posted = {
                mail.message.message_id
                for mail in _mails(item)
                if mail.posted and self._mail(tree, mail)
            }
            covers = {
                version.cover.message.message_id
                for version in getattr(item, "versions", ())
                if version.cover is not None
            }
            patches = [_patch_hit(row, item, patch) for _, patch in _patches(item)]
            itself = bool(posted & {item.id, *covers})
            found[row] = itself, [patch for patch in patches if patch.id in posted]
        return found

    def row_holding(self, message_id: MessageId) -> int | None:
        if not self._rows:
            self._rows = {
                str(each): row for row, item in enumerate(self._items) for each in item.message_ids
            }
        return self._rows.get(message_id)

    def why_empty(self, term: FieldTerm) -> str:
        del term
        return ""

    # ------------------------------------------------------------------- what holds of an item

    def _row(self, tree: Node, item: Item) -> bool:
        match tree:
            case SameMail(part=part):
                return any(self._mail(part, mail) for mail in _mails(item))
            case And(parts=parts):
                return all(self._row(part, item) for part in parts)
            case Or(parts=parts):
                return any(self._row(part, item) for part in parts)
            case Not(part=part):
                return not self._row(part, item)
            case FieldTerm():
                return self._about_row(tree, item)
        raise TypeError(tree)

    def _about_row(self, term: FieldTerm, item: Item) -> bool:
        value = term.value.casefold()
        if term.prefix == "l":
            return value in {
                each
                for name in item.lists
                for each in (name.casefold(), name.partition(".")[0].casefold())
            }
        if term.prefix == "label":
            return f"label:{value}" in {each.casefold() for each in self._state(item)}
        if value in ("series", "thread"):
            return isinstance(item, Series) == (value == "series")
        if value == "replies":
            return bool(item.replies)
        if value == "mine":
            return any(
                mail.posted and person.address.casefold() in self._me
                for mail in _mails(item)
                for person in (mail.message.sender, mail.message.author)
            )
        if isinstance(item, Series) and (found := _about_series(term, item)) is not None:
            return found
        return value in self._state(item) or (value == "read" and "unread" not in self._state(item))

    # ------------------------------------------------------------------- what holds of a mail

    def _mail(self, tree: Node, mail: _Mail) -> bool:
        match tree:
            case And(parts=parts):
                return all(self._mail(part, mail) for part in parts)
            case Or(parts=parts):
                return any(self._mail(part, mail) for part in parts)
            case Word(words=words, whole=whole):
                texts = (mail.message.subject.text, mail.sender, mail.author)
                return mail.posted and any(
                    contains_phrase(text, words, whole=whole) for text in texts
                )
            case FieldTerm():
                return _about_mail(tree, mail)
        raise TypeError(tree)


def _about_series(term: FieldTerm, series: Series) -> bool | None:
    """Whether a term holds of a series; None where it is about something else."""
    newest = series.versions[-1]
    if term.prefix in ("v", "n"):
        number = newest.version if term.prefix == "v" else newest.total
        return (term.low is None or number >= term.low) and (
            term.high is None or number <= term.high
        )
    match term.value:
        case "complete":
            return len(newest.patches) >= newest.total
        case "incomplete":
            return len(newest.patches) < newest.total
        case "reviewed":
            return bool(given_to(series, newest))
        case "trailers":
            return bool(series.trailers)
        case "versions":
            return len(series.versions) > 1
    return None


def _about_mail(term: FieldTerm, mail: _Mail) -> bool:
    message = mail.message

    def some(*people: Identity) -> bool:
        return any(contains_phrase(_person(each), term.words, whole=term.whole) for each in people)

    match term.prefix:
        case "s":
            return contains_phrase(message.subject.text, term.words, whole=term.whole)
        case "f":
            return mail.posted and some(message.sender, message.author)
        case "with":
            return some(message.sender, message.author)
        case "by":
            return mail.gives and some(message.sender)
        case "t":
            return some(*message.to)
        case "c":
            return some(*message.cc)
        case "tc":
            return some(*message.to, *message.cc)
        case "a":
            return some(message.sender, message.author, *message.to, *message.cc)
        case "d":
            sent = int(message.date.timestamp())
            return (term.low is None or sent >= term.low) and (
                term.high is None or sent <= term.high
            )
        case "m":
            return term.value in message.message_id
    return False


def _mails(item: Item) -> Iterator[_Mail]:
    """Yield the mails of an item, those of one Message-ID one by one."""
    if isinstance(item, Thread):
        found = [
            (item.root, True, False),
            *((reply.message, False, False) for reply in item.replies),
        ]
    else:
        givers = {trailer.message_id for trailer in item.trailers}
        found = []
        for version in item.versions:
            for entry in version.entries():
                found += [(each, True, False) for each in (entry.message, *entry.duplicates)]
                found += [
                    (reply.message, False, reply.message.message_id in givers)
                    for reply in entry.replies
                ]
    for message, posted, gives in found:
        for each in (message, *message.id_conflicts):
            yield _Mail(each, posted, gives)


def _patches(item: Item) -> Iterator[tuple[int, Patch]]:
    """Yield the patches of a series with their versions, the newest first, those of one subject and author once."""
    if isinstance(item, Thread):
        return
    told = set()
    for version in reversed(item.versions):
        for patch in version.patches:
            key = (patch.message.subject.title, patch.message.author.address)
            if key not in told:
                told.add(key)
                yield version.version, patch


def _hit(row: int, item: Item) -> SearchHit:
    kind: Kind = "series" if isinstance(item, Series) else "thread"
    return SearchHit(
        kind=kind, row=row, id=item.id, series=item.id, subject=item.subject, author=item.author, date=item.date,
        lists=item.lists,
    )  # fmt: skip


def _patch_hit(row: int, item: Item, patch: Patch) -> SearchHit:
    message = patch.message
    return SearchHit(
        kind="patch", row=row, id=message.message_id, series=item.id, subject=message.subject.title,
        author=message.author, date=message.date, lists=item.lists,
    )  # fmt: skip


@lru_cache(maxsize=1 << 14)
def _person(identity: Identity) -> str:
    return f"{identity.name} {identity.address}"
