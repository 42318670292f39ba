"""The lines of hunks as coloured pieces: signs, code, the words that changed, white space that is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice
from time import perf_counter
from typing import Final, NamedTuple

from core.diff.highlight import Spans, Steps, Token, highlight, highlight_steps
from core.diff.hunks import Hunk
from core.diff.moved_lines import MovedBlock, MovedBlocks, find_moved_blocks
from core.diff.parse import DiffFile
from core.diff.trojan_source import describe_suspicious, find_suspicious
from core.diff.word_diff import LONGEST_LINE as LONGEST_MARKED
from core.diff.word_diff import MOST_LINES as LONGEST_RUN
from core.diff.word_diff import (
    change_block_at,
    differs_only_in_whitespace,
    pair_lines,
    split_words,
    word_diff,
)
from core.text import TAB_WIDTH, SafeText, shown_line
from tui.reader.row import StyledText, StyleSpan, break_code

LONGEST_LINE: Final = 4_000
"""Characters of a line that are shown; the rest is counted."""

SLICE: Final = 200
"""Lines of a hunk that are coloured in one go."""
RUN_UP: Final = 60
"""Lines before a slice that are highlighted with it, since a comment or string may begin there."""

MOST_WARNED: Final = 50_000
"""Lines of a hunk that are checked for deceptive characters."""
_RUNS_KEPT: Final = 500
"""Runs of changed lines whose word diffs are cached."""

_SLOT: Final = 0.004
"""Seconds of colouring between two looks at the keyboard."""
_PATIENCE: Final = 0.5
"""Seconds after which a slice stays plain: no code takes so long, a trap may."""

_LOOKS: Final = {
    Token.KEYWORD: "keyword",
    Token.TYPE: "type",
    Token.FUNCTION: "function",
    Token.STRING: "string",
    Token.NUMBER: "number",
    Token.COMMENT: "comment",
    Token.PREPROCESSOR: "preprocessor",
}
_BASES: Final = {"+": "added", "-": "removed", " ": "context", "\\": "outside", "?": "broken"}
_END_OF_DOS: Final = "\u240d"


class HighlightChunk(NamedTuple):
    """A run of lines of one hunk, to be coloured in one go."""

    hunk: int
    """Among all hunks of the diff."""
    part: int

    @property
    def start(self) -> int:
        """The first line of it, among the hunk's."""
        return self.part * SLICE


class CodeLine(NamedTuple):
    """One line of a hunk."""

    pieces: tuple[StyledText, ...]
    """Its sign among them."""
    marks: tuple[StyleSpan, ...]
    base: str
    signs: int
    """Characters that its sign takes."""
    move: MovedBlock | None = None
    """The line occurs elsewhere in the patch, on the other side."""


class _ChangeRun(NamedTuple):
    """A run of changed lines: its beginning, its first added line, its end, and the changed words of each line."""

    start: int
    spans: list[list[tuple[int, int]]]
    blank: bool
    """Only white space changed."""


