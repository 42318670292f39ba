"""Features of a posting that tell which series it belongs to, and the keys that decide which postings are compared.

Only postings that share a blocking key (a change-id, a title from one sender, a Message-ID that one of them links),
that were sent in each other's thread, or whose titles are nearly the same can be versions of one series. These
relations make candidate groups, which do not influence each other: when an archive grows, only the groups of the new
postings are linked again.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz import fuzz

from core.model import Message
from core.series.numbering import is_resend_tag, release_tags, sender_identity_key
from core.series.postings import HOUR, Posting
from core.series.threading import DisjointSets

DAY: Final = 24 * HOUR

SIMILARITY_WINDOW: Final = 40
"""Postings of one sender whose titles are compared fuzzily."""

_TITLES: Final = 64
"""Patch titles of a posting that are compared."""
_FEW: Final = 8
"""Patches up to which a posting for a release is known by their titles beyond that release.

A stable tree's review of hundreds of patches shares titles with those for other releases, week after week.
"""
_ALIKE: Final = 90.0
_NEXT_ALIKE: Final = 75.0
"""How alike the titles of a version and the very next one are at least, where that follows soon."""
_SPECIFIC: Final = 3
"""Words from which on a title is hardly shared by chance: "fixes" and "timeout fixes" are."""
_SOON: Final = 14 * DAY

_TEST_NUMBER: Final = re.compile(r"\b([a-z][\w-]*/)\d{3,4}\b")
_MOST_LINKS: Final = 20
_VERSION: Final = re.compile(r"[ (,]{1,3}v\d{1,2}\)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingFeatures:
    """The features of a posting that decide which series it belongs to."""

    at: int
    """Its place among the postings by their first mails."""
    when: float
    version: tuple[int, int]
    senders: tuple[str, ...]
    author: str
    """The author of a lone patch that somebody else sent, else empty."""
    change_id: str | None
    head_title: str
    """The title of the cover letter or of the first patch here, normalised."""
    cover: str
    """The cover letter's title, normalised; empty without one."""
    patches: frozenset[str]
    """The patches' titles, normalised; of many the first."""
    rfc: bool
    is_resend: bool
    """Its sender says that it was sent before."""
    tags: frozenset[str]
    is_part: bool
    """Some of the patches that its counter counts are missing."""
    ids: tuple[str, ...] = ()
    """Message-IDs by which others link it: its cover letter's and its first patch's."""
    links: tuple[tuple[int, str], ...] = ()
    """Number and Message-ID of each earlier version that it links."""
    parent_posting: int
    """The posting in whose thread it was sent, -1 for none."""

    @property
    def titles(self) -> frozenset[str]:
        """All titles that it may be known by."""
        return self.patches | {self.cover} if self.cover else self.patches

    @property
    def whole_title(self) -> str:
        """The title of the whole, where there is one."""
        return self.cover or (next(iter(self.patches)) if len(self.patches) == 1 else "")

    @property
    def is_lone(self) -> bool:
        """Whether it is one patch without a cover letter."""
        return not self.cover and len(self.patches) <= 1

    @property
    def release_tags(self) -> frozenset[str]:
        """The tags that name a release: a posting for 5.10 is never a version of one for 5.15."""
        return release_tags(self.tags)

    @property
    def title_sender(self) -> str:
        """The sender's key for comparing titles: the full name where there is one."""
        return self.senders[-1]

    def blocking_keys(self) -> Iterator[tuple[str, ...]]:
        """Yield the keys it shares with every posting that it may be linked to, other than by a similar title."""
        if self.change_id:
            yield ("change-id", self.change_id)
        for message_id in self.ids:
            yield ("mail", message_id)
        for _, message_id in self.links:
            yield ("mail", message_id)
        branch = tuple(sorted(self.release_tags))
        for sender in self.senders:
            for title in self.titles:
                if branch:
                    yield ("title", sender, title, *branch)
                if not branch or len(self.patches) <= _FEW or title == self.cover:
                    yield ("title", sender, title)


