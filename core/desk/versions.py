"""The use cases of versions: choose two postings, compare them, and open the interdiff of a pair."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from threading import Event
from typing import TYPE_CHECKING, Protocol

from core.errors import Cancelled, PatchdeskError
from core.model import Message, MessageId, OpenedMessage, Series, TargetListing, Version
from core.versions.choose import Choice, Posting, choose, postings
from core.versions.comparison import (
    Comparison,
    PairInterdiff,
    VersionMails,
    compare,
    pair_interdiffs,
)

if TYPE_CHECKING:
    from core.desk.version_cache import ComparisonCache
    from core.versions.content import PatchContent


class OpensMail(Protocol):
    """Opens messages: a desk, or the index."""

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail for reading. Raises PatchdeskError."""
        ...


def series_of(listing: TargetListing, message_id: MessageId) -> Series:
    """Return the series that holds a mail. Raises PatchdeskError."""
    for item in listing.items:
        if message_id in item.message_ids:
            if isinstance(item, Series):
                return item
            break
    raise PatchdeskError(
        f"{message_id} belongs to no patch series.",
        "patchdesk series TARGET --json lists its series.",
    )


def choose_postings(
    listing: TargetListing, message_id: MessageId, old: str | None, new: str | None
) -> Choice:
    """Return the postings of the series that holds a mail, as `core.versions.choose` finds them. Raises PatchdeskError."""
    series = series_of(listing, message_id)
    others = [item for item in listing.items if isinstance(item, Series) and item is not series]
    return choose(series, old, new, others)


class VersionComparer:
    """Reads the messages of two postings and compares them, with a cache."""

    def __init__(self, opener: OpensMail, cache: ComparisonCache | None = None) -> None:
        self._opener = opener
        self._cache = cache
        self._newer: tuple[Version, Sequence[PatchContent]] | None = None
        """The last posting that others were compared with: mostly the newest is, again and again."""

    def compare(self, choice: Choice, stop: Event | None = None) -> Comparison:
        """Return the comparison. Raises PatchdeskError and Cancelled."""
        from core.desk.version_cache import cache_key

        steps = [posting.version for posting in _between(choice)]
        key = cache_key(choice.old.version, choice.new.version, steps)
        if self._cache is not None and (kept := self._cache.get(key)) is not None:
            return kept
        compared = compare(
            self._read(choice.old.version, stop),
            self._read(choice.new.version, stop),
            [self._read(version, stop) for version in steps],
            stop,
        )
        if self._cache is not None:
            self._cache.put(key, compared)
        return compared

    def interdiffs(
        self, choice: Choice, comparison: Comparison, stop: Event | None = None
    ) -> list[PairInterdiff]:
        """Return the interdiff of every pair, in the order of the pairs. Raises PatchdeskError and Cancelled."""
        old = self._read(choice.old.version, stop).contents()
        if self._newer is None or self._newer[0] is not choice.new.version:
            self._newer = choice.new.version, self._read(choice.new.version, stop).contents()
        new = self._newer[1]
        return pair_interdiffs(comparison, old, new, stop)

    def _read(self, version: Version, stop: Event | None) -> VersionMails:
        patches = []
        for patch in version.patches:
            if stop is not None and stop.is_set():
                raise Cancelled
            patches.append((patch.number, self._opener.mail(patch.message)))
        cover = self._opener.mail(version.cover.message) if version.cover is not None else None
        return VersionMails(version=version.version, cover=cover, patches=tuple(patches))


def change_phrase(comparer: VersionComparer, series: Series, message_id: MessageId) -> str:
    """Return the changes of a patch, or of a cover letter's version, since the version before; "" for none.

    Raises PatchdeskError and Cancelled.
    """
    from core.versions.formats.phrases import pair_phrases, summary

    known = postings(series)
    for old, new in pairwise(known):
        version = new.series.versions[new.at]
        ids = [entry.message.message_id for entry in version.entries()]
        if message_id not in ids:
            continue
        comparison = comparer.compare(Choice(old=old, new=new))
        for pair in comparison.pairs:
            if pair.new is not None and pair.new.message_id == message_id:
                phrases = pair_phrases(pair, comparison, old=old.name, new=new.name)
                return f"since {old.name}: {', '.join(phrases)}"
        return f"since {old.name}: {summary(comparison)}"
    return ""


def _between(choice: Choice) -> Sequence[Posting]:
    """Return the postings between two of one series, for their changelogs."""
    if choice.old.series.id != choice.new.series.id:
        return ()
    return postings(choice.new.series)[choice.old.at + 1 : choice.new.at]
