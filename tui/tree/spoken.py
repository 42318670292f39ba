"""A row of the tree as a sentence, for screen readers and plain terminals: the most important first, no glyphs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from core.index.row_summary import SeriesSummary
from core.text import shown
from tui.tree.badges import named_lists, state_of
from tui.tree.columns import version_name
from tui.tree.rows import Kind, Row, open_comments, row_trailers
from tui.widgets.row_text import LONGEST, StyledText, age, fit

_UNITS: Final = {"m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_AGE: Final = re.compile(r"([0-9]+)([a-z]+)")
_GIVEN: Final = {"R": "reviewed", "A": "acked", "T": "tested", "N": "refused"}


def line(row: Row, width: int, now: datetime, *, list_shown: str | None = None) -> list[StyledText]:
    """Return a row as pieces that fill exactly `width` cells; `list_shown` as the columns have it."""
    text = fit(sentence(row, now, list_shown), width)
    look = "heading" if row.kind is Kind.HEADING else "unread" if row.unread else "subject"
    return [(text, look)]


def sentence(row: Row, now: datetime, list_shown: str | None = None) -> str:
    """Return all that a row says, as words with commas between; it names its lists as the columns do."""
    said = ", ".join(word for word in _parts(row, now, list_shown) if word)
    return f"{said[:1].upper()}{said[1:]}"


def _parts(row: Row, now: datetime, list_shown: str | None) -> Iterator[str]:
    if row.kind is Kind.HEADING:
        yield f"group {shown(row.news[:LONGEST])}"
        yield "" if row.expanded or not row.expandable else "folded"
        return
    if row.marked:
        yield "marked"
    if row.kind in (Kind.SERIES, Kind.THREAD):
        yield from _head(row)
        yield shown(f"in {' and '.join(lists)}") if (lists := named_lists(row, list_shown)) else ""
    else:
        yield "unread" if row.unread else ""
        yield state_of(row)
        yield _what(row)
        yield f"as in {row.news[2:]}" if row.news.startswith("= ") else ""
    yield from _counts(row)
    date = row.item.date if row.depth == 0 else row.message.date if row.message else None
    if date is not None and row.kind is not Kind.PATCH:
        yield age_text(date, now)
    if row.expandable:
        yield "open" if row.expanded else "folded"


def _head(row: Row) -> Iterator[str]:
    """Yield the triage state of a series or thread, and its subject."""
    item, standing = row.item, row.standing
    yield "unread" if row.unread else ""
    if standing is not None:
        yield str(standing.status)
        yield shown(standing.why) if standing.why else ""
        yield shown(str(standing.until)) if standing.until is not None else ""
        yield from (shown(str(one)) for one in standing.landed)
        yield f"applied to {shown(standing.branch)}" if standing.branch else ""
        yield "flagged" if standing.flagged else ""
        yield f"priority {standing.priority}" if standing.priority else ""
        yield from (f"label {shown(label)}" for label in standing.labels)
        yield "with a note" if standing.note else ""
    kind = "thread" if row.kind is Kind.THREAD else "series"
    yield f"{kind} {shown(item.subject[:LONGEST])}"
    yield f"by {shown((item.author.name or item.author.address)[:80])}"
    yield f"news: {shown(row.news)}" if row.news else ""


def _what(row: Row) -> str:
    version, message = row.version, row.message
    if row.kind is Kind.VERSION:
        tags = f" {shown(' '.join(version.tags)[:40])}" if version and version.tags else ""
        return f"version {version_name(row).removeprefix('v')}{tags}"
    if row.kind is Kind.MISSING:
        first, last = row.numbers
        if first == last:
            return f"patch {first} missing"
        return f"patches {first} to {last} missing"
    if row.kind is Kind.MORE or message is None:
        return shown(row.news)
    if row.kind is Kind.REPLY:
        words = f": {shown(row.words)}" if row.words else ""
        return f"reply by {shown((message.author.name or message.author.address)[:80])}{words}"
    title = shown(message.subject.title[:LONGEST])
    if row.kind is Kind.COVER:
        return f"cover letter {title}"
    number = row.entry.number if row.entry is not None else 0
    return f"patch {number} of {version.total if version is not None else 0} {title}"


def _counts(row: Row) -> Iterator[str]:
    """Yield its numbers of patches, replies and trailers."""
    item, version = row.item, row.version
    if row.kind is Kind.SERIES:
        yield f"version {version_name(row).removeprefix('v')}"
    have = total = 0
    if row.kind is Kind.SERIES and isinstance(item, SeriesSummary):
        have, total = item.have, item.total
    elif row.kind in (Kind.SERIES, Kind.VERSION) and version is not None:
        have, total = len(version.patches), version.total
    if total:
        patches = "patch" if total == 1 else "patches"
        yield f"{total} {patches}" if have >= total else f"{have} of {total} {patches}"
    for letter in row_trailers(row).split():
        yield f"{_GIVEN[letter[0]]} by {letter[1:].rstrip('!')}"
        if letter.endswith("!") and isinstance(item, SeriesSummary):
            yield f"{dict(item.review.stale)[letter[0]]} stale"
    if row.replies and row.kind not in (Kind.REPLY, Kind.MISSING):
        yield f"{row.replies} {'reply' if row.replies == 1 else 'replies'}"
    if count := open_comments(row):
        yield f"{count} open {'comment' if count == 1 else 'comments'}"


def age_text(date: datetime, now: datetime) -> str:
    """Return how long ago something was: `2 hours ago`."""
    short = age(date, now)
    found = _AGE.fullmatch(short)
    if found is None:
        return {"now": "just now", "fut": "in the future"}.get(short, "at an unknown time")
    count, unit = found[1], _UNITS[found[2]]
    return f"{count} {unit}{'' if count == '1' else 's'} ago"
