"""The review trailers of a series against its newest posting: fresh, stale, forgotten, first seen.

A trailer is compared by the posting it was given to, directly with the newest: a change that was taken back makes
nothing stale. The author's own trailers are no review.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from core.coverage.given_tags import GivenTag, GivenTags, Place, ReplyFacts, is_review
from core.coverage.people import is_same_person, named_person
from core.coverage.values import (
    LETTERS,
    CollectedTrailer,
    Commenter,
    Coverage,
    ForgottenTag,
    PatchCoverage,
    StaleTag,
    Tag,
    TagState,
    review_names,
)
from core.model import Identity, MessageId, Patch, Reply, Series
from core.versions.compare import Change, PairChange
from core.versions.comparison import Comparison

_CODE: Final[frozenset[Change]] = frozenset({"code", "binary", "mode"})
"""Changes of a patch after which a trailer was given to other code."""
_STRENGTH: Final = list(LETTERS)
_NACKED: Final = "nacked-by"


def is_other_code(change: Collection[Change]) -> bool:
    """Whether a trailer for a patch with these changes since was given to other code.

    White space alone is none: git's patch-id, by which b4 takes trailers over, leaves it out.
    """
    found = _CODE.intersection(change)
    return bool(found - {"code"} if "whitespace" in change else found)


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
        self._comparisons = comparisons
        self._given = GivenTags(series, facts)
        self._posting_of = {tag.trailer.message_id: tag.posting for tag in self._given}
        """Reply with a trailer → the place of the posting that it answers."""
        self._became: list[dict[int, list[PairChange]]] = []
        """For each posting: number of a patch of the newest → its pairs, and those of patches merged into it."""
        for comparison in comparisons:
            pairs: dict[int, list[PairChange]] = {}
            for pair in comparison.pairs if comparison is not None else ():
                number = pair.new.number if pair.new is not None else pair.merged_into
                if pair.old is not None and number is not None:
                    pairs.setdefault(number, []).append(pair)
            self._became.append(pairs)

    def build(self) -> Coverage:
        given: dict[int, list[Tag]] = {patch.number: [] for patch in self._newest.patches}
        forgotten: list[ForgottenTag] = []
        for patch in self._newest.patches:
            tags = list(self._tags_of(patch))
            given[patch.number] = tags
            forgotten += [
                ForgottenTag(tag=tag, number=patch.number)
                for tag in tags
                if self._is_forgotten(tag, tags)
            ]
        return Coverage(
            series=self._series.id,
            version=self._newest.version,
            patches=tuple(
                self._patch(patch, given[patch.number]) for patch in self._newest.patches
            ),
            forgotten=tuple(forgotten),
        )

    def _is_forgotten(self, tag: Tag, tags: Sequence[Tag]) -> bool:
        """Whether the author left out a trailer of an earlier posting; `tags` are all of the patch.

        Nobody carries a Nacked-by, and a Reviewed-by of the same person stands for an Acked-by.
        """
        return (
            tag.state is TagState.FRESH
            and not (tag.carried or tag.for_part or tag.letter == "N")
            and tag.message_id is not None
            and self._posting_of[tag.message_id] < len(self._series.versions) - 1
            and not any(
                other.carried
                and (tag.letter, other.letter) == ("A", "R")
                and is_same_person(other.person, tag.person)
                for other in tags
            )
        )

    def _patch(self, patch: Patch, tags: Sequence[Tag]) -> PatchCoverage:
        tagged = [tag.person for tag in tags]
        own = [self._series.author, patch.message.author, patch.message.sender]
        commenters: list[Commenter] = []
        for reply in self._replies_to(patch):
            sender = reply.message.sender
            if not _is_among(sender, (*tagged, *own, *(one.person for one in commenters))):
                commenters.append(Commenter(sender, reply.message.message_id))
        silent: list[Identity] = []
        for one in (*patch.message.to, *patch.message.cc):
            if one.name:  # a mailing list has none
                _add_person(silent, one, [*tagged, *own, *(one.person for one in commenters)])
        return PatchCoverage(
            number=patch.number,
            collected=tuple(self._collected(patch, tags)),
            message_id=patch.message.message_id,
            title=patch.message.subject.title,
            tags=tuple(sorted(tags, key=_strength)),
            commenters=tuple(commenters),
            silent=tuple(silent),
        )

    def _replies_to(self, patch: Patch) -> Iterator[Reply]:
        """Yield the replies to a patch and to its counterparts in earlier postings."""
        yield from patch.replies
        places = self._places(patch)
        for at, version in enumerate(self._series.versions[:-1]):
            for old in version.patches:
                if (at, old.number) in places:
                    yield from old.replies

    def _places(self, patch: Patch) -> set[Place]:
        """Return the places of a patch of the newest posting in all postings."""
        found = {(len(self._series.versions) - 1, patch.number)}
        for at, pairs in enumerate(self._became):
            found.update(
                (at, pair.old.number)
                for pair in pairs.get(patch.number, ())
                if pair.old is not None
            )
        return found

    def _tags_of(self, patch: Patch) -> Iterator[Tag]:
        """Yield the trailers for a patch: those given in replies to this or earlier postings, then those that only the
        patch carries.
        """
        own = self._own(patch)
        carried = [
            (name, person, one.value)
            for one in patch.message.trailers
            for name in review_names(one.name)
            if is_review(name, person := named_person(one.value)) and not _is_among(person, own)
        ]
        found = self._given_to(patch, own)
        for tag in found:
            is_carried = any(_is_same_tag(tag, name, person) for name, person, _ in carried)
            yield replace(tag, carried=is_carried)
        for name, person, value in carried:
            if not any(_is_same_tag(tag, name, person) for tag in found):
                yield Tag(
                    name=name.capitalize(),
                    person=person,
                    value=value,
                    state=TagState.FIRST_SEEN,
                    version=None,
                    message_id=None,
                    carried=True,
                )

    def _collected(self, patch: Patch, tags: Sequence[Tag]) -> Iterator[CollectedTrailer]:
        """Yield the trailers to write into a patch: of a review the `tags`, of all others those given to the same code."""
        known = {(one.name.casefold(), one.value.casefold()) for one in patch.message.trailers}
        own = self._own(patch)
        reviews = {
            (tag.message_id, tag.name.casefold(), tag.value): tag for tag in tags if not tag.carried
        }
        for given in sorted(self._given, key=lambda one: one.trailer.number == 0):
            trailer = given.trailer
            tag = reviews.pop((trailer.message_id, given.name, trailer.value), None)
            state = tag.state if tag is not None else self._state(given, patch)[0]
            key = trailer.name.casefold(), trailer.value.casefold()
            if state is None or key in known or given.name == _NACKED:
                continue
            is_other = not given.is_review or _is_among(given.person, own)
            if tag is not None or (is_other and state is TagState.FRESH):
                known.add(key)
                yield CollectedTrailer(given.line, state is TagState.STALE)

    def _own(self, patch: Patch) -> list[Identity]:
        """Return the people whose trailers for a patch are no review."""
        return [self._series.author, patch.message.author, *_signers(patch)]

    def _given_to(self, patch: Patch, own: Sequence[Identity]) -> list[Tag]:
        """Return the trailers for a patch that replies gave; of a person's the newest counts, and `own` give none."""
        places = self._places(patch)
        found: list[Tag] = []
        for given in reversed(tuple(self._given)):
            state, since = self._state(given, patch)
            if (
                state is None
                or not given.is_review
                or _is_among(given.person, own)
                or any(_is_same_tag(tag, given.name, given.person) for tag in found)
                or self._given.is_retracted(given, places)
            ):
                continue
            found.append(
                Tag(
                    name=_tag_name(given),
                    person=given.person,
                    value=given.trailer.value,
                    state=state,
                    version=given.trailer.version,
                    message_id=given.trailer.message_id,
                    carried=False,
                    posting=given.trailer.posting,
                    since=since,
                    for_part=given.for_part,
                )
            )
        return found[::-1]

    def _state(self, given: GivenTag, patch: Patch) -> tuple[TagState | None, tuple[Change, ...]]:
        """Return the state of a trailer for a patch, None where it is not about it, and the changes since."""
        at = given.posting
        if at == len(self._series.versions) - 1 or self._comparisons[at] is None:
            if not given.is_for(patch.number):
                return None, ()
            is_newest = at == len(self._series.versions) - 1
            return (TagState.FRESH if is_newest else TagState.STALE), ()
        best: tuple[TagState | None, tuple[Change, ...]] = (None, ())
        for pair in self._became[at].get(patch.number, ()):
            if pair.old is None or not given.is_for(pair.old.number):
                continue
            if pair.new is not None and not is_other_code(pair.change):
                return TagState.FRESH, pair.change
            best = (TagState.STALE, pair.change or ("code",))
        return best


