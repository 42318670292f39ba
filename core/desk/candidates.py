"""Words for the shell's completion: followed lists, views, recent Message-IDs.

A shell asks with every Tab, so nothing is imported that is not needed, and unreadable files are skipped. Shells take
words apart, so that only words of safe characters are given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from core.system.paths import config_file, data_dir

KINDS: Final = ("lists", "ids", "queries")
"""The kinds of words: names of lists, Message-IDs, queries of views."""

_MAX_IDS: Final = 100
_MAX_CONFIG: Final = 1 << 20
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9=._@+:/,-]{0,199}", re.ASCII)


def candidates(kind: str) -> Iterator[str]:
    """Yield the words of a kind that are safe in a shell; none of an unknown kind."""
    words: Iterator[str] = iter(())
    if kind == "lists":
        words = iter(_table("lists"))
    elif kind == "ids":
        from core.index.recent import recent_ids

        words = iter(recent_ids(data_dir() / "index.sqlite3", _MAX_IDS))
    elif kind == "queries":
        words = (word for query in _table("views").values() for word in str(query).split())
    return (word for word in dict.fromkeys(words) if _SAFE.fullmatch(word))


def _table(name: str) -> dict[str, Any]:
    import tomllib

    try:
        with Path(config_file()).open("rb") as file:
            content = file.read(_MAX_CONFIG)
        table = tomllib.loads(content.decode("utf-8")).get(name)
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}
