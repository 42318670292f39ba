"""A mail as one page of rows: headers, message, notes, diffstat, diff, signature."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from rich.cells import cell_len

from core.model import Identity, Mail
from core.patch.diff import Diff, read_diff
from core.patch.message import UNKNOWN_DATE
from core.text import SafeText, shown, shown_line
from tui.widgets.diff_block import DiffBlock
from tui.widgets.page_row import Block, PageRow, Piece, RowsBlock, part, wrap
from tui.widgets.prose import Prose, ProseBlock
from tui.widgets.tree_line import age

_DAYS: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_NAME_WIDTH: Final = 9
_LONGEST_HEADER: Final = 4_000
"""Characters of one header that are shown, even where all are asked for."""
_MOST_HEADERS: Final = 500
_MARGIN: Final[Piece] = (SafeText(" "), "")


@dataclass(frozen=True, slots=True)
class PageStyle:
    """What changes how a mail is laid out."""

    width: int
    all_headers: bool = False
    numbers: bool = False
    fold_quotes: bool = False


class Page:
    """Blocks below each other, their rows counted through."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self.blocks = [block for block in blocks if block.count]
        self.starts: list[int] = []
        self.count = 0
        """How many rows there are."""
        for block in self.blocks:
            self.starts.append(self.count)
            self.count += block.count
        self.diff: DiffBlock | None = None
        self.diff_start = 0
        for block, start in zip(self.blocks, self.starts, strict=True):
            if isinstance(block, DiffBlock):
                self.diff, self.diff_start = block, start

    def find(self, at: int) -> tuple[int, int]:
        """Return the number of the block that holds a row, and the row's in it."""
        place = max(0, bisect_right(self.starts, at) - 1)
        return place, at - self.starts[place]

    def row(self, at: int) -> PageRow:
        """Make one row."""
        place, offset = self.find(at)
        return self.blocks[place].row(offset)

    def texts(self) -> list[str]:
        """Return the text of each row."""
        return [text for block in self.blocks for text in block.texts()]

    def joints(self) -> list[str]:
        """Return what stood between each row and the next."""
        return [joint for block in self.blocks for joint in block.joints()]

    def anchor(self, at: int) -> tuple[int, int]:
        """Return what a row shows, so that it can be found in another layout of the same mail."""
        place, offset = self.find(at)
        return place, self.blocks[place].line_of(offset)

    def row_of(self, anchor: tuple[int, int]) -> int:
        """Return the row that shows what `anchor` stands for."""
        place, line = anchor
        if place >= len(self.blocks):
            return 0
        return self.starts[place] + self.blocks[place].row_of(line)

    def file_rows(self) -> list[int]:
        """Return the rows on which the files of the diff begin."""
        return [self.diff_start + at for at in self.diff.file_rows] if self.diff else []

    def hunk_rows(self) -> list[int]:
        """Return the rows on which its hunks begin."""
        return [self.diff_start + at for at in self.diff.hunk_rows] if self.diff else []

    def heading(self, at: int) -> PageRow | None:
        """Return the bar of the file that a row is inside of."""
        if self.diff is None or not self.diff_start <= at < self.diff_start + self.diff.count:
            return None
        file = self.diff.file_at(at - self.diff_start)
        return None if file is None else self.diff.bar(file)


@dataclass(frozen=True, slots=True)
class MailParts:
    """A mail taken apart, before it is laid out for a width."""

    mail: Mail
    message: Prose
    notes: Prose
    diffstat: Prose
    diff: Diff
    signature: Prose
    whole: bool
    """False: only the beginning of each part is here."""


