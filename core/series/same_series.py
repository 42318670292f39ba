"""Judges two postings of one sender: whether titles, tags, versions and time let them be versions of one series."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from rapidfuzz import fuzz

from core.series.features import DAY, PostingFeatures

NEXT_WITHIN: Final = 400 * DAY
"""How long a series may rest before its next version."""
SAME_WHOLE_WITHIN: Final = 1100 * DAY
"""The same where cover letter or title and half of the patches are the same."""
AGAIN_WITHIN: Final = 180 * DAY
"""How long after another a posting of the same number is the same series again."""
ONE_AGAIN_WITHIN: Final = DAY
"""The same for a lone patch outside of the other's thread: "update translations" may be a new patch twice a week."""
ONE_AGAIN_SPECIFIC_WITHIN: Final = 30 * DAY
"""The same where its title is specific, or has a number above 1."""
ONE_AGAIN_OWN_WITHIN: Final = 60 * DAY
"""The same where a title of many words is specific to one patch."""
ONE_RFC_WITHIN: Final = 30 * DAY
"""The same for a lone RFC and the patch that follows it."""
UNNUMBERED_WITHIN: Final = 3 * DAY
"""How long after a numbered version one may come that lacks its number, or has an earlier one."""
_PAIR_WITHIN: Final = 14 * DAY
"""How long after another a posting without number and cover letter may come that shares a part of its patches."""

_SPECIFIC: Final = 3
"""Words from which on a title is hardly shared by chance."""
_VERY_SPECIFIC: Final = 4
_MOST_SPECIFIC: Final = 5
_GENERAL: Final = re.compile(
    r"\b(?:updates?|translations?|cleanups?|clean up|misc(?:ellaneous)?|maintainers|defconfigs?|typos?|spelling|build (?:error|failure|warning)s?)\b"
)
"""Words of titles that one person gives to different patches."""
_FIX: Final = re.compile(r"\bfix(?:es)?\b")
"""The word `fix`; a title of few words with it may recur for another patch."""
_CHORE: Final = re.compile(
    r"\b(?:comments?|words?|repeated|duplicated?|semicolons?|cleaner|unused|unneeded|unnecessary|redundant|coccicheck|kernel-doc)\b"
)
"""Words of titles that the same search of the whole tree gives to a patch in each of its files."""
_COLLECTION: Final = re.compile(
    r"\b(?:fixes|updates|patches|changes|cleanups|improvements|material|queue|pull)\b"
)
"""Title words of a collection: its patches were sent before, one by one."""
_COVER_ALIKE: Final = 60.0
_REMARKS: Final = frozenset({"rebased", "rebase", "draft", "wip", "updated", "fixed"})
"""Tags that say something of the posting, and nothing of where it belongs."""
_TREES: Final = _REMARKS | {"rfc", "rft", "net", "bpf", "next", "mainline", "stable", "for"}
"""Tags of trees between which one patch moves, and of no repository at all."""


def may_follow(
    posting: PostingFeatures,
    last: PostingFeatures,
    versions: Collection[tuple[int, int]],
    *,
    in_thread: bool,
) -> bool:
    """Whether version and time allow a posting after the `last` of a series that has some versions."""
    apart = posting.when - last.when
    if posting.release_tags and last.release_tags and posting.release_tags != last.release_tags:
        return False
    same_whole = is_same_whole(posting, last)
    if apart > (SAME_WHOLE_WITHIN if same_whole and is_specific(posting) else NEXT_WITHIN):
        return False
    if posting.version > last.version:
        return True
    if last.rfc and not posting.rfc:
        return not posting.is_lone or apart <= ONE_RFC_WITHIN
    if posting.version != last.version:
        # Its number was forgotten, or is that of an earlier one.
        if posting.version not in versions and posting.head_title == last.head_title:
            return apart <= DAY
        same_branch = posting.release_tags == last.release_tags
        return same_whole and same_branch and is_specific(posting) and apart <= UNNUMBERED_WITHIN
    if posting.is_resend:
        return True
    return posting.tags - _REMARKS == last.tags - _REMARKS and apart <= _again_within(
        posting, in_thread=in_thread
    )


