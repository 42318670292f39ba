"""The review trailers of a series against its newest posting: fresh, stale, forgotten, first seen.

A trailer is compared by the posting it was given to, directly with the newest: a change that was taken back makes
nothing stale. The author's own trailers are no review.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.coverage.people import is_same_person, named_person
from core.coverage.values import (
    LETTERS,
    Coverage,
    ForgottenTag,
    PatchCoverage,
    Tag,
    TagState,
)
from core.model import FollowupTrailer, Identity, MessageId, Patch, Reply, Series
from core.versions.compare import Change, PairChange
from core.versions.comparison import Comparison

_CODE: Final[frozenset[Change]] = frozenset({"code", "binary", "mode"})
"""Changes of a patch after which a trailer was given to other code."""
_STRENGTH: Final = list(LETTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFacts:
    """Facts from the text of a reply; empty where it was not read."""

    retracts: frozenset[str] = frozenset()
    """Names of trailers, in lower case, that its sender takes back."""
    patches: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Trailer, as `Name: value` → the patches that the line above it names."""


def coverage(
    series: Series,
    comparisons: Sequence[Comparison | None],
    facts: Mapping[MessageId, ReplyFacts] | None = None,
) -> Coverage:
    """Return the review trailers of each patch of the newest posting.

    `comparisons` has one for each posting but the newest, with it as the new side; None where it was not compared:
    then all that was given to it is stale. `facts` are those of the replies whose text was read.
    """
    return _Coverage(series, comparisons, facts or {}).build()


