"""A row of the tree as text: its columns, and how they shrink in a narrow pane.

Pure, so that it can be tested at every width: it gives pieces of text with the names of their looks, and the widget
turns names into colours. Everything a mail wrote goes through `core.text.shown` here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from rich.cells import cell_len

from core.index.row_summary import SeriesSummary
from core.model import DRAFT_KEY, Identity, Message
from tui.tree.badges import MARK, is_over, named_lists, state_pieces, why
from tui.tree.rows import Highlights, Kind, Row, Span, open_comments, row_trailers
from tui.widgets.row_text import LONGEST, StyledText, age, fit, plain

_INDENT: Final = 2

_SUBJECT: Final = 24
"""Cells that a subject keeps at least where columns at the right have more to say than their width."""

_NAMES_LISTS: Final = 68
"""Cells from which on a row names its list."""
_LIST: Final = 12
"""Cells of that name."""

GLYPHS: Final = {
    Kind.HEADING: "",
    Kind.SERIES: "◆",
    Kind.THREAD: "◇",
    Kind.VERSION: "",
    Kind.COVER: "≡",
    Kind.PATCH: "•",
    Kind.MISSING: "×",
    Kind.REPLY: "↳",
    Kind.MORE: "…",
}

UNREAD: Final = "●"
"""The glyph of unread mail, in place of the row's own."""

_LEFT: Final = frozenset({"author", "lit"})
"""Looks of the column that is written from its left."""

_NOT_LIT: Final = Highlights()

