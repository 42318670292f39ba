"""The counts of the reviews of one series, as rows and queries have them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LETTERS: Final = "RAT"
"""The trailers that `missing:` knows: Reviewed-by, Acked-by, Tested-by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSummary:
    """What the reviews of a series come to."""

    missing: str = ""
    """Those of `LETTERS` of which a patch of the newest version has no fresh one."""
    stale: tuple[tuple[str, int], ...] = ()
    """Letter of a trailer → how many were given to other code."""
    forgotten: int = 0
    """Trailers that the newest version does not carry though the code is the same."""
    comments: tuple[tuple[str, bool], ...] = ()
    """Keys of review comments, each with whether it is open as far as the mails tell."""

    def open_comments(self, settled: Iterable[tuple[str, bool]] = ()) -> int:
        """Return how many comments are open; `settled` are the marks of people, by key."""
        marks = dict(settled)
        return sum(not marks.get(key, not is_open) for key, is_open in self.comments)

    def encode(self) -> str:
        """Return it as it is stored."""
        return json.dumps([self.missing, self.stale, self.forgotten, self.comments])


NO_REVIEW: Final = ReviewSummary()
"""Of what was not counted."""


def decode(text: str) -> ReviewSummary:
    """Return a summary that `encode` stored. Raises ValueError and TypeError for other text."""
    missing, stale, forgotten, comments = json.loads(text)
    return ReviewSummary(
        missing=str(missing),
        stale=tuple((str(letter), int(count)) for letter, count in stale),
        forgotten=int(forgotten),
        comments=tuple((str(key), bool(is_open)) for key, is_open in comments),
    )