class HunkCode:
    """The code of a diff's hunks."""

    def __init__(self, lines: Sequence[str], hunks: Sequence[Hunk]) -> None:
        self._lines = lines
        self._hunks = hunks
        self.words = True
        """Mark the words that changed, and lines that moved."""
        self.ignore_blanks = False
        """Show lines in which only white space changed like those that did not."""
        self._spans: dict[HighlightChunk, Spans] = {}
        self._kinds: dict[int, str] = {}
        self._runs: dict[tuple[int, int], _ChangeRun] = {}
        self._moves = MovedBlocks()
        self._sections: dict[int, list[StyledText]] = {}
        self._warnings: dict[int, SafeText] = {}

    def find_moved_blocks(self) -> None:
        """Look for lines that moved; of a large diff that takes long."""
        self._moves = find_moved_blocks(self._hunks)

    def move(self, number: int, offset: int) -> MovedBlock | None:
        """Return the move that a line is part of, if moves are to be shown."""
        if not self.words:
            return None
        return self._moves.at(number, offset, self.kinds(number)[offset])

    def text(self, line: int, signs: int) -> SafeText:
        """Return a line of the diff as it is shown."""
        raw = self._lines[line]
        if len(raw) > LONGEST_LINE:
            over = len(raw) - LONGEST_LINE
            return SafeText(
                f"{shown_line(raw[:LONGEST_LINE], first_column=signs)} … {over:,} more characters"
            )
        return shown_line(raw, first_column=signs)

    def kinds(self, number: int) -> str:
        """Return the kinds of a hunk's lines."""
        kinds = self._kinds.get(number)
        if kinds is None:
            kinds = self._kinds[number] = self._hunks[number].kinds()
        return kinds

    def line(self, number: int, offset: int) -> CodeLine:
        """Return one line of a hunk."""
        hunk = self._hunks[number]
        kind = self.kinds(number)[offset]
        text = self.text(hunk.start + 1 + offset, hunk.parents)
        signs = min(hunk.parents, len(text)) if kind in " +-" else 0
        run = self._run(number, offset) if kind in "+-" and hunk.parents == 1 else None
        move = self.move(number, offset)
        base = _BASES[kind] if move is None else f"moved-{_BASES[kind]}"
        if run is not None and run.blank and self.ignore_blanks:
            base = "context"
        pieces: list[StyledText] = []
        if signs:
            sign = f"{base}-sign" if base.endswith(("added", "removed")) else "muted"
            pieces.append((SafeText(text[:signs]), sign if kind != " " else base))
        pieces += self._coloured(number, offset, text, signs, base)
        if text.endswith(_END_OF_DOS):
            # The line ends of a file from DOS: seen, not in the way.
            last, look = pieces[-1]
            pieces[-1:] = [(SafeText(last[:-1]), look), (SafeText(_END_OF_DOS), "muted")]
        marks = list(self._blank_marks(hunk.start + 1 + offset, text, signs)) if kind == "+" else []
        if run is not None and self.words and base != "context" and move is None:
            marks += [
                (start + signs, end + signs, f"{base}-word")
                for start, end in run.spans[offset - run.start]
            ]
        marks += self._deceit_marks(hunk.start + 1 + offset, text, signs)
        return CodeLine(tuple(pieces), tuple(marks), base, signs, move)

    def warning(self, number: int) -> SafeText:
        """Return a warning on characters in a hunk's lines that make it read differently; "" for none."""
        words = self._warnings.get(number)
        if words is None:
            rows = islice(
                zip(self._hunks[number].rows, self.kinds(number), strict=True), MOST_WARNED
            )
            said = describe_suspicious(row for row, kind in rows if kind in " +")
            words = self._warnings[number] = SafeText(f"  ⚠ {said}" if said else "")
        return words

    def _deceit_marks(self, line: int, text: SafeText, signs: int) -> list[StyleSpan]:
        """Return where a line deceives."""
        raw = self._lines[line]
        if raw.isascii():
            return []
        places = [
            tuple(
                min(len(text), len(shown_line(raw[: signs + at], first_column=signs)))
                for at in (deceit.start, deceit.end)
            )
            for deceit in find_suspicious(raw[signs:LONGEST_LINE])
        ]
        return [(start, end, "deceit") for start, end in places]

    def section(self, number: int, path: str) -> list[StyledText]:
        """Return the section of a hunk's header, highlighted once its code is."""
        text = shown_line(self._hunks[number].section[:LONGEST_LINE])
        if HighlightChunk(number, 0) not in self._spans:
            return [(text, "hunk-section")]
        if (pieces := self._sections.get(number)) is None:
            pieces = self._sections[number] = []
            at = 0
            for start, stop, token in highlight(path, " ", [text])[0]:
                pieces.append((SafeText(text[at:start]), "hunk-section"))
                pieces.append((SafeText(text[start:stop]), _LOOKS[token]))
                at = stop
            pieces.append((SafeText(text[at:]), "hunk-section"))
        return [piece for piece in pieces if piece[0]]

    def _coloured(
        self, number: int, offset: int, text: SafeText, signs: int, base: str
    ) -> list[StyledText]:
        pieces: list[StyledText] = []
        spans = self._spans.get(HighlightChunk(number, offset // SLICE))
        at = signs
        for start, stop, token in spans[offset % SLICE] if spans is not None else ():
            start, stop = start + signs, stop + signs
            if start > at:
                pieces.append((SafeText(text[at:start]), base))
            pieces.append((SafeText(text[start:stop]), _LOOKS[token]))
            at = stop
        if at < len(text):
            pieces.append((SafeText(text[at:]), base))
        return pieces

    def _blank_marks(self, line: int, text: SafeText, signs: int) -> list[StyleSpan]:
        """Return the whitespace errors by git's rules: trailing blanks, and blanks before a tab in the indent."""
        raw = self._lines[line]
        if len(raw) > LONGEST_LINE:
            return []
        marks: list[StyleSpan] = []
        body = text.rstrip(_END_OF_DOS)
        kept = max(len(body.rstrip(" ")), signs)
        if kept < len(body):
            marks.append((kept, len(body), "whitespace-error"))
        indent = raw[signs : len(raw) - len(raw[signs:].lstrip(" \t"))]
        if " \t" in indent and kept > signs:
            shown = len(body) - len(body[signs:].lstrip(" "))
            marks.append((signs, shown, "whitespace-error"))
        return marks

    def _run(self, number: int, offset: int) -> _ChangeRun | None:
        """Return the run of changed lines that a line is in, where there are both removed and added ones."""
        bounds = change_block_at(self.kinds(number), offset)
        if bounds is None:
            return None
        start, middle, end = bounds
        run = self._runs.get((number, start))
        if run is None:
            first = self._hunks[number].start + 1
            if any(len(line) > LONGEST_MARKED for line in self._lines[first + start : first + end]):
                return None
            # Before tabs are blanks: one may have taken the place of the others.
            texts = [self._lines[first + at][1:].rstrip("\r") for at in range(start, end)]
            kinds = self.kinds(number)[start:middle]
            gone = [text for text, kind in zip(texts, kinds, strict=False) if kind == "-"]
            come = texts[middle - start :]
            old, new = word_diff(gone, come)
            left = iter(old)
            spans = [next(left) if kind == "-" else [] for kind in kinds] + new
            spans = [_as_shown(text, found) for text, found in zip(texts, spans, strict=True)]
            run = _ChangeRun(start, spans, differs_only_in_whitespace(gone, come))
            if len(self._runs) >= _RUNS_KEPT:
                self._runs.clear()
            self._runs[number, start] = run
        return run

    # ------------------------------------------------------------- in rows

    def pair_lines(
        self, number: int, start: int, middle: int, end: int
    ) -> Sequence[tuple[int, int]]:
        """Return which of some removed lines became which of the added ones after them, as `hunk_layout.Pairs`."""
        gone, come = middle - start, end - middle
        if max(gone, come) > LONGEST_RUN or "\\" in self.kinds(number)[start:end]:
            return ()
        rows = self._hunks[number].rows
        old, new = (
            [split_words(rows[at][1:]) for at in side]
            for side in (range(start, middle), range(middle, end))
        )
        return pair_lines(old, new)

    def heights(self, number: int, room: int) -> list[int] | None:
        """Return in how many rows of `room` cells, beside its sign, each line of a hunk fits; None: all in one."""
        hunk = self._hunks[number]
        found, long = [], False
        for at, (row, kind) in enumerate(zip(hunk.rows, self.kinds(number), strict=True)):
            signs = hunk.parents if kind in " +-" else 0
            widest = len(row) + row.count("\t") * (TAB_WIDTH - 1) - signs
            if widest > room or not row.isascii():
                text = self.text(hunk.start + 1 + at, hunk.parents)
                found.append(len(break_code(text[signs:], room)))
                long = long or found[-1] > 1
            else:
                found.append(1)
        return found if long else None

    # ------------------------------------------------------------- colours

    def unhighlighted(self, hunk: int, first: int, last: int) -> list[HighlightChunk]:
        """Return the slices on a hunk's lines from `first` to before `last` that have no colours yet."""
        parts = range(first // SLICE, (last - 1) // SLICE + 1)
        return [piece for part in parts if (piece := HighlightChunk(hunk, part)) not in self._spans]

    def source(self, file: DiffFile, wanted: HighlightChunk) -> tuple[str, str, list[str], int]:
        """Return the arguments of `core.diff.highlight` (name, kinds, lines), and the number of lines before the slice."""
        hunk = self._hunks[wanted.hunk]
        start = max(0, wanted.start - RUN_UP)
        end = min(len(hunk.rows), wanted.start + SLICE)
        lines = [
            self.text(hunk.start + 1 + at, hunk.parents)[hunk.parents :].rstrip(_END_OF_DOS)
            for at in range(start, end)
        ]
        return file.path, self.kinds(wanted.hunk)[start:end], lines, wanted.start - start

    def colour(self, done: HighlightChunk, spans: Spans) -> None:
        """Take the colours of a slice."""
        self._spans[done] = spans

    def clear_highlights(self) -> None:
        """Go back to plain text."""
        self._spans.clear()
        self._sections.clear()

    def copy_state_from(self, other: HunkCode) -> None:
        """Take the colours and moves of another layout of the same diff, or the colours of its beginning."""
        if len(self._hunks) == len(other._hunks) and not self._moves.all:
            self._moves = other._moves
        for piece, spans in other._spans.items():
            if len(spans) == len(self._hunks[piece.hunk].rows[piece.start : piece.start + SLICE]):
                self._spans[piece] = spans


def _as_shown(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of a line as offsets in its shown form, where tabs and visible controls are wider."""
    if text.isascii() and text.isprintable():
        return spans
    return [(len(shown_line(text[:start])), len(shown_line(text[:end]))) for start, end in spans]


async def read_colours(source: tuple[str, str, list[str], int]) -> Spans:
    """Find the colours of a slice, given as `HunkCode.source` does, and let others run every few milliseconds.

    It is the regular expressions of a lexer that take the time, and a thread would hold the interpreter as long.
    """
    path, kinds, lines, run_up = source
    steps: Steps = highlight_steps(path, kinds, lines)
    await asyncio.sleep(0)
    spent, started = 0.0, perf_counter()
    while True:
        try:
            next(steps)
        except StopIteration as done:
            spans: Spans = done.value
            return spans[run_up:]
        if perf_counter() - started > _SLOT:
            spent += perf_counter() - started
            if spent > _PATIENCE:
                return [[] for _ in lines[run_up:]]
            await asyncio.sleep(0)
            started = perf_counter()
