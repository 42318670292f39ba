"""State of the screens from run to run (layout of diffs, position in lists), in one small file of this user's.

`remembered.json` in the state folder is an object of sections, each an object with the state of one part of the screen.
Losing it loses nothing but comfort, so a file that cannot be read counts as none.
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
"""Bytes; a larger file is not read."""

Values = Mapping[str, object]
"""A value of JSON."""


def ui_state_file() -> Path:
    """Return the user's file; it may not exist."""
    return log_file().with_name("remembered.json")


class UiState:
    """The sections of such a file. Any thread may call it; the file is read at the first call."""

    def __init__(self, path: Path | None = None) -> None:
        """Take the file at `path`; None: nothing outlives this object."""
        self._path = path
        self._lock = Lock()
        self._sections: dict[str, dict[str, object]] | None = {} if path is None else None

    def get(self, section: str) -> dict[str, object]:
        """Return the values of a section, none where there is no such section. They are unchecked: a person may edit the file."""
        with self._lock:
            return dict(self._read().get(section, {}))

    def set(self, section: str, values: Values) -> None:
        """Replace the values of a section; `write` writes them, since that may wait for the disk."""
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
