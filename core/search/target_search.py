"""Search in one opened target, in memory."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from threading import Event
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from core.errors import Cancelled, PatchdeskError
from core.index.query_terms import ROW_TERMS, ItemFacts
from core.index.review_summary import NO_REVIEW, ReviewSummary
from core.model import Message, MessageId, Patch, Series, TargetListing, Thread
from core.query.fields import FieldTerm
from core.query.query import And, Node, Not, Or, SameMail, Word, lift_to_rows, read_query
from core.query.tokens import WORD, contains_phrase, fold
from core.search.backend import Matching, SearchBackend
from core.search.hits import Kind, SearchHit
from core.search.mail_details import DetailReader
from core.search.mail_terms import MAIL_TERMS, ItemMail, is_within, mails_of, person_text
from core.search.search import Search
from core.triage.state import INITIAL_STATE, TriageState

if TYPE_CHECKING:
    from core.search.fuzzy.index import FuzzyEntry, FuzzyHit
    from core.search.fuzzy.index import FuzzyIndex as Fuzzy

Item = Series | Thread


class TargetStates(NamedTuple):
    """The journal's states of the items of a target."""

    states: Mapping[MessageId, TriageState] = MappingProxyType({})
    """The triage states of those that anything was done to, by their ids."""
    read: Collection[MessageId] = frozenset()
    """The ids of those of which every mail is marked as read."""
    opened: Collection[MessageId] = frozenset()
    """The ids of the series of whose newest version a patch or the cover letter is."""


_MAILS: Final = 32
"""Bits of an entry's number that say which patch of its item it is."""
_REMEMBERED: Final = 16
"""Answers kept while words are typed after the same terms."""


def no_bytes(_: Message) -> bytes:
    """Raise PatchdeskError: for a target whose mails cannot be read again."""
    raise PatchdeskError("This mail's bytes are not here.", "Open the target again.")


class TargetSearch(Search):
    """Searches one listing. A listing that grows gets a new one each time."""

    def __init__(
        self,
        listing: TargetListing,
        *,
        me: Sequence[str] = (),
        read: Callable[[Message], bytes] = no_bytes,
        states: Callable[[], TargetStates] = TargetStates,
        review: Callable[[Series], ReviewSummary] = lambda _: NO_REVIEW,
    ) -> None:
        """Take the user's addresses for `is:mine`, a reader of mails' bytes, a function that returns triage states, and
        one that counts the reviews of a series.
        """
        self.listing = listing
        self._backend = _ListingBackend(
            listing.items, tuple(me), DetailReader(read), states, review
        )
        super().__init__(self._backend)

    @property
    def ready(self) -> bool:
        """Whether the fuzzy engine answers."""
        return self._backend.fuzzy is not None

    def ensure_ready(self, stop: Event) -> bool:
        """Build the fuzzy engine, about 10 us for each series and patch; whether it answers now. Raises Cancelled."""
        self._backend.build(stop)
        return self.ready

    def close(self) -> None:
        """Stop the build. Any thread; does not wait."""
        self._backend.closed.set()


class _ListingBackend(SearchBackend):
    def __init__(
        self,
        items: Sequence[Item],
        me: tuple[str, ...],
        details: DetailReader,
        states: Callable[[], TargetStates],
        review: Callable[[Series], ReviewSummary],
    ) -> None:
        self._review = review
        self._reviewed: dict[MessageId, ReviewSummary] = {}
        self._items = items
        self._me = [words for address in me if (words := tuple(WORD.findall(fold(address))))]
        self._details = details
        self._read_states = states
        self._states = TargetStates()
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

    def read(self, query: str) -> Node:
        return read_query(query)

    def count(self, tree: Node, lists: Collection[str]) -> int:
        return len(self.rows(tree, lists, None))

    def rows(self, tree: Node, lists: Collection[str], stop: Event | None) -> array[int]:
        del lists  # it is one target
        if (states := self._read_states()) != self._states:
            self._states = states
            self._found.clear()
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
                for mail in mails_of(item)
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
                return any(self._mail(part, mail) for mail in mails_of(item))
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
            names = [each for name in item.lists for each in (name, name.partition(".")[0])]
            return value in {name.casefold() for name in names}
        state = self._states.states.get(item.id, INITIAL_STATE)
        if term.prefix == "tree":
            return any(one.patches and one.tree.casefold() == value for one in state.landed)
        if term.prefix == "label":
            return value in {label.casefold() for label in state.labels}
        if term.prefix in ("v", "n"):
            if not isinstance(item, Series):
                return False
            newest = item.versions[-1]
            return is_within(newest.version if term.prefix == "v" else newest.total, term)
        facts = ItemFacts(
            item,
            state,
            unread=item.id not in self._states.read,
            opened=item.id in self._states.opened,
            is_mine=lambda: self._is_mine(item),
            has_attachments=lambda: any(
                self._details.of(mail.message).attachments for mail in mails_of(item)
            ),
            review=lambda: self._review_of(item),
        )
        return ROW_TERMS[f"{term.prefix}:{term.value}"].holds(facts)

    def _review_of(self, item: Item) -> ReviewSummary:
        """Count the reviews of an item, once."""
        if item.id not in self._reviewed and isinstance(item, Series):
            self._reviewed[item.id] = self._review(item)
        return self._reviewed.get(item.id, NO_REVIEW)

    def _is_mine(self, item: Item) -> bool:
        return any(
            contains_phrase(person_text(person), words, whole=True)
            for mail in mails_of(item)
            if mail.posted
            for person in (mail.message.sender, mail.message.author)
            for words in self._me
        )

    # ------------------------------------------------------------------- what holds of a mail

    def _mail(self, tree: Node, mail: ItemMail) -> bool:
        match tree:
            case And(parts=parts):
                return all(self._mail(part, mail) for part in parts)
            case Or(parts=parts):
                return any(self._mail(part, mail) for part in parts)
            case Word(words=words, whole=whole):
                people = (mail.message.sender, mail.message.author)
                texts = (mail.message.subject.text, *map(person_text, people))
                return mail.posted and any(
                    contains_phrase(text, words, whole=whole) for text in texts
                )
            case FieldTerm():
                return MAIL_TERMS[tree.prefix](tree, mail, self._details)
        raise TypeError(tree)


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
