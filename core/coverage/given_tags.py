"""The trailers that replies gave, with the posting and the patches of each, and those taken back later."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from core.coverage.people import is_same_person, named_person
from core.coverage.values import LETTERS, review_names
from core.model import FollowupTrailer, Identity, Message, MessageId, Series
from core.series.identities import KNOWN_BOTS, Bots

_BOTS: Final = Bots(KNOWN_BOTS)

Place = tuple[int, int]
"""A mail of a series: the place of its posting among all, and its number there, 0 for the cover letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFacts:
    """Facts from the text of a reply; empty where it was not read."""

    retracts: frozenset[str] = frozenset()
    """Names of trailers, in lower case, that its sender takes back."""
    patches: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Trailer, as `Name: value` → the patches that the line above it names."""
    parts: frozenset[str] = frozenset()
    """Trailers, as `Name: value`, that the line above them gives to a part of the code (`For the x86 bits:`)."""


_NO_FACTS: Final = ReplyFacts()


class _ReplyPlace(NamedTuple):
    reply: Message
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTag:
    """A trailer that a reply gave: a review's, or another such as Reported-by or Fixes."""

    trailer: FollowupTrailer
    name: str
    """In lower case; of a trailer that stands for two reviews the one that this is."""
    person: Identity
    posting: int
    """The place, among the postings, of the one it was given to."""
    reply: Message
    numbers: frozenset[int] | None
    """The patches of the posting that it is for; None for all."""
    for_part: bool = False
    """Given to a part of the code that its mail names in prose."""

    @property
    def is_review(self) -> bool:
        """Whether it is a review's trailer."""
        return is_review(self.name, self.person)

    @property
    def line(self) -> str:
        """The trailer as a line of a commit message."""
        return f"{self.trailer.name}: {self.trailer.value}"

    def is_for(self, number: int) -> bool:
        """Whether it is for a patch of its posting."""
        return self.numbers is None or number in self.numbers


@lru_cache(maxsize=1024)  # the trailers of a series are asked about again and again
def is_review(name: str, person: Identity) -> bool:
    """Whether a trailer with a name in lower case is a review of a person: a bot's Tested-by is a check."""
    return name in LETTERS and person not in _BOTS


class GivenTags:
    """The trailers that replies gave to a series, in the order of its mails."""

    def __init__(self, series: Series, facts: Mapping[MessageId, ReplyFacts]) -> None:
        """`facts` are those of the replies whose text was read."""
        replies = dict(_replies(series))
        self._facts = facts
        self._retracting = [
            (place, reply, facts[name].retracts)
            for name, (reply, place) in replies.items()
            if name in facts and facts[name].retracts
        ]
        self._tags = tuple(
            self._tag(trailer, name, *replies[trailer.message_id])
            for trailer in series.trailers
            if trailer.message_id in replies
            for name in review_names(trailer.name) or (trailer.name.casefold(),)
        )
        self._by_place: dict[Place, list[GivenTag]] = {}
        for tag in self._tags:
            self._by_place.setdefault((tag.posting, tag.trailer.number), []).append(tag)

    def __iter__(self) -> Iterator[GivenTag]:
        """Yield all of them."""
        return iter(self._tags)

    def at(self, places: Collection[Place]) -> Iterator[GivenTag]:
        """Yield those for a patch: `places` are its own in one or more postings."""
        for posting, number in places:
            yield from self._by_place.get((posting, number), ())
            if number:
                yield from (
                    tag for tag in self._by_place.get((posting, 0), ()) if tag.is_for(number)
                )

    def is_retracted(self, tag: GivenTag, places: Collection[Place]) -> bool:
        """Whether a later reply of the same person takes a trailer back for a patch.

        `places` are those of the patch in all postings; what a person says below a cover letter is for every patch.
        """
        return any(
            tag.name in names
            and reply.date > tag.reply.date
            and (place[1] == 0 or place in places)
            and is_same_person(reply.sender, tag.person)
            for place, reply, names in self._retracting
        )

    def _tag(self, trailer: FollowupTrailer, name: str, reply: Message, place: Place) -> GivenTag:
        numbers: frozenset[int] | None = frozenset({trailer.number})
        for_part = False
        if trailer.number == 0:
            facts = self._facts.get(trailer.message_id, _NO_FACTS)
            line = f"{trailer.name}: {trailer.value}"
            numbers, for_part = facts.patches.get(line), line in facts.parts
        return GivenTag(
            trailer=trailer,
            name=name,
            person=named_person(trailer.value),
            posting=place[0],
            reply=reply,
            numbers=numbers,
            for_part=for_part,
        )


def _replies(series: Series) -> Iterator[tuple[MessageId, _ReplyPlace]]:
    for at, version in enumerate(series.versions):
        for entry in version.entries():
            for reply in entry.replies:
                yield reply.message.message_id, _ReplyPlace(reply.message, (at, entry.number))
