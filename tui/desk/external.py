"""The part of the main screen that hands mail to other programs: copies, a pipe, an editor, the browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import SuspendNotSupported

from core.errors import PatchdeskError
from core.model import Message
from core.text import SafeText, shown, shown_lines
from tui.desk.mail import edit_copy, run_pipe
from tui.desk.requests import CopyMade, HasLinks, PipeEnded, web_link
from tui.desk.review import ReviewingScreen
from tui.keys.commands import Pane
from tui.tree.rows import Kind
from tui.widgets.choose import Choice, text_choice
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from tui.app import PatchdeskApp

_MOST_LINES = 20_000


class OutwardScreen(ReviewingScreen):
    """What leaves the program, on the user's word."""

    _piping: Event | None = None
    """Ends the command that runs."""

    def outward_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each of these commands does, by its name."""
        return {
            "mail.browse": self._browse,
            "mail.pipe": self._ask_pipe,
            "mail.view_in_editor": self._edit,
        }

    @property
    def web(self) -> str:
        """The address under which the web has mails, by their Message-IDs."""
        from core.system.programs import LORE

        return cast("PatchdeskApp", self.app).web or LORE

    def link_of(self, message: Message) -> SafeText:
        """Return the address of a mail on the web: its desk knows, else it is where the user's mails are."""
        desk: object = self._shown.desk if self._shown is not None else None
        if isinstance(desk, HasLinks):
            return shown(desk.link(message.message_id))
        return shown(web_link(self.web, message.message_id))

    def on_unmount(self) -> None:
        """End what runs."""
        if self._piping is not None:
            self._piping.set()

    def cancel(self) -> bool:
        """Stop what is running; say whether anything was."""
        if self._piping is not None:
            self._piping.set()
            self._piping = None
            self.show_message("Stopped the command.")
            return True
        return super().cancel()

    # ------------------------------------------------------------- browser

    def _browse(self) -> None:
        from core.system.browser import open_browser

        row = self.series_tree.row
        if row is None or row.message is None:
            self.show_message("There is no mail here.", "warning")
            return
        try:
            open_browser(address := self.link_of(row.message), os.environ)
        except PatchdeskError as error:
            self.show_message(f"{error.message} {error.hint}", "warning")
        else:
            self.show_message(f"Opened {address}")

    # ------------------------------------------------------------- pipe

    def _ask_pipe(self) -> None:
        row = self.series_tree.row
        if row is None or row.message is None or self._shown is None:
            self.show_message("There is no mail here.", "warning")
            return
        whole = self.active_pane is Pane.TREE and row.kind in (Kind.SERIES, Kind.VERSION)
        what = "the series' patches" if whole else "this mail"
        self.ask("pipe", "|", placeholder=f"a command that reads {what}")

    @on(Prompt.Submitted)
    def _pipe_named(self, event: Prompt.Submitted) -> None:
        row, session, command = self.series_tree.row, self._shown, event.text.strip()
        if (
            event.kind != "pipe"
            or not command
            or row is None
            or row.message is None
            or session is None
        ):
            return
        version = row.version or getattr(row.item, "versions", (None,))[-1]
        whole = self.active_pane is Pane.TREE and row.kind in (Kind.SERIES, Kind.VERSION)
        messages = [patch.message for patch in version.patches] if whole and version else []
        stop = self._piping = Event()
        self.show_message(f"Running {command}")
        self.run_worker(
            partial(run_pipe, session, messages or [row.message], command, stop, self.post_message),
            group="pipe",
            thread=True,
            exit_on_error=False,
        )

    @on(PipeEnded)
    def _pipe_ended(self, event: PipeEnded) -> None:
        if event.ender is not self._piping:
            return
        self._piping = None
        self.clear_message()
        if event.error is not None:
            self.show_message(f"{event.error.message} {event.error.hint}", "error")
            return
        output = event.output
        if output is None:
            return
        lines = shown_lines(output.text.rstrip("\n"))[:_MOST_LINES]
        if output.status:
            lines.insert(0, shown(f"It ended with status {output.status}."))
        if output.capped:
            lines.insert(0, shown("It wrote too much and was ended; this is the beginning."))
        self._aside = True
        self._note(
            shown(f"| {event.command}"), [shown(""), *(lines or [shown("It wrote nothing.")])]
        )
        self.focus_pane(Pane.READER)

    # ------------------------------------------------------------- editor

    def _edit(self) -> None:
        row, session = self.series_tree.row, self._shown
        if row is None or row.message is None or session is None:
            self.show_message("There is no mail here.", "warning")
            return
        self.run_worker(
            partial(edit_copy, session, row.message, self.post_message),
            group="edit",
            exclusive=True,
            thread=True,
            exit_on_error=False,
        )

    @on(CopyMade)
    def _open_copy(self, event: CopyMade) -> None:
        from core.system.programs import editor, run_in_terminal

        if event.session is not self._shown:
            return
        if event.error is not None:
            self.show_message(f"{event.error.message} {event.error.hint}", "error")
            return
        try:
            with editor(event.raw, event.name, os.environ) as command, self.app.suspend():
                run_in_terminal(command)
        except PatchdeskError as error:
            self.show_message(f"{error.message} {error.hint}", "warning")
        except SuspendNotSupported:
            self.show_message("This terminal cannot be lent to an editor.", "warning")
        self.refresh()

    # ------------------------------------------------------------- copies

    def copies(self) -> list[Choice[SafeText]]:
        """Return what else of the reader can be copied: beside the mail."""
        found: list[Choice[SafeText]] = []
        if self.active_pane is not Pane.READER or self._noted:
            return found
        if selected := self.get_selected_text():
            text = SafeText("\n".join(shown_lines(selected)))
            found.append(text_choice("v", "selection", text))
        if (hunk := self.reader.hunk_text) is not None:
            found.append(text_choice("h", "hunk", hunk))
        return found
