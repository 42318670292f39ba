"""Following a list no more."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from core.config import LIST_NAME
from core.errors import ConfigError
from core.index.index import open_index
from core.progress import ProgressCallback
from core.sync.follow import unfollow
from core.sync.list_folder import Home, locked


@dataclass(frozen=True, slots=True)
class Left:
    """What there was of a list that is followed no more."""

    mails: int
    """Mails of it that were in the index."""
    clone: Path | None
    """Where its clone still lies."""


def leave(
    name: str,
    home: Home,
    config_file: Path,
    *,
    delete_clone: bool,
    stop: Event,
    report: ProgressCallback,
) -> Left:
    """Take a list out of the configuration and out of the index; its clone only where that is asked for.

    A list that only the index has left can be taken out too. Raises ConfigError where there is none of that name, other
    PatchdeskErrors and Cancelled; what is left then is taken out the next time.
    """
    folder = home.folder(name) if LIST_NAME.fullmatch(name) else None
    mails = _mails(name, home)
    there = mails is not None or (delete_clone and folder is not None and folder.is_dir())
    try:
        unfollow(name, config_file)
    except ConfigError:
        if not there:
            raise
    if folder is None:
        return Left(0, None)
    with locked(folder, name, stop=stop, report=report):
        if mails is not None:
            with contextlib.closing(open_index(home.index)) as index:
                index.forget(name, stop=stop, report=report)
        clone = folder / "git"
        if clone.is_dir() and not delete_clone:
            return Left(mails or 0, clone)
        shutil.rmtree(folder, ignore_errors=True)
    return Left(mails or 0, None)


def _mails(name: str, home: Home) -> int | None:
    """Return how many mails of a list the index has; None where it does not know it."""
    if not home.index.exists():
        return None
    with contextlib.closing(open_index(home.index)) as index:
        return next((info.messages for info in index.lists() if info.name == name), None)