def _again_within(posting: PostingFeatures, *, in_thread: bool) -> float:
    """Return how long after another a posting of the same number may be the same series again."""
    if in_thread or not posting.is_lone:
        return AGAIN_WITHIN
    if posting.version > (1, 0):
        return ONE_AGAIN_SPECIFIC_WITHIN if is_specific(posting) else ONE_AGAIN_WITHIN
    words = len(posting.head_title.split())
    if words < _VERY_SPECIFIC or _GENERAL.search(posting.head_title):
        return ONE_AGAIN_WITHIN
    is_own = words >= _MOST_SPECIFIC and not _CHORE.search(posting.head_title)
    if _FIX.search(posting.head_title):
        return ONE_AGAIN_SPECIFIC_WITHIN if is_own else ONE_AGAIN_WITHIN
    return ONE_AGAIN_OWN_WITHIN if is_own else ONE_AGAIN_SPECIFIC_WITHIN


def is_same_series(posting: PostingFeatures, earlier: PostingFeatures) -> bool:
    """Whether titles and tags say that both are the same series."""
    shared = len(posting.patches & earlier.patches)
    smaller, larger = sorted((len(posting.patches), len(earlier.patches)))
    if has_other_repository(posting, earlier) and 2 * shared < larger:
        return False
    same_cover = bool(posting.cover) and posting.cover == earlier.cover
    if same_cover and earlier.rfc and not posting.rfc and is_specific(posting):
        return shared > 0 or smaller == 0
    if posting.version == earlier.version and not posting.is_resend:
        if posting.cover != earlier.cover:
            return False
        if posting.cover and earlier.is_part and earlier.patches <= posting.patches:
            return True  # broken off, and sent anew
        if posting.cover and not is_specific(posting) and not _share_specific(posting, earlier):
            return shared == larger
        same_head = posting.cover or posting.head_title == earlier.head_title or larger > 3
        if not same_head and posting.when - earlier.when > _PAIR_WITHIN:
            return shared == larger
        return 2 * shared >= larger
    if same_cover:
        is_next = posting.version[0] == earlier.version[0] + 1 and is_specific(posting)
        return shared > 0 or smaller == 0 or (is_next and not _is_collection(posting))
    if posting.whole_title and posting.whole_title == earlier.whole_title:
        return not is_of_other_author(posting, earlier) or posting.version > earlier.version
    if smaller == 0 or 2 * shared < smaller:
        return False
    return not _swallows(posting, earlier, smaller, larger)


def _swallows(
    posting: PostingFeatures, earlier: PostingFeatures, smaller: int, larger: int
) -> bool:
    """Whether one of two is a collection that holds the other among patches that have nothing to do with it."""
    fewer = posting if len(posting.patches) < len(earlier.patches) else earlier
    if larger < 4 or 2 * smaller >= larger or fewer.is_part:
        return False
    if posting.cover and earlier.cover:
        return fuzz.token_set_ratio(posting.cover, earlier.cover) < _COVER_ALIKE
    if _is_collection(posting) or _is_collection(earlier):
        return True
    return posting.version[0] not in {earlier.version[0], earlier.version[0] + 1}


def _is_collection(posting: PostingFeatures) -> bool:
    return bool(_COLLECTION.search(posting.cover))


def is_specific(posting: PostingFeatures) -> bool:
    """Whether its title is hardly shared by chance."""
    return len(posting.head_title.split()) >= _SPECIFIC


def _share_specific(posting: PostingFeatures, earlier: PostingFeatures) -> bool:
    """Whether they share a patch whose title is hardly shared by chance: "changelog" and "bump the version" are."""
    return any(len(title.split()) >= _SPECIFIC for title in posting.patches & earlier.patches)


def is_same_whole(posting: PostingFeatures, earlier: PostingFeatures) -> bool:
    """Whether the title of the whole is the same, and half of the patches are."""
    shared = len(posting.patches & earlier.patches)
    return (
        bool(posting.whole_title)
        and posting.whole_title == earlier.whole_title
        and 2 * shared >= min(len(posting.patches), len(earlier.patches))
    )


def is_of_other_author(posting: PostingFeatures, earlier: PostingFeatures) -> bool:
    """Whether both are lone patches that one person sent for two authors."""
    return bool(posting.author and earlier.author) and posting.author != earlier.author


def has_other_repository(posting: PostingFeatures, earlier: PostingFeatures) -> bool:
    """Whether their tags name two repositories that share a list: `libnftnl` and `nft`, but not `net` and `net-next`."""
    mine, theirs = repositories(posting), repositories(earlier)
    return bool(mine and theirs) and mine.isdisjoint(theirs)


def repositories(posting: PostingFeatures) -> frozenset[str]:
    """Return the tags that may name a repository: no tree's, no release, nothing said of the posting."""
    return frozenset(
        name
        for tag in posting.tags
        if (name := tag.partition("-")[0]) not in _TREES and not any(map(str.isdigit, tag))
    )
