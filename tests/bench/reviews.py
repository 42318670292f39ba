"""Review comments and coverage: how long they take, and whether they are right.

The first archive that PATCHDESK_ARCHIVES names is judged by b4. PATCHDESK_LIBURING names a bare repository of liburing,
where git judges the version pairs of `tests.bench.versions`.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from core.desk.comments import SeriesComments
from core.desk.coverage import series_coverage
from core.desk.version_cache import ComparisonCache
from tests.bench.corpus import more_archives
from tests.bench.goals import Figure
from tests.bench.reviews_made import evidence
from tests.bench.versions import oracle_pairs
from tests.core.versions.series import Mails, raw_mail, raw_patch

_PATCHES = 30
_VERSIONS = 5
_COMMENTS = 300
_ROUNDS = 5


def run(folder: Path) -> Iterator[str | Figure]:
    """Yield the lines of the table."""
    yield from _speed(folder)
    yield from evidence()
    archives, liburing = more_archives(), os.environ.get("PATCHDESK_LIBURING", "")
    if archives:
        from tests.bench.reviews_b4 import trailers

        yield from trailers(archives[0])
    pairs = list(oracle_pairs())
    if pairs and liburing:
        from tests.bench.reviews_git import fates

        yield from fates(pairs, Path(liburing), folder)


def _speed(folder: Path) -> Iterator[str | Figure]:
    """Yield the CPU time of the comments and of the coverage of a large series, comparisons cached and not."""
    mails = Mails(list(_large_series()))
    series = mails.series()
    cache = ComparisonCache(folder / "reviews.sqlite3")

    def comments() -> None:
        found = SeriesComments(mails, series, cache=cache).carried()
        assert sum(len(one.comments) for one in found) == _COMMENTS

    def coverage() -> None:
        found = series_coverage(mails, series, cache)
        assert len(found.patches) == _PATCHES
        assert all(patch.tags for patch in found.patches)

    for what, work in (
        (f"comments of a series with {_COMMENTS}", comments),
        (f"coverage of {_PATCHES} patches in {_VERSIONS} versions", coverage),
    ):
        cold = []
        for _ in range(_ROUNDS):
            (folder / "reviews.sqlite3").unlink(missing_ok=True)
            cold.append(_cpu(work))
        yield Figure(f"{what}, cached, CPU", 1000 * median(_cpu(work) for _ in range(_ROUNDS)))
        yield f"reviews: {what + ', not cached':<52} {1000 * median(cold):8.1f} ms CPU"


def _large_series() -> Iterator[str]:
    """Yield the mails of 30 patches in 5 versions; each version changes a third of them, and is commented and reviewed."""
    chance = random.Random(7)
    rows = {
        number: [f"+\tvalue_{number}({at});" for at in range(chance.randrange(10, 60))]
        for number in range(1, _PATCHES + 1)
    }
    each = _COMMENTS // (_VERSIONS * _PATCHES)
    for version in range(1, _VERSIONS + 1):
        tag = f"PATCH v{version}" if version > 1 else "PATCH"
        day = 3 * version
        yield raw_mail(f"c{version}", f"[{tag} 0/{_PATCHES}] lamp: light", day=day)
        for number, lines in rows.items():
            subject, name = (
                f"[{tag} {number:02}/{_PATCHES}] lamp: part {number}",
                f"p{version}-{number}",
            )
            yield raw_patch(name, subject, lines, day=day, answers=f"c{version}")
            said = [
                f"> {lines[at]}\n\nThis call number {at} looks wrong to me.\n"
                for at in sorted(chance.sample(range(len(lines)), each))
            ]
            for who in range(3):
                reviewer = f"Rex{who} Reviewer <rex{who}@example.com>"
                text = "\n".join(said) if who == 0 else f"Reviewed-by: {reviewer}\n"
                yield raw_mail(
                    f"r{version}-{number}-{who}", f"Re: {subject}", text,
                    day=day + 1, answers=name, sender=reviewer,
                )  # fmt: skip
            if number % 3 == version % 3:
                lines[chance.randrange(len(lines))] = f"+\tchanged_{version}({number});"


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