def to_values(features: PostingFeatures) -> list[object]:
    """Return the features of a posting, but for its place among others, as values for JSON."""
    return [
        features.when,
        features.version,
        features.senders,
        features.author,
        features.change_id,
        features.head_title,
        features.cover,
        sorted(features.patches),
        features.rfc,
        features.is_resend,
        sorted(features.tags),
        features.is_part,
        features.ids,
        features.links,
    ]


def from_values(values: Sequence[Any]) -> PostingFeatures:
    """Return the features that `to_values` gave; `at` and `parent_posting` are not set."""
    when, version, senders, author, change_id, head, cover, patches, rfc, *rest = values
    is_resend, tags, is_part, ids, links = rest
    return PostingFeatures(
        at=-1,
        when=when,
        version=(version[0], version[1]),
        senders=tuple(senders),
        author=author,
        change_id=change_id,
        head_title=head,
        cover=cover,
        patches=frozenset(patches),
        rfc=rfc,
        is_resend=is_resend,
        tags=frozenset(tags),
        is_part=is_part,
        ids=tuple(ids),
        links=tuple([(number, message_id) for number, message_id in links]),
        parent_posting=-1,
    )


def normal_title(text: str) -> str:
    """Return a title as it is compared: without case, runs of blanks and the final stop."""
    return " ".join(text.casefold().split()).rstrip(".")


def extract_features(
    at: int, posting: Posting, messages: list[Message], parent_posting: int
) -> PostingFeatures:
    """Read the features of a posting from its mails."""
    lead = messages[posting.lead()]
    numbers = sorted(number for number in posting.slots if number > 0)[:_TITLES]
    patches = [messages[posting.slots[number][0]] for number in numbers]
    head = [messages[posting.slots[number][0]] for number in sorted(posting.slots)[:2]]
    tags = frozenset(tag.casefold() for tag in lead.subject.tags)
    links = {link for one in (*head, *patches) for link in one.version_links}
    is_lone = len(head) == 1 and head[0].author != lead.sender
    return PostingFeatures(
        at=at,
        when=lead.date.timestamp(),
        version=(posting.version, posting.minor),
        senders=_senders(lead),
        author=sender_identity_key(lead.author) if is_lone else "",
        change_id=next((one.change_id for one in head if one.change_id), None),
        head_title=normal_title(lead.subject.title),
        # Some count in the cover letter's title: "improve use_mm / unuse_mm v2".
        cover=_VERSION.sub("", normal_title(lead.subject.title)) if 0 in posting.slots else "",
        patches=frozenset(title for one in patches if (title := normal_title(one.subject.title))),
        rfc="rfc" in tags,
        is_resend=any(map(is_resend_tag, tags)),
        tags=posting.tags,
        is_part=not posting.is_complete(),
        ids=tuple([one.message_id for one in head]),
        links=tuple(sorted(links, reverse=True)[:_MOST_LINKS]),
        parent_posting=parent_posting,
    )


def _senders(lead: Message) -> tuple[str, ...]:
    """Return the keys of the sender: the address, and a full name."""
    address = sender_identity_key(lead.sender)
    name = " ".join(lead.sender.name.partition(" via ")[0].strip(" '\"").casefold().split())
    return (address, "name " + name) if " " in name else (address,)


@dataclass(frozen=True, slots=True)
class TitleFeatures:
    """The features of a posting that are compared with the titles of its sender's other postings."""

    when: float
    version: tuple[int, int]
    title: str
    """The title of the series; empty where there is none."""
    has_cover: bool

    @property
    def may_have_predecessor(self) -> bool:
        """Whether it may be a later version of something that had another title."""
        return bool(self.title) and self.version > (1, 0)


