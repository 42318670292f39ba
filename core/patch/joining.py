"""Postings → series: which of them are versions of the same thing.

A wrong join is worse than a missed one. Two postings join where their change-id is the same; else where the
same person sent both and (1) the later answers the earlier's thread as its next version, (2) the cover letters
carry the same title and share a patch, or (3) they share half of the smaller one's patch titles. Each looks back in
time for its predecessor among the few latest of that title, so the work grows with the number of patches alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from core.model import Message
from core.patch.postings import HOUR, Posting, sender_key
from core.patch.thread import Groups

DAY: Final = 24 * HOUR
NEXT_WITHIN: Final = 400 * DAY
"""How long a series may rest before its next version."""

AGAIN_WITHIN: Final = 90 * DAY
"""How long after another a posting of the same number is the same series again."""

SKEW: Final = DAY
_LATEST: Final = 8
"""Postings of one title that are looked at."""
_RECENT: Final = 40
"""Postings of one sender whose titles are compared fuzzily."""
_TITLES: Final = 64
"""Patch titles of a posting that are compared."""
_ALIKE: Final = 90.0
_SOMEWHAT_ALIKE: Final = 60.0

_DIGITS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Card:
    """What of a posting tells which series it belongs to."""

    at: int
    when: float
    version: tuple[int, int]
    senders: tuple[str, ...]
    change_id: str | None
    cover: str
    """The cover letter's title, normalised; empty without one."""
    patches: frozenset[str]
    """The patches' titles, normalised; of many the first."""
    rfc: bool
    again: bool
    """Its sender says that it was sent before."""
    tags: frozenset[str]
    whole: bool
    above: int
    """The posting in whose thread it was sent, -1 for none."""

    @property
    def branch(self) -> frozenset[str]:
        """The tags that name a release: what is for 5.10 is never a version of what is for 5.15."""
        return frozenset(tag for tag in self.tags if any(char.isdigit() for char in tag))


def normal_title(text: str) -> str:
    """Return a title as it is compared: without case, runs of blanks and the final stop."""
    return " ".join(text.casefold().split()).rstrip(".")


def make_card(at: int, posting: Posting, messages: list[Message], above: int) -> Card:
    """Read from its mails what tells which series a posting belongs to."""
    lead = messages[posting.lead()]
    numbers = sorted(number for number in posting.places if number > 0)[:_TITLES]
    patches = (messages[posting.places[number][0]] for number in numbers)
    head = (messages[posting.places[number][0]] for number in sorted(posting.places)[:2])
    tags = frozenset(tag.casefold() for tag in lead.subject.tags)
    senders = [sender_key(lead.sender)]
    name = " ".join(lead.sender.name.partition(" via ")[0].strip(" '\"").casefold().split())
    if " " in name:
        senders.append("name " + name)
    return Card(
        at=at,
        when=lead.date.timestamp(),
        version=(posting.version, posting.minor),
        senders=tuple(senders),
        change_id=next((one.change_id for one in head if one.change_id), None),
        cover=normal_title(lead.subject.title) if 0 in posting.places else "",
        patches=frozenset(title for one in patches if (title := normal_title(one.subject.title))),
        rfc="rfc" in tags,
        again=not tags.isdisjoint(("resend", "repost")),
        tags=posting.tags,
        whole=posting.finished(),
        above=above,
    )


