"""Postings to series: groups the versions of one series (record linkage).

A wrong join is worse than a missed one. Each posting, by date, looks back for its predecessor: the posting of its
change-id; the earlier versions that it links; one of the same sender that (1) carries the same cover letter's title and
shares a patch, (2) shares half of the smaller one's patch titles, (3) holds the thread in which this one was sent as
its next version, or (4) has nearly the same title, which is asked for less strictly of the very next version within two
weeks. Of each title only the few latest postings are looked at, so the work grows with the number of patches alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rapidfuzz import fuzz

from core.series.features import (
    DAY,
    PostingFeatures,
    candidate_groups,
    find_similar_titles,
    has_same_sender,
    title_features,
    title_similarity,
)
from core.series.same_series import (
    AGAIN_WITHIN,
    has_other_repository,
    is_of_other_author,
    is_same_series,
    is_same_whole,
    may_follow,
    repositories,
)

SKEW: Final = DAY
"""How much later than its follower, by the sender's clock, a version may be."""

_LATEST: Final = 8
"""Postings of one title that are looked at."""
_SOMEWHAT_ALIKE: Final = 60.0
_LONE_SOMEWHAT_ALIKE: Final = 50.0
_MARGIN: Final = 10.0
"""Least lead of the most similar title over that of another series."""


class _SeriesBuilder:
    """A series in the making: its postings in date order."""

    def __init__(self, posting: PostingFeatures) -> None:
        self.postings = [posting]
        self.versions = {posting.version}
        self.change_id = posting.change_id

    @property
    def last(self) -> PostingFeatures:
        return self.postings[-1]

    def add(self, posting: PostingFeatures) -> None:
        self.postings.append(posting)
        self.versions.add(posting.version)
        self.change_id = self.change_id or posting.change_id

    def may_go_on_with(self, posting: PostingFeatures, *, in_thread: bool) -> bool:
        """Whether version, time and change-id allow a further posting, sent in a thread of this series or not."""
        last = self.last
        if (
            posting.change_id
            and self.change_id
            and posting.change_id != self.change_id
            and not (posting.version > last.version and is_same_whole(posting, last))
        ):
            return False
        return may_follow(posting, last, self.versions, in_thread=in_thread)


def link_postings(postings: Iterable[PostingFeatures]) -> list[list[PostingFeatures]]:
    """Return the postings of each series, in date order."""
    postings = list(postings)
    alike = find_similar_titles(postings)
    return [
        series
        for group in candidate_groups(postings, alike)
        for series in link_candidates(group, alike)
    ]


def link_candidates(
    group: Iterable[PostingFeatures], alike: Mapping[int, Sequence[int]]
) -> list[list[PostingFeatures]]:
    """Do the same for one of `candidate_groups`, or some together."""
    return _Linker(group, alike).series()


