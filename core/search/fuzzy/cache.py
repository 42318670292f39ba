"""The fuzzy index of the database, saved in the cache folder: mapped at start, kept up to date, rebuilt by a child.

A saved segment is stamped with the identity of the database and the generation of its rows; later changes are read from
the database. Building and merging take seconds of CPU and run in a child process. numpy and rapidfuzz are imported at
the first search, so that the first frame does not wait for them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from core.errors import Cancelled, PatchdeskError
from core.index.index import Index
from core.index.search_rows import SearchRow
from core.system.child_process import Channel, ChildProcess
from core.system.paths import private_dir

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.search.fuzzy.index import FuzzyEntry, FuzzyHit
    from core.search.fuzzy.index import FuzzyIndex as Fuzzy

log = logging.getLogger(__name__)

MAX_INLINE_CHANGES: Final = 1000
"""Most changed rows that this process applies itself; more are left to a child."""

_POLL: Final = 0.05
BACKOFF_FACTOR: Final = 5.0
"""How many times as long as it took, building is left alone then."""
_PATIENCE: Final = 60.0
"""Seconds after which it is tried again in any case."""
_LOCK: Final = "lock"
_UNFINISHED: Final = "new-*"
_NODES: Final = 32
"""Bits of an entry's number that say which mail of its row it is; 0 is the row itself."""

_BROKEN: Final = (IndexError, ValueError, TypeError, KeyError, OverflowError)
"""Exceptions of damaged arrays."""


class FuzzyCache:
    """The engine of one index. Its methods may be called from any thread."""

    def __init__(self, index: Index, folder: Path) -> None:
        """Take the folder in which it is saved. Nothing is read yet."""
        self._index = index
        self._folder = folder
        self._fuzzy: Fuzzy | None = None
        self._generation = 0
        self._warming = threading.Lock()
        self._child: ChildProcess | None = None
        self._closed = Event()
        self._not_before = 0.0
        """When the other process may be started again: while much mail comes, it is not to work all the time."""

    @property
    def ready(self) -> bool:
        """Whether it answers."""
        return self._fuzzy is not None

    @property
    def saved(self) -> bool:
        """Whether there are saved arrays of this index."""
        stamp = _saved_stamp(self._folder)
        return stamp is not None and stamp[0] == self._index.identity

    def ensure_ready(self, stop: Event) -> bool:
        """Load or build the arrays, and apply the changes of the index; return whether the engine answers now.

        Blocks; until it returns, answers come from the earlier state. Raises Cancelled and IndexFileError.
        """
        while not self._warming.acquire(timeout=_POLL):
            self._go_on(stop)
        try:
            self._ensure_ready(stop)
        finally:
            self._warming.release()
        return self.ready

    def _ensure_ready(self, stop: Event) -> None:
        if self._fuzzy is None:
            self._load()
        if self._fuzzy is not None and self._apply_changes():
            return
        while (left := self._not_before - time.monotonic()) > 0:
            if self._fuzzy is None:
                return  # it could not be built a moment ago
            self._go_on(stop)
            time.sleep(min(left, _POLL))
        started = time.monotonic()
        self._rebuild_in_child(stop)
        self._load()
        self._apply_changes()
        rest = BACKOFF_FACTOR * (time.monotonic() - started) if self.ready else _PATIENCE
        self._not_before = time.monotonic() + min(rest, _PATIENCE)

    def search(
        self, text: str, limit: int, stop: Event | None, rows: Sequence[int] | None
    ) -> list[tuple[int, int, FuzzyHit]] | None:
        """Return the best entries: row, message in it (0: the row itself), and match.

        `rows` are those that may be found, None stands for all. None where it cannot answer. Raises Cancelled.
        """
        fuzzy = self._fuzzy
        if fuzzy is None:
            return None
        try:
            hits = fuzzy.search(text, limit, stop, None if rows is None else row_filter(rows))
        except _BROKEN:
            log.exception("the arrays of the search are damaged")
            self._discard()
            return None
        return [(hit.row >> _NODES, hit.row & ((1 << _NODES) - 1), hit) for hit in hits]

    def close(self) -> None:
        """Stop the build. Any thread; does not wait."""
        self._closed.set()
        child = self._child
        if child is not None:
            child.close()

    # ------------------------------------------------------------------- taking in

    def _load(self) -> None:
        found = load(self._index, self._folder)
        if found is not None:
            self._fuzzy, self._generation = found

    def _apply_changes(self) -> bool:
        """Apply the changes; False where there are too many for this process."""
        if self._fuzzy is None:
            return False
        generation = apply_changes(
            self._index, self._fuzzy, self._generation, most=MAX_INLINE_CHANGES
        )
        if generation is None or self._fuzzy.needs_merge:
            return False
        self._generation = generation
        return True

    def _rebuild_in_child(self, stop: Event) -> None:
        """Update the saved arrays in a child process."""
        self._go_on(stop)
        child = self._child = ChildProcess(
            "core.search.fuzzy.cache",
            str(self._index.path),
            str(self._folder),
            doing="Preparing the search",
            hint="Search again.",
        )
        if self._closed.is_set():
            child.close()
        try:
            for _ in child.receive(stop=stop, report=lambda _: None):
                pass
        except PatchdeskError as error:
            log.warning("the search cannot be prepared: %s", error.message)
        finally:
            self._child = None
            child.release()

    def _go_on(self, stop: Event) -> None:
        if stop.is_set() or self._closed.is_set():
            raise Cancelled

    def _discard(self) -> None:
        """Discard the saved arrays, so that they are built again."""
        self._fuzzy = None
        with contextlib.suppress(OSError), _locked(self._folder, Event()):
            for saved in self._folder.iterdir():
                if saved.name != _LOCK:
                    shutil.rmtree(saved, ignore_errors=True)


