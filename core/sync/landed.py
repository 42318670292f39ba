"""After a sync: which patches of the followed lists are in the user's trees now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from core.apply.repository import Repository
from core.errors import Cancelled, PatchdeskError
from core.landed.commit_index import CommitIndex
from core.landed.sent_patches import SentPatches, landings, sent_patches
from core.landed.values import Tree
from core.model import Series
from core.progress import Progress
from core.system.paths import cache_dir

if TYPE_CHECKING:
    from core.config import Config
    from core.index.index import Index
    from core.progress import ProgressCallback

LOOKBACK: Final = timedelta(days=366)
"""How long before the newest mail series and commits are looked at."""
_BEFORE: Final = timedelta(days=30)
"""How long before the first of these series commits are read."""
_AT_ONCE: Final = 200
"""Series of one batch, after which a cancel keeps their result."""
_FETCH_DEADLINE: Final = 600.0


def refresh_landed(
    index_file: Path,
    config: Config,
    *,
    stop: Event,
    report: ProgressCallback,
    cache: Path | None = None,
) -> list[str]:
    """Look for the patches of the last year's series in the user's trees; return failures, as sentences.

    Only commits since the last time are read. Raises Cancelled and IndexFileError.
    """
    from core.index.index import open_index

    if not index_file.exists():
        return []
    index = open_index(index_file)
    try:
        if not config.trees:
            index.writer.record_landed({})
            return []
        return _refresh(index, trees_of(config), cache or cache_dir(), stop, report)
    finally:
        index.close()


def trees_of(config: Config) -> list[Tree]:
    """Return the trees that the user named."""
    return [
        Tree(name=name, repo=one.repo, ref=one.ref, role=one.role, fetch=one.fetch)
        for name, one in config.trees.items()
    ]


def _refresh(
    index: Index, trees: Sequence[Tree], cache: Path, stop: Event, report: ProgressCallback
) -> list[str]:
    from core.index.index import RowView

    newest = index.rows.order(RowView(threads=False), 1)
    if not newest:
        return []
    since = index.rows.summaries(newest)[0].date.astimezone(UTC) - LOOKBACK
    faults: list[str] = []
    with contextlib.ExitStack() as opened:
        try:
            commits = CommitIndex(cache / "trees.sqlite3")
            opened.callback(commits.close)
            sent = SentPatches(cache / "sent_patches.sqlite3")
            opened.callback(sent.close)
            commits.forget_others([tree.name for tree in trees])
        except PatchdeskError as error:  # another process may have them: the next sync goes on
            return [_sentence(error)]
        for tree in trees:
            try:
                if tree.fetch:
                    fetch_tree(tree, stop, report)
                commits.update(tree, since - _BEFORE, stop=stop, report=report)
            except PatchdeskError as error:
                faults.append(_sentence(error))
        try:
            repository = Repository(Path(trees[0].repo).expanduser(), stop)
            _read_new(index, sent, repository, since, stop, report)
        except PatchdeskError as error:
            faults.append(_sentence(error))
        report(Progress("Looking for landed patches"))
        index.writer.record_landed(landings(sent.since(since.timestamp()), commits))
    return faults


def _sentence(error: PatchdeskError) -> str:
    return f"{error.message} {error.hint}".strip()


def fetch_tree(tree: Tree, stop: Event, report: ProgressCallback) -> None:
    """Fetch a tree that the user wants fetched. Raises PatchdeskError and Cancelled."""
    report(Progress(f"Fetching {tree.name}"))
    done = Repository(Path(tree.repo).expanduser(), stop).git(
        "fetch", "--quiet", "--no-write-fetch-head", "--no-recurse-submodules",
        deadline=_FETCH_DEADLINE,
    )  # fmt: skip
    if done.status:
        raise PatchdeskError(f"{tree.name} cannot be fetched: {done.error[:300]}")


def _read_new(
    index: Index,
    sent: SentPatches,
    repository: Repository,
    since: datetime,
    stop: Event,
    report: ProgressCallback,
) -> None:
    """Read the patches of the series that are new or changed. Raises PatchdeskError and Cancelled."""
    from core.index.index import RowView

    identity = index.identity
    changes = index.rows.changes_since(sent.position(identity))
    rows = list(index.rows.order(RowView(threads=False, since=since.timestamp())))
    if not changes.whole:
        written = set(changes.written)
        rows = [row for row in rows if row in written]
    for start in range(0, len(rows), _AT_ONCE):
        if stop.is_set():
            raise Cancelled
        report(Progress("Reading patches of series", start, len(rows)))
        batch = list(_series(index, rows[start : start + _AT_ONCE]))
        known = sent.patch_ids(
            patch.message.message_id for one in batch for patch in one.versions[-1].patches
        )
        sent.add(sent_patches(repository, batch, index.mails.raw, known))
    sent.set_position(identity, changes.generation)


def _series(index: Index, rows: Sequence[int]) -> Iterator[Series]:
    for row in rows:
        item = index.mails.series(row)
        if isinstance(item, Series):
            yield item
