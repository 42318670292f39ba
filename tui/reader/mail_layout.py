"""A mail as one page of rows: headers, message, notes, diffstat, diff, signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from rich.cells import cell_len

from core.diff.parse import Diff, read_diff
from core.mail.message import UNKNOWN_DATE
from core.model import Identity, OpenedMessage
from core.text import SafeText, shown, shown_line
from tui.reader.diff import DiffBlock
from tui.reader.page import Page, PageStyle
from tui.reader.prose import Prose, ProseBlock
from tui.reader.row import Block, PageRow, RowsBlock, StyledText, slice_pieces, wrap_words
from tui.widgets.row_text import age

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
_MARGIN: Final[StyledText] = (SafeText(" "), "")


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail taken apart, before it is laid out for a width."""

    mail: OpenedMessage
    message: Prose
    notes: Prose
    diffstat: Prose
    diff: Diff
    signature: Prose
    whole: bool
    """False: only the beginning of each part is here."""
    left_out: tuple[int, int, int]
    """Blank lines that message, notes and diffstat begin with in the mail, and that are not here."""


def parse_mail(mail: OpenedMessage, most: int | None = None) -> ParsedMail:
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

    heads = [head(text) for text in (body.message, body.notes, body.diffstat, body.signature)]
    message, notes, diffstat, signature = map(_trimmed, heads)
    text = body.diff if most is None else _beginning(body.diff, most)
    cut = cut or len(text) < len(body.diff)
    diff = read_diff(text)
    return ParsedMail(
        mail=mail,
        message=Prose.read(message),
        notes=Prose.read(notes),
        diffstat=Prose.read(diffstat),
        diff=diff,
        signature=Prose.plain(["-- ", *signature] if signature else []),
        whole=not cut,
        left_out=(_blanks(heads[0]), _blanks(heads[1]), _blanks(heads[2])),
    )


def layout_mail(parts: ParsedMail, style: PageStyle, now: datetime, zone: tzinfo | None) -> Page:
    """Lay out a mail. `zone` is the reader's, None the system's.

    The same mail makes the same blocks whatever the style, so that anchors hold across layouts.
    """
    width = style.width
    gap = RowsBlock([PageRow()])
    message = ProseBlock(parts.message, width, fold_quotes=style.fold_quotes)
    notes = ProseBlock(parts.notes, width, look="muted")
    diffstat = ProseBlock(parts.diffstat, width)
    blocks: list[Block] = [RowsBlock(_head(parts.mail, style, now, zone)), gap, message]
    if parts.notes.lines or parts.diffstat.lines:
        blocks.append(RowsBlock([PageRow(((SafeText("---"), "muted"),), (_MARGIN,))]))
        blocks.append(notes)
        if parts.notes.lines and parts.diffstat.lines:
            blocks.append(gap)
        blocks.append(diffstat)
    diff = None
    if any(line.strip() for line in parts.diff.lines):
        blocks.append(gap)
        diff = DiffBlock(
            parts.diff,
            width - style.margin,
            numbers=style.numbers,
            headers=style.all_headers,
            layout=style.layout,
            wrap=style.wrap,
            is_whole=parts.whole,
        )
        diff.code.words, diff.code.ignore_blanks = style.words, style.ignore_blanks
        blocks.append(diff)
    if parts.signature.lines:
        blocks.append(gap)
        blocks.append(ProseBlock(parts.signature, width, look="signature"))
    places: dict[str, tuple[Block, int]] = dict(
        zip(
            ("message", "notes", "diffstat"),
            zip((message, notes, diffstat), parts.left_out, strict=True),
            strict=True,
        )
    )
    if diff is not None:
        places["diff"] = (diff, 0)
    return Page(blocks, diff, places)


def layout_note(title: str, lines: Sequence[str], width: int) -> Page:
    """Lay out a note of the program: a title, and lines below it."""
    rows = [PageRow()]
    rows += _wrapped([(shown(title), "note-title")], width, ())
    blocks: list[Block] = [
        RowsBlock([*rows, PageRow()]),
        ProseBlock(Prose.plain(list(lines)), width),
    ]
    return Page(blocks)


def _beginning(text: str, most: int) -> str:
    """Return the first `most` lines of a text."""
    at = 0
    for _ in range(most):
        at = text.find("\n", at) + 1
        if not at:
            return text
    return text[:at]


def _blanks(lines: list[str]) -> int:
    """Return how many blank lines come first."""
    return next((at for at, line in enumerate(lines) if line.strip()), 0)


def _trimmed(lines: list[str]) -> list[str]:
    """Return lines without blank ones at their ends."""
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


# ------------------------------------------------------------- headers


def _head(
    mail: OpenedMessage, style: PageStyle, now: datetime, zone: tzinfo | None
) -> list[PageRow]:
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


def _warnings(mail: OpenedMessage, width: int) -> list[PageRow]:
    rows: list[PageRow] = []
    others = len(mail.message.id_conflicts)
    if others:
        mails = "another mail carries" if others == 1 else f"{others} other mails carry"
        text = f"! {mails} the same Message-ID with different content"
        rows += _wrapped([(SafeText(text), "warning")], width, ())
    if mail.message.truncations:
        cut = shown("; ".join(mail.message.truncations)[:_LONGEST_HEADER])
        rows += _wrapped(
            [(SafeText(f"! not all of this mail is shown: {cut}"), "warning")], width, ()
        )
    return rows


def _all_headers(mail: OpenedMessage, width: int) -> list[PageRow]:
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


def _named(name: str, pieces: Sequence[StyledText], width: int) -> list[PageRow]:
    """Return the rows of a header: its name in a column, its value beside it."""
    gutter: StyledText = (SafeText(f"{name:<{_NAME_WIDTH}}"), "header-name")
    return _wrapped(pieces, width, (gutter,))


def _wrapped(
    pieces: Sequence[StyledText], width: int, gutter: tuple[StyledText, ...], hang: int = 0
) -> list[PageRow]:
    """Return pieces as rows of `width` cells, the gutter before the first, its width before the others."""
    before = sum(cell_len(text) for text, _ in gutter)
    text = "".join(text for text, _ in pieces)
    rows: list[PageRow] = []
    for start, end in wrap_words(text, max(8, width - before - 2), hang):
        indent = gutter if not rows else ((SafeText(" " * (before + hang)), ""),)
        rows.append(PageRow(slice_pieces(pieces, start, end), (_MARGIN, *indent)))
    return rows


def _person(person: Identity) -> list[StyledText]:
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
        return SafeText("unknown")
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
