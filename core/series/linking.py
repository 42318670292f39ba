"""Postings → series: which of them are versions of the same thing.

A wrong join is worse than a missed one. Two postings join where their change-id is the same; else where the
same person sent both and (1) the cover letters carry the same title and share a patch, (2) they share half of the
smaller one's patch titles, (3) the later answers the earlier's thread as its next version, or (4) the title of the whole
is nearly the same, which is asked for less strictly of the very next version within two weeks. Each looks back in
time for its predecessor among the few latest of that title, so the work grows with the number of patches alone.
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

NEXT_WITHIN: Final = 400 * DAY
"""How long a series may rest before its next version."""

AGAIN_WITHIN: Final = 180 * DAY
"""How long after another a posting of the same number is the same series again."""

ONE_AGAIN_WITHIN: Final = DAY
"""The same for a lone patch outside of the other's thread: "update translations" may come twice a week, and is another each time."""

ONE_RFC_WITHIN: Final = 30 * DAY
"""The same for a lone RFC and the patch that comes of it."""

SKEW: Final = DAY
"""How much later than its follower, by the sender's clock, a version may be."""

_LATEST: Final = 8
"""Postings of one title that are looked at."""
_SOMEWHAT_ALIKE: Final = 60.0
_MARGIN: Final = 10.0
"""By how much the likest title must be liker than that of another series."""


class _SeriesBuilder:
    """A series in the making: its cards in date order."""

    def __init__(self, card: PostingFeatures) -> None:
        self.cards = [card]
        self.versions = {card.version}
        self.change_id = card.change_id

    @property
    def last(self) -> PostingFeatures:
        return self.cards[-1]

    def add(self, card: PostingFeatures) -> None:
        self.cards.append(card)
        self.versions.add(card.version)
        self.change_id = self.change_id or card.change_id

    def may_go_on_with(self, card: PostingFeatures, *, in_thread: bool) -> bool:
        """Whether version and time allow a card to be a further posting of this series, in a thread of which it was sent or not."""
        last = self.last
        apart = card.when - last.when
        if apart > NEXT_WITHIN or (
            card.release_tags and last.release_tags and card.release_tags != last.release_tags
        ):
            return False
        if (
            card.change_id
            and self.change_id
            and card.change_id != self.change_id
            and not (card.version > last.version and _is_same_whole(card, last))
        ):
            return False
        lone = not card.cover and len(card.patches) <= 1
        if card.version > last.version:
            return True
        if last.rfc and not card.rfc:
            return not lone or apart <= ONE_RFC_WITHIN
        if card.version not in self.versions:
            return apart <= SKEW and card.head_title == last.head_title
        if card.version != last.version:
            return False
        within = ONE_AGAIN_WITHIN if lone and not in_thread else AGAIN_WITHIN
        return card.is_resend or (card.tags == last.tags and apart <= within)


def link_postings(cards: Iterable[PostingFeatures]) -> list[list[PostingFeatures]]:
    """Return the cards of each series, in date order."""
    cards = list(cards)
    alike = find_similar_titles(cards)
    return [
        line for family in candidate_groups(cards, alike) for line in link_candidates(family, alike)
    ]


def link_candidates(
    family: Iterable[PostingFeatures], alike: Mapping[int, Sequence[int]]
) -> list[list[PostingFeatures]]:
    """Do the same for one of `candidate_groups`, or some together."""
    return _Linker(family, alike).lines()


