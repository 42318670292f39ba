"""A page with rows put in between its own, and some of its own folded away: what was said of a line, closed hunks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from core.text import SafeText
from tui.reader.interdiff_rows import interdiff_rows
from tui.reader.page import Page
from tui.reader.row import Block, PageRow, RowsBlock

if TYPE_CHECKING:
    from core.diff.viewed_hunks import ViewedHunks
    from core.series.review_comments import ReviewComment
    from tui.reader.diff import DiffBlock
    from tui.reader.interdiff import InterdiffView


_NONE: Final = -1

Anchor = tuple[tuple[int, int], int, int]
"""What a row shows, whatever stands around it: the anchor of the page's own row at or above it, and of a row put in
between, its block's key (else -1) and the row in it."""


class Inserted(NamedTuple):
    """Rows put in between."""

    below: int
    """The page's own row that they stand under."""
    key: int
    """What they are, from 0; -1: nothing that is asked for."""
    block: Block


class Folded(NamedTuple):
    """Rows of the page that are folded away; those put in between them are too."""

    start: int
    end: int
    row: PageRow
    """Stands in their place."""


class _Segment(NamedTuple):
    start: int
    """The row it begins at."""
    base: int
    """The page's own row that it begins at, or that follows it."""
    size: int
    block: Block | None
    """None: rows of the page's own."""
    key: int


