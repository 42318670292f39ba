"""Views: queries with a name, shipped and the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.errors import ConfigError
from core.system.paths import write_atomically

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
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    from core.query.query import read_query

    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ConfigError(
            "A view wants a name.", f"Up to {LONGEST_NAME} letters, digits, blanks and the like."
        )
    read_query(query)
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{file} cannot be read: {error}.", "Mend it, then save the view."
        ) from error
    try:
        document = tomlkit.parse(text)
        table: Any = document.get("views")
        if table is None:
            table = document["views"] = tomlkit.table()
        same = next((each for each in table if each.casefold() == name.casefold()), name)
        table[same] = query
        content = tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{file} is not TOML: {error}.", "Mend it, then save the view."
        ) from error
    write_atomically(file, content.encode())
