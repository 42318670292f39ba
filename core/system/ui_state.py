"""What the screens remember from run to run: how diffs are laid out, where one was. One small file, for this user alone.

`remembered.json` in the state folder is an object of sections, each an object of what one part of the screen keeps.
Losing it loses nothing but comfort; so whatever is wrong with it is as if it were not there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Final

from core.errors import PatchdeskError
from core.system.paths import log_file, write_atomically

log = logging.getLogger(__name__)

_MOST: Final = 1 << 20
"""Bytes; a larger file is none of ours."""

Values = Mapping[str, object]
"""What JSON can hold."""


def remembered_file() -> Path:
    """Return the user's own file; it may not exist."""
    return log_file().with_name("remembered.json")


class UiState:
    """The sections of such a file. Any thread may ask and tell; the file is read when it is first asked."""

    def __init__(self, path: Path | None = None) -> None:
        """Take the file at `path`; None: nothing outlives this object."""
        self._path = path
        self._lock = Lock()
        self._sections: dict[str, dict[str, object]] | None = {} if path is None else None

    def recall(self, section: str) -> dict[str, object]:
        """Return what a section holds; empty where nothing is known. Its values are unchecked: a person may edit it."""
        with self._lock:
            return dict(self._read().get(section, {}))

    def remember(self, section: str, values: Values) -> None:
        """Let a section hold `values`, others stay; it is not written yet: `write` may wait for the disk."""
        with self._lock:
            self._read()[section] = dict(values)

    def write(self) -> None:
        """Write the file, mode 0600. Where that cannot be done, the log says so."""
        if self._path is None:
            return
        with self._lock:
            content = json.dumps(self._read(), indent=1, sort_keys=True) + "\n"
            try:
                write_atomically(self._path, content.encode("ascii"))
            except PatchdeskError as error:
                log.warning("%s", error.message)

    def _read(self) -> dict[str, dict[str, object]]:
        if self._sections is None:
            self._sections = _sections(self._path) if self._path is not None else {}
        return self._sections


def _sections(path: Path) -> dict[str, dict[str, object]]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
        found = json.loads(content) if len(content) <= _MOST else None
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: values for name, values in found.items() if isinstance(values, dict)}
