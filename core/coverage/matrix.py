"""The coverage of a posting as a table: a row for each patch, a column for each person, a letter and its state in each cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from core.coverage.people import is_same_person
from core.coverage.values import Coverage, PatchCoverage, Tag, TagState
from core.model import Identity, MessageId

MOST_PEOPLE: Final = 40
"""Columns of a table; further people are counted."""
_STRONGEST: Final = "NRAT"


@dataclass(frozen=True, slots=True)
class Cell:
    """The strongest sign of a person on a patch: a trailer, a comment, or silence."""

    letter: str = ""
    """N, R, A or T for a trailer, c for a comment alone, · for silence of somebody who was asked; "" for none of it."""
    tag: Tag | None = None
    forgotten: bool = False
    """The newest posting does not carry the trailer, though the code is as it was given to."""
    message_id: MessageId | None = None
    """The mail behind it: the reply with the trailer or comment; of a trailer first seen here the patch."""

    @property
    def mark(self) -> str:
        """The sign beside the letter: ! stale, ? first seen here, - forgotten; "" where the trailer is fresh."""
        if self.tag is None:
            return ""
        if self.forgotten:
            return "-"
        return {TagState.STALE: "!", TagState.FIRST_SEEN: "?"}.get(self.tag.state, "")


@dataclass(frozen=True, slots=True)
class CoverageMatrix:
    """The table: `rows` has for each patch a cell for each of `people`."""

    people: tuple[Identity, ...]
    rows: tuple[tuple[PatchCoverage, tuple[Cell, ...]], ...]
    further: int = 0
    """People who are left out since there are too many."""


def coverage_matrix(found: Coverage) -> CoverageMatrix:
    """Return the table of a coverage: who gave most trailers comes first, who only was asked comes last."""
    people: list[Identity] = []
    weights: list[int] = []
    for weight, identity in _named(found):
        for at, known in enumerate(people):
            if is_same_person(known, identity):
                weights[at] += weight
                break
        else:
            if len(people) < 10 * MOST_PEOPLE:
                people.append(identity)
                weights.append(weight)
    order = sorted(range(len(people)), key=lambda at: (-weights[at], at))
    shown = tuple(people[at] for at in islice(order, MOST_PEOPLE))
    forgotten = {(one.number, one.tag) for one in found.forgotten}
    rows = tuple(
        (patch, tuple(_cell(patch, person, forgotten) for person in shown))
        for patch in found.patches
    )
    return CoverageMatrix(shown, rows, len(people) - len(shown))


def _named(found: Coverage) -> Iterator[tuple[int, Identity]]:
    """Yield everybody with the weight of what they did: a trailer, a comment, nothing."""
    for patch in found.patches:
        yield from ((10_000, tag.person) for tag in patch.tags)
        yield from ((100, one.person) for one in patch.commenters)
        yield from ((0, one) for one in patch.silent)


def _cell(patch: PatchCoverage, person: Identity, forgotten: set[tuple[int, Tag]]) -> Cell:
    own = [tag for tag in patch.tags if is_same_person(tag.person, person)]
    if own:
        tag = min(own, key=lambda one: _STRONGEST.index(one.letter))
        is_forgotten = (patch.number, tag) in forgotten
        return Cell(tag.letter, tag, is_forgotten, tag.message_id or patch.message_id)
    for one in patch.commenters:
        if is_same_person(one.person, person):
            return Cell("c", message_id=one.message_id)
    return Cell("·" if any(is_same_person(one, person) for one in patch.silent) else "")