class FoldedPage:
    """A page as it is shown. Of the inserts under one row those given first come first; folds do not overlap."""

    def __init__(
        self, base: Page, inserts: Iterable[Inserted] = (), folds: Iterable[Folded] = ()
    ) -> None:
        self.base = base
        self.count = 0
        """How many rows there are."""
        self._runs: list[_Segment] = []
        self._keys: dict[int, _Segment] = {}
        self._folded: set[int] = set()
        """The rows that stand for others."""
        below = sorted(inserts, key=lambda insert: insert.below)
        at = place = 0
        for fold in [
            *sorted(folds, key=lambda fold: fold.start),
            Folded(base.count, base.count, PageRow()),
        ]:
            while place < len(below) and below[place].below < fold.start:
                insert = below[place]
                at = self._own(at, insert.below + 1)
                self._add(at, insert.block.count, insert.block, insert.key)
                place += 1
            at = self._own(at, fold.start)
            if fold.end > fold.start:
                self._folded.add(self.count)
                self._add(at, 1, RowsBlock([fold.row]), _NONE)
                at = fold.end
                while place < len(below) and below[place].below < fold.end:
                    place += 1
        for insert in below[place:]:
            self._add(base.count, insert.block.count, insert.block, insert.key)
        self._starts = [run.start for run in self._runs]
        self._bases = [run.base for run in self._runs]

    def _own(self, start: int, end: int) -> int:
        """Add rows of the page's own, and return where they end."""
        if end > start:
            self._add(start, end - start, None, _NONE)
        return max(start, end)

    def _add(self, base: int, count: int, block: Block | None, key: int) -> None:
        run = _Segment(self.count, base, count, block, key)
        self._runs.append(run)
        self.count += count
        if key >= 0:
            self._keys[key] = run

    def _find(self, at: int) -> tuple[_Segment, int]:
        run = self._runs[max(0, bisect_right(self._starts, at) - 1)]
        return run, at - run.start

    def row(self, at: int) -> PageRow:
        """Make one row."""
        run, offset = self._find(at)
        return self.base.row(run.base + offset) if run.block is None else run.block.row(offset)

    def texts(self) -> list[str]:
        """Return the text of each row."""
        return self._spliced(
            self.base.texts(),
            [None if run.block is None else run.block.texts() for run in self._runs],
        )

    def separators(self) -> list[str]:
        """Return what stood between each row and the next."""
        return self._spliced(
            self.base.separators(),
            [None if run.block is None else run.block.separators() for run in self._runs],
        )

    def _spliced(self, own: list[str], between: list[list[str] | None]) -> list[str]:
        if len(self._runs) == 1 and between[0] is None:
            return own
        whole: list[str] = []
        for run, texts in zip(self._runs, between, strict=True):
            whole += own[run.base : run.base + run.size] if texts is None else texts
        return whole

    # ------------------------------------------------------------- between the page's own rows and those shown

    def shown_at(self, own: int) -> int:
        """Return the row that shows one of the page's own, or the fold it is in."""
        if not self._runs:
            return 0
        place = max(0, bisect_right(self._bases, own) - 1)
        while place and self._runs[place].block is not None and self._runs[place].base > own:
            place -= 1
        run = self._runs[place]
        return run.start + (min(own - run.base, run.size - 1) if run.block is None else 0)

    def own_at(self, at: int) -> int:
        """Return the page's own row that a row shows, or the nearest above one put in between."""
        run, offset = self._find(at)
        if run.block is None:
            return run.base + offset
        return max(0, min(run.base - (run.key >= 0), self.base.count - 1))

    def own_rows(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield which of the page's own rows stand on the rows from `first` to before `last`: from, to."""
        place = max(0, bisect_right(self._starts, first) - 1)
        for run in self._runs[place:]:
            if run.start >= last:
                return
            if run.block is None:
                start = run.base + max(0, first - run.start)
                end = run.base + min(run.size, last - run.start)
                if start < end:
                    yield start, end

    def is_fold(self, at: int) -> bool:
        """Whether a row stands for some that are folded away."""
        run = self._find(at)[0]
        return run.block is not None and run.key < 0 and run.start in self._folded

    def key_at(self, at: int) -> int:
        """Return the key of what was put in at a row, -1 where nothing was."""
        return self._find(at)[0].key if self._runs else _NONE

    def start_of(self, key: int) -> int | None:
        """Return where what was put in begins; None where it is folded away."""
        run = self._keys.get(key)
        return None if run is None else run.start

    def next_key(self, at: int, direction: int) -> int:
        """Return the key of the first thing put in that begins below a row, or with -1 the last above it; or -1."""
        starts = sorted((run.start, key) for key, run in self._keys.items())
        place = (
            bisect_right(starts, (at, 1 << 60))
            if direction > 0
            else bisect_left(starts, (at, -1)) - 1
        )
        return starts[place][1] if 0 <= place < len(starts) else _NONE

    def anchor(self, at: int) -> Anchor:
        """Return what a row shows, so that it can be found in another layout of the same mail."""
        run, offset = self._find(at)
        own = self.base.anchor(min(self.own_at(at), max(0, self.base.count - 1)))
        return own, run.key, offset if run.key >= 0 else 0

    def row_of(self, anchor: Anchor) -> int:
        """Return the row that shows what `anchor` stands for."""
        own, key, offset = anchor
        if (run := self._keys.get(key)) is not None:
            return run.start + min(offset, run.size - 1)
        return self.shown_at(self.base.row_of(own))

    def heading(self, at: int) -> PageRow | None:
        """Return the bar of the file that a row is inside of."""
        own = self.own_at(at)
        return self.base.heading(own) if own < self.base.count else None


class Folds:
    """The state of one mail; hunks and files are numbered through its diff."""

    def __init__(self, viewed: ViewedHunks | None = None) -> None:
        self.viewed = viewed
        self.comments: Sequence[ReviewComment] = ()
        self._open: set[int] = set()
        """Remarks that are open."""
        self._hunks: set[int] = set()
        self._files: set[int] = set()
        """Files and hunks that are folded."""
        self._opened: set[int] = set()
        """Hunks that were viewed, and are shown by hand while such are hidden."""
        self.hide_viewed = False
        """Hunks that were viewed are folded too."""
        self._keys: dict[int, str] = {}
        """Hunk → what it is known by."""
        self.interdiff: InterdiffView | None = None

    def set_comments(self, comments: Sequence[ReviewComment], short: int) -> None:
        """Take what was said of the mail; what has no more than `short` lines is open."""
        self.comments = comments
        self._open = {at for at, comment in enumerate(comments) if len(comment.lines) <= short}

    def set_interdiff(self, interdiff: InterdiffView | None) -> None:
        """Show what a version did to the lines; hunks that are as they were are folded."""
        self.interdiff = interdiff
        self._hunks = set(interdiff.unchanged) if interdiff is not None else set()

    # ------------------------------------------------------------- folding

    def fold_comment(self, at: int, expanded: bool | None) -> None:
        """Open or close a comment, None: the other of both."""
        _switch(self._open, at, expanded)

    def fold_hunk(self, diff: DiffBlock, at: int, expanded: bool | None) -> None:
        """Open or close a hunk, be it folded or viewed."""
        if expanded is None:
            expanded = at in self._hunks or self._is_hidden(diff, at)
        _switch(self._hunks, at, not expanded)
        _switch(self._opened, at, expanded)

    def _is_hidden(self, diff: DiffBlock, hunk: int) -> bool:
        return self.hide_viewed and hunk not in self._opened and self.is_viewed(diff, hunk)

    def fold_file(self, at: int, expanded: bool | None) -> None:
        """Open or close a file."""
        _switch(self._files, at, None if expanded is None else not expanded)

    def is_file_folded(self, file: int) -> bool:
        """Whether a file is folded."""
        return file in self._files

    def fold_all(self, diff: DiffBlock | None, *, expanded: bool) -> None:
        """Open or close everything; files are what closes, not each hunk in them."""
        self._open = set(range(len(self.comments))) if expanded else set()
        self._hunks.clear()
        self._opened = set(range(len(diff.hunk_rows))) if expanded and diff is not None else set()
        self._files = set() if expanded or diff is None else set(range(len(diff.files)))

    # ------------------------------------------------------------- what was viewed

    def _key(self, diff: DiffBlock, hunk: int) -> str:
        key = self._keys.get(hunk)
        if key is None:
            from core.diff.viewed_hunks import hunk_key

            key = self._keys[hunk] = hunk_key(diff.file_of(hunk).path, diff.hunk(hunk))
        return key

    def is_viewed(self, diff: DiffBlock, hunk: int) -> bool:
        """Whether a hunk was viewed, here or in another version."""
        return self.viewed is not None and self.viewed.is_viewed(self._key(diff, hunk))

    def mark(self, diff: DiffBlock, hunk: int, *, viewed: bool) -> None:
        """Mark a hunk as viewed, or not."""
        self._opened.discard(hunk)
        if self.viewed is not None:
            self.viewed.mark(self._key(diff, hunk), viewed)

    def mark_ended(self, diff: DiffBlock, rows: range) -> None:
        """Mark the hunks as viewed whose last row is one of the diff's `rows`."""
        if rows:
            first = max(0, bisect_right(diff.hunk_rows, rows.start) - 1)
            for hunk in range(first, bisect_left(diff.hunk_rows, rows.stop)):
                if diff.rows_of_hunk(hunk)[1] - 1 in rows:
                    self.mark(diff, hunk, viewed=True)

    def progress(self, diff: DiffBlock, file: int | None = None) -> tuple[int, int]:
        """Return how many hunks of a file, or of all, were viewed, and how many there are."""
        hunks = diff.hunks_of(file) if file is not None else range(len(diff.hunk_rows))
        return sum(self.is_viewed(diff, hunk) for hunk in hunks), len(hunks)

    # ------------------------------------------------------------- the page

    def set_hide_viewed(self, hide_viewed: bool) -> None:
        """Fold hunks that were viewed, or not."""
        self.hide_viewed = hide_viewed
        self._opened.clear()

    def folded_page(self, page: Page, width: int, now: datetime) -> FoldedPage:
        """Return the page as it is to be shown."""
        if page.diff is not None:
            page.diff.interdiff = self.interdiff
        is_plain = not self.comments and self.interdiff is None
        if is_plain and not self._hunks and not self._files and not self.hide_viewed:
            return FoldedPage(page)
        folds = list(self._folds(page))
        return FoldedPage(page, self._inserts(page, width, now), folds)

    def _inserts(self, page: Page, width: int, now: datetime) -> Iterator[Inserted]:
        if self.interdiff is not None:
            for below, block in interdiff_rows(self.interdiff, page, width):
                yield Inserted(below, -1, block)
        if not self.comments:
            return
        from tui.reader.comments import CommentBlock

        last = page.count - 1
        headed = False
        for key, comment in enumerate(self.comments):
            at = page.last_row_of(*comment.place) if comment.place is not None else None
            if at is None:
                at = last
                if not headed:
                    headed = True
                    words = SafeText("Comments on no particular line" if page.diff else "Answers")
                    rows = [PageRow(), PageRow(((words, "heading"),), ((SafeText(" "), ""),))]
                    yield Inserted(last, -1, RowsBlock(rows))
            yield Inserted(at, key, CommentBlock(comment, width, now, is_open=key in self._open))

    def _folds(self, page: Page) -> Iterator[Folded]:
        diff = page.diff
        if diff is None:
            return
        said = [
            at
            for comment in self.comments
            if comment.place is not None and (at := page.last_row_of(*comment.place)) is not None
        ]
        hidden, done = self._hunks, set[int]()
        if self.hide_viewed:
            hunks = {h for h in range(len(diff.hunk_rows)) if self._is_hidden(diff, h)}
            hidden = hidden | hunks
            # A file of which nothing is left is one row, not one for each hunk.
            done = {
                file
                for file in {diff.file_number(hunk) for hunk in hunks}
                if hunks.issuperset(diff.hunks_of(file))
            }
        files = self._files | done
        for kind, number in [
            *(("file", file) for file in sorted(files)),
            *(("hunk", h) for h in sorted(hidden) if diff.file_number(h) not in files),
        ]:
            start, end = diff.rows_of_file(number) if kind == "file" else diff.rows_of_hunk(number)
            start, end = start + page.diff_start, end + page.diff_start
            if end > start:
                comments = sum(start <= at < end for at in said)
                viewed = number in done if kind == "file" else self.is_viewed(diff, number)
                interdiff = self.interdiff
                is_same = interdiff is not None and kind == "hunk" and number in interdiff.unchanged
                as_in = interdiff.old if interdiff is not None and is_same else ""
                yield Folded(
                    start, end, _fold_row(end - start, comments, viewed=viewed, as_in=as_in)
                )


def _fold_row(rows: int, comments: int, *, viewed: bool, as_in: str = "") -> PageRow:
    words = f"▸ {rows:,} {'line' if rows == 1 else 'lines'}"
    if as_in:
        words += f" as in {as_in}"
    if viewed:
        words = f"✓ viewed · {words[2:]}"
    if comments:
        words += f" · {comments} {'comment' if comments == 1 else 'comments'}"
    return PageRow(((SafeText(words), "fold"),), ((SafeText(" "), ""),))


def _switch(members: set[int], at: int, wanted: bool | None) -> None:
    """Put `at` in or take it out; None: the other of both."""
    if wanted is None:
        wanted = at not in members
    if wanted:
        members.add(at)
    else:
        members.discard(at)
