"""The digest as plain text, for a terminal or a mail."""

from __future__ import annotations

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
from core.text import shown, shown_line, shown_lines

_BAR: Final = 40


def text_page(digest: Digest, *, top: int, explain: bool) -> Iterator[str]:
    """Yield the lines of the page, each safe to print."""
    title = shown(title_of(digest))
    yield from (title, "=" * len(title), shown(opening(digest)))
    yield from _days(digest)
    yield from _table(f"Top {top} domains", [(f"{n:7d}", name) for name, n in digest.domains[:top]])
    people = [(f"{n:7d}", format_identity(who)) for who, n in digest.contributors[:top]]
    yield from _table(f"Top {top} contributors", people)
    reviewers = [
        (f"{one.trailers:7d} {one.series:6d}", format_identity(one.person))
        for one in digest.reviewers[:top]
    ]
    yield from _table(f"Top {top} reviewers: trailers given, series replied to", reviewers)
    yield from _table("Bots", [(f"{n:7d}", format_identity(who)) for who, n in digest.bots])
    if digest.series:
        yield from _heading("Series")
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


def _heading(words: str) -> Iterator[str]:
    line = shown(words)
    yield from ("", line, "-" * len(line))


def _table(words: str, lines: Sequence[tuple[str, str]]) -> Iterator[str]:
    if lines:
        yield from _heading(words)
        for numbers, name in lines:
            yield f"{numbers}  {shown(name)}"


def _list(words: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from _heading(words)
        yield from (f"  {shown(line)}" for line in lines)


def _items(words: str, items: Iterable[SeriesChanges | ThreadChanges]) -> Iterator[str]:
    yield from _list(words, [item_text(item) for item in items])


def _days(digest: Digest) -> Iterator[str]:
    bars, unit = intervals(digest.days)
    if bars:
        most = max(count for _, count in bars)
        yield from _heading(f"Mails a {unit}")
        for name, count in bars:
            yield f"{count:7d}  {name}  {'#' * -(-count * _BAR // most)}".rstrip()


def _series(news: SeriesChanges) -> Iterator[str]:
    newest = news.newest
    yield ""
    yield shown(f"{newest.tag} {news.subject}")
    facts = [
        f"{format_identity(news.author)}, {date_of(newest.date)}, <{news.id}>",
        f"{arrived_text(newest)}; {change_text(news.diffstat)}",
        *earlier_texts(news),
        replies_text(news),
        *map(trailer_text, news.trailers),
    ]
    yield from (f"  {shown(line)}" for line in facts)
    if news.text:
        yield ""
        yield from (f"    {line}".rstrip() for line in shown_lines(news.text))
    if newest.total > 1:
        yield ""
        for place, patch in rows(newest):
            state, subject, size = patch_text(patch, news)
            yield shown_line(f"  {place}  {state}  {subject}").rstrip() + (
                f"  ({size})" if size else ""
            )
