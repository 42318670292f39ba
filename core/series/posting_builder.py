"""Builds postings from the thread forest: each mail that its subject numbers (`3/7` of v2) goes into a slot of one.

Mails make one posting where one answers another and both fit together; `core.series.postings` merges the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from core.mail.message import is_made_up
from core.mail.subject import title_version
from core.series.numbering import (
    PatchNumber,
    is_signed_off,
    make_patch_number,
    read_patch_number,
    sender_identity_key,
)
from core.series.postings import SAME_POSTING_WINDOW, Posting, PostingFragment, merge_alike
from core.series.threading import ThreadForest

_LATER: Final = 24 * SAME_POSTING_WINDOW
"""How long after a cover letter a patch may come that lacks its version."""


class PostingBuilder:
    """Sorts the mails of a forest into postings."""

    def __init__(self, forest: ThreadForest) -> None:
        self.fragments: list[PostingFragment] = []
        """Once sorted: messages that may form one posting with those of other conversations."""
        self._forest = forest
        self._claims: dict[int, PatchNumber] = {}
        self._posting_of: dict[int, Posting] = {}

    def postings(self) -> list[Posting]:
        """Return all postings, by their first mail."""
        found: list[Posting] = []
        for roots in self._forest.conversations:
            linked = [posting for root in roots for posting in self._linked(root)]
            found += merge_alike(linked, self._forest.messages, anywhere=False)
        self.fragments = [
            PostingFragment(each.key, each.start, each.last, each.is_unreferenced, each.first)
            for each in found
            if each.counted
        ]
        found = merge_alike(found, self._forest.messages, anywhere=True)
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
        """Return the postings of one tree, joined by their replies."""
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
        """Where a cover letter claims another version or total than all patches below it, take theirs."""
        labels: Counter[tuple[int, int]] = Counter()
        totals: Counter[tuple[int, int, int]] = Counter()
        for mail in self._forest.children[cover]:
            claim = read_patch_number(self._forest, mail)
            if claim is None or claim.number == 0 or not claim.counted:
                continue
            in_time = self._when(mail) - posting.start <= SAME_POSTING_WINDOW
            if in_time and claim.sender == posting.sender:
                labels[claim.version, claim.minor] += 1
                totals[claim.version, claim.minor, claim.total] += 1
        if len(labels) == 1 and (1, 0) not in labels and (*min(labels), posting.total) in totals:
            ((posting.version, posting.minor),) = labels
        counts = {
            total: count
            for (*label, total), count in totals.items()
            if label == [posting.version, posting.minor]
        }
        if counts and posting.total not in counts:
            posting.total = max(counts, key=lambda total: (counts[total], -total))

    def _fits(self, claim: PatchNumber, above: PatchNumber, posting: Posting, when: float) -> bool:
        """Whether a mail belongs to the posting of the one it answers."""
        if claim.total != posting.total:
            return False
        if claim.number in posting.slots and not self._is_resent(claim, posting):
            return False
        if is_made_up(self._forest.messages[claim.mail].message_id):
            return True  # from one file of git format-patch: its dates and senders are the authors'
        if not claim.counted and above.number != 0:
            return False
        apart = abs(when - self._when(above.mail))
        if self._is_labelled_alone(claim, posting, apart, is_below_cover=above.number == 0):
            return True
        if claim.release_tags and above.release_tags and claim.release_tags != above.release_tags:
            return False
        if claim.sender != above.sender and (apart > SAME_POSTING_WINDOW or claim.number == 0):
            return False
        if (claim.version, claim.minor) == (posting.version, posting.minor):
            return True
        if claim.number in posting.slots:
            return True
        # Only the cover letter says which version it is.
        return above.number == 0 and apart <= _LATER and (claim.version, claim.minor) == (1, 0)

    def _is_labelled_alone(
        self, claim: PatchNumber, posting: Posting, apart: float, *, is_below_cover: bool
    ) -> bool:
        """Whether a patch fills a gap of the posting it was sent with, and only its own label names another version or
        tree.
        """
        sent_at_once = apart <= SAME_POSTING_WINDOW and claim.sender == posting.sender
        if not (sent_at_once and claim.counted) or claim.number in posting.slots:
            return False
        return claim.number > 0 and (is_below_cover or claim.number - 1 in posting.slots)

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
                    version = subject.version, subject.minor
                    if version == (1, 0):
                        version = title_version(subject.title, is_cover=True)[1] or version
                    fitting[0].version, fitting[0].minor = version
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
