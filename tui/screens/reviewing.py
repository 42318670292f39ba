"""The part of the main screen that reads patches: what was said of them, jumps, folds, what was viewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from textual import on

from core.model import Mail, Patch, Series
from core.text import SafeText, shown
from tui.jobs import read_remarks
from tui.keys import Where
from tui.messages import RemarksFound
from tui.screens.reading import ReadingScreen
from tui.widgets.message_view import MessageView
from tui.widgets.prompt import Prompt, Proposal
from tui.widgets.tree_rows import Key

_FILES_SHOWN = 50


class ReviewingScreen(ReadingScreen):
    """Gives the reader what was said of the mail it shows, and has the commands that only the reader knows."""

    _came_from: list[Key] | None = None
    """The rows of the mails from which a reply was opened."""

    def reader_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each command of the reader does, by its name."""
        reader = self.reader
        return {
            "reader.next_remark": lambda: self._next_remark(1),
            "reader.previous_remark": lambda: self._next_remark(-1),
            "reader.reply": self._open_reply,
            "reader.back": self._jump_back,
            "reader.file": self._ask_file,
            "reader.fold": lambda: reader.fold(expanded=None),
            "reader.unfold": lambda: reader.fold(expanded=True),
            "reader.close": lambda: reader.fold(expanded=False),
            "reader.unfold_all": lambda: reader.fold_all(expanded=True),
            "reader.fold_all": lambda: reader.fold_all(expanded=False),
            "reader.viewed": self._mark_viewed,
            "reader.select": self._select_lines,
            "view.layout": self._next_layout,
            "view.words": reader.action_toggle_words,
            "view.blanks": self._toggle_blanks,
            "view.viewed": reader.action_toggle_viewed,
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

    def _show_mail(self, mail: Mail) -> None:
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

    def _entry_of(self, mail: Mail) -> Patch | None:
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
            self.reader.show_remarks(event.mail, event.remarks)

    def _next_remark(self, direction: int) -> None:
        if not self.reader.action_next_remark(direction):
            self.say(f"There is no remark {'below' if direction > 0 else 'above'}.")

    def _open_reply(self) -> None:
        if not self.reader.action_open_reply():
            self.say("There is no remark here: . and , go to one.")

    @on(MessageView.RemarkOpened)
    def _remark_opened(self, event: MessageView.RemarkOpened) -> None:
        row = self.series_tree.row
        if row is None:
            return
        key = (row.item.id, event.message.message_id)
        if self.series_tree.move_to(key):
            self._came_from = [*(self._came_from or [])[-20:], row.key]
            if (here := self.series_tree.row) is not None:
                self.read_row(here)
                self.go_to(Where.READER)

    def _jump_back(self) -> None:
        """Go back to where a jump in the mail began, or to the mail from which this reply was opened."""
        if self.reader.action_back():
            return
        while self._came_from:
            if self.series_tree.move_to(self._came_from.pop()):
                if (here := self.series_tree.row) is not None:
                    self.read_row(here)
                return
        self.say("No jump began anywhere else.")

    # ------------------------------------------------------------- files

    def _ask_file(self) -> None:
        if not self.reader.file_names:
            self.say("There is no file in this mail.")
            return

        def propose(text: str) -> list[Proposal]:
            return [(path, "") for path, _ in self._files_like(text)[:_FILES_SHOWN]]

        self.ask("file", "file", placeholder="letters of its name", propose=propose)

    def _files_like(self, text: str) -> list[tuple[SafeText, int]]:
        """Return the files whose paths have the letters of `text` in that order, the closest first."""
        wanted = "".join(text.casefold().split())
        found: list[tuple[int, int, SafeText]] = []
        for number, name in enumerate(self.reader.file_names):
            path = shown(name[:500])
            if (spread := _spread(wanted, path.casefold())) is not None:
                found.append((spread, number, path))
        found.sort(key=lambda one: one[:2])
        return [(path, number) for _, number, path in found]

    @on(Prompt.Submitted)
    def _file_named(self, event: Prompt.Submitted) -> None:
        if event.kind == "file":
            found = self._files_like(event.text)
            if found:
                self.reader.go_to_file(found[0][1])
            else:
                self.say("There is no such file in this mail.", "warning")

    def _select_lines(self) -> None:
        if self.reader.action_select_lines():
            self.say("Selecting lines: j and k say how many, y copies, V ends it.")

    # ------------------------------------------------------------- looks

    def _next_layout(self) -> None:
        layout = self.reader.action_next_layout()
        words = {"unified": "unified", "sides": "side by side", "stacked": "old above new"}
        self.say(f"Diffs {words[layout]}.")

    def _toggle_blanks(self) -> None:
        self.reader.action_toggle_blanks()
        ignored = self.reader.ignore_blanks
        self.say(f"Changes of white space are {'ignored' if ignored else 'shown'}.")

    # ------------------------------------------------------------- what was viewed

    def _mark_viewed(self) -> None:
        marked = self.reader.action_mark_viewed()
        if marked is None:
            self.say("There is no hunk here.")
            return
        done, of = self.reader.viewed
        self.say(f"{'Viewed' if marked else 'Not viewed'}; {done:,} of {of:,} hunks are.")


def _spread(wanted: str, text: str) -> int | None:
    """Return over how many characters the letters of `wanted` are spread, in their order, taken from the end; or None."""
    end = at = len(text)
    for place in range(len(wanted) - 1, -1, -1):
        at = text.rfind(wanted[place], 0, at)
        if at < 0:
            return None
        if place == len(wanted) - 1:
            end = at
    return end - at
