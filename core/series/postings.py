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
    Claim,
    is_signed_off,
    make_claim,
    read_claim,
    sender_key,
)
from core.series.threading import Forest

HOUR: Final = 3600.0
RUN: Final = HOUR
"""How long after another a mail of the same posting may be sent, where no reference says that they belong together."""

_LATER: Final = 24 * HOUR
"""How long after a cover letter a patch may come that lacks its version."""

_OPEN: Final = 8
"""Unfinished postings of one kind that are looked at; bounds the time that a hostile archive takes."""


Kind = tuple[str, int, int, int, frozenset[str], bool]


class Posting:
    """What was sent together; `places` holds, by number, the mails that claim it, the earliest first."""

    __slots__ = (
        "counted",
        "last",
        "loose",
        "minor",
        "places",
        "sender",
        "start",
        "tags",
        "tops",
        "total",
        "version",
    )

    def __init__(self, claim: Claim, when: float, *, loose: bool) -> None:
        self.sender = claim.sender
        self.version = claim.version
        self.minor = claim.minor
        self.total = claim.total
        self.counted = claim.counted
        self.tags = claim.tags
        self.places: dict[int, list[int]] = {claim.number: [claim.mail]}
        self.tops = [claim.mail]
        """The mails through which it hangs in the thread."""
        self.loose = loose
        """Its mails answer nothing outside of it."""
        self.start = self.last = when

    @property
    def kind(self) -> Kind:
        """What mails of one posting have in common."""
        return (self.sender, self.version, self.minor, self.total, self.tags, self.counted)

    @property
    def first(self) -> int:
        """The earliest of its mails."""
        return min(mails[0] for mails in self.places.values())

    def lead(self) -> int:
        """Return its cover letter, or the first of its patches that is there."""
        return self.places[min(self.places)][0]

    def add(self, claim: Claim, when: float) -> None:
        """Put a mail in its place."""
        self._take(claim.number, [claim.mail])
        self.start = min(self.start, when)
        self.last = max(self.last, when)

    def absorb(self, other: Posting) -> None:
        """Take over all that another posting holds."""
        for number, mails in other.places.items():
            self._take(number, mails)
        self.tops += other.tops
        self.loose = self.loose and other.loose
        self.start = min(self.start, other.start)
        self.last = max(self.last, other.last)

    def _take(self, number: int, mails: list[int]) -> None:
        """Add mails to a place, the earliest first; the rest is sorted once, by `settle`."""
        mine = self.places.setdefault(number, [])
        mine += mails
        if mine[-len(mails)] < mine[0]:
            mine[0], mine[-len(mails)] = mine[-len(mails)], mine[0]

    def settle(self) -> None:
        """Bring the mails of each place in date order."""
        for mails in self.places.values():
            mails.sort()

    def fits_beside(self, other: Posting) -> bool:
        """Whether no place is claimed by both."""
        return self.places.keys().isdisjoint(other.places.keys())

    def finished(self) -> bool:
        """Whether all patches are there."""
        return len(self.places) - (0 in self.places) >= self.total


@dataclass(frozen=True, slots=True)
class Run:
    """The part of a posting that one conversation holds, while nothing outside of it is known."""

    kind: Kind
    start: float
    last: float
    loose: bool
    first: int
    """Its earliest mail."""


class Sorter:
    """Sorts the mails of a forest into postings."""

    def __init__(self, forest: Forest) -> None:
        self.runs: list[Run] = []
        """Once sorted: what may be one posting with mails of other conversations."""
        self._forest = forest
        self._claims: dict[int, Claim] = {}
        self._posting_of: dict[int, Posting] = {}

    def postings(self) -> list[Posting]:
        """Return all postings, by their first mail."""
        found: list[Posting] = []
        for roots in self._forest.conversations:
            linked = [posting for root in roots for posting in self._linked(root)]
            found += _merge_alike(linked, self._forest.messages, anywhere=False)
        self.runs = [
            Run(each.kind, each.start, each.last, each.loose, each.first)
            for each in found
            if each.counted
        ]
        found = _merge_alike(found, self._forest.messages, anywhere=True)
        for posting in found:
            posting.settle()
            for mails in posting.places.values():
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
            claim = read_claim(self._forest, mail)
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
            loose = not message.references and message.in_reply_to is None
            posting = posting_of[mail] = Posting(claim, when, loose=loose)
            if claim.number == 0:
                self._believe_patches(posting, mail)
            found.append(posting)
        return found

    def _believe_patches(self, posting: Posting, cover: int) -> None:
        """Where a cover letter says another total than all patches below it, they are right."""
        totals: Counter[int] = Counter()
        for mail in self._forest.children[cover]:
            claim = read_claim(self._forest, mail)
            if claim is not None and claim.number > 0 and claim.counted:
                same = (claim.sender, claim.version, claim.minor) == (
                    posting.sender,
                    posting.version,
                    posting.minor,
                )
                if same and self._when(mail) - posting.start <= RUN:
                    totals[claim.total] += 1
        if totals and posting.total not in totals:
            posting.total = max(totals, key=lambda total: (totals[total], -total))

    def _fits(self, claim: Claim, above: Claim, posting: Posting, when: float) -> bool:
        """Whether a mail belongs to the posting of the one it answers."""
        if claim.total != posting.total:
            return False
        if claim.number in posting.places and not self._is_resent(claim, posting):
            return False
        if not claim.counted and above.number != 0:
            return False
        if claim.releases and above.releases and claim.releases != above.releases:
            return False
        apart = abs(when - self._when(above.mail))
        if claim.sender != above.sender and (apart > RUN or claim.number == 0):
            return False
        if (claim.version, claim.minor) == (posting.version, posting.minor):
            return True
        if claim.number in posting.places:
            return True
        if above.number != 0 or apart > _LATER:
            return False
        if (claim.version, claim.minor) == (1, 0):
            return True  # only the cover letter says which version it is
        if apart <= RUN and len(posting.places) == 1 and (posting.version, posting.minor) == (1, 0):
            posting.version, posting.minor = (
                claim.version,
                claim.minor,
            )  # all but the cover letter say it
            return True
        return False

    def _is_resent(self, claim: Claim, posting: Posting) -> bool:
        """Whether a mail repeats one of a later version's, and only lacks its number."""
        if posting.version == 1 or (claim.version, claim.minor) != (1, 0) or not claim.counted:
            return False
        mine, theirs = (
            self._forest.messages[mail].subject.title
            for mail in (claim.mail, posting.places[claim.number][0])
        )
        return mine == theirs

    def _find_bare_covers(self, postings: Iterable[Posting]) -> None:
        """Let a mail without counter and diff be the cover letter of the one posting that its sender hung below it."""
        below: dict[int, list[Posting]] = {}
        for posting in postings:
            if 0 in posting.places or posting.total == 0:
                continue
            parents = {self._forest.parents[top] for top in posting.tops}
            if len(parents) == 1 and (parent := parents.pop()) >= 0:
                below.setdefault(parent, []).append(posting)
        for mail, candidates in below.items():
            fitting = [posting for posting in candidates if self._is_cover(mail, posting)]
            if len(fitting) == 1:
                fitting[0].places[0] = [mail]
                fitting[0].tops = [mail]
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
                claim = make_claim(message, mail, number=1, total=1, counted=False)
                yield Posting(claim, self._when(mail), loose=True)

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
        if sender_key(message.sender) != self._claims[posting.first].sender:
            return False
        if subject.is_patch and (subject.version, subject.minor) != (
            posting.version,
            posting.minor,
        ):
            return False
        is_root = self._forest.parents[mail] < 0
        return (is_root or subject.is_patch) and abs(
            self._when(posting.first) - self._when(mail)
        ) <= RUN


