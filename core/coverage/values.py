"""The coverage of a posting: patches, the givers of their trailers, and the state of each trailer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from core.model import Identity, MessageId
from core.versions.compare import Change

LETTERS: Final = {"nacked-by": "N", "reviewed-by": "R", "acked-by": "A", "tested-by": "T"}
"""The trailers of a review, strongest first, with the letter that stands for each."""


def review_names(name: str) -> tuple[str, ...]:
    """Return the trailers of a review, in lower case, that one name stands for: two for `Reviewed-and-tested-by`."""
    names = tuple(f"{part}-by" for part in name.casefold().removesuffix("-by").split("-and-"))
    return names if all(one in LETTERS for one in names) else ()


class TagState(StrEnum):
    """The value of a trailer for the newest code."""

    FRESH = "fresh"
    """Given to this posting, or to an earlier one with the same code."""
    STALE = "stale"
    """Given to other code."""
    FIRST_SEEN = "first-seen"
    """The patch carries it, and no mail here gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A review trailer of one person for one patch of the newest posting."""

    name: str
    person: Identity
    value: str
    """As first written: `A B <a@example.org> # for the docs`."""
    state: TagState
    version: int | None
    """The version it was given to; None for one first seen here."""
    message_id: MessageId | None
    """The reply that gave it."""
    carried: bool
    """The author took it into the patch."""
    posting: MessageId | None = None
    """The cover letter or first patch of the posting it was given to."""
    since: tuple[Change, ...] = ()
    """The changes in the patch since it was given."""
    for_part: bool = False
    """Given to a part of the series that its mail names in prose, so perhaps not for this patch."""

    @property
    def line(self) -> str:
        """It as a line of a commit message."""
        return f"{self.name}: {self.value}"

    @property
    def letter(self) -> str:
        """R, A, T or N."""
        return LETTERS[self.name.casefold()]


class StaleTag(NamedTuple):
    """A trailer that was given to other code than a patch has now."""

    number: int
    """The number of the patch in the newest posting."""
    tag: Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenTag:
    """A trailer that the newest posting does not carry though the code is as it was given to."""

    tag: Tag
    number: int
    """The number of the patch in the newest posting."""


@dataclass(frozen=True, slots=True)
class Commenter:
    """Somebody who answered a patch without a trailer for it."""

    person: Identity
    message_id: MessageId
    """The first such reply to the newest posting, else to the oldest."""


@dataclass(frozen=True, slots=True)
class CollectedTrailer:
    """A trailer that replies gave to a patch and that it does not carry; never a Nacked-by."""

    line: str
    stale: bool
    """Given to other code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchCoverage:
    """The review trailers of one patch of the newest posting."""

    number: int
    message_id: MessageId
    title: str
    tags: tuple[Tag, ...]
    """Strongest first; neither the author's own nor those taken back."""
    commenters: tuple[Commenter, ...] = ()
    """Commenters on it, in any posting, without a trailer."""
    silent: tuple[Identity, ...] = ()
    """People in To or Cc (not lists) without a reply."""

    collected: tuple[CollectedTrailer, ...] = ()
    """The trailers to write into it, those of its own replies first, then those of the cover letter's."""

    def fresh(self) -> Iterator[Tag]:
        """Yield the trailers that hold for this code."""
        return (tag for tag in self.tags if tag.state is not TagState.STALE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The review trailers of the newest posting of a series."""

    series: MessageId
    version: int
    patches: tuple[PatchCoverage, ...]
    forgotten: tuple[ForgottenTag, ...] = ()

    @property
    def stale(self) -> int:
        """How many trailers were given to other code."""
        return sum(tag.state is TagState.STALE for patch in self.patches for tag in patch.tags)

    @property
    def reviewed(self) -> int:
        """How many patches have a fresh Reviewed-by or Acked-by."""
        return sum(any(tag.letter in "RA" for tag in patch.fresh()) for patch in self.patches)
