"""Assigns each reply of a conversation to the patch or cover letter that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from core.model import MessageId, Reply
from core.series.postings import Posting
from core.series.threading import ThreadForest

PatchSlot = tuple[int, int]
"""A posting, by its place among all, and a number in it."""


class ReplyAssignment:
    """The replies to each place; read-only once made.

    A reply belongs to the nearest patch or cover letter above it. An answer to a missing mail goes to the posting of
    its conversation that its subject names, to the cover letter or first patch of that; else to none.
    """

    def __init__(self, forest: ThreadForest, postings: list[Posting]) -> None:
        self._forest = forest
        self._postings = postings
        self.slot_of: dict[int, PatchSlot] = {
            mail: (at, number)
            for at, posting in enumerate(postings)
            for number, mails in posting.slots.items()
            for mail in mails
        }
        """Mail that is a patch or cover letter → its slot."""
        self.owner_of: list[PatchSlot | None] = [None] * len(forest.messages)
        """The patch that each message is or belongs to; None outside of series."""
        self.replies: dict[PatchSlot, list[Reply]] = {}
        """Slot → its replies, in the order of reading."""
        self.directly_attached: set[MessageId] = set()
        """Replies between which and their patch no mail is missing."""
        for roots in forest.conversations:
            self._find_owners(roots)
            self._place_orphans(roots)
            self._collect(roots)

    def parent_posting(self, at: int) -> int:
        """Return the posting in whose thread another was sent, -1 for none."""
        for top in sorted(self._postings[at].attach_points):
            parent = self._forest.parents[top]
            owner = self.owner_of[parent] if parent >= 0 else None
            if owner is not None and owner[0] != at:
                return owner[0]
        return -1

    def _find_owners(self, roots: list[int]) -> None:
        for root in roots:
            for mail in self._forest.walk(root):
                parent = self._forest.parents[mail]
                above = self.owner_of[parent] if parent >= 0 else None
                self.owner_of[mail] = self.slot_of.get(mail, above)

    def _place_orphans(self, roots: list[int]) -> None:
        orphans = [root for root in roots if self.owner_of[root] is None and self._is_answer(root)]
        if not orphans:
            return
        named: dict[tuple[object, ...], int] = {}
        for at in self._postings_below(roots):
            for name in self._names(at):
                named.setdefault(name, at)
        for orphan in orphans:
            subject = self._forest.messages[orphan].subject
            meant = named.get(("title", subject.title.casefold()))
            if meant is None and subject.is_patch:
                meant = named.get((subject.version, subject.minor, subject.total))
            if meant is None:
                continue
            place = (meant, min(self._postings[meant].slots))
            for mail in self._forest.walk(orphan):
                if self.owner_of[mail] is None:
                    self.owner_of[mail] = place

    def _is_answer(self, mail: int) -> bool:
        message = self._forest.messages[mail]
        return message.subject.is_reply and bool(message.references or message.in_reply_to)

    def _postings_below(self, roots: list[int]) -> list[int]:
        found = {
            place[0]
            for root in roots
            for mail in self._forest.walk(root)
            if (place := self.slot_of.get(mail)) is not None
        }
        return sorted(found)

    def _names(self, at: int) -> Iterator[tuple[object, ...]]:
        """Yield the names by which a reply's subject may refer to a posting."""
        posting = self._postings[at]
        for mails in posting.slots.values():
            yield ("title", self._forest.messages[mails[0]].subject.title.casefold())
        if posting.counted:
            yield (posting.version, posting.minor, posting.total)

    def _collect(self, roots: list[int]) -> None:
        depths: dict[int, int] = {}
        for root in roots:
            for mail in self._forest.walk(root):
                owner = self.owner_of[mail]
                if owner is None or mail in self.slot_of:
                    continue
                parent = self._forest.parents[mail]
                message = self._forest.messages[mail]
                depths[mail] = depths.get(parent, -1) + 1
                self.replies.setdefault(owner, []).append(Reply(message, depths[mail]))
                if self._forest.answers_directly(mail) and (
                    parent in self.slot_of
                    or self._forest.messages[parent].message_id in self.directly_attached
                ):
                    self.directly_attached.add(message.message_id)
