"""A digest as rows of the screen: their texts, folds and targets. Pure; knows no widget.

A row is drawn when it comes into view. Everything a mail wrote goes through `core.text.shown` here.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from typing import Final

from core.digest.formats.phrases import (
    arrived_text,
    change_text,
    counted,
    earlier_texts,
    opening,
    patch_text,
    replies_text,
    rows,
    title_of,
    trailer_text,
)
from core.digest.people import format_identity
from core.digest.values import Digest, Newcomer, SeriesChanges, ThreadChanges
from core.model import MessageId
from core.text import shown
from tui.digest.charts import charts
from tui.widgets.row_text import StyledText, fit_safe, trailer_counts

TOP: Final = 15
"""Rows of a table at most, as on the page of the command."""

BRIEF: Final = 5
"""Rows of a folded section."""

_TAG_WORDS: Final = re.compile(r"[^\s\[\]]{1,40}")

Draw = Callable[[int], list[StyledText]]
"""Returns the pieces of a row that is so many cells wide."""


@dataclass(frozen=True, slots=True)
class DigestRow:
    """A row; the cursor stops where it has a key."""

    draw: Draw
    key: str = ""
    """The identity of a row, stable while others come and go."""
    words: Callable[[], str] = field(default=str)
    """The text by which a search finds the row."""
    opens: MessageId | None = None
    """The mail that is read from here."""
    folds: str = ""
    """The key under which the row's fold is stored."""
    open: bool = False
    """Whether that is unfolded."""


def lines_of(digest: Digest, width: int, height: int, unfolded: Collection[str]) -> list[DigestRow]:
    """Return the rows for a view of `width` cells; `unfolded` holds the keys of open folds."""
    found = list(_head(digest, width))
    if digest.messages:
        found += [DigestRow(_fixed(pieces)) for pieces in charts(digest, width, height)]
        found.append(_BLANK)
    newcomers = [_newcomer(one, at) for at, one in enumerate(digest.newcomers)]
    found += _section("Newcomers", "newcomers", newcomers, unfolded)
    discussed = [_item(one, "discussed") for one in digest.most_discussed(TOP)]
    found += _section("Most discussed", "discussed", discussed, unfolded)
    unanswered = [_item(one, "unanswered") for one in digest.unanswered_items()]
    found += _section("Unanswered", "unanswered", unanswered, unfolded)
    if digest.series:
        found.append(_heading("Series", len(digest.series), "series", None))
        for news in digest.series:
            found += _series(news, unfolded)
        found.append(_BLANK)
    if digest.threads:
        found.append(_heading("Discussions that moved", len(digest.threads), "threads", None))
        found += [_item(one, "threads") for one in digest.threads]
    while found and found[-1] is _BLANK:
        found.pop()
    return found


def _fixed(pieces: Sequence[StyledText]) -> Draw:
    return lambda _: list(pieces)


_BLANK: Final = DigestRow(_fixed(()))


def _head(digest: Digest, width: int) -> Iterator[DigestRow]:
    yield DigestRow(lambda cells: [(fit_safe(title_of(digest), cells), "title")])
    for line in textwrap.wrap(shown(opening(digest)), max(20, width)):
        yield DigestRow(_fixed([(line, "muted")]))
    for note in digest.notes:
        for line in textwrap.wrap(shown(note), max(20, width)):
            yield DigestRow(_fixed([(line, "warning")]))
    yield _BLANK


def _heading(words: str, count: int, key: str, is_open: bool | None) -> DigestRow:
    """Return a section's heading; None: it shows all it has."""
    fold = {None: "", True: "▾ ", False: "▸ "}[is_open]
    more = f"  Enter shows all {count}" if is_open is False else ""
    pieces = [(f"{fold}{words}", "heading"), (f"  {count:,}", "muted"), (more, "muted")]
    folds = "" if is_open is None else key
    return DigestRow(
        _fixed(pieces), f"section {key}", lambda: words, folds=folds, open=bool(is_open)
    )


def _section(
    words: str, key: str, items: Sequence[DigestRow], unfolded: Collection[str]
) -> Iterator[DigestRow]:
    if not items:
        return
    is_open = key in unfolded
    yield _heading(words, len(items), key, is_open if len(items) > BRIEF else None)
    yield from items if is_open else items[:BRIEF]
    yield _BLANK


# ----------------------------------------------------------------- newcomers, threads and series in a line


