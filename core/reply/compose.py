"""The text of a reply: attribution, the quoted lines that hold a comment, comments, trailers, signature.

The text is read back by `core.series.review_comments`: a comment stands directly below the line it is about.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.utils import format_datetime
from itertools import groupby
from typing import Final, NamedTuple

from core.diff.parse import DiffFile, read_diff
from core.mail.message import UNKNOWN_DATE
from core.mail.trailers import is_trailer_block
from core.model import OpenedMessage
from core.reply.anchors import resolve
from core.reply.draft import Anchor, Draft, DraftComment
from core.series.review_comments import PARTS

ROWS_ABOVE: Final = 8
"""Rows of a hunk that are quoted above the one that holds a comment."""
CUT: Final = "> [...]"
"""Stands for quoted lines that were left out."""

_KEPT: Final = re.compile(r"[ \t>|+\-@]|.*https?://")
"""Begins a line of the user's own text that is never wrapped: indented, quoted, a table, a diff; or it holds a URL."""


def compose_text(draft: Draft, mail: OpenedMessage, *, wrap: int = 72, signature: str = "") -> str:
    """Return the text that a draft sends: the edited one where there is one, else one made from its comments.

    `wrap` is the width to which the user's own long lines are wrapped, 0 for none.
    """
    if draft.text is not None:
        return draft.text
    blocks = [attribution(mail)]
    general = [one.text for one in draft.comments if one.anchor is None]
    anchored = [one for one in draft.comments if one.anchor is not None]
    placed, lost = _placed(anchored, mail)
    if general or not anchored:
        blocks[0] = "\n".join([blocks[0], *_first_paragraph(mail)])
    blocks += [_own(text, wrap) for text in general]
    for quoted, texts in _passages(placed, mail):
        if quoted and len(blocks) == 1:
            blocks[0] += "\n" + "\n".join(quoted)
        elif quoted:
            blocks.append("\n".join(quoted))
        blocks += [_own(text, wrap) for text in texts]
    for anchor, text in lost:
        blocks += [_quote(anchor.text), _own(text, wrap)]
    if draft.trailers:
        blocks.append("\n".join(draft.trailers))
    return "\n\n".join(block for block in blocks if block) + "\n" + _signed(signature)


def full_quote(mail: OpenedMessage, *, signature: str = "") -> str:
    """Return the text that an editor begins with when the whole mail is answered: all of it, quoted."""
    body = mail.text.removesuffix("\n").split("\n")
    return "\n".join([attribution(mail), *map(_quote, body), ""]) + "\n" + _signed(signature)


def attribution(mail: OpenedMessage) -> str:
    """Return the attribution line above a quote."""
    name = " ".join((mail.message.author.name or mail.message.author.address).split())
    if mail.message.date == UNKNOWN_DATE:
        return f"{name} wrote:"
    return f"On {format_datetime(mail.message.date)}, {name} wrote:"


def wrap_text(text: str, width: int) -> str:
    """Wrap the long lines of a text that the user wrote; quotes, indented lines, tables, diffs and URLs stay."""
    if width <= 0:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= width or _KEPT.match(line):
            lines.append(line)
            continue
        lines += textwrap.wrap(
            line, width, break_long_words=False, break_on_hyphens=False, expand_tabs=False
        ) or [line]
    return "\n".join(lines)


def with_trailers(text: str, before: Iterable[str], after: Iterable[str]) -> str:
    """Return an edited text with other trailers: those of `before` that `after` lacks go, new ones stand at its end.

    Only whole lines that equal a trailer are taken out; everything else stays as the user wrote it.
    """
    wanted = list(after)
    gone = set(before) - set(wanted)
    lines = [line for line in text.rstrip("\n").split("\n") if line.rstrip() not in gone]
    there = {line.rstrip() for line in lines}
    new = [line for line in wanted if line not in there]
    if not new:
        return "\n".join(lines) + "\n"
    end = next(
        (at for at in range(len(lines) - 1, -1, -1) if lines[at].rstrip(" ") == "--"), len(lines)
    )
    body, tail = lines[:end], lines[end:]
    while body and not body[-1].strip():
        body.pop()
    is_block = bool(body) and body[-1].rstrip() in set(wanted)
    body += [*([] if is_block or not body else [""]), *new]
    return "\n".join([*body, *([""] if tail else []), *tail]) + "\n"


def _own(text: str, wrap: int) -> str:
    return wrap_text(text.strip("\n"), wrap)


def _signed(signature: str) -> str:
    return f"\n-- \n{signature.rstrip()}\n" if signature.strip() else ""