def _merge_alike(
    postings: list[Posting], messages: list[Message], *, anywhere: bool
) -> list[Posting]:
    """Put together postings of one kind that fill each other's gaps, and fold in stray doubles.

    Of one conversation at any distance; `anywhere`, only what no reference holds, and within one `RUN`.
    """
    kinds: dict[Kind, list[Posting]] = {}
    for posting in postings:
        kinds.setdefault(posting.kind, []).append(posting)
    merged: list[Posting] = []
    for alike in kinds.values():
        if len(alike) > 1 and alike[0].counted:
            alike.sort(key=lambda posting: (posting.start, posting.first))
            alike = _fill_gaps(alike, anywhere=anywhere)
            alike = _fold_doubles(alike, messages, anywhere=anywhere)
        merged += alike
    return merged


def _fill_gaps(alike: list[Posting], *, anywhere: bool) -> list[Posting]:
    kept: list[Posting] = []
    unfinished: list[Posting] = []
    for posting in alike:
        for other in unfinished:
            if other.fits_beside(posting) and (not anywhere or _is_one_run(other, posting)):
                other.absorb(posting)
                break
        else:
            kept.append(posting)
            unfinished.append(posting)
        # Without references, a cover letter after all patches is rather the next series' first mail.
        unfinished = [one for one in unfinished[-_OPEN:] if not (anywhere and one.finished())]
    return kept


def _fold_doubles(
    alike: list[Posting], messages: list[Message], *, anywhere: bool
) -> list[Posting]:
    """Make a mail sent again, or a few of many, doubles in the posting beside."""
    kept: list[Posting] = []
    for posting in alike:
        before = kept[-1] if kept else None
        if before is None:
            kept.append(posting)
        elif _is_stray(posting, before, messages, anywhere=anywhere):
            before.absorb(posting)
        elif _is_stray(before, posting, messages, anywhere=True):
            posting.absorb(before)
            kept[-1] = posting
        else:
            kept.append(posting)
    return kept


def _is_stray(few: Posting, many: Posting, messages: list[Message], *, anywhere: bool) -> bool:
    """Whether a posting is no round of its own, but some of another's mails sent once more."""
    only_cover = few.places.keys() == {0}
    half = max(2, (few.total + 1) // 2)
    is_round = 0 in few.places or few.total <= 1 or len(few.places) >= half
    if is_round and not only_cover:
        return False
    if not (anywhere or only_cover):
        return True
    return _is_one_run(few, many) and all(
        number in many.places
        and messages[mails[0]].subject.title == messages[many.places[number][0]].subject.title
        for number, mails in few.places.items()
    )


def meeting(spans: Iterable[tuple[float, float, bool]]) -> Iterator[list[int]]:
    """Yield which of the runs of one kind, by their places among `spans`, may be one posting.

    Each is its start, its last mail's date and whether it is loose. Those that no other can reach are left out.
    """
    ordered = sorted((start, last, loose, at) for at, (start, last, loose) in enumerate(spans))
    chain: list[int] = []
    any_loose = False
    end = float("-inf")
    for start, last, loose, at in ordered:
        if start - end > RUN:
            if any_loose and len(chain) > 1:
                yield chain
            chain, any_loose = [], False
        chain.append(at)
        any_loose = any_loose or loose
        end = max(end, last)
    if any_loose and len(chain) > 1:
        yield chain


def _is_one_run(one: Posting, other: Posting) -> bool:
    """Whether one of them hangs in no thread, and both were sent within a `RUN`."""
    apart = max(one.start, other.start) - min(one.last, other.last)
    return (one.loose or other.loose) and apart <= RUN
