"""Postings: the cover letter and patches of one version of one series, sent together, and the rules that merge parts of
one.

Postings of one conversation, or unreferenced ones of one hour, merge where sender, version, total and tags are the same
and no slot is taken twice. A slot taken twice holds duplicates, unless so many are that it is a second round: then a
posting of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.model import Message
from core.series.numbering import (
    PatchNumber,
)

HOUR: Final = 3600.0
SAME_POSTING_WINDOW: Final = HOUR
"""How long after another a mail of the same posting may be sent, where no reference says that they belong together."""

_LATER: Final = 24 * HOUR
"""How long after a cover letter a patch may come that lacks its version."""

_OPEN: Final = 8
"""Unfinished postings of one kind that are looked at; bounds the time that a hostile archive takes."""


PostingKey = tuple[str, int, int, int, frozenset[str], bool]


class Posting:
    """A posting; `places` holds, by number, the messages that claim it, the earliest first."""

    __slots__ = (
        "attach_points",
        "counted",
        "is_unreferenced",
        "last",
        "minor",
        "sender",
        "slots",
        "start",
        "tags",
        "total",
        "version",
    )

    def __init__(self, claim: PatchNumber, when: float, *, is_unreferenced: bool) -> None:
        self.sender = claim.sender
        self.version = claim.version
        self.minor = claim.minor
        self.total = claim.total
        self.counted = claim.counted
        self.tags = claim.tags
        self.slots: dict[int, list[int]] = {claim.number: [claim.mail]}
        self.attach_points = [claim.mail]
        """Its mails whose parent lies outside it."""
        self.is_unreferenced = is_unreferenced
        """Its mails answer nothing outside of it."""
        self.start = self.last = when

    @property
    def key(self) -> PostingKey:
        """The common key of messages of one posting."""
        return (self.sender, self.version, self.minor, self.total, self.tags, self.counted)

    @property
    def first(self) -> int:
        """The earliest of its mails."""
        return min(mails[0] for mails in self.slots.values())

    def lead(self) -> int:
        """Return its cover letter, or the first of its patches here."""
        return self.slots[min(self.slots)][0]

    def add(self, claim: PatchNumber, when: float) -> None:
        """Put a mail in its place."""
        self._take(claim.number, [claim.mail])
        self.start = min(self.start, when)
        self.last = max(self.last, when)

    def merge(self, other: Posting) -> None:
        """Take over all that another posting holds."""
        for number, mails in other.slots.items():
            self._take(number, mails)
        self.attach_points += other.attach_points
        self.is_unreferenced = self.is_unreferenced and other.is_unreferenced
        self.start = min(self.start, other.start)
        self.last = max(self.last, other.last)

    def _take(self, number: int, mails: list[int]) -> None:
        """Add mails to a place, the earliest first; the rest is sorted once, by `sort_slots`."""
        mine = self.slots.setdefault(number, [])
        mine += mails
        if mine[-len(mails)] < mine[0]:
            mine[0], mine[-len(mails)] = mine[-len(mails)], mine[0]

    def sort_slots(self) -> None:
        """Bring the mails of each place in date order."""
        for mails in self.slots.values():
            mails.sort()

    def has_no_slot_of(self, other: Posting) -> bool:
        """Whether no place is claimed by both."""
        return self.slots.keys().isdisjoint(other.slots.keys())

    def is_complete(self) -> bool:
        """Whether all patches are there."""
        return len(self.slots) - (0 in self.slots) >= self.total


@dataclass(frozen=True, slots=True)
class PostingFragment:
    """The part of a posting that one conversation holds, while nothing outside of it is known."""

    key: PostingKey
    start: float
    last: float
    is_unreferenced: bool
    first: int
    """Its earliest mail."""


def merge_alike(
    postings: list[Posting], messages: list[Message], *, anywhere: bool
) -> list[Posting]:
    """Put together postings of one kind that fill each other's gaps, and fold in stray doubles.

    Of one conversation at any distance; `anywhere`, only mails that no reference connects, and within one
    `SAME_POSTING_WINDOW`.
    """
    keys: dict[PostingKey, list[Posting]] = {}
    for posting in postings:
        keys.setdefault(posting.key, []).append(posting)
    merged: list[Posting] = []
    for alike in keys.values():
        if len(alike) > 1 and alike[0].counted:
            alike.sort(key=lambda posting: (posting.start, posting.first))
            alike = _merge_partial(alike, anywhere=anywhere)
            if anywhere:
                alike = _merge_late_covers(alike)
            alike = _merge_duplicates(alike, messages, anywhere=anywhere)
        merged += alike
    return merged


def _merge_partial(alike: list[Posting], *, anywhere: bool) -> list[Posting]:
    kept: list[Posting] = []
    unfinished: list[Posting] = []
    for posting in alike:
        fitting = [
            other
            for other in unfinished
            if other.has_no_slot_of(posting) and (not anywhere or _is_one_run(other, posting))
        ]
        if fitting:
            # Of two sends, one of them broken off, the number before tells, and the later where both have it.
            before = min(posting.slots) - 1
            following = [other for other in fitting if before in other.slots]
            (following[-1] if following else fitting[0]).merge(posting)
        else:
            kept.append(posting)
            unfinished.append(posting)
        # Without references, a cover letter after all patches is rather the next series' first mail.
        unfinished = [one for one in unfinished[-_OPEN:] if not (anywhere and one.is_complete())]
    return kept


def _merge_late_covers(alike: list[Posting]) -> list[Posting]:
    """Put a cover letter that no patch follows to the patches that were sent before it."""
    kept: list[Posting] = []
    for posting in alike:
        before = kept[-1] if kept else None
        if (
            before is not None
            and posting.slots.keys() == {0}
            and 0 not in before.slots
            and before.is_complete()
            and _is_one_run(before, posting)
        ):
            before.merge(posting)
        else:
            kept.append(posting)
    return kept


def _merge_duplicates(
    alike: list[Posting], messages: list[Message], *, anywhere: bool
) -> list[Posting]:
    """Make a mail sent again, or a few of many, doubles in the posting beside."""
    kept: list[Posting] = []
    for posting in alike:
        before = kept[-1] if kept else None
        if before is None:
            kept.append(posting)
        elif _is_partial_resend(posting, before, messages, anywhere=anywhere):
            before.merge(posting)
        elif _is_partial_resend(before, posting, messages, anywhere=True):
            posting.merge(before)
            kept[-1] = posting
        else:
            kept.append(posting)
    return kept


def _is_partial_resend(
    few: Posting, many: Posting, messages: list[Message], *, anywhere: bool
) -> bool:
    """Whether a posting is no round of its own, but some of another's mails sent once more."""
    only_cover = few.slots.keys() == {0}
    half = max(2, (few.total + 1) // 2)
    is_round = 0 in few.slots or few.total <= 1 or len(few.slots) >= half
    if is_round and not only_cover:
        return False
    if not (anywhere or only_cover):
        return True
    return _is_one_run(few, many) and all(
        number in many.slots
        and messages[mails[0]].subject.title == messages[many.slots[number][0]].subject.title
        for number, mails in few.slots.items()
    )


def overlapping_fragments(spans: Iterable[tuple[float, float, bool]]) -> Iterator[list[int]]:
    """Yield which of the runs of one kind, by their places among `spans`, may be one posting.

    Each is its start, its last mail's date and whether it is loose. Those that no other can reach are left out.
    """
    ordered = sorted(
        (start, last, is_unreferenced, at)
        for at, (start, last, is_unreferenced) in enumerate(spans)
    )
    chain: list[int] = []
    any_loose = False
    end = float("-inf")
    for start, last, is_unreferenced, at in ordered:
        if start - end > SAME_POSTING_WINDOW:
            if any_loose and len(chain) > 1:
                yield chain
            chain, any_loose = [], False
        chain.append(at)
        any_loose = any_loose or is_unreferenced
        end = max(end, last)
    if any_loose and len(chain) > 1:
        yield chain


def _is_one_run(one: Posting, other: Posting) -> bool:
    """Whether one of them is outside of any thread, and both were sent within a `SAME_POSTING_WINDOW`."""
    apart = max(one.start, other.start) - min(one.last, other.last)
    return (one.is_unreferenced or other.is_unreferenced) and apart <= SAME_POSTING_WINDOW
