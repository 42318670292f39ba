"""Messages before the range: their senders, who are no newcomers, and earlier messages of the new threads.

An archive is too long to be read for that. Its log names each mail's sender and subject, which tells the ones worth
opening: the patches missing from a version that began before the range, the earlier versions' first mails (same sender
and title), the patches of the version before (likewise), and the messages that replies in the range answer (same
title). The rest is left closed, so of an older version only its beginning may be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.digest.archive import EarlierMail
from core.mail.subject import parse_subject
from core.model import Identity, Message, Subject
from core.series.identities import normalise

DAY: Final = 24 * 3600
PARTS_WITHIN: Final = 7 * DAY
"""How long before the range the rest of a version may have arrived."""
VERSIONS_WITHIN: Final = 400 * DAY
"""Longest time before a message in which an earlier version, or the message it answers, is looked for."""
MOST: Final = 3000
"""Most earlier mails that are opened."""
_MANY: Final = 100_000
PER_TITLE: Final = 3
"""Most earlier mails opened of one title, the latest ones."""

_BRACKETS: Final = re.compile(rb"(?:\[[^\[\]]*\][ \t]*)+")

_Posting = tuple[bytes, int, int | None]
"""Sender, version and total."""


def _flat(raw: bytes) -> bytes:
    """Normalise bytes of text as `normalise` does."""
    if raw.isascii() and b"  " not in raw:
        return raw.lower()
    return normalise(raw.decode("utf-8", "replace")).encode()


class NewcomerFinder:
    """Strikes from the senders of a range those that had written before."""

    def __init__(self, senders: Iterable[tuple[Identity, set[str]]]) -> None:
        """Take each person with all addresses that are theirs, as `normalise` writes them."""
        self._by_address: dict[bytes, Identity] = {}
        self._by_name: dict[tuple[bytes, bytes], list[Identity]] = {}
        self.left: dict[Identity, None] = {}
        for person, addresses in senders:
            self.left[person] = None
            name = normalise(person.name).encode()
            for address in map(str.encode, addresses):
                self._by_address[address] = person
                if name:
                    key = (name, address.rpartition(b"@")[2])
                    self._by_name.setdefault(key, []).append(person)
        self._names = {name for name, _ in self._by_name}

    def observe(self, name: bytes, address: bytes) -> None:
        """Note the sender of an earlier mail, in the form of `normalise`."""
        person = self._by_address.get(address)
        if person is not None:
            self.left.pop(person, None)
        elif name in self._names:
            for one in self._by_name.get((name, address.rpartition(b"@")[2]), ()):
                self.left.pop(one, None)


@dataclass(slots=True)
class _Wanted:
    """The parts that may still be missing of a posting."""

    numbers: set[int]
    since: int


class RelatedMailSelector:
    """Chooses the earlier mails that belong to the arrivals; ask it in reverse order, the latest first."""

    def __init__(self, messages: Iterable[Message], first: int) -> None:
        """Take the mails of a range whose first arrived at `first`."""
        self._since = first - VERSIONS_WITHIN
        self._answered: dict[bytes, int] = {}
        self._versions: dict[tuple[bytes, bytes], int] = {}
        self._changed: dict[tuple[bytes, bytes], int] = {}
        """Sender and title of the patches that came in one version, and its number; 0 once the one before is found."""
        self._postings: dict[_Posting, _Wanted] = {}
        self._unfinished: dict[bytes, int] = {}
        """Senders of postings that may still be incomplete, each with the time since when."""
        self._room = MOST
        have: dict[_Posting, set[int]] = {}
        for message in messages:
            subject = message.subject
            title = normalise(subject.title).encode("utf-8", "replace")
            if subject.is_reply:
                self._answered[title] = PER_TITLE
                continue
            if not (subject.is_patch or message.has_diff):
                continue
            sender = normalise(message.sender.address).encode("utf-8", "replace")
            self._versions[sender, title] = PER_TITLE
            known = self._changed.setdefault((sender, title), subject.version)
            if known != subject.version:
                self._changed[sender, title] = 0  # the version before came in the range, too
            if subject.number is not None and subject.total is not None:
                have.setdefault((sender, subject.version, subject.total), set()).add(subject.number)
        for posting, numbers in have.items():
            total = min(posting[2] or 0, 1000)
            missing = set(range(total + 1)) - numbers
            if missing:
                self._postings[posting] = _Wanted(missing, first - PARTS_WITHIN)
                self._unfinished[posting[0]] = first - PARTS_WITHIN

    def wants(self, earlier: EarlierMail, sender: bytes) -> bool:
        """Whether an earlier mail, and its sender's address as `normalise` writes it, is worth opening."""
        if earlier.time < self._since or self._room <= 0:
            return False
        brackets = _BRACKETS.match(earlier.subject)
        title = _flat(earlier.subject[brackets.end() :] if brackets else earlier.subject)
        wanted = False
        if (left := self._answered.get(title, 0)) > 0:
            self._answered[title] = left - 1
            wanted = True
        if brackets is not None and (
            wanted
            or (sender, title) in self._versions
            or earlier.time >= self._unfinished.get(sender, earlier.time + 1)
        ):
            wanted = self._wants_patch(earlier, sender, title) or wanted
        self._room -= wanted
        return wanted

    def _wants_patch(self, earlier: EarlierMail, sender: bytes, title: bytes) -> bool:
        subject = parse_subject(earlier.subject.decode("utf-8", "replace"))
        wanted = False
        if subject.number in (None, 0, 1) and self._versions.get((sender, title), 0) > 0:
            self._versions[sender, title] -= 1
            wanted = True
        if 0 < subject.version < self._changed.get((sender, title), 0):
            self._changed[sender, title] = 0
            wanted = True
        wanted = self._fills(sender, subject, earlier.time) or wanted
        if subject.number and subject.total and (wanted or self._answered.get(title) is not None):
            # The cover letter, which names the series, came just before its patches.
            posting = (sender, subject.version, subject.total)
            self._postings.setdefault(posting, _Wanted({0}, earlier.time - DAY))
            self._unfinished[sender] = earlier.time - DAY
        return wanted

    def _fills(self, sender: bytes, subject: Subject, time: int) -> bool:
        """Whether it is a part of a posting that is not whole."""
        if subject.number is None or subject.is_reply:
            return False
        wanted = self._postings.get((sender, subject.version, subject.total))
        if wanted is None or time < wanted.since or subject.number not in wanted.numbers:
            return False
        wanted.numbers.discard(subject.number)
        return True


def look_back(
    before: Iterable[EarlierMail], newcomers: NewcomerFinder, relatives: RelatedMailSelector
) -> Iterator[object]:
    """Go through the earlier mails, the latest first; yield the keys of those to open."""
    seen: dict[tuple[bytes, bytes], bytes] = {}
    for earlier in before:
        known = (earlier.name, earlier.address)
        sender = seen.get(known, b"")
        if not sender:
            sender = _flat(earlier.address)
            newcomers.observe(_flat(earlier.name), sender)
            if len(seen) < _MANY:
                seen[known] = sender
        if relatives.wants(earlier, sender):
            yield earlier.key
