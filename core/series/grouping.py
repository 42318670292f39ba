"""Messages → patch series with their versions, patches and replies, and the other threads.

Three steps, each in its own module: `threading` finds the parents of messages, `postings` the messages that were sent
together, `linking` the postings that are versions of one series. Here the values are made from that. The outcome does
not depend on the order of the mails, and time and memory grow with n log n.

* A *version* is one posting. A RESEND is a version of the same number beside the one it repeats; a partial
  re-roll (`v3 2/2` alone) is a version whose other patches are missing; a series posted again without a new number
  counts as the next one, where it is days later and that number is free.
* A reply belongs to the nearest patch or cover letter above it. Where its patch is not there: to the cover letter,
  and its trailers count for the number in its subject alone.
* The rest of a conversation (a bug report, a pull request, plain discussion) is a `Thread`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from core.model import (
    Message,
    Patch,
    Reply,
    Series,
    Thread,
    Version,
)
from core.series.features import DAY, PostingFeatures, extract_features
from core.series.followup_trailers import followup_trailers
from core.series.linking import link_postings
from core.series.numbering import PATCH_WORDS, is_resend_tag
from core.series.posting_builder import PostingBuilder
from core.series.postings import Posting, PostingFragment
from core.series.replies import ReplyAssignment
from core.series.threading import ThreadForest, build_thread_forest, deduplicate

MISSING_LISTED: Final = 1000
"""Missing patches that a version lists; of `1/9999` the first thousand say enough."""


def group_messages(messages: Iterable[Message]) -> list[Series | Thread]:
    """Group mails into series and threads, latest activity first.

    Pure and deterministic: shuffled mails give the same. Any mail ends up in exactly one item.
    """
    return Grouping(messages).items()


class Grouping:
    """Messages, their postings, and the series and threads made from these.

    Any mails whose conversations are whole (no mail outside names one that these name, or was sent within the hour
    as a part of the same posting) make the same postings and threads as among all others; only joining postings
    to series looks further.
    """

    def __init__(self, messages: Iterable[Message]) -> None:
        self._forest: ThreadForest = build_thread_forest(deduplicate(messages))
        self._messages = self._forest.messages
        sorter = PostingBuilder(self._forest)
        self._postings = sorter.postings()
        self.fragments: list[PostingFragment] = sorter.fragments
        """The fragments that each conversation holds; others may hold more."""
        self._answers = ReplyAssignment(self._forest, self._postings)

    @property
    def messages(self) -> list[Message]:
        """The mails, each once, in date order."""
        return self._messages

    @property
    def postings(self) -> list[Posting]:
        """The postings, by their first message."""
        return self._postings

    def items(self) -> list[Series | Thread]:
        """Return series and threads, latest activity first."""
        items: list[Series | Thread] = [*self._all_series(), *self.threads()]
        items.sort(key=lambda item: item.id)
        items.sort(key=lambda item: item.date.timestamp(), reverse=True)
        return items

    def features(self) -> list[PostingFeatures]:
        """Return the features of each posting, in their order."""
        return [
            extract_features(at, posting, self._messages, self._answers.parent_posting(at))
            for at, posting in enumerate(self._postings)
        ]

    def _all_series(self) -> Iterator[Series]:
        for line in link_postings(self.features()):
            change_id = next((card.change_id for card in line if card.change_id), None)
            yield self.series([card.at for card in line], change_id)

    def series(self, postings: list[int], change_id: str | None) -> Series:
        """Return the series that some postings, by their places in `postings`, make."""
        versions = [self._version(at) for at in postings]
        versions.sort(
            key=lambda v: (v.date.timestamp(), v.version, v.minor, _lead(v).message.message_id)
        )
        versions = _number_reposts(versions)
        trailers, foreign = followup_trailers(versions, self._answers.directly_attached)
        messages = [message for version in versions for message in _messages_of(version)]
        newest = next((v for v in reversed(versions) if _has_head(v)), versions[-1])
        return Series(
            id=_lead(versions[0]).message.message_id,
            subject=_lead(newest).message.subject.title,
            author=_lead(versions[-1]).message.sender,
            change_id=change_id,
            date=max(message.date for message in messages),
            versions=tuple(versions),
            trailers=tuple(trailers),
            mismatched_trailers=tuple(foreign),
            replies=sum(len(entry.replies) for version in versions for entry in version.entries()),
            lists=_lists(messages),
            message_ids=frozenset(message.message_id for message in messages),
        )

    def _version(self, at: int) -> Version:
        posting = self._postings[at]
        replies = self._answers.replies
        entries = [
            Patch(
                number=number,
                message=self._messages[mails[0]],
                replies=tuple(replies.get((at, number), ())),
                duplicates=tuple(self._messages[mail] for mail in mails[1:]),
            )
            for number, mails in sorted(posting.slots.items())
        ]
        cover = entries[0] if entries[0].number == 0 else None
        lead = entries[0].message
        return Version(
            version=posting.version,
            minor=posting.minor,
            tags=tuple(tag for tag in lead.subject.tags if tag.casefold() not in PATCH_WORDS),
            total=posting.total,
            cover=cover,
            patches=tuple(entries[1:] if cover else entries),
            missing=tuple(_missing(posting)),
            date=lead.date if cover else min(entry.message.date for entry in entries),
        )

    def threads(self) -> Iterator[Thread]:
        """Yield the threads, one for each conversation outside of series."""
        for roots in self._forest.conversations:
            replies: list[Reply] = []
            depths: dict[int, int] = {}
            root: Message | None = None
            for start in roots:
                for mail in self._forest.walk(start):
                    if self._answers.owner_of[mail] is not None:
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
        if number not in posting.slots:
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
    """Whether neither it nor the one before carries a number, and it is no RESEND but the same patches anew."""
    labels = (version.version, version.minor, version.tags)
    if labels != (1, 0, before.tags) or before.version != 1 or _is_resend(version):
        return False
    titles = {entry.message.subject.title for entry in before.entries()}
    return any(entry.message.subject.title in titles for entry in version.entries())


def _is_resend(version: Version) -> bool:
    return any(map(is_resend_tag, version.tags))


def _messages_of(version: Version) -> Iterator[Message]:
    for entry in version.entries():
        yield entry.message
        yield from entry.duplicates
        for reply in entry.replies:
            yield reply.message


def _lists(messages: Iterable[Message]) -> tuple[str, ...]:
    return tuple(sorted({name.partition(".")[0] for one in messages for name in one.list_ids}))
