"""The counts of reviews of a series, and their filling in for the rows of an index, newest activity first."""

from __future__ import annotations

import logging
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from core.comments.ledger import LedgerOptions
from core.comments.values import CommentState
from core.config import load_config
from core.coverage.values import TagState
from core.desk.comments import SeriesComments
from core.desk.coverage import series_coverage
from core.desk.export import IndexedMail
from core.desk.version_cache import ComparisonCache, shared_cache
from core.errors import Cancelled, PatchdeskError
from core.index.index import Index, open_index
from core.index.review_counts import ReviewCounts
from core.index.review_summary import LETTERS, ReviewSummary
from core.model import Series
from core.progress import Progress, ProgressCallback
from core.search.maintenance import review_counts_file
from core.series.identities import NO_BOTS, Bots
from core.system.child_process import Channel, ChildProcess
from core.system.paths import config_file

if TYPE_CHECKING:
    from core.desk.export import MailOpener

log = logging.getLogger(__name__)

_RULES: Final = 3
"""Raised where the same mails give other counts."""
MOST_SECONDS: Final = 60.0
"""Seconds that the counting after a sync may take; the next one goes on."""
_PATIENCE: Final = 5.0
_AT_ONCE: Final = 50
"""Rows of one transaction."""


def review_summary(
    opener: MailOpener,
    series: Series,
    cache: ComparisonCache | None = None,
    stop: Event | None = None,
    bots: Bots = NO_BOTS,
) -> ReviewSummary:
    """Return the counts of a series' reviews, without those of `bots`. Raises PatchdeskError and Cancelled."""
    found = series_coverage(opener, series, cache, stop)
    fresh = [{tag.letter for tag in patch.fresh()} for patch in found.patches]
    stale = {
        (tag.letter, tag.person)
        for patch in found.patches
        for tag in patch.tags
        if tag.state is TagState.STALE
    }
    options = LedgerOptions(bots=bots)
    comments = SeriesComments(opener, series, cache=cache, options=options, stop=stop)
    return ReviewSummary(
        missing="".join(one for one in LETTERS if not all(one in has for has in fresh)),
        stale=tuple(sorted(Counter(letter for letter, _ in stale).items())),
        forgotten=len(found.forgotten),
        comments=tuple(
            (one.key, one.state is CommentState.OPEN)
            for ledger in comments.carried()
            for one in ledger.comments
        ),
    )


def fill_review_counts(
    index: Index,
    file: Path,
    *,
    stop: Event,
    report: ProgressCallback,
    most_seconds: float,
    bots: Sequence[str] = (),
) -> int:
    """Count the reviews of the rows that changed since they were counted; return how many were.

    What is not reached within `most_seconds` is done the next time. Raises Cancelled and IndexFileError.
    """
    counts = ReviewCounts(file, index.identity)
    rules = " ".join([str(_RULES), *bots])
    now = {row: f"{rules} {text}" for row, text in index.rows.fingerprints()}
    known = counts.fingerprints()
    pending = [row for row, text in now.items() if known.get(row) != text]
    gone = known.keys() - now.keys()
    if not pending and not gone:
        return 0
    opener, cache = IndexedMail(index), shared_cache()
    until = time.monotonic() + most_seconds
    named = Bots(bots)
    found: list[tuple[int, str, ReviewSummary]] = []
    done = 0

    def keep() -> None:
        counts.put(found, gone)
        index.writer.touch_rows([row for row, *_ in found])
        found.clear()

    try:
        for row in pending:
            if stop.is_set() or time.monotonic() > until:
                break
            item = index.mails.series(row)
            if isinstance(item, Series):
                found.append((row, now[row], _counted(opener, item, cache, stop, named)))
                done += 1
            if len(found) >= _AT_ONCE:
                keep()
                report(Progress("Reading reviews, series", done, len(pending)))
    finally:
        keep()
    if stop.is_set():
        raise Cancelled
    return done


def _counted(
    opener: MailOpener, series: Series, cache: ComparisonCache, stop: Event, bots: Bots
) -> ReviewSummary:
    """Return the counts of a series; none of one whose mails cannot be read, which is tried again once it changes."""
    try:
        return review_summary(opener, series, cache, stop, bots)
    except PatchdeskError as error:
        log.warning("reviews of %s: %s", series.id, error.message)
        return ReviewSummary()


def fill_review_counts_of(
    path: Path, *, stop: Event, report: ProgressCallback, most_seconds: float = MOST_SECONDS
) -> int:
    """Count the reviews of the index at a path for some seconds, newest first; return how many series were counted.

    Raises Cancelled and IndexFileError.
    """
    if not path.exists():
        return 0
    index = open_index(path)
    try:
        return fill_review_counts(
            index,
            review_counts_file(),
            stop=stop,
            report=report,
            most_seconds=most_seconds,
            bots=load_config(config_file()).bots,
        )
    finally:
        index.close()


def main(channel: Channel) -> None:
    """Count the reviews of the followed lists, and send how many series were counted. The child's main."""
    from core.sync.list_folder import DataDirs

    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    channel.send(fill_review_counts_of(DataDirs.default().index, stop=stop, report=channel.report))


class ReviewCountProcess(ChildProcess):
    """The parent's side: one child that counts the reviews of the followed lists."""

    def __init__(self) -> None:
        """Start the child."""
        super().__init__(
            "core.desk.review_counts",
            doing="Counting reviews",
            hint="The next sync counts them.",
            stops_within=_PATIENCE,
        )

    def count(self, *, stop: Event) -> int:
        """Return how many series were counted. Raises PatchdeskError and Cancelled."""
        try:
            return sum(self.receive(stop=stop, report=lambda _: None))
        finally:
            self.terminate()
            self.release()