class _Linker:
    """Links the postings of one candidate group."""

    def __init__(
        self, group: Iterable[PostingFeatures], alike: Mapping[int, Sequence[int]]
    ) -> None:
        self._postings = {posting.at: posting for posting in group}
        self._alike = alike
        self._builder_of: dict[int, _SeriesBuilder] = {}
        self._by_change: dict[str, _SeriesBuilder] = {}
        self._by_id = {name: posting for posting in self._postings.values() for name in posting.ids}
        self._by_title: dict[tuple[str, str], list[PostingFeatures]] = {}

    def series(self) -> list[list[PostingFeatures]]:
        """Return the postings of each series, in date order."""
        for posting in sorted(self._postings.values(), key=lambda one: (one.when, one.at)):
            builder = self._predecessor(posting)
            if builder is None:
                builder = _SeriesBuilder(posting)
            else:
                builder.add(posting)
            self._builder_of[posting.at] = builder
            self._remember(posting, builder)
        return [builder.postings for builder in dict.fromkeys(self._builder_of.values())]

    def _remember(self, posting: PostingFeatures, builder: _SeriesBuilder) -> None:
        if posting.change_id:
            self._by_change.setdefault(posting.change_id, builder)
        for sender in posting.senders:
            for title in posting.titles:
                self._by_title.setdefault((sender, title), []).append(posting)

    def _predecessor(self, posting: PostingFeatures) -> _SeriesBuilder | None:
        """Return the series that a posting continues."""
        linked = self._linked(posting)
        titled = self._by_title_and_change(posting)
        if linked is None:
            return titled or self._in_thread(posting) or self._by_similarity(posting)
        if titled is None or titled is linked or not titled.versions.isdisjoint(linked.versions):
            return linked
        return self._join(linked, titled)

    def _by_title_and_change(self, posting: PostingFeatures) -> _SeriesBuilder | None:
        """Return the series of the same change-id, else of an earlier posting with the same titles."""
        builder = self._by_change.get(posting.change_id) if posting.change_id else None
        if builder is not None and (
            posting.version not in builder.versions or _share_titles(posting, builder.last)
        ):
            return self._current(builder)
        best = max(
            (
                (_match_score(posting, earlier), earlier.when, earlier.at)
                for earlier in self._same_title_postings(posting)
                if self._may_go_on(self._builder_of[earlier.at], posting)
                and is_same_series(posting, earlier)
            ),
            default=None,
        )
        return self._builder_of[best[2]] if best is not None else None

    def _current(self, builder: _SeriesBuilder) -> _SeriesBuilder:
        """Return a series, or the one that it became a part of."""
        return self._builder_of[builder.postings[0].at]

    def _linked(self, posting: PostingFeatures) -> _SeriesBuilder | None:
        """Return the series of the earlier versions that a posting links; several that fit together become one."""
        found: _SeriesBuilder | None = None
        for number, name in posting.links:
            earlier = self._by_id.get(name)
            builder = self._builder_of.get(earlier.at) if earlier is not None else None
            if earlier is None or builder is None or not _is_version(posting, earlier, number):
                continue
            if not self._has_room(builder, posting):
                continue
            if found is None:
                found = builder
            elif builder is not found and found.versions.isdisjoint(builder.versions):
                found = self._join(found, builder)
        return found

    def _has_room(self, builder: _SeriesBuilder, posting: PostingFeatures) -> bool:
        """Whether no other posting of a series has that version: one series may have been divided into several."""
        return posting.is_resend or all(
            _share_titles(posting, other)
            for other in builder.postings
            if other.version == posting.version and not (other.rfc and not posting.rfc)
        )

    def _join(self, one: _SeriesBuilder, other: _SeriesBuilder) -> _SeriesBuilder:
        """Make one series of two."""
        joined, *rest = sorted(
            (*one.postings, *other.postings), key=lambda each: (each.when, each.at)
        )
        builder = _SeriesBuilder(joined)
        for posting in rest:
            builder.add(posting)
        for posting in builder.postings:
            self._builder_of[posting.at] = builder
        return builder

    def _may_go_on(self, builder: _SeriesBuilder, posting: PostingFeatures) -> bool:
        in_thread = self._builder_of.get(posting.parent_posting) is builder
        return builder.may_go_on_with(posting, in_thread=in_thread)

    def _same_title_postings(self, posting: PostingFeatures) -> Iterator[PostingFeatures]:
        """Yield earlier postings of the same sender that share a title, the latest of each title."""
        seen: set[int] = set()
        for sender in posting.senders:
            for title in posting.titles:
                for earlier in self._by_title.get((sender, title), ())[-_LATEST:]:
                    if earlier.at not in seen:
                        seen.add(earlier.at)
                        yield earlier

    def _in_thread(self, posting: PostingFeatures) -> _SeriesBuilder | None:
        """Return the series whose thread it was sent in, where it is a later version of that."""
        builder = self._builder_of.get(posting.parent_posting)
        if builder is None or not self._may_go_on(builder, posting):
            return None
        earlier = self._postings[posting.parent_posting]
        if not has_same_sender(earlier, posting) or posting.version <= earlier.version:
            return None
        if not posting.cover and posting.is_part:
            return builder
        alike = fuzz.token_set_ratio(posting.head_title, earlier.head_title)
        if posting.is_lone and earlier.is_lone:
            same_area = _area(posting) == _area(earlier)
            return builder if same_area or alike >= _LONE_SOMEWHAT_ALIKE else None
        return builder if alike >= _SOMEWHAT_ALIKE else None

    def _by_similarity(self, posting: PostingFeatures) -> _SeriesBuilder | None:
        """Return the series with nearly the same title, where no other comes close."""
        found: dict[int, tuple[float, int]] = {}
        for at in self._alike.get(posting.at, ()):
            builder, earlier = self._builder_of[at], self._postings[at]
            if (
                self._may_go_on(builder, posting)
                and not is_of_other_author(posting, earlier)
                and not has_other_repository(posting, earlier)
            ):
                alike = title_similarity(title_features(posting), title_features(earlier))
                first = builder.postings[0].at
                found[first] = max(found.get(first, (0, 0)), (alike, at))
        best, *others = sorted(found.values(), reverse=True) or [(0.0, -1)]
        rivals = [at for alike, at in others if best[0] - alike < _MARGIN]
        if best[1] < 0 or not all(self._is_same_again(best[1], at) for at in rivals):
            return None
        builder = self._builder_of[best[1]]
        for at in rivals:
            if self._is_lone_again(best[1], at):
                builder = self._join(builder, self._builder_of[at])
        return builder

    def _is_lone_again(self, one: int, other: int) -> bool:
        """Whether two series are one patch each, sent twice within a day, the area added in front of its title."""
        mine, theirs = (self._postings[at].whole_title for at in (one, other))
        return (
            self._builder_of[one] is not self._builder_of[other]
            and len(self._builder_of[other].postings) == 1
            and (mine.endswith(f": {theirs}") or theirs.endswith(f": {mine}"))
        )

    def _is_same_again(self, one: int, other: int) -> bool:
        """Whether two postings are one sent twice within a day, perhaps with words added to its title; either may be linked."""
        mine, theirs = self._postings[one], self._postings[other]
        words, others = set(mine.whole_title.split()), set(theirs.whole_title.split())
        return (
            mine.version == theirs.version
            and abs(mine.when - theirs.when) <= DAY
            and (words <= others or others <= words)
        )


