"""Messages → reply trees, and the trees that make up one conversation.

The rules are those of JWZ's threading algorithm (https://www.jwz.org/doc/threading.html) without its guesses from
subjects: a mail's parent is its nearest ancestor that is there, and mails that name the same missing ancestor belong
together. Everything is linear and nothing recursive: a hostile thread may be 100,000 deep, or a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from core.model import Message, MessageId


@dataclass(frozen=True, slots=True)
class ThreadForest:
    """Mails in date order, and the trees they make; mails are spoken of by their place in `messages`."""

    messages: list[Message]
    parents: list[int]
    """Mail → the one it answers, -1 for a root."""
    children: list[list[int]]
    """Message → its answers, by date."""
    conversations: list[list[int]]
    """The roots of each conversation, by date; conversations by their first root."""

    def answers_directly(self, mail: int) -> bool:
        """Whether its parent is the very mail it answers, not an ancestor further up."""
        message = self.messages[mail]
        parent = self.parents[mail]
        return parent >= 0 and self.messages[parent].message_id == _nearest(message)

    def walk(self, root: int) -> Iterator[int]:
        """Yield the tree below `root`, itself first, each mail before its answers, answers by date."""
        todo = [root]
        while todo:
            mail = todo.pop()
            yield mail
            todo.extend(reversed(self.children[mail]))


class DisjointSets:
    """Disjoint sets of small numbers (union-find, with path halving)."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def find(self, item: int) -> int:
        """Return the representative of its set: the smallest."""
        above = self._above
        while above[item] != item:
            above[item] = above[above[item]]
            item = above[item]
        return item

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        one, other = self.find(one), self.find(other)
        if one != other:
            self._above[max(one, other)] = min(one, other)


def deduplicate(messages: Iterable[Message]) -> list[Message]:
    """Return each mail once, in date order, whatever order and however often they were delivered.

    Copies (same Message-ID, same fingerprint) become one mail with the lists of all. Mails that only share
    the Message-ID clash: the first by date (one without a date last), then by fingerprint, is shown and
    holds the others in `clashes`.
    """
    copies: dict[MessageId, list[Message]] = {}
    for message in messages:
        if message.id_conflicts:
            for one in (replace(message, id_conflicts=()), *message.id_conflicts):
                copies.setdefault(one.message_id, []).append(one)
        else:
            copies.setdefault(message.message_id, []).append(message)
    merged = [same[0] if len(same) == 1 else _merge(same) for same in copies.values()]
    merged.sort(key=lambda message: (message.date.timestamp(), message.message_id))
    return merged


def _merge(same: list[Message]) -> Message:
    """Return one mail for all those of one Message-ID."""
    by_content: dict[str, list[Message]] = {}
    for message in same:
        by_content.setdefault(message.fingerprint, []).append(message)
    kept: list[Message] = []
    for copies in by_content.values():
        first = min(copies, key=_precedence)
        if any(copy.list_ids != first.list_ids for copy in copies):
            lists = sorted({name for copy in copies for name in copy.list_ids})
            first = replace(first, list_ids=tuple(lists))
        kept.append(first)
    kept.sort(key=_precedence)
    return replace(kept[0], id_conflicts=tuple(kept[1:])) if len(kept) > 1 else kept[0]


def _precedence(message: Message) -> tuple[bool, float, str, str, str]:
    stamp = message.date.timestamp()
    # The whole value last: nothing about the order of arrival may decide.
    return (stamp <= 0, stamp, message.fingerprint, message.key, repr(message))


def build_thread_forest(messages: list[Message]) -> ThreadForest:
    """Find parents, children and conversations of mails as `deduplicate` returns them."""
    places = {message.message_id: place for place, message in enumerate(messages)}
    parents = [_parent(message, place, places) for place, message in enumerate(messages)]
    roots = _break_cycles(parents)
    children: list[list[int]] = [[] for _ in messages]
    for place, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(place)
    return ThreadForest(messages, parents, children, _conversations(messages, roots))


def _nearest(message: Message) -> MessageId | None:
    return message.in_reply_to or (message.references[-1] if message.references else None)


def _parent(message: Message, place: int, places: dict[MessageId, int]) -> int:
    if message.in_reply_to is not None:
        parent = places.get(message.in_reply_to, place)
        if parent != place:
            return parent
    for reference in reversed(message.references):
        parent = places.get(reference, place)
        if parent != place:
            return parent
    return -1


def _break_cycles(parents: list[int]) -> list[int]:
    """Make the earliest mail of each circle a root, in place, and return all roots in date order."""
    seen = bytearray(
        len(parents)
    )  # 1: on the way up from where we started, 2: known to end at a root
    for start in range(len(parents)):
        way: list[int] = []
        mail = start
        while mail >= 0 and not seen[mail]:
            seen[mail] = 1
            way.append(mail)
            mail = parents[mail]
        if mail >= 0 and seen[mail] == 1:
            circle = way[way.index(mail) :]
            parents[min(circle)] = -1
        for mail in way:
            seen[mail] = 2
    return [mail for mail, parent in enumerate(parents) if parent < 0]


def _conversations(messages: list[Message], roots: list[int]) -> list[list[int]]:
    """Put together the roots that name the same missing ancestor."""
    groups = DisjointSets(len(roots))
    named_by: dict[MessageId, int] = {}
    for at, root in enumerate(roots):
        for reference in messages[root].references:
            groups.join(at, named_by.setdefault(reference, at))
        if (answered := messages[root].in_reply_to) is not None:
            groups.join(at, named_by.setdefault(answered, at))
    conversations: dict[int, list[int]] = {}
    for at, root in enumerate(roots):
        conversations.setdefault(groups.find(at), []).append(root)
    return list(conversations.values())
