"""Mails → what a person reads: patch series with their versions, patches and replies, and other threads.

Three steps, each in its own module: `thread` finds who answers whom, `postings` what was sent together,
`joining` which postings are versions of one series. Here the values are made from that. The outcome
does not depend on the order of the mails, and time and memory grow with n log n.

* A *version* is one posting. A RESEND is a version of the same number beside the one it repeats; a partial
  re-roll (`v3 2/2` alone) is a version whose other patches are missing; a series posted again without a new number
  counts as the next one, where it is days later and that number is free.
* A reply belongs to the nearest patch or cover letter above it. Where its patch is not there: to the cover letter,
  and what it gives counts for the number in its subject alone.
* What is left of a conversation (a bug report, a pull request, plain discussion) is a `Thread`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from core.model import (
    GivenTrailer,
    Message,
    MessageId,
    Patch,
    Reply,
    Series,
    Thread,
    Version,
)
from core.patch.joining import DAY, Joiner, make_card
from core.patch.postings import Posting, Sorter
from core.patch.thread import Forest, build_forest, unique

MISSING_LISTED: Final = 1000
"""Missing patches that a version lists; of `1/9999` the first thousand say enough."""


def group(messages: Iterable[Message]) -> list[Series | Thread]:
    """Group mails into series and threads, latest activity first.

    Pure and deterministic: shuffled mails give the same. Any mail ends up in exactly one item.
    """
    return _Grouping(build_forest(unique(messages))).items()


class _Grouping:
    """One call of `group`: the forest, its postings, and the values made from them."""

    def __init__(self, forest: Forest) -> None:
        self._forest = forest
        self._messages = forest.messages
        self._postings = Sorter(forest).postings()
        self._place_of: dict[int, tuple[int, int]] = {}
        """Of each mail that is a patch or cover letter: its posting and number."""
        for at, posting in enumerate(self._postings):
            for number, mails in posting.places.items():
                for mail in mails:
                    self._place_of[mail] = (at, number)
        self._owner: list[tuple[int, int] | None] = [None] * len(forest.messages)
        """Of each mail the place that it is in, or answers."""

    def items(self) -> list[Series | Thread]:
        """Return series and threads, latest activity first."""
        self._find_owners()
        items: list[Series | Thread] = [*self._series(), *self._threads()]
        items.sort(key=lambda item: item.id)
        items.sort(key=lambda item: item.date.timestamp(), reverse=True)
        return items

    def _find_owners(self) -> None:
        """Say for each mail which patch it answers."""
        for roots in self._forest.conversations:
            for root in roots:
                for mail in self._forest.walk(root):
                    parent = self._forest.parents[mail]
                    above = self._owner[parent] if parent >= 0 else None
                    self._owner[mail] = self._place_of.get(mail, above)
            self._place_orphans(roots)

    def _place_orphans(self, roots: list[int]) -> None:
        """Give answers to missing mails to the posting of their conversation that they name."""
        orphans = [root for root in roots if self._owner[root] is None and self._answers(root)]
        if not orphans or len(roots) == 1:
            return
        wanted: dict[tuple[object, ...], int] = {}
        for at in self._postings_below(roots):
            for key in self._names(at):
                wanted.setdefault(key, at)
        for orphan in orphans:
            subject = self._messages[orphan].subject
            named = wanted.get(("title", subject.title.casefold()))
            if named is None and subject.is_patch:
                named = wanted.get((subject.version, subject.minor, subject.total))
            if named is None:
                continue
            place = (named, min(self._postings[named].places))
            for mail in self._forest.walk(orphan):
                if self._owner[mail] is None:
                    self._owner[mail] = place

    def _answers(self, mail: int) -> bool:
        message = self._messages[mail]
        return message.subject.is_reply and bool(message.references or message.in_reply_to)

    def _postings_below(self, roots: list[int]) -> list[int]:
        found = {
            owner[0]
            for root in roots
            for mail in self._forest.walk(root)
            if (owner := self._place_of.get(mail)) is not None
        }
        return sorted(found)

    def _names(self, at: int) -> Iterator[tuple[object, ...]]:
        """Yield by what an answer may name a posting."""
        posting = self._postings[at]
        for mails in posting.places.values():
            yield ("title", self._messages[mails[0]].subject.title.casefold())
        yield (posting.version, posting.minor, posting.total)

    def _series(self) -> Iterator[Series]:
        cards = [
            make_card(at, posting, self._messages, self._above(posting))
            for at, posting in enumerate(self._postings)
        ]
        replies = self._replies()
        for line in Joiner().join(cards):
            change_id = next((card.change_id for card in line if card.change_id), None)
            yield self._one_series([card.at for card in line], change_id, replies)

    def _above(self, posting: Posting) -> int:
        """Return the posting in whose thread this one was sent, -1 for none."""
        own = self._place_of[posting.first][0]
        for top in sorted(posting.tops):
            parent = self._forest.parents[top]
            owner = self._owner[parent] if parent >= 0 else None
            if owner is not None and owner[0] != own:
                return owner[0]
        return -1

    def _replies(self) -> dict[tuple[int, int], list[Reply]]:
        """Return the answers to each place, in the order of reading."""
        replies: dict[tuple[int, int], list[Reply]] = {}
        depths: dict[int, int] = {}
        for roots in self._forest.conversations:
            for root in roots:
                for mail in self._forest.walk(root):
                    owner = self._owner[mail]
                    if owner is None or mail in self._place_of:
                        continue
                    depth = depths.get(self._forest.parents[mail], -1) + 1
                    depths[mail] = depth
                    replies.setdefault(owner, []).append(Reply(self._messages[mail], depth))
        return replies

    def _one_series(
        self,
        postings: list[int],
        change_id: str | None,
        replies: dict[tuple[int, int], list[Reply]],
    ) -> Series:
        versions = [self._version(at, replies) for at in postings]
        versions.sort(
            key=lambda v: (v.date.timestamp(), v.version, v.minor, _lead(v).message.message_id)
        )
        versions = _number_reposts(versions)
        messages = [message for version in versions for message in _messages_of(version)]
        newest = next((v for v in reversed(versions) if _has_head(v)), versions[-1])
        return Series(
            id=_lead(versions[0]).message.message_id,
            subject=_lead(newest).message.subject.title,
            author=_lead(versions[-1]).message.sender,
            change_id=change_id,
            date=max(message.date for message in messages),
            versions=tuple(versions),
            trailers=tuple(_given(versions)),
            replies=sum(len(entry.replies) for version in versions for entry in version.entries()),
            lists=_lists(messages),
            message_ids=frozenset(message.message_id for message in messages),
        )

    def _version(self, at: int, replies: dict[tuple[int, int], list[Reply]]) -> Version:
        posting = self._postings[at]
        entries = [
            Patch(
                number=number,
                message=self._messages[mails[0]],
                replies=tuple(replies.get((at, number), ())),
                doubles=tuple(self._messages[mail] for mail in mails[1:]),
            )
            for number, mails in sorted(posting.places.items())
        ]
        cover = entries[0] if entries[0].number == 0 else None
        lead = entries[0].message
        return Version(
            version=posting.version,
            minor=posting.minor,
            tags=tuple(tag for tag in lead.subject.tags if tag.casefold() not in _PATCH_WORDS),
            total=posting.total,
            cover=cover,
            patches=tuple(entries[1:] if cover else entries),
            missing=tuple(_missing(posting)),
            date=lead.date if cover else min(entry.message.date for entry in entries),
        )

    def _threads(self) -> Iterator[Thread]:
        """Yield what belongs to no series, one thread a conversation."""
        for roots in self._forest.conversations:
            replies: list[Reply] = []
            depths: dict[int, int] = {}
            root: Message | None = None
            for start in roots:
                for mail in self._forest.walk(start):
                    if self._owner[mail] is not None:
                        continue
                    message = self._messages[mail]
                    if root is None:
                        root = message
                        depths[mail] = -1
                        continue
                    depths[mail] = depths.get(self._forest.parents[mail], -1) + 1
                    replies.append(Reply(message, depths[mail]))
            if root is not None:
                yield _thread(root, replies)


_PATCH_WORDS: Final = frozenset({"patch", "patches", "patchset"})


def _thread(root: Message, replies: list[Reply]) -> Thread:
    messages = [root, *(reply.message for reply in replies)]
    return Thread(
        id=root.message_id,
        subject=root.subject.title,
        author=root.sender,
        date=max(message.date for message in messages),
        root=root,
        replies=tuple(replies),
        lists=_lists(messages),
        message_ids=frozenset(message.message_id for message in messages),
    )


def _missing(posting: Posting) -> Iterator[int]:
    found = 0
    for number in range(1, posting.total + 1):
        if number not in posting.places:
            yield number
            found += 1
            if found == MISSING_LISTED:
                return


def _lead(version: Version) -> Patch:
    return version.cover or version.patches[0]


def _has_head(version: Version) -> bool:
    """Whether it names the series: a partial re-roll does not."""
    return version.cover is not None or version.patches[0].number <= 1


def _number_reposts(versions: list[Version]) -> list[Version]:
    """Count a series posted again days later without a number as its next version, where that is free."""
    later = Counter(version.version for version in versions)
    numbered: list[Version] = []
    for version in versions:
        later[version.version] -= 1
        if numbered and _repeats(version, versions[len(numbered) - 1]):
            following = numbered[-1].version + 1
            days = (version.date - numbered[-1].date).total_seconds() / DAY
            if days > 0.5 and not later[following]:
                numbered.append(replace(version, version=following))
                continue
        numbered.append(version)
    return numbered


def _repeats(version: Version, before: Version) -> bool:
    """Whether it carries the same label as the one before, and is no RESEND but the same patches anew."""
    labels = (version.version, version.minor, version.tags)
    if labels != (before.version, before.minor, before.tags) or _is_resend(version):
        return False
    titles = {entry.message.subject.title for entry in before.entries()}
    return any(entry.message.subject.title in titles for entry in version.entries())


def _is_resend(version: Version) -> bool:
    return any(tag.casefold() in ("resend", "repost") for tag in version.tags)


def _messages_of(version: Version) -> Iterator[Message]:
    for entry in version.entries():
        yield entry.message
        yield from entry.doubles
        for reply in entry.replies:
            yield reply.message


def _lists(messages: Iterable[Message]) -> tuple[str, ...]:
    return tuple(sorted({name.partition(".")[0] for one in messages for name in one.list_ids}))


def _given(versions: list[Version]) -> Iterator[GivenTrailer]:
    """Yield the trailers that replies give, each once for a patch."""
    seen: set[tuple[object, ...]] = set()
    for version in versions:
        for entry in version.entries():
            for reply in entry.replies:
                for trailer in reply.message.trailers:
                    key = (trailer.name.casefold(), trailer.value, entry.number, version.version)
                    if key in seen:
                        continue
                    seen.add(key)
                    yield GivenTrailer(
                        name=trailer.name,
                        value=trailer.value,
                        number=entry.number,
                        version=version.version,
                        message_id=MessageId(reply.message.message_id),
                    )
