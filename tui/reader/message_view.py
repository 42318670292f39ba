"""The reader: a mail of any size, with review comments under its lines, folds and viewed hunks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.selection import Selection

from core import model
from core.model import MessageId, OpenedMessage
from core.text import SafeText
from tui.reader.covered_mail import CoveredMail
from tui.reader.diff_files import DiffFiles
from tui.reader.folded_page import FoldedPage
from tui.reader.folds import Folds
from tui.reader.jumps import Jumps
from tui.reader.line_selection import LineSelection
from tui.reader.mail_view import MailView
from tui.reader.page import Page, PageStyle
from tui.reader.selected_text import hunk_text, unified_lines
from tui.reader.writing_place import WritingPlace
from tui.styles import CSS
from tui.tasks import Tasks

if TYPE_CHECKING:
    # What reads mail and diffs is imported with the first mail: the first frame does not wait for it.
    from core.diff.viewed_hunks import ViewedHunks
    from core.series.review_comments import ReviewComment
    from tui.reader.interdiff import InterdiffView

_SHORT: Final = 12
"""Lines of a comment that is open from the first."""


class MessageView(MailView, can_focus=True):
    """A `MailView` with comments, folds and viewed hunks, which `viewed` stores."""

    DEFAULT_CSS = CSS

    hide_viewed: reactive[bool] = reactive(False, repaint=False, init=False)
    """Hunks that were viewed as one row each."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        zone: tzinfo | None = None,
        viewed: ViewedHunks | None = None,
        tasks: Tasks | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(clock=clock, zone=zone, tasks=tasks, id=id, classes=classes)
        self._viewed = viewed
        self._folds = Folds()
        self._covered: CoveredMail | None = None
        self._jumps = Jumps(self)
        self._selection = LineSelection(self)
        self.files = DiffFiles(self, self._jumps, lambda: self._folds)
        self.writing_place = WritingPlace(
            self, self._selection, lambda: self._folds, lambda: self._refold()
        )

    @dataclass
    class ViewedChanged(Message):
        """More or less of the mail was viewed, or another mail is shown."""

    @dataclass
    class ReplyRequested(Message):
        """A reply is wanted in full."""

        message: model.Message

    def show_note(self, title: str, lines: Sequence[str]) -> None:
        """Show a text of the program; the mail and the place in it are kept for the way back."""
        if self._parts is not None and self._page.count and not (self._begun or self._coming):
            self._covered = CoveredMail(self._parts, self._folds, self._jumps.place)
        super().show_note(title, lines)

    def show(self, mail: OpenedMessage, *, whole: bool = True) -> None:
        """Show a mail from its top, or, after a note, the same mail where it was read."""
        covered, self._covered = self._covered, None
        if covered is None or covered.parts.mail != mail:
            super().show(mail, whole=whole)
            return
        self._note, self._parts, self._folds = None, covered.parts, covered.folds
        self._folds.set_hide_viewed(self.hide_viewed)
        self._relayout(keep=False)
        self._jumps.show(covered.place)

    def set_viewed_store(self, store: ViewedHunks) -> None:
        """Let `store` remember which hunks were viewed, from now on."""
        if store is not self._viewed:
            self._viewed = self._folds.viewed = store
            if self._page.base.count:
                self._refold()

    def is_viewed_key(self, key: str) -> bool:
        """Whether the hunk with a key was viewed, here or in another mail."""
        return self._viewed is not None and self._viewed.is_viewed(key)

    def show_comments(
        self, mail: OpenedMessage, comments: Sequence[ReviewComment], *, unfolded: bool = False
    ) -> None:
        """Show review comments under a mail's lines, if it is still shown; the row being read stays put.

        Long ones are folded unless all are to be `unfolded`.
        """
        if self._parts is None or self.mail != mail or list(self._folds.comments) == list(comments):
            return
        self._folds.set_comments(comments, sys.maxsize if unfolded else _SHORT)
        self._refold()

    def show_interdiff(self, mail: OpenedMessage, interdiff: InterdiffView | None) -> None:
        """Show an interdiff over a mail's lines, if it is still shown; None removes it."""
        if self._parts is None or self.mail != mail or self._folds.interdiff == interdiff:
            return
        self._folds.set_interdiff(interdiff)
        self._relayout(keep=True)

    @property
    def interdiff(self) -> InterdiffView | None:
        """The interdiff shown over the mail."""
        return self._folds.interdiff

    @property
    def _page_style(self) -> PageStyle:
        interdiff = self._folds.interdiff
        return replace(super()._page_style, margin=interdiff.margin if interdiff else 0)

    def _begin(self) -> None:
        """Start the layout of a new mail."""
        if self._viewed is None and self._parts is not None:
            from core.diff.viewed_hunks import InMemoryViewedHunks

            self._viewed = InMemoryViewedHunks()
        self._folds = Folds(self._viewed)
        self._folds.set_hide_viewed(self.hide_viewed)
        self._jumps.clear()
        self._selection.forget()
        super()._begin()

    def _woven(self, page: Page) -> FoldedPage:
        if not page.count:  # nothing is laid out while the reader is hidden
            return super()._woven(page)
        if page.diff is not None:
            page.diff.note = self.viewed_text
        self.post_message(self.ViewedChanged())
        width = self._page_style.width
        return self._folds.folded_page(page, width, self._clock())

    def _refold(self) -> None:
        """Show the same page, with other things folded or said."""
        self.set_page(self._woven(self._page.base), self._laid_out, keep=True)

    def watch_hide_viewed(self) -> None:
        """Fold or unfold viewed hunks."""
        self._folds.set_hide_viewed(self.hide_viewed)
        self._refold()

    def action_toggle_viewed(self) -> None:
        """Fold viewed hunks, or show them."""
        self.hide_viewed = not self.hide_viewed

    # ------------------------------------------------------------- jumping

    def action_next_file(self, direction: int) -> bool:
        """Move to the next file of the diff, or with -1 to the one before; say whether there is one."""
        diff = self._page.base.diff
        return diff is not None and self._jump(diff.file_rows, direction, above=0)

    def action_next_hunk(self, direction: int) -> bool:
        """Move to the next hunk of the diff, or with -1 to the one before; say whether there is one."""
        diff = self._page.base.diff
        return diff is not None and self._jump(diff.hunk_rows, direction, above=1)

    def _jump(self, rows: list[int], direction: int, *, above: int) -> bool:
        return self._jumps.to_next(rows, direction, above)

    def action_back(self) -> bool:
        """Go back to where the last jump began; say whether there was one."""
        return self._jumps.back()

    # ------------------------------------------------------------- comments

    def action_next_comment(self, direction: int) -> bool:
        """Go to the next comment, or with -1 to the one before; say whether there is one."""
        key = self._page.next_key(self.cursor, direction)
        if not 0 <= key < len(self._folds.comments):
            return False
        row = self._page.start_of(key) or 0
        if row in self.visible_rows[1:]:
            self.put_cursor(row)
        else:
            self._jumps.to(row, above=self.height // 3)
        return True

    def go_to_comment_of(self, message_id: MessageId | None) -> None:
        """Jump to the first comment of a message; None, or one that has none: stay."""
        for key, comment in enumerate(self._folds.comments):
            row = self._page.start_of(key)
            if comment.message.message_id == message_id and row is not None:
                self._jumps.to(row)
                return

    @property
    def read_comments(self) -> set[MessageId]:
        """The messages of which the last comment's last row is on the screen, unfolded: these count as read."""
        rows = self.visible_rows
        last = {one.message.message_id: key for key, one in enumerate(self._folds.comments)}
        return {
            name
            for name, key in last.items()
            if self._folds.is_open(key)
            and (end := self._page.end_of(key)) is not None
            and end in rows
        }

    @property
    def comments(self) -> Sequence[ReviewComment]:
        """The comments that are shown, in their order."""
        return self._folds.comments

    @property
    def comment_here(self) -> int | None:
        """The number of the comment that the cursor is on."""
        key = self._page.key_at(self.cursor)
        return key if 0 <= key < len(self._folds.comments) else None

    @property
    def current_comment(self) -> ReviewComment | None:
        """The comment that the cursor is on."""
        key = self.comment_here
        return None if key is None else self._folds.comments[key]

    def action_open_reply(self) -> bool:
        """Ask for the reply with the comment here; return whether there is one."""
        if (comment := self.current_comment) is None:
            return False
        self.post_message(self.ReplyRequested(comment.message))
        return True

    def _fold_quote(self, row: int, expanded: bool | None) -> bool:
        """Unfold or fold the quote at a row of a comment, None: the other of both; return whether there is one."""
        from tui.reader.comments import CommentBlock

        key = self._page.key_at(row)
        block, at = self._page.inserted_at(row)
        if not isinstance(block, CommentBlock) or (number := block.quote_at(at)) is None:
            return False
        self.put_cursor(row - at + block.row_of_quote(number))
        self._folds.fold_quote(key, number, expanded)
        self._refold()
        return True

    def action_toggle_quote(self) -> bool:
        """Unfold the quote here, or fold it; return whether there is one that was folded."""
        return self._fold_quote(self.cursor, None)

    def on_click(self, event: events.Click) -> None:
        """Set the cursor; fold or unfold a comment by its first row; follow a row of the diffstat to its file."""
        offset = event.get_content_offset(self)
        row = self._page.count if offset is None else self.scroll_offset.y + offset.y
        if row >= self._page.count or self.text_selection is not None:
            return
        self.put_cursor(row)
        key = self._page.key_at(row)
        if 0 <= key < len(self._folds.comments):
            if self._fold_quote(row, None):
                return
            if row == self._page.start_of(key):
                self._folds.fold_comment(key, None)
                self._refold()
        elif (file := self._page.base.file_of_stat(self._page.own_at(row))) is not None:
            self.files.go_to(file)
        elif self._page.is_fold(row):
            self._unfold_at(row)

    def _unfold_at(self, row: int) -> None:
        """Unfold the file or hunk that is folded into a row."""
        diff, own = self._page.base.diff, self._page.own_at(row) - self._page.base.diff_start
        if diff is None or not 0 <= own < diff.count:
            return
        file, hunk = diff.file_at(own), diff.hunk_at(own)
        if file is not None and self._folds.is_file_folded(file):
            self._folds.fold_file(file, expanded=True)
        elif hunk is not None:
            self._folds.fold_hunk(diff, hunk, expanded=True)
        self._refold()

    # ------------------------------------------------------------- selecting lines

    def action_select_lines(self) -> bool:
        """Begin or end the selection of whole lines at the cursor; return whether one is active."""
        if self._selection.stop() or not self._page.count:
            return False
        self._selection.begin()
        return True

    def stop_selecting(self) -> bool:
        """Select nothing; return whether lines were."""
        return self._selection.stop()

    def cursor_moved(self) -> None:
        """Let the selected lines be more or fewer."""
        super().cursor_moved()
        self._selection.show()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text; of whole lines side by side those of the diff, one below the other."""
        diff, lines = self._page.base.diff, self._selection.lines
        if lines is None or diff is None or not diff.has_sides:
            return super().get_selection(selection)
        return "\n".join(unified_lines(self._page, lines[0], lines[1] + 1)), "\n"

    # ------------------------------------------------------------- folding and what was viewed

    def fold(self, *, expanded: bool | None) -> None:
        """Unfold the comment, or else the hunk or file at the cursor, or fold it; None: the other of both."""
        if self._fold_quote(self.cursor, expanded):
            return
        diff, key = self._page.base.diff, self.comment_here
        own = self._page.own_at(self.cursor) - self._page.base.diff_start
        if key is not None:
            self._folds.fold_comment(key, expanded)
        elif diff is not None and 0 <= own < diff.count:
            file, hunk = self.files.here, diff.hunk_at(own)
            if hunk is None or self._folds.is_file_folded(file):
                self._folds.fold_file(file, expanded)
            else:
                self._folds.fold_hunk(diff, hunk, expanded)
        self._refold()

    def fold_all(self, *, expanded: bool) -> None:
        """Unfold or fold all comments and files."""
        self._folds.fold_all(self._page.base.diff, expanded=expanded)
        self._refold()

    def _hunk_here(self) -> int | None:
        """Return the hunk that the cursor is in; on the bar of a file the first of that."""
        diff = self._page.base.diff
        if diff is None or not self._page.count:
            return None
        own = self._page.own_at(self.cursor) - self._page.base.diff_start
        if not 0 <= own < diff.count:
            return None
        if own in diff.file_rows:
            return next(iter(diff.hunks_of(self.files.here)), None)
        return diff.hunk_at(own)

    @property
    def hunk_text(self) -> SafeText | None:
        """The hunk here with its header, as it is shown, but for its tabs: it is to be pasted."""
        diff, number = self._page.base.diff, self._hunk_here()
        if diff is None or number is None:
            return None
        return hunk_text(diff.hunk(number))

    def action_mark_viewed(self) -> bool | None:
        """Mark the hunk here as viewed, or not; return which, None where there is none."""
        diff, hunk = self._page.base.diff, self._hunk_here()
        if diff is None or hunk is None:
            return None
        viewed = not self._folds.is_viewed(diff, hunk)
        self._folds.mark(diff, hunk, viewed=viewed)
        self._refold()
        return viewed

    def mark_passed_hunks_viewed(self) -> None:
        """Mark the hunks as viewed that end on the screen: the next page leaves them behind."""
        diff = self._page.base.diff
        if diff is None:
            return
        begin, rows = self._page.base.diff_start, self.visible_rows
        for first, last in self._page.own_rows(rows.start, rows.stop):
            self._folds.mark_ended(diff, range(max(0, first - begin), max(0, last - begin)))
        self.post_message(self.ViewedChanged())

    @property
    def viewed(self) -> tuple[int, int]:
        """How many hunks of the mail were viewed, and how many there are."""
        diff = self._page.base.diff
        return self._folds.progress(diff) if diff is not None else (0, 0)

    def viewed_text(self, file: int | None = None) -> SafeText:
        """How much of a file, or of the whole mail, was viewed; "" where that is nothing, or takes long to count."""
        diff = self._page.base.diff
        return self._folds.progress_text(diff, file) if diff is not None else SafeText("")
