"""What finding needs beside the index, kept up to date when mail came: the fuzzy engine's arrays, and the words of texts."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.progress import Progress
from core.system.paths import cache_dir

if TYPE_CHECKING:
    from core.config import Config
    from core.progress import ProgressCallback

_BODIES: Final = "bodies.sqlite3"


def fuzzy_cache_dir() -> Path:
    """Return the folder of the fuzzy engine's arrays."""
    return cache_dir() / "search"


def body_index_file() -> Path:
    """Return the file of the words of mails' texts."""
    return cache_dir() / _BODIES


def body_index_progress(index_file: Path, cache: Path) -> tuple[int, int]:
    """Return how many mails have their texts indexed, of how many. Raises IndexFileError."""
    from core.index.body_index import open_body_index
    from core.index.index import open_index

    index = open_index(index_file)
    try:
        total = index.mails_after(0)
        bodies = open_body_index(cache / _BODIES, index.identity)
        if bodies is None:
            return 0, total
        try:
            return total - index.mails_after(bodies.known[1]), total
        finally:
            bodies.close()
    finally:
        index.close()


def refresh_after_sync(
    index_file: Path, config: Config, *, stop: Event, report: ProgressCallback
) -> list[str]:
    """Bring up to date what finding needs, in this process; return what could not be done, as sentences.

    Where much has changed, the arrays are built: about 20 us for each series and patch; texts take half a millisecond a
    mail. What is interrupted goes on the next time. Raises Cancelled and IndexFileError.
    """
    from core.index.body_index import index_new_bodies, remove_bodies
    from core.index.index import open_index
    from core.search.fuzzy.cache import is_stale, rebuild

    if not index_file.exists():
        return []
    index = open_index(index_file)
    faults = []
    try:
        try:
            if is_stale(index, fuzzy_cache_dir()):
                report(Progress("Preparing the search"))
                rebuild(index, fuzzy_cache_dir(), stop)
        except PatchdeskError as error:
            faults.append(f"{error.message} {error.hint}")
        try:
            if config.index_bodies:
                index_new_bodies(index, body_index_file(), stop=stop, report=report)
            else:
                remove_bodies(body_index_file())
        except PatchdeskError as error:
            faults.append(f"{error.message} {error.hint}")
    finally:
        index.close()
    return faults