def take_apart(mail: Mail, most: int | None = None) -> MailParts:
    """Take a mail apart, or the first `most` lines of each of its parts."""
    body = mail.body
    cut = False

    def head(text: str) -> list[str]:
        nonlocal cut
        if most is None:
            return text.split("\n")
        lines = text.split("\n", most)
        cut = cut or len(lines) > most
        return lines[:most]

    message, notes, diffstat, signature = (
        _trimmed(head(text)) for text in (body.message, body.notes, body.diffstat, body.signature)
    )
    diff = read_diff("\n".join(head(body.diff)))
    return MailParts(
        mail=mail,
        message=Prose.read(message),
        notes=Prose.read(notes),
        diffstat=Prose.read(diffstat),
        diff=diff,
        signature=Prose.plain(["-- ", *signature] if signature else []),
        whole=not cut,
    )


def mail_page(parts: MailParts, style: PageStyle, now: datetime, zone: tzinfo | None) -> Page:
    """Lay out a mail. `zone` is the reader's, None the system's.

    The same mail makes the same blocks whatever the style, so that anchors hold across layouts.
    """
    width = style.width
    gap = RowsBlock([PageRow()])
    blocks: list[Block] = [
        RowsBlock(_head(parts.mail, style, now, zone)),
        gap,
        ProseBlock(parts.message, width, fold_quotes=style.fold_quotes),
    ]
    if parts.notes.lines or parts.diffstat.lines:
        blocks.append(RowsBlock([PageRow(((SafeText("---"), "muted"),), (_MARGIN,))]))
        blocks.append(ProseBlock(parts.notes, width, look="muted"))
        if parts.notes.lines and parts.diffstat.lines:
            blocks.append(gap)
        blocks.append(ProseBlock(parts.diffstat, width))
    if any(line.strip() for line in parts.diff.lines):
        blocks.append(gap)
        blocks.append(
            DiffBlock(parts.diff, width, numbers=style.numbers, headers=style.all_headers)
        )
    if parts.signature.lines:
        blocks.append(gap)
        blocks.append(ProseBlock(parts.signature, width, look="signature"))
    return Page(blocks)


def note_page(title: str, lines: Sequence[str], width: int) -> Page:
    """Lay out words of ours: a title, and lines below it."""
    rows = [PageRow()]
    rows += _wrapped([(shown(title), "note-title")], width, ())
    blocks: list[Block] = [
        RowsBlock([*rows, PageRow()]),
        ProseBlock(Prose.plain(list(lines)), width),
    ]
    return Page(blocks)


def _trimmed(lines: list[str]) -> list[str]:
    """Return lines without blank ones at their ends."""
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


# ------------------------------------------------------------- headers


def _head(mail: Mail, style: PageStyle, now: datetime, zone: tzinfo | None) -> list[PageRow]:
    message, width = mail.message, style.width
    subject = shown(message.subject.text[:_LONGEST_HEADER]) or SafeText("(no subject)")
    rows = _wrapped([(subject, "subject")], width, ())
    if style.all_headers:
        rows += _all_headers(mail, width)
    else:
        rows += _named("From", _person(message.sender), width)
        if message.author != message.sender:
            rows += _named("Author", _person(message.author), width)
        rows += _named("Date", [(_date(message.date, now, zone), "")], width)
        for name, people in (("To", message.to), ("Cc", message.cc)):
            if people:
                rows += _named(name, [(_people(people, width - _NAME_WIDTH - 2), "muted")], width)
        if message.list_ids:
            lists = SafeText(", ".join(shown(name[:200]) for name in message.list_ids[:5]))
            rows += _named("List", [(lists, "muted")], width)
    for attachment in mail.attachments[:_MOST_HEADERS]:
        name = shown(attachment.name[:200]) or SafeText("(no name)")
        about = SafeText(f"  {shown(attachment.content_type[:80])}, {_size(attachment.size)}")
        rows += _named("Attached", [(name, ""), (about, "muted")], width)
    rows += _warnings(mail, width)
    rows.append(PageRow(((SafeText("─" * max(1, width - 2)), "rule"),), (_MARGIN,)))
    return rows


