"""A mail's prose as rows: wrapped at words, with quotes, trailers, diffstats and links told apart."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rich.cells import cell_len

from core.text import TAB_WIDTH, SafeText, shown_line
from tui.reader.row import PageRow, StyledText, slice_pieces, wrap_words

LONGEST_LINE: Final = 20_000
"""Characters of a line of prose that are shown; the rest, which cannot be prose, is only counted."""

FOLD_FROM: Final = 4
"""Quotes of so many lines fold; a shorter one costs less to read than its fold."""

_QUOTE: Final = re.compile(r" ?(?:> ?){1,60}")
_DEEPEST: Final = 3
_TRAILER: Final = re.compile(
    r"(?P<name>[A-Z][A-Za-z]*(?:-[A-Za-z]+)*-by|Cc|Fixes|Link|Closes|Message-ID|Message-Id|Change-Id|Base-commit"
    r"|Change-ID|Bug|BugLink|References|Debian-Bug-id|Reported-at|CC)(?P<colon>[ \t]*:)(?P<value>[ \t].*)?$"
)  # fmt: skip
_STAT: Final = re.compile(
    r" (?P<path>[^|]*[^| ])(?P<gap> +)\| +(?:(?P<count>[0-9]+)(?P<space> *)(?P<graph>[+-]*)"
    r"|Bin\b.*|Unmerged)$"
)
_LINK: Final = re.compile(r"https?://[!-~]+")
_AFTER_LINK: Final = ".,;:!?)>]}'\""
_SUMMARY: Final = re.compile(
    r" (?:[0-9]+ files? changed|(?:create|delete) mode [0-7]{6} |mode change [0-7]{6} =>|(?:rename|copy|rewrite) .*%\)$)"
)
_HEADING: Final = re.compile(r"\S[^:]{0,200} \([0-9]+\):$")
_ADDRESS: Final = re.compile(r"<[^<>\s]+>")
_MARGIN: Final = 1


@dataclass(frozen=True, slots=True)
class Prose:
    """Lines of text, each with its style; "" for plain."""

    lines: list[str]
    kinds: list[str]

    @classmethod
    def read(cls, lines: list[str]) -> Prose:
        """Classify the lines."""
        return cls(lines, _kinds(lines))

    @classmethod
    def plain(cls, lines: list[str]) -> Prose:
        """Take the lines as they are."""
        return cls(lines, [""] * len(lines))


class ProseBlock:
    """Text for people to read. `look` is the look of ordinary lines."""

    def __init__(
        self, prose: Prose, width: int, *, look: str = "", fold_quotes: bool = False
    ) -> None:
        self._lines = prose.lines
        self._kinds = prose.kinds
        self._look = look
        self._width = max(8, width)
        self._rows = self._lay_out(fold_quotes)
        self._last: tuple[int, list[StyledText]] = (-1, [])
        self._first = None if self._rows is None else [at for at, _, _ in self._rows]

    def _lay_out(self, fold: bool) -> list[tuple[int, int, int]] | None:
        """Return for each row its line and the part of it; None where each line is a row.

        A part that ends at -1 is the whole line; one that begins there is a fold, up to the line in third place.
        """
        room = self._width - _MARGIN
        lines, kinds = self._lines, self._kinds
        whole = "\n".join(lines)
        longest = max(map(len, lines), default=0)
        if not fold and longest <= room and whole.isascii() and "\t" not in whole:
            return None
        rows: list[tuple[int, int, int]] = []
        at = 0
        while at < len(lines):
            line = lines[at]
            if fold and kinds[at].startswith("quote"):
                end = at
                while end < len(lines) and kinds[end].startswith("quote"):
                    end += 1
                if end - at >= FOLD_FROM:
                    rows.append((at, -1, end))
                    at = end
                    continue
            if (line.isascii() and len(line) + line.count("\t") * (TAB_WIDTH - 1) <= room) or kinds[
                at
            ] == "stat":
                rows.append((at, 0, -1))
            else:
                text = self._text(at)
                hang = cell_len(self._hang(at, text))
                rows += [(at, start, end) for start, end in wrap_words(text, room, hang)]
            at += 1
        return rows

    def _text(self, line: int) -> SafeText:
        raw = self._lines[line]
        if len(raw) > LONGEST_LINE:
            return SafeText(
                f"{shown_line(raw[:LONGEST_LINE])} … {len(raw) - LONGEST_LINE:,} more characters"
            )
        if self._kinds[line].startswith("quote") and "\t" in raw:
            return shown_line(raw, first_column=_first_column(raw))
        text = shown_line(raw)
        if self._kinds[line] == "stat":
            return _fitted_stat(text, self._width - _MARGIN)
        return text

    def _hang(self, line: int, text: str) -> str:
        """Return the text before the wrapped rows of a line: its quote marks, or its indent."""
        if self._kinds[line].startswith("quote") and (match := _QUOTE.match(text)):
            marks = match[0]
        else:
            marks = text[: len(text) - len(text.lstrip(" "))]
            if text[len(marks) : len(marks) + 2] in {"- ", "* ", "+ "}:
                marks += "  "
        return marks if len(marks) <= self._width // 3 else ""

    @property
    def count(self) -> int:
        """How many rows it has."""
        return len(self._lines) if self._rows is None else len(self._rows)

    def row(self, at: int) -> PageRow:
        """Make one row."""
        margin: StyledText = (SafeText(" " * _MARGIN), "")
        if self._rows is None:
            text = self._text(at)
            return PageRow(tuple(self._pieces(at, text)), (margin,))
        line, start, end = self._rows[at]
        if start < 0:
            return PageRow(((_fold(end - line), "fold"),), (margin,))
        if self._last[0] != line:
            # A line of many rows is taken apart once for all of them.
            self._last = (line, self._pieces(line, self._text(line)))
        pieces = self._last[1]
        hang: tuple[StyledText, ...] = ()
        if start:
            kind = self._kinds[line]
            begins = "".join([text[: self._width] for text, _ in pieces[:2]])
            hang = ((SafeText(self._hang(line, begins)), kind if kind.startswith("quote") else ""),)
        if end < 0:
            return PageRow(tuple(pieces), (margin,))
        return PageRow(slice_pieces(pieces, start, end), (margin, *hang))

    def texts(self) -> list[str]:
        """Return the text of each row."""
        if self._rows is None:
            return list(map(self._text, range(len(self._lines))))
        texts: list[str] = []
        last, text = -1, ""
        for line, start, end in self._rows:
            if start < 0:
                texts.append(_fold(end - line))
                continue
            if line != last:
                last, text = line, self._text(line)
            texts.append(text[start:end] if end >= 0 else text)
        return texts

    def separators(self) -> list[str]:
        """Return line ends, and the blanks that soft wraps took away."""
        if self._rows is None:
            return ["\n"] * len(self._lines)
        separators: list[str] = []
        last, text = -1, ""
        for (line, _, end), (after, start, _) in pairwise([*self._rows, (-1, 0, 0)]):
            if line != after or end < 0:
                separators.append("\n")
                continue
            if line != last:
                last, text = line, self._text(line)
            separators.append(text[end:start])
        return separators

    def line_of(self, at: int) -> int:
        """Return the line that a row belongs to."""
        return at if self._rows is None else self._rows[at][0]

    def row_of(self, line: int) -> int:
        """Return the first row of a line, or the fold it is in."""
        if self._first is None:
            return min(line, len(self._lines) - 1)
        at = bisect_right(self._first, line) - 1
        while at > 0 and self._first[at - 1] == self._first[at]:
            at -= 1
        return max(0, at)

    def _pieces(self, line: int, text: SafeText) -> list[StyledText]:
        """Return a whole line with its looks."""
        kind = self._kinds[line]
        if kind == "trailer" and (trailer := _TRAILER.match(text)) is not None:
            return _trailer(text, trailer)
        if kind == "stat" and (stat := _STAT.match(text)) is not None:
            return _stat(text, stat)
        return _linked(text, kind or self._look)


def _fold(lines: int) -> SafeText:
    return SafeText(f"▸ {lines:,} quoted lines")


def _kinds(lines: Sequence[str]) -> list[str]:
    """Return the style of each line; "" for plain."""
    kinds: list[str] = []
    in_diff = [False] * (_DEEPEST + 1)
    for at, line in enumerate(lines):
        first = line[:1]
        kind = ""
        if first == ">" or (first == " " and line[1:2] == ">"):
            kind = _quoted(line, in_diff)
        elif first == " ":
            if "|" in line and _STAT.match(line):
                kind = "stat"
            elif _SUMMARY.match(line):
                kind = "muted"
        elif "A" <= first <= "Z":
            if line.endswith((":", ":\r")) and _announces(lines, at):
                kind = "muted"
            elif line.endswith("):") and _HEADING.match(line):
                kind = "heading"
            elif ":" in line[:40] and _TRAILER.match(line):
                kind = "trailer"
        elif first == "-" and line.rstrip() == "---":
            kind = "muted"
        kinds.append(kind)
    return kinds


def _first_column(line: str) -> int:
    """Return where tab stops count from in a quoted line: after its marks, and after the sign of a diff's line."""
    match = _QUOTE.match(line)
    column = match.end() if match else 0
    return column + 1 if line[column : column + 1] in {"+", "-", " "} else column


