"""Hands mail to other programs: the clipboard, a pipe, an editor, the browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from textual.app import SuspendNotSupported

from core.errors import PatchdeskError
from core.model import Message, Series
from core.text import SafeText, shown, shown_lines
from tui.desk.controller import Controller, DeskView, Handler, ReaderContent
from tui.desk.requests import HasLinks, Session, web_link
from tui.keys.commands import Pane
from tui.tasks import Task
from tui.tree.rows import Kind

if TYPE_CHECKING:
    from core.system.browser import Browser
    from core.system.programs import Output
    from tui.widgets.choose import Choice

T = TypeVar("T")

_MOST_LINES: Final = 20_000
"""Lines of a command's output that are shown."""


class External(Controller):
    """Commands that pass mail on to other programs: clipboard, browser, pipe, editor."""

    _pipe: Task | None = None
    """The command that runs."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {
            "mail.copy": self._copy,
            "mail.browse": self._browse,
            "mail.pipe": self._ask_pipe,
            "mail.view_in_editor": self._read_for_editor,
        }

    def cancel(self) -> bool:
        """Stop the command that runs."""
        if self._pipe is None:
            return False
        self._pipe.cancel()
        self._pipe = None
        self._desk.show_message("Stopped the command.")
        return True

    def link_of(self, message: Message) -> SafeText:
        """Return the address of a mail on the web: its desk's, else that of the user's archive, else lore's."""
        session = self._desk.session
        if session is not None and isinstance(session.desk, HasLinks):
            return shown(session.desk.link(message.message_id))
        from core.system.programs import LORE

        return shown(web_link(self._desk.settings.web or LORE, message.message_id))

    # ------------------------------------------------------------- clipboard

    def _copy(self) -> None:
        from tui.widgets.choose import copy_dialog

        row = self._desk.series_tree.row
        if row is None or row.message is None:
            self._desk.show_message("There is no mail here to copy from.", "warning")
            return
        dialog = copy_dialog(
            self._desk.keymap, row.message, self.link_of(row.message), self._copies()
        )
        self._desk.app.push_screen(dialog, self._copied)

    def _copied(self, text: SafeText | None) -> None:
        if text is not None:
            self._desk.app.copy_to_clipboard(text)

    def _copies(self) -> list[Choice[SafeText]]:
        """Return further texts of the reader that can be copied."""
        from tui.widgets.choose import text_choice

        found: list[Choice[SafeText]] = []
        in_mail = self._desk.content is ReaderContent.MAIL
        if self._desk.active_pane is not Pane.READER or not in_mail:
            return found
        if selected := self._desk.get_selected_text():
            text = SafeText("\n".join(shown_lines(selected)))
            found.append(text_choice("v", "selection", text))
        if (hunk := self._desk.reader.hunk_text) is not None:
            found.append(text_choice("h", "hunk", hunk))
        return found

    # ------------------------------------------------------------- browser

    def _browse(self) -> None:
        from core.system.browser import open_browser

        row = self._desk.series_tree.row
        if row is None or row.message is None:
            self._desk.show_message("There is no mail here.", "warning")
            return
        address = self.link_of(row.message)
        self._tasks.start(
            "browser",
            lambda _: open_browser(address, os.environ),
            then=partial(self._browsed, address),
            failed=lambda error: self._desk.show_error(error, "warning"),
            replace=True,
        )

    def _browsed(self, address: SafeText, browser: Browser) -> None:
        """Say which browser has the address; lend the terminal to one that draws on it."""
        if browser.needs_terminal:
            self._lend(list(browser.command))
        else:
            self._desk.show_message("Opened {address}", address=address)

    # ------------------------------------------------------------- pipe

    def _messages_here(self) -> tuple[Session, list[Message]] | None:
        """Return the messages to pipe: in the tree a series' patches, else the open mail; None for none."""
        row, session = self._desk.series_tree.row, self._desk.session
        if row is None or row.message is None or session is None:
            return None
        messages: list[Message] = []
        if self._desk.active_pane is Pane.TREE and row.kind in (Kind.SERIES, Kind.VERSION):
            item = row.item
            version = row.version or (item.versions[-1] if isinstance(item, Series) else None)
            messages = [patch.message for patch in version.patches] if version is not None else []
        return session, messages or [row.message]

    def _ask_pipe(self) -> None:
        here = self._messages_here()
        if here is None:
            self._desk.show_message("There is no mail here.", "warning")
        elif self._pipe is not None:
            self._desk.show_message("A command is running; {app.cancel} stops it.", "warning")
        else:
            what = "this mail" if len(here[1]) == 1 else "the series' patches"
            self._desk.prompt.ask(
                "|", then=self._run_pipe, placeholder=f"a command that reads {what}"
            )

    def _run_pipe(self, line: str) -> None:
        here, command = self._messages_here(), line.strip()
        if here is None or not command:
            return
        session, messages = here
        self._desk.show_message("Running {command}", command=command)
        self._pipe = self._tasks.start(
            "pipe",
            lambda task: pipe_mails(session, messages, command, task),
            then=partial(self._show_output, command),
            failed=self._pipe_failed,
        )

    def _pipe_failed(self, error: PatchdeskError) -> None:
        self._pipe = None
        self._desk.show_error(error)

    def _show_output(self, command: str, output: Output) -> None:
        self._pipe = None
        self._desk.clear_message()
        lines = shown_lines(output.text.rstrip("\n"))[:_MOST_LINES]
        if output.status:
            lines.insert(0, shown(f"It ended with status {output.status}."))
        if output.capped:
            lines.insert(0, shown("Output truncated; the command was stopped."))
        text = [shown(""), *(lines or [shown("No output.")])]
        self._desk.show_report(shown(f"| {command}"), text)

    # ------------------------------------------------------------- editor

    def _read_for_editor(self) -> None:
        row, session = self._desk.series_tree.row, self._desk.session
        if row is None or row.message is None or session is None:
            self._desk.show_message("There is no mail here.", "warning")
            return
        message = row.message
        self._tasks.start(
            "mail bytes",
            lambda _: raw_of(session, message),
            then=partial(self._edit, "mail.patch" if message.has_diff else "mail.eml"),
            failed=lambda error: self._desk.show_error(error),
            current=lambda: self._desk.session is session,
            replace=True,
        )

    def _edit(self, name: str, raw: bytes) -> None:
        from core.system.programs import editor

        try:
            with editor(raw, name, os.environ) as command:
                self._lend(command)
        except PatchdeskError as error:
            self._desk.show_error(error, "warning")

    def _lend(self, command: list[str]) -> None:
        """Run a program that has the terminal to itself."""
        from core.system.programs import run_in_terminal

        lend_terminal(
            self._desk, lambda: run_in_terminal(command), "another program", severity="warning"
        )


def lend_terminal(
    desk: DeskView, work: Callable[[], T], program: str = "an editor", *, severity: str = "error"
) -> T | None:
    """Do work that runs a program with the terminal to itself; None where it failed, which is shown."""
    try:
        with desk.app.suspend():
            return work()
    except PatchdeskError as error:
        desk.show_error(error, severity)
    except SuspendNotSupported:
        desk.show_message("Cannot suspend this terminal for {program}.", "warning", program=program)
    finally:
        desk.app.screen.refresh()
    return None


def raw_of(session: Session, message: Message) -> bytes:
    """Return the bytes of a mail. Raises PatchdeskError where they cannot be had."""
    return session.raw(message)


def pipe_mails(session: Session, messages: Sequence[Message], command: str, task: Task) -> Output:
    """Run a command with mails on its standard input, one as it is, several as an mboxrd; return its output.

    Raises PatchdeskError and Cancelled.
    """
    from core.sources.mbox import to_mboxrd
    from core.system.programs import pipe_to_command

    raws = [raw_of(session, message) for message in messages]
    return pipe_to_command(command, raws[0] if len(raws) == 1 else to_mboxrd(raws), stop=task.stop)