class Joiner:
    """Joins postings, given as cards in date order, to series."""

    def __init__(self) -> None:
        self._cards: list[Card] = []
        self._by_change: dict[str, int] = {}
        self._by_title: dict[tuple[str, str], list[int]] = {}
        self._by_sender: dict[str, list[int]] = {}

    def join(self, cards: Iterable[Card]) -> Groups:
        """Return the sets of cards that are one series."""
        self._cards = list(cards)
        groups = Groups(len(self._cards))
        for card in sorted(self._cards, key=lambda card: (card.when, card.at)):
            earlier = self._predecessor(card)
            if earlier is not None:
                groups.join(earlier.at, card.at)
            self._remember(card)
        return groups

    def _remember(self, card: Card) -> None:
        if card.change_id:
            self._by_change[card.change_id] = card.at
        for sender in card.senders:
            for title in {card.cover, *card.patches} - {""}:
                self._by_title.setdefault((sender, title), []).append(card.at)
            self._by_sender.setdefault(sender, []).append(card.at)

    def _predecessor(self, card: Card) -> Card | None:
        if card.change_id and (at := self._by_change.get(card.change_id)) is not None:
            earlier = self._cards[at]
            if card.version != earlier.version or _same_titles(card, earlier):
                return earlier
        best = max(
            (
                (_closeness(card, earlier), earlier.when, earlier.at)
                for earlier in self._candidates(card)
                if _may_follow(card, earlier) and _same_series(card, earlier)
            ),
            default=None,
        )
        if best is not None:
            return self._cards[best[2]]
        return self._in_thread(card) or self._by_likeness(card)

    def _candidates(self, card: Card) -> Iterator[Card]:
        """Yield earlier postings of the same sender that share a title, the latest of each title."""
        seen: set[int] = set()
        for sender in card.senders:
            for title in {card.cover, *card.patches} - {""}:
                for at in self._by_title.get((sender, title), ())[-_LATEST:]:
                    if at not in seen:
                        seen.add(at)
                        yield self._cards[at]

    def _in_thread(self, card: Card) -> Card | None:
        """Return the posting that it answers, where it is a later version of that."""
        if card.above < 0:
            return None
        earlier = self._cards[card.above]
        if not set(card.senders) & set(earlier.senders) or not _may_follow(card, earlier):
            return None
        if card.version <= earlier.version:
            return None
        likeness = max(
            fuzz.token_set_ratio(card.cover or one, earlier.cover or other)
            for one in (sorted(card.patches)[:1] or [""])
            for other in (sorted(earlier.patches)[:1] or [""])
        )
        return earlier if likeness >= _SOMEWHAT_ALIKE else None

    def _by_likeness(self, card: Card) -> Card | None:
        """Return the posting whose title is nearly the same, where there is exactly one such series."""
        if card.version <= (1, 0):
            return None
        mine = _only_title(card)
        if not mine:
            return None
        found: list[Card] = []
        for at in self._by_sender.get(card.senders[0], ())[-_RECENT:]:
            earlier = self._cards[at]
            theirs = _only_title(earlier)
            if (
                theirs
                and bool(card.cover) == bool(earlier.cover)
                and card.version > earlier.version
                and _may_follow(card, earlier)
                and _DIGITS.findall(mine) == _DIGITS.findall(theirs)
                and fuzz.ratio(mine, theirs, score_cutoff=_ALIKE) >= _ALIKE
            ):
                found.append(earlier)
        titles = {_only_title(earlier) for earlier in found}
        return found[-1] if len(titles) == 1 else None


def _only_title(card: Card) -> str:
    return card.cover or (next(iter(card.patches)) if len(card.patches) == 1 else "")


def _same_titles(card: Card, earlier: Card) -> bool:
    return card.cover == earlier.cover and not card.patches.isdisjoint(earlier.patches)


def _may_follow(card: Card, earlier: Card) -> bool:
    """Whether version and time allow one to be a later version, or a second posting, of the other."""
    apart = card.when - earlier.when
    if card.branch != earlier.branch:
        return False
    if card.change_id and earlier.change_id and card.change_id != earlier.change_id:
        return False
    if card.version > earlier.version:
        return apart <= NEXT_WITHIN
    if card.version == earlier.version and card.again:
        return apart <= NEXT_WITHIN
    if card.version < earlier.version:
        return earlier.rfc and not card.rfc and apart <= AGAIN_WITHIN
    if earlier.rfc and not card.rfc:
        return apart <= NEXT_WITHIN
    return card.tags == earlier.tags and apart <= AGAIN_WITHIN


def _same_series(card: Card, earlier: Card) -> bool:
    """Whether the titles say that both are the same series."""
    shared = len(card.patches & earlier.patches)
    smaller = min(len(card.patches), len(earlier.patches))
    if card.version == earlier.version and not card.again:
        if card.cover != earlier.cover:
            return False
        return 2 * shared >= max(len(card.patches), len(earlier.patches))
    if card.cover and card.cover == earlier.cover:
        return shared > 0 or smaller == 0
    return smaller > 0 and 2 * shared >= smaller


def _closeness(card: Card, earlier: Card) -> tuple[bool, int, tuple[int, int]]:
    same_cover = bool(card.cover) and card.cover == earlier.cover
    return (same_cover, len(card.patches & earlier.patches), earlier.version)