def title_features(features: PostingFeatures) -> TitleFeatures:
    """Return the features that `similar_earlier` compares."""
    return TitleFeatures(
        features.when, features.version, features.whole_title, bool(features.cover)
    )


def similar_earlier(mine: TitleFeatures, earlier: Iterable[TitleFeatures]) -> list[int]:
    """Return which of a sender's `SIMILARITY_WINDOW` last postings, by their places, have nearly the same title and an older version."""
    if not mine.may_have_predecessor:
        return []
    return [at for at, theirs in enumerate(earlier) if title_similarity(mine, theirs)]


def title_similarity(mine: TitleFeatures, theirs: TitleFeatures) -> float:
    """Return the similarity of two titles, up to 100; 0 where it is too low for versions of one series.

    A sender's own postings of the last days need less similarity, since a v2 usually follows a v1 of the same sender.
    """
    if mine.has_cover != theirs.has_cover or mine.version <= theirs.version or not theirs.title:
        return 0
    soon = mine.when - theirs.when <= _SOON
    if not soon and len(mine.title.split()) < _SPECIFIC:
        return 0
    one, other = _without_test_number(mine.title), _without_test_number(theirs.title)
    # With a limit nearly all pairs are given up early.
    if soon and mine.version == (theirs.version[0] + 1, 0):
        alike = fuzz.token_set_ratio(one, other, score_cutoff=_NEXT_ALIKE)
    else:
        alike = fuzz.ratio(one, other, score_cutoff=_ALIKE)
    return 0 if alike and _names_other_things(one, other) else alike


def _without_test_number(title: str) -> str:
    """Return a title without the number of a test in it (`btrfs/217`): the next version may have to take another."""
    return _TEST_NUMBER.sub(r"\1", title) if "/" in title else title


def _names_other_things(one: str, other: str) -> bool:
    """Whether each has a number that the other lacks: "board x4" and "board x7"."""
    mine, theirs = (
        {word for word in title.split() if any(char.isdigit() for char in word)}
        for title in (one, other)
    )
    return bool(mine - theirs) and bool(theirs - mine)


def find_similar_titles(postings: Iterable[PostingFeatures]) -> dict[int, list[int]]:
    """Return, for each posting by `at`, the earlier ones of its sender with nearly the same title."""
    recent: dict[str, deque[tuple[int, TitleFeatures]]] = {}
    found: dict[int, list[int]] = {}
    for features in sorted(postings, key=lambda one: (one.when, one.at)):
        mine = title_features(features)
        others = recent.setdefault(features.title_sender, deque(maxlen=SIMILARITY_WINDOW))
        if alike := similar_earlier(mine, [theirs for _, theirs in others]):
            found[features.at] = [others[place][0] for place in alike]
        others.append((features.at, mine))
    return found


def candidate_groups(
    cards: Sequence[PostingFeatures], alike: Mapping[int, Sequence[int]]
) -> list[list[PostingFeatures]]:
    """Divide features into groups that may be related; `alike` is the result of `find_similar_titles`."""
    groups = DisjointSets(len(cards))
    place_of = {card.at: place for place, card in enumerate(cards)}
    named: dict[tuple[str, ...], int] = {}
    for place, card in enumerate(cards):
        for name in card.blocking_keys():
            groups.join(place, named.setdefault(name, place))
        for earlier in alike.get(card.at, ()):
            groups.join(place, place_of[earlier])
        parent_posting = place_of.get(card.parent_posting)
        if parent_posting is not None and has_same_sender(cards[parent_posting], card):
            groups.join(place, parent_posting)
    found: dict[int, list[PostingFeatures]] = {}
    for place, card in enumerate(cards):
        found.setdefault(groups.find(place), []).append(card)
    return list(found.values())


def has_same_sender(earlier: PostingFeatures, card: PostingFeatures) -> bool:
    """Whether a posting that was sent in another's thread may be a version of the same series for that."""
    return not set(card.senders).isdisjoint(earlier.senders)
