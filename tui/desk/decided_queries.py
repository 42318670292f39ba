"""Queries with and without decided series, and a test whether a query asks for states itself."""

from __future__ import annotations

import re
from typing import Final

from core.triage.transitions import DECIDED

_ASKS_FOR_STATES: Final = re.compile(
    r"\b(?:is:(?:done|skipped|waiting|later|accepted|open|landed)|tree:)"
)
_OPEN: Final = re.compile(r"(?<!\S)is:open(?!\S)")


def asks_for_states(query: str) -> bool:
    """Return whether a query says itself which states it wants."""
    return _ASKS_FOR_STATES.search(query) is not None


def with_decided(query: str) -> str:
    """Return a query without the term that hides decided series."""
    return " ".join(_OPEN.sub(" ", query).split()) if _OPEN.search(query) else query


def without_decided(query: str) -> str:
    """Return the query of those of a query's rows that nothing was decided on, where it asks for no states itself."""
    if asks_for_states(query):
        return query
    left_out = " ".join(f"-is:{status}" for status in sorted(DECIDED)) + " -(is:landed -is:back)"
    return f"({query}) {left_out}" if query.strip() else left_out
