"""The names in a folder, for the completion of a path that is being typed."""

from __future__ import annotations

import os
from itertools import islice
from typing import Final, NamedTuple

from core.text import shown

_MOST: Final = 20_000
"""Entries of a folder that are looked at."""


class FolderEntry(NamedTuple):
    """A file or folder in a folder."""

    name: str
    is_folder: bool


def list_folder(folder: str) -> list[FolderEntry]:
    """Return the entries of a folder, "" for the current one, by name; none where it cannot be read. Blocks.

    A name that cannot be typed (control characters, bytes that are no UTF-8) is left out.
    """
    path = os.path.expanduser(folder) or "."  # noqa: PTH111 - never raises
    try:
        with os.scandir(path) as entries:
            found = [FolderEntry(one.name, one.is_dir()) for one in islice(entries, _MOST)]
    except (OSError, ValueError):
        return []
    return sorted(one for one in found if shown(one.name) == one.name)