class _Coverage:
    def __init__(
        self,
        series: Series,
        comparisons: Sequence[Comparison | None],
        facts: Mapping[MessageId, ReplyFacts],
    ) -> None:
        self._series = series
        self._newest = series.versions[-1]
        self._facts = facts
        self._comparisons = comparisons
        self._given_to = {
            reply.message.message_id: at
            for at, version in enumerate(series.versions)
            for entry in version.entries()
            for reply in entry.replies
        }
        """Reply → the posting that it answers."""
        self._senders = {
            reply.message.message_id: reply.message
            for version in series.versions
            for entry in version.entries()
            for reply in entry.replies
        }

    def build(self) -> Coverage:
        given: dict[int, list[Tag]] = {patch.number: [] for patch in self._newest.patches}
        forgotten: list[ForgottenTag] = []
        for patch in self._newest.patches:
            tags = list(self._tags_of(patch))
            given[patch.number] = tags
            forgotten += [
                ForgottenTag(tag=tag, number=patch.number)
                for tag in tags
                if tag.state is TagState.FRESH
                and not tag.carried
                and tag.message_id is not None
                and self._given_to.get(tag.message_id, -1) < len(self._series.versions) - 1
            ]
        return Coverage(
            series=self._series.id,
            version=self._newest.version,
            patches=tuple(
                self._patch(patch, given[patch.number]) for patch in self._newest.patches
            ),
            forgotten=tuple(forgotten),
        )

    def _patch(self, patch: Patch, tags: Sequence[Tag]) -> PatchCoverage:
        tagged = [tag.person for tag in tags]
        own = [self._series.author, patch.message.author, patch.message.sender]
        commenters: list[Identity] = []
        for reply in self._replies_to(patch):
            _add_person(commenters, reply.message.sender, [*tagged, *own])
        silent: list[Identity] = []
        for one in (*patch.message.to, *patch.message.cc):
            if one.name:  # a mailing list has none
                _add_person(silent, one, [*tagged, *own, *commenters])
        return PatchCoverage(
            number=patch.number,
            message_id=patch.message.message_id,
            title=patch.message.subject.title,
            tags=tuple(sorted(tags, key=lambda tag: _STRENGTH.index(tag.name.casefold()))),
            commenters=tuple(commenters),
            silent=tuple(silent),
        )

    def _replies_to(self, patch: Patch) -> Iterator[Reply]:
        """Yield the replies to a patch and to its counterparts in earlier postings."""
        yield from patch.replies
        for at, version in enumerate(self._series.versions[:-1]):
            for old in version.patches:
                if any(pair is not None for pair in self._pairs(at, old.number, patch.number)):
                    yield from old.replies

    def _tags_of(self, patch: Patch) -> Iterator[Tag]:
        """Yield the trailers for a patch: those given in replies to this or earlier postings, then those that only the
        patch carries.
        """
        own = [self._series.author, patch.message.author, *_signers(patch)]
        carried = [
            (one.name.casefold(), named_person(one.value), one.value)
            for one in patch.message.trailers
            if one.name.casefold() in LETTERS
        ]
        found: list[Tag] = []
        for trailer in reversed(self._series.trailers):  # the newest of a person counts
            name, person = trailer.name.casefold(), named_person(trailer.value)
            if name not in LETTERS or any(is_same_person(person, one) for one in own):
                continue
            if any(_is_same_tag(tag, name, person) for tag in found):
                continue
            state, since = self._state(trailer, patch)
            if state is None or self._is_retracted(trailer, name, person):
                continue
            found.append(
                Tag(
                    name=trailer.name,
                    person=person,
                    value=trailer.value,
                    state=state,
                    version=trailer.version,
                    message_id=trailer.message_id,
                    carried=any(
                        name == other and is_same_person(person, who) for other, who, _ in carried
                    ),
                    since=since,
                )
            )
        yield from reversed(found)
        for name, person, value in carried:
            if any(_is_same_tag(tag, name, person) for tag in found) or any(
                is_same_person(person, one) for one in own
            ):
                continue
            yield Tag(
                name=name.capitalize(),
                person=person,
                value=value,
                state=TagState.FIRST_SEEN,
                version=None,
                message_id=None,
                carried=True,
            )

    def _state(
        self, trailer: FollowupTrailer, patch: Patch
    ) -> tuple[TagState | None, tuple[Change, ...]]:
        """Return the state of a trailer for a patch, None where it is not about it, and the changes since."""
        newest = len(self._series.versions) - 1
        at = self._given_to.get(trailer.message_id, newest)
        if at == newest:
            mine = self._is_for(trailer, patch.number)
            return (TagState.FRESH if mine else None), ()
        comparison = self._comparisons[at]
        if comparison is None:
            mine = self._is_for(trailer, patch.number)
            return (TagState.STALE if mine else None), ()
        best: tuple[TagState | None, tuple[Change, ...]] = (None, ())
        for old in self._series.versions[at].patches:
            if not self._is_for(trailer, old.number):
                continue
            for pair in self._pairs(at, old.number, patch.number):
                merged = pair.new is None
                stale = merged or bool(_CODE.intersection(pair.change))
                if not stale:
                    return TagState.FRESH, pair.change
                best = (TagState.STALE, pair.change or ("code",))
        return best

    def _pairs(self, at: int, old: int, new: int) -> Iterator[PairChange]:
        """Yield the pairs by which a patch of an earlier posting is one of the newest, or was merged into it."""
        comparison = self._comparisons[at]
        for pair in comparison.pairs if comparison is not None else ():
            if pair.old is None or pair.old.number != old:
                continue
            if (pair.new is not None and pair.new.number == new) or pair.merged_into == new:
                yield pair

    def _is_for(self, trailer: FollowupTrailer, number: int) -> bool:
        if trailer.number != 0:
            return trailer.number == number
        facts = self._facts.get(trailer.message_id)
        named = facts.patches.get(f"{trailer.name}: {trailer.value}") if facts else None
        return named is None or number in named

    def _is_retracted(self, trailer: FollowupTrailer, name: str, person: Identity) -> bool:
        """Whether a later reply of the same person takes a trailer back."""
        given = self._senders.get(trailer.message_id)
        for message_id, facts in self._facts.items():
            later = self._senders.get(message_id)
            if name not in facts.retracts or later is None or given is None:
                continue
            if later.date > given.date and is_same_person(later.sender, person):
                return True
        return False


def _is_same_tag(tag: Tag, name: str, person: Identity) -> bool:
    return tag.name.casefold() == name and is_same_person(tag.person, person)


def _signers(patch: Patch) -> list[Identity]:
    return [
        named_person(one.value)
        for one in patch.message.trailers
        if one.name.casefold() == "signed-off-by"
    ]


def _add_person(people: list[Identity], one: Identity, others: Iterable[Identity]) -> None:
    if not any(is_same_person(one, other) for other in (*others, *people)):
        people.append(one)


def lines_to_add(covered: Coverage, number: int, *, stale: bool) -> tuple[str, ...]:
    """Return the trailer lines to write into a patch: those that it does not carry, fresh ones, with `stale` all."""
    patch = next((one for one in covered.patches if one.number == number), None)
    if patch is None:
        return ()
    return tuple(
        f"{tag.name}: {tag.value}"
        for tag in patch.tags
        if not tag.carried and tag.letter != "N" and (stale or tag.state is TagState.FRESH)
    )
