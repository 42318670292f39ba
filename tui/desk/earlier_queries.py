"""Keeps the queries that were searched for, from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.tasks import Tasks

if TYPE_CHECKING:
    from core.system.ui_state import UiState
    from tui.widgets.search_bar import SearchBar

_SECTION: Final = "find"
"""The section of the state file with earlier queries."""
_LONGEST: Final = 1_000
"""Characters of a query that is remembered."""


def remember_query(text: str, bar: SearchBar, state: UiState, tasks: Tasks) -> None:
    """Offer a query again in the bar, in this run and in later ones, unless it is very long."""
    if len(text) > _LONGEST:
        return
    bar.remember(text)
    state.set(_SECTION, {"queries": list(bar.earlier)})
    tasks.start("remember", lambda _: state.write())


def earlier_queries(state: UiState) -> list[str]:
    """Return the queries of other runs, the latest last."""
    found = state.get(_SECTION).get("queries")
    queries = found if isinstance(found, list) else []
    return [text for text in queries if isinstance(text, str) and 0 < len(text) <= _LONGEST]