def _warnings(mail: Mail, width: int) -> list[PageRow]:
    rows: list[PageRow] = []
    others = len(mail.message.clashes)
    if others:
        mails = "another mail carries" if others == 1 else f"{others} other mails carry"
        text = f"! {mails} the same Message-ID with a different content"
        rows += _wrapped([(SafeText(text), "warning")], width, ())
    if mail.message.capped:
        cut = shown("; ".join(mail.message.capped)[:_LONGEST_HEADER])
        rows += _wrapped(
            [(SafeText(f"! not all of this mail is shown: {cut}"), "warning")], width, ()
        )
    return rows


def _all_headers(mail: Mail, width: int) -> list[PageRow]:
    rows: list[PageRow] = []
    for name, value in mail.headers[:_MOST_HEADERS]:
        rows += _header(shown(name[:80]), value, width)
    if len(mail.headers) > _MOST_HEADERS:
        over = SafeText(f"… {len(mail.headers) - _MOST_HEADERS:,} more headers")
        rows += _wrapped([(over, "muted")], width, ())
    for name, value in mail.body.in_body_headers:
        rows += _header(SafeText(f"{shown(name[:80])} (in the text)"), value, width)
    return rows


def _header(name: SafeText, value: str, width: int) -> list[PageRow]:
    text = shown(value[:_LONGEST_HEADER])
    if len(value) > _LONGEST_HEADER:
        text = SafeText(f"{text} … {len(value) - _LONGEST_HEADER:,} more characters")
    return _wrapped([(SafeText(f"{name}: "), "header-name"), (text, "")], width, (), hang=2)


def _named(name: str, pieces: Sequence[Piece], width: int) -> list[PageRow]:
    """Return the rows of a header of ours: its name in a column, its value beside it."""
    gutter: Piece = (SafeText(f"{name:<{_NAME_WIDTH}}"), "header-name")
    return _wrapped(pieces, width, (gutter,))


def _wrapped(
    pieces: Sequence[Piece], width: int, gutter: tuple[Piece, ...], hang: int = 0
) -> list[PageRow]:
    """Return pieces as rows of `width` cells, the gutter before the first, its width before the others."""
    before = sum(cell_len(text) for text, _ in gutter)
    text = "".join(text for text, _ in pieces)
    rows: list[PageRow] = []
    for start, end in wrap(text, max(8, width - before - 2), hang):
        indent = gutter if not rows else ((SafeText(" " * (before + hang)), ""),)
        rows.append(PageRow(part(pieces, start, end), (_MARGIN, *indent)))
    return rows


def _person(person: Identity) -> list[Piece]:
    name, address = shown(person.name[:200]), shown(person.address[:200])
    if not name:
        return [(address or SafeText("(nobody)"), "person")]
    return [(name, "person"), (SafeText(f" <{address}>"), "muted")]


def _people(people: Sequence[Identity], room: int) -> SafeText:
    """Name as many as have room in one line, and count the others."""
    names = [shown((person.name or person.address)[:60]) for person in people[:40]]
    said = ""
    for count, name in enumerate(names):
        left = len(people) - count - 1
        tail = f", +{left:,} more" if left else ""
        longer = f"{said}, {name}" if said else name
        if said and cell_len(longer + tail) > room:
            return SafeText(f"{said}, +{left + 1:,} more")
        said = longer
    left = len(people) - len(names)
    return SafeText(f"{said}, +{left:,} more" if left else said)


def _date(date: datetime, now: datetime, zone: tzinfo | None) -> SafeText:
    if date == UNKNOWN_DATE:
        return SafeText("unknown: the mail does not say")
    try:
        local = date.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        local = date  # too near the ends of time for another zone
    day = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    ago = age(date, now)
    ago = {"now": "just now", "fut": "in the future", "?": ""}.get(ago, f"{ago} ago")
    text = f"{day} {local:%H:%M %z}" + (f" · {ago}" if ago else "")
    return shown_line(text)


def _size(size: int) -> str:
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB"