def _strength(tag: Tag) -> int:
    return _STRENGTH.index(tag.name.casefold())


def _tag_name(given: GivenTag) -> str:
    """Return the name as it was written, of one that stands for two reviews the name of this."""
    written = given.trailer.name
    return written if written.casefold() == given.name else given.name.capitalize()


def _is_among(person: Identity, people: Iterable[Identity]) -> bool:
    return any(is_same_person(person, one) for one in people)


def _is_same_tag(tag: Tag, name: str, person: Identity) -> bool:
    return tag.name.casefold() == name and is_same_person(tag.person, person)


def _signers(patch: Patch) -> list[Identity]:
    return [
        named_person(one.value)
        for one in patch.message.trailers
        if one.name.casefold() == "signed-off-by"
    ]


def _add_person(people: list[Identity], one: Identity, others: Iterable[Identity]) -> None:
    if not _is_among(one, (*others, *people)):
        people.append(one)


def stale_tags(covered: Coverage) -> tuple[StaleTag, ...]:
    """Return the trailers given to other code that patches do not carry; the user decides whether they still hold."""
    return tuple(
        StaleTag(patch.number, tag)
        for patch in covered.patches
        for tag in patch.tags
        if tag.state is TagState.STALE and not tag.carried and tag.letter != "N"
    )


def lines_to_add(
    covered: Coverage, number: int, stale: Collection[StaleTag] = ()
) -> tuple[str, ...]:
    """Return the trailer lines to write into a patch: those that it does not carry, given to this code or among `stale`."""
    patch = next((one for one in covered.patches if one.number == number), None)
    if patch is None:
        return ()
    wanted = {one.tag.line for one in stale if one.number == number}
    return tuple(one.line for one in patch.collected if not one.stale or one.line in wanted)
