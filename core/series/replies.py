"""Which patch or cover letter each reply of a conversation belongs to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from core.model import FollowupTrailer, Identity, Message, MessageId, Patch, Reply, Version
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
        """Of each mail that is a patch or cover letter: where it stands."""
        self.owner_of: list[PatchSlot | None] = [None] * len(forest.messages)
        """The patch that each message is or belongs to; None outside of series."""
        self.replies: dict[PatchSlot, list[Reply]] = {}
        """In the order of reading."""
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


_NAME_MARKS: Final = str.maketrans(dict.fromkeys(",\"'’", " "))
_ADDRESS: Final = re.compile(r"<([^<>\s]{1,320})>|([^<>\s()]{1,64}@[^<>\s()]{1,255})")
# What some mailers put into an address when they make text of HTML: <a@b.c<mailto:a@b.c>>
_MAILTO: Final = re.compile(r"<mailto:[^<>\s]{1,320}>(?=>)")


def followup_trailers(
    versions: Iterable[Version], directly_attached: Collection[MessageId]
) -> tuple[list[FollowupTrailer], list[FollowupTrailer]]:
    """Return the trailers that count, and those whose name is not their sender's.

    Each is there once for a patch, by the first reply that gives it; trailers that the patch carries itself do not
    count again. `directly_attached` are the replies between which and the patch they stand under no mail is missing.
    """
    counting: list[FollowupTrailer] = []
    foreign: list[FollowupTrailer] = []
    seen: set[tuple[object, ...]] = set()
    for version in versions:
        for entry in version.entries():
            carried = {(t.name.casefold(), t.value.casefold()) for t in entry.message.trailers}
            for reply in entry.replies:
                message = reply.message
                number = (
                    entry.number
                    if message.message_id in directly_attached
                    else _patch_number_from_subject(message, entry, version)
                )
                if number is None:
                    continue
                for given in _of_reply(message, number, version):
                    mine = names_sender(given.value, message.sender)
                    key = (given.name.casefold(), given.value.casefold(), number, given.posting)
                    if key in seen or (not mine and key[:2] in carried):
                        continue
                    seen.add(key)
                    (counting if mine else foreign).append(given)
    return counting, foreign


def _of_reply(message: Message, number: int, version: Version) -> Iterator[FollowupTrailer]:
    posting = next(version.entries()).message.message_id
    for trailer in message.trailers:
        yield FollowupTrailer(
            name=trailer.name,
            value=_MAILTO.sub("", trailer.value),
            number=number,
            version=version.version,
            posting=posting,
            message_id=message.message_id,
        )


def _patch_number_from_subject(message: Message, entry: Patch, version: Version) -> int | None:
    """Return the number that a reply means by its subject alone."""
    subject = message.subject
    if subject.number is not None:
        same = (subject.version, subject.total) == (entry.message.subject.version, version.total)
        return subject.number if same else None
    if entry.number > 0 or subject.title == entry.message.subject.title:
        return entry.number
    return None


def names_sender(value: str, sender: Identity) -> bool:
    """Whether a trailer's value names its sender, or nobody (`Fixes: abc123`).

    Like b4: the address is the same but for a `+extension` or one label of its domain, or the name is the same.
    """
    match = _ADDRESS.search(value)
    address = (match[1] or match[2]) if match else ""
    if match is None or "@" not in address:
        return True
    if _same_address(address.casefold(), sender.address.casefold()):
        return True
    words = _name_words(sender.name.casefold().partition(" via ")[0])
    return bool(words) and words == _name_words(value[: match.start()].casefold())


def _name_words(name: str) -> set[str]:
    return set(name.translate(_NAME_MARKS).split())


def _same_address(one: str, other: str) -> bool:
    name, _, domain = one.rpartition("@")
    other_name, _, other_domain = other.rpartition("@")
    if name.partition("+")[0] != other_name.partition("+")[0]:
        return False
    if domain == other_domain:
        return True
    if abs(domain.count(".") - other_domain.count(".")) != 1:
        return False
    return domain.endswith("." + other_domain) or other_domain.endswith("." + domain)