def _newcomer(one: Newcomer, at: int) -> DigestRow:
    def draw(width: int) -> list[StyledText]:
        room = max(10, min(40, width // 3))
        mails = f" {one.mails:>4} " if width >= 60 else " "
        rest = width - 2 - room - len(mails)
        return [
            ("  ", ""),
            (fit_safe(format_identity(one.person), room), "author"),
            (mails, "muted"),
            (fit_safe(one.subject, rest), "subject"),
        ]

    return DigestRow(
        draw,
        f"newcomer {at}",
        lambda: shown(f"{format_identity(one.person)} {one.subject}"),
        opens=one.message_id,
    )


def _item(item: SeriesChanges | ThreadChanges, place: str) -> DigestRow:
    """Return the line of a series or thread outside the list of series; there it can be unfolded."""
    return DigestRow(
        partial(_drawn, item, "  "),
        f"{place} {item.id}",
        partial(_search_text, item),
        opens=_to_read(item),
    )


def _to_read(item: SeriesChanges | ThreadChanges) -> MessageId:
    """Return the mail to read of a series or thread: the newest version's first, the thread's own."""
    if not isinstance(item, SeriesChanges):
        return item.id
    newest = item.newest
    return newest.cover or next((patch.message_id for patch in newest.patches), item.id)


def _search_text(item: SeriesChanges | ThreadChanges) -> str:
    tag = f"{item.newest.tag} " if isinstance(item, SeriesChanges) else ""
    return shown(f"{tag}{item.subject} {item.author.name} {item.author.address}")


def _drawn(item: SeriesChanges | ThreadChanges, expander: str, width: int) -> list[StyledText]:
    """Return a line: the subject, and in columns the version, new messages, trailers, replies, author and day."""
    wide = width >= 100
    columns: list[StyledText] = []
    tags = ""
    if isinstance(item, SeriesChanges):
        newest = item.newest
        tags = " ".join(
            word
            for word in _TAG_WORDS.findall(newest.tag)
            if word.upper() != "PATCH" and not re.fullmatch(r"[vV]\d{1,9}(\.\d{1,9})?", word)
        )
        whole = not newest.missing
        minor = f".{newest.minor}" if newest.minor else ""
        columns = [
            (fit_safe(f"v{newest.version}{minor}", 3), "version"),
            (
                fit_safe(f"{len(newest.arrived)}/{newest.total}", 6, right=True),
                "complete" if whole else "incomplete",
            ),
        ]
        day = newest.date
    else:
        day = item.date
    replies = f"↳{item.replies}" if item.replies else ""
    columns += [
        (fit_safe(trailer_counts((one.name, one.value) for one in item.trailers), 8), "trailer"),
        (fit_safe(replies, 5), "replies"),
        (fit_safe(item.author.name or item.author.address, 22 if wide else 12), "author"),
    ]
    if wide:
        columns.append((f"{day.astimezone(UTC):%Y-%m-%d}", "age"))
    if width < 64:
        columns = [*columns[:-3], columns[-2]]  # without trailers and author
    glyph = "◆ " if isinstance(item, SeriesChanges) or item.is_series else "◇ "
    right = [piece for text, look in columns for piece in ((" ", ""), (text, look))]
    used = sum(len(text) if text.isascii() else _cells(text) for text, _ in right)
    room = max(1, width - used - len(expander) - 2)
    tag = fit_safe(f"{tags} ", min(room // 2, _cells(shown(tags)) + 1)) if tags else ""
    look = "subject" if isinstance(item, SeriesChanges) else "thread"
    return [
        (expander, "expander"),
        (glyph, "number" if glyph == "◆ " else "muted"),
        (tag, "tag"),
        (fit_safe(item.subject, room - _cells(tag)), look),
        *right,
    ]


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _series(news: SeriesChanges, unfolded: Collection[str]) -> Iterator[DigestRow]:
    key = f"series {news.id}"
    is_open = key in unfolded
    yield DigestRow(
        partial(_drawn, news, "▾ " if is_open else "▸ "),
        key,
        partial(_search_text, news),
        opens=_to_read(news),
        folds=key,
        open=is_open,
    )
    if is_open:
        yield from _details(news)


def _details(news: SeriesChanges) -> Iterator[DigestRow]:
    """Yield the details of a series: new messages, earlier versions, patches, trailers."""
    newest = news.newest
    facts: list[tuple[str, str]] = [
        (f"{arrived_text(newest)}; {change_text(news.diffstat)}; {replies_text(news)}", "muted"),
        *((words, "version") for words in earlier_texts(news)),
    ]
    for words, look in facts:
        yield DigestRow(partial(_indented, words, look))
    for place, patch in rows(newest):
        yield DigestRow(
            partial(_patch, (place, *patch_text(patch, news)), patch is None),
            f"patch {news.id} {newest.version} {place}" if patch is not None else "",
            partial(_patch_subject, patch_text(patch, news)[1]),
            opens=patch.message_id if patch is not None else None,
        )
    for trailer in news.trailers:
        yield DigestRow(partial(_indented, trailer_text(trailer), "trailer"))


def _patch_subject(subject: str) -> str:
    return shown(subject)


def _indented(words: str, look: str, width: int) -> list[StyledText]:
    return [("      ", ""), (fit_safe(words, max(1, width - 6)), look)]


def _patch(words: tuple[str, str, str, str], missing: bool, width: int) -> list[StyledText]:
    place, state, subject, size = words
    head = f"      {place} "
    told = fit_safe(state, 8)
    tail = fit_safe(size, 28, right=True) if width >= 72 else ""
    room = max(1, width - len(head) - 9 - len(tail) - 1)
    return [
        (head, "number"),
        (told, "missing" if missing else "muted"),
        (" ", ""),
        (fit_safe(subject, room), "patch"),
        (" ", ""),
        (tail, "muted"),
    ]


def totals(digest: Digest) -> str:
    """Return the counts for the title bar."""
    return f"{counted(len(digest.series), 'series', 'series')} · {counted(digest.messages, 'mail', 'mails')}"