def _announces(lines: Sequence[str], at: int) -> bool:
    """Whether a line that ends in a colon attributes the quote below it."""
    return any(line[:1] == ">" for line in lines[at + 1 : at + 3])


def _quoted(line: str, in_diff: list[bool]) -> str:
    """Return the style of a quoted line: by its depth, or by its part of a quoted diff."""
    match = _QUOTE.match(line)
    marks = match[0] if match else ">"
    depth = min(marks.count(">"), _DEEPEST)
    text = line[len(marks) :]
    if text.startswith(("@@ -", "diff --git ")):
        in_diff[depth] = True
        return f"quote-{depth}"
    if in_diff[depth]:
        if text.startswith("-- ") or text == "--":
            in_diff[depth] = False
        elif text.startswith("+") and not text.startswith("+++ "):
            return "quote-added"
        elif text.startswith("-") and not text.startswith("--- "):
            return "quote-removed"
    return f"quote-{depth}"


def _linked(text: SafeText, look: str) -> list[StyledText]:
    if "http" not in text or look.startswith("quote"):
        return [(text, look)]
    pieces: list[StyledText] = []
    end = 0
    for match in _LINK.finditer(text):
        link = match[0].rstrip(_AFTER_LINK)
        pieces.append((SafeText(text[end : match.start()]), look))
        pieces.append((SafeText(link), "link"))
        end = match.start() + len(link)
    pieces.append((SafeText(text[end:]), look))
    return [piece for piece in pieces if piece[0]]


