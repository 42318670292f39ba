"""The folds, viewed hunks and comments of one mail, and the page as they make it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from core.text import SafeText
from tui.reader.folded_page import Folded, FoldedPage, Inserted
from tui.reader.interdiff_rows import interdiff_rows
from tui.reader.page import Page
from tui.reader.row import PageRow, RowsBlock

if TYPE_CHECKING:
    from core.diff.viewed_hunks import ViewedHunks
    from core.series.review_comments import ReviewComment
    from tui.reader.diff import DiffBlock
    from tui.reader.interdiff import InterdiffView

Member = TypeVar("Member")

_MOST_COUNTED: Final = 1_000
"""Hunks of a file that are counted as viewed in its bar, which is painted often."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows left free under a line or a comment."""

    anchor: tuple[int, int]
    """The anchor of the page's row that it is under."""
    comment: int | None
    """The comment that it is under, if any."""
    height: int

    @property
    def block(self) -> RowsBlock:
        """Its rows."""
        return RowsBlock([PageRow()] * self.height)


class Folds:
    """The state of one mail; hunks and files are numbered through its diff."""

    def __init__(self, viewed: ViewedHunks | None = None) -> None:
        self.viewed = viewed
        self.comments: Sequence[ReviewComment] = ()
        self._open: set[int] = set()
        """Remarks that are open."""
        self._quotes: set[tuple[int, int]] = set()
        """Folded quotes that are open: the comment, and the quote's number in it."""
        self._hunks: set[int] = set()
        self._files: set[int] = set()
        """Files and hunks that are folded."""
        self._opened: set[int] = set()
        """Hunks that were viewed, and are shown by hand while such are hidden."""
        self.hide_viewed = False
        """Hunks that were viewed are folded too."""
        self._keys: dict[int, str] = {}
        """Hunk → its stable key."""
        self.interdiff: InterdiffView | None = None
        self.gap: Gap | None = None
        """Rows left free for the comment editor."""

    def set_comments(self, comments: Sequence[ReviewComment], short: int) -> None:
        """Set the review comments of the mail; those of at most `short` lines are open, and known ones stay as they are."""
        names = [_name(one) for one in comments]
        was_open = {_name(one): at in self._open for at, one in enumerate(self.comments)}
        quotes = {(_name(self.comments[at]), number) for at, number in self._quotes}
        self._quotes = {
            (at, number)
            for at, one in enumerate(comments)
            for number in range(len(one.folded))
            if (names[at], number) in quotes
        }
        if self.gap is not None and self.gap.comment is not None:
            above = _name(self.comments[self.gap.comment])
            at = names.index(above) if above in names else None
            self.gap = replace(self.gap, comment=at)
        self.comments = comments
        self._open = {
            at
            for at, one in enumerate(comments)
            if was_open.get(names[at], len(one.lines) <= short)
        }

    @property
    def gap_key(self) -> int:
        """The key of the gap in the page."""
        return len(self.comments)

    def set_interdiff(self, interdiff: InterdiffView | None) -> None:
        """Show the signs of an interdiff; hunks without changes are folded."""
        self.interdiff = interdiff
        self._hunks = set(interdiff.unchanged) if interdiff is not None else set()

    # ------------------------------------------------------------- folding

    def fold_comment(self, at: int, expanded: bool | None) -> None:
        """Open or close a comment, None: the other of both."""
        _switch(self._open, at, expanded)

    def fold_quote(self, at: int, number: int, expanded: bool | None) -> None:
        """Open or close a folded quote of a comment."""
        _switch(self._quotes, (at, number), expanded)

    def is_open(self, at: int) -> bool:
        """Whether a comment is open."""
        return at in self._open

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
        """Open or close everything; closing folds whole files, not each hunk."""
        self._open = set(range(len(self.comments))) if expanded else set()
        self._quotes = {
            (at, number)
            for at, one in enumerate(self.comments if expanded else ())
            for number in range(len(one.folded))
        }
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

    def progress_text(self, diff: DiffBlock, file: int | None) -> SafeText:
        """Return how much of a file, or of all, was viewed; "" where that is nothing, or takes long to count."""
        if len(diff.hunk_rows if file is None else diff.hunks_of(file)) > _MOST_COUNTED:
            return SafeText("")
        done, count = self.progress(diff, file)
        text = "✓ viewed" if done == count else f"{done}/{count} hunks viewed"
        return SafeText(text if done else "")

    # ------------------------------------------------------------- the page

    def set_hide_viewed(self, hide_viewed: bool) -> None:
        """Fold hunks that were viewed, or not."""
        if hide_viewed != self.hide_viewed:
            self.hide_viewed = hide_viewed
            self._opened.clear()

    def folded_page(self, page: Page, width: int, now: datetime) -> FoldedPage:
        """Return the page as it is to be shown."""
        if page.diff is not None:
            page.diff.interdiff = self.interdiff
        is_plain = not self.comments and self.interdiff is None and self.gap is None
        if is_plain and not self._hunks and not self._files and not self.hide_viewed:
            return FoldedPage(page)
        folds = list(self._folds(page))
        return FoldedPage(page, self._inserts(page, width, now), folds)

    def _inserts(self, page: Page, width: int, now: datetime) -> Iterator[Inserted]:
        if self.interdiff is not None:
            for below, block in interdiff_rows(self.interdiff, page, width):
                yield Inserted(below, -1, block)
        gap = self.gap
        if gap is not None and gap.comment is None:
            yield Inserted(page.row_of(gap.anchor), self.gap_key, gap.block)
        if not self.comments:
            return
        from tui.reader.comments import CommentBlock

        quotes: dict[int, set[int]] = {}
        for key, number in self._quotes:
            quotes.setdefault(key, set()).add(number)
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
            is_open, unfolded = key in self._open, quotes.get(key, ())
            made = CommentBlock(comment, width, now, is_open=is_open, unfolded=unfolded)
            yield Inserted(at, key, made)
            if gap is not None and gap.comment == key:
                yield Inserted(at, self.gap_key, gap.block)

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


def _name(comment: ReviewComment) -> tuple[str, tuple[str, ...]]:
    """Return a key of a comment that stays the same when others come."""
    return comment.message.message_id, comment.lines


def _switch(members: set[Member], at: Member, wanted: bool | None) -> None:
    """Put `at` in or take it out; None: the other of both."""
    if wanted is None:
        wanted = at not in members
    if wanted:
        members.add(at)
    else:
        members.discard(at)
