"""Updates after a sync for search: the fuzzy engine's arrays, and the index of bodies."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from core.errors import Cancelled, PatchdeskError
from core.progress import Progress
from core.system.paths import cache_dir

if TYPE_CHECKING:
    from core.config import Config
    from core.index.body_index import BodyIndex
    from core.index.mail_queries import MailQueries
    from core.progress import ProgressCallback

_BODIES: Final = "bodies.sqlite3"
_BATCH: Final = 200
"""Mails of one transaction."""


def fuzzy_cache_dir() -> Path:
    """Return the folder of the fuzzy engine's arrays."""
    return cache_dir() / "search"


def body_index_file() -> Path:
    """Return the file of the words of mails' texts."""
    return cache_dir() / _BODIES


def review_counts_file() -> Path:
    """Return the file of the counts of reviews (`core.index.review_counts`)."""
    return cache_dir() / "reviews.sqlite3"


def body_index_progress(index_file: Path, cache: Path) -> tuple[int, int]:
    """Return how many mails have their texts indexed, of how many. Raises IndexFileError."""
    from core.index.body_index import open_body_index
    from core.index.index import open_index

    index = open_index(index_file)
    try:
        total = index.mails.count_after(0)
        bodies = open_body_index(cache / _BODIES, index.identity)
        if bodies is None:
            return 0, total
        try:
            return total - index.mails.count_after(bodies.known[1]), total
        finally:
            bodies.close()
    finally:
        index.close()


def refresh_after_sync(
    index_file: Path, config: Config, *, stop: Event, report: ProgressCallback
) -> list[str]:
    """Update the data of search in this process; return failures, as sentences.

    Where much has changed, the arrays are rebuilt: about 20 us for each series and patch; texts take half a millisecond
    a mail. An interrupted update resumes the next time. Raises Cancelled and IndexFileError.
    """
    from core.index.body_index import remove_bodies
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
                index_new_bodies(
                    index.mails, index.identity, body_index_file(), stop=stop, report=report
                )
            else:
                remove_bodies(body_index_file())
        except PatchdeskError as error:
            faults.append(f"{error.message} {error.hint}")
    finally:
        index.close()
    return faults


def index_new_bodies(
    mails: MailQueries, identity: str, file: Path, *, stop: Event, report: ProgressCallback
) -> int:
    """Index the texts of the mails of an index (`identity`) that are not indexed yet; return how many.

    Where it is interrupted, the finished part is kept. Raises Cancelled, IndexFileError, and PatchdeskError where the
    file cannot be written.
    """
    from core.index.body_index import make_body_index

    try:
        bodies = make_body_index(file)
        try:
            bodies.begin(identity)
            return _add_new(mails, bodies, stop, report)
        finally:
            bodies.close()
    except (sqlite3.Error, OSError) as error:
        raise PatchdeskError(
            f"The texts of mails cannot be indexed in {file}: {error}.",
            "Check free space and permissions; what was done stays.",
        ) from error


def _add_new(mails: MailQueries, bodies: BodyIndex, stop: Event, report: ProgressCallback) -> int:
    from core.index.body_index import author_text

    count, told = 0, 0.0
    left = total = mails.count_after(bodies.known[1])
    while left:
        known = bodies.known
        batch = mails.raw_after(known[1], _BATCH)
        if not batch:
            break
        texts = []
        for number, raw in batch:
            if stop.is_set():
                raise Cancelled
            if text := author_text(raw):
                texts.append((number, text))
        if bodies.add(known, texts, batch[-1][0]):
            count += len(batch)
        left -= len(batch)
        if (now := time.monotonic()) - told > 0.1:
            told = now
            report(Progress("Indexing texts: mails", total - max(left, 0), total))
    return count