def rebuild(index: Index, folder: Path, stop: Event) -> bool:
    """Bring the saved arrays up to date with the index, building missing ones; return whether any were written.

    Raises Cancelled, IndexFileError and PatchdeskError.
    """
    from core.search.fuzzy.index import FuzzyIndex as Fuzzy

    with _locked(folder, stop):
        for left in folder.glob(_UNFINISHED):
            shutil.rmtree(left, ignore_errors=True)
        found = load(index, folder)
        generation: int | None = None
        if found is not None:
            fuzzy, before = found
            generation = apply_changes(
                index, fuzzy, before, most=max(MAX_INLINE_CHANGES, len(fuzzy) // 4)
            )
            if generation == before:
                return False
        if generation is None:
            generation = index.rows.changes_since(1 << 62).generation
            fuzzy = Fuzzy.build(map(_entry, index.search.all_search_rows()), stop=stop)
        try:
            fuzzy.save(folder, _stamp(index, generation))
        except OSError as error:
            raise PatchdeskError(
                f"The search index cannot be saved in {folder}: {error.strerror}.",
                "Check free space and permissions.",
            ) from error
    return True


def is_stale(index: Index, folder: Path) -> bool:
    """Whether the saved arrays are missing, or so far behind the index that a sync had better update them."""
    stamp = _saved_stamp(folder)
    if stamp is None or stamp[0] != index.identity:
        return True
    changes = index.rows.changes_since(stamp[1])
    return changes.whole or len(changes.written) + len(changes.gone) > MAX_INLINE_CHANGES


def load(index: Index, folder: Path) -> tuple[Fuzzy, int] | None:
    """Return the saved arrays and their generation; None without any of this index."""
    from core.search.fuzzy.index import FuzzyIndex as Fuzzy

    try:
        fuzzy = Fuzzy.load(folder)
    except (OSError, *_BROKEN):
        return None
    stamp = None if fuzzy is None else _read_stamp(fuzzy.stamp)
    if fuzzy is None or stamp is None or stamp[0] != index.identity:
        return None
    return fuzzy, stamp[1]


def apply_changes(index: Index, fuzzy: Fuzzy, generation: int, *, most: int) -> int | None:
    """Apply the changes since a generation; return the current one, None where more than `most` rows changed."""
    import numpy as np

    changes = index.rows.changes_since(generation)
    if changes.whole or len(changes.written) + len(changes.gone) > most:
        return None
    changed = np.array([*changes.written, *changes.gone], np.int64)
    if len(changed):
        numbers = fuzzy.numbers()
        fuzzy.remove(numbers[np.isin(numbers >> _NODES, changed)].tolist())
        if written := index.search.search_rows(changes.written):
            fuzzy.add([_entry(each) for each in written])
    return changes.generation


def _entry(posted: SearchRow) -> FuzzyEntry:
    from core.search.fuzzy.index import FuzzyEntry

    return FuzzyEntry(
        row=posted.row << _NODES | posted.node,
        subject=posted.subject,
        name=posted.name,
        address=posted.address,
        message_id=posted.message_id,
        date=posted.date,
        version=posted.version,
        is_series=posted.is_series,
    )


def row_filter(rows: Sequence[int]) -> Callable[[NDArray[np.int64]], NDArray[np.bool_]]:
    """Return a filter of entry numbers by row."""
    import numpy as np

    wanted = np.frombuffer(rows, np.int64) if isinstance(rows, array) else np.array(rows, np.int64)
    table = np.zeros(int(wanted.max()) + 2 if len(wanted) else 1, np.bool_)
    table[wanted] = True
    last = len(table) - 1  # which no wanted row has

    def are_wanted(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        allowed: NDArray[np.bool_] = table[np.minimum(numbers >> _NODES, last)]
        return allowed

    return are_wanted


def _stamp(index: Index, generation: int) -> str:
    return json.dumps([index.identity, generation])


def _read_stamp(stamp: str) -> tuple[str, int] | None:
    try:
        identity, generation = json.loads(stamp)
        return str(identity), int(generation)
    except (ValueError, TypeError):
        return None


def _saved_stamp(folder: Path) -> tuple[str, int] | None:
    """Return the stamp of the saved arrays, without reading them."""
    numbers = sorted(int(each.name) for each in _iterated(folder) if each.name.isdecimal())
    try:
        head = json.loads((folder / str(numbers[-1]) / "head.json").read_bytes())
        return _read_stamp(str(head["stamp"]))
    except (OSError, *_BROKEN):
        return None


def _iterated(folder: Path) -> Iterable[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


@contextlib.contextmanager
def _locked(folder: Path, stop: Event) -> Iterator[None]:
    """Hold the lock of writers. Raises Cancelled and PatchdeskError."""
    private_dir(folder.parent)
    private_dir(folder)
    try:
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise PatchdeskError(
            f"The search index cannot be saved in {folder}: {error.strerror}.",
            "Check its permissions.",
        ) from error
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if stop.wait(_POLL):
                    raise Cancelled from None
        yield
    finally:
        os.close(handle)


def main(channel: Channel, path: str, folder: str) -> None:
    """Rebuild the segments in `folder` from the index at `path`. The child's main."""
    del channel  # that it is done is all there is to send
    os.nice(5)
    index = Index(Path(path))
    try:
        rebuild(index, Path(folder), Event())
    finally:
        index.close()
