"""Mails → postings: what was sent together, the cover letter and patches of one version of one series.

A mail claims a place by its subject (`3/7` of v2). Claims make one posting where one answers another and
both fit together; then, in one conversation or loose mails of one hour, where sender, version, total and
tags are the same and no place is taken twice. A place taken twice is a *double*, unless so many are that
it is a second round: then a posting of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.model import Message
from core.series.numbering import (
    PatchNumber,
    is_signed_off,
    make_patch_number,
    read_patch_number,
    sender_identity_key,
)
from core.series.threading import ThreadForest

HOUR: Final = 3600.0
SAME_POSTING_WINDOW: Final = HOUR
"""How long after another a mail of the same posting may be sent, where no reference says that they belong together."""

_LATER: Final = 24 * HOUR
"""How long after a cover letter a patch may come that lacks its version."""

_OPEN: Final = 8
"""Unfinished postings of one kind that are looked at; bounds the time that a hostile archive takes."""


PostingKey = tuple[str, int, int, int, frozenset[str], bool]


class Posting:
    """What was sent together; `places` holds, by number, the mails that claim it, the earliest first."""

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
        """The mails through which it hangs in the thread."""
        self.is_unreferenced = is_unreferenced
        """Its mails answer nothing outside of it."""
        self.start = self.last = when

    @property
    def key(self) -> PostingKey:
        """What mails of one posting have in common."""
        return (self.sender, self.version, self.minor, self.total, self.tags, self.counted)

    @property
    def first(self) -> int:
        """The earliest of its mails."""
        return min(mails[0] for mails in self.slots.values())

    def lead(self) -> int:
        """Return its cover letter, or the first of its patches that is there."""
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


class PostingBuilder:
    """Sorts the mails of a forest into postings."""

    def __init__(self, forest: ThreadForest) -> None:
        self.fragments: list[PostingFragment] = []
        """Once sorted: what may be one posting with mails of other conversations."""
        self._forest = forest
        self._claims: dict[int, PatchNumber] = {}
        self._posting_of: dict[int, Posting] = {}

    def postings(self) -> list[Posting]:
        """Return all postings, by their first mail."""
        found: list[Posting] = []
        for roots in self._forest.conversations:
            linked = [posting for root in roots for posting in self._linked(root)]
            found += _merge_alike(linked, self._forest.messages, anywhere=False)
        self.fragments = [
            PostingFragment(each.key, each.start, each.last, each.is_unreferenced, each.first)
            for each in found
            if each.counted
        ]
        found = _merge_alike(found, self._forest.messages, anywhere=True)
        for posting in found:
            posting.sort_slots()
            for mails in posting.slots.values():
                for mail in mails:
                    self._posting_of[mail] = posting
        found.sort(key=lambda posting: posting.first)
        self._find_bare_covers(found)
        found += self._empty_patches()
        return sorted(found, key=lambda posting: posting.first)

    def _when(self, mail: int) -> float:
        return self._forest.messages[mail].date.timestamp()

    def _linked(self, root: int) -> list[Posting]:
        """Return the postings of one tree, put together by who answers whom."""
        found: list[Posting] = []
        posting_of = self._posting_of
        for mail in self._forest.walk(root):
            claim = read_patch_number(self._forest, mail)
            if claim is None:
                continue
            self._claims[mail] = claim
            parent = self._forest.parents[mail]
            above = self._claims.get(parent)
            when = self._when(mail)
            if above is not None and self._fits(claim, above, posting_of[parent], when):
                posting_of[parent].add(claim, when)
                posting_of[mail] = posting_of[parent]
                continue
            message = self._forest.messages[mail]
            is_unreferenced = not message.references and message.in_reply_to is None
            posting = posting_of[mail] = Posting(claim, when, is_unreferenced=is_unreferenced)
            if claim.number == 0:
                self._believe_patches(posting, mail)
            found.append(posting)
        return found

    def _believe_patches(self, posting: Posting, cover: int) -> None:
        """Where a cover letter says another total than all patches below it, they are right."""
        totals: Counter[int] = Counter()
        for mail in self._forest.children[cover]:
            claim = read_patch_number(self._forest, mail)
            if claim is not None and claim.number > 0 and claim.counted:
                same = (claim.sender, claim.version, claim.minor) == (
                    posting.sender,
                    posting.version,
                    posting.minor,
                )
                if same and self._when(mail) - posting.start <= SAME_POSTING_WINDOW:
                    totals[claim.total] += 1
        if totals and posting.total not in totals:
            posting.total = max(totals, key=lambda total: (totals[total], -total))

    def _fits(self, claim: PatchNumber, above: PatchNumber, posting: Posting, when: float) -> bool:
        """Whether a mail belongs to the posting of the one it answers."""
        if claim.total != posting.total:
            return False
        if claim.number in posting.slots and not self._is_resent(claim, posting):
            return False
        if not claim.counted and above.number != 0:
            return False
        if claim.release_tags and above.release_tags and claim.release_tags != above.release_tags:
            return False
        apart = abs(when - self._when(above.mail))
        if claim.sender != above.sender and (apart > SAME_POSTING_WINDOW or claim.number == 0):
            return False
        if (claim.version, claim.minor) == (posting.version, posting.minor):
            return True
        if claim.number in posting.slots:
            return True
        if above.number != 0 or apart > _LATER:
            return False
        if (claim.version, claim.minor) == (1, 0):
            return True  # only the cover letter says which version it is
        if (
            apart <= SAME_POSTING_WINDOW
            and len(posting.slots) == 1
            and (posting.version, posting.minor) == (1, 0)
        ):
            posting.version, posting.minor = (
                claim.version,
                claim.minor,
            )  # all but the cover letter say it
            return True
        return False

    def _is_resent(self, claim: PatchNumber, posting: Posting) -> bool:
        """Whether a mail repeats one of a later version's, and only lacks its number."""
        if posting.version == 1 or (claim.version, claim.minor) != (1, 0) or not claim.counted:
            return False
        mine, theirs = (
            self._forest.messages[mail].subject.title
            for mail in (claim.mail, posting.slots[claim.number][0])
        )
        return mine == theirs

    def _find_bare_covers(self, postings: Iterable[Posting]) -> None:
        """Let a mail without counter and diff be the cover letter of the one posting that its sender hung below it."""
        below: dict[int, list[Posting]] = {}
        for posting in postings:
            if 0 in posting.slots or posting.total == 0:
                continue
            parents = {self._forest.parents[top] for top in posting.attach_points}
            if len(parents) == 1 and (parent := parents.pop()) >= 0:
                below.setdefault(parent, []).append(posting)
        for mail, candidates in below.items():
            fitting = [posting for posting in candidates if self._is_cover(mail, posting)]
            if len(fitting) == 1:
                fitting[0].slots[0] = [mail]
                fitting[0].attach_points = [mail]
                if (fitting[0].version, fitting[0].minor) == (1, 0):
                    subject = self._forest.messages[mail].subject
                    fitting[0].version = subject.version
                    fitting[0].minor = subject.minor
                self._posting_of[mail] = fitting[0]

    def _empty_patches(self) -> Iterator[Posting]:
        """Yield the signed patches that change nothing, as `git format-patch --always` makes of an empty commit."""
        for mail, message in enumerate(self._forest.messages):
            subject = message.subject
            if (
                subject.is_patch
                and subject.number is None
                and not (subject.is_reply or message.has_diff or mail in self._posting_of)
                and not self._answers_its_like(mail)
                and is_signed_off(message)
            ):
                claim = make_patch_number(message, mail, number=1, total=1, counted=False)
                yield Posting(claim, self._when(mail), is_unreferenced=True)

    def _answers_its_like(self, mail: int) -> bool:
        parent = self._forest.parents[mail]
        if parent < 0:
            return False
        mine, theirs = (self._forest.messages[one].subject for one in (mail, parent))
        return (mine.version, mine.minor) == (theirs.version, theirs.minor)

    def _is_cover(self, mail: int, posting: Posting) -> bool:
        message = self._forest.messages[mail]
        subject = message.subject
        if mail in self._posting_of or message.has_diff or subject.is_reply:
            return False
        if sender_identity_key(message.sender) != self._claims[posting.first].sender:
            return False
        if subject.is_patch and (subject.version, subject.minor) != (
            posting.version,
            posting.minor,
        ):
            return False
        is_root = self._forest.parents[mail] < 0
        return (is_root or subject.is_patch) and abs(
            self._when(posting.first) - self._when(mail)
        ) <= SAME_POSTING_WINDOW