_LOUD: Final = {
    "subject": "unread",
    "thread": "unread",
    "cover": "unread",
    "patch": "unread",
    "author": "unread-author",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """How many cells each column at the right has; 0: no room for it."""

    news: int
    version: int
    patches: int
    trailers: int
    replies: int
    author: int
    age: int
    all_names: bool = False
    """Whether there is room to say `v1`, too."""


@lru_cache(maxsize=64)
def columns(width: int, *, names: bool = False) -> Columns:
    """Return the columns of a pane `width` cells wide; the subject keeps at least half of it.

    With `names` authors come before counts, since the search was for them.
    """
    if width < 36:
        return Columns(0, 0, 0, 0, 0, 0, 4)
    if names and width < 68:
        return Columns(0, 2, 0, 0, 0, 12, 4)
    if width < 52:
        return Columns(0, 2, 5, 0, 3, 0, 4)
    if width < 68:
        return Columns(7, 2, 5, 5, 3, 0, 4)
    if width < 88:
        return Columns(7, 2, 5, 5, 3, 12, 4)
    return Columns(12, 3, 7, 8, 5, 20, 4, all_names=True)


def _label(row: Row) -> Iterator[StyledText]:
    """Yield the label at the left of a row."""
    item = row.item
    version = row.version
    if row.kind is Kind.MISSING and version is not None:
        first, last = row.numbers
        which = f"{first}" if first == last else f"{first}–{last}"
        yield f"{which}/{version.total} missing", "missing"
    elif row.kind is Kind.VERSION and version is not None:
        yield version_name(row), "version"
        if version.tags:
            yield f" {plain(' '.join(version.tags)[:40])}", "tag"
    elif row.kind is Kind.REPLY and row.message is not None:
        yield from _clash(row.message)
        yield plain((row.message.author.name or row.message.author.address)[:80]), "author"
        if row.message.key.startswith(DRAFT_KEY):
            yield "  not on the list yet", "muted"
        if _retitled(row):
            yield f"  {plain(row.message.subject.title[:LONGEST])}", "muted"
        if row.words:
            yield f"  {plain(row.words)}", "muted"
    elif row.kind in (Kind.COVER, Kind.PATCH) and row.entry is not None and version is not None:
        yield f"{row.entry.number}/{version.total} ", "number"
        yield from _clash(row.entry.message)
        title = row.entry.message.subject.title
        yield from highlighted(
            title, "cover" if row.kind is Kind.COVER else "patch", _lit(row).subject
        )
    elif row.kind is Kind.MORE:
        yield row.news, "muted"
    else:
        if row.message is not None:
            yield from _clash(row.message)
        tags = _tags(row)
        if tags:
            yield f"{plain(' '.join(tags)[:24])} ", "tag"
        look = "thread" if row.kind is Kind.THREAD else "subject"
        yield from highlighted(item.subject, look, _lit(row).subject)


def _lists_text(row: Row, list_shown: str | None) -> str:
    """Return the name of the list that a row came through, and how many more there are."""
    lists = named_lists(row, list_shown)
    if not lists:
        return ""
    more = f"+{len(lists) - 1}" if len(lists) > 1 else ""
    return f"{plain(lists[0])[:_LIST]}{more}"


def _lit(row: Row) -> Highlights:
    return row.highlights or _NOT_LIT


def highlighted(text: str, look: str, spans: Iterable[Span]) -> Iterator[StyledText]:
    """Yield text in its style, made safe, with the letters at `spans` highlighted."""
    text = text[:LONGEST]
    end = 0
    for first, last in spans:
        if end < first < len(text):
            yield plain(text[end:first]), look
        if max(first, end) < min(last, len(text)):
            yield plain(text[max(first, end) : last]), "lit"
        end = max(end, last)
    if end < len(text):
        yield plain(text[end:]), look


def _tags(row: Row) -> tuple[str, ...]:
    if isinstance(row.item, SeriesSummary):
        return row.item.tags if row.kind is Kind.SERIES else ()
    return row.version.tags if row.version is not None else ()


def _clash(message: Message) -> Iterator[StyledText]:
    """Yield the mark of a Message-ID that several different mails carry."""
    if message.id_conflicts:
        yield "≠ ", "missing"


def version_name(row: Row) -> str:
    """Return `v2`, or `v5.1` of a partial re-roll."""
    if row.kind is Kind.SERIES and isinstance(row.item, SeriesSummary):
        minor = f".{row.item.minor}" if row.item.minor else ""
        return f"v{row.item.version}{minor}"
    if row.version is None:
        return ""
    minor = f".{row.version.minor}" if row.version.minor else ""
    return f"v{row.version.version}{minor}"


def _retitled(row: Row) -> bool:
    """Whether a reply's subject differs from that of its parent."""
    if row.message is None:
        return False
    above = row.entry.message.subject.title if row.entry is not None else row.item.subject
    return row.message.subject.title != above


def _author(row: Row) -> list[StyledText]:
    """Return the person at the right of a row: by address, where the search matched that."""
    item, message, highlights = row.item, row.message, _lit(row)
    who: Identity | None = None
    if row.kind in (Kind.SERIES, Kind.THREAD):
        who = item.author
    elif (
        row.kind is Kind.PATCH
        and message is not None
        and (message.author != item.author or highlights.name or highlights.address)
    ):
        who = message.author
    if who is None:
        return []
    by_address = not who.name or (bool(highlights.address) and not highlights.name)
    text, spans = (who.address, highlights.address) if by_address else (who.name, highlights.name)
    return list(highlighted(text[:80], "author", spans))


def _right(row: Row, now: datetime, room: Columns) -> list[tuple[list[StyledText], int]]:
    """Return the right-hand columns that have room: content and cells."""
    item, version, message = row.item, row.version, row.message
    is_head = row.kind in (Kind.SERIES, Kind.THREAD)
    counts, counts_look = "", "complete"
    if row.kind in (Kind.SERIES, Kind.VERSION) and version is not None:
        counts = f"{len(version.patches)}/{version.total}"
        counts_look = "complete" if version.complete else "incomplete"
    elif row.kind is Kind.SERIES and isinstance(item, SeriesSummary):
        counts = f"{item.have}/{item.total}"
        counts_look = "complete" if item.have >= item.total else "incomplete"
    replies = row.replies
    if row.kind is Kind.REPLY or row.kind is Kind.MISSING:
        replies = 0
    date = item.date if is_head else message.date if message is not None else None
    if row.kind is Kind.PATCH:
        date = None  # The same as its cover letter's: only noise.
    name = version_name(row)
    if name == "v1" and not room.all_names:
        name = ""
    cells = [
        ([(name if row.kind is Kind.SERIES else "", "version")], room.version),
        ([(counts, counts_look)], room.patches),
        ([(row_trailers(row), "trailer")], room.trailers),
        ([(_replies_text(replies, open_comments(row)), "replies")], room.replies),
        (_author(row), room.author),
        ([(age(date, now) if date is not None else "", "age")], room.age),
    ]
    cells = [cell for cell in cells if cell[1]]
    if room.news and (news := _news(row)):
        # At the left of what there is to say, so that it takes no more room from the subject than it needs.
        first = next((place for place, cell in enumerate(cells) if _says(cell)), len(cells))
        cells.insert(first, ([(news, "news")], room.news))
    return cells


def _replies_text(replies: int, open_ones: int) -> str:
    """Return `↳11 ⚑3`: eleven replies, three open comments."""
    words = [f"↳{replies}"] * bool(replies) + [f"⚑{open_ones}"] * bool(open_ones)
    return " ".join(words)


def _grown(
    right: list[tuple[list[StyledText], int]], width: int
) -> list[tuple[list[StyledText], int]]:
    """Return columns as wide as their content, as long as the subject keeps a third of the row.

    `v12`, `↳128` or why a series is back, cut to a few letters, say nothing; a name or a date still does.
    """
    spare = width - sum(cells + 1 for _, cells in right) - max(_SUBJECT, width // 3)
    grown = list(right)
    # News comes last: it is the longest, and the counts are never cut for its sake.
    for at, (pieces, cells) in sorted(
        enumerate(right), key=lambda one: _says(one[1]) and one[1][0][0][1] == "news"
    ):
        needed = sum(cell_len(text) for text, _ in pieces) - cells
        if needed > 0 and spare > 0 and pieces[0][1] not in _LEFT:
            grown[at] = pieces, cells + min(needed, spare)
            spare -= min(needed, spare)
    return grown


def _says(cell: tuple[list[StyledText], int]) -> bool:
    return any(text for text, _ in cell[0])


def _news(row: Row) -> str:
    if row.kind in (Kind.SERIES, Kind.THREAD):
        return (why(row.standing) if row.standing is not None else "") or row.news
    if row.kind is Kind.VERSION:
        return f"{row.unread:,} new" if row.unread else ""
    return row.news or ("new" if row.unread else "")


def _expander(row: Row) -> str:
    return ("▾" if row.expanded else "▸") if row.expandable else " "


def indent(row: Row, width: int) -> int:
    """Return the cells before a row's expander; bounded, since threads can be a thousand mails deep."""
    return min(row.depth * _INDENT, width // 3)


def line(
    row: Row,
    width: int,
    now: datetime,
    *,
    names: bool = False,
    list_shown: str | None = None,
) -> list[StyledText]:
    """Return a row as pieces that fill exactly `width` cells; `names` as `columns` has it.

    A row names its lists unless `list_shown` is one of them, or None, and where there is room.
    """
    if row.kind is Kind.HEADING:
        text = f"{_expander(row)} {plain(row.news[:LONGEST])}"
        return _exactly([(fit(text, width), "heading")], width)
    right = [] if row.kind is Kind.MORE else _right(row, now, columns(width, names=names))
    if names and row.kind is Kind.PATCH:  # a patch that was found: empty columns go to its subject
        right = [cell for cell in right if _says(cell)]
    # What has nothing to say gives its room to the subject, as long as nothing stands left of it.
    while right and not _says(right[0]):
        right.pop(0)
    tail: list[StyledText] = []
    for pieces, cells in _grown(right, width):
        taken = sum(cell_len(text) for text, _ in pieces)
        if taken > cells or (pieces and pieces[0][1] in _LEFT):
            tail += [(" ", "plain"), *_cut(pieces, cells)]
        else:
            tail += [(" " * (cells - taken + 1), "plain"), *pieces]
    tail.append((" ", "plain"))
    taken = sum(cell_len(text) for text, _ in tail)

    pieces = [(" " * indent(row, width), "plain"), (_expander(row), "expander")]
    pieces.append((MARK, "mark") if row.marked else (" ", "plain"))
    if row.unread and row.kind is not Kind.VERSION:
        pieces.append((f"{UNREAD} ", "news"))
    elif glyph := GLYPHS[row.kind]:
        pieces.append((f"{glyph} ", _glyph_look(row)))
    room = width - taken - sum(cell_len(text) for text, _ in pieces)
    if room < 4:
        tail, room = [], room + taken
    label = list(_label(row))
    if width >= _NAMES_LISTS and (lists := _lists_text(row, list_shown)):
        label.insert(0, (f"{lists} ", "muted"))
    if is_over(row):
        label = [(text, "muted" if look in _LOUD else look) for text, look in label]
    elif row.unread:
        label = [(text, _LOUD.get(look, look)) for text, look in label]
    pieces += _cut([*state_pieces(row), *label], room)
    pieces += tail
    return _exactly(pieces, width)


def _glyph_look(row: Row) -> str:
    return {
        Kind.SERIES: "series-glyph",
        Kind.THREAD: "muted",
        Kind.MISSING: "missing",
        Kind.REPLY: "replies",
    }.get(row.kind, "number")


def _cut(pieces: list[StyledText], room: int) -> list[StyledText]:
    """Return pieces that fill exactly `room` cells, with an ellipsis where they had more to say."""
    kept: list[StyledText] = []
    left = room
    for place, (text, look) in enumerate(pieces):
        cells = cell_len(text)
        if cells > left or (cells == left and place + 1 < len(pieces) and pieces[place + 1][0]):
            kept.append((fit(text + "…" if cells == left else text, left), look))
            return kept
        kept.append((text, look))
        left -= cells
    return [*kept, (" " * left, "plain")]


def _exactly(pieces: list[StyledText], width: int) -> list[StyledText]:
    """Cut or pad the whole line: the last guard against one that would push the scrollbar out."""
    total = sum(cell_len(text) for text, _ in pieces)
    if total < width:
        pieces.append((" " * (width - total), "plain"))
    while total > width and pieces:
        text, look = pieces.pop()
        total -= cell_len(text)
        if total < width:
            pieces.append((fit(text, width - total), look))
            break
    return list(_joined(pieces))


def _joined(pieces: Iterable[StyledText]) -> Iterator[StyledText]:
    """Yield the pieces with blanks joined to the next: painting costs by the piece."""
    blanks = ""
    for text, look in pieces:
        if not text or text.isspace():
            blanks += text
            continue
        if look == "match" and blanks:
            yield blanks, "plain"
            blanks = ""
        yield blanks + text, look
        blanks = ""
    if blanks:
        yield blanks, "plain"