def _trailer(text: SafeText, match: re.Match[str]) -> list[StyledText]:
    head = SafeText(text[: match.end("colon")])
    given = head.lower().startswith(("reviewed-", "acked-", "tested-"))
    pieces: list[StyledText] = [(head, "trailer-given" if given else "trailer")]
    value = SafeText(match["value"] or "")
    if (address := _ADDRESS.search(value)) is None:
        return [*pieces, *_linked(value, "")]
    pieces.append((SafeText(value[: address.start()]), ""))
    pieces.append((SafeText(value[address.start() :]), "muted"))
    return pieces


def _stat(text: SafeText, match: re.Match[str]) -> list[StyledText]:
    start, end = match.span("graph")
    if start < 0:
        return [(text, "muted")]
    path_end = match.end("path")
    graph = match["graph"]
    return [
        (SafeText(text[:path_end]), ""),
        (SafeText(text[path_end:start]), "muted"),
        (SafeText(graph.replace("-", "")), "added-sign"),
        (SafeText(graph.replace("+", "")), "removed-sign"),
        (SafeText(text[end:]), ""),
    ]


def _fitted_stat(text: SafeText, room: int) -> SafeText:
    """Return a line of a diffstat in `room` cells: first its graph gives way, then the beginning of its path."""
    over = cell_len(text) - room
    if over <= 0 or (match := _STAT.match(text)) is None or match.start("graph") < 0:
        return text
    graph = match["graph"]
    if len(graph) > 4:
        size = max(4, len(graph) - over)
        added = round(graph.count("+") * size / len(graph))
        graph = "+" * added + "-" * (size - added)
        over -= len(match["graph"]) - size
    path = match["path"]
    gap = match["gap"]
    if over > 0:
        spare = min(over, len(gap) - 1)
        gap, over = gap[spare:], over - spare
    if over > 0:
        path = f"…{path[min(over + 1, len(path)) :]}"
    return SafeText(f" {path}{gap}{text[match.end('gap') : match.start('graph')]}{graph}")
