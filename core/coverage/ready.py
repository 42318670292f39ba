"""The user's rule for a series that is ready: how many fresh trailers each of its patches has to have.

A rule is `R>=1`, or several such terms with `and` and `or`, where `and` binds tighter: `R>=1 and T>=1 or A>=2`. Silence, a stale
trailer, and one that no mail here gave never count; a Nacked-by makes a patch not ready.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

# The configuration is read before the first picture: nothing else is to be loaded for it.
if TYPE_CHECKING:
    from core.coverage.values import Coverage, PatchCoverage

ALLOWED: Final = "terms like R>=1, A>=2 or T>=1, joined by “and” and “or”"
"""The form of a rule, for messages."""

_TERM: Final = re.compile(r"\s*([RAT])\s*>=\s*([0-9]{1,3})\s*", re.ASCII)
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A rule, read."""

    text: str
    choices: tuple[tuple[tuple[str, int], ...], ...]
    """Any of these has to hold, with all its letters and their smallest counts."""

    def unready(self, covered: Coverage) -> tuple[int, ...]:
        """Return the numbers of the patches that do not meet the rule."""
        return tuple(patch.number for patch in covered.patches if not self._holds(patch))

    def _holds(self, patch: PatchCoverage) -> bool:
        from core.coverage.values import TagState

        counts = Counter(tag.letter for tag in patch.tags if tag.state is TagState.FRESH)
        return not counts["N"] and any(
            all(counts[letter] >= least for letter, least in terms) for terms in self.choices
        )


def read_ready_rule(text: str) -> ReadyRule:
    """Read a rule. Raises ValueError for a text that is no rule."""
    if len(text) > _LONGEST:
        raise ValueError(text)
    choices = []
    for part in re.split(r"\bor\b", text):
        terms = []
        for term in re.split(r"\band\b", part):
            found = _TERM.fullmatch(term)
            if found is None:
                raise ValueError(text)
            terms.append((found[1], int(found[2])))
        choices.append(tuple(terms))
    return ReadyRule(text.strip(), tuple(choices))
