"""Views: queries with a name, shipped and the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import ConfigError

BUILTIN_VIEWS: Final[Mapping[str, str]] = {
    "Inbox": "is:open",
    "New versions": "is:open has:newversion",
    "Needs review": "is:open is:complete -is:reviewed -is:mine",
    "Waiting": "is:waiting",
    "Flagged": "is:flagged",
    "Mine": "is:mine",
    "Since I last looked": "is:open d:looked..",
    "All": "",
}
"""The views that come with the program, in the order of their tabs."""

LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class SavedView:
    """A query with a name."""

    name: str
    query: str
    shipped: bool = True
    """It comes with the program, and the user's configuration says nothing of it."""


def saved_views(configured: Mapping[str, str]) -> tuple[SavedView, ...]:
    """Return the views: the shipped ones, as the configuration has them where it names them, and then its own.

    One that the configuration gives an empty query is left out, but for All.
    """
    known = {name.casefold(): name for name in BUILTIN_VIEWS}
    said = {known.get(name.casefold(), name): query for name, query in configured.items()}
    found = [
        SavedView(name, said.get(name, query), name not in said)
        for name, query in BUILTIN_VIEWS.items()
        if said.get(name, query).strip() or name == "All"
    ]
    found += [
        SavedView(name, query, shipped=False)
        for name, query in said.items()
        if name not in BUILTIN_VIEWS and query.strip()
    ]
    return tuple(found)


def save_view(name: str, query: str, file: Path) -> None:
    """Write a view into the user's configuration, whose other words and comments stay.

    Raises QueryError for a query that cannot be read, ConfigError for a name or a file that cannot be used, and
    PatchdeskError where that cannot be written.
    """
    from core.config_edit import edit_config
    from core.query.query import read_query

    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ConfigError(
            "A view needs a name.", f"Up to {LONGEST_NAME} letters, digits, blanks and the like."
        )
    read_query(query)
    with edit_config(file) as edit:
        same = (each for each in edit.table("views") if each.casefold() == name.casefold())
        edit.set("views", next(same, name), query)
