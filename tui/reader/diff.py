"""A diff as rows: a bar for each file, its hunks, their lines; each row is made when it is looked at."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from core.diff.highlight import Spans
from core.diff.hunks import Hunk
from core.diff.parse import Diff, DiffFile
from core.text import SafeText, shown_line
from tui.reader.diff_code import LONGEST_LINE, HighlightChunk, HunkCode
from tui.reader.diff_layout import NOTHING, Layout
from tui.reader.diff_rows import HunkRows, number_width
from tui.reader.file_bar import file_bar
from tui.reader.interdiff import InterdiffView
from tui.reader.row import PageRow, StyledText

_ALIGNED: Final = 10_000
"""Most lines of a diff laid out side by side by alignment; longer ones pair in order."""
_SOON: Final = 2_000
"""Most lines of a diff whose moved lines are found at once; in longer ones a task finds them later."""


class _DiffSection(NamedTuple):
    """Rows of one kind in a row."""

    kind: str
    """`gap`, `bar`, `header`, `hunk`, `code` or `outside`."""
    line: int
    """The first line of the diff it shows."""
    file: int
    hunk: int


class DiffBlock:
    """A diff in `width` cells, `numbers` before its lines, all header lines where `headers` says so.

    With `wrap` no line of code is cut at the right edge. Moved lines are looked for at once in a diff that is short
    and `is_whole`: of a beginning they would be looked for twice, before anything is painted.
    """

    def __init__(
        self,
        diff: Diff,
        width: int,
        *,
        numbers: bool,
        headers: bool,
        layout: Layout = "unified",
        wrap: bool = False,
        is_whole: bool = True,
    ) -> None:
        self._lines = diff.lines
        self.files = diff.files
        self._hunks: list[Hunk] = []
        self._file_of: list[int] = []
        """The file of each hunk."""
        self._width = width
        self._runs: list[_DiffSection] = []
        self._starts: list[int] = []
        self.count = 0
        """How many rows it has."""
        self.file_rows: list[int] = []
        self.hunk_rows: list[int] = []
        self.note: Callable[[int], str] = lambda _: ""
        """A further note in the file's bar."""
        self.interdiff: InterdiffView | None = None
        """The version's sign in front of each line."""
        self._layout = layout
        self._wrap = wrap
        self.code = HunkCode(self._lines, self._hunks)
        self._rows = HunkRows(
            self.code,
            self._hunks,
            self.file_of,
            width,
            number_width(self.files) if numbers else 0,
            layout,
            wrap=wrap,
            align=len(self._lines) <= _ALIGNED,
        )
        self._lay_out(headers=headers)
        if is_whole and len(self._lines) <= _SOON:
            self.code.find_moved_blocks()

    @property
    def pan(self) -> int:
        """How many cells the text of two sides is moved to the left."""
        return self._rows.pan

    @pan.setter
    def pan(self, cells: int) -> None:
        self._rows.pan = cells

    def _lay_out(self, *, headers: bool) -> None:
        end = 0
        for at, file in enumerate(self.files):
            self._add_outside(end, file.start, at - 1)
            if self.count:
                self._add("gap", file.start, at, -1, 1)
            self.file_rows.append(self.count)
            self._add("bar", file.start, at, -1, 1)
            end = file.start + len(file.header)
            if headers:
                self._add("header", file.start, at, -1, len(file.header))
            for hunk in file.hunks:
                self._add_outside(end, hunk.start, at)
                number = len(self._hunks)
                self._hunks.append(hunk)
                self._file_of.append(at)
                self.hunk_rows.append(self.count)
                self._add("hunk", hunk.start, at, number, 1)
                self._add("code", hunk.start + 1, at, number, self._rows.count(number))
                end = hunk.end
        last = len(self._lines)
        while last > end and not self._lines[last - 1].strip():
            last -= 1
        self._add_outside(end, last, len(self.files) - 1)

    @property
    def has_sides(self) -> bool:
        """Whether old and new stand side by side."""
        return self._layout == "sides"

    def _add(self, kind: str, line: int, file: int, hunk: int, count: int) -> None:
        if count:
            self._starts.append(self.count)
            self._runs.append(_DiffSection(kind, line, file, hunk))
            self.count += count

    def _add_outside(self, start: int, end: int, file: int) -> None:
        """Add the lines outside of files and hunks."""
        if end > start and any(line.strip() for line in self._lines[start:end]):
            self._add("outside", start, file, -1, end - start)

    def _find(self, at: int) -> tuple[_DiffSection, int]:
        """Return the run that holds a row, and how far in it the row is."""
        place = bisect_right(self._starts, at) - 1
        return self._runs[place], at - self._starts[place]

    # ------------------------------------------------------------- rows

    def row(self, at: int) -> PageRow:
        """Make one row."""
        run, offset = self._find(at)
        if run.kind == "code":
            row = self._rows.row(run.hunk, offset)
            return row if self.interdiff is None else self._with_mark(row, at, self.interdiff)
        if run.kind == "bar":
            return self.bar(run.file)
        if run.kind == "hunk":
            return self._hunk_row(run.hunk)
        if run.kind == "gap":
            return PageRow()
        text = self.code.text(run.line + offset, 0)
        if run.kind == "header":
            return PageRow(((text, "file-header"),), self._rows.blank_numbers(), pans=True)
        return PageRow(((text, "outside"),), ((SafeText(" "), ""),), pans=True)

    def _with_mark(self, row: PageRow, at: int, interdiff: InterdiffView) -> PageRow:
        """Put the version's sign in front of a line's row."""
        run, _ = self._find(at)
        lines = self.lines_beside(at) or (self.line_of(at),)
        places = [(run.hunk, line - run.line) for line in lines]
        hunk, line = next((place for place in places if place in interdiff.marks), places[-1])
        return replace(
            row,
            gutter=(interdiff.mark(hunk, line), *row.gutter),
            note=row.note or interdiff.note(hunk, line),
        )

    def bar(self, number: int, hunk: int | None = None) -> PageRow:
        """Return the bar of a file, with the section of the hunk at the top of the screen."""
        section = self._hunks[hunk].section if hunk is not None else ""
        return file_bar(self.files[number], self._width, note=self.note(number), section=section)

    def _hunk_row(self, number: int) -> PageRow:
        hunk = self._hunks[number]
        pieces: list[StyledText] = [(shown_line(hunk.header), "hunk-range")]
        if hunk.section:
            pieces += [
                (SafeText(" "), "hunk-section"),
                *self.code.section(number, self.file_of(number).path),
            ]
        if hunk.damaged:
            pieces.append((SafeText("  (damaged: line counts do not match the header)"), "warning"))
        if warning := self.code.warning(number):
            pieces.append((warning, "warning"))
        return PageRow(tuple(pieces), self._rows.blank_numbers(), base="hunk", pans=True)

    # ------------------------------------------------------------- the other sides of a block

    def texts(self) -> list[str]:
        """Return the text of each row."""
        texts: list[str] = []
        for run, start, end in zip(
            self._runs, self._starts, [*self._starts[1:], self.count], strict=True
        ):
            if run.kind != "code" or self._rows.of(run.hunk) is not None:
                texts += [self.row(at).text for at in range(start, end)]
                continue
            signs = self._hunks[run.hunk].parents
            lines = self._lines[run.line : run.line + end - start]
            if max(map(len, lines)) <= LONGEST_LINE and "\n".join(lines).isascii():
                # The same as below, but in a third of the time.
                texts += [
                    line if line.isprintable() else shown_line(line, first_column=signs)
                    for line in lines
                ]
            else:
                texts += [
                    self.code.text(at, signs) for at in range(run.line, run.line + len(lines))
                ]
        return texts

    def separators(self) -> list[str]:
        """Return line ends, but where a line was wrapped."""
        separators = ["\n"] * self.count
        for run, start in zip(self._runs, self._starts, strict=True) if self._wrap else ():
            rows = self._rows.of(run.hunk) if run.kind == "code" else None
            if rows is not None and not rows.right:
                for at in range(1, len(rows.parts)):
                    separators[start + at - 1] = "" if rows.parts[at] else "\n"
        return separators

    def line_of(self, at: int) -> int:
        """Return the line of the diff that a row shows."""
        run, offset = self._find(at)
        if run.kind == "code" and (rows := self._rows.of(run.hunk)) is not None:
            return run.line + rows.line(offset)
        return run.line + (offset if run.kind in {"code", "outside", "header"} else 0)

    def lines_beside(self, at: int) -> tuple[int, ...]:
        """Return the lines of the diff that a row of two sides shows; none of any other row."""
        if not self.has_sides or not 0 <= at < self.count:
            return ()
        run, offset = self._find(at)
        rows = self._rows.of(run.hunk) if run.kind == "code" else None
        if rows is None or not rows.right:
            return ()
        return tuple(run.line + side[offset] for side in rows[:2] if side[offset] != NOTHING)

    def row_of(self, line: int) -> int:
        """Return the row that shows a line of the diff, or the last one before it."""
        place = bisect_right(self._runs, line, key=lambda run: run.line) - 1
        if place < 0:
            return 0
        end = self._starts[place + 1] if place + 1 < len(self._starts) else self.count
        run = self._runs[place]
        if run.kind == "header" and line == run.line:
            return self._starts[place] - 1  # the bar above it
        offset = line - run.line
        if run.kind == "code" and (rows := self._rows.of(run.hunk)) is not None:
            offset = rows.row(offset)
        return min(self._starts[place] + offset, end - 1)

    def file_at(self, at: int) -> int | None:
        """Return the file that a row is inside of, below its bar."""
        run, _ = self._find(at)
        return run.file if run.kind in {"code", "hunk", "header"} and run.file >= 0 else None

    def hunk(self, number: int) -> Hunk:
        """Return a hunk."""
        return self._hunks[number]

    def file_number(self, hunk: int) -> int:
        """Return the number of the file that a hunk is in."""
        return self._file_of[hunk]

    def file_of(self, hunk: int) -> DiffFile:
        """Return the file that a hunk is in."""
        return self.files[self._file_of[hunk]]

    def hunks_of(self, file: int) -> range:
        """Return the numbers of a file's hunks."""
        return range(bisect_left(self._file_of, file), bisect_right(self._file_of, file))

    def hunk_at(self, at: int) -> int | None:
        """Return the hunk that a row is in."""
        run, _ = self._find(at)
        return run.hunk if run.hunk >= 0 else None

    def rows_of_hunk(self, hunk: int) -> tuple[int, int]:
        """Return the rows of a hunk's lines, without its header: from, to."""
        start = self.hunk_rows[hunk] + 1
        place = bisect_left(self._starts, start)
        if place == len(self._runs) or self._runs[place].kind != "code":
            return start, start
        return start, self._starts[place + 1] if place + 1 < len(self._starts) else self.count

    def rows_of_file(self, file: int) -> tuple[int, int]:
        """Return the rows of a file below its bar: from, to."""
        start = self.file_rows[file] + 1
        # The row above the next file's bar is a gap.
        end = self.file_rows[file + 1] - 1 if file + 1 < len(self.files) else self.count
        return start, max(start, end)

    # ------------------------------------------------------------- colours

    def unhighlighted(self, first: int, last: int) -> list[HighlightChunk]:
        """Return the slices on the rows from `first` to before `last` that have no colours yet."""
        found: list[HighlightChunk] = []
        place = max(0, bisect_right(self._starts, first) - 1)
        while place < len(self._runs) and self._starts[place] < last:
            run, start = self._runs[place], self._starts[place]
            place += 1
            if run.kind != "code":
                continue
            end = self._starts[place] if place < len(self._starts) else self.count
            rows = self._rows.of(run.hunk)
            top, bottom = max(0, first - start), min(last, end) - start
            if rows is None:
                spans = [(top, bottom)]
            else:
                sides = [side[top:bottom] for side in rows[:2] if side]
                shown_lines = [[at for at in side if at != NOTHING] for side in sides]
                spans = [(min(side), max(side) + 1) for side in shown_lines if side]
            for begin, stop in spans:
                found += self.code.unhighlighted(run.hunk, begin, stop)
        return found

    def source(self, wanted: HighlightChunk) -> tuple[str, str, list[str], int]:
        """Return the arguments of `hunk_code.read_colours`."""
        return self.code.source(self.file_of(wanted.hunk), wanted)

    def colour(self, done: HighlightChunk, spans: Spans) -> None:
        """Take the colours of a slice."""
        self.code.colour(done, spans)

    def clear_highlights(self) -> None:
        """Go back to plain text."""
        self.code.clear_highlights()

    def copy_state_from(self, other: DiffBlock) -> None:
        """Take over colours and moved lines from another layout of the same diff, or from its beginning."""
        self.code.copy_state_from(other.code)