def _is_version(posting: PostingFeatures, earlier: PostingFeatures, number: int) -> bool:
    """Whether a posting is a later version of one that it links as `number`: its claim must be plausible.

    The sender must be the same; of a series that somebody else took over a title must be, too.
    """
    if earlier.version[0] != number or earlier.when > posting.when + SKEW:
        return False
    if number >= posting.version[0] and not (
        number == posting.version[0] and earlier.rfc and not posting.rfc
    ):
        return False
    shared = _share_titles(posting, earlier)
    if not shared and has_other_repository(posting, earlier):
        return False
    return shared or has_same_sender(earlier, posting)


def _area(posting: PostingFeatures) -> str:
    """Return the part of a title before its first colon: the area of the code."""
    area, colon, _ = posting.head_title.partition(":")
    return area if colon else ""


def _share_titles(posting: PostingFeatures, earlier: PostingFeatures) -> bool:
    return not posting.titles.isdisjoint(earlier.titles)


def _match_score(
    posting: PostingFeatures, earlier: PostingFeatures
) -> tuple[bool, bool, int, bool]:
    """Order candidates; the later one is taken of equals."""
    same_cover = bool(posting.cover) and posting.cover == earlier.cover
    next_to = (
        earlier.version[0] + 1 >= posting.version[0] and posting.when - earlier.when <= AGAIN_WITHIN
    )
    same_repository = repositories(posting) == repositories(earlier)
    return (same_cover, same_repository, len(posting.patches & earlier.patches), next_to)
