"""The words that every form of a digest uses. Plain text as the mails have it: each form makes it safe in its own way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from core.digest.people import IdentityMerge, format_identity
from core.digest.values import (
    CodeChanges,
    Diffstat,
    Digest,
    PatchSummary,
    SeriesChanges,
    ThreadChanges,
    VersionChanges,
)
from core.model import FollowupTrailer

_MOST_NUMBERS: Final = 20
MOST_BARS: Final = 31
"""Intervals of a table; a longer range is told by the week or the month."""


def title_of(digest: Digest) -> str:
    """Return the page's title."""
    start, end = digest.ends
    return f"{digest.list_name}: what arrived from {start} to {end}"


def opening(digest: Digest) -> str:
    """Return the page's first sentence."""
    if digest.first is None or digest.last is None:
        return "Nothing arrived."
    parts = [
        counted(len(digest.series), "series", "series"),
        counted(len(digest.threads), "discussion", "discussions"),
        counted(len(digest.newcomers), "newcomer", "newcomers"),
        f"{len(digest.unanswered_items())} unanswered",
    ]
    mails = counted(digest.messages, "mail", "mails")
    people = counted(len(digest.contributors), "person", "people")
    span = f"from {digest.first:%Y-%m-%d %H:%M} to {digest.last:%Y-%m-%d %H:%M} UTC"
    return f"{mails} of {people}, {span}: {', '.join(parts)}."


def counted(number: int, one: str, many: str) -> str:
    """Return `1 mail` or `2 mails`."""
    return f"{number} {one if number == 1 else many}"


def date_of(moment: datetime) -> str:
    """Return the day of a moment, in UTC as everything in a digest."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d")


def intervals(
    days: Sequence[tuple[str, int]], most: int = MOST_BARS
) -> tuple[list[tuple[str, int]], str]:
    """Return the messages per interval, empty ones too, and the interval: day, week (from Monday) or month.

    There are at most so many, unless months are too many too.
    """
    if not days:
        return [], "day"
    counts = {date.fromisoformat(day): count for day, count in days}
    first, last = min(counts), max(counts)
    if (last - first).days < most:
        steps = (first + timedelta(days=at) for at in range((last - first).days + 1))
        return [(day.isoformat(), counts.get(day, 0)) for day in steps], "day"
    if (last - first).days < 7 * most:
        weeks = Counter[date]()
        for day, count in counts.items():
            weeks[day - timedelta(days=day.weekday())] += count
        start = first - timedelta(days=first.weekday())
        steps = (start + timedelta(weeks=at) for at in range((last - start).days // 7 + 1))
        return [(week.isoformat(), weeks[week]) for week in steps], "week"
    months = Counter[tuple[int, int]]()
    for day, count in counts.items():
        months[day.year, day.month] += count
    begin, end = first.year * 12 + first.month - 1, last.year * 12 + last.month
    named = (divmod(at, 12) for at in range(begin, end))
    return [(f"{year:04d}-{at + 1:02d}", months[year, at + 1]) for year, at in named], "month"


def arrived_text(version: VersionChanges) -> str:
    """Say which of a version's patches arrived."""
    if len(version.arrived) == version.total:
        return "the patch arrived" if version.total == 1 else f"all {version.total} patches arrived"
    words = [f"{len(version.arrived)} of {counted(version.total, 'patch', 'patches')} arrived"]
    if version.before:
        words.append(f"{len(version.before)} before")
    if rest := version.total - len(version.arrived) - len(version.before):
        words.append(f"{rest} missing")
    return ", ".join(words)


def earlier_texts(news: SeriesChanges) -> list[str]:
    """Return the versions before the newest, the latest first, and what became of the code since that."""
    at = news.versions.index(news.newest)
    texts = [
        f"v{news.newest.version} of {version.tag} {version.subject}, sent {date_of(version.date)}"
        for version in reversed(news.versions[:at])
    ]
    return [
        *texts[:1],
        *([code_text(news.code, news.newest.total)] if news.code else []),
        *texts[1:],
    ]