def _merge_alike(
    postings: list[Posting], messages: list[Message], *, anywhere: bool
) -> list[Posting]:
    """Put together postings of one kind that fill each other's gaps, and fold in stray doubles.

    Of one conversation at any distance; `anywhere`, only what no reference holds, and within one `SAME_POSTING_WINDOW`.
    """
    keys: dict[PostingKey, list[Posting]] = {}
    for posting in postings:
        keys.setdefault(posting.key, []).append(posting)
    merged: list[Posting] = []
    for alike in keys.values():
        if len(alike) > 1 and alike[0].counted:
            alike.sort(key=lambda posting: (posting.start, posting.first))
            alike = _merge_partial(alike, anywhere=anywhere)
            alike = _merge_duplicates(alike, messages, anywhere=anywhere)
        merged += alike
    return merged


def _merge_partial(alike: list[Posting], *, anywhere: bool) -> list[Posting]:
    kept: list[Posting] = []
    unfinished: list[Posting] = []
    for posting in alike:
        for other in unfinished:
            if other.has_no_slot_of(posting) and (not anywhere or _is_one_run(other, posting)):
                other.merge(posting)
                break
        else:
            kept.append(posting)
            unfinished.append(posting)
        # Without references, a cover letter after all patches is rather the next series' first mail.
        unfinished = [one for one in unfinished[-_OPEN:] if not (anywhere and one.is_complete())]
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
    """Whether one of them hangs in no thread, and both were sent within a `SAME_POSTING_WINDOW`."""
    apart = max(one.start, other.start) - min(one.last, other.last)
    return (one.is_unreferenced or other.is_unreferenced) and apart <= SAME_POSTING_WINDOW