class _Linker:
    """Joins the cards of one family."""

    def __init__(
        self, family: Iterable[PostingFeatures], alike: Mapping[int, Sequence[int]]
    ) -> None:
        self._cards = {card.at: card for card in family}
        self._alike = alike
        self._line_of: dict[int, _SeriesBuilder] = {}
        self._by_change: dict[str, _SeriesBuilder] = {}
        self._by_title: dict[tuple[str, str], list[PostingFeatures]] = {}

    def lines(self) -> list[list[PostingFeatures]]:
        """Return the cards of each series, in date order."""
        lines: list[_SeriesBuilder] = []
        for card in sorted(self._cards.values(), key=lambda card: (card.when, card.at)):
            line = self._predecessor(card)
            if line is None:
                line = _SeriesBuilder(card)
                lines.append(line)
            else:
                line.add(card)
            self._line_of[card.at] = line
            self._remember(card, line)
        return [line.cards for line in lines]

    def _remember(self, card: PostingFeatures, line: _SeriesBuilder) -> None:
        if card.change_id:
            self._by_change.setdefault(card.change_id, line)
        for sender in card.senders:
            for title in card.titles:
                self._by_title.setdefault((sender, title), []).append(card)

    def _predecessor(self, card: PostingFeatures) -> _SeriesBuilder | None:
        """Return the series that a posting goes on with."""
        line = self._by_change.get(card.change_id) if card.change_id else None
        if line and (card.version not in line.versions or _share_titles(card, line.last)):
            return line
        closest = max(
            (
                (_match_score(card, earlier), earlier.when, earlier.at)
                for earlier in self._same_title_postings(card)
                if self._may_go_on(self._line_of[earlier.at], card) and _same_series(card, earlier)
            ),
            default=None,
        )
        if closest is not None:
            return self._line_of[closest[2]]
        return self._in_thread(card) or self._by_likeness(card)

    def _may_go_on(self, line: _SeriesBuilder, card: PostingFeatures) -> bool:
        return line.may_go_on_with(card, in_thread=self._line_of.get(card.parent_posting) is line)

    def _same_title_postings(self, card: PostingFeatures) -> Iterator[PostingFeatures]:
        """Yield earlier postings of the same sender that share a title, the latest of each title."""
        seen: set[int] = set()
        for sender in card.senders:
            for title in card.titles:
                for earlier in self._by_title.get((sender, title), ())[-_LATEST:]:
                    if earlier.at not in seen:
                        seen.add(earlier.at)
                        yield earlier

    def _in_thread(self, card: PostingFeatures) -> _SeriesBuilder | None:
        """Return the series whose thread it was sent in, where it is a later version of that."""
        line = self._line_of.get(card.parent_posting)
        if line is None or not self._may_go_on(line, card):
            return None
        earlier = self._cards[card.parent_posting]
        if not has_same_sender(earlier, card) or card.version <= earlier.version:
            return None
        if not card.cover and (card.is_part or len(card.patches) == len(earlier.patches) == 1):
            return line
        alike = fuzz.token_set_ratio(card.head_title, earlier.head_title)
        return line if alike >= _SOMEWHAT_ALIKE else None

    def _by_likeness(self, card: PostingFeatures) -> _SeriesBuilder | None:
        """Return the series whose title is nearly the same, where no other comes close."""
        found: dict[int, tuple[float, int]] = {}
        for at in self._alike.get(card.at, ()):
            line = self._line_of[at]
            if self._may_go_on(line, card):
                alike = title_similarity(title_features(card), title_features(self._cards[at]))
                found[line.cards[0].at] = max(found.get(line.cards[0].at, (0, 0)), (alike, at))
        best, *others = sorted(found.values(), reverse=True) or [(0.0, -1)]
        if best[1] < 0 or (others and best[0] - others[0][0] < _MARGIN):
            return None
        return self._line_of[best[1]]


def _share_titles(card: PostingFeatures, earlier: PostingFeatures) -> bool:
    return not card.titles.isdisjoint(earlier.titles)


def _same_series(card: PostingFeatures, earlier: PostingFeatures) -> bool:
    """Whether the titles say that both are the same series."""
    shared = len(card.patches & earlier.patches)
    smaller = min(len(card.patches), len(earlier.patches))
    if card.version == earlier.version and not card.is_resend:
        if card.cover != earlier.cover:
            return False
        return 2 * shared >= max(len(card.patches), len(earlier.patches))
    if card.cover and card.cover == earlier.cover:
        return shared > 0 or smaller == 0
    if card.whole_title and card.whole_title == earlier.whole_title:
        return True  # a lone patch that grew into a series of its name
    return smaller > 0 and 2 * shared >= smaller


def _is_same_whole(card: PostingFeatures, earlier: PostingFeatures) -> bool:
    """Whether title and patches are so much the same that another change-id does not count."""
    return (
        bool(card.whole_title)
        and card.whole_title == earlier.whole_title
        and (
            2 * len(card.patches & earlier.patches) >= min(len(card.patches), len(earlier.patches))
        )
    )


def _match_score(card: PostingFeatures, earlier: PostingFeatures) -> tuple[bool, int, bool]:
    """Order candidates; the later one is taken of equals."""
    same_cover = bool(card.cover) and card.cover == earlier.cover
    next_to = earlier.version[0] + 1 >= card.version[0] and card.when - earlier.when <= AGAIN_WITHIN
    return (same_cover, len(card.patches & earlier.patches), next_to)
