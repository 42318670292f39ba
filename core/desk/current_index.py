"""The index of followed lists for commands, with the whole triage journal applied.

The journal is the lasting record: since the last call the index may have been rebuilt, or lines of another machine
appended.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Final

from core.errors import PatchdeskError
from core.index.index import Index, open_index
from core.progress import ProgressCallback

log = logging.getLogger(__name__)

_PATIENCE: Final = 30.0
"""Seconds to wait for another process that takes in the journal; the first time a large one takes that long."""


def open_current_index(path: Path, *, report: ProgressCallback = lambda _: None) -> Index | None:
    """Open the index at `path`; None where nothing was synced yet. Raises IndexFileError.

    `report` is told how much of a large journal was read; one that cannot be read is told in `Index.notes`.
    """
    if not path.exists():
        return None
    index = open_index(path)
    try:
        _take_in_journal(index, path, report)
    except PatchdeskError as error:
        log.warning("journal: %s", error.message)
        index.notes = (*index.notes, f"Triage states may be old: {error.message}")
    except BaseException:
        index.close()
        raise
    return index


def _take_in_journal(index: Index, path: Path, report: ProgressCallback) -> None:
    from core.index.triage_store import IndexTriageStore
    from core.triage.journal import FILE, Journal

    journal = Journal(path.with_name(FILE), report=report)
    store = IndexTriageStore(index)
    end = time.monotonic() + _PATIENCE
    while store.has_new_events(journal) and time.monotonic() < end:
        if not store.apply_new_events(journal).is_busy:
            return