def code_text(code: CodeChanges, total: int) -> str:
    """Return the changes in the code of a version of `total` patches: `since v2: code changed in 1-3, 7; as it was in 4-6`."""
    if total == 1 and not code.gone:
        return f"since {code.since}: code {'changed' if code.changed else 'as it was'}"
    parts = (
        ("code changed in ", code.changed),
        ("as it was in " if code.changed else "code as it was in ", code.unchanged),
        ("new: ", code.new),
        (f"gone: {code.since} ", code.gone),
    )
    return f"since {code.since}: " + "; ".join(
        f"{head}{number_ranges(numbers)}" for head, numbers in parts if numbers
    )


def number_ranges(numbers: Sequence[int]) -> str:
    """Return numbers in their order, runs of three and more as a range, at most twenty: `1-3, 7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [
        text
        for run in runs
        for text in ([f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run))
    ]
    return ", ".join(texts[:_MOST_NUMBERS]) + (" …" if len(texts) > _MOST_NUMBERS else "")


def change_text(diffstat: Diffstat) -> str:
    """Return `3 files, +12 -4`."""
    return f"{counted(diffstat.files, 'file', 'files')}, +{diffstat.added} -{diffstat.removed}"


def replies_text(news: SeriesChanges) -> str:
    """Return the number of replies, and their trailers."""
    given = Counter(trailer.name for trailer in news.trailers)
    words = [
        counted(news.replies, "reply", "replies"),
        *(f"{name} {count}" for name, count in given.items()),
        *(["unanswered"] if news.unanswered else []),
    ]
    return ", ".join(words)


def trailer_text(trailer: FollowupTrailer) -> str:
    """Return a trailer with its target."""
    place = f"patch {trailer.number}" if trailer.number else "the whole"
    return f"{trailer.name}: {trailer.value} (v{trailer.version}, {place})"


def rows(version: VersionChanges) -> Iterator[tuple[str, PatchSummary | None]]:
    """Yield a version's places in order, with their patch; missing ones stand together, without."""
    width = len(str(version.total))
    missing: list[int] = []

    def gap() -> Iterator[tuple[str, None]]:
        if missing:
            last = f"-{missing[-1]}" if len(missing) > 1 else ""
            yield f"{missing[0]:0{width}d}{last}/{version.total}", None
            missing.clear()

    places = {patch.number: patch for patch in version.patches}
    for number in sorted({*places, *version.missing}):
        patch = places.get(number)
        if patch is None:
            missing.append(number)
            continue
        yield from gap()
        yield f"{number:0{width}d}/{version.total}", patch
    yield from gap()


def patch_text(patch: PatchSummary | None, news: SeriesChanges) -> tuple[str, str, str]:
    """Return the text for a patch number: when its patch came, its subject (with its author, where it is another's),
    its size.
    """
    if patch is None:
        return "missing", "", ""
    author = (
        "" if patch.author == news.author else f" ({patch.author.name or patch.author.address})"
    )
    replies = f", {counted(patch.replies, 'reply', 'replies')}" if patch.replies else ""
    state = "arrived" if patch.arrived else "before"
    return state, f"{patch.subject}{author}", f"{change_text(patch.diffstat)}{replies}"


def item_text(item: SeriesChanges | ThreadChanges) -> str:
    """Return a line for a series or thread."""
    who = item.author.name or item.author.address
    if isinstance(item, SeriesChanges):
        return (
            f"{item.newest.tag} {item.subject} ({who}; {counted(item.replies, 'reply', 'replies')})"
        )
    people = f" of {counted(item.people, 'person', 'people')}" if item.replies else ""
    began = ", began" if item.began else ""
    kind = "series: " if item.is_series else ""
    replies = counted(item.replies, "reply", "replies")
    return f"{kind}{item.subject} ({who}; {replies}{people}{began})"


def merge_texts(merge: IdentityMerge) -> list[str]:
    """Return the identities merged into a person, and the reason."""
    return [
        f"{format_identity(one)}, {counted(mails, 'mail', 'mails')}: {why or 'the most frequent'}"
        for one, mails, why in merge.members
    ]
