"""The digest as Markdown, for the common forges: CommonMark with GitHub's tables.

Text from mail stays text: characters with a meaning in Markdown or HTML are escaped, a mail's text stands in a fence
longer than any in it, and an `@name` or `#1` is parted by an empty comment, so that nobody is notified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from core.digest.formats.phrases import (
    arrived_text,
    change_text,
    date_of,
    earlier_texts,
    intervals,
    item_text,
    merge_texts,
    opening,
    patch_text,
    replies_text,
    rows,
    title_of,
    trailer_text,
)
from core.digest.people import format_identity
from core.digest.values import Digest, SeriesChanges, ThreadChanges
from core.text import shown, shown_lines

_MARKS: Final = re.compile(r"[\\`*_{}\[\]<>#|~&$]|^[-+=]")
_NUMBERED: Final = re.compile(r"^(\d{1,9})(?=[.)])")
_REFERENCE: Final = re.compile(r"(?<![A-Za-z0-9])(@|\\#|!)(?=[A-Za-z0-9])")
_TICKS: Final = re.compile(r"`+")


def markdown_page(digest: Digest, *, top: int, explain: bool) -> Iterator[str]:
    """Yield the lines of the page."""
    yield f"# {escaped(title_of(digest))}"
    yield ""
    yield escaped(opening(digest))
    bars, unit = intervals(digest.days)
    yield from _table(f"Mails a {unit}", (unit.title(), "Mails"), [(n, str(c)) for n, c in bars])
    domains = [(name, str(n)) for name, n in digest.domains[:top]]
    yield from _table(f"Top {top} domains", ("Domain", "Mails"), domains)
    people = [(format_identity(who), str(n)) for who, n in digest.contributors[:top]]
    yield from _table(f"Top {top} contributors", ("Contributor", "Mails"), people)
    yield from _table(
        f"Top {top} reviewers",
        ("Reviewer", "Trailers given", "Series replied to"),
        [
            (format_identity(r.person), str(r.trailers), str(r.series))
            for r in digest.reviewers[:top]
        ],
    )
    bots = [(format_identity(who), str(n)) for who, n in digest.bots]
    yield from _table("Bots", ("Bot", "Mails"), bots)
    if digest.series:
        yield from ("", "## Series")
        for news in digest.series:
            yield from _series(news)
    yield from _items("Discussions that moved", digest.threads)
    yield from _items("Most discussed", digest.most_discussed(top))
    yield from _items("Unanswered", digest.unanswered_items())
    newcomers = [f"{format_identity(one.person)}: {one.subject}" for one in digest.newcomers]
    yield from _list("Newcomers, by their first mail", newcomers)
    if explain:
        for merge in digest.merges:
            yield from _list(
                f"Counted as one person: {format_identity(merge.person)}", merge_texts(merge)
            )


def escaped(text: str) -> str:
    """Return one line of Markdown that shows `text`."""
    line = _MARKS.sub(lambda match: f"\\{match[0]}", shown(text).strip())
    line = _NUMBERED.sub(r"\1\\", line)
    return _REFERENCE.sub(r"\1<!-- -->", line)


def _fenced(text: str) -> Iterator[str]:
    lines = shown_lines(text)
    longest = max((len(run) for line in lines for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from ("", f"{fence}text", *lines, fence)


def _table(
    words: str, head: tuple[str, ...], lines: Sequence[tuple[str, ...]], level: int = 2
) -> Iterator[str]:
    if lines:
        yield from ("", f"{'#' * level} {words}") if words else ()
        yield ""
        yield f"| {' | '.join(head)} |"
        yield f"| --- |{' ---: |' * (len(head) - 1)}"
        for line in lines:
            yield f"| {' | '.join(map(escaped, line))} |"


def _list(words: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {escaped(words)}", "")
        yield from (f"- {escaped(line)}" for line in lines)


def _items(words: str, items: Iterable[SeriesChanges | ThreadChanges]) -> Iterator[str]:
    yield from _list(words, [item_text(item) for item in items])


def _series(news: SeriesChanges) -> Iterator[str]:
    newest = news.newest
    yield ""
    yield f"### {escaped(f'{newest.tag} {news.subject}')}"
    yield ""
    facts = [
        f"{format_identity(news.author)}, {date_of(newest.date)}, <{news.id}>",
        f"{arrived_text(newest)}; {change_text(news.diffstat)}",
        *earlier_texts(news),
        replies_text(news),
        *map(trailer_text, news.trailers),
    ]
    yield from (f"- {escaped(line)}" for line in facts)
    if news.text:
        yield from _fenced(news.text)
    if newest.total > 1:
        lines = []
        for place, patch in rows(newest):
            state, subject, size = patch_text(patch, news)
            lines.append((f"{place} {subject}", state, size))
        yield from _table("", ("Patch", "Came", "Changes"), lines)