def _quote(line: str) -> str:
    line = line.removesuffix("\r")
    return f"> {line}" if line and not line.startswith(">") else f">{line}"


def _first_paragraph(mail: OpenedMessage) -> list[str]:
    """Return the first paragraph that says something, quoted: of the message, else of the notes, else the diffstat's end.

    Trailers say nothing; a mail that holds nothing else is not quoted.
    """
    for text in (mail.body.message, mail.body.notes):
        for is_blank, group in groupby(text.split("\n"), lambda line: not line.strip()):
            lines = list(group)
            if not is_blank and not is_trailer_block(lines):
                return [_quote(line) for line in lines]
    stat = [line for line in mail.body.diffstat.split("\n") if line.strip()]
    return [_quote(line) for line in stat[-1:]]


class _Placed(NamedTuple):
    """A comment with its place."""

    part: int
    """The number of a part in PARTS."""
    line: int
    span: int
    text: str


class _Line(NamedTuple):
    """A commented line of a part: the number of lines to quote, and the comment."""

    span: int
    texts: list[str]


def _placed(
    comments: Sequence[DraftComment], mail: OpenedMessage
) -> tuple[list[_Placed], list[tuple[Anchor, str]]]:
    """Return comments with their place, in the order of the mail, and those whose line is gone."""
    placed: list[_Placed] = []
    lost: list[tuple[Anchor, str]] = []
    anchors = [one.anchor for one in comments if one.anchor is not None]
    for one, anchor, place in zip(comments, anchors, resolve(anchors, mail.body), strict=True):
        if place is None:
            lost.append((anchor, one.text))
        else:
            placed.append(_Placed(PARTS.index(place.part), place.line, one.span, one.text))
    return sorted(placed, key=lambda one: one[:2]), lost


def _passages(
    placed: Sequence[_Placed], mail: OpenedMessage
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield quoted lines, each with the comments on the last of them."""
    for part, group in groupby(placed, key=lambda one: one.part):
        on_lines: dict[int, _Line] = {}
        for line, same in groupby(group, key=lambda one: one.line):
            here = list(same)
            span = max(one.span for one in here)
            on_lines[line] = _Line(span, [one.text for one in here])
        name = PARTS[part]
        lines = getattr(mail.body, name).split("\n")
        if name == "diff":
            yield from _diff_passages(lines, mail.body.diff, on_lines)
        else:
            yield from _text_passages(lines, on_lines)


def _text_passages(
    lines: Sequence[str], on_lines: Mapping[int, _Line]
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each commented line with its paragraph above it."""
    done = -1
    for line, (span, texts) in on_lines.items():
        start = line
        while start - 1 > done and (lines[start - 1].strip() or line - start + 1 < span):
            start -= 1
        cut = [CUT] if any(one.strip() for one in lines[done + 1 : start]) else []
        yield [*cut, *map(_quote, lines[start : line + 1])], texts
        done = line


def _diff_passages(
    lines: Sequence[str], diff: str, on_lines: Mapping[int, _Line]
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each commented row with its file's header once, its hunk's header, and the rows above it."""
    files = read_diff(diff).files
    done, file_done = -1, -1
    for line, (span, texts) in on_lines.items():
        number = _file_at(files, line)
        quoted: list[str] = []
        if number < 0:
            quoted.append(lines[line])
        else:
            file = files[number]
            if number != file_done:
                header = file.header[: max(0, line - file.start + 1)]
                quoted += header
                done = file.start + len(header) - 1
                file_done = number
            if line > done:
                quoted += _hunk_rows(file, lines, line, done, span)
        done = max(done, line)
        yield [CUT if row is _CUT else _quote(row) for row in quoted], texts


_CUT: Final = "\0"
"""Among rows: some were left out here."""


def _hunk_rows(file: DiffFile, lines: Sequence[str], line: int, done: int, span: int) -> list[str]:
    """Return the rows from where the quote ended to a row, the hunk's header first where it is a new one."""
    hunk = next((one for one in file.hunks if one.start <= line < one.end), None)
    if hunk is None:
        return [_CUT, lines[line]] if line > done + 1 else [lines[line]]
    rows: list[str] = []
    first = done + 1
    if done < hunk.start:
        rows.append(lines[hunk.start])
        first = hunk.start + 1
    start = max(first, line - max(ROWS_ABOVE, span - 1))
    if line == hunk.start:
        return rows
    if start > first:
        rows.append(_CUT)
    return [*rows, *lines[start : line + 1]]


def _file_at(files: Sequence[DiffFile], line: int) -> int:
    number = -1
    for at, file in enumerate(files):
        if file.start > line:
            break
        number = at
    return number
