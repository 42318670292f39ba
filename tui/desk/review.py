"""The part of the main screen that reads patches: what was said of them, jumps, folds, what was viewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from textual import on
from textual.content import Content

from core.model import OpenedMessage, Patch, Series
from core.system.ui_state import UiState
from tui.desk.mail import count_remarks, read_remarks
from tui.desk.opening import ReadingScreen
from tui.desk.requests import RemarksCounted, RemarksFound
from tui.keys.commands import Pane
from tui.reader.diff_layout import LAYOUTS
from tui.reader.message_view import MessageView
from tui.tree.rows import Key
from tui.tree.view import TreeView
from tui.widgets.prompt import Proposal

if TYPE_CHECKING:
    from tui.app import PatchdeskApp

_SECTION: Final = "reader"
LOOKS_KEPT: Final = (
    "layout_wanted", "words", "ignore_blanks", "wrap", "numbers", "fold_quotes", "syntax",
)  # fmt: skip
"""How the reader shows patches, that is kept from run to run."""


class ReviewingScreen(ReadingScreen):
    """Gives the reader what was said of the mail it shows, and has the commands that only the reader knows."""

    _came_from: list[Key] | None = None
    """The rows of the mails from which a reply was opened."""

    def on_mount(self) -> None:
        """Let the reader look as it did in the last run."""
        reader, kept = self.reader, self._remembered.get(_SECTION)
        for name in LOOKS_KEPT:
            before, value = getattr(reader, name), kept.get(name)
            if type(value) is type(before) and (value in LAYOUTS or name != "layout_wanted"):
                setattr(reader, name, value)
            self.watch(reader, name, self._keep_looks, init=False)

    @property
    def _remembered(self) -> UiState:
        return cast("PatchdeskApp", self.app).remembered

    def _keep_looks(self) -> None:
        remembered = self._remembered
        remembered.set(_SECTION, {name: getattr(self.reader, name) for name in LOOKS_KEPT})
        self.run_worker(remembered.write, group="remember", thread=True, exit_on_error=False)

    def reader_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each command of the reader does, by its name."""
        reader = self.reader
        return {
            "reader.next_hunk": lambda: self._say_unless(reader.action_next_hunk(1), "hunk below"),
            "reader.previous_hunk": lambda: self._say_unless(
                reader.action_next_hunk(-1), "hunk above"
            ),
            "reader.next_file": lambda: self._say_unless(reader.action_next_file(1), "file below"),
            "reader.previous_file": lambda: self._say_unless(
                reader.action_next_file(-1), "file above"
            ),
            "reader.next_comment": lambda: self._next_remark(1),
            "reader.previous_comment": lambda: self._next_remark(-1),
            "reader.open_reply": self._open_reply,
            "reader.jump_back": self._jump_back,
            "reader.files": self._list_files,
            "hunk.viewed": self._mark_viewed,
            "reader.select": self._select_lines,
            "view.layout": self._next_layout,
            "view.intraline": self._toggle_words,
            "view.wrap": self._toggle_wrap,
            "view.whitespace": self._toggle_blanks,
            "view.hide_viewed": reader.action_toggle_viewed,
        }

    def ask(
        self,
        kind: str,
        label: str,
        *,
        placeholder: str = "",
        propose: Callable[[str], Sequence[Proposal]] | None = None,
        value: str = "",
    ) -> None:
        """Open the prompt; the screen that has one does."""

    # ------------------------------------------------------------- remarks

    def _show_mail(self, mail: OpenedMessage) -> None:
        """Show a mail, and then what was said of it."""
        super()._show_mail(mail)
        request, entry = self._answered, self._entry_of(mail)
        if request is None or entry is None or not entry.replies:
            return
        self.run_worker(
            partial(read_remarks, request, mail, entry.replies, self.post_message),
            group="remarks",
            exclusive=True,
            thread=True,
            exit_on_error=False,
        )

    def _entry_of(self, mail: OpenedMessage) -> Patch | None:
        """Return the patch or cover letter that a mail is, where the cursor is in its series."""
        row = self.series_tree.row
        if row is None or not isinstance(row.item, Series):
            return None
        name = mail.message.message_id
        if row.entry is not None and row.entry.message.message_id == name:
            return row.entry
        entries = (entry for version in row.item.versions for entry in version.entries())
        return next((entry for entry in entries if entry.message.message_id == name), None)

    @on(RemarksFound)
    def _remarks_found(self, event: RemarksFound) -> None:
        if event.request is self._answered and event.mail is self._mail and not self._noted:
            self.reader.show_comments(event.mail, event.remarks)

    @on(TreeView.CommentCountsRequested)
    def _count_remarks(self, event: TreeView.CommentCountsRequested) -> None:
        if self._shown is not None:
            self.run_worker(
                partial(count_remarks, self._shown, event.asked, self.post_message),
                group="counting",
                exclusive=True,
                thread=True,
                exit_on_error=False,
            )

    @on(RemarksCounted)
    def _remarks_counted(self, event: RemarksCounted) -> None:
        if event.session is self._shown:
            self.series_tree.set_comment_counts(event.counts)

    def _say_unless(self, done: bool, what: str) -> None:
        if not done:
            self.show_message(f"There is no {what}.")

    def _next_remark(self, direction: int) -> None:
        if not self.reader.action_next_comment(direction):
            self.show_message(f"There is no remark {'below' if direction > 0 else 'above'}.")

    def _open_reply(self) -> None:
        if not self.reader.action_open_reply():
            self.show_message(
                "No comment here ({reader.next_comment} and {reader.previous_comment} jump between comments)."
            )

    @on(MessageView.ReplyRequested)
    def _remark_opened(self, event: MessageView.ReplyRequested) -> None:
        row = self.series_tree.row
        if row is None:
            return
        key = (row.item.id, event.message.message_id)
        if self.series_tree.move_to(key):
            self._came_from = [*(self._came_from or [])[-20:], row.key]
            if (here := self.series_tree.row) is not None:
                self.read_row(here)
                self.focus_pane(Pane.READER)

    def _jump_back(self) -> None:
        """Go back to where a jump in the mail began, or to the mail from which this reply was opened."""
        if self.reader.action_back():
            return
        while self._came_from:
            if self.series_tree.move_to(self._came_from.pop()):
                if (here := self.series_tree.row) is not None:
                    self.read_row(here)
                return
        self.show_message("No jump began anywhere else.")

    # ------------------------------------------------------------- files

    def _list_files(self) -> None:
        from tui.reader.files import FilePicker

        reader = self.reader
        if not (paths := reader.file_paths):
            self.show_message("There is no file in this mail.")
            return
        here = reader.file_here
        back = reader.peek_at_file(here)
        done, of = reader.viewed
        words = f"{done:,} of {of:,} hunks viewed" if done else f"{of:,} hunks"

        def taken(file: int | None) -> None:
            reader.peek_at_file(None, back)
            if file is not None:
                reader.go_to_file(file)

        pane = FilePicker(
            self.keymap,
            paths,
            reader.file_entry,
            reader.peek_at_file,
            at=here,
            words=words,
            below=self.has_class("-full"),
        )
        self.app.push_screen(pane, taken)

    def _select_lines(self) -> None:
        if self.reader.action_select_lines():
            self.show_message(
                "Selecting lines: {move.down} and {move.up} say how many, {mail.copy} copies, {reader.select} ends it."
            )

    # ------------------------------------------------------------- looks

    def _next_layout(self) -> None:
        layout = self.reader.action_next_layout()
        words = {"unified": "unified", "sides": "side by side", "stacked": "old above new"}
        self.show_message(f"Diffs {words[layout]}.")

    def _toggle_words(self) -> None:
        self.reader.action_toggle_words()
        shown = "stand out" if self.reader.words else "look like the others"
        self.show_message(f"Words that changed, and lines that moved, {shown}.")

    def _toggle_wrap(self) -> None:
        self.reader.action_toggle_wrap()
        self.show_message(
            f"Long lines of code are {'wrapped' if self.reader.wrap else 'cut: {reader.scroll_right} and {reader.scroll_left} move them'}."
        )

    def _toggle_blanks(self) -> None:
        self.reader.action_toggle_blanks()
        ignored = self.reader.ignore_blanks
        self.show_message(f"Changes of white space are {'ignored' if ignored else 'shown'}.")

    # ------------------------------------------------------------- what was viewed

    @on(MessageView.ViewedChanged)
    def _entitle_reader(self) -> None:
        """Say also how much of the patch is left to view."""
        super()._entitle_reader()
        title = self.reader.border_title
        if not self._noted and (words := self.reader.viewed_words):
            self.reader.border_title = Content(f"{title} · {words}")

    def _mark_viewed(self) -> None:
        marked = self.reader.action_mark_viewed()
        if marked is None:
            self.show_message("There is no hunk here.")
            return
        done, of = self.reader.viewed
        self.show_message(f"{'Viewed' if marked else 'Not viewed'}; {done:,} of {of:,} hunks are.")
